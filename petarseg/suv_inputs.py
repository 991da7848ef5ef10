"""What SUV needs to know of a PET series, and whether it is plausible. Implausible inputs are refused, not repaired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from types import MappingProxyType

from petarseg.decay import Frame, Vendor
from petarseg.errors import QuantificationError
from petarseg.reasons import Reason

DOSE_MBQ_PER_KG = (0.2, 20.0)
"""From low-dose total-body PET and Zr-89 (0.5) to 26 MBq in a newborn (9), with room."""
SHORT_LIVED_S = 2_000.0
SHORT_LIVED_MBQ_PER_KG = (0.2, 60.0)
"""O-15, N-13, C-11, Rb-82: up to 2 GBq are given."""
WEIGHT_KG = (1.0, 400.0)
HEIGHT_M = (0.3, 2.5)
MBQ_BELOW = 10_000.0
"""A RadionuclideTotalDose below this cannot be Bq: the header holds MBq (SPEC; the standard demands Bq)."""
MBQ_PER_MCI = 37.0
MCI_MBQ_PER_KG = (1.0, 20.0)
"""A number below `MBQ_BELOW` that makes this dose when read as mCi is refused: 15 is a usual dose in mCi, and a low one in MBq."""
HALF_LIFE_TOLERANCE = 0.03
"""Headers round half-lives, to minutes say."""

_UPTAKE_MIN: tuple[tuple[float, float, float], ...] = (
    # up to this half-life in s: shortest and longest time from injection to scan in minutes
    (2_000.0, 0.0, 60.0),  # O-15, N-13, C-11, Rb-82: imaged at once
    (5_000.0, 20.0, 180.0),  # Ga-68
    (10_000.0, 30.0, 150.0),  # F-18
    (100_000.0, 10.0, 4_320.0),  # Cu-64
    (1_000_000.0, 10.0, 14_400.0),  # Zr-89, I-124
)
_UPTAKE_MIN_OF_TRACER = {
    # Imaged from minutes after injection; the window of the radionuclide would reject every exam.
    "fluciclovine": (1.0, 60.0),  # prescribing information of Axumin: scan from 3 to 5 min
    "fluorocholine": (0.0, 120.0),  # early dynamic phase, and 60 min (EANM guideline on choline PET/CT)
    "FET": (0.0, 90.0),  # static image from 20 min (joint EANM/EANO/RANO guideline on amino acid PET)
    "FMISO": (60.0, 300.0),  # 2 to 4 h
    "FAZA": (60.0, 300.0),
    "PSMA-1007": (30.0, 240.0),  # 2 h, late images up to 4 h (EANM/SNMMI guideline on PSMA PET/CT 2.0)
    "PiB": (0.0, 100.0),  # 50 to 70 min, or 40 to 90
}
HALF_LIFE_S = (60.0, 1_000_000.0)
PET_HALF_LIFE_S: MappingProxyType[str, float] = MappingProxyType(
    # Decay Data Evaluation Project (LNHB) and NUBASE2020, rounded; the radionuclides of PS3.16 CID 4020 within the bounds above.
    {
        "Rb-82": 75.5,
        "O-15": 122.2,
        "K-38": 458.4,
        "Cu-62": 580.2,
        "N-13": 597.9,
        "C-11": 1_221.8,
        "Cu-60": 1_422.0,
        "Mn-51": 2_772.0,
        "Tc-94m": 3_120.0,
        "Ga-68": 4_062.6,
        "I-120": 4_896.0,
        "Br-75": 5_802.0,
        "F-18": 6_586.2,
        "Ti-45": 11_088.0,
        "Cu-61": 12_020.0,
        "Sc-43": 14_011.0,
        "Sc-44": 14_551.0,
        "Tb-149": 14_832.0,
        "Fe-52": 29_790.0,
        "Ga-66": 34_170.0,
        "Cu-64": 45_721.0,
        "Nb-90": 52_560.0,
        "Y-86": 53_064.0,
        "Br-76": 58_320.0,
        "Tb-152": 63_000.0,
        "Co-55": 63_108.0,
        "As-72": 93_600.0,
        "Y-90": 230_600.0,
        "Zr-89": 282_300.0,
        "I-124": 360_900.0,
        "Mn-52": 483_100.0,
    }
)


@dataclass(frozen=True, slots=True)
class SuvInputs:
    """What a header says, in SI units and vendor-neutral; None = absent or unreadable.

    Parameters
    ----------
    units : str
        BQML, CNTS, GML, CM2ML, PROPCPS, ... or "" or "unknown".
    stored_type : str or None
        SUVType: how a stored SUV is normalised.
    decay_correction : str
        START, ADMIN, NONE or "".
    corrections : frozenset of str
        CorrectedImage terms.
    dose_bq : float or None
        RadionuclideTotalDose as written.
    coded_half_life_s : float or None
        Half-life of the radionuclide that is named in the header, to check the one given as a number, ...
    nuclide_element : str
        ... and the element that names it.
    frames : tuple of Frame
        One per slice, in the order in which factors are wanted.
    direct_factor, activity_factor : float or None
        Philips (7053,1000) and (7053,1009).
    decay_factors : tuple of float or None
        DecayFactor of each frame, by which the scanner says it has multiplied; None unless every frame has one.
    tracer : str or None
        Normalised radiopharmaceutical; some are imaged at other times than most of their radionuclide.
    stated_start : datetime or None
        DecayCorrectionDateTime, the standard's own name for the moment of decay correction; rare outside enhanced objects.
    notes : tuple of str
        Assumptions that were made while the header was read.
    """

    units: str
    stored_type: str | None
    decay_correction: str
    corrections: frozenset[str] | None
    weight_kg: float | None
    height_m: float | None
    sex: str | None
    dose_bq: float | None
    half_life_s: float | None
    coded_half_life_s: float | None
    injection: datetime | None
    injection_clock: time | None
    series_start: datetime | None
    vendor_start: datetime | None
    frames: tuple[Frame, ...]
    vendor: Vendor = Vendor.OTHER
    direct_factor: float | None = None
    activity_factor: float | None = None
    decay_factors: tuple[float, ...] | None = None
    tracer: str | None = None
    stated_start: datetime | None = None
    nuclide_element: str = "RadionuclideCodeSequence"
    notes: tuple[str, ...] = ()


def uptake_range_min(half_life_s: float, tracer: str | None) -> tuple[float, float]:
    """Return the shortest and the longest plausible time from injection to scan in minutes."""
    if tracer in _UPTAKE_MIN_OF_TRACER:
        return _UPTAKE_MIN_OF_TRACER[tracer]
    for bound, low, high in _UPTAKE_MIN:
        if half_life_s <= bound:
            return low, high
    return 0.0, float("inf")


def read_weight_kg(inputs: SuvInputs) -> float:
    """Return the weight; WEIGHT_MISSING when absent or implausible."""
    weight_kg = inputs.weight_kg
    if weight_kg is None or not WEIGHT_KG[0] <= weight_kg <= WEIGHT_KG[1]:
        raise QuantificationError(Reason.WEIGHT_MISSING, {"PatientWeight": weight_kg, "plausible_kg": list(WEIGHT_KG)})
    return weight_kg


def read_height_m(inputs: SuvInputs) -> float:
    """Return the height; HEIGHT_MISSING when absent or implausible (centimetres, say)."""
    height_m = inputs.height_m
    if height_m is None or not HEIGHT_M[0] <= height_m <= HEIGHT_M[1]:
        raise QuantificationError(Reason.HEIGHT_MISSING, {"PatientSize": height_m, "plausible_m": list(HEIGHT_M)})
    return height_m


def read_sex(inputs: SuvInputs) -> str:
    """Return "M", "F" or "O"; SEX_MISSING otherwise."""
    if inputs.sex not in ("M", "F", "O"):
        raise QuantificationError(Reason.SEX_MISSING, {"PatientSex": inputs.sex or "absent"})
    return inputs.sex


def read_dose_bq(inputs: SuvInputs, weight_kg: float) -> tuple[float, tuple[str, ...]]:
    """Return the dose in Bq; values that can only be MBq are taken as such, with a note."""
    dose_bq = inputs.dose_bq
    notes: tuple[str, ...] = ()
    if dose_bq is None or dose_bq <= 0.0:
        raise QuantificationError(Reason.DOSE_MISSING, {"RadionuclideTotalDose": dose_bq})
    low, high = SHORT_LIVED_MBQ_PER_KG if (inputs.half_life_s or 0.0) < SHORT_LIVED_S else DOSE_MBQ_PER_KG
    if dose_bq < MBQ_BELOW:
        if MCI_MBQ_PER_KG[0] <= dose_bq * MBQ_PER_MCI / weight_kg <= MCI_MBQ_PER_KG[1]:
            raise QuantificationError(Reason.DOSE_MISSING, {"RadionuclideTotalDose": dose_bq, "unit": "MBq or mCi"})
        dose_bq, notes = dose_bq * 1e6, ("dose_in_mbq",)
    per_kg = dose_bq / 1e6 / weight_kg
    if not low <= per_kg <= high:
        raise QuantificationError(
            Reason.DOSE_MISSING,
            {"RadionuclideTotalDose": inputs.dose_bq, "mbq_per_kg": round(per_kg, 6), "plausible_mbq_per_kg": [low, high]},
        )
    return dose_bq, notes


def read_half_life_s(inputs: SuvInputs) -> float:
    """Return the half-life; HALF_LIFE_MISSING when absent or that of no PET radionuclide, FACTOR_CONTRADICTION when not the coded one's."""
    half_life_s = inputs.half_life_s
    if half_life_s is None or not HALF_LIFE_S[0] <= half_life_s <= HALF_LIFE_S[1]:
        raise QuantificationError(Reason.HALF_LIFE_MISSING, {"RadionuclideHalfLife": half_life_s})
    coded = inputs.coded_half_life_s
    if coded is not None and abs(half_life_s / coded - 1.0) > HALF_LIFE_TOLERANCE:
        raise QuantificationError(
            Reason.FACTOR_CONTRADICTION,
            {"elements": ["RadionuclideHalfLife", inputs.nuclide_element], "half_life_s": half_life_s, "coded_half_life_s": coded},
        )
    if not any(abs(half_life_s / known - 1.0) <= HALF_LIFE_TOLERANCE for known in PET_HALF_LIFE_S.values()):
        # 109.8 is the half-life of F-18 in minutes, and of nothing in seconds.
        raise QuantificationError(Reason.HALF_LIFE_MISSING, {"RadionuclideHalfLife": half_life_s, "radionuclide": "none has this"})
    return half_life_s
