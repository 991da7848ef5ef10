"""croissant.json is valid Croissant 1.1 with RAI terms, and reads the tables back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlcroissant as mlc
import pyarrow as pa
import pytest
from tiny_dataset import VERSION, rows_of

from petarseg.dataset.checksums import read_checksums
from petarseg.dataset.croissant import write_croissant
from petarseg.errors import ContractError

ABOUT: dict[str, Any] = {"name": "tiny", "version": VERSION, "license_id": "CC-BY-4.0", "description": "Five exams."}


@pytest.fixture(scope="session")
def document(built_dataset: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((built_dataset / "croissant.json").read_text())
    return loaded


@pytest.fixture(scope="session")
def described(built_dataset: Path) -> mlc.Dataset:
    return mlc.Dataset(jsonld=built_dataset / "croissant.json")


def test_the_library_validates_it_as_1_1(described: mlc.Dataset, document: dict[str, Any]) -> None:
    assert document["conformsTo"] == ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
    assert described.metadata.ctx.is_v1_1()
    assert not described.metadata.issues.errors
    assert not described.metadata.issues.warnings


def test_describes_every_column_with_its_unit(document: dict[str, Any]) -> None:
    fields = {field["@id"]: field for record_set in document["recordSet"] for field in record_set["field"]}
    assert fields["lesions/volume_ml"]["description"].endswith("[ml]")
    assert {"lesions/findings", "exams/shape", "anatomy/question", "rejected/reason"} <= set(fields)
    assert (fields["lesions/bbox_ijk"]["isArray"], fields["lesions/bbox_ijk"]["arrayShape"]) == (True, "6")
    assert fields["lesions/flags"]["arrayShape"] == "-1"
    assert fields["lesions/exam_id"]["references"] == {"field": {"@id": "exams/exam_id"}}


def test_splits_are_named_and_referred_to(described: mlc.Dataset, document: dict[str, Any]) -> None:
    splits = next(item for item in document["recordSet"] if item["@id"] == "splits")
    assert splits["dataType"] == "cr:Split"
    names = [record["splits/name"] for record in described.records("splits")]
    assert [name.decode() if isinstance(name, bytes) else name for name in names] == ["train", "val", "test"]
    fields = {field["@id"]: field for record_set in document["recordSet"] for field in record_set["field"]}
    for table in ("lesions", "exams", "anatomy"):
        assert fields[f"{table}/split"]["references"] == {"field": {"@id": "splits/name"}}


def test_rai_terms_are_filled(document: dict[str, Any]) -> None:
    for term in (
        *("dataCollection", "dataCollectionType", "dataPreprocessingProtocol", "dataAnnotationProtocol", "machineAnnotationTools"),
        *("dataBiases", "dataLimitations", "dataUseCases", "personalSensitiveInformation", "dataReleaseMaintenancePlan"),
    ):
        assert document[f"rai:{term}"], term
    assert "Exams by tracer: FDG 5." in document["rai:dataBiases"]


def test_equal_tables_give_equal_bytes(dataset: Path) -> None:
    before = (dataset / "croissant.json").read_bytes()
    write_croissant(dataset, **ABOUT, checksums=read_checksums(dataset))
    assert (dataset / "croissant.json").read_bytes() == before


def test_mlcroissant_reads_the_lesions(described: mlc.Dataset, built_dataset: Path) -> None:
    records = list(described.records("lesions"))
    assert [record["lesions/suv_max"] for record in records] == pytest.approx([row["suv_max"] for row in rows_of(built_dataset, "lesions")])


def test_what_the_library_refuses_is_not_written(dataset: Path) -> None:
    before = (dataset / "croissant.json").read_bytes()
    with pytest.raises(ContractError, match="croissant_valid"):
        write_croissant(dataset, **{**ABOUT, "name": 5}, checksums=read_checksums(dataset))
    assert (dataset / "croissant.json").read_bytes() == before


def test_empty_tables_are_described_too(dataset: Path) -> None:
    from petarseg.dataset.tables import write_table
    from schemas.arrow import arrow_schema
    from schemas.rows import ExamRow

    write_table(dataset / "exams.parquet", [], arrow_schema(ExamRow))
    assert isinstance(arrow_schema(ExamRow), pa.Schema)
    write_croissant(dataset, **ABOUT, checksums=read_checksums(dataset))
    assert "Exams by sex: none." in json.loads((dataset / "croissant.json").read_text())["rai:dataBiases"]
