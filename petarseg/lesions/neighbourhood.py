"""The CPU reference backend: regions around one seed, in a box that grows with the lesion and never with the volume."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cc3d
import numpy as np
from numpy.typing import NDArray

from petarseg.errors import FindingRejected
from petarseg.lesions.bits import BitBox
from petarseg.lesions.candidates import HIGHEST_SUV
from petarseg.lesions.components import Index3
from petarseg.lesions.methods import MATCHED_VOXELS, Contour, Layer, Reading, Request, Ridge
from petarseg.lesions.split import basin
from petarseg.lesions.subvoxel import REACH, octants
from petarseg.lesions.surroundings import Spacing, look_around
from petarseg.reasons import Reason

QUANTUM_SUV = 2.0**-20
"""Sums are taken over integer multiples of this. Integer sums do not depend on their order, so every backend gets the same."""

MAX_EXTENT_MM = 450.0
"""A region longer than this along an axis is no lesion."""

SHELL_MM = 5.0
"""Thickness of the shell in which the background is measured."""

LAYER_REACH = 3
"""Distance in voxels of the layer in which UW-ITM measures the background."""

LARGEST_FLOOD = 1 << 16
"""In boxes of more voxels than this labelling the whole box is faster than flooding it as an integer."""

TOO_LARGE = Reading(0, 0.0, 0.0, too_large=True)


@lru_cache(maxsize=64)
def shell_reach(spacing_mm: Spacing, fwhm_mm: float) -> tuple[Index3, Index3]:
    """Return the inner and outer reach of the background shell in voxels along each axis.

    The shell begins one FWHM beyond the contour, where less than 1 % of a lesion's signal is left.
    """
    inner = [max(1, math.ceil(fwhm_mm / step - 1e-6)) for step in spacing_mm]
    outer = [near + max(1, round(SHELL_MM / step)) for near, step in zip(inner, spacing_mm, strict=True)]
    return (inner[0], inner[1], inner[2]), (outer[0], outer[1], outer[2])


@lru_cache(maxsize=64)
def _bit_box(shape: tuple[int, ...], margin: Index3) -> tuple[BitBox, int, int]:
    """Return the box of a shape, its voxels at a face, and those within a margin of a face."""
    box = BitBox(shape)
    return box, box.near_faces((1, 1, 1)), box.near_faces(margin)


class Neighbourhood:
    """Draws regions around a seed and measures in them; remembers the last one.

    Regions are sets of voxels of a box around the seed (``petarseg.lesions.bits``). The box may reach beyond the volume, by the margin
    that regions keep from its faces; there the border voxel is repeated and belongs to no region.

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
        self.beyond = tuple(far - near for near, far in zip(self.inner, self.outer, strict=True))
        x, y, z = (max(reach, 2 + REACH, LAYER_REACH + 1) for reach in self.outer)
        self.margin: Index3 = (x, y, z)
        around = look_around(array, seed, spacing_mm)
        self.background_suv = around.background_suv
        self._cut(
            [c - n - m for c, n, m in zip(seed, around.before, self.margin, strict=True)],
            [c + n + m + 1 for c, n, m in zip(seed, around.beyond, self.margin, strict=True)],
        )
        self.region = self.box.voxel(self.local)

    def mask(self) -> tuple[Index3, NDArray[np.bool_]]:
        """Return where in the volume the last region begins, and its mask in its tight box."""
        x, y, z = self.box.spans(self.region)
        mask = self.box.unpack(self.region)[x[0] : x[1] + 1, y[0] : y[1] + 1, z[0] : z[1] + 1]
        return (self.low[0] + x[0], self.low[1] + y[0], self.low[2] + z[0]), np.ascontiguousarray(mask)

    def _cut(self, low: list[int], high: list[int]) -> None:
        """Take the box ``low .. high``, clipped to the volume and the margin around it."""
        limit = self.array.shape
        self.low = [max(c, -m) for c, m in zip(low, self.margin, strict=True)]
        self.high = [min(c, n + m) for c, n, m in zip(high, limit, self.margin, strict=True)]
        self.box, self.at_face, self.near_face = _bit_box(tuple(b - a for a, b in zip(self.low, self.high, strict=True)), self.margin)
        if min(self.low) >= 0 and all(last <= n for last, n in zip(self.high, limit, strict=True)):
            x, y, z = (slice(first, last) for first, last in zip(self.low, self.high, strict=True))
            self.values = np.ascontiguousarray(self.array[x, y, z], dtype=np.float64)
            self.valid = self.box.everything
        else:
            places = [np.arange(first, last) for first, last in zip(self.low, self.high, strict=True)]
            clipped = [np.clip(place, 0, n - 1) for place, n in zip(places, limit, strict=True)]
            self.values = np.ascontiguousarray(self.array[np.ix_(*clipped)], dtype=np.float64)
            x_inside, y_inside, z_inside = (place == clip for place, clip in zip(places, clipped, strict=True))
            self.valid = self.box.pack(x_inside[:, None, None] & y_inside[:, None] & z_inside)
        if not max(self.values.max(), -self.values.min()) <= HIGHEST_SUV:  # also true of NaN
            raise FindingRejected(Reason.INVALID_IMAGE, {"near_lesion": True})
        self.quanta = np.rint(self.values * (1.0 / QUANTUM_SUV)).astype(np.int64)
        self.local = self._inside(self.seed)
        self.hotter = self.box.pack(self.values > self.values[self.local])
        self.rival_voxels = self.box.voxels(map(self._inside, self.rivals))
        self.drawn: list[tuple[float, int]] = [(math.inf, self.box.voxel(self.local))]
        self.long_box = any(n * step > MAX_EXTENT_MM for n, step in zip(self.box.shape, self.spacing_mm, strict=True))
        self.sampled = 0

    def _inside(self, ijk: Index3) -> Index3:
        return ijk[0] - self.low[0], ijk[1] - self.low[1], ijk[2] - self.low[2]

    def answer(self, request: Request) -> Reading:
        """Draw what is requested and measure in it."""
        if isinstance(request, Contour):
            return self._contour(request)
        return self._layer(request) if isinstance(request, Layer) else self._ridge(request)

    def _contour(self, request: Contour) -> Reading:
        while True:
            above = self.box.pack(self.values >= request.threshold_suv) & self.valid
            region = self._component(above, request.threshold_suv)
            if self._too_long(region):
                return TOO_LARGE
            if not region & self.near_face:
                break
            self._enlarge(region)
        # A contour with a rival or anything hotter in it is cut back to the seed's own lesion.
        split = bool(region & (self.hotter | self.rival_voxels))
        self.region = self._own(region) if split else region
        n = self.region.bit_count()
        if not request.mean:
            return Reading(n, n * self.voxel_ml, 0.0, split=split)
        background, spread = self._background(above) if request.background else (None, None)
        fine = self._finer(request.threshold_suv, region & ~self.region) if request.fine and n < MATCHED_VOXELS else None
        if fine is None:
            return self._reading(background, spread, split=split)
        return Reading(n, *fine, background, spread, split=split)

    def _component(self, above: int, threshold_suv: float) -> int:
        """Return the seed's component; a contour drawn at a higher level is part of it, and the flood goes on from there."""
        inner = above & ~self.at_face
        if self.box.size > LARGEST_FLOOD:
            # The seed counts whatever its value, as in the flood: without it, label 0 would be all that is below the threshold.
            labels = cc3d.connected_components(self.box.unpack(inner | self.box.voxel(self.local)), connectivity=6)
            return self.box.pack(labels == labels[self.local])
        _, inside = min(drawn for drawn in self.drawn if drawn[0] >= threshold_suv)
        region = self.box.flood(inside, inner)
        self.drawn.append((threshold_suv, region))
        return region

    def _finer(self, threshold_suv: float, others: int) -> tuple[float, float] | None:
        """Measure volume and mean on half the spacing; None if no sample is above the threshold.

        The samples are those in and beside the region, except in `others`, the voxels that were cut off as another lesion's.
        """
        near = self.box.dilate(self.region, (1, 1, 1)) & self.valid & ~others
        if near & ~self.sampled:
            self._sample(near)
        x, y, z = self.sample_box
        samples = self.samples[self.box.unpack(near)[x, y, z].reshape(-1)]
        quanta = np.rint(samples[samples >= threshold_suv] * (1.0 / QUANTUM_SUV))  # whole numbers, so that the sum is exact
        n = quanta.size
        return (n * self.voxel_ml / 8.0, float(quanta.sum()) / n * QUANTUM_SUV) if n else None

    def _sample(self, near: int) -> None:
        """Take the half-voxel samples of a sub-box around a set; it is a little larger, for the next, similar, contour."""
        spans = self.box.spans(near)
        low = [first - 1 for first, _ in spans]
        high = [last + 2 for _, last in spans]
        x, y, z = (slice(first, last) for first, last in zip(low, high, strict=True))
        self.sample_box = x, y, z
        taken = tuple(slice(first - REACH, last + REACH) for first, last in zip(low, high, strict=True))
        self.samples = octants(self.values[taken]).reshape(-1, 8)
        sampled = np.zeros(self.box.shape, dtype=bool)
        sampled[x, y, z] = True
        self.sampled = self.box.pack(sampled)

    def _layer(self, request: Layer) -> Reading:
        box = self.box
        if request.threshold_suv is not None:
            around = box.edge_neighbours(self.region) if request.diagonal else box.face_neighbours(self.region)
            self.region |= around & box.pack(self.values > request.threshold_suv) & self.valid
        if self._too_long(self.region):
            return TOO_LARGE
        if self.region & self.near_face:
            start, mask = self.mask()
            self._enlarge(self.region)
            box, moved = self.box, np.zeros(self.box.shape, dtype=bool)
            moved[tuple(slice(first, first + n) for first, n in zip(self._inside(start), mask.shape, strict=True))] = mask
            self.region = box.pack(moved)
        dilated = box.dilate(self.region, (LAYER_REACH,) * 3) & self.valid
        layer = dilated & box.face_neighbours(self.valid & ~dilated)
        values = self.quanta[box.unpack(layer)]
        return self._reading(int(values.sum()) / values.size * QUANTUM_SUV if values.size else None)

    def _ridge(self, request: Ridge) -> Reading:
        from skimage.segmentation import watershed  # costs a third of a second to import

        outer = self._contour(Contour(request.outer_suv))
        if outer.too_large:
            return outer
        box, limit = self.box, self.region
        core = box.flood(box.voxel(self.local), limit & box.pack(self.values >= request.inner_suv))
        outside = box.face_neighbours(limit) & ~limit & self.valid
        markers = box.unpack(core) + 2 * box.unpack(outside).astype(np.int32)
        x, y, z = (_central_difference(self.values, axis, step) for axis, step in enumerate(self.spacing_mm))
        slope = np.sqrt(x * x + y * y + z * z)
        self.region = box.pack(watershed(slope, markers, mask=box.unpack(limit | outside), connectivity=1) == 1)
        surface = box.face_neighbours(self.region) & box.face_neighbours(self.valid & ~self.region) & self.valid
        values = self.quanta[box.unpack(surface)]
        edge = int(values.sum()) / values.size * QUANTUM_SUV if values.size else None
        return self._reading(edge=edge, split=outer.split)

    def _reading(
        self, background: float | None = None, spread: float | None = None, edge: float | None = None, split: bool = False
    ) -> Reading:
        inside = self.quanta[self.box.unpack(self.region)]
        n = inside.size
        return Reading(n, n * self.voxel_ml, int(inside.sum()) / n * QUANTUM_SUV, background, spread, edge, split)

    def _own(self, region: int) -> int:
        """Return the seed's own part of a contour that holds a rival or anything hotter."""
        rivals = [rival for rival in map(self._inside, self.rivals) if self.box.voxels([rival])]
        return self.box.pack(basin(self.values, self.box.unpack(region), self.local, rivals))

    def _enlarge(self, region: int) -> None:
        """Move those faces of the box outwards to which a region comes too close."""
        low, high = list(self.low), list(self.high)
        for axis, (first, last) in enumerate(self.box.spans(region)):
            margin, length = self.margin[axis], self.high[axis] - self.low[axis]
            step = max(margin, length // 3)
            if first < margin:
                low[axis] -= step
            if last >= length - margin:
                high[axis] += step
        self._cut(low, high)

    def _too_long(self, region: int) -> bool:
        """Tell whether a region is no lesion because of its length along an axis."""
        if not self.long_box:
            return False
        spans = zip(self.box.spans(region), self.spacing_mm, strict=True)
        return any((last - first + 1) * step > MAX_EXTENT_MM for (first, last), step in spans)

    def _background(self, above: int) -> tuple[float | None, float | None]:
        """Return median and spread of the shell around the region, other hot structures left out."""
        near = self.box.dilate(self.region, self.inner)
        shell = self.box.dilate(near, self.beyond) & ~near & ~above & self.valid
        values = self.quanta[self.box.unpack(shell)]
        if values.size == 0:
            return None, None
        middle, lower = (values.size - 1) // 2, int(0.16 * (values.size - 1))
        values.partition(middle)
        values[:middle].partition(lower)
        return int(values[middle]) * QUANTUM_SUV, int(values[middle] - values[lower]) * QUANTUM_SUV


def _central_difference(values: NDArray[np.float64], axis: int, step_mm: float) -> NDArray[np.float64]:
    """Differentiate along an axis; beyond the border the border voxel is repeated."""
    padded = np.take(values, np.clip(np.arange(-1, values.shape[axis] + 1), 0, values.shape[axis] - 1), axis=axis)
    ahead: list[slice] = [slice(None)] * 3
    behind: list[slice] = [slice(None)] * 3
    ahead[axis], behind[axis] = slice(2, None), slice(None, -2)
    difference: NDArray[np.float64] = (padded[tuple(ahead)] - padded[tuple(behind)]) * (0.5 / step_mm)
    return difference
