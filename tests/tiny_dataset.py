"""A complete dataset of a few kilobytes, made with the real writers: five exams of four patients, two lesions each.

It passes `petarseg validate`. Tests that break it use `rows_of`, `replace_rows`, `change_volume` and then `seal`, which makes hashes and
list of files fit again, so that a planted defect shows by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from petarseg.anatomy.tissue import TISSUE_CLASSES
from petarseg.dataset.checksums import read_checksums, write_checksums
from petarseg.dataset.croissant import write_croissant
from petarseg.dataset.hub import version_readme
from petarseg.dataset.shards import write_shard
from petarseg.dataset.tables import write_table
from petarseg.files import sha256_file, write_json, write_text
from petarseg.quality.mip import mip_png
from petarseg.quality.page import write_page
from petarseg.volume import Units, Volume
from schemas.arrow import arrow_schema
from schemas.contracts import write_contracts
from schemas.funnel import Funnel, FunnelStage
from schemas.rows import AnatomyRow, ExamRow, LesionRow, RejectedRow, Row

SHAPE = (24, 20, 30)
ORIGIN_RAS_MM = (-36.0, -30.0, -90.0)
VOLUMES = ("pet", "ct", "lesions", "anatomy")
TABLES: dict[str, type[Row]] = {"lesions": LesionRow, "exams": ExamRow, "anatomy": AnatomyRow, "rejected": RejectedRow}
PATIENTS = (("P0", "train"), ("P0", "train"), ("P1", "train"), ("P2", "val"), ("P3", "test"))
CENTRES = ((6, 12, 22), (17, 6, 9))
VERSION = "v1-0000000000"
RUN = f"""version = "{VERSION}"
petarseg = "0.1.0"
[settings.reports]
dates = "tag"
[settings.lesions]
method = "avg_itm"
tolerance_suv = 0.1
[settings.anatomy]
method = "tissue"
"""


def write_tiny_dataset(folder: Path) -> Path:
    """Write the dataset and return `folder`."""
    lesions: list[dict[str, Any]] = []
    exams: list[dict[str, Any]] = []
    anatomy: list[dict[str, Any]] = []
    for number, (patient_id, split) in enumerate(PATIENTS):
        exam_id = f"E{number}"
        pet, labels = exam_volumes(number)
        ct = np.full(SHAPE, -1000, dtype=np.int16)
        ct[4:20, 4:16] = 40
        tissue = (ct > -300).astype(np.uint8) * 3
        arrays = {"pet": (pet, Units.SUVBW), "ct": (ct, Units.HU), "lesions": (labels, Units.LABEL), "anatomy": (tissue, Units.LABEL)}
        volumes = {name: Volume(np.asfortranarray(array), affine_of(), units) for name, (array, units) in arrays.items()}
        for name, volume in volumes.items():
            volume.save(folder / "volumes" / exam_id / f"{name}.nii.gz", reproducible=True)
        write_shard(volumes, folder / "shards" / f"{exam_id}.parquet")
        mip_png(Volume(pet, affine_of(), Units.SUVBW), Volume(labels, affine_of(), Units.LABEL), folder / "qa" / f"{exam_id}.png")
        lesions += [lesion_row(exam_id, patient_id, split, number, label, pet, labels) for label in (1, 2)]
        exams.append(exam_row(folder, exam_id, patient_id, split))
        anatomy.append(
            {
                "exam_id": exam_id,
                "split": split,
                "anatomy_class": "soft tissue",
                "mask_label": 3,
                "volume_ml": float((tissue == 3).sum() * 0.027),
                "question": "Which structure does the mask show?",
                "answer": "The mask shows soft tissue.",
            }
        )
    rejected = [{"exam_id": "E0", "stage": "extract", "reason": "prior_value", "sentence": "SUVmax was 7.0.", "evidence": "{}"}]
    for name, rows in (("lesions", lesions), ("exams", exams), ("anatomy", anatomy), ("rejected", rejected)):
        rows = [TABLES[name].model_validate(row).model_dump(mode="json") for row in rows]
        write_table(folder / f"{name}.parquet", rows, arrow_schema(TABLES[name]))
    funnel = Funnel(
        stages=[
            FunnelStage.count("read statements", "statements", read=11, kept=10, dropped=["prior_value"]),
            FunnelStage.count("resample", "lesions", read=10, kept=10, dropped=[]),
            FunnelStage.count("publish exams", "exams", read=5, kept=5, dropped=[]),
        ]
    )
    write_json(folder / "funnel.json", funnel.model_dump(mode="json"))
    write_text(folder / "DATASET_CARD.md", "# card\n")
    write_text(folder / "run.toml", RUN)
    write_text(folder / "README.md", version_readme(name="tiny", version=VERSION, license_id="CC-BY-4.0", n_lesions=len(lesions)))
    classes = {str(label): name for label, name in TISSUE_CLASSES.items()}
    write_json(folder / "anatomy_labels.json", {"classes": classes, "labelled_by": {"model": "tissue"}})
    grid = {"grid_shape": list(SHAPE), "grid_affine_ras_mm": affine_of().tolist()}
    write_json(folder / "grids.json", {exam["exam_id"]: grid for exam in exams})
    write_page(
        folder / "qa" / "index.html",
        name="tiny",
        version=VERSION,
        funnel=funnel.table(),
        exams=exams,
        lesions=lesions,
        rejected=rejected,
        pictures={exam["exam_id"]: f"{exam['exam_id']}.png" for exam in exams},
    )
    write_contracts(folder / "contracts")
    write_checksums(folder)
    describe(folder)
    return folder


def describe(folder: Path) -> None:
    """Write croissant.json anew."""
    write_croissant(
        folder, name="tiny", version=VERSION, license_id="CC-BY-4.0", description="Five exams.", checksums=read_checksums(folder)
    )
    write_checksums(folder)


def affine_of() -> np.ndarray:
    """Return the affine that all volumes share."""
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = ORIGIN_RAS_MM
    return affine


def exam_volumes(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return SUV and label map of one exam: noise, a body, and two balls whose uptake depends on `number`."""
    rng = np.random.default_rng(number)
    pet = np.zeros(SHAPE, dtype=np.float32)
    pet[2:22, 2:18] = 0.6 + 0.1 * rng.random((20, 16, SHAPE[2]), dtype=np.float32)
    labels = np.zeros(SHAPE, dtype=np.uint8)
    grid = np.indices(SHAPE)
    for label, centre in enumerate(CENTRES, start=1):
        distance = np.sqrt(sum((grid[axis] - centre[axis]) ** 2 for axis in range(3)))
        ball = distance <= 2.2
        pet[ball] = (5.0 + label + number - distance[ball]).astype(np.float32)
        labels[ball] = label
    return pet, labels


def lesion_row(exam_id: str, patient_id: str, split: str, number: int, label: int, pet: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Return the row of one lesion, measured on its own volume."""
    where = np.argwhere(labels == label)
    values = pet[labels == label].astype(float)
    volume_ml = len(where) * 0.027
    hottest = where[int(values.argmax())]
    side = "right" if label == 2 else "left"
    suv = round(float(values.max()), 1)
    return {
        "lesion_id": f"L{exam_id}{label}",
        "exam_id": exam_id,
        "patient_id": patient_id,
        "split": split,
        "tracer": "FDG",
        "sex": "F",
        "age_years": 60 + number,
        "findings": f"Nodule {number} of the {side} lung with SUVmax {suv} on image {40 + number}.",
        "region": "Chest",
        "organ": "lung",
        "anatomic_subsite": "N/A",
        "laterality": side,
        "suv_max_report": suv,
        "axial_slice_report": 40 + number,
        "suv_max": float(values.max()),
        "suv_mean": float(values.mean()),
        "suv_peak": None,
        "volume_ml": volume_ml,
        "tlg": float(values.mean()) * volume_ml,
        "threshold_suv": float(values.min()) - 0.05,
        "method": "avg_itm",
        "iterations": 3,
        "stop_reason": "converged",
        "max_ras_mm": [float(v) for v in (np.array(ORIGIN_RAS_MM) + 3.0 * hottest)],
        "bbox_ijk": [*where.min(axis=0).tolist(), *(where.max(axis=0) + 1).tolist()],
        "mask_label": label,
        "anatomy_class": "soft tissue",
        "slice_convention": "head_first_1",
        "flags": [],
        "voters": "{}",
        "provenance": "{}",
    }


def exam_row(folder: Path, exam_id: str, patient_id: str, split: str) -> dict[str, Any]:
    """Return the row of one exam whose volumes are written."""
    return {
        "exam_id": exam_id,
        "patient_id": patient_id,
        "split": split,
        "tracer": "FDG",
        "sex": "F",
        "age_years": 60 + int(exam_id[1:]),
        "indication": None,
        "cancer_type": "lung cancer",
        "shape": list(SHAPE),
        "spacing_mm": [3.0, 3.0, 3.0],
        "native_pet_spacing_mm": [3.0, 3.0, 3.0],
        "native_ct_spacing_mm": [1.0, 1.0, 3.0],
        "suv_method": "bqml_start",
        "suv_assumptions": [],
        "manufacturer": "ACME",
        "model": "One",
        "n_lesions": 2,
        **{f"{name}_path": f"volumes/{exam_id}/{name}.nii.gz" for name in VOLUMES},
        "sha256": volumes_digest(folder, exam_id),
    }


def volumes_digest(folder: Path, exam_id: str) -> str:
    """Return exams.sha256: the hash over the four hex digests."""
    digests = "".join(sha256_file(folder / "volumes" / exam_id / f"{name}.nii.gz") for name in VOLUMES)
    return hashlib.sha256(digests.encode("ascii")).hexdigest()


def rows_of(folder: Path, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table."""
    rows: list[dict[str, Any]] = pq.read_table(folder / f"{table}.parquet").to_pylist()
    return rows


def replace_rows(folder: Path, table: str, rows: list[dict[str, Any]]) -> None:
    """Write other rows into a table."""
    write_table(folder / f"{table}.parquet", rows, pq.read_schema(folder / f"{table}.parquet"))


def change_volume(folder: Path, exam_id: str, name: str, make: Callable[[Volume], Volume], *, shard: bool = True) -> None:
    """Replace a volume, in the shard too unless that is the defect."""
    path = folder / "volumes" / exam_id / f"{name}.nii.gz"
    make(Volume.load(path)).save(path, reproducible=True)
    if shard:
        write_shards(folder, exam_id)


def write_shards(folder: Path, exam_id: str) -> None:
    """Write the shard of an exam anew from its volumes."""
    volumes = {name: Volume.load(folder / "volumes" / exam_id / f"{name}.nii.gz") for name in VOLUMES}
    write_shard(volumes, folder / "shards" / f"{exam_id}.parquet")


def seal(folder: Path) -> None:
    """Make the hashes fit the files again, so that a planted defect shows by itself."""
    exams = rows_of(folder, "exams")
    for exam in exams:
        if all((folder / exam[f"{name}_path"]).exists() for name in VOLUMES):
            exam["sha256"] = volumes_digest(folder, exam["exam_id"])
    replace_rows(folder, "exams", exams)
    write_checksums(folder)
