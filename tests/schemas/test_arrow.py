"""Parquet columns follow the row models."""

from __future__ import annotations

import pyarrow as pa
import pytest

from schemas.arrow import arrow_schema
from schemas.rows import AnatomyRow, ExamRow, LesionRow, RejectedRow

# The column names that INTERFACE promises, in order.
LESIONS = """lesion_id, exam_id, patient_id, split, tracer, sex, age_years, findings, region, organ, anatomic_subsite, laterality,
suv_max_report, axial_slice_report, suv_max, suv_mean, suv_peak, volume_ml, tlg, threshold_suv, method, iterations, stop_reason,
max_ras_mm, bbox_ijk, mask_label, anatomy_class, slice_convention, flags, voters, provenance"""
EXAMS = """exam_id, patient_id, split, tracer, sex, age_years, indication, cancer_type, shape, spacing_mm, native_pet_spacing_mm,
native_ct_spacing_mm, suv_method, suv_assumptions, manufacturer, model, n_lesions, pet_path, ct_path, lesions_path, anatomy_path, sha256"""
REJECTED = "exam_id, stage, reason, sentence, evidence"


ADDED = {"anatomy_overlap", "anatomy_nearest", "face"}
"""Columns beyond the interface."""


@pytest.mark.parametrize(("model", "names"), [(LesionRow, LESIONS), (ExamRow, EXAMS), (RejectedRow, REJECTED)])
def test_columns_are_those_of_the_interface(model, names):
    assert [name for name in arrow_schema(model).names if name not in ADDED] == names.replace("\n", " ").split(", ")


def test_types_units_and_nullability():
    schema = arrow_schema(LesionRow)
    assert schema.field("volume_ml").type == pa.float64()
    assert schema.field("volume_ml").metadata == {b"description": b"Volume of the mask (metabolic tumour volume).", b"unit": b"ml"}
    assert not schema.field("suv_max").nullable
    assert schema.field("suv_peak").nullable
    assert schema.field("flags").type == pa.list_(pa.field("element", pa.string(), nullable=False))
    assert schema.field("split").type == pa.string()


def test_every_column_is_described():
    for model in (LesionRow, ExamRow, RejectedRow, AnatomyRow):
        assert all(field.metadata[b"description"] for field in arrow_schema(model)), model
