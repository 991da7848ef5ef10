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
    """Turn a table term into a regular expression: blanks match hyphens, hyphens are optional, plurals are allowed."""
    open_ended = name.endswith("*")
    body = re.escape(name.rstrip("*")).replace(r"\ ", r"[\s-]+").replace(r"\-", r"[\s-]?")
    return body + (r"\w*" if open_ended else "" if name.endswith("s") else "(?:s|es|'s)?")


@lru_cache(maxsize=1)
def _table() -> tuple[re.Pattern[str], dict[str, Term]]:
    """Read the table once: one pattern, longest terms first, and the term of each capture group."""
    kind: Kind = "site"
    rows: list[tuple[str, Term]] = []
    text = files("petarseg.reports").joinpath("structure_vocabulary.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            kind = line.strip("[]")  # type: ignore[assignment]  # the table's headings are the kinds
            continue
        names, organ, region, side = (cell.strip() for cell in line.split("|"))
        term = Term(kind, organ, _REGION_OF_LETTER[region], _SIDE_OF_LETTER[side])
        rows += [(name.strip(), term) for name in names.split(",")]
    rows.sort(key=lambda row: -len(row[0]))
    terms: dict[str, Term] = {}
    alternatives = []
    for number, (name, term) in enumerate(rows):
        group = f"t{number}"
        terms[group] = term
        alternatives.append(f"(?P<{group}>{_pattern(name)})")
    return re.compile(r"(?<![\w])(?:" + "|".join(alternatives) + r")(?![\w])"), terms


_ROMAN = r"(?:viii|vii|vi|iv|iii|ii|i|v)"
_JOIN = r"(?:\s*(?:,|/|-|–|and|&|to|or)\s*)"
_VERTEBRA = re.compile(
    r"(?<![\w.])(?:c[1-7]|t(?:1[0-2]|[1-9])|d(?:1[0-2]|[1-9])|l[1-6]|s[1-5])(?![\w.]\d|\w)(?!\s*-?\s*(?:weighted|hyperintens|signal|n[0-3x]\b))"
)
_NECK_LEVEL = re.compile(rf"\b(?:level|zone)s?\s+((?:{_ROMAN}|[1-7])[ab]?)\b((?:{_JOIN}(?:levels?\s+)?(?:{_ROMAN}|[1-7])[ab]?\b)*)")
_STATION = re.compile(r"\b(?:station|level|zone)s?\s*#?\s*(\d{1,2}[lr]?i?s?)\b|(?<![\w.])(1[0-4]|[124])\s?([rl])\b(?!\s*[/-])")
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


def _numbered(text: str) -> Iterator[Mention]:
    """Yield vertebrae, nodal levels and stations, liver segments and ribs."""
    hepatic = re.search(r"liver|hepat|segments?\s", text) is not None
    thoracic = re.search(r"paratracheal|mediastin|hilar|carina|station|thora|lung|pulmonary|ap window|aortopulm", text) is not None
    for match in _VERTEBRA.finditer(text):
        letter = match.group(0)[0]
        if letter == "s" and hepatic and "sacr" not in text:
            yield Mention(match.start(), match.end(), match.group(0), Term("site", "liver", "Abdomen", ""))
            continue
        yield Mention(match.start(), match.end(), match.group(0), Term("site", "bone", _VERTEBRA_REGION[letter], "midline"))
    for match in _STATION_LIST.finditer(text):
        for mention in _items(match, Term("station", LYMPH_NODE, "Chest", "")):
            yield Mention(mention.start, mention.end, mention.text, _station_term(mention.text))
    for match in _STATION.finditer(text):
        number = match.group(1) or f"{match.group(2)}{match.group(3)}"
        named_station = match.group(0).startswith("station")
        sided = number.rstrip("is")[-1] in "rl"
        if named_station or sided or (thoracic and int(number.rstrip("lris")) > 7):
            yield Mention(match.start(), match.end(), match.group(0), _station_term(number))
    for match in _NECK_LEVEL.finditer(text):
        # "level 7" beside a mediastinal name is the thoracic station; everything else named level I-VII lies in the neck.
        region = "Chest" if thoracic and not re.search(r"neck|cervic|jugul", text) else "Neck"
        side = "midline" if region == "Chest" and match.group(1) in ("7", "vii") else ""
        yield from _items(match, Term("station", LYMPH_NODE, region, side))
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
_PELVIC_CONTEXT = re.compile(r"pelvi|uter|vagin|parametri|gyn|cervix|endometri")


def find_mentions(text: str) -> list[Mention]:
    """Find all anatomical mentions of a sentence.

    Parameters
    ----------
    text : str
        The sentence in lower case.

    Returns
    -------
    list of Mention
        In order of position, without overlaps: numbered anatomy wins over names, longer names over shorter ones.
    """
    taken: list[Mention] = []
    for mention in sorted(_numbered(text), key=lambda m: (m.start, m.start - m.end)):
        if not taken or mention.start >= taken[-1].end:
            taken.append(mention)
    pattern, terms = _table()
    for match in pattern.finditer(text):
        if any(match.start() < other.end and other.start < match.end() for other in taken):
            continue
        term = terms[match.lastgroup or ""]
        if match.group(0) == "cervical" and _CERVIX.match(text, match.start()) and _PELVIC_CONTEXT.search(text):
            term = Term("site", "cervix", "Pelvis", "midline")
        taken.append(Mention(match.start(), match.end(), match.group(0), term))
    return sorted(taken, key=lambda m: m.start)
