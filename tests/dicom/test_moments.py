from __future__ import annotations

from datetime import date, datetime, time

import pytest

from petarseg.dicom.moments import parse_date, parse_datetime, parse_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20200102", date(2020, 1, 2)),
        ("2020.01.02", date(2020, 1, 2)),
        ("2020-01-02", None),
        ("20201301", None),
        ("00010101", None),
        ("99991231", None),
        ("", None),
        ("２０２００１０２", None),
    ],
)
def test_dates(text: str, expected: date | None) -> None:
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("101112", time(10, 11, 12)),
        ("101112.5", time(10, 11, 12, 500_000)),
        ("101112.123456", time(10, 11, 12, 123_456)),
        ("1011", time(10, 11)),
        ("10", None),
        ("10.5", None),
        ("10:11:12", time(10, 11, 12)),
        ("235960", time(23, 59, 59)),
        ("240000", None),
        ("10111", None),
        ("1e3", None),
        ("", None),
    ],
)
def test_times(text: str, expected: time | None) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("20200102101112.5", "", datetime(2020, 1, 2, 10, 11, 12, 500_000)),
        ("20200102101112", "+0100", datetime(2020, 1, 2, 10, 11, 12)),
        ("20200102101112+0000", "+0100", datetime(2020, 1, 2, 11, 11, 12)),
        ("20200102101112.0-0500", "-0500", datetime(2020, 1, 2, 10, 11, 12)),
        ("20200102101112+0000", "", None),
        ("20200102", "", None),
        ("2020010210", "", None),
        ("junk", "", None),
    ],
)
def test_datetimes(text: str, zone: str, expected: datetime | None) -> None:
    assert parse_datetime(text, zone) == expected
