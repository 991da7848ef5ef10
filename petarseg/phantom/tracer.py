"""How four tracers spread in the body: SUV per tissue, and what the DICOM header says about them.

The uptake values are typical clinical means (FDG: EANM/SNMMI procedure guidelines; DOTATATE, DCFPyL, fluciclovine: their
prescribing information), rounded. The phantom needs them plausible, not exact: the truth is what is painted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from petarseg.errors import ConfigError

F18_HALF_LIFE_S = 6586.2
"""109.77 min."""
GA68_HALF_LIFE_S = 4062.6
"""67.71 min."""


@dataclass(frozen=True, slots=True)
class Tracer:
    """A radiopharmaceutical.

    Parameters
    ----------
    name : str
        As petarseg writes it.
    header_name : str
        What the scanner writes as Radiopharmaceutical (0018,0031).
    nuclide, nuclide_code : str
        Radionuclide meaning and SNOMED RT code (DICOM CID 4020).
    half_life_s : float
        Physical half-life.
    dose_mbq : float
        Usual injected activity of an adult.
    uptake_min : float
        Usual time from injection to the start of the scan.
    suv : mapping of str to float
        SUV per tissue of ``body.py``.
    report_name : str
        How a report calls it.
    """

    name: str
    header_name: str
    nuclide: str
    nuclide_code: str
    half_life_s: float
    dose_mbq: float
    uptake_min: float
    suv: Mapping[str, float]
    report_name: str


_FDG = {
    "brain": 8.0, "white_matter": 4.2, "myocardium": 7.0, "blood": 1.7, "liver": 2.3, "spleen": 1.9, "kidney": 3.2,
    "renal_pelvis": 12.0, "bladder": 22.0, "marrow": 1.2, "bone": 0.7, "muscle": 0.6, "fat": 0.25, "lung": 0.4, "bowel": 1.4,
    "stomach": 1.8, "salivary": 1.7, "pancreas": 1.5, "adrenal": 1.6, "eye": 1.5,
}  # fmt: skip
_DOTATATE = _FDG | {
    "brain": 0.1, "white_matter": 0.1, "myocardium": 0.9, "blood": 0.9, "liver": 6.0, "spleen": 20.0, "kidney": 14.0,
    "renal_pelvis": 16.0, "bladder": 18.0, "marrow": 0.7, "bone": 0.4, "muscle": 0.5, "bowel": 1.8, "stomach": 2.2, "salivary": 2.4,
    "pancreas": 2.6, "adrenal": 5.0, "eye": 0.3,
}  # fmt: skip
_DCFPYL = _FDG | {
    "brain": 0.1, "white_matter": 0.1, "myocardium": 1.1, "blood": 1.2, "liver": 5.5, "spleen": 4.5, "kidney": 26.0,
    "renal_pelvis": 24.0, "bladder": 28.0, "marrow": 0.6, "bone": 0.4, "muscle": 0.5, "bowel": 2.6, "stomach": 2.0, "salivary": 14.0,
    "pancreas": 1.8, "adrenal": 2.2, "eye": 4.0,
}  # fmt: skip
_FLUCICLOVINE = _FDG | {
    "brain": 0.6, "white_matter": 0.5, "myocardium": 2.0, "blood": 1.5, "liver": 7.5, "spleen": 2.6, "kidney": 3.0,
    "renal_pelvis": 3.2, "bladder": 3.4, "marrow": 2.4, "bone": 1.2, "muscle": 1.1, "bowel": 2.0, "stomach": 2.2, "salivary": 2.6,
    "pancreas": 9.0, "adrenal": 3.2, "eye": 0.8,
}  # fmt: skip

TRACERS: Mapping[str, Tracer] = {
    tracer.name: tracer
    for tracer in (
        Tracer("FDG", "Fluorodeoxyglucose", "^18^Fluorine", "C-111A1", F18_HALF_LIFE_S, 350.0, 62.0, _FDG, "F-18 FDG"),
        Tracer("DOTATATE", "Ga-68 DOTATATE", "^68^Gallium", "C-131A3", GA68_HALF_LIFE_S, 185.0, 60.0, _DOTATATE, "Ga-68 DOTATATE"),
        Tracer("DCFPyL", "F-18 piflufolastat (DCFPyL)", "^18^Fluorine", "C-111A1", F18_HALF_LIFE_S, 333.0, 75.0, _DCFPYL, "F-18 DCFPyL"),
        Tracer("fluciclovine", "Fluciclovine F18", "^18^Fluorine", "C-111A1", F18_HALF_LIFE_S, 370.0, 4.0, _FLUCICLOVINE,
               "F-18 fluciclovine"),
    )
}  # fmt: skip
"""The tracers of the paper's cohort, by name."""


def tracer(name: str) -> Tracer:
    """Return a tracer by name; ConfigError when the phantom does not know it."""
    if name not in TRACERS:
        raise ConfigError(f"the phantom knows the tracers {', '.join(TRACERS)}, not {name!r}")
    return TRACERS[name]
