"""Solid shapes of the phantom, and the axis-aligned grids they are painted on.

Shapes are evaluated on *open* coordinate axes (``x[:, None, None]``, ``y[None, :, None]``, ``z[None, None, :]``) in mm, RAS+,
and only inside their own bounding box, so that painting an organ costs its volume and not that of the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Axes = tuple[Array, Array, Array]
Point = tuple[float, float, float]
Box = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True)
class Grid:
    """An axis-aligned canonical (RAS+) voxel grid.

    Parameters
    ----------
    shape : tuple of int
        Number of voxels along x, y, z.
    spacing_mm : tuple of float
        Voxel size along x, y, z.
    origin_ras_mm : tuple of float
        Centre of voxel (0, 0, 0), the one farthest left, posterior and inferior.
    """

    shape: tuple[int, int, int]
    spacing_mm: Point
    origin_ras_mm: Point

    @property
    def axes(self) -> Axes:
        """Voxel-centre coordinates along x, y, z in mm, RAS+."""
        x, y, z = (o + s * np.arange(n, dtype=np.float64) for n, s, o in zip(self.shape, self.spacing_mm, self.origin_ras_mm, strict=True))
        return x, y, z

    @property
    def affine(self) -> Array:
        """Voxel indices to RAS mm, shape (4, 4)."""
        affine = np.diag([*self.spacing_mm, 1.0])
        affine[:3, 3] = self.origin_ras_mm
        return affine

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of a voxel in ml."""
        return float(np.prod(self.spacing_mm)) / 1_000.0


class Shape(Protocol):
    """What can be painted."""

    def bounds(self) -> tuple[Point, Point]:
        """Return the lowest and the highest corner in mm."""
        ...

    def inside(self, x: Array, y: Array, z: Array) -> NDArray[np.bool_]:
        """Tell for each point of the open axes whether it lies inside."""
        ...


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """An ellipsoid with half-axes `radii_mm`, turned by `turn_deg` about the z axis (right towards anterior)."""

    centre_mm: Point
    radii_mm: Point
    turn_deg: float = 0.0

    def bounds(self) -> tuple[Point, Point]:
        """Return the lowest and the highest corner in mm."""
        a, b, c = self.radii_mm
        if self.turn_deg:
            cos, sin = np.cos(np.deg2rad(self.turn_deg)), np.sin(np.deg2rad(self.turn_deg))
            a, b = float(np.hypot(a * cos, b * sin)), float(np.hypot(a * sin, b * cos))
        x, y, z = self.centre_mm
        return (x - a, y - b, z - c), (x + a, y + b, z + c)

    def inside(self, x: Array, y: Array, z: Array) -> NDArray[np.bool_]:
        """Tell for each point of the open axes whether it lies inside."""
        u, v, w = x - self.centre_mm[0], y - self.centre_mm[1], z - self.centre_mm[2]
        if self.turn_deg:
            cos, sin = np.cos(np.deg2rad(self.turn_deg)), np.sin(np.deg2rad(self.turn_deg))
            u, v = u * cos + v * sin, v * cos - u * sin
        a, b, c = self.radii_mm
        plane = (u / a) ** 2 + (v / b) ** 2
        found: NDArray[np.bool_] = plane + (w / c) ** 2 <= 1.0
        return found

    @property
    def volume_ml(self) -> float:
        """Analytic volume in ml."""
        return float(4.0 / 3.0 * np.pi * np.prod(self.radii_mm)) / 1_000.0


@dataclass(frozen=True, slots=True)
class Capsule:
    """All points nearer than a radius to the segment from `start_mm` to `end_mm`; the radius changes linearly along it."""

    start_mm: Point
    end_mm: Point
    start_radius_mm: float
    end_radius_mm: float

    def bounds(self) -> tuple[Point, Point]:
        """Return the lowest and the highest corner in mm."""
        ends, radius = np.array([self.start_mm, self.end_mm]), max(self.start_radius_mm, self.end_radius_mm)
        low, high = ends.min(axis=0) - radius, ends.max(axis=0) + radius
        return (float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2]))

    def inside(self, x: Array, y: Array, z: Array) -> NDArray[np.bool_]:
        """Tell for each point of the open axes whether it lies inside."""
        start, along = np.array(self.start_mm), np.subtract(self.end_mm, self.start_mm)
        dx, dy, dz = x - start[0], y - start[1], z - start[2]
        share = np.clip((dx * along[0] + dy * along[1] + dz * along[2]) / float(along @ along), 0.0, 1.0)
        radius = self.start_radius_mm + share * (self.end_radius_mm - self.start_radius_mm)
        squared = (dx - share * along[0]) ** 2 + (dy - share * along[1]) ** 2 + (dz - share * along[2]) ** 2
        found: NDArray[np.bool_] = squared <= radius**2
        return found


@dataclass(frozen=True, slots=True)
class Loft:
    """A stack of ellipses in axial planes, interpolated between the given stations.

    Parameters
    ----------
    stations : sequence of (z, centre x, centre y, half-width x, half-width y)
        In mm, z ascending or descending.
    grow_mm : float
        Added to both half-widths at every level (negative: shrinks).
    """

    stations: tuple[tuple[float, float, float, float, float], ...]
    grow_mm: float = 0.0

    def _table(self) -> Array:
        table = np.array(self.stations)
        table = table[np.argsort(table[:, 0])]
        table[:, 3:] = np.maximum(table[:, 3:] + self.grow_mm, 1.0)
        return table

    def bounds(self) -> tuple[Point, Point]:
        """Return the lowest and the highest corner in mm."""
        table = self._table()
        low, high = (table[:, 1:3] - table[:, 3:]).min(axis=0), (table[:, 1:3] + table[:, 3:]).max(axis=0)
        return (float(low[0]), float(low[1]), float(table[0, 0])), (float(high[0]), float(high[1]), float(table[-1, 0]))

    def relative_radius_squared(self, x: Array, y: Array, z: Array) -> Array:
        """Return 0 on the axis, 1 on the surface of the ellipse of each point's own level."""
        table = self._table()
        cx, cy, rx, ry = (np.interp(z, table[:, 0], table[:, column]) for column in (1, 2, 3, 4))
        radius: Array = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2
        return radius

    def inside(self, x: Array, y: Array, z: Array) -> NDArray[np.bool_]:
        """Tell for each point of the open axes whether it lies inside."""
        found: NDArray[np.bool_] = self.relative_radius_squared(x, y, z) <= 1.0
        return found


@dataclass(frozen=True, slots=True)
class Slab:
    """A box between two corners."""

    low_mm: Point
    high_mm: Point

    def bounds(self) -> tuple[Point, Point]:
        """Return the lowest and the highest corner in mm."""
        return self.low_mm, self.high_mm

    def inside(self, x: Array, y: Array, z: Array) -> NDArray[np.bool_]:
        """Tell for each point of the open axes whether it lies inside."""
        ranges = [(a >= low) & (a <= high) for a, low, high in zip((x, y, z), self.low_mm, self.high_mm, strict=True)]
        found: NDArray[np.bool_] = ranges[0] & ranges[1] & ranges[2]
        return found


@dataclass(frozen=True, slots=True)
class Ribs:
    """Tilted bony bands in the wall of a loft: rib n stands `pitch_mm` below rib n-1 and falls towards the front.

    Parameters
    ----------
    wall : Loft
        The thoracic wall.
    first_mm : float
        Height of the first rib at the middle of the body's depth.
    pitch_mm, width_mm : float
        Distance of neighbouring ribs, and height of one.
    count : int
        Number of pairs.
    slope : float
        Fall in mm per mm towards anterior.
    """

    wall: Loft
    first_mm: float
    pitch_mm: float
    width_mm: float
    count: int
    slope: float = 0.25
    inner: float = 0.87
    outer: float = 0.95

    def bounds(self) -> tuple[Point, Point]:
        """Return the lowest and the highest corner in mm."""
        low, high = self.wall.bounds()
        fall = self.slope * max(abs(low[1]), abs(high[1])) + self.width_mm
        bottom, top = self.first_mm - self.pitch_mm * (self.count - 1) - fall, self.first_mm + fall
        return (low[0], low[1], max(low[2], bottom)), (high[0], high[1], min(high[2], top))

    def inside(self, x: Array, y: Array, z: Array) -> NDArray[np.bool_]:
        """Tell for each point of the open axes whether it lies inside."""
        number = (self.first_mm - self.slope * y - z) / self.pitch_mm
        nearest = np.rint(number)
        band = (np.abs(number - nearest) * self.pitch_mm <= self.width_mm / 2) & (nearest >= 0) & (nearest < self.count)
        radius = self.wall.relative_radius_squared(x, y, z)
        found: NDArray[np.bool_] = band & (radius >= self.inner**2) & (radius <= self.outer**2)
        return found

    def centre_mm(self, number: int, angle_deg: float) -> Point:
        """Return a point in the middle of rib `number` (1-based); angle 0 = patient's right, 90 = anterior, 180 = left."""
        table = np.array(sorted(self.wall.stations))
        z = self.first_mm - self.pitch_mm * (number - 1)
        x = y = 0.0
        for _ in range(3):  # the height depends on y, which depends on the height
            cx, cy, rx, ry = (float(np.interp(z, table[:, 0], table[:, column])) for column in (1, 2, 3, 4))
            middle = (self.inner + self.outer) / 2
            x, y = cx + middle * rx * np.cos(np.deg2rad(angle_deg)), cy + middle * ry * np.sin(np.deg2rad(angle_deg))
            z = self.first_mm - self.slope * y - self.pitch_mm * (number - 1)
        return float(x), float(y), float(z)


def index_box(axes: Axes, low: Sequence[float], high: Sequence[float]) -> Box | None:
    """Return the slices of the voxels whose centres lie in [low, high], or None when there are none."""
    box = []
    for axis, a, b in zip(axes, low, high, strict=True):
        start, stop = int(np.searchsorted(axis, a, "left")), int(np.searchsorted(axis, b, "right"))
        if start >= stop:
            return None
        box.append(slice(start, stop))
    return box[0], box[1], box[2]


def mask_in_box(axes: Axes, shape: Shape) -> tuple[Box, NDArray[np.bool_]] | None:
    """Return where on the grid a shape lies, and the mask of it there; None when it lies outside."""
    box = index_box(axes, *shape.bounds())
    if box is None:
        return None
    x, y, z = (axis[part] for axis, part in zip(axes, box, strict=True))
    found = shape.inside(x[:, None, None], y[None, :, None], z[None, None, :])
    return box, np.broadcast_to(found, (x.size, y.size, z.size))


def paint(array: NDArray[Any], axes: Axes, shape: Shape, value: float) -> None:
    """Set the voxels of `array` (X, Y, Z) whose centres lie in `shape`."""
    found = mask_in_box(axes, shape)
    if found is not None:
        array[found[0]][found[1]] = value
