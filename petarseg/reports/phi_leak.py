"""The last look at a scrubbed report: is something left that no report without identities can hold.

Only rules that need no judgement are asked here (the exam's own names and numbers, full dates, contact data, labelled numbers, titles
followed by names), because their answer costs the exam its report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from petarseg.reports.phi_contacts import find_contacts
from petarseg.reports.phi_dates import find_dates
from petarseg.reports.phi_deny import DenyList
from petarseg.reports.phi_guard import measurement_stretches
from petarseg.reports.phi_names import find_titled
from petarseg.reports.phi_patterns import find_record_numbers
from petarseg.reports.phi_span import PhiSpan, merge, overlaps


def leaks(scrubbed: str, inserted: Sequence[tuple[int, int]], deny: DenyList) -> dict[str, int]:
    """Count what is left, by type.

    Parameters
    ----------
    scrubbed : str
        The scrubbed report.
    inserted : sequence of (int, int)
        The tags, moved dates and surrogates in it; they are not looked at.
    deny : DenyList
        The exam's own names, numbers and dates.

    Returns
    -------
    dict of str to int
        Span type and count; empty when the report is clean. Never the values.
    """
    masked = _masked(scrubbed, inserted)
    dates = find_dates(masked)
    guard = measurement_stretches(masked, [PhiSpan(day.start, day.end, "DATE") for day in dates])
    certain = [*deny.find(masked), *find_contacts(masked), *find_record_numbers(masked), *find_titled(masked)]
    left = [span for span in certain if not overlaps(span.start, span.end, guard)]
    left += [
        PhiSpan(day.start, day.end, "DATE") for day in dates if day.year is not None and (day.month is not None or day.numbers is not None)
    ]
    return dict(sorted(Counter(span.type for span in merge(left)).items()))


def _masked(text: str, inserted: Sequence[tuple[int, int]]) -> str:
    out: list[str] = []
    position = 0
    for start, end in inserted:
        out += [text[position:start], "\u2588" * (end - start)]
        position = end
    out.append(text[position:])
    return "".join(out)
