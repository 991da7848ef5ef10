"""Blank what is no image in compressed pixels: comments, application data, and bytes behind or between the parts of a frame.

The image itself is not decoded. Comments and application segments keep their length and lose their content, which no decoder of grey
images looks at; bytes behind the end of a frame are cut off. What is not built as the standard says is refused (ValueError).

References
----------
.. [1] DICOM PS3.5, A.4 (encapsulation) and annex G (RLE). ITU-T T.81, annex B (JPEG); T.87, annex C (JPEG-LS); T.800, annex A (JPEG 2000).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

from pydicom.uid import UID

_ITEM, _DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_RLE = "1.2.840.10008.1.2.5"
_JPEG_FAMILY = "1.2.840.10008.1.2.4."
_JPEG, _JPEG_2000 = range(50, 82), {90, 91, 92, 93, 201, 202, 203}
_START = b"\xff\xd8"
_NEXT_MARKER = re.compile(rb"\xff[\x80-\xcf\xd8-\xff]")
"""Ends entropy-coded data of JPEG (which writes FF 00) and JPEG-LS (FF and a byte below 80); restart markers belong to it."""

_SOS, _COM, _EOI = 0xDA, 0xFE, b"\xff\xd9"
_SOC, _SOT, _SOD, _COM_2000, _EOC = b"\xff\x4f", 0x90, 0x93, 0x64, b"\xff\xd9"
_RLE_HEADER_BYTES = 64


def without_hidden_bytes(value: bytes, syntax: UID, frames: int, segments: int, segment_bytes: int) -> bytes:
    """Return encapsulated pixels without anything that is no image.

    Parameters
    ----------
    value : bytes
        The items of the pixel element, with or without the delimiter.
    syntax : UID
        The transfer syntax.
    frames : int
        Number of frames that the header promises.
    segments, segment_bytes : int
        For RLE: byte planes of a frame, and bytes of each.

    Returns
    -------
    bytes
        `value` itself when there was nothing to remove.

    Raises
    ------
    ValueError
        If the syntax is none of JPEG, JPEG-LS, JPEG 2000 and RLE, or the pixels are damaged or hold other frames than promised.
    """
    table, *fragments = _items(value)
    clean = _cleaner(syntax, segments, segment_bytes)
    cleaned: list[list[bytes]] = []
    for group in _frames(fragments, frames):
        frame = b"".join(group)
        new = clean(frame)
        cleaned.append(group if new == frame else [new + b"\0" * (len(new) % 2)])
    if table:
        sizes = [sum(len(part) + 8 for part in group) for group in cleaned]
        table = struct.pack(f"<{len(sizes)}I", *accumulate([0, *sizes[:-1]]))
    parts = [table, *(part for group in cleaned for part in group)]
    new_value = b"".join(_ITEM + struct.pack("<I", len(part)) + part for part in parts)
    return value if value in (new_value, new_value + _DELIMITER + bytes(4)) else new_value


def _items(value: bytes) -> list[bytes]:
    items, at = [], 0
    while at < len(value):
        tag, size = value[at : at + 4], int.from_bytes(value[at + 4 : at + 8], "little")
        if tag == _DELIMITER and not value[at + 4 :].strip(b"\0"):
            break
        if tag != _ITEM or at + 8 + size > len(value):
            raise ValueError("compressed pixels are not made of items")
        items.append(value[at + 8 : at + 8 + size])
        at += 8 + size
    if len(items) < 2:
        raise ValueError("compressed pixels hold no frame")
    return items


def _frames(fragments: list[bytes], frames: int) -> list[list[bytes]]:
    if len(fragments) == frames:
        return [[fragment] for fragment in fragments]
    groups: list[list[bytes]] = []
    for fragment in fragments:
        if not groups or (frames > 1 and fragment[:2] in (_START, _SOC)):
            groups.append([])
        groups[-1].append(fragment)
    if len(groups) != frames:
        raise ValueError("compressed pixels hold other frames than the header says")
    return groups


def _cleaner(syntax: UID, segments: int, segment_bytes: int) -> Callable[[bytes], bytes]:
    if syntax == _RLE:
        return lambda frame: _rle(frame, segments, segment_bytes)
    family, _, number = str(syntax).rpartition(".")
    if family + "." == _JPEG_FAMILY and number.isdecimal():
        if int(number) in _JPEG:
            return _jpeg
        if int(number) in _JPEG_2000:
            return _jpeg_2000
    raise ValueError("a compression that is not looked into")


def _jpeg(frame: bytes) -> bytes:
    if frame[:2] != _START:
        raise ValueError("no JPEG")
    data, at = bytearray(frame), 2
    while data[at : at + 2] != _EOI:
        if data[at : at + 2] == b"\xff\xff":
            at += 1  # a fill byte
            continue
        marker, after = _segment(data, at)
        if marker == _COM or 0xE0 <= marker <= 0xEF:
            data[at + 4 : after] = bytes(after - at - 4)
        at = after
        if marker == _SOS:
            if (match := _NEXT_MARKER.search(data, at)) is None:
                raise ValueError("a JPEG frame without end")
            at = match.start()
    return bytes(data[: at + 2]) if _matters(frame, at + 2) else bytes(data)


def _jpeg_2000(frame: bytes) -> bytes:
    if frame[:2] != _SOC:
        raise ValueError("no JPEG 2000 code stream")
    data = bytearray(frame)
    at = _headers(data, 2, _SOT)
    while data[at : at + 2] == bytes((0xFF, _SOT)):
        size = int.from_bytes(data[at + 6 : at + 10], "big")
        body = _headers(data, at, _SOD)
        at = at + size if size else data.rfind(_EOC)  # the last tile part may leave its size open
        if not body <= at <= len(data):
            raise ValueError("a tile of wrong size")
    end = at + 2 if data[at : at + 2] == _EOC else at
    return bytes(data[:end]) if _matters(frame, end) else bytes(data)


def _headers(data: bytearray, at: int, stop: int) -> int:
    """Blank the comments up to a marker; return where that is."""
    while data[at : at + 2] != bytes((0xFF, stop)):
        marker, after = _segment(data, at)
        if marker == _COM_2000:
            data[at + 4 : after] = bytes(after - at - 4)
        at = after
    return at


def _segment(data: bytearray, at: int) -> tuple[int, int]:
    """Return the marker of a segment, and where it ends."""
    size = int.from_bytes(data[at + 2 : at + 4], "big")
    if data[at : at + 1] != b"\xff" or size < 2 or at + 2 + size > len(data):
        raise ValueError("a damaged code stream")
    return data[at + 1], at + 2 + size


def _matters(frame: bytes, end: int) -> bool:
    """Tell whether what stands behind the end of a frame is more than the byte that makes its length even."""
    return len(frame) - end > 1 or bool(frame[end:].strip(b"\0"))


def _rle(frame: bytes, segments: int, segment_bytes: int) -> bytes:
    count, *offsets = struct.unpack_from("<16I", frame.ljust(_RLE_HEADER_BYTES, b"\0"))
    if count != segments or offsets[0] != _RLE_HEADER_BYTES or any(offsets[count:]):
        raise ValueError("an RLE frame of other segments than the header says")
    end = _RLE_HEADER_BYTES
    for start, stop in pairwise([*offsets[:count], len(frame)]):
        if start - end not in (0, 1) or frame[end:start].strip(b"\0"):
            raise ValueError("bytes between RLE segments")
        end = _end_of_segment(frame, start, stop, segment_bytes)
    return frame[:end] if _matters(frame, end) else frame


def _end_of_segment(frame: Sequence[int], start: int, stop: int, size: int) -> int:
    """Return where an RLE segment has given its bytes (PS3.5, G.3.2)."""
    at, given = start, 0
    while given < size:
        if at >= stop:
            raise ValueError("a short RLE segment")
        code = frame[at]
        if code < 128:
            at, given = at + code + 2, given + code + 1
        elif code > 128:
            at, given = at + 2, given + 257 - code
        else:
            at += 1
    if given > size + 1 or at > stop:
        raise ValueError("an RLE segment of wrong size")
    return at
