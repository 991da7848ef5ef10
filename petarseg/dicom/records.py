"""What an archive holds. These records are identifying: they live in memory and in the key folder, nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from petarseg.dicom.header import Header
from petarseg.reasons import Reason


@dataclass(frozen=True, slots=True)
class SeriesRecord:
    """One series, or the part of a series whose images belong together.

    Parameters
    ----------
    study_date : str
        ``YYYYMMDD`` or "".
    role : str
        "pet" or "ct" when it can be used as such, else "other".
    why_not : str or None
        For "other": nac, gated, dynamic, mip, secondary_capture, localizer, dose_report, rtstruct, derived, too_few_slices,
        partial_coverage, split_range, other_frame_of_reference, no_frame_of_reference, other_patient,
        duplicate_instance, alternative, enhanced_multiframe, ...
    age_years : int or None
        Age at the examination; may exceed 89.
    tracer : str or None
        Normalised name (``dicom.tracers``).
    files : tuple of Path
        Sorted; a member of a zip archive is ``archive.zip/inner/file``. Copies of one SOP instance are listed once.
    z_range_mm : (float, float) or None
        Lowest and highest slice centre along z of the patient (the same in LPS and RAS).
    identifiers : tuple of str
        Further identifying strings of the headers.
    description : str
        SeriesDescription, by which `prefer_pet` tells reconstructions apart.
    has_gap : bool
        Whether slices are missing within it.
    """

    study_instance_uid: str
    series_instance_uid: str
    patient_id: str
    patient_name: str
    accession_number: str
    study_date: str
    modality: str
    role: str
    why_not: str | None
    frame_of_reference_uid: str
    manufacturer: str
    model: str
    sex: str | None
    age_years: int | None
    tracer: str | None
    files: tuple[Path, ...]
    n_slices: int
    z_range_mm: tuple[float, float] | None
    identifiers: tuple[str, ...]
    description: str = ""
    has_gap: bool = False


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """One study, its PET, the CT that belongs to it, and all other series with the reason why not.

    Parameters
    ----------
    reject : (Reason, evidence) or None
        Why the study cannot be used as it is.
    other_patient_ids : tuple of str
        Where its series are of several patients, the PatientIDs beside `patient_id`, sorted; then nothing of it is used.
    """

    study_instance_uid: str
    patient_id: str
    accession_number: str
    study_date: str
    pet: SeriesRecord | None
    ct: SeriesRecord | None
    reject: tuple[Reason, dict[str, object]] | None
    others: tuple[SeriesRecord, ...]
    other_patient_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file that begins or is named like DICOM but cannot be read; `why` is permission, truncated or damaged."""

    path: Path
    why: str


@dataclass(frozen=True, slots=True)
class ArchiveIndex:
    """All studies of an archive, sorted by study instance UID.

    Parameters
    ----------
    n_files : int
        DICOM files found, readable or not.
    n_ignored : int
        Other files (no DICOM, DICOMDIR).
    n_duplicates : int
        Copies of an SOP instance that was seen before.
    headers : dict of Path to Header
        Of the images, when they were asked for.
    """

    studies: tuple[StudyRecord, ...]
    unreadable: tuple[UnreadableFile, ...]
    n_files: int
    n_ignored: int = field(default=0)
    n_duplicates: int = field(default=0)
    headers: Mapping[Path, Header] = field(default_factory=dict, repr=False, compare=False)
