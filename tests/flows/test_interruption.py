"""A build that is killed and started again ends in the same dataset."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.flows.conftest import ROOT, build, environment

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("real_cohort")]


def finished(out: Path, stage: str) -> int:
    return len(records(out / "work" / "records" / stage))


def records(folder: Path) -> list[Path]:
    """Finished records; a glob also finds the temporary files of the one that is being written."""
    return [path for path in folder.rglob("*.json") if not path.name.startswith(".")]


def start(cohort: Path, out: Path, *, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "petarseg", "build", "--archive", cohort / "dicom", "--reports", cohort / "reports.csv", "--out", out]
    return subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # background jobs of a shell ignore it
    )


@pytest.mark.parametrize("stage", ["convert", "finish"])
def test_a_killed_build_resumes_to_the_same_dataset(real_build, shared_data, tmp_path, stage):
    cohort = shared_data / "real_cohort"
    out = tmp_path / "out"
    (out / "key").mkdir(parents=True, mode=0o700)
    shutil.copy(real_build.out / "key" / "project.key", out / "key" / "project.key")

    process = start(cohort, out)
    deadline = time.monotonic() + 300
    while finished(out, stage) < 1 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert finished(out, stage) >= 1, "the build ended before it could be killed"
    assert not (out / "dataset" / "latest").exists(), "the build ended before it could be killed"
    before = {path: path.stat().st_mtime_ns for path in records(out / "work" / "records")}

    resumed = build(cohort / "dicom", cohort / "reports.csv", out)
    assert resumed.result["version"] == real_build.result["version"]
    sums = "dataset/latest/checksums.sha256"
    assert (out / sums).read_bytes() == (real_build.out / sums).read_bytes()
    assert {path: path.stat().st_mtime_ns for path in before} == before, "finished work was done again"
    assert not list((out / "work").rglob(".tmp-*")), "leftovers of half-written files"


@pytest.mark.parametrize(("number", "whole_group"), [(signal.SIGINT, True), (signal.SIGTERM, False)], ids=["Ctrl-C", "SIGTERM"])
def test_a_build_that_is_stopped_says_so_and_leaves_no_server(shared_data, tmp_path, number, whole_group):
    """A terminal sends Ctrl-C to the private Prefect server too; schedulers send SIGTERM to the command alone."""
    process = start(shared_data / "real_cohort", tmp_path / "out", stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not finished(tmp_path / "out", "convert") and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    (os.killpg if whole_group else os.kill)(process.pid, number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"interrupted; the same command resumes" in said
    assert b"internal error" not in said
    deadline = time.monotonic() + 30
    while group_is_alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not group_is_alive(process.pid)


def group_is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
