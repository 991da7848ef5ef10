"""Personal names by what stands around them: labels, titles, credentials, signatures, header lines; and by being no known word.

One reader (`read_name`) walks over the words of a name from a given place, so that every rule accepts the same forms: ``Q. Hasenpflug``,
``GRUNDY, ALASDAIR P``, ``Ostrander, J.``, ``de la Cruz-Vole``, ``O'Neill``, ``Nguyễn Văn An``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.phi_eponyms import is_eponym
from petarseg.reports.phi_lexicon import COMMON_WORDS, is_person_name, is_proper, is_report_word, is_word, may_be_name
from petarseg.reports.phi_span import PhiSpan
from petarseg.reports.phi_vocabulary import FAMILY_NAMES, GIVEN_NAMES, REPORT_WORDS, words

UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽƠƯẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸ"
# A word of a name: letters with inner hyphens, apostrophes and dots of initials.
WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’](?=[^\W\d_])|-(?=[^\W\d_]))*")
PARTICLES = words("particles")
_SUFFIXES = words("suffixes")
# Words that end a name although they start with a capital: labels of the next field, titles and the like.
_STOP = words("name_stop")
_CREDENTIAL = (
    r"(?:M\.?\s?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|P\.?A\.?(?:-?C)?|Ph\.?\s?D\.?|FRCR|FACR|FACNM|FRANZCR|FRCPC|FRCSC?|FRCP|MBBS|MB\s?BS|"
    r"MBChB|MB\s?ChB|MRCP|MRCS|CNMT|NMTCB|R\.?T\.?\s?(?:\(\w+\))+|RT\(?[NR]\)?|BSN|MSN|APRN|DNP|CRNP|"
    r"FNP(?:-?(?:BC|C))?|ACNP|PharmD|DDS|DMD|DPM|MPH|MSc|BSc|DABR|DABNM|ARRT|CRNA|LPN|MB|BCh|FFR|Dr\.?\s?med|StR|SpR|ST\d|PGY-?\d)"
)
_TITLE = re.compile(
    r"\b(?:Drs?|DRS?|Dr[ae]|Doctors?|DOCTORS?|Prof(?:essor)?|PROF|Mr|MR|Mrs|MRS|Ms|MS|Miss|MISS|Mx|Sir|Dame|Nurse|Rev|Herr|Frau|Sra?|"
    r"Señora?|Mme|Mlle|Ông|Bà|BSCKI{1,2}|BS|ThS|TS|GS|PGS)\b(?!\s*(?:brain|spine|imaging|scan|angio|of\b|patient|with))"
    r"(?:\.?\s*(?:med|Dr|Prof|Mr|Mrs|Ms|h\.?c)\b)*\.?\s*(?:\(?(?:Mrs|Ms)\)?\.?\s*)?",
)
# Titles that are also abbreviations or words of reports.
_WEAK_TITLES = frozenset({"MR", "MS", "BS", "TS", "GS", "Sir", "Nurse", "Rev", "SR", "Sr", "Sra", "Doctor", "Doctors", "DOCTOR", "DOCTORS"})
_TITLE_LOWER = re.compile(r"\b(?:dr|doctor|mr|mrs|prof)\.?\s+(?=[^\W\d_])")
_AFTER_CREDENTIAL = re.compile(rf"\s*,?\s*\(?{_CREDENTIAL}(?![^\W_])")

# Labels of report headers and footers after which a name stands. The name may follow on the same line only.
_ROLE = (
    r"(?:patient(?:['’]?s)?(?:[ ]?(?:full[ ]|legal[ ])?name)?|pt\.?(?:[ ]name)?|pat(?:\.|[ ]name)?|full[ ]name|"
    r"name(?:[ ]?/[ ]?\w+)?|surname|"
    r"last[ ]?name|first[ ]?name|given[ ]?names?|family[ ]?name|middle[ ]name|maiden[ ]name|forenames?|alias|a\.?k\.?a\.?|client|"
    r"subject|"
    r"(?:referring|ordering|attending|requesting|primary(?:[ ]care)?|consulting|interpreting|reading|reporting|signing|supervising|"
    r"dictating|responsible|admitting|treating|family|nuclear(?:[ ]medicine)?)"
    r"(?:[ ](?:physician|provider|doctor|md|clinician|radiologist|consultant|dr|practitioner|resident|surgeon|oncologist|attending|"
    r"specialist))?(?:\(s\)|s)?(?:[ ]name)?|"
    r"ref(?:erral|erred|erring)?(?:[ ]by|[ ]from|[ ]md|[ ]dr|[ ]phys(?:ician)?)?|req(?:uest(?:ed|or|er)?)?(?:[ ]by)?|ord(?:ered|"
    r"er)?(?:[ ]by)?|(?:[a-z]+[ ])?phys(?:ician)?|provider|doctor|drs?|md|pcp|gp|consultant|clinician|surgeon|oncologist|radiologist|"
    r"resident|fellow|attending|registrar|trainee|"
    r"tech(?:nologist|nician)?|technologist|radiographer|nurse|rn|rad|radiology[ ]resident|nm[ ]tech|injected[ ]by|scanned[ ]by|"
    r"performed[ ]by|acquired[ ]by|imaged[ ]by|staff|operator|"
    r"(?:electronically[ ]|digitally[ ]|e-?)?(?:signed|authenticated|verified|approved|finali[sz]ed|validated|authori[sz]ed|released|"
    r"attested)(?:[ ](?:off|electronically|and[ ]\w+))?(?:[ ](?:by|per))?|"
    r"(?:dict(?:ated)?|typed|transcribed|trans(?:criptionist)?|transcriptionist|interpreted|interp|read|reported|prepared|written|"
    r"entered|reviewed|compiled|edited|checked|co-?signed|cosigner|drafted|reader|author|over-?read)(?:[ ]by|[ ]and[ ]\w+[ ]by)?|"
    r"dictator|signature|signer|sign(?:ing)?|"
    r"cc|c\.c\.?|bcc|copy[ ]to|copies[ ]to|copies|attn|attention|to|from|fao|dear|re|regarding|contact|next[ ]of[ ]kin|nok|spouse|"
    r"mother|father|guardian|emergency[ ]contact|caller|notified|called[ ]to|"
    r"navn|name[ ]des[ ]patienten|nom|nombre|paciente|họ[ ]tên|họ[ ]và[ ]tên|bệnh[ ]nhân|bác[ ]sĩ|befundet[ ]von|patienten|cpr-navn)"
)
_LABEL = re.compile(rf"(?<![\w-]){_ROLE}\s*(?:\(s\))?\s*(?::|=|#(?!\d)|-(?=\s)|–)\s*", re.IGNORECASE)
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
    r"care\s+of|c/o|tel|under|by|with|and|thank|thanks|hi|hello|from|to|of|re)),?\s*:?\s*(?:the\s+)?(?:oncologist\s+|physician\s+|"
    r"surgeon\s+|resident\s+|nurse\s+|referrer\s+)?$",
    re.IGNORECASE,
)
# Of those, the ones that any capitalised word may follow: there only an unknown word or a common name counts.
_WEAK_LEAD = re.compile(
    r"\b(?:under|by|with|and|from|to|of|for|per|re|tel|called|patient|regards?|given|obtained|seen|treated|administered|supplied)\s*$",
    re.IGNORECASE,
)
_PERSON_VERB = re.compile(
    r"\s+(?:called|notified|informed|reported|reports|requested|asked|phoned|agreed|agrees|acknowledged|recommended|recommends|"
    r"reviewed|dictated|signed|stated|states|paged|tolerated|denies|denied|presented|presents|"
    r"confirmed|confirms|will|underwent|returned|attended|complains|noted|verbalized|understood|read\s+back|repeated|received|"
    r"was\s+(?:notified|informed|called|paged|injected|imaged|seen|referred|scanned|admitted))\b"
)
_STRONG_LEAD = re.compile(
    r"\b(?:dictated|signed|typed|transcribed|interpreted|read|reported|reviewed|verified|approved|authenticated|"
    r"performed|injected)\s+by\s*$",
    re.IGNORECASE,
)
_HEADER_ID = re.compile(
    r"(?:\b(?:MRN|MR#|DOB|D\.O\.B|born|Acc(?:ession)?|Unit\s+no|Hosp(?:ital)?\s+no|NHS|Patient\s+ID|record|Age|Sex|Tech|Visit|"
    r"scanned|performed|exam\s+date)\b|\d{5,}|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\b[A-Z]{1,4}-?\d{3,})",
    re.IGNORECASE,
)


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
            and WORD.match(text, _skip(text, match.end() + (1 if low == "st" and dotted else 0)))
            and (word.islower() or full == 0 or low not in {"do", "i", "e"})
        ):
            following = WORD.match(text, _skip(text, match.end() + (1 if low == "st" and dotted else 0)))
            if following is None or not (following.group()[0].isupper() or following.group().lower() in PARTICLES):
                break
            position, words = following.start(), words + 1
            continue
        if not words and low in PARTICLES and low not in {"do", "i", "e", "te", "st"}:
            following = WORD.match(text, _skip(text, match.end()))
            if (
                following is not None
                and (following.group()[0].isupper() or following.group() in PARTICLES)
                and (word[0].isupper() or len(low) > 1)
            ):
                position, words = following.start(), words + 1
                continue
        if len(word) == 1 or (len(word) == 2 and word.isupper() and dotted is False and full and low not in _STOP and not is_word(word)):
            if not word[0].isupper() or (len(word) == 1 and full == 0 and not dotted and not _name_follows(text, match.end())):
                break
            end = match.end() + (1 if dotted else 0)
            words += 1
            position = end if dotted and text[end : end + 1].isupper() else _skip(text, end)
        else:
            if not _acceptable(text, match, first=full == 0 or match.start() == forename, lower=lower):
                break
            shouting = word.isupper()
            end = match.end()
            if low in {"jr", "sr"} and dotted:
                end += 1
            full, words = full + 1, words + 1
            position = _skip(text, end)
        if text[end : end + 1] == "," and not comma and full == 1 and words <= 3:
            following = WORD.match(text, _skip(text, end + 1))
            if following is not None and _is_forename(text, following, shouting, known_only=known_only):
                position = forename = following.start()
                comma = True
                continue
            suffix = following is not None and following.group().lower() in _SUFFIXES
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


def _skip(text: str, position: int) -> int:
    """Skip the blanks that may stand inside a name (HIS exports pad with several)."""
    match = re.compile(r"[ \t\u00a0]{1,3}").match(text, position)
    return match.end() if match else position


def _name_follows(text: str, position: int) -> bool:
    following = WORD.match(text, _skip(text, position))
    while following is not None and following.group().lower() in PARTICLES and len(following.group()) > 1:
        following = WORD.match(text, _skip(text, following.end()))
    if following is not None and len(following.group()) == 1 and following.group().isupper():
        return _name_follows(text, following.end() + (text[following.end() : following.end() + 1] == "."))
    return following is not None and len(following.group()) > 1 and following.group()[0].isupper() and may_be_name(following.group())


def _is_forename(text: str, match: re.Match[str], shouting: bool, *, known_only: bool) -> bool:
    """Tell ``Ostrander, J.`` and ``GRUNDY, ALASDAIR P`` from ``Baker, MD`` and ``Tallow, scanned``."""
    word = match.group()
    if not word[0].isupper() or re.compile(rf"{_CREDENTIAL}(?![^\W_])").match(text, match.start()):
        return False
    if _stops(text, match) or word.lower() in _SUFFIXES:
        return False
    if len(word) == 1:
        return True
    if word.isupper() and not shouting and len(word) < 5:
        return False
    return may_be_name(word) or not known_only


# Months that are given names as well; a date goes on with a number.
_MONTH_NAMES = frozenset({"april", "may", "june", "august"})


def _stops(text: str, match: re.Match[str]) -> bool:
    """Say whether a word ends a name: a label, a title, a month that is none of ``HALL, APRIL MAY``."""
    low = match.group().lower()
    return low in _STOP and not (low in _MONTH_NAMES and not re.match(r"\.?,?\s*['’]?\d", text[match.end() : match.end() + 6]))


def _acceptable(text: str, match: re.Match[str], *, first: bool, lower: bool) -> bool:
    word = match.group()
    low = word.lower()
    if not first and low in _SUFFIXES:
        return True
    if _stops(text, match) or re.match(r"\s?[:#=]|-?\d", text[match.end() : match.end() + 2]):
        return False
    if not first and re.compile(rf"{_CREDENTIAL}(?![^\W_])").fullmatch(word):
        return False
    if word.isupper() and len(word) < 5 and low not in _SUFFIXES and not is_person_name(word):
        # Abbreviations are no names, except beside other words in capitals.
        neighbour = (
            WORD.search(text, match.end(), match.end() + 20) if first else WORD.search(text[max(0, match.start() - 12) : match.start()])
        )
        family = first and text[match.end() : match.end() + 1] == ","  # NAME: HALL, APRIL
        if (
            neighbour is None
            or not neighbour.group().isupper()
            or (is_word(word) and not family and low not in _MONTH_NAMES | GIVEN_NAMES | FAMILY_NAMES)
        ):
            return False
    if word[0].islower():
        return lower and not is_word(word) and len(word) > 2
    if first:
        return True
    if low in COMMON_WORDS and word.isupper():
        return low not in {"on", "in", "at", "by", "to", "an", "as", "it", "is", "or", "be", "do", "his", "her", "so", "can"}
    # In lines of capitals a surname that is an eponym ("STEPHEN J PAGET") is told by being no plain word of reports.
    return may_be_name(word) or (word[0].isupper() and not word.isupper()) or (len(word) > 3 and is_proper(word))


def find_names(text: str) -> Iterator[PhiSpan]:
    """Find names by label, title, credential, signature and header line."""
    yield from _by_title(text)
    yield from _by_label(text)
    yield from _by_bare_label(text)
    yield from _by_credential(text)
    yield from _by_lead(text)
    yield from _by_header_line(text)
    yield from _by_description(text)
    yield from _by_comma(text)
    yield from _by_caret(text)
    yield from _by_role(text)


def find_titled(text: str) -> Iterator[PhiSpan]:
    """Find names after an unmistakable title or before a credential that no dictionary explains, for the leak scan."""
    for span in (*_by_title(text), *_by_credential(text)):
        if all(may_be_name(match.group()) and len(match.group()) > 2 for match in WORD.finditer(text, span.start, span.end)):
            yield span


def _by_title(text: str) -> Iterator[PhiSpan]:
    for match in _TITLE.finditer(text):
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
    for match in _TITLE_LOWER.finditer(text):
        end = read_name(text, match.end(), lower=True)
        if end is not None:
            yield PhiSpan(match.end(), end, "NAME")


def _by_label(text: str) -> Iterator[PhiSpan]:
    for match in _LABEL.finditer(text):
        start = match.end()
        for _ in range(4):
            title = _TITLE.match(text, start) or _TITLE_LOWER.match(text, start)
            start = title.end() if title else start
            end = read_name(text, start, lower=True, known_only=_general_label(match.group()))
            if end is None:
                break
            yield PhiSpan(start, end, "NAME")
            after = re.compile(rf"(?:\s*,?\s*\(?{_CREDENTIAL}\)?(?![^\W_]))*\s*(?:[,;/&]|\band\b)\s*").match(text, end)
            if after is None:
                break
            start = after.end()
            if not _person_like(text, start):
                break


# NAME Quill, Jasper R: the label and the comma make a name even of plain words.
_BARE_LABEL = re.compile(
    rf"(?:^|(?<=[ \t]{{2}}))[ \t]*(?:NAME|Name|PATIENT|Patient|PT|Pt)[ ]{{1,3}}(?=[{UPPER}][\w'’-]+,[ ]?[{UPPER}])", re.MULTILINE
)


def _by_bare_label(text: str) -> Iterator[PhiSpan]:
    for match in _BARE_LABEL.finditer(text):
        end = read_name(text, match.end())
        if end is not None:
            yield PhiSpan(match.end(), end, "NAME")


def _general_label(label: str) -> bool:
    """Labels that words other than names follow as often ("To:", "Re:", "Reported:", "Attending: none")."""
    return bool(
        re.match(
            r"(?!.*(?:\bby\b|name|physician|provider|doctor|\bdr\b))(?:to|from|re|regarding|read|reported|reviewed|checked|prepared|"
            r"written|entered|subject|contact|sign|copies|copy\s+to|ref|referral|request|requested|order|ordered|author|staff|rad|md|"
            r"rn|attention|called|patient|pt|primary|nuclear|family|"
            r"consulting|treating|performed|nom)\b",
            label,
            re.IGNORECASE,
        )
    )


def _person_like(text: str, start: int) -> bool:
    title = _TITLE.match(text, start)
    match = WORD.match(text, title.end() if title else start)
    return match is not None and match.group()[0].isupper() and may_be_name(match.group()) and match.group().lower() not in _STOP


def _by_credential(text: str) -> Iterator[PhiSpan]:
    """``Caspian Deauville, MD``: walk back over the words of the name before a credential."""
    for match in re.finditer(rf",\s*{_CREDENTIAL}(?![^\W_])|(?<=[^\W\d_])\s+\(?{_CREDENTIAL}(?![^\W_])", text):
        start = _read_back(text, match.start(), strict="," not in match.group())
        if start is not None:
            yield PhiSpan(start, match.start(), "NAME")


def _read_back(text: str, end: int, *, strict: bool) -> int | None:
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
        if not word[0].isupper() or low in _STOP:
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
            and not (len(match.group()) == 1 and _name_follows(text, match.end() + (text[match.end() : match.end() + 1] == ".")))
        ):
            continue
        end = read_name(text, match.start(), known_only=True)
        if end is None or is_eponym(text, match.start(), end):
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
        if joint is None or not _person_like(text, joint.end()):
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
        yield PhiSpan(*match.span(), "NAME")


_CLINICIAN = (
    r"(?:surgeons?|physicians?|\w+ologists?|residents?|fellow|nurse|registrar|consultant|practitioner|clinician|doctor|technologist|"
    r"radiographer|trainee|referrer|oncologist|attending|provider|dietitian|navigator|coordinator|secretary|interpreter|chaplain|"
    r"pharmacist|paramedic|caregiver|carer|physicist|midwife|dentist|therapist)"
)
_APPOSITION = re.compile(
    rf",\s+(?:(?:the|our|his|her|their|an?)\s+)(?:(?!(?:is|was|and|or|of|in|on|with)\b)[a-z-]+\s+){{0,3}}?{_CLINICIAN}\b|"
    rf"\s*\((?:the\s+|her\s+|his\s+)?(?:[a-z-]+\s+){{0,2}}?(?:{_CLINICIAN}|brother|sister|son|daughter|wife|husband|mother|father|"
    rf"spouse|partner|neighbou?r|friend|aunt|uncle|niece|nephew|cousin|guardian|grand(?:son|daughter|mother|father)|next of kin)\b",
)


def _by_role(text: str) -> Iterator[PhiSpan]:
    """``Virchow, the referring surgeon``: the role behind a name tells that a person is meant, be the name an eponym or not."""
    for match in _APPOSITION.finditer(text):
        start = _read_back(text, match.start(), strict=False)
        if start is None:
            continue
        words = [found.group() for found in WORD.finditer(text, start, match.start()) if len(found.group()) > 1]
        if any(is_proper(word) or word.lower() in COMMON_WORDS for word in words):
            yield PhiSpan(start, match.start(), "NAME")


def _by_comma(text: str) -> Iterator[PhiSpan]:
    """``HOLLOWAY,GRETCHEN A`` and ``Ostrander, Judith``: a family name, a comma and a given name."""
    for match in re.finditer(rf"(?<![\w-])[{UPPER}][^\W\d_'’-]*(?:['’-][^\W\d_]+)*,[ ]?(?=[{UPPER}])", text):
        family = match.group().rstrip(" ,")
        given = WORD.match(text, match.end())
        if given is None or not may_be_name(family) or family.lower() in _STOP or len(family) < 2:
            continue
        known = given.group().lower() in GIVEN_NAMES and not is_word(given.group())
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
    r"yr|year|old|patient|gentleman|lady|woman|man|male|female|boy|girl|with|who|\w)",
)


def _by_description(text: str) -> Iterator[PhiSpan]:
    """``Rose Fields is a 58-year-old woman``: the description tells that even plain words are a name."""
    for match in _DESCRIBED.finditer(text):
        start = _read_back(text, match.start(), strict=False)
        if start is not None and text[start : match.start()].lower() not in _STOP and len(WORD.findall(text[start : match.start()])) >= 2:
            yield PhiSpan(start, match.start(), "NAME")


def _by_header_line(text: str) -> Iterator[PhiSpan]:
    """``Saoirse Blumenkrantz, HX77-10023, 9 Feb 2024``: a name in a line that also holds a number of the patient or a date."""
    for line in re.finditer(r"[^\r\n]+", text):
        content = line.group()
        if not _HEADER_ID.search(content) or re.search(r"\bSUV|\bslice|\bimage\b", content, re.IGNORECASE):
            continue
        for start in _field_starts(content):
            absolute = line.start() + start
            if not re.match(rf"[{UPPER}]", text[absolute : absolute + 1]):
                continue
            end = read_name(text, absolute, known_only=True)
            if end is None or end > line.end():
                continue
            words = [m.group() for m in WORD.finditer(text, absolute, end) if len(m.group()) > 1]
            named = [word for word in words if may_be_name(word)]
            if (
                len(words) >= 2
                and (named or ("," in text[absolute:end] and not all(is_report_word(word) for word in words)))
                and not is_eponym(text, absolute, end)
                and re.match(r"\s*(?:[,;|/(.\t-]|$|\s{2,}|\n|_x000D_|\d|[A-Z#]{2,}|\s[/–—-])", text[end : end + 8])
            ) and (
                all(not is_word(word) or word.lower() in COMMON_WORDS for word in words)
                or (text[end : end + 1] in ",;|(" or "," in text[absolute:end] or not text[end : line.end()].strip())
            ):
                yield PhiSpan(absolute, end, "NAME")


def _field_starts(content: str) -> list[int]:
    starts = [len(content) - len(content.lstrip())]
    starts += [match.end() for match in re.finditer(r"[|;,.(]\s+|\s{2,}|\t|:\s+|\s[/–—-]\s+", content)]
    bare = re.match(r"\s*(?:pt|pat|patient|client|name)\b[.:]?\s+", content, re.IGNORECASE)
    if bare is not None:
        starts.append(bare.end())
    return starts


def find_unknown(text: str) -> Iterator[PhiSpan]:
    """Find capitalised words of running text that no dictionary knows or that are common names, and that no eponym rule keeps."""
    english = is_english(text, default=True)
    for line in re.finditer(r"[^\r\n]+", text):
        letters = [char for char in line.group() if char.isalpha()]
        if not letters or sum(char.isupper() for char in letters) > 0.6 * len(letters):
            continue
        if is_english(line.group(), default=english):
            yield from _unknown_in_line(text, line.start(), line.end())


def _unknown_in_line(text: str, line_start: int, line_end: int) -> Iterator[PhiSpan]:
    position = line_start
    plain = [
        m.group()
        for m in WORD.finditer(text, line_start, line_end)
        if len(m.group()) > 3
        and (m.group().islower() or m.group().lower() in REPORT_WORDS)
        and not _starts_sentence(text, line_start, m.start())
    ]
    titled = len(plain) > 2 and sum(word[0].isupper() for word in plain) > 0.5 * len(plain)
    for match in WORD.finditer(text, line_start, line_end):
        if match.start() < position:
            continue
        word = match.group()
        if len(word) == 2 and not (
            may_be_name(word) and _name_follows(text, match.end()) and not text[match.end() + 1 : match.end() + 3].isupper()
        ):
            continue
        if len(word) < 2 or not word[0].isupper() or word.isupper() or not has_name_shape(word):
            continue
        if text[match.start() - 1 : match.start()].isalnum() or re.match(r"\s*[:#=]|[\s-]?\d", text[match.end() : match.end() + 3]):
            continue
        if (word.lower() in COMMON_WORDS and word.lower() not in GIVEN_NAMES) or word.lower() in _STOP:
            continue
        initial = re.search(rf"(?<![\w])(?:[{UPPER}]\.[ ]?){{1,3}}$", text[max(line_start, match.start() - 8) : match.start()])
        first = _starts_sentence(text, line_start, match.start()) and not initial
        if not (may_be_name(word) or (not first and not titled and is_proper(word))):
            continue
        end = read_name(text, match.start(), known_only=True)
        if end is None:
            continue
        words = [m.group() for m in WORD.finditer(text, match.start(), end) if len(m.group()) > 1]
        if word.lower() in COMMON_WORDS and not (len(words) > 1 and words[1][0].isupper() and is_proper(words[1])):
            continue
        position = end
        if (len(words) == 1 and first and not is_person_name(word)) or is_eponym(text, match.start(), end):
            continue
        start = match.start() - len(initial.group()) if initial else match.start()
        if not initial and not titled and not first:
            start = _with_qualifier(text, line_start, start)
        yield PhiSpan(start, end, "NAME")


def _with_qualifier(text: str, line_start: int, start: int) -> int:
    """Take in the capitalised plain word before a proper noun inside a sentence ("Lower Marston")."""
    before = re.search(rf"(?<![\w-])(?P<word>[{UPPER}][^\W\d_]+)[ ]$", text[max(line_start, start - 20) : start])
    if before is None or before["word"].isupper() or before["word"].lower() in _STOP:
        return start
    at = start - len(before.group())
    return start if _starts_sentence(text, line_start, at) else at


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


def _starts_sentence(text: str, line_start: int, start: int) -> bool:
    before = text[line_start:start]
    return not before.strip(" \t-•*0123456789.)(") or bool(re.search(r"[.!?:;]\s*[\"'(]?$", before))


def in_name_place(text: str, start: int, end: int) -> bool:
    """Say whether a capitalised plain word stands where a name would: inside a sentence, or before a verb of persons.

    Lines in capitals and sentence starts tell nothing; there only a person's verb or a possessive does.
    """
    if re.match(r"['’]s\s", text[end : end + 3]) or _PERSON_VERB.match(text, end):
        return True
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    line = text[line_start : line_end if line_end >= 0 else len(text)]
    letters = [char for char in line if char.isalpha()]
    if sum(char.isupper() for char in letters) > 0.6 * len(letters) or _starts_sentence(text, line_start, start):
        return False
    following = WORD.match(text, _skip(text, end))
    return following is None or not following.group()[0].isupper()


def is_english(text: str, *, default: bool) -> bool:
    """Say whether most lower-case words are in the English dictionary; `default` for stretches with too few words to tell.

    In other languages nearly every word is unknown, so being unknown says nothing there.
    """
    words = [match.group() for match in WORD.finditer(text) if len(match.group()) > 1 and match.group().islower()]
    if len(words) < 6:
        return default
    return sum(map(is_word, words)) > 0.5 * len(words)
