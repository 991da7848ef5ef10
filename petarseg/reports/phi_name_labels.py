"""Personal names by the label of a header or footer field, and in header lines without labels."""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.phi_eponyms import is_eponym
from petarseg.reports.phi_lexicon import COMMON_WORDS, is_report_word, is_word, may_be_name
from petarseg.reports.phi_name_reader import CREDENTIAL, TITLE, TITLE_LOWER, UPPER, WORD, person_like, read_name
from petarseg.reports.phi_span import PhiSpan

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
_HEADER_ID = re.compile(
    r"(?:\b(?:MRN|MR#|DOB|D\.O\.B|born|Acc(?:ession)?|Unit\s+no|Hosp(?:ital)?\s+no|NHS|Patient\s+ID|record|Age|Sex|Tech|Visit|"
    r"scanned|performed|exam\s+date)\b|\d{5,}|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\b[A-Z]{1,4}-?\d{3,})",
    re.IGNORECASE,
)


def by_label(text: str) -> Iterator[PhiSpan]:
    """``Ordering provider: Vole, Renata``: what follows a label of persons, up to four names."""
    for match in _LABEL.finditer(text):
        start = match.end()
        for _ in range(4):
            title = TITLE.match(text, start) or TITLE_LOWER.match(text, start)
            start = title.end() if title else start
            end = read_name(text, start, lower=True, known_only=_general_label(match.group()))
            if end is None:
                break
            yield PhiSpan(start, end, "NAME")
            after = re.compile(rf"(?:\s*,?\s*\(?{CREDENTIAL}\)?(?![^\W_]))*\s*(?:[,;/&]|\band\b)\s*").match(text, end)
            if after is None:
                break
            start = after.end()
            if not person_like(text, start):
                break


# NAME Quill, Jasper R: the label and the comma make a name even of plain words.
_BARE_LABEL = re.compile(
    rf"(?:^|(?<=[ \t]{{2}}))[ \t]*(?:NAME|Name|PATIENT|Patient|PT|Pt)[ ]{{1,3}}(?=[{UPPER}][\w'’-]+,[ ]?[{UPPER}])", re.MULTILINE
)


def by_bare_label(text: str) -> Iterator[PhiSpan]:
    """``NAME Quill, Jasper R``: a label without colon, where the comma tells."""
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


def by_header_line(text: str) -> Iterator[PhiSpan]:
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
