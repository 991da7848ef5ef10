"""Dates in report text: found in every common layout, told from fractions and slice numbers, moved by whole days on request.

Bare years, clock times and durations are no dates here (HIPAA Safe Harbor, 45 CFR 164.514(b)(2)(i)(C), lets a year stay).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

DateOrder = Literal["auto", "mdy", "dmy"]

# English, then the month names of the other languages in which PET/CT reports with Latin script commonly arrive.
_MONTHS: dict[str, int] = {}
for _number, _names in enumerate(
    (
        "january jan januar januari janvier enero gennaio janeiro jänner",
        "february feb febr februar februari février febrero febbraio fevereiro",
        "march mar märz marts mars marzo março maart mrt",
        "april apr avril abril aprile",
        "may mai maj mayo maggio maio mei",
        "june jun juni juin junio giugno junho",
        "july jul juli juillet julio luglio julho",
        "august aug août agosto augusti augustus",
        "september sep sept septembre septiembre settembre setembro",
        "october oct oktober octobre octubre ottobre outubro okt",
        "november nov novembre noviembre novembro",
        "december dec dezember décembre diciembre dicembre dezembro dez desember",
    ),
    start=1,
):
    for _name in _names.split():
        _MONTHS[_name] = _number
_ENGLISH_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_ORDINAL_WORDS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
    "twenty-third",
    "twenty-fourth",
    "twenty-fifth",
    "twenty-sixth",
    "twenty-seventh",
    "twenty-eighth",
    "twenty-ninth",
    "thirtieth",
    "thirty-first",
]

_MONTH = r"(?P<month>" + "|".join(sorted(map(re.escape, _MONTHS), key=len, reverse=True)) + r")(?![^\W\d_])\.?"
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])"
_YEAR4 = r"(?P<year>(?:19|20)\d\d)"
_YEAR = r"(?P<year>(?:19|20)\d\d|['’]?\d\d)"
_FRONT = r"(?<![\w.,/-])(?<!\d[ ]/[ ])"
_NUMBER_FRONT = r"(?<![\d/.-])(?<![^\W\d_])"
_ORDINAL = r"(?:st|nd|rd|th)"
_WORD_DAY = "|".join(sorted(_ORDINAL_WORDS, key=len, reverse=True))

# Each layout with the part order it fixes. Numeric ones are read separately because their order may be open.
_WRITTEN = [
    # 14 March 2024, 14th of March, 14-Mar-2024, 14MAR2024, 14. marts 2024, 14 de marzo de 2024
    re.compile(
        rf"(?<![\w.,/])(?:the\s+)?{_DAY}{_ORDINAL}?\.?(?:\s*[-/.]\s*|\s+(?:of\s+|de\s+)?|(?=[A-Za-z]))"
        rf"(?:(?:day\s+)?of\s+)?{_MONTH}(?:(?:\s*[-/.,]\s*|\s+(?:of\s+|de\s+)?|)(?<![A-Za-z]\.)(?:{_YEAR})(?![\w:%]|\.\d|/\d|"
        rf"\s*(?:cm|mm)\b))?",
        re.IGNORECASE,
    ),
    # March 14, 2024; Mar 14th '24; Mar-14-2024; March 14
    re.compile(
        rf"(?<![\w/]){_MONTH}(?:\s*[-/]\s*|\s+(?:the\s+)?|(?<=\.)){_DAY}(?:{_ORDINAL})?(?![\w:%]|[./]\d|\s*(?:cm|mm|mg|mL)\b)"
        rf"(?:(?:\s*[-/,]\s*|\s+|,\s*)(?:of\s+)?(?:{_YEAR4}|(?P<year2>['’]\d\d))(?!\w))?",
        re.IGNORECASE,
    ),
    # the fourteenth of March 2024; March the fourteenth
    re.compile(rf"\b(?:the\s+)?(?P<wordday>{_WORD_DAY})\s+(?:day\s+)?(?:of\s+)?{_MONTH}(?:,?\s+{_YEAR4}\b)?", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\s+(?:the\s+)?(?P<wordday>{_WORD_DAY})\b(?:,?\s+{_YEAR4}\b)?", re.IGNORECASE),
    # 2024 March 14, 2024-Mar-14
    re.compile(rf"(?<![\w.,/-]){_YEAR4}[-/ ]{_MONTH}[-/ ]{_DAY}(?![\w/])", re.IGNORECASE),
    # March 2024, Mar-2024, Mar. 2024, March of 2024, Mar '24
    re.compile(rf"(?<![\w/]){_MONTH}(?:\s*[-/,']\s*|\s+(?:of\s+|de\s+|in\s+)?|)(?:{_YEAR4}|(?P<year2>(?<=['’])\d\d))(?!\w)", re.IGNORECASE),
    re.compile(rf"(?<![\w/]){_MONTH}-(?P<year>\d\d)(?![\w/-])", re.IGNORECASE),
    # ngày 14 tháng 3 năm 2024; tháng 3 năm 2024; tháng 3/2024
    re.compile(rf"(?:ngày\s+{_DAY}\s+)?tháng\s+(?P<monthnumber>0?[1-9]|1[0-2])(?:\s+năm\s+|/){_YEAR4}\b", re.IGNORECASE),
]
_ISO = re.compile(rf"(?<![\d.-]){_YEAR4}(?P<sep>[-/.])(?P<monthnumber>0?[1-9]|1[0-2])(?P=sep){_DAY}(?!\d)(?![./-]\d)")
_COMPACT = re.compile(
    r"(?<![\w.-])(?P<year>(?:19|20)\d\d)(?P<monthnumber>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|"
    r"3[01])(?P<clock>[0-2]\d[0-5]\d(?:[0-5]\d)?(?:\.\d+)?)?(?![\w-])(?!\.\d)"
)
_NUMERIC = re.compile(
    r"(?<![\d.,/-])(?<![^\W\d_])(?P<first>0?[1-9]|[12]\d|3[01])(?P<sep>\s?[/.-]\s?)(?P<second>0?[1-9]|[12]\d|3[01])(?P=sep)"
    r"(?P<year>(?:19|20)\d\d|['’]?\d\d)(?!\d)(?![./-]\d)(?![^\W\d_])"
)
_MONTH_YEAR = re.compile(
    r"(?<![\d.,/-])(?<![^\W\d_])(?P<monthnumber>0?[1-9]|1[0-2])(?P<sep>[/.-])(?P<year>(?:19|20)\d\d)(?![\d/])(?![.-]\d)"
)
_YEAR_MONTH = re.compile(rf"(?<![\d.,/-])(?<![^\W\d_]){_YEAR4}[-/](?P<monthnumber>0[1-9]|1[0-2])(?!\d|[/-]|\.\d)(?![^\W\d_])")
# Jan-March 2023, June to August
_MONTH_RANGE = re.compile(
    r"\b(?:"
    + "|".join(f"{month}|{month[:3]}\\.?" for month in _ENGLISH_MONTHS)
    + r")\s*(?:-|–|to|through|/)\s*(?:"
    + "|".join(f"{month}|{month[:3]}" for month in _ENGLISH_MONTHS)
    + r")\b\.?(?:\s+(?:19|20)\d\d)?(?!\s*\d)"
)
# 3/14 and 3/14-4/2: a date only where the words around it say so.
_PARTIAL = re.compile(
    r"(?<![\d.,/-])(?<![^\W\d_])(?P<first>0?[1-9]|[12]\d|3[01])/(?P<second>0?[1-9]|[12]\d|3[01]|\d\d)(?![\d/%])(?!\.\d)(?![^\W\d_])"
)
_PARTIAL_CUE = re.compile(
    r"(?:\b(?:on|from|of|dated?|since|between|until|till|through|thru|after|before|performed|done|obtained|acquired|scan(?:ned)?|"
    r"seen|signed|"
    r"dictated|read|reported|compar(?:ison|e|ed)(?:\s+(?:to|with))?|prior|previous|last|exam(?:ination)?|study|visit|biopsy|surgery|bx|"
    r"PET(?:[/-]CT)?|MRI?|"
    r"CT|ultrasound|US|DOS|comp|appt|f/u|follow-?up|LMP|DOB|started|ended|finished|completed|resected)\s*(?:was\s+|on\s+|of\s+|from\s+|"
    r"dated\s+)?"
    r"(?:the\s+)?[:(,]?\s*|\d/\d{1,2}\s*(?:-|–|to|and|or|&|,|\+|/)\s*)$",
    re.IGNORECASE,
)
# Words whose numbers are slices, levels, fractions or scores, never days.
_NOT_A_DATE = re.compile(
    r"(?:\b(?:slices?|images?|imgs?|im|ims|series|ser|se|frames?|segments?|stations?|levels?|ribs?|nodes?|vertebra[le]?|scores?|"
    r"grade|stage|"
    r"gleason|deauville|ecog|kps|suv(?:max|mean|peak)?|max|version|ver|v|software|release|ratio|visual\s+acuity|fiducials?|cores?|"
    r"group|class|type|phase|arm|zones?|ax|fused|axial|coronal|sagittal)\.?\s*(?:#|no\.?|numbers?|:|\(|of|to|-)?\s*(?:\d+\s*(?:,|and|"
    r"-|/|to)\s*)*)$",
    re.IGNORECASE,
)
_PARTIAL_TAIL = re.compile(
    r"\s*(?:lymph|nodes?|cores?|fractions?|cycles?|of\b|cm\b|mm\b|positive|involved|points?|mitral|systolic|pain)", re.IGNORECASE
)
# "3/5 and 3/9": a date after a date.
_LINK = re.compile(r"\s*(?:,|;|-|–|\+|to|and|or|&)\s*(?:and\s+|on\s+)?$", re.IGNORECASE)
# "in March", "since last October": a month without day or year still dates an event.
_LONE_MONTH = re.compile(
    r"\b(?:(?:in|since|until|till|during|from|by|of|early|mid|late|last|this|next|through|between|before|after)[\s-]+){1,2}(?P<name>"
    + "|".join(_ENGLISH_MONTHS)
    + r"|Jan|Feb|Apr|Aug|Sept?|Oct|Nov|Dec)\b\.?(?!\s*\d)",
)


_HOLIDAY = re.compile(
    r"\b(?:Christmas(?:\s+(?:Eve|Day))?|Thanksgiving(?:\s+Day)?|Easter(?:\s+(?:Sunday|Monday))?|New\s+Year['’]?s(?:\s+(?:Eve|Day))?|"
    r"Independence\s+Day|Labor\s+Day|Memorial\s+Day|Boxing\s+Day)\b(?!\s+tree)"
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
    for match in _COMPACT.finditer(text):
        found.append(_mention(match))
    for match in _ISO.finditer(text):
        found.append(_mention(match))
    for match in _NUMERIC.finditer(text):
        mention = _numeric(match)
        if mention is None:
            continue
        # "segments 5/6/7": small numbers after a word that numbers things; anything else of this shape is a date.
        countable = len(match["year"]) == 2 and int(match["year"]) < 13 and max(int(match["first"]), int(match["second"])) < 13
        if not (countable and _NOT_A_DATE.search(text, max(0, match.start() - 40), match.start())):
            found.append(mention)
    for pattern in (_MONTH_YEAR, _YEAR_MONTH):
        found += [_mention(match) for match in pattern.finditer(text)]
    found += [DateMention(match.start(), match.end(), None, None, None) for match in _MONTH_RANGE.finditer(text)]
    for pattern in _WRITTEN:
        for match in pattern.finditer(text):
            if not _is_modal_may(match):
                found.append(_mention(match))
    ends = {mention.end for mention in found}
    for match in _PARTIAL.finditer(text):
        linked = _LINK.search(text, max(0, match.start() - 8), match.start())
        mention_partial = _partial(text, match, listed=linked is not None and linked.start() in ends)
        if mention_partial is not None:
            found.append(mention_partial)
            ends.add(mention_partial.end)
    for match in _LONE_MONTH.finditer(text):
        found.append(DateMention(match.start("name"), match.end("name"), None, _MONTHS[match["name"].lower()], None))
    found += [DateMention(match.start(), match.end(), None, None, None) for match in _HOLIDAY.finditer(text)]
    return _longest(found)


def _mention(match: re.Match[str]) -> DateMention:
    groups = match.groupdict()
    year_text = groups.get("year") or groups.get("year2")
    month = int(groups["monthnumber"]) if groups.get("monthnumber") else _MONTHS[groups["month"].lower()]
    day: int | None = None
    if groups.get("day"):
        day = int(groups["day"])
    elif groups.get("wordday"):
        day = _ORDINAL_WORDS.index(groups["wordday"].lower()) + 1
    start, end = match.span()
    end = start + len(match.group().rstrip(" ,."))
    return DateMention(start, end, _full_year(year_text), month, day)


def _numeric(match: re.Match[str]) -> DateMention | None:
    first, second, year = int(match["first"]), int(match["second"]), _full_year(match["year"])
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
    listed = listed or re.match(r"\s+(?:at\s+)?\d{1,2}:\d\d", text[match.end() : match.end() + 12]) is not None
    listed = listed or (match["first"][0] == "0" and re.search(r"\b(?:in|by|around|during)\s+$", before) is not None)
    if _PARTIAL_TAIL.match(text, match.end()) or not (listed or (_PARTIAL_CUE.search(before) and not _NOT_A_DATE.search(before))):
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


def _full_year(digits: str | None) -> int | None:
    if not digits:
        return None
    value = int(digits.strip("'’"))
    if value >= 100:
        return value
    return 2000 + value if value < 50 else 1900 + value


_WEEKDAY = re.compile(
    r"\b(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|Sat|Sun)\.?,?\s+(?:the\s+)?$", re.IGNORECASE
)


def with_weekday(text: str, start: int) -> int:
    """Return where a date that starts at `start` begins with its weekday, which would betray a shift by days."""
    match = _WEEKDAY.search(text, max(0, start - 16), start)
    return match.start() if match is not None else start


def _longest(found: Iterable[DateMention]) -> list[DateMention]:
    kept: list[DateMention] = []
    for mention in sorted(found, key=lambda m: (m.start - m.end, m.start)):
        if all(mention.end <= other.start or other.end <= mention.start for other in kept):
            kept.append(mention)
    return sorted(kept, key=lambda m: m.start)


# ------------------------------------------------------------------ moving dates


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
    for match in _NUMERIC.finditer(text):
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
    named = any(token.lower() in _MONTHS for token in tokens)
    if not named:
        wanted.append("month")
    for token in tokens:
        if token.isdigit():
            if (len(token) == 4 or ("year" not in roles and not wanted)) and _full_year(token) == mention.year:
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
        elif token.lower() in _MONTHS:
            roles.append("name")
        elif token.lower() in _ORDINAL_WORDS:
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
        return _ORDINAL_WORDS[new.day - 1]
    if role == "name":
        name = _ENGLISH_MONTHS[new.month - 1]
        low = token.lower()
        full = [month.lower() for month in _ENGLISH_MONTHS]
        if low not in full and low not in {month[:3] for month in full} | {"sept"}:
            return None
        name = name if low in full and low != "may" else name[:3] if low != "may" else name
        return name.upper() if token.isupper() else name.lower() if token.islower() else name
    return token
