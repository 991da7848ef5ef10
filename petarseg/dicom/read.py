"""Read the slices of a series: what their headers say, where they lie in the image, and their stored values."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from petarseg.dicom import source
from petarseg.dicom.enhanced import ENHANCED, EncodedFrames, frame_headers
from petarseg.dicom.fallback import failures, read_dataset
from petarseg.dicom.geometry import Stack, read_plane, stack_slices
from petarseg.dicom.header import EXPLICIT_LE, IMPLICIT_LE, DamagedError, Header, NotDicomError, read_header
from petarseg.dicom.tags import Tag
from petarseg.errors import ExamRejected
from petarseg.reasons import Reason
from petarseg.volume import nearest_axes

MIN_SLICES = 4
MAX_VOXELS = 2**31
NOTHING: Mapping[Path, Header] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SliceFile:
    """One image and what its header says: a file, or a frame of an enhanced file.

    Parameters
    ----------
    path : Path
        The file.
    header : Header
        Its header; for a frame, that of the classic slice that it would have been.
    encoded : EncodedFrames or None
        For a frame whose pixels have to be decoded: the frames of its file, ...
    index : int
        ... and which of them it is.
    """

    path: Path
    header: Header
    encoded: EncodedFrames | None = None
    index: int = 0


@dataclass(frozen=True, slots=True)
class Rescale:
    """value = stored · slope + intercept."""

    slope: float
    intercept: float


def read_slices(files: Sequence[Path], *, sop_class: str, modality: str, headers: Mapping[Path, Header] = NOTHING) -> list[SliceFile]:
    """Read the headers of one series; copies of one SOP instance count once, frames of an enhanced file are slices.

    `headers` are those of files that were read before.

    Raises
    ------
    ExamRejected
        UNREADABLE_FILE, UNSUPPORTED_OBJECT, or SLICES_DUPLICATED when two different files claim one SOP instance UID.
    """
    slices: dict[str, SliceFile] = {}
    for path in files:
        try:
            header = headers.get(path) or read_header(path)
        except (OSError, NotDicomError, DamagedError):
            raise ExamRejected(Reason.UNREADABLE_FILE, {"files": len(files)}) from None
        for item in slices_of(path, header):
            check_supported(item.header, sop_class=sop_class, modality=modality)
            kept = slices.setdefault(item.header.text(Tag.SOPInstanceUID) or f"file {len(slices)}", item)
            if kept is not item and not is_same_image(kept, item):
                raise ExamRejected(Reason.SLICES_DUPLICATED, {"different_files_with_one": "SOPInstanceUID"})
    if not slices:
        raise ExamRejected(Reason.TOO_FEW_SLICES, {"slices": 0})
    return list(slices.values())


def slices_of(path: Path, header: Header) -> list[SliceFile]:
    """Return the file as one slice, or the frames of an enhanced object; raises as `enhanced.frame_headers`."""
    if header.text(Tag.SOPClassUID) not in ENHANCED:
        return [SliceFile(path, header)]
    headers = frame_headers(path, header)
    encoded = EncodedFrames(path) if headers[0].pixel_length is None else None
    return [SliceFile(path, frame, encoded, index) for index, frame in enumerate(headers)]


def is_same_image(one: SliceFile, other: SliceFile) -> bool:
    """Tell whether two slices agree in every element that is read, and in all pixels."""
    if one.header.values != other.header.values:
        return False
    try:
        return np.array_equal(read_pixels(one), read_pixels(other))
    except ExamRejected:
        return False


def check_supported(header: Header, *, sop_class: str, modality: str) -> None:
    """Raise UNSUPPORTED_OBJECT unless the file is a single-frame image of the class."""
    if header.text(Tag.SOPClassUID) != sop_class or header.text(Tag.Modality) != modality:
        raise ExamRejected(Reason.UNSUPPORTED_OBJECT, {"SOPClass": "other", "expected": modality})
    if (header.integer(Tag.NumberOfFrames) or 1) != 1 or (header.integer(Tag.SamplesPerPixel) or 1) != 1:
        raise ExamRejected(Reason.UNSUPPORTED_OBJECT, {"multiple": "NumberOfFrames or SamplesPerPixel"})
    if header.items(Tag.ModalityLUTSequence):
        raise ExamRejected(Reason.UNSUPPORTED_OBJECT, {"unsupported": "ModalityLUTSequence"})


def stack(slices: Sequence[SliceFile]) -> Stack:
    """Order slices in space; raises as `geometry.stack_slices`, and TOO_FEW_SLICES below `MIN_SLICES`."""
    if len(slices) < MIN_SLICES:
        raise ExamRejected(Reason.TOO_FEW_SLICES, {"slices": len(slices), "needed": MIN_SLICES})
    frames = {item.header.text(Tag.FrameOfReferenceUID) for item in slices}
    if len(frames) > 1:
        raise ExamRejected(Reason.GEOMETRY_INCONSISTENT, {"differs_between_slices": "FrameOfReferenceUID"})
    return stack_slices([read_plane(item.header) for item in slices])


def read_rescale(header: Header) -> Rescale:
    """Read slope and intercept. Both are required by the standard: without them a CT may be off by 1,024 HU and nobody would see it.

    Raises
    ------
    ExamRejected
        RESCALE_MISSING when absent or unreadable, or when the slope is not positive. An absent intercept of a PET image is 0.
    """
    slope, intercept = header.number(Tag.RescaleSlope), header.number(Tag.RescaleIntercept)
    if intercept is None and Tag.RescaleIntercept not in header and header.text(Tag.Modality) == "PT":
        intercept = 0.0
    if slope is None or intercept is None or slope <= 0.0:
        raise ExamRejected(Reason.RESCALE_MISSING, {"RescaleSlope": slope, "RescaleIntercept": intercept})
    return Rescale(slope, intercept)


def read_pixels(item: SliceFile, buffer: bytearray | None = None) -> NDArray[Any]:
    """Read the stored values of a slice, shape (rows, columns), as integers.

    Parameters
    ----------
    item : SliceFile
        The slice.
    buffer : bytearray, optional
        Memory that is grown and used again from slice to slice; the result may lie in it until the next call.

    Raises
    ------
    ExamRejected
        PIXELS_UNREADABLE or UNSUPPORTED_TRANSFER_SYNTAX.
    """
    header = item.header
    rows, columns, bits = header.integer(Tag.Rows), header.integer(Tag.Columns), header.integer(Tag.BitsAllocated)
    if not rows or not columns or bits not in (8, 16, 32):
        raise ExamRejected(Reason.PIXELS_UNREADABLE, {"BitsAllocated": bits, "rows": rows, "columns": columns})
    if header.pixel_tag not in (None, Tag.PixelData):
        raise ExamRejected(Reason.UNSUPPORTED_OBJECT, {"unsupported": "float pixel data"})
    if header.transfer_syntax not in (EXPLICIT_LE, IMPLICIT_LE) or header.pixel_offset is None or header.pixel_length is None:
        return _decode(item, (rows, columns))
    size = rows * columns * bits // 8
    if header.pixel_length < size or header.pixel_offset + size > header.file_size:
        raise ExamRejected(Reason.PIXELS_UNREADABLE, {"bytes": header.file_size - header.pixel_offset, "needed": size})
    buffer = bytearray() if buffer is None else buffer
    if len(buffer) < size:
        buffer.extend(bytes(size - len(buffer)))
    try:
        with source.open_binary(item.path) as stream:
            stream.seek(header.pixel_offset)
            count = stream.readinto(memoryview(buffer)[:size])
    except OSError:
        raise ExamRejected(Reason.PIXELS_UNREADABLE, {"unreadable": "file"}) from None
    if count < size:
        raise ExamRejected(Reason.PIXELS_UNREADABLE, {"bytes": count, "needed": size})
    signed = header.integer(Tag.PixelRepresentation) == 1
    stored: NDArray[Any] = np.frombuffer(buffer, count=rows * columns, dtype=f"<{'i' if signed else 'u'}{bits // 8}").reshape(rows, columns)
    return _significant_bits(stored, header, bits)


def _significant_bits(stored: NDArray[Any], header: Header, bits: int) -> NDArray[Any]:
    """Drop what old scanners keep in the unused high bits (overlays), and extend the sign."""
    used = header.integer(Tag.BitsStored) or bits
    if used == bits:
        return stored
    high = header.integer(Tag.HighBit)
    if not 0 < used < bits or (high is not None and high != used - 1):
        raise ExamRejected(Reason.PIXELS_UNREADABLE, {"BitsStored": used, "HighBit": high, "BitsAllocated": bits})
    spare = bits - used
    return (stored << spare) >> spare


def _decode(item: SliceFile, shape: tuple[int, int]) -> NDArray[Any]:
    """Decode with pydicom and its maintained decoders."""
    try:
        pixels: NDArray[Any]
        if item.encoded is not None:
            pixels = item.encoded.decode(item.index)
        else:
            pixels = read_dataset(io.BytesIO(source.read_all(item.path)), pixels=True, force=True).pixel_array
    except failures() as error:
        # "no decoder for this syntax" is a NotImplementedError, or a RuntimeError that names the missing plugins.
        known = isinstance(error, NotImplementedError) or (isinstance(error, RuntimeError) and "plugin" in str(error))
        reason = Reason.UNSUPPORTED_TRANSFER_SYNTAX if known else Reason.PIXELS_UNREADABLE
        raise ExamRejected(reason, {"transfer_syntax": _public_syntax(item.header.transfer_syntax)}) from None
    if pixels.shape != shape or pixels.dtype.kind not in "iu":
        raise ExamRejected(Reason.PIXELS_UNREADABLE, {"decoded_shape": list(pixels.shape), "expected": list(shape)})
    return pixels


def _public_syntax(uid: str) -> str:
    """Return a transfer syntax of the standard, never a private string of the file."""
    return uid if uid.startswith("1.2.840.10008.1.2") and len(uid) < 32 else "unknown"


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the slices of a stack lie in the canonical (RAS+) image that they make.

    An axial stack, whatever its row and column directions and its order, is turned slice by slice: flips alone. Any other is filled in the
    order of the stack and turned at the end.

    Parameters
    ----------
    shape : tuple of int
        (columns, rows, slices) of the stack.
    affine : ndarray, shape (4, 4)
        (column, row, slice) to RAS mm: of the image where `is_axial`, else of the stack.
    flips : tuple of bool
        Whether columns, rows and slices run against the image's axes; all False for a stack that is not axial.
    is_axial : bool
        Whether columns, rows and slices run along R-L, A-P and I-S.
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]
    flips: tuple[bool, bool, bool]
    is_axial: bool

    @classmethod
    def of(cls, stacked: Stack, shape: tuple[int, int, int]) -> Grid:
        """Lay a stack out.

        Raises
        ------
        ExamRejected
            GEOMETRY_INCONSISTENT for more than `MAX_VOXELS`.
        """
        if math.prod(shape) > MAX_VOXELS:
            raise ExamRejected(Reason.GEOMETRY_INCONSISTENT, {"voxels": math.prod(shape)})
        axes, against = nearest_axes(stacked.affine_ras)
        is_axial = axes == (0, 1, 2)
        affine = stacked.affine_ras.copy()
        flips = [bool(turned) and is_axial for turned in against]
        for axis in np.flatnonzero(flips):
            affine[:3, 3] += affine[:3, axis] * (shape[axis] - 1)
            affine[:3, axis] *= -1.0
        return cls(shape, affine, (flips[0], flips[1], flips[2]), is_axial)

    def position_of(self, z: int) -> int:
        """Return the stack position of the slice that lies at index `z` of the third axis."""
        return self.shape[2] - 1 - z if self.flips[2] else z

    def turned(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return a (rows, columns) slice of the stack as it lies in the image: a view, or the image itself."""
        if self.flips[1]:
            image = image[::-1]
        return image[:, ::-1] if self.flips[0] else image
