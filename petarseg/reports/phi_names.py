"""Personal names by what stands around them: titles, credentials, verbs and roles of persons, commas and carets of name layouts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.phi_eponyms import BARE_EPONYMS, is_eponym
from petarseg.reports.phi_lexicon import COMMON_WORDS, is_proper, is_report_word, is_word, may_be_name
from petarseg.reports.phi_name_labels import by_bare_label, by_header_line, by_label
from petarseg.reports.phi_name_reader import (
    CREDENTIAL,
    MONTH_NAMES,
    NAME_STOP,
    PARTICLES,
    TITLE,
    TITLE_LOWER,
    UPPER,
    WORD,
    name_follows,
    person_like,
    read_back,
    read_name,
)
from petarseg.reports.phi_span import PhiSpan
from petarseg.reports.phi_vocabulary import FAMILY_NAMES, GIVEN_NAMES, PLAIN_NAMES

# Titles that are also abbreviations or words of reports.
_WEAK_TITLES = frozenset({"MR", "MS", "BS", "TS", "GS", "Sir", "Nurse", "Rev", "SR", "Sr", "Sra", "Doctor", "Doctors", "DOCTOR", "DOCTORS"})
# Words of running text after which a name stands without colon.
_LEAD = re.compile(
    r"\b(?:(?:dictated|signed|typed|transcribed|interpreted|read|reported|prepared|reviewed|approved|verified|performed|injected|"
    r"scanned|requested|ordered|referred|authenticated|cosigned|co-signed|finali[sz]ed|supervised|attended|seen|"
    r"examined|treated|operated|supplied|obtained|administered|accompanied|consented|counsel?led|notified|informed|communicated|"
    r"relayed|conveyed|given|called|telephoned|paged|acknowledged|discussed|confirmed|escalated|sent|copied|addressed|forwarded|"
    r"faxed|emailed|e-mailed|"
    r"phoned|handed|verbally\s+\w+|talked|spoke|spoken|speaking|signed\s+off|read\s+back)(?:\s+(?:electronically|verbally|directly|"
    r"personally|over\s+the\s+phone|by\s+(?:tele)?phone|via\s+\w+|and\s+\w+|also|in\s+person|jointly|the\s+\w+|these\s+\w+|"
    r"this\s+\w+|results?|findings?))*\s+(?:by|with|to|from)|"
    r"(?:dictated|signed|electronically\s+signed|typed|transcribed|approved|verified|dear|attn|cc|per|for|patient|named?|notified|"
    r"paged|called|informed|phoned|contacted|regards?|sincerely|daughter|son|wife|husband|sister|brother|mother|father|spouse|"
    r"colleague|colleagues|nurse|coordinator|resident|fellow|attending|"
    r"radiologist|oncologist|surgeon|physician|technologist|consultant|registrar|practitioner|provider|dietitian|navigator|"
    r"case\s+manager|pulmonologist|urologist|hematologist|haematologist|pathologist|neurologist|cardiologist|endocrinologist|"
    r"gastroenterologist|dermatologist|gyn(?:a)?ecologist|rheumatologist|pediatrician|paediatrician|tech|"
    r"care\s+of|c/o|tel|pcp|gp|np|onc|pulm|surg|rad|under|by|with|and|thank|thanks|hi|hello|from|to|of|re)),?\s*:?\s*(?:the\s+)?(?:oncologist\s+|physician\s+|"
    r"surgeon\s+|resident\s+|nurse\s+|referrer\s+)?$",
    re.IGNORECASE,
)
# Of those, the ones that any capitalised word may follow: there only an unknown word or a common name counts.
_WEAK_LEAD = re.compile(
    r"\b(?:under|by|with|and|from|to|of|for|per|re|tel|called|patient|regards?|given|obtained|seen|treated|administered|supplied)\s*$",
    re.IGNORECASE,
)
_STRONG_LEAD = re.compile(
    r"\b(?:dictated|signed|typed|transcribed|interpreted|read|reported|reviewed|verified|approved|authenticated|"
    r"performed|injected)\s+by\s*$",
    re.IGNORECASE,
)


def find_names(text: str) -> Iterator[PhiSpan]:
    """Find names by label, title, credential, signature and header line."""
    yield from _by_title(text)
    yield from by_label(text)
    yield from by_bare_label(text)
    yield from _by_credential(text)
    yield from _by_lead(text)
    yield from by_header_line(text)
    yield from _by_description(text)
    yield from _by_comma(text)
    yield from _by_caret(text)
    yield from _by_role(text)
    yield from _by_office(text)
    yield from _by_initials(text)
    yield from _by_patient(text)


def find_titled(text: str) -> Iterator[PhiSpan]:
    """Find names after an unmistakable title or before a credential that no dictionary explains, for the leak scan."""
    for span in (*_by_title(text), *_by_credential(text)):
        if all(may_be_name(match.group()) and len(match.group()) > 2 for match in WORD.finditer(text, span.start, span.end)):
            yield span


def _by_title(text: str) -> Iterator[PhiSpan]:
    for match in TITLE.finditer(text):
        title = match.group().strip(" .")
        gap = text[match.start() + len(title) : match.end()]
        if not gap:
            continue
        end = read_name(text, match.end(), lower=True, known_only=title in _WEAK_TITLES and "." not in gap)
        if end is None:
            continue
        yield PhiSpan(match.end(), end, "NAME")
        # Drs. Vole, Tallow, and Juniper; Mr. and Mrs. Vole
        while title.lower().startswith(("drs", "doctors", "prof")):
            following = re.compile(r"\s*(?:,\s*(?:and\s+|&\s*)?|and\s+|&\s*|/\s*)(?=[A-Z])").match(text, end)
            start = following.end() if following else -1
            end = read_name(text, start, known_only=title.lower().startswith("prof")) if following else None
            if end is None:
                break
            yield PhiSpan(start, end, "NAME")
    for match in TITLE_LOWER.finditer(text):
        end = read_name(text, match.end(), lower=True)
        if end is not None:
            yield PhiSpan(match.end(), end, "NAME")


def _by_credential(text: str) -> Iterator[PhiSpan]:
    """``Caspian Deauville, MD``: walk back over the words of the name before a credential."""
    for match in re.finditer(rf",\s*{CREDENTIAL}(?![^\W_])|(?<=[^\W\d_])\s+\(?{CREDENTIAL}(?![^\W_])", text):
        start = read_back(text, match.start(), strict="," not in match.group())
        if start is not None:
            yield PhiSpan(start, match.start(), "NAME")


# People, not procedures, follow these: "discussed with Hartmann".
_TOLD = re.compile(
    r"\b(?:discussed|spoke|spoken|talked|reviewed|conferred|communicated|shared|relayed|conveyed|dictated|signed|read|reported|referred|ordered|requested|seen|"
    r"notified|called|paged|informed)(?:\s+(?:with|to|by))?\s+$",
    re.IGNORECASE,
)


def _by_lead(text: str) -> Iterator[PhiSpan]:
    """``dictated by Renata Vole``, ``discussed with Imogen Pascoe``: a name after words that lead to one."""
    for match in WORD.finditer(text):
        if not match.group()[0].isupper() or match.group().lower() in PARTICLES:
            continue
        before = text[max(0, match.start() - 70) : match.start()]
        if not before or before[-1] not in " \t\n:" or not _LEAD.search(before):
            continue
        weak = _WEAK_LEAD.search(before) is not None and not _STRONG_LEAD.search(before)
        strong = (
            _STRONG_LEAD.search(before) is not None and is_proper(match.group()) and (not match.group().isupper() or len(match.group()) > 3)
        )
        if (
            not strong
            and not may_be_name(match.group())
            and not (len(match.group()) == 1 and name_follows(text, match.end() + (text[match.end() : match.end() + 1] == ".")))
        ):
            continue
        end = read_name(text, match.start(), known_only=True)
        if end is None or is_eponym(text, match.start(), end, strict=_TOLD.search(before) is not None):
            continue
        if weak and match.group().isupper() and len(match.group()) < 6:
            continue
        yield PhiSpan(match.start(), end, "NAME")
        if not weak or _STRONG_LEAD.search(before) or re.search(r"\w(?:ed|en|ing)\s+(?:by|with|to)\s+$", before):
            yield from _further(text, end)


def _further(text: str, end: int) -> Iterator[PhiSpan]:
    """``seen by Whipple and Ng``: what is joined to a name by "and" or a stroke is a name when it can be one."""
    for _ in range(4):
        joint = re.compile(r"\s*(?:,\s*(?:and\s+|&\s*)?|\band\s+|&\s*|/\s*)").match(text, end)
        if joint is None or not person_like(text, joint.end()):
            return
        following = WORD.match(text, joint.end())
        stop = read_name(text, joint.end(), known_only=True)
        if stop is None and following is not None and following.group().istitle() and following.group().lower() in FAMILY_NAMES:
            stop = following.end()
        if stop is None or is_eponym(text, joint.end(), stop):
            return
        yield PhiSpan(joint.end(), stop, "NAME")
        end = stop


# HL7 and DICOM names: DELACROIX^HUGO^^MR
_CARETS = re.compile(rf"(?<![\w^])[{UPPER}][^\W\d_]*(?:[ '’-][^\W\d_]+)*(?:\^+[^\W\d_][^\W\d_.'’ -]*(?<! )\.?)+(?![\w^]*\d)", re.IGNORECASE)


def _by_caret(text: str) -> Iterator[PhiSpan]:
    """``DELACROIX^HUGO^^MR``: a name as HL7 and DICOM write it."""
    for match in _CARETS.finditer(text):
        if all(is_report_word(word) for word in WORD.findall(match.group())):
            continue
        yield PhiSpan(*match.span(), "NAME")


_SURNAME_FIRST = re.compile(
    rf"\b(?:by|By|BY|with|Dr|DR|to|and|from|cc|"
    rf"CC)[:.]?[ ](?P<name>[{UPPER}][^\W\d_'’-]+(?:[-'’][^\W\d_]+)*,?[ ](?:[{UPPER}]\.?[ -]?){{1,3}})(?=[ \t]*(?:$|[.,;)\n(/]|"
    rf"on\b|at\b|_x000D_))",
    re.MULTILINE,
)


def _by_initials(text: str) -> Iterator[PhiSpan]:
    """Find ``Checked by Ho S M``, a family name with its initials behind it."""
    for match in _SURNAME_FIRST.finditer(text):
        family = WORD.match(match["name"])
        if family is None or family.group().lower() in NAME_STOP:
            continue
        if is_eponym(text, match.start("name"), match.start("name") + family.end()):
            continue
        if may_be_name(family.group()) or is_proper(family.group()):
            yield PhiSpan(match.start("name"), match.start("name") + len(match["name"].rstrip()), "NAME")


_PATIENT = re.compile(
    rf"(?:^|[.;:][ ])(?:The[ ])?(?:[Pp]atient|[Pp]t\.?|PATIENT|"
    rf"PT)[ ](?P<name>[{UPPER}][\w'’-]*(?:[ ][{UPPER}][\w'’-]*){{1,3}})(?=[ ]*(?:[(,;.]|$|\d|is\b|was\b|has\b|aged?\b|[-–—]))",
    re.MULTILINE,
)


def _by_patient(text: str) -> Iterator[PhiSpan]:
    """``Patient Xi Jun (Jason), ...``: capitalised words behind "patient" that are not all plain words of reports."""
    for match in _PATIENT.finditer(text):
        found = [word.group() for word in WORD.finditer(text, *match.span("name"))]
        if not all(is_report_word(word) for word in found) and not any(word.lower() in NAME_STOP - MONTH_NAMES for word in found):
            yield PhiSpan(*match.span("name"), "NAME")


_CLINICIAN = (
    r"(?:surgeons?|physicians?|\w+ologists?|residents?|fellow|nurse|registrar|consultant|practitioner|clinician|doctor|technologist|"
    r"radiographer|trainee|referrer|oncologist|attending|provider|dietitian|navigator|coordinator|secretary|interpreter|chaplain|"
    r"pharmacist|paramedic|caregiver|carer|physicist|midwife|dentist|therapist)"
)
_APPOSITION = re.compile(
    rf",\s+(?:(?:the|our|his|her|their|an?)\s+)(?:(?!(?:is|was|and|or|of|in|on|with)\b)[a-z-]+\s+){{0,3}}?{_CLINICIAN}\b|"
    rf"\s*\((?:the\s+|her\s+|his\s+)?(?:[a-z-]+\s+){{0,2}}?(?:{_CLINICIAN}|brother|sister|son|daughter|wife|husband|mother|father|"
    rf"spouse|partner|neighbou?r|friend|aunt|uncle|niece|nephew|cousin|guardian|grand(?:son|daughter|mother|father)|next of kin)\b"
)


def _by_role(text: str) -> Iterator[PhiSpan]:
    """``Virchow, the referring surgeon``: the role behind a name tells that a person is meant, be the name an eponym or not."""
    for match in _APPOSITION.finditer(text):
        start = read_back(text, match.start(), strict=False)
        if start is None:
            continue
        words = [found.group() for found in WORD.finditer(text, start, match.start()) if len(found.group()) > 1]
        if any(is_proper(word) or word.lower() in COMMON_WORDS for word in words):
            yield PhiSpan(start, match.start(), "NAME")


_OFFICE = re.compile(
    rf"\b(?:with|by|to|from|and|via|our|the)[ ](?:the[ ]|our[ ]|my[ ])?(?:\w+[ ])?"
    rf"(?:resident|fellow|attending|registrar|trainee|nurse|technologist|radiographer|radiologist|surgeon|oncologist|physician|colleague|"
    rf"consultant)[ ](?P<name>[{UPPER}][a-z][\w'’-]*(?:[ ][{UPPER}][a-z][\w'’-]*)?)"
)


def _by_office(text: str) -> Iterator[PhiSpan]:
    """``Reviewed with resident Hand``: a capitalised word behind a role, within a sentence, is a name, be it a plain word."""
    for match in _OFFICE.finditer(text):
        words = [word.lower() for word in match["name"].split()]
        if not any(word in NAME_STOP or re.fullmatch(_CLINICIAN, word) for word in words):
            yield PhiSpan(*match.span("name"), "NAME")


def _is_cell(text: str, start: int, given: re.Match[str]) -> bool:
    """Say whether a family name and a given name, be they plain words, fill a field of their own: "| Underhill, Basil |"."""
    before = re.search(r"(?:^|\n|\||\t|[ ]{2})[ ]?$", text[max(0, start - 4) : start])
    after = re.compile(r"(?:[ ][A-Z]\.?)?[ ]*(?:$|\n|\r|\||\t|[ ]{2}|\(|\d|_x000D_)").match(text, given.end())
    low = given.group().lower()
    return before is not None and after is not None and (low in PLAIN_NAMES or low in GIVEN_NAMES or may_be_name(given.group()))


def _by_comma(text: str) -> Iterator[PhiSpan]:
    """``HOLLOWAY,GRETCHEN A`` and ``Ostrander, Judith``: a family name, a comma and a given name."""
    for match in re.finditer(rf"(?<![\w-])[{UPPER}][^\W\d_'’-]*(?:['’-][^\W\d_]+)*,[ ]?(?=[{UPPER}])", text):
        family = match.group().rstrip(" ,")
        given = WORD.match(text, match.end())
        if given is None or not (may_be_name(family) or family.lower() in PLAIN_NAMES) or family.lower() in NAME_STOP or len(family) < 2:
            continue
        if family.lower() in BARE_EPONYMS and given.group().lower() in BARE_EPONYMS:
            continue
        known = given.group().lower() in GIVEN_NAMES and not is_word(given.group())
        known = known or _is_cell(text, match.start(), given)
        glued = (
            not match.group().endswith(" ") and family.isupper() and given.group().isupper() and len(given.group()) > 2 and len(family) > 3
        )
        if not (known or (glued and may_be_name(given.group()))):
            continue
        end = read_name(text, match.start(), known_only=True)
        if end is not None and end > match.end() and not is_eponym(text, match.start(), end):
            yield PhiSpan(match.start(), end, "NAME")


_DESCRIBED = re.compile(
    r"\s*,?\s+(?:is|was|an?)\s+(?:an?\s+)?(?:very\s+|pleasant\s+|previously\s+|otherwise\s+|healthy\s+|retired\s+|"
    r"known\s+)*(?:\d{1,3}|[a-z]+ty|patient\b|gentleman|lady|woman|man\b|male|female|boy|girl|infant|child)[\s-]*(?:\w+[\s-]+)?(?:y|"
    r"yr|year|old|patient|gentleman|lady|woman|man|male|female|boy|girl|with|who|\w)"
)


def _by_description(text: str) -> Iterator[PhiSpan]:
    """``Rose Fields is a 58-year-old woman``: the description tells that even plain words are a name."""
    for match in _DESCRIBED.finditer(text):
        start = read_back(text, match.start(), strict=False)
        if (
            start is not None
            and text[start : match.start()].lower() not in NAME_STOP
            and len(WORD.findall(text[start : match.start()])) >= 2
        ):
            yield PhiSpan(start, match.start(), "NAME")
