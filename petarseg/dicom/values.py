"""Does a value look as its representation demands, and what becomes of dates and ages: rules of de-identification for one value."""

from __future__ import annotations

import datetime
import re

from petarseg.dicom.descriptors import KNOWN_SCHEMES, STANDARD_SCHEMES
from petarseg.dicom.profile import NUMERIC, NUMERIC_BYTES, STRINGS, is_single

_DATE = re.compile(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})")
_TEXT_RUN = re.compile(rb"[A-Za-z0-9 ,.^'/:_-]{8,}")
"""In a few numbers this much text is no chance; in a table of thousands it may be."""
_LONG_TEXT_RUN = re.compile(rb"[A-Za-z0-9 ,.^'/:_-]{12,}")
MAX_AGE_YEARS = 90


def is_numeric(tag: int, vr: str, value: bytes) -> bool:
    """Tell whether binary values have the size and the look of numbers: a damaged length can swallow the texts behind an element."""
    size = NUMERIC_BYTES.get(vr, 1)
    if len(value) % size or (is_single(tag) and len(value) > size):
        return False
    if len(value) <= 64 * size:
        return not _TEXT_RUN.search(value)
    # The ramp of a lookup table passes through all letters in order.
    return all(_is_ramp(run.group()) for run in _LONG_TEXT_RUN.finditer(value))


def _is_ramp(run: bytes) -> bool:
    return list(run) == sorted(run) or list(run) == sorted(run, reverse=True)


def is_scheme(part: bytes) -> bool:
    """Tell whether a coding scheme designator is a public one or that of a maker, and names no site."""
    return part.decode("latin-1") in STANDARD_SCHEMES | KNOWN_SCHEMES


def interchangeable(vr: str) -> frozenset[str]:
    """Return the representations that an element of the same meaning may have instead: all of strings, or all of numbers."""
    return STRINGS if vr in STRINGS else NUMERIC


def parse_date(text: str) -> datetime.date | None:
    """Read a date, also with the separators of old files; None when it is none."""
    if not (match := _DATE.fullmatch(text)):
        return None
    try:
        return datetime.date(*map(int, match.groups()))
    except ValueError:
        return None


def capped_age(text: str) -> bytes | None:
    """Cap an age at 90 years (the HIPAA safe harbour's limit)."""
    if not re.fullmatch(r"\d{3}[DWMY]", text):
        return None if text else b""
    count, unit = int(text[:3]), text[3]
    years = count / {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}[unit]
    return f"{MAX_AGE_YEARS:03}Y".encode() if years >= MAX_AGE_YEARS else text.encode()
