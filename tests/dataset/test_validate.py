from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builder import contracts, rewrite, tables

from petarseg.dataset.checksums import write_checksums
from petarseg.dataset.contract import from_odcs, to_odcs
from petarseg.dataset.validate import validate_dataset
from petarseg.errors import ConfigError
from petarseg.volume import Units, Volume

Rows = dict[str, list[dict[str, Any]]]


def rules(dataset: Path) -> set[tuple[str, str, str]]:
    return {(item.table, item.column, item.rule) for item in validate_dataset(dataset)}


def test_a_good_dataset_passes(built_dataset: Path) -> None:
    assert validate_dataset(built_dataset) == []
    assert validate_dataset(built_dataset, contracts=contracts(), rehash=False) == []


def test_contracts_survive_their_yaml() -> None:
    for contract in contracts().values():
        assert from_odcs(to_odcs(contract, version="1.0.0")) == contract


def lesion(rows: Rows, **values: object) -> None:
    rows["lesions"][0].update(values)


def exam(rows: Rows, **values: object) -> None:
    rows["exams"][0].update(values)


ROW_DEFECTS: dict[str, tuple[Callable[[Rows], object], tuple[str, str, str]]] = {
    "duplicate lesion id": (lambda r: r["lesions"][1].update(lesion_id=r["lesions"][0]["lesion_id"]), ("lesions", "lesion_id", "unique")),
    "duplicate lesion": (
        lambda r: r["lesions"].append({**r["lesions"][0], "lesion_id": "L99"}),
        ("lesions", "lesion_id", "duplicate_lesion"),
    ),
    "patient in two splits": (lambda r: exam(r, patient_id="P3"), ("exams", "split", "one_split")),
    "split differs from exam": (lambda r: lesion(r, split="test"), ("lesions", "split", "same_as_exam")),
    "patient differs from exam": (lambda r: lesion(r, patient_id="P1"), ("lesions", "patient_id", "same_as_exam")),
    "lesion without exam": (lambda r: lesion(r, exam_id="E9"), ("lesions", "exam_id", "exam_exists")),
    "wrong count of lesions": (lambda r: exam(r, n_lesions=3), ("exams", "n_lesions", "n_lesions")),
    "unknown region": (lambda r: lesion(r, region="Torso"), ("lesions", "region", "allowed")),
    "unknown reason": (lambda r: r["rejected"][0].update(reason="because"), ("rejected", "reason", "allowed")),
    "age of 130": (lambda r: exam(r, age_years=130), ("exams", "age_years", "range")),
    "negative volume": (lambda r: lesion(r, volume_ml=-1.0), ("lesions", "volume_ml", "range")),
    "empty sentence": (lambda r: lesion(r, findings=""), ("lesions", "findings", "min_length")),
    "SUV of another lesion": (lambda r: lesion(r, suv_max_report=9.9), ("lesions", "suv_max", "suv_match")),
    "mean above maximum": (lambda r: lesion(r, suv_mean=40.0), ("lesions", "suv_mean", "suv_order")),
    "TLG in other units": (lambda r: lesion(r, tlg=1e6), ("lesions", "tlg", "suv_order")),
    "two coordinates": (lambda r: lesion(r, max_ras_mm=[1.0, 2.0]), ("lesions", "max_ras_mm", "n_items")),
    "wrong spacing": (lambda r: exam(r, spacing_mm=[4.0, 4.0, 4.0]), ("exams", "spacing_mm", "volume_grid")),
    "wrong shape": (lambda r: exam(r, shape=[64, 48, 48]), ("exams", "shape", "volume_grid")),
    "label without mask": (lambda r: lesion(r, mask_label=7), ("lesions", "mask_label", "mask_present")),
    "wrong box": (lambda r: lesion(r, bbox_ijk=[0, 0, 0, 1, 1, 1]), ("lesions", "bbox_ijk", "mask_box")),
    "hottest voxel on the other side": (lambda r: lesion(r, max_ras_mm=[60.0, 0.0, -440.0]), ("lesions", "max_ras_mm", "mask_box")),
    "row deleted": (lambda r: r["lesions"].pop(), ("exams", "lesions_path", "volume_labels")),
    "bad digest": (lambda r: exam(r, sha256="abc"), ("exams", "sha256", "pattern")),
}


@pytest.mark.parametrize("name", ROW_DEFECTS)
def test_row_defects_are_caught_by_name(dataset: Path, name: str) -> None:
    plant, expected = ROW_DEFECTS[name]
    rows = tables()
    rewrite(dataset, rows)
    plant(rows)
    rewrite(dataset, rows, digests="digest" not in name)
    assert expected in rules(dataset)


def change(dataset: Path, name: str, exam_id: str, make: Callable[[Volume], Volume]) -> None:
    path = dataset / "volumes" / exam_id / f"{name}.nii.gz"
    make(Volume.load(path)).save(path)
    rewrite(dataset, tables())


def moved(volume: Volume) -> Volume:
    affine = volume.affine.copy()
    affine[0, 3] += 3.0
    return Volume(volume.array, affine, volume.units)


def holed(volume: Volume) -> Volume:
    return volume.with_array(np.where(volume.array > 5, np.nan, volume.array).astype(np.float32))


VOLUME_DEFECTS: dict[str, tuple[str, Callable[[Volume], Volume], tuple[str, str, str]]] = {
    "mask off grid": ("lesions", moved, ("exams", "lesions_path", "volume_grid")),
    "mask of another shape": ("lesions", lambda v: v.crop((0, 0, 0), (48, 48, 60)), ("exams", "lesions_path", "volume_grid")),
    "empty mask": ("lesions", lambda v: v.with_array(np.zeros_like(v.array)), ("lesions", "mask_label", "mask_present")),
    "mirrored mask": ("lesions", lambda v: v.with_array(np.asfortranarray(v.array[::-1])), ("lesions", "bbox_ijk", "mask_box")),
    "PET in Bq/ml": ("pet", lambda v: v.with_array(v.array * np.float32(4000)), ("exams", "pet_path", "volume_values")),
    "PET in other SUV": ("pet", lambda v: v.with_array(v.array * np.float32(2)), ("lesions", "suv_max", "mask_uptake")),
    "PET with NaN": (
        "pet",
        holed,
        ("exams", "pet_path", "volume_values"),
    ),
    "CT shifted by 1024": ("ct", lambda v: v.with_array(v.array + np.int16(1024)), ("exams", "ct_path", "volume_values")),
    "mask of floats": ("lesions", lambda v: v.with_array(v.array.astype(np.float32)), ("exams", "lesions_path", "volume_values")),
}


@pytest.mark.parametrize("name", VOLUME_DEFECTS)
def test_volume_defects_are_caught_by_name(dataset: Path, name: str) -> None:
    volume, make, expected = VOLUME_DEFECTS[name]
    change(dataset, volume, "E0", make)
    assert expected in rules(dataset)


def test_truncated_nifti(dataset: Path) -> None:
    path = dataset / "volumes" / "E1" / "ct.nii.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    write_checksums(dataset)
    assert ("exams", "ct_path", "volume_readable") in rules(dataset)


def test_missing_and_unlisted_files(dataset: Path) -> None:
    (dataset / "volumes" / "E1" / "ct.nii.gz").unlink()
    (dataset / "notes.txt").write_text("x")
    found = {(item.rule, item.key) for item in validate_dataset(dataset)}
    assert {("file_missing", "volumes/E1/ct.nii.gz"), ("file_unlisted", "notes.txt"), ("volume_exists", "E1")} <= found


def test_a_changed_byte(dataset: Path) -> None:
    path = dataset / "funnel.json"
    path.write_bytes(path.read_bytes().replace(b"statements", b"statementz"))
    (broken,) = validate_dataset(dataset)
    assert (broken.rule, broken.key) == ("file_changed", "funnel.json")


def test_wrong_unit_type_and_columns(dataset: Path) -> None:
    path = dataset / "lesions.parquet"
    table = pq.read_table(path)
    volume = table.schema.get_field_index("volume_ml")
    table = table.set_column(volume, table.field(volume).with_metadata({b"unit": b"mm3"}), table.column(volume))
    table = table.append_column("patient_name", pa.array(["x"] * table.num_rows))
    table = table.set_column(table.schema.get_field_index("suv_peak"), "suv_peak", pa.array(["?"] * table.num_rows))
    pq.write_table(table.drop_columns(["flags"]), path)
    write_checksums(dataset)
    assert {
        ("lesions", "volume_ml", "unit"),
        ("lesions", "patient_name", "column_unknown"),
        ("lesions", "suv_peak", "type"),
        ("lesions", "flags", "column_missing"),
    } <= rules(dataset)


def test_one_pet_under_two_patients_of_different_splits(dataset: Path) -> None:
    """Also when the copy is scaled, which hides it from every hash."""
    original = Volume.load(dataset / "volumes" / "E0" / "pet.nii.gz", Units.SUVBW)
    copy = original.with_array(original.array * np.float32(1.01))
    copy.save(dataset / "volumes" / "E3" / "pet.nii.gz")
    rewrite(dataset, tables())
    found = {item.key for item in validate_dataset(dataset) if item.rule == "near_duplicate"}
    assert found == {"E0", "E3"}


def test_one_lesion_under_two_patients_of_different_splits(dataset: Path) -> None:
    rows = tables()
    copied = {name: rows["lesions"][0][name] for name in ("findings", "suv_max", "suv_max_report", "volume_ml", "suv_mean", "tlg")}
    rows["lesions"][-1].update(copied)
    rewrite(dataset, rows)
    assert ("lesions", "findings", "near_duplicate") in rules(dataset)


def test_what_is_no_dataset(tmp_path: Path, dataset: Path) -> None:
    with pytest.raises(ConfigError, match="no such dataset"):
        validate_dataset(tmp_path / "absent")
    with pytest.raises(ConfigError, match=r"lesions\.parquet"):
        validate_dataset(tmp_path)
    shutil.rmtree(dataset / "contracts")
    with pytest.raises(ConfigError, match="contracts"):
        validate_dataset(dataset)
