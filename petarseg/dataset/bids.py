"""Export in a layout like that of BIDS-PET, for tools that expect one.

::

    OUT/
      dataset_description.json  README  participants.tsv  participants.json  .bidsignore
      sub-<patient>/ses-<exam>/
        pet/sub-*_ses-*_trc-<tracer>_rec-suv_pet.nii.gz   + .json
        anat/sub-*_ses-*_ct.nii.gz                        + .json
      derivatives/petarseg/
        dataset_description.json  lesions.tsv
        sub-<patient>/ses-<exam>/pet/sub-*_ses-*_trc-*_desc-lesions_dseg.nii.gz + .tsv + .json
        sub-<patient>/ses-<exam>/anat/sub-*_ses-*_desc-anatomy_dseg.nii.gz      + .tsv + .json

"Like", because the exams are neither raw nor complete in the sense of BIDS: the volumes are resampled to 3 mm and in SUV, dates and
times are gone, and clinical exports never held what BIDS-PET requires of tracer mass or specific activity. Such fields say "n/a". CT
is no part of BIDS yet; ``.bidsignore`` names it.

References
----------
.. [1] Brain Imaging Data Structure 1.10, "Positron Emission Tomography": required and recommended fields of the sidecar.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from petarseg.dataset.published import Published, link_file, new_folder, open_published
from petarseg.errors import ConfigError
from petarseg.files import write_json, write_text

BIDS_VERSION = "1.10.0"
UNKNOWN = "n/a"
DERIVATIVES = "derivatives/petarseg"

RADIONUCLIDES = {
    **dict.fromkeys(("FDG", "DCFPyL", "PSMA-1007", "rhPSMA-7.3", "fluciclovine", "FES", "FLT", "FMISO", "FAZA", "FDOPA", "FET"), "F18"),
    **dict.fromkeys(("NaF", "fluorocholine", "florbetapir", "florbetaben", "flutemetamol", "flortaucipir", "flurpiridaz"), "F18"),
    **dict.fromkeys(("DOTATOC", "DOTANOC", "PSMA-11"), "Ga68"),
    **dict.fromkeys(("methionine", "acetate", "PiB", "raclopride"), "C11"),
    "ammonia": "N13",
    "water": "O15",
    "rubidium chloride": "Rb82",
}
"""Tracers of which only one label is in use; others (DOTATATE with Ga68 or Cu64, PSMA, FAPI, choline) stay unknown."""

PARTICIPANTS = {
    "participant_id": {"Description": "Keyed pseudonym of the patient."},
    "sex": {"Description": "Sex in the image headers.", "Levels": {"F": "female", "M": "male", "O": "other"}},
    "age": {"Description": "Age at the first exam; 90 stands for 90 and above.", "Units": "year"},
    "split": {"Description": "Split of the patient; test is never for selection.", "Levels": {"train": "", "val": "", "test": ""}},
}
SESSIONS = {
    "session_id": {"Description": "Keyed pseudonym of the exam."},
    "age": {"Description": "Age at the exam; 90 stands for 90 and above.", "Units": "year"},
    "tracer": {"Description": "Radiopharmaceutical."},
    "cancer_type": {"Description": "Cancer type, from the report."},
    "indication": {"Description": "Why the exam was done, from the report (scrubbed)."},
    "n_lesions": {"Description": "Lesions with a mask."},
}
LESIONS = (
    *("lesion_id", "mask_label", "findings", "region", "organ", "anatomic_subsite", "laterality", "suv_max_report", "axial_slice_report"),
    *("suv_max", "suv_mean", "suv_peak", "volume_ml", "tlg", "threshold_suv", "method", "anatomy_class"),
)


def export_bids(dataset: Path, out: Path) -> Path:
    """Write a published version in a BIDS-PET-like layout; volumes are hard links where the file system allows.

    Parameters
    ----------
    dataset : Path
        Folder of a version.
    out : Path
        New folder.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    ConfigError
        If `dataset` is no dataset, `out` holds something, or two ids become one BIDS label.
    ContractError
        If the dataset breaks a rule.
    """
    published = open_published(dataset)
    exams = published.rows("exams")
    patients = _labels("patient_id", exams)
    sessions = _labels("exam_id", exams)
    lesions, anatomy = _by_exam(published.rows("lesions")), _by_exam(published.rows("anatomy"))
    with new_folder(out) as folder:
        _write_root(folder, published, exams, patients)
        by_patient: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for exam in exams:
            by_patient[exam["patient_id"]].append(exam)
        for patient_id, owned in by_patient.items():
            subject = f"sub-{patients[patient_id]}"
            rows = [{**exam, "session_id": f"ses-{sessions[exam['exam_id']]}", "age": exam["age_years"]} for exam in owned]
            write_text(folder / subject / f"{subject}_sessions.tsv", tsv(SESSIONS, rows))
            for exam in owned:
                stem = f"{subject}_ses-{sessions[exam['exam_id']]}"
                place = Path(subject) / f"ses-{sessions[exam['exam_id']]}"
                _write_exam(published, exam, folder / place, stem)
                _write_masks(published, exam, lesions[exam["exam_id"]], anatomy[exam["exam_id"]], folder / DERIVATIVES / place, stem)
    return out


def _write_root(folder: Path, published: Published, exams: Sequence[Mapping[str, Any]], patients: Mapping[str, str]) -> None:
    generated = [{"Name": "petarseg", "Version": published.software}]
    about = {"Name": f"{published.name} {published.version}", "BIDSVersion": BIDS_VERSION, "License": published.license_id}
    write_json(folder / "dataset_description.json", {**about, "DatasetType": "raw", "GeneratedBy": generated})
    write_json(
        folder / DERIVATIVES / "dataset_description.json",
        {
            **about,
            "Name": f"{published.name} {published.version}: lesion masks and anatomy",
            "DatasetType": "derivative",
            "GeneratedBy": generated,
        },
    )
    text = (
        f"{published.name} {published.version}, a BIDS-PET-like export of petarseg {published.software}.\n\n"
        "De-identified; research use, not a medical device. PET (SUVbw, g/mL) and CT (HU) are resampled to one 3 mm grid per exam;\n"
        "fields of BIDS-PET that clinical exports lack, and all dates and times, are n/a. Masks are automatic unless lesions.tsv\n"
        "says otherwise. Splits are by patient (participants.tsv).\n\n"
    )
    write_text(folder / "README", text + published.text("METHODS.md"))
    # No part of BIDS: CT.
    write_text(folder / ".bidsignore", "**/anat/*_ct.*\nanat/*_ct.*\n*_ct.nii.gz\n*_ct.json\n")
    first: dict[str, Mapping[str, Any]] = {}
    for exam in exams:
        known = first.setdefault(exam["patient_id"], exam)
        if (exam["age_years"] or 999) < (known["age_years"] or 999):
            first[exam["patient_id"]] = exam
    participants = [{**exam, "participant_id": f"sub-{patients[patient]}", "age": exam["age_years"]} for patient, exam in first.items()]
    write_text(folder / "participants.tsv", tsv(PARTICIPANTS, participants))
    write_json(folder / "participants.json", PARTICIPANTS)
    write_json(folder / "sessions.json", SESSIONS)
    write_text(folder / DERIVATIVES / "lesions.tsv", tsv(("exam_id", *LESIONS, "flags"), published.rows("lesions")))


def _write_exam(published: Published, exam: Mapping[str, Any], folder: Path, stem: str) -> None:
    tracer = label(exam["tracer"] or "unknown")
    pet = folder / "pet" / f"{stem}_trc-{tracer}_rec-suv_pet"
    link_file(published.folder / exam["pet_path"], pet.with_name(f"{pet.name}.nii.gz"))
    write_json(pet.with_name(f"{pet.name}.json"), pet_sidecar(exam))
    ct = folder / "anat" / f"{stem}_ct"
    link_file(published.folder / exam["ct_path"], ct.with_name(f"{ct.name}.nii.gz"))
    write_json(ct.with_name(f"{ct.name}.json"), {"Modality": "CT", "Units": "HU", "NativeSpacing": exam["native_ct_spacing_mm"]})


def pet_sidecar(exam: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sidecar of a PET: every field that BIDS-PET requires, "n/a" where a de-identified clinical exam cannot say.

    Parameters
    ----------
    exam : mapping
        Row of exams.parquet.
    """
    required_but_unknown = (
        *("InjectedRadioactivity", "InjectedRadioactivityUnits", "InjectedMass", "InjectedMassUnits"),
        *("SpecificRadioactivity", "SpecificRadioactivityUnits", "ModeOfAdministration", "TimeZero", "ScanStart", "InjectionStart"),
        *("FrameDuration", "AcquisitionMode", "ImageDecayCorrectionTime"),
        *("ReconMethodName", "ReconFilterType", "AttenuationCorrection"),
    )
    lists = ("ReconMethodParameterLabels", "ReconMethodParameterUnits", "ReconMethodParameterValues", "ReconFilterSize")
    return {
        **dict.fromkeys(required_but_unknown, UNKNOWN),
        **{name: [] for name in lists},
        "FrameTimesStart": [0],
        "Modality": "PT",
        "BodyPart": "whole body",
        "Manufacturer": exam["manufacturer"] or UNKNOWN,
        "ManufacturersModelName": exam["model"] or UNKNOWN,
        "TracerName": exam["tracer"] or UNKNOWN,
        "TracerRadionuclide": RADIONUCLIDES.get(exam["tracer"] or "", UNKNOWN),
        "Units": "g/mL",
        "ImageDecayCorrected": True,
        # Of our own: how the values became body-weight SUV, which BIDS has no fields for.
        "SUVType": "SUVbw",
        "SUVMethod": exam["suv_method"],
        "SUVAssumptions": list(exam["suv_assumptions"]),
        "NativeSpacing": list(exam["native_pet_spacing_mm"]),
        "Resampled": list(exam["spacing_mm"]),
    }


def _write_masks(
    published: Published,
    exam: Mapping[str, Any],
    lesions: Sequence[Mapping[str, Any]],
    anatomy: Sequence[Mapping[str, Any]],
    folder: Path,
    stem: str,
) -> None:
    tracer = label(exam["tracer"] or "unknown")
    found = [{**row, "index": row["mask_label"], "name": row["lesion_id"]} for row in lesions]
    named = {row["mask_label"]: row["anatomy_class"] for row in anatomy}
    classes = [{"index": number, "name": name} for number, name in sorted(named.items())]
    for source, kind, name, columns, rows in (
        (exam["lesions_path"], "pet", f"{stem}_trc-{tracer}_desc-lesions_dseg", ("index", "name", *LESIONS), found),
        (exam["anatomy_path"], "anat", f"{stem}_desc-anatomy_dseg", ("index", "name"), classes),
    ):
        link_file(published.folder / source, folder / kind / f"{name}.nii.gz")
        write_text(folder / kind / f"{name}.tsv", tsv(columns, rows))
        write_json(folder / kind / f"{name}.json", {"Type": "ROI", "Manual": False, "SpatialReference": "orig"})


def label(text: str) -> str:
    """Return what BIDS allows in a file name: letters and digits."""
    return re.sub(r"[^A-Za-z0-9]", "", text) or "unknown"


def _labels(column: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return id to BIDS label; each id must keep a label of its own."""
    labels = {row[column]: label(row[column]) for row in rows}
    if len(set(labels.values())) < len(labels):
        raise ConfigError(
            f"two values of exams.{column} differ in other characters than letters and digits only; BIDS cannot tell them apart"
        )
    return labels


def _by_exam(rows: Sequence[Mapping[str, Any]]) -> defaultdict[str, list[Mapping[str, Any]]]:
    grouped: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        grouped[row["exam_id"]].append(row)
    return grouped


def tsv(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return a BIDS table: tabs, "n/a" for what is unknown, no tab or line break within a cell."""
    columns = tuple(columns)
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None, escapechar=None)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in columns])
    return stream.getvalue()


def _cell(value: object) -> str:
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, list | tuple):
        return " ".join(str(item) for item in value) or UNKNOWN
    return " ".join(str(value).split())
