from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from petarseg.anatomy.totalseg import TotalSegmentator, worker_command
from petarseg.anatomy.weights import FAST, FULL, SUMS, StagedWeights, check_weights
from petarseg.errors import ConfigError, TransientError
from petarseg.volume import Units, Volume

FAKE = Path(__file__).with_name("fake_totalseg_worker.py")


def ct() -> Volume:
    array = np.full((8, 8, 8), -1000, dtype=np.int16)
    array[2:5, 2:5, 2:5] = 50
    return Volume(array, np.diag([2.0, 2.0, 3.0, 1.0]), Units.HU)


def model(tmp_path: Path, mode: str) -> TotalSegmentator:
    weights = StagedWeights(tmp_path, True, {"a": "b"})
    return TotalSegmentator(weights, command=(sys.executable, str(FAKE), mode, str(tmp_path / "log")))


def test_labels_on_the_grid_of_the_ct(tmp_path: Path) -> None:
    with model(tmp_path, "good") as worker:
        labels = worker.label(ct())
        assert labels.same_grid(ct())
        assert np.array_equal(labels.array == 1, ct().array > 0)
        assert worker.classes[2] == "kidney_right"
        assert worker.record()["task"] == "total_fast"


def test_statistics_are_off_and_homes_are_apart_and_removed(tmp_path: Path) -> None:
    for _ in range(2):
        model(tmp_path, "good").close()
    logs = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert not any(entry["stats"] for entry in logs)
    assert logs[0]["home"] != logs[1]["home"]
    assert not any(Path(entry["home"]).exists() for entry in logs)


def test_a_killed_worker_starts_again_in_pieces(tmp_path: Path) -> None:
    with model(tmp_path, "killed_whole") as worker:
        assert worker.label(ct()).array.any()


@pytest.mark.parametrize("mode", ["memory", "killed"])
def test_memory_that_never_suffices_is_transient(tmp_path: Path, mode: str) -> None:
    with model(tmp_path, mode) as worker, pytest.raises(TransientError, match="memory"):
        worker.label(ct())


@pytest.mark.parametrize(("mode", "message"), [("exit", "SystemExit"), ("moved", "grid"), ("unknown", "without a name")])
def test_wrong_answers_are_refused(tmp_path: Path, mode: str, message: str) -> None:
    with model(tmp_path, mode) as worker, pytest.raises(ConfigError, match=message):
        worker.label(ct())


def test_a_worker_that_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not start"):
        model(tmp_path, "dead")


def test_another_environment_runs_the_worker(tmp_path: Path) -> None:
    assert worker_command(Path(sys.executable))[0] == sys.executable
    with pytest.raises(ConfigError, match="no interpreter at"):
        worker_command(tmp_path / "python")


def test_without_totalsegmentator_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("petarseg.anatomy.totalseg.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="make anatomy"):
        worker_command(None)


def stage(folder: Path, names: tuple[str, ...], n_bytes: int = 100) -> Path:
    for name in names:
        trainer = folder / name / "nnUNetTrainerNoMirroring__nnUNetPlans__3d_fullres"
        (trainer / "fold_0").mkdir(parents=True)
        (trainer / "fold_0" / "checkpoint_final.pth").write_bytes(b"\0" * n_bytes)
        (trainer / "dataset.json").write_text("{}")
        (trainer / "plans.json").write_text("{}")
    return folder


def test_staged_weights_are_hashed(tmp_path: Path) -> None:
    staged = check_weights(stage(tmp_path, FULL), fast=False, allow_test_weights=True)
    assert len(staged.sha256) == 5
    with pytest.raises(ConfigError, match="Dataset297"):
        check_weights(tmp_path, fast=True, allow_test_weights=True)


def test_test_weights_are_refused_in_production(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="test weights"):
        check_weights(stage(tmp_path, FAST), fast=True)


def test_a_wrong_hash_is_refused(tmp_path: Path) -> None:
    stage(tmp_path, FAST)
    (name,) = check_weights(tmp_path, fast=True, allow_test_weights=True).sha256
    (tmp_path / SUMS).write_text(f"{'0' * 64}  {name}\n")
    with pytest.raises(ConfigError, match="SHA256SUMS"):
        check_weights(tmp_path, fast=True, allow_test_weights=True)
