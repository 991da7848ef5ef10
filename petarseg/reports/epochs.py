"""Tell to which examination a value belongs from the phrase that dates it: "at diagnosis", "before therapy", "TP1", "three months earlier".

`timing` reads single cue words around a number ("previously 8.1", "was 9.7"); here a phrase names a point in time and rules the clause or
bracket that it opens, or the value that it follows. Contexts are written in the symbols of `petarseg.reports.timing`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_STUDY = (
    r"(?:study|studies|exams?|examinations?|scans?|pet / ct|pet - ct|pet|ct|imaging|images|report|visit|evaluation|assessment|time point"
    r"|timepoint)"
)
_THERAPY = (
    r"(?:\w*therap\w+|\w*treatments?|\w*chemo\w*|rx|tx|rt|crt|surgery|operation|resection|\w*ectomy|(?:\w+ )?transplant\w*|asct|sct"
    r"|induction"
    r"|\w*radiation|irradiation|ablation|sbrt|prrt|cycle(?: <x>| #)?|<x>|intervention|biopsy|lutetium|immuno\w*|car - t|start(?: of \w+)?"
    r"|initiation(?: of \w+)?)"
)
_EARLY = (
    r"(?:initial|primary|first|original|previous|prior|last|old|older|outside|external|staging|baseline|diagnostic|interim|earlier"
    r"|preceding"
    r"|former|referring|most recent|comparison|pretreatment|pre - \w+|pre\w*operative|planning)"
)
_MONTH = r"(?:january|february|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|fall|winter)"
_EPOCH = (
    rf"(?:(?:at|on|in|from|of|by|during|per|since)(?: the| her| his| its| that| an?)?(?: time of)?(?: (?:{_EARLY}|the|the time of))*"
    r" (?:diagnosis|presentation|staging|baseline|nadir|work ?- ?up|workup|enrol\w+|inclusion|screening)(?: (?:pet / ct|pet|scan|study"
    r"|exam\w*))?"
    rf"|(?:on|in|at|by|per)(?: the| her| his| its| that)?(?: {_EARLY})+(?: \w+)? {_STUDY}"
    rf"|(?:before|prior to|preceding|pre|antedating)(?: -)?(?: the| any| start of| initiation of| first| her| his)* {_THERAPY}"
    r"|pre(?:treatment|therap\w+|transplant\w*|chemo\w*|op\w*|radiation|rx|tx|ablation|induction|prrt|surg\w+)(?: level| value)?"
    r"|(?:baseline|bl|nadir|diagnosis|staging|pre(?= (?:<suv>|:|#)))"
    rf"|(?:initial|first|original|diagnostic|staging|outside|external|baseline|earlier|preceding|planning) {_STUDY}"
    r"|(?:<x>|(?:\w+ )?\w+ (?:days?|weeks?|months?|years?)) (?:ago|earlier|before|prior|previously|back)(?: to \w+)?"
    rf"|(?:a|one) (?:week|month|year) (?:ago|earlier|before)|last (?:week|month|year|time|visit|{_MONTH})|(?:(?:at|on|in"
    rf"|by)(?: the)? )?<tp>)"
)
# After treatment is the past only where another value is the present.
_LATER_EPOCH = rf"(?:(?:after|following|post)(?: -)?(?: the| \w+)? {_THERAPY}|in {_MONTH}|then)"
_MEASURES = (
    r"(?: (?:<suv>|<sl>|<size>|<date>|\( <date> \)|<x>|<tp>|of|was|were|had|been|an?|the|it|its|max|maximum|values?|level|at|on|in"
    r"|with|:|=|\(|~|and"
    r"|about|approximately|measured|measuring|up to|uptake|activity|showed|demonstrated|,|-|/|\||score|lesion|node|mass))*$"
)
_OPENING = (
    r"(?:^|[,;:(\[|.-] |\b(?:and|but|to|versus|vs|from|with|than) )(?:(?:it|which|this|that|there|lesion|node|mass|the|value|was|were"
    r"|had|is|been|with|a|an|<suv>|of) )*"
)
_LEADS = re.compile(rf"{_OPENING}{_EPOCH}{_MEASURES}")
# "was SUVmax 7.1 on slice 110", a line of its own below its lesion.
_WAS_LINE = re.compile(r"^(?:was|were|had been|formerly|previously)(?: (?:<suv>|max|of|at|:|=))+$")
# "Compared with 2023-01-01 (right hilar node SUVmax 7.7, slice 111)".
_DATED_BRACKET = re.compile(
    r"\b(?:compared (?:to|with)|versus|vs|since|previous|prior|study|scan|exam|pet|report)\b[^#;()]{0,50}<date> \( [^#;()]{0,80}$"
)
# "(07/2023: SUVmax 2.4 and 2.2)".
_DATED = re.compile(r"^(?:\( )?(?:on |in |from )?<date> ?(?::|=|,)?(?: (?:<suv>|max|of|was|=|:|at|on|<sl>|,|it))*$")
_LATER_LEADS = re.compile(rf"{_OPENING}{_LATER_EPOCH}{_MEASURES}")
# "previously intense (SUV 18.2, im 60)".
_ONCE = (
    r"(?:^|[ (])(?:previously|formerly|initially|originally|earlier|once)(?: (?:very|more|quite|also|markedly|strongly|highly|intensely"
    r"|moderately|mildly|clearly|significantly|visibly|much))*(?: (?:fdg|psma|tracer|dotatate|metabolically) -?)? ?(?:intense|avid|hot"
    r"|hypermetabolic|active|bright|strong|positive|elevated|hotter|higher|brighter|enlarged|present|seen|visible|prominent|bulky)"
)
_MEASURE = r"(?: (?:an?|<suv>|of|max|<sl>|,|:|=|at|on))*$"
_ONCE_INTENSE = re.compile(rf"{_ONCE}(?: uptake| activity)? (?:\(|with|at|<suv>){_MEASURE}")
# "of an initially bulky mass (SUVmax 15.5": alone, the values of a lesion that was bulky may be the current ones.
_ONCE_BULKY = re.compile(rf"{_ONCE} (?:[a-z]+ ){{1,3}}\({_MEASURE}")
_BEHIND = r"(?:g )?(?:[),] )?(?:,? ?(?:\( )?(?:on |at |in )?<sl>(?: \))?)? ?[,(]? ?"
_TRAILS = re.compile(rf"{_BEHIND}{_EPOCH}(?= (?:[,;).|]|and\b|but\b|is\b|has\b|are\b|have\b)|$)(?! (?:{_MEASURES[4:-3]})* ?#)")
_PART_ENDS = frozenset((";", "|"))


def lead_in(symbols: Sequence[str], index: int) -> str:
    """Return what stands between the beginning of the value's clause, bracket or table cell and the value."""
    depth = 0
    for position in range(index - 1, -1, -1):
        symbol = symbols[position]
        if symbol in (")", "]"):
            depth += 1
        elif symbol in ("(", "["):
            if depth == 0:
                return " ".join(symbols[position:index])
            depth -= 1
        elif depth == 0 and symbol in _PART_ENDS:
            return " ".join(symbols[position:index])
    return " ".join(symbols[:index])


def is_earlier(left: str, lead: str, right: str) -> bool:
    """Say whether a phrase dates the value to an earlier examination.

    Parameters
    ----------
    left : str
        The words just before the value.
    lead : str
        From `lead_in`.
    right : str
        What follows the value.
    """
    return (
        any(pattern.search(lead) is not None for pattern in (_LEADS, _DATED, _WAS_LINE))
        or any(pattern.search(left) is not None for pattern in (_ONCE_INTENSE, _DATED_BRACKET))
        or _TRAILS.match(right) is not None
    )


def is_perhaps_earlier(left: str, lead: str) -> bool:
    """Say whether a phrase dates the value to an examination that is an earlier one if another value is given too."""
    return _LATER_LEADS.search(lead) is not None or _ONCE_BULKY.search(left) is not None
