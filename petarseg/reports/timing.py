"""Tell current from prior and delayed values by the words around a number.

The cues are regular expressions over a sentence written in symbols: ``<suv>`` for an SUV keyword, ``#`` for a number, ``<sl>`` for a
slice mention, ``<date>``, ``<size>``, ``<x>`` for other figures, and every other word as it stands. A left context ends just before the
number, a right context starts just behind it.
"""

from __future__ import annotations

import re

# --- vocabulary ---
PRIOR_WORD = (
    r"(?:prev(?: \.)?|"
    r"previous|previously|prior|priors|formerly|(?<!the )former|earlier|initial|initially|originally|original|baseline|pretreatment|"
    r"pre - treatment|pretherapy|pre - therapy|"
    r"pre - (?:rx|tx|rt|op|chemo\w*)|pre(?:rx|tx)|interim|old|historical|historic|last|preceding|before|used to be|had been|having been|"
    r"outside|comparison|staging|nadir)"
)
_STUDY = r"(?:study|studies|exam|exams|examination|scan|scans|pet|ct|imaging|images?|report|date|time)"
# What may stand between a cue and its number.
_BETWEEN = (
    rf"(?: (?:of|was|were|had|been|being|be|having|at|the|a|an|its|that|values?|level|<suv>|max|maximum|<sl>|<date>|on|in|measured|"
    rf"measuring|measurements?|{_STUDY}|showed|to|about|approximately|approx|up|:|=|~|\(|and|reported|recorded|with|uptake|activity|"
    rf"intensity|reaching|<size>|size|diameter|x|/|-|as|high|<x>|g|respectively|were|only|just|dated))*$"
)
_MEASURE = (
    r"(?: (?:an?|the|its|<suv>|of|max|maximum|values?|at|about|approximately|peak|up|to|~|:|=|only|<date>|previously|prior"
    r"|previous))*$"
)
# Words after which "previously" speaks of the lesion, not of the number: "seen previously: SUVmax 5.5".
_NOT_AFTER = "".join(
    f"(?<!{word} )"
    for word in (
        "from",
        "since",
        "than",
        "seen",
        "noted",
        "described",
        "present",
        "identified",
        "biopsied",
        "treated",
        "known",
        "reported",
        "resected",
    )
)
_CURRENT_STUDY = rf"(?:this|the current|the present|today's|the today's|current|present|today) {_STUDY}"

# --- cues left of the number ---
_PRIOR = re.compile(
    rf"(?:^|[\s(\[]){PRIOR_WORD} <sl> , (?:an? )?<suv>{_BETWEEN}|"
    rf"(?:^|\s){_NOT_AFTER}{PRIOR_WORD}(?: :)?{_BETWEEN}"
    rf"|(?:^|[;(] ?)(?:previously|formerly|earlier|initially|originally) ,(?: with)?(?: an?| the| its)? <suv>{_BETWEEN}"
    rf"|(?:^|; )(?:previously|formerly|earlier)(?: (?:<size>|,|measured|measuring|was|were|and|with|at|x))*{_BETWEEN}"
)
# "On the prior study, the node had SUVmax ...": a study named as place and time governs what follows.
_ON_PRIOR_STUDY = re.compile(
    r"(?:^|; |, |\. |\( |: |<suv> |<sl> |and |but )(?:on|in|at|during|by|per)(?: <sl> (?:of|on|in|from))?(?: the| that| her| his"
    r"| its)?"
    # "in the prior surgical bed" names a place.
    rf"(?: most recent| immediate| immediately)? (?:{PRIOR_WORD}(?= (?:{_STUDY}|{PRIOR_WORD}|mri?|fdg|psma|diagnostic|therapy"
    rf"|treatment|of|the|it"
    r"|this|that|its?|<suv>|<date>|<sl>|<size>|#|was|had|:|,|\())|<date>)"
    rf"(?: (?:pet / ct|pet - ct|{_STUDY}|mri?|(?:of|dated|from) <date>|<date>|\( <date> \)|staging|baseline|diagnostic|fdg|the|in"
    r"|at))*(?: ,)?"
    rf"(?: \w+){{0,7}}{_BETWEEN}"
)
# "The prior PET showed a node with SUVmax ...", "per the report of <date> the node had ...".
_PRIOR_STUDY_SAYS = re.compile(
    rf"(?:^|\s)(?:{PRIOR_WORD}(?: (?:pet / ct|{_STUDY}|mri?|of|from|dated|<date>))+|report (?:of|from|dated) <date>) ?,?"
    r"(?: (?:showed|demonstrated|reported|described|revealed|noted|documented|had shown|had)\b)?(?: (?!is\b|has\b|now\b"
    rf"|shows\b)(?:[a-z]+|,|<x>|<size>|-)){{0,10}}"
    rf" (?:had|with|showed|reported|measuring|measured|of|at|was)(?: (?:an?|the|<suv>|of|max|maximum|at|was))*$"
)
_SAYS = re.compile(r"\b(?:showed|demonstrated|reported|described|revealed|noted|documented|had)\b")
# "Prior SUVmax of the splenic lesion was 6.0".
_PRIOR_OF = re.compile(rf"^(?:the |its )?{PRIOR_WORD} <suv> (?:of|in|for|within) (?!.*(?:#|;|\bnow\b|\bis\b))")
_LABEL = re.compile(rf"^(?:{PRIOR_WORD}|<date>)(?: {_STUDY}| <date>| \( <date> \))* :")
_NEW = re.compile(r"\b(?:new|now|current|currently|today|today's|present)\b")
_HAD = re.compile(r"(?:^|\s)had(?: (?:an?|the|<suv>|of|max|maximum|about|approximately))*$")
_NOW = re.compile(
    rf"(?:^|[\s(])(?:now|currently|current|today|today's|todays|presently|present|at (?:this|present) time|{_CURRENT_STUDY})"
    r"(?: (?:of|is|has|have|shows|showing|demonstrates|demonstrating|measures|measuring|with|the|a|an|at|to|<suv>|<sl>|<size>|values?"
    r"|max|"
    r"maximum|:|=|~|about|approximately|only|up|\(|reaching|increased|decreased|risen|fallen|on|,|and(?= (?:has|is|<suv>))))*$"
)
_IS_NOW = re.compile(r"# (?:, |and |but )+(?:it )?(?:is|are)(?: (?:only|<suv>|at))*$")
_COMPARED = re.compile(
    r"(?:^|[\s(])(?:compared (?:to|with)|in comparison (?:to|with)|comparison|versus|vs|vs \.|v|relative to|against|as opposed to"
    r"|instead of|"
    rf"rather than)(?: (?:an?|the|its|prior|previous|earlier|old|initial|baseline|interim|last))*{_BETWEEN}"
)
_FROM = re.compile(rf"(?:^|[\s(,;])from{_MEASURE}")
_THAN_PRIOR = re.compile(rf"(?:greater|lower|higher|less|more) than(?: the)? (?:prior|previous){_MEASURE}")
_WAS = re.compile(rf"(?:^|[\s(,;])(?:was|were){_MEASURE}")
_ASIDE_WAS = re.compile(rf"[(,;:] ?(?:it |this |which |that |when it |where it )?(?:was|were){_MEASURE}")
_DATE = re.compile(r"<date>(?: (?:\)|:|,|-|<suv>|of|was|at|\())*$")
_DELAYED = re.compile(
    r"(?:^|\s)(?:delayed|late|second (?:pass|phase|time point)|later|post - (?:furosemide|lasix))(?: (?:[a-z]+|<x>|,|:|<suv>|=|\("
    r"|\)|<sl>)){0,14}$"
)
_AT_MINUTES = re.compile(r"(?:^|\s)(?:at|after|by) <x>(?: (?:post|injection|p|i|\.|,|the|-|<suv>|of|is|was|=|:|max|images?))*$")
_TO = re.compile(r"(?:^|\s)to(?: (?:an?|<suv>|of|about|now|only))*$")

_FROM_TO = re.compile(r"\bfrom (?:[^;]*? )?# (?:[^;#]* )?to(?: (?:an?|the|its|<suv>|of|max|about|only|now|current))*$")

# --- cues right of the number ---
_UNIT = r"(?:g )?"
_ON_PRIOR = re.compile(
    rf"{_UNIT}(?:\( <sl> \) |,? ?<sl> |(?:on|at) <sl> )?(?:\(? ?(?:previously|formerly|earlier|priorly|initially|originally|before"
    r"|historically|then|"
    rf"pretreatment|pre - treatment|prior|previous|baseline|interim)(?= (?:[,;).]|and|to (?:treatment|therapy)|{_STUDY}|treatment"
    r"|therapy|now|<date>|as)|$)"
    rf"|(?:on|in|at|from|during|per|at the time of)(?: the| her| his| its| that)?(?: most recent| immediate)? {PRIOR_WORD}\b(?! (?:#"
    r"|<suv>)))"
)
_ON_DATE = re.compile(
    rf"{_UNIT}(?:\( <sl> \) |,? ?<sl> |(?:on|at) <sl> )?\(? ?"
    rf"(?:on|in|from|at|of|dated|as of)?(?: the)?(?: study| scan| exam| pet| pet / ct)?"
    r"(?: of| from| on)? ?<date>(?! (?:(?::|-|=|was|<suv>|of|max) )*#)"
)
_RIGHT_NOW = re.compile(
    rf"{_UNIT}(?:(?:on |at |in )?<sl> )?(?:\( )?(?:currently|now|today|at present|at this time|on {_CURRENT_STUDY}"
    rf"|on (?:the )?(?:current|present|today's"
    r"|this) )",
)
_RIGHT_DELAYED = re.compile(
    rf"{_UNIT}(?:\( )?(?:(?:on|in|at|with)(?: the)? )?(?:\( )?(?:delayed|late\b|later|second (?:pass|phase|time)|<x> (?:delayed|later"
    r"|post))"
)
_RIGHT_AT_MINUTES = re.compile(rf"{_UNIT}(?:\( )?(?:at|after|by) <x>")
_TIMES = r"(?:current|now|today|new|present|after|post|prior|previous|prev|old|baseline|then|before|pre)"
_LEGEND = re.compile(rf"\b(?P<first>{_TIMES}|(?<=<)suv(?=>))>? / (?P<second>{_TIMES})\b")

CURRENT, PRIOR, DELAYED = "current", "prior", "delayed"


def said_now(left: str, right: str) -> bool:
    """Say whether the value is called the current one."""
    return _NOW.search(left) is not None or _IS_NOW.search(left) is not None or _RIGHT_NOW.match(right) is not None


def said_delayed(left: str, right: str) -> bool:
    """Say whether the value is that of a second, delayed acquisition."""
    return _RIGHT_DELAYED.match(right) is not None or (
        ("delayed" in left or "late" in left or "second" in left) and _DELAYED.search(left) is not None
    )


def timed(left: str, right: str) -> bool:
    """Say whether a time after injection stands beside the value."""
    return _AT_MINUTES.search(left) is not None or _RIGHT_AT_MINUTES.match(right) is not None


def prior_after(right: str) -> bool:
    """Say whether the words behind the value make it a prior one: "2.7 previously", "12.2 on the prior study"."""
    return _ON_PRIOR.match(right) is not None


def clearly_prior(left: str, whole_left: str) -> bool:
    """Say whether the words before the value make it a prior one.

    Parameters
    ----------
    left : str
        The words just before the number.
    whole_left : str
        Everything before it in the sentence.
    """
    says = _PRIOR_STUDY_SAYS.search(left)
    return (
        _PRIOR.search(left) is not None
        or _ON_PRIOR_STUDY.search(left) is not None
        or (says is not None and _SAYS.search(says.group()) is not None)
        or (_LABEL.match(whole_left) is not None and _NEW.search(whole_left) is None)
        or _COMPARED.search(left) is not None
        or _PRIOR_OF.search(whole_left) is not None
        or _THAN_PRIOR.search(left) is not None
    )


def came_from(left: str) -> bool:
    """Say whether the value is where a change started: "down from 10.8"."""
    return _FROM.search(left) is not None


def went_to(left: str) -> bool:
    """Say whether the value is where a change ended: "... to 5.5"."""
    return _TO.search(left) is not None


def ended_at(left: str) -> bool:
    """Say whether a change that started at another value ended at this one: "from SUVmax 9.2 at staging to SUVmax 4.4"."""
    return _FROM_TO.search(left) is not None


def aside_was(left: str) -> bool:
    """Say whether the value is an aside in the past tense: "(was 9.7)"."""
    return _ASIDE_WAS.search(left) is not None


def perhaps_prior(left: str, right: str) -> bool:
    """Say whether a weak cue (past tense, a date, brackets behind another value) points to a prior value."""
    return (
        _WAS.search(left) is not None
        or _HAD.search(left) is not None
        or _DATE.search(left) is not None
        or _ON_DATE.match(right) is not None
        or in_brackets(left, right)
    )


def had_and_gone(left: str, whole: str) -> bool:
    """Say whether a past perfect speaks of a lesion that the sentence dates or calls gone."""
    return _HAD.search(left) is not None and re.search(rf"<date>|\b(?:{PRIOR_WORD}|no longer|resolved|gone|ago)\b", whole) is not None


def in_brackets(left: str, right: str) -> bool:
    """Say whether a bare number stands in brackets behind another value: "3.2 (10.8)"."""
    return re.search(r"# [(\[]$", left) is not None and re.match(r"(?:, <sl> )?[)\]]", right) is not None


def legend(symbols: str) -> tuple[str, str] | None:
    """Return the times of "5.5/8.1 (current/prior)" in order."""
    match = _LEGEND.search(symbols)
    if match is None:
        return None
    old = ("prior", "previous", "prev", "old", "baseline", "then", "before", "pre")
    return (PRIOR if match["first"] in old else CURRENT, PRIOR if match["second"] in old else CURRENT)
