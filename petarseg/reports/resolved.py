"""Find the values of lesions that are gone: "The prior node (SUVmax 18.2 on slice 52) is no longer seen"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from petarseg.reports.lexicon import LESION
from petarseg.reports.timing import PRIOR
from petarseg.reports.value import Value

_SEEN = (
    r"(?:seen|visible|visuali[sz]ed|present|identified|identifiable|evident|apparent|demonstrated|demonstrable|appreciated|appreciable"
    r"|detected"
    r"|detectable|discern\w+|delineated|demarcated|distinguish\w+|found|recogni[sz]\w+|measurable|traceable|noted|observed|avid|fdg"
    r"|psma|active"
    r"|hypermetabolic|tracer|dotatate|positive)"
)
_UPTAKE = r"(?:uptake|activity|avidity|metabolism|accumulation|hypermetabolism|expression)"
_FULLY = r"(?:(?:now|since|completely|entirely|fully|totally|all|meanwhile|been|both|almost|nearly|essentially|also|since been)\s)*"
# A statement that what it speaks of is gone.
_GONE = re.compile(
    rf"\b(?:is|are|has|have|was|were|had|now|since|meanwhile)\s{_FULLY}(?:gone|resolved|disappeared|vanished|cleared|normali[sz]ed"
    rf"|regressed"
    r"\s(?:completely|fully|entirely)|involuted|resected|excised|removed|completely responded)\b"
    rf"|\bno longer (?:be )?(?:clearly |definitely |separately |metabolically )?{_SEEN}\b(?!\s?-?\s?(?:enlarged|bulky))"
    rf"|\bno longer (?:shows?|showing|has|have|demonstrat\w+|exhibit\w*|display\w*|takes? up|with"
    rf"|any)\b(?:\s[\w-]+){{0,4}}?\s(?:{_UPTAKE}|tracer|fdg)\b"
    rf"|\b(?:cannot|can not|can't|could not|couldn't|can no longer)\s(?:now\s)?be\s{_SEEN}"
    rf"|\bnot\s(?:be\s)?{_SEEN}\s(?:any\s?more|any\slonger|today|now|at present|currently|on (?:this|the current|the present|today's))\b"
    r"|\b(?:has|have|had)\s(?:now\s|since\s|completely\s)?melted\saway\b|\b(?:today|now)\snot\s(?:visible|seen|avid)\b"
    r"|\bcomplete(?:ly)?\s(?:\w+\s)?(?:response|responded|regression|resolution|disappearance|remission)\b(?!\sof)"
    rf"|\b(?:resolution|disappearance|regression)\b(?!\sof)|(?<!un)\bresolved\b|\bgone\b|\bnot seen today\b",
    re.IGNORECASE,
)
# "Interval resolution of the node (SUVmax 8.1, slice 70)": the lesion is named behind.
_GONE_OF = re.compile(
    r"\b(?:complete|interval|metabolic|near-complete|full|total)\s(?:metabolic\s)?(?:resolution|disappearance|regression|response"
    r"|clearance) of\b",
    re.IGNORECASE,
)
# "No uptake remains in the prior node (SUVmax 8.1, slice 70)".
_NOTHING_LEFT = re.compile(
    r"\b(?:no (?:(?:residual|persistent|persisting|abnormal|significant|definite|remaining|further|appreciable|measurable|fdg|tracer"
    r"|focal|evidence"
    rf"|of|visible|more|longer) ){{0,4}}(?:{_UPTAKE}|disease|lesion|mass|node|abnormality|correlate|trace|remnant|sign|residue)\b"
    r"|nothing (?:is |remains )?(?:left |to be seen )?(?:of|at|in)\b|without (?:any )?(?:residual )?uptake\b)"
    r"[^.;]{0,80}?\b(?:prior|previous|previously|former|formerly|original|originally|initial|initially|earlier|known|treated|baseline"
    r"|remains|had|was)\b",
    re.IGNORECASE,
)
# "... is now photopenic": the end of a lesion only where the values before it are dated to the past.
_NOW_COLD = re.compile(
    r"\b(?:is|are|has become|have become|became|appears?|now|currently)\s(?:(?:now|currently|metabolically|entirely|completely"
    r"|fully)\s)*(?:photopenic|inactive|cold|quiescent"
    r"|non-?\s?avid|not avid|negative|at (?:the )?(?:background|blood pool|liver) ?(?:level)?|isometabolic|indistinguishable|without)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:in (?:January|February|March|April|May|June|July|August|September|October|November|December)|"
    r"prior|previous|previously|former|formerly|initial|initially|original|originally|earlier|baseline|ago|last (?:year|month"
    r"|week|scan|study|pet)"
    r"|pre-?\w*(?:therapy|treatment)|before|diagnosis|tp ?1|had)\b",
    re.IGNORECASE,
)
_PARTLY = re.compile(
    r"\b(?:partial(?:ly)?|partly|mostly|largely|incomplete(?:ly)?|near|nearly|near-|almost|not|yet|un|subtotal\w*)\s?-?\s?$", re.IGNORECASE
)
# What follows a statement and still speaks of the lesion that is gone: "resolved (was SUV 4.5 ...", "; it had SUVmax 9.2".
_LOOKS_BACK = re.compile(
    r"\s*(?:[(\[]|[,;:-]*\s*(?:it |which |that |this )?(?:was|were|had|previously|prior|formerly|earlier|before|from|initial|baseline"
    r"|old|at |SUV|max))",
    re.IGNORECASE,
)
_OTHER = re.compile(r"\b(?:now|today|current\w*|new|except|but|with|residual|remaining|and|while|whereas|though|however)\b", re.IGNORECASE)


def mark_resolved(text: str, start: int, end: int, values: Sequence[Value]) -> None:
    """Mark the values of lesions that ``text[start:end]`` calls gone as prior.

    Parameters
    ----------
    text : str
        Normalised report.
    start, end : int
        The sentence.
    values : sequence of Value
        Its SUVs in text order; `Value.time` is changed in place.
    """
    for match in _GONE.finditer(text, start, end):
        partly = _PARTLY.search(text[max(start, match.start() - 14) : match.start()]) is not None
        for value in () if partly else values:
            if _said_before(text, match.start(), value, values, end) or _said_behind(text, match.end(), value, values):
                value.time = PRIOR
    for match in _GONE_OF.finditer(text, start, end):
        for value in values:
            if 0 < value.start - match.end() < 90 and ";" not in text[match.end() : value.start]:
                value.time = PRIOR
    for match in _NOW_COLD.finditer(text, start, end):
        for value in values:
            if _PAST.search(text[start : match.start()]) and _said_before(text, match.start(), value, values, end):
                value.time = PRIOR
    nothing_left = _NOTHING_LEFT.search(text, start, end)
    for value in values if nothing_left is not None else ():
        if nothing_left is not None and value.start >= nothing_left.end() and not value.said_now:
            value.time = PRIOR


def _said_before(text: str, statement: int, value: Value, values: Sequence[Value], end: int) -> bool:
    """Say whether the statement that begins at `statement` is the predicate of the lesion whose value stands before it."""
    following = next((other.start for other in values if other.start > value.start), end)
    if value.said_now or not value.end <= statement <= following:
        return False
    between = text[value.end : statement]
    return ";" not in between and LESION.search(between) is None


def _said_behind(text: str, statement: int, value: Value, values: Sequence[Value]) -> bool:
    """Say whether the value behind the statement that ends at `statement` still belongs to the lesion that is gone."""
    if value.said_now or value.start < statement or any(statement <= other.start < value.start for other in values):
        return False
    between = text[statement : value.start]
    return _LOOKS_BACK.match(between) is not None and LESION.search(between) is None and _OTHER.search(between) is None
