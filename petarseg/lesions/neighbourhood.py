"""The CPU reference backend: regions around one seed, in a box that grows with the lesion and never with the volume."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import cc3d
import numpy as np
from numpy.typing import NDArray

from petarseg.errors import FindingRejected
from petarseg.lesions.bits import DEPTH, dilate_words, pack, unpack
from petarseg.lesions.candidates import HIGHEST_SUV
from petarseg.lesions.components import Index3
from petarseg.lesions.methods import MATCHED_VOXELS, Contour, Layer, Reading, Request, Ridge
from petarseg.lesions.split import basin
from petarseg.lesions.subvoxel import REACH, halve, repeat
from petarseg.reasons import Reason

QUANTUM_SUV = 2.0**-20
"""Sums are taken over integer multiples of this. Integer sums do not depend on their order, so every backend gets the same."""

MAX_EXTENT_MM = 450.0
"""A region longer than this along an axis is no lesion."""

SHELL_MM = 5.0
"""Thickness of the shell in which the background is measured."""

START_MM = 26.0
"""Half width of the first box."""

RAY_MM = 60.0
"""How far the first estimate of the background looks."""

LAYER_REACH = 3
"""Distance in voxels of the layer in which UW-ITM measures the background."""

DIRECTIONS = np.array([(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1) if (i, j, k) != (0, 0, 0)])

TOO_LARGE = Reading(0, 0.0, 0.0, too_large=True)

Spacing = tuple[float, float, float]


@lru_cache(maxsize=64)
def shell_reach(spacing_mm: Spacing, fwhm_mm: float) -> tuple[Index3, Index3]:
    """Return the inner and outer reach of the background shell in voxels along each axis.

    The shell begins one FWHM beyond the contour, where less than 1 % of a lesion's signal is left.
    """
    inner = [max(1, math.ceil(fwhm_mm / step - 1e-6)) for step in spacing_mm]
    outer = [near + max(1, round(SHELL_MM / step)) for near, step in zip(inner, spacing_mm, strict=True)]
    return (inner[0], inner[1], inner[2]), (outer[0], outer[1], outer[2])


@lru_cache(maxsize=64)
def _rays(spacing_mm: Spacing) -> NDArray[np.int64]:
    """Return voxel offsets, shape (26, N, 3), along the rays of the first background estimate."""
    step_mm = np.linalg.norm(DIRECTIONS * np.asarray(spacing_mm), axis=1)
    longest = int(RAY_MM / min(spacing_mm))
    steps = np.minimum(np.arange(1, longest + 1), (RAY_MM / step_mm).astype(np.int64)[:, None])
    offsets: NDArray[np.int64] = DIRECTIONS[:, None, :] * steps[:, :, None]
    return offsets


def first_background(array: NDArray[Any], seed: Index3, spacing_mm: Spacing) -> float:
    """Estimate the background from the lowest values on 26 rays that leave the seed: the median of the minima, in SUV."""
    points = np.clip(_rays(spacing_mm) + np.asarray(seed), 0, np.asarray(array.shape) - 1)
    lowest = np.sort(array[points[..., 0], points[..., 1], points[..., 2]].min(axis=1))
    return float(lowest[(len(lowest) - 1) // 2])


def dilate(mask: NDArray[np.bool_], reach: Sequence[int]) -> NDArray[np.bool_]:
    """Dilate by a box of ``2 reach + 1`` voxels, axis by axis."""
    if mask.shape[2] <= DEPTH:
        return unpack(dilate_words(pack(mask), reach), mask.shape[2])
    for axis, steps in enumerate(reach):
        done = 0
        while done < steps:
            step = min(done + 1, steps - done)  # a window cut by the border reaches no further at once
            mask, done = _widen(mask, axis, step), done + step
    return mask


def _widen(mask: NDArray[np.bool_], axis: int, step: int) -> NDArray[np.bool_]:
    """Return `mask` or-ed with itself shifted by `step` both ways along `axis`."""
    grown = mask.copy()
    step = min(step, mask.shape[axis] - 1)
    if step:
        ahead: list[slice] = [slice(None)] * 3
        behind: list[slice] = [slice(None)] * 3
        ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
        grown[tuple(ahead)] |= mask[tuple(behind)]
        grown[tuple(behind)] |= mask[tuple(ahead)]
    return grown


def face_neighbours(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Dilate by the 6-neighbourhood."""
    grown: NDArray[np.bool_] = _widen(mask, 0, 1) | _widen(mask, 1, 1) | _widen(mask, 2, 1)
    return grown


def edge_neighbours(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Dilate by the 18-neighbourhood (a cube of 3 without its corners)."""
    x, y = _widen(mask, 0, 1), _widen(mask, 1, 1)
    grown: NDArray[np.bool_] = _widen(x, 1, 1) | _widen(x, 2, 1) | _widen(y, 2, 1)
    return grown


class Neighbourhood:
    """Draws regions around a seed and measures in them; remembers the last one.

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
    rivals : sequence of tuple of int, optional
        Hottest voxels of other lesions, from which a shared contour is split.
    """

    def __init__(self, array: NDArray[Any], seed: Index3, spacing_mm: Spacing, fwhm_mm: float, rivals: Sequence[Index3] = ()) -> None:
        self.array, self.seed, self.spacing_mm, self.rivals = array, seed, spacing_mm, rivals
        self.voxel_ml = spacing_mm[0] * spacing_mm[1] * spacing_mm[2] / 1_000.0
        self.inner, self.outer = shell_reach(spacing_mm, fwhm_mm)
        self.margin = [max(reach, 2 + REACH) for reach in self.outer]
        half = [max(math.ceil(START_MM / step), LAYER_REACH + 2) for step in spacing_mm]
        self._cut([c - h for c, h in zip(seed, half, strict=True)], [c + h + 1 for c, h in zip(seed, half, strict=True)])
        self.mask: NDArray[np.bool_] = np.zeros(self.values.shape, dtype=bool)
        self.mask[self.local] = True

    def _cut(self, low: list[int], high: list[int]) -> None:
        """Take the box ``low .. high``, clipped to the volume."""
        self.low = [max(c, 0) for c in low]
        self.high = [min(c, n) for c, n in zip(high, self.array.shape, strict=True)]
        box = tuple(slice(first, last) for first, last in zip(self.low, self.high, strict=True))
        self.values = np.ascontiguousarray(self.array[box], dtype=np.float64)
        if not np.abs(self.values).max() <= HIGHEST_SUV:  # also true of NaN
            raise FindingRejected(Reason.INVALID_IMAGE, {"near_lesion": True})
        self.quanta = np.rint(self.values * (1.0 / QUANTUM_SUV)).astype(np.int64)
        self.fine: tuple[list[int], list[int], NDArray[np.float64]] | None = None
        self.local = self._inside(self.seed)

    def _inside(self, ijk: Index3) -> Index3:
        return ijk[0] - self.low[0], ijk[1] - self.low[1], ijk[2] - self.low[2]

    @property
    def start(self) -> Index3:
        """Where the mask's box begins in the volume."""
        return self.low[0], self.low[1], self.low[2]

    def answer(self, request: Request) -> Reading:
        """Draw what is requested and measure in it."""
        if isinstance(request, Contour):
            return self._contour(request)
        return self._layer(request) if isinstance(request, Layer) else self._ridge(request)

    def _contour(self, request: Contour) -> Reading:
        while True:
            above = self.values >= request.threshold_suv
            labels = cc3d.connected_components(above, connectivity=6)
            region: NDArray[np.bool_] = labels == labels[self.local]
            spans = _spans(region)
            if self._too_long(spans):
                return TOO_LARGE
            room = self._room(spans, self.margin)
            if room is None:
                break
            self._cut(*room)
        self.mask, split = self._own(region)
        background, spread = self._background(above) if request.background else (None, None)
        reading = self._reading(background, spread, split=split)
        return self._finer(reading, request.threshold_suv) if request.fine and reading.n_voxels < MATCHED_VOXELS else reading

    def _finer(self, reading: Reading, threshold_suv: float) -> Reading:
        """Measure volume and mean on half the spacing: samples above the threshold in and beside the region."""
        spans = _spans(self.mask)
        low = [max(first - 1, 0) for first, _ in spans]
        high = [min(last + 2, n) for (_, last), n in zip(spans, self.mask.shape, strict=True)]
        box = tuple(slice(first, last) for first, last in zip(low, high, strict=True))
        samples = self._samples(low, high)[repeat(dilate(self.mask[box], (1, 1, 1)))]
        inside = np.rint(samples[samples >= threshold_suv] * (1.0 / QUANTUM_SUV)).astype(np.int64)
        if inside.size == 0:
            return reading
        mean = int(inside.sum()) / inside.size * QUANTUM_SUV
        return replace(reading, volume_ml=inside.size * self.voxel_ml / 8.0, mean_suv=mean)

    def _samples(self, low: list[int], high: list[int]) -> NDArray[np.float64]:
        """Return the half-voxel samples of the sub-box ``low .. high``; kept for the next, similar, contour."""
        if self.fine is not None:
            first, last, samples = self.fine
            if all(a <= b for a, b in zip(first, low, strict=True)) and all(a >= b for a, b in zip(last, high, strict=True)):
                x, y, z = (slice(2 * (a - c), 2 * (b - c)) for a, b, c in zip(low, high, first, strict=True))
                return samples[x, y, z]
        first = [max(c - 1, 0) for c in low]
        last = [min(c + 1, n) for c, n in zip(high, self.values.shape, strict=True)]
        outer = [max(c - REACH, 0) for c in first]  # the interpolation looks REACH voxels further
        taken = [slice(a, b + REACH) for a, b in zip(outer, last, strict=True)]
        x, y, z = (slice(2 * (a - b), 2 * (c - b)) for a, b, c in zip(first, outer, last, strict=True))
        self.fine = (first, last, halve(self.values[taken[0], taken[1], taken[2]])[x, y, z])
        return self._samples(low, high)

    def _layer(self, request: Layer) -> Reading:
        if request.threshold_suv is not None:
            around = edge_neighbours(self.mask) if request.diagonal else face_neighbours(self.mask)
            self.mask = self.mask | (around & (self.values > request.threshold_suv))
        spans = _spans(self.mask)
        if self._too_long(spans):
            return TOO_LARGE
        room = self._room(spans, (LAYER_REACH + 1,) * 3)
        if room is not None:
            before, offset = self.mask, self.start
            self._cut(*room)
            self.mask = np.zeros(self.values.shape, dtype=bool)
            low, shape = self._inside(offset), before.shape
            self.mask[low[0] : low[0] + shape[0], low[1] : low[1] + shape[1], low[2] : low[2] + shape[2]] = before
        dilated = dilate(self.mask, (LAYER_REACH,) * 3)
        layer = dilated & face_neighbours(~dilated)
        n = int(np.count_nonzero(layer))
        background = int(self.quanta[layer].sum()) / n * QUANTUM_SUV if n else None
        return self._reading(background)

    def _ridge(self, request: Ridge) -> Reading:
        from skimage.segmentation import watershed  # costs a third of a second to import

        outer = self._contour(Contour(request.outer_suv))
        if outer.too_large:
            return outer
        limit = self.mask
        labels = cc3d.connected_components(limit & (self.values >= request.inner_suv), connectivity=6)
        markers = np.where(labels == labels[self.local], 1, 0).astype(np.int32)
        outside = face_neighbours(limit) & ~limit
        markers[outside] = 2
        x, y, z = (_central_difference(self.values, axis, step) for axis, step in enumerate(self.spacing_mm))
        self.mask = watershed(np.sqrt(x * x + y * y + z * z), markers, mask=limit | outside, connectivity=1) == 1
        surface = face_neighbours(self.mask) & face_neighbours(~self.mask)
        n = int(np.count_nonzero(surface))
        edge = int(self.quanta[surface].sum()) / n * QUANTUM_SUV if n else None
        return self._reading(edge=edge, split=outer.split)

    def _reading(
        self, background: float | None = None, spread: float | None = None, edge: float | None = None, split: bool = False
    ) -> Reading:
        inside = self.quanta[self.mask]
        n = inside.size
        return Reading(n, n * self.voxel_ml, int(inside.sum()) / n * QUANTUM_SUV, background, spread, edge, split)

    def _own(self, region: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], bool]:
        """Cut a contour back to the seed's own lesion when it holds a rival or anything hotter."""
        rivals = [local for local in map(self._inside, self.rivals) if all(0 <= c < n for c, n in zip(local, region.shape, strict=True))]
        if any(region[rival] for rival in rivals) or self.values[region].max() > self.values[self.local]:
            return basin(self.values, region, self.local, rivals), True
        return region, False

    def _room(self, spans: Sequence[tuple[int, int]], margin: Sequence[int]) -> tuple[list[int], list[int]] | None:
        """Return a larger box when a region and a margin around it do not fit into this one, else None."""
        low, high, cramped = list(self.low), list(self.high), False
        for axis, (first, last) in enumerate(spans):
            length = self.high[axis] - self.low[axis]
            if self.low[axis] > 0 and first < margin[axis]:
                low[axis], cramped = self.low[axis] - max(margin[axis], length // 3), True
            if self.high[axis] < self.array.shape[axis] and last >= length - margin[axis]:
                high[axis], cramped = self.high[axis] + max(margin[axis], length // 3), True
        return (low, high) if cramped else None

    def _too_long(self, spans: Sequence[tuple[int, int]]) -> bool:
        return any((last - first + 1) * step > MAX_EXTENT_MM for (first, last), step in zip(spans, self.spacing_mm, strict=True))

    def _background(self, above: NDArray[np.bool_]) -> tuple[float | None, float | None]:
        """Return median and spread of the shell around the region, other hot structures left out."""
        rest = tuple(o - i for o, i in zip(self.outer, self.inner, strict=True))
        if self.mask.shape[2] <= DEPTH:
            words = dilate_words(pack(self.mask), self.inner)
            shell = unpack(dilate_words(words, rest) & ~words & ~pack(above), self.mask.shape[2])
        else:
            near = dilate(self.mask, self.inner)
            shell = dilate(near, rest) & ~near & ~above
        values = self.quanta[shell]
        if values.size == 0:
            return None, None
        middle, lower = (values.size - 1) // 2, int(0.16 * (values.size - 1))
        ordered = np.partition(values, (lower, middle))
        return int(ordered[middle]) * QUANTUM_SUV, int(ordered[middle] - ordered[lower]) * QUANTUM_SUV


def _spans(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the first and last occupied index along each axis."""
    if mask.shape[2] <= DEPTH:
        words = pack(mask)
        columns = words != 0
        depth = int(np.bitwise_or.reduce(words, axis=None))
        along_z = ((depth & -depth).bit_length() - 1, depth.bit_length() - 1)
        flat = [np.flatnonzero(columns.any(axis=other)) for other in (1, 0)]
        return [(int(line[0]), int(line[-1])) for line in flat] + [along_z]
    lines = [np.flatnonzero(mask.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
    return [(int(line[0]), int(line[-1])) for line in lines]


def _central_difference(values: NDArray[np.float64], axis: int, step_mm: float) -> NDArray[np.float64]:
    """Differentiate along an axis; beyond the border the border voxel is repeated."""
    padded = np.take(values, np.clip(np.arange(-1, values.shape[axis] + 1), 0, values.shape[axis] - 1), axis=axis)
    ahead: list[slice] = [slice(None)] * 3
    behind: list[slice] = [slice(None)] * 3
    ahead[axis], behind[axis] = slice(2, None), slice(None, -2)
    difference: NDArray[np.float64] = (padded[tuple(ahead)] - padded[tuple(behind)]) * (0.5 / step_mm)
    return difference
