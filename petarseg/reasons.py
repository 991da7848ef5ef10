"""Every reason for which petarseg drops something, with one sentence that a physician understands.

The codes are the values of ``rejected.parquet:reason`` and of ``funnel.json``; docs/reference/reasons.md is made from this file.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """A reason code and its description."""

    description: str

    def __new__(cls, code: str, description: str = "") -> Reason:
        """Make the member whose value is `code`."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.description = description
        return member

    # --- archive ---
    DUPLICATE_INSTANCE = "duplicate_instance", "Another file with different content has the same SOPInstanceUID."
    UNREADABLE_FILE = "unreadable_file", "The file cannot be read as DICOM (truncated, damaged or no permission)."
    NO_PET_SERIES = "no_pet_series", "The study holds no usable attenuation-corrected PET series."
    NO_CT_SERIES = "no_ct_series", "The study holds no CT series that belongs to the PET."
    AMBIGUOUS_SERIES = "ambiguous_series", "Several series fit equally well or are of several patients; none is chosen by chance."
    REPORT_WITHOUT_EXAM = "report_without_exam", "No exam of the archive belongs to this report."
    EXAM_WITHOUT_REPORT = "exam_without_report", "No report belongs to this exam."
    AMBIGUOUS_JOIN = "ambiguous_join", "Report and exam cannot be joined one to one."
    EMPTY_REPORT = "empty_report", "The report holds no text."
    # --- geometry and pixels ---
    UNSUPPORTED_OBJECT = "unsupported_object", "This kind of DICOM object (SOP class) is not supported."
    UNSUPPORTED_TRANSFER_SYNTAX = "unsupported_transfer_syntax", "No maintained decoder reads this transfer syntax."
    PIXELS_UNREADABLE = "pixels_unreadable", "The pixel data are missing, truncated or cannot be decoded."
    GEOMETRY_MISSING = "geometry_missing", "Image position, orientation or pixel spacing is missing."
    GEOMETRY_INCONSISTENT = "geometry_inconsistent", "Slices differ in orientation, size, spacing or frame of reference."
    SLICES_MISSING = "slices_missing", "The slice positions have a gap."
    SLICES_DUPLICATED = "slices_duplicated", "Several different slices share one position."
    TOO_FEW_SLICES = "too_few_slices", "The series has too few slices for a volume."
    RESCALE_MISSING = "rescale_missing", "Rescale slope or intercept is missing, unreadable or not positive."
    # --- SUV ---
    NOT_ATTENUATION_CORRECTED = "not_attenuation_corrected", "CorrectedImage does not list attenuation correction."
    NOT_DECAY_CORRECTED = "not_decay_corrected", "The decay correction is missing or contradictory."
    UNITS_UNSUPPORTED = "units_unsupported", "No rule leads from these pixel units to SUV."
    WEIGHT_MISSING = "weight_missing", "PatientWeight is missing, zero or implausible."
    HEIGHT_MISSING = "height_missing", "PatientSize is missing, zero or implausible, and this SUV type needs it."
    SEX_MISSING = "sex_missing", "PatientSex is missing, and this SUV type needs it."
    DOSE_MISSING = "dose_missing", "RadionuclideTotalDose is missing, zero or implausible."
    HALF_LIFE_MISSING = "half_life_missing", "RadionuclideHalfLife is missing, zero or implausible."
    INJECTION_TIME_MISSING = "injection_time_missing", "The time of injection is missing or unreadable."
    REFERENCE_TIME_MISSING = "reference_time_missing", "The time to which the image is decay-corrected cannot be told."
    PRIVATE_FACTOR_MISSING = "private_factor_missing", "The vendor's private scale factor is missing (removed by a de-identifier?)."
    FACTOR_CONTRADICTION = "factor_contradiction", "Two elements of the header give different SUV factors."
    UPTAKE_TIME_IMPLAUSIBLE = "uptake_time_implausible", "The time from injection to scan is not plausible for this tracer."
    SUV_IMPLAUSIBLE = "suv_implausible", "The SUV volume fails a plausibility check (all zero, negative, too low or too high)."
    # --- de-identification ---
    BURNED_IN_RISK = "burned_in_risk", "The image class may carry burned-in text."
    DEID_LEAK = "deid_leak", "An identifying value of the input was found in the output."
    FACE_UNSURE = "face_unsure", "Faces are to be removed, and neither the face nor its absence could be told from the CT."
    # --- text ---
    NO_USABLE_SENTENCE = "no_usable_sentence", "The report has no sentence with a current SUVmax and an axial slice."
    NO_FINDINGS_SECTION = "no_findings_section", "No findings section was recognised."
    NOT_IN_FINDINGS = "not_in_findings", "The statement stands outside the findings section (the impression repeats)."
    SLICE_WITHOUT_SUV = "slice_without_suv", "The sentence gives a slice but no SUVmax."
    SUV_WITHOUT_SLICE = "suv_without_slice", "The sentence gives an SUVmax but no slice."
    PRIOR_VALUE = "prior_value", "The value belongs to a prior examination."
    REFERENCE_ORGAN = "reference_organ", "The value is that of a reference organ (liver, blood pool, contralateral side)."
    PHYSIOLOGIC = "physiologic", "The value is purely physiologic reference uptake."
    NOT_AXIAL_SLICE = "not_axial_slice", "The slice is coronal or sagittal."
    SUV_NOT_MAX = "suv_not_max", "The value is an SUVmean, SUVpeak or SUL, not an SUVmax."
    SUV_RANGE = "suv_range", "A range of SUVs over several lesions."
    SLICE_RANGE = "slice_range", "A range of slices."
    MULTIPLE_VALUES = "multiple_values", "Several values that cannot be paired with lesions."
    DUAL_TIME_POINT = "dual_time_point", "The value belongs to a delayed image of a dual-time-point study."
    NO_ANATOMY = "no_anatomy", "The sentence names no anatomical site."
    ARTEFACT = "artefact", "The uptake is an artefact (injection site, contamination)."
    NO_AGREEMENT = "no_agreement", "The voters do not agree on SUVmax and slice."
    HALLUCINATED_NUMBER = "hallucinated_number", "A model gave a number that is not in the sentence."
    SCRUB_LEAK = "scrub_leak", "An identifying value was found in the scrubbed report."
    SUV_BELOW_FLOOR = "suv_below_floor", "The SUVmax is below the floor set in the configuration (2.5)."
    # --- finding to component ---
    SLICE_OUT_OF_RANGE = "slice_out_of_range", "The image has no slice with this number."
    NO_COMPONENT = "no_component", "No component above the initial threshold crosses the reported slice."
    NO_MATCHING_MAXIMUM = "no_matching_maximum", "No component on the reported slice has the reported maximum."
    WRONG_SLICE = "wrong_slice", "A component has the reported maximum but does not cross the reported slice."
    AMBIGUOUS = "ambiguous", "Several components fit the sentence equally well."
    SHARED_COMPONENT = "shared_component", "Two findings claim the same component."
    DUPLICATE_FINDING = "duplicate_finding", "The same finding was already taken from this exam."
    WRONG_SIDE = "wrong_side", "The component lies on the other side of the body than the sentence says."
    BACKGROUND_LEAK = "background_leak", "The component is larger than a lesion can be (background leak)."
    # --- mask ---
    THRESHOLD_TOO_HIGH = "threshold_too_high", "The iteration asked for a threshold above 0.9 of the maximum."
    MASK_LEAK = "mask_leak", "The mask leaks into its surroundings."
    MASK_TOO_SMALL = "mask_too_small", "The mask is a single voxel in the slice of its maximum."
    MASK_INCONSISTENT = "mask_inconsistent", "The maximum of the mask differs from the reported SUVmax."
    MASK_AT_BORDER = "mask_at_border", "The lesion is cut by the border of the field of view."
    NOT_CONVERGED = "not_converged", "The iteration did not settle."
    INVALID_IMAGE = "invalid_image", "The image holds NaN, is empty or has no positive voxel."
    INVALID_VALUE = "invalid_value", "SUVmax or slice is missing, not positive or not a number."
    # --- dataset ---
    NO_LESION = "no_lesion", "No finding of the exam became a lesion."
    OUTSIDE_GRID = "outside_grid", "The lesion lies outside the 3 mm output grid."
    EXAM_DROPPED = "exam_dropped", "The finding was usable, but its exam was rejected."
    REVIEWER_REJECTED = "reviewer_rejected", "A reviewer rejected the lesion."
    INTERNAL_ERROR = "internal_error", "A bug of petarseg: please report it with the evidence."


def reasons_markdown() -> str:
    """Return docs/reference/reasons.md: every code with its meaning.

    ``python -m petarseg.reasons > docs/reference/reasons.md`` writes it.
    """
    head = "The values of `reason` in `rejected.parquet`, of `dropped` in `funnel.json`, and of `reason` in the JSON of commands."
    rows = [f"| `{reason.value}` | {reason.description} |" for reason in Reason]
    return "\n".join(["# Reason codes", "", head, "", "| code | meaning |", "|---|---|", *rows]) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(reasons_markdown())
