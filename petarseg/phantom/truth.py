"""What truth.json says: every lesion with its numbers and the right outcome, every trap, every planted identifier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from petarseg.phantom.exam import PhantomExam
from petarseg.phantom.people import planted_phi
from petarseg.phantom.reports import Statement
from petarseg.reasons import Reason

FORMAT = "petarseg-phantom 1"
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


def exam_truth(exam: PhantomExam, report_id: str | None) -> dict[str, object]:
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


def cohort_truth(
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
