"""Findings grow to the whole of what is written in one go, and no further."""

from __future__ import annotations

import pytest

from petarseg.reports.phi_extent import grown
from petarseg.reports.phi_span import PhiSpan


@pytest.mark.parametrize(
    ("text", "found", "kind", "whole"),
    [
        ("reg. HK-A123456(7), seen", "HK-A123456", "OTHER_ID", "HK-A123456(7)"),
        ("unit NM-PET-02/SN118830.", "SN118830", "DEVICE_ID", "NM-PET-02/SN118830"),
        ("Study 1.3.12.2.1107.5.1.4.", "1.3.12.2", "OTHER_ID", "1.3.12.2.1107.5.1.4"),
        ("by van der Hoogenband today", "Hoogenband", "NAME", "van der Hoogenband"),
        ("user=achterberg.l pat", "achterberg", "NAME", "achterberg.l"),
        (
            "VALLEY CANCER INSTITUTE & RESEARCH CENTRE\nPET",
            "VALLEY CANCER INSTITUTE",
            "HOSPITAL",
            "VALLEY CANCER INSTITUTE & RESEARCH CENTRE",
        ),
        ("seen at Mercy Hospital. The liver is normal", "Mercy Hospital", "HOSPITAL", "Mercy Hospital"),
        ("Box 4471, Kaitorete 7645\n", "Kaitorete", "LOCATION", "4471, Kaitorete 7645"),
    ],
)
def test_how_far_a_finding_reaches(text: str, found: str, kind: str, whole: str) -> None:
    start = text.index(found)
    (span,) = grown(text, [PhiSpan(start, start + len(found), kind)], guard=[])
    assert text[span.start : span.end] == whole


def test_nothing_grows_into_a_measurement() -> None:
    text = "ID A1234-SUVmax 7.1"
    span = PhiSpan(3, 8, "OTHER_ID")
    assert grown(text, [span], guard=[(9, 19)]) == [span]


def test_the_parts_of_an_address_become_one() -> None:
    text = "Trois-Lacs (Québec) J7V 2X9"
    parts = [PhiSpan(0, 10, "LOCATION"), PhiSpan(12, 18, "LOCATION")]
    assert [text[span.start : span.end] for span in grown(text, parts, guard=[])] == [text]
