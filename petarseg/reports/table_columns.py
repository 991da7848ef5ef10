"""Understand the titles of a lesion table: which column holds the current SUVmax, the slice, old values, dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

SUV, SLICE, BOTH, CELL, DATE, OTHER = "suv", "slice", "both", "cell", "date", "other"

_SUV_TITLE = re.compile(r"\bsuv|\bs\.u\.v|uptake value", re.IGNORECASE)
_UPTAKE_TITLE = re.compile(r"(?:max(?:imum)? )?(?:fdg |tracer |psma )?uptake(?: \(?max\)?)?", re.IGNORECASE)
_NOT_MAX = re.compile(r"mean|peak|avg|average|lbm|\bsul|ratio|change|delta|\u0394|%|liver|background|blood|tbr|threshold", re.IGNORECASE)
_SLICE_TITLE = re.compile(
    r"\b(?:slices?|images?|ima?|img|axial|transaxial|ax|sl|slc|frame|z|ser(?:ies)?\s?/\s?im\w*)\b(?!\s?(?:thickness|quality|size"
    r"|diam))",
    re.IGNORECASE,
)
_OTHER_PLANE = re.compile(r"coronal|sagittal|\bcor\b|\bsag\b|\bmri?\b|\bmip\b|thickness|quality", re.IGNORECASE)
_CT = re.compile(r"\bct\b(?!/)", re.IGNORECASE)
_SIZE = re.compile(r"\b(?:size|diam\w*|mm|cm|axis)\b", re.IGNORECASE)
_DATE_TITLE = re.compile(r"(?:scan |exam |study )?date|time ?point|study|visit|scan", re.IGNORECASE)
_PRIOR = re.compile(
    r"\b(?:priors?|previous(?:ly)?|prev|old|older|baseline|bl|comparison|last|interim|pre|before|initial|staging|nadir|outside|earlier"
    r"|first"
    r"|diagnos\w+|pre-?\s?(?:tx|rx|therap\w+|treatment|op\w*|chemo\w*)|pretreatment)\b",
    re.IGNORECASE,
)
_NOW = re.compile(r"\b(?:now|current|today'?s?|new|present|post|after|latest|follow-?\s?up|f/?u|this|actual)\b", re.IGNORECASE)
_SUBJECT = re.compile(
    r"\b(?:fdg|psma|tracer|uptake|pet|ct|stud(?:y|ies)|exam\w*|scans?|findings?|measurements?|values?|results?|activity|status)\b",
    re.IGNORECASE,
)
_TIME_POINT = re.compile(r"\b(?:tp|time[\s-]?point|pet|scan|study|exam|visit)[\s-]?#?(?P<number>\d)\b", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATES = (
    re.compile(r"\b(?P<y>(?:19|20)\d\d)[-/.](?P<m>\d{1,2})(?:[-/.](?P<d>\d{1,2}))?\b"),
    re.compile(r"\b(?P<m>\d{1,2})[/.-](?P<d>\d{1,2})[/.-](?P<y>(?:19|20)?\d\d)\b"),
    re.compile(rf"\b(?:(?P<d>\d{{1,2}})[\s.-])?(?P<n>{'|'.join(_MONTHS)})[a-z]*\.?[\s.'-]{{0,2}}(?P<y>(?:19|20)?\d\d)\b", re.IGNORECASE),
    re.compile(r"\b(?P<m>\d{1,2})[/.-](?P<y>(?:19|20)\d\d)\b"),
    re.compile(r"\b(?P<y>(?:19|20)\d\d)\b"),
)

DateKey = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a lesion table.

    Parameters
    ----------
    title : str
    start, end : int
        Where the title stands in its line.
    kind : str
        ``suv``, ``slice``, ``both`` ("SUVmax (slice)"), ``cell`` (values in words under "Today", "Prior"), ``date`` or ``other``.
    prior : bool
        The column holds values of an earlier examination.
    prior_first : bool
        Its cells give the old value before the current one: "SUVmax (before/after)".
    """

    title: str
    start: int
    end: int
    kind: str
    prior: bool = False
    prior_first: bool = False


def date_key(text: str) -> DateKey | None:
    """Return (year, month, day) of the first date in a title or cell, 0 for what is not given; None without a date.

    Day and month are told apart by their order in the text only where both orders give the same verdict; a sort by this key compares
    dates of one report, written alike.
    """
    for pattern in _DATES:
        match = pattern.search(text)
        if match is not None:
            part = match.groupdict()
            year = int(part["y"])
            month = _MONTHS.index(part["n"].lower()[:3]) + 1 if part.get("n") else int(part.get("m") or 0)
            day = int(part.get("d") or 0)
            month, day = (day, month) if month > 12 else (month, day)
            return year + (2000 if year < 100 else 0), month, day
    return None


def read_columns(titles: Sequence[tuple[str, int, int]]) -> tuple[Column, ...] | None:
    """Return the columns of a header line, or None if it is none.

    Parameters
    ----------
    titles : sequence of (str, int, int)
        Text and place of every cell.

    Returns
    -------
    tuple of Column or None
        None unless exactly one column (or pair of columns) holds the current SUVmax and slice, or every SUV column is of the past.
    """
    n_suv = sum(_kind(text) in (SUV, BOTH) for text, _, _ in titles)
    n_slice = sum(_kind(text) == SLICE for text, _, _ in titles)
    columns = [_column(text, start, end, alone=(n_slice if _kind(text) == SLICE else n_suv) == 1) for text, start, end in titles]
    if any(len(column.title) > 40 for column in columns) or any(
        column.kind != OTHER and re.search(r"\d", _without_dates(column.title)) for column in columns
    ):
        return None
    if not any(column.kind == SUV for column in columns):
        columns = [_with(column, kind=SUV) if _UPTAKE_TITLE.fullmatch(column.title) else column for column in columns]
    timed = [column for column in columns if column.kind in (SUV, BOTH)]
    if not timed:
        return _columns_in_words(columns)
    columns = _settle(columns, (SUV, BOTH))
    columns = _settle(columns, (SLICE,))
    current = [column for column in columns if column.kind in (SUV, BOTH) and not column.prior]
    slices = [column for column in columns if column.kind == SLICE and not column.prior]
    if len(current) > 1 or (not current and not any(column.kind == SLICE for column in columns)):
        return None
    if current and current[0].kind == SUV and len(slices) != 1:
        return None
    return tuple(columns)


def _column(title: str, start: int, end: int, *, alone: bool) -> Column:
    old, now = _PRIOR.search(title), _NOW.search(title)
    if old is not None and now is not None:
        return Column(title, start, end, _kind(title), prior_first=old.start() < now.start())
    # "SUVmax (prior)" as the only SUV column, "Slice (prior)" as the only slice column give the old value in brackets.
    beside = alone and re.search(r"\([^)]*$", title[: old.start()]) is not None if old is not None else False
    return Column(title, start, end, _kind(title), old is not None and not beside)


def _columns_in_words(columns: Sequence[Column]) -> tuple[Column, ...] | None:
    """Return the columns of "Lesion | Today | Previous", whose cells give SUV and slice in words."""
    dated = [column for column in columns if _is_time(column.title)]
    if len(dated) < 2 or len(columns) < 3 or len(dated) < len(columns) - 2:
        return None
    settled = _settle([_with(column, kind=CELL) if column in dated else column for column in columns], (CELL,))
    return tuple(settled) if sum(column.kind == CELL and not column.prior for column in settled) == 1 else None


def _is_time(title: str) -> bool:
    # "Current uptake", "Prior PET/CT": what the column is about says no more than its time.
    bare = _SUBJECT.sub("", _without_dates(title)).strip(" :()-/")
    return (title != bare and not bare) or any(pattern.fullmatch(bare) is not None for pattern in (_NOW, _PRIOR))


def _kind(title: str) -> str:
    suv = _SUV_TITLE.search(title) is not None and _NOT_MAX.search(title) is None
    at_slice = _SLICE_TITLE.search(title) is not None and _OTHER_PLANE.search(title) is None and _SIZE.search(title) is None
    if suv:
        return BOTH if at_slice else SUV
    if at_slice and _SUV_TITLE.search(title) is None:
        return SLICE
    return DATE if _DATE_TITLE.fullmatch(title) else OTHER


def _without_dates(title: str) -> str:
    for pattern in (*_DATES, _TIME_POINT):
        title = pattern.sub("", title)
    return re.sub(r"\b(?:18F|F-?18|68Ga|Ga-?68)\b", "", title)


def _settle(columns: Sequence[Column], kinds: tuple[str, ...]) -> list[Column]:
    """Decide which of several columns of a kind is the current one: by word, number of the examination, or date."""
    chosen = [column for column in columns if column.kind in kinds]
    if len(chosen) < 2:
        return list(columns)
    prior = {column for column in chosen if column.prior}
    if not prior:
        now = [column for column in chosen if _NOW.search(column.title)]
        points = {column: int(match["number"]) for column in chosen if (match := _TIME_POINT.search(column.title))}
        dates = {column: key for column in chosen if (key := date_key(column.title))}
        if len(now) == 1:
            prior = set(chosen) - set(now)
        elif len(points) == len(chosen):
            prior = {column for column in chosen if points[column] < max(points.values())}
        elif dates:
            # "SUVmax", "SUVmax 2023": what has no date is of this examination.
            latest = max(dates.values()) if len(dates) == len(chosen) else None
            prior = {column for column in dates if dates[column] != latest}
    current = [column for column in chosen if column not in prior]
    if len(current) > 1:
        # "SUVmax" before plain "SUV", the PET slice before the CT's.
        plainer = [c for c in current if (_CT.search(c.title) if SLICE in kinds else not re.search(r"max", c.title, re.IGNORECASE))]
        if len(plainer) == len(current) - 1:
            return [_with(c, kind=OTHER) if c in plainer else _with(c, prior=c in prior) if c in chosen else c for c in columns]
    return [_with(column, prior=column in prior) if column in chosen else column for column in columns]


def _with(column: Column, *, kind: str | None = None, prior: bool | None = None) -> Column:
    return replace(column, kind=column.kind if kind is None else kind, prior=column.prior if prior is None else prior)
