"""The rules of de-identification: what happens to each DICOM attribute, and which objects may pass at all.

The Basic Application Level Confidentiality Profile of PS3.15 Annex E (Table E.1-1 as data in ``ps315_table_e1.txt``) with the options
Retain Patient Characteristics, Retain Longitudinal Temporal Information with Modified Dates, Clean Descriptors and Retain Safe Private.
Attributes that the standard does not list would pass untouched; here their value representation decides: text passes only for the
attributes of `CLEANED` and word by word, bulk data only for pixels and lookup tables, private attributes only from `SAFE_PRIVATE`,
and unknown ones never.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from importlib.resources import files

from pydicom.datadict import dictionary_has_tag, dictionary_keyword, dictionary_VM, dictionary_VR, tag_for_keyword

from petarseg.reasons import Reason


class Action(Enum):
    """What happens to an attribute."""

    KEEP = "keep"  # when the value fits its representation; otherwise it is removed
    REMOVE = "remove"
    EMPTY = "empty"
    DUMMY = "dummy"
    CLEAN = "clean"  # keep harmless words; remove when none is left
    CLEAN_OR_EMPTY = "clean or empty"
    CLEAN_OR_DUMMY = "clean or dummy"
    CODE = "code"
    UID = "uid"
    SHIFT = "shift"
    AGE = "age"
    PSEUDONYM = "pseudonym"
    RECURSE = "recurse"


NUMERIC_BYTES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "UV": 8, "SV": 8, "FL": 4, "FD": 8, "AT": 4}
NUMERIC = frozenset(NUMERIC_BYTES)
BULK = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN"})
TEXT = frozenset({"SH", "LO", "ST", "LT", "UT", "UC"})
STRINGS = TEXT | {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "PN", "TM", "UI", "UR"}


def _tags(keywords: str) -> frozenset[int]:
    tags = {keyword: tag_for_keyword(keyword) for keyword in keywords.split()}
    return frozenset(int(tag) for tag in tags.values() if tag is not None)


PATIENT_CHARACTERISTICS = _tags("PatientSex PatientSize PatientWeight PatientSexNeutered PregnancyStatus SmokingStatus")
"""Listed for removal by the Basic Profile, kept by the Retain Patient Characteristics Option (E.3.8). PatientAge is capped."""

CLEANED = _tags(
    # Clean Descriptors Option (E.3.5)
    "StudyDescription SeriesDescription ProtocolName AcquisitionProtocolName AcquisitionProtocolDescription ContrastBolusAgent "
    "AcquisitionDeviceProcessingDescription DerivationDescription RequestedProcedureDescription PerformedProcedureStepDescription "
    "StructureSetLabel StructureSetName ROIName ROIDescription ROIObservationLabel RTROIObservationLabel SegmentLabel SegmentDescription "
    # Not listed by the profile, useful, and free text all the same
    "Manufacturer ManufacturerModelName SoftwareVersions CodeMeaning ConvolutionKernel FilterType SequenceName PulseSequenceName "
    "Radiopharmaceutical RadiopharmaceuticalRoute AttenuationCorrectionMethod ScatterCorrectionMethod ReconstructionMethod "
    "ReconstructionAlgorithm DetectorLinesOfResponseUsed RescaleType WindowCenterWidthExplanation PositionReferenceIndicator "
    "SegmentAlgorithmName AlgorithmName AlgorithmVersion ROIGenerationDescription ModalityLUTType LUTExplanation ContrastBolusRoute "
    "CodingSchemeVersion BodyPartExamined "
)

KEPT_TEXT = _tags("CodingSchemeDesignator TimezoneOffsetFromUTC")
BULK_KEPT = _tags("PixelData FloatPixelData DoubleFloatPixelData ExtendedOffsetTable ExtendedOffsetTableLengths LUTData")
NOT_SHIFTED = _tags("PatientBirthDate PatientBirthTime PatientDeathDateInAlternativeCalendar")
CONSTANT_DATES = _tags(
    "ContextGroupVersion ContextGroupLocalVersion TemplateVersion TemplateLocalVersion DateOfManufacture DateOfInstallation"
)
"""Dates of a standard or of the scanner, equal for all patients and known to many: moved with a patient they would tell the shift."""
NEEDED_TEXT = _tags("CodeMeaning SegmentLabel AlgorithmName SegmentAlgorithmName")
"""Cleaned text that may not be empty where it stands (type 1)."""
MEASURED = _tags(
    "RadionuclideTotalDose RadionuclideHalfLife RadionuclidePositronFraction ActualFrameDuration FrameReferenceTime RescaleSlope "
    "RescaleIntercept DecayFactor DoseCalibrationFactor PatientWeight PatientSize PixelSpacing SliceThickness SpacingBetweenSlices "
    "ImagePositionPatient ImageOrientationPatient SliceLocation Rows Columns"
)
"""Numbers that SUV and geometry need: one that equals an id does so by chance."""
REFERENCES = _tags("ReferencedImageSequence SourceImageSequence")
"""Action X/Z/U* of the profile: kept, with new UIDs."""

CLASS_UIDS = _tags(
    "SOPClassUID ReferencedSOPClassUID TransferSyntaxUID ReferencedTransferSyntaxUIDInFile CodingSchemeUID ContextUID MappingResourceUID"
)
PATIENT_ID, PATIENT_NAME, PATIENT_AGE = 0x00100020, 0x00100010, 0x00101010

METHOD_CODES = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113105", "Clean Descriptors Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("113108", "Retain Patient Characteristics Option"),
    ("113111", "Retain Safe Private Option"),
)
"""For the DeidentificationMethodCodeSequence (0012,0064): PS3.16, CID 7050."""


@dataclass(frozen=True, slots=True)
class SafePrivate:
    """A private element that holds no identifying value, and how it is treated.

    Its place is group, creator and low byte of the element: the block number may be any.
    """

    vr: str
    action: Action


SAFE_PRIVATE: dict[tuple[int, str, int], SafePrivate] = {
    (0x7053, "Philips PET Private Group", 0x00): SafePrivate("DS", Action.KEEP),  # SUV scale factor
    (0x7053, "Philips PET Private Group", 0x09): SafePrivate("DS", Action.KEEP),  # activity concentration scale factor
    (0x0009, "GEMS_PETD_01", 0x0D): SafePrivate("DT", Action.SHIFT),  # scan date and time
    (0x0009, "GEMS_PETD_01", 0x38): SafePrivate("FL", Action.KEEP),  # tracer activity
    (0x0009, "GEMS_PETD_01", 0x39): SafePrivate("DT", Action.SHIFT),  # time of its measurement
    (0x0009, "GEMS_PETD_01", 0x3A): SafePrivate("FL", Action.KEEP),  # volume before injection
    (0x0009, "GEMS_PETD_01", 0x3B): SafePrivate("DT", Action.SHIFT),  # time of administration
    (0x0009, "GEMS_PETD_01", 0x3C): SafePrivate("FL", Action.KEEP),  # activity left after injection
    (0x0009, "GEMS_PETD_01", 0x3D): SafePrivate("DT", Action.SHIFT),  # time of that measurement
    (0x0009, "GEMS_PETD_01", 0x3F): SafePrivate("FL", Action.KEEP),  # half-life
    (0x0009, "GEMS_PETD_01", 0x40): SafePrivate("FL", Action.KEEP),  # positron fraction
    (0x0071, "SIEMENS MED PT", 0x22): SafePrivate("DT", Action.SHIFT),  # time to which the image is decay-corrected
    # Elements of PS3.15, Table E.3.10-1
    (0x0019, "GEMS_ACQU_01", 0x23): SafePrivate("DS", Action.KEEP),  # table speed
    (0x0019, "GEMS_ACQU_01", 0x24): SafePrivate("DS", Action.KEEP),  # mid scan time
    (0x0019, "GEMS_ACQU_01", 0x27): SafePrivate("DS", Action.KEEP),  # rotation speed
    (0x0043, "GEMS_PARM_01", 0x27): SafePrivate("SH", Action.CLEAN),  # scan pitch ratio
    (0x0045, "GEMS_HELIOS_01", 0x01): SafePrivate("SS", Action.KEEP),  # number of macro rows in the detector
    (0x0045, "GEMS_HELIOS_01", 0x02): SafePrivate("FL", Action.KEEP),  # macro width at the isocentre
    (0x00E1, "ELSCINT1", 0x21): SafePrivate("DS", Action.KEEP),  # dose-length product
    (0x01E1, "ELSCINT1", 0x26): SafePrivate("CS", Action.KEEP),  # phantom type
    (0x01F1, "ELSCINT1", 0x01): SafePrivate("CS", Action.KEEP),  # acquisition type
    (0x01F1, "ELSCINT1", 0x07): SafePrivate("DS", Action.KEEP),  # table velocity
    (0x01F1, "ELSCINT1", 0x26): SafePrivate("DS", Action.KEEP),  # pitch
    (0x01F1, "ELSCINT1", 0x27): SafePrivate("DS", Action.KEEP),  # rotation time
    (0x0019, "SIEMENS MR HEADER", 0x0C): SafePrivate("IS", Action.KEEP),  # b value
}

ORPHANS: dict[tuple[int, int], str] = {
    (group, element): creator
    for group, creator, element in SAFE_PRIVATE
    if group in (0x7053, 0x0009, 0x0071) and element in (0x00, 0x09, 0x0D, 0x22)
}
"""SUV factors and times whose private creator another de-identifier dropped: (group, low byte) to the creator to restore."""


@lru_cache(maxsize=1)
def basic_profile() -> dict[int, str]:
    """Return the action of the Basic Profile per tag, as printed in Table E.1-1 of PS3.15."""
    lines = files("petarseg.dicom").joinpath("ps315_table_e1.txt").read_text("ascii").splitlines()
    rows = (line.split() for line in lines if not line.startswith("#"))
    return {int(tag, 16): action for tag, action, _ in rows}


@cache
def representations(tag: int) -> tuple[str, ...]:
    """Return the value representations that PS3.6 allows for a public tag; empty for an unknown one."""
    return tuple(dictionary_VR(tag).split(" or ")) if dictionary_has_tag(tag) else ()


@cache
def is_single(tag: int) -> bool:
    """Tell whether PS3.6 allows an attribute one value only."""
    return bool(dictionary_has_tag(tag) and dictionary_VM(tag) == "1")


@cache
def keyword(tag: int) -> str:
    """Name an attribute without telling its value: the keyword, or the tag with the private block left open."""
    group, element = tag >> 16, tag & 0xFFFF
    if group % 2:
        return f"({group:04X},xx{element & 0xFF:02X})" if element > 0xFF else f"({group:04X},{element:04X})"
    return (dictionary_keyword(tag) if dictionary_has_tag(tag) else "") or f"({group:04X},{element:04X})"


@cache
def action_for(tag: int) -> Action:
    """Return what happens to a public attribute."""
    group = tag >> 16
    vrs = representations(tag)
    if not vrs or group <= 0x0004 or 0x5000 <= group < 0x5100 or 0x6000 <= group < 0x6100:
        return Action.REMOVE
    vr = vrs[0]
    if tag in (PATIENT_ID, PATIENT_NAME):
        return Action.PSEUDONYM
    if tag == PATIENT_AGE or (vr == "AS" and tag not in basic_profile()):
        return Action.AGE
    if tag in CONSTANT_DATES:
        return Action.REMOVE
    if vr in ("DA", "DT") and tag not in NOT_SHIFTED:
        return Action.SHIFT
    if tag in PATIENT_CHARACTERISTICS or tag in KEPT_TEXT or (vr == "TM" and tag not in NOT_SHIFTED):
        return Action.KEEP
    if tag in REFERENCES:
        return Action.RECURSE
    listed = basic_profile().get(tag)
    if listed is not None:
        return _listed(listed, vr, cleaned=tag in CLEANED)
    if tag in CLEANED:
        return Action.CLEAN_OR_DUMMY if tag in NEEDED_TEXT else Action.CLEAN_OR_EMPTY
    if tag in _CODE_VALUES:
        return Action.CODE
    if vr == "SQ":
        return Action.RECURSE
    if vr == "UI":
        return Action.UID
    if vr in NUMERIC or vr in ("DS", "IS", "CS") or tag in BULK_KEPT:
        return Action.KEEP
    return Action.REMOVE


_CODE_VALUES = _tags("CodeValue LongCodeValue")


def _listed(action: str, vr: str, *, cleaned: bool) -> Action:
    """Choose among the profile's alternatives the one that keeps objects valid: empty rather than absent where both are allowed."""
    if cleaned:
        return {"X": Action.CLEAN, "D": Action.CLEAN_OR_DUMMY, "X/D": Action.CLEAN_OR_DUMMY}.get(action, Action.CLEAN_OR_EMPTY)
    if vr == "UI":
        return Action.UID
    if vr == "SQ":
        return Action.EMPTY if "Z" in action else Action.REMOVE
    if "Z" in action:
        return Action.EMPTY
    if "D" in action and vr in TEXT:
        return Action.DUMMY
    return Action.REMOVE


# --- objects ---

PASSING_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.2.1": "Enhanced CT",
    "1.2.840.10008.5.1.4.1.1.2.2": "Legacy Converted Enhanced CT",
    "1.2.840.10008.5.1.4.1.1.128": "PET",
    "1.2.840.10008.5.1.4.1.1.128.1": "Legacy Converted Enhanced PET",
    "1.2.840.10008.5.1.4.1.1.130": "Enhanced PET",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.4.1": "Enhanced MR",
    "1.2.840.10008.5.1.4.1.1.4.4": "Legacy Converted Enhanced MR",
    "1.2.840.10008.5.1.4.1.1.20": "NM",
    "1.2.840.10008.5.1.4.1.1.481.3": "RT Structure Set",
    "1.2.840.10008.5.1.4.1.1.66.4": "Segmentation",
    "1.2.840.10008.5.1.4.1.1.66.7": "Label Map Segmentation",
    "1.2.840.10008.5.1.4.1.1.66.1": "Spatial Registration",
    "1.2.840.10008.5.1.4.1.1.66.3": "Deformable Spatial Registration",
    "1.2.840.10008.5.1.4.1.1.67": "Real World Value Mapping",
}
"""The only objects that pass. Reports, presentation states, waveforms and documents carry free text or graphics by nature."""

RISKY_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.7",  # Secondary Capture, single and multi-frame
    "1.2.840.10008.5.1.4.1.1.3.1",  # Ultrasound
    "1.2.840.10008.5.1.4.1.1.6",
    "1.2.840.10008.5.1.4.1.1.77",  # Visible Light
    "1.2.840.10008.5.1.4.1.1.12",  # X-ray angiography and fluoroscopy
    "1.2.840.10008.5.1.4.1.1.1",  # projection X-ray
)
"""Prefixes of the classes whose pixels often carry the patient's name (PS3.15, E.3.1)."""

RISKY_IMAGE_TYPES = ("SCREEN", "CAPTURE", "SNAPSHOT", "REPORT", "FUSED", "FUSION")
RISKY_DESCRIPTIONS = (
    *("SCREEN SAVE", "SCREENSAVE", "SCREEN SHOT", "SCREENSHOT", "SCREEN CAP", "SECONDARY CAPTURE", "PRESSCREEN", "PRES SCREEN"),
    *("DOSE REPORT", "DOSE RECORD", "DOSE INFO", "DOSE SUMMARY", "PATIENT PROTOCOL"),
)
"""How screen shots and dose sheets call themselves. Not "screen": lung screening; not "fusion": the CT that is made for it."""


def refuse_class(sop_class: str) -> Reason | None:
    """Say why objects of a SOP class do not pass, or None."""
    if sop_class in PASSING_CLASSES:
        return None
    risky = any(sop_class == prefix or sop_class.startswith(prefix + ".") for prefix in RISKY_CLASSES)
    return Reason.BURNED_IN_RISK if risky else Reason.UNSUPPORTED_OBJECT
