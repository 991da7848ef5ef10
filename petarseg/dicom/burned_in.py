"""Keep out objects whose pixels may show a name, and data hidden beside the pixels.

References
----------
.. [1] DICOM PS3.15, E.3.1 (Clean Pixel Data Option): which objects are a risk. petarseg does not clean such pixels, it refuses them.
"""

from __future__ import annotations

import struct

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset

from petarseg.dicom.elements import number_of, text_of
from petarseg.dicom.encapsulated import without_hidden_bytes
from petarseg.dicom.profile import PASSING_CLASSES, RISKY_DESCRIPTIONS, RISKY_IMAGE_TYPES, refuse_class, representations
from petarseg.reasons import Reason

_SOP_CLASS, _IMAGE_TYPE, _CONVERSION_TYPE = 0x00080016, 0x00080008, 0x00080064
_SERIES_DESCRIPTION, _BURNED_IN, _PHOTOMETRIC = 0x0008103E, 0x00280301, 0x00280004
_ROWS, _COLUMNS, _SAMPLES, _FRAMES = 0x00280010, 0x00280011, 0x00280002, 0x00280008
_BITS_ALLOCATED, _BITS_STORED, _HIGH_BIT, _PIXEL_DATA = 0x00280100, 0x00280101, 0x00280102, 0x7FE00010
_REPRESENTATION, _LUT_DESCRIPTOR, _LUT_DATA = 0x00280103, 0x00283002, 0x00283006
_OFFSET_TABLES = (0x7FE00001, 0x7FE00002)
_PIXELS = (_PIXEL_DATA, 0x7FE00008, 0x7FE00009)
_ALLOCATED = {0x7FE00008: 32, 0x7FE00009: 64}
_MARKS, _BIG_MARKS = (b"\xe0\x7f", b"\x28\x00\x06\x30"), (b"\x7f\xe0", b"\x00\x28\x30\x06")
"""Group 7FE0 and LUTData as they begin in an encoded sequence."""

_PLACES = (0x00200032, 0x52009229, 0x52009230)
"""ImagePositionPatient, and the functional groups that hold it in enhanced objects."""


def refuse(dataset: Dataset) -> Reason | None:
    """Say why an object must not pass whatever its header says about the patient, or None.

    Refused are classes that are not on the list, secondary captures by class or by conversion type, burned-in annotation that is
    declared, colour images and images without a place in the patient of the cross-sectional modalities (screen shots saved under an
    image class), and names of screen shots, dose sheets and fused views.
    """
    sop_class = text_of(dataset, _SOP_CLASS)
    if reason := refuse_class(sop_class):
        return reason
    image_type = text_of(dataset, _IMAGE_TYPE).upper()
    description = text_of(dataset, _SERIES_DESCRIPTION).upper().replace("_", " ")
    if (
        text_of(dataset, _BURNED_IN).upper() == "YES"
        or text_of(dataset, _CONVERSION_TYPE)
        or any(word in image_type for word in RISKY_IMAGE_TYPES)
        or any(word in description for word in RISKY_DESCRIPTIONS)
    ):
        return Reason.BURNED_IN_RISK
    if _PIXEL_DATA not in dataset:
        return None
    grey = text_of(dataset, _PHOTOMETRIC) in ("MONOCHROME1", "MONOCHROME2", "")
    placed = any(tag in dataset for tag in _PLACES) or PASSING_CLASSES[sop_class] == "NM"
    return None if grey and placed else Reason.BURNED_IN_RISK


def clean_pixels(dataset: FileDataset) -> Reason | None:
    """Remove what hides in and beside the pixels.

    That is: bytes behind the last pixel, bits that are no part of a pixel (overlays among them), comments and trailing bytes of
    compressed frames, offset tables, a second pixel element, pixels nested in sequences, and lookup tables beyond their descriptor. Pixel
    values stay. Refused are pixels that do not fill the frames that the header promises, compression that is not looked into
    (`petarseg.dicom.encapsulated`), and compressed pixels with an overlay in them.

    Parameters
    ----------
    dataset : FileDataset
        The source object, changed in place.

    Returns
    -------
    Reason or None
        Why the object must be refused after all.

    Raises
    ------
    ValueError and others of `petarseg.dicom.elements.READ_ERRORS`
        If compressed pixels, the number of frames or a sequence cannot be read.
    """
    _clean_sequences(dataset)
    kinds = [tag for tag in _PIXELS if tag in dataset]
    for tag in (*_OFFSET_TABLES, *kinds[1:], _LUT_DATA):
        if tag in dataset:
            del dataset[tag]
    raw = dataset.get_item(kinds[0]) if kinds else None
    if raw is None or not raw.value:
        return None
    if not isinstance(raw.value, bytes):
        return Reason.UNREADABLE_FILE
    syntax, hidden = dataset.file_meta.TransferSyntaxUID, _has_embedded_overlay(dataset)
    allocated = _ALLOCATED.get(kinds[0]) or number_of(dataset, _BITS_ALLOCATED, 16)
    frames, samples = int(text_of(dataset, _FRAMES) or 1), number_of(dataset, _SAMPLES, 1)
    plane = number_of(dataset, _ROWS, 0) * number_of(dataset, _COLUMNS, 0)
    if syntax.is_compressed and not syntax.is_deflated:
        if hidden:
            return Reason.BURNED_IN_RISK
        value = without_hidden_bytes(raw.value, syntax, frames, samples * (allocated // 8), plane)
    else:
        size = (plane * samples * frames * allocated + 7) // 8
        if not 0 < size <= len(raw.value):
            return Reason.UNREADABLE_FILE
        value = raw.value if len(raw.value) == size + size % 2 else raw.value[:size] + b"\0" * (size % 2)
        if kinds[0] == _PIXEL_DATA:
            value = _without_unused_bits(dataset, value, allocated)
    if value is not raw.value:
        length = raw.length if syntax.is_encapsulated else len(value)
        dataset[raw.tag] = RawDataElement(raw.tag, raw.VR, length, value, raw.value_tell, raw.is_implicit_VR, raw.is_little_endian)
    return None


def _without_unused_bits(dataset: FileDataset, value: bytes, allocated: int) -> bytes:
    """Return native pixels whose bits beside the stored ones repeat the sign, or are zero; `value` itself when they do already."""
    stored = number_of(dataset, _BITS_STORED, allocated)
    high, signed = number_of(dataset, _HIGH_BIT, stored - 1), number_of(dataset, _REPRESENTATION, 0) == 1
    if allocated not in (8, 16, 32, 64) or stored == allocated:
        return value
    if not 0 < stored <= high + 1 <= allocated:
        raise ValueError("bits of a pixel outside of it")
    order = "<" if dataset.original_encoding[1] else ">"
    kind = np.dtype(f"{order}{'i' if signed else 'u'}{allocated // 8}")
    pixels = np.frombuffer(value, kind, count=len(value) // kind.itemsize)
    limit = 1 << (stored - signed)
    if high == stored - 1 and -limit * signed <= int(pixels.min()) and int(pixels.max()) < limit:
        return value
    above, below = allocated - 1 - high, high + 1 - stored
    return (((pixels << above) >> (above + below)) << below).astype(kind).tobytes() + value[pixels.nbytes :]


def _clean_sequences(dataset: Dataset) -> None:
    """Remove pixels from the items of sequences, and what stands behind the last entry of lookup tables in them."""
    marks = _MARKS if dataset.original_encoding[1] is not False else _BIG_MARKS
    for raw in list(dataset.values()):
        tag, value = int(raw.tag), raw.value
        if raw.VR not in ("SQ", "UN", None) or tag & 0x10000 or (isinstance(value, bytes) and not any(mark in value for mark in marks)):
            continue
        if raw.VR == "SQ" or "SQ" in representations(tag):
            element = dataset[raw.tag]
            for item in element.value if element.VR == "SQ" else ():
                _clean_item(item)


def _clean_item(item: Dataset) -> None:
    for tag in (*_OFFSET_TABLES, *_PIXELS):
        if tag in item:
            del item[tag]
    _clip_table(item)
    _clean_sequences(item)


def _clip_table(item: Dataset) -> None:
    """Cut a lookup table to the entries that its descriptor tells (PS3.3, C.11.1.1); entries of 8 bits may take one byte or two."""
    raw = item.get_item(_LUT_DATA) if _LUT_DATA in item else None
    if raw is None:
        return
    descriptor = item.get_item(_LUT_DESCRIPTOR).value if _LUT_DESCRIPTOR in item else None
    if not isinstance(raw.value, bytes) or not isinstance(descriptor, bytes) or len(descriptor) != 6:
        del item[_LUT_DATA]
        return
    entries, _, bits = struct.unpack("<3H" if raw.is_little_endian else ">3H", descriptor)
    entries = entries or 0x10000
    size = 2 * entries if bits > 8 or len(raw.value) >= 2 * entries else entries + entries % 2
    if len(raw.value) > size:
        item[_LUT_DATA] = RawDataElement(raw.tag, raw.VR, size, raw.value[:size], raw.value_tell, raw.is_implicit_VR, raw.is_little_endian)


def _has_embedded_overlay(dataset: Dataset) -> bool:
    """Tell whether a 60xx group has its overlay in the unused bits of the pixels (PS3.3, C.9.2, retired)."""
    groups = {tag.group for tag in list(dataset.keys()) if 0x6000 <= tag.group < 0x6100 and not tag.group % 2}
    return any(group << 16 | 0x3000 not in dataset for group in groups)
