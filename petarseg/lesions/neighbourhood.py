"""The CPU reference backend: contours around one seed, in a box that grows with the lesion."""

from __future__ import annotations

import math
from typing import Any

import cc3d
import numpy as np
from numpy.typing import NDArray

from petarseg.lesions.components import Index3
from petarseg.lesions.methods import Probe, Reading

QUANTUM_SUV = 2.0**-20
"""Sums are taken over integer multiples of this. Integer sums do not depend on their order, so every backend gets the same."""

MAX_EXTENT_MM = 450.0
"""A contour that is longer than this along an axis is no lesion."""

SHELL_MM = 5.0
"""Thickness of the shell in which the background is measured."""

START_MM = 28.0
"""Half width of the first box."""

RAY_MM = 60.0
"""How far the first estimate of the background looks."""


def shell_reach(spacing_mm: tuple[float, float, float], fwhm_mm: float) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the inner and outer reach of the background shell in voxels along each axis.

    The shell begins one FWHM beyond the contour, where less than 1 % of a lesion's signal is left.
    """
    inner = tuple(max(1, math.ceil(fwhm_mm / step - 1e-6)) for step in spacing_mm)
    outer = tuple(near + max(1, round(SHELL_MM / step)) for near, step in zip(inner, spacing_mm, strict=True))
    return inner, outer


def dilate(mask: NDArray[np.bool_], reach: tuple[int, ...]) -> NDArray[np.bool_]:
    """Dilate by a box of ``2 reach + 1`` voxels, axis by axis."""
    for axis, steps in enumerate(reach):
        done = 0
        while done < steps:
            step = min(done + 1, steps - done)  # the windows double: few passes reach far
            grown = mask.copy()
            ahead: list[slice] = [slice(None)] * 3
            behind: list[slice] = [slice(None)] * 3
            ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
            grown[tuple(ahead)] |= mask[tuple(behind)]
            grown[tuple(behind)] |= mask[tuple(ahead)]
            mask, done = grown, done + step
    return mask


def first_background(array: NDArray[Any], seed: Index3, spacing_mm: tuple[float, float, float]) -> float:
    """Estimate the background from the lowest values on 26 rays that leave the seed: the median of the minima, in SUV."""
    lowest = []
    for direction in DIRECTIONS:
        step_mm = math.sqrt(sum((d * s) ** 2 for d, s in zip(direction, spacing_mm, strict=True)))
        n = int(RAY_MM / step_mm)
        for d, c, size in zip(direction, seed, array.shape, strict=True):
            if d:
                n = min(n, size - 1 - c if d > 0 else c)
        if n > 0:
            steps = np.arange(1, n + 1)
            lowest.append(float(array[tuple(c + d * steps for c, d in zip(seed, direction, strict=True))].min()))
    if not lowest:
        return 0.0
    lowest.sort()
    return lowest[(len(lowest) - 1) // 2]


DIRECTIONS = [(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1) if (i, j, k) != (0, 0, 0)]


class Neighbourhood:
    """Draws contours around a seed and measures in them; remembers the last one.

    Parameters
    ----------
    array : ndarray, shape (X, Y, Z)
        PET in SUV.
    seed : tuple of int
        The lesion's hottest voxel.
    spacing_mm : tuple of float
        Voxel spacing.
    fwhm_mm : float
        Resolution of the image.
    """

    def __init__(self, array: NDArray[Any], seed: Index3, spacing_mm: tuple[float, float, float], fwhm_mm: float) -> None:
        self.array, self.seed, self.spacing_mm = array, seed, spacing_mm
        self.voxel_ml = spacing_mm[0] * spacing_mm[1] * spacing_mm[2] / 1_000.0
        self.inner, self.outer = shell_reach(spacing_mm, fwhm_mm)
        self.suv_max = float(array[seed])
        half = [math.ceil(START_MM / step) for step in spacing_mm]
        self._cut([c - h for c, h in zip(seed, half, strict=True)], [c + h + 1 for c, h in zip(seed, half, strict=True)])
        self.mask = np.zeros(self.values.shape, dtype=bool)

    def _cut(self, low: list[int], high: list[int]) -> None:
        """Take the box ``low .. high``, clipped to the volume."""
        self.low = [max(c, 0) for c in low]
        self.high = [min(c, n) for c, n in zip(high, self.array.shape, strict=True)]
        box = tuple(slice(first, last) for first, last in zip(self.low, self.high, strict=True))
        self.values = np.ascontiguousarray(self.array[box], dtype=np.float64)
        self.quanta = np.rint(self.values * (1.0 / QUANTUM_SUV)).astype(np.int64)
        self.local = tuple(c - first for c, first in zip(self.seed, self.low, strict=True))

    @property
    def start(self) -> Index3:
        """Where the mask's box begins in the volume."""
        return self.low[0], self.low[1], self.low[2]

    def draw(self, probe: Probe) -> Reading:
        """Draw the contour of `probe` around the seed and measure in it."""
        while True:
            above = self.values >= probe.threshold_suv
            labels = cc3d.connected_components(above, connectivity=6)
            self.mask = labels == labels[self.local]
            room = self._room()
            if room is None:
                break
            if any((h - low) * s > MAX_EXTENT_MM for low, h, s in zip(*room, self.spacing_mm, strict=True)):
                return Reading(0, 0.0, 0.0, None, hotter=False, too_large=True)
            self._cut(*room)
        inside = self.quanta[self.mask]
        n = inside.size
        background = self._background(above) if probe.background else None
        return Reading(
            n,
            n * self.voxel_ml,
            int(inside.sum()) / n * QUANTUM_SUV,
            background,
            hotter=int(inside.max()) * QUANTUM_SUV > self.suv_max + QUANTUM_SUV,
            too_large=False,
        )

    def _room(self) -> tuple[list[int], list[int]] | None:
        """Return a larger box when the contour and its shell do not fit into this one, else None."""
        low, high, cramped = list(self.low), list(self.high), False
        for axis in range(3):
            occupied = np.flatnonzero(self.mask.any(axis=tuple(other for other in range(3) if other != axis)))
            margin, length = self.outer[axis], self.high[axis] - self.low[axis]
            if self.low[axis] > 0 and occupied[0] < margin:
                low[axis], cramped = self.low[axis] - max(margin, length // 3), True
            if self.high[axis] < self.array.shape[axis] and occupied[-1] >= length - margin:
                high[axis], cramped = self.high[axis] + max(margin, length // 3), True
        return (low, high) if cramped else None

    def _background(self, above: NDArray[np.bool_]) -> float | None:
        """Return the median of the shell around the contour, other hot structures left out."""
        near = dilate(self.mask, self.inner)
        shell = dilate(near, tuple(o - i for o, i in zip(self.outer, self.inner, strict=True))) & ~near & ~above
        values = self.quanta[shell]
        if values.size == 0:
            return None
        middle = (values.size - 1) // 2
        return int(np.partition(values, middle)[middle]) * QUANTUM_SUV
