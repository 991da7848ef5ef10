"""Keep out objects whose pixels may show a name, and data hidden beside the pixels.

References
----------
.. [1] DICOM PS3.15, E.3.1 (Clean Pixel Data Option): which objects are a risk. petarseg does not clean such pixels, it refuses them.
"""

from __future__ import annotations

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset

from petarseg.dicom.elements import number_of, text_of
from petarseg.dicom.profile import PASSING_CLASSES, RISKY_DESCRIPTIONS, RISKY_IMAGE_TYPES, refuse_class
from petarseg.reasons import Reason

_SOP_CLASS, _IMAGE_TYPE, _CONVERSION_TYPE = 0x00080016, 0x00080008, 0x00080064
_SERIES_DESCRIPTION, _BURNED_IN, _PHOTOMETRIC = 0x0008103E, 0x00280301, 0x00280004
_ROWS, _COLUMNS, _SAMPLES, _FRAMES = 0x00280010, 0x00280011, 0x00280002, 0x00280008
_BITS_ALLOCATED, _BITS_STORED, _HIGH_BIT, _PIXEL_DATA = 0x00280100, 0x00280101, 0x00280102, 0x7FE00010
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
    """Remove what hides beside the pixels: bytes behind the last pixel, and overlays in the unused bits.

    Compressed pixels cannot be cleaned without decoding them: they are refused when the header tells of an overlay in them.

    Parameters
    ----------
    dataset : FileDataset
        The source object, changed in place.

    Returns
    -------
    Reason or None
        Why the object must be refused after all.
    """
    if _PIXEL_DATA not in dataset:
        return None
    raw = dataset.get_item(_PIXEL_DATA)
    compressed = dataset.file_meta.TransferSyntaxUID.is_compressed and not dataset.file_meta.TransferSyntaxUID.is_deflated
    hidden = _has_embedded_overlay(dataset)
    if compressed:
        return Reason.BURNED_IN_RISK if hidden else None
    if not isinstance(raw.value, bytes):
        return None
    allocated, stored = number_of(dataset, _BITS_ALLOCATED, 16), number_of(dataset, _BITS_STORED, 16)
    frames = int(text_of(dataset, _FRAMES) or 1)
    bits = number_of(dataset, _ROWS, 0) * number_of(dataset, _COLUMNS, 0) * number_of(dataset, _SAMPLES, 1) * frames * allocated
    size = (bits + 7) // 8
    value = raw.value[:size] if 0 < size < len(raw.value) else raw.value
    if hidden and allocated in (8, 16, 32) and stored < allocated:
        if number_of(dataset, _HIGH_BIT, stored - 1) != stored - 1:
            return Reason.BURNED_IN_RISK
        order = "<" if dataset.original_encoding[1] else ">"
        pixels = np.frombuffer(value[: len(value) // (allocated // 8) * (allocated // 8)], dtype=f"{order}u{allocated // 8}")
        value = (pixels & ((1 << stored) - 1)).astype(pixels.dtype).tobytes()
    if value is not raw.value:
        value += b"\0" * (len(value) % 2)
        if len(value) != len(raw.value) or hidden:
            dataset[_PIXEL_DATA] = RawDataElement(
                raw.tag, raw.VR, len(value), value, raw.value_tell, raw.is_implicit_VR, raw.is_little_endian
            )
    return None


def _has_embedded_overlay(dataset: Dataset) -> bool:
    """Tell whether a 60xx group has its overlay in the unused bits of the pixels (PS3.3, C.9.2, retired)."""
    groups = {tag.group for tag in list(dataset.keys()) if 0x6000 <= tag.group < 0x6100 and not tag.group % 2}
    return any(group << 16 | 0x3000 not in dataset for group in groups)
