"""Read the few header elements that petarseg needs, fast and without trusting the file.

A walker over the raw bytes handles little-endian explicit and implicit VR (with or without preamble) and stops at the pixel data:
about a tenth of the time of a full parse. Whatever it does not understand goes to pydicom (imported only then: that takes longer than
reading a series); what pydicom does not understand either is damaged. Both ways give the same `Header`: raw value bytes per tag,
decoded only when asked for.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping, MutableSequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from petarseg.dicom import source
from petarseg.dicom.fallback import failures, read_dataset
from petarseg.dicom.tags import NUMERIC_VR, SEQUENCES, WANTED, Tag

FIRST_READ_BYTES = 16 * 1024
"""Most image headers fit; longer ones are read on in steps that double."""
MAX_HEADER_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 16
MAX_VALUE_BYTES = 4 * 1024

EXPLICIT_LE = "1.2.840.10008.1.2.1"
IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_BE = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"

_LONG_VR = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_SHORT_VR = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS", b"ST"}
    | {b"TM", b"UI", b"UL", b"US"}
)
_KNOWN_VR = _LONG_VR | _SHORT_VR
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXEL_TAGS = frozenset({Tag.PixelData, Tag.FloatPixelData, Tag.DoubleFloatPixelData})
_PRIVATE_GROUPS = frozenset({0x0009, 0x0071, 0x7053})

_HEAD = struct.Struct("<HH2sH")
_IMPLICIT_HEAD = struct.Struct("<HHI")
_LENGTH = struct.Struct("<I")

Values = dict[int, Any]


class NotDicomError(Exception):
    """The file is no DICOM object at all."""


class DamagedError(Exception):
    """The file begins like DICOM but cannot be read."""


class _NeedMore(Exception):
    """The buffer ends inside the header."""


class _NotPlain(Exception):
    """Something the walker leaves to pydicom."""


@dataclass(frozen=True, slots=True)
class Header:
    """The wanted elements of one file.

    Parameters
    ----------
    values : dict of int to bytes or list of dict
        Raw little-endian value per tag; sequences hold one such dict per item.
    transfer_syntax : str
        UID of the transfer syntax.
    pixel_tag, pixel_offset, pixel_length : int or None
        Where the pixel data lie in the file. The length is None when encapsulated; all are None when there are no pixel data or when
        the place cannot be told without inflating.
    """

    values: Values
    transfer_syntax: str
    pixel_tag: int | None = None
    pixel_offset: int | None = None
    pixel_length: int | None = None
    file_size: int = 0
    encodings: tuple[str, ...] = field(default=())

    def __contains__(self, tag: int) -> bool:
        return tag in self.values

    def text(self, tag: int, default: str = "") -> str:
        """Return the value as one stripped string; `default` when absent or empty."""
        raw = self.values.get(tag)
        if not isinstance(raw, bytes):
            return default
        return self._decode(raw).strip("\0 \t\r\n") or default

    def texts(self, tag: int) -> tuple[str, ...]:
        """Return the values of a multi-valued string, each stripped."""
        text = self.text(tag)
        return tuple(part.strip("\0 ") for part in text.split("\\")) if text else ()

    def numbers(self, tag: int) -> tuple[float, ...] | None:
        """Return all values as finite floats; None when absent or when any of them is not a number."""
        raw = self.values.get(tag)
        if not isinstance(raw, bytes) or not raw:
            return None
        form = NUMERIC_VR.get(tag)
        if form is not None:
            size = struct.calcsize(form)
            if len(raw) % size:
                return None
            return tuple(float(value) for (value,) in struct.iter_unpack("<" + form, raw))
        found = []
        for part in raw.decode("latin-1").strip("\0 ").split("\\"):
            value = _number(part)
            if value is None:
                return None
            found.append(value)
        return tuple(found)

    def number(self, tag: int) -> float | None:
        """Return the only value as a finite float; None when absent, unreadable or not single."""
        found = self.numbers(tag)
        return found[0] if found is not None and len(found) == 1 else None

    def integer(self, tag: int) -> int | None:
        """Return the only value as an integer; None when absent, unreadable or fractional."""
        value = self.number(tag)
        return int(value) if value is not None and value == int(value) else None

    def items(self, tag: int) -> tuple[Header, ...]:
        """Return the items of a sequence; empty when absent."""
        found = self.values.get(tag)
        if not isinstance(found, list):
            return ()
        return tuple(Header(item, self.transfer_syntax, encodings=self.encodings) for item in found)

    def private_text(self, group: int, creator: str, element: int, *, trust_missing_creator: bool = False) -> str:
        """Return a private element found by its creator, wherever the creator's block lies.

        Parameters
        ----------
        group, element : int
            Group, and the low byte of the element number (``0x0D`` for (0009,xx0D)).
        creator : str
            Private creator as the vendor writes it; compared without regard to case and padding.
        trust_missing_creator : bool
            De-identifiers and converters drop creators: take block 0x10 when that block has no creator at all.
        """
        for block in range(0x10, 0x100):
            owner = self.text((group << 16) | block)
            if owner.casefold() == creator.casefold() or (trust_missing_creator and block == 0x10 and not owner):
                value = self.text((group << 16) | (block << 8) | element)
                if value:
                    return value
        return ""

    def _decode(self, raw: bytes) -> str:
        if raw.isascii() and b"\x1b" not in raw:
            return raw.decode("ascii")
        try:
            if b"\x1b" not in raw:
                return raw.decode(self.encodings[0] if self.encodings else "latin-1", "replace")
            from pydicom.charset import decode_bytes

            return str(decode_bytes(raw, list(self.encodings) or ["latin-1"], {0x5C, 0x0A, 0x0C, 0x0D, 0x09}))
        except (LookupError, UnicodeError, ValueError):
            return raw.decode("latin-1")


def _number(part: str) -> float | None:
    try:
        value = float(part)
    except ValueError:
        return None
    # float() also reads "nan", "inf" and "1_000", which DICOM does not know.
    return value if value - value == 0.0 and "_" not in part else None


def read_header(path: Path) -> Header:
    """Read the wanted elements of a file.

    Raises
    ------
    NotDicomError
        If nothing says that the file is DICOM.
    DamagedError
        If it begins like DICOM but cannot be read.
    OSError
        If the file cannot be opened.
    """
    with source.open_binary(path) as stream:
        size = source.size_of(stream)
        data = stream.read(FIRST_READ_BYTES)
        while True:
            try:
                return _parse(data, size)
            except _NeedMore:
                if len(data) >= size:
                    raise DamagedError("truncated") from None
                if len(data) >= MAX_HEADER_BYTES:
                    raise DamagedError("header too long") from None
                more = stream.read(max(len(data), FIRST_READ_BYTES))
                if not more:
                    raise DamagedError("truncated") from None
                data += more
            except _NotPlain:
                stream.seek(0)
                return _parse_with_pydicom(stream, size)


def parse_header(data: bytes) -> Header:
    """Read the wanted elements of a whole DICOM file held in memory; raises as `read_header`."""
    try:
        return _parse(data, len(data))
    except _NeedMore:
        raise DamagedError("truncated") from None
    except _NotPlain:
        return _parse_with_pydicom(io.BytesIO(data), len(data))


def _parse(data: bytes, size: int) -> Header:
    if data[128:132] == b"DICM":
        position, syntax = _read_meta(data, 132)
    else:
        position, syntax = 0, _guess_bare_syntax(data)
        if data[:4] == b"\x02\x00\x00\x00":
            position, syntax = _read_meta(data, 0)
    if syntax in (EXPLICIT_BE, DEFLATED):
        raise _NotPlain
    values: Values = {}
    walker = _walk_implicit if syntax == IMPLICIT_LE else _walk_explicit
    end, pixel_tag, pixel_length = walker(data, position, size, values, 0)
    if not values:
        raise NotDicomError
    return Header(values, syntax, pixel_tag, end if pixel_tag else None, pixel_length, size, _encodings(values))


def _guess_bare_syntax(data: bytes) -> str:
    """Tell the syntax of a data set without preamble and meta group, or say that it is none."""
    if len(data) < 16:
        raise NotDicomError
    group, _, vr, _ = _HEAD.unpack_from(data, 0)
    if group not in (0x0002, 0x0008):
        raise NotDicomError
    if vr in _KNOWN_VR:
        return EXPLICIT_LE
    _, element, length = _IMPLICIT_HEAD.unpack_from(data, 0)
    if length > 1024 or element > 0x2112:
        raise NotDicomError
    return IMPLICIT_LE


def _read_meta(data: bytes, position: int) -> tuple[int, str]:
    """Walk group 0002 (always explicit little endian) and return where it ends and the transfer syntax."""
    syntax = ""
    while True:
        if position + 12 > len(data):
            raise _NeedMore
        group, element, vr, length = _HEAD.unpack_from(data, position)
        if group != 0x0002:
            # Files without a transfer syntax exist; the default of the standard is implicit, the bytes say which it is.
            return position, syntax or (EXPLICIT_LE if vr in _KNOWN_VR else IMPLICIT_LE)
        position += 8
        if vr in _LONG_VR:
            (length,) = _LENGTH.unpack_from(data, position)
            position += 4
        elif vr not in _SHORT_VR:
            raise _NotPlain
        if position + length > len(data):
            raise _NeedMore
        if element == 0x0010:
            syntax = data[position : position + length].decode("latin-1").strip("\0 ")
        position += length


def _walk_explicit(data: bytes, position: int, size: int, values: Values, depth: int) -> tuple[int, int | None, int | None]:
    """Collect wanted elements until the pixel data, the end of the data set or an item delimiter."""
    end = len(data)
    unpack = _HEAD.unpack_from
    while True:
        if position + 8 > end:
            if position == size:
                return position, None, None
            if position + 8 > size:
                raise DamagedError("truncated")
            raise _NeedMore
        group, element, vr, length = unpack(data, position)
        position += 8
        tag = (group << 16) | element
        if vr in _LONG_VR:
            if position + 4 > end:
                raise _NeedMore
            (length,) = _LENGTH.unpack_from(data, position)
            position += 4
            if tag in _PIXEL_TAGS and depth == 0:
                return position, tag, None if length == _UNDEFINED else length
            if vr == b"SQ" or length == _UNDEFINED or (vr == b"UN" and tag in SEQUENCES):
                # A sequence written as UN is in implicit VR (PS3.5, 6.2.2).
                walk = _walk_implicit if vr == b"UN" else _walk_explicit
                position = _sequence(data, position, length, size, tag, values, depth, walk)
                continue
        elif vr not in _SHORT_VR:
            if tag == _ITEM_END and depth:
                return position, None, None
            raise _NotPlain
        stop = position + length
        if stop > end:
            if stop > size:
                raise DamagedError("truncated")
            raise _NeedMore
        if tag in WANTED or (group in _PRIVATE_GROUPS and length <= 64):
            values[tag] = data[position:stop] if length <= MAX_VALUE_BYTES else data[position : position + MAX_VALUE_BYTES]
        position = stop


def _walk_implicit(data: bytes, position: int, size: int, values: Values, depth: int) -> tuple[int, int | None, int | None]:
    """Collect as `_walk_explicit` does, for implicit VR."""
    end = len(data)
    unpack = _IMPLICIT_HEAD.unpack_from
    while True:
        if position + 8 > end:
            if position == size:
                return position, None, None
            if position + 8 > size:
                raise DamagedError("truncated")
            raise _NeedMore
        group, element, length = unpack(data, position)
        position += 8
        tag = (group << 16) | element
        if tag in _PIXEL_TAGS and depth == 0:
            return position, tag, None if length == _UNDEFINED else length
        if tag == _ITEM_END and depth:
            return position, None, None
        if length == _UNDEFINED or tag in SEQUENCES:
            position = _sequence(data, position, length, size, tag, values, depth, _walk_implicit)
            continue
        stop = position + length
        if stop > end:
            if stop > size:
                raise DamagedError("truncated")
            raise _NeedMore
        if tag in WANTED or (group in _PRIVATE_GROUPS and length <= 64):
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
            raise _NeedMore
        return stop
    items: list[Values] = []
    while stop is None or position < stop:
        if position + 8 > len(data):
            raise _NeedMore if position + 8 <= size else DamagedError("truncated")
        group, element, item_length = _IMPLICIT_HEAD.unpack_from(data, position)
        position += 8
        item_tag = (group << 16) | element
        if item_tag == _SEQUENCE_END:
            break
        if item_tag != _ITEM:
            raise _NotPlain
        item: Values = {}
        if item_length == _UNDEFINED:
            position = walk(data, position, size, item, depth + 1)[0]
        else:
            item_stop = position + item_length
            if item_stop > size:
                raise DamagedError("truncated")
            if item_stop > len(data):
                raise _NeedMore
            if tag in SEQUENCES:
                walk(data[:item_stop], position, item_stop, item, depth + 1)
            position = item_stop
        items.append(item)
    if tag in SEQUENCES:
        values[tag] = items
    return position


@lru_cache(maxsize=64)
def _encodings_of(raw: bytes) -> tuple[str, ...]:
    from pydicom.charset import convert_encodings

    names = [part.strip("\0 ") for part in raw.decode("latin-1").split("\\")]
    try:
        return tuple(convert_encodings(names))
    except LookupError:
        return ("latin-1",)


def _encodings(values: Mapping[int, Any]) -> tuple[str, ...]:
    raw = values.get(Tag.SpecificCharacterSet)
    return _encodings_of(raw) if isinstance(raw, bytes) and raw.strip() else ()


def _parse_with_pydicom(stream: Any, size: int) -> Header:
    """Parse what the walker leaves: big endian, deflated, unusual VRs."""
    from pydicom.errors import InvalidDicomError

    try:
        dataset = read_dataset(stream, pixels=False)
        syntax = str(getattr(dataset.file_meta, "TransferSyntaxUID", ""))
        values = dict(_from_dataset(dataset))
    except InvalidDicomError:
        raise NotDicomError from None
    except failures() as error:
        raise DamagedError(type(error).__name__) from None
    if not values:
        raise NotDicomError
    return Header(values, syntax, file_size=size, encodings=("utf-8",))


def _from_dataset(dataset: Any) -> Iterator[tuple[int, Any]]:
    for tag in [int(key) for key in dataset.keys()]:  # noqa: SIM118 -- a Dataset iterates over elements, not tags
        if tag in SEQUENCES:
            yield tag, [dict(_from_dataset(item)) for item in dataset[tag].value or ()]
        elif tag in WANTED or (tag >> 16) in _PRIVATE_GROUPS:
            element = dataset[tag]
            if element.VR == "SQ" or element.value is None:
                continue
            value = element.value
            if isinstance(value, bytes):
                yield tag, value[:MAX_VALUE_BYTES]
                continue
            values = list(value) if isinstance(value, MutableSequence) else [value]
            form = NUMERIC_VR.get(tag)
            if form is not None:
                yield tag, b"".join(struct.pack("<" + form, int(part)) for part in values)
            else:
                text = "\\".join(str(part if element.VR == "PN" else getattr(part, "original_string", part)) for part in values)
                yield tag, text.encode("utf-8", "replace")
