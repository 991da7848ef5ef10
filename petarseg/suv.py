"""Activity to SUV: every vendor rule, each with its source. Refuses rather than guesses; there is no default factor.

SUVbw = C [Bq/ml] · W [g] / D [Bq], D being the dose at the moment to which C is decay-corrected (DICOM PS3.3 C.8.9; QIBA vendor-neutral
pseudo-code). Scanners also store counts with a private factor (Philips CNTS), or SUV itself with some other normalisation (GML, CM2ML).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time
from types import MappingProxyType

from petarseg.decay import Frame, Vendor, average_count_rate_time, find_injection, find_scan_reference
from petarseg.errors import QuantificationError
from petarseg.reasons import Reason

FACTOR_TOLERANCE = 0.01
"""Two header elements that lead to one factor must agree to this part."""
DOSE_MBQ_PER_KG = (0.2, 60.0)
"""From low-dose total-body PET and Zr-89 (0.5) to Rb-82 (25), with room."""
WEIGHT_KG = (1.0, 400.0)
HEIGHT_M = (0.3, 2.5)
MBQ_BELOW = 10_000.0
"""A RadionuclideTotalDose below this cannot be Bq: the header holds MBq (SPEC; the standard demands Bq)."""

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
}
HALF_LIFE_S = (60.0, 1_000_000.0)


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
        Half-life of the radionuclide that is named in the header, to check the one given as a number.
    frames : tuple of Frame
        One per slice, in the order in which factors are wanted.
    direct_factor, activity_factor : float or None
        Philips (7053,1000) and (7053,1009).
    decay_factors : tuple of float or None
        DecayFactor of each frame, by which the scanner says it has multiplied; None unless every frame has one.
    tracer : str or None
        Normalised radiopharmaceutical; some are imaged at other times than most of their radionuclide.
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


@dataclass(frozen=True, slots=True)
class SuvConversion:
    """How rescaled pixel values become SUVbw.

    Parameters
    ----------
    factors : tuple of float
        One per frame: SUVbw = rescaled value · factor.
    method : str
        The rule that was used.
    reference : str or None
        How the moment of decay correction was found; None where no moment is needed.
    uptake_s : float or None
        Seconds from injection to that moment (to the scan for ADMIN), when it can be told.
    dose_bq : float or None
        Dose used, in Bq.
    assumptions : tuple of str
        Codes; each is explained in docs/explanation/suv.md.
    """

    factors: tuple[float, ...]
    method: str
    reference: str | None = None
    uptake_s: float | None = None
    dose_bq: float | None = None
    assumptions: tuple[str, ...] = ()
    inputs: dict[str, object] = field(default_factory=dict)

    @property
    def factor(self) -> float | None:
        """The factor when it is one for all frames, else None."""
        first = self.factors[0]
        return first if all(abs(value - first) <= 1e-9 * abs(first) for value in self.factors) else None


def convert_to_suv(inputs: SuvInputs) -> SuvConversion:
    """Find the factor from rescaled pixel values to SUVbw.

    Raises
    ------
    QuantificationError
        With the reason and the offending elements whenever no trustworthy factor exists.

    References
    ----------
    .. [1] QIBA Profile FDG-PET/CT, vendor-neutral pseudo-code for SUV calculation.
    .. [2] DICOM PS3.3, C.8.9.1 (PET Series) and C.8.9.4 (PET Image).
    """
    _check_corrections(inputs)
    if inputs.units == "BQML":
        return _from_activity(inputs, 1.0, "bqml")
    if inputs.units == "CNTS":
        return _from_counts(inputs)
    if inputs.units == "GML":
        return _from_stored_suv(inputs)
    if inputs.units == "CM2ML":
        return _from_bsa(inputs)
    raise QuantificationError(Reason.UNITS_UNSUPPORTED, {"Units": inputs.units or "absent"})


def _check_corrections(inputs: SuvInputs) -> None:
    """Attenuation and decay must be corrected, or decay explicitly not (QIBA preconditions)."""
    terms = inputs.corrections
    if terms is None or "ATTN" not in terms:
        raise QuantificationError(Reason.NOT_ATTENUATION_CORRECTED, {"CorrectedImage": sorted(terms) if terms else "absent"})
    if inputs.decay_correction not in ("START", "ADMIN", "NONE"):
        raise QuantificationError(Reason.NOT_DECAY_CORRECTED, {"DecayCorrection": inputs.decay_correction or "absent"})
    listed = bool(terms & {"DECY", "DECAY"})
    # Some scanners list DECY although they did not correct (QIBA's pseudo-code even asks for it); a factor other than 1 proves they did.
    scaled = inputs.decay_factors is not None and any(abs(factor - 1.0) > 1e-4 for factor in inputs.decay_factors)
    if (listed and scaled) if inputs.decay_correction == "NONE" else not listed:
        raise QuantificationError(
            Reason.NOT_DECAY_CORRECTED, {"DecayCorrection": inputs.decay_correction, "CorrectedImage": sorted(terms), "scaled": scaled}
        )


def _from_activity(inputs: SuvInputs, bqml_per_unit: float, method: str) -> SuvConversion:
    """Apply the formula to values of which `bqml_per_unit` make one Bq/ml."""
    weight_kg = _weight_kg(inputs)
    dose_bq, notes = _dose_bq(inputs, weight_kg)
    weight_g = weight_kg * 1_000.0
    if inputs.decay_correction == "ADMIN":
        uptake_s = _uptake_if_known(inputs)
        factor = bqml_per_unit * weight_g / dose_bq
        return _finish(inputs, (factor,) * len(inputs.frames), f"{method}_admin", None, uptake_s, dose_bq, notes)
    half_life_s = _half_life_s(inputs)
    if inputs.decay_correction == "START":
        reference = find_scan_reference(
            series_start=inputs.series_start,
            vendor_start=inputs.vendor_start,
            frames=inputs.frames,
            half_life_s=half_life_s,
            vendor=inputs.vendor,
        )
        injection, more = find_injection(
            start=inputs.injection, clock=inputs.injection_clock, reference=reference.at, half_life_s=half_life_s
        )
        uptake_s = (reference.at - injection).total_seconds()
        factor = bqml_per_unit * weight_g / (dose_bq * 2.0 ** (-uptake_s / half_life_s))
        notes = (*notes, *reference.assumptions, *more)
        return _finish(inputs, (factor,) * len(inputs.frames), f"{method}_start", reference.method, uptake_s, dose_bq, notes)
    if inputs.corrections is not None and inputs.corrections & {"DECY", "DECAY"}:
        notes = (*notes, "listed_as_decay_corrected_but_none")
    return _per_frame(inputs, bqml_per_unit, method, weight_g, dose_bq, half_life_s, notes)


def _per_frame(
    inputs: SuvInputs, scale: float, method: str, weight_g: float, dose_bq: float, half_life_s: float, notes: tuple[str, ...]
) -> SuvConversion:
    """Correct each frame of an uncorrected series by itself, at its average count rate time."""
    acquisitions = [frame.acquisition for frame in inputs.frames if frame.acquisition is not None]
    durations = [frame.duration_s for frame in inputs.frames if frame.duration_s is not None and frame.duration_s > 0]
    if min(len(acquisitions), len(durations)) < len(inputs.frames):
        raise QuantificationError(
            Reason.REFERENCE_TIME_MISSING, {"missing": "AcquisitionTime or ActualFrameDuration", "DecayCorrection": "NONE"}
        )
    first = min(acquisitions)
    injection, more = find_injection(start=inputs.injection, clock=inputs.injection_clock, reference=first, half_life_s=half_life_s)
    factors = []
    for acquisition, duration_s in zip(acquisitions, durations, strict=True):
        elapsed_s = (acquisition - injection).total_seconds() + average_count_rate_time(duration_s, half_life_s)
        factors.append(scale * weight_g / (dose_bq * 2.0 ** (-elapsed_s / half_life_s)))
    uptake_s = (first - injection).total_seconds()
    return _finish(inputs, tuple(factors), f"{method}_none", "each_frame", uptake_s, dose_bq, (*notes, *more))


def _from_counts(inputs: SuvInputs) -> SuvConversion:
    """Philips: (7053,1000) gives SUVbw, (7053,1009) gives Bq/ml; with both valid they must agree.

    The scanner's own SUV factor is taken when both are there (QIBA's order), the formula when it stands alone.
    """
    if inputs.vendor is not Vendor.PHILIPS:
        raise QuantificationError(Reason.UNITS_UNSUPPORTED, {"Units": "CNTS", "vendor": inputs.vendor.value})
    direct, activity = inputs.direct_factor or 0.0, inputs.activity_factor or 0.0
    if inputs.decay_correction == "NONE":
        if activity <= 0.0 < direct:
            raise QuantificationError(Reason.NOT_DECAY_CORRECTED, {"DecayCorrection": "NONE", "only_factor": "(7053,1000)"})
        direct = 0.0
    if direct <= 0.0 and activity <= 0.0:
        raise QuantificationError(Reason.PRIVATE_FACTOR_MISSING, {"missing": ["(7053,1000)", "(7053,1009)"], "Units": "CNTS"})
    if direct <= 0.0:
        return _from_activity(inputs, activity, "philips_activity_factor")
    if activity <= 0.0:
        uptake_s = _uptake_if_known(inputs)
        return _finish(inputs, (direct,) * len(inputs.frames), "philips_suv_factor", None, uptake_s, None, ("factor_of_the_scanner",))
    computed = _from_activity(inputs, activity, "philips_activity_factor")
    gap = max(abs(factor / direct - 1.0) for factor in computed.factors)
    if gap > FACTOR_TOLERANCE:
        raise QuantificationError(
            Reason.FACTOR_CONTRADICTION, {"elements": ["(7053,1000)", "(7053,1009)"], "relative_difference": round(gap, 4)}
        )
    notes = (*computed.assumptions, "factor_of_the_scanner")
    return _finish(
        inputs,
        (direct,) * len(inputs.frames),
        "philips_suv_factor",
        computed.reference,
        computed.uptake_s,
        computed.dose_bq,
        notes,
        check_uptake=False,
    )


def _from_stored_suv(inputs: SuvInputs) -> SuvConversion:
    """GML: the pixels are SUV; bring other normalisations to body weight."""
    kind = (inputs.stored_type or "").upper()
    notes: tuple[str, ...] = () if kind else ("suv_type_absent_body_weight_assumed",)
    if kind in ("", "BW"):
        scale = 1.0
    elif kind in _LEAN_MASS_KG:
        weight_kg, sex = _weight_kg(inputs), _sex(inputs)
        scale = weight_kg / lean_body_mass_kg(kind, weight_kg=weight_kg, height_m=_height_m(inputs), sex=sex)
        if sex == "O":
            notes = (*notes, "sex_other_mean_of_male_and_female")
    else:
        raise QuantificationError(Reason.UNITS_UNSUPPORTED, {"Units": "GML", "SUVType": kind if kind == "BSA" else "unknown"})
    method = f"gml_{kind.lower() or 'bw'}"
    return _finish(inputs, (scale,) * len(inputs.frames), method, None, _uptake_if_known(inputs), None, notes, check_uptake=False)


def _from_bsa(inputs: SuvInputs) -> SuvConversion:
    """CM2ML: SUVbsa; SUVbw = SUVbsa · W[kg] / (10 · BSA[m2])."""
    kind = (inputs.stored_type or "").upper()
    if kind not in ("", "BSA"):
        raise QuantificationError(Reason.UNITS_UNSUPPORTED, {"Units": "CM2ML", "SUVType": kind if kind == "BW" else "other"})
    weight_kg = _weight_kg(inputs)
    scale = weight_kg / (10.0 * body_surface_m2(weight_kg=weight_kg, height_m=_height_m(inputs)))
    uptake_s = _uptake_if_known(inputs)
    return _finish(inputs, (scale,) * len(inputs.frames), "cm2ml_bsa", None, uptake_s, None, (), check_uptake=False)


def _finish(
    inputs: SuvInputs,
    factors: tuple[float, ...],
    method: str,
    reference: str | None,
    uptake_s: float | None,
    dose_bq: float | None,
    notes: tuple[str, ...],
    *,
    check_uptake: bool = True,
) -> SuvConversion:
    """Check the uptake time and assemble the answer."""
    if uptake_s is not None and inputs.half_life_s is not None:
        low, high = _uptake_range_min(inputs.half_life_s, inputs.tracer)
        if not low * 60.0 <= uptake_s <= high * 60.0:
            if check_uptake:
                raise QuantificationError(
                    Reason.UPTAKE_TIME_IMPLAUSIBLE, {"uptake_min": round(uptake_s / 60.0, 1), "plausible_min": [low, high]}
                )
            notes = (*notes, "uptake_time_implausible")
    used: dict[str, object] = {"weight_kg": inputs.weight_kg, "half_life_s": inputs.half_life_s, "dose_bq": dose_bq or inputs.dose_bq}
    return SuvConversion(factors, method, reference, uptake_s, dose_bq, tuple(dict.fromkeys(notes)), used)


def _uptake_range_min(half_life_s: float, tracer: str | None) -> tuple[float, float]:
    if tracer in _UPTAKE_MIN_OF_TRACER:
        return _UPTAKE_MIN_OF_TRACER[tracer]
    for bound, low, high in _UPTAKE_MIN:
        if half_life_s <= bound:
            return low, high
    return 0.0, float("inf")


def _uptake_if_known(inputs: SuvInputs) -> float | None:
    """Return the seconds from injection to the scan where the factor does not depend on them, for the record and the check."""
    acquisitions = [frame.acquisition for frame in inputs.frames if frame.acquisition is not None]
    if not acquisitions or inputs.half_life_s is None or inputs.half_life_s <= 0:
        return None
    first = min(acquisitions)
    try:
        injection, _ = find_injection(start=inputs.injection, clock=inputs.injection_clock, reference=first, half_life_s=inputs.half_life_s)
    except QuantificationError:
        return None
    return (first - injection).total_seconds()


def _weight_kg(inputs: SuvInputs) -> float:
    weight_kg = inputs.weight_kg
    if weight_kg is None or not WEIGHT_KG[0] <= weight_kg <= WEIGHT_KG[1]:
        raise QuantificationError(Reason.WEIGHT_MISSING, {"PatientWeight": weight_kg, "plausible_kg": list(WEIGHT_KG)})
    return weight_kg


def _height_m(inputs: SuvInputs) -> float:
    height_m = inputs.height_m
    if height_m is None or not HEIGHT_M[0] <= height_m <= HEIGHT_M[1]:
        raise QuantificationError(Reason.HEIGHT_MISSING, {"PatientSize": height_m, "plausible_m": list(HEIGHT_M)})
    return height_m


def _sex(inputs: SuvInputs) -> str:
    if inputs.sex not in ("M", "F", "O"):
        raise QuantificationError(Reason.SEX_MISSING, {"PatientSex": inputs.sex or "absent"})
    return inputs.sex


def _dose_bq(inputs: SuvInputs, weight_kg: float) -> tuple[float, tuple[str, ...]]:
    """Return the dose in Bq; values that can only be MBq are taken as such, with a note."""
    dose_bq = inputs.dose_bq
    notes: tuple[str, ...] = ()
    if dose_bq is None or dose_bq <= 0.0:
        raise QuantificationError(Reason.DOSE_MISSING, {"RadionuclideTotalDose": dose_bq})
    if dose_bq < MBQ_BELOW:
        dose_bq, notes = dose_bq * 1e6, ("dose_in_mbq",)
    per_kg = dose_bq / 1e6 / weight_kg
    if not DOSE_MBQ_PER_KG[0] <= per_kg <= DOSE_MBQ_PER_KG[1]:
        raise QuantificationError(
            Reason.DOSE_MISSING,
            {"RadionuclideTotalDose": inputs.dose_bq, "mbq_per_kg": round(per_kg, 6), "plausible_mbq_per_kg": list(DOSE_MBQ_PER_KG)},
        )
    return dose_bq, notes


def _half_life_s(inputs: SuvInputs) -> float:
    half_life_s = inputs.half_life_s
    if half_life_s is None or not HALF_LIFE_S[0] <= half_life_s <= HALF_LIFE_S[1]:
        raise QuantificationError(Reason.HALF_LIFE_MISSING, {"RadionuclideHalfLife": half_life_s})
    coded = inputs.coded_half_life_s
    if coded is not None and abs(half_life_s / coded - 1.0) > 0.03:
        raise QuantificationError(
            Reason.FACTOR_CONTRADICTION,
            {"elements": ["RadionuclideHalfLife", "RadionuclideCodeSequence"], "half_life_s": half_life_s, "coded_half_life_s": coded},
        )
    return half_life_s


_LEAN_MASS_KG: MappingProxyType[str, tuple[Callable[[float, float], float], Callable[[float, float], float]]] = MappingProxyType(
    {
        # (male, female) as functions of weight in kg and height in cm
        "LBM": (lambda w, h: 1.10 * w - 120.0 * (w / h) ** 2, lambda w, h: 1.07 * w - 148.0 * (w / h) ** 2),
        "LBMJAMES128": (lambda w, h: 1.10 * w - 128.0 * (w / h) ** 2, lambda w, h: 1.07 * w - 148.0 * (w / h) ** 2),
        "LBMJANMA": (
            lambda w, h: 9_270.0 * w / (6_680.0 + 216.0 * w / (h / 100.0) ** 2),
            lambda w, h: 9_270.0 * w / (8_780.0 + 244.0 * w / (h / 100.0) ** 2),
        ),
        "IBW": (lambda w, h: 48.0 + 1.06 * (h - 152.0), lambda w, h: 45.5 + 0.91 * (h - 152.0)),
    }
)


def lean_body_mass_kg(kind: str, *, weight_kg: float, height_m: float, sex: str) -> float:
    """Return the lean or ideal body mass that a stored SUV is normalised by.

    Parameters
    ----------
    kind : str
        LBM (James, 120 for men), LBMJAMES128, LBMJANMA (Janmahasatian) or IBW, as in DICOM SUVType.
    weight_kg, height_m : float
        Of the patient.
    sex : str
        "M", "F", or "O" for the mean of both (IBSI SUV manual).

    Raises
    ------
    QuantificationError
        HEIGHT_MISSING when weight and height together give no positive mass (James' formula fails in the very obese).
    """
    male, female = (formula(weight_kg, height_m * 100.0) for formula in _LEAN_MASS_KG[kind])
    mass_kg = {"M": male, "F": female, "O": 0.5 * (male + female)}[sex]
    if not 0.2 * weight_kg <= mass_kg <= 1.5 * weight_kg:
        raise QuantificationError(Reason.HEIGHT_MISSING, {"lean_body_mass_kg": round(mass_kg, 2), "SUVType": kind})
    return mass_kg


def body_surface_m2(*, weight_kg: float, height_m: float) -> float:
    """Return the body surface by DuBois and DuBois (1916): 0.007184 · W^0.425 · H^0.725, H in cm."""
    return float(0.007184 * weight_kg**0.425 * (height_m * 100.0) ** 0.725)
