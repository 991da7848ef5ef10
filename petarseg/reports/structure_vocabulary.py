"""Find the anatomical terms of a sentence: names from a table, and numbered anatomy (vertebrae, nodal levels, liver segments, ribs).

The names stand in ``structure_vocabulary.tsv``, which a physician can read and extend; what carries a number is matched here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final, Literal

from petarseg.reports.structure_cues import LINE_BREAK

Kind = Literal["tissue", "weak", "station", "site", "place", "general"]

REGIONS: Final = ("Head", "Neck", "Chest", "Abdomen", "Pelvis", "Upper extremity", "Lower extremity", "N/A")
LATERALITIES: Final = ("left", "right", "bilateral", "midline", "none")
LYMPH_NODE: Final = "lymph node"

_REGION_OF_LETTER = dict(zip("HNCAPUL-", REGIONS, strict=True))
_SIDE_OF_LETTER = {"l": "left", "r": "right", "m": "midline", "x": "unpaired", "": ""}


@dataclass(frozen=True, slots=True)
class Term:
    """What one anatomical name means.

    Parameters
    ----------
    kind : Kind
        Its part in the sentence, see the head of the table.
    organ, region : str
        Organ in the field's words and closed-list region; "N/A" when the term does not tell it.
    side : str
        "left"/"right" when the name implies it, "midline", "unpaired" (a side word inside the name is no laterality) or "".
    """

    kind: Kind
    organ: str
    region: str
    side: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A term at ``text[start:end]``."""

    start: int
    end: int
    text: str
    term: Term


def _pattern(name: str) -> str:
    """Turn a table term into a regular expression: blanks match hyphens, hyphens are optional, also after a prefix; plurals too."""
    body = re.escape(name).replace(r"\ ", r"[\s-]+").replace(r"\-", r"[\s-]?")
    body = re.sub(r"(?<![a-z])(para|peri|retro|pre|sub|supra|infra|inter|intra|extra)(?=[a-z]{4})", r"\1[\\s-]?", body)
    return body + ("" if name.endswith("s") else "(?:s|es|'s)?")


def _squeezed(text: str) -> str:
    return re.sub(r"[\s-]", "", text)


@lru_cache(maxsize=1)
def _table() -> tuple[re.Pattern[str], dict[str, Term]]:
    """Read the table once: one pattern, longest terms first, and the term of each name without blanks and hyphens."""
    kind: Kind = "site"
    names: dict[str, Term] = {}
    text = files("petarseg.reports").joinpath("structure_vocabulary.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            kind = line.strip("[]")  # type: ignore[assignment]  # the table's headings are the kinds
            continue
        cells, organ, region, side = (cell.strip() for cell in line.split("|"))
        term = Term(kind, organ, _REGION_OF_LETTER[region], _SIDE_OF_LETTER[side])
        for name in cells.split(","):
            names.setdefault(name.strip(), term)
    # Branches by first letter: the engine looks at a thirtieth of them at each word.
    by_letter: dict[str, list[str]] = {}
    for name in sorted(names, key=len, reverse=True):
        by_letter.setdefault(name[0], []).append(_pattern(name))
    branches = "|".join(f"(?={letter})(?:{'|'.join(patterns)})" for letter, patterns in sorted(by_letter.items()))
    return re.compile(rf"(?<!\w)(?:{branches})(?!\w)"), {_squeezed(name): term for name, term in names.items()}


def _term_of(found: str, terms: dict[str, Term]) -> Term:
    """Look a matched name up, without its plural ending."""
    squeezed = _squeezed(found)
    return next(terms[key] for ending in ("", "s", "es", "'s") if (key := squeezed.removesuffix(ending)) in terms)


_ROMAN = r"(?:viii|vii|vi|iv|iii|ii|i|v)"
_JOIN = r"(?:\s*(?:,|/|-|–|and|&|to|or)\s*)"
_VERTEBRA = re.compile(
    r"(?<![\w.])(?:c[1-7]|(?:th?|d)(?:1[0-2]|[1-9])|l[1-6]|s[1-5])(?![\w.]\d|\w)(?!\s*-?\s*(?:weighted|hyperintens|signal|n[0-3x]\b))"
)
_NECK_LEVEL = re.compile(rf"\blevels?\s+((?:{_ROMAN}|[1-7])[ab]?)\b((?:{_JOIN}(?:levels?\s+)?(?:{_ROMAN}|[1-7])[ab]?\b)*)")
_STATION = re.compile(r"\b(?:station|stn|level|zone)s?\s*#?\s*(\d{1,2}[lr]?i?s?)\b|(?<![\w.])(1[0-4]|[124])\s?([rl])\b(?!\s*[/-])")
_STATION_LIST = re.compile(r"\bstations\s+(\d{1,2}[lr]?)((?:\s*(?:,|/|and|&)\s*(?:station\s+)?\d{1,2}[lr]?\b)+)")
_SEGMENT = re.compile(
    rf"\b(?:couinaud\s+)?seg(?:ment)?s?\.?\s*((?:{_ROMAN}|[1-8])[ab]?)\b((?:{_JOIN}(?:segment\s+)?(?:{_ROMAN}|[1-8])[ab]?\b)*)"
)
_RIB = re.compile(
    r"\b(?:(?:1[0-2]|[1-9])(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)"
    r"(?:\s+(?:anterior|posterior|lateral|anterolateral|posterolateral|left|right))*\s+(?:costal|ribs?)\b|\bribs?\s+(?:#\s*)?(?:1[0-2]|[1-9])\b"
)
_NUMBERED = re.compile(r"\d+[ab]?|" + _ROMAN + r"[ab]?")
_LOBES = re.compile(r"\b(upper|lower|middle)(?=(?:,|\s+and|\s*/|\s*&)\s+(?:(?:left|right)\s+)?(?:upper|lower|middle)\s+lobe)")

_VERTEBRA_REGION = {"c": "Neck", "t": "Chest", "d": "Chest", "l": "Abdomen", "s": "Pelvis"}
_LUNG = Term("site", "lung", "Chest", "")


def _items(match: re.Match[str], term: Term) -> Iterator[Mention]:
    """One mention per number of a list such as "segments V and VI"; the first holds the noun as well."""
    yield Mention(match.start(), match.end(1), match.group(0)[: match.end(1) - match.start()], term)
    for item in _NUMBERED.finditer(match.string, match.end(1), match.end()):
        yield Mention(item.start(), item.end(), item.group(0), term)


_HEPATIC = re.compile(r"liver|hepat|segments?\s")
_THORACIC = re.compile(r"tracheal|mediastin|hilar|hilum|carina|station|thora|lung|pulmonary|ap window|aortopulm")
_AXILLARY = re.compile(r"axill|pectoral|breast")
_NECK_WORDS = re.compile(r"neck|cervic|jugul")


def _around(match: re.Match[str]) -> str:
    """Return the words near a match, which tell a cervical level 7 from a thoracic one."""
    return match.string[max(0, match.start() - 45) : match.end() + 30]


def _numbered(text: str) -> Iterator[Mention]:
    """Yield vertebrae, nodal levels and stations, liver segments and ribs."""
    for match in _VERTEBRA.finditer(text):
        letter = match.group(0)[0]
        if letter == "d" and "duoden" in text:
            continue  # D2 is a part of the duodenum
        liver = letter == "s" and _HEPATIC.search(text) and "sacr" not in text
        term = Term("site", "liver", "Abdomen", "") if liver else Term("site", "bone", _VERTEBRA_REGION[letter], "midline")
        yield Mention(match.start(), match.end(), match.group(0), term)
    for match in _STATION_LIST.finditer(text):
        for mention in _items(match, Term("station", LYMPH_NODE, "Chest", "")):
            yield Mention(mention.start, mention.end, mention.text, _station_term(mention.text))
    for match in _STATION.finditer(text):
        number = match.group(1) or f"{match.group(2)}{match.group(3)}"
        sided = number.rstrip("is")[-1] in "rl"
        thoracic = bool(_THORACIC.search(_around(match))) and int(number.rstrip("lris")) > 7
        if match.group(0).startswith(("station", "stn")) or sided or thoracic:
            yield Mention(match.start(), match.end(), match.group(0), _station_term(number))
    for match in _NECK_LEVEL.finditer(text):
        near = _around(match)
        if not _NECK_WORDS.search(near) and not _THORACIC.search(near):
            near = text  # "left axillary level I node 1.9 cm, max SUV 9.0, and level II node"
        thoracic = bool(_AXILLARY.search(near) or (_THORACIC.search(near) and not _NECK_WORDS.search(near)))
        side = "midline" if thoracic and match.group(1) in ("7", "vii") else ""
        yield from _items(match, Term("station", LYMPH_NODE, "Chest" if thoracic else "Neck", side))
    if not re.search(r"lobe|lung|lingul|pulmon|bowel|colon|long segment|short segment", text) or re.search(r"liver|hepat", text):
        for match in _SEGMENT.finditer(text):
            yield from _items(match, Term("site", "liver", "Abdomen", ""))
    for match in _RIB.finditer(text):
        yield Mention(match.start(), match.end(), match.group(0), Term("site", "bone", "Chest", ""))
    for match in _LOBES.finditer(text):
        yield Mention(match.start(), match.end(), match.group(0), _LUNG)


def _station_term(number: str) -> Term:
    """Return the term of an IASLC station: 1 (supraclavicular) to 14; 3p, 7 and 8 are midline, an r or l gives the side."""
    digits = re.search(r"\d+", number)
    side = {"r": "right", "l": "left"}.get(number.rstrip("is")[-1], "")
    value = int(digits.group(0)) if digits else 0
    if not side and value in (5, 6):  # aortopulmonary window and para-aortic arch lie on the left only
        side = "left"
    if not side and value == 7:
        side = "midline"
    return Term("station", LYMPH_NODE, "Neck" if value == 1 else "Chest", side)


_CERVIX = re.compile(
    r"cervical(?=\s+(?:tumou?r|cancer|carcinoma|mass|primary|malignancy|neoplasm|lesion|stroma|stromal|canal|os\b|stump|squamous))"
)
_BILIARY = re.compile(r"biliary|bile duct|hepatic duct|klatskin|cholangio")
_PELVIC_CONTEXT = re.compile(r"pelvi|uter|vagin|parametri|gyn|cervix|endometri")


@lru_cache(maxsize=256)
def find_mentions(text: str) -> tuple[Mention, ...]:
    """Find all anatomical mentions of a sentence.

    Parameters
    ----------
    text : str
        The sentence in lower case, lines of context before it separated by `LINE_BREAK`.

    Returns
    -------
    tuple of Mention
        In order of position, without overlaps: numbered anatomy wins over names, longer names over shorter ones.
    """
    numbered: list[Mention] = []
    start = 0
    for line in text.split(LINE_BREAK):  # "segment VII" is of the liver though the sentence before speaks of a lobe of the lung
        numbered += [Mention(m.start + start, m.end + start, m.text, m.term) for m in _numbered(line)]
        start += len(line) + 1
    taken: list[Mention] = []
    for mention in sorted(numbered, key=lambda m: (m.start, m.start - m.end)):
        if not taken or mention.start >= taken[-1].end:
            taken.append(mention)
    pattern, terms = _table()
    for match in pattern.finditer(text):
        if any(match.start() < other.end and other.start < match.end() for other in taken):
            continue
        term = _term_of(match.group(0), terms)
        if "hil" in match.group(0) and term.organ == "lung" and _BILIARY.search(text):
            continue  # the hilum of the liver
        if match.group(0) == "cervical" and _CERVIX.match(text, match.start()) and _PELVIC_CONTEXT.search(text):
            term = Term("site", "cervix", "Pelvis", "midline")
        taken.append(Mention(match.start(), match.end(), match.group(0), term))
    return tuple(sorted(taken, key=lambda m: m.start))
