"""The leak scan of de-identified DICOM files: every identifying value of the input, in the bytes of every output.

Design decisions:

- Deflated data sets are inflated first; one that cannot be is a leak.
- What `petarseg.dicom.redact.mark` writes into every output says nothing about a patient called Basic or Safe: exactly these elements
  are left out. The same words count wherever else they stand.
- An id may look like a date ("20190101"), and shifted dates fall on it by chance: it does not count in dates and date-times, all of
  which are moved. The true dates of an object count everywhere in it.
- Pixels are full of short strings by chance. In them long needles count, and any from six bytes at the borders of compressed fragments,
  where comments and trailing bytes stand.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from petarseg.dicom.elements import READ_ERRORS, silent_pydicom
from petarseg.dicom.profile import NUMERIC
from petarseg.dicom.redact import mark
from petarseg.leakscan import inflated
from petarseg.needles import NeedleSet

UNREADABLE = "unreadable"
MIN_PIXEL_CHARACTERS = 8
"""Eight given bytes occur once in 10^19 by chance; six would stop a run on a large archive now and then."""

_PIXEL_MARKS = (
    b"\xe0\x7f\x10\x00",
    b"\xe0\x7f\x08\x00",
    b"\xe0\x7f\x09\x00",
    b"\x7f\xe0\x00\x10",
    b"\x7f\xe0\x00\x08",
    b"\x7f\xe0\x00\x09",
)
_LONG_VR = (b"OB\0\0", b"OW\0\0", b"OF\0\0", b"OD\0\0", b"UN\0\0")
_UNDEFINED = b"\xff\xff\xff\xff"
_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"
_HEAD_BYTES, _TAIL_BYTES = 1024, 256
_DATES = frozenset({"DA", "DT"})
_NOT_TEXT = frozenset({"TM", "DS", "IS", "UI", "SQ"}) | NUMERIC

_needles = NeedleSet(())


def start_scanner(needles: Sequence[str]) -> None:
    """Prepare this process for `leaks_in`."""
    global _needles
    _needles = NeedleSet(needles)


def leaks_in(files: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """Return the kind of every leak in some output files; the values themselves are never told.

    Parameters
    ----------
    files : sequence of (path, dates)
        An output file, and the dates (YYYYMMDD) of its source that it must not hold.

    Returns
    -------
    list of str
        Kinds of `petarseg.needles.kind_of`, and "unreadable" for a data set that cannot be inflated.
    """
    kinds: list[str] = []
    for path, dates in files:
        try:
            data = inflated(Path(path).read_bytes())
        except zlib.error:
            kinds.append(UNREADABLE)
            continue
        start = _pixel_start(data)
        header, pixels = _without_marks(data[:start]), data[start:]
        borders = _borders(pixels)
        for needles in (_needles, _date_needles(tuple(dates))):
            found = _in_header(header, needles, own_dates=needles is not _needles) | needles.find(borders, binary=True)
            if needles is _needles:
                found |= _in_pixels(pixels, needles)
            kinds += [needles.kinds[index] for index in sorted(found)]
    return kinds


@lru_cache(maxsize=16)
def _date_needles(dates: tuple[str, ...]) -> NeedleSet:
    return NeedleSet(dates)


def _pixel_start(data: bytes) -> int:
    """Return where the pixel element begins, the last one of an output; the end of the data when nothing is one to the last byte."""
    ended = data.endswith(_END)
    for pixel_mark in _PIXEL_MARKS:
        order = "little" if pixel_mark[0] == 0xE0 else "big"
        place = data.find(pixel_mark)
        while place >= 0:
            value = place + (12 if data[place + 4 : place + 8] in _LONG_VR else 8)
            size = data[value - 4 : value]
            if (size == _UNDEFINED and ended) or value + int.from_bytes(size, "little" if order == "little" else "big") == len(data):
                return place
            place = data.find(pixel_mark, place + 1)
    return len(data)


def _borders(pixels: bytes) -> bytes:
    """Return the offset table and the first and last bytes of each fragment of compressed pixels; nothing for others."""
    if pixels[8:12] != _UNDEFINED:
        return b""
    parts, at = [], 12
    while pixels[at : at + 4] == _ITEM:
        start = at + 8
        at = start + int.from_bytes(pixels[at + 4 : start], "little")
        parts += [pixels[start : min(start + _HEAD_BYTES, at)], pixels[max(start, at - _TAIL_BYTES) : at]]
    return b"\n".join([*parts, pixels[at:]])


def _in_pixels(pixels: bytes, needles: NeedleSet) -> set[int]:
    found = needles.find(pixels, binary=True)
    return {i for i in found if needles.kinds[i] in ("uid", "name") or len(needles.values[i]) >= MIN_PIXEL_CHARACTERS}


@lru_cache(maxsize=1)
def _marks() -> tuple[tuple[bytes, bytes], ...]:
    """Return the elements that say how an object was de-identified, in each encoding, and the same with blanks for their texts."""
    marks = Dataset()
    mark(marks)
    texts = [str(element.value).encode() for element in marks.iterall() if element.VR != "SQ"]
    pairs = []
    for implicit, little in ((False, True), (True, True), (False, False)):
        for element in marks.values():
            buffer = DicomBytesIO()
            buffer.is_implicit_VR, buffer.is_little_endian = implicit, little
            write_dataset(buffer, Dataset({element.tag: element}))
            written = blank = bytes(buffer.getvalue())
            for text in texts:
                blank = blank.replace(text, b" " * len(text))
            pairs.append((written, blank))
    return tuple(pairs)


def _without_marks(header: bytes) -> bytes:
    for written, blank in _marks():
        header = header.replace(written, blank)
    return header


def _in_header(header: bytes, needles: NeedleSet, *, own_dates: bool) -> set[int]:
    """Find needles before the pixels. Short ones count only where text can stand: an id of six digits is also somebody's time of day."""
    found = needles.find(header)
    doubtful = {index for index in found if needles.kinds[index] not in ("uid", "name")}
    if not doubtful:
        return found
    try:
        with silent_pydicom():
            dataset = pydicom.dcmread(io.BytesIO(header))
            texts = [*_texts(dataset, _NOT_TEXT), *_texts(dataset.file_meta, _NOT_TEXT)]
            undated = texts if own_dates else [*_texts(dataset, _NOT_TEXT | _DATES), *_texts(dataset.file_meta, _NOT_TEXT | _DATES)]
    except READ_ERRORS:
        return found
    dates = {index for index in doubtful if needles.kinds[index] == "date"}
    in_text, in_undated = needles.find(b"\n".join(texts)), needles.find(b"\n".join(undated))
    return (found - doubtful) | ((doubtful - dates) & in_text) | (dates & in_undated)


def _texts(dataset: Dataset, left_out: Collection[str]) -> list[bytes]:
    lines: list[bytes] = []
    for tag in list(dataset.keys()):
        raw = dataset.get_item(tag)
        if raw.VR == "SQ" or (raw.VR in (None, "UN") and not isinstance(raw.value, bytes)):
            for item in dataset[tag].value or ():
                lines += _texts(item, left_out)
            continue
        vr = raw.VR or dataset[tag].VR
        if vr == "SQ":
            for item in dataset[tag].value:
                lines += _texts(item, left_out)
        elif vr not in left_out:
            lines.append(raw.value if isinstance(raw.value, bytes) else str(raw.value).encode())
    return lines
