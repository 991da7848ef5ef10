from __future__ import annotations

import json
from pathlib import Path

import pytest

from petarseg.reports.cohort import Cohort, read_cohort

CASES = [
    (
        "HISTORY: 67-year-old woman with newly diagnosed lung cancer, staging.\nTECHNIQUE: 10 mCi of F-18 FDG.",
        Cohort("initial staging", "lung", "FDG", "F", 67),
    ),
    (
        "EXAM: Ga-68 DOTATATE PET/CT\nINDICATION: 58 yo M with small bowel carcinoid, restaging.\nFINDINGS: None.",
        Cohort("restaging", "neuroendocrine", "DOTATATE", "M", 58),
    ),
    (
        "Exam: F-18 DCFPyL (PSMA) PET/CT\nClinical history: 74M, prostate adenocarcinoma, rising PSA.\nFindings: None.",
        Cohort("restaging", "prostate", "DCFPyL", "M", 74),
    ),
    (
        "HX: 93 YEAR OLD MALE WITH DIFFUSE LARGE B-CELL LYMPHOMA AFTER 6 CYCLES OF R-CHOP.\nTECH: FDG.",
        Cohort("treatment response", "lymphoma", "FDG", "M", 90),
    ),
    ("History: Fever of unknown origin.\nTechnique: 298 MBq FDG.", Cohort("infection or inflammation", None, "FDG", None, None)),
    ("History: Breast cancer and colon cancer.\nTechnique: FDG.", Cohort(None, None, "FDG", None, None)),
    ("History: Family history of breast cancer; lung cancer, surveillance.", Cohort("surveillance", "lung", None, None, None)),
    ("Patient DOE, J  MR-6100\nHISTORY: Melanoma follow-up, 45F.", Cohort("surveillance", "melanoma", None, "F", 45)),
    ("FINDINGS: A man-made stent.", Cohort()),
    ("", Cohort()),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_reads_the_fields_that_are_stated(text: str, expected: Cohort) -> None:
    assert read_cohort(text) == expected


def test_never_contradicts_the_labelled_corpus(shared_data: Path) -> None:
    lines = (shared_data / "reports_dev" / "reports.jsonl").read_text(encoding="utf-8").splitlines()
    for report in map(json.loads, lines):
        cohort = read_cohort(report["text"])

        assert cohort.tracer in (None, report["tracer"])
        assert cohort.sex in (None, report["sex"])
        assert cohort.age_years in (None, min(report["age"], 90))
