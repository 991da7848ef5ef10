"""A series whose headers make one volume: read into memory, or written slice by slice, with a non-identifying sidecar."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from petarseg.dicom.geometry import Stack
from petarseg.dicom.header import Header
from petarseg.dicom.read import Grid, SliceFile
from petarseg.dicom.tags import IDENTIFYING, Tag
from petarseg.nifti import fresh_memory, write_nifti_slices
from petarseg.volume import Units, Volume, describe, spacing_of

MODEL_WORDS = 6
_NAMES = tuple(set(IDENTIFYING) - {Tag.StationName})
"""Station names often repeat the model."""
_MAKERS = frozenset(
    [
        "canon",
        "ct",
        "ge",
        "general",
        "electric",
        "gems",
        "health",
        "healthcare",
        "healthineers",
        "imaging",
        "medical",
        "medicine",
        "nm",
        "nuclear",
        "pet",
        "philips",
        "siemens",
        "system",
        "systems",
        "toshiba",
        "uih",
        "united",
    ]
)
"""Words of makers' names that hospitals use too."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A converted series.

    Parameters
    ----------
    volume : Volume
        Canonical (RAS+) float32 SUVbw or int16 HU.
    sidecar : dict
        JSON-serialisable and non-identifying: no UIDs, dates, times, ids or descriptions.
    instance_numbers : tuple of int or None
        InstanceNumber per z index of the volume, for reports that number slices by it.
    """

    volume: Volume
    sidecar: dict[str, object]
    instance_numbers: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A converted series that was written to a file and is not in memory; the rest as in `Converted`.

    Parameters
    ----------
    shape : tuple of int
        (X, Y, Z).
    affine : ndarray of float64, shape (4, 4)
        Voxel index to RAS+ mm.
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]
    sidecar: dict[str, object]
    instance_numbers: tuple[int | None, ...]

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance of neighbouring voxel centres along x, y, z in mm."""
        return spacing_of(self.affine)


class Voxels(Protocol):
    """Makes the voxel values of a series, one slice at a time."""

    @property
    def units(self) -> Units:
        """What the values mean."""

    @property
    def dtype(self) -> type[np.generic]:
        """Kind of the values."""

    def images(self, order: Sequence[int], facts: dict[str, object]) -> Iterator[NDArray[Any]]:
        """Yield the values of slices of the series, shape (rows, columns), each good until the next.

        After the last one, put into `facts` what the sidecar says of them, or raise when they cannot be right.
        """


@dataclass(frozen=True, slots=True)
class Series:
    """A PET or CT series whose headers make one volume; its pixels are read when asked for.

    Parameters
    ----------
    slices : sequence of SliceFile
        The slices in any order.
    stacked : Stack
        Their order in space.
    grid : Grid
        Where they lie in the image.
    voxels : Voxels
        What makes their values.
    """

    slices: Sequence[SliceFile]
    stacked: Stack
    grid: Grid
    voxels: Voxels

    def read(self) -> Converted:
        """Read the series into memory; raises as `convert_pet` and `convert_ct`."""
        columns, rows, n_slices = self.grid.shape
        memory = fresh_memory((n_slices, rows, columns), self.voxels.dtype)
        facts: dict[str, object] = {}
        for z, image in enumerate(self._images(facts)):
            memory[z] = image
        volume = Volume(memory.transpose(2, 1, 0), self.grid.affine, self.voxels.units).to_canonical()
        return Converted(volume, self._sidecar(volume.shape, volume.affine, facts), self._instance_numbers())

    def write(self, path: Path) -> Written:
        """Write the series to ``.nii.gz`` with little memory: an axial one slice by slice. Raises as `read`, and then leaves no file."""
        if not self.grid.is_axial:
            converted = self.read()
            converted.volume.save(path)
            return Written(converted.volume.shape, converted.volume.affine, converted.sidecar, converted.instance_numbers)
        shape, affine = self.grid.shape, self.grid.affine
        facts: dict[str, object] = {}
        write_nifti_slices(path, shape, self.voxels.dtype, affine, describe(self.voxels.units), self._images(facts))
        return Written(shape, affine, self._sidecar(shape, affine, facts), self._instance_numbers())

    def _images(self, facts: dict[str, object]) -> Iterator[NDArray[Any]]:
        """Yield the slices along the third axis, as they lie in the image."""
        return map(self.grid.turned, self.voxels.images(self._order(), facts))

    def _order(self) -> list[int]:
        """Return the input index of each slice along the third axis."""
        return [self.stacked.order[self.grid.position_of(z)] for z in range(len(self.slices))]

    def _instance_numbers(self) -> tuple[int | None, ...]:
        return tuple(self.slices[index].header.integer(Tag.InstanceNumber) for index in self._order())

    def _sidecar(self, shape: tuple[int, int, int], affine: NDArray[np.float64], facts: dict[str, object]) -> dict[str, object]:
        header = self.slices[0].header
        return {
            "manufacturer": _public_name(header, Tag.Manufacturer),
            "model": _public_name(header, Tag.ManufacturerModelName),
            "native_shape": list(shape),
            "native_spacing_mm": [round(value, 6) for value in spacing_of(affine)],
            "slice_spacing_deviation_mm": round(self.stacked.largest_deviation_mm, 4),
            "n_slices": shape[2],
            **facts,
        }


def _public_name(header: Header, tag: Tag) -> str | None:
    """Return a maker's or model's name; None when too long to be one or when it shares a word with a name or id of patient or site."""
    cleaned = "".join(character for character in header.text(tag) if character.isprintable()).strip()
    words = set(_words(cleaned))
    identifying = {word for other in _NAMES for word in _words(header.text(other))} - _MAKERS
    return cleaned if words and len(cleaned) <= 64 and len(words) <= MODEL_WORDS and not words & identifying else None


def _words(text: str) -> list[str]:
    return re.findall(r"\w{2,}", text.casefold())
