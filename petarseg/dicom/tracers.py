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

_AGENT_CODES: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    # PS3.16 CID 4021: SNOMED CT, the SRT codes before it, NCIt, UMLS and DCM. Y-X1743 is what older GE scanners write for FDG.
    {
        **dict.fromkeys(("35321007", "C-B1031", "Y-X1743"), ("FDG", "F-18")),
        **dict.fromkeys(("129501009", "C-B1032"), ("NaF", "F-18")),
        **dict.fromkeys(("129503007", "C-B1037"), ("rubidium chloride", "Rb-82")),
        **dict.fromkeys(("129505000", "C-B1039"), ("water", "O-15")),
        **dict.fromkeys(("129508003", "C-B103C"), ("ammonia", "N-13")),
        **dict.fromkeys(("129510001", "C-B103E"), ("methionine", "C-11")),
        **dict.fromkeys(("129513004", "C-B1043"), ("acetate", "C-11")),
        **dict.fromkeys(("422598008", "C-B07E1"), ("FMISO", "F-18")),
        "457000009": ("fluciclovine", "F-18"),
        "724025002": ("DOTATATE", "Ga-68"),
        "C2713594": ("DOTATOC", "Ga-68"),
        "C116352": ("DCFPyL", "F-18"),
        "C118961": ("PSMA-11", "Ga-68"),
        "126758": ("PSMA-1007", "F-18"),
        "926372005": ("FES", "F-18"),
        "5811000122108": ("FDOPA", "F-18"),
        "456992002": ("fluorocholine", "F-18"),
        "126703": ("choline", "C-11"),
        "456995000": ("florbetapir", "F-18"),
        "712736002": ("florbetaben", "F-18"),
        "456997008": ("flutemetamol", "F-18"),
        "879808000": ("flortaucipir", "F-18"),
        "126718": ("flurpiridaz", "F-18"),
        "126500": ("PiB", "C-11"),
        "129512009": ("raclopride", "C-11"),
    }
)

_FLUORINATED = frozenset(
    {
        *("FDG", "DCFPyL", "PSMA-1007", "fluciclovine", "FES", "FLT", "FMISO", "FAZA", "FDOPA", "FET", "NaF", "fluorocholine"),
        *("florbetapir", "florbetaben", "flutemetamol", "flortaucipir", "flurpiridaz"),
    }
)
"""Tracers whose name alone means F-18; DOTATATE, PSMA-11, choline and others are made with several radionuclides."""

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
            agent = _AGENT_CODES.get(code.text(Tag.CodeValue))
            names.append(agent[0] if agent else tracer_name(code.text(Tag.CodeMeaning)))
        names.append(tracer_name(item.text(Tag.Radiopharmaceutical)))
    return next((name for name in names if name), None)


def nuclide_name(text: str) -> str | None:
    """Return the PET radionuclide that a text names (``"^18^Fluorine"``, ``"Ga-68 DOTATATE"``); None for none, or for several."""
    lowered = text.casefold()
    found = set()
    for name, symbol in _ELEMENTS.items():
        element = rf"(?:{name}|{symbol.casefold()})"
        # The number first, without a space ("15 o'clock"), or the element first.
        for number in re.findall(
            rf"(?<![\d.])(\d+)[\^\])}}-]*{element}(?![a-z])|(?<![a-z\d]){element}[\s\^\[({{-]*(\d+)(?![\d.])", lowered
        ):
            found.add(f"{symbol}-{''.join(number)}")
    found &= PET_HALF_LIFE_S.keys()
    return found.pop() if len(found) == 1 else None


def read_nuclide(item: Header) -> tuple[str | None, str]:
    """Return the radionuclide (``"F-18"``) of an item of the radiopharmaceutical sequence, and the element that says so.

    By its own code or the meaning of that, else by the code, the meaning of the code or the name of the radiopharmaceutical.
    """
    for code in item.items(Tag.RadionuclideCodeSequence):
        found = _NUCLIDE_CODES.get(code.text(Tag.CodeValue)) or nuclide_name(code.text(Tag.CodeMeaning))
        if found:
            return found, Tag.RadionuclideCodeSequence.name
    for code in item.items(Tag.RadiopharmaceuticalCodeSequence):
        agent = _AGENT_CODES.get(code.text(Tag.CodeValue))
        found = agent[1] if agent else _nuclide_of_tracer(code.text(Tag.CodeMeaning))
        if found:
            return found, Tag.RadiopharmaceuticalCodeSequence.name
    return _nuclide_of_tracer(item.text(Tag.Radiopharmaceutical)), Tag.Radiopharmaceutical.name


def _nuclide_of_tracer(text: str) -> str | None:
    return nuclide_name(text) or ("F-18" if tracer_name(text) in _FLUORINATED else None)
