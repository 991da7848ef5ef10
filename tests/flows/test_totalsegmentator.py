"""A build whose anatomy comes from the real TotalSegmentator, on weights that are written down instead of trained."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from petarseg.anatomy.organs import AGREEMENT_MM, classes_of
from petarseg.dataset.grid import CT_FILL_HU, Grid
from petarseg.dataset.resample import resample_image
from petarseg.volume import Units, Volume
from tests.anatomy.tiny_weights import PHANTOM_HU, anatomy_python, stage_tiny_weights
from tests.flows.conftest import ROOT, Built, environment, petarseg

PYTHON = anatomy_python()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("totalsegmentator"),
    pytest.mark.skipif(PYTHON is None, reason="needs TotalSegmentator: make anatomy"),
]

# The command, with the one check switched off that keeps such weights out of datasets.
BUILD_WITH_TEST_WEIGHTS = """
import functools, runpy, sys
import tasks.labelling
tasks.labelling.check_weights = functools.partial(tasks.labelling.check_weights, allow_test_weights=True)
sys.argv[0] = "petarseg"
runpy.run_module("petarseg", run_name="__main__")
"""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Command-line options of a build of a phantom exam with staged weights."""
    folder = tmp_path_factory.mktemp("totalseg")
    petarseg("phantom", "--out", folder / "cohort", "--exams", 1)
    stage_tiny_weights(folder / "weights", fast=True)
    settings = {"method": "totalsegmentator", "weights": str(folder / "weights"), "fast": True, "device": "cpu", "python": str(PYTHON)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    (folder / "config.toml").write_text("[anatomy]\n" + "\n".join(lines) + "\n", encoding="utf-8")
    cohort = folder / "cohort"
    return [
        *("--archive", str(cohort / "dicom"), "--reports", str(cohort / "reports.csv")),
        *("--config", str(folder / "config.toml"), "--out", str(folder / "out")),
    ]


@pytest.fixture(scope="module")
def built(inputs: list[str]) -> Built:
    command = [sys.executable, "-c", BUILD_WITH_TEST_WEIGHTS, "build", *inputs, "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return Built(Path(inputs[-1]), json.loads(done.stdout), done.stderr)


def test_weights_of_tests_never_make_a_dataset(inputs):
    done = petarseg("build", *inputs, check=2)
    assert "test weights" in done.stderr


def test_labels_are_those_of_the_ct(built):
    for exam in built.rows("exams"):
        labels = Volume.load(built.dataset / exam["anatomy_path"], Units.LABEL)
        ct = Volume.load(built.out / "work" / "exams" / exam["exam_id"] / "ct.nii.gz", Units.HU)
        grid = Grid(labels.shape, labels.affine)
        seen = resample_image(ct, grid, CT_FILL_HU, antialias=True, dtype=np.int16).array.astype(float)
        number = (seen - PHANTOM_HU[0]) / PHANTOM_HU[1]
        expected = np.rint(number)
        expected[(expected < 1) | (expected > 117)] = 0
        settled = np.abs(number - np.floor(number) - 0.5) > 0.02  # half way between two classes, either is right
        assert np.array_equal(labels.array[settled], expected[settled].astype(np.uint8))
        assert len(np.unique(labels.array)) > 30


def test_the_release_names_all_classes_and_the_weights(built):
    named = json.loads((built.dataset / "anatomy_labels.json").read_text())
    assert len([label for label in named["classes"] if label != "0"]) == 117
    assert named["classes"]["5"] == "liver"
    assert named["labelled_by"]["model"] == "TotalSegmentator"
    (digest,) = named["labelled_by"]["checkpoints_sha256"].values()
    assert len(digest) == 64
    assert "TotalSegmentator 2." in (built.dataset / "METHODS.md").read_text()


def test_questions_follow_the_label_map(built):
    exams = {exam["exam_id"]: exam for exam in built.rows("exams")}
    names = json.loads((built.dataset / "anatomy_labels.json").read_text())["classes"]
    per_exam: dict[str, int] = {}
    for row in built.rows("anatomy"):
        per_exam[row["exam_id"]] = per_exam.get(row["exam_id"], 0) + 1
        labels = Volume.load(built.dataset / exams[row["exam_id"]]["anatomy_path"], Units.LABEL)
        assert names[str(row["mask_label"])] == row["anatomy_class"]
        assert row["volume_ml"] == pytest.approx(np.count_nonzero(labels.array == row["mask_label"]) * labels.voxel_volume_ml, abs=1e-3)
        assert row["volume_ml"] >= 1.0
    assert set(per_exam) == set(exams)
    assert max(per_exam.values()) <= 20  # SPEC decision 4


def test_lesions_know_their_anatomy_and_doubt_the_text(built):
    exams = {exam["exam_id"]: exam for exam in built.rows("exams")}
    names = {int(label): name for label, name in json.loads((built.dataset / "anatomy_labels.json").read_text())["classes"].items()}
    numbers = {name: label for label, name in names.items()}
    for lesion in built.rows("lesions"):
        exam = exams[lesion["exam_id"]]
        anatomy = Volume.load(built.dataset / exam["anatomy_path"], Units.LABEL)
        mask = Volume.load(built.dataset / exam["lesions_path"], Units.LABEL).array == lesion["mask_label"]
        counts = np.bincount(anatomy.array[mask], minlength=118)
        counts[0] = 0
        if counts.any():
            assert counts[numbers[lesion["anatomy_class"]]] == counts.max()
            assert lesion["anatomy_overlap"] == pytest.approx(counts.max() / mask.sum(), abs=1e-3)
        else:
            assert lesion["anatomy_overlap"] == 0.0
            assert lesion["anatomy_class"] == lesion["anatomy_nearest"]
        # The labels are HU levels by other names, so that the organ of a sentence may well be elsewhere.
        present = [names[label] for label in np.unique(anatomy.array).tolist() if label]
        wanted = classes_of(lesion["organ"], lesion["laterality"], present)
        away_mm = ndimage.distance_transform_edt(~mask, sampling=anatomy.spacing_mm)[
            np.isin(anatomy.array, [numbers[name] for name in wanted])
        ]
        assert ("organ_mismatch" in lesion["flags"]) == bool(wanted and away_mm.min() > AGREEMENT_MM), lesion["organ"]


def test_the_dataset_validates(built):
    assert json.loads(petarseg("validate", built.dataset, "--json").stdout) == {"status": "ok", "broken": []}
