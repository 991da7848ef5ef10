"""A finding whose lesion shares its component with something hotter: tell whether it is a lesion of its own.

Two lesions that touch, or a lesion beside a hot organ, form one component above the fainter one's initial threshold, so that no
component has the fainter maximum. The finding is still accepted when the image shows it: a local maximum of that value on that
slice, either behind a neck in the component of another accepted finding, or with a half-maximum contour of its own when the hotter
structure is not in the report. Hot spots of one lesion have neither.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from petarseg.lesions.candidates import initial_threshold_suv
from petarseg.lesions.components import Component, Index3, component_at
from petarseg.lesions.split import basin, neck_ratio
from petarseg.lesions.surroundings import look_around

NECK_RATIO = 0.75
"""Two maxima are two lesions where the contour at half the fainter one's height narrows to this share of the smaller lobe."""

DIP = 0.97
"""Between two lesions the image falls below this share of the fainter one's height; noise and shoulders dip less."""

SMALLEST_ML = 0.3
"""A maximum with a smaller basin above half its height is noise."""

REACH_MM = 40.0
"""How far from the reported slice the local maximum may lie."""

MOST_PEAKS = 60
"""More local maxima of the reported value than this are noise; the rest is not looked at."""

LONGEST_SIDE = 200
"""Larger components, in voxels a side, are not split."""


@dataclass(frozen=True, slots=True)
class SubPeak:
    """A local maximum inside the component of another finding.

    Parameters
    ----------
    ijk : tuple of int
        Its place.
    suv : float
        Its value.
    shared_with : str or None
        The finding whose component it lies in; None when the hotter structure is no finding.
    neck : float
        How much the contour narrows between the two (see ``neck_ratio``).
    crosses : bool
        Whether its watershed basin crosses the reported slice.
    """

    ijk: Index3
    suv: float
    shared_with: str | None
    neck: float
    crosses: bool

    @property
    def real(self) -> bool:
        """Whether it is a lesion of its own on the reported slice."""
        return self.crosses and self.neck <= (0.0 if self.shared_with is None else NECK_RATIO)


@dataclass(frozen=True, slots=True)
class _Lobe:
    """A maximum's own part of a component above half its height: a box's start, the mask in it, and the maximum's place there."""

    start: Index3
    mask: NDArray[np.bool_]
    peak: Index3

    def includes(self, ijk: Index3, spacing_mm: tuple[float, float, float]) -> bool:
        """Tell whether a voxel lies in the lobe with no neck between it and the maximum."""
        local = _minus(ijk, self.start)
        if not all(0 <= index < size for index, size in zip(local, self.mask.shape, strict=True)) or not self.mask[local]:
            return False
        return neck_ratio(self.mask, self.peak, local, spacing_mm) > NECK_RATIO


def find_sub_peaks(
    array: NDArray[Any],
    spacing_mm: tuple[float, float, float],
    suv_max: float,
    slack: float,
    k: int,
    accepted: Mapping[str, Index3],
) -> list[SubPeak]:
    """Find local maxima of a reported value that lie in the component of something hotter.

    Parameters
    ----------
    array : ndarray, shape (X, Y, Z)
        Canonical PET in SUV.
    spacing_mm : tuple of float
        Its voxel spacing.
    suv_max, slack : float
        The reported value and the tolerance, limits included.
    k : int
        z index of the reported slice.
    accepted : mapping of str to tuple of int
        Hottest voxels of the findings accepted so far, by finding.

    Returns
    -------
    list of SubPeak
        Hottest first.
    """
    found: list[SubPeak] = []
    seeds = {finding: seed for finding, seed in accepted.items() if float(array[seed]) > suv_max + slack}
    summits: list[Component] = []
    lobes: list[_Lobe] = []
    for peak in _local_peaks(array, suv_max, slack, k, max(1, round(REACH_MM / spacing_mm[2])))[:MOST_PEAKS]:
        if any(summit.holds(np.array([peak]))[0] for summit in summits):
            continue  # a second voxel of the same maximum
        if any(lobe.includes(peak, spacing_mm) for lobe in lobes):
            continue  # a fainter maximum of the same lesion, such as noise makes
        component = component_at(array, peak, initial_threshold_suv(suv_max), max_voxels_per_side=LONGEST_SIDE)
        if component is None or not component.complete:
            continue
        if component.maximum <= suv_max + slack:
            continue  # a component of its own, searched already
        hotter: dict[str | None, Index3] = {name: seed for name, seed in seeds.items() if component.holds(np.array([seed]))[0]}
        hotter = hotter or {None: component.max_ijk}
        start, stop = component.start, np.add(component.start, component.mask.shape)
        values = array[tuple(slice(low, high) for low, high in zip(start, stop, strict=True))].astype(np.float64)
        local = _minus(peak, start)
        rivals = {finding: _minus(seed, start) for finding, seed in hotter.items()}
        background = look_around(array, peak, spacing_mm).background_suv
        height = float(array[peak]) - background
        summit = component_at(array, peak, background + DIP * height, max_voxels_per_side=LONGEST_SIDE)
        if summit is None or summit.holds(np.array(list(hotter.values()))).any():
            continue  # a shoulder or noise, no maximum of its own
        summits.append(summit)
        half = component_at(values, local, background + 0.5 * height)
        necks: dict[str | None, float] = {}
        for finding, rival in rivals.items():
            together = half is not None and bool(half.holds(np.array([rival]))[0])
            if half is not None and together:
                necks[finding] = neck_ratio(half.mask, _minus(local, half.start), _minus(rival, half.start), spacing_mm)
            else:
                necks[finding] = 0.0
        nearest = max(necks, key=lambda finding: necks[finding])
        own = basin(values, component.mask, local, list(rivals.values()))
        lobe = _Lobe(start, own & (values >= background + 0.5 * height), local)
        if np.count_nonzero(lobe.mask) * math.prod(spacing_mm) / 1_000.0 < SMALLEST_ML:
            continue
        lobes.append(lobe)
        crosses = 0 <= k - start[2] < own.shape[2] and bool(own[:, :, k - start[2]].any())
        found.append(SubPeak(peak, float(array[peak]), nearest, round(necks[nearest], 3), crosses))
    return sorted(found, key=lambda peak: (-peak.suv, peak.ijk))


def _minus(index: Index3, start: Index3) -> Index3:
    return index[0] - start[0], index[1] - start[1], index[2] - start[2]


def _local_peaks(array: NDArray[Any], suv_max: float, slack: float, k: int, reach: int) -> list[Index3]:
    """Return voxels in the window, near slice `k`, that none of their 26 neighbours exceeds; the hottest first."""
    low = max(k - reach, 0)
    slab = array[:, :, low : k + reach + 1].astype(np.float64)
    points = np.argwhere(np.abs(slab - suv_max) <= slack) + np.array([0, 0, low])
    steps = np.array([(i, j, m) for i in (-1, 0, 1) for j in (-1, 0, 1) for m in (-1, 0, 1)])
    around = np.clip(points[:, None, :] + steps, 0, np.asarray(array.shape) - 1)
    neighbours = array[around[..., 0], around[..., 1], around[..., 2]]
    peaks = points[neighbours.max(axis=1) <= array[tuple(points.T)]] if len(points) else points
    order = np.argsort(-array[tuple(peaks.T)].astype(np.float64), kind="stable")
    return [(int(i), int(j), int(m)) for i, j, m in peaks[order]]
