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
from petarseg.dicom.walker import (
    HEAD,
    IMPLICIT_HEAD,
    KNOWN_VR,
    LENGTH,
    LONG_VR,
    MAX_VALUE_BYTES,
    PRIVATE_GROUPS,
    SHORT_VR,
    DamagedError,
    NeedMoreBytes,
    NotDicomError,
    NotPlain,
    Values,
    walk_explicit,
    walk_implicit,
)

__all__ = [
    "DEFLATED",
    "EXPLICIT_BE",
    "EXPLICIT_LE",
    "IMPLICIT_LE",
    "DamagedError",
    "Header",
    "NotDicomError",
    "parse_header",
    "read_header",
    "values_of",
]

FIRST_READ_BYTES = 16 * 1024
"""Most image headers fit; longer ones are read on in steps that double."""
MAX_HEADER_BYTES = 32 * 1024 * 1024

EXPLICIT_LE = "1.2.840.10008.1.2.1"
IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_BE = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"


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
        first = (group << 16) | 0x10
        for tag in self.values:
            if first <= tag < first + 0xF0 and self.text(tag).casefold() == creator.casefold():
                value = self.text((group << 16) | ((tag & 0xFF) << 8) | element)
                if value:
                    return value
        return self.text((group << 16) | 0x1000 | element) if trust_missing_creator and not self.text(first) else ""

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
            except NeedMoreBytes:
                if len(data) >= size:
                    raise DamagedError("truncated") from None
                if len(data) >= MAX_HEADER_BYTES:
                    raise DamagedError("header too long") from None
                more = stream.read(max(len(data), FIRST_READ_BYTES))
                if not more:
                    raise DamagedError("truncated") from None
                data += more
            except NotPlain:
                stream.seek(0)
                return _parse_with_pydicom(stream, size)


def parse_header(data: bytes) -> Header:
    """Read the wanted elements of a whole DICOM file held in memory; raises as `read_header`."""
    try:
        return _parse(data, len(data))
    except NeedMoreBytes:
        raise DamagedError("truncated") from None
    except NotPlain:
        return _parse_with_pydicom(io.BytesIO(data), len(data))


def _parse(data: bytes, size: int) -> Header:
    if data[128:132] == b"DICM":
        position, syntax = _read_meta(data, 132)
    else:
        position, syntax = 0, _guess_bare_syntax(data)
        if data[:4] == b"\x02\x00\x00\x00":
            position, syntax = _read_meta(data, 0)
    if syntax in (EXPLICIT_BE, DEFLATED):
        raise NotPlain
    values: Values = {}
    walker = walk_implicit if syntax == IMPLICIT_LE else walk_explicit
    end, pixel_tag, pixel_length = walker(data, position, size, values, 0)
    if not values:
        raise NotDicomError
    return Header(values, syntax, pixel_tag, end if pixel_tag else None, pixel_length, size, _encodings(values))


def _guess_bare_syntax(data: bytes) -> str:
    """Tell the syntax of a data set without preamble and meta group, or say that it is none."""
    if len(data) < 16:
        raise NotDicomError
    group, _, vr, _ = HEAD.unpack_from(data, 0)
    if group not in (0x0002, 0x0008):
        raise NotDicomError
    if vr in KNOWN_VR:
        return EXPLICIT_LE
    _, element, length = IMPLICIT_HEAD.unpack_from(data, 0)
    if length > 1024 or element > 0x2112:
        raise NotDicomError
    return IMPLICIT_LE


def _read_meta(data: bytes, position: int) -> tuple[int, str]:
    """Walk group 0002 (always explicit little endian) and return where it ends and the transfer syntax."""
    syntax = ""
    while True:
        if position + 12 > len(data):
            raise NeedMoreBytes
        group, element, vr, length = HEAD.unpack_from(data, position)
        if group != 0x0002:
            # Files without a transfer syntax exist; the default of the standard is implicit, the bytes say which it is.
            return position, syntax or (EXPLICIT_LE if vr in KNOWN_VR else IMPLICIT_LE)
        position += 8
        if vr in LONG_VR:
            (length,) = LENGTH.unpack_from(data, position)
            position += 4
        elif vr not in SHORT_VR:
            raise NotPlain
        if position + length > len(data):
            raise NeedMoreBytes
        if element == 0x0010:
            syntax = data[position : position + length].decode("latin-1").strip("\0 ")
        position += length


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
        values = values_of(dataset)
    except InvalidDicomError:
        raise NotDicomError from None
    except failures() as error:
        raise DamagedError(type(error).__name__) from None
    if not values:
        raise NotDicomError
    return Header(values, syntax, file_size=size, encodings=("utf-8",))


def values_of(dataset: Any) -> Values:
    """Return the wanted elements of a pydicom data set, as the walker would give them; text is UTF-8."""
    return dict(_wanted(dataset))


def _wanted(dataset: Any) -> Iterator[tuple[int, Any]]:
    for tag in [int(key) for key in dataset.keys()]:  # noqa: SIM118 -- a Dataset iterates over elements, not tags
        if tag in SEQUENCES:
            yield tag, [values_of(item) for item in dataset[tag].value or ()]
        elif tag in WANTED or (tag >> 16) in PRIVATE_GROUPS:
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
                yield tag, b"".join(struct.pack("<" + form, int(part) & 0xFFFF) for part in values)
            else:
                text = "\\".join(str(part if element.VR == "PN" else getattr(part, "original_string", part)) for part in values)
                yield tag, text.encode("utf-8", "replace")
