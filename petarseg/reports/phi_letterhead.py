"""Letterheads and addresses: lines at the head and the foot of a report that name an institution or a place without saying so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.lexicon import ANATOMY
from petarseg.reports.phi_eponyms import BARE_EPONYMS, is_eponym
from petarseg.reports.phi_fields import kind_of
from petarseg.reports.phi_lexicon import is_clinical_code, is_listed_word, is_proper
from petarseg.reports.phi_name_reader import UPPER
from petarseg.reports.phi_span import PhiSpan

_CELL = re.compile(r"(?:(?![ \t]{2,}|\t|\||[ ][-–—•·*][ ]|[:;][ ]|[=]|\.[ ]|\s*\n).)+")
_ADDRESS_CELL = re.compile(r"(?:(?![ \t]{2,}|\t|\||[ ][–—•·*][ ]|[:;][ ]|\.[ ](?![A-Z][a-z]+,)|\s*\n).)+")
_WORD = re.compile(r"[^\W\d_][\w'’.&/-]*")
_SMALL = re.compile(
    r"(?:of|and|the|for|at|in|de|des|du|la|le|les|der|die|das|van|von|den|am|im|an|und|y|e|et|di|da|do|og|och|"
    r"zu|zur|voor|på|i|&)",
    re.IGNORECASE,
)
# What opens an address: a house number, a box, a suite, a plot.
_OPENING = re.compile(
    rf"(?:(?i:Plot|Unit|Suite|Ste|Level|Floor|Shop|Block|Blk|Bldg|Building|Lot|Flat|Apt|Private[ ]Bag|Locked[ ]Bag|"
    rf"P\.?[ ]?O\.?[ ]?Box|Postfach|Postbus|"
    rf"Boîte[ ]postale|BP|C\.?P\.?)[ ]?(?i:No\.?[ ]?)?[A-Z]?\d{{1,5}}[A-Z]?|"
    rf"\d{{1,5}}[A-Ea-e]?(?:[-/]\d{{1,4}})?),?[ ]+(?=[{UPPER}][\w'’.-])"
)
_NO_ADDRESS = re.compile(
    r"\b(?:SUV|slice|image|PET|CT|MRI|FDG|mm|cm|MBq|mCi|kg|years?|weeks?|months?|year-old|cycles?|Gy)\b|"
    r"\d[.,]\d|=",
    re.IGNORECASE,
)
_HOUSE = re.compile(
    r"\b(?:imaging|radiology|hospital|clinic|cent(?:er|re)|oncology|health|medical|institute|university|infirmary|"
    r"nuclear[ ]medicine|diagnostics?|"
    r"pet[ ](?:unit|suite|cent(?:er|re)))\b",
    re.IGNORECASE,
)
_EDGE_LINES = 6


def find_letterheads(text: str) -> Iterator[PhiSpan]:
    """Find institutions among the first lines and addresses among the first and the last."""
    lines = [line for line in re.finditer(r"[^\r\n]+", text) if re.search(r"[^\W_]{2}", line.group())]
    for line in lines[:3]:
        for cell in _CELL.finditer(text, *line.span()):
            span = _institution(text, cell)
            if span is not None:
                yield span
    for line in dict.fromkeys([*lines[:_EDGE_LINES], *lines[-_EDGE_LINES:]]):
        for cell in _ADDRESS_CELL.finditer(text, *line.span()):
            yield from _address(text, cell)


def _institution(text: str, cell: re.Match[str]) -> PhiSpan | None:
    """Take a cell of capitalised words of which one is no plain word; in a text without capitals short cells count too."""
    content = cell.group().strip(" #*_=<>-.,")
    found = _WORD.findall(content)
    lower = content == content.lower()
    if not 1 < len(found) < 11 or re.search(r"[\d?!@]", content) or (lower and len(found) > 5):
        return None
    if not lower and not all(word[0].isupper() or _SMALL.fullmatch(word) for word in found):
        return None
    after = text[cell.end() : cell.end() + 1]
    before = text[max(0, cell.start() - 2) : cell.start()].strip(" ")
    house = _HOUSE.search(content) is not None
    if after in (":", ";", "=") or before in (":", "=", "#") or ((after == "." or before == ".") and not lower) or (lower and not house):
        return None
    if ANATOMY.search(content) or kind_of(found[0]) is not None or found[0].lower() in ("dear", "hi", "hello", "thanks", "thank"):
        return None
    start = text.index(content, cell.start())
    proper = [word for word in found if len(word) > 2 and not _SMALL.fullmatch(word) and _telling(word.strip("."), house=house)]
    if not proper:
        return None
    first = start + content.index(proper[0])
    if proper[0].lower() in BARE_EPONYMS and is_eponym(text, first, first + len(proper[0]), strict=True):
        return None
    return PhiSpan(start, start + len(content), "HOSPITAL")


def _telling(word: str, *, house: bool) -> bool:
    """Say whether a word makes a line a name; beside "Hospital" or "Imaging" any word does that reports do not use."""
    if is_clinical_code(word):
        return False
    return is_proper(word) or (house and not is_listed_word(word))


def _address(text: str, cell: re.Match[str]) -> Iterator[PhiSpan]:
    content = cell.group().strip(" #*_,")
    opening = _OPENING.match(content)
    if opening is None or len(content) > 90 or _NO_ADDRESS.search(content):
        return
    found = _WORD.findall(content[opening.end() :])
    if any(is_proper(word.strip(".")) for word in found if len(word) > 2):
        start = text.index(content, cell.start())
        yield PhiSpan(start, start + len(content.rstrip(" .,")), "LOCATION")
