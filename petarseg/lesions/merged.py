"""Lesions whose contour may also hold one that the report tells apart and the image does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from petarseg.errors import FindingRejected
from petarseg.lesions.components import Component, Index3
from petarseg.lesions.finding import Match

MERGED = "merged_component"


def flag_merged(
    results: Mapping[str, Match | FindingRejected],
    on_slice: Mapping[str, Sequence[Component]],
    canonical: Callable[[Index3], Index3],
) -> dict[str, Match | FindingRejected]:
    """Flag a match that holds a local maximum of a rejected finding, or that is all there is on a rejected finding's slice.

    Parameters
    ----------
    results : mapping
        Match or rejection of every finding of an exam.
    on_slice : mapping
        For rejected findings: the components that cross their slice.
    canonical : callable
        Translates a match's voxel into an index of the array in which the components lie.

    Returns
    -------
    dict
        The results; flagged matches say in their evidence with which findings they may be merged.
    """
    merged: dict[str, list[str]] = {}
    for finding_id, rejected in results.items():
        if not isinstance(rejected, FindingRejected):
            continue
        peaks: Any = rejected.evidence.get("local_maxima", [])
        holders = {peak["in_component_of"] for peak in peaks if peak["crosses_slice"]}
        for name, match in results.items():
            if isinstance(match, Match) and _is_all_there_is(match, canonical, on_slice.get(finding_id, ()), rejected):
                holders.add(name)
        for name in sorted(holders - {None}):
            merged.setdefault(name, []).append(finding_id)
    flagged = dict(results)
    for name, others in merged.items():
        match = results[name]
        if isinstance(match, Match):
            flagged[name] = replace(match, flags=(*match.flags, MERGED), evidence=match.evidence | {"merged_with": others})
    return flagged


def _is_all_there_is(match: Match, canonical: Callable[[Index3], Index3], on_slice: Sequence[Component], rejected: FindingRejected) -> bool:
    """Tell whether a match has the only component on a slice, and is hotter than the finding that was looked for there."""
    wanted: Any = rejected.evidence.get("suv_max_report", np.inf)
    return len(on_slice) == 1 and bool(on_slice[0].holds(np.array([canonical(match.seed_ijk)]))[0]) and match.suv_max > wanted
