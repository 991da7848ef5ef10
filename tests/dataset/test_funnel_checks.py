"""A funnel that loses something is found out."""

from __future__ import annotations

import json

import pytest
from tiny_dataset import replace_rows, rows_of, seal, write_tiny_dataset

from petarseg.dataset.validate import validate_dataset


@pytest.fixture
def dataset(tmp_path):
    return write_tiny_dataset(tmp_path / "d")


def broken_rules(dataset, edit) -> set[tuple[str, str, str]]:
    funnel = json.loads((dataset / "funnel.json").read_text())
    edit(funnel["stages"])
    (dataset / "funnel.json").write_text(json.dumps(funnel))
    seal(dataset)
    return {(item.table, item.rule, item.key) for item in validate_dataset(dataset)}


def test_a_good_funnel_passes(dataset):
    assert validate_dataset(dataset) == []


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (lambda stages: stages[0].update(kept=9), ("funnel.json", "funnel_sum", "read statements")),
        (lambda stages: stages[1].update(read=9, kept=9), ("funnel.json", "funnel_rows", "resample")),
        (lambda stages: stages[2].update(read=6, kept=6), ("funnel.json", "funnel_rows", "publish exams")),
        (lambda stages: stages[0].update(read=12, dropped={"prior_value": 2}), ("funnel.json", "funnel_rejects", "prior_value")),
        (lambda stages: stages[0].update(kept="many"), ("funnel.json", "funnel_readable", "file")),
    ],
)
def test_what_does_not_add_up_is_named(dataset, edit, rule):
    assert broken_rules(dataset, edit) == {rule}


def test_a_reject_that_no_stage_counted_is_named(dataset):
    rows = rows_of(dataset, "rejected")
    replace_rows(dataset, "rejected", [*rows, {**rows[0], "reason": "ambiguous"}])
    assert broken_rules(dataset, lambda stages: None) == {("funnel.json", "funnel_rejects", "ambiguous")}


def test_reports_of_an_unusable_exam_need_no_rows(dataset):
    def edit(stages):
        stages[0].update(read=13, dropped={"prior_value": 1, "exam_dropped": 2})

    assert broken_rules(dataset, edit) == set()


def test_a_missing_funnel_is_named(dataset):
    (dataset / "funnel.json").unlink()
    seal(dataset)
    assert {item.rule for item in validate_dataset(dataset)} == {"funnel_readable"}


def test_an_infinite_measure_is_out_of_range(dataset):
    rows = rows_of(dataset, "lesions")
    rows[0]["volume_ml"] = float("inf")
    replace_rows(dataset, "lesions", rows)
    seal(dataset)
    assert ("volume_ml", "range") in {(item.column, item.rule) for item in validate_dataset(dataset)}
