"""Threshold methods: which contour level a lesion gets. Pure arithmetic, shared by all backends.

A method is a generator. It yields :class:`Probe` ("draw the contour at this level"), receives a :class:`Reading` (what was
measured inside it) and returns an :class:`Outcome`. The backends draw contours, on one lesion or on thousands at once; the
decisions are taken here, in float64, once for all backends, so that these cannot disagree about them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from petarseg.errors import FindingRejected
from petarseg.lesions.sphere import threshold_curve
from petarseg.reasons import Reason


@dataclass(frozen=True, slots=True)
class Probe:
    """A contour to draw: the component of ``SUV >= threshold`` that holds the seed.

    Parameters
    ----------
    threshold_suv : float
        Its level.
    background : bool
        Whether the background around it is wanted too.
    """

    threshold_suv: float
    background: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a backend measured inside a contour.

    Parameters
    ----------
    n_voxels : int
        Voxels inside.
    volume_ml : float
        Volume enclosed, to less than a voxel.
    mean_suv : float
        Mean inside.
    background_suv : float or None
        Median of a shell around it; None when not asked for or when nothing is left of the shell.
    hotter : bool
        The contour holds a voxel hotter than the seed: it has run into another structure.
    too_large : bool
        The contour outgrew what a lesion can be; the other numbers are then meaningless.
    """

    n_voxels: int
    volume_ml: float
    mean_suv: float
    background_suv: float | None
    hotter: bool
    too_large: bool


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
    """

    suv_max: float
    background_suv: float
    suv_max_report: float | None
    fwhm_mm: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """The contour that a method settled on; the backend still holds it."""

    threshold_suv: float
    iterations: int
    stop_reason: str
    background_suv: float | None
    flags: tuple[str, ...] = ()


Method = Callable[[Seed], Generator[Probe, Reading, Outcome]]

CONVERGED = 0.005
"""The average-based iteration stops when the threshold moves by less than this fraction."""

MAX_ITERATIONS = 40


def fixed_fraction(fraction: float) -> Method:
    """Return the method that takes a fixed fraction of the maximum (EANM: 0.41; also 0.50)."""

    def method(seed: Seed) -> Generator[Probe, Reading, Outcome]:
        threshold = fraction * seed.suv_max
        reading = yield Probe(threshold)
        if reading.too_large or reading.hotter:
            raise FindingRejected(Reason.MASK_LEAK, {"threshold_suv": round(threshold, 4), "hotter_inside": reading.hotter})
        return Outcome(threshold, 1, "fixed", None)

    return method


def average_iterative(seed: Seed) -> Generator[Probe, Reading, Outcome]:
    """Iterate volume and mean to the contour that encloses a sphere's true volume (Jentzen 2015; SPEC 1.3)."""
    curve = threshold_curve(seed.fwhm_mm)
    background = seed.background_suv
    threshold = background + 0.5 * (seed.suv_max - background)
    leaked_at = 0.0
    flags: tuple[str, ...] = ()
    visited: list[float] = []
    for iteration in range(1, MAX_ITERATIONS + 1):
        reading = yield Probe(threshold, background=iteration <= 4)
        if reading.too_large or reading.hotter:
            leaked_at = threshold
            threshold += 0.2 * (seed.suv_max - threshold)
            flags = ("leak_suspected",)
            if threshold > 0.97 * seed.suv_max:
                raise FindingRejected(Reason.MASK_LEAK, {"threshold_suv": round(leaked_at, 4), "hotter_inside": reading.hotter})
            continue
        if reading.background_suv is not None:
            background = reading.background_suv
        wanted = background + curve(reading.volume_ml) * (reading.mean_suv - background)
        if wanted <= leaked_at:
            return Outcome(threshold, iteration, "leak_limit", background, flags)
        if abs(wanted - threshold) <= CONVERGED * threshold:
            return Outcome(threshold, iteration, "converged", background, flags)
        if any(abs(wanted - earlier) <= 1e-9 for earlier in visited):
            wanted = 0.5 * (wanted + threshold)  # the contour jumps between two levels: settle between them
        visited.append(threshold)
        threshold = wanted
    raise FindingRejected(Reason.NOT_CONVERGED, {"iterations": MAX_ITERATIONS, "threshold_suv": round(threshold, 4)})


METHODS: dict[str, Method] = {
    "avg_itm": average_iterative,
    "fixed41": fixed_fraction(0.41),
    "fixed50": fixed_fraction(0.50),
}
"""Every method by its name in the configuration."""
