"""Split a little-endian DICOM file into its top-level elements without decoding any, sequences included.

pydicom reads sequences of undefined length item by item, whoever asks for them or not. De-identification treats equal bytes equally
(`petarseg.dicom.redact`), so it wants the bytes of a whole sequence. What is not plain (big endian, deflated, damaged, out of order) is
left to pydicom.
"""

from __future__ import annotations

import io

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.tag import BaseTag

from petarseg.dicom.walker import (
    HEAD,
    IMPLICIT_HEAD,
    LENGTH,
    LONG_VR,
    SHORT_VR,
    UNDEFINED,
    DamagedError,
    NeedMoreBytes,
    NotPlain,
    end_of_sequence,
)

_IMPLICIT_LE = b"1.2.840.10008.1.2"
_NOT_PLAIN = frozenset({b"1.2.840.10008.1.2.2", b"1.2.840.10008.1.2.1.99", b""})
_TRANSFER_SYNTAX, _PIXEL_DATA = 0x00020010, 0x7FE00010
_ITEM = b"\xfe\xff\x00\xe0"
_Elements = dict[BaseTag, RawDataElement]


def read_plain(data: bytes) -> FileDataset | None:
    """Return a DICOM file as a data set of raw elements; None when pydicom should read it.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    FileDataset or None
        Equal to what pydicom reads, but with the undecoded bytes of every sequence.
    """
    if data[128:132] != b"DICM":
        return None
    try:
        meta, position = _elements(data, 132, implicit=False, group=0x0002)
        syntax = meta[BaseTag(_TRANSFER_SYNTAX)].value or b""
        if syntax.strip(b" \0") in _NOT_PLAIN:
            return None
        implicit = syntax.strip(b" \0") == _IMPLICIT_LE
        elements, _ = _elements(data, position, implicit=implicit)
    except (NotPlain, NeedMoreBytes, DamagedError, KeyError):
        return None
    dataset = FileDataset(
        io.BytesIO(), elements, data[:128], FileMetaDataset(meta), is_implicit_VR=implicit, is_little_endian=True
    )  # fmt: skip
    dataset.set_original_encoding(implicit, True, "iso8859")
    return dataset


def _elements(data: bytes, position: int, *, implicit: bool, group: int | None = None) -> tuple[_Elements, int]:
    """Return the elements from a position to the end of the file, or of a group, and where that is."""
    elements: _Elements = {}
    size, last = len(data), -1
    while position + 8 <= size:
        vr: bytes | None = None
        if implicit:
            tag_group, element, length = IMPLICIT_HEAD.unpack_from(data, position)
        else:
            tag_group, element, vr, length = HEAD.unpack_from(data, position)
        if group is not None and tag_group != group:
            break
        position += 8
        if vr is not None:
            if vr in LONG_VR:
                if position + 4 > size:
                    raise NotPlain
                (length,) = LENGTH.unpack_from(data, position)
                position += 4
            elif vr not in SHORT_VR:
                raise NotPlain
        tag = tag_group << 16 | element
        if tag <= last:
            raise NotPlain
        last = tag
        name = None if vr is None else vr.decode("ascii")
        if length == UNDEFINED:
            stop = _end_of_undefined(data, position, tag, name)
            value = data[position : stop - 8]
            if tag != _PIXEL_DATA:
                name, length = "SQ", len(value)
        else:
            stop = position + length
            if stop > size:
                raise NotPlain
            value = data[position:stop]
        elements[BaseTag(tag)] = RawDataElement(BaseTag(tag), name, length, value, position, implicit, True)
        position = stop
    return elements, position


def _end_of_undefined(data: bytes, position: int, tag: int, vr: str | None) -> int:
    """Return where an element of undefined length ends: a sequence, or encapsulated pixels."""
    if tag == _PIXEL_DATA:
        if vr not in ("OB", "OW"):
            raise NotPlain
    elif vr is None:
        try:
            is_sequence = dictionary_VR(tag) == "SQ"
        except KeyError:  # a private one
            is_sequence = data[position : position + 4] == _ITEM
        if not is_sequence:
            raise NotPlain
    elif vr != "SQ":
        raise NotPlain
    return end_of_sequence(data, position, implicit=vr is None)
