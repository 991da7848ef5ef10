from __future__ import annotations

import re

import pytest

from petarseg.phantom.exam import PhantomExam, simulate_exam
from petarseg.phantom.reports import STYLES, section_of
from petarseg.reports.grammar import read_measurements


@pytest.fixture(scope="module", params=range(len(STYLES)), ids=STYLES)
def reported(request: pytest.FixtureRequest) -> PhantomExam:
    return simulate_exam(request.param, seed=11)


def test_every_statement_is_found_where_it_says(reported: PhantomExam) -> None:
    text = reported.draft.text
    for statement in [*reported.draft.statements, *reported.draft.impression]:
        set_text = re.sub(r"(?:\s|_x000D_)+", " ", text[statement.start : statement.end])
        assert set_text.casefold() == statement.text.casefold()


def test_sentences_hold_the_numbers_of_the_image(reported: PhantomExam) -> None:
    text = reported.draft.text
    for finding, reading, lesion in zip(reported.findings, reported.readings, reported.lesions, strict=True):
        statement = next(item for item in reported.draft.statements if finding.index in item.lesions)
        sentence = text[statement.start : statement.end]
        assert re.search(rf"(?<![\d.]){finding.suv_max:.1f}(?!\d)", sentence)
        assert re.search(rf"(?<![\d.]){finding.axial_slice}(?!\d|\.\d)", sentence)
        if lesion.hard not in ("wrong_value", "wrong_slice"):
            assert finding.suv_max == round(reading.suv_max, 1)
            assert finding.axial_slice == reading.axial_slice


def test_grammar_reader_takes_the_lesions_and_no_trap(reported: PhantomExam) -> None:
    accepted = {(m.suv_max, m.axial_slice) for m in read_measurements(reported.draft.text) if m.status == "accepted"}
    wanted = {(finding.suv_max, finding.axial_slice) for finding in reported.findings}
    physiologic = sum(statement.trap == "physiologic" for statement in reported.draft.statements)
    assert wanted <= accepted
    assert len(accepted) <= len(wanted) + physiologic


def test_style_shows(reported: PhantomExam) -> None:
    text, style = reported.draft.text, reported.draft.style
    marks = {"bullets": "\n1. ", "prose": "FINDINGS: ", "capitals": "_x000D_\n", "british": "Conclusion:", "sections": "\nChest: "}
    assert marks.get(style, "\n") in text
    if style == "wrapped":
        assert max(len(line) for line in text.splitlines()) <= 64


def test_report_plants_the_patient_and_the_staff(reported: PhantomExam) -> None:
    text, study = reported.draft.text.casefold(), reported.study
    for planted in (study.patient.spoken_name, study.patient.patient_id, study.visit.accession, study.visit.reading, study.visit.hospital):
        assert planted.casefold() in re.sub(r"\s+", " ", text)


@pytest.mark.parametrize(
    ("region", "organ", "section"),
    [
        ("Chest", "bone", "Musculoskeletal"),
        ("Chest", "lung", "Chest"),
        ("Neck", "lymph node", "Head and neck"),
        ("Pelvis", "lymph node", "Abdomen and pelvis"),
        ("Lower extremity", "soft tissue", "Musculoskeletal"),
    ],
)
def test_headings(region: str, organ: str, section: str) -> None:
    assert section_of(region, organ) == section
