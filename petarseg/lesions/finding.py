"""What a report says about a lesion, and the lesion that it means."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from petarseg.lesions.candidates import HIGHEST_SUV
from petarseg.lesions.components import Index3

TOLERANCE_SUV = 0.1
"""A component fits when its maximum is within this of the reported SUVmax, the limit included (SPEC decision 16)."""

INTEGER_TOLERANCE_SUV = 0.5
"""The tolerance for a value that the report gives without decimals."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a report says about one lesion.

    Parameters
    ----------
    finding_id : str
        Any name, unique within the exam.
    suv_max : float
        Reported SUVmax.
    axial_slice : int
        Reported axial slice number, in the numbering of the site.
    laterality : str
        "left", "right", "bilateral", "midline" or "none".
    suv_decimals : int, optional
        Decimals with which the report gives the SUV; 0 widens the tolerance. None when unknown.
    organ : str, optional
        Organ that the report names, in the words of ``petarseg.anatomy.organs``; settles ties alone.
    """

    finding_id: str
    suv_max: float
    axial_slice: int
    laterality: str = "none"
    suv_decimals: int | None = None
    organ: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The hottest voxel of the lesion that a finding means.

    Parameters
    ----------
    finding_id : str
        Of the query.
    seed_ijk : tuple of int
        Hottest voxel, an index into the array of the PET that was given.
    suv_max : float
        SUV there.
    slice_convention : str
        Name of the convention by which the slice was read.
    flags : tuple of str
        What a reviewer should know.
    evidence : dict
        Numbers behind the decision, JSON-serialisable.
    rivals_ijk : tuple of tuple of int
        Hottest voxels of other lesions that share the component; the mask must be split from them.
    """

    finding_id: str
    seed_ijk: Index3
    suv_max: float
    slice_convention: str
    flags: tuple[str, ...]
    evidence: dict[str, object] = field(default_factory=dict)
    rivals_ijk: tuple[Index3, ...] = ()


def tolerance_of(query: Query, tolerance_suv: float = TOLERANCE_SUV) -> float:
    """Return the tolerance that applies to a query, in SUV (SPEC decision 16)."""
    return max(tolerance_suv, INTEGER_TOLERANCE_SUV) if query.suv_decimals == 0 else tolerance_suv


def usable(query: Query) -> bool:
    """Tell whether the numbers of a query can be searched for at all."""
    return (
        isinstance(query.suv_max, int | float)
        and math.isfinite(query.suv_max)
        and 0.0 < query.suv_max <= HIGHEST_SUV
        and isinstance(query.axial_slice, int | np.integer)
        and not isinstance(query.axial_slice, bool)
    )
