from __future__ import annotations

import pytest

from petarseg.reports.normalize import normalize
from petarseg.reports.sentences import split_report

ONE_SENTENCE = [
    "Left hilar node, approx. 2.3 cm, SUV max. 5.5, im. 77.",
    "Seen by Dr. Smith and J. Doe at St. Mary, vs. the prior.",
    "Nodes, e.g. subcarinal, i.e. station 7, are avid.",
    "SUVmax of 5.5 (No. 3 in the list) on slice 77.",
    "Left hilar node with S.U.V. max of 5.5.",
    "A 1.3 x 0.8 cm node has SUVmax 12.4 g/mL on slice 77.",
    "Left hilar\nnode with SUVmax of\n5.5 on slice\n77.",
]
SEVERAL = [
    ("No uptake.The liver is normal.", ["No uptake.", "The liver is normal."]),
    ("SUVmax 5.5 on slice 77.Right node SUVmax 4.4.", ["SUVmax 5.5 on slice 77.", "Right node SUVmax 4.4."]),
    ("UPTAKE ON SLICE 77.RIGHT NODE.", ["UPTAKE ON SLICE 77.", "RIGHT NODE."]),
    ("Node on slice 77. 1.3 cm nodule on slice 80.", ["Node on slice 77.", "1.3 cm nodule on slice 80."]),
    ("1. Left node.\n2. Right node.", ["Left node.", "Right node."]),
    ("1) Left node 2.1 cm\n2) Right node 1.1 cm", ["Left node 2.1 cm", "Right node 1.1 cm"]),
    ("- Left node\n- Right node", ["Left node", "Right node"]),
    ("\u2022 Left node \u2022 Right node", ["Left node", "Right node"]),
    ("* Left node * Right node", ["Left node", "Right node"]),
    ("Left node... Right node", ["Left node...", "Right node"]),
    ("Is it new? It is new! Yes.", ["Is it new?", "It is new!", "Yes."]),
    ("Left node (slice 77). Right node.", ["Left node (slice 77).", "Right node."]),
    ("The left hilar node is avid   The liver has no lesion", ["The left hilar node is avid", "The liver has no lesion"]),
    ("Left node_x000D_\n_x000D_\nRight node_x000D_", ["Left node", "Right node_x000D_"]),
]  # fmt: skip


@pytest.mark.parametrize("text", ONE_SENTENCE)
def test_does_not_break_inside_a_sentence(text: str) -> None:
    assert [sentence.text for sentence in split_report("FINDINGS: " + text)] == [text]


@pytest.mark.parametrize(("text", "expected"), SEVERAL)
def test_breaks_between_sentences(text: str, expected: list[str]) -> None:
    report = "FINDINGS:\n" + text

    sentences = split_report(report)

    assert [sentence.text.removesuffix("_x000D_") for sentence in sentences] == [text.removesuffix("_x000D_") for text in expected]
    assert all(report[sentence.start : sentence.end] == sentence.text for sentence in sentences)


@pytest.mark.parametrize(
    "text",
    [
        "a_x000D_\nb",
        "SUV\u00a0max \u2264 5 \u2013 ok",
        "a&nbsp;b&amp;c<br>d",
        "line one\\nline two",
        "\ufeffa\u200bb",
        "a\r\nb\rc",
        "x\\.br\\y",
        "Left node with\nSUVmax of\n5.5",
    ],
)
def test_normalising_never_moves_a_character(text: str) -> None:
    normalized = normalize(text)

    assert len(normalized) == len(text)
    assert all(
        normalized[i] == character
        for i, character in enumerate(text)
        if character.isalpha() and character.isascii() and normalized[i].isalpha()
    )


def test_hard_wraps_are_joined_and_list_items_are_not() -> None:
    wrapped = "There is a left hilar lymph node with\nintense FDG uptake and an SUV max of\n5.5 on PET/CT slice 77."
    listed = "Left hilar node SUVmax 5.5\nRight hilar node SUVmax 4.4"

    assert "\n" not in normalize(wrapped)
    assert "\n" in normalize(listed)


def test_an_endless_sentence_is_cut() -> None:
    sentences = split_report("FINDINGS: " + "word " * 2_000)

    assert max(len(sentence.text) for sentence in sentences) <= 1_500
