"""The rows of the published tables. Field descriptions and units end up in Parquet metadata, data contracts and the card."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from petarseg.reasons import Reason

Split = Literal["train", "val", "test"]
Laterality = Literal["left", "right", "bilateral", "midline", "none"]
Region = Literal["Head", "Neck", "Chest", "Abdomen", "Pelvis", "Upper extremity", "Lower extremity", "N/A"]


def _unit(unit: str) -> JsonDict:
    return {"unit": unit}


_REASONS: JsonDict = {"enum": [reason.value for reason in Reason]}


class Row(BaseModel):
    """A table row: no unknown fields, no NaN, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class LesionRow(Row):
    """A row of lesions.parquet: one finding of a report with its mask."""

    lesion_id: str = Field(description="Keyed id of the lesion, unique in the dataset.", json_schema_extra={"unique": True})
    exam_id: str = Field(description="Keyed id of the exam; a key of exams.parquet.")
    patient_id: str = Field(description="Keyed id of the patient.")
    split: Split = Field(description="Split of the patient.")
    tracer: str | None = Field(description="Radiopharmaceutical, normalised (FDG, DOTATATE, DCFPyL, fluciclovine, ...).")
    sex: Literal["F", "M", "O"] | None = Field(description="PatientSex.")
    age_years: int | None = Field(ge=0, le=90, description="Age at the exam; 90 stands for 90 and above.", json_schema_extra=_unit("a"))
    findings: str = Field(min_length=1, description="The sentence of the report, scrubbed, otherwise verbatim. Target of report models.")
    region: Region = Field(description="Body region in which the lesion lies.")
    organ: str = Field(description="Organ in the field's terms, or N/A.")
    anatomic_subsite: str = Field(description="Site within the organ as the sentence says, or N/A.")
    laterality: Laterality = Field(description="Side of the body as the sentence says or implies.")
    suv_max_report: float = Field(gt=0, description="SUVmax that the report gives.", json_schema_extra=_unit("g/ml"))
    axial_slice_report: int = Field(ge=0, description="Axial slice number that the report gives.")
    suv_max: float = Field(gt=0, description="Maximum of the mask on the native PET grid.", json_schema_extra=_unit("g/ml"))
    suv_mean: float = Field(gt=0, description="Mean of the mask on the native PET grid.", json_schema_extra=_unit("g/ml"))
    suv_peak: float | None = Field(description="Mean of the 1 ml sphere with the highest mean.", json_schema_extra=_unit("g/ml"))
    volume_ml: float = Field(gt=0, description="Volume of the mask (metabolic tumour volume).", json_schema_extra=_unit("ml"))
    tlg: float = Field(gt=0, description="Total lesion glycolysis: SUVmean x volume.", json_schema_extra=_unit("g"))
    threshold_suv: float = Field(gt=0, description="Final absolute threshold.", json_schema_extra=_unit("g/ml"))
    method: str = Field(description="Threshold method.")
    iterations: int = Field(ge=0, description="Iterations of the threshold method.")
    stop_reason: str = Field(description="Why the iteration ended.")
    max_ras_mm: list[float] = Field(
        min_length=3, max_length=3, description="Hottest voxel, patient coordinates RAS.", json_schema_extra=_unit("mm")
    )
    bbox_ijk: list[int] = Field(
        min_length=6,
        max_length=6,
        description="Box of the mask in lesions.nii.gz: i0, j0, k0 (first), i1, j1, k1 (one past the last).",
    )
    mask_label: int = Field(ge=1, description="Value of this lesion in lesions.nii.gz.")
    anatomy_class: str | None = Field(description="Class of anatomy.nii.gz with the largest overlap, else the nearest within 30 mm.")
    anatomy_overlap: float | None = Field(
        None, ge=0, le=1, description="Share of the lesion that the overlapping class covers; 0 when anatomy_class is only near."
    )
    anatomy_nearest: str | None = Field(None, description="Class of anatomy.nii.gz nearest to the lesion's centre of mass, within 30 mm.")
    slice_convention: str = Field(description="How the report's slice number was read.")
    flags: list[str] = Field(description="Quality flags; empty when nothing was noticed.")
    voters: str = Field(description="JSON: each voter's answer.")
    provenance: str = Field(description="JSON: software and stage versions behind this row.")


class ExamRow(Row):
    """A row of exams.parquet: one PET/CT exam."""

    exam_id: str = Field(description="Keyed id of the exam.", json_schema_extra={"unique": True})
    patient_id: str = Field(description="Keyed id of the patient.")
    split: Split = Field(description="Split of the patient.")
    tracer: str | None = Field(description="Radiopharmaceutical, normalised.")
    sex: Literal["F", "M", "O"] | None = Field(description="PatientSex.")
    age_years: int | None = Field(ge=0, le=90, description="Age at the exam; 90 stands for 90 and above.", json_schema_extra=_unit("a"))
    indication: str | None = Field(description="Why the exam was done, from the report (scrubbed).")
    cancer_type: str | None = Field(description="Cancer type, from the report.")
    shape: list[int] = Field(min_length=3, max_length=3, description="Voxels of the published volumes along x, y, z.")
    spacing_mm: list[float] = Field(
        min_length=3, max_length=3, description="Voxel size of the published volumes.", json_schema_extra=_unit("mm")
    )
    native_pet_spacing_mm: list[float] = Field(
        min_length=3, max_length=3, description="Voxel size of the PET.", json_schema_extra=_unit("mm")
    )
    native_ct_spacing_mm: list[float] = Field(
        min_length=3, max_length=3, description="Voxel size of the CT.", json_schema_extra=_unit("mm")
    )
    suv_method: str = Field(description="Rule that led to SUVbw.")
    suv_assumptions: list[str] = Field(description="What the SUV rule had to assume.")
    manufacturer: str | None = Field(description="Scanner manufacturer.")
    model: str | None = Field(description="Scanner model.")
    face: Literal["kept", "removed", "absent"] = Field(
        "kept", description="What became of the face: kept, removed from PET, CT and anatomy, or not in the field of view."
    )
    n_lesions: int = Field(ge=1, description="Lesions of this exam in lesions.parquet.")
    pet_path: str = Field(description="PET in SUVbw, relative to the dataset.")
    ct_path: str = Field(description="CT in HU, relative to the dataset.")
    lesions_path: str = Field(description="Lesion label map, relative to the dataset.")
    anatomy_path: str = Field(description="Anatomy label map, relative to the dataset.")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 over the hex digests of the four volume files, in this order.")


class RejectedRow(Row):
    """A row of rejected.parquet: something that was dropped, and why."""

    exam_id: str | None = Field(description="Keyed id of the exam, if known.")
    stage: str = Field(description="Stage that dropped it.")
    reason: str = Field(description="Reason code; docs/reference/reasons.md lists them.", json_schema_extra=_REASONS)
    sentence: str | None = Field(description="The sentence, scrubbed, if any.")
    evidence: str = Field(description="JSON: the facts behind the decision.")


class AnatomyRow(Row):
    """A row of anatomy.parquet: one question about a labelled structure, for pre-training."""

    exam_id: str = Field(description="Keyed id of the exam.")
    split: Split = Field(description="Split of the patient.")
    anatomy_class: str = Field(description="Class name.")
    mask_label: int = Field(ge=1, description="Value of this class in anatomy.nii.gz.")
    volume_ml: float = Field(gt=0, description="Volume of the class on the published grid.", json_schema_extra=_unit("ml"))
    question: str = Field(description="Question put to the model.")
    answer: str = Field(description="Expected answer.")
