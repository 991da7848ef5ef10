from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from petarseg.errors import ConfigError
from petarseg.phantom.cohort import write_cohort
from petarseg.volume import Volume


def _digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(root.rglob("*")) if path.is_file()
    }


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_cohort(tmp_path / name, n_exams=1, seed=5)
    assert _digests(tmp_path / "a") == _digests(tmp_path / "b")


def test_exams_do_not_depend_on_the_size_of_the_cohort(cohort: Any, tmp_path: Path) -> None:
    write_cohort(tmp_path / "one", n_exams=1, seed=cohort.truth["seed"])
    large = _digests(cohort.root)
    small = _digests(tmp_path / "one")
    shared = {name: digest for name, digest in small.items() if name.startswith("dicom") or name.endswith(".nii.gz")}
    assert shared
    assert {name: large[name] for name in shared} == shared


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_cohort(tmp_path / "c", n_exams=1, on_progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 1)]


def test_reports_csv_has_the_columns_and_the_odd_ones_out(cohort: Any) -> None:
    with (cohort.root / "reports.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["report_id", "patient_id", "study_date", "accession_number", "study_instance_uid", "tracer", "report"]
    ids = {row["report_id"] for row in rows}
    reported = {exam["report_id"] for exam in cohort.truth["exams"]} - {None}
    orphans = {orphan["report_id"] for orphan in cohort.truth["orphan_reports"]}
    assert ids == reported | orphans
    assert len(orphans) == 1
    assert cohort.truth["exams"][-1]["report_id"] is None
    assert any(not row["accession_number"] for row in rows)
    assert any(not row["study_instance_uid"] for row in rows)
    text = {row["report_id"]: row["report"] for row in rows}
    for exam in cohort.truth["exams"]:
        for entry in [*exam["lesions"], *exam["rejects"], *exam["physiologic"]] if exam["report_id"] else []:
            assert text[exam["report_id"]][entry["start"] : entry["end"]] == entry["sentence"]


def test_truth_masks_hold_their_lesions(cohort: Any) -> None:
    for exam in cohort.truth["exams"][:4]:
        mask = Volume.load(cohort.root / "truth" / exam["mask"])
        assert list(mask.shape) == exam["pet_shape"]
        assert set(np.unique(mask.array)) == {0, *(lesion["label"] for lesion in exam["lesions"])}
        for lesion in exam["lesions"]:
            assert mask.array[tuple(lesion["max_ijk"])] == lesion["label"]
            assert (mask.array == lesion["label"]).sum() * mask.voxel_volume_ml == pytest.approx(lesion["volume_ml"], abs=1e-3)
            assert lesion["axial_slice"] == exam["pet_shape"][2] - lesion["max_ijk"][2]


def test_a_patient_comes_twice(cohort: Any) -> None:
    patients = [exam["patient_id"] for exam in cohort.truth["exams"]]
    assert len(set(patients)) == len(patients) - 1


def test_a_small_exam_stays_small(cohort: Any) -> None:
    for number in range(4):
        size = sum(path.stat().st_size for path in cohort.folder(number).rglob("*") if path.is_file())
        assert size < 11e6


@pytest.mark.parametrize(
    ("options", "words"), [({"n_exams": 0}, "at least one"), ({"n_exams": 1, "size": "huge"}, "huge"), ({"n_exams": 1, "seed": -1}, "seed")]
)
def test_wrong_settings_are_named(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        write_cohort(tmp_path / "x", **options)


def test_a_full_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ConfigError, match="not empty"):
        write_cohort(tmp_path, n_exams=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
