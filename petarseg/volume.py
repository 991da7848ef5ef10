"""One image type for everything outside ``petarseg.dicom``: an array, its place in the patient, and its units.

Conventions
-----------
* Arrays are indexed ``array[x, y, z]``; index 0 is the first voxel's centre.
* ``affine`` maps voxel indices to patient coordinates in mm, RAS+: x grows towards the patient's right, y towards
  anterior, z towards the head; ``ras = affine @ (i, j, k, 1)``. DICOM speaks LPS, which is ``(-x, -y, z)`` of these.
* *Canonical* means that the three array axes run closest to +R, +A and +S. Readers return canonical volumes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from isal import igzip, igzip_lib
from numpy.typing import ArrayLike, NDArray

from petarseg.errors import ConfigError
from petarseg.nifti import write_nifti


class Units(StrEnum):
    """What a voxel value means."""

    SUVBW = "SUVbw"
    BQML = "Bq/ml"
    HU = "HU"
    LABEL = "label"
    OTHER = "other"


def describe(units: Units) -> str:
    """Return the description that goes into NIfTI headers."""
    return f"petarseg {units.value}"


def spacing_of(affine: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the distance of neighbouring voxel centres along the three axes of an affine, shape (4, 4), in mm."""
    # Python's floats: for three numbers numpy's overhead is ten times the work, and every lesion asks.
    x, y, z = (math.hypot(*column) for column in affine[:3, :3].T.tolist())
    return x, y, z


@dataclass(frozen=True, slots=True)
class Volume:
    """A 3D image in patient space.

    Parameters
    ----------
    array : ndarray, shape (X, Y, Z)
        Voxel values.
    affine : ndarray of float64, shape (4, 4)
        Voxel index to patient coordinates in mm, RAS+.
    units : Units
        Meaning of the values.
    """

    array: NDArray[Any]
    affine: NDArray[np.float64]
    units: Units

    def __post_init__(self) -> None:
        """Refuse what is not a placed 3D image."""
        if self.array.ndim != 3:
            raise ValueError(f"array must be (X, Y, Z), not of shape {self.array.shape}")
        if self.affine.shape != (4, 4) or not np.all(np.isfinite(self.affine)):
            raise ValueError("affine must be a finite 4x4 matrix")
        if abs(float(np.linalg.det(self.affine[:3, :3]))) < 1e-9:
            raise ValueError("affine is singular: two axes coincide or a spacing is zero")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along x, y, z."""
        x, y, z = self.array.shape
        return x, y, z

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance of neighbouring voxel centres along x, y, z in mm."""
        return spacing_of(self.affine)

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel in ml."""
        (a, b, c), (d, e, f), (g, h, i) = self.affine[:3, :3].tolist()
        return float(abs(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g))) / 1_000.0

    def ijk_to_ras_mm(self, ijk: ArrayLike) -> NDArray[np.float64]:
        """Map voxel indices, shape (3,) or (N, 3), to RAS coordinates in mm of the same shape."""
        points = np.asarray(ijk, dtype=np.float64)
        mapped: NDArray[np.float64] = points @ self.affine[:3, :3].T + self.affine[:3, 3]
        return mapped

    def ras_mm_to_ijk(self, ras_mm: ArrayLike) -> NDArray[np.float64]:
        """Map RAS coordinates in mm, shape (3,) or (N, 3), to fractional voxel indices of the same shape."""
        inverse = np.linalg.inv(self.affine)
        points = np.asarray(ras_mm, dtype=np.float64)
        mapped: NDArray[np.float64] = points @ inverse[:3, :3].T + inverse[:3, 3]
        return mapped

    def with_array(self, array: NDArray[Any], units: Units | None = None) -> Volume:
        """Return another image on the same grid."""
        return Volume(array, self.affine, self.units if units is None else units)

    def same_grid(self, other: Volume, *, tolerance_mm: float = 1e-3) -> bool:
        """Tell whether both volumes have one shape and, to `tolerance_mm` at every corner, one place."""
        if self.shape != other.shape:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape], indexing="ij")).reshape(3, -1).T
        gap = np.abs(self.ijk_to_ras_mm(corners) - other.ijk_to_ras_mm(corners)).max()
        return bool(gap <= tolerance_mm)

    def to_canonical(self) -> Volume:
        """Return the volume with axes permuted and flipped so that they run closest to +R, +A, +S. No resampling."""
        axes, flips = nearest_axes(self.affine)
        if axes == (0, 1, 2) and not any(flips):
            return self
        array, affine = self.array, self.affine.copy()
        for axis in np.flatnonzero(flips):
            affine[:3, 3] += affine[:3, axis] * (self.array.shape[axis] - 1)
            affine[:3, axis] *= -1.0
            array = np.flip(array, int(axis))
        order = np.argsort(axes)
        affine[:, :3] = affine[:, order]
        return Volume(np.ascontiguousarray(array.transpose(order)), affine, self.units)

    def oriented_like(self, affine: NDArray[np.float64]) -> Volume:
        """Return the volume with axes permuted and flipped so that they run as those of another affine do: undoes `to_canonical`."""
        canonical = self.to_canonical()
        axes, flips = nearest_axes(affine)
        array, turned = canonical.array.transpose(axes), canonical.affine.copy()
        turned[:, :3] = turned[:, list(axes)]
        for axis in np.flatnonzero(flips):
            turned[:3, 3] += turned[:3, axis] * (array.shape[axis] - 1)
            turned[:3, axis] *= -1.0
            array = np.flip(array, int(axis))
        return Volume(np.ascontiguousarray(array), turned, self.units)

    def crop(self, start: tuple[int, int, int], stop: tuple[int, int, int]) -> Volume:
        """Return the box ``start <= index < stop``; indices must lie inside the volume."""
        for low, high, size in zip(start, stop, self.shape, strict=True):
            if not 0 <= low < high <= size:
                raise ValueError(f"box {start}..{stop} does not fit a volume of shape {self.shape}")
        affine = self.affine.copy()
        affine[:3, 3] = self.ijk_to_ras_mm(start)
        box = tuple(slice(low, high) for low, high in zip(start, stop, strict=True))
        return Volume(self.array[box], affine, self.units)

    def save(self, path: Path, *, reproducible: bool = False) -> None:
        """Write ``.nii`` or ``.nii.gz`` atomically; with `reproducible`, equal volumes give equal compressed bytes.

        Values are stored as they are (``scl_slope`` 1), the affine as both sform and qform with code 1 (scanner), and a short
        description carries the units. No time stamp or file name enters the gzip header.
        """
        write_nifti(path, self.array, self.affine, describe(self.units), reproducible=reproducible)

    @classmethod
    def load(cls, path: Path, units: Units | None = None) -> Volume:
        """Read a 3D ``.nii`` or ``.nii.gz`` and bring it to canonical orientation.

        Parameters
        ----------
        path : Path
            The file.
        units : Units, optional
            What the values mean; taken from a file that petarseg wrote, else ``Units.OTHER``.

        Raises
        ------
        ConfigError
            If the file is absent, not NIfTI, truncated, or not 3D.
        """
        # Imported here: it takes longer than converting a PET series, which only writes.
        import nibabel as nib
        from nibabel.filebasedimages import ImageFileError
        from nibabel.spatialimages import HeaderDataError
        from nibabel.wrapstruct import WrapStructError

        try:
            data = path.read_bytes()
            image: Any = nib.Nifti1Image.from_bytes(igzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
            slope = image.dataobj.slope, image.dataobj.inter
            array = np.asanyarray(image.dataobj if slope != (1.0, 0.0) else image.dataobj.get_unscaled())
        except FileNotFoundError as error:
            raise ConfigError(f"no such file: {path}") from error
        except (  # type: ignore[misc]  # the stub of IsalError is wrong
            *(OSError, EOFError, ValueError, igzip_lib.IsalError),
            *(ImageFileError, HeaderDataError, WrapStructError),
        ) as error:
            raise ConfigError(f"cannot read {path.name} as NIfTI: {error}") from error
        while array.ndim > 3 and array.shape[-1] == 1:
            array = array[..., 0]
        if array.ndim != 3:
            raise ConfigError(f"{path.name} has shape {array.shape}; a 3D volume is needed")
        if units is None:
            stamp = bytes(image.header["descrip"]).rstrip(b"\0").decode("ascii", "replace").removeprefix("petarseg ")
            units = Units(stamp) if stamp in set(Units) else Units.OTHER
        return cls(array, np.asarray(image.affine, dtype=np.float64), units).to_canonical()


def nearest_axes(affine: NDArray[np.float64]) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    """Tell which patient axis each array axis runs closest to, and whether against it.

    Parameters
    ----------
    affine : ndarray of float64, shape (4, 4)
        Voxel index to patient coordinates.

    Returns
    -------
    tuple of int, tuple of bool
        Patient axis (0 R, 1 A, 2 S) per array axis, each once; whether the array axis runs the other way.
    """
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    best = max(permutations(range(3)), key=lambda order: sum(abs(directions[axis, k]) for k, axis in enumerate(order)))
    return best, tuple(bool(directions[axis, k] < 0.0) for k, axis in enumerate(best))  # type: ignore[return-value]
