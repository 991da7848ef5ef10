"""Fast writing of a DICOM series: what all slices share is encoded once."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.charset import convert_encodings
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_file_meta_info
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, RLELossless

IMPLEMENTATION_UID = UID("2.25.312749813246118274")
SYNTAXES = {"plain": ExplicitVRLittleEndian, "rle": RLELossless, "deflated": DeflatedExplicitVRLittleEndian}


def derived_uid(*parts: object) -> str:
    """Return the UID ("2.25." + 128 bits) that belongs to `parts`; equal parts give equal UIDs."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def ds_text(value: float, digits: int = 10) -> str:
    """Return a number as a decimal string (VR DS), at most 16 characters."""
    for precision in range(digits, 3, -1):
        text = f"{value:.{precision}g}"
        if len(text) <= 16:
            return text
    return f"{value:.4g}"


def rle_frame(frame: NDArray[np.uint16]) -> bytes:
    """Encode a 16-bit frame as RLE Lossless (PS3.5 Annex G): high bytes first, each row a sequence of runs and literals."""
    planes = [(frame >> 8).astype(np.uint8), (frame & 255).astype(np.uint8)]
    segments = [b"".join(_pack_bits(row.tobytes()) for row in plane) for plane in planes]
    segments = [segment + b"\0" * (len(segment) % 2) for segment in segments]
    offsets = [64, 64 + len(segments[0])]
    header = np.array([2, *offsets, *([0] * 13)], dtype="<u4").tobytes()
    return header + b"".join(segments)


def _pack_bits(row: bytes) -> bytes:
    """Encode one row: a run of n equal bytes as (257 - n, byte), n literal bytes as (n - 1, bytes)."""
    out, literal, position = bytearray(), bytearray(), 0

    def flush() -> None:
        for start in range(0, len(literal), 128):
            piece = literal[start : start + 128]
            out.append(len(piece) - 1)
            out.extend(piece)
        literal.clear()

    while position < len(row):
        end = position + 1
        while end < len(row) and end - position < 128 and row[end] == row[position]:
            end += 1
        if end - position >= 3:
            flush()
            out.append(257 - (end - position))
            out.append(row[position])
        else:
            literal.extend(row[position:end])
        position = end
    flush()
    return bytes(out)


class SeriesWriter:
    """Writes the files of a series.

    Parameters
    ----------
    common : Dataset
        The elements that all instances share. ``SOPClassUID`` must be among them.
    encoding : str
        "plain" (explicit VR little endian), "rle" or "deflated".
    """

    def __init__(self, common: Dataset, encoding: str = "plain") -> None:
        self.encoding = encoding
        self.sop_class = str(common.SOPClassUID)
        self.charset = convert_encodings(str(common.SpecificCharacterSet))
        self.common = {int(element.tag): self._encode(element) for element in common}

    def _encode(self, element: DataElement) -> bytes:
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, False
        write_data_element(buffer, element, self.charset)
        return bytes(buffer.getvalue())

    def to_bytes(self, instance: Dataset) -> bytes:
        """Return a whole DICOM file: the common elements with those of `instance` (which win)."""
        if self.encoding == "rle" and "PixelData" in instance:
            frame = np.frombuffer(instance.PixelData, "<u2").reshape(instance.Rows, instance.Columns)
            instance["PixelData"] = DataElement(0x7FE00010, "OB", encapsulate([rle_frame(frame)], has_bot=True), is_undefined_length=True)
        elements = self.common | {int(element.tag): self._encode(element) for element in instance}
        body = b"".join(elements[tag] for tag in sorted(elements))
        if self.encoding == "deflated":
            deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
            body = deflate.compress(body) + deflate.flush()
            body += b"\0" * (len(body) % 2)
        return self._preamble(str(instance.SOPInstanceUID)) + body

    def _preamble(self, sop_instance_uid: str) -> bytes:
        meta = FileMetaDataset()
        meta.FileMetaInformationVersion = b"\x00\x01"
        meta.MediaStorageSOPClassUID = self.sop_class
        meta.MediaStorageSOPInstanceUID = sop_instance_uid
        meta.TransferSyntaxUID = SYNTAXES[self.encoding]
        meta.ImplementationClassUID = IMPLEMENTATION_UID
        meta.ImplementationVersionName = "PETARSEG_PHANTOM"
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, False
        write_file_meta_info(buffer, meta)
        return b"\0" * 128 + b"DICM" + bytes(buffer.getvalue())

    def write(self, path: Path, instance: Dataset) -> None:
        """Write one instance to `path`."""
        path.write_bytes(self.to_bytes(instance))
