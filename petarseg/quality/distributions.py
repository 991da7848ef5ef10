"""Counts for the bars of the QA page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

SUV_EDGES = (0.0, 2.5, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 50.0)
VOLUME_EDGES_ML = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
MAX_BARS = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it stands for, how many, and its length in percent of the longest."""

    label: str
    count: int
    percent: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """A titled set of bars."""

    title: str
    bars: tuple[Bar, ...]


def distributions(exams: Sequence[Mapping[str, Any]], lesions: Sequence[Mapping[str, Any]]) -> list[Distribution]:
    """Return what a reader wants to know of a dataset at a glance: SUVmax, volume, region, organ, tracer, lesions per exam."""
    return [
        Distribution("SUVmax (g/ml)", histogram((lesion["suv_max"] for lesion in lesions), SUV_EDGES)),
        Distribution("volume (ml)", histogram((lesion["volume_ml"] for lesion in lesions), VOLUME_EDGES_ML)),
        Distribution("region", ranking(lesion["region"] for lesion in lesions)),
        Distribution("organ", ranking(lesion["organ"] for lesion in lesions)),
        Distribution("tracer (exams)", ranking(exam["tracer"] for exam in exams)),
        Distribution("lesions per exam", ranking((str(exam["n_lesions"]) for exam in exams), by_name=True)),
    ]


def histogram(values: Iterable[float], edges: Sequence[float]) -> tuple[Bar, ...]:
    """Count values in bins ``low <= value < high``; the last bin is open above, empty bins at both ends are left out.

    Examples
    --------
    >>> [(bar.label, bar.count) for bar in histogram([1.0, 3.0, 99.0], (0.0, 2.5, 5.0))]
    [('0 – 2.5', 1), ('2.5 – 5', 1), ('≥ 5', 1)]
    """
    counts = [0] * len(edges)
    for value in values:
        counts[max(number for number, edge in enumerate(edges) if number == 0 or value >= edge)] += 1
    labels = [f"{low:g} – {high:g}" for low, high in pairwise(edges)] + [f"≥ {edges[-1]:g}"]
    used = [number for number, count in enumerate(counts) if count]
    if not used:
        return ()
    return _bars([(labels[number], counts[number]) for number in range(used[0], used[-1] + 1)])


def ranking(values: Iterable[str | None], *, by_name: bool = False) -> tuple[Bar, ...]:
    """Count values, most frequent first (or by name, numbers in order); the tail is summed up as "other"."""
    counts = Counter("unknown" if value is None else value for value in values)
    if by_name:
        ordered = sorted(counts.items(), key=lambda item: (len(item[0]), item[0]))
    else:
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if len(ordered) > MAX_BARS:
        ordered = [*ordered[: MAX_BARS - 1], ("other", sum(count for _, count in ordered[MAX_BARS - 1 :]))]
    return _bars(ordered)


def _bars(counts: Sequence[tuple[str, int]]) -> tuple[Bar, ...]:
    longest = max((count for _, count in counts), default=1)
    return tuple(Bar(label, count, round(100 * count / longest)) for label, count in counts)
