"""From a finding of a report to a component of the PET.

A finding says "SUV max 7.9 on slice 239". It is accepted when exactly one component of ``SUV >= T0`` crosses that slice and has
that maximum (within the tolerance), lies on the side that the report names, and no other finding has it. Everything else is
rejected with a reason and the evidence for it: which components there are, their maxima and their slices.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from petarseg.errors import FindingRejected
from petarseg.lesions.candidates import Candidate, check_pet, find_candidates, fits, initial_threshold_suv, slack_suv
from petarseg.lesions.components import Component, Index3, components_on_slice
from petarseg.lesions.conventions import HEAD_FIRST_1, SliceConvention, SliceGrid
from petarseg.lesions.finding import TOLERANCE_SUV, Match, Query, tolerance_of, usable
from petarseg.lesions.laterality import midline_x_mm, side_contradicts
from petarseg.lesions.merged import flag_merged
from petarseg.lesions.shared import find_sub_peaks
from petarseg.reasons import Reason
from petarseg.volume import Volume

__all__ = ["Anatomy", "Match", "Query", "match_findings"]

LEAK_EXTENT_MM = 160.0
"""A component of a faint finding (below LEAK_SUV) taller than this is background, not a lesion (50 slices of 3.27 mm)."""

LEAK_SUV = 5.0

Anatomy = Callable[["Query", NDArray[np.float64]], bool | None]
"""Tells whether a point (RAS, mm) lies in the organ that a finding names; None when it cannot say."""


def match_findings(
    pet: Volume,
    queries: Sequence[Query],
    *,
    convention: SliceConvention = HEAD_FIRST_1,
    tolerance_suv: float = TOLERANCE_SUV,
    instance_numbers: Sequence[int | None] | None = None,
    ct_z_mm: Sequence[float] | None = None,
    anatomy: Anatomy | None = None,
) -> dict[str, Match | FindingRejected]:
    """Find the component that each finding of an exam means.

    Parameters
    ----------
    pet : Volume
        PET in SUVbw on its native grid.
    queries : sequence of Query
        The findings of the exam, all at once: they are checked against each other.
    convention : SliceConvention, optional
        How the site counts slices.
    tolerance_suv : float, optional
        Largest difference between the reported and the measured maximum.
    instance_numbers : sequence of (int or None), optional
        InstanceNumber of each slice in order of ascending z; needed by that convention alone.
    ct_z_mm : sequence of float, optional
        Heights of the CT slices in mm, ascending; needed by the CT convention alone.
    anatomy : callable, optional
        Settles ties by organ where labels exist (:class:`petarseg.lesions.organ.OrganTest`); asked about ties alone. Candidates of
        which it says False are out, and exactly one must be left.

    Returns
    -------
    dict
        For every query, by its id, a Match or the FindingRejected that says why not. Nothing is raised for a bad query or image.

    Raises
    ------
    ConfigError
        If the volume is not in SUV.
    ValueError
        If two queries have one id.
    """
    if len({query.finding_id for query in queries}) != len(queries):
        raise ValueError("finding ids must be unique within an exam")
    try:
        check_pet(pet)
    except FindingRejected as error:
        return {query.finding_id: FindingRejected(error.reason, error.evidence) for query in queries}
    exam = _Exam(pet, convention, tolerance_suv, instance_numbers, ct_z_mm, anatomy)
    return exam.match(queries)


class _Exam:
    """The search in one exam: candidates once for all findings, then a decision for each."""

    def __init__(
        self,
        pet: Volume,
        convention: SliceConvention,
        tolerance_suv: float,
        instance_numbers: Sequence[int | None] | None,
        ct_z_mm: Sequence[float] | None,
        anatomy: Anatomy | None,
    ) -> None:
        self.given = pet
        self.pet = pet.to_canonical()
        self.grid = SliceGrid.of(self.pet, instance_numbers, ct_z_mm)
        self.convention = convention
        self.tolerance_suv = tolerance_suv
        self.anatomy = anatomy
        self.on_slice: dict[str, list[Component]] = {}

    def match(self, queries: Sequence[Query]) -> dict[str, Match | FindingRejected]:
        wanted = {query.finding_id: (float(query.suv_max), tolerance_of(query, self.tolerance_suv)) for query in queries if usable(query)}
        candidates = find_candidates(self.pet, wanted.values())
        results: dict[str, Match | FindingRejected] = {}
        for query in queries:
            try:
                if query.finding_id not in wanted:
                    raise FindingRejected(Reason.INVALID_VALUE, {"suv_max": repr(query.suv_max), "axial_slice": repr(query.axial_slice)})
                results[query.finding_id] = self._decide(query, candidates[wanted[query.finding_id]])
            except FindingRejected as error:
                results[query.finding_id] = error
        results = self._one_finding_each(queries, results)
        for query in queries:
            result = results[query.finding_id]
            if isinstance(result, FindingRejected) and result.reason in (Reason.NO_MATCHING_MAXIMUM, Reason.WRONG_SLICE):
                results[query.finding_id] = self._split_off(query, result, results)
        return self._with_rivals(flag_merged(results, self.on_slice, self._canonical_index))

    def _decide(self, query: Query, candidates: tuple[Candidate, ...]) -> Match:
        """Pick the one component that fits, or raise with the reason."""
        k = self.grid.index(int(query.axial_slice), self.convention)
        if k is None:
            raise FindingRejected(
                Reason.SLICE_OUT_OF_RANGE,
                {"axial_slice": int(query.axial_slice), "n_slices": self.grid.n_slices, "slice_convention": self.convention.name},
            )
        flags = ["suv_without_decimals"] if query.suv_decimals == 0 else []
        evidence: dict[str, object] = {
            "suv_max_report": float(query.suv_max),
            "axial_slice": int(query.axial_slice),
            "slice_index": k,
            "initial_threshold_suv": round(initial_threshold_suv(query.suv_max), 4),
            "candidates": [self._describe(candidate) for candidate in candidates],
        }
        crossing = [candidate for candidate in candidates if candidate.crosses(k)]
        if not crossing:
            raise self._not_found(query, k, candidates, evidence)
        tall = [candidate for candidate in crossing if self._is_leak(query, candidate)]
        crossing = [candidate for candidate in crossing if candidate not in tall]
        if not crossing:
            raise FindingRejected(Reason.BACKGROUND_LEAK, evidence)
        right_side = crossing
        if query.laterality in ("left", "right"):
            midline_mm = midline_x_mm(self.pet, k)
            right_side = [c for c in crossing if not side_contradicts(query.laterality, self._ras_mm(c)[0], midline_mm)]
            evidence |= {"laterality": query.laterality, "midline_x_mm": round(midline_mm, 1)}
        if not right_side:
            raise FindingRejected(Reason.WRONG_SIDE, evidence)
        if len(right_side) < len(crossing):
            flags.append("tie_settled_by_laterality")
        fitting = right_side
        if len(fitting) > 1 and self.anatomy is not None:
            in_organ = [self.anatomy(query, self._ras_mm(candidate)) for candidate in fitting]
            evidence |= {"organ": query.organ, "in_organ": in_organ}
            fitting = [candidate for candidate, answer in zip(fitting, in_organ, strict=True) if answer is not False]
            flags.append("tie_settled_by_anatomy")
        if len(fitting) != 1:
            raise FindingRejected(Reason.AMBIGUOUS, evidence)
        chosen = fitting[0]
        if chosen.max_ijk[2] != k:
            evidence["slices_from_maximum"] = abs(chosen.max_ijk[2] - k)
        return Match(query.finding_id, self._given_index(chosen.max_ijk), chosen.suv_max, self.convention.name, tuple(flags), evidence)

    def _not_found(self, query: Query, k: int, candidates: tuple[Candidate, ...], evidence: dict[str, object]) -> FindingRejected:
        """Say why no candidate crosses the reported slice."""
        on_slice = components_on_slice(self.pet.array, k, initial_threshold_suv(query.suv_max))
        self.on_slice[query.finding_id] = on_slice
        evidence["on_slice"] = [
            {"suv_max": round(component.maximum, 3), "max_slice": self.grid.number(component.max_ijk[2], self.convention)}
            | ({} if component.complete else {"at_least": True})
            for component in on_slice
        ]
        if on_slice:
            nearest = min(on_slice, key=lambda component: abs(component.maximum - query.suv_max))
            evidence["nearest_suv_max"] = round(nearest.maximum, 3)
            if fits(nearest.maximum, query.suv_max, max(3.0 * self.tolerance_suv, 0.05 * query.suv_max)):
                evidence["near_miss"] = True
        if candidates:
            evidence["slices_away"] = min(max(c.k_first - k, k - c.k_last) for c in candidates)
            return FindingRejected(Reason.WRONG_SLICE, evidence)
        return FindingRejected(Reason.NO_MATCHING_MAXIMUM if on_slice else Reason.NO_COMPONENT, evidence)

    def _one_finding_each(
        self, queries: Sequence[Query], results: dict[str, Match | FindingRejected]
    ) -> dict[str, Match | FindingRejected]:
        """Let no two findings keep one component."""
        claims: dict[Index3, list[Query]] = {}
        for query in queries:
            result = results[query.finding_id]
            if isinstance(result, Match):
                claims.setdefault(result.seed_ijk, []).append(query)
        for seed, claimants in claims.items():
            if len(claimants) == 1:
                continue
            match = results[claimants[0].finding_id]
            suv_max = match.suv_max if isinstance(match, Match) else math.nan

            def misfit(query: Query, suv_max: float = suv_max, seed: Index3 = seed) -> tuple[float, int]:
                k = self.grid.index(int(query.axial_slice), self.convention)
                return round(abs(query.suv_max - suv_max), 4), abs(seed[2] - (seed[2] if k is None else k))

            best = min(misfit(query) for query in claimants)
            winners = [query for query in claimants if misfit(query) == best]
            same_words = len({(query.suv_max, query.axial_slice) for query in winners}) == 1
            keeper = winners[0] if len(winners) == 1 or same_words else None
            for query in claimants:
                if query is keeper:
                    continue
                repeated = keeper is not None and (query.suv_max, query.axial_slice) == (keeper.suv_max, keeper.axial_slice)
                results[query.finding_id] = FindingRejected(
                    Reason.DUPLICATE_FINDING if repeated else Reason.SHARED_COMPONENT,
                    {
                        "suv_max_report": float(query.suv_max),
                        "axial_slice": int(query.axial_slice),
                        "component_suv_max": round(suv_max, 3),
                        "claimed_by": [other.finding_id for other in claimants if other is not query],
                        "kept": None if keeper is None else keeper.finding_id,
                    },
                )
            if keeper is not None:
                kept = results[keeper.finding_id]
                if isinstance(kept, Match):
                    results[keeper.finding_id] = replace(kept, flags=(*kept.flags, "claimed_twice"))
        return results

    def _split_off(self, query: Query, rejected: FindingRejected, results: dict[str, Match | FindingRejected]) -> Match | FindingRejected:
        """Accept a lesion that shares its component with something hotter, if the image shows it as a lesion of its own."""
        k = self.grid.index(int(query.axial_slice), self.convention)
        seeds = {name: self._canonical_index(other.seed_ijk) for name, other in results.items() if isinstance(other, Match)}
        if k is None:
            return rejected
        suv_max, slack = float(query.suv_max), slack_suv(query.suv_max, tolerance_of(query, self.tolerance_suv))
        peaks = find_sub_peaks(self.pet.array, self.pet.spacing_mm, suv_max, slack, k, seeds)
        if not peaks:
            return rejected
        evidence = rejected.evidence | {
            "local_maxima": [
                {
                    "suv": round(peak.suv, 3),
                    "slice": self.grid.number(peak.ijk[2], self.convention),
                    "in_component_of": peak.shared_with,
                    "neck_ratio": peak.neck,
                    "crosses_slice": peak.crosses,
                }
                for peak in peaks[:8]
            ]
        }
        midline_mm = midline_x_mm(self.pet, k)
        real = [
            peak
            for peak in peaks
            if peak.real
            and peak.ijk not in seeds.values()
            and not side_contradicts(query.laterality, float(self.pet.ijk_to_ras_mm(peak.ijk)[0]), midline_mm)
        ]
        if len(real) != 1:
            return FindingRejected(Reason.AMBIGUOUS if real else rejected.reason, evidence)
        flags = ("suv_without_decimals",) if query.suv_decimals == 0 else ()
        seed = self._given_index(real[0].ijk)
        return Match(query.finding_id, seed, real[0].suv, self.convention.name, (*flags, "split_component"), evidence)

    def _with_rivals(self, results: dict[str, Match | FindingRejected]) -> dict[str, Match | FindingRejected]:
        """Tell every match of the other lesions, so that masks cannot overlap."""
        seeds = {name: match.seed_ijk for name, match in results.items() if isinstance(match, Match)}
        return {
            name: replace(result, rivals_ijk=tuple(seed for other, seed in seeds.items() if other != name))
            if isinstance(result, Match)
            else result
            for name, result in results.items()
        }

    def _is_leak(self, query: Query, candidate: Candidate) -> bool:
        height_mm = (candidate.k_last - candidate.k_first + 1) * self.pet.spacing_mm[2]
        return height_mm > LEAK_EXTENT_MM and query.suv_max < LEAK_SUV

    def _ras_mm(self, candidate: Candidate) -> NDArray[np.float64]:
        return self.pet.ijk_to_ras_mm(candidate.max_ijk)

    def _describe(self, candidate: Candidate) -> Mapping[str, object]:
        top, bottom = (self.grid.number(k, self.convention) for k in (candidate.k_last, candidate.k_first))
        return {
            "suv_max": round(candidate.suv_max, 3),
            "max_ijk": list(candidate.max_ijk),
            "max_slice": self.grid.number(candidate.max_ijk[2], self.convention),
            "slices": [top, bottom],
            "volume_ml": round(candidate.n_voxels * self.pet.voxel_volume_ml, 3),
        }

    def _canonical_index(self, given: Index3) -> Index3:
        """Translate an index of the array that the caller gave into one of the canonical array."""
        if self.given is self.pet:
            return given
        i, j, k = np.rint(self.pet.ras_mm_to_ijk(self.given.ijk_to_ras_mm(given))).astype(int)
        return int(i), int(j), int(k)

    def _given_index(self, canonical: Index3) -> Index3:
        """Translate an index of the canonical array into one of the array that the caller gave."""
        if self.given is self.pet:
            return canonical
        i, j, k = np.rint(self.given.ras_mm_to_ijk(self.pet.ijk_to_ras_mm(canonical))).astype(int)
        return int(i), int(j), int(k)
