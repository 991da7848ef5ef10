"""Dates in report text: found in every common layout, told from fractions and slice numbers, moved by whole days on request.

Bare years, clock times and durations are no dates here (HIPAA Safe Harbor, 45 CFR 164.514(b)(2)(i)(C), lets a year stay).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from petarseg.reports.phi_date_patterns import (
    CLOCK_AFTER,
    COMPACT,
    HOLIDAY,
    ISO,
    LINK,
    LONE_DAY,
    LONE_MONTH,
    MONTH_RANGE,
    MONTH_YEAR,
    MONTHS,
    NOT_A_DATE,
    NUMERIC,
    ORDINAL_WORDS,
    PARTIAL,
    PARTIAL_CUE,
    PARTIAL_TAIL,
    SEASON,
    WRITTEN,
    YEAR_MONTH,
)


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date of the text and what is known of it.

    Attributes
    ----------
    start, end : int
        Code point offsets.
    year, month, day : int or None
        Parts that are stated. Both readings of a numeric date with open order are kept: `month` and `day` hold None then.
    numbers : tuple of int or None
        First and second number of a numeric date whose order (month/day or day/month) the layout leaves open.
    """

    start: int
    end: int
    year: int | None
    month: int | None
    day: int | None
    numbers: tuple[int, int] | None = None


def find_dates(text: str) -> list[DateMention]:
    """Find every date of a report.

    Parameters
    ----------
    text : str
        The report.

    Returns
    -------
    list of DateMention
        In text order, disjoint; the longest reading of each stretch.
    """
    found: list[DateMention] = []
    for match in COMPACT.finditer(text):
        found.append(_mention(match))
    for match in ISO.finditer(text):
        found.append(_mention(match))
    for match in NUMERIC.finditer(text):
        mention = _numeric(match)
        if mention is None:
            continue
        # "segments 5/6/7": small numbers after a word that numbers things; anything else of this shape is a date.
        countable = len(match["year"]) == 2 and int(match["year"]) < 13 and max(int(match["first"]), int(match["second"])) < 13
        if not (countable and NOT_A_DATE.search(text, max(0, match.start() - 40), match.start())):
            found.append(mention)
    for pattern in (MONTH_YEAR, YEAR_MONTH):
        found += [_mention(match) for match in pattern.finditer(text)]
    found += [DateMention(match.start(), match.end(), None, None, None) for match in MONTH_RANGE.finditer(text)]
    for pattern in WRITTEN:
        for match in pattern.finditer(text):
            if not _is_modal_may(match):
                found.append(_mention(match))
    ends = {mention.end for mention in found}
    for match in PARTIAL.finditer(text):
        linked = LINK.search(text, max(0, match.start() - 8), match.start())
        mention_partial = _partial(text, match, listed=linked is not None and linked.start() in ends)
        if mention_partial is not None:
            found.append(mention_partial)
            ends.add(mention_partial.end)
    for match in LONE_MONTH.finditer(text):
        found.append(DateMention(match.start("name"), match.end("name"), None, MONTHS[re.split(r"[\s-]", match["name"].lower())[-1]], None))
    found += [DateMention(match.start("day"), match.end(), None, None, None) for match in LONE_DAY.finditer(text)]
    found += [DateMention(match.start(), match.end(), None, None, None) for match in SEASON.finditer(text)]
    found += [DateMention(match.start(), match.end(), None, None, None) for match in HOLIDAY.finditer(text)]
    return _longest(found)


def _mention(match: re.Match[str]) -> DateMention:
    groups = match.groupdict()
    year_text = groups.get("year") or groups.get("year2") or groups.get("year3")
    month = int(groups["monthnumber"]) if groups.get("monthnumber") else MONTHS[groups["month"].lower()]
    day: int | None = None
    if groups.get("day"):
        day = int(groups["day"])
    elif groups.get("wordday"):
        day = ORDINAL_WORDS.index(groups["wordday"].lower()) + 1
    start, end = match.span()
    end = start + len(match.group().rstrip(" ,."))
    return DateMention(start, end, full_year(year_text), month, day)


def _numeric(match: re.Match[str]) -> DateMention | None:
    first, second, year = (int(match["first"]), int(match["second"]), full_year(match["year"]))
    if (
        "." in match["sep"]
        and len(match["year"]) == 2
        and "0" not in (match["first"][0], match["second"][0])
        and max(first, second, int(match["year"])) < 14
    ):
        # 1.2.3 may be a numbering; a date has a zero-filled part, a day over 12, or a year that no numbering reaches.
        return None
    if first > 12 and second > 12:
        return None
    if first > 12:
        return DateMention(match.start(), match.end(), year, second, first)
    if second > 12:
        return DateMention(match.start(), match.end(), year, first, second)
    if first == second:
        return DateMention(match.start(), match.end(), year, first, second)
    return DateMention(match.start(), match.end(), year, None, None, (first, second))


def _partial(text: str, match: re.Match[str], *, listed: bool) -> DateMention | None:
    first, second = int(match["first"]), int(match["second"])
    if first > 12 and second > 12:
        return None
    before = text[max(0, match.start() - 48) : match.start()]
    listed = listed or CLOCK_AFTER.match(text, match.end()) is not None
    listed = listed or (match["first"][0] == "0" and re.search(r"\b(?:in|by|around|during)\s+$", before) is not None)
    if PARTIAL_TAIL.match(text, match.end()) or not (listed or (PARTIAL_CUE.search(before) and not NOT_A_DATE.search(before))):
        return None
    return DateMention(match.start(), match.end(), None, None, None, (first, second))


def _is_modal_may(match: re.Match[str]) -> bool:
    """Tell the verb "may" (and "march", "mar", "sep") from the month: without day and year only capitals make a month."""
    name = match.groupdict().get("month") or ""
    return (
        name.lower() in {"may", "march", "mar", "mars", "sep", "dec", "mei", "mai"}
        and name.islower()
        and len(match.group()) > 0
        and not (match.groupdict().get("day") or match.groupdict().get("year"))
    )


def full_year(digits: str | None) -> int | None:
    """Give the year that two or four digits mean; two digits up to 49 are of this century."""
    if not digits:
        return None
    value = int(digits.strip("'’"))
    if value >= 100:
        return value
    return 2000 + value if value < 50 else 1900 + value


_WEEKDAY = re.compile(
    r"\b(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|Sat|Sun)\.?,?\s+(?:the\s+)?$", re.IGNORECASE
)


_POINTER = re.compile(r"\b(?:the|last|this|next|early|mid|late)[ -]$", re.IGNORECASE)


def with_weekday(text: str, start: int) -> int:
    """Return where a date that starts at `start` begins with its article or its weekday, which would betray a shift by days."""
    match = _WEEKDAY.search(text, max(0, start - 16), start)
    if match is not None:
        return match.start()
    match = _POINTER.search(text, max(0, start - 8), start)
    return match.start() if match is not None else start


def _longest(found: Iterable[DateMention]) -> list[DateMention]:
    kept: list[DateMention] = []
    for mention in sorted(found, key=lambda m: (m.start - m.end, m.start)):
        if all(mention.end <= other.start or other.end <= mention.start for other in kept):
            kept.append(mention)
    return sorted(kept, key=lambda m: m.start)
