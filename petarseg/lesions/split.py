"""Separate lesions that share a contour: watershed between their maxima, and whether the maxima are real."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from petarseg.lesions.components import Index3, hottest


def basin(values: NDArray[np.float64], region: NDArray[np.bool_], seed: Index3, rivals: Sequence[Index3]) -> NDArray[np.bool_]:
    """Return the part of `region` that belongs to `seed` and not to its rivals.

    Parameters
    ----------
    values : ndarray of float64, shape (X, Y, Z)
        The image in a box.
    region : ndarray of bool, shape (X, Y, Z)
        A connected region that holds the seed.
    seed : tuple of int
        Hottest voxel of the lesion, in the box.
    rivals : sequence of tuple of int
        Hottest voxels of other lesions in the region.

    Returns
    -------
    ndarray of bool
        The seed's watershed basin. It holds no voxel hotter than the seed: hotter structures in the region that no rival stands for
        get a basin of their own.
    """
    from skimage.segmentation import watershed  # costs a third of a second to import and is seldom needed

    markers = np.zeros(values.shape, dtype=np.int32)
    others = [rival for rival in rivals if region[rival] and rival != seed]
    while True:
        for label, rival in enumerate(others, start=2):
            markers[rival] = label
        markers[seed] = 1
        own: NDArray[np.bool_] = watershed(-values, markers, mask=region, connectivity=1) == 1
        top = hottest(values, own)
        if not values[top] > values[seed]:
            return own
        others.append(top)


def saddle_suv(values: NDArray[Any], first: Index3, second: Index3) -> float:
    """Return the highest level at which two voxels are connected: the deepest point of the best path between them.

    Parameters
    ----------
    values : ndarray, shape (X, Y, Z)
        The image in a box that holds both voxels and the best path.
    first, second : tuple of int
        Voxel indices in the box.
    """
    import cc3d

    levels = np.unique(values[values <= min(values[first], values[second])])
    low, high = 0, len(levels)  # connected at levels[low] (always, at the lowest), not at levels[high]
    while high - low > 1:
        middle = (low + high) // 2
        labels = cc3d.connected_components(values >= levels[middle], connectivity=6)
        if labels[first] == labels[second]:
            low = middle
        else:
            high = middle
    return float(levels[low])
