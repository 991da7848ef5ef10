"""Splits follow the patient."""

from __future__ import annotations

from collections import Counter

import pytest

from petarseg.dataset.splits import split_of
from petarseg.keys import KeyFolder


def test_bounds_belong_to_the_upper_split():
    assert [split_of(unit) for unit in (0.0, 0.7999, 0.8, 0.8999, 0.9, 0.9999)] == ["train", "train", "val", "val", "test", "test"]


def test_shares_are_configurable():
    assert split_of(0.99, train=1.0, val=0.0) == "train"
    assert split_of(0.0, train=0.0, val=0.0) == "test"


@pytest.mark.parametrize(("unit", "train", "val"), [(1.0, 0.8, 0.1), (-0.1, 0.8, 0.1), (0.5, 0.8, 0.3), (0.5, -0.1, 0.1)])
def test_values_that_make_no_sense_are_refused(unit, train, val):
    with pytest.raises(ValueError, match="must be"):
        split_of(unit, train=train, val=val)


def test_keyed_hash_gives_the_shares_and_never_moves_a_patient(tmp_path):
    keys = KeyFolder.open(tmp_path / "key")
    splits = {f"P{number}": split_of(keys.unit_interval("split", f"P{number}")) for number in range(2000)}
    counts = Counter(splits.values())
    # Binomial(2000, 0.8) has a standard deviation of 18; 5 of them.
    assert abs(counts["train"] - 1600) < 90
    assert abs(counts["val"] - 200) < 68
    again = KeyFolder.open(tmp_path / "key")
    assert splits["P7"] == split_of(again.unit_interval("split", "P7"))
