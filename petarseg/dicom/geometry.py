"""Place slices in the patient from their position and orientation alone; the only place that speaks LPS.

Slices are ordered along their common normal. Neither instance numbers nor file names nor SliceLocation play any part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from petarseg.dicom.header import Header
from petarseg.dicom.tags import Tag
from petarseg.errors import ExamRejected
from petarseg.reasons import Reason

ORIENTATION_TOLERANCE = 1e-3
"""Largest difference of a direction cosine within a volume (0.06 degrees: 0.5 mm at 500 mm)."""
POSITION_TOLERANCE = 0.05
"""A slice may lie off the even grid by this part of a slice distance ..."""
STEP_TOLERANCE = 0.10
"""... and two neighbours may be closer or wider by this part (scanners round positions, most of all where two beds meet) ..."""
SPACING_TOLERANCE_MM = 0.05
"""... or by this length, whichever is larger."""
IN_PLANE_TOLERANCE_MM = 0.1
"""Slices must be stacked along the normal: larger shifts mean a tilted gantry or different reconstructions."""
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class SlicePlane:
    """Where one slice lies, in DICOM patient coordinates (LPS, mm).

    Parameters
    ----------
    origin : ndarray, shape (3,)
        Centre of the first pixel.
    along_columns, along_rows : ndarray, shape (3,)
        Unit direction of growing column index, and of growing row index.
    column_spacing_mm, row_spacing_mm : float
        Distance of neighbouring columns, and of neighbouring rows.
    n_columns, n_rows : int
        Size.
    """

    origin: NDArray[np.float64]
    along_columns: NDArray[np.float64]
    along_rows: NDArray[np.float64]
    column_spacing_mm: float
    row_spacing_mm: float
    n_columns: int
    n_rows: int

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit vector of the stack direction."""
        return np.cross(self.along_columns, self.along_rows)

    @property
    def height_mm(self) -> float:
        """Position along the normal."""
        return float(self.origin @ self.normal)


@dataclass(frozen=True, slots=True)
class Stack:
    """Slices in order of growing position along their normal.

    Parameters
    ----------
    order : tuple of int
        Input index per stack position.
    affine_ras : ndarray, shape (4, 4)
        (column, row, slice) to RAS mm.
    largest_deviation_mm : float
        How far a slice strays from equal spacing.
    """

    order: tuple[int, ...]
    affine_ras: NDArray[np.float64]
    largest_deviation_mm: float


def read_plane(header: Header) -> SlicePlane:
    """Read the place of a slice.

    Raises
    ------
    ExamRejected
        GEOMETRY_MISSING or GEOMETRY_INCONSISTENT, naming the element.
    """
    position = _vector(header, Tag.ImagePositionPatient, 3)
    cosines = _vector(header, Tag.ImageOrientationPatient, 6)
    spacing = _vector(header, Tag.PixelSpacing, 2)
    rows, columns = header.integer(Tag.Rows), header.integer(Tag.Columns)
    if not rows or not columns:
        raise ExamRejected(Reason.GEOMETRY_MISSING, {"missing": "Rows or Columns"})
    if min(spacing) <= 0.0 or max(spacing) > 1_000.0 or max(map(abs, position)) > 1e5:
        raise ExamRejected(Reason.GEOMETRY_INCONSISTENT, {"implausible": "PixelSpacing or ImagePositionPatient"})
    along_columns, along_rows = _axes(cosines)
    return SlicePlane(np.array(position), along_columns, along_rows, spacing[1], spacing[0], columns, rows)


@lru_cache(maxsize=16)  # the slices of a volume share their axes
def _axes(cosines: tuple[float, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the directions of growing column and row index, exactly orthonormal where the header has rounded decimals."""
    along_columns, along_rows = np.array(cosines[:3]), np.array(cosines[3:])
    lengths = np.linalg.norm(along_columns), np.linalg.norm(along_rows)
    if max(abs(length - 1.0) for length in lengths) > 0.01 or abs(along_columns @ along_rows) > 0.01:
        raise ExamRejected(Reason.GEOMETRY_INCONSISTENT, {"not_orthonormal": "ImageOrientationPatient"})
    along_columns = along_columns / lengths[0]
    along_rows = along_rows - (along_rows @ along_columns) * along_columns
    along_rows = along_rows / np.linalg.norm(along_rows)
    for axis in (along_columns, along_rows):
        axis.setflags(write=False)
    return along_columns, along_rows


def _vector(header: Header, tag: Tag, size: int) -> tuple[float, ...]:
    numbers = header.numbers(tag)
    if numbers is None or len(numbers) != size:
        raise ExamRejected(Reason.GEOMETRY_MISSING, {"missing": tag.name})
    return numbers


def stack_slices(planes: Sequence[SlicePlane]) -> Stack:
    """Order slices along their normal and fit the voxel grid.

    Raises
    ------
    ExamRejected
        GEOMETRY_INCONSISTENT when slices differ in size, spacing or orientation, are shifted in plane or unevenly spaced;
        SLICES_DUPLICATED when two lie at one position; SLICES_MISSING when there is a gap.
    """
    first = planes[0]
    for plane in planes[1:]:
        if (plane.n_columns, plane.n_rows) != (first.n_columns, first.n_rows):
            raise ExamRejected(Reason.GEOMETRY_INCONSISTENT, {"differs_between_slices": "Rows or Columns"})
        if plane.along_columns is not first.along_columns and _largest_turn(plane, first) > ORIENTATION_TOLERANCE:
            raise ExamRejected(Reason.GEOMETRY_INCONSISTENT, {"differs_between_slices": "ImageOrientationPatient"})
        stretched = max(
            abs(plane.column_spacing_mm / first.column_spacing_mm - 1.0), abs(plane.row_spacing_mm / first.row_spacing_mm - 1.0)
        )
        if stretched > 1e-3:
            raise ExamRejected(Reason.GEOMETRY_INCONSISTENT, {"differs_between_slices": "PixelSpacing"})
    normal = first.normal
    origins = np.array([plane.origin for plane in planes])
    heights = origins @ normal
    order = np.argsort(heights, kind="stable")
    spacing_mm, deviation_mm = _spacing(heights[order])
    base = origins[order[0]]
    drift = origins - heights[:, None] * normal - (base - heights[order[0]] * normal)
    if np.abs(drift).max() > IN_PLANE_TOLERANCE_MM:
        raise ExamRejected(
            Reason.GEOMETRY_INCONSISTENT, {"in_plane_shift_mm": round(float(np.abs(drift).max()), 3), "allowed_mm": IN_PLANE_TOLERANCE_MM}
        )
    affine = np.eye(4)
    affine[:3, 0] = first.along_columns * first.column_spacing_mm
    affine[:3, 1] = first.along_rows * first.row_spacing_mm
    affine[:3, 2] = normal * spacing_mm
    affine[:3, 3] = base
    return Stack(tuple(int(index) for index in order), LPS_TO_RAS @ affine, deviation_mm)


def _largest_turn(one: SlicePlane, other: SlicePlane) -> float:
    """Return the largest difference of a direction cosine."""
    turns = np.abs(one.along_columns - other.along_columns), np.abs(one.along_rows - other.along_rows)
    return float(np.max(turns))


def _median(values: NDArray[np.float64]) -> float:
    """Return the median; numpy's imports masked arrays for it."""
    ordered = np.sort(values)
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2.0


def _spacing(heights_mm: NDArray[np.float64]) -> tuple[float, float]:
    """Return the slice distance of sorted positions and the largest deviation from it."""
    if len(heights_mm) < 2:
        raise ExamRejected(Reason.TOO_FEW_SLICES, {"slices": len(heights_mm)})
    steps = np.diff(heights_mm)
    typical = _median(steps)
    if steps.min() < 0.01 or typical < 0.01:
        raise ExamRejected(Reason.SLICES_DUPLICATED, {"same_position": int((steps < 0.01).sum())})
    wide = steps > 1.5 * typical
    if wide.any():
        raise ExamRejected(
            Reason.SLICES_MISSING,
            {"gaps": int(wide.sum()), "largest_gap_mm": round(float(steps.max()), 3), "spacing_mm": round(typical, 3)},
        )
    even = np.linspace(heights_mm[0], heights_mm[-1], len(heights_mm))
    spacing_mm = float(even[1] - even[0])
    deviation_mm = float(np.abs(heights_mm - even).max())
    step_error_mm = float(np.abs(steps - spacing_mm).max())
    if deviation_mm > max(POSITION_TOLERANCE * spacing_mm, SPACING_TOLERANCE_MM) or step_error_mm > max(
        STEP_TOLERANCE * spacing_mm, SPACING_TOLERANCE_MM
    ):
        raise ExamRejected(
            Reason.GEOMETRY_INCONSISTENT,
            {
                "off_grid_mm": round(deviation_mm, 3),
                "uneven_step_mm": round(step_error_mm, 3),
                "spacing_mm": round(spacing_mm, 3),
            },
        )
    return spacing_mm, deviation_mm
