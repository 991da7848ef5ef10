"""Reading, scrubbing and structuring on the corpora that we invented (see corpora/README.md) stay above the targets."""

from __future__ import annotations

from pathlib import Path

import pytest

from petarseg.reports.evaluation import OPEN_FLAGS, read_gold, score_structuring
from petarseg.reports.grammar import read_measurements
from petarseg.reports.scrub import Scrubber
from petarseg.reports.scrub_scoring import score_scrubbing

CORPORA = Path(__file__).parent / "corpora"


# Known losses: headings glued to an institution ("Thornaby Vale Hospital NHS", "Hospital NM REPORT"), and "per Nigro".
TERMS_LOST = {"g": 2, "h": 1}


@pytest.fixture(params=list("abcdefghij"))
def gold(request: pytest.FixtureRequest) -> Path:
    return CORPORA / f"{request.param}.jsonl"


def test_labels_stand_where_they_say(gold: Path) -> None:
    for report in read_gold(gold):
        text = report["text"]
        assert all(text[label["start"] : label["end"]] == label["text"] for label in report["phi"])
        assert all(text[label["start"] : label["end"]] == label["sentence"] for label in [*report["lesions"], *report["not_lesions"]])


def test_grammar_reads_the_lesions(gold: Path) -> None:
    right = wrong = labelled = 0
    for report in read_gold(gold):
        left = [(lesion["suv_max"], lesion["axial_slice"]) for lesion in report["lesions"]]
        labelled += len(left)
        for found in read_measurements(report["text"]):
            pair = (found.suv_max, found.axial_slice)
            if found.status != "accepted":
                continue
            if pair in left:
                left.remove(pair)
                right += 1
            elif not OPEN_FLAGS & set(found.flags):
                wrong += 1
    assert right / (right + wrong) >= 0.98
    assert right / labelled >= 0.92


def test_scrubbing_takes_the_people_and_leaves_the_medicine(gold: Path) -> None:
    score = score_scrubbing(gold, Scrubber())
    assert score.rejected == 0
    assert score.recall is not None
    assert score.recall >= 0.98
    assert score.false_positives_per_report is not None
    assert score.false_positives_per_report <= 1
    assert score.terms_lost <= TERMS_LOST.get(gold.stem, 0)
    assert score.measurements_lost == 0


def test_structuring_tells_where_lesions_lie(gold: Path) -> None:
    score = score_structuring(gold)
    assert (score.accuracy("region") or 0) >= 0.92
    assert (score.accuracy("laterality") or 0) >= 0.95
    assert (score.accuracy("organ") or 0) >= 0.85
