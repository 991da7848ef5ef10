"""Dates moved by whole days in their own layout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

from petarseg.reports.phi_date_patterns import ENGLISH_MONTHS, MONTHS, NUMERIC, ORDINAL_WORDS
from petarseg.reports.phi_dates import DateMention, full_year

DateOrder = Literal["auto", "mdy", "dmy"]


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def orders_of(text: str, mentions: Sequence[DateMention], order: DateOrder, known: Iterable[date] = ()) -> dict[str, Literal["mdy", "dmy"]]:
    """Decide whether the numeric dates of one report are month/day or day/month.

    Parameters
    ----------
    text : str
        The report.
    mentions : sequence of DateMention
        Its dates.
    order : {"auto", "mdy", "dmy"}
        What the caller says; "auto" looks for evidence.
    known : iterable of datetime.date
        Dates of the exam from its DICOM headers: a numeric date that equals one of them in one order only is evidence, as is one
        with a number over 12.

    Returns
    -------
    dict of str to {"mdy", "dmy"}
        Order per separator ("/", "-", "."). A separator without evidence, or with contradictory evidence, is absent: a guess would
        move a date by months. Dotted dates are day first unless something says otherwise.
    """
    dates = set(known)
    votes: dict[str, set[Literal["mdy", "dmy"]]] = {"/": set(), "-": set(), ".": set()}
    for match in NUMERIC.finditer(text):
        first, second = int(match["first"]), int(match["second"])
        if first > 12 >= second:
            votes[match["sep"].strip()].add("dmy")
        elif second > 12 >= first:
            votes[match["sep"].strip()].add("mdy")
    for mention in mentions:
        if mention.numbers is None or mention.year is None:
            continue
        first, second = mention.numbers
        as_mdy = _valid(mention.year, first, second) in dates
        as_dmy = _valid(mention.year, second, first) in dates
        if as_mdy != as_dmy:
            votes[separator(text, mention)].add("mdy" if as_mdy else "dmy")
    if not votes["."]:
        votes["."].add("dmy")
    for one, other in (("/", "-"), ("-", "/")):
        votes[one] = votes[one] or votes[other]
    if order != "auto":
        votes = {key: {order} for key in votes}
    return {key: next(iter(found)) for key, found in votes.items() if len(found) == 1}


def separator(text: str, mention: DateMention) -> str:
    """Give the first separator of a numeric date, "" for others."""
    match = re.search(r"[/.-]", text[mention.start : mention.end])
    return match.group() if match else ""


def shifted(text: str, mention: DateMention, days: int, orders: Mapping[str, Literal["mdy", "dmy"]]) -> str | None:
    """Write a date moved by whole days in its own layout.

    Parameters
    ----------
    text : str
        The report.
    mention : DateMention
        A date of it.
    days : int
        Whole days, negative for the past.
    orders : mapping
        Order of numeric dates per separator, from `orders_of`.

    Returns
    -------
    str or None
        None when the date cannot be moved truthfully: no year, open order, or month names of another language. A date of month and year
        is moved from the middle of its month.
    """
    month, day = mention.month, mention.day
    order = orders.get(separator(text, mention))
    if mention.year is None or (mention.numbers is not None and order is None):
        return None
    if mention.numbers is not None:
        month, day = mention.numbers if order == "mdy" else mention.numbers[::-1]
    if month is None:
        return None
    old = _valid(mention.year, month, day if day is not None else 15)
    if old is None:
        return None
    new = old + timedelta(days=days)
    tokens = re.findall(r"\d+|[^\W\d_]+(?:-[^\W\d_]+)*|.", text[mention.start : mention.end], re.DOTALL)
    roles = _roles(tokens, mention, month, day)
    if roles is None:
        return None
    padded = all(len(token) > 1 for token, role in zip(tokens, roles, strict=True) if role in {"day", "month"} and token.isdigit())
    textual = any(role == "name" for role in roles)
    out = [
        _rewritten(token, role, new, pad=padded and not (textual and not token.startswith("0")))
        for token, role in zip(tokens, roles, strict=True)
    ]
    return None if None in out else "".join(piece for piece in out if piece is not None)


def _roles(tokens: Sequence[str], mention: DateMention, month: int, day: int | None) -> list[str] | None:
    """Say for each token of a date what it stands for; None when that cannot be told."""
    if len(tokens) == 1 and tokens[0].isdigit() and len(tokens[0]) in {8, 12, 14}:
        return ["compact"]
    roles: list[str] = []
    wanted = [] if day is None else ["day"]
    named = any(token.lower() in MONTHS for token in tokens)
    if not named:
        wanted.append("month")
    for token in tokens:
        if token.isdigit():
            if (len(token) == 4 or ("year" not in roles and not wanted)) and full_year(token) == mention.year:
                roles.append("year")
                continue
            value = int(token)
            role = None
            if mention.numbers is not None and wanted:
                first_is_month = (month, day) == mention.numbers
                role = wanted[-1] if first_is_month == (len(wanted) == 2) else wanted[0]
            elif "month" in wanted and value == month and ("day" not in wanted or value != day or mention.start < 0):
                role = "month"
            elif "day" in wanted and value == day:
                role = "day"
            elif "month" in wanted and value == month:
                role = "month"
            if role is None:
                return None
            wanted.remove(role)
            roles.append(role)
        elif token.lower() in MONTHS:
            roles.append("name")
        elif token.lower() in ORDINAL_WORDS:
            roles.append("word")
        elif token.lower() in {"st", "nd", "rd", "th"}:
            roles.append("suffix")
        else:
            roles.append("keep")
    return roles if "year" in roles else None


def _rewritten(token: str, role: str, new: date, *, pad: bool) -> str | None:
    if role == "year":
        return f"{new.year:04d}" if len(token) == 4 else f"{new.year % 100:02d}"
    if role in {"day", "month"}:
        value = new.day if role == "day" else new.month
        return f"{value:02d}" if pad else str(value)
    if role == "compact":
        return f"{new:%Y%m%d}{token[8:]}"
    if role == "suffix":
        return "th" if 10 < new.day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(new.day % 10, "th")
    if role == "word":
        return ORDINAL_WORDS[new.day - 1]
    if role == "name":
        name = ENGLISH_MONTHS[new.month - 1]
        low = token.lower()
        full = [month.lower() for month in ENGLISH_MONTHS]
        if low not in full and low not in {month[:3] for month in full} | {"sept"}:
            return None
        name = name if low in full and low != "may" else name[:3] if low != "may" else name
        return name.upper() if token.isupper() else name.lower() if token.islower() else name
    return token
