"""A reviewer rejects one lesion and redraws another; the next build obeys, and says why."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

from petarseg.volume import Volume
from tests.flows.conftest import build, petarseg

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("phantom_cohort")]


def test_the_next_build_obeys_a_review(phantom_build, phantom_cohort, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(phantom_build.out, out, symlinks=True)
    lesions = pq.read_table(out / "dataset" / "latest" / "lesions.parquet").to_pylist()
    by_exam: dict[str, list[dict]] = {}
    for row in lesions:
        by_exam.setdefault(row["exam_id"], []).append(row)
    rejected, redrawn, accepted = max(by_exam.values(), key=len)[:3]

    review = out / "review"
    review.mkdir(exist_ok=True)
    decisions = [
        {"lesion_id": rejected["lesion_id"], "decision": "reject", "comment": "this is bowel, says Dr. Secretive"},
        {"lesion_id": accepted["lesion_id"], "decision": "accept", "comment": ""},
        {"lesion_id": "L0123456789ab", "decision": "reject", "comment": "of another dataset"},
    ]
    page = {"format": "petarseg-review-1", "version": phantom_build.result["version"], "reviewer": "AB", "decisions": decisions}
    (review / "review-AB.json").write_text(json.dumps(page), encoding="utf-8")
    volume = Volume.load(out / "dataset" / "latest" / "volumes" / redrawn["exam_id"] / "lesions.nii.gz")
    mask = volume.array == redrawn["mask_label"]
    grown = mask | np.roll(mask, 1, axis=0) | np.roll(mask, -1, axis=0)
    volume.with_array(grown.astype(np.uint8)).save(review / f"{redrawn['lesion_id']}.nii.gz")

    again = build(phantom_cohort / "dicom", phantom_cohort / "reports.csv", out)
    assert phantom_build.result["warnings"] == []
    assert ["L0123456789ab" in warning for warning in again.result["warnings"]] == [True]
    rows = {row["lesion_id"]: row for row in again.rows("lesions")}
    assert rejected["lesion_id"] not in rows
    assert len(rows) == len(lesions) - 1
    assert "mask_edited" in rows[redrawn["lesion_id"]]["flags"]
    assert rows[redrawn["lesion_id"]]["volume_ml"] > redrawn["volume_ml"]
    assert "reviewed" in rows[accepted["lesion_id"]]["flags"]
    reasons = [row for row in again.rows("rejected") if row["reason"] == "reviewer_rejected"]
    assert [row["sentence"] for row in reasons] == [rejected["findings"]]
    assert "Secretive" not in json.dumps(again.rows("rejected"))
    assert json.loads(petarseg("validate", again.dataset, "--json").stdout) == {"status": "ok", "broken": []}

    difference = json.loads(petarseg("diff", phantom_build.dataset, again.dataset, "--json").stdout)
    assert rejected["lesion_id"] in json.dumps(difference)


def test_a_review_file_that_is_none_is_refused(phantom_build, phantom_cohort, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(phantom_build.out, out, symlinks=True)
    (out / "review").mkdir(exist_ok=True)
    (out / "review" / "notes.json").write_text("{}", encoding="utf-8")
    done = petarseg("build", "--archive", phantom_cohort / "dicom", "--reports", phantom_cohort / "reports.csv", "--out", out, check=None)
    assert done.returncode == 2
    assert "notes.json" in done.stderr


def test_a_finished_dataset_validates(phantom_build):
    assert json.loads(petarseg("validate", phantom_build.dataset, "--json").stdout) == {"status": "ok", "broken": []}
