"""One small cohort that holds every vendor variant, made once and shared."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from petarseg.phantom.cohort import write_cohort
from petarseg.phantom.exam import PhantomExam, simulate_exam
from petarseg.phantom.scanner import PROTOCOLS

SEED = 3


@dataclass(frozen=True)
class Cohort:
    root: Path
    truth: dict[str, Any]

    def exam_truth(self, protocol: str) -> dict[str, Any]:
        return next(exam for exam in self.truth["exams"] if exam["protocol"] == protocol)

    def number(self, protocol: str) -> int:
        return [exam["protocol"] for exam in self.truth["exams"]].index(protocol)

    def simulated(self, protocol: str) -> PhantomExam:
        return simulate_exam(self.number(protocol), seed=SEED)

    def folder(self, number: int) -> Path:
        return next(self.root.glob(f"dicom/*/{number + 1:04d}"))


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    root = tmp_path_factory.mktemp("phantom") / "cohort"
    write_cohort(root, n_exams=len(PROTOCOLS), seed=SEED)
    return Cohort(root, json.loads((root / "truth" / "truth.json").read_text()))


@pytest.fixture(scope="session")
def exam() -> PhantomExam:
    return simulate_exam(0, seed=SEED)
