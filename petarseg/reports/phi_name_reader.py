"""One reader of personal names for all rules, so that each accepts the same forms.

``Q. Hasenpflug``, ``GRUNDY, ALASDAIR P``, ``Ostrander, J.``, ``de la Cruz-Vole``, ``O'Neill``, ``Nguyễn Văn An``: `read_name` walks
forwards over the words of a name from a given place, `read_back` backwards from a credential or a role.
"""

from __future__ import annotations

import re

from petarseg.reports.phi_lexicon import COMMON_WORDS, is_person_name, is_proper, is_word, may_be_name
from petarseg.reports.phi_vocabulary import FAMILY_NAMES, GIVEN_NAMES, words

UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƠƯẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸ"
# A word of a name: letters with inner hyphens, apostrophes and dots of initials.
WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’](?=[^\W\d_])|-(?=[^\W\d_]))*")
PARTICLES = words("particles")
SUFFIXES = words("suffixes")
# Words that end a name although they start with a capital: labels of the next field, titles and the like.
NAME_STOP = words("name_stop")
CREDENTIAL = (
    r"(?:M\.?\s?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|P\.?A\.?(?:-?C)?|Ph\.?\s?D\.?|FRCR|FACR|FACNM|FRANZCR|FRCPC|FRCSC?|FRCP|MBBS|MB\s?BS|"
    r"MBChB|MB\s?ChB|MRCP|MRCS|CNMT|NMTCB|R\.?T\.?\s?(?:\(\w+\))+|RT\(?[NR]\)?|BSN|MSN|APRN|DNP|CRNP|"
    r"FNP(?:-?(?:BC|C))?|ACNP|PharmD|DDS|DMD|DPM|MPH|MSc|BSc|DABR|DABNM|ARRT|CRNA|LPN|MB|BCh|FFR|Dr\.?\s?med|StR|SpR|ST\d|PGY-?\d)"
)
TITLE = re.compile(
    r"\b(?:Drs?|DRS?|Dr[ae]|Doctors?|DOCTORS?|Prof(?:essor)?|PROF|Mr|MR|Mrs|MRS|Ms|MS|Miss|MISS|Mx|Sir|Dame|Nurse|Rev|Herr|Frau|Sra?|"
    r"Señora?|Mme|Mlle|Dott(?:\.ssa)?|Dre|Dhr|dhr|Mevr|mevr|Mw|mw|lek|Herrn|Fru|Ông|Bà|BSCKI{1,2}|BS|ThS|TS|GS|PGS)\b(?!\s*(?:brain|spine|imaging|scan|angio|of\b|patient|with))"
    r"(?:\.?\s*(?:med|Dr|Prof|Mr|Mrs|Ms|h\.?c)\b)*\.?\s*(?:\(?(?:Mrs|Ms)\)?\.?\s*)?"
)
# Titles that are also abbreviations or words of reports.
_WEAK_TITLES = frozenset({"MR", "MS", "BS", "TS", "GS", "Sir", "Nurse", "Rev", "SR", "Sr", "Sra", "Doctor", "Doctors", "DOCTOR", "DOCTORS"})
TITLE_LOWER = re.compile(r"\b(?:dr|doctor|mr|mrs|prof)\.?\s+(?=[^\W\d_])")

# Lakshmi d/o Subramaniam: daughter, son of, as Tamil and Malay names say it.
_CHILD_OF = re.compile(r"(?:[ds]/o|[DS]/O|a/[lp]|A/[LP])[ ](?=[^\W\d_a-z])")


def read_name(text: str, start: int, *, lower: bool = False, known_only: bool = False, limit: int = 6) -> int | None:
    """Walk over the words of a name.

    Parameters
    ----------
    text : str
        The report.
    start : int
        Where the name would start.
    lower : bool
        Accept words in lower case that no dictionary knows ("dr. thackeray").
    known_only : bool
        Accept only names of which at least one word is a common name or in no dictionary.
    limit : int
        Most words of a name.

    Returns
    -------
    int or None
        End offset, or None when no name starts there.
    """
    position, end, words, full, comma = start, None, 0, 0, False
    shouting, forename = False, -1
    while words < limit:
        parent = _CHILD_OF.match(text, position) if full else None
        if parent is not None:
            position = parent.end()
        match = WORD.match(text, position)
        if match is None:
            break
        word = match.group()
        low = word.lower()
        dotted = text[match.end() : match.end() + 1] == "."
        if (
            words
            and low in PARTICLES
            and WORD.match(text, skip_blanks(text, match.end() + (1 if low == "st" and dotted else 0)))
            and (word.islower() or full == 0 or low not in {"do", "i", "e"})
        ):
            following = WORD.match(text, skip_blanks(text, match.end() + (1 if low == "st" and dotted else 0)))
            if following is None or not (following.group()[0].isupper() or following.group().lower() in PARTICLES):
                break
            position, words = following.start(), words + 1
            continue
        if not words and low in PARTICLES and low not in {"do", "i", "e", "te", "st"}:
            following = WORD.match(text, skip_blanks(text, match.end()))
            if (
                following is not None
                and (following.group()[0].isupper() or following.group() in PARTICLES)
                and (word[0].isupper() or len(low) > 1)
            ):
                position, words = following.start(), words + 1
                continue
        if len(word) == 1 or (
            len(word) == 2 and word.isupper() and dotted is False and full and low not in NAME_STOP and not is_word(word)
        ):
            if not word[0].isupper() or (len(word) == 1 and full == 0 and not dotted and not name_follows(text, match.end())):
                break
            end = match.end() + (1 if dotted else 0)
            words += 1
            position = end if dotted and text[end : end + 1].isupper() else skip_blanks(text, end)
        else:
            if not _acceptable(text, match, first=full == 0 or match.start() == forename, lower=lower):
                break
            shouting = word.isupper()
            end = match.end()
            if low in {"jr", "sr"} and dotted:
                end += 1
            full, words = full + 1, words + 1
            position = skip_blanks(text, end)
        if text[end : end + 1] == "," and not comma and full == 1 and words <= 3:
            following = WORD.match(text, skip_blanks(text, end + 1))
            if following is not None and _is_forename(text, following, shouting, known_only=known_only):
                position = forename = following.start()
                comma = True
                continue
            suffix = following is not None and following.group().lower() in SUFFIXES
            if suffix and following is not None:
                end = following.end()
            break
        if position == end and text[end - 1 : end] != ".":
            break
    if end is None or (full == 0 and words < 2):
        return None
    if known_only and words == full and not _any_name(text, start, end):
        return None
    return end - 2 if text[start:end].endswith(("'s", "’s")) else end


def _any_name(text: str, start: int, end: int) -> bool:
    """Say whether one of the words is a name by itself, or in a line of mixed case no plain word of reports."""
    words = [match.group() for match in WORD.finditer(text, start, end) if len(match.group()) > 1]
    return any(may_be_name(word) for word in words) or any(is_proper(word) for word in words if not word.isupper())


def skip_blanks(text: str, position: int) -> int:
    """Skip the blanks that may stand inside a name (HIS exports pad with several)."""
    match = re.compile(r"[ \t\u00a0]{1,2}").match(text, position)
    return match.end() if match else position


def name_follows(text: str, position: int) -> bool:
    """Say whether a capitalised word that may be a name follows, behind particles and initials."""
    following = WORD.match(text, skip_blanks(text, position))
    while following is not None and following.group().lower() in PARTICLES and len(following.group()) > 1:
        following = WORD.match(text, skip_blanks(text, following.end()))
    if following is not None and len(following.group()) == 1 and following.group().isupper():
        return name_follows(text, following.end() + (text[following.end() : following.end() + 1] == "."))
    return following is not None and len(following.group()) > 1 and following.group()[0].isupper() and may_be_name(following.group())


def _is_forename(text: str, match: re.Match[str], shouting: bool, *, known_only: bool) -> bool:
    """Tell ``Ostrander, J.`` and ``GRUNDY, ALASDAIR P`` from ``Baker, MD`` and ``Tallow, scanned``."""
    word = match.group()
    if not word[0].isupper() or re.compile(rf"{CREDENTIAL}(?![^\W_])").match(text, match.start()):
        return False
    if _stops(text, match) or word.lower() in SUFFIXES:
        return False
    if len(word) == 1:
        return True
    if word.isupper() and not shouting and len(word) < 5:
        return False
    return may_be_name(word) or not known_only


# Months that are given names as well; a date goes on with a number.
MONTH_NAMES = frozenset({"april", "may", "june", "jun", "jan", "august"})


def _stops(text: str, match: re.Match[str]) -> bool:
    """Say whether a word ends a name: a label, a title, a month that is none of ``HALL, APRIL MAY``."""
    low = match.group().lower()
    return low in NAME_STOP and not (low in MONTH_NAMES and not re.match(r"\.?,?\s*['’]?\d", text[match.end() : match.end() + 6]))


def _acceptable(text: str, match: re.Match[str], *, first: bool, lower: bool) -> bool:
    word = match.group()
    low = word.lower()
    if not first and low in SUFFIXES:
        return True
    if _stops(text, match) or re.match(r"\s?[:#=]|-?\d", text[match.end() : match.end() + 2]):
        return False
    if not first and re.compile(rf"{CREDENTIAL}(?![^\W_])").fullmatch(word):
        return False
    if word.isupper() and len(word) < 5 and low not in SUFFIXES and not is_person_name(word):
        # Abbreviations are no names, except beside other words in capitals.
        neighbour = (
            WORD.search(text, match.end(), match.end() + 20) if first else WORD.search(text[max(0, match.start() - 12) : match.start()])
        )
        family = first and text[match.end() : match.end() + 1] == ","  # NAME: HALL, APRIL
        if (
            neighbour is None
            or not neighbour.group().isupper()
            or (is_word(word) and not family and low not in MONTH_NAMES | GIVEN_NAMES | FAMILY_NAMES)
        ):
            return False
    if "-" in word and not has_name_shape(word) and not word[0].islower():
        return False  # "Naruke-derived"
    if word[0].islower():
        return lower and not is_word(word) and len(word) > 2
    if first:
        return True
    if low in COMMON_WORDS and word.isupper():
        return low not in {"on", "in", "at", "by", "to", "an", "as", "it", "is", "or", "be", "do", "his", "her", "so", "can"}
    # In lines of capitals a surname that is an eponym ("STEPHEN J PAGET") is told by being no plain word of reports.
    return may_be_name(word) or (word[0].isupper() and not word.isupper()) or (len(word) > 3 and is_proper(word))


def person_like(text: str, start: int) -> bool:
    """Say whether a title or a capitalised word that may be a name starts at `start`."""
    title = TITLE.match(text, start)
    match = WORD.match(text, title.end() if title else start)
    return match is not None and match.group()[0].isupper() and may_be_name(match.group()) and match.group().lower() not in NAME_STOP


def read_back(text: str, end: int, *, strict: bool) -> int | None:
    """Find where the name that ends at `end` starts."""
    line_start = max(text.rfind("\n", 0, end) + 1, end - 60)
    words = list(WORD.finditer(text, line_start, end))
    start: int | None = None
    full = 0
    right = end
    for match in reversed(words):
        word = match.group()
        gap = text[match.end() : right]
        if not re.fullmatch(r"\.?[ \t\u00a0]{0,3}" if right != end else r"\.?\s*", gap) and not (
            re.fullmatch(r",[ ]{1,2}", gap)
            and full >= 1
            and word.isupper() == text[right].isupper()
            and may_be_name(word)
            and full + 1 <= 3
        ):
            break
        low = word.lower()
        if len(word) == 1 and word.isupper():
            start, right = match.start(), match.start()
            continue
        if low in PARTICLES and word.islower() and start is not None:
            start, right = match.start(), match.start()
            continue
        if not word[0].isupper() or low in NAME_STOP:
            break
        if not may_be_name(word) and (strict or (full > 0 and word.isupper())):
            break
        if low in COMMON_WORDS and word.isupper() and low in {"on", "in", "at", "by", "to", "an", "as", "it", "is", "or", "be", "do", "so"}:
            break
        full += 1
        start, right = match.start(), match.start()
        if full == 4:
            break
    if start is None or full == 0:
        return None
    first = WORD.match(text, start)
    if strict and (first is None or not any(may_be_name(m.group()) and len(m.group()) > 1 for m in WORD.finditer(text, start, end))):
        return None
    return start


_CAPITAL_PREFIX = re.compile(r"(?:Mc|Mac|De|Di|Du|La|Le|Van|Von|Fitz|St|O['’]|D['’]|N['’]|L['’])(?=[^\W\d_a-z])")


def has_name_shape(word: str) -> bool:
    """Tell ``McAllister``, ``O'Neill`` and ``Hyun-woo`` from ``RoIs``, ``LangExtract``, ``IVa`` and ``SSTR-positive``."""
    if word.isupper():
        return True
    for piece in word.split("-"):
        bare = _CAPITAL_PREFIX.sub("", piece)
        if piece.islower():
            if is_word(piece) and len(piece) > 2:
                return False
        elif not (bare[:1].isupper() and (len(bare) == 1 or bare[1:].islower() or (bare.isupper() and len(bare) > 4))):
            return False
    return True


def starts_sentence(text: str, line_start: int, start: int) -> bool:
    """Say whether `start` is the first word of its line, bullet or sentence, where a capital tells nothing."""
    before = text[line_start:start]
    return not before.strip(" \t-•*0123456789.)(") or bool(re.search(r"[.!?:;]\s*[\"'(]?$", before))
