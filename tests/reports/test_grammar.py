from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from petarseg.reasons import Reason
from petarseg.reports.grammar import Measurement, read_measurements
from petarseg.reports.load import load_reports

# Where the labels of reports_dev and decision 23 of the method specification differ, the decision wins: physiologic uptake with both
# numbers is kept and flagged, two adjacent sentences are one finding, a dual-time study counts its first pass.
BY_DECISION = {"physiologic", "two_sentences", "dual_time_point"}


def _accepted(text: str) -> list[Measurement]:
    return [measurement for measurement in read_measurements(text) if measurement.status == "accepted"]


def test_real_cohort(shared_data: Path) -> None:
    found = {}
    for report in load_reports(shared_data / "real_cohort" / "reports.csv"):
        found[report.patient_id] = read_measurements(report.text)

    accepted = {(patient, m.suv_max, m.axial_slice) for patient, ms in found.items() for m in ms if m.status == "accepted"}
    expected = json.loads((shared_data / "real_cohort" / "expected.json").read_text(encoding="utf-8"))["accepted"]
    assert {(row["patient_id"], row["suv_max"], row["axial_slice"]) for row in expected} <= accepted
    # What the text alone cannot reject: the images or the SUV floor do.
    assert len(accepted) == len(expected) + 3
    assert [(m.reason, m.prior_suv, m.axial_slice) for m in found["STS_003"] if m.reason] == [(Reason.PRIOR_VALUE, 12.2, 21)]
    assert [m.reason for m in found["STS_008"] if m.reason] == [Reason.REFERENCE_ORGAN, Reason.NOT_AXIAL_SLICE]
    assert [m.prior_suv for m in found["STS_042"]] == [8.8, None]
    physiologic = [m.suv_max for m in found["STS_001"] if "physiologic" in m.flags]
    assert physiologic == [12.8, 29.8]


def test_labelled_corpus(shared_data: Path) -> None:
    lines = (shared_data / "reports_dev" / "reports.jsonl").read_text(encoding="utf-8").splitlines()
    hits = misses = wrong = 0
    for report in map(json.loads, lines):
        wanted = [(row["suv_max"], row["axial_slice"], row["start"], row["end"]) for row in report["lesions"]]
        for measurement in _accepted(report["text"]):
            match = next(
                (
                    w
                    for w in wanted
                    if w[:2] == (measurement.suv_max, measurement.axial_slice) and w[2] < measurement.end and measurement.start < w[3]
                ),
                None,
            )
            if match is not None:
                wanted.remove(match)
                hits += 1
            elif not BY_DECISION & set(measurement.flags):
                wrong += 1
        misses += len(wanted)

    assert hits / (hits + wrong) >= 0.98
    assert hits / (hits + misses) >= 0.92


def test_every_number_has_a_verdict(shared_data: Path) -> None:
    """No sentence with an SUV and a number is dropped without a reason."""
    lines = (shared_data / "reports_dev" / "reports.jsonl").read_text(encoding="utf-8").splitlines()
    for report in map(json.loads, lines):
        measurements = read_measurements(report["text"])
        for row in [*report["lesions"], *report["not_lesions"]]:
            if "SUV" in row["sentence"].upper() and "%" not in row["sentence"]:
                assert any(m.start < row["end"] and row["start"] < m.end for m in measurements), report["report_id"]


def test_the_same_text_gives_the_same_answer() -> None:
    text = (
        "FINDINGS: Right hilar and subcarinal nodes have SUVmax of 5.2 and 3.8 on slices 77 and 80, respectively (previously 6.1 and 4.0)."
    )

    first, second = read_measurements(text), read_measurements(text)

    assert first == second
    assert [(m.suv_max, m.axial_slice, m.prior_suv) for m in first] == [(5.2, 77, 6.1), (3.8, 80, 4.0)]


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("Left hilar node, SUVmax 5.5, slice 77.", "high"),
        ("Left hilar node, SUV 5.5, slice 77.", "medium"),
        ("Left hilar node, SUVmax 5.5 (previously 8.1), slice 77.", "medium"),
        ("Left hilar node has a maximum uptake of 5.5, slice 77.", "low"),
    ],
)
def test_confidence_says_how_much_was_inferred(text: str, confidence: str) -> None:
    assert [m.confidence for m in _accepted("FINDINGS: " + text)] == [confidence]


def test_two_sentences_make_one_finding() -> None:
    text = "FINDINGS: There is a left hilar node with SUVmax of 5.5.\n It is seen on slice 77. Liver normal."

    (measurement,) = _accepted(text)

    assert measurement.sentence == "There is a left hilar node with SUVmax of 5.5.\n It is seen on slice 77."
    assert "two_sentences" in measurement.flags


def test_semicolons_separate_findings() -> None:
    text = "FINDINGS: Right hilar node, SUVmax 5.2, slice 77; subcarinal node, SUVmax 3.8 (previously 4.0), slice 80."

    assert [(m.sentence, m.suv_max) for m in _accepted(text)] == [
        ("Right hilar node, SUVmax 5.2, slice 77", 5.2),
        ("subcarinal node, SUVmax 3.8 (previously 4.0), slice 80.", 3.8),
    ]
    assert all(text[m.start : m.end] == m.sentence for m in _accepted(text))


def test_spans_are_those_of_the_original_text() -> None:
    text = "FINDINGS:_x000D_\nLeft\u00a0hilar node with\u200b SUVmax&nbsp;of 5,5_x000D_\n(slice\u00a077)."

    (measurement,) = _accepted(text)

    assert measurement.suv_span is not None
    assert measurement.slice_span is not None
    assert (text[slice(*measurement.suv_span)], text[slice(*measurement.slice_span)]) == ("5,5", "77")
    assert (measurement.suv_max, measurement.suv_text) == (5.5, "5,5")


WORDS = (
    "SUV SUVmax max slice slices image 5.6 77 / , ; ( ) - and of previously prior from liver node the | Findings: Impression: axial "
    "coronal series 3/78 12/12/2020 . ... _x000D_ was PET/CT level C5-C6 ((( A uptake no reference \u00e9 \x00 \u2192"
)
PIECES = [*WORDS.split(" "), "\n", "   ", "\t", "2.3 x 1.4 cm", " to "]


@pytest.mark.parametrize("seed", range(60))
def test_any_text_is_read_without_a_crash(seed: int) -> None:
    rng = random.Random(seed)
    text = "FINDINGS: " + "".join(rng.choice(PIECES) + rng.choice(["", " "]) for _ in range(rng.randint(5, 400)))

    for measurement in read_measurements(text):
        assert text[measurement.start : measurement.end] == measurement.sentence
        for span in (measurement.suv_span, measurement.slice_span):
            assert span is None or measurement.start <= span[0] < span[1] <= measurement.end
        assert (measurement.status == "accepted") == (measurement.reason is None)
