"""A stage runs once, whole or not at all."""

from __future__ import annotations

import errno
import traceback
from pathlib import Path

import pytest

from petarseg.errors import ConfigError, ExamRejected, InternalError, StorageError
from petarseg.reasons import Reason
from tasks.exam_stage import discreet, exam_stage
from tasks.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "out")


class Counter:
    """A stage body that counts its calls and writes one file."""

    def __init__(self, workspace: Workspace) -> None:
        self.path = workspace.exam_dir("E1") / "file.txt"
        self.calls = 0

    def __call__(self):
        self.calls += 1
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("content")
        return {"value": 7}, [self.path]


def test_a_finished_stage_is_not_done_again(workspace):
    make = Counter(workspace)
    first = workspace.once("stage", "E1", ("input", 1), make)
    second = workspace.once("stage", "E1", ("input", 1), make)
    assert (first.reused, second.reused, make.calls) == (False, True, 1)
    assert first.result == second.result == {"value": 7}
    assert workspace.fresh("stage", "E1", ("input", 1)) == {"value": 7}


def test_changed_inputs_or_a_lost_or_cut_file_bring_the_work_back(workspace):
    make = Counter(workspace)
    workspace.once("stage", "E1", ("input", 1), make)
    assert workspace.fresh("stage", "E1", ("input", 2)) is None
    workspace.once("stage", "E1", ("input", 2), make)
    assert make.calls == 2
    make.path.write_text("cut")
    workspace.once("stage", "E1", ("input", 2), make)
    assert make.calls == 3
    make.path.unlink()
    workspace.once("stage", "E1", ("input", 2), make)
    assert make.calls == 4


def test_a_stage_that_fails_leaves_no_record(workspace):
    def fail():
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        workspace.once("stage", "E1", (), fail)
    assert not workspace.record_path("stage", "E1").exists()


def test_a_half_written_record_counts_as_none(workspace):
    make = Counter(workspace)
    workspace.once("stage", "E1", (), make)
    workspace.record_path("stage", "E1").write_text('{"key": "')
    workspace.once("stage", "E1", (), make)
    assert make.calls == 2


def test_a_full_disk_is_a_storage_error(workspace):
    def fill():
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageError, match="free space and run the same command again"):
        workspace.once("stage", "E1", (), fill)


def test_only_one_build_at_a_time(workspace):
    with workspace.lock(), pytest.raises(ConfigError, match="another build"), Workspace.open(workspace.root).lock():
        pass
    with workspace.lock():
        pass


def test_an_output_folder_that_cannot_be_made_is_a_config_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write the output folder"):
        Workspace.open(tmp_path / "file" / "out")


def test_a_rejection_is_remembered(workspace):
    calls = []

    def reject():
        calls.append(1)
        raise ExamRejected(Reason.DOSE_MISSING, {"RadionuclideTotalDose": None})

    for reused in (False, True):
        record = exam_stage(workspace, "convert", "E1", (), reject)
        assert record == {
            "exam_id": "E1",
            "reused": reused,
            "status": "rejected",
            "reason": "dose_missing",
            "evidence": {"RadionuclideTotalDose": None},
        }
    assert len(calls) == 1


def test_a_bug_becomes_a_reject_that_is_tried_again_and_quotes_no_data(workspace):
    calls = []

    def crash():
        calls.append(1)
        raise KeyError("Doe^Jane")

    for _ in range(2):
        record = exam_stage(workspace, "convert", "E1", (), crash)
        assert record["reason"] == "internal_error"
        assert record["evidence"]["error"] == "KeyError"
        assert record["evidence"]["where"].startswith("test_workspace.py:")
        assert "Doe" not in str(record)
    assert len(calls) == 2


def test_errors_of_the_run_pass_through(workspace):
    def stop():
        raise ConfigError("wrong")

    with pytest.raises(ConfigError, match="wrong"):
        exam_stage(workspace, "convert", "E1", (), stop)


def test_a_bug_leaves_no_stale_result_behind(workspace):
    """What an earlier run made must not stand in for what this run could not make."""
    workspace.once("lesions", "E1", ("old",), lambda: ({"status": "ok", "lesions": [1]}, []))

    def crash():
        raise KeyError("value")

    exam_stage(workspace, "lesions", "E1", ("new",), crash)
    found = workspace.result("lesions", "E1")
    assert found["status"] == "rejected"
    assert found["evidence"]["error"] == "KeyError"
    assert found["lesions"] == []
    assert workspace.fresh("lesions", "E1", ("old",)) is None


def test_the_lock_sweeps_what_a_killed_run_left(workspace):
    leftover = workspace.root / "work" / "records" / "read" / ".tmp-abc.json"
    leftover.parent.mkdir(parents=True)
    leftover.write_text("")
    with workspace.lock():
        assert not leftover.exists()


def test_errors_reach_prefect_without_their_causes():
    @discreet
    def fail():
        try:
            raise ValueError("Doe^Jane")
        except ValueError as error:
            raise ConfigError("wrong") from error

    @discreet
    def crash():
        raise KeyError("Doe^Jane")

    with pytest.raises(ConfigError) as told:
        fail()
    assert "Doe" not in "".join(traceback.format_exception(told.value))
    with pytest.raises(InternalError, match=r"KeyError at test_workspace\.py") as bug:
        crash()
    assert "Doe^Jane" not in str(bug.value)
    assert bug.value.__cause__ is None
