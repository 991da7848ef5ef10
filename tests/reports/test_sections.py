# ruff: noqa: E501
"""Whole reports in the shapes that information systems export them."""

from __future__ import annotations

import pytest

from petarseg.reasons import Reason
from petarseg.reports.grammar import read_measurements
from petarseg.reports.sentences import split_report

REPORTS: list[tuple[str, str, list[tuple[float, int]]]] = [
    ("no headings at all", "PET/CT of a 60-year-old man. There is a left hilar node with SUVmax 5.5 on slice 77. Liver is clear.", [(5.5, 77)]),
    ("region headings only", "Chest: Left hilar node, SUVmax 5.5, slice 77.\nAbdomen: Left adrenal nodule, SUVmax 4.4, slice 130.\nImpression: Hilar node, SUVmax 5.5, slice 77.", [(5.5, 77), (4.4, 130)]),
    ("region headings after technique", "TECHNIQUE: 10 mCi FDG, 60 min.\nNeck: No node.\nChest: Left hilar node, SUVmax 5.5, slice 77.\nIMPRESSION: Node (SUVmax 5.5, slice 77).", [(5.5, 77)]),
    ("impression first", "IMPRESSION:\n1. Left hilar node (SUVmax 5.5, slice 77).\n\nFINDINGS:\nLeft hilar node has SUVmax of 5.5 on slice 77.", [(5.5, 77)]),
    ("one line", "EXAM: PET/CT. HISTORY: Lymphoma. COMPARISON: None. TECHNIQUE: 10 mCi. FINDINGS: Left hilar node, SUVmax 5.5, slice 77. IMPRESSION: Node SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("one line, title case", "Exam: PET/CT. History: Lymphoma. Technique: 10 mCi. Findings: Left hilar node, SUVmax 5.5, slice 77. Impression: Node SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("headings without colon", "HISTORY\nLymphoma.\nTECHNIQUE\n10 mCi.\nFINDINGS\nLeft hilar node, SUVmax 5.5, slice 77.\nIMPRESSION\nNode, SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("title case headings without colon", "Clinical history\nLymphoma.\n\nFindings\nLeft hilar node, SUVmax 5.5, slice 77.\n\nConclusion\nNode, SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("markdown", "## History\nLymphoma.\n## Findings\nLeft hilar node, SUVmax 5.5, slice 77.\n## Impression\nNode, SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("bold", "**FINDINGS:**\nLeft hilar node, SUVmax 5.5, slice 77.\n**IMPRESSION:**\nNode, SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("underlined", "FINDINGS\n========\nLeft hilar node, SUVmax 5.5, slice 77.\nIMPRESSION\n----------\nNode, SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("PET and CT findings", "PET FINDINGS: Left hilar node, SUVmax 5.5, slice 77.\nCT FINDINGS: Emphysema on image 80.\nCONCLUSION: Node.", [(5.5, 77)]),
    ("findings and impression in one", "FINDINGS AND IMPRESSION: Left hilar node, SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("report", "Indication: Lymphoma.\nReport: Left hilar node, SUVmax 5.5, slice 77.\nOpinion: Node, SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("interpretation is all there is", "INDICATION: Lymphoma.\nINTERPRETATION: Left hilar node, SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("interpretation beside findings", "FINDINGS: Left hilar node, SUVmax 5.5, slice 77.\nINTERPRETATION: Node, SUVmax 5.6, slice 77.", [(5.5, 77)]),
    ("paragraph without heading", "TECHNIQUE: 10 mCi FDG.\n\nThere is a left hilar node with SUVmax 5.5 on slice 77.\n\nIMPRESSION: Node with SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("old values in the history", "HISTORY: Left hilar node with SUVmax of 9.9 on slice 70 in 2022.\nCOMPARISON: PET of 2022, SUVmax 9.9, slice 70.\nFINDINGS: Left hilar node, SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("letter", "Dear Dr. Jones,\n\nThank you for referring this lady.\n\nFindings: A left hilar node has SUVmax 5.5 on slice 77.\n\nIn summary, the node (SUVmax 5.5, slice 77) is suspicious.\n\nKind regards,\nDr. X", [(5.5, 77)]),
    ("signature", "FINDINGS: Left hilar node, SUVmax 5.5, slice 77.\nIMPRESSION: Node.\nElectronically signed by A. Reader on 3/14/2024 at 10:15", [(5.5, 77)]),
    ("HTML", "<p>FINDINGS:<br>Left hilar node, SUVmax&nbsp;5.5, slice&nbsp;77.</p><p>IMPRESSION: Node, SUVmax 5.5, slice 77.</p>", [(5.5, 77)]),
    ("written-out line breaks", "FINDINGS:\\nLeft hilar node, SUVmax 5.5, slice 77.\\nIMPRESSION: Node, SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("HL7 line breaks", "FINDINGS:\\.br\\Left hilar node, SUVmax 5.5, slice 77.\\.br\\IMPRESSION: Node, SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("carriage returns", "FINDINGS:\rLeft hilar node, SUVmax 5.5, slice 77.\rIMPRESSION: Node, SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("hard wraps", "FINDINGS: There is a left hilar lymph node\nwith intense FDG uptake and an SUV max\nof 5.5 on PET/CT axial slice\n77, and a right hilar node with SUV max of\n4.4 on PET/CT axial slice 79.", [(5.5, 77), (4.4, 79)]),
    ("addendum", "FINDINGS: Left hilar node, SUVmax 5.5, slice 77.\nIMPRESSION: Node.\nADDENDUM: Discussed; node SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("lost line breaks", "FINDINGS:   Chest: Left hilar node, SUVmax 5.5, slice 77.   Abdomen: Left adrenal nodule, SUVmax 4.4, slice 130.   IMPRESSION:   1. Node SUVmax 5.5, slice 77.", [(5.5, 77), (4.4, 130)]),
    ("lower case", "findings: left hilar node, suvmax 5.5, slice 77.\nimpression: node, suvmax 5.5, slice 77.", [(5.5, 77)]),
    ("numbered headings", "1. HISTORY: Lymphoma\n2. FINDINGS: Left hilar node, SUVmax 5.5, slice 77.\n3. IMPRESSION: Node, SUVmax 5.5, slice 77.", [(5.5, 77)]),
    ("region headings on their own lines", "FINDINGS:\nCHEST\nLeft hilar node, SUVmax 5.5, slice 77.\nABDOMEN/PELVIS\nLeft adrenal nodule, SUVmax 4.4, slice 130.\nIMPRESSION:\nNode.", [(5.5, 77), (4.4, 130)]),
    ("technique in the findings' place", "FINDINGS: Left hilar node, SUVmax 5.5, slice 77. Comparison: on the prior PET SUVmax was 8.1, slice 70.", [(5.5, 77)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [pytest.param(text, expected, id=name) for name, text, expected in REPORTS])
def test_takes_the_findings_and_nothing_else(text: str, expected: list[tuple[float, int]]) -> None:
    accepted = [measurement for measurement in read_measurements(text) if measurement.status == "accepted"]

    assert [(m.suv_max, m.axial_slice) for m in accepted] == expected
    assert all(text[m.start : m.end] == m.sentence for m in accepted)


def test_says_when_no_heading_announced_the_findings() -> None:
    (measurement,) = read_measurements("There is a left hilar node with SUVmax 5.5 on slice 77.")

    assert "unsectioned" in measurement.flags


def test_the_impression_is_rejected_with_its_reason() -> None:
    text = "FINDINGS: No lesion.\nIMPRESSION: Left hilar node, SUVmax 5.5, slice 77."

    assert [m.reason for m in read_measurements(text)] == [Reason.NOT_IN_FINDINGS]


def test_history_values_are_old() -> None:
    text = "HISTORY: Left hilar node with SUVmax 9.9 on slice 70.\nFINDINGS: No lesion."

    assert [m.reason for m in read_measurements(text)] == [Reason.PRIOR_VALUE]


def test_region_headings_are_kept_beside_the_sentence() -> None:
    sentences = split_report("FINDINGS:\nCHEST: Left hilar node.\nLiver: One deposit.\nIMPRESSION: Node.")

    assert [(s.text, s.section, s.region) for s in sentences] == [
        ("Left hilar node.", "findings", "CHEST"),
        ("Liver: One deposit.", "findings", "Liver"),
        ("Node.", "impression", ""),
    ]
