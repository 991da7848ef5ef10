"""How far a finding reaches: a span that stops short leaves as much behind as none.

Detectors recognise the telling part ("Valley Cancer Institute", "Hoogenband", "118830"); here it grows to the whole of what is written in
one go ("Sarasvati Valley Cancer Institute & Research Centre", "van der Hoogenband", "NM-PET-02/SN118830"), never into a measurement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from petarseg.reports.phi_lexicon import is_proper, is_report_word, is_word
from petarseg.reports.phi_name_reader import NAME_STOP, UPPER
from petarseg.reports.phi_span import PhiSpan, merge, overlaps
from petarseg.reports.phi_vocabulary import words

_NUMBERS = frozenset({"MRN", "ACCESSION", "OTHER_ID", "DEVICE_ID", "PHONE"})
_PLACES = frozenset({"HOSPITAL", "LOCATION"})
_REST = re.compile(r"(?:[A-Za-z\d]|[-_./^](?=[A-Za-z\d])|\([A-Za-z\d]\))*")
_FRONT = re.compile(r"(?:[A-Z\d]{1,6}[-_./])+$|[A-Z]{1,4}$")
_PARTICLES = re.compile(
    r"(?<![\w'’-])(?:(?:van|von|der|den|de|del|della|di|da|dos|das|du|des|la|le|el|al|bin|bint|ibn|ben|ten|ter|zu|zur|vom|af|"
    r"st\.|mac|mc|op|t')[ ]){1,3}$",
    re.IGNORECASE,
)
_INSTITUTION_TAIL = words("institution_tail")
_TAIL_WORD = re.compile(
    rf"[ ]{{1,2}}(?:(?:&|and|of|for|at|in|de|des|du|der|the|y|e|et)[ ])*(?P<word>[{UPPER}][\w'’&/.-]*)|,[ ](?P<suffix>(?:PLLC|"
    rf"LLC|LLP|Inc|Ltd|GmbH|PC|PA|BV)\b\.?)"
)
_HEAD_WORD = re.compile(rf"(?:^|(?<=[\s(,]))(?P<word>[{UPPER}][\w'’.&-]*)[ ](?:(?:&|and|of|de|des|du|der|the)[ ])?$")
_PLACE_GLUE = re.compile(r"[ ]?(?:[ ,&/–-]|\bof\b|\bde\b|\bdes\b|\bdu\b|\bder\b)[ ]?|,[ ]{1,2}|[ ]\([ ]?")
_HOUSE_NUMBER = re.compile(
    r"(?:(?<![\w.,/-])(?:No\.?[ ]|Plot[ ]|Unit[ ]|Lot[ ]|Level[ ]|Block[ ]|Blk[ ]|House[ ]|Flat[ ]|Shop[ ]|"
    r"#)?\d{1,5}[A-Za-z]?(?:[-/]\d{1,4})?,?[ ])$"
)
_POSTCODE = re.compile(
    r"\)?,?[ ]{1,2}(?:[A-Z]{1,3}[ ]{1,2})?(?:\d{3,6}(?:[- ]?\d{3,4})?(?:[ ][A-Z]{2})?|[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}|"
    r"[A-Z]\d[A-Z][ ]?\d[A-Z]\d)(?![\w/:.-])"
)


def grown(text: str, spans: Iterable[PhiSpan], guard: Sequence[tuple[int, int]]) -> list[PhiSpan]:
    """Let spans reach to the ends of what they are part of, and join the parts of one address or institution.

    Parameters
    ----------
    text : str
        The report.
    spans : iterable of PhiSpan
        Findings, disjoint and in order.
    guard : sequence of (int, int)
        Measurements; no span grows into one.

    Returns
    -------
    list of PhiSpan
        Disjoint, in order.
    """
    grown_spans = []
    for span in spans:
        wider = span
        if span.type in _NUMBERS:
            wider = _whole_token(text, span)
        elif span.type == "NAME":
            wider = _with_particles(text, span)
        elif span.type == "HOSPITAL":
            wider = _whole_institution(text, span)
        elif span.type == "LOCATION":
            wider = _whole_address(text, span)
        touches = overlaps(wider.start, span.start, guard) or overlaps(span.end, wider.end, guard)
        grown_spans.append(span if touches else wider)
    return _glued(text, merge(grown_spans))


def _whole_token(text: str, span: PhiSpan) -> PhiSpan:
    start, end = span.start, span.end
    if text[end - 1].isalnum():
        rest = _REST.match(text, end)
        end = rest.end() if rest else end
    if text[max(0, start - 1) : start] == "#":
        start -= 1
    prefix = re.search(r"(?<![\w-])([A-Z]{2,5})[ ]$", text[max(0, start - 7) : start])
    if prefix is not None and span.type != "PHONE" and not is_word(prefix[1]) and prefix[1].lower() not in _TAKEN:
        start -= len(prefix.group())
    front = _FRONT.search(text, max(0, start - 24), start)
    if (
        front is not None
        and not text[front.start() - 1 : front.start()].isalnum()
        and (front.group()[-1] in "-_./" or text[start].isdigit())
    ):
        start = front.start()
    return PhiSpan(start, end, span.type)


def _with_particles(text: str, span: PhiSpan) -> PhiSpan:
    before = _PARTICLES.search(text, max(0, span.start - 16), span.start)
    login = re.compile(r"(?:[._][a-z\d]+)+\b|_\w+|\d+\b").match(text, span.end)
    return PhiSpan(span.start if before is None else before.start(), span.end if login is None else login.end(), "NAME")


def _whole_institution(text: str, span: PhiSpan) -> PhiSpan:
    start, end = span.start, span.end
    while (after := _TAIL_WORD.match(text, end)) is not None:
        word = (after["word"] or after["suffix"]).strip(".,").lower()
        if word not in _INSTITUTION_TAIL and not (word not in NAME_STOP and is_proper(word) and "." not in after.group()[:-1]):
            break
        end = after.start() + len(after.group().rstrip(".,:;"))
        if after.group().endswith((".", ",", ":", ";")):
            break
    for _ in range(4):
        line_start = text.rfind("\n", 0, start) + 1
        before = _HEAD_WORD.search(text[line_start:start])
        if (
            before is None
            or before["word"].strip(".").lower() in _GENERIC
            or before["word"].strip(".").lower() in NAME_STOP
            or is_report_word(before["word"])
        ):
            break
        start = line_start + before.start("word")
    return PhiSpan(start, _address_tail(text, end), "HOSPITAL")


# ", Suite 4, Old Mill Road, Elora ON N0B 1S0": capitalised words and numbers between commas up to the end of the field.
_ADDRESS_TAIL = re.compile(
    rf"(?:,[ ]{{1,2}}(?!(?:MD|DO|PhD|RN|NP|FRCR)\b)(?:[{UPPER}\d#(][\w#'’.()-]*|&)(?:[ ](?:[{UPPER}\d#(][\w#'’.()-]*|of|the|de|"
    rf"la|du|des|le|am|an|der|&))*)+(?=[ ]*(?:$|[;)|]|[.](?:[ ]|$)|[ ]{{2}}|_x000D_))",
    re.MULTILINE,
)


def _address_tail(text: str, end: int) -> int:
    tail = _ADDRESS_TAIL.match(text, end)
    if (
        tail is None
        or len(tail.group()) > 90
        or re.search(
            r"\b(?:PET|CT|MRI|SUV\w*|MD|DOB|MRN|Dr|Prof|Tel|Ph|Fax|image|"
            r"slice)\b",
            tail.group(),
        )
    ):
        return end
    found = re.findall(r"[^\W\d_]{3,}", tail.group())
    telling = any(is_proper(word) for word in found) or (re.search(r"\d{3}", tail.group()) is not None)
    return tail.end() if telling else end


_TAKEN = words("initials_taken") | {"mrn", "acc", "dob", "ssn", "nhs", "npi", "gmc", "uid", "csn", "fin", "ref", "tel", "fax", "ext", "req"}
_GENERIC = words("institution_generic")


def _whole_address(text: str, span: PhiSpan) -> PhiSpan:
    number = _HOUSE_NUMBER.search(text, max(0, span.start - 20), span.start)
    start = number.start() if number is not None else span.start
    code = _POSTCODE.match(text, span.end)
    end = _address_tail(text, code.end() if code is not None else span.end)
    return PhiSpan(start, end, "LOCATION")


def _glued(text: str, spans: Sequence[PhiSpan]) -> list[PhiSpan]:
    """Join neighbours of which one is a place: "AZ" and "Sint-Godelieve", street and town."""
    out: list[PhiSpan] = []
    for span in spans:
        last = out[-1] if out else None
        if last is not None and _one_place(text, last, span):
            kind = "HOSPITAL" if "HOSPITAL" in (last.type, span.type) and last.type != "LOCATION" else "LOCATION"
            out[-1] = PhiSpan(last.start, span.end, kind)
        else:
            out.append(span)
    return out


def _one_place(text: str, last: PhiSpan, span: PhiSpan) -> bool:
    gap = text[last.end : span.start]
    if last.type not in _PLACES and span.type not in _PLACES:
        return False
    if {last.type, span.type} == {"LOCATION"}:
        return re.fullmatch(r"[ ]?[,;/·•|-]?[ ]{0,2}|,?[ ]?\n|,?[ ]\(|\),?[ ]", gap) is not None
    if {last.type, span.type} <= _PLACES:
        return re.fullmatch(r"[ ]|[ ]?[&/-][ ]?", gap) is not None
    other = span.type if last.type in _PLACES else last.type
    if other == "NAME":
        return _PLACE_GLUE.fullmatch(gap) is not None and "," not in gap and not gap.startswith(" (")
    return other == "OTHER_ID" and last.type == "LOCATION" and re.fullmatch(r",?[ ]", gap) is not None
