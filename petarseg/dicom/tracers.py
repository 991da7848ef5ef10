"""Names of radiopharmaceuticals and radionuclides, from codes where there are any, else from free text."""

from __future__ import annotations

import re
from types import MappingProxyType

from petarseg.dicom.header import Header
from petarseg.dicom.tags import Tag
from petarseg.suv_inputs import PET_HALF_LIFE_S

# Order matters: the more specific pattern first. Patterns are matched against lower-case text.
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("FDG", r"\bfdg\b|fludeoxyglucose|fluorodeoxyglucose|fluoro-?2?-?deoxy|deoxyglucose|\bf-?18[- ]?fdg|18f?-?fdg|\bfdg"),
        ("DCFPyL", r"dcfpyl|piflufolastat|pylarify"),
        ("PSMA-1007", r"psma[- ]?1007"),
        ("rhPSMA-7.3", r"rhpsma|flotufolastat|posluma"),
        ("PSMA-I&T", r"psma[- ]?i\s*&?\s*t\b"),
        ("PSMA-11", r"psma[- ]?11|gozetotide|hbed[- ]?cc|locametz|illuccix"),
        ("PSMA", r"psma"),
        ("DOTATATE", r"dotatate|oxodotreotide|netspot|detectnet|octreotate"),
        ("DOTATOC", r"dotatoc|edotreotide"),
        ("DOTANOC", r"dotanoc"),
        ("fluciclovine", r"fluciclovine|facbc|axumin"),
        ("FES", r"fluoroestradiol|\bfes\b|cerianna"),
        ("FLT", r"fluorothymidine|\bflt\b|fluoro-?l-?thymidine"),
        ("FMISO", r"fmiso|fluoromisonidazole"),
        ("FAZA", r"\bfaza\b"),
        ("FDOPA", r"f-?dopa|fluorodopa|fluoro-?l-?dopa"),
        ("FET", r"fluoroethyl-?l?-?tyrosine|\bfet\b"),
        ("FAPI", r"fapi"),
        ("pentixafor", r"pentixafor"),
        ("florbetapir", r"florbetapir|amyvid"),
        ("florbetaben", r"florbetaben|neuraceq"),
        ("flutemetamol", r"flutemetamol|vizamyl"),
        ("flortaucipir", r"flortaucipir|av-?1451|tauvid"),
        ("flurpiridaz", r"flurpiridaz"),
        ("NaF", r"sodium fluoride|\bnaf\b|fluoride f"),
        ("fluorocholine", r"fluoro-?(methyl|ethyl)?-?choline|\bfch\b"),
        ("choline", r"choline"),
        ("methionine", r"methionine"),
        ("acetate", r"acetate"),
        ("PiB", r"pittsburgh|\bpib\b"),
        ("raclopride", r"raclopride"),
        ("ammonia", r"ammonia"),
        ("water", r"\bwater\b"),
        ("rubidium chloride", r"rubidium"),
    )
)

_AGENT_CODES: MappingProxyType[str, str] = MappingProxyType(
    # PS3.16 CID 4021: SNOMED CT, the SRT codes before it, NCIt, UMLS and DCM. Y-X1743 is what older GE scanners write for FDG.
    {
        **dict.fromkeys(("35321007", "C-B1031", "Y-X1743"), "FDG"),
        **dict.fromkeys(("129501009", "C-B1032"), "NaF"),
        **dict.fromkeys(("129503007", "C-B1037"), "rubidium chloride"),
        **dict.fromkeys(("129505000", "C-B1039"), "water"),
        **dict.fromkeys(("129508003", "C-B103C"), "ammonia"),
        **dict.fromkeys(("129510001", "C-B103E"), "methionine"),
        **dict.fromkeys(("129513004", "C-B1043"), "acetate"),
        **dict.fromkeys(("422598008", "C-B07E1"), "FMISO"),
        "457000009": "fluciclovine",
        "724025002": "DOTATATE",
        "C2713594": "DOTATOC",
        "C116352": "DCFPyL",
        "C118961": "PSMA-11",
        "126758": "PSMA-1007",
        "926372005": "FES",
        "5811000122108": "FDOPA",
        "456992002": "fluorocholine",
        "126703": "choline",
        "456995000": "florbetapir",
        "712736002": "florbetaben",
        "456997008": "flutemetamol",
        "879808000": "flortaucipir",
        "126718": "flurpiridaz",
        "126500": "PiB",
        "129512009": "raclopride",
    }
)

_NUCLIDE_CODES: MappingProxyType[str, str] = MappingProxyType(
    # PS3.16 CID 4020: SNOMED CT, and the SRT codes before it
    {
        **dict.fromkeys(("77004003", "C-111A1"), "F-18"),
        **dict.fromkeys(("40565003", "C-105A1"), "C-11"),
        **dict.fromkeys(("21576001", "C-107A1"), "N-13"),
        **dict.fromkeys(("129504001", "C-B1038"), "O-15"),
        **dict.fromkeys(("35337001", "C-131A3"), "Ga-68"),
        **dict.fromkeys(("3932008", "C-127A2"), "Cu-64"),
        **dict.fromkeys(("63360001", "C-168A4"), "Zr-89"),
        **dict.fromkeys(("40937006", "C-114A5"), "I-124"),
        **dict.fromkeys(("79197006", "C-159A2"), "Rb-82"),
    }
)
_ELEMENTS = MappingProxyType(
    {
        "fluorine": "F",
        "carbon": "C",
        "nitrogen": "N",
        "oxygen": "O",
        "gallium": "Ga",
        "copper": "Cu",
        "zirconium": "Zr",
        "iodine": "I",
        "rubidium": "Rb",
        "scandium": "Sc",
        "yttrium": "Y",
        "bromine": "Br",
        "manganese": "Mn",
    }
)


def tracer_name(text: str) -> str | None:
    """Return the normalised name of the tracer that a text names; None when it names none that is known."""
    lowered = text.casefold()
    for name, pattern in _PATTERNS:
        if pattern.search(lowered):
            return name
    return None


def read_tracer(header: Header) -> str | None:
    """Return the normalised tracer of an image: by code, else by the meaning of the code, else by the free text."""
    names = []
    for item in header.items(Tag.RadiopharmaceuticalInformationSequence):
        for code in item.items(Tag.RadiopharmaceuticalCodeSequence):
            names.append(_AGENT_CODES.get(code.text(Tag.CodeValue)) or tracer_name(code.text(Tag.CodeMeaning)))
        names.append(tracer_name(item.text(Tag.Radiopharmaceutical)))
    return next((name for name in names if name), None)


def read_nuclide(item: Header) -> str | None:
    """Return the radionuclide (``"F-18"``) coded in an item of the radiopharmaceutical sequence."""
    for code in item.items(Tag.RadionuclideCodeSequence):
        found = _NUCLIDE_CODES.get(code.text(Tag.CodeValue))
        if found:
            return found
        meaning = code.text(Tag.CodeMeaning).casefold()  # "^18^Fluorine", "Fluorine-18", "F-18"
        number = re.search(r"\d+", meaning)
        for name, symbol in _ELEMENTS.items():
            named = name in meaning or re.search(rf"(?<![a-z]){symbol.casefold()}(?![a-z])", meaning)
            if number and named and f"{symbol}-{number.group()}" in PET_HALF_LIFE_S:
                return f"{symbol}-{number.group()}"
    return None
