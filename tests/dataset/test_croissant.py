"""croissant.json is valid and reads the tables back."""

from __future__ import annotations

import json

import mlcroissant as mlc
import pytest
from tiny_dataset import rows_of, write_tiny_dataset

from petarseg.dataset.checksums import read_checksums
from petarseg.dataset.croissant import write_croissant

ABOUT = {"name": "tiny", "version": "v1-0", "license_id": "CC-BY-4.0", "description": "Five exams."}


@pytest.fixture
def dataset(tmp_path):
    folder = write_tiny_dataset(tmp_path / "d")
    write_croissant(folder, **ABOUT, checksums=read_checksums(folder))
    return folder


def test_describes_every_column_with_its_unit(dataset):
    document = json.loads((dataset / "croissant.json").read_text())
    assert "croissant" in document["conformsTo"]
    fields = {field["@id"]: field for record_set in document["recordSet"] for field in record_set["field"]}
    assert fields["lesions/volume_ml"]["description"].endswith("[ml]")
    assert {"lesions/findings", "exams/shape", "anatomy/question", "rejected/reason"} <= set(fields)


def test_equal_tables_give_equal_bytes(dataset):
    before = (dataset / "croissant.json").read_bytes()
    write_croissant(dataset, **ABOUT, checksums=read_checksums(dataset))
    assert (dataset / "croissant.json").read_bytes() == before


def test_mlcroissant_reads_the_lesions(dataset):
    described = mlc.Dataset(jsonld=dataset / "croissant.json")
    assert not described.metadata.issues.errors
    records = list(described.records("lesions"))
    assert [record["lesions/suv_max"] for record in records] == pytest.approx([row["suv_max"] for row in rows_of(dataset, "lesions")])
