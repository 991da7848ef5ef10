"""The gate: source DICOM in, placed SUV and HU volumes with a non-identifying sidecar out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from petarseg.dicom.enhanced import CT_IMAGE, PET_IMAGE
from petarseg.dicom.geometry import Stack
from petarseg.dicom.header import Header
from petarseg.dicom.quantification import read_suv_inputs
from petarseg.dicom.read import MIN_SLICES, NOTHING, Grid, Rescale, SliceFile, read_pixels, read_rescale, read_slices, stack
from petarseg.dicom.tags import IDENTIFYING, Tag
from petarseg.errors import ConfigError, ExamRejected, QuantificationError, Rejected
from petarseg.nifti import fresh_memory, write_nifti_slices
from petarseg.reasons import Reason
from petarseg.suv import SuvConversion, convert_to_suv
from petarseg.volume import Units, Volume, describe, spacing_of

BODY_PERCENTILE, BODY_FRACTION = 95.0, 0.1
"""Voxels above this fraction of this percentile are taken as body; relative, so that a wrong factor does not hide itself."""
BODY_SAMPLE = 200_000
BODY_MEAN_SUV = (0.15, 15.0)
"""A body averages about 1 by definition (what was injected is somewhere in it), 0.3 to 1.5 in practice, more in a crop around a tumour."""
LOW_MAX_SUV = 5.0
SIGNIFICANT_BITS = 16
"""Of the 24 of float32: what a scanner's 16-bit integers hold."""
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
HU_RANGE = (-32_768, 32_767)


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


@dataclass(frozen=True, slots=True)
class SuvVoxels:
    """SUVbw of a PET series, rounded to `SIGNIFICANT_BITS`."""

    slices: Sequence[SliceFile]
    rescales: Sequence[Rescale]
    conversion: SuvConversion

    units: ClassVar = Units.SUVBW
    dtype: ClassVar = np.float32

    def images(self, order: Sequence[int], facts: dict[str, object]) -> Iterator[NDArray[np.float32]]:
        """Yield SUVbw per slice; raises SUV_IMPLAUSIBLE at the end."""
        sample, buffer = SuvSample(len(order)), bytearray()
        for index in order:
            factor, rescale = self.conversion.factors[index], self.rescales[index]
            stored = read_pixels(self.slices[index], buffer)
            suv = np.empty(stored.shape, np.float32)
            np.multiply(stored, np.float32(rescale.slope * factor), out=suv, casting="unsafe")
            if rescale.intercept:
                suv += np.float32(rescale.intercept * factor)
            _round_significand(suv)
            sample.add(suv)
            yield suv
        notes = check_suv_volume(sample.values())
        facts |= suv_sidecar(self.slices[0].header, self.conversion)
        facts["assumptions"] = [*self.conversion.assumptions, *notes]


@dataclass(frozen=True, slots=True)
class HounsfieldVoxels:
    """Hounsfield units of a CT series."""

    slices: Sequence[SliceFile]
    rescales: Sequence[Rescale]

    units: ClassVar = Units.HU
    dtype: ClassVar = np.int16

    def images(self, order: Sequence[int], facts: dict[str, object]) -> Iterator[NDArray[np.int16]]:
        """Yield HU per slice, clipped to what int16 holds."""
        clipped, buffer = 0, bytearray()
        for index in order:
            stored, rescale = read_pixels(self.slices[index], buffer), self.rescales[index]
            if rescale.slope == 1.0 and rescale.intercept.is_integer() and _fits_int16(stored, int(rescale.intercept)):
                yield np.add(stored, np.array(int(rescale.intercept), np.int16), dtype=np.int16, casting="unsafe")
                continue
            values = np.rint(stored * rescale.slope + rescale.intercept)
            clipped += int(np.count_nonzero((values < HU_RANGE[0]) | (values > HU_RANGE[1])))
            yield np.clip(values, *HU_RANGE).astype(np.int16)
        facts |= {"units": "HU", "clipped_voxels": clipped}


class SuvSample:
    """The largest SUV of a series and an even sample of all slices, gathered slice by slice.

    Parameters
    ----------
    n_slices : int
        How many slices will be added.
    """

    def __init__(self, n_slices: int) -> None:
        self._n_slices = n_slices
        self._parts: list[NDArray[np.float32]] = []
        self.highest = -math.inf

    def add(self, suv: NDArray[np.float32]) -> None:
        """Add a slice of any shape."""
        self.highest = max(self.highest, float(suv.max()))
        # An odd step: an even one may divide the number of columns, and the sample would be a few columns of the image.
        step = max(1, suv.size * self._n_slices // BODY_SAMPLE) | 1
        self._parts.append(suv.reshape(-1)[::step].copy())

    def values(self) -> NDArray[np.float32]:
        """Return the sample, which ends with the largest value."""
        return np.concatenate([*self._parts, np.array([self.highest], np.float32)])


def pet_series(files: Sequence[Path], headers: Mapping[Path, Header] = NOTHING) -> Series:
    """Read the headers of one PET series and settle its SUV factors and its place; pixels are not read.

    Parameters
    ----------
    files : sequence of Path
        All images of the series, in any order.
    headers : mapping of Path to Header
        Headers that were read before (`scan_archive`); the others are read.

    Raises
    ------
    ExamRejected
        When the images do not make one volume.
    QuantificationError
        When no trustworthy SUV exists.
    """
    slices = read_slices(files, sop_class=PET_IMAGE, modality="PT", headers=headers)
    conversion = convert_to_suv(read_suv_inputs([item.header for item in slices]))
    voxels = SuvVoxels(slices, [read_rescale(item.header) for item in slices], conversion)
    stacked = stack(slices)
    return Series(slices, stacked, _grid(slices, stacked), voxels)


def ct_series(files: Sequence[Path], headers: Mapping[Path, Header] = NOTHING) -> Series:
    """Read the headers of one CT series and settle its place; pixels are not read.

    Parameters
    ----------
    files : sequence of Path
        All images of the series, in any order.
    headers : mapping of Path to Header
        Headers that were read before (`scan_archive`); the others are read.

    Raises
    ------
    ExamRejected
        When the images do not make one volume.
    """
    slices = read_slices(files, sop_class=CT_IMAGE, modality="CT", headers=headers)
    voxels = HounsfieldVoxels(slices, [read_rescale(item.header) for item in slices])
    kinds = {item.header.text(Tag.RescaleType) for item in slices}
    if not kinds <= {"", "HU"}:
        raise ExamRejected(Reason.UNITS_UNSUPPORTED, {"RescaleType": "not HU"})
    stacked = stack(slices)
    return Series(slices, stacked, _grid(slices, stacked), voxels)


def convert_pet(files: Sequence[Path]) -> Converted:
    """Convert one PET series to SUVbw, in memory.

    Parameters
    ----------
    files : sequence of Path
        All images of the series, in any order.

    Raises
    ------
    ExamRejected
        When the images do not make one volume, or their pixels cannot be read.
    QuantificationError
        When no trustworthy SUV exists, or the volume fails a plausibility check.
    """
    return pet_series(files).read()


def convert_ct(files: Sequence[Path]) -> Converted:
    """Convert one CT series to Hounsfield units, in memory.

    Parameters
    ----------
    files : sequence of Path
        All images of the series, in any order.

    Raises
    ------
    ExamRejected
        When the images do not make one volume, or their pixels cannot be read.
    """
    return ct_series(files).read()


def suv_of(source: Path | Sequence[Path]) -> dict[str, object]:
    """Tell the SUV factor and the maximum of one PET image or series, or why there is none.

    Parameters
    ----------
    source : Path or sequence of Path
        One file, a folder whose only PET series is taken, or the files of one series. Slices need not make a volume; from `MIN_SLICES` on
        their values must be plausible.

    Returns
    -------
    dict
        ``status`` "ok" with ``suv_type, units, decay_correction, factor, max, assumptions, ...``, or "rejected" with ``reason`` and
        ``evidence`` (INTERFACE).

    Raises
    ------
    ConfigError
        If the path does not exist.
    """
    try:
        files = pet_files(source) if isinstance(source, Path) else source
        slices = read_slices(files, sop_class=PET_IMAGE, modality="PT")
        conversion = convert_to_suv(read_suv_inputs([item.header for item in slices]))
        sample, buffer = SuvSample(len(slices)), bytearray()
        for item, factor in zip(slices, conversion.factors, strict=True):
            rescale = read_rescale(item.header)
            suv = read_pixels(item, buffer) * (rescale.slope * factor) + rescale.intercept * factor
            sample.add(suv.astype(np.float32))
        if len(slices) >= MIN_SLICES:
            check_suv_volume(sample.values())
    except Rejected as error:
        return {"status": "rejected", "reason": error.reason.value, "evidence": error.evidence}
    return {"status": "ok", "max": sample.highest} | suv_sidecar(slices[0].header, conversion)


def pet_files(path: Path) -> tuple[Path, ...]:
    """Return the file itself, or the files of the only PET series of a folder.

    Raises
    ------
    ConfigError
        If the path does not exist.
    ExamRejected
        NO_PET_SERIES or AMBIGUOUS_SERIES.
    """
    if not path.exists():
        raise ConfigError(f"no such file or folder: {path}")
    if not path.is_dir() and path.suffix.lower() != ".zip":
        return (path,)
    from petarseg.dicom.index import scan_archive  # only here: converting does without threads and zip archives

    index = scan_archive(path)
    chosen = [study.pet for study in index.studies if study.pet is not None]
    if not chosen:
        rejects = [study.reject for study in index.studies if study.reject and study.reject[0] is Reason.AMBIGUOUS_SERIES]
        if rejects:
            raise ExamRejected(*rejects[0])
        # No series makes a whole-body volume, but a single slice or an uncorrected series has a name for what is wrong with it.
        chosen = [series for study in index.studies for series in study.others if series.modality == "PT"]
    if len(chosen) != 1:
        reason = Reason.AMBIGUOUS_SERIES if chosen else Reason.NO_PET_SERIES
        raise ExamRejected(reason, {"pet_series": len(chosen), "unreadable_files": len(index.unreadable)})
    return chosen[0].files


def _round_significand(values: NDArray[np.float32]) -> None:
    """Round in place to `SIGNIFICANT_BITS`: the low byte becomes zero, which compresses.

    At most 2^-16 (1.5e-5) of the value is lost: half a step of a 16-bit scanner at its largest value.
    """
    spare = 24 - SIGNIFICANT_BITS
    bits = values.view(np.uint32)
    bits += np.uint32(1 << (spare - 1))
    bits &= np.uint32(0xFFFFFFFF << spare & 0xFFFFFFFF)


def _grid(slices: Sequence[SliceFile], stacked: Stack) -> Grid:
    header = slices[0].header
    columns, rows = header.integer(Tag.Columns) or 0, header.integer(Tag.Rows) or 0
    if header.pixel_length is not None and header.pixel_length < columns * rows:
        raise ExamRejected(Reason.PIXELS_UNREADABLE, {"bytes": header.pixel_length, "needed": columns * rows})
    return Grid.of(stacked, (columns, rows, len(slices)))


def _fits_int16(stored: NDArray[Any], intercept: int) -> bool:
    low, high = int(stored.min()) + intercept, int(stored.max()) + intercept
    return HU_RANGE[0] <= low and high <= HU_RANGE[1]


def check_suv_volume(suv: NDArray[np.float32]) -> tuple[str, ...]:
    """Quarantine volumes that cannot be SUV; never repair them.

    Parameters
    ----------
    suv : ndarray of float32, any shape
        SUVbw.

    Returns
    -------
    tuple of str
        Notes on what is unusual but possible.

    Raises
    ------
    QuantificationError
        SUV_IMPLAUSIBLE with the numbers.
    """
    highest = float(suv.max())
    if not np.isfinite(highest) or highest <= 0.0:
        raise QuantificationError(Reason.SUV_IMPLAUSIBLE, {"suv_max": highest if np.isfinite(highest) else None})
    sample = suv.reshape(-1)[:: max(1, suv.size // BODY_SAMPLE)]
    rank = int(BODY_PERCENTILE / 100.0 * (sample.size - 1))
    bright = float(np.partition(sample, rank)[rank])  # np.percentile would import masked arrays, which takes as long as all headers
    body = sample[sample > BODY_FRACTION * (bright if bright > 0.0 else highest)]
    mean = float(body.mean(dtype=np.float64)) if body.size else 0.0
    if not BODY_MEAN_SUV[0] <= mean <= BODY_MEAN_SUV[1]:
        raise QuantificationError(
            Reason.SUV_IMPLAUSIBLE, {"body_mean_suv": round(mean, 5), "plausible": list(BODY_MEAN_SUV), "suv_max": round(highest, 4)}
        )
    return ("suv_max_below_5",) if highest < LOW_MAX_SUV else ()


def suv_sidecar(header: Header, conversion: SuvConversion) -> dict[str, object]:
    """Return how the SUV came about, without anything identifying."""
    return {
        "suv_type": "SUVbw",
        "units": header.text(Tag.Units),
        "decay_correction": header.text(Tag.DecayCorrection) or None,
        "factor": conversion.factor,
        "method": conversion.method,
        "reference": conversion.reference,
        "uptake_s": None if conversion.uptake_s is None else round(conversion.uptake_s, 1),
        **conversion.inputs,
        "assumptions": list(conversion.assumptions),
    }


def _public_name(header: Header, tag: Tag) -> str | None:
    """Return a maker's or model's name; None when too long to be one or when it shares a word with a name or id of patient or site."""
    cleaned = "".join(character for character in header.text(tag) if character.isprintable()).strip()
    words = set(_words(cleaned))
    identifying = {word for other in _NAMES for word in _words(header.text(other))} - _MAKERS
    return cleaned if words and len(cleaned) <= 64 and len(words) <= MODEL_WORDS and not words & identifying else None


def _words(text: str) -> list[str]:
    return re.findall(r"\w{2,}", text.casefold())
