"""Tell whether two files that claim to be one instance hold one image."""

from __future__ import annotations

from pathlib import Path

from petarseg.dicom import source
from petarseg.dicom.enhanced import ENHANCED
from petarseg.dicom.header import DamagedError, NotDicomError, read_header
from petarseg.dicom.read import SliceFile, is_same_image
from petarseg.dicom.tags import Tag
from petarseg.errors import ExamRejected

PIECE_BYTES = 64 * 1024
"""Small enough for memory that is used again, piece after piece."""


def are_copies(one: Path, other: Path) -> bool:
    """Tell whether two files hold the same image: byte by byte, else by the elements that matter and the pixels."""
    try:
        if _equal_bytes(one, other):
            return True
        headers = read_header(one), read_header(other)
        if any(header.text(Tag.SOPClassUID) in ENHANCED for header in headers):
            return False
        return is_same_image(SliceFile(one, headers[0]), SliceFile(other, headers[1]))
    except (OSError, NotDicomError, DamagedError, ExamRejected):
        return False


def _equal_bytes(one: Path, other: Path) -> bool:
    if source.is_same_file(one, other):
        return True
    with source.open_binary(one) as first, source.open_binary(other) as second:
        if source.size_of(first) != source.size_of(second):
            return False
        while piece := first.read(PIECE_BYTES):
            if piece != second.read(PIECE_BYTES):
                return False
    return True
