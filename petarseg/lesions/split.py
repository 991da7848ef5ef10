"""Separate lesions that share a contour: watershed between their maxima, and whether the maxima are real."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from petarseg.lesions.components import Index3, hottest

FINE = 8
"""Parts of a slice in which cross-sections are counted before they are summed."""


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


def neck_ratio(region: NDArray[np.bool_], first: Index3, second: Index3, spacing_mm: tuple[float, float, float]) -> float:
    """Tell how much a region narrows between two voxels: smallest over smaller-lobe cross-section.

    Cross-sections are counted perpendicular to the line between the two voxels. A value of 1 is no neck at all (two hot spots of one
    lesion), 0 a gap; two spheres that touch have 0.3 to 0.7.

    Parameters
    ----------
    region : ndarray of bool, shape (X, Y, Z)
        A connected region that holds both.
    first, second : tuple of int
        Voxel indices.
    spacing_mm : tuple of float
        Voxel spacing.
    """
    spacing = np.asarray(spacing_mm)
    origin = np.asarray(first) * spacing
    line = np.asarray(second) * spacing - origin
    length = float(np.linalg.norm(line))
    if length == 0.0:
        return 1.0
    direction = line / length
    along = (np.argwhere(region) * spacing - origin) @ direction
    n_between = max(math.ceil(length / max(spacing_mm)), 2)
    fine_mm = length / n_between / FINE
    # A voxel counts over its whole projected width: planes of voxel centres fall unevenly into slices across the diagonal.
    widths = [round(float(width) / fine_mm) for width in np.abs(direction) * spacing]
    place = np.floor(along / fine_mm).astype(np.int64)
    first_slice = (min(int(place.min()), 0) - sum(widths)) // FINE
    n_slices = max((int(place.max()) + sum(widths)) // FINE + 1, n_between) - first_slice
    profile = np.bincount(place - first_slice * FINE, minlength=n_slices * FINE).astype(np.float64)
    for width in widths:
        if width > 1:
            profile = np.convolve(profile, np.full(width, 1.0 / width), mode="same")
    areas = profile.reshape(n_slices, FINE).sum(axis=1)
    between = areas[-first_slice : -first_slice + n_between]
    narrowest = -first_slice + int(np.argmin(between))
    lobe = min(float(areas[: narrowest + 1].max()), float(areas[narrowest:].max()))
    return float(between.min()) / lobe if lobe else 1.0
