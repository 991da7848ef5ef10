"""Take everything that identifies somebody out of a report, and refuse the report when something is left.

Several detectors each see the whole input text: dates, numbers and contacts by shape and label, names by what stands around them, places,
the exam's own names and numbers (deny-list), and a named-entity model for the rest. A name that was found once is then removed
wherever it stands again. Measurements are out of reach for all of them (`phi_guard`), eponyms are kept by context (`phi_eponyms`).
The result is read again by the unmistakable rules and the deny-list (`phi_leak`): a report in which they still find something is rejected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from petarseg.errors import ExamRejected
from petarseg.reasons import Reason
from petarseg.reports.phi_dates import find_dates
from petarseg.reports.phi_deny import DenyList
from petarseg.reports.phi_eponyms import is_eponym
from petarseg.reports.phi_guard import measurement_stretches
from petarseg.reports.phi_lexicon import COMMON_WORDS, is_word, may_be_name
from petarseg.reports.phi_model import PROVEN, entities
from petarseg.reports.phi_names import WORD, find_names, find_unknown, in_name_place
from petarseg.reports.phi_patterns import find_ages, find_bare_numbers, find_contacts, find_identifiers
from petarseg.reports.phi_places import find_places
from petarseg.reports.phi_span import PHI_TYPES, PhiSpan, merge, overlaps

__all__ = ["PHI_TYPES", "PhiSpan", "Scrubbed", "Scrubber"]

# Line ends of hospital systems, written out; detectors see blanks of the same length.
_ARTEFACT = re.compile(r"_x000[DdAa]_")
_WINS_OVER_MEASUREMENT = {"EMAIL", "URL"}


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A report without what identifies somebody.

    Attributes
    ----------
    text : str
        The report with each span replaced by its tag (``[NAME]``) or its moved date; every other character is the input's.
    spans : tuple of PhiSpan
        What was replaced, disjoint and in order. Offsets refer to the INPUT text.
    """

    text: str
    spans: tuple[PhiSpan, ...]


class Scrubber:
    """Removes names, dates, numbers and places from reports.

    Parameters
    ----------
    dates : {"tag", "shift"}
        Replace dates by ``[DATE]``, or move them by the patient's own whole-day shift.
    """

    def __init__(self, *, dates: Literal["tag", "shift"] = "tag") -> None:
        self.dates = dates

    def scrub(self, text: str, *, deny: Sequence[str] = (), day_shift: int | None = None) -> Scrubbed:
        """Scrub one report; see `scrub_many` for many.

        Raises
        ------
        ExamRejected
            SCRUB_LEAK, when an identifying value is still found afterwards.
        """
        result = self.scrub_many([text], [deny], [day_shift])[0]
        if isinstance(result, ExamRejected):
            raise result
        return result

    def scrub_many(
        self,
        texts: Sequence[str],
        denies: Sequence[Sequence[str]] | None = None,
        day_shifts: Sequence[int | None] | None = None,
    ) -> list[Scrubbed | ExamRejected]:
        """Scrub many reports in one pass of the model."""
        denies = denies if denies is not None else [()] * len(texts)
        shifts = day_shifts if day_shifts is not None else [None] * len(texts)
        results: list[Scrubbed | ExamRejected] = []
        views = [_ARTEFACT.sub(lambda match: " " * len(match.group()), text) for text in texts]
        for text, view, deny, _shift, found in zip(texts, views, denies, shifts, entities(views, _worth_reading), strict=True):
            try:
                results.append(_scrub_one(text, find_spans(view, DenyList.of(deny), found), DenyList.of(deny)))
            except ExamRejected as rejected:
                results.append(rejected)
        return results


def _scrub_one(text: str, spans: Sequence[PhiSpan], deny: DenyList) -> Scrubbed:
    out: list[str] = []
    position = 0
    for span in spans:
        out.append(text[position : span.start])
        out.append(f"[{span.type}]")
        position = span.end
    out.append(text[position:])
    scrubbed = "".join(out)
    _refuse_leaks(scrubbed, deny)
    return Scrubbed(scrubbed, tuple(spans))


def find_spans(text: str, deny: DenyList, model: Sequence[tuple[int, int, str]]) -> list[PhiSpan]:
    """Find everything that identifies somebody in `text`."""
    dates = [PhiSpan(d.start, d.end, "DATE") for d in find_dates(text)]
    guard = measurement_stretches(text, dates)
    spans: list[PhiSpan] = list(dates)
    spans += _unguarded([*find_contacts(text), *find_ages(text), *find_places(text)], guard)
    spans += _unguarded((span for span in find_identifiers(text) if not _starts_in(span, dates)), guard)
    claimed = [(span.start, span.end) for span in spans]
    spans += [span for span in _unguarded(find_bare_numbers(text), guard) if not overlaps(span.start, span.end, claimed)]
    names = _unguarded(find_names(text), guard)
    names += _unguarded(find_unknown(text), guard)
    names += [span for span in _from_model(text, model) if not overlaps(span.start, span.end, guard)]
    taken = [(span.start, span.end) for span in spans]
    names = [piece for span in names for piece in _outside(text, span, taken)]
    denied = _unguarded(deny.find(text), guard)
    spans += names + denied
    spans += _unguarded(_repeats(text, [s for s in names + denied if s.type == "NAME"]), guard)
    return merge(spans)


def _unguarded(spans: Iterable[PhiSpan], guard: Sequence[tuple[int, int]]) -> list[PhiSpan]:
    return [span for span in spans if span.type in _WINS_OVER_MEASUREMENT or not overlaps(span.start, span.end, guard)]


def _starts_in(span: PhiSpan, dates: Sequence[PhiSpan]) -> bool:
    """Tell a date after the word "exam" from an exam number."""
    return any(day.start <= span.start < day.end for day in dates)


def _outside(text: str, span: PhiSpan, taken: Sequence[tuple[int, int]]) -> list[PhiSpan]:
    """Cut a name at spans of other types that it runs into; drop it when one covers it."""
    start, end = span.start, span.end
    for other_start, other_end in taken:
        if start < other_end and other_start < end:
            if other_start <= start and end <= other_end:
                return []
            if other_start > start:
                end = other_start
            else:
                start = other_end
    stripped = text[start:end].strip(" ,;:\n\r\t(")
    if not stripped:
        return []
    start = text.index(stripped, start)
    return [PhiSpan(start, start + len(stripped), span.type)]


def _from_model(text: str, model: Sequence[tuple[int, int, str]]) -> Iterable[PhiSpan]:
    """Keep of the model's entities what the dictionaries do not know: it was trained on news, not on medicine."""
    for start, end, kind in model:
        if kind in PROVEN:
            yield PhiSpan(start, end, kind)
            continue
        words = [m for m in WORD.finditer(text, start, end)]
        while words and not _telling(words[0].group()):
            words.pop(0)
        while words and not _telling(words[-1].group()):
            words.pop()
        if not words:
            continue
        first, last = words[0].start(), words[-1].end()
        if "\n" in text[first:last] or re.match(r"\s*[:=#]", text[last : last + 2]) or is_eponym(text, first, last):
            continue
        if any(char.isdigit() for char in text[first:last]) or re.search(r"[/:]", text[first:last]):
            continue
        yield PhiSpan(first, last, kind)


def _worth_reading(line: str) -> bool:
    return "@" in line or any(_telling(match.group()) for match in WORD.finditer(line)) or bool(re.search(r"\d{4,}", line))


def _telling(word: str) -> bool:
    return (
        len(word) > 2
        and word[0].isupper()
        and may_be_name(word)
        and word.lower() not in COMMON_WORDS
        and not (word.isupper() and len(word) < 5)
    )


def _repeats(text: str, names: Sequence[PhiSpan]) -> Iterable[PhiSpan]:
    """Find further mentions of the words of names that were found once."""
    parts: set[str] = set()
    plain: set[str] = set()
    for span in names:
        for match in WORD.finditer(text, span.start, span.end):
            word = match.group()
            if len(word) < 3:
                continue
            if not is_word(word) or (may_be_name(word) and word.lower() not in COMMON_WORDS):
                parts.add(word.lower())
                parts.update(piece.lower() for piece in word.split("-") if len(piece) > 3 and not is_word(piece))
            else:
                plain.add(word.lower())
    for match in WORD.finditer(text):
        low = match.group().lower().removesuffix("'s").removesuffix("’s")
        if not match.group()[0].isupper() or is_eponym(text, match.start(), match.start() + len(low), strict=True):
            continue
        if low in parts or (low in plain and in_name_place(text, match.start(), match.start() + len(low))):
            yield PhiSpan(match.start(), match.start() + len(low), "NAME")


def _refuse_leaks(scrubbed: str, deny: DenyList) -> None:
    left = [span.type for span in deny.find(scrubbed)]
    left += ["DATE" for mention in find_dates(scrubbed) if mention.year is not None and mention.month is not None]
    left += [span.type for span in find_contacts(scrubbed)]
    if left:
        raise ExamRejected(Reason.SCRUB_LEAK, {"types": sorted(set(left)), "count": len(left)})
