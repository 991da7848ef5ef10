"""Find out how a site counts slices, from its own reports and images.

Under the right convention the component with the reported maximum crosses the reported slice, most often with its hottest voxel in
it. Every convention is tried on the findings of many exams of one scanner or site; the winner must beat every other one by a sign
test, else the documented default stays and the findings are flagged (SPEC decision 15).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from petarseg.errors import FindingRejected
from petarseg.lesions.candidates import check_pet, find_candidates
from petarseg.lesions.conventions import CONVENTIONS, HEAD_FIRST_1, SliceConvention, SliceGrid
from petarseg.lesions.finding import TOLERANCE_SUV, Query, tolerance_of, usable
from petarseg.volume import Volume

SIGNIFICANCE = 0.05
"""A convention wins when chance would favour it so clearly at most this often (one-sided sign test)."""

FLAG_UNCLEAR = "slice_convention_unclear"
FLAG_BASE_UNCLEAR = "slice_base_unclear"


@dataclass(frozen=True, slots=True)
class SliceTrial:
    """One finding: its slice number, and where components with its maximum lie.

    Parameters
    ----------
    axial_slice : int
        As reported.
    spans : tuple of (int, int, int)
        First z index, z index of the hottest voxel and last z index of every component with the reported maximum.
    """

    axial_slice: int
    spans: tuple[tuple[int, int, int], ...]

    def distance(self, k: int | None) -> int | None:
        """Return how many slices the nearest hottest voxel is from `k`, over components that cross it; None if none does."""
        if k is None:
            return None
        return min((abs(peak - k) for first, peak, last in self.spans if first <= k <= last), default=None)


@dataclass(frozen=True, slots=True)
class ExamTrials:
    """All that the detection needs of one exam: a few numbers, no image."""

    grid: SliceGrid
    trials: tuple[SliceTrial, ...]


@dataclass(frozen=True, slots=True)
class ConventionScore:
    """How well one convention explains the findings.

    Parameters
    ----------
    convention : SliceConvention
        Which.
    match_rate : float
        Share of findings whose component crosses the slice.
    peak_rate : float
        Share whose hottest voxel lies in the slice.
    mean_distance : float or None
        Mean distance in slices from the slice to the hottest voxel, over the matches.
    """

    convention: SliceConvention
    match_rate: float
    peak_rate: float
    mean_distance: float | None


@dataclass(frozen=True, slots=True)
class ConventionEvidence:
    """The convention to use, and why.

    Parameters
    ----------
    convention : SliceConvention
        To be used; the default when nothing is clear.
    clear : bool
        Whether the winner beats all others.
    margin : float
        Share of findings that favour the winner over its closest rival, less the share that favours the rival.
    p_value : float
        Of the sign test against that rival.
    n_exams, n_findings : int
        Exams and informative findings that were used.
    flags : tuple of str
        Empty when clear.
    scores : tuple of ConventionScore
        All conventions, best first.
    """

    convention: SliceConvention
    clear: bool
    margin: float
    p_value: float
    n_exams: int
    n_findings: int
    flags: tuple[str, ...]
    scores: tuple[ConventionScore, ...]

    def to_json(self) -> dict[str, object]:
        """Return the evidence as JSON-serialisable values, for the run's record."""
        return {
            "slice_convention": self.convention.name,
            "clear": self.clear,
            "margin": round(self.margin, 4),
            "p_value": round(self.p_value, 6),
            "n_exams": self.n_exams,
            "n_findings": self.n_findings,
            "flags": list(self.flags),
            "scores": [
                {
                    "slice_convention": score.convention.name,
                    "match_rate": round(score.match_rate, 4),
                    "peak_rate": round(score.peak_rate, 4),
                    "mean_distance": None if score.mean_distance is None else round(score.mean_distance, 2),
                }
                for score in self.scores
            ],
        }


def summarise_exam(
    pet: Volume,
    queries: Sequence[Query],
    *,
    tolerance_suv: float = TOLERANCE_SUV,
    instance_numbers: Sequence[int | None] | None = None,
    ct_z_mm: Sequence[float] | None = None,
) -> ExamTrials:
    """Reduce an exam to what :func:`detect_convention` needs; the parameters are those of ``match_findings``.

    An image that cannot be searched gives no trials.
    """
    canonical = pet.to_canonical()
    grid = SliceGrid.of(canonical, instance_numbers, ct_z_mm)
    try:
        check_pet(canonical)
    except FindingRejected:
        return ExamTrials(grid, ())
    wanted = [(query, (float(query.suv_max), tolerance_of(query, tolerance_suv))) for query in queries if usable(query)]
    candidates = find_candidates(canonical, (pair for _, pair in wanted))
    trials = tuple(
        SliceTrial(int(query.axial_slice), tuple((c.k_first, c.max_ijk[2], c.k_last) for c in candidates[pair])) for query, pair in wanted
    )
    return ExamTrials(grid, trials)


def detect_convention(exams: Sequence[ExamTrials]) -> ConventionEvidence:
    """Choose the convention that explains the findings of one scanner or site best.

    Parameters
    ----------
    exams : sequence of ExamTrials
        From :func:`summarise_exam`. About five informative findings are the least that can decide.

    Returns
    -------
    ConventionEvidence
        The choice with its evidence. Deterministic.

    Notes
    -----
    Conventions that give the same slices for every finding (InstanceNumber counted from the head, say) are one convention, named by
    the first of them in ``CONVENTIONS``. Where only the base (0 or 1) stays open, the source is kept and base 1 is taken.
    """
    trials = [(exam.grid, trial) for exam in exams for trial in exam.trials if trial.spans]
    indices = {c: tuple(grid.index(trial.axial_slice, c) for grid, trial in trials) for c in CONVENTIONS}
    distances = {c: [trial.distance(k) for (_, trial), k in zip(trials, indices[c], strict=True)] for c in CONVENTIONS}
    scores = tuple(sorted((_score(c, distances[c]) for c in CONVENTIONS), key=_rank))
    n_exams = sum(any(trial.spans for trial in exam.trials) for exam in exams)
    winner = scores[0].convention
    winner = next(c for c in CONVENTIONS if indices[c] == indices[winner])  # the first of those that are the same
    aliases = {c.source for c in CONVENTIONS if c.base == winner.base and indices[c] == indices[winner]}
    rivals = [c for c in CONVENTIONS if indices[c] != indices[winner]]
    tests = {rival: _sign_test(distances[winner], distances[rival]) for rival in rivals}
    others = {c: test for c, test in tests.items() if c.source not in aliases}
    siblings = {c: test for c, test in tests.items() if c.source in aliases}
    source_clear = bool(trials) and all(p <= SIGNIFICANCE for _, p in others.values())
    base_clear = all(p <= SIGNIFICANCE for _, p in siblings.values())
    margin, p_value = min(tests.values(), key=lambda test: (-test[1], test[0])) if trials and tests else (0.0, 1.0)
    flags: tuple[str, ...] = ()
    chosen = winner
    if not source_clear:
        chosen, flags = HEAD_FIRST_1, (FLAG_UNCLEAR,)
    elif not base_clear:
        chosen, flags = SliceConvention(winner.source, 1), (FLAG_BASE_UNCLEAR,)
    return ConventionEvidence(chosen, source_clear and base_clear, margin, p_value, n_exams, len(trials), flags, scores)


def _score(convention: SliceConvention, distances: Sequence[int | None]) -> ConventionScore:
    hits = [distance for distance in distances if distance is not None]
    n = max(len(distances), 1)
    return ConventionScore(convention, len(hits) / n, hits.count(0) / n, sum(hits) / len(hits) if hits else None)


def _rank(score: ConventionScore) -> tuple[float, float, int]:
    distance = math.inf if score.mean_distance is None else score.mean_distance
    return -score.match_rate, distance, CONVENTIONS.index(score.convention)


def _sign_test(first: Sequence[int | None], second: Sequence[int | None]) -> tuple[float, float]:
    """Compare two conventions finding by finding; return the margin and the one-sided p value."""
    far = 10**9  # a miss is worse than any hit
    pairs = [(far if a is None else a, far if b is None else b) for a, b in zip(first, second, strict=True)]
    wins, losses = sum(a < b for a, b in pairs), sum(a > b for a, b in pairs)
    n = wins + losses
    p = sum(math.comb(n, i) for i in range(wins, n + 1)) / 2**n
    return (wins - losses) / max(len(pairs), 1), p
