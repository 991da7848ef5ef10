"""Names where a letter or a note puts them, and initials."""

from __future__ import annotations

import pytest

from petarseg.reports.phi_signatures import find_signatures, with_initials
from petarseg.reports.phi_span import PhiSpan


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Dear Bob:\n", ["Bob"]),
        ("Dear Colleague,\n", []),
        ("Best wishes,\nTunde\nDr Babatunde Fashola, Consultant\n", ["Tunde", "Babatunde Fashola"]),
        ("She came with her grandson Wade.", ["Wade"]),
        ("Daughter lesions and sister chromatids are discussed.", []),
        ("SKD/plh\n", ["SKD/plh"]),
        ("CT/PET\nPET/CT\n", []),
        ("Tech RB. FDG 9.8 mCi", ["RB"]),
        ("that's B R I L L, medical record", ["B R I L L"]),
        ("transcribed by wk on", ["wk"]),
    ],
)
def test_people_of_letters_and_notes(text: str, names: list[str]) -> None:
    assert [text[span.start : span.end] for span in find_signatures(text)] == names


@pytest.mark.parametrize(
    ("text", "name", "whole"),
    [
        ("agree with C. Mac Giolla).", "Giolla", "C. Mac Giolla"),
        ("Checked by Lau K.Y. today", "Lau", "Lau K.Y."),
        ("N. Ferreira-Souza/ls 3.7.24", "Ferreira-Souza", "N. Ferreira-Souza/ls"),
        ('AUGUSTUS "GUS"  SEX M', "AUGUSTUS", 'AUGUSTUS "GUS"'),
    ],
)
def test_initials_and_nicknames_belong_to_the_name(text: str, name: str, whole: str) -> None:
    start = text.index(name)
    spans = with_initials(text, [PhiSpan(start, start + len(name), "NAME")])
    assert whole in [text[span.start : span.end] for span in spans]


def test_initials_of_somebody_named_elsewhere() -> None:
    text = "Verified Z. Petrosyan 16:02 (ZP)\n"
    spans = list(with_initials(text, [PhiSpan(9, 21, "NAME")]))
    assert "ZP" in [text[span.start : span.end] for span in spans]
