"""What is to be grown, and the checks before and after: shared by all backends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from petarseg.errors import ConfigError, FindingRejected
from petarseg.lesions.components import Index3
from petarseg.lesions.measure import Lesion, describe
from petarseg.lesions.methods import METHODS, Outcome
from petarseg.reasons import Reason
from petarseg.volume import Units, Volume

LOW_CONTRAST = 1.5
"""A mean below this multiple of the background is flagged."""

REPORT_TOLERANCE_SUV = 0.2
"""The maximum of a mask may differ by this from the report (SPEC 1.2, step 13)."""

INTEGER_TOLERANCE_SUV = 0.5
"""The same for a whole number, which the report may have rounded (SPEC decision 16)."""


@dataclass(frozen=True, slots=True)
class Job:
    """One lesion to grow.

    Parameters
    ----------
    pet : Volume
        PET in SUVbw on its native grid, any orientation.
    seed_ijk : tuple of int
        The lesion's hottest voxel.
    suv_max_report : float, optional
        What the report says.
    rivals_ijk : sequence of tuple of int, optional
        Hottest voxels of other lesions from which a shared contour is split (``Match.rivals_ijk``).
    """

    pet: Volume
    seed_ijk: Index3
    suv_max_report: float | None = None
    rivals_ijk: Sequence[Index3] = ()


def check_settings(method: str, fwhm_mm: float) -> None:
    """Refuse settings that no lesion could be grown with (ConfigError)."""
    if method not in METHODS:
        raise ConfigError(f"unknown mask method {method!r}; choose one of {', '.join(METHODS)}")
    if not (math.isfinite(fwhm_mm) and 0.5 <= fwhm_mm <= 30.0):
        raise ConfigError(f"fwhm_mm must be between 0.5 and 30 mm, not {fwhm_mm}")


def checked_seed(job: Job) -> Index3:
    """Return the seed; refuse one outside the volume or without a positive, finite value."""
    if job.pet.units not in (Units.SUVBW, Units.OTHER):
        raise ConfigError(f"the PET must be in SUVbw, not in {job.pet.units.value}: convert it first")
    i, j, k = (int(index) for index in job.seed_ijk)
    if not all(0 <= index < size for index, size in zip((i, j, k), job.pet.shape, strict=True)):
        raise FindingRejected(Reason.INVALID_VALUE, {"seed_ijk": [i, j, k], "shape": list(job.pet.shape)})
    value = float(job.pet.array[i, j, k])
    if not (math.isfinite(value) and value > 0.0):
        raise FindingRejected(Reason.INVALID_IMAGE, {"seed_value": repr(value)})
    return i, j, k


def finish(job: Job, start: Index3, mask: NDArray[np.bool_], outcome: Outcome, method: str, *, split: bool) -> Lesion:
    """Measure a finished mask and check it (SPEC 1.2, step 13).

    Raises
    ------
    FindingRejected
        If the mask contradicts the report, is a single voxel in the slice of its maximum, or is cut by the border at its widest.
    """
    lesion = describe(
        job.pet,
        start,
        mask,
        threshold_suv=outcome.threshold_suv,
        iterations=outcome.iterations,
        stop_reason=outcome.stop_reason,
        background_suv=outcome.background_suv,
        method=method,
        flags=(*outcome.flags, "split") if split else outcome.flags,
    )
    evidence: dict[str, object] = {
        "suv_max": round(lesion.suv_max, 4),
        "threshold_suv": round(lesion.threshold_suv, 4),
        "volume_ml": round(lesion.volume_ml, 4),
    }
    report = job.suv_max_report
    if report is not None:
        tolerance = INTEGER_TOLERANCE_SUV if float(report).is_integer() else REPORT_TOLERANCE_SUV
        if not abs(lesion.suv_max - report) <= tolerance + 1e-5:
            raise FindingRejected(Reason.MASK_INCONSISTENT, evidence | {"suv_max_report": report})
    in_plane = int(np.count_nonzero(lesion.mask[:, :, lesion.max_ijk[2] - lesion.mask_start_ijk[2]]))
    if in_plane <= 1:
        raise FindingRejected(Reason.MASK_TOO_SMALL, evidence)
    touched = [(axis, end) for axis, size in enumerate(job.pet.shape) for end in (0, size - 1) if end in lesion.bbox_ijk[axis]]
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
