"""Hospitals, addresses and places."""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.lexicon import ANATOMY
from petarseg.reports.phi_eponyms import is_eponym
from petarseg.reports.phi_lexicon import is_proper, is_report_word, is_word
from petarseg.reports.phi_name_reader import UPPER
from petarseg.reports.phi_span import PhiSpan
from petarseg.reports.phi_vocabulary import CITIES, STATE_CODES, STATES, words

_CAP = rf"(?:[{UPPER}][\w'’&-]*\.?)"
_JOINER = r"(?:of|the|and|&|for|de|la|le|les|du|des|della|di|at|in|on|van|der|den|zu|am)"
_FACILITY = (
    r"(?:(?:Women['’]?s|Children['’]?s|General|Memorial|Regional|Community|University|Teaching|Veterans(?:\s+Affairs)?|VA|District|"
    r"County|State|City|National|Royal|Private|Mercy|Cancer|Medical|Heart|Health|Oncology|Imaging|Diagnostic|Radiology|PET(?:/CT)?|"
    r"Surgical|Specialty|Specialist|Clinical|Research|Care|Healthcare|Molecular|Nuclear|Medicine|Outpatient|Day|Base|Army|Naval|"
    r"Military|Infectious|Rehabilitation|Orthop(?:a)?edic|Breast|Lung|Tumou?r|Academic|Foundation|NHS|Treatment)\s+){0,4}"
    r"(?:Hospitals?|Medical\s+Cent(?:er|re)|Cent(?:er|re)|Clinics?|Infirmary|Institutes?|Polyclinic|Sanatorium|Hospice|"
    r"Health\s+(?:System|Network|Cent(?:er|re)|Services?|Care|Board|Sciences(?:\s+Cent(?:er|re))?)|Healthcare|Medical\s+(?:College|"
    r"Group|School|Associates|Plaza|Pavilion|Campus)|"
    r"Imaging(?:\s+(?:Associates|Group|Partners|Pavilion|Suite|Services|Network|Cent(?:er|re)))?|Radiology(?:\s+(?:Associates|Group|"
    r"Partners|Consultants|Services|Specialists))?|Oncology(?:\s+(?:Associates|Group|Partners|Consultants|Specialists)|(?!\s+(?:&|and\b|Imaging|Cent|Clinic|Hospital|Institute|Unit|Surgery)))|Pavilion|"
    r"Health\s+Team|(?:Family|Internal|Primary)\s+(?:Medicine|Practice|Care)|(?:[A-Z][a-z]+(?:ology|ic|al|ry)\s+)?(?:Associates|Physicians|Specialists)|"
    r"Foundation\s+Trust|NHS\s+Trust|Trust|Memorial|Regional|Teleradiology|Nuclear\s+Medicine|Molecular\s+Imaging|CBOC|VAMC|PET(?:/CT|-CT)?\s+(?:Unit|Suite|Facility)|Nursing\s+Home|Surgery\s+Cent(?:er|re)|"
    r"University|Diagnostics|Klinikum|Krankenhaus|Universit[äa]tsklinikum|Sygehus|Universitetshospital|Sjukhus|H[ôo]pital|Clinique|Surgery|Practice|"
    r"Ospedale|Cl[íi]nica|Ziekenhuis|Health|Lodge|Manor|Hospitalet)"
)
_INSTITUTION = re.compile(
    rf"(?<![\w-]){_CAP}(?:[ \t]{{1,2}}(?:{_JOINER}[ \t]+){{0,2}}{_CAP}){{0,5}}?[ \t]{{1,2}}{_FACILITY}(?![\w-])"
    rf"(?:[ \t](?:(?:University[ ])?(?:NHS[ ])?(?:Foundation[ ])?Trust|Health[ ](?:System|Network|Board)|Medical[ ]Cent(?:er|re)))?"
    r"(?:,?[ ](?:PLLC|LLC|LLP|Inc\.?|P\.?[CA]\.?|Ltd\.?|GmbH|Pty(?:[ ]Ltd)?)(?![\w]))?"
    rf"(?:[ \t]+(?:of|at|in|"
    rf"for)[ \t]+(?:the[ \t]+)?{_CAP}(?:[ \t]{_CAP}){{0,3}})?"
)
# The same in capitals, where only the place in the line and a telling noun set it off: "MERCY GROVE REGIONAL HOSPITAL".
_INSTITUTION_CAPITALS = re.compile(
    rf"(?:^[ \t]*|[:|,(;=/-][ \t]*|\t|[ ]{{2,}}|\b(?:AT|FROM|TO|BY|VIA|IN|THE|"
    rf"OF)[ ])(?P<name>(?:[{UPPER}][{UPPER}.'’&-]+[ ]{{1,2}}){{1,5}}?"
    rf"(?:HOSPITALS?|HOSP\.?|(?:MEDICAL|MED\.?|HEALTH|SURGICAL|HEART|ONCOLOGY|CANCER|VA|RADIOLOGY|IMAGING|"
    rf"TRAUMA)[ ](?:CENT(?:ER|RE)|CTR\.?)|VAMC|VAHCS|HCS|"
    rf"UNIVERSITY|HEALTHCARE|HEALTH|CANCER[ ](?:CARE|INSTITUTE)|IMAGING|RADIOLOGY|ONCOLOGY|POLYCLINIC|HOSPICE|NURSING[ ]HOME|"
    rf"CLINIC|INFIRMARY|INSTITUTE|(?:CANCER|IMAGING|PET|HEALTH)[ ]CENT(?:ER|RE)|HEALTH[ ](?:SYSTEM|CARE)|KLINIKUM)"
    rf"(?:[ ](?:(?:UNIVERSITY[ ])?(?:NHS[ ])?(?:FOUNDATION[ ])?TRUST|SYSTEM))?)(?![\w-])",
    re.MULTILINE,
)
_INSTITUTION_OF = re.compile(
    rf"\b(?:Hospital|Universit[äa]ts(?:klinikum|spital|klinik)|[^\W\d_]+(?:klinikum|krankenhaus|spital|sygehus|sjukhus)|"
    rf"University(?:\s+Hospitals?)?|Institute|Cent(?:er|re)|Clinic|College|H[ôo]pital|Hospital\s+(?:Universitario|General|"
    rf"Cl[íi]nico)|Klinikum|Ospedale|Clinique|Bệnh\s+viện|CHU|Krankenhaus|Policlinico)[ \t]+(?:(?:of|for|de|da|del|della|di|der|du|"
    rf"la|le)[ \t]+){{0,3}}{_CAP}(?:[ \t](?:(?:of|de|the|and|for|la|der|am|an|im|di|du|den|van|in|at)[ \t])?{_CAP}){{0,4}}"
)
_SAINT = re.compile(rf"\b(?:St\.?|Saint|Sankt|Mount|Mt\.?|Our\s+Lady\s+of)[ \t]+{_CAP}(?:['’]s)?(?:[ \t]{_CAP}){{0,2}}")
# "CLSC des Trois-Anses", "AZ Sint-Godelieve", "Nightlark Teleradiology LLC": the kind of house before the name, the kind of company behind.
_ABBREVIATED = re.compile(
    rf"\b(?:AZ|UZ|CHU|CHR|CHRU|CHUM|CHUV|CLSC|CHSLD|CISSS|CIUSSS|UMC|ZNA|LKH|AKH|KH|IRCCS|ASST|AOU|HUG|HGU|HU|SPZOZ|RSUD|RSUP|"
    rf"BV|VAMC|VAHCS)[ ]"
    rf"(?:(?:de|des|du|d'|la|le|van|di|del|St\.?)[ ]?)*{_CAP}(?:[ ]{_CAP}){{0,3}}"
)
_COMPANY = re.compile(
    rf"(?<![\w-]){_CAP}(?:[ ](?:(?:&|and|of)[ ])?{_CAP}){{0,5}}?,?[ ](?:LLC|L\.L\.C\.?|LLP|PLLC|Inc\.?|INC\.?|Ltd\.?|LTD\.?|"
    rf"GmbH|P\.C\.|P\.A\.|Pty(?:[ ]Ltd)?|B\.V\.|S\.A\.|AG|PLC)(?![\w])"
)
_KNOWN_HOSPITALS = re.compile(
    r"\b(?:Mayo(?:\s+Clinic)?|M\.?\s?D\.?\s+Anderson|Sloan[\s-]+Kettering|MSKCC|Johns\s+Hopkins|Mass(?:achusetts)?\s+General|"
    r"Cedars[\s-]Sinai|Dana[\s-]Farber|Moffitt|Brigham(?:\s+and\s+Women['’]?s)?|Kaiser(?:\s+Permanente)?|Cleveland\s+Clinic|"
    r"Beth\s+Israel|NYU\s+Langone|UCLA|UCSF|UPMC|"
    r"Royal\s+Marsden|Guy['’]?s\s+and\s+St\.?\s+Thomas|Charit[ée]|Karolinska|Rigshospitalet|Gustave\s+Roussy|Peter\s+MacCallum|"
    r"Princess\s+Margaret)\b"
)
# "ST BRIDE'S" in capitals, "Cragmoor Ward", and institutions that are known by one word, behind a preposition.
_SAINT_CAPITALS = re.compile(rf"\b(?:AT|FROM|TO|BY|VIA|IN|OF)[ ](?P<name>(?:ST|SAINT|MT|MOUNT)\.?[ ][{UPPER}]{{3,}}(?:['’]?S)?)\b")
# "@ UWMC", "transferred from SJMH": letters that no list knows, where an institution would stand.
_SHORT_FORM = re.compile(
    r"(?:@[ ]?|\b(?:transferred|referred|imported|received|obtained|uploaded|admitted|discharged|outside|OSH|study|exam|scan|"
    r"PET/CT|CT|MRI)[ ](?:at|from|to)[ ](?:the[ ])?)"
    r"(?P<name>[A-Z]{3,6})\b(?![ ]?\d)"
)
_WARD = re.compile(rf"(?<![\w-])(?P<name>{_CAP}(?:[ ]{_CAP}){{0,2}})[ ](?:Ward|WARD)\b")
_BY_ONE_WORD = re.compile(
    r"\b(?:at|from|to|via|by|in|then|AT|FROM|TO|VIA)[ ](?:the[ ]|The[ ])?(?P<name>(?:Duke|MSK|Emory|Stanford|Yale|Penn|Hopkins|"
    r"Vanderbilt|Northwestern|Columbia|Cornell|"
    r"Mount Sinai|Mt\.? Sinai|Mercy|Providence|Kaiser|Sutter|Scripps|Geisinger|Ochsner|Baylor|Emory|Tulane|Loyola|Rush|Banner|"
    r"Intermountain|Barnes|Swedish|"
    r"Sharp|Cedars|Hershey|Penn State|Temple|Jefferson|Tufts|Lahey|MGH|BWH|BIDMC|DFCI|NYU|UWMC|UCLA|UCSF|UPMC|MUSC|OHSU|UTSW|"
    r"CHOP|HUP|UAB|UCSD|UVA|UNC|OSU|IU|UW|"
    r"VA|VAMC|NHS|UCLH|"
    r"Addenbrooke['’]?s|Christie|Marsden|Guy['’]?s|Bart['’]?s|Ninewells|Papworth|Freeman|SickKids|Sunnybrook|Westmead|Alfred))\b"
    r"(?!['’]?s?[ ](?:procedure|criteria|staging|classification|grade|score|tube|rule|catheter|University\b.{0,20}criteria))"
)
# Words before "Hospital" that name no institution, and organisations whose names are citations.
_GENERIC = words("institution_generic")
_CITED = re.compile(
    r"(?:National\s+Comprehensive\s+Cancer|National\s+Cancer\s+Institute|American\s+College|American\s+Joint|World\s+Health|"
    r"European\s+(?:Association|Organi[sz]ation|Society)|Society\s+of|International\s+(?:Agency|Working|Association)|"
    r"Radiological\s+Society|Food\s+and\s+Drug|Montreal\s+Neurological\s+Institute)",
    re.IGNORECASE,
)
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Way|Terrace|Ter|Circle|Cir|Crescent|Cres|Parade|Pde|Esplanade|Promenade|Rise|Vale|"
    r"Close|Parkway|Pkwy|Highway|Hwy|Square|Sq|Trail|Row|Mews|Gardens|Grove|Hill|Walk|Line|Concession|Sideroad|Boreen|Brae|Wynd|Green|Heights|View|Park|Mount|Bank|Yard|Mall|Strand|Chase|Dale|Drove|Path|Ridge|Run|Trace|Crossing|Cove|Bend|Alley|Plaza|Loop|Quay|Route|Turnpike|Pike|Vej|"
    r"Gade|gade|vej)"
)
_UNIT_PART = r"(?:,?\s*(?:Apt|Apartment|Suite|Ste|Unit|Floor|Fl|Room|Rm|Bldg|Building|Flat|#)\.?\s*#?[A-Za-z]?\d*[A-Za-z-]*\d*)?"
_ZIP = (
    r"(?:(?<=(?:NSW|QLD|TAS|VIC)[ ])\d{4}|(?<=(?:SA|WA|NT)[ ])\d{4}|"
    r"\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d)"
)
_TOWN = rf"{_CAP}(?:[ ]{_CAP}){{0,3}}"
_STATE_NAME = "|".join(sorted((re.escape(state) for state in STATES), key=len, reverse=True))
_STATE = rf"(?:(?i:{_STATE_NAME})|(?:{'|'.join(sorted(STATE_CODES))}))"
_ADDRESS = re.compile(
    rf"(?<![\w.,/-])\d{{1,5}}[A-Za-z]?(?:-\d{{1,5}})?[ ]+(?:(?:[NSEW]|North|South|East|West|NE|NW|SE|SW)\.?[ ])?(?:{_CAP}|"
    rf"\d{{1,3}}(?:st|nd|rd|th))(?:[ ]{_CAP}){{0,3}}[ ](?i:{_STREET})\b\.?{_UNIT_PART}"
    rf"(?:\s*[,\n]\s*{_TOWN})?(?:,?\s*{_STATE}\b)?(?:[, ]\s*{_ZIP})?"
)
_PO_BOX = re.compile(rf"\bP\.?\s?O\.?\s+Box\s+\d+(?:\s*,\s*{_TOWN})?(?:,?\s*{_STATE}\b)?(?:[, ]\s*{_ZIP})?", re.IGNORECASE)
_TOWN_STATE = re.compile(rf"(?<![\w-]){_CAP}(?:[ ]{_CAP}){{0,2}},[ ]*{_STATE}(?![\w-])(?:[, ]\s*{_ZIP}\b)?")
_STATE_ZIP = re.compile(rf"\b(?:{'|'.join(sorted(STATE_CODES))})[ ]+\d{{5}}(?:-\d{{4}})?\b")
_ZIP_LABEL = re.compile(
    rf"\b(?:ZIP|postal|post|eir|PLZ)(?:\s*code)?\s*[:#]?\s*(?P<zip>{_ZIP}|[A-Z]\d[\dW]\s?[A-Z\d]{{4}})\b", re.IGNORECASE
)
# "CH-4410 Rötliberg": the postcodes of the continent stand before the town.
_CONTINENTAL = re.compile(rf"(?<![\w-])(?:CH|DE?|A|AT|DK|NL|BE?|F|I|E|SE?|NO?|FIN?|L|PL|CZ)-\d{{4,5}}[ ]{_TOWN}")
# "Lindenallee 12, 80331 München", "14 rue des Lilas", "Via Garibaldi 3": streets of the continent.
_CONTINENTAL_STREET = re.compile(
    rf"(?<![\w-])(?:[{UPPER}][\w-]*(?:allee|stra(?:ß|ss)e|str\.|weg|platz|gasse|ring|damm|ufer|vej|gade|gatan|vägen|veien|laan|straat|plein)"
    rf"|(?:Av\.|Avda\.|Jr\.|C/|Via|Viale|Calle|Avenida|Rua|Plaza|Piazza)[ ]{_CAP}(?:[ ]{_CAP}){{0,2}},?)[ ]\d{{1,4}}[a-z]?\b"
    rf"(?:,[ ](?:(?:[A-Z]{{1,2}}-)?\d{{4,5}}[ ])?{_TOWN})?"
    rf"|(?<![\w.])\d{{1,4}},?[ ](?:rue|avenue|boulevard|place|chemin|quai|allée|impasse)[ ]"
    rf"(?:(?:de|du|des|la|le|les)[ ]|d['’]|l['’])*{_CAP}"
    rf"(?:[ ]{_CAP}){{0,2}}(?:,[ ]\d{{5}}[ ]{_TOWN})?"
)
# "Known to Dr Sandhu at the Mater Private".
_SHORT_HOSPITAL = re.compile(
    rf"\b(?:at|from|to|in)[ ]the[ ](?P<name>{_CAP}(?:[ ]{_CAP}){{0,2}}?[ ](?:Private|Public|General|Memorial|Royal|Mater))\b"
    rf"(?![ ][a-z]+(?:ly|ed)\b)"
)
# "Quay Street, Ballinrath, Co. Sligo": a street without a number needs its town.
_STREET_TOWN = re.compile(
    rf"(?<![\w-]){_CAP}(?:[ ]{_CAP}){{0,2}}[ ](?:Street|Avenue|Road|Lane|Crescent|Terrace|Boulevard|Parkway|Gardens|Quay|Mews|Close),[ ]"
    rf"{_TOWN}(?:,[ ](?:Co\.?[ ])?{_TOWN})?"
)
# "on Old Mill Rd", "off Harbour Street": a street without number or town needs a preposition.
_NAMED_STREET = re.compile(
    rf"\b(?:on|at|of|off|near|along|from)[ ](?P<name>{_CAP}(?:[ ]{_CAP}){{0,2}}?[ ](?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|"
    rf"Drive|Boulevard|Blvd|Way|Crescent|Terrace|Highway|Hwy|Parkway|Pkwy)\b\.?)"
)
_UK_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b")
_RESIDENCE = re.compile(
    rf"\b(?i:(?:resid(?:ent|es|ing)|lives?|living|moved|travel(?:l?ed|s)?|relocated|visiting|born|raised|native|works?|working|"
    rf"employed|retired|admitted|hails|residence|transferred|flown)\s+(?:of|in|at|to|near|from|outside|back\s+to)\s+(?:the\s+(?:town|"
    rf"city|village|county)\s+of\s+)?)"
    rf"(?P<place>{_CAP}(?:[ ]{_CAP}){{0,2}}(?:,[ ]*{_CAP})?)"
)
_TOWN_LABEL = re.compile(
    rf"\b(?:address|city|town|residence|home\s+town|hometown|county|village|birthplace|"
    rf"place\s+of\s+birth)\s*:\s*(?P<place>{_CAP}(?:[ ]{_CAP}){{0,3}}(?:,[ ]*{_CAP}(?:[ ]{_CAP})?)?(?:[ ]{_ZIP})?)",
    re.IGNORECASE,
)
_COUNTY = re.compile(
    rf"\b(?P<place>{_CAP}(?:[ ]{_CAP})?[ ](?:County|Township|Borough|Parish|Village|Springs|Heights|Falls))\b(?!\s+(?:criteria|score|"
    rf"classification))"
)
_PLACE = re.compile(
    r"(?<![\w-])(?:" + "|".join(sorted((re.escape(name) for name in STATES | CITIES), key=len, reverse=True)) + r")(?![\w-])", re.IGNORECASE
)
_PLACE_CUE = re.compile(r"\b(?:in|from|to|at|near|of|outside|hospital|clinic|center|centre|site|campus|office),?\s+$", re.IGNORECASE)
_NOT_PLACE_AFTER = re.compile(
    r"\s*(?:['’]s)?\s+(?:criteria|classification|score|system|stage|staging|grade|grading|chromosome|guidelines?|consensus|protocol|"
    r"Heart\s+Association|virus|fever|disease|lymphoma|category|sign|formula|coma|scale|risk|definition|modification|index|assessment|"
    r"pouch|method|agreement|report\b|University\s+criteria)",
    re.IGNORECASE,
)


def find_places(text: str) -> Iterator[PhiSpan]:
    """Find institutions, addresses, towns with their state, and well-known places."""
    yield from _institutions(text)
    yield from _addresses(text)
    for match in _RESIDENCE.finditer(text):
        words = re.findall(r"[^\W\d_]+", match["place"])
        if words and not all(is_word(word) for word in words):
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
    if not word[0].isupper() or _NOT_PLACE_AFTER.match(text, match.end()) or is_eponym(text, match.start(), match.end()):
        return
    if is_word(word.split()[0]) and not _PLACE_CUE.search(text[max(0, match.start() - 16) : match.start()]):
        return
    yield PhiSpan(match.start(), match.end(), "LOCATION")


def _institutions(text: str) -> Iterator[PhiSpan]:
    for match in _KNOWN_HOSPITALS.finditer(text):
        if not _NOT_PLACE_AFTER.match(text, match.end()):
            yield PhiSpan(*match.span(), "HOSPITAL")
    for match in _SAINT.finditer(text):
        if (match.group().endswith(("'s", "’s")) or _PLACE_CUE.search(text[max(0, match.start() - 16) : match.start()])) and not is_eponym(
            text, *match.span()
        ):
            yield PhiSpan(*match.span(), "HOSPITAL")
    for pattern in (_ABBREVIATED, _COMPANY):
        for match in pattern.finditer(text):
            if any(is_proper(word) for word in re.findall(r"[^\W\d_]+", match.group())):
                yield PhiSpan(*match.span(), "HOSPITAL")
    for pattern in (_SAINT_CAPITALS, _BY_ONE_WORD):
        for match in pattern.finditer(text):
            yield PhiSpan(*match.span("name"), "HOSPITAL")
    for match in _SHORT_FORM.finditer(text):
        if not is_word(match["name"]) and match["name"].lower() not in words("initials_taken"):
            yield PhiSpan(*match.span("name"), "HOSPITAL")
    for match in _WARD.finditer(text):
        if not all(is_report_word(word) or word.lower() in _GENERIC for word in re.findall(r"[^\W\d_]+", match["name"])):
            yield PhiSpan(*match.span(), "LOCATION")
    for match in _SHORT_HOSPITAL.finditer(text):
        yield PhiSpan(match.start("name"), match.end("name"), "HOSPITAL")
    for match in _INSTITUTION_CAPITALS.finditer(text):
        span = _trimmed(text, match.start("name"), match.end("name"), keyword_first=False)
        if span is not None:
            yield PhiSpan(span.start, match.end("name"), "HOSPITAL")
    for pattern in (_INSTITUTION, _INSTITUTION_OF):
        for match in pattern.finditer(text):
            span = _trimmed(text, match.start(), match.end(), keyword_first=pattern is _INSTITUTION_OF)
            if span is not None:
                yield span


def _trimmed(text: str, start: int, end: int, *, keyword_first: bool) -> PhiSpan | None:
    """Drop generic words at the front; nothing is left of "Outside Hospital" or "Nuclear Medicine Imaging"."""
    if _CITED.search(text[start:end]) or text[end : end + 1] == ":":
        return None
    words = list(re.finditer(r"[^\s]+", text[start:end]))
    content = [m for m in words if re.sub(r"[^\w'’/-]", "", m.group()).lower().replace("’", "'") not in _GENERIC and m.group()[0].isupper()]
    if keyword_first:
        content = [
            m
            for m in content
            if not re.match(r"(?:Hospital|University|Institute|Cent|Clini|College|H[ôo]pital|Klinikum|Ospedale|Bệnh)", m.group())
        ]
        return PhiSpan(start, start + len(text[start:end].rstrip(".")), "HOSPITAL") if content else None
    content = [m for m in content if not re.fullmatch(_FACILITY, m.group())]
    if not content:
        return None
    if re.match(r"Our\s+Lady\b", text[start:end]):
        return PhiSpan(start, end, "HOSPITAL")
    # "Cardiac Imaging", "Public Health", "Blood Lodge": plain words make an institution only with a telling noun.
    plain = all(is_report_word(re.sub(r"\W", "", m.group())) for m in content)
    last = words[-1].group()
    if plain and (
        last
        in {
            "Imaging",
            "Health",
            "Memorial",
            "Regional",
            "Teleradiology",
            "PET",
            "PET/CT",
            "PET-CT",
            "Unit",
            "Suite",
            "Facility",
            "Radiology",
            "Oncology",
            "Medicine",
            "Associates",
            "Physicians",
            "Specialists",
            "Care",
        }
        or (len(content) < 2 and last in {"Trust", "Pavilion", "Lodge", "Manor", "Diagnostics", "Surgery", "Practice"})
    ):
        return None
    return PhiSpan(start + content[0].start(), start + len(text[start:end].rstrip(".")), "HOSPITAL")


# "Harrow Lane, Millbeck LS9 4TQ": parts of an address before a British or Canadian postcode; "7 Elm Close, Wexborough" without one.
_BEFORE_POSTCODE = re.compile(
    rf"(?<![\w.])(?:(?:\d{{1,4}}[A-Za-z]?[ ])?{_TOWN},[ ]*(?:[A-Z]{{2}}[ ]+)?){{1,4}}(?:{_TOWN}[ ]+)?"
    rf"(?:[A-Z]{{1,2}}\d[A-Z\d]?[ ]{{0,2}}\d[A-Z]{{2}}|[A-Z]\d[A-Z][ ]{{0,2}}\d[A-Z]\d)\b"
)
_ROOM = re.compile(
    r"\b(?:(?:Bldg|BLDG|Building|Suite|SUITE|Ste|STE|Apt|APT|Flat|Tower|Ward|WARD|Bay|Bed|BED|Cubicle|Room|ROOM|Rm|RM)\.?"
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
    rf"\b(?:Bldg|Building|Suite|Ste|Tower|Wing|Floor|Unit|Apt|Flat)\.?[ ]#?[A-Z\d]{{1,4}},[ ]{_CAP}"
    rf"(?:[ ]{_CAP}){{0,2}}(?:,[ ]*{_STATE}\b)?(?:[, ]\s*{_ZIP})?"
)


def _addresses(text: str) -> Iterator[PhiSpan]:
    for pattern in (
        _ADDRESS,
        _CONTINENTAL_STREET,
        _STREET_TOWN,
        _CONTINENTAL,
        _BEFORE_POSTCODE,
        _BUILDING,
        _ROOM,
        _PO_BOX,
        _STATE_ZIP,
        _UK_POSTCODE,
    ):
        for match in pattern.finditer(text):
            yield PhiSpan(*match.span(), "LOCATION")
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
        start = match.start()
        for word in re.finditer(r"\S+", town):
            # "LIVES IN FAIRHOLM, OREGON": in capitals the words before the town look like it.
            if not (town.isupper() and is_word(word.group()) and match.start() + word.end() < match.start() + len(town)):
                start = match.start() + word.start()
                break
        yield PhiSpan(start, start + len(text[start : match.end()].rstrip(".")), "LOCATION")
