"""Sets of voxels of a box, each as one integer: an operation on thousands of voxels costs a tenth of a microsecond.

Python's integers are of any length, and ``|``, ``&``, ``<<`` work on whole machine words. A contour of a lesion is a few thousand
bits, so that flooding it from its seed takes microseconds where one call of an array function takes as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from petarseg.lesions.components import Index3


class BitBox:
    """A box of voxels whose subsets are integers: bit ``(i Y + j) Z + k`` stands for voxel (i, j, k).

    Dilations move bits by index. A set that comes closer to a face than it is moved comes back in on the opposite side; the caller
    keeps sets away from the faces (:meth:`near_faces`) or masks the result.

    Parameters
    ----------
    shape : tuple of int
        Size X, Y, Z of the box.
    """

    __slots__ = ("everything", "shape", "size", "strides")

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.strides = (shape[1] * shape[2], shape[2], 1)
        self.size = shape[0] * shape[1] * shape[2]
        self.everything = (1 << self.size) - 1

    def pack(self, mask: NDArray[np.bool_]) -> int:
        """Return the set of the true voxels of an array of the box's shape."""
        return int.from_bytes(np.packbits(mask, axis=None, bitorder="little").tobytes(), "little")

    def unpack(self, region: int) -> NDArray[np.bool_]:
        """Return a set as an array of the box's shape."""
        octets = np.frombuffer(region.to_bytes((self.size + 7) // 8, "little"), np.uint8)
        return np.unpackbits(octets, count=self.size, bitorder="little").view(np.bool_).reshape(self.shape)

    def voxel(self, ijk: Index3) -> int:
        """Return the set of one voxel."""
        return 1 << sum(index * stride for index, stride in zip(ijk, self.strides, strict=True))

    def voxels(self, points: Iterable[Index3]) -> int:
        """Return the set of those of some voxels that lie in the box."""
        region = 0
        for point in points:
            if all(0 <= index < size for index, size in zip(point, self.shape, strict=True)):
                region |= self.voxel(point)
        return region

    def near_faces(self, margin: Sequence[int]) -> int:
        """Return the voxels closer to a face than `margin`, given along each axis."""
        inner = np.zeros(self.shape, dtype=bool)
        inner[tuple(slice(depth, size - depth) for depth, size in zip(margin, self.shape, strict=True))] = True
        return self.everything ^ self.pack(inner)

    def spans(self, region: int) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
        """Return the first and last index of a set that is not empty along each axis."""
        plane, row, _ = self.strides
        x_first, x_last = _ends(region)
        seen_along_x = _overlay(region >> x_first // plane * plane, plane, x_last // plane - x_first // plane + 1)
        y_first, y_last = _ends(seen_along_x)
        seen_along_xy = _overlay(seen_along_x >> y_first // row * row, row, y_last // row - y_first // row + 1)
        return (x_first // plane, x_last // plane), (y_first // row, y_last // row), _ends(seen_along_xy)

    def dilate(self, region: int, reach: Sequence[int]) -> int:
        """Dilate by a box of ``2 reach + 1`` voxels."""
        for shift in _shifts(self.strides, tuple(reach)):
            region |= (region << shift) | (region >> shift)
        return region

    def face_neighbours(self, region: int) -> int:
        """Dilate by the 6-neighbourhood."""
        x, y, _ = self.strides
        return region | region << x | region >> x | region << y | region >> y | region << 1 | region >> 1

    def edge_neighbours(self, region: int) -> int:
        """Dilate by the 18-neighbourhood (a cube of 3 without its corners)."""
        x, y, _ = self.strides
        with_x, with_y = region | region << x | region >> x, region | region << y | region >> y
        return with_x | with_x << y | with_x >> y | with_x << 1 | with_x >> 1 | with_y | with_y << 1 | with_y >> 1

    def flood(self, region: int, above: int) -> int:
        """Grow a region to the 6-connected components of `above` that it touches; `above` must hold no voxel at a face."""
        x, y, _ = self.strides
        before = 0
        while region != before:
            before = region
            region |= (region << 1 | region >> 1) & above
            region |= (region << y | region >> y) & above
            region |= (region << x | region >> x) & above
        return region


@lru_cache(maxsize=256)
def _shifts(strides: Index3, reach: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shifts, both ways, that dilate along each axis: each at most one longer than what was reached before."""
    shifts = []
    for stride, steps in zip(strides, reach, strict=True):
        done = 0
        while done < steps:
            step = min(done + 1, steps - done)
            shifts.append(step * stride)
            done += step
    return tuple(shifts)


def _ends(bits: int) -> tuple[int, int]:
    """Return the lowest and highest bit that is set."""
    return (bits & -bits).bit_length() - 1, bits.bit_length() - 1


def _overlay(bits: int, stride: int, n: int) -> int:
    """Return the union of the first `n` pieces of `stride` bits."""
    while n > 1:
        half = (n + 1) // 2
        bits |= bits >> half * stride
        n = half
    return bits & ((1 << stride) - 1)
