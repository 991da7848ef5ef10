"""A cohort of phantom exams on disk: DICOM, reports, and the truth about every lesion.

Everything follows from the seed. Exam n looks the same in a cohort of 3 and of 300 (but for the last exam, which has no
report), so tests can make small cohorts of what a benchmark makes large.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from petarseg.errors import ConfigError
from petarseg.files import write_json, write_text
from petarseg.phantom.body import BodyFrame, organ_shapes, structures
from petarseg.phantom.dicom_writer import StoredPet, Study, store_pet, write_study
from petarseg.phantom.lesions import Lesion, LesionPlacer, Reading, is_separable
from petarseg.phantom.people import age_on, invent_patient, invent_visit, planted_phi
from petarseg.phantom.reports import STYLES, Draft, Finding, Physiologic, Statement, draft_report
from petarseg.phantom.scanner import PROTOCOLS, Sampling, sampling
from petarseg.phantom.scene import PetScene, simulate_ct
from petarseg.phantom.shapes import Grid, mask_in_box
from petarseg.phantom.sites import SITES
from petarseg.phantom.tracer import TRACERS
from petarseg.reasons import Reason
from petarseg.volume import Units, Volume

FORMAT = "petarseg-phantom 1"
TRACER_BY_EXAM = {4: "DOTATATE", 6: "DCFPyL", 9: "fluciclovine"}
"""Exam number modulo 12; all others are FDG."""
HARD_BY_EXAM = (None, "low_suv", "touching_pair", "wrong_slice", "border", "wrong_value", "touching_bladder", "wrong_side")
"""Exam number modulo 8: which hard lesion it holds."""
EXPECTED: dict[str | None, tuple[str, ...]] = {
    None: ("kept",),
    "low_suv": (Reason.SUV_BELOW_FLOOR.value,),
    "touching_pair": ("kept", Reason.SHARED_COMPONENT.value, Reason.NO_MATCHING_MAXIMUM.value, Reason.AMBIGUOUS.value,
                      Reason.MASK_LEAK.value),
    "wrong_slice": (Reason.WRONG_SLICE.value, Reason.NO_COMPONENT.value, Reason.NO_MATCHING_MAXIMUM.value, Reason.SLICE_OUT_OF_RANGE.value),
    "border": (Reason.MASK_AT_BORDER.value, "kept"),
    "wrong_value": (Reason.NO_MATCHING_MAXIMUM.value, Reason.NO_COMPONENT.value, Reason.WRONG_SLICE.value),
    "touching_bladder": ("kept", Reason.NO_MATCHING_MAXIMUM.value, Reason.MASK_LEAK.value, Reason.SHARED_COMPONENT.value,
                         Reason.WRONG_SLICE.value, Reason.MASK_INCONSISTENT.value, Reason.BACKGROUND_LEAK.value),
    "wrong_side": (Reason.WRONG_SIDE.value,),
}  # fmt: skip
"""What should become of a lesion, likeliest first; hard lesions have several right answers."""


@dataclass(frozen=True, slots=True)
class PhantomExam:
    """One simulated exam in memory.

    ``pet.suv`` is the image that the DICOM files hold, canonical; ``label`` has value n where lesion n lies.
    """

    name: str
    study: Study
    pet_grid: Grid
    ct_grid: Grid
    pet: StoredPet
    ct: NDArray[np.int16]
    label: NDArray[np.uint8]
    lesions: tuple[Lesion, ...]
    readings: tuple[Reading, ...]
    clean: tuple[bool, ...]
    findings: tuple[Finding, ...]
    draft: Draft


def write_cohort(
    out: Path,
    *,
    n_exams: int,
    seed: int = 0,
    size: Literal["small", "full"] = "small",
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a cohort of phantom PET/CT exams with reports and truth.

    Parameters
    ----------
    out : Path
        Receives ``dicom/``, ``reports.csv`` and ``truth/``. It must be absent or empty.
    n_exams : int
        How many exams. From 4 on the last one has no report, and one report has no exam.
    seed : int
        Everything follows from it: equal seeds give equal bytes.
    size : {"small", "full"}
        Coarse images of small people for demos and tests, or clinical matrices.
    on_progress : callable, optional
        Called with (exams done, exams in all) after each exam.

    Raises
    ------
    ConfigError
        If `n_exams` is not positive, `size` is unknown, or `out` holds files.
    """
    if n_exams < 1:
        raise ConfigError(f"a cohort needs at least one exam, not {n_exams}")
    if size not in ("small", "full"):
        raise ConfigError(f"size is 'small' or 'full', not {size!r}")
    if seed < 0:
        raise ConfigError(f"the seed must not be negative: {seed}")
    if out.is_dir() and any(out.iterdir()):
        raise ConfigError(f"{out} is not empty; give a new folder for the phantom cohort")
    exams, reports = [], []
    for number in range(n_exams):
        exam = simulate_exam(number, seed=seed, size=size)
        reported = n_exams < 4 or number < n_exams - 1
        report_id = f"R{number + 1:04d}" if reported else None
        folder = out / "dicom" / exam.study.visit.hospital.split()[0] / f"{number + 1:04d}"
        n_files = write_study(folder, exam.study, exam.pet, exam.pet_grid, exam.ct, exam.ct_grid)
        mask = Volume(exam.label, exam.pet_grid.affine, Units.LABEL)
        mask.save(out / "truth" / f"{exam.name}_lesions.nii.gz")
        exams.append(_exam_truth(exam, report_id) | {"n_files": n_files})
        if report_id is not None:
            reports.append(_report_row(exam, number, report_id))
        if on_progress is not None:
            on_progress(number + 1, n_exams)
    orphans = []
    if n_exams >= 4:
        orphan, row = _orphan_report(n_exams, seed, size)
        orphans.append(orphan)
        reports.insert(len(reports) // 2, row)
    write_text(out / "reports.csv", _csv(reports))
    write_json(out / "truth" / "truth.json", _cohort_truth(exams, orphans, n_exams=n_exams, seed=seed, size=size))


def simulate_exam(number: int, *, seed: int = 0, size: Literal["small", "full"] = "small") -> PhantomExam:
    """Simulate exam `number` (from 0) of a cohort in memory."""
    study = _study(number, seed)
    rng = np.random.default_rng([seed, 2, number])
    pet_sampling, ct_sampling = sampling(study.protocol, size)
    fat_mm = float(rng.uniform(8.0, 15.0))
    frame = _frame(study.patient.height_m, size, rng)
    top_mm = -96.0 if study.protocol.from_eyes and size == "small" else 13.0
    pet_grid, ct_grid = _grid(frame, pet_sampling, top_mm, rng), _grid(frame, ct_sampling, top_mm - 4.0, rng)
    body = structures(fat_mm)
    scene = PetScene(pet_grid, frame, body, study.tracer, study.protocol.fwhm_mm, rng)
    lesions = _place_lesions(scene, number, study.patient.sex, rng)
    pet = store_pet(scene.suv, study)
    ct = simulate_ct(ct_grid, frame, body, [(lesion.shape, lesion.site.ct_hu) for lesion in lesions], fat_mm, rng)
    placer = LesionPlacer(scene, rng)
    readings = tuple(placer.reading(lesion, pet.suv) for lesion in lesions)
    clean = tuple(
        lesion.hard is None and is_separable(pet.suv, pet_grid, lesion, reading)
        for lesion, reading in zip(lesions, readings, strict=True)
    )  # fmt: skip
    label = np.zeros(pet_grid.shape, np.uint8)
    for value, lesion in enumerate(lesions, start=1):
        label[lesion.filled.box][lesion.filled.mask] = value
    findings = tuple(
        _finding(index, lesion, reading, pet_grid) for index, (lesion, reading) in enumerate(zip(lesions, readings, strict=True))
    )
    liver, organs = _measure_organs(scene, pet.suv, study.tracer.name)
    uptake_min = round((study.visit.scan_start - study.injection).total_seconds() / 60)
    draft = draft_report(
        study.patient, study.visit, study.tracer, uptake_min, study.dose_bq / 1e6, findings, liver, organs, pet_grid.shape[2],
        STYLES[number % len(STYLES)], rng,
    )  # fmt: skip
    return PhantomExam(study.exam, study, pet_grid, ct_grid, pet, ct, label, tuple(lesions), readings, clean, findings, draft)


def _study(number: int, seed: int) -> Study:
    """Invent whose exam it is, and when and how it was made. Exam 10 is a second visit of the patient of exam 1."""
    protocol = PROTOCOLS[number % len(PROTOCOLS)]
    tracer = TRACERS[TRACER_BY_EXAM.get(number % 12, "FDG")]
    who = number - 9 if number % 12 == 10 else number
    sex = "M" if tracer.name in ("DCFPyL", "fluciclovine") else None
    first = date(2022, 1, 10) + timedelta(days=37 * who % 700)
    patient = invent_patient(np.random.default_rng([seed, 1, who]), who, first, sex=sex, aged=who % 12 == 5)
    rng = np.random.default_rng([seed, 3, number])
    day = first if who == number else first + timedelta(days=133)
    if protocol.over_midnight:
        start = datetime(day.year, day.month, day.day, 0, 14, 20) + timedelta(days=1)
    else:
        start = datetime(day.year, day.month, day.day, 8 + int(rng.integers(8)), int(rng.integers(60)), int(rng.integers(60)))
    injection = start - timedelta(seconds=round(60 * tracer.uptake_min + float(rng.uniform(-20, 200)) * (tracer.uptake_min > 30)))
    arrival = injection - timedelta(minutes=14) if protocol.over_midnight else start - timedelta(minutes=9)
    patient = replace(patient, age_years=age_on(patient.birth_date, arrival.date()))
    visit = invent_visit(rng, number, protocol.manufacturer, start, arrival)
    dose_bq = round(tracer.dose_mbq * float(rng.uniform(0.85, 1.15)) * 1e6 / 1000) * 1000
    return Study(f"phantom-{number + 1:04d}", seed, protocol, tracer, patient, visit, injection, dose_bq)


def _frame(height_m: float, size: str, rng: np.random.Generator) -> BodyFrame:
    """Stretch the reference body to the patient and place it somewhere in the scanner."""
    tall = (0.86 if size == "small" else 0.97) + 0.25 * (height_m - 1.5)
    wide, deep = float(rng.uniform(0.93, 1.0)), float(rng.uniform(0.93, 1.03))
    shift = float(rng.uniform(-5, 5)), float(rng.uniform(-20, 10)), float(rng.uniform(-500, 200))
    return BodyFrame((wide, deep, tall), shift)


def _grid(frame: BodyFrame, chosen: Sampling, top_mm: float, rng: np.random.Generator) -> Grid:
    """Centre a grid on the body, up to a fraction of a voxel, with its upper end `top_mm` above the vertex."""
    offset = rng.uniform(-0.5, 0.5, 3)
    half = (chosen.matrix - 1) / 2 * chosen.pixel_mm
    x, y = (float(round(shift - half + part * chosen.pixel_mm, 3)) for shift, part in zip(frame.shift_mm[:2], offset[:2], strict=True))
    top = frame.to_scanner_mm((0.0, 0.0, top_mm))[2] + float(offset[2])
    z = round(top - (chosen.n_slices - 1) * chosen.slice_mm, 3)
    shape = (chosen.matrix, chosen.matrix, chosen.n_slices)
    return Grid(shape, (chosen.pixel_mm, chosen.pixel_mm, chosen.slice_mm), (x, y, z))


def _place_lesions(scene: PetScene, number: int, sex: str, rng: np.random.Generator) -> list[Lesion]:
    """Add the exam's clean lesions and its hard one."""
    placer = LesionPlacer(scene, rng)
    hard = HARD_BY_EXAM[number % len(HARD_BY_EXAM)]
    if hard is not None:
        placer.add_hard(hard)
    used: set[str] = set()
    for _ in range(int(rng.integers(2, 5 if hard else 6))):
        free = [site for site in SITES if site.name not in used and not (site.organ == "breast" and sex == "M")]
        order = [free[i] for i in rng.permutation(len(free))]
        found = placer.add_clean(order)
        if found is None:
            break
        used.add(found.site.name)
    return sorted(placer.lesions, key=lambda lesion: -lesion.shape.centre_mm[2])


def _swap_sides(phrase: str) -> str:
    return phrase.replace("right", "\0").replace("left", "right").replace("\0", "left")


def _finding(index: int, lesion: Lesion, reading: Reading, grid: Grid) -> Finding:
    """Return what the report says of a lesion: the reading, unless the lesion's kind asks for a false statement."""
    phrase, suv_max, axial_slice = lesion.site.phrase, round(reading.suv_max, 1), reading.axial_slice
    if lesion.hard == "wrong_side":
        phrase = _swap_sides(phrase)
    elif lesion.hard == "wrong_value":
        suv_max = round(suv_max + 1.7, 1)
    elif lesion.hard == "wrong_slice":
        off = round((max(lesion.shape.radii_mm) + 45.0) / grid.spacing_mm[2])
        axial_slice = axial_slice + off if axial_slice + off <= grid.shape[2] else axial_slice - off
    elif lesion.hard == "touching_pair":
        phrase = f"{'superior' if suv_max > 9 else 'inferior'} portion of the {phrase}"
    return Finding(index, phrase, lesion.site.region, lesion.site.organ, suv_max, axial_slice, round(lesion.diameter_mm))


def _measure_organs(scene: PetScene, suv: NDArray[np.float32], tracer: str) -> tuple[Physiologic, list[Physiologic]]:
    """Measure the liver and the organs that a report mentions as physiologic."""
    axes = scene.frame.to_reference(scene.grid.axes)
    n = scene.grid.shape[2]

    def hottest(name: str) -> Physiologic:
        found = mask_in_box(axes, organ_shapes()[name])
        if found is None:
            raise ConfigError(f"the {name} is outside the field of view of the phantom")
        box, mask = found
        values = np.where(mask, suv[box], -1.0)
        local = np.unravel_index(int(np.argmax(values)), values.shape)
        return Physiologic(name, float(values[local]), n - int(box[2].start + local[2]))

    names = ("myocardium", "bladder") if tracer == "FDG" else ("spleen", "bladder")
    return hottest("liver"), [hottest(name) for name in names]


def _report_row(exam: PhantomExam, number: int, report_id: str) -> dict[str, str]:
    """Return the exam's row of reports.csv; some sites know fewer keys than others."""
    study = exam.study
    row = {
        "report_id": report_id, "patient_id": study.patient.patient_id, "study_date": f"{study.visit.arrival:%Y%m%d}",
        "accession_number": study.visit.accession, "study_instance_uid": study.uid("study"), "tracer": study.tracer.name,
        "report": exam.draft.text,
    }  # fmt: skip
    for column in ((), ("study_instance_uid",), ("accession_number",), ("accession_number", "study_instance_uid"))[number % 4]:
        row[column] = ""
    return row


def _orphan_report(n_exams: int, seed: int, size: Literal["small", "full"]) -> tuple[dict[str, object], dict[str, str]]:
    """Return the truth and the row of a report whose exam is not in the archive: it belongs to the exam after the last."""
    exam = simulate_exam(n_exams, seed=seed, size=size)
    report_id = f"R{n_exams + 1:04d}"
    row = _report_row(exam, 0, report_id)
    return {"report_id": report_id, "phi": planted_phi(exam.study.patient, exam.study.visit)}, row


def _csv(rows: Sequence[dict[str, str]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _lesion_truth(exam: PhantomExam, index: int, reported: bool) -> dict[str, object]:
    lesion, reading, finding = exam.lesions[index], exam.readings[index], exam.findings[index]
    expected = EXPECTED[lesion.hard] if reported else (Reason.EXAM_WITHOUT_REPORT.value,)
    statement = next(item for item in exam.draft.statements if index in item.lesions)
    voxels = int(lesion.filled.mask.sum())
    return {
        "lesion_id": f"{exam.name}-{index + 1}", "label": index + 1,
        "sentence": exam.draft.text[statement.start : statement.end] if reported else None,
        "start": statement.start if reported else None, "end": statement.end if reported else None,
        "suv_max": round(reading.suv_max, 4), "suv_max_report": finding.suv_max,
        "axial_slice": reading.axial_slice, "axial_slice_report": finding.axial_slice,
        "max_ijk": list(reading.max_ijk), "max_ras_mm": list(reading.max_ras_mm),
        "centre_ras_mm": [round(value, 3) for value in lesion.shape.centre_mm], "radii_mm": [round(value,
        3) for value in lesion.shape.radii_mm],
        "volume_ml": round(voxels * exam.pet_grid.voxel_volume_ml, 4), "volume_analytic_ml": round(lesion.shape.volume_ml, 4),
        "n_voxels": voxels, "diameter_mm": round(lesion.diameter_mm, 2), "uptake_suv": round(lesion.uptake_suv, 3),
        "background_suv": round(lesion.background_suv, 3), "sbr": round(lesion.sbr, 2),
        "region": lesion.site.region, "organ": lesion.site.organ, "anatomic_subsite": lesion.site.subsite,
        "laterality": lesion.site.laterality,
        "clean": exam.clean[index], "hard": lesion.hard is not None, "hard_kind": lesion.hard, "expected": expected[0],
        "acceptable": list(expected),
    }  # fmt: skip


def _exam_truth(exam: PhantomExam, report_id: str | None) -> dict[str, object]:
    """Return what truth.json says of one exam."""
    study, reported = exam.study, report_id is not None
    every = [*exam.draft.statements, *exam.draft.impression]

    def located(item: Statement) -> dict[str, object]:
        return {"trap": item.trap, "sentence": exam.draft.text[item.start : item.end], "start": item.start, "end": item.end}

    rejects = [located(item) | {"reasons": list(item.reasons)} for item in every if item.reasons and reported]
    physiologic = [located(item) for item in every if item.trap == "physiologic" and reported]
    return {
        "exam": exam.name, "report_id": report_id, "patient_id": study.patient.patient_id, "accession_number": study.visit.accession,
        "study_date": f"{study.visit.arrival:%Y%m%d}", "study_instance_uid": study.uid("study"),
        "pet_series_instance_uid": study.uid("series", "pet"), "ct_series_instance_uid": study.uid("series", "ct"),
        "frame_of_reference_uid": study.uid("frame"), "tracer": study.tracer.name, "protocol": study.protocol.name,
        "manufacturer": study.protocol.manufacturer, "model": study.protocol.model, "units": study.protocol.units,
        "decay_correction": study.protocol.decay, "patient_position": study.protocol.position, "suv_per_unit": study.suv_per_unit,
        "sex": study.patient.sex, "age_years": study.patient.age_years, "report_style": exam.draft.style,
        "mask": f"{exam.name}_lesions.nii.gz",
        "pet_shape": list(exam.pet_grid.shape), "pet_spacing_mm": list(exam.pet_grid.spacing_mm), "fwhm_mm": study.protocol.fwhm_mm,
        "ct_shape": list(exam.ct_grid.shape), "ct_spacing_mm": list(exam.ct_grid.spacing_mm),
        "lesions": [_lesion_truth(exam, index, reported) for index in range(len(exam.lesions))],
        "physiologic": physiologic, "rejects": rejects, "phi": planted_phi(study.patient, study.visit),
    }  # fmt: skip


def _cohort_truth(
    exams: Sequence[dict[str, object]], orphans: Sequence[dict[str, object]], *, n_exams: int, seed: int, size: str
) -> dict[str, object]:
    """Return the whole of truth.json."""
    lesions = [lesion for exam in exams for lesion in exam["lesions"]]  # type: ignore[attr-defined]
    phi = {entry["text"] for item in (*exams, *orphans) for entry in item["phi"]}  # type: ignore[attr-defined]
    phi |= {str(exam[key]) for exam in exams for key in exam if key.endswith("_uid")}
    return {
        "format": FORMAT, "seed": seed, "size": size, "n_exams": n_exams, "exams": list(exams), "orphan_reports": list(orphans),
        "totals": {
            "exams": n_exams, "reports": sum(exam["report_id"] is not None for exam in exams) + len(orphans), "lesions": len(lesions),
            "clean": sum(bool(lesion["clean"]) for lesion in lesions), "hard": sum(bool(lesion["hard"]) for lesion in lesions),
            "expected": dict(sorted(Counter(str(lesion["expected"]) for lesion in lesions).items())),
        },
        "phi": sorted(phi),
    }  # fmt: skip
