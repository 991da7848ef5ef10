"""Walk the elements of a little-endian data set without trusting any length, and keep the few that are wanted."""

from __future__ import annotations

import struct
from typing import Any

from petarseg.dicom.tags import SEQUENCES, WANTED, Tag

MAX_DEPTH = 16
MAX_VALUE_BYTES = 4 * 1024

LONG_VR = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
SHORT_VR = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS", b"ST"}
    | {b"TM", b"UI", b"UL", b"US"}
)
KNOWN_VR = LONG_VR | SHORT_VR
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXEL_TAGS = frozenset({Tag.PixelData, Tag.FloatPixelData, Tag.DoubleFloatPixelData})
PRIVATE_GROUPS = frozenset({0x0009, 0x0071, 0x7053})

HEAD = struct.Struct("<HH2sH")
IMPLICIT_HEAD = struct.Struct("<HHI")
LENGTH = struct.Struct("<I")

Values = dict[int, Any]
"""Raw value per tag; a list of such dicts for a sequence."""


class NotDicomError(Exception):
    """The file is no DICOM object at all."""


class DamagedError(Exception):
    """The file begins like DICOM but cannot be read."""


class NeedMoreBytes(Exception):
    """The buffer ends inside the header."""


class NotPlain(Exception):
    """Something the walker leaves to pydicom."""


def walk_explicit(data: bytes, position: int, size: int, values: Values, depth: int) -> tuple[int, int | None, int | None]:
    """Collect wanted elements until the pixel data, the end of the data set or an item delimiter."""
    end = len(data)
    unpack = HEAD.unpack_from
    while True:
        if position + 8 > end:
            if position == size:
                return position, None, None
            if position + 8 > size:
                raise DamagedError("truncated")
            raise NeedMoreBytes
        group, element, vr, length = unpack(data, position)
        position += 8
        tag = (group << 16) | element
        if vr in LONG_VR:
            if position + 4 > end:
                raise NeedMoreBytes
            (length,) = LENGTH.unpack_from(data, position)
            position += 4
            if tag in _PIXEL_TAGS and depth == 0:
                return position, tag, None if length == _UNDEFINED else length
            if vr == b"SQ" or length == _UNDEFINED or (vr == b"UN" and tag in SEQUENCES):
                # A sequence written as UN is in implicit VR (PS3.5, 6.2.2).
                walk = walk_implicit if vr == b"UN" else walk_explicit
                position = _sequence(data, position, length, size, tag, values, depth, walk)
                continue
        elif vr not in SHORT_VR:
            if tag == _ITEM_END and depth:
                return position, None, None
            raise NotPlain
        stop = position + length
        if stop > end:
            if stop > size:
                raise DamagedError("truncated")
            raise NeedMoreBytes
        if tag in WANTED or (group in PRIVATE_GROUPS and length <= 64):
            values[tag] = data[position:stop] if length <= MAX_VALUE_BYTES else data[position : position + MAX_VALUE_BYTES]
        position = stop


def walk_implicit(data: bytes, position: int, size: int, values: Values, depth: int) -> tuple[int, int | None, int | None]:
    """Collect as `walk_explicit` does, for implicit VR."""
    end = len(data)
    unpack = IMPLICIT_HEAD.unpack_from
    while True:
        if position + 8 > end:
            if position == size:
                return position, None, None
            if position + 8 > size:
                raise DamagedError("truncated")
            raise NeedMoreBytes
        group, element, length = unpack(data, position)
        position += 8
        tag = (group << 16) | element
        if tag in _PIXEL_TAGS and depth == 0:
            return position, tag, None if length == _UNDEFINED else length
        if tag == _ITEM_END and depth:
            return position, None, None
        if length == _UNDEFINED or tag in SEQUENCES:
            position = _sequence(data, position, length, size, tag, values, depth, walk_implicit)
            continue
        stop = position + length
        if stop > end:
            if stop > size:
                raise DamagedError("truncated")
            raise NeedMoreBytes
        if tag in WANTED or (group in PRIVATE_GROUPS and length <= 64):
            values[tag] = data[position:stop] if length <= MAX_VALUE_BYTES else data[position : position + MAX_VALUE_BYTES]
        position = stop


def _sequence(data: bytes, position: int, length: int, size: int, tag: int, values: Values, depth: int, walk: Any) -> int:
    """Collect the items of a wanted sequence, skip any other; return where it ends."""
    if depth >= MAX_DEPTH:
        raise DamagedError("nested too deeply")
    stop = None if length == _UNDEFINED else position + length
    if stop is not None and stop > size:
        raise DamagedError("truncated")
    if stop is not None and (tag not in SEQUENCES):
        if stop > len(data):
            raise NeedMoreBytes
        return stop
    items: list[Values] = []
    while stop is None or position < stop:
        if position + 8 > len(data):
            raise NeedMoreBytes if position + 8 <= size else DamagedError("truncated")
        group, element, item_length = IMPLICIT_HEAD.unpack_from(data, position)
        position += 8
        item_tag = (group << 16) | element
        if item_tag == _SEQUENCE_END:
            break
        if item_tag != _ITEM:
            raise NotPlain
        item: Values = {}
        if item_length == _UNDEFINED:
            position = walk(data, position, size, item, depth + 1)[0]
        else:
            item_stop = position + item_length
            if item_stop > size:
                raise DamagedError("truncated")
            if item_stop > len(data):
                raise NeedMoreBytes
            if tag in SEQUENCES:
                walk(data[:item_stop], position, item_stop, item, depth + 1)
            position = item_stop
        items.append(item)
    if tag in SEQUENCES:
        values[tag] = items
    return position
