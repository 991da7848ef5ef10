"""Scores of a gold file whose right answers can be counted by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from petarseg.errors import ConfigError
from petarseg.reports.ensemble import Decided, Ensemble
from petarseg.reports.evaluation import ENSEMBLE, Counts, score_extraction, score_structuring
from petarseg.reports.voting import PROFILES

TEXT = (
    "FINDINGS: Right hilar node with SUVmax of 7.4 on axial slice 81. Left adrenal nodule, SUVmax 6.6 on slice 113, previously 4.2. "
    "The mass in the spleen has an SUVmax of 5.1 on slice 120. Liver SUVmax is 3.0 on slice 118.\nIMPRESSION: None."
)


def label(sentence: str, **fields: Any) -> dict[str, Any]:
    start = TEXT.index(sentence)
    return {"sentence": sentence, "start": start, "end": start + len(sentence), **fields}


GOLD = {
    "report_id": "r1",
    "text": TEXT,
    "lesions": [
        label(
            "Right hilar node with SUVmax of 7.4 on axial slice 81.",
            suv_max=7.4, axial_slice=81, region="chest", organ="lymph node", laterality="right",
        ),
        label(
            "Left adrenal nodule, SUVmax 6.6 on slice 113, previously 4.2.",
            suv_max=6.6, axial_slice=113, region="Abdomen", organ="adrenal gland", laterality="left", has_prior_value=True,
        ),
        # A wrong label, for a miss and a mistake of each field.
        label(
            "The mass in the spleen has an SUVmax of 5.1 on slice 120.",
            suv_max=5.2, axial_slice=120, region="head_neck", organ="liver", laterality="left",
        ),
    ],
    "not_lesions": [label("Liver SUVmax is 3.0 on slice 118.", reason="reference organ, no lesion")],
}  # fmt: skip


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps(GOLD) + "\n\n", encoding="utf-8")
    return path


def embedded(reports: Sequence[tuple[str, str]]) -> list[list[Decided]]:
    return asyncio.run(Ensemble(PROFILES["embedded"]).read(reports))


def test_extraction_counts(gold: Path) -> None:
    score = score_extraction(gold, embedded)
    counts = score.readers[ENSEMBLE]
    assert (counts.true_positive, counts.false_positive, counts.false_negative) == (2, 1, 1)
    assert score.readers["grammar"] == counts
    assert counts.precision == pytest.approx(2 / 3)
    assert counts.recall == pytest.approx(2 / 3)
    assert counts.f1 == pytest.approx(2 / 3)
    assert score.lesion_traps["prior value beside it"].labelled == 1
    assert score.lesion_traps["prior value beside it"].wrong == 0
    assert score.lesion_traps["plain"].wrong == 1
    assert score.not_lesion_traps["reference organ"].labelled == 1
    assert score.not_lesion_traps["reference organ"].wrong == 0
    report = json.dumps(score.to_json())
    assert "hilar" not in report  # offsets, no text


def test_structuring_counts(gold: Path) -> None:
    score = score_structuring(gold)
    assert score.lesions == 3
    assert {name: score.accuracy(name) for name in score.right} == pytest.approx({"region": 2 / 3, "laterality": 2 / 3, "organ": 2 / 3})
    assert {mistake["field"] for mistake in score.mistakes} == {"region", "laterality", "organ"}
    json.dumps(score.to_json())


def test_ratios_of_nothing_are_unknown() -> None:
    assert Counts().to_json() == {
        "true_positive": 0,
        "false_positive": 0,
        "false_negative": 0,
        "precision": None,
        "recall": None,
        "f1": None,
    }


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "needs report_id"),
        ('{"report_id": "a", "text": ""}', "needs report_id"),
        ('{"report_id": "a", "text": "", "lesions": [{"start": 0}]}', "every lesion needs"),
    ],
)
def test_a_gold_file_that_cannot_be_used_names_its_line(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(line)
    with pytest.raises(ConfigError, match=words):
        score_extraction(path, embedded)


def test_a_missing_gold_file_and_an_unknown_region(tmp_path: Path, gold: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        score_extraction(tmp_path / "absent.jsonl", embedded)
    gold.write_text(gold.read_text().replace("head_neck", "elsewhere"))
    with pytest.raises(ConfigError, match="no region"):
        score_structuring(gold)


def test_embedded_profile_on_the_development_corpus(shared_data: Path) -> None:
    counts = score_extraction(shared_data / "reports_dev" / "reports.jsonl", embedded).readers[ENSEMBLE]
    # The bars of the issue for the grammar reader alone.
    assert (counts.precision or 0) >= 0.98
    assert (counts.recall or 0) >= 0.92
