"""Where in a PET could a reported lesion be? One pass over the volume answers for all findings of an exam.

A finding with reported maximum S fits a component of ``SUV >= T0(S)`` whose own maximum is S within the tolerance. Such a
maximum is never exceeded by a face neighbour, so it is enough to look at the local maxima in the window and to grow a component
from each. The result, a few numbers per component, also serves to find out how a site counts slices.

References
----------
The initial threshold and the tolerance are those of the PETARSeg pipeline (SPEC 1.2, steps 8-9).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from petarseg.errors import ConfigError, FindingRejected
from petarseg.lesions.components import Component, Index3, component_at
from petarseg.reasons import Reason
from petarseg.volume import Units, Volume

ASSUMED_BACKGROUND_SUV = 1.0
"""Background before any is measured (SPEC 1.2)."""

HIGHEST_SUV = 1e5
"""No image in SUV holds larger values; integer sums stay far from overflow."""

RAY_STEPS = 6
"""How far, in voxels, the cheap test for a hotter neighbour looks along each axis."""


def initial_threshold_suv(suv_max: float) -> float:
    """Return T0 = 0.316 S + 0.617 B with B = 1 SUV, in SUV."""
    return 0.316 * suv_max + 0.617 * ASSUMED_BACKGROUND_SUV


def slack_suv(suv_max: float, tolerance_suv: float) -> float:
    """Return a tolerance widened by a few of a float32's last digits.

    A stored 12.9 is 12.8999996 as float32; the slack keeps "within 0.1, the limit included" what a person means by it.
    """
    return tolerance_suv + 1e-6 + 2.5e-7 * abs(suv_max)


def fits(maximum: float, suv_max: float, tolerance_suv: float) -> bool:
    """Tell whether two SUVs differ by at most the tolerance, the limit included."""
    return abs(maximum - suv_max) <= slack_suv(suv_max, tolerance_suv)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A component whose maximum fits a finding.

    Parameters
    ----------
    max_ijk : tuple of int
        Its hottest voxel in the canonical volume.
    suv_max : float
        SUV there.
    k_first, k_last : int
        First and last z index of the component.
    n_voxels : int
        Its size at the initial threshold.
    """

    max_ijk: Index3
    suv_max: float
    k_first: int
    k_last: int
    n_voxels: int

    def crosses(self, k: int) -> bool:
        """Tell whether the component has voxels in the planes up to and from z index `k`."""
        return self.k_first <= k <= self.k_last


def check_pet(pet: Volume) -> None:
    """Refuse an image in which no lesion can be measured.

    Raises
    ------
    ConfigError
        If the volume is not in SUV.
    FindingRejected
        ``INVALID_IMAGE`` if it is empty, holds NaN or infinite values, or has no positive voxel.
    """
    if pet.units not in (Units.SUVBW, Units.OTHER):
        raise ConfigError(f"the PET must be in SUVbw, not in {pet.units.value}: convert it first")
    if pet.array.dtype.kind not in "fiu":
        raise FindingRejected(Reason.INVALID_IMAGE, {"dtype": str(pet.array.dtype)})
    if pet.array.size == 0:
        raise FindingRejected(Reason.INVALID_IMAGE, {"shape": list(pet.shape)})
    lowest, highest = float(pet.array.min()), float(pet.array.max())  # both are NaN as soon as one voxel is
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise FindingRejected(Reason.INVALID_IMAGE, {"finite": False})
    if max(-lowest, highest) > HIGHEST_SUV:
        raise FindingRejected(Reason.INVALID_IMAGE, {"minimum": lowest, "maximum": highest})
    if highest <= 0.0:
        raise FindingRejected(Reason.INVALID_IMAGE, {"maximum": highest})


def find_candidates(pet: Volume, wanted: Iterable[tuple[float, float]]) -> dict[tuple[float, float], tuple[Candidate, ...]]:
    """Find, for every reported maximum, all components anywhere in the volume that have it.

    Parameters
    ----------
    pet : Volume
        Canonical PET in SUV that :func:`check_pet` accepts.
    wanted : iterable of (float, float)
        Pairs of reported SUVmax and tolerance, both finite and positive.

    Returns
    -------
    dict
        Each pair with its candidates, hottest voxel first in x, y, z order.
    """
    pairs = sorted(set(wanted))
    if not pairs:
        return {}
    memory, transposed = _memory_order(pet.array)
    flat = memory.reshape(-1)
    floor = min(suv_max - tolerance for suv_max, tolerance in pairs)
    warm = np.flatnonzero(flat >= np.float32(floor) - np.float32(1e-4 * max(1.0, abs(floor))))
    values = flat[warm]
    found: dict[tuple[float, float], tuple[Candidate, ...]] = {}
    for suv_max, tolerance in pairs:
        slack = slack_suv(suv_max, tolerance)
        seeds = warm[(values >= suv_max - slack) & (values <= suv_max + slack)]
        seeds = _local_maxima(flat, memory.shape, seeds)
        seeds = _without_hotter_in_reach(flat, memory.shape, seeds, initial_threshold_suv(suv_max), suv_max + slack)
        points = np.stack(np.unravel_index(seeds, memory.shape), axis=1)
        points = points[:, ::-1] if transposed else points
        found[suv_max, tolerance] = _grow_each(pet.array, points.astype(np.int64), suv_max, slack)
    return found


def _memory_order(array: NDArray[Any]) -> tuple[NDArray[Any], bool]:
    """Return a C-contiguous view (or copy) for a linear pass, and whether its axes are reversed."""
    if array.flags.f_contiguous and not array.flags.c_contiguous:
        return array.T, True
    return np.ascontiguousarray(array), False


def _neighbours(index: NDArray[np.int64], shape: tuple[int, ...], axis: int, step: int) -> NDArray[np.int64]:
    """Return flat indices `step` voxels further along `axis`; beyond the border the border voxel itself."""
    stride = math.prod(shape[axis + 1 :])
    position = index // stride % shape[axis]
    room = position if step < 0 else shape[axis] - 1 - position
    moved: NDArray[np.int64] = index + np.sign(step) * stride * np.minimum(room, abs(step))
    return moved


def _local_maxima(flat: NDArray[Any], shape: tuple[int, ...], index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Keep the voxels that no face neighbour exceeds."""
    for axis in range(3):
        for step in (-1, 1):
            index = index[flat[index] >= flat[_neighbours(index, shape, axis, step)]]
    return index


def _without_hotter_in_reach(
    flat: NDArray[Any], shape: tuple[int, ...], index: NDArray[np.int64], threshold: float, ceiling: float
) -> NDArray[np.int64]:
    """Drop seeds from which a straight path above `threshold` leads to a voxel above `ceiling`.

    Such a seed belongs to a hotter component. The test is cheap and never wrong; what it misses the growing finds.
    """
    for axis in range(3):
        for direction in (-1, 1):
            hotter = np.zeros(len(index), dtype=bool)
            connected = np.ones(len(index), dtype=bool)
            for step in range(1, RAY_STEPS + 1):
                value = flat[_neighbours(index, shape, axis, direction * step)].astype(np.float64)
                connected &= value >= threshold
                hotter |= connected & (value > ceiling)
            index = index[~hotter]
    return index


def _grow_each(array: NDArray[Any], points: NDArray[np.int64], suv_max: float, slack: float) -> tuple[Candidate, ...]:
    """Grow a component from each seed; several seeds of one plateau give one candidate."""
    threshold = initial_threshold_suv(suv_max)
    candidates: list[Candidate] = []
    while len(points):
        seed = (int(points[0, 0]), int(points[0, 1]), int(points[0, 2]))
        component = component_at(array, seed, threshold, ceiling=suv_max + slack)
        points = points[1:]
        if component is None:
            continue
        points = points[~component.holds(points)]
        if component.complete:
            candidates.append(_candidate(component))
    return tuple(sorted(candidates, key=lambda candidate: candidate.max_ijk))


def _candidate(component: Component) -> Candidate:
    k_first, k_last = component.extent(2)
    return Candidate(component.max_ijk, component.maximum, k_first, k_last, component.n_voxels)
