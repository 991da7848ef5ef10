"""The BIDS-PET-like layout: names, sidecars with "n/a", masks as derivatives."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from tiny_dataset import replace_rows, rows_of, seal

from petarseg.dataset.bids import export_bids, label, pet_sidecar, tsv
from petarseg.errors import ConfigError

# BIDS-PET 1.10, required fields of the sidecar (the list of SPEC 6).
REQUIRED = [
    "Manufacturer",
    "ManufacturersModelName",
    "Units",
    "TracerName",
    "TracerRadionuclide",
    "InjectedRadioactivity",
    "InjectedRadioactivityUnits",
    "InjectedMass",
    "InjectedMassUnits",
    "SpecificRadioactivity",
    "SpecificRadioactivityUnits",
    "ModeOfAdministration",
    "TimeZero",
    "ScanStart",
    "InjectionStart",
    "FrameTimesStart",
    "FrameDuration",
    "AcquisitionMode",
    "ImageDecayCorrected",
    "ImageDecayCorrectionTime",
    "ReconMethodName",
    "ReconMethodParameterLabels",
    "ReconMethodParameterUnits",
    "ReconMethodParameterValues",
    "ReconFilterType",
    "ReconFilterSize",
    "AttenuationCorrection",
]


@pytest.fixture(scope="session")
def exported(built_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_bids(built_dataset, tmp_path_factory.mktemp("bids") / "out")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_the_tree(exported: Path) -> None:
    found = {path.relative_to(exported).as_posix() for path in exported.rglob("*") if path.is_file()}
    stem = "sub-P0_ses-E1"
    pet, masks = f"sub-P0/ses-E1/pet/{stem}_trc-FDG", f"derivatives/petarseg/sub-P0/ses-E1/pet/{stem}_trc-FDG_desc-lesions_dseg"
    assert {
        *("dataset_description.json", "README", "participants.tsv", "participants.json", "sessions.json", ".bidsignore"),
        *("sub-P0/sub-P0_sessions.tsv", f"{pet}_rec-suv_pet.nii.gz", f"{pet}_rec-suv_pet.json"),
        *(f"sub-P0/ses-E1/anat/{stem}_ct.nii.gz", f"sub-P0/ses-E1/anat/{stem}_ct.json"),
        *("derivatives/petarseg/dataset_description.json", "derivatives/petarseg/lesions.tsv"),
        *(f"{masks}.nii.gz", f"{masks}.tsv", f"{masks}.json"),
        *(f"derivatives/petarseg/sub-P0/ses-E1/anat/{stem}_desc-anatomy_dseg.{end}" for end in ("nii.gz", "tsv", "json")),
    } <= found
    assert sum(name.endswith("_pet.nii.gz") for name in found) == 5


def test_volumes_are_those_of_the_dataset(exported: Path, built_dataset: Path) -> None:
    path = exported / "sub-P3/ses-E4/pet/sub-P3_ses-E4_trc-FDG_rec-suv_pet.nii.gz"
    assert path.read_bytes() == (built_dataset / "volumes/E4/pet.nii.gz").read_bytes()


def test_the_sidecar_has_every_required_field(exported: Path) -> None:
    sidecar = json.loads((exported / "sub-P0/ses-E0/pet/sub-P0_ses-E0_trc-FDG_rec-suv_pet.json").read_text())
    assert [name for name in REQUIRED if name not in sidecar] == []
    assert sidecar["InjectedMass"] == sidecar["TimeZero"] == "n/a"
    assert (sidecar["TracerRadionuclide"], sidecar["Units"], sidecar["SUVType"]) == ("F18", "g/mL", "SUVbw")


def test_a_tracer_with_two_labels_keeps_its_nuclide_unknown(built_dataset: Path) -> None:
    exam = rows_of(built_dataset, "exams")[0]
    assert pet_sidecar({**exam, "tracer": "DOTATATE"})["TracerRadionuclide"] == "n/a"
    assert pet_sidecar({**exam, "tracer": None, "model": None})["TracerName"] == "n/a"


def test_tables(exported: Path, built_dataset: Path) -> None:
    participants = table(exported / "participants.tsv")
    assert [row["participant_id"] for row in participants] == ["sub-P0", "sub-P1", "sub-P2", "sub-P3"]
    assert participants[0] == {"participant_id": "sub-P0", "sex": "F", "age": "60", "split": "train"}
    sessions = table(exported / "sub-P0/sub-P0_sessions.tsv")
    assert [(row["session_id"], row["age"], row["indication"]) for row in sessions] == [("ses-E0", "60", "n/a"), ("ses-E1", "61", "n/a")]
    lesions = table(exported / "derivatives/petarseg/lesions.tsv")
    assert [row["findings"] for row in lesions] == [row["findings"] for row in rows_of(built_dataset, "lesions")]
    masks = table(exported / "derivatives/petarseg/sub-P0/ses-E0/pet/sub-P0_ses-E0_trc-FDG_desc-lesions_dseg.tsv")
    assert [(row["index"], row["name"]) for row in masks] == [("1", "LE01"), ("2", "LE02")]


def test_names_are_those_that_bids_allows(exported: Path) -> None:
    for path in exported.rglob("sub-*_*"):
        entities = path.name.split(".")[0].split("_")
        assert all(re.fullmatch(r"[a-z]+-[A-Za-z0-9]+", entity) for entity in entities[:-1]), path.name
        assert re.fullmatch(r"[A-Za-z]+", entities[-1])


@pytest.mark.parametrize(("text", "wanted"), [("PSMA-1007", "PSMA1007"), ("PSMA-I&T", "PSMAIT"), ("---", "unknown")])
def test_labels(text: str, wanted: str) -> None:
    assert label(text) == wanted


def test_a_cell_never_breaks_its_table() -> None:
    assert tsv(("a", "b"), [{"a": 'x\t"y"\nz', "b": None}, {"a": [1, 2], "b": []}]) == 'a\tb\nx "y" z\tn/a\n1 2\tn/a\n'


def test_ids_that_would_become_one_are_refused(dataset: Path, tmp_path: Path) -> None:
    for name in ("exams", "lesions"):
        replace_rows(
            dataset,
            name,
            [{**row, "patient_id": {"P1": "P-2"}.get(row["patient_id"], row["patient_id"])} for row in rows_of(dataset, name)],
        )
    seal(dataset)
    with pytest.raises(ConfigError, match="patient_id"):
        export_bids(dataset, tmp_path / "out")
    assert not (tmp_path / "out").exists()
