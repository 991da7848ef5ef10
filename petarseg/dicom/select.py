"""Which series of a study is the whole-body PET, which CT belongs to it, and why not the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import pairwise

from petarseg.dicom.enhanced import CT_IMAGE, ENHANCED, PET_IMAGE
from petarseg.dicom.header import Header
from petarseg.dicom.moments import parse_date, parse_datetime, parse_time
from petarseg.dicom.quantification import read_corrections
from petarseg.dicom.read import MIN_SLICES
from petarseg.dicom.records import SeriesRecord, StudyRecord
from petarseg.dicom.tags import Tag
from petarseg.reasons import Reason

FULL_COVERAGE = 0.8
"""A series that covers less than this of the longest candidate is partial."""
WELL_COVERED = 0.9
"""CTs that cover more than this of the PET are equal in that: the attenuation CT may end a few slices before a diagnostic one."""
LONGEST_APART_S = 12 * 3600.0
"""A CT acquired longer before or after the PET is not of the same visit to the table, whatever frame of reference an archive gave it."""
GAP_STEPS = 1.5
"""A step between slices that is this many times the usual one is a gap."""
SPLIT_OVERLAP = 0.2
"""Two series that share less than this of the shorter one are two bed ranges of one examination."""

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_DOSE_REPORTS = frozenset({"1.2.840.10008.5.1.4.1.1.88.67", "1.2.840.10008.5.1.4.1.1.88.68"})
_BY_MODALITY = {
    "RTSTRUCT": "rtstruct",
    "RTDOSE": "rtdose",
    "RTPLAN": "rtplan",
    "SEG": "segmentation",
    "SR": "structured_report",
    "PR": "presentation_state",
    "KO": "key_object",
    "REG": "registration",
    "OT": "secondary_capture",
    "SC": "secondary_capture",
    "DOC": "document",
}
_PROJECTIONS = frozenset({"MIP", "MAX_IP", "PROJECTION", "PROJECTION IMAGE", "VOLREN", "VR", "REPROJECTION"})
_REFORMATS = frozenset({"MPR", "REFORMATTED", "RESAMPLED", "CSA MPR", "CSA MPR THICK", "CURVED", "FUSED", "FUSION"})
_USABLE_UNITS = frozenset({"BQML", "GML", "CNTS", "CM2ML"})


_DOSE_TITLE = re.compile(r"\bDOSE (?:REPORT|INFO|SUMMARY|RECORD|PAGE)|\b(?:PATIENT|EXAM) PROTOCOL\b")
"""Titles of dose pages that scanners store as CT images. "CT low dose AC" is the CT that belongs to the PET."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A series with the header of its first image."""

    record: SeriesRecord
    header: Header


def classify_image(header: Header) -> tuple[str, str | None]:
    """Return the role ("pet", "ct", "other") of a single image and, for "other", why not."""
    modality, sop_class = header.text(Tag.Modality), header.text(Tag.SOPClassUID)
    kinds = {kind.upper() for kind in header.texts(Tag.ImageType)}
    if sop_class in ENHANCED:
        return "other", "enhanced_multiframe"
    if sop_class in _DOSE_REPORTS:
        return "other", "dose_report"
    if modality in _BY_MODALITY:
        return "other", _BY_MODALITY[modality]
    if modality not in ("PT", "CT"):
        return "other", "other_modality"
    if _DOSE_TITLE.search(header.text(Tag.SeriesDescription).upper()):
        return "other", "dose_report"
    if kinds & _PROJECTIONS:
        return "other", "mip"
    if sop_class.startswith(_SECONDARY_CAPTURE) or "SCREEN SAVE" in kinds or (header.integer(Tag.SamplesPerPixel) or 1) != 1:
        return "other", "secondary_capture"
    if sop_class != (PET_IMAGE if modality == "PT" else CT_IMAGE):
        return "other", "other_object"
    if (header.integer(Tag.NumberOfFrames) or 1) != 1:
        return "other", "multiframe"
    if kinds & {"LOCALIZER", "SCOUT"}:
        return "other", "localizer"
    if any(kind in _REFORMATS or kind.startswith("CSA MPR") for kind in kinds):
        return "other", "derived"
    return _classify_pet(header) if modality == "PT" else _classify_axial(header, "ct")


def _classify_pet(header: Header) -> tuple[str, str | None]:
    series_type = header.texts(Tag.SeriesType)
    if len(series_type) > 1 and series_type[1] == "REPROJECTION":
        return "other", "mip"
    if series_type and series_type[0] == "GATED":
        return "other", "gated"
    if series_type and series_type[0] == "DYNAMIC" and (header.integer(Tag.NumberOfTimeSlices) or 2) > 1:
        return "other", "dynamic"
    corrections = read_corrections(header)
    if corrections and "ATTN" not in corrections:
        return "other", "nac"
    return _classify_axial(header, "pet")


def _classify_axial(header: Header, role: str) -> tuple[str, str | None]:
    cosines = header.numbers(Tag.ImageOrientationPatient)
    if cosines is None or len(cosines) != 6:
        return "other", "no_geometry"
    normal_z = cosines[0] * cosines[4] - cosines[1] * cosines[3]
    return (role, None) if abs(normal_z) > 0.8 else ("other", "derived")


def read_age_years(header: Header) -> int | None:
    """Return the age at the examination in whole years, from PatientAge or the birth date."""
    text = header.text(Tag.PatientAge).upper()
    if len(text) == 4 and text[:3].isdigit() and text[3] in "YMWD":
        per_year = {"Y": 1.0, "M": 12.0, "W": 52.1775, "D": 365.2425}[text[3]]
        return int(int(text[:3]) / per_year)
    born, seen = parse_date(header.text(Tag.PatientBirthDate)), parse_date(header.text(Tag.StudyDate))
    if born is None or seen is None or seen < born:
        return None
    years = seen.year - born.year - (seen < _birthday(born, seen.year))
    return years if years < 130 else None


def _birthday(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def choose(
    study_uid: str, candidates: Sequence[Candidate], elsewhere: Sequence[Candidate] = (), prefer_pet: Sequence[str] = ()
) -> StudyRecord:
    """Pick the PET and its CT.

    Parameters
    ----------
    study_uid : str
        The study.
    candidates : sequence of Candidate
        All its series, classified.
    elsewhere : sequence of Candidate
        CT series of other studies of the patient, used when they share the frame of reference of the PET.
    prefer_pet : sequence of str
        Regular expressions for series descriptions, in order of preference: how a site names the reconstruction that it reads from.

    Notes
    -----
    A study whose series are of several patients is rejected whole: it is two studies under one UID, and a report that names it may be of
    either.

    PET: of the attenuation-corrected static axial series the one that covers most of the body; whole before gapped, original before
    derived; series that no rule tells apart (two reconstructions, unless `prefer_pet` names one) are not chosen by chance, the study is
    rejected as ambiguous. Of two bed ranges the longer one is taken, of two of about one length the upper one, and the other is named
    ``split_range``: the ranges are not merged, because the slice numbers of a report are those of one series.

    CT: of those in the PET's frame of reference, acquired within `LONGEST_APART_S` of it, one without gaps, the one that covers most of
    it (up to `WELL_COVERED`), then original before derived, the nearer in time (by half hours), the larger field of view, the thicker
    slices (the attenuation CT), the lower series number; without a PET the longest, so that a CT can be converted alone.
    """
    if several := patients_of(candidates)[1:]:
        return _of_several_patients(study_uid, candidates, several)
    losers: dict[str, str] = {}
    pet, reject = _choose_pet([item for item in candidates if item.record.role == "pet"], prefer_pet, losers)
    ct = None
    own = [item for item in candidates if item.record.role == "ct"]
    if pet is not None:
        ct = _choose_ct(pet, own, losers) or _choose_ct(pet, elsewhere, {})
        if ct is None:
            why = Counter(losers.get(_key(item), "") for item in own)
            reject = (Reason.NO_CT_SERIES, {"ct_series": len(own), "why_not": dict(sorted(why.items()))})
    else:
        reject = reject or _no_pet(candidates)
        ct = min(own, key=partial(_ct_rank, None), default=None)
    others = [
        item.record if item.record.role == "other" else replace(item.record, role="other", why_not=_loser(item, losers))
        for item in candidates
        if item is not pet and item is not ct
    ]
    head = (pet or candidates[0]).record
    return StudyRecord(
        study_instance_uid=study_uid,
        patient_id=head.patient_id,
        accession_number=head.accession_number,
        study_date=head.study_date,
        pet=pet.record if pet else None,
        ct=ct.record if ct else None,
        reject=reject,
        others=tuple(others),
    )


def patients_of(candidates: Iterable[Candidate]) -> tuple[str, ...]:
    """Return the PatientIDs of the series, sorted. A PET or CT without one may be anybody's and counts, a report or contour does not."""
    return tuple(sorted({item.record.patient_id for item in candidates if item.record.patient_id or item.record.role in ("pet", "ct")}))


def _of_several_patients(study_uid: str, candidates: Sequence[Candidate], others: tuple[str, ...]) -> StudyRecord:
    """Use nothing of a study whose series are of several patients: no rule tells which of them its UID, or a report, means."""
    records = tuple(item.record for item in candidates)
    first = next((record for record in records if record.patient_id not in others), records[0])
    return StudyRecord(
        study_instance_uid=study_uid,
        patient_id=first.patient_id,
        accession_number=first.accession_number,
        study_date=first.study_date,
        pet=None,
        ct=None,
        reject=(Reason.AMBIGUOUS_SERIES, {"patients": len(others) + 1}),
        others=tuple(record if record.role == "other" else replace(record, role="other", why_not="mixed_patients") for record in records),
        other_patient_ids=others,
    )


def _loser(item: Candidate, losers: dict[str, str]) -> str:
    return losers.get(_key(item), "no_pet_in_study" if item.record.role == "ct" else "alternative")


def _key(item: Candidate) -> str:
    return f"{item.record.series_instance_uid}/{item.record.files[0]}"


def _no_pet(candidates: Sequence[Candidate]) -> tuple[Reason, dict[str, object]]:
    pets = [item.record for item in candidates if item.record.modality == "PT"]
    why = Counter(record.why_not or "" for record in pets)
    if pets and set(why) == {"enhanced_multiframe"}:
        return Reason.UNSUPPORTED_OBJECT, {"SOPClass": "Enhanced PET Image"}
    return Reason.NO_PET_SERIES, {"pet_series": len(pets), "why_not": dict(sorted(why.items()))}


def _extent_mm(item: Candidate) -> float:
    low, high = item.record.z_range_mm or (0.0, 0.0)
    return high - low


def _overlap_mm(one: Candidate, other: Candidate) -> float:
    a, b = one.record.z_range_mm, other.record.z_range_mm
    if a is None or b is None:
        return 0.0
    return max(0.0, min(a[1], b[1]) - max(a[0], b[0]))


def _are_two_ranges(one: Candidate, other: Candidate) -> bool:
    """Tell whether two series are bed ranges of one examination, that share little or nothing of the body."""
    shorter = min(_extent_mm(one), _extent_mm(other))
    return _overlap_mm(one, other) < SPLIT_OVERLAP * shorter


def _is_derived(item: Candidate) -> bool:
    return next(iter(item.header.texts(Tag.ImageType)), "").upper() == "DERIVED"


def _is_called(pattern: str, item: Candidate) -> bool:
    return re.search(pattern, item.header.text(Tag.SeriesDescription), re.IGNORECASE) is not None


def _choose_pet(
    pets: list[Candidate], prefer: Sequence[str], losers: dict[str, str]
) -> tuple[Candidate | None, tuple[Reason, dict[str, object]] | None]:
    if not pets:
        return None, None
    longest = max(pets, key=_extent_mm)
    full = []
    for item in pets:
        if _extent_mm(item) >= FULL_COVERAGE * _extent_mm(longest):
            full.append(item)
        else:
            losers[_key(item)] = "split_range" if _are_two_ranges(item, longest) else "partial_coverage"
    # Two ranges of about the same length are trunk and legs; the trunk lies higher.
    highest = max(full, key=lambda item: item.record.z_range_mm or (0.0, 0.0))
    full = _prefer(full, lambda item: not _are_two_ranges(item, highest), "split_range", losers)
    full = _prefer(full, lambda item: not item.record.has_gap, "slices_missing", losers)
    left = _prefer(full, lambda item: item.header.text(Tag.Units) in _USABLE_UNITS, "units", losers)
    left = _prefer(left, lambda item: "ATTN" in read_corrections(item.header), "correction_unknown", losers)
    left = _prefer(left, lambda item: not _is_derived(item), "derived", losers)
    for pattern in prefer:
        left = _prefer(left, partial(_is_called, pattern), "not_preferred", losers)
    if len(left) == 1:
        return left[0], None
    for item in left:
        losers[_key(item)] = "ambiguous"
    slices = sorted(item.record.n_slices for item in left)
    return None, (Reason.AMBIGUOUS_SERIES, {"equal_pet_series": len(left), "slices": slices, "decide_with": "prefer_pet"})


def _prefer(items: list[Candidate], good: Callable[[Candidate], bool], why: str, losers: dict[str, str]) -> list[Candidate]:
    """Keep the items that pass, unless none does."""
    passed = [item for item in items if good(item)]
    if not passed:
        return items
    for item in items:
        if item not in passed:
            losers[_key(item)] = why
    return passed


def _choose_ct(pet: Candidate, cts: Iterable[Candidate], losers: dict[str, str]) -> Candidate | None:
    fitting = []
    for item in cts:
        if item.record.patient_id != pet.record.patient_id:
            losers[_key(item)] = "other_patient"
        elif not item.record.frame_of_reference_uid:
            losers[_key(item)] = "no_frame_of_reference"
        elif item.record.frame_of_reference_uid != pet.record.frame_of_reference_uid:
            losers[_key(item)] = "other_frame_of_reference"
        elif _overlap_mm(pet, item) <= 0.0:
            losers[_key(item)] = "no_overlap_with_pet"
        elif (apart_s := _apart_s(pet, item)) is not None and apart_s > LONGEST_APART_S:
            losers[_key(item)] = "other_time"
        else:
            losers[_key(item)] = "alternative"
            fitting.append(item)
    if not fitting:
        return None
    return min(fitting, key=partial(_ct_rank, pet))


def _ct_rank(pet: Candidate | None, item: Candidate) -> tuple[bool, float, bool, float, float, float, float, str]:
    """Rank a CT, best first: whole before gapped, by the covered part of the PET in steps of 5 %, without a PET by length, and so on."""
    # In whole half hours: the CT of the same visit to the table, however long the PET took; the later one of a delayed scan is another.
    apart_s = 0.0 if pet is None else _apart_s(pet, item)
    half_hours = round((LONGEST_APART_S if apart_s is None else apart_s) / 1800.0)
    covered = _extent_mm(item) if pet is None else round(min(_overlap_mm(pet, item) / max(_extent_mm(pet), 1.0), WELL_COVERED) * 20.0)
    return (
        item.record.has_gap,
        -covered,
        _is_derived(item),
        half_hours,
        -(item.header.number(Tag.ReconstructionDiameter) or 0.0),
        -(item.header.number(Tag.SliceThickness) or 0.0),
        item.header.number(Tag.SeriesNumber) or 0.0,
        item.record.series_instance_uid,
    )


def _apart_s(one: Candidate, other: Candidate) -> float | None:
    """Return the seconds between two acquisitions; None when one of them does not say."""
    starts = [_acquired(item.header) for item in (one, other)]
    if starts[0] is None or starts[1] is None:
        return None
    return abs((starts[0] - starts[1]).total_seconds())


def _acquired(header: Header) -> datetime | None:
    day = parse_date(header.text(Tag.AcquisitionDate)) or parse_date(header.text(Tag.SeriesDate))
    clock = parse_time(header.text(Tag.AcquisitionTime)) or parse_time(header.text(Tag.SeriesTime))
    if Tag.AcquisitionTime not in header and Tag.AcquisitionDateTime in header:
        return parse_datetime(header.text(Tag.AcquisitionDateTime), header.text(Tag.TimezoneOffsetFromUTC))
    return datetime.combine(day, clock) if day is not None and clock is not None else None


def check_series(record: SeriesRecord, heights_mm: Sequence[float]) -> SeriesRecord:
    """Turn away what only the whole series shows (too few slices, several images at each position), and notice gaps."""
    if record.role == "other":
        return record
    if record.n_slices < MIN_SLICES:
        return replace(record, role="other", why_not="too_few_slices")
    ordered = sorted(heights_mm)
    steps = sorted(high - low for low, high in pairwise(ordered))
    repeats = sum(1 for step in steps if step < 0.01)
    if repeats >= len(ordered) / 2 - 1:
        return replace(record, role="other", why_not="dynamic" if record.role == "pet" else "gated")
    return replace(record, has_gap=steps[-1] > GAP_STEPS * steps[len(steps) // 2])
