"""Connected components of a thresholded PET, found from a seed without labelling the whole volume.

A box around the seed is labelled (6-connectivity, as everywhere in ``petarseg.lesions``); where the seed's component touches a
face of the box, the box grows on that side. The work follows the size of the component, not of the volume.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cc3d
import numpy as np
from numpy.typing import NDArray

Index3 = tuple[int, int, int]

START_HALF_WIDTH = 8
"""Half width in voxels of the first box around a seed."""


@dataclass(frozen=True, slots=True)
class Component:
    """The 6-connected component of ``array >= threshold`` that holds a seed.

    Parameters
    ----------
    start : tuple of int
        Index of the box's first voxel in the volume.
    mask : ndarray of bool
        The component, in its box.
    max_ijk : tuple of int
        Its hottest voxel, in the volume; of equal ones the first in x, y, z order.
    maximum : float
        Value there.
    complete : bool
        False when the search ended early: a voxel above the ceiling was found, or the box reached its limit.
    """

    start: Index3
    mask: NDArray[np.bool_]
    max_ijk: Index3
    maximum: float
    complete: bool

    @property
    def n_voxels(self) -> int:
        """Number of voxels found."""
        return int(np.count_nonzero(self.mask))

    def extent(self, axis: int) -> tuple[int, int]:
        """Return the first and last index of the component along `axis` of the volume."""
        others = tuple(other for other in range(3) if other != axis)
        occupied = np.flatnonzero(self.mask.any(axis=others))
        return self.start[axis] + int(occupied[0]), self.start[axis] + int(occupied[-1])

    def holds(self, points: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell for each voxel index of the volume, shape (N, 3), whether it belongs to the component."""
        local = points - np.asarray(self.start)
        inside = np.all((local >= 0) & (local < self.mask.shape), axis=1)
        result = np.zeros(len(points), dtype=bool)
        result[inside] = self.mask[tuple(local[inside].T)]
        return result


def hottest(values: NDArray[Any], mask: NDArray[np.bool_]) -> Index3:
    """Return the index of the hottest voxel of `mask`; of equal ones the first in x, y, z order."""
    i, j, k = np.unravel_index(int(np.argmax(np.where(mask, values, -np.inf))), mask.shape)
    return int(i), int(j), int(k)


def component_at(
    array: NDArray[Any],
    seed: Index3,
    threshold: float,
    *,
    ceiling: float = np.inf,
    max_voxels_per_side: int | None = None,
) -> Component | None:
    """Find the component of ``array >= threshold`` that holds `seed`.

    Parameters
    ----------
    array : ndarray, shape (X, Y, Z)
        Finite values.
    seed : tuple of int
        A voxel index.
    threshold : float
        Lowest value that belongs to the component.
    ceiling : float, optional
        Stop, with ``complete=False``, as soon as a voxel above this value belongs to the component.
    max_voxels_per_side : int, optional
        Stop, with ``complete=False``, when the component needs a longer box than this.

    Returns
    -------
    Component or None
        None when the seed itself is below the threshold.
    """
    if not float(array[seed]) >= threshold:
        return None
    low = [max(c - START_HALF_WIDTH, 0) for c in seed]
    high = [min(c + START_HALF_WIDTH + 1, n) for c, n in zip(seed, array.shape, strict=True)]
    while True:
        start = (low[0], low[1], low[2])
        box = np.ascontiguousarray(array[low[0] : high[0], low[1] : high[1], low[2] : high[2]])
        labels = cc3d.connected_components(box.astype(np.float64) >= threshold, connectivity=6)
        mask: NDArray[np.bool_] = labels == labels[seed[0] - low[0], seed[1] - low[1], seed[2] - low[2]]
        peak = hottest(box, mask)
        maximum = float(box[peak])
        hotter = maximum > ceiling
        cut = not hotter and widen(mask, low, high, array.shape)
        too_long = cut and max_voxels_per_side is not None and max(np.subtract(high, low)) > max_voxels_per_side
        if hotter or too_long or not cut:
            where = (start[0] + peak[0], start[1] + peak[1], start[2] + peak[2])
            return Component(start, mask, where, maximum, complete=not (hotter or too_long))


def widen(mask: NDArray[np.bool_], low: list[int], high: list[int], shape: tuple[int, ...]) -> bool:
    """Move those faces of the box ``low .. high`` outwards, in place, that `mask` touches; tell whether one moved.

    A face moves by half the box's length, or to the border of the volume of shape `shape`.
    """
    moved = False
    for axis in range(3):
        step = max((high[axis] - low[axis]) // 2, 4)
        planes = np.moveaxis(mask, axis, 0)
        if low[axis] > 0 and planes[0].any():
            low[axis], moved = max(low[axis] - step, 0), True
        if high[axis] < shape[axis] and planes[-1].any():
            high[axis], moved = min(high[axis] + step, shape[axis]), True
    return moved


def components_on_slice(array: NDArray[Any], k: int, threshold: float, *, at_most: int = 12) -> list[Component]:
    """Return the components above `threshold` that cross z index `k`, the one that is hottest in the slice first.

    For the evidence of a rejection, so the work is bounded: at most `at_most` components, none searched beyond 96 voxels a side.
    """
    plane = np.where(array[:, :, k] >= threshold, array[:, :, k], -np.inf)
    found: list[Component] = []
    while len(found) < at_most:
        i, j = (int(index) for index in np.unravel_index(int(np.argmax(plane)), plane.shape))
        if plane[i, j] == -np.inf:
            break
        component = component_at(array, (i, j, k), threshold, max_voxels_per_side=96)
        if component is None:
            break
        found.append(component)
        (x, y, z), (nx, ny, _) = component.start, component.mask.shape
        plane[x : x + nx, y : y + ny][component.mask[:, :, k - z]] = -np.inf
    return found
