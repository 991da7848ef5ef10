"""Walk the elements of a little-endian data set without trusting any length, and keep the few that are wanted."""

from __future__ import annotations

import struct
from functools import partial
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
UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXEL_TAGS = frozenset({Tag.PixelData, Tag.FloatPixelData, Tag.DoubleFloatPixelData})
_SPECIAL_TAGS = SEQUENCES | _PIXEL_TAGS | {_ITEM_END}
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


def walk(data: bytes, position: int, size: int, values: Values, depth: int, *, implicit: bool) -> tuple[int, int | None, int | None]:
    """Collect wanted elements until the pixel data, the end of the data set or an item delimiter.

    Parameters
    ----------
    data : bytes
        The file, or its beginning.
    position : int
        Where the first element begins.
    size : int
        Length of the whole file: what ends before it is truncated, what ends before `data` does needs more bytes.
    values : dict
        Filled with the values of wanted elements.
    depth : int
        0 for the data set itself, more in sequence items.
    implicit : bool
        Whether the elements have no VR.

    Returns
    -------
    tuple of int, int or None, int or None
        Where the walk ended; at pixel data their tag and length (None when undefined).
    """
    end = len(data)
    unpack_explicit, unpack_implicit = HEAD.unpack_from, IMPLICIT_HEAD.unpack_from
    vr = b""
    while True:
        if position + 8 > end:
            if position == size:
                return position, None, None
            if position + 8 > size:
                raise DamagedError("truncated")
            raise NeedMoreBytes
        if implicit:
            group, element, length = unpack_implicit(data, position)
            tag = (group << 16) | element
            is_plain = length != UNDEFINED and tag not in _SPECIAL_TAGS
        else:
            group, element, vr, length = unpack_explicit(data, position)
            tag = (group << 16) | element
            is_plain = vr in SHORT_VR
        position += 8
        if not is_plain:
            if tag == _ITEM_END and depth:
                return position, None, None
            if vr in LONG_VR:
                if position + 4 > end:
                    raise NeedMoreBytes
                (length,) = LENGTH.unpack_from(data, position)
                position += 4
            elif not implicit:
                raise NotPlain
            if tag in _PIXEL_TAGS and depth == 0:
                return position, tag, None if length == UNDEFINED else length
            # A sequence written as UN is in implicit VR (PS3.5, 6.2.2).
            without_vr = implicit or vr == b"UN"
            if vr == b"SQ" or length == UNDEFINED or (without_vr and tag in SEQUENCES):
                position = _sequence(data, position, length, size, tag, values, depth, without_vr)
                continue
        stop = position + length
        if stop > end:
            if stop > size:
                raise DamagedError("truncated")
            raise NeedMoreBytes
        if tag in WANTED or (group in PRIVATE_GROUPS and length <= 64):
            values[tag] = data[position:stop] if length <= MAX_VALUE_BYTES else data[position : position + MAX_VALUE_BYTES]
        position = stop


walk_explicit, walk_implicit = partial(walk, implicit=False), partial(walk, implicit=True)


def end_of_sequence(data: bytes, position: int, *, implicit: bool) -> int:
    """Return where a sequence of undefined length ends, its delimiter included; `position` is where its first item begins."""
    return _sequence(data, position, UNDEFINED, len(data), 0, {}, 1, implicit)


def _sequence(data: bytes, position: int, length: int, size: int, tag: int, values: Values, depth: int, implicit: bool) -> int:
    """Collect the items of a wanted sequence, skip any other; return where it ends."""
    if depth >= MAX_DEPTH:
        raise DamagedError("nested too deeply")
    stop = None if length == UNDEFINED else position + length
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
        if item_length == UNDEFINED:
            position = walk(data, position, size, item, depth + 1, implicit=implicit)[0]
        else:
            item_stop = position + item_length
            if item_stop > size:
                raise DamagedError("truncated")
            if item_stop > len(data):
                raise NeedMoreBytes
            if tag in SEQUENCES:
                walk(data[:item_stop], position, item_stop, item, depth + 1, implicit=implicit)
            position = item_stop
        items.append(item)
    if tag in SEQUENCES:
        values[tag] = items
    return position
