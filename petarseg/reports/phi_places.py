"""Hospitals, addresses and places."""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.phi_addresses import CAP, NOT_PLACE_AFTER, PLACE_CUE, ZIP, find_addresses
from petarseg.reports.phi_eponyms import is_eponym
from petarseg.reports.phi_institutions import find_institutions
from petarseg.reports.phi_lexicon import is_word
from petarseg.reports.phi_span import PhiSpan
from petarseg.reports.phi_vocabulary import CITIES, STATES

_RESIDENCE = re.compile(
    rf"\b(?i:(?:resid(?:ent|es|ing)|lives?|living|moved|travel(?:l?ed|s)?|relocated|visiting|born|raised|native|works?|working|"
    rf"employed|retired|admitted|hails|residence|transferred|flown)\s+(?:of|in|at|to|near|from|outside|back\s+to)\s+(?:the\s+(?:town|"
    rf"city|village|county)\s+of\s+)?)"
    rf"(?P<place>{CAP}(?:[ ]{CAP}){{0,2}}(?:,[ ]*{CAP})?)"
)
_TOWN_LABEL = re.compile(
    rf"\b(?:address|city|town|residence|home\s+town|hometown|county|village|birthplace|"
    rf"place\s+of\s+birth)\s*:\s*(?P<place>{CAP}(?:[ ]{CAP}){{0,3}}(?:,[ ]*{CAP}(?:[ ]{CAP})?)?(?:[ ]{ZIP})?)",
    re.IGNORECASE,
)
_COUNTY = re.compile(
    rf"\b(?P<place>{CAP}(?:[ ]{CAP})?[ ](?:County|Township|Borough|Parish|Village|Springs|Heights|Falls))\b(?!\s+(?:criteria|score|"
    rf"classification))"
)
_PLACE = re.compile(
    r"(?<![\w-])(?:" + "|".join(sorted((re.escape(name) for name in STATES | CITIES), key=len, reverse=True)) + r")(?![\w-])", re.IGNORECASE
)


def find_places(text: str) -> Iterator[PhiSpan]:
    """Find institutions, addresses, towns with their state, and well-known places."""
    yield from find_institutions(text)
    yield from find_addresses(text)
    for match in _RESIDENCE.finditer(text):
        words = re.findall(r"[^\W\d_]+", match["place"])
        if words and (len(words) > 1 or not all(is_word(word) for word in words)):
            yield PhiSpan(match.start("place"), match.end("place"), "LOCATION")
    for match in _TOWN_LABEL.finditer(text):
        if match["place"][0].isupper():
            yield PhiSpan(match.start("place"), match.end("place"), "LOCATION")
    for match in _COUNTY.finditer(text):
        if not is_word(match["place"].split()[0]) or match["place"].endswith(("County", "Township")):
            yield PhiSpan(match.start("place"), match.end("place"), "LOCATION")
    for match in _PLACE.finditer(text):
        yield from _known_place(text, match)


def _known_place(text: str, match: re.Match[str]) -> Iterator[PhiSpan]:
    word = match.group()
    if not word[0].isupper() or NOT_PLACE_AFTER.match(text, match.end()) or is_eponym(text, match.start(), match.end()):
        return
    if is_word(word.split()[0]) and not PLACE_CUE.search(text[max(0, match.start() - 16) : match.start()]):
        return
    yield PhiSpan(match.start(), match.end(), "LOCATION")
