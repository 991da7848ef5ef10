"""The exam grid: 3 mm cubes, 192x192x352, world coordinates kept, head at the top.

The grid is axis-aligned in patient space (RAS+). In the plane it is centred on the field of view of the PET; along z its top lies just
above the highest part of the body (or at the top of the PET when that is lower), so that the air above a head costs no slices, and
it runs towards the feet. An exam shorter than 1056 mm is padded at the foot end (low z indices); of a longer one the feet are cut.

References
----------
.. [1] SPEC 1.4: head-top crop, 3 mm, 192x192x352, CT padded with -1000 HU and PET with 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from petarseg.volume import Volume

EXAM_SHAPE = (192, 192, 352)
EXAM_SPACING_MM = 3.0
CT_FILL_HU = -1000.0
PET_FILL_SUV = 0.0

HEAD_MARGIN_MM = 9.0
"""Air kept above the highest body plane: three voxels, so that a filter at the vertex sees the edge."""

BODY_AREA_MM2 = 1_000.0
"""Smallest cross-section that counts as body (a head's top plane; larger than tubes, straps and noise)."""

BODY_HU = -300.0
BODY_SUV = 0.15
"""Uptake that no air shows: whole-body means are 0.3 to 1.5 SUV (SPEC 5), scatter tails lie below 0.1."""

ORIGIN_STEP_MM = 0.5
"""Grid origins are multiples of this, hence exact in the float32 of a NIfTI header."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the voxels of a resampled exam lie.

    Parameters
    ----------
    shape : tuple of int
        Voxels along x, y, z.
    affine : ndarray of float64, shape (4, 4)
        Voxel index to RAS mm; positive diagonal.
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse a grid that is not axis-aligned RAS+."""
        steps = np.diag(self.affine)[:3]
        if np.any(steps <= 0) or not np.array_equal(self.affine[:3, :3], np.diag(steps)):
            raise ValueError("a grid's affine must be diagonal with positive steps (RAS+)")

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel size along x, y, z in mm."""
        x, y, z = np.diag(self.affine)[:3]
        return float(x), float(y), float(z)

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel in ml."""
        return float(np.prod(self.spacing_mm)) / 1_000.0

    def covers(self, volume: Volume) -> tuple[float, float, float]:
        """Return the fraction of `volume`'s extent (x, y, z) that lies inside the grid."""
        low, high = extent_ras_mm(volume)
        start = self.affine[:3, 3] - np.diag(self.affine)[:3] / 2
        stop = start + np.array(self.shape) * self.spacing_mm
        inside = np.clip(np.minimum(high, stop) - np.maximum(low, start), 0.0, None) / (high - low)
        return float(inside[0]), float(inside[1]), float(inside[2])

    def record(self, native: Volume) -> dict[str, object]:
        """Return what is needed to go back to the native grid, JSON-serialisable.

        World coordinates are the same in both, so ``inverse(native affine) @ grid affine`` maps grid indices to native ones.
        """
        return {
            "grid_shape": list(self.shape),
            "grid_affine_ras_mm": [[float(v) for v in row] for row in self.affine],
            "native_shape": list(native.shape),
            "native_affine_ras_mm": [[float(v) for v in row] for row in native.affine],
            "fraction_inside": [round(f, 6) for f in self.covers(native)],
        }


def extent_ras_mm(volume: Volume) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the low and high corner (RAS mm, each shape (3,)) of the box that holds every voxel's full cube."""
    corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in volume.shape], indexing="ij")).reshape(3, -1).T
    points = volume.ijk_to_ras_mm(corners)
    return points.min(axis=0), points.max(axis=0)


def exam_grid(
    pet: Volume,
    ct: Volume | None = None,
    *,
    shape: tuple[int, int, int] = EXAM_SHAPE,
    spacing_mm: float = EXAM_SPACING_MM,
    head_top_ras_mm: float | None = None,
) -> Grid:
    """Place the exam grid.

    Parameters
    ----------
    pet : Volume
        Canonical PET in SUV; its field of view defines the exam.
    ct : Volume, optional
        Canonical CT in HU; its body outline finds the top of the head better than uptake does.
    shape : tuple of int
        Voxels along x, y, z.
    spacing_mm : float
        Edge of the cubic voxels.
    head_top_ras_mm : float, optional
        z of the highest plane to keep; found from the images when absent.

    Returns
    -------
    Grid
        Centred on the PET in x and y; its top is `head_top_ras_mm` plus a margin, never above the PET's own top.
    """
    low, high = extent_ras_mm(pet)
    if head_top_ras_mm is None:
        head_top_ras_mm = find_head_top(pet, ct)
    size_mm = np.array(shape) * spacing_mm
    origin = (low + high) / 2 - size_mm / 2 + spacing_mm / 2
    top = min(float(high[2]), head_top_ras_mm + HEAD_MARGIN_MM)
    # ceil: rounding the origin must not cut the topmost plane.
    origin[2] = np.ceil((top - size_mm[2] + spacing_mm / 2) / ORIGIN_STEP_MM) * ORIGIN_STEP_MM
    origin[:2] = np.round(origin[:2] / ORIGIN_STEP_MM) * ORIGIN_STEP_MM
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = origin
    return Grid(shape, affine)


def find_head_top(pet: Volume, ct: Volume | None = None) -> float:
    """Return z (RAS mm) of the highest body plane inside the PET's field of view.

    The higher of what the CT's outline and the PET's uptake say, so that neither a short CT nor a cold scalp cuts the head. Where
    nothing looks like body, the top of the PET.
    """
    top_of_pet = float(extent_ras_mm(pet)[1][2])
    tops = [z for z in (_highest_body_plane(pet, BODY_SUV), None if ct is None else _highest_body_plane(ct, BODY_HU)) if z is not None]
    return min(top_of_pet, max(tops)) if tops else top_of_pet


def _highest_body_plane(volume: Volume, threshold: float) -> float | None:
    """Return z of the highest plane in whose central half more than `BODY_AREA_MM2` lies above `threshold`."""
    nx, ny, nz = volume.shape
    # Only the middle half in x: a table or arm rest reaches further up than the head, at the sides and below.
    centre = volume.array[nx // 4 : nx - nx // 4, ny // 5 : ny - ny // 5]
    dx, dy, _ = volume.spacing_mm
    area_mm2 = np.array([np.count_nonzero(centre[..., k] > threshold) for k in range(nz)]) * dx * dy
    planes = np.flatnonzero(area_mm2 >= BODY_AREA_MM2)
    if planes.size == 0:
        return None
    return float(volume.ijk_to_ras_mm((nx / 2, ny / 2, planes[-1] + 0.5))[2])
