"""Names of radiopharmaceuticals and half-lives of radionuclides, from codes where there are any, else from free text."""

from __future__ import annotations

import re
from types import MappingProxyType

from petarseg.dicom.header import Header
from petarseg.dicom.tags import Tag

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
    {
        # PS3.16 CID 4021; SRT codes and the SNOMED CT codes that replaced them. Y-X1743 is what older GE scanners write for FDG.
        "C-B1031": "FDG",
        "35321007": "FDG",
        "Y-X1743": "FDG",
        "C-B1032": "NaF",
        "C-B1037": "rubidium chloride",
    }
)

HALF_LIFE_S: MappingProxyType[str, float] = MappingProxyType(
    # Decay Data Evaluation Project (LNHB), rounded.
    {
        "F-18": 6_586.2,
        "C-11": 1_221.8,
        "N-13": 597.9,
        "O-15": 122.2,
        "Ga-68": 4_062.6,
        "Cu-64": 45_721.0,
        "Zr-89": 282_300.0,
        "I-124": 360_900.0,
        "Rb-82": 75.5,
    }
)

_NUCLIDE_CODES: MappingProxyType[str, str] = MappingProxyType(
    # PS3.16 CID 4020: SRT codes.
    {
        "C-111A1": "F-18",
        "C-105A1": "C-11",
        "C-107A1": "N-13",
        "C-B1038": "O-15",
        "C-131A3": "Ga-68",
        "C-127A2": "Cu-64",
        "C-168A4": "Zr-89",
        "C-114A5": "I-124",
        "C-159A2": "Rb-82",
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
        match = re.search(r"\b(F|C|N|O|Ga|Cu|Zr|I|Rb)\s*-?\^?(\d{2,3})\b|\^(\d{2,3})\^?\s*(\w+)", code.text(Tag.CodeMeaning))
        if match and match.group(1) and f"{match.group(1)}-{match.group(2)}" in HALF_LIFE_S:
            return f"{match.group(1)}-{match.group(2)}"
    return None
