"""Bars of the QA page."""

from __future__ import annotations

from petarseg.quality.distributions import MAX_BARS, Bar, histogram, ranking


def test_bins_hold_their_lower_edge_and_nothing_is_lost():
    bars = histogram([0.0, 2.4, 2.5, 5.0, 99.0, -1.0], (0.0, 2.5, 5.0))
    assert [(bar.label, bar.count) for bar in bars] == [("0 – 2.5", 3), ("2.5 – 5", 1), ("≥ 5", 2)]
    assert bars[0].percent == 100


def test_empty_bins_inside_stay_and_outside_go():
    assert [bar.count for bar in histogram([3.0, 12.0], (0.0, 2.5, 5.0, 7.5, 10.0, 15.0))] == [1, 0, 0, 1]
    assert histogram([], (0.0, 1.0)) == ()


def test_ranking_by_count_then_name_with_the_unknown_named():
    assert ranking(["b", "a", None, "b"]) == (Bar("b", 2, 100), Bar("a", 1, 50), Bar("unknown", 1, 50))
    assert [bar.label for bar in ranking(["10", "2", "2"], by_name=True)] == ["2", "10"]


def test_long_tails_are_summed_up():
    bars = ranking([str(number) for number in range(100)])
    assert len(bars) == MAX_BARS
    assert bars[-1].label == "other"
    assert sum(bar.count for bar in bars) == 100
