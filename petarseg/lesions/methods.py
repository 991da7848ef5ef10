"""Threshold methods: which contour a lesion gets. Pure arithmetic, shared by all backends.

A method is a generator. It yields a request (:class:`Contour`, "draw the contour at this level", and two others), receives a
:class:`Reading` (what was measured inside) and returns an :class:`Outcome`. The backends draw, one lesion or thousands at once;
the decisions are taken here, in float64, once for all backends, so that these cannot disagree about them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import NamedTuple

from petarseg.errors import FindingRejected
from petarseg.lesions.sphere import threshold_curve
from petarseg.reasons import Reason


class Contour(NamedTuple):
    """Draw the component of ``SUV >= threshold`` that holds the seed.

    Parameters
    ----------
    threshold_suv : float
        Its level.
    background : bool
        Whether the background around it is wanted.
    fine : bool
        Whether volume and mean are wanted to less than a voxel. Of small lesions alone: in large ones voxels are fine enough.
    mean : bool
        Whether the mean is wanted; without it the reading may give 0.
    """

    threshold_suv: float
    background: bool = False
    fine: bool = False
    mean: bool = True


class Layer(NamedTuple):
    """Add to the current region its neighbours above a threshold, one layer of them (region growing of UW-ITM).

    Parameters
    ----------
    threshold_suv : float or None
        Voxels must exceed it; None only measures around the current region, at first the seed alone.
    diagonal : bool
        Add the 18-neighbours (faces and edges) instead of the 6-neighbours.
    """

    threshold_suv: float | None
    diagonal: bool = False


class Ridge(NamedTuple):
    """Draw the surface along which the image is steepest, between two contours: a watershed of the gradient magnitude.

    Parameters
    ----------
    inner_suv, outer_suv : float
        What lies in the inner contour is lesion, what lies outside the outer one is not.
    """

    inner_suv: float
    outer_suv: float


Request = Contour | Layer | Ridge


class Reading(NamedTuple):
    """What a backend measured inside a region.

    Parameters
    ----------
    n_voxels : int
        Voxels inside.
    volume_ml : float
        Volume enclosed, to less than a voxel where asked for; else that of the voxels.
    mean_suv : float
        Mean inside, likewise.
    background_suv : float or None
        Around it: the median of a shell one FWHM away (Contour), or the mean of the layer three voxels away (Layer). None when not
        asked for or when the image holds no such voxel.
    spread_suv : float or None
        Noise of that background: its median less its 16th percentile (one standard deviation of a normal distribution, and blind
        to hot neighbours). Contour alone.
    edge_suv : float or None
        Mean of the voxels on both sides of the surface (Ridge).
    split : bool
        The contour ran into another lesion or a hotter structure and was cut back at the watershed between them.
    too_large : bool
        The contour outgrew what a lesion can be; the other numbers are then meaningless.
    """

    n_voxels: int
    volume_ml: float
    mean_suv: float
    background_suv: float | None = None
    spread_suv: float | None = None
    edge_suv: float | None = None
    split: bool = False
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Seed:
    """Where a method starts.

    Parameters
    ----------
    suv_max : float
        Value of the hottest voxel.
    background_suv : float
        First estimate of the background.
    suv_max_report : float or None
        What the report says.
    fwhm_mm : float
        Resolution of the image.
    voxel_ml : float
        Volume of a voxel.
    """

    suv_max: float
    background_suv: float
    suv_max_report: float | None
    fwhm_mm: float
    voxel_ml: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """The contour that a method settled on. Drawing `threshold_suv` gives it, save for ``layered`` regions."""

    threshold_suv: float
    iterations: int
    stop_reason: str
    background_suv: float | None
    flags: tuple[str, ...] = ()


Steps = Generator[Request, Reading, Outcome]
Method = Callable[[Seed], Steps]

CONVERGED = 0.005
"""The average-based iteration stops when the threshold moves by less than this fraction."""

MAX_ITERATIONS = 50
"""An iteration that has not settled by then is rejected; it takes four to six steps as a rule."""

BACKGROUND_STEPS = 4
"""The background is measured anew in so many steps; later the contour hardly moves."""

NOISE_FLOOR = 1.5
"""A contour this many standard deviations above the background or lower percolates through the noise and leaks."""

HIGHEST_FRACTION = 0.9
"""A threshold above this fraction of the maximum delineates noise (the limit of the PETARSeg pipeline)."""


def fixed_fraction(fraction: float) -> Method:
    """Return the method that takes a fixed fraction of the maximum (EANM: 0.41; also 0.50)."""

    def method(seed: Seed) -> Steps:
        threshold = fraction * seed.suv_max
        reading = yield Contour(threshold, background=True)
        if reading.too_large or reading.background_suv is None:
            raise FindingRejected(Reason.MASK_LEAK, {"threshold_suv": round(threshold, 4)})
        return Outcome(threshold, 1, "fixed", reading.background_suv)

    return method


def average_iterative(seed: Seed) -> Steps:
    """Iterate volume and mean to the contour that encloses a sphere's true volume (Jentzen 2015; SPEC 1.3).

    ``threshold = B + T_avg(V) (mean - B)``: volume V and mean are those inside the contour, the background B that of a shell around
    it, and T_avg is the blurred sphere's curve. The threshold stays above the noise of the background, where a contour would leak.
    """
    curve = threshold_curve(seed.fwhm_mm)
    background, floor = seed.background_suv, 0.0
    threshold = background + 0.5 * (seed.suv_max - background)
    highest = HIGHEST_FRACTION * seed.suv_max
    flags: tuple[str, ...] = ()
    visited: list[float] = []
    for iteration in range(1, MAX_ITERATIONS + 1):
        if threshold > highest:
            reason = Reason.MASK_LEAK if flags else Reason.THRESHOLD_TOO_HIGH
            raise FindingRejected(reason, _evidence(seed, threshold, background, iteration))
        reading = yield Contour(threshold, background=iteration <= BACKGROUND_STEPS or bool(flags), fine=True)
        if reading.too_large:
            floor, flags = threshold, ("leak_suspected",)
            threshold += 0.15 * (seed.suv_max - threshold)
            continue
        if reading.background_suv is not None and reading.spread_suv is not None:
            background = reading.background_suv
            floor = max(floor, background + NOISE_FLOOR * reading.spread_suv)
        elif iteration <= BACKGROUND_STEPS:
            raise FindingRejected(Reason.MASK_LEAK, _evidence(seed, threshold, background, iteration))
        wanted = max(background + curve(reading.volume_ml) * (reading.mean_suv - background), floor)
        if abs(wanted - threshold) <= CONVERGED * threshold:
            if wanted == floor:
                flags = (*flags, "near_noise")
            threshold = yield from _match_volume(seed, threshold, reading, background, floor)
            return Outcome(threshold, iteration, "converged", background, flags)
        if any(abs(wanted - earlier) <= 1e-9 for earlier in visited):
            wanted = 0.5 * (wanted + threshold)  # the contour jumps between two levels: settle between them
        visited.append(threshold)
        threshold = wanted
    raise FindingRejected(Reason.NOT_CONVERGED, _evidence(seed, threshold, background, MAX_ITERATIONS))


MATCHED_VOXELS = 300
"""In lesions of fewer voxels the threshold is adjusted until the mask has the volume that the contour encloses."""

MATCH_STEPS = 7


def _match_volume(seed: Seed, threshold: float, reading: Reading, background: float, floor: float) -> Generator[Request, Reading, float]:
    """Move the threshold a little, so that the number of voxels fits the volume enclosed; return it, drawn last.

    Where the voxels' centres happen to lie makes the mask of a lesion of 18 voxels up to a quarter too large or too small at one and
    the same threshold.
    """
    wanted = reading.volume_ml / seed.voxel_ml
    if wanted >= MATCHED_VOXELS:
        return threshold
    low = max(background + 0.75 * (threshold - background), floor)
    high = min(background + 1.25 * (threshold - background), seed.suv_max)
    best, best_misfit, last = threshold, abs(reading.n_voxels - wanted), threshold
    too_many = reading.n_voxels > wanted
    for _ in range(MATCH_STEPS):
        if best_misfit <= max(0.5, 0.01 * wanted):
            break
        low, high = (last, high) if too_many else (low, last)
        last = 0.5 * (low + high)
        reading = yield Contour(last, mean=False)
        misfit = abs(reading.n_voxels - wanted)
        if not reading.too_large and misfit < best_misfit:
            best, best_misfit = last, misfit
        too_many = reading.too_large or reading.n_voxels > wanted
    if best != last:
        yield Contour(best, mean=False)
    return best


GE_VOXEL_ML = 0.0435
"""Smallest volume in the UW pipeline's formula: one voxel of 3.646 x 3.646 x 3.27 mm."""


def uw_iterative(seed: Seed) -> Steps:
    """Grow a region as the PETARSeg pipeline does, with its failure modes: a reproduction, not a recommendation (SPEC 1.3).

    ``T / S = 0.078 / V + 0.617 B / S + 0.316`` (Jentzen 2007) with S the reported maximum, V in ml and B the mean of the layer three
    voxels around the region. One layer is added a step, nothing is ever removed, and the loop ends when T moves by less than 1 %, be
    the region full or not. Large lesions are dropped, because the layer then lies inside them.
    """
    peak = seed.suv_max if seed.suv_max_report is None else seed.suv_max_report
    reading = yield Layer(None)
    background = reading.background_suv
    if background is None:
        raise FindingRejected(Reason.MASK_LEAK, {"iterations": 0})
    threshold = 0.316 * peak + 0.617 * background
    reading = yield Layer(threshold, diagonal=True)
    for iteration in range(1, 200):
        if reading.background_suv is None or reading.too_large:
            raise FindingRejected(Reason.MASK_LEAK, _evidence(seed, threshold, background, iteration))
        background = reading.background_suv
        before = threshold
        threshold = (0.078 / max(reading.volume_ml, GE_VOXEL_ML) + 0.316) * peak + 0.617 * background
        if threshold > HIGHEST_FRACTION * peak:
            raise FindingRejected(Reason.THRESHOLD_TOO_HIGH, _evidence(seed, threshold, background, iteration))
        reading = yield Layer(threshold)
        if abs(threshold - before) <= 0.01 * before:
            return Outcome(threshold, iteration, "threshold_settled", background)
    raise FindingRejected(Reason.NOT_CONVERGED, _evidence(seed, threshold, background, 200))


INNER_FRACTION, OUTER_FRACTION = 0.9, 0.2
"""The surface is sought between these fractions of the corrected mean inside the 41 % contour."""


def steepest_surface(seed: Seed) -> Steps:
    """Take the surface along which the image is steepest: a watershed of the gradient between a core and the surroundings."""
    background = seed.background_suv
    reading = yield Contour(background + 0.41 * (seed.suv_max - background), background=True)
    if reading.too_large or reading.background_suv is None:
        raise FindingRejected(Reason.MASK_LEAK, _evidence(seed, seed.suv_max, background, 1))
    background = reading.background_suv
    signal = reading.mean_suv - background
    outer = background + max(OUTER_FRACTION * signal, NOISE_FLOOR * (reading.spread_suv or 0.0))
    inner = max(background + INNER_FRACTION * signal, outer)
    reading = yield Ridge(min(inner, seed.suv_max), outer)
    if reading.too_large or reading.edge_suv is None:
        raise FindingRejected(Reason.MASK_LEAK, _evidence(seed, outer, background, 2))
    return Outcome(reading.edge_suv, 2, "steepest", background)


def _evidence(seed: Seed, threshold: float, background: float, iterations: int) -> dict[str, object]:
    return {
        "suv_max": round(seed.suv_max, 4),
        "threshold_suv": round(threshold, 4),
        "background_suv": round(background, 4),
        "iterations": iterations,
    }


METHODS: dict[str, Method] = {
    "avg_itm": average_iterative,
    "uw_itm": uw_iterative,
    "fixed41": fixed_fraction(0.41),
    "fixed50": fixed_fraction(0.50),
    "gradient": steepest_surface,
}
"""Every method by its name in the configuration."""
