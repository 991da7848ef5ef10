from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from petarseg.errors import ConfigError
from petarseg.phantom.scoring import CohortScore, score_dataset
from petarseg.volume import Volume


@pytest.fixture
def perfect(cohort: Any, tmp_path: Path) -> dict[str, Any]:
    """Rows of a dataset that made no mistake, and what the scorer needs beside them."""
    kept, rejected, sources, masks = [], [], {}, {}
    for number, exam in enumerate(cohort.truth["exams"]):
        exam_id = f"e{number:02d}"
        sources[exam_id] = exam["study_instance_uid"]
        masks[exam_id] = cohort.root / "truth" / exam["mask"]
        for lesion in exam["lesions"]:
            if lesion["expected"] == "kept":
                kept.append({
                    "exam_id": exam_id, "suv_max_report": lesion["suv_max_report"], "axial_slice_report": lesion["axial_slice_report"],
                    "max_ras_mm": lesion["max_ras_mm"], "mask_label": lesion["label"], "findings": lesion["sentence"],
                    "region": lesion["region"], "laterality": lesion["laterality"],
                })  # fmt: skip
            elif lesion["sentence"]:
                rejected.append({"exam_id": exam_id, "reason": lesion["expected"], "sentence": lesion["sentence"]})
        for trap in exam["rejects"]:
            rejected.append({"exam_id": exam_id, "reason": trap["reasons"][0], "sentence": trap["sentence"]})
        if exam["report_id"] is None:
            rejected.append({"exam_id": exam_id, "reason": "exam_without_report", "sentence": None})
    return {"kept": kept, "rejected": rejected, "sources": sources, "masks": masks, "dataset": tmp_path, "truth": cohort.root / "truth"}


def _score(made: dict[str, Any], *, masks: bool = True) -> CohortScore:
    pq.write_table(pa.Table.from_pylist(made["kept"]), made["dataset"] / "lesions.parquet")
    pq.write_table(pa.Table.from_pylist(made["rejected"]), made["dataset"] / "rejected.parquet")
    return score_dataset(made["dataset"], made["truth"], exam_sources=made["sources"], native_masks=made["masks"] if masks else None)


def test_a_perfect_dataset_scores_one(perfect: dict[str, Any]) -> None:
    score = _score(perfect)
    assert score.location_accuracy == 1.0
    assert score.mean_dice == 1.0
    assert not score.spurious
    assert all(lesion.as_expected for lesion in score.lesions)
    summary = score.to_json()
    json.dumps(summary)
    assert summary["missed"] == []
    assert summary["hard_as_expected"] == summary["hard_lesions"] > 0
    assert summary["region_accuracy"] == summary["laterality_accuracy"] == 1.0
    assert "kept" not in {outcome for outcomes in score.traps.values() for outcome in outcomes}


def test_without_masks_there_is_no_dice(perfect: dict[str, Any]) -> None:
    score = _score(perfect, masks=False)
    assert score.location_accuracy == 1.0
    assert score.mean_dice is None


def test_wrong_place_missing_and_spurious_lesions_count(perfect: dict[str, Any]) -> None:
    clean = len(_score(perfect).clean)
    first = perfect["kept"][0]
    perfect["kept"][0] = first | {"max_ras_mm": [first["max_ras_mm"][0] + 20, *first["max_ras_mm"][1:]]}
    lost = perfect["kept"].pop(1)
    perfect["rejected"].append({"exam_id": lost["exam_id"], "reason": "no_component", "sentence": lost["findings"].upper()})
    trap = next(row for row in perfect["rejected"] if row["reason"] == "prior_value")
    perfect["rejected"].remove(trap)
    perfect["kept"].append(
        first | {"exam_id": trap["exam_id"], "suv_max_report": 6.2, "axial_slice_report": 1, "findings": trap["sentence"]}
    )
    score = _score(perfect)
    assert score.location_accuracy == pytest.approx((clean - 2) / clean)
    assert [lesion["outcome"] for lesion in score.to_json()["missed"]] == ["kept", "no_component"]
    assert [row["trap"] for row in score.spurious] == ["prior_value"]
    assert score.traps["prior_value"]["kept"] == 1


def test_scrubbed_dates_do_not_hide_a_sentence(perfect: dict[str, Any]) -> None:
    for row in perfect["rejected"]:
        if row["reason"] == "prior_value":
            row["sentence"] = re.sub(r"\d\d/\d\d/\d{4}", "[DATE]", row["sentence"])
    assert set(_score(perfect).traps["prior_value"]) == {"prior_value"}


def test_physiologic_statements_are_not_spurious(perfect: dict[str, Any], cohort: Any) -> None:
    exam = next(exam for exam in cohort.truth["exams"] if exam["physiologic"])
    exam_id = next(key for key, uid in perfect["sources"].items() if uid == exam["study_instance_uid"])
    row = perfect["kept"][0] | {"exam_id": exam_id, "suv_max_report": 99.0, "findings": exam["physiologic"][0]["sentence"]}
    perfect["kept"].append(row)
    score = _score(perfect)
    assert score.physiologic_kept == 1
    assert not score.spurious


def test_dice_follows_the_mask(perfect: dict[str, Any], tmp_path: Path) -> None:
    exam_id = perfect["kept"][0]["exam_id"]
    truth = Volume.load(perfect["masks"][exam_id])
    half = truth.array.copy()
    voxels = np.argwhere(half == perfect["kept"][0]["mask_label"])
    half[tuple(voxels[: len(voxels) // 2].T)] = 0
    truth.with_array(half).save(tmp_path / "half.nii.gz")
    perfect["masks"][exam_id] = tmp_path / "half.nii.gz"
    score = _score(perfect)
    kept = len(voxels) - len(voxels) // 2
    assert score.to_json()["min_dice"] == pytest.approx(2 * kept / (kept + len(voxels)))


def test_exams_unknown_to_the_dataset_are_missed(perfect: dict[str, Any]) -> None:
    gone = perfect["kept"][0]["exam_id"]
    del perfect["sources"][gone]
    perfect["kept"] = [row for row in perfect["kept"] if row["exam_id"] != gone]
    score = _score(perfect)
    assert "no_trace" in {lesion.outcome for lesion in score.clean}


def test_missing_files_are_named(tmp_path: Path, cohort: Any) -> None:
    with pytest.raises(ConfigError, match=r"truth\.json"):
        score_dataset(tmp_path, tmp_path, exam_sources={})
    with pytest.raises(ConfigError, match=r"lesions\.parquet"):
        score_dataset(tmp_path, cohort.root / "truth", exam_sources={})
    (tmp_path / "truth.json").write_text('{"format": "something"}')
    with pytest.raises(ConfigError, match="not the truth of a phantom"):
        score_dataset(tmp_path, tmp_path, exam_sources={})
