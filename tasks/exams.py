"""Stages 3, 4 and 6: what happens to one exam's images.

`convert_exam` is the gate: it alone reads source DICOM, and writes SUV and HU volumes without anything identifying. `find_lesions`
matches findings to components and grows masks on the native PET grid. `finish_exam` labels the CT and brings everything to the
3 mm grid.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from petarseg.anatomy.face import NEAR_FACE, Face, find_face
from petarseg.anatomy.questions import make_questions
from petarseg.anatomy.site import sites_of
from petarseg.dataset.coverage import OUTSIDE_CT, covers
from petarseg.dataset.grid import CT_FILL_HU, PET_FILL_SUV, exam_grid
from petarseg.dataset.labels import resample_labels
from petarseg.dataset.relation_checks import SUV_SLACK
from petarseg.dataset.resample import resample_image
from petarseg.dataset.shards import write_shard
from petarseg.dicom.convert import ct_series, pet_series
from petarseg.errors import ExamRejected, FindingRejected, Rejected
from petarseg.files import sha256_file, write_json
from petarseg.keys import KeyFolder
from petarseg.lesions.conventions import CONVENTIONS, SliceConvention
from petarseg.lesions.finding import tolerance_of
from petarseg.lesions.grow import grow_lesions
from petarseg.lesions.job import Job
from petarseg.lesions.label_map import empty_label_map, paint
from petarseg.lesions.match import Match, Query, match_findings
from petarseg.lesions.measure import Lesion
from petarseg.needles import NeedleSet
from petarseg.quality.crops import lesion_png
from petarseg.quality.mip import mip_png
from petarseg.quality.review import edited_lesion, read_review
from petarseg.reasons import Reason
from petarseg.volume import Units, Volume
from schemas.config import BuildConfig, DatasetConfig, LesionsConfig
from tasks import versions
from tasks.archive import ExamSource
from tasks.exam_stage import exam_stage, exam_task
from tasks.labelling import Labeller
from tasks.structure import structure_by_rules
from tasks.ties import organ_test, tie_key
from tasks.workspace import Workspace


@exam_task(name="convert exam", task_run_name="convert {exam_id}")
def convert_exam(workspace: Workspace, exam_id: str, exam: Mapping[str, Any]) -> dict[str, Any]:
    """Read the exam's DICOM; write ``pet.nii.gz`` (SUVbw), ``ct.nii.gz`` (HU) and ``sidecar.json`` without identifying values."""
    folder = workspace.exam_dir(exam_id)

    def make() -> tuple[dict[str, Any], list[Path]]:
        source = ExamSource.load(KeyFolder.open(workspace.key_dir), exam_id)
        series = pet_series(source.pet_files), ct_series(source.ct_files)  # all headers first: most of what is refused, they tell
        files = [folder / "pet.nii.gz", folder / "ct.nii.gz", folder / "sidecar.json"]
        try:
            pet, ct = series[0].write(files[0]), series[1].write(files[1])
            sidecar = {"pet": pet.sidecar, "ct": ct.sidecar}
            refuse_identifiers(json.dumps(sidecar, ensure_ascii=False), source.identifiers)
        except Rejected:
            for path in files:
                path.unlink(missing_ok=True)
            raise
        write_json(files[2], sidecar)
        result = {
            **sidecar,
            "instance_numbers": list(pet.instance_numbers),
            "pet_spacing_mm": [round(value, 6) for value in pet.spacing_mm],
            "ct_z_mm": {"first": float(ct.affine[2, 3]), "step": ct.spacing_mm[2], "n": ct.shape[2]},
            "ct_spacing_mm": [round(value, 6) for value in ct.spacing_mm],
        }
        return result, files

    return exam_stage(workspace, "convert", exam_id, (versions.CONVERT, exam["source_key"], exam["identity_key"]), make)


def refuse_identifiers(text: str, identifiers: Sequence[str]) -> None:
    """Raise ExamRejected(DEID_LEAK) when `text` holds an identifying header value of the exam; `petarseg.needles` says which count."""
    leaks = NeedleSet(identifiers).find(text.encode("utf-8"))
    if leaks:
        raise ExamRejected(Reason.DEID_LEAK, {"where": "sidecar", "values": len(leaks)})


@exam_task(name="find lesions", task_run_name="find lesions {exam_id}")
def find_lesions(
    workspace: Workspace,
    exam_id: str,
    exam: Mapping[str, Any],
    findings: Sequence[Mapping[str, Any]],
    config: BuildConfig,
    numbering: Mapping[str, Any],
) -> dict[str, Any]:
    """Match the findings of an exam to components of its PET and grow their masks; writes ``lesions.nii.gz`` on the PET grid."""
    path = workspace.exam_dir(exam_id) / "lesions.nii.gz"
    settings = config.lesions.model_dump(mode="json", exclude={"device"})
    keys = KeyFolder.open(workspace.key_dir)
    lesion_ids = [lesion_id_of(keys, exam_id, finding) for finding in findings]
    review = read_review(workspace.root / "review")

    def make() -> tuple[dict[str, Any], list[Path]]:
        converted = workspace.read("convert", exam_id) or {}
        pet = Volume.load(workspace.exam_dir(exam_id) / "pet.nii.gz")
        queries = [query_of(number, finding) for number, finding in enumerate(findings)]
        matches = match_findings(
            pet,
            queries,
            convention=convention_named(numbering["convention"]),
            tolerance_suv=config.lesions.tolerance_suv,
            instance_numbers=converted.get("instance_numbers"),
            ct_z_mm=ct_heights_mm(workspace, exam_id),
            anatomy=organ_test(workspace, exam_id, pet, config.anatomy),
        )
        fwhm_mm = config.lesions.fwhm_by_model_mm.get(str(converted["pet"].get("model")), config.lesions.fwhm_mm)
        matched = {query.finding_id: found for query in queries if isinstance(found := matches[query.finding_id], Match)}
        jobs = [
            Job(pet, match.seed_ijk, query.suv_max, match.rivals_ijk)
            for query in queries
            if (match := matched.get(query.finding_id)) is not None
        ]
        masks = grow_lesions(jobs, method=config.lesions.method, fwhm_mm=fwhm_mm, device=config.lesions.device)
        grown = dict(zip(matched, masks, strict=True))
        labels = empty_label_map(pet.shape, len(findings))
        lesions: list[dict[str, Any]] = []
        rejects: list[dict[str, Any]] = []
        for query, finding, lesion_id in zip(queries, findings, lesion_ids, strict=True):
            match = matches[query.finding_id]
            step = "match"
            try:
                if isinstance(match, FindingRejected):
                    raise match
                step = "grow"
                lesion = grown[query.finding_id]
                if isinstance(lesion, FindingRejected):
                    raise lesion
                step = "review"
                if review.rejected(lesion_id):
                    raise FindingRejected(Reason.REVIEWER_REJECTED, review.evidence(lesion_id))
                if lesion_id in review.masks:
                    lesion = edited_lesion(review.masks[lesion_id], pet, dataclasses.asdict(lesion))
                step = "grow"
                check_suv(lesion, query, config.lesions.tolerance_suv)
                paint(labels, lesion, len(lesions) + 1)
            except FindingRejected as rejection:
                rejects.append(
                    {"finding": query.finding_id, "stage": step, "reason": rejection.reason.value, "evidence": rejection.evidence}
                )
                continue
            more_flags = [*numbering["flags"], *review.flags(lesion_id)]
            lesions.append(lesion_record(len(lesions) + 1, query, finding, match, lesion, more_flags))
        if not lesions:
            return {"lesions": [], "rejects": rejects}, []
        pet.with_array(labels, Units.LABEL).save(path)
        return {"lesions": lesions, "rejects": rejects}, [path]

    inputs = (
        versions.CONVERT,
        exam["source_key"],
        versions.STRUCTURE,
        versions.LESIONS,
        settings,
        tie_key(config.anatomy),
        dict(numbering),
        list(findings),
        review.key(lesion_ids),
    )
    return exam_stage(workspace, "lesions", exam_id, inputs, make)


def ct_heights_mm(workspace: Workspace, exam_id: str) -> list[float]:
    """Return the heights of the CT's slices (RAS z, mm, ascending), for sites that number slices of the CT."""
    ct = workspace.result("convert", exam_id)["ct_z_mm"]
    return [ct["first"] + ct["step"] * k for k in range(ct["n"])]


def convention_named(name: str) -> SliceConvention:
    """Return the slice convention called `name`; ValueError if there is none."""
    for convention in CONVENTIONS:
        if convention.name == name:
            return convention
    raise ValueError(f"no slice convention {name!r}; there are {[convention.name for convention in CONVENTIONS]}")


def check_device(config: LesionsConfig) -> None:
    """Raise ConfigError when masks are to be grown on a device that is not there; before the first exam."""
    grow_lesions([], method=config.method, fwhm_mm=config.fwhm_mm, device=config.device)


def lesion_id_of(keys: KeyFolder, exam_id: str, finding: Mapping[str, Any]) -> str:
    """Return the keyed id of a lesion: it follows the exam, the sentence and its numbers, not the order of findings."""
    identity = json.dumps([exam_id, finding["sentence"], finding["start"], finding["suv_max"], finding["axial_slice"]])
    return "L" + keys.pseudonym("lesion", identity)


def query_of(number: int, finding: Mapping[str, Any]) -> Query:
    """Turn an accepted measurement into a query on the image."""
    text = finding["suv_text"] or ""
    decimals = len(text.replace(",", ".").partition(".")[2]) if text else None
    structure = structure_by_rules(finding)
    return Query(
        finding_id=str(number),
        suv_max=finding["suv_max"],
        axial_slice=finding["axial_slice"],
        laterality=structure.laterality,
        suv_decimals=decimals,
        organ=structure.organ,
    )


def check_suv(lesion: Lesion, query: Query, tolerance_suv: float) -> None:
    """Reject a mask, grown or drawn, whose maximum is not the report's; a row that breaks its contract would stop all others."""
    if abs(lesion.suv_max - query.suv_max) > tolerance_of(query, tolerance_suv) + SUV_SLACK:
        raise FindingRejected(Reason.MASK_INCONSISTENT, {"suv_max": round(lesion.suv_max, 4), "suv_max_report": query.suv_max})


def lesion_record(
    label: int, query: Query, finding: Mapping[str, Any], match: Match, lesion: Lesion, more_flags: Sequence[str]
) -> dict[str, Any]:
    """Return what later stages need of a grown lesion, JSON-serialisable."""
    values = {
        field.name: getattr(lesion, field.name)
        for field in dataclasses.fields(lesion)
        if field.name not in ("mask", "mask_start_ijk", "flags")
    }
    values = {name: value.tolist() if isinstance(value, np.ndarray | np.generic) else value for name, value in values.items()}
    flags = sorted({*finding["flags"], *match.flags, *lesion.flags, *more_flags})
    return {
        **values,
        "label": label,
        "finding": query.finding_id,
        "slice_convention": str(match.slice_convention),
        "flags": flags,
        "match_evidence": match.evidence,
    }


@exam_task(name="finish exam", task_run_name="finish {exam_id}")
def finish_exam(workspace: Workspace, exam_id: str, exam: Mapping[str, Any], labeller: Labeller, settings: DatasetConfig) -> dict[str, Any]:
    """Label the CT, remove the face if asked to, and write the volumes on the 3 mm grid, with their pictures, below ``final/``."""
    folder = workspace.exam_dir(exam_id)
    final = folder / "final"

    def make() -> tuple[dict[str, Any], list[Path]]:
        pet = Volume.load(folder / "pet.nii.gz")
        ct = Volume.load(folder / "ct.nii.gz")
        grid = exam_grid(pet, ct)
        lesions = resample_labels(Volume.load(folder / "lesions.nii.gz"), grid)
        volumes = {
            "pet": resample_image(pet, grid, PET_FILL_SUV),
            "ct": resample_image(ct, grid, CT_FILL_HU, antialias=settings.antialias_ct, dtype=np.int16),
            "lesions": lesions.volume,
            "anatomy": labeller.label(ct, grid),
        }
        face, near_face = Face.KEPT, ()
        if settings.deface:
            # After labelling, which wants the whole head, and before anything that is published is written or drawn.
            found = find_face(volumes["pet"], volumes["ct"], volumes["lesions"])
            volumes = found.apply_all(volumes)
            face, near_face = found.face, found.near_lesions
        files = []
        for name, volume in volumes.items():
            volume.save(final / f"{name}.nii.gz", reproducible=True)
            files.append(final / f"{name}.nii.gz")
        write_shard(volumes, final / "shard.parquet")
        files.append(final / "shard.parquet")
        there = [record for record in lesions.records if record.voxels]
        files += draw(volumes, [record.label for record in there], final)
        names = {label: name for label, name in labeller.names.items() if label}
        sites = sites_of(volumes["lesions"], volumes["anatomy"], names)
        boxes = {record.label: box_of(volumes["lesions"], record.label) for record in there}
        outside_ct = {label for label, box in boxes.items() if not covers(ct, grid.affine, box)}
        result = {
            "grid": grid.record(pet),
            "shape": list(grid.shape),
            "spacing_mm": list(grid.spacing_mm),
            "sha256": {path.name: sha256_file(path) for path in files},
            "lesions": [
                {
                    **dataclasses.asdict(record),
                    "bbox_ijk": boxes[record.label],
                    "flags": [
                        *record.flags,
                        *([NEAR_FACE] if record.label in near_face else []),
                        *([OUTSIDE_CT] if record.label in outside_ct else []),
                    ],
                    "anatomy_class": sites[record.label].best,
                    "anatomy_overlap": sites[record.label].overlap_fraction,
                    "anatomy_nearest": sites[record.label].nearest_class,
                    "near_mm": sites[record.label].near_mm,
                }
                for record in there
            ],
            "face": face.value,
            "anatomy_classes": dict(labeller.names),
            "anatomy_present": [names[label] for label in np.unique(volumes["anatomy"].array).tolist() if label in names],
            "anatomy_model": dict(labeller.record),
            "anatomy": [dataclasses.asdict(item) for item in make_questions(volumes["anatomy"], names, seed=exam_id)],
        }
        return result, files

    inputs = (
        versions.FINISH,
        exam["source_key"],
        workspace.key_of("lesions", exam_id),
        labeller.key,
        settings.deface,
        settings.antialias_ct,
    )
    return exam_stage(workspace, "finish", exam_id, inputs, make)


def draw(volumes: Mapping[str, Volume], labels: Sequence[int], folder: Path) -> list[Path]:
    """Draw the exam's MIPs and the three planes of each lesion; return the files."""
    mip_png(volumes["pet"], volumes["lesions"], folder / "mip.png")
    files = [folder / "mip.png"]
    for label in labels:
        files.append(folder / f"lesion-{label}.png")
        lesion_png(volumes["pet"], volumes["ct"], volumes["lesions"], label, files[-1])
    return files


def box_of(labels: Volume, label: int) -> list[int]:
    """Return the box of a label: i0, j0, k0 (first), i1, j1, k1 (one past the last)."""
    where = np.argwhere(labels.array == label)
    return [*where.min(axis=0).tolist(), *(where.max(axis=0) + 1).tolist()]
