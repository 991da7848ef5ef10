"""The difference of two versions names every lesion and says why, from the files alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_dataset import affine_of, replace_rows, rows_of, seal, write_tiny_dataset

from petarseg.dataset.diff import diff_datasets, render_diff
from petarseg.errors import ConfigError
from petarseg.volume import Units, Volume


@pytest.fixture
def versions(tmp_path):
    old = write_tiny_dataset(tmp_path / "v1-a")
    (old / "run.toml").write_text('version = "v1-a"\npetarseg = "0.1.0"\n[settings.lesions]\nmethod = "avg_itm"\n')
    new = tmp_path / "v1-b"
    shutil.copytree(old, new)
    (new / "run.toml").write_text('version = "v1-b"\npetarseg = "0.1.0"\n[settings.lesions]\nmethod = "avg_itm"\n')
    return old, new


def changes(old: Path, new: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {change.key: (change.kind, change.why) for change in diff_datasets(old, new).changes}


def test_equal_versions_do_not_differ(versions):
    diff = diff_datasets(*versions)
    assert diff.changes == ()
    assert set(diff.counts().values()) == {0}
    assert diff.settings == {}
    assert "v1-a -> v1-b" in render_diff(diff)


def drop_lesion(folder: Path, reject: dict[str, object] | None) -> None:
    rows = rows_of(folder, "lesions")
    replace_rows(folder, "lesions", [row for row in rows if row["lesion_id"] != "LE01"])
    if reject is not None:
        base = {"exam_id": "E0", "stage": "match", "reason": "ambiguous", "sentence": rows[0]["findings"], "evidence": "{}"}
        replace_rows(folder, "rejected", [*rows_of(folder, "rejected"), {**base, **reject}])


def test_a_removed_lesion_carries_the_reason_of_its_reject(versions):
    old, new = versions
    drop_lesion(new, {})
    assert changes(old, new) == {"LE01": ("removed", ("ambiguous (match)",))}
    # And seen from the other side:
    assert changes(new, old) == {"LE01": ("added", ("was ambiguous (match)",))}


def test_of_two_findings_in_one_sentence_the_numbers_tell_which(versions):
    old, new = versions
    row = rows_of(old, "lesions")[0]
    drop_lesion(new, {"evidence": json.dumps({"suv_max": row["suv_max_report"], "axial_slice": row["axial_slice_report"]})})
    extra = {"exam_id": "E0", "stage": "grow", "reason": "mask_leak", "sentence": row["findings"], "evidence": '{"suv_max": 99.0}'}
    replace_rows(new, "rejected", [*rows_of(new, "rejected"), extra])
    assert changes(old, new)["LE01"] == ("removed", ("ambiguous (match)",))


def test_without_a_reject_it_was_not_read(versions):
    old, new = versions
    drop_lesion(new, None)
    assert changes(old, new)["LE01"] == ("removed", ("not read in the new version",))


def test_a_removed_exam_takes_its_lesions_along_for_its_reason(versions):
    old, new = versions
    for table in ("lesions", "exams"):
        replace_rows(new, table, [row for row in rows_of(new, table) if row["exam_id"] != "E4"])
    reject = {"exam_id": "E4", "stage": "convert", "reason": "weight_missing", "sentence": None, "evidence": "{}"}
    replace_rows(new, "rejected", [*rows_of(new, "rejected"), reject])
    because = ("removed", ("weight_missing (convert)",))
    assert changes(old, new) == {"E4": because, "LE41": because, "LE42": because}
    assert changes(new, old)["E4"] == ("added", ("was weight_missing (convert)",))


def test_a_new_exam_is_new(versions):
    old, new = versions
    for table in ("lesions", "exams"):
        replace_rows(old, table, [row for row in rows_of(old, table) if row["exam_id"] != "E4"])
    assert changes(old, new)["LE41"] == ("added", ("new exam",))


def test_a_changed_lesion_names_columns_stages_and_settings(versions):
    old, new = versions
    (new / "run.toml").write_text('version = "v1-b"\npetarseg = "0.2.0"\n[settings.lesions]\nmethod = "fixed41"\n')
    rows = rows_of(new, "lesions")
    rows[0] |= {"volume_ml": 9.0, "provenance": '{"stages": {"lesions": 2}}'}
    replace_rows(new, "lesions", rows)
    rows = rows_of(old, "lesions")
    rows[0]["provenance"] = '{"stages": {"lesions": 1}}'
    replace_rows(old, "lesions", rows)
    diff = diff_datasets(old, new)
    assert diff.settings == {"petarseg": ("0.1.0", "0.2.0"), "settings.lesions.method": ("avg_itm", "fixed41")}
    (change,) = diff.changes
    assert set(change.columns) == {"volume_ml"}
    assert change.why == ("stages.lesions 1 -> 2",)
    text = render_diff(diff)
    assert "| settings.lesions.method | avg_itm | fixed41 |" in text
    assert "volume_ml" in text
    json.dumps(diff.to_json())


def test_a_changed_volume_is_named(versions):
    old, new = versions
    Volume(np.ones((24, 20, 30), dtype=np.float32), affine_of(), Units.SUVBW).save(new / "volumes" / "E0" / "pet.nii.gz")
    seal(new)
    (change,) = diff_datasets(old, new).changes
    assert (change.table, change.key, set(change.columns)) == ("exams", "E0", {"volumes/pet"})


def test_a_moved_patient_is_named(versions):
    old, new = versions
    for table in ("exams", "lesions"):
        replace_rows(new, table, [{**row, "split": "test" if row["exam_id"] == "E2" else row["split"]} for row in rows_of(new, table)])
    assert diff_datasets(old, new).moved_patients == {"P1": ("train", "test")}


def test_no_dataset_is_a_message(versions, tmp_path):
    with pytest.raises(ConfigError, match=r"lesions\.parquet"):
        diff_datasets(versions[0], tmp_path)
