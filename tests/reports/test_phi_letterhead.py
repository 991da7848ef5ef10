"""Institutions and addresses without a label, at the head and the foot of a report."""

from __future__ import annotations

import pytest

from petarseg.reports.phi_letterhead import find_letterheads


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Wattle Range Nuclear Medicine\nFindings: ...", ["Wattle Range Nuclear Medicine"]),
        ("copperline imaging south. report\n", ["copperline imaging south"]),
        ("CENTRE\nPlot 22, Phase II, Kondanagar 500991   Ph: 1\n", ["Plot 22, Phase II, Kondanagar 500991"]),
        ("PET/CT SKULL BASE TO MID THIGH\nFINAL REPORT\nWhole Body Imaging\n", []),
        ("Ductus of Wirsung; papilla of Vater.", []),
        ("12 Nodes\n51 Yrs / M\n47F, mets breast ca\n", []),
        ("Dear Colleague\n", []),
    ],
)
def test_letterheads(text: str, found: list[str]) -> None:
    assert [text[span.start : span.end] for span in find_letterheads(text)] == found
