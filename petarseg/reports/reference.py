"""Tell the value of a reference region (liver, blood pool, the other side) from that of a lesion."""

from __future__ import annotations

import re

from petarseg.reports.lexicon import BACKGROUND, LESION, REFERENCE_ORGAN, names_thing

_NOUN = rf"(?:{BACKGROUND}|{REFERENCE_ORGAN}|spleen|splenic|mediastin\w+|marrow|thigh|gluteal|aorta|aortic)"
_COMPARING = r"(?:above|below|than|exceed\w*|against|to|with|versus|vs|vs \.|over)"
_CLAUSE_ENDS = (";", " while ", " whereas ", " but ", " although ", " . ", " # ")
# "above the splenic background of 3.0", "(liver 3.1)".
_COMPARED_WITH = re.compile(
    rf"(?:\b(?:{_COMPARING}|equal(?:ing)?|at|like|under)|\()(?: (?:the|that|of|a|an|normal|<suv>|max|in|for|:))* {_NOUN}"
    # "uptake above background with an SUVmax of 3.4": what comes "with" it is the lesion's.
    r"(?: (?:of|is|at|was|<suv>|:|=|\(|,|uptake|activity|values?|level|background|parenchyma|max|maximum|\)|which|measures|measuring"
    r"|has|(?<!with )a|(?<!with )an))*$",
    re.IGNORECASE,
)
_SUBJECT = re.compile(rf"(?:^|\s)(?P<noun>{BACKGROUND}|{REFERENCE_ORGAN})(?=\s|$)", re.IGNORECASE)
_REGION_ENDS = re.compile(rf"(?:^|[;:=] )(?:the )?(?:{BACKGROUND}|{REFERENCE_ORGAN})(?: \( ?\w+ ?\))?$", re.IGNORECASE)
_SUV_OF = re.compile(r"<suv>(?: (?:max|value))? (?:of|in|for|within)(?: (?:the|a))*$")
_PLACE_BEFORE = re.compile(
    rf"(?:{_COMPARING}|of|from|in|within|near|at|on|by|into|along|adjacent)(?: (?:the|normal|a))*$",
)
_PREDICATE = re.compile(r"\b(?:is|has|have|shows?|with|measur\w+|of|at|:)\b|<suv>|=")
# "3.0 in the liver", "2.1 for blood pool".
_BEHIND = re.compile(
    rf"(?:g )?(?:\( )?(?:<sl> )?(?:\) )?(?:in|for|of|within)(?: the| normal| adjacent)* {_NOUN}(?P<rest>.*)",
    re.IGNORECASE,
)
_COMPARED_BEFORE = re.compile(rf"(?:^|\s){_COMPARING}(?: (?:the|that|an?|<suv>|of|max|about|approximately))*$")
_NAMED_BEHIND = re.compile(
    rf"(?:g )?(?:\( )?(?:in|for|of|within|at|on)?(?: the| normal)* ?(?:{BACKGROUND}|{REFERENCE_ORGAN})",
    re.IGNORECASE,
)
_NAMED_BEFORE = re.compile(
    rf"(?:{BACKGROUND}|{REFERENCE_ORGAN})(?: (?:of|is|at|<suv>|:|=|\(|,|uptake|activity|value|mean|max))*$",
    re.IGNORECASE,
)


def is_reference(left: str, right: str) -> tuple[bool, bool]:
    """Say whether a value belongs to a reference region.

    Parameters
    ----------
    left, right : str
        The sentence before and after the number, in the symbols of `petarseg.reports.timing`.

    Returns
    -------
    reference, compared : bool
        `compared` when the value is only quoted to compare a lesion with it ("above liver background of 3.2").
    """
    clause = left
    for mark in _CLAUSE_ENDS:
        head, found, tail = clause.rpartition(mark)
        # "Liver; SUVmax 2.9; slice 150": a part that only names the region rules the next one.
        if not (found and mark == ";" and _REGION_ENDS.search(head.rstrip()) and not names_thing(tail)):
            clause = tail
    clause = re.sub(r"<sl>|<x>|<size>", " ", clause)
    if _COMPARED_WITH.search(clause) is not None:
        return True, True
    subject = None
    for match in _SUBJECT.finditer(clause):
        subject = match
    if subject is not None and _is_subject(clause[: subject.start()], clause[subject.end() :]):
        return True, False
    behind = _BEHIND.match(right)
    if behind is None or LESION.search(re.split("[,;]", behind["rest"], maxsplit=1)[0]) is not None:
        return False, False
    compared = _COMPARED_BEFORE.search(clause) is not None
    return compared or LESION.search(clause) is None, compared


def _is_subject(before: str, after: str) -> bool:
    """Say whether the region between `before` and `after` is what the value is said of."""
    if LESION.search(after) is not None:
        return False
    if _SUV_OF.search(before) is not None:
        return True
    if _PLACE_BEFORE.search(before) is not None or LESION.search(before.rsplit(",", 1)[-1]) is not None:
        return False
    return _PREDICATE.search(after) is not None or not after.strip(" (,:")


def names_reference(left: str, right: str) -> bool:
    """Say whether a bare number stands directly beside the name of a reference region: "(liver 3.1)"."""
    return _NAMED_BEHIND.match(right) is not None or _NAMED_BEFORE.search(left) is not None
