"""Scoring of scrubbing against labels, on a report small enough to count by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from petarseg.errors import ConfigError, ExamRejected
from petarseg.reasons import Reason
from petarseg.reports.phi_span import PhiSpan
from petarseg.reports.scrub import Scrubbed, Scrubber
from petarseg.reports.scrub_scoring import ScrubScore, add_report, score_scrubbing

TEXT = "Dr. Baker, MRN 12345. Baker cyst, SUVmax 7.5 on slice 20."
REPORT = {
    "report_id": "R1",
    "text": TEXT,
    "phi": [{"start": 4, "end": 9, "type": "NAME"}, {"start": 15, "end": 20, "type": "MRN"}],
    "keep": ["Baker"],
    "lesions": [{"start": 22, "end": len(TEXT)}],
}


def test_counts_of_a_perfect_result() -> None:
    score = ScrubScore()
    add_report(score, REPORT, Scrubbed("", (PhiSpan(4, 9, "NAME"), PhiSpan(15, 20, "OTHER_ID"))))
    assert (score.recall, score.typed, score.false_positives_per_report) == (1.0, 1, 0.0)
    # "Baker" of "Baker cyst"; the numbers 7.5 and 20
    assert (score.terms, score.terms_lost, score.measurements, score.measurements_lost) == (1, 0, 2, 0)


def test_counts_of_a_poor_result() -> None:
    score = ScrubScore()
    add_report(score, REPORT, Scrubbed("", (PhiSpan(15, 19, "MRN"), PhiSpan(22, 27, "NAME"), PhiSpan(41, 44, "DATE"))))
    assert score.recall == 0.0
    assert score.false_positives == {"NAME": 1, "DATE": 1}
    assert (score.terms_lost, score.measurements_lost) == (1, 1)
    assert "Baker" not in json.dumps(score.to_json())


def test_a_rejected_report_leaks_nothing_and_finds_nothing() -> None:
    score = ScrubScore()
    add_report(score, REPORT, ExamRejected(Reason.SCRUB_LEAK))
    assert (score.reports, score.rejected, score.recall) == (1, 1, None)


@pytest.mark.parametrize("content", ["not json\n", '{"text": "x"}\n', "[1]\n"])
def test_a_bad_gold_file_is_a_config_error(tmp_path: Path, content: str) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(content)
    with pytest.raises(ConfigError, match=r"gold\.jsonl"):
        score_scrubbing(gold, Scrubber())
