"""Real builds, through the real command, shared by the tests of this folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Built:
    """A finished build."""

    out: Path
    result: dict[str, Any]
    stderr: str

    @property
    def dataset(self) -> Path:
        return self.out / "dataset" / "latest"

    def rows(self, table: str) -> list[dict[str, Any]]:
        return pq.read_table(self.dataset / f"{table}.parquet").to_pylist()


def environment() -> dict[str, str]:
    """The environment of a user: no Prefect server of a test harness."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}


def petarseg(*args: object, check: int | None = 0, timeout: float = 900) -> subprocess.CompletedProcess[str]:
    """Run the real command line in the checkout."""
    command = [sys.executable, "-m", "petarseg", *map(str, args)]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=timeout, check=False)
    if check is not None:
        assert done.returncode == check, f"exit {done.returncode}\n{done.stderr[-4000:]}"
    return done


def build(archive: Path, reports: Path, out: Path, *options: object) -> Built:
    done = petarseg("build", "--archive", archive, "--reports", reports, "--out", out, "--json", *options)
    return Built(out, json.loads(done.stdout), done.stderr)


@pytest.fixture(scope="session")
def run_petarseg() -> Callable[..., subprocess.CompletedProcess[str]]:
    return petarseg


@pytest.fixture(scope="session")
def real_build(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The real cohort, built once."""
    cohort = shared_data / "real_cohort"
    return build(cohort / "dicom", cohort / "reports.csv", tmp_path_factory.mktemp("real") / "out")


@pytest.fixture(scope="session")
def phantom_cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cohort of the demo."""
    out = tmp_path_factory.mktemp("phantom") / "cohort"
    petarseg("phantom", "--out", out, "--exams", 12)
    return out


@pytest.fixture(scope="session")
def phantom_build(phantom_cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The cohort of the demo, built once."""
    return build(phantom_cohort / "dicom", phantom_cohort / "reports.csv", tmp_path_factory.mktemp("phantom-build") / "out")
