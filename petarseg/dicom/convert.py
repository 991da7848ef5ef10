"""The gate: source DICOM in, placed SUV and HU volumes with a non-identifying sidecar out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from petarseg.dicom.enhanced import CT_IMAGE, PET_IMAGE
from petarseg.dicom.geometry import Stack
from petarseg.dicom.header import Header
from petarseg.dicom.quantification import read_suv_inputs
from petarseg.dicom.read import MIN_SLICES, NOTHING, Grid, SliceFile, read_pixels, read_rescale, read_slices, stack
from petarseg.dicom.select import classify_image
from petarseg.dicom.series import Converted, Series
from petarseg.dicom.tags import Tag
from petarseg.dicom.voxels import HounsfieldVoxels, SuvSample, SuvVoxels, check_suv_volume, suv_sidecar
from petarseg.errors import ConfigError, ExamRejected, Rejected
from petarseg.reasons import Reason
from petarseg.suv import convert_to_suv


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
    slices = _pet_slices(files, headers)
    conversion = convert_to_suv(read_suv_inputs([item.header for item in slices]))
    rescales = [read_rescale(item.header) for item in slices]
    stacked = stack(slices)
    declared = slices[0].header.integer(Tag.NumberOfSlices) or 0
    if declared > len(slices):
        # Gaps are seen from the positions; slices lost at an end, which shift the slice numbers of reports, only from what was promised.
        raise ExamRejected(Reason.SLICES_MISSING, {"NumberOfSlices": declared, "slices": len(slices)})
    grid = _grid(slices, stacked)
    return Series(slices, stacked, grid, SuvVoxels(slices, rescales, conversion, _length_mm(grid)))


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
        One file, a folder whose only PET series is taken, or the files of one series. From `MIN_SLICES` on they must make a volume of
        plausible values, as they must to be converted; fewer slices may lie anywhere.

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
        slices = _pet_slices(files)
        conversion = convert_to_suv(read_suv_inputs([item.header for item in slices]))
        is_volume = len(slices) >= MIN_SLICES
        length_mm = _length_mm(_grid(slices, stack(slices))) if is_volume else 0.0
        sample, buffer = SuvSample(len(slices)), bytearray()
        for item, factor in zip(slices, conversion.factors, strict=True):
            rescale = read_rescale(item.header)
            suv = read_pixels(item, buffer) * (rescale.slope * factor) + rescale.intercept * factor
            sample.add(suv.astype(np.float32))
        if is_volume:
            check_suv_volume(sample.values(), length_mm)
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
    if len(chosen) == 1 and chosen[0].why_not == Reason.DUPLICATE_INSTANCE.value:
        # The files of a record are one of each instance; which of two different ones is right cannot be told.
        raise ExamRejected(Reason.SLICES_DUPLICATED, {"different_files_with_one": "SOPInstanceUID"})
    if len(chosen) != 1:
        reason = Reason.AMBIGUOUS_SERIES if chosen else Reason.NO_PET_SERIES
        raise ExamRejected(reason, {"pet_series": len(chosen), "unreadable_files": len(index.unreadable)})
    return chosen[0].files


def _pet_slices(files: Sequence[Path], headers: Mapping[Path, Header] = NOTHING) -> list[SliceFile]:
    """Read the headers of a PET series; raises as `read_slices`, and UNSUPPORTED_OBJECT for what holds no emission of a place."""
    slices = read_slices(files, sop_class=PET_IMAGE, modality="PT", headers=headers)
    for item in slices:
        if _is_projection(item.header):
            raise ExamRejected(Reason.UNSUPPORTED_OBJECT, {"unsupported": "projection (MIP)"})
        if item.header.text(Tag.CountsSource) == "TRANSMISSION":
            raise ExamRejected(Reason.UNSUPPORTED_OBJECT, {"CountsSource": "TRANSMISSION"})
    return slices


def _is_projection(header: Header) -> bool:
    """Tell whether a PET image is a projection (MIP), of which a value has no place along the line of sight."""
    return classify_image(header) == ("other", "mip")


def _length_mm(grid: Grid) -> float:
    """Return how much of the patient an axial stack covers from head to foot; 0 for any other, which may be mostly air."""
    return float(abs(grid.affine[2, 2]) * grid.shape[2]) if grid.is_axial else 0.0


def _grid(slices: Sequence[SliceFile], stacked: Stack) -> Grid:
    header = slices[0].header
    columns, rows = header.integer(Tag.Columns) or 0, header.integer(Tag.Rows) or 0
    if header.pixel_length is not None and header.pixel_length < columns * rows:
        raise ExamRejected(Reason.PIXELS_UNREADABLE, {"bytes": header.pixel_length, "needed": columns * rows})
    return Grid.of(stacked, (columns, rows, len(slices)))
