"""Read the dates and times of DICOM: None for whatever cannot be compared."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone


def parse_date(text: str) -> date | None:
    """Read a DICOM DA (or the older ``YYYY.MM.DD``); None when unreadable."""
    digits = text.replace(".", "") if len(text) == 10 else text
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()) or digits[0] not in "12":
        return None  # a year that no de-identifier shifts to, and that date arithmetic could leave
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def parse_time(text: str) -> time | None:
    """Read a DICOM TM (``HHMMSS.FFFFFF``, ``HHMM`` and colons allowed); None when unreadable.

    The standard allows ``HH`` too. What is known to the hour only (de-identifiers cut times) is no time for SUV: F-18 decays by a third.
    """
    whole, _, fraction = text.replace(":", "").partition(".")
    if len(whole) not in (4, 6) or not (whole + fraction).isdigit() or not text.isascii():
        return None
    whole = whole.ljust(6, "0")
    second = int(whole[4:6])
    try:
        # A leap second is read as the last second of its minute.
        return time(int(whole[:2]), int(whole[2:4]), min(second, 59) if second == 60 else second, int(fraction[:6].ljust(6, "0") or 0))
    except ValueError:
        return None


def parse_datetime(text: str, offset_from_utc: str) -> datetime | None:
    """Read a DICOM DT as local time; None when unreadable, without clock time, or in a time zone that cannot be compared.

    Parameters
    ----------
    text : str
        ``YYYYMMDDHHMMSS.FFFFFF`` with an optional ``+HHMM``.
    offset_from_utc : str
        TimezoneOffsetFromUTC of the data set, "" when absent.
    """
    body, zone = text, None
    for sign in "+-":
        if sign in body:
            body, _, digits = body.partition(sign)
            zone = _offset(sign + digits)
            if zone is None:
                return None
    day, clock = parse_date(body[:8]), parse_time(body[8:])
    if day is None or clock is None or len(body) < 12:
        return None
    moment = datetime.combine(day, clock)
    if zone is None:
        return moment
    local = _offset(offset_from_utc)
    if local is None:
        return None
    return moment + (local - zone)


def _offset(text: str) -> timedelta | None:
    if len(text) != 5 or text[0] not in "+-" or not text[1:].isdigit():
        return None
    minutes = int(text[1:3]) * 60 + int(text[3:])
    if minutes > 14 * 60:
        return None
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes)).utcoffset(None)
