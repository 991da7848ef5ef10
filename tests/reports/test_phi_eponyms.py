"""Eponyms of the vocabulary (every seventh, for speed) survive beside its head noun, in mixed case and in capitals."""

from __future__ import annotations

import pytest

from petarseg.reports.phi_eponyms import is_eponym
from petarseg.reports.phi_vocabulary import words
from petarseg.reports.scrub import Scrubbed, Scrubber

# "Christmas disease" is one; "the Christmas node" is a day.
EPONYMS = sorted(word for word in words("eponyms") if len(word) > 3 and word.isascii() and word != "christmas")[::7]


@pytest.mark.parametrize(
    "sentence",
    [
        "There is a known {0} disease of the left chest, SUVmax 4.4 (slice 88). No {0} lesion elsewhere.",
        "THE {1} TUMOR OF THE LEFT LUNG HAS A MAX SUV OF 9 ON IMAGE 80.",
    ],
)
def test_no_eponym_is_lost_beside_its_noun(sentence: str) -> None:
    texts = [sentence.format("-".join(part.capitalize() for part in word.split("-")), word.upper()) for word in EPONYMS]
    results = Scrubber().scrub_many(texts)
    lost = [text for text, result in zip(texts, results, strict=True) if not isinstance(result, Scrubbed) or result.text != text]
    assert lost == []


@pytest.mark.parametrize(
    ("text", "name", "kept"),
    [
        ("oesophagus in Barrett segment, Siewert I", "Barrett", True),
        ("History: Hartmann's in April 2024.", "Hartmann", True),
        ("No Foley in place.", "Foley", True),
        ("Takayasu? Horton?", "Horton", True),
        ("Dr. Hartmann read the study", "Hartmann", False),
        ("Hartmann read that study", "Hartmann", False),
        ("Barrett requests a call", "Barrett", False),
    ],
)
def test_what_stands_beside_a_bare_eponym_decides(text: str, name: str, kept: bool) -> None:
    start = text.index(name)
    assert is_eponym(text, start, start + len(name)) is kept
