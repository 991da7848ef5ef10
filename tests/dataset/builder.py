"""A tiny dataset with all files of a published version, made without the flow, for tests of what reads datasets."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from petarseg.dataset.checksums import write_checksums
from petarseg.dataset.contract import TableContract, contract_of, to_odcs
from petarseg.dataset.tables import write_table
from petarseg.files import sha256_file, write_json, write_text
from petarseg.volume import Units, Volume
from schemas.arrow import arrow_schema
from schemas.rows import AnatomyRow, ExamRow, LesionRow, RejectedRow, Row

SHAPE = (48, 48, 64)
SPLITS = ("train", "train", "val", "test")
MODELS: dict[str, type[Row]] = {"lesions": LesionRow, "exams": ExamRow, "anatomy": AnatomyRow, "rejected": RejectedRow}


def contracts() -> dict[str, TableContract]:
    return {name: contract_of(name, model.model_json_schema()) for name, model in MODELS.items()}


def exam_volumes(number: int) -> tuple[dict[str, Volume], list[dict[str, Any]]]:
    """Volumes of one exam and what its two lesions (labels 1 and 2) measure."""
    rng = np.random.default_rng(number)
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = (-72.0, -72.0, -500.5)
    x, y, z = np.meshgrid(*[np.arange(n) for n in SHAPE], indexing="ij")
    body = (x - 24) ** 2 + (y - 24) ** 2 < 20**2
    pet = np.where(body, rng.gamma(4.0, 0.25, SHAPE), 0.0).astype(np.float32)
    ct = np.where(body, 40, -1000).astype(np.int16)
    labels = np.zeros(SHAPE, dtype=np.uint8)
    found = []
    for label, centre in ((1, (30 - number, 24, 20)), (2, (18, 22 + number, 44))):
        ball = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 < 10
        suv = 5.0 + number + label / 4
        pet[ball] = suv * 0.7
        pet[centre] = suv
        labels[ball] = label
        where = np.argwhere(ball)
        found.append(
            {
                "label": label,
                "suv_max": suv,
                "suv_mean": float(pet[ball].mean()),
                "volume_ml": float(ball.sum() * 0.027),
                "bbox_ijk": [*where.min(0).tolist(), *(where.max(0) + 1).tolist()],
                "max_ras_mm": (affine @ (*centre, 1))[:3].tolist(),
            }
        )
    volumes = {
        "pet": Volume(np.asfortranarray(pet), affine, Units.SUVBW),
        "ct": Volume(np.asfortranarray(ct), affine, Units.HU),
        "lesions": Volume(np.asfortranarray(labels), affine, Units.LABEL),
        "anatomy": Volume(np.asfortranarray(np.where(body, 3, 0).astype(np.uint8)), affine, Units.LABEL),
    }
    return volumes, found


def lesion_row(number: int, exam_id: str, split: str, found: dict[str, Any]) -> dict[str, Any]:
    suv, label = found["suv_max"], found["label"]
    return {
        "lesion_id": f"L{number}{label}",
        "exam_id": exam_id,
        "patient_id": f"P{number}",
        "split": split,
        "tracer": "FDG",
        "sex": "F",
        "age_years": 50 + number,
        "findings": f"Hypermetabolic node <b>{number}</b> with SUVmax {suv:.1f} on slice {10 + number}.",
        "region": "Chest",
        "organ": "lymph node",
        "anatomic_subsite": "hilum",
        "laterality": "left",
        "suv_max_report": round(suv, 1),
        "axial_slice_report": 10 + number,
        "suv_max": suv,
        "suv_mean": found["suv_mean"],
        "suv_peak": None,
        "volume_ml": found["volume_ml"],
        "tlg": found["suv_mean"] * found["volume_ml"],
        "threshold_suv": suv * 0.4,
        "method": "avg_itm",
        "iterations": 3,
        "stop_reason": "converged",
        "max_ras_mm": found["max_ras_mm"],
        "bbox_ijk": found["bbox_ijk"],
        "mask_label": label,
        "anatomy_class": "soft tissue",
        "slice_convention": "head_first_1",
        "flags": [],
        "voters": "{}",
        "provenance": "{}",
    }


def exam_row(number: int, exam_id: str, split: str) -> dict[str, Any]:
    return {
        "exam_id": exam_id,
        "patient_id": f"P{number}",
        "split": split,
        "tracer": "FDG",
        "sex": "F",
        "age_years": 50 + number,
        "indication": None,
        "cancer_type": "lymphoma",
        "shape": list(SHAPE),
        "spacing_mm": [3.0, 3.0, 3.0],
        "native_pet_spacing_mm": [4.0, 4.0, 3.0],
        "native_ct_spacing_mm": [1.0, 1.0, 3.0],
        "suv_method": "bqml_start",
        "suv_assumptions": [],
        "manufacturer": "ACME",
        "model": "One",
        "n_lesions": 2,
        **{f"{name}_path": f"volumes/{exam_id}/{name}.nii.gz" for name in ("pet", "ct", "lesions", "anatomy")},
    }


def tables() -> dict[str, list[dict[str, Any]]]:
    """Rows of all tables, without the volumes' hashes."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in MODELS}
    for number, split in enumerate(SPLITS):
        exam_id = f"E{number}"
        rows["exams"].append({**exam_row(number, exam_id, split), "sha256": ""})
        rows["lesions"] += [lesion_row(number, exam_id, split, found) for found in exam_volumes(number)[1]]
        rows["anatomy"].append(
            {
                "exam_id": exam_id,
                "split": split,
                "anatomy_class": "soft tissue",
                "mask_label": 3,
                "volume_ml": 10.0,
                "question": "Which structure does the mask show?",
                "answer": "The mask shows soft tissue.",
            }
        )
    rows["rejected"].append(
        {"exam_id": "E0", "stage": "extract", "reason": "prior_value", "sentence": "Prior <i>SUV</i> 3.", "evidence": "{}"}
    )
    return rows


def write_dataset(folder: Path) -> Path:
    rows = tables()
    for number, exam in enumerate(rows["exams"]):
        for name, volume in exam_volumes(number)[0].items():
            volume.save(folder / exam[f"{name}_path"])
    for name, contract in contracts().items():
        write_text(folder / "contracts" / f"{name}.odcs.yaml", to_odcs(contract, version="1.0.0"))
    dropped = {"prior_value": 1}
    write_json(folder / "funnel.json", {"stages": [{"stage": "read", "unit": "statements", "read": 9, "kept": 8, "dropped": dropped}]})
    rewrite(folder, rows)
    return folder


def rewrite(folder: Path, rows: dict[str, list[dict[str, Any]]], *, digests: bool = True) -> None:
    """Write the tables (after a change, say) with hashes and checksums that fit."""
    for exam in rows["exams"]:
        if digests:
            paths = [folder / exam[f"{name}_path"] for name in ("pet", "ct", "lesions", "anatomy")]
            joined = "".join(sha256_file(path) if path.exists() else "" for path in paths)
            exam["sha256"] = hashlib.sha256(joined.encode("ascii")).hexdigest()
    for name, model in MODELS.items():
        write_table(folder / f"{name}.parquet", rows[name], arrow_schema(model))
    write_checksums(folder)
