"""Split a report into sentences that keep their offsets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from petarseg.reports.lexicon import word_set
from petarseg.reports.normalize import normalize
from petarseg.reports.sections import find_sections

# Never the end of a sentence.
_ALWAYS = word_set(
    "dr mr mrs ms prof st vs approx e.g i.e eg ie cf ca resp incl excl hr pt wt fig figs al viz aka lt rt bilat approximately "
    "jr sr hosp univ dept esp f.e ant post sup inf lat med dist prox adj corr ref regs st.p s/p u.s p.o i.v b.i.d"
)
# Not the end when a number follows: "max. 5.6", "No. 4", "im. 45".
_BEFORE_NUMBER = word_set(
    "no nos nr max min im ims img imgs ima ax sl sls ser se s suv suvmax sec level lev seg segm st max.suv approx ca v lvl l meas"
)
_LONGEST = 1500
_BOUNDARY = re.compile(r"[.!?]+(?P<close>['\")\]]*)|\n|\u2022|[^\S\n]\*[^\S\n]|[^\S\n]{3,}(?=[A-Z])")
_WORD_BEFORE = re.compile(r"[A-Za-z][A-Za-z./]*$")
_LIST_NUMBER = re.compile(r"[\s(#]*(?:\d{1,2}|[A-Za-z]|[ivxIVX]{1,4})$")
_MARKER = re.compile(
    r"\s*(?:[-+>#o*\u2022|=_~]+(?=\s)|[*\u2022]+|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)](?=\s+\S|[A-Z])|#\s*\d{1,2}[.:)]?(?=\s))\s*"
)
_WORDS = re.compile(r"[A-Za-z]{2,}")
_STATEMENT_START = re.compile(r"(?!SUV|MAX|Max|SLICE|Slice|IMAGE|Image|Im\b|IM\b|PET|Axial|AXIAL|Series|SERIES|[A-Z]\b)[A-Z]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, bullet or table row of a report.

    Parameters
    ----------
    text : str
        The original characters, ``report[start:end]``.
    start, end : int
        Offsets in the report.
    section : str
        Name of the section, see `petarseg.reports.sections.Section`.
    region : str
        Region heading in force, else "".
    line : int
        Number of the (unwrapped) line in the report; sentences of one paragraph share it.
    assumed : bool
        True when the section was not announced by a heading.
    """

    text: str
    start: int
    end: int
    section: str
    region: str = ""
    line: int = 0
    assumed: bool = False


def split_report(text: str) -> list[Sentence]:
    """Split a report into sentences.

    Parameters
    ----------
    text : str
        The report as it came.

    Returns
    -------
    list of Sentence
        In text order. Headings and bullet marks are not part of a sentence.

    Examples
    --------
    >>> [s.text for s in split_report("FINDINGS: A 1.3 cm node, SUVmax 4.5 (im. 45). No other.")]
    ['A 1.3 cm node, SUVmax 4.5 (im. 45).', 'No other.']
    """
    return split_normalized(text, normalize(text))


def split_normalized(text: str, normalized: str) -> list[Sentence]:
    """Split as `split_report`, for a caller that has the normalised text already."""
    sentences = []
    line, counted = 0, 0
    for section in find_sections(normalized):
        for start, end in _pieces(normalized, section.start, section.end):
            line, counted = line + normalized.count("\n", counted, start), start
            sentences.append(Sentence(text[start:end], start, end, section.name, section.region, line, section.assumed))
    return sentences


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for match in _BOUNDARY.finditer(text, start, end):
        if match.start() < begin or not _is_end(text, begin, match, end):
            continue
        yield from _bounded(text, begin, match.end())
        begin = match.end()
    yield from _bounded(text, begin, end)


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the trimmed piece; what no person dictates in one breath is cut at blanks, so that reading time stays linear."""
    while end - start > _LONGEST:
        blank = text.rfind(" ", start + 1, start + _LONGEST)
        middle = blank if blank > start else start + _LONGEST
        yield from _bounded(text, start, middle)
        start = middle
    piece = _trim(text, start, end)
    if piece is not None:
        yield piece


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    marker = _MARKER.match(text, start, end)
    if marker is not None and marker.end() < end:
        start = marker.end()
    while start < end and (text[start].isspace() or text[start] in "\u2022|:"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in "\u2022|*"):
        end -= 1
    return (start, end) if any(character.isalnum() for character in text[start:end]) else None


def _is_end(text: str, begin: int, match: re.Match[str], end: int) -> bool:
    mark = match.group()
    if mark == "\n" or mark == "\u2022" or mark.strip() == "*":
        return True
    if not mark.strip():
        # A wide gap stands for a lost line break when statements stand on both sides, and for a table cell otherwise.
        return (
            len(_WORDS.findall(text, begin, match.start())) >= 4
            and _STATEMENT_START.match(text, match.end()) is not None
            and len(_WORDS.findall(text, match.end(), min(end, match.end() + 80))) >= 3
        )
    before, after = text[begin : match.start()], text[match.end() : min(end, match.end() + 30)]
    if mark[0] in "!?" or mark.startswith(".."):
        return not after or after[0].isspace() or mark.startswith("..")
    if not after.strip():
        return True
    word_match = _WORD_BEFORE.search(before[-24:])
    word = word_match.group().casefold() if word_match is not None else ""
    next_character = after.lstrip()[0]
    if not after[0].isspace():
        return _is_glued(before, after, word, match["close"])
    if _LIST_NUMBER.fullmatch(before):
        return False
    if (
        word in _ALWAYS
        or word.endswith(".u.v")
        or (len(word) == 1 and word_match is not None and before[-1:].isupper() and not before[-2:-1].isdigit() and _is_initial(before))
    ):
        return False
    if word in _BEFORE_NUMBER and (next_character.isdigit() or next_character in "#:=("):
        return False
    # "Dr. x", "approx. five": a period before a small letter abbreviates, unless a list of fragments goes on that way.
    return not next_character.islower() or word not in _BEFORE_NUMBER


def _is_initial(before: str) -> bool:
    """Say whether the capital before the period is an initial ("J. Smith"), not the end of a name ("segment V.", "type B.")."""
    words = before.split()
    return (
        len(words) < 2
        or (words[-2][:1].isupper() and not words[-2].isupper())
        or words[-2].rstrip(".").casefold() in ("dr", "mr", "mrs", "ms", "prof", "and", "by", "to")
    )


def _is_glued(before: str, after: str, word: str, close: str) -> bool:
    """Say whether a period without a blank after it ends a sentence: "uptake.The", "5.6.Left", "(slice 44).The"."""
    if not after[0].isupper():
        return False
    shouted = re.match(r"[A-Z]{3,}\b", after) is not None
    if close or before[-1:].isdigit() or before[-1:] in ")]%":
        return not before[-1:].isdigit() or shouted or len(after) < 2 or after[1].islower() or after[1] == " "
    if word in _ALWAYS or word.endswith((".e", ".g")) or len(word) == 1:
        return False
    return len(after) > 1 and (after[1].islower() or after[1] == " " or (shouted and word.isalpha() and len(word) > 2))
