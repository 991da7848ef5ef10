"""Streets, houses, rooms and postcodes in the writings of several countries."""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.lexicon import ANATOMY
from petarseg.reports.phi_lexicon import is_word
from petarseg.reports.phi_name_reader import UPPER
from petarseg.reports.phi_span import PhiSpan
from petarseg.reports.phi_vocabulary import STATE_CODES, STATES

CAP = rf"(?:[{UPPER}][\w'’&-]*\.?)"
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Way|Terrace|Ter|Circle|Cir|Crescent|Cres|Parade|Pde|Esplanade|Promenade|Rise|Vale|"
    r"Close|Parkway|Pkwy|Highway|Hwy|Square|Sq|Trail|Row|Mews|Gardens|Grove|Hill|Walk|Line|Concession|Sideroad|Boreen|Brae|Wynd|Green|Heights|View|Park|Mount|Bank|Yard|Mall|Strand|Chase|Dale|Drove|Path|Ridge|Run|Trace|Crossing|Cove|Bend|Alley|Plaza|Loop|Quay|Route|Turnpike|Pike|Vej|"
    r"Gade|gade|vej)"
)
_UNIT_PART = r"(?:,?\s*(?:Apt|Apartment|Suite|Ste|Unit|Floor|Fl|Room|Rm|Bldg|Building|Flat|#)\.?\s*#?[A-Za-z]?\d*[A-Za-z-]*\d*)?"
ZIP = (
    r"(?:(?<=(?:NSW|QLD|TAS|VIC)[ ])\d{4}|(?<=(?:SA|WA|NT)[ ])\d{4}|"
    r"\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d)"
)
TOWN = rf"{CAP}(?:[ ]{CAP}){{0,3}}"
STATE_NAME = "|".join(sorted((re.escape(state) for state in STATES), key=len, reverse=True))
STATE = rf"(?:(?i:{STATE_NAME})|(?:{'|'.join(sorted(STATE_CODES))}))"
_ADDRESS = re.compile(
    rf"(?<![\w.,/-])(?:\d{{1,4}}[A-Za-z]?/)?\d{{1,5}}[A-Za-z]?(?:-\d{{1,5}})?[ ]+(?:(?:[NSEW]|North|South|East|West|NE|NW|SE|"
    rf"SW)\.?[ ])?(?:{CAP}|"
    rf"\d{{1,3}}(?:st|nd|rd|th))(?:[ ]{CAP}){{0,3}}[ ](?i:{_STREET})\b\.?{_UNIT_PART}"
    rf"(?:\s*[,\n]\s*{TOWN})?(?:,?\s*{STATE}\b)?(?:[, ]\s*{ZIP})?"
)
_PO_BOX = re.compile(rf"\bP\.?\s?O\.?\s+Box\s+\d+(?:\s*,\s*{TOWN})?(?:,?\s*{STATE}\b)?(?:[, ]\s*{ZIP})?", re.IGNORECASE)
_TOWN_STATE = re.compile(rf"(?<![\w-]){CAP}(?:[ ]{CAP}){{0,2}},[ ]*{STATE}(?![\w-])(?:[, ]\s*{ZIP}\b)?")
# "CT 78815" is a procedure, no place in Connecticut.
_STATE_ZIP = re.compile(rf"\b(?!CT[ ]+788\d\d\b)(?:{'|'.join(sorted(STATE_CODES))})[ ]+\d{{5}}(?:-\d{{4}})?\b")
# "Am Lindenrain 12, 99987 Hohenwartau"
_NUMBER_TOWN = re.compile(rf"(?<![\w-]){CAP}(?:[ ]{CAP}){{0,3}}[ ]\d{{1,4}}[a-z]?,[ ]\d{{4,5}}[ ]{CAP}(?:[ ]{CAP}){{0,2}}")
# "works for Palmetto Cannery"; "lives in dunmore falls" in a line without capitals
_WORKPLACE = re.compile(rf"\b(?:works?|worked|working|employed)[ ](?:for|at|by)\s+(?:the[ ])?(?P<name>{CAP}(?:[ ](?:&[ ])?{CAP}){{0,3}})")
_HOME = re.compile(
    r"\b(?:lives?|living|resid(?:es|ing))[ ]in[ ](?P<name>[A-Za-z][a-z]{3,}[ ](?:falls|city|hills?|park|heights|"
    r"springs|beach|grove|bay|creek|ridge|"
    r"valley|island|lake|river|green|ford|cross|bridge|wells|heath|mills?|point|harbou?r|junction|landing|spa))\b"
)
_ZIP_LABEL = re.compile(rf"\b(?:ZIP|postal|post|eir|PLZ)(?:\s*code)?\s*[:#]?\s*(?P<zip>{ZIP}|[A-Z]\d[\dW]\s?[A-Z\d]{{4}})\b", re.IGNORECASE)
# "CH-4410 Rötliberg": the postcodes of the continent stand before the town.
_CONTINENTAL = re.compile(rf"(?<![\w-])(?:CH|DE?|A|AT|DK|NL|BE?|F|I|E|SE?|NO?|FIN?|L|PL|CZ)-\d{{4,5}}[ ]{TOWN}")
# "Lindenallee 12, 80331 München", "14 rue des Lilas", "Via Garibaldi 3": streets of the continent.
_CONTINENTAL_STREET = re.compile(
    rf"(?<![\w-])(?:[{UPPER}][\w-]*(?:allee|stra(?:ß|ss)e|str\.|weg|platz|gasse|ring|damm|ufer|vej|gade|gatan|vägen|veien|laan|straat|plein)"
    rf"|(?:Av\.|Avda\.|Jr\.|C/|Via|Viale|Corso|Largo|Calle|Avenida|Rua|Plaza|Piazza|Paseo|Carrer|Ul\.|ul\.|al\.)[ ](?:(?:dei|"
    rf"della|delle|degli|dell[’']|del|di|de|la|los|las|do|da|dos)[ ]?){{0,2}}{CAP}(?:[ ]{CAP}){{0,2}},?)[ ]\d{{1,4}}[a-z]?\b"
    rf"(?:,[ ](?:(?:[A-Z]{{1,2}}-)?\d{{4,5}}[ ])?{TOWN})?"
    rf"|(?<![\w.])\d{{1,4}},?[ ](?:rue|avenue|boulevard|place|chemin|quai|allée|impasse)[ ]"
    rf"(?:(?:de|du|des|la|le|les)[ ]|d['’]|l['’])*{CAP}"
    rf"(?:[ ]{CAP}){{0,2}}(?:,[ ]\d{{5}}[ ]{TOWN})?"
)
# "Quay Street, Ballinrath, Co. Sligo": a street without a number needs its town.
_STREET_TOWN = re.compile(
    rf"(?<![\w-]){CAP}(?:[ ]{CAP}){{0,2}}[ ](?:Street|Avenue|Road|Lane|Crescent|Terrace|Boulevard|Parkway|Gardens|Quay|Mews|Close),[ ]"
    rf"{TOWN}(?:,[ ](?:Co\.?[ ])?{TOWN})?"
)
# "on Old Mill Rd", "off Harbour Street": a street without number or town needs a preposition.
_NAMED_STREET = re.compile(
    rf"\b(?:on|at|of|off|near|along|from)[ ](?P<name>{CAP}(?:[ ]{CAP}){{0,2}}?[ ](?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|"
    rf"Drive|Boulevard|Blvd|Way|Crescent|Terrace|Highway|Hwy|Parkway|Pkwy)\b\.?)"
)
_UK_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b")
PLACE_CUE = re.compile(r"\b(?:in|from|to|at|near|of|outside|hospital|clinic|center|centre|site|campus|office),?\s+$", re.IGNORECASE)
NOT_PLACE_AFTER = re.compile(
    r"\s*(?:['’]s)?\s+(?:criteria|classification|score|system|stage|staging|grade|grading|chromosome|guidelines?|consensus|protocol|"
    r"Heart\s+Association|virus|fever|disease|lymphoma|category|sign|formula|coma|scale|risk|definition|modification|index|assessment|"
    r"pouch|method|agreement|report\b|University\s+criteria|[IVX]{1,4}[A-C]?\b)",
    re.IGNORECASE,
)


# "Harrow Lane, Millbeck LS9 4TQ": parts of an address before a British or Canadian postcode; "7 Elm Close, Wexborough" without one.
_BEFORE_POSTCODE = re.compile(
    rf"(?<![\w.])(?:(?:\d{{1,4}}[A-Za-z]?[ ])?{TOWN},[ ]*(?:[A-Z]{{2}}[ ]+)?){{1,4}}(?:{TOWN}[ ]+)?"
    rf"(?:[A-Z]{{1,2}}\d[A-Z\d]?[ ]{{0,2}}\d[A-Z]{{2}}|[A-Z]\d[A-Z][ ]{{0,2}}\d[A-Z]\d)\b"
)
_ROOM = re.compile(
    r"\b(?:(?:Bldg|BLDG|Building|Suite|SUITE|Ste|STE|Apt|APT|Flat|Tower|Ward|WARD|Bay|Bed|BED|Cubicle|suite|apt|unit|room|Room|ROOM|Rm|RM)\.?"
    r"[ ]#?(?:[A-Z]{1,2}-?)?\d{1,4}[A-Z]?(?:-\d{1,4})?\b"
    r"(?:,?[ ](?=(?:Ward|WARD|Suite|SUITE|Ste|STE|Floor|FLOOR|Fl|Room|ROOM|Rm|RM|Apt|APT|Bldg|BLDG)\b))?)+"
    r"(?:(?:Suite|Ste|Floor|Fl|Room|Rm)\.?[ ]#?[A-Z\d-]{1,6}\b)?"
)
_WARD_LABEL = re.compile(
    r"(?<![\w-])(?:(?:p(?:a?t|atient)[ ])?loc(?:ation)?|(?:ward|clinic|nursing[ ]unit|unit)(?:/[a-z]+)?|room|rm|bed|floor)"
    r"[ ]?(?:#|no\.?)?[ ]*:[ ]*"
    r"(?P<place>[A-Z\d][\w./-]*(?:[ ][A-Z\d][\w./-]*){0,3})(?=[ \t]{2,}|[ \t]*(?:$|[|;,(\r\n]|_x000D_))",
    re.IGNORECASE | re.MULTILINE,
)
_BUILDING = re.compile(
    rf"\b(?:Bldg|Building|Suite|Ste|Tower|Wing|Floor|Unit|Apt|Flat)\.?[ ]#?[A-Z\d]{{1,4}},[ ]{CAP}"
    rf"(?:[ ]{CAP}){{0,2}}(?:,[ ]*{STATE}\b)?(?:[, ]\s*{ZIP})?"
)


def find_addresses(text: str) -> Iterator[PhiSpan]:
    """Find streets, houses, rooms, wards with a label, boxes and postcodes."""
    for pattern in (
        _ADDRESS,
        _CONTINENTAL_STREET,
        _STREET_TOWN,
        _CONTINENTAL,
        _BEFORE_POSTCODE,
        _BUILDING,
        _NUMBER_TOWN,
        _ROOM,
        _PO_BOX,
        _STATE_ZIP,
        _UK_POSTCODE,
    ):
        for match in pattern.finditer(text):
            yield PhiSpan(*match.span(), "LOCATION")
    for pattern in (_WORKPLACE, _HOME):
        for match in pattern.finditer(text):
            yield PhiSpan(*match.span("name"), "LOCATION")
    for match in _NAMED_STREET.finditer(text):
        yield PhiSpan(*match.span("name"), "LOCATION")
    for match in _WARD_LABEL.finditer(text):
        # "Location: T4" and "Location: left upper lobe" are findings.
        if re.search(r"\d", match["place"]) and re.search(r"[A-Za-z]", match["place"]) and ANATOMY.search(match["place"]) is None:
            yield PhiSpan(match.start("place"), match.end("place"), "LOCATION")
    for match in _ZIP_LABEL.finditer(text):
        yield PhiSpan(match.start("zip"), match.end("zip"), "LOCATION")
    for match in _TOWN_STATE.finditer(text):
        town, state = match.group().split(",")[:2]
        words = re.findall(r"[^\W\d_]+", town)
        state_word = state.strip().split()[0] if state.strip() else ""
        if state_word in {
            "MD",
            "DO",
            "PA",
            "MA",
            "MS",
            "MB",
            "NS",
            "NP",
            "OR",
            "IN",
            "ME",
            "OK",
            "HI",
            "AL",
            "CT",
            "LA",
            "CA",
            "PE",
            "VA",
            "RI",
            "SC",
        } and (
            (not re.search(r"\d{5}", match.group()) and all(is_word(word) for word in words))
            or (state_word in {"MD", "DO"} and not re.search(r"\d{5}", match.group()))
        ):
            continue
        if town.isupper() and all(is_word(word) for word in words) and len(state_word) == 2:
            continue
        if re.match(r"\s?\d{1,3}-\d", text[match.end() : match.end() + 6]):
            continue  # "type IIIa, CA 19-9"
        start = match.start()
        for word in re.finditer(r"\S+", town):
            # "LIVES IN FAIRHOLM, OREGON": in capitals the words before the town look like it.
            if not (town.isupper() and is_word(word.group()) and match.start() + word.end() < match.start() + len(town)):
                start = match.start() + word.start()
                break
        yield PhiSpan(start, start + len(text[start : match.end()].rstrip(".")), "LOCATION")
