"""Read the values of header and footer fields (`phi_fields`): the label has said what they are, so that plain words count as well.

"Holly Wren" behind "Patient name:" is a name though both words are in the dictionary, and "061523" behind "date of service" is a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.lexicon import ANATOMY
from petarseg.reports.phi_fields import Field, find_fields
from petarseg.reports.phi_lexicon import is_clinical_code, is_proper, is_report_word, is_word, may_be_name
from petarseg.reports.phi_name_reader import CREDENTIAL, NAME_STOP, PARTICLES, SUFFIXES, TITLE, TITLE_LOWER, WORD
from petarseg.reports.phi_span import PhiSpan
from petarseg.reports.phi_vocabulary import PLAIN_NAMES, words

# What stands behind a label instead of a value.
_NO_VALUE = words("no_value")
_GENERIC = words("institution_generic")
_ROLES = words("label_person") - {"mother", "father", "son", "wife", "pt", "pi", "name"}
_STAMP = re.compile(
    r"(?:[\s,@(]*(?:on\s+|at\s+|\d{1,4}[/.-]\d{1,2}(?:[/.-]\d{1,4})?|\d{1,2}[:.]\d\d(?:[:.]\d\d)?|\d{4}(?:h(?:rs?)?)?\b|[ap]\.?m\.?\b|"
    r"\d{1,2}[ -]?[A-Za-z]{3,9}[ -]?\d{2,4}|[A-Za-z]{3,9}\.?[ ]\d{1,2},?[ ]\d{4}|T(?=\d)|(?:EST|EDT|CST|CDT|PST|PDT|MST|GMT|UTC|CET)\b))*"
    r"[\s,:;)]*(?:(?:electronically|e-?signed|signed|and|by|per|/es/|/s/)[\s:]+)*",
    re.IGNORECASE,
)
_JOINT = re.compile(r"(?:\s*,?\s*\(?(?:" + CREDENTIAL + r")\)?(?![^\W_]))*\s*(?:[,;/&+|]|\band\b|\bw/)\s*")
_INITIALS = re.compile(r"(?:[A-Z]\.?[ ]?){2,4}(?![^\W_])|[A-Za-z]{2,4}(?:[/:][A-Za-z]{2,4})?(?![^\W_])")
_IDENTIFIER = re.compile(
    r"(?:[A-Za-z]{1,5}[ /:.-]?(?=[\dA-Z/-]*\d))?[A-Za-z\d*#]*\d[A-Za-z\d]*(?:(?:[-/_:]|\.(?=\d)|[ ]-[ ](?=\d)|"
    r"[ ](?=[A-Z]{0,3}\d+(?![\w./-]*[a-z])))[A-Za-z\d]+)*(?:\([A-Za-z\d]\))?"
)
_PHONE = re.compile(r"\+?\(?\d[\d\s()./-]{2,22}(?:\s*(?:x|ext\.?|extension)\s*\d{1,6})?|x\d{3,6}", re.IGNORECASE)
_DATE = re.compile(
    r"\d{1,4}[ ./-](?:\d{1,2}|[A-Za-z]{3,9})\.?(?:[ ,./-]+\d{2,4})?(?![\d:])|[A-Za-z]{3,9}\.?[ -]\d{1,2}(?:st|nd|rd|"
    r"th)?(?:[ ,.-]+\d{2,4})?\b(?!:)|(?<![\w-])\d{6}(?:\d\d)?(?!\d)"
)
_TITLED = re.compile(r"\b(?:dr|mr|mrs|ms|prof|doctor)\.?\s+$", re.IGNORECASE)
_LEVEL = re.compile(
    r"(?:[TLCS]\d{1,2}\b|segments?|level|station|ribs?|slice|image|zone|lobe|quadrant|o'?clock|left|right|bilateral|midline|upper|lower)\b",
    re.IGNORECASE,
)


def find_labelled(text: str) -> Iterator[PhiSpan]:
    """Find the identifying values of labelled fields."""
    for field in find_fields(text):
        if field.kind in ("NAME", "SIGNED"):
            yield from _names(text, field)
        elif field.kind in ("HOSPITAL", "LOCATION"):
            yield from _place(text, field)
        elif field.kind == "DATE":
            for match in _DATE.finditer(text, field.start, min(field.end, field.start + 40)):
                yield PhiSpan(*match.span(), "DATE")
        elif field.kind == "PHONE":
            for match in _PHONE.finditer(text, field.start, field.end):
                if sum(char.isdigit() for char in match.group()) > 3 and not re.fullmatch(r"\D*(?:19|20)\d\d\D*", match.group()):
                    yield PhiSpan(match.start(), match.start() + len(match.group().rstrip(" .-/(")), "PHONE")
        else:
            yield from _identifier(text, field)


def _identifier(text: str, field: Field) -> Iterator[PhiSpan]:
    lead = re.compile(r"[\s*_#\[(]*(?:(?:no|nr|is|number)\b[\s.:#]*)?", re.IGNORECASE).match(text, field.start, field.end)
    start = lead.end() if lead else field.start
    match = _IDENTIFIER.match(text, start, field.end)
    if match is None:
        return
    token = match.group()
    digits = sum(char.isdigit() for char in token)
    counted = field.kind == "COUNTED"
    least = 4 if counted and token.isdigit() else 3 if counted or not field.explicit else 2
    if (
        digits < least
        or (is_clinical_code(token) and not (token.isdigit() and field.explicit and not counted))
        or re.fullmatch(r"(?:19|20)\d\d", token)
    ):
        return
    if counted and re.match(
        r"\s*(?:mm|cm|mg|ml|min|cycles?|lesions?|nodes?|of\b|x\b)", text[match.end() : match.end() + 10], re.IGNORECASE
    ):
        return
    yield PhiSpan(match.start(), match.end(), "OTHER_ID" if counted else field.kind)


def _place(text: str, field: Field) -> Iterator[PhiSpan]:
    value = re.match(r"[^;(\[{]*", text[field.start : field.end])
    content = value.group().strip(" .,*_") if value else ""
    found = WORD.findall(content)
    if len(content) < 2 or (not found and not (field.explicit and any(char.isdigit() for char in content))):
        return
    if not field.explicit and (not (content[0].isupper() or content[0].isdigit()) or ":" in content):
        return
    if ANATOMY.search(content) or _LEVEL.match(content) or content.lower() in _NO_VALUE or len(content) > 90:
        return
    telling = [word for word in found if word.lower() not in _GENERIC and word.lower() not in _NO_VALUE]
    if any(char.isdigit() for char in content) and field.kind == "LOCATION":
        telling = telling or [content]
        if len(content.split()) > 6 and not any(is_proper(word) for word in telling):
            return
    elif not any(word[0].isupper() and is_proper(word) for word in telling) and not (
        field.kind == "HOSPITAL" and field.explicit and any(word[0].isupper() and not is_report_word(word) for word in telling)
    ):
        return
    if not field.explicit and len(found) < 2 and not any(map(is_proper, found)):
        return
    start = text.index(content, field.start)
    yield PhiSpan(start, start + len(content), field.kind)


def _names(text: str, field: Field) -> Iterator[PhiSpan]:
    """Read the names of a field, one after the other; dates and times before them are passed over."""
    stamp = _STAMP.match(text, field.start, field.end)
    position = stamp.end() if stamp is not None else field.start
    value = text[position : field.end]
    lower = value == value.lower()
    for _ in range(6):
        for _ in range(3):
            title = TITLE.match(text, position, field.end) or TITLE_LOWER.match(text, position, field.end)
            position = title.end() if title is not None else position
        span = _name(text, position, field, lower=lower)
        if span is None:
            return
        yield span
        joint = _JOINT.match(text, span.end, field.end)
        if joint is None:
            return
        position = joint.end()


def _name(text: str, start: int, field: Field, *, lower: bool) -> PhiSpan | None:
    """Read one name: capitalised words (any words in a line without capitals) up to a digit, a bracket or a word that ends names."""
    initials = _INITIALS.match(text, start, field.end)
    rest = text[initials.end() : field.end] if initials else ""
    if (
        initials is not None
        and initials.group().strip().lower() not in NAME_STOP | _NO_VALUE
        and (field.explicit or initials.group().isupper())
        and not text[field.start : start].rstrip().endswith((",", ";", "&", "+"))
        and text[initials.end() : initials.end() + 1] != "-"
        and re.match(r"\s*(?:$|[\d(|;,.]|on\b|at\b|[ ][-–])", rest)
        and not (rest.startswith((",", ".")) and len(rest) > 2 and rest[1:2] not in " \n")
        and not is_report_word(initials.group().strip())
    ):
        return PhiSpan(start, start + len(initials.group().rstrip()), "NAME")
    if re.compile(CREDENTIAL + r"(?![^\W_])").match(text, start, field.end):
        return None
    end, count, position, comma, proper, upper = start, 0, start, False, False, False
    while position < field.end and count < 6:
        word = WORD.match(text, position, field.end)
        if word is None:
            break
        token, low = word.group(), word.group().lower()
        if not (token[0].isupper() or lower or low in PARTICLES) or (low in NAME_STOP | _NO_VALUE and low not in PARTICLES and count != 0):
            break
        if count and (re.compile(CREDENTIAL + r"(?![^\W_])").match(text, position) or low in _ROLES) and low not in PARTICLES:
            break
        if not count and (low in _NO_VALUE or (low in NAME_STOP and len(low) > 2)):
            break
        if re.match(r"-?\d", text[word.end() : word.end() + 2]):
            break
        end, count = word.end(), count + 1
        proper = proper or (len(token) > 1 and (is_proper(token) or may_be_name(token) or low in PLAIN_NAMES))
        upper = upper or len(token) == 1
        gap = re.compile(r"\.[ \u00a0]?|[ \u00a0]|,[ ]?|\^+|['’-]").match(text, end, field.end)
        if gap is None:
            break
        if "," in gap.group():
            following = WORD.match(text, gap.end(), field.end)
            if comma or following is None or count > 4:
                break
            if re.compile(CREDENTIAL + r"(?![^\W_])").match(text, gap.end()) or following.group().lower() in _ROLES | NAME_STOP:
                break
            if TITLE.match(text, gap.end()) and following.group().lower() not in SUFFIXES:
                break
            comma = True
        if gap.group().startswith(".") and len(token) == 1:
            end += 1
        elif gap.group().startswith(".") and low not in ("st", "jr", "sr"):
            break
        position = gap.end()
    if count == 0 or (count == 1 and text[start:end].lower() in PARTICLES):
        return None
    content = text[start:end]
    known = [word for word in WORD.findall(content) if len(word) > 1]
    convincing = (
        proper
        or (comma and field.explicit)
        or (1 < count < 5 and (upper or content.isupper() or content.istitle()) and not all(map(is_report_word, known)))
    )
    if lower and not field.explicit and not (comma or _TITLED.search(text, max(0, start - 10), start)):
        return None
    if not convincing or (lower and all(map(is_word, known)) and not comma):
        return None
    if not field.explicit and not (proper and count > 1) and not comma:
        return None
    return PhiSpan(start, end, "NAME")
