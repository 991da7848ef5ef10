"""Hospitals, clinics, imaging companies and wards: by their nouns, their abbreviations, and by standing where an institution would."""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.lexicon import ANATOMY
from petarseg.reports.phi_addresses import CAP, NOT_PLACE_AFTER, PLACE_CUE
from petarseg.reports.phi_eponyms import BARE_EPONYMS, is_eponym
from petarseg.reports.phi_lexicon import is_listed_word, is_proper, is_report_word, is_word
from petarseg.reports.phi_name_reader import UPPER
from petarseg.reports.phi_span import PhiSpan
from petarseg.reports.phi_vocabulary import words

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
    r"Health\s+Team|Radiologists|Pathologists|Oncologists|Surgeons|Urologists|Cardiologists|Health\s+Plan|(?:Family|Internal|Primary)\s+(?:Medicine|Practice|Care)|(?:[A-Z][a-z]+(?:ology|ic|al|ry)\s+)?(?:Associates|Physicians|Specialists)|"
    r"Foundation\s+Trust|NHS\s+Trust|Trust|Memorial|Regional|Teleradiology|Nuclear\s+Medicine|Molecular\s+Imaging|CBOC|VAMC|PET(?:/CT|-CT)?\s+(?:Unit|Suite|Facility)|Nursing\s+Home|Surgery\s+Cent(?:er|re)|"
    r"University|Diagnostics|Klinikum|Krankenhaus|Universit[äa]tsklinikum|Sygehus|Universitetshospital|Sjukhus|H[ôo]pital|Clinique|Surgery|Practice|"
    r"Ospedale|Cl[íi]nica|Ziekenhuis|Health|Lodge|Manor|Hospitalet)"
)
_INSTITUTION = re.compile(
    rf"(?<![\w-]){CAP}(?:[ \t]{{1,2}}(?:{_JOINER}[ \t]+){{0,2}}{CAP}){{0,5}}?[ \t]{{1,2}}(?:(?:&|and)[ \t])?{_FACILITY}(?![\w-])"
    rf"(?:[ \t](?:(?:University[ ])?(?:NHS[ ])?(?:Foundation[ ])?Trust|Health[ ](?:System|Network|Board)|Medical[ ]Cent(?:er|re)))?"
    r"(?:,?[ ](?:PLLC|LLC|LLP|Inc\.?|P\.?[CA]\.?|Ltd\.?|GmbH|Pty(?:[ ]Ltd)?)(?![\w]))?"
    rf"(?:[ \t]+(?:of|at|in|"
    rf"for)[ \t]+(?:the[ \t]+)?{CAP}(?:[ \t]{CAP}){{0,3}})?"
)
# The same in capitals, where only the place in the line and a telling noun set it off: "MERCY GROVE REGIONAL HOSPITAL".
_INSTITUTION_CAPITALS = re.compile(
    rf"(?:^[ \t]*|[:|,(;=/-][ \t]*|\t|[ ]{{2,}}|\b(?:AT|FROM|TO|BY|VIA|IN|THE|"
    rf"OF)[ ])(?P<name>(?:[{UPPER}][{UPPER}.'’&-]+[ ]{{1,2}}){{1,5}}?"
    rf"(?:HOSPITALS?|HOSP\.?|(?:MEDICAL|MED\.?|HEALTH|SURGICAL|HEART|ONCOLOGY|CANCER|VA|RADIOLOGY|IMAGING|"
    rf"TRAUMA)[ ](?:CENT(?:ER|RE)|CTR\.?)|VAMC|VAHCS|HCS|"
    rf"(?:MEDICAL|PHYSICIANS?|SURGICAL|RADIOLOGY|ONCOLOGY)[ ]GROUP|"
    rf"CONSULTANTS|ASSOCIATES|SPECIALISTS|PARTNERS|PHYSICIANS|RADIOLOGISTS|UNIVERSITY|HEALTHCARE|HEALTH|CANCER[ ](?:CARE|"
    rf"INSTITUTE)|IMAGING|RADIOLOGY|ONCOLOGY|POLYCLINIC|HOSPICE|NURSING[ ]HOME|"
    rf"CLINIC|INFIRMARY|INSTITUTE|(?:CANCER|IMAGING|PET|HEALTH)[ ]CENT(?:ER|RE)|HEALTH[ ](?:SYSTEM|CARE)|KLINIKUM)"
    rf"(?:[ ](?:(?:UNIVERSITY[ ])?(?:NHS[ ])?(?:FOUNDATION[ ])?TRUST|SYSTEM))?)(?![\w-])",
    re.MULTILINE,
)
_INSTITUTION_OF = re.compile(
    rf"\b(?:Hospital|Universit[äa]ts(?:klinikum|spital|klinik)|[^\W\d_]+(?:klinikum|krankenhaus|spital|sygehus|sjukhus)|"
    rf"University(?:\s+Hospitals?)?|Institute|Cent(?:er|re)|Clinic|College|H[ôo]pital|Hospital\s+(?:Universitario|General|"
    rf"Cl[íi]nico)|Klinikum|Ospedale|Clinique|Bệnh\s+viện|CHU|Krankenhaus|Policlinico)[ \t]+(?:(?:of|for|de|da|del|della|di|der|du|"
    rf"la|le)[ \t]+){{0,3}}{CAP}(?:[ \t](?:(?:of|de|the|and|for|la|der|am|an|im|di|du|den|van|in|at)[ \t])?{CAP}){{0,4}}"
)
_SAINT = re.compile(rf"\b(?:St\.?|Saint|Sankt|Mount|Mt\.?|Our\s+Lady\s+of)[ \t]+{CAP}(?:['’]s)?(?:[ \t]{CAP}){{0,2}}")
# "CLSC des Trois-Anses", "AZ Sint-Godelieve", "Nightlark Teleradiology LLC": the kind of house before the name, the kind of company behind.
_ABBREVIATED = re.compile(
    rf"\b(?:AZ|UZ|CHU|CHR|CHRU|CHUM|CHUV|CLSC|CHSLD|CISSS|CIUSSS|UMC|ZNA|LKH|AKH|KH|IRCCS|ASST|AOU|HUG|HGU|HU|SPZOZ|RSUD|RSUP|"
    rf"BV|VAMC|VAHCS)[ ]"
    rf"(?:(?:de|des|du|d'|la|le|van|di|del|St\.?)[ ]?)*{CAP}(?:[ ]{CAP}){{0,3}}"
)
_COMPANY = re.compile(
    rf"(?<![\w-]){CAP}(?:[ ](?:(?:&|and|of)[ ])?{CAP}){{0,5}}?,?[ ](?:LLC|L\.L\.C\.?|LLP|PLLC|Inc\.?|INC\.?|Ltd\.?|LTD\.?|"
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
# "chemo at Fox Chase": capitalised words, be they plain, where an institution or a town would stand.
_AT_PLACE = re.compile(
    rf"(?<=[a-z0-9,)] )(?:at|from|via|through|(?:sent|transferred|referred|returned|discharged|faxed|copied|admitted|moved|"
    rf"repatriated)[ ]to)[ ](?:the[ ])?"
    rf"(?P<name>[{UPPER}][a-z][\w'’-]*(?:[ ](?:of[ ])?[{UPPER}][a-z][\w'’-]*){{1,4}})(?![\w/-])"
)
_FROM_CAPITALS = re.compile(
    rf"\b(?:FROM|AT)[ ](?P<name>[{UPPER}]{{3,}}[{UPPER}'’&-]*(?:[ ][{UPPER}]{{3,}}[{UPPER}'’&-]*){{0,3}}?)(?=[ ](?:AND|ON|IN|"
    rf"DATED|OF|WITH|BY)\b|[.,;)]|[ ]*$)",
    re.MULTILINE,
)
_BED = re.compile(
    r"(?<!prostate )(?<!tumor )(?<!tumour )(?<!surgical )(?<!fossa )\b(?:bed|cubicle|"
    r"bay)[ ]\d{1,3}[A-Z]?\b(?![ ]?(?:positions?|mm|cm|min|SUV|\(|slice))",
    re.IGNORECASE,
)
_WARD = re.compile(rf"(?<![\w-])(?P<name>{CAP}(?:[ ]{CAP}){{0,2}})[ ](?:Ward|WARD)\b")
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
# "Known to Dr Sandhu at the Mater Private".
_SHORT_HOSPITAL = re.compile(
    rf"\b(?:at|from|to|in)[ ]the[ ](?P<name>{CAP}(?:[ ]{CAP}){{0,2}}?[ ](?:Private|Public|General|Memorial|Royal|Mater))\b"
    rf"(?![ ][a-z]+(?:ly|ed)\b)"
)


# "Quarry Hill General -- 12.07.2024"
_GENERAL = re.compile(rf"(?<![\w-])(?P<name>{CAP}(?:[ ]{CAP}){{0,2}}[ ]General)(?=[ ]*(?:--|[–—|,;.\n]|-[ ]|$))", re.MULTILINE)


def find_institutions(text: str) -> Iterator[PhiSpan]:
    """Find institutions by their nouns, abbreviations and places in a sentence."""
    for match in _KNOWN_HOSPITALS.finditer(text):
        if not NOT_PLACE_AFTER.match(text, match.end()) and not (match.group() == "Mayo" and is_eponym(text, *match.span(), strict=True)):
            yield PhiSpan(*match.span(), "HOSPITAL")
    for match in _SAINT.finditer(text):
        if (match.group().endswith(("'s", "’s")) or PLACE_CUE.search(text[max(0, match.start() - 16) : match.start()])) and not is_eponym(
            text, *match.span()
        ):
            yield PhiSpan(*match.span(), "HOSPITAL")
    for pattern in (_ABBREVIATED, _COMPANY):
        for match in pattern.finditer(text):
            if any(is_proper(word) for word in re.findall(r"[^\W\d_]+", match.group())):
                yield PhiSpan(*match.span(), "HOSPITAL")
    for pattern in (_SAINT_CAPITALS, _BY_ONE_WORD):
        for match in pattern.finditer(text):
            if not is_eponym(text, *match.span("name"), strict=True):
                yield PhiSpan(*match.span("name"), "HOSPITAL")
    for match in _AT_PLACE.finditer(text):
        found = re.findall(r"[^\W\d_]+", match["name"])
        if (
            not all(map(is_listed_word, found))
            and not (found[0].lower() in BARE_EPONYMS and is_eponym(text, *match.span("name"), strict=True))
            and ANATOMY.search(match["name"]) is None
        ):
            yield PhiSpan(*match.span("name"), "HOSPITAL")
    for match in _FROM_CAPITALS.finditer(text):
        found = re.findall(r"[^\W\d_]+", match["name"])
        if not all(map(is_word, found)) and ANATOMY.search(match["name"]) is None and not is_eponym(text, *match.span("name")):
            yield PhiSpan(*match.span("name"), "HOSPITAL")
    for match in _BED.finditer(text):
        yield PhiSpan(*match.span(), "LOCATION")
    for match in _SHORT_FORM.finditer(text):
        if not is_word(match["name"]) and match["name"].lower() not in words("initials_taken"):
            yield PhiSpan(*match.span("name"), "HOSPITAL")
    for match in _WARD.finditer(text):
        if not all(is_report_word(word) or word.lower() in _GENERIC for word in re.findall(r"[^\W\d_]+", match["name"])):
            yield PhiSpan(*match.span(), "LOCATION")
    for match in _GENERAL.finditer(text):
        if not all(is_report_word(word) for word in re.findall(r"[^\W\d_]+", match["name"])):
            yield PhiSpan(*match.span("name"), "HOSPITAL")
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
    if _CITED.search(text[start:end]):
        return None
    # "Nuclear Medicine:" is a heading, "Kirkwall Bay Hospital: FDG PET/CT" names its house.
    if re.match(r"[ ]*:", text[end : end + 6]) and all(is_word(word.lower()) for word in re.findall(r"[^\W\d_]+", text[start:end])):
        return None
    drug = re.match(rf"(?P<word>[{UPPER}][\w-]+)[ ](?:at|in|from)[ ](?=[{UPPER}])", text[start:end])
    if drug is not None and not keyword_first and is_report_word(drug["word"]):
        start += drug.end()  # "with Detectnet at Sable Creek Cancer Center"
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
