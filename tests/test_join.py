from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from petarseg.dicom.records import SeriesRecord, StudyRecord
from petarseg.join import join_reports, normal_date
from petarseg.reasons import Reason
from petarseg.reports.load import Report, load_reports

PET = SeriesRecord(
    "1.1", "1.1.1", "P1", "", "A1", "20200102", "PT", "pet", None, "f", "", "", None, None, None, (Path("x"),), 5, (0.0, 1.0), ()
)  # fmt: skip
STUDY = StudyRecord("1.1", "P1", "A1", "20200102", PET, None, None, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20200102", "20200102"),
        ("2020-01-02", "20200102"),
        ("2020/1/2", "20200102"),
        ("2020-01-02T10:00:00", "20200102"),
        ("2020-01-02 00:00:00", "20200102"),
        ("02/01/2020", None),
        ("2020-13-02", None),
        ("Jan 2, 2020", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_are_year_first_or_nothing(text: str | None, expected: str | None) -> None:
    assert normal_date(text) == expected


@pytest.mark.parametrize(
    "report",
    [
        Report("r", "", accession_number="A1"),
        Report("r", "", study_instance_uid="1.1"),
        Report("r", "", patient_id="P1", study_date="2020-01-02"),
        Report("r", "", accession_number="A1", study_date="2020-01-05", patient_id="P1"),
    ],
)
def test_one_key_is_enough(report: Report) -> None:
    result = join_reports([STUDY], [report])
    assert result.pairs == ((STUDY, report),)
    assert result.rejected == ()


def test_nothing_is_lost() -> None:
    other = replace(STUDY, study_instance_uid="1.2", accession_number="A2", study_date="20210101")
    reports = [Report("1", "", accession_number="A1"), Report("2", "", patient_id="P9", study_date="20200102"), Report("3", "")]
    result = join_reports([STUDY, other], reports)
    assert result.pairs == ((STUDY, reports[0]),)
    assert [(item.reason, item.report and item.report.report_id) for item in result.rejected] == [
        (Reason.REPORT_WITHOUT_EXAM, "2"),
        (Reason.REPORT_WITHOUT_EXAM, "3"),
        (Reason.EXAM_WITHOUT_REPORT, None),
    ]


def test_two_reports_for_one_exam() -> None:
    result = join_reports([STUDY], [Report("1", "", accession_number="A1"), Report("2", "", patient_id="P1", study_date="20200102")])
    assert result.pairs == ()
    assert [item.reason for item in result.rejected] == [Reason.AMBIGUOUS_JOIN] * 2


def test_two_exams_for_one_report() -> None:
    second = replace(STUDY, study_instance_uid="1.2", accession_number="")
    result = join_reports([replace(STUDY, accession_number=""), second], [Report("1", "", patient_id="P1", study_date="20200102")])
    assert result.pairs == ()
    assert {item.reason for item in result.rejected} == {Reason.AMBIGUOUS_JOIN}
    assert len(result.rejected) == 3


def test_a_study_without_pet_is_no_rival() -> None:
    ultrasound = replace(STUDY, study_instance_uid="1.2", accession_number="", pet=None)
    report = Report("1", "", patient_id="P1", study_date="20200102")
    assert join_reports([STUDY, ultrasound], [report]).pairs == ((STUDY, report),)


def test_day_and_month_are_never_guessed() -> None:
    result = join_reports([STUDY], [Report("1", "", patient_id="P1", study_date="02/01/2020")])
    assert result.pairs == ()
    assert "YYYYMMDD" in str(result.rejected[0].evidence)


def test_another_patient_under_the_same_accession_number_is_refused() -> None:
    result = join_reports([STUDY], [Report("1", "", accession_number="A1", patient_id="P2")])
    assert result.pairs == ()
    assert result.rejected[0].evidence["contradictory"] == ["patient_id"]


def test_a_document_is_known_by_its_file_name(tmp_path: Path) -> None:
    (tmp_path / "A1.txt").write_text("FINDINGS: none.", encoding="utf-8")
    (tmp_path / "1.1.txt").write_text("FINDINGS: none.", encoding="utf-8")
    for report in load_reports(tmp_path):
        assert join_reports([STUDY], [report]).pairs == ((STUDY, report),)


@pytest.mark.parametrize("table", ["report\nfirst\nsecond\n", "accession_number,report\n,first\n,second\n", "report_id,report\n1,a\n2,b\n"])
def test_the_number_or_id_of_a_row_is_no_accession_number(tmp_path: Path, table: str) -> None:
    file = tmp_path / "reports.csv"
    file.write_text(table, encoding="utf-8")
    studies = [replace(STUDY, study_instance_uid=f"1.{number}", accession_number=number) for number in ("2", "1")]
    result = join_reports(studies, load_reports(file))
    assert result.pairs == ()
    assert [item.reason for item in result.rejected] == [Reason.REPORT_WITHOUT_EXAM] * 2 + [Reason.EXAM_WITHOUT_REPORT] * 2
    assert result.rejected[0].evidence == {"given": []}


SHARED = [replace(STUDY, study_instance_uid=f"1.{number}", patient_id=f"P{number}") for number in (1, 2)]


@pytest.mark.parametrize("with_pet", [(True, True), (True, False)])
def test_an_accession_number_of_two_patients_decides_for_neither(with_pet: tuple[bool, bool]) -> None:
    studies = [replace(study, pet=PET if has_pet else None) for study, has_pet in zip(SHARED, with_pet, strict=True)]
    result = join_reports(studies, [Report("1", "", accession_number="A1")])
    assert result.pairs == ()
    assert [item.reason for item in result.rejected] == [Reason.AMBIGUOUS_JOIN] * 3
    assert result.rejected[0].evidence == {"key": "accession_number", "studies": 2, "patients": 2}


@pytest.mark.parametrize(
    "reports",
    [
        [Report("1", "", accession_number="A1", patient_id="P1"), Report("2", "", accession_number="A1", patient_id="P2")],
        [
            Report("1", "", accession_number="A1", study_instance_uid="1.1"),
            Report("2", "", accession_number="A1", study_instance_uid="1.2"),
        ],
    ],
)
def test_of_studies_under_one_accession_number_the_other_identifiers_decide(reports: list[Report]) -> None:
    result = join_reports(SHARED, reports)
    assert result.pairs == tuple(zip(SHARED, reports, strict=True))
    assert result.rejected == ()


@pytest.mark.parametrize(
    "report",
    [
        Report("1", "", accession_number="A1", patient_id="P3"),
        Report("1", "", study_instance_uid="1.1"),
        Report("1", "", study_instance_uid="1.1", patient_id="P2"),
    ],
)
def test_a_patient_decides_only_for_a_study_of_that_patient(report: Report) -> None:
    """Of one key that two studies have; the second here does not say whose it is."""
    result = join_reports([STUDY, replace(STUDY, patient_id="")], [report])
    assert result.pairs == ()
    assert {item.reason for item in result.rejected} == {Reason.AMBIGUOUS_JOIN}


def test_one_study_uid_of_two_patients_goes_by_the_patient() -> None:
    studies = [STUDY, replace(STUDY, patient_id="P2", accession_number="A2")]
    report = Report("1", "", study_instance_uid="1.1", patient_id="P2")
    result = join_reports(studies, [report])
    assert result.pairs == ((studies[1], report),)
    assert [(item.reason, item.study) for item in result.rejected] == [(Reason.EXAM_WITHOUT_REPORT, STUDY)]


@pytest.mark.parametrize(
    "report",
    [
        Report("1", "", study_instance_uid="1.1"),
        Report("1", "", accession_number="A2"),
        Report("1", "", study_instance_uid="1.1", patient_id="P1"),
        Report("1", "", patient_id="P2", study_date="20200102"),
        Report("1.1", "", named_by_file=True),
    ],
)
def test_a_study_of_two_patients_gets_no_report(report: Report) -> None:
    other = replace(PET, patient_id="P2", accession_number="A2", role="other", why_not="mixed_patients")
    result = join_reports([replace(STUDY, pet=None, others=(PET, other), other_patient_ids=("P2",))], [report])
    assert result.pairs == ()
    assert [item.reason for item in result.rejected] == [Reason.AMBIGUOUS_JOIN] * 2
    assert result.rejected[0].evidence["patients"] == 2
    assert "contradictory" not in result.rejected[0].evidence


def test_a_study_of_two_patients_is_a_rival_even_without_a_pet() -> None:
    mixed = replace(STUDY, study_instance_uid="1.2", pet=None, other_patient_ids=("P2",))
    result = join_reports([STUDY, mixed], [Report("1", "", accession_number="A1")])
    assert result.pairs == ()
    assert result.rejected[0].evidence == {"key": "accession_number", "studies": 2, "patients": 2}
