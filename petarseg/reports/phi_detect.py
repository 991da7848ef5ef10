"""Run all detectors over one report and make one list of spans of what they find."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from petarseg.reports.phi_ages import find_ages
from petarseg.reports.phi_contacts import find_contacts
from petarseg.reports.phi_dates import find_dates, with_weekday
from petarseg.reports.phi_deny import DenyList
from petarseg.reports.phi_eponyms import is_eponym, is_medical_use, with_eponymous_surname
from petarseg.reports.phi_extent import grown
from petarseg.reports.phi_field_values import find_labelled
from petarseg.reports.phi_guard import measurement_stretches
from petarseg.reports.phi_letterhead import find_letterheads
from petarseg.reports.phi_lexicon import COMMON_WORDS, is_proper, is_uncapitalised, is_word, may_be_name
from petarseg.reports.phi_messages import find_in_messages
from petarseg.reports.phi_model import PROVEN
from petarseg.reports.phi_name_reader import WORD, has_name_shape
from petarseg.reports.phi_names import find_names
from petarseg.reports.phi_patterns import find_bare_numbers, find_identifiers
from petarseg.reports.phi_places import find_places
from petarseg.reports.phi_signatures import find_signatures, with_initials
from petarseg.reports.phi_span import PhiSpan, merge, overlaps
from petarseg.reports.phi_unknown import find_unknown, in_name_place, is_english
from petarseg.reports.phi_vocabulary import FAMILY_NAMES, words

# An address is never part of a measurement, whatever the measurement patterns say.
_WINS_OVER_MEASUREMENT = {"EMAIL", "URL"}

_INSTITUTION_NOUNS = words("institution_nouns")


def find_spans(text: str, deny: DenyList, model: Sequence[tuple[int, int, str]]) -> list[PhiSpan]:
    """Find everything that identifies somebody.

    Parameters
    ----------
    text : str
        The report, artefacts of hospital systems blanked.
    deny : DenyList
        The exam's own names, numbers and dates.
    model : sequence of (int, int, str)
        What `phi_model.entities` gave for it.

    Returns
    -------
    list of PhiSpan
        Disjoint, in order.
    """
    dates = [PhiSpan(with_weekday(text, day.start), day.end, "DATE") for day in find_dates(text)]
    guard = measurement_stretches(text, dates)
    cased = with_capitals(text)
    spans: list[PhiSpan] = list(dates)
    spans += _unguarded([*find_contacts(text), *find_ages(text), *find_places(cased)], guard)
    spans += _unguarded((span for span in find_identifiers(text) if not _starts_in(span, dates)), guard)
    labelled = _unguarded([*find_labelled(text), *find_in_messages(text)], guard)
    spans += [span for span in labelled if span.type != "NAME"]
    claimed = [(span.start, span.end) for span in spans]
    spans += [span for span in _unguarded(find_bare_numbers(text), guard) if not overlaps(span.start, span.end, claimed)]
    names = _unguarded([*find_names(cased), *find_unknown(text), *_from_model(text, model)], guard)
    names += [span for span in labelled if span.type == "NAME"]
    names += _unguarded(find_signatures(cased), guard)
    names += _unguarded(with_initials(text, names), guard)
    names = [span for span in names if not is_medical_use(text, span.start, span.end)]
    # "GALLOWAY,PRESTON T": a town inside a longer name is part of it.
    spans = [span for span in spans if span.type != "LOCATION" or not any(_inside(span, name) for name in names)]
    taken = [(span.start, span.end) for span in spans]
    names = [piece for span in names for piece in _outside(text, span, taken) if not text[piece.end : piece.end + 1].isdigit()]
    people = [(span.start, span.end) for span in names]
    spans = [span for span in spans if span.type not in ("HOSPITAL", "LOCATION") or not is_medical_use(text, span.start, span.end)]
    heads = _unguarded(find_letterheads(text), guard)
    spans += [span for span in heads if span.type == "LOCATION" or not overlaps(span.start, span.end, people)]
    denied = _unguarded(deny.find(text), guard)
    again = [
        span
        for span in _repeats(text, [span for span in names + denied if span.type == "NAME"])
        if not is_medical_use(text, span.start, span.end)
    ]
    names = [with_eponymous_surname(text, span) for span in names]
    found = merge([*spans, *names, *denied, *_unguarded(again, guard)])
    return _joined(text, grown(text, found, guard))


def _joined(text: str, spans: Sequence[PhiSpan]) -> list[PhiSpan]:
    """Make one span of a name or an address whose parts were found separately: "Bartholin, Caspar"."""
    joined: list[PhiSpan] = []
    for span in spans:
        last = joined[-1] if joined else None
        joinable = last is not None and last.type == span.type and span.type in ("NAME", "LOCATION")
        if last is not None and joinable and re.fullmatch(r",?[ ]{1,2}", text[last.end : span.start]):
            joined[-1] = PhiSpan(last.start, span.end, "NAME")
        else:
            joined.append(span)
    return joined


def with_capitals(text: str) -> str:
    """Give words that may be names (and the nouns of institutions) a capital in lines that have none, character for character."""
    # Scanners read a capital I as a small l: "lmaging Center".
    text = re.sub(r"\bl(?=[mn][a-z]{4,}\b)", lambda m: "l" if is_word(text[m.start() :].split()[0].strip(".,;:")) else "I", text)
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if line and is_uncapitalised(line):
            line = _LOWER_DOCTOR.sub(lambda match: match.group(1) + _titled(match.group(2)), line)
            line = _LOWER_INSTITUTION.sub(lambda match: match.group(1) + _titled(match.group(2)), line)
            lines[index] = re.sub(
                r"[^\W\d_]+(?:['’-][^\W\d_]+)*",
                lambda match: match.group()[0].upper() + match.group()[1:] if _nameable(match.group()) else match.group(),
                line,
            )
    cased = "\n".join(lines)
    return cased if len(cased) == len(text) else text


# "at harbor view oncology" in a line without capitals.
_LOWER_INSTITUTION = re.compile(
    r"(\b(?:at|from|to|by|via|with)\s+(?:the\s+)?)((?:(?!(?:the|at|from|to|by|with|and|on|in|our|her|his|an?|outside|another|local|prior|same)\b)[a-z][a-z'.-]+\s+){1,4}"
    r"(?:private|hospital|(?:breast|heart|lung|eye|surgery|diagnostic|pet|day)\s+(?:cent(?:er|re)|unit|clinic)|hospice|medical\s+cent(?:er|re)|clinic|oncology|imaging|radiology|cancer\s+cent(?:er|re)|health\s+(?:system|cent(?:er|re))|infirmary|institute|healthcare|university)(?:\s+(?:partners|associates|group|consultants|specialists|cent(?:er|re)))?\b)"
)


# "spoke to dr anselm tickle at 555"
_LOWER_DOCTOR = re.compile(
    r"(\b(?:dr|doctor|prof)\.?\s+)([a-z][a-z'’-]{2,}(?:\s+(?!(?:at|on|in|and|or|from|who|for|re|with|by|to|of|is|was|has|had|will|called|ordered|"
    r"requests?|notified|informed|the|via|re|about|that|as|per|if)\b)[a-z][a-z'’-]{2,})?)"
)


def _titled(words: str) -> str:
    return re.sub(r"[a-z][a-z'’.-]*", lambda match: match.group()[0].upper() + match.group()[1:], words)


def _nameable(word: str) -> bool:
    return word in _INSTITUTION_NOUNS or (len(word) > 2 and is_proper(word) and word not in COMMON_WORDS)


def worth_reading(text: str) -> Callable[[str], bool]:
    """Give the function that says whether the model can find something in a line that its filter would keep."""
    english = is_english(text, default=True)

    def telling(line: str) -> bool:
        if "@" in line or re.search(r"\d{4,}", line):
            return True
        return is_english(line, default=english) and any(_telling(match.group()) for match in WORD.finditer(line))

    return telling


def _unguarded(spans: Iterable[PhiSpan], guard: Sequence[tuple[int, int]]) -> list[PhiSpan]:
    return [span for span in spans if span.type in _WINS_OVER_MEASUREMENT or not overlaps(span.start, span.end, guard)]


def _inside(span: PhiSpan, name: PhiSpan) -> bool:
    return name.start <= span.start and span.end <= name.end and span.end - span.start < name.end - name.start


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


_COMPOUND = re.compile(r"(?:-[^\W\d_]+)+")


def _from_model(text: str, model: Sequence[tuple[int, int, str]]) -> Iterator[PhiSpan]:
    """Keep of the model's entities what the dictionaries do not know: it learned from news, not from medicine."""
    english = is_english(text, default=True)
    for start, end, kind in model:
        if kind in PROVEN:
            yield PhiSpan(start, end, kind)
            continue
        words = list(WORD.finditer(text, start, end))
        while words and not _telling(words[0].group()):
            words.pop(0)
        while words and not _telling(words[-1].group()):
            words.pop()
        if not words:
            continue
        first, last = words[0].start(), words[-1].end()
        compound = _COMPOUND.match(text, last)  # "Albers" of "Albers-Schonberg"
        last = compound.end() if compound is not None else last
        stretch = text[first:last]
        if not english or re.search(r"[\n/:\d]", stretch) or re.match(r"\s*[:=#]", text[last : last + 2]) or is_eponym(text, first, last):
            continue
        yield PhiSpan(first, last, kind)


def _telling(word: str) -> bool:
    if len(word) < 3 or not word[0].isupper() or not has_name_shape(word) or (word.isupper() and len(word) < 5):
        return False
    return may_be_name(word) and word.lower() not in COMMON_WORDS


_LEAD_IN_CAPITALS = re.compile(r"\b(?:TO|BY|WITH|DR\.?|PER|NOTIFIED|CALLED|PAGED|INFORMED)[ ]$")


def _repeats(text: str, names: Sequence[PhiSpan]) -> Iterator[PhiSpan]:
    """Find further mentions of the words of names that were found once.

    A word that is also plain vocabulary (Dr. Small, Dr. Long) is taken again only where a name would stand.
    """
    parts: set[str] = set()
    plain: set[str] = set()
    exact: set[str] = set()
    for span in names:
        span_words = WORD.findall(text[span.start : span.end])
        for word in span_words:
            if len(word) == 2 and word.istitle() and word.lower() in FAMILY_NAMES and len(span_words) == 1:
                exact.add(word)
            if len(word) < 3 or not has_name_shape(word):
                continue
            if not is_word(word) or (may_be_name(word) and word.lower() not in COMMON_WORDS):
                parts.add(word.lower())
                parts.update(piece.lower() for piece in word.split("-") if len(piece) > 3 and not is_word(piece))
            else:
                plain.add(word.lower())
    for match in WORD.finditer(text):
        if match.group() in exact:
            yield PhiSpan(*match.span(), "NAME")
        low = match.group().lower().removesuffix("'s").removesuffix("’s")
        end = match.start() + len(low)
        if (low not in parts and low not in plain) or is_eponym(text, match.start(), end, strict=True):
            continue
        following = WORD.match(text, end + 1)
        if following is not None and text[end] == " " and is_eponym(text, match.start(), following.end(), strict=True):
            continue  # "Ivor Lewis esophagectomy" in the report of Ivor Lewis Kagan
        if (low in parts and (match.group()[0].isupper() or len(low) > 5)) or (
            low in plain
            and match.group()[0].isupper()
            and (in_name_place(text, match.start(), end) or _LEAD_IN_CAPITALS.search(text, max(0, match.start() - 14), match.start()))
        ):
            yield PhiSpan(match.start(), end, "NAME")
