from __future__ import annotations

import json
import zipfile
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from petarseg.errors import ConfigError
from petarseg.reports.load import Report, load_reports

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def _docx(path: Path, body: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", f'<?xml version="1.0"?><w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>')


def _paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_reads_csv_with_ids_as_text(tmp_path: Path) -> None:
    file = tmp_path / "reports.csv"
    file.write_text('report_id,patient_id,study_date,report\n007,0042,20000907,"FINDINGS:\n""Node"", SUVmax 5.5."\n', encoding="utf-8")

    assert load_reports(file) == [Report("007", 'FINDINGS:\n"Node", SUVmax 5.5.', patient_id="0042", study_date="20000907")]


def test_reports_without_an_id_are_numbered(tmp_path: Path) -> None:
    file = tmp_path / "reports.csv"
    file.write_text("report\nfirst\nsecond\n", encoding="utf-8")

    assert [report.report_id for report in load_reports(file)] == ["1", "2"]


def test_columns_are_mapped(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("MRN;Befund;Acc\n0042;Text, mit Komma;A-1\n", encoding="utf-8")

    (report,) = load_reports(file, {"patient_id": "MRN", "report": "Befund", "accession_number": "Acc"})

    assert (report.patient_id, report.text, report.accession_number) == ("0042", "Text, mit Komma", "A-1")


@pytest.mark.parametrize("header", ["Report", "REPORT", " report "])
def test_column_names_compare_loosely(tmp_path: Path, header: str) -> None:
    file = tmp_path / "reports.csv"
    file.write_text(f"Patient ID,{header}\n1,text\n", encoding="utf-8")

    (report,) = load_reports(file)

    assert (report.patient_id, report.text) == ("1", "text")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings_are_detected(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "reports.csv"
    file.write_bytes("report_id,report\n1,Löfgren – 5 µm\n".encode(encoding))

    assert load_reports(file)[0].text == "Löfgren – 5 µm"


def test_reads_parquet_with_typed_columns(tmp_path: Path) -> None:
    file = tmp_path / "reports.parquet"
    table = {"report_id": [7, 8], "patient_id": [42.0, None], "study_date": [date(2000, 9, 7), None], "report": ["a", None]}
    pq.write_table(pa.table(table), file)

    assert load_reports(file) == [Report("7", "a", patient_id="42", study_date="20000907"), Report("8", "")]


def test_reads_jsonl(tmp_path: Path) -> None:
    file = tmp_path / "reports.jsonl"
    file.write_text(
        "\n".join(json.dumps({"report_id": f"R{i}", "report": "line\u2028one\ntwo"}) for i in range(2)) + "\n\n", encoding="utf-8"
    )

    assert [report.report_id for report in load_reports(file)] == ["R0", "R1"]
    assert load_reports(file)[0].text == "line\u2028one\ntwo"


def test_reads_a_folder_of_documents(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("FINDINGS: plain", encoding="utf-8")
    cell = "<w:tc>{}</w:tc>"
    row = f"<w:tr>{cell.format(_paragraph('Node'))}{cell.format(_paragraph('5.5'))}</w:tr>"
    _docx(tmp_path / "a.docx", _paragraph("FINDINGS:") + f"<w:tbl>{row}</w:tbl>" + _paragraph("End &amp; done"))
    (tmp_path / "notes.md").write_text("not a report", encoding="utf-8")

    reports = load_reports(tmp_path)

    assert [(report.report_id, report.text) for report in reports] == [("a", "FINDINGS:\nNode | 5.5\nEnd & done"), ("b", "FINDINGS: plain")]


def test_a_missing_text_column_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("id,body\n1,text\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"'id', 'body'.*reports\.columns\.report"):
        load_reports(file)


def test_a_wrong_mapping_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("id,body\n1,text\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="'text' is not a column"):
        load_reports(file, {"report": "text"})
    with pytest.raises(ConfigError, match="only these fields"):
        load_reports(file, {"text": "body"})


@pytest.mark.parametrize("second", ["accession_number", "Accession Number"])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_two_columns_of_one_name_are_refused(tmp_path: Path, second: str, suffix: str) -> None:
    file = tmp_path / f"reports.{suffix}"
    names = ["accession_number", second, "report"]
    if suffix == "csv":
        file.write_text(f"{','.join(names)}\nA1,A2,text\n", encoding="utf-8")
    else:
        pq.write_table(pa.Table.from_arrays([pa.array([cell]) for cell in ("A1", "A2", "text")], names=names), file)

    with pytest.raises(ConfigError, match="2 columns that may be accession_number"):
        load_reports(file)


def test_a_name_given_twice_in_a_json_line_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "reports.jsonl"
    file.write_text('{"report": "a"}\n{"accession_number": "A1", "accession_number": "A2", "report": "text"}\n', encoding="utf-8")

    with pytest.raises(ConfigError, match="line 2 gives 'accession_number' more than once"):
        load_reports(file)


def test_two_columns_alike_can_be_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "reports.csv"
    file.write_text("accession_number,Accession Number,report,,\nA1,A2,text,,\n", encoding="utf-8")  # columns that are not read may repeat

    (report,) = load_reports(file, {"accession_number": "Accession Number"})

    assert report.accession_number == "A2"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "report_id,report\n1,a\n1,b\n", "more than one row"),
        ("a.csv", "report_id,report\n1,a, b\n", "3 cells"),
        ("a.jsonl", "{broken\n", "line 1 is not valid JSON"),
        ("a.jsonl", "[1]\n", "not a JSON object"),
        ("a.parquet", "no parquet", "cannot be read as Parquet"),
        ("a.xlsx", "x", "not from .xlsx"),
        ("a.docx", "no zip", "cannot be read as a Word document"),
    ],
)
def test_unreadable_input_is_refused(tmp_path: Path, name: str, content: str, message: str) -> None:
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")

    with pytest.raises(ConfigError, match=message):
        load_reports(file)


def test_missing_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="do not exist"):
        load_reports(tmp_path / "nowhere.csv")
    with pytest.raises(ConfigError, match="holds no"):
        load_reports(tmp_path)


def test_a_document_with_entities_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("word/document.xml", '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e "x">]><d>&e;</d>')

    with pytest.raises(ConfigError, match="entity"):
        load_reports(tmp_path)


def test_reads_the_real_cohort(shared_data: Path) -> None:
    reports = load_reports(shared_data / "real_cohort" / "reports.csv")

    assert [report.patient_id for report in reports] == ["STS_001", "STS_003", "STS_008", "STS_019", "STS_042"]
    assert reports[0].study_date == "20000907"
