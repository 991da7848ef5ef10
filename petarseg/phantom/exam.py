"""One phantom exam in memory: invented people, a body, its lesions, the images and the report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from petarseg.errors import ConfigError
from petarseg.phantom.body import BodyFrame, organ_shapes, structures
from petarseg.phantom.lesions import Lesion, LesionPlacer, Reading, is_separable
from petarseg.phantom.people import age_on, invent_patient, invent_visit
from petarseg.phantom.reports import STYLES, Draft, Finding, Physiologic, draft_report
from petarseg.phantom.scanner import PROTOCOLS, Sampling, Size, sampling
from petarseg.phantom.scene import PetScene, simulate_ct
from petarseg.phantom.shapes import Grid, mask_in_box
from petarseg.phantom.sites import SITES
from petarseg.phantom.study import StoredPet, Study, store_pet
from petarseg.phantom.tracer import TRACERS

TRACER_BY_EXAM = {4: "DOTATATE", 6: "DCFPyL", 9: "fluciclovine"}
"""Exam number modulo 12; all others are FDG."""
HARD_BY_EXAM = (None, "low_suv", "touching_pair", "wrong_slice", "border", "wrong_value", "touching_bladder", "wrong_side")
"""Exam number modulo 8: which hard lesion it holds."""


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


def simulate_exam(number: int, *, seed: int = 0, size: Size = "small") -> PhantomExam:
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
