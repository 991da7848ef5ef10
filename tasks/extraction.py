"""Read texts with the voters of a profile; shared by the flow and by `petarseg extract`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from petarseg.reports.grammar import Measurement, read_measurements
from schemas.config import ExtractionConfig


def read_texts(
    texts: Sequence[str], config: ExtractionConfig, *, on_progress: Callable[[int], None] | None = None
) -> list[list[dict[str, Any]]]:
    """Read the measurements of each text.

    Parameters
    ----------
    texts : sequence of str
        Reports. Offsets in the result refer to them.
    config : ExtractionConfig
        Profile and endpoints.
    on_progress : callable, optional
        Gets the number of texts read so far.

    Returns
    -------
    list of list of dict
        Per text its measurements in text order, with the keys of a line of `petarseg extract` (less ``report_id``).
    """
    results = []
    for number, text in enumerate(texts, 1):
        results.append([row_of(item) for item in read_measurements(text)])
        if on_progress:
            on_progress(number)
    return results


def row_of(item: Measurement) -> dict[str, Any]:
    """Return a measurement of the grammar reader as a plain, JSON-serialisable row."""
    row = dataclasses.asdict(item)
    row["reason"] = item.reason.value if item.reason else None
    row["flags"] = list(item.flags)
    row["suv_span"] = list(item.suv_span) if item.suv_span else None
    row["slice_span"] = list(item.slice_span) if item.slice_span else None
    row["voters"] = {"grammar": {"suv_max": item.suv_max, "axial_slice": item.axial_slice, "confidence": item.confidence}}
    return row
