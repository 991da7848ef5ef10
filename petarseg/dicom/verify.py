"""The leak scan of de-identified DICOM files: every identifying value of the input, in the bytes of every output."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from petarseg.dicom.elements import READ_ERRORS, silent_pydicom
from petarseg.dicom.profile import NUMERIC
from petarseg.needles import NeedleSet

_PIXEL_MARKS = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10", b"\xe0\x7f\x08\x00", b"\xe0\x7f\x09\x00")
_NOT_TEXT = frozenset({"TM", "DS", "IS", "UI", "SQ"}) | NUMERIC
_NO_DATE = _NOT_TEXT - {"UI"}

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
    """
    kinds: list[str] = []
    for path, dates in files:
        data = Path(path).read_bytes()
        for needles in (_needles, _dates(tuple(dates))):
            found = _scan(data, needles, pixels=needles is _needles)
            if doubtful := {index for index in found if needles.kinds[index] not in ("uid", "name")}:
                found = (found - doubtful) | (doubtful & _scan_text(data, needles))
            kinds += [needles.kinds[index] for index in sorted(found)]
    return kinds


@lru_cache(maxsize=16)
def _dates(dates: tuple[str, ...]) -> NeedleSet:
    return NeedleSet(dates)


def _scan(data: bytes, needles: NeedleSet, *, pixels: bool) -> set[int]:
    start = len(data)
    for mark in _PIXEL_MARKS:
        place = data.find(mark, 0, start)
        start = place if place >= 0 else start
    found = needles.find(data[:start])
    return found | needles.find(data[start:], binary=True) if pixels else found


def _scan_text(data: bytes, needles: NeedleSet) -> set[int]:
    """Look again at short needles, only where text can stand: six digits of a patient number are also somebody's time of day."""
    try:
        with silent_pydicom():
            dataset = pydicom.dcmread(io.BytesIO(data))
            lines = [*_texts(dataset), *_texts(dataset.file_meta)]
    except READ_ERRORS:
        return set(range(len(needles)))
    return needles.find(b"\n".join(lines))


def _texts(dataset: Dataset) -> list[bytes]:
    lines: list[bytes] = []
    for tag in list(dataset.keys()):
        raw = dataset.get_item(tag)
        if raw.VR == "SQ" or (raw.VR in (None, "UN") and not isinstance(raw.value, bytes)):
            for item in dataset[tag].value or ():
                lines += _texts(item)
            continue
        vr = raw.VR or dataset[tag].VR
        if vr == "SQ":
            for item in dataset[tag].value:
                lines += _texts(item)
        elif vr not in _NOT_TEXT and tag < 0x7FE00000:
            lines.append(raw.value if isinstance(raw.value, bytes) else str(raw.value).encode())
    return lines
