"""The exam's own names, numbers and dates (from its DICOM headers), found in the report in whatever form they are dictated.

A header holds ``OSTRANDER^MARIGOLD``, ``004417-882`` and ``20050203``; the report says "Ms. Ostrander", "MRN 4417 882" and "Feb 3rd".
Values are matched by their parts, in any order and case. Parts that are plain words of reports (a patient called Small) are matched only
where capitals or the words beside them make a name of them, because matching them everywhere would eat the findings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from petarseg.reports.phi_eponyms import is_eponym
from petarseg.reports.phi_lexicon import COMMON_WORDS, is_report_word
from petarseg.reports.phi_span import PhiSpan
from petarseg.reports.phi_vocabulary import words

_DICOM_DATE = re.compile(r"(?P<year>(?:18|19|20)\d\d)[-/.]?(?P<month>0[1-9]|1[0-2])[-/.]?(?P<day>0[1-9]|[12]\d|3[01])(?:[T ]?\d{2}.*)?")
_PART = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_TITLES = words("titles")
# Words of institution and station names that say nothing about which one.
_GENERIC = words("deny_generic")
_ROLES_BEFORE = re.compile(
    r"(?:\b(?:Drs?|Mr|Mrs|Ms|Miss|Prof|Patient|Pt|Name|Dear|by|cc)\b\.?\s*:?|(?<![^\W\d_])[A-Z]\.)\s*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class DenyList:
    """The deny strings of one exam, sorted by how they are matched.

    Attributes
    ----------
    parts : frozenset of str
        Lower-case words that identify wherever they stand.
    weak_parts : frozenset of str
        Lower-case words that are also plain words; they identify only in a name's place.
    patterns : tuple of (re.Pattern, str)
        Whole strings and numbers with the span type they carry.
    dates : frozenset of datetime.date
        Dates of the exam and the patient.
    """

    parts: frozenset[str] = frozenset()
    weak_parts: frozenset[str] = frozenset()
    patterns: tuple[tuple[re.Pattern[str], str], ...] = ()
    dates: frozenset[date] = field(default_factory=frozenset)

    @classmethod
    def of(cls, values: Sequence[str]) -> DenyList:
        """Sort deny strings into name parts, numbers and dates; values too short to identify anything are left out."""
        parts: set[str] = set()
        weak: set[str] = set()
        patterns: list[tuple[re.Pattern[str], str]] = []
        dates: set[date] = set()
        for value in dict.fromkeys(value.strip() for value in values if value):
            day = _DICOM_DATE.fullmatch(value)
            if day is not None:
                try:
                    dates.add(date(int(day["year"]), int(day["month"]), int(day["day"])))
                except ValueError:
                    pass
                else:
                    continue
            if any(char.isdigit() for char in value):
                pattern = _number_pattern(value)
                if pattern is not None:
                    patterns.append((pattern, "OTHER_ID"))
                continue
            words = _PART.findall(value)
            telling = [word for word in words if word.lower() not in _TITLES]
            institution = any(word.lower() in _GENERIC for word in telling)
            if len(telling) > 1 and not all(word.lower() in _GENERIC for word in telling):
                patterns.append((_phrase_pattern(telling), "HOSPITAL" if institution else "NAME"))
            for word in telling:
                low = _folded(word)
                if len(low) < 2 or low in _GENERIC:
                    continue
                if is_report_word(low) or low in COMMON_WORDS or len(low) < 3:
                    if not institution:
                        weak.add(low)
                else:
                    parts.add(low)
        patterns += [(_glued_date(day), "DATE") for day in sorted(dates)]
        return cls(frozenset(parts), frozenset(weak), tuple(patterns), frozenset(dates))

    def find(self, text: str) -> Iterator[PhiSpan]:
        """Find every mention of the names and numbers (dates are found by `phi_dates`, all of them)."""
        for pattern, kind in self.patterns:
            for match in pattern.finditer(text):
                yield PhiSpan(*match.span(), kind)
        for match in _PART.finditer(text) if self.parts or self.weak_parts else ():
            word = re.sub(r"['’]s$", "", match.group())
            folded, end = _folded(word), match.start() + len(word)
            if folded in self.parts:
                if not is_eponym(text, match.start(), end, strict=True):
                    yield PhiSpan(match.start(), end, "NAME")
            elif folded in self.weak_parts and self._in_name_place(text, match):
                yield PhiSpan(match.start(), end, "NAME")

    def forbids(self, word: str) -> bool:
        """Say whether a lower-case word is a name of the exam."""
        return word in self.parts or word in self.weak_parts

    def _in_name_place(self, text: str, match: re.Match[str]) -> bool:
        word = match.group()
        if not word[0].isupper():
            return False
        if _ROLES_BEFORE.search(text[max(0, match.start() - 12) : match.start()]):
            return not is_eponym(text, match.start(), match.end(), strict=True)
        beside = self.parts | self.weak_parts
        following = re.compile(r"[\s,^]+([^\W\d_]+)").match(text, match.end())
        if following is not None and _folded(following.group(1)) in beside and following.group(1)[0].isupper():
            return True
        before = re.search(r"([^\W\d_]+)[\s,^]+$", text[max(0, match.start() - 40) : match.start()])
        if before is not None and _folded(before.group(1)) in beside and before.group(1)[0].isupper():
            return True
        line_start = text.rfind("\n", 0, match.start()) + 1
        line = text[line_start : text.find("\n", match.end()) if "\n" in text[match.end() :] else len(text)]
        if line.isupper() or (word.isupper() and len(word) <= 3):
            return False
        lead = text[line_start : match.start()]
        if not lead.strip(" \t-•*0123456789.)(") or re.search(r"[.!?:;]\s*[\"'(]?$", lead):
            return False
        return not is_eponym(text, match.start(), match.end(), strict=True)


def _number_pattern(value: str) -> re.Pattern[str] | None:
    """Match an identifier with any separators and with or without leading zeros; None for one too short to tell from a measurement."""
    pieces = re.findall(r"[^\W\d_]+|\d+", value)
    digits = sum(len(piece) for piece in pieces if piece.isdigit())
    length = sum(map(len, pieces))
    if (digits < 3 and length < 5) or (length == digits and digits < 4) or re.fullmatch(r"(?:19|20)\d\d", value):
        return None
    if length == digits and digits < 5:
        return re.compile(rf"(?<=[A-Za-z#:]\s){re.escape(value)}(?![\d.,]\d|\d)")
    body: list[str] = []
    for index, piece in enumerate(pieces):
        text = piece
        if piece.isdigit() and (index == 0 or not pieces[index - 1].isdigit()):
            stripped = piece.lstrip("0")
            text = f"0*{stripped}" if len(stripped) >= 3 or length != digits else piece
        else:
            text = re.escape(piece)
        body.append(text)
    return re.compile(r"(?<![A-Za-z\d])(?<!\d[.,])" + r"[\s._/-]{0,3}".join(body) + r"(?![A-Za-z\d])(?![.,]\d)", re.IGNORECASE)


def _glued_date(day: date) -> re.Pattern[str]:
    """Match a date of the exam written without separators, in any order (``03142024``, ``140324``)."""
    year, month, number = f"{day:%Y}", f"{day:%m}", f"{day:%d}"
    forms = {month + number + year, number + month + year, year + month + number}
    forms |= {month + number + year[2:], number + month + year[2:], year[2:] + month + number}
    return re.compile(r"(?<![\w.,-])(?:" + "|".join(sorted(forms)) + r")(?![\w-])(?![.,]\d)")


def _folded(word: str) -> str:
    """Lower-case a word and take accents and apostrophes off."""
    plain = unicodedata.normalize("NFKD", word.casefold().replace("ø", "o").replace("đ", "d").replace("ł", "l"))
    return "".join(char for char in plain if char.isalpha())


def _phrase_pattern(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile(
        r"(?<![^\W_])" + r"[\s,^.'’-]+(?:[^\W\d_]\.?\s+)?".join(re.escape(word) for word in words) + r"(?![^\W_])", re.IGNORECASE
    )
