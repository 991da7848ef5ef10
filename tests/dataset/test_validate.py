"""Planted defects are caught by name: table (or file), column, rule and key."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny_dataset import SHAPE, VERSION, change_volume, replace_rows, rows_of, seal, write_shards

from petarseg.dataset.checksums import write_checksums
from petarseg.dataset.contract import from_odcs, to_odcs
from petarseg.dataset.validate import TABLES, validate_dataset
from petarseg.errors import ConfigError
from petarseg.volume import Volume
from schemas.contracts import published_contracts

Rows = dict[str, list[dict[str, Any]]]
Rule = tuple[str, str, str, str]


def rules(dataset: Path) -> set[Rule]:
    return {(item.table, item.column, item.rule, item.key) for item in validate_dataset(dataset)}


def test_a_good_dataset_passes(built_dataset: Path) -> None:
    assert validate_dataset(built_dataset) == []
    assert validate_dataset(built_dataset, contracts=published_contracts(), rehash=False) == []


def test_contracts_survive_their_yaml() -> None:
    for contract in published_contracts().values():
        assert from_odcs(to_odcs(contract, version="1.0.0")) == contract


def lesion(rows: Rows, **values: object) -> None:
    rows["lesions"][0].update(values)


def exam(rows: Rows, **values: object) -> None:
    rows["exams"][0].update(values)


def another_pair(rows: Rows, factor: float) -> None:
    """The report's and the image's SUV changed together, so that only the voxels can tell."""
    row = rows["lesions"][0]
    lesion(rows, suv_max=row["suv_max"] * factor, suv_max_report=row["suv_max_report"] * factor)


def in_mm3(rows: Rows) -> None:
    row = rows["lesions"][0]
    lesion(rows, volume_ml=row["volume_ml"] * 1_000, tlg=row["tlg"] * 1_000)


def another_mean(rows: Rows) -> None:
    row = rows["lesions"][0]
    lesion(rows, suv_mean=row["suv_mean"] / 3, tlg=row["tlg"] / 3)


ROW_DEFECTS: dict[str, tuple[Callable[[Rows], object], Rule]] = {
    "duplicate lesion id": (
        lambda r: r["lesions"][1].update(lesion_id=r["lesions"][0]["lesion_id"]),
        ("lesions", "lesion_id", "unique", "LE01"),
    ),
    "duplicate lesion": (
        lambda r: r["lesions"].append({**r["lesions"][0], "lesion_id": "L99"}),
        ("lesions", "lesion_id", "duplicate_lesion", "L99"),
    ),
    "duplicate lesion under another label": (
        lambda r: r["lesions"].append({**r["lesions"][0], "lesion_id": "L99", "mask_label": 9}),
        ("lesions", "lesion_id", "duplicate_lesion", "L99"),
    ),
    "duplicate exam": (lambda r: r["exams"].append(dict(r["exams"][0])), ("exams", "exam_id", "unique", "E0")),
    "patient in two splits": (lambda r: exam(r, split="test"), ("exams", "split", "one_split", "P0")),
    "split differs from exam": (lambda r: lesion(r, split="test"), ("lesions", "split", "same_as_exam", "LE01")),
    "patient differs from exam": (lambda r: lesion(r, patient_id="P1"), ("lesions", "patient_id", "same_as_exam", "LE01")),
    "age differs from exam": (lambda r: lesion(r, age_years=33), ("lesions", "age_years", "same_as_exam", "LE01")),
    "lesion without exam": (lambda r: lesion(r, exam_id="E9"), ("lesions", "exam_id", "exam_exists", "LE01")),
    "question without exam": (lambda r: r["anatomy"][0].update(exam_id="E9"), ("anatomy", "exam_id", "exam_exists", "E9/3")),
    "wrong count of lesions": (lambda r: exam(r, n_lesions=3), ("exams", "n_lesions", "n_lesions", "E0")),
    "unknown region": (lambda r: lesion(r, region="Torso"), ("lesions", "region", "allowed", "LE01")),
    "unknown split": (lambda r: exam(r, split="dev"), ("exams", "split", "allowed", "E0")),
    "unknown reason": (lambda r: r["rejected"][0].update(reason="because"), ("rejected", "reason", "allowed", "row 0")),
    "unknown anatomy class": (lambda r: r["anatomy"][0].update(anatomy_class="tail"), ("anatomy", "anatomy_class", "class_known", "E0/3")),
    "unknown class of a lesion": (lambda r: lesion(r, anatomy_class="tail"), ("lesions", "anatomy_class", "class_known", "LE01")),
    "class of another label": (
        lambda r: r["anatomy"][0].update(anatomy_class="lung"),
        ("anatomy", "anatomy_class", "class_known", "E0/3"),
    ),
    "anatomy label without voxels": (lambda r: r["anatomy"][0].update(mask_label=4), ("anatomy", "mask_label", "mask_present", "E0/4")),
    "anatomy volume in mm3": (
        lambda r: r["anatomy"][0].update(volume_ml=r["anatomy"][0]["volume_ml"] * 1_000),
        ("anatomy", "volume_ml", "mask_volume", "E0/3"),
    ),
    "question asked twice": (lambda r: r["anatomy"].append(dict(r["anatomy"][0])), ("anatomy", "mask_label", "duplicate_question", "E0/3")),
    "age of 130": (lambda r: exam(r, age_years=130), ("exams", "age_years", "range", "E0")),
    "negative age": (lambda r: exam(r, age_years=-4), ("exams", "age_years", "range", "E0")),
    "negative volume": (lambda r: lesion(r, volume_ml=-1.0), ("lesions", "volume_ml", "range", "LE01")),
    "SUV of zero": (lambda r: lesion(r, suv_max=0.0), ("lesions", "suv_max", "range", "LE01")),
    "NaN": (lambda r: lesion(r, tlg=float("nan")), ("lesions", "tlg", "range", "LE01")),
    "volume in mm3": (in_mm3, ("lesions", "volume_ml", "mask_volume", "LE01")),
    "empty sentence": (lambda r: lesion(r, findings=""), ("lesions", "findings", "min_length", "LE01")),
    "SUV of another lesion": (lambda r: lesion(r, suv_max_report=9.9), ("lesions", "suv_max", "suv_match", "LE01")),
    "SUV that the volume lacks": (lambda r: another_pair(r, 2.0), ("lesions", "suv_max", "mask_uptake", "LE01")),
    "SUV below the volume": (lambda r: another_pair(r, 0.85), ("lesions", "suv_max", "mask_uptake", "LE01")),
    "mean that the volume lacks": (another_mean, ("lesions", "suv_mean", "mask_uptake", "LE01")),
    "mean above maximum": (lambda r: lesion(r, suv_mean=40.0), ("lesions", "suv_mean", "suv_order", "LE01")),
    "TLG in other units": (lambda r: lesion(r, tlg=1e6), ("lesions", "tlg", "suv_order", "LE01")),
    "two coordinates": (lambda r: lesion(r, max_ras_mm=[1.0, 2.0]), ("lesions", "max_ras_mm", "n_items", "LE01")),
    "wrong spacing": (lambda r: exam(r, spacing_mm=[4.0, 4.0, 4.0]), ("exams", "spacing_mm", "volume_grid", "E0")),
    "spacing in cm": (lambda r: exam(r, spacing_mm=[0.3, 0.3, 0.3]), ("exams", "spacing_mm", "volume_grid", "E0")),
    "wrong shape": (lambda r: exam(r, shape=[30, 20, 24]), ("exams", "shape", "volume_grid", "E0")),
    "label without mask": (lambda r: lesion(r, mask_label=7), ("lesions", "mask_label", "mask_present", "LE01")),
    "wrong box": (lambda r: lesion(r, bbox_ijk=[0, 0, 0, 1, 1, 1]), ("lesions", "bbox_ijk", "mask_box", "LE01")),
    "hottest voxel on the other side": (lambda r: lesion(r, max_ras_mm=[18.0, 6.0, -24.0]), ("lesions", "max_ras_mm", "mask_box", "LE01")),
    "hottest voxel in LPS": (
        lambda r: lesion(r, max_ras_mm=[-r["lesions"][0]["max_ras_mm"][0], *r["lesions"][0]["max_ras_mm"][1:]]),
        ("lesions", "max_ras_mm", "mask_box", "LE01"),
    ),
    "lesion outside of the field": (lambda r: lesion(r, max_ras_mm=[900.0, 0.0, 0.0]), ("lesions", "max_ras_mm", "mask_box", "LE01")),
    "row deleted": (lambda r: r["lesions"].pop(), ("exams", "lesions_path", "volume_labels", "E4")),
    "date in the sentence": (
        lambda r: lesion(r, findings="Nodule with SUVmax 6.0 on image 40, new since 03/14/2024."),
        ("lesions", "findings", "identifying_text", "LE01"),
    ),
    "record number in the indication": (
        lambda r: exam(r, indication="Staging, MRN 4499123, lung cancer"),
        ("exams", "indication", "identifying_text", "E0"),
    ),
    "telephone in a reject": (
        lambda r: r["rejected"][0].update(sentence="SUVmax was 7.0, call (555) 234-1212."),
        ("rejected", "sentence", "identifying_text", "row 0"),
    ),
    "path out of the dataset": (lambda r: exam(r, pet_path="../E0/pet.nii.gz"), ("exams", "pet_path", "volume_path", "E0")),
    "absolute path": (lambda r: exam(r, ct_path="/data/E0/ct.nii.gz"), ("exams", "ct_path", "volume_path", "E0")),
    "path of another exam": (
        lambda r: exam(r, pet_path="volumes/E1/pet.nii.gz"),
        ("exams", "pet_path", "shard_matches", "E0"),
    ),
}


def plant(dataset: Path, defect: Callable[[Rows], object]) -> None:
    rows = {name: rows_of(dataset, name) for name in TABLES}
    defect(rows)
    for name in TABLES:
        replace_rows(dataset, name, rows[name])


@pytest.mark.parametrize("name", ROW_DEFECTS)
def test_row_defects_are_caught_by_name(dataset: Path, name: str) -> None:
    defect, expected = ROW_DEFECTS[name]
    plant(dataset, defect)
    seal(dataset)
    assert expected in rules(dataset)


def test_hashes_of_other_volumes(dataset: Path) -> None:
    plant(dataset, lambda rows: exam(rows, sha256="abc"))
    plant(dataset, lambda rows: rows["exams"][1].update(sha256="0" * 64))
    write_checksums(dataset)
    assert {("exams", "sha256", "pattern", "E0"), ("exams", "sha256", "sha256", "E1")} <= rules(dataset)


@pytest.mark.parametrize(
    ("flags", "gap", "fits"), [([], 0.3, False), (["suv_without_decimals"], 0.3, True), (["suv_without_decimals"], 0.7, False)]
)
def test_only_a_report_without_decimals_gets_the_wide_tolerance(dataset: Path, flags: list[str], gap: float, fits: bool) -> None:
    """The number 7.0 in the table may have been "7" or "7.0" in the report; only the flag tells."""
    row = rows_of(dataset, "lesions")[0]
    plant(dataset, lambda rows: lesion(rows, suv_max_report=7.0, suv_max=7.0 - gap, suv_mean=row["suv_mean"], flags=flags))
    seal(dataset)
    assert (("lesions", "suv_max", "suv_match", "LE01") not in rules(dataset)) is fits


def test_a_value_with_decimals_has_no_such_flag(dataset: Path) -> None:
    plant(dataset, lambda rows: lesion(rows, suv_max_report=6.3, suv_max=6.1, flags=["suv_without_decimals"]))
    seal(dataset)
    assert ("lesions", "flags", "suv_match", "LE01") in rules(dataset)


def moved(mm: float) -> Callable[[Volume], Volume]:
    def move(volume: Volume) -> Volume:
        affine = volume.affine.copy()
        affine[0, 3] += mm
        return Volume(volume.array, affine, volume.units)

    return move


def holed(volume: Volume) -> Volume:
    return volume.with_array(np.where(volume.array > 5, np.nan, volume.array).astype(np.float32))


def without_label(volume: Volume) -> Volume:
    return volume.with_array(np.where(volume.array == 2, 0, volume.array).astype(np.uint8))


def with_extra_label(volume: Volume) -> Volume:
    array = volume.array.copy()
    array[3, 3, 3] = 3
    return volume.with_array(array)


def with_streak(volume: Volume) -> Volume:
    array = volume.array.copy()
    array[10, 10, 10] = 32_000
    return volume.with_array(array)


VOLUME_DEFECTS: dict[str, tuple[str, Callable[[Volume], Volume], Rule]] = {
    "mask off grid": ("lesions", moved(3.0), ("exams", "lesions_path", "volume_grid", "E0")),
    "CT shifted by 1 mm": ("ct", moved(1.0), ("exams", "ct_path", "volume_grid", "E0")),
    "mask of another shape": ("lesions", lambda v: v.crop((0, 0, 0), (24, 20, 28)), ("exams", "lesions_path", "volume_grid", "E0")),
    "empty mask": ("lesions", lambda v: v.with_array(np.zeros_like(v.array)), ("lesions", "mask_label", "mask_present", "LE01")),
    "mask without a label": ("lesions", without_label, ("lesions", "mask_label", "mask_present", "LE02")),
    "mask with a label too many": ("lesions", with_extra_label, ("exams", "lesions_path", "volume_labels", "E0")),
    "mirrored mask": ("lesions", lambda v: v.with_array(np.asfortranarray(v.array[::-1])), ("lesions", "bbox_ijk", "mask_box", "LE01")),
    "mask of floats": ("lesions", lambda v: v.with_array(v.array.astype(np.float32)), ("exams", "lesions_path", "volume_values", "E0")),
    "anatomy of floats": ("anatomy", lambda v: v.with_array(v.array.astype(np.float32)), ("exams", "anatomy_path", "volume_values", "E0")),
    "PET in Bq/ml": ("pet", lambda v: v.with_array(v.array * np.float32(4000)), ("exams", "pet_path", "volume_values", "E0")),
    "PET in other SUV": ("pet", lambda v: v.with_array(v.array * np.float32(2)), ("lesions", "suv_max", "mask_uptake", "LE01")),
    "PET with NaN": ("pet", holed, ("exams", "pet_path", "volume_values", "E0")),
    "PET in double precision": ("pet", lambda v: v.with_array(v.array.astype(np.float64)), ("exams", "pet_path", "volume_values", "E0")),
    "PET of whole numbers": ("pet", lambda v: v.with_array(v.array.astype(np.int16)), ("exams", "pet_path", "volume_values", "E0")),
    "CT shifted by 1024": ("ct", lambda v: v.with_array(v.array + np.int16(1024)), ("exams", "ct_path", "volume_values", "E0")),
    "CT times 20": (
        "ct",
        lambda v: v.with_array(np.clip(v.array.astype(int) * 20, -9_999, 9_999).astype(np.int16)),
        ("exams", "ct_path", "volume_values", "E0"),
    ),
    "CT out of the HU range": ("ct", with_streak, ("exams", "ct_path", "volume_values", "E0")),
    "CT of 32 bits": ("ct", lambda v: v.with_array(v.array.astype(np.int32)), ("exams", "ct_path", "volume_values", "E0")),
}


@pytest.mark.parametrize("name", VOLUME_DEFECTS)
def test_volume_defects_are_caught_by_name(dataset: Path, name: str) -> None:
    volume, make, expected = VOLUME_DEFECTS[name]
    change_volume(dataset, "E0", volume, make, shard="shape" not in name)
    seal(dataset)
    assert expected in rules(dataset)


def test_two_affines_in_one_file(dataset: Path) -> None:
    """SimpleITK and nibabel would show the mask at different places."""
    path = dataset / "volumes" / "E0" / "lesions.nii.gz"
    image = nib.load(path)
    affine = image.affine.copy()
    affine[2, 3] += 30.0
    image.set_qform(affine, code=1)
    nib.save(image, path)
    seal(dataset)
    assert rules(dataset) == {("exams", "lesions_path", "volume_grid", "E0")}


def test_all_volumes_moved_together(dataset: Path) -> None:
    """Nothing among the volumes tells; the record of their grids does."""
    for name in ("pet", "ct", "lesions", "anatomy"):
        change_volume(dataset, "E0", name, moved(1.0))
    seal(dataset)
    assert ("grids.json", "grid_affine_ras_mm", "grid_recorded", "E0") in rules(dataset)


def test_shards_with_other_voxels(dataset: Path) -> None:
    change_volume(dataset, "E0", "ct", lambda v: v.with_array(v.array + (v.array > 0).astype(np.int16)), shard=False)
    (dataset / "shards" / "E1.parquet").unlink()
    (dataset / "shards" / "E2.parquet").write_bytes(b"PAR1")
    pq.write_table(pa.table({"x": [1]}), dataset / "shards" / "E3.parquet")
    seal(dataset)
    assert {
        ("exams", "ct_path", "shard_matches", "E0"),
        ("exams", "", "shard_exists", "E1"),
        ("exams", "", "shard_readable", "E2"),
        ("exams", "", "shard_readable", "E3"),
    } == rules(dataset)


def test_truncated_nifti(dataset: Path) -> None:
    path = dataset / "volumes" / "E1" / "pet.nii.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    seal(dataset)
    assert ("exams", "pet_path", "volume_readable", "E1") in rules(dataset)


def test_damage_inside_a_nifti(dataset: Path) -> None:
    path = dataset / "volumes" / "E1" / "pet.nii.gz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 64] = bytes(64)
    path.write_bytes(data)
    seal(dataset)
    assert any(rule == "volume_readable" and key == "E1" for _, _, rule, key in rules(dataset))


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
    table = table.append_column("organ", table.column("organ"))
    table = table.set_column(table.schema.get_field_index("suv_peak"), "suv_peak", pa.array(["?"] * table.num_rows))
    pq.write_table(table.drop_columns(["flags"]), path)
    write_checksums(dataset)
    assert {
        ("lesions", "volume_ml", "unit", "schema"),
        ("lesions", "patient_name", "column_unknown", "schema"),
        ("lesions", "organ", "column_duplicate", "schema"),
        ("lesions", "suv_peak", "type", "schema"),
        ("lesions", "flags", "column_missing", "schema"),
    } <= rules(dataset)


@pytest.mark.parametrize("table", TABLES)
def test_a_missing_or_damaged_table_is_a_broken_rule(dataset: Path, table: str) -> None:
    path = dataset / f"{table}.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    write_checksums(dataset)
    assert rules(dataset) == {(table, "", "table_readable", f"{table}.parquet")}
    path.unlink()
    assert rules(dataset) == {
        (table, "", "table_readable", f"{table}.parquet"),
        ("checksums.sha256", "", "file_missing", f"{table}.parquet"),
    }


def test_missing_contracts_and_lists_are_broken_rules(dataset: Path) -> None:
    shutil.rmtree(dataset / "contracts")
    (dataset / "checksums.sha256").unlink()
    found = rules(dataset)
    assert ("lesions", "", "contract_readable", "contracts/lesions.odcs.yaml") in found
    assert ("checksums.sha256", "", "checksums_readable", "file") in found


def test_one_pet_under_two_patients_of_different_splits(dataset: Path) -> None:
    """Also when the copy is scaled, which hides it from every hash."""
    original = Volume.load(dataset / "volumes" / "E0" / "pet.nii.gz")
    change_volume(dataset, "E4", "pet", lambda _: original.with_array(original.array * np.float32(1.01)))
    seal(dataset)
    found = {item.key for item in validate_dataset(dataset) if item.rule == "near_duplicate"}
    assert found == {"E0", "E4"}


def test_one_lesion_under_two_patients_of_different_splits(dataset: Path) -> None:
    def copy(rows: Rows) -> None:
        copied = {name: rows["lesions"][0][name] for name in ("findings", "suv_max", "suv_max_report", "volume_ml", "suv_mean", "tlg")}
        rows["lesions"][-1].update(copied)

    plant(dataset, copy)
    seal(dataset)
    assert {("lesions", "findings", "near_duplicate", "LE01"), ("lesions", "findings", "near_duplicate", "LE42")} <= rules(dataset)


def test_records_of_another_version(dataset: Path) -> None:
    run = dataset / "run.toml"
    run.write_text(run.read_text().replace(VERSION, "v2-1111111111"))
    write_checksums(dataset)
    assert rules(dataset) == {("croissant.json", "version", "version", "file")}
    named = dataset.rename(dataset.parent / "v3-2222222222")
    assert ("run.toml", "version", "version", "file") in rules(named)
    (named / "run.toml").write_text("version = ")
    write_checksums(named)
    assert rules(named) == {("run.toml", "", "run_readable", "file")}


def test_an_exam_without_a_recorded_grid(dataset: Path) -> None:
    grids = json.loads((dataset / "grids.json").read_text())
    del grids["E0"]
    grids["E1"]["grid_shape"] = list(SHAPE[::-1])
    (dataset / "grids.json").write_text(json.dumps(grids))
    write_checksums(dataset)
    assert rules(dataset) == {("grids.json", "", "grid_recorded", "E0"), ("grids.json", "grid_shape", "grid_recorded", "E1")}


def test_the_class_of_a_label_without_its_list(dataset: Path) -> None:
    """Older versions have no anatomy_labels.json; then rows must agree on what a label means."""
    (dataset / "anatomy_labels.json").unlink()
    plant(dataset, lambda rows: rows["anatomy"][0].update(anatomy_class="tail"))
    seal(dataset)
    assert rules(dataset) == {("anatomy", "anatomy_class", "class_known", "E0/3")}
    (dataset / "anatomy_labels.json").write_text('{"classes": [1]}')
    seal(dataset)
    assert ("anatomy_labels.json", "classes", "labels_readable", "file") in rules(dataset)


def test_dates_are_right_where_the_build_moved_them(dataset: Path) -> None:
    plant(dataset, lambda rows: lesion(rows, findings="Nodule with SUVmax 6.0 on image 40, new since 03/14/2024."))
    run = dataset / "run.toml"
    run.write_text(run.read_text().replace('dates = "tag"', 'dates = "shift"'))
    seal(dataset)
    assert rules(dataset) == set()


def test_what_identifies_is_not_repeated_in_the_message(dataset: Path) -> None:
    plant(dataset, lambda rows: exam(rows, indication="Seen at j.doe@clinic.org on 14 March 2024"))
    seal(dataset)
    for broken in validate_dataset(dataset):
        assert "doe" not in str(broken)
        assert "2024" not in str(broken)


def test_what_is_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such dataset"):
        validate_dataset(tmp_path / "absent")
    with pytest.raises(ConfigError, match="holds no table"):
        validate_dataset(tmp_path)


def test_links_are_followed(dataset: Path) -> None:
    (dataset.parent / "latest").symlink_to(dataset)
    write_shards(dataset, "E0")
    assert validate_dataset(dataset.parent / "latest") == []


def test_a_table_that_pandas_has_rewritten_hides_nothing(dataset: Path) -> None:
    """Units are lost and whole numbers with nulls become floats, which is named; so is the defect that was planted."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet(dataset / "lesions.parquet")
    frame.loc[2, "age_years"] = None
    frame.loc[0, "suv_max"] += 6.0
    frame.loc[1, "split"] = "test"
    frame.to_parquet(dataset / "lesions.parquet", index=False)
    seal(dataset)
    found = rules(dataset)
    assert {
        ("lesions", "age_years", "type", "schema"),
        ("lesions", "volume_ml", "unit", "schema"),
        ("lesions", "suv_max", "suv_match", "LE01"),
        ("lesions", "suv_max", "mask_uptake", "LE01"),
        ("lesions", "split", "same_as_exam", "LE02"),
    } <= found


def test_many_defects_at_once_are_all_named(dataset: Path) -> None:
    change_volume(dataset, "E0", "ct", moved(1.0))
    change_volume(dataset, "E1", "pet", holed)
    (dataset / "volumes" / "E2" / "lesions.nii.gz").write_bytes(b"\x1f\x8b0")
    (dataset / "anatomy.parquet").unlink()

    def plant_all(rows: Rows) -> None:
        rows["exams"][3].update(spacing_mm=[3.0, 3.0], age_years=-1)
        rows["lesions"][0].update(findings=None, laterality="both")
        rows["lesions"][8].update(suv_max_report=99.0, findings="Seen on 2024-03-14, SUVmax 9.0 (image 44).")
        rows["rejected"][0].update(reason="because")
        rows["lesions"].append({**rows["lesions"][9], "lesion_id": "L99"})

    rows = {name: rows_of(dataset, name) for name in TABLES if name != "anatomy"}
    plant_all(rows)
    for name, table in rows.items():
        schema = pq.read_schema(dataset / f"{name}.parquet")
        fields = [field.with_nullable(True) for field in schema]
        pq.write_table(pa.Table.from_pylist(table, schema=pa.schema(fields, metadata=schema.metadata)), dataset / f"{name}.parquet")
    write_checksums(dataset)
    assert {
        ("anatomy", "", "table_readable", "anatomy.parquet"),
        ("exams", "ct_path", "volume_grid", "E0"),
        ("exams", "pet_path", "volume_values", "E1"),
        ("exams", "lesions_path", "volume_readable", "E2"),
        ("exams", "spacing_mm", "n_items", "E3"),
        ("exams", "age_years", "range", "E3"),
        ("lesions", "findings", "required", "LE01"),
        ("lesions", "laterality", "allowed", "LE01"),
        ("lesions", "suv_max", "suv_match", "LE41"),
        ("lesions", "findings", "identifying_text", "LE41"),
        ("lesions", "lesion_id", "duplicate_lesion", "L99"),
        ("rejected", "reason", "allowed", "row 0"),
    } <= rules(dataset)


@pytest.mark.parametrize("table", ["lesions", "exams", "anatomy"])
def test_a_null_anywhere_is_named_and_breaks_nothing_else(dataset: Path, table: str) -> None:
    schema = pq.read_schema(dataset / f"{table}.parquet")
    rows = rows_of(dataset, table)
    loose = pa.schema([field.with_nullable(True) for field in schema])
    for field in schema:
        changed = [{**rows[0], field.name: None}, *rows[1:]]
        pq.write_table(pa.Table.from_pylist(changed, schema=loose), dataset / f"{table}.parquet")
        found = validate_dataset(dataset, rehash=False)
        assert any((item.column, item.rule) == (field.name, "required") for item in found) is not field.nullable


@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan"), 1e300])
@pytest.mark.parametrize("column", ["suv_max", "suv_mean", "volume_ml", "tlg", "threshold_suv"])
def test_absurd_numbers_are_named(dataset: Path, column: str, value: float) -> None:
    plant(dataset, lambda rows: lesion(rows, **{column: value}))
    seal(dataset)
    assert any((item.table, item.key) == ("lesions", "LE01") for item in validate_dataset(dataset, rehash=False))
