"""One image type for everything outside ``petarseg.dicom``: an array, its place in the patient, and its units.

Conventions
-----------
* Arrays are indexed ``array[x, y, z]``; index 0 is the first voxel's centre.
* ``affine`` maps voxel indices to patient coordinates in mm, RAS+: x grows towards the patient's right, y towards
  anterior, z towards the head; ``ras = affine @ (i, j, k, 1)``. DICOM speaks LPS, which is ``(-x, -y, z)`` of these.
* *Canonical* means that the three array axes run closest to +R, +A and +S. Readers return canonical volumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from isal import igzip
from nibabel.filebasedimages import ImageFileError
from numpy.typing import ArrayLike, NDArray

from petarseg.errors import ConfigError
from petarseg.files import atomic_path

GZIP_LEVEL = 2
"""isal compression level (0-3). 2 costs a tenth of zlib's level 6 for a few percent more bytes (benchmarks/)."""


class Units(StrEnum):
    """What a voxel value means."""

    SUVBW = "SUVbw"
    BQML = "Bq/ml"
    HU = "HU"
    LABEL = "label"
    OTHER = "other"


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
        x, y, z = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(x), float(y), float(z)

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel in ml."""
        return abs(float(np.linalg.det(self.affine[:3, :3]))) / 1_000.0

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
        orientation = nib.io_orientation(self.affine)
        if np.array_equal(orientation, [[0, 1], [1, 1], [2, 1]]):
            return self
        array = nib.apply_orientation(self.array, orientation)
        affine = self.affine @ nib.orientations.inv_ornt_aff(orientation, self.shape)
        return Volume(np.ascontiguousarray(array), affine, self.units)

    def crop(self, start: tuple[int, int, int], stop: tuple[int, int, int]) -> Volume:
        """Return the box ``start <= index < stop``; indices must lie inside the volume."""
        for low, high, size in zip(start, stop, self.shape, strict=True):
            if not 0 <= low < high <= size:
                raise ValueError(f"box {start}..{stop} does not fit a volume of shape {self.shape}")
        affine = self.affine.copy()
        affine[:3, 3] = self.ijk_to_ras_mm(start)
        box = tuple(slice(low, high) for low, high in zip(start, stop, strict=True))
        return Volume(self.array[box], affine, self.units)

    def save(self, path: Path) -> None:
        """Write ``.nii`` or ``.nii.gz`` atomically; equal volumes give equal bytes.

        Values are stored as they are (``scl_slope`` 1), the affine as both sform and qform with code 1 (scanner), and a short
        description carries the units. No time stamp or file name enters the gzip header.
        """
        image = nib.Nifti1Image(self.array, self.affine, dtype=self.array.dtype)
        image.header.set_xyzt_units("mm")
        image.set_sform(self.affine, code=1)
        image.set_qform(self.affine, code=1, strip_shears=True)
        image.header.set_slope_inter(1.0, 0.0)
        image.header["descrip"] = f"petarseg {self.units.value}".encode("ascii")
        data = image.to_bytes()
        if path.name.endswith(".gz"):
            data = igzip.compress(data, compresslevel=GZIP_LEVEL, mtime=0)
        with atomic_path(path) as temporary:
            temporary.write_bytes(data)

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
        try:
            data = path.read_bytes()
            image: Any = nib.Nifti1Image.from_bytes(igzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
            slope = image.dataobj.slope, image.dataobj.inter
            array = np.asanyarray(image.dataobj if slope != (1.0, 0.0) else image.dataobj.get_unscaled())
        except FileNotFoundError as error:
            raise ConfigError(f"no such file: {path}") from error
        except (OSError, EOFError, ValueError, igzip.IsalError, ImageFileError) as error:
            raise ConfigError(f"cannot read {path.name} as NIfTI: {error}") from error
        while array.ndim > 3 and array.shape[-1] == 1:
            array = array[..., 0]
        if array.ndim != 3:
            raise ConfigError(f"{path.name} has shape {array.shape}; a 3D volume is needed")
        if units is None:
            stamp = bytes(image.header["descrip"]).rstrip(b"\0").decode("ascii", "replace").removeprefix("petarseg ")
            units = Units(stamp) if stamp in set(Units) else Units.OTHER
        return cls(array, np.asarray(image.affine, dtype=np.float64), units).to_canonical()
