"""Grow a lesion's mask from its hottest voxel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from petarseg.errors import ConfigError, FindingRejected
from petarseg.lesions.components import Index3
from petarseg.lesions.measure import Lesion, describe
from petarseg.lesions.methods import METHODS, Outcome, Seed
from petarseg.lesions.neighbourhood import Neighbourhood, first_background
from petarseg.lesions.sphere import DEFAULT_FWHM_MM
from petarseg.reasons import Reason
from petarseg.volume import Units, Volume

DEFAULT_METHOD = "avg_itm"

LOW_CONTRAST = 1.5
"""A mean below this multiple of the background is flagged."""

DEVICES = ("auto", "cpu", "cuda")

REPORT_TOLERANCE_SUV = 0.2
"""The maximum of a mask may differ by this from the report (SPEC 1.2, step 13)."""


def grow_lesion(
    pet: Volume,
    seed_ijk: Index3,
    *,
    method: str = DEFAULT_METHOD,
    fwhm_mm: float = DEFAULT_FWHM_MM,
    suv_max_report: float | None = None,
    rivals_ijk: Sequence[Index3] = (),
    device: str = "cpu",
) -> Lesion:
    """Grow the mask of one lesion.

    Parameters
    ----------
    pet : Volume
        PET in SUVbw on its native grid, any orientation.
    seed_ijk : tuple of int
        The lesion's hottest voxel.
    method : str
        One of ``METHODS``.
    fwhm_mm : float
        Resolution of the reconstructed image in mm.
    suv_max_report : float, optional
        What the report says.
    rivals_ijk : sequence of tuple of int, optional
        Hottest voxels of other lesions from which a shared contour is split (``Match.rivals_ijk``).
    device : str
        "cpu", "cuda" or "auto".

    Returns
    -------
    Lesion
        The mask and what was measured in it.

    Raises
    ------
    ConfigError
        For an unknown method or device, a resolution that is not positive, or a volume that is not in SUV.
    FindingRejected
        With the reason, when no trustworthy mask exists.
    """
    _check_settings(pet, method, fwhm_mm, device)
    seed = _checked_seed(pet, seed_ijk)
    spacing_mm = pet.spacing_mm
    place = Neighbourhood(pet.array, seed, spacing_mm, fwhm_mm, rivals_ijk)
    start = Seed(float(pet.array[seed]), first_background(pet.array, seed, spacing_mm), suv_max_report, fwhm_mm, place.voxel_ml)
    steps = METHODS[method](start)
    reading = place.answer(next(steps))
    while True:
        try:
            reading = place.answer(steps.send(reading))
        except StopIteration as stop:
            outcome: Outcome = stop.value
            break
    flags = (*outcome.flags, "split") if reading.split else outcome.flags
    lesion = describe(
        pet,
        place.start,
        place.mask,
        threshold_suv=outcome.threshold_suv,
        iterations=outcome.iterations,
        stop_reason=outcome.stop_reason,
        background_suv=outcome.background_suv,
        method=method,
        flags=flags,
    )
    return _accepted(pet, lesion, suv_max_report)


def _check_settings(pet: Volume, method: str, fwhm_mm: float, device: str) -> None:
    if device not in DEVICES:
        raise ConfigError(f"unknown device {device!r}; choose one of {', '.join(DEVICES)}")
    if method not in METHODS:
        raise ConfigError(f"unknown mask method {method!r}; choose one of {', '.join(METHODS)}")
    if not (math.isfinite(fwhm_mm) and 0.5 <= fwhm_mm <= 30.0):
        raise ConfigError(f"fwhm_mm must be between 0.5 and 30 mm, not {fwhm_mm}")
    if pet.units not in (Units.SUVBW, Units.OTHER):
        raise ConfigError(f"the PET must be in SUVbw, not in {pet.units.value}: convert it first")


def _checked_seed(pet: Volume, seed_ijk: Index3) -> Index3:
    """Refuse a seed outside the volume or without a positive, finite value."""
    i, j, k = (int(index) for index in seed_ijk)
    if not all(0 <= index < size for index, size in zip((i, j, k), pet.shape, strict=True)):
        raise FindingRejected(Reason.INVALID_VALUE, {"seed_ijk": [i, j, k], "shape": list(pet.shape)})
    value = float(pet.array[i, j, k])
    if not (math.isfinite(value) and value > 0.0):
        raise FindingRejected(Reason.INVALID_IMAGE, {"seed_value": repr(value)})
    return i, j, k


def _accepted(pet: Volume, lesion: Lesion, suv_max_report: float | None) -> Lesion:
    """Check a finished mask (SPEC 1.2, step 13)."""
    evidence: dict[str, object] = {
        "suv_max": round(lesion.suv_max, 4),
        "threshold_suv": round(lesion.threshold_suv, 4),
        "volume_ml": round(lesion.volume_ml, 4),
    }
    if suv_max_report is not None and abs(lesion.suv_max - suv_max_report) > REPORT_TOLERANCE_SUV + 1e-6:
        raise FindingRejected(Reason.MASK_INCONSISTENT, evidence | {"suv_max_report": suv_max_report})
    in_plane = int(np.count_nonzero(lesion.mask[:, :, lesion.max_ijk[2] - lesion.mask_start_ijk[2]]))
    if in_plane <= 1:
        raise FindingRejected(Reason.MASK_TOO_SMALL, evidence)
    touched = [(axis, end) for axis, size in enumerate(pet.shape) for end in (0, size - 1) if end in lesion.bbox_ijk[axis]]
    for axis, end in touched:
        sections = np.count_nonzero(lesion.mask, axis=tuple(other for other in range(3) if other != axis))
        if lesion.max_ijk[axis] == end and sections[0 if end == 0 else -1] == sections.max():
            raise FindingRejected(Reason.MASK_AT_BORDER, evidence | {"axis": "xyz"[axis]})
    flags = list(lesion.flags)
    if touched:
        flags.append("at_border")
    if lesion.background_suv is not None and lesion.suv_mean < LOW_CONTRAST * lesion.background_suv:
        flags.append("low_contrast")
    return replace(lesion, flags=tuple(flags)) if len(flags) > len(lesion.flags) else lesion
