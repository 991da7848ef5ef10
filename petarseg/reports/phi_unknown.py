"""Personal names by being no known word: capitalised words of running text that no dictionary explains."""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.phi_eponyms import is_eponym
from petarseg.reports.phi_lexicon import COMMON_WORDS, is_person_name, is_proper, is_report_word, is_uncapitalised, is_word, may_be_name
from petarseg.reports.phi_name_reader import NAME_STOP, UPPER, WORD, has_name_shape, name_follows, read_name, skip_blanks, starts_sentence
from petarseg.reports.phi_span import PhiSpan
from petarseg.reports.phi_vocabulary import FAMILY_NAMES, GIVEN_NAMES, PLAIN_NAMES, REPORT_WORDS

PERSON_VERB = re.compile(
    r"\s+(?:called|notified|informed|reported|reports|requested|asked|phoned|agreed|agrees|acknowledged|recommended|recommends|"
    r"reviewed|dictated|signed|stated|states|paged|tolerated|denies|denied|presented|presents|"
    r"confirmed|confirms|will|underwent|returned|attended|complains|noted|verbalized|understood|read\s+back|repeated|received|"
    r"was\s+(?:notified|informed|called|paged|injected|imaged|seen|referred|scanned|admitted))\b"
)


# A colon or a number behind a word makes a heading or a grade of it; a date does not.
_COUNTS = re.compile(r"\s*[:#=]|[\s-]?\d(?!\d{0,3}[/.-]\d{1,2}[/.-]\d|\d?[ ](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))")


def find_unknown(text: str) -> Iterator[PhiSpan]:
    """Find capitalised words of running text that no dictionary knows or that are common names, and that no eponym rule keeps."""
    english = is_english(text, default=True)
    for line in re.finditer(r"[^\r\n]+", text):
        letters = [char for char in line.group() if char.isalpha()]
        if not letters:
            continue
        if sum(char.isupper() for char in letters) > 0.6 * len(letters):
            yield from _listed(text, line.start(), line.end())
            continue
        if is_uncapitalised(line.group()):
            yield from _listed(text, line.start(), line.end())
            continue
        if is_english(line.group(), default=english):
            yield from _unknown_in_line(text, line.start(), line.end())


def _listed(text: str, line_start: int, line_end: int) -> Iterator[PhiSpan]:
    """Find names by the list alone, in lines all in capitals or all without; an unknown word is as often a misspelt term there.

    A plain name beside a listed one belongs to it: "amy winter".
    """
    found = [match for match in WORD.finditer(text, line_start, line_end) if len(match.group()) > 1]
    position = line_start
    for index, match in enumerate(found):
        word = match.group()
        if match.start() < position or len(word) < 4 or not is_person_name(word) or is_report_word(word) or word.lower() in NAME_STOP:
            continue
        if re.match(r"\s*[:#=]|-?\d", text[match.end() : match.end() + 2]) or is_eponym(text, match.start(), match.end()):
            continue
        start, end = match.span()
        for following in found[index + 1 : index + 3]:
            if text[end : following.start()] not in (" ", ", ") or not _beside(following.group()):
                break
            end = following.end()
        position = end
        yield PhiSpan(start, end, "NAME")


def _beside(word: str) -> bool:
    low = word.lower()
    return (
        low not in NAME_STOP
        and len(low) > 2
        and (low in PLAIN_NAMES or low in FAMILY_NAMES or is_person_name(low) or (not is_word(low) and not is_report_word(low)))
    )


def _unknown_in_line(text: str, line_start: int, line_end: int) -> Iterator[PhiSpan]:
    position = line_start
    plain = [
        m.group()
        for m in WORD.finditer(text, line_start, line_end)
        if len(m.group()) > 3
        and (m.group().islower() or m.group().lower() in REPORT_WORDS)
        and not starts_sentence(text, line_start, m.start())
    ]
    titled = len(plain) > 2 and sum(word[0].isupper() for word in plain) > 0.5 * len(plain)
    for match in WORD.finditer(text, line_start, line_end):
        if match.start() < position:
            continue
        word = match.group()
        if len(word) == 2 and not (
            may_be_name(word) and name_follows(text, match.end()) and not text[match.end() + 1 : match.end() + 3].isupper()
        ):
            continue
        if len(word) < 2 or not word[0].isupper() or word.isupper() or not has_name_shape(word):
            continue
        if text[match.start() - 1 : match.start()].isalnum() or _COUNTS.match(text, match.end()):
            continue
        if (word.lower() in COMMON_WORDS and word.lower() not in GIVEN_NAMES) or word.lower() in NAME_STOP:
            continue
        initial = re.search(rf"(?<![\w])(?:[{UPPER}]\.[ ]?){{1,3}}$", text[max(line_start, match.start() - 8) : match.start()])
        first = starts_sentence(text, line_start, match.start()) and not initial
        if not (may_be_name(word) or (not first and not titled and is_proper(word))):
            continue
        end = read_name(text, match.start(), known_only=True)
        if end is None:
            continue
        words = [m.group() for m in WORD.finditer(text, match.start(), end) if len(m.group()) > 1]
        if word.lower() in COMMON_WORDS and not (len(words) > 1 and words[1][0].isupper() and is_proper(words[1])):
            continue
        position = end
        alone = len(words) == 1 and first and not is_person_name(word)
        if (alone and not _opens_a_sentence(text, match)) or is_eponym(text, match.start(), end):
            continue
        start = match.start() - len(initial.group()) if initial else match.start()
        if not initial and not titled and not first:
            start = _with_qualifier(text, line_start, start)
        yield PhiSpan(start, end, "NAME")


# "Gwilym in bed 14", "Glangwili to accept": what goes on as a sentence about somebody, or stands alone in its field.
_GOES_ON = re.compile(
    r"(?:['’]s)?[ ](?:is|was|has|had|will|would|to|in|from|and|who|at|with|on|came|reports?|states?|denies|"
    r"called|agreed|asked|told|said)\b|,|[.;]?[ ]*(?:$|\n|\r)"
)


def _opens_a_sentence(text: str, match: re.Match[str]) -> bool:
    """Say whether an unknown word at the start of a sentence is somebody: there its capital tells nothing."""
    return len(match.group()) > 3 and not is_word(match.group()) and _GOES_ON.match(text, match.end()) is not None


def _with_qualifier(text: str, line_start: int, start: int) -> int:
    """Take in the capitalised plain word before a proper noun inside a sentence ("Lower Marston")."""
    before = re.search(rf"(?<![\w-])(?P<word>[{UPPER}][^\W\d_]+)[ ]$", text[max(line_start, start - 20) : start])
    if before is None or before["word"].isupper() or before["word"].lower() in NAME_STOP:
        return start
    at = start - len(before.group())
    return start if starts_sentence(text, line_start, at) else at


def in_name_place(text: str, start: int, end: int) -> bool:
    """Say whether a capitalised plain word stands where a name would: inside a sentence, or before a verb of persons.

    Lines in capitals and sentence starts tell nothing; there only a person's verb or a possessive does.
    """
    if re.match(r"['’]s\s", text[end : end + 3]) or PERSON_VERB.match(text, end):
        return True
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    line = text[line_start : line_end if line_end >= 0 else len(text)]
    letters = [char for char in line if char.isalpha()]
    if sum(char.isupper() for char in letters) > 0.6 * len(letters) or starts_sentence(text, line_start, start):
        return False
    following = WORD.match(text, skip_blanks(text, end))
    return following is None or not following.group()[0].isupper()


def is_english(text: str, *, default: bool) -> bool:
    """Say whether most lower-case words are in the English dictionary; `default` for stretches with too few words to tell.

    In other languages nearly every word is unknown, so being unknown says nothing there.
    """
    words = [match.group() for match in WORD.finditer(text) if len(match.group()) > 1 and match.group().islower()]
    if len(words) < 6:
        return default
    return sum(map(is_word, words)) > 0.5 * len(words)
