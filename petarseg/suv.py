"""Activity to SUV: every vendor rule, each with its source. Refuses rather than guesses; there is no default factor.

SUVbw = C [Bq/ml] · W [g] / D [Bq], D being the dose at the moment to which C is decay-corrected (DICOM PS3.3 C.8.9; QIBA vendor-neutral
pseudo-code). Scanners also store counts with a private factor (Philips CNTS), or SUV itself with some other normalisation (GML, CM2ML).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from petarseg.body_size import LEAN_MASS_KG, body_surface_m2, lean_body_mass_kg
from petarseg.decay import Vendor, average_count_rate_time, check_frames, find_injection, find_scan_reference
from petarseg.errors import QuantificationError
from petarseg.reasons import Reason
from petarseg.suv_inputs import (
    SuvInputs,
    read_dose_bq,
    read_half_life_s,
    read_height_m,
    read_sex,
    read_weight_kg,
    uptake_range_min,
)

__all__ = ["SuvConversion", "SuvInputs", "convert_to_suv"]

FACTOR_TOLERANCE = 0.01
"""Two header elements that lead to one factor must agree to this part."""


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
    if inputs.units in ("GML", "CM2ML"):
        if inputs.decay_correction == "NONE":
            # An SUV relates counts and dose of one moment; what this number relates cannot be told.
            raise QuantificationError(Reason.NOT_DECAY_CORRECTED, {"DecayCorrection": "NONE", "Units": inputs.units})
        return _from_stored_suv(inputs) if inputs.units == "GML" else _from_bsa(inputs)
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
    weight_kg = read_weight_kg(inputs)
    dose_bq, notes = read_dose_bq(inputs, weight_kg)
    weight_g = weight_kg * 1_000.0
    if inputs.decay_correction == "ADMIN":
        uptake_s = _uptake_if_known(inputs)
        factor = bqml_per_unit * weight_g / dose_bq
        return _finish(inputs, (factor,) * len(inputs.frames), f"{method}_admin", None, uptake_s, dose_bq, notes)
    half_life_s = read_half_life_s(inputs)
    if inputs.decay_correction == "START":
        reference = find_scan_reference(
            series_start=inputs.series_start,
            vendor_start=inputs.vendor_start,
            stated_start=inputs.stated_start,
            frames=inputs.frames,
            half_life_s=half_life_s,
            vendor=inputs.vendor,
        )
        injection, more = find_injection(
            start=inputs.injection, clock=inputs.injection_clock, reference=reference.at, half_life_s=half_life_s
        )
        uptake_s = (reference.at - injection).total_seconds()
        _refuse_implausible_uptake(inputs, uptake_s)
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
    check_frames(inputs.frames, half_life_s)
    injection, more = find_injection(start=inputs.injection, clock=inputs.injection_clock, reference=first, half_life_s=half_life_s)
    uptake_s = (first - injection).total_seconds()
    _refuse_implausible_uptake(inputs, uptake_s)
    factors = []
    for acquisition, duration_s in zip(acquisitions, durations, strict=True):
        elapsed_s = (acquisition - injection).total_seconds() + average_count_rate_time(duration_s, half_life_s)
        factors.append(scale * weight_g / (dose_bq * 2.0 ** (-elapsed_s / half_life_s)))
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
    n_frames = len(inputs.frames)
    if activity <= 0.0:
        uptake_s = _uptake_if_known(inputs)
        return _finish(inputs, (direct,) * n_frames, "philips_suv_factor", None, uptake_s, None, ("factor_of_the_scanner",))
    try:
        computed = _from_activity(inputs, activity, "philips_activity_factor")
    except QuantificationError as error:
        if not _lacks_inputs(inputs) and error.reason is not Reason.REFERENCE_TIME_MISSING:
            raise
        # The scanner's factor stands alone as it does in the many headers without the other; nothing contradicts it.
        return _finish(inputs, (direct,) * n_frames, "philips_suv_factor", None, None, None, ("factor_of_the_scanner", "factor_unchecked"))
    gap = max(abs(factor / direct - 1.0) for factor in computed.factors)
    if gap > FACTOR_TOLERANCE:
        raise QuantificationError(
            Reason.FACTOR_CONTRADICTION, {"elements": ["(7053,1000)", "(7053,1009)"], "relative_difference": round(gap, 4)}
        )
    notes = (*computed.assumptions, "factor_of_the_scanner")
    return _finish(
        inputs,
        (direct,) * n_frames,
        "philips_suv_factor",
        computed.reference,
        computed.uptake_s,
        computed.dose_bq,
        notes,
        check_uptake=False,
    )


def _lacks_inputs(inputs: SuvInputs) -> bool:
    """Tell whether an input of the formula is absent (blanked by a de-identifier), rather than there and implausible."""
    given = (inputs.weight_kg, inputs.dose_bq, inputs.half_life_s, inputs.injection or inputs.injection_clock)
    return not all(given)


def _from_stored_suv(inputs: SuvInputs) -> SuvConversion:
    """GML: the pixels are SUV; bring other normalisations to body weight."""
    kind = (inputs.stored_type or "").upper()
    notes: tuple[str, ...] = () if kind else ("suv_type_absent_body_weight_assumed",)
    if kind in ("", "BW"):
        scale = 1.0
    elif kind in LEAN_MASS_KG:
        weight_kg, sex = read_weight_kg(inputs), read_sex(inputs)
        scale = weight_kg / lean_body_mass_kg(kind, weight_kg=weight_kg, height_m=read_height_m(inputs), sex=sex)
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
    weight_kg = read_weight_kg(inputs)
    scale = weight_kg / (10.0 * body_surface_m2(weight_kg=weight_kg, height_m=read_height_m(inputs)))
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
    if uptake_s is not None and check_uptake:
        _refuse_implausible_uptake(inputs, uptake_s)
    elif uptake_s is not None and not _is_plausible_uptake(inputs, uptake_s):
        notes = (*notes, "uptake_time_implausible")
    used: dict[str, object] = {"weight_kg": inputs.weight_kg, "half_life_s": inputs.half_life_s, "dose_bq": dose_bq or inputs.dose_bq}
    return SuvConversion(factors, method, reference, uptake_s, dose_bq, tuple(dict.fromkeys((*notes, *inputs.notes))), used)


def _refuse_implausible_uptake(inputs: SuvInputs, uptake_s: float) -> None:
    """Refuse an uptake time before anything is made of it: decay over a year is a division by zero."""
    if not _is_plausible_uptake(inputs, uptake_s):
        plausible = uptake_range_min(inputs.half_life_s or 0.0, inputs.tracer)
        raise QuantificationError(
            Reason.UPTAKE_TIME_IMPLAUSIBLE, {"uptake_min": round(uptake_s / 60.0, 1), "plausible_min": list(plausible)}
        )


def _is_plausible_uptake(inputs: SuvInputs, uptake_s: float) -> bool:
    if inputs.half_life_s is None:
        return True
    low, high = uptake_range_min(inputs.half_life_s, inputs.tracer)
    return low * 60.0 <= uptake_s <= high * 60.0


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
