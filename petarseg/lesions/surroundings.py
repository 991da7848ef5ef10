"""What the rays that leave a lesion's hottest voxel see: a first background, and how far the lesion reaches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from petarseg.lesions.components import Index3

Spacing = tuple[float, float, float]

RAY_MM = 60.0
"""How far the first estimate of the background looks."""

EDGE_FRACTION = 0.4
"""Where a ray falls below this share of the height over the background, it has left the lesion; decides the first box alone."""

DIRECTIONS = np.array([(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1) if (i, j, k) != (0, 0, 0)])


@lru_cache(maxsize=64)
def _rays(spacing_mm: Spacing) -> NDArray[np.int64]:
    """Return voxel offsets, shape (3, 26, N), along the rays of the first background estimate."""
    step_mm = np.linalg.norm(DIRECTIONS * np.asarray(spacing_mm), axis=1)
    longest = int(RAY_MM / min(spacing_mm))
    steps = np.minimum(np.arange(1, longest + 1), (RAY_MM / step_mm).astype(np.int64)[:, None])
    return np.ascontiguousarray(DIRECTIONS.T[:, :, None] * steps)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rays that leave a seed see.

    Parameters
    ----------
    background_suv : float
        First estimate of the background: the median of the lowest values on the rays.
    before, beyond : tuple of int
        How far the lesion reaches in voxels along each axis, downwards and upwards: a guess, on which no result depends.
    """

    background_suv: float
    before: Index3
    beyond: Index3


def look_around(array: NDArray[Any], seed: Index3, spacing_mm: Spacing) -> Surroundings:
    """Look along 26 rays of 60 mm from the seed."""
    offsets = _rays(spacing_mm)
    points = offsets + np.array(seed)[:, None, None]
    np.maximum(points, 0, out=points)
    np.minimum(points, np.array(array.shape)[:, None, None] - 1, out=points)
    values = array[points[0], points[1], points[2]]
    lowest = np.sort(values.min(axis=1))
    background_suv = float(lowest[(len(lowest) - 1) // 2])
    left = values < background_suv + EDGE_FRACTION * (float(array[seed]) - background_suv)
    left[:, -1] = True
    ends = offsets[:, np.arange(len(left)), left.argmax(axis=1)]
    (x0, y0, z0), (x1, y1, z1) = (-ends.min(axis=1)).tolist(), ends.max(axis=1).tolist()
    return Surroundings(background_suv, (x0, y0, z0), (x1, y1, z1))
