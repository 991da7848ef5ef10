"""Look for what identifies somebody in the published texts, by shape alone.

Scrubbing has removed names, places and numbers with everything it knows of the exam (`petarseg.reports.scrub`). This is the last look,
from the files alone: dates, addresses, telephone and record numbers, which need no judgement. The detail names the kind and the
offsets, never the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from petarseg.dataset.contract import Broken
from petarseg.reports.phi_contacts import find_contacts
from petarseg.reports.phi_dates import find_dates
from petarseg.reports.phi_guard import measurement_stretches
from petarseg.reports.phi_patterns import find_record_numbers
from petarseg.reports.phi_span import PhiSpan, overlaps

TEXTS = {
    "lesions": ("findings", "organ", "anatomic_subsite"),
    "exams": ("indication", "cancer_type"),
    "anatomy": ("question", "answer"),
    "rejected": ("sentence",),
}
"""Columns that hold words."""


def check_texts(table: str, rows: Sequence[Mapping[str, Any]], key_of: Callable[[int], str], *, dates: bool = True) -> Iterator[Broken]:
    """Yield texts that hold a date, an address, a telephone or a record number.

    Parameters
    ----------
    table : str
        One of `TEXTS`.
    rows : sequence of mapping
        Its rows.
    key_of : callable
        Row number to the row's key.
    dates : bool
        Whether dates are wrong; they are not where the build moved them by the patient's shift.
    """
    known: dict[str, list[PhiSpan]] = {}
    for number, row in enumerate(rows):
        for column in TEXTS[table]:
            text = row.get(column)
            if not text:
                continue
            if text not in known:
                known[text] = identifying(text, dates=dates)
            for span in known[text]:
                yield Broken(table, column, "identifying_text", key_of(number), f"{span.type} at characters {span.start} to {span.end}")


def identifying(text: str, *, dates: bool = True) -> list[PhiSpan]:
    """Return what identifies by its shape, measurements and slice numbers left alone."""
    days = [PhiSpan(day.start, day.end, "DATE") for day in find_dates(text)]
    guard = measurement_stretches(text, days)
    found = [span for span in (*find_contacts(text), *find_record_numbers(text)) if not overlaps(span.start, span.end, guard)]
    return [*(days if dates else ()), *found]
