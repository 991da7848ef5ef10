"""Rows of report text with what must be read from them, and the one check of such a row."""

from __future__ import annotations

from petarseg.reports.grammar import read_measurements

Row = tuple[str, list[tuple[float, int]]]
"""The text of a findings section (or a whole report, marked by ``!``), and the (SUVmax, slice) pairs that must be accepted."""


def check_row(text: str, expected: list[tuple[float, int]]) -> None:
    """Read a row; nothing else may be accepted, and every span must lie where it says."""
    report = text[1:] if text.startswith("!") else f"FINDINGS: {text}\n"

    measurements = read_measurements(report)

    assert sorted((m.suv_max, m.axial_slice) for m in measurements if m.status == "accepted") == sorted(expected)
    for m in measurements:
        assert report[m.start : m.end] == m.sentence
        assert all(span is None or m.start <= span[0] < span[1] <= m.end for span in (m.suv_span, m.slice_span))
