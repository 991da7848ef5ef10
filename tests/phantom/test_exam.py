from __future__ import annotations

import numpy as np
import pytest

from petarseg.phantom.exam import HARD_BY_EXAM, PhantomExam, simulate_exam


def test_equal_seeds_give_equal_exams(exam: PhantomExam) -> None:
    again = simulate_exam(0, seed=3)
    assert np.array_equal(again.pet.pixels, exam.pet.pixels)
    assert np.array_equal(again.ct, exam.ct)
    assert np.array_equal(again.label, exam.label)
    assert again.draft.text == exam.draft.text


def test_other_seeds_give_other_exams(exam: PhantomExam) -> None:
    other = simulate_exam(0, seed=4)
    assert other.study.patient.patient_id != exam.study.patient.patient_id
    assert other.draft.text != exam.draft.text


def test_labels_lie_inside_their_shapes(exam: PhantomExam) -> None:
    x, y, z = exam.pet_grid.axes
    diagonal = float(np.linalg.norm(exam.pet_grid.spacing_mm))
    for value, lesion in enumerate(exam.lesions, start=1):
        voxels = np.argwhere(exam.label == value)
        assert len(voxels) == lesion.filled.mask.sum()
        points = np.column_stack([x[voxels[:, 0]], y[voxels[:, 1]], z[voxels[:, 2]]])
        distance = np.linalg.norm(points - lesion.shape.centre_mm, axis=1)
        assert distance.max() <= max(lesion.shape.radii_mm) + diagonal / 2
        assert len(voxels) * exam.pet_grid.voxel_volume_ml == pytest.approx(lesion.shape.volume_ml, rel=0.25)


def test_liver_is_where_suv_checks_expect_it(exam: PhantomExam) -> None:
    body = exam.pet.suv[exam.pet.suv > 0.1]
    assert 0.3 < body.mean() < 1.5  # SPEC 5: whole-body mean
    assert exam.pet.suv.max() > 5


def test_lesions_are_ordered_from_the_head(exam: PhantomExam) -> None:
    heights = [lesion.shape.centre_mm[2] for lesion in exam.lesions]
    assert heights == sorted(heights, reverse=True)


@pytest.mark.parametrize("number", range(1, len(HARD_BY_EXAM)))
def test_every_kind_of_hard_lesion_can_be_placed(number: int) -> None:
    exam = simulate_exam(number, seed=3)
    hard = [lesion.hard for lesion in exam.lesions if lesion.hard]
    kind = HARD_BY_EXAM[number]
    assert hard == [kind] * (2 if kind == "touching_pair" else 1)
    finding, reading = next((f, r) for f, r, lesion in zip(exam.findings, exam.readings, exam.lesions, strict=True) if lesion.hard)
    if kind == "low_suv":
        assert finding.suv_max < 2.5
    elif kind == "border":
        assert exam.label[:, :, 0].any()
    elif kind == "wrong_value":
        assert finding.suv_max > reading.suv_max + 1
    elif kind == "wrong_slice":
        assert (
            not exam.label[:, :, exam.pet_grid.shape[2] - finding.axial_slice].any() or abs(finding.axial_slice - reading.axial_slice) > 5
        )
    elif kind == "wrong_side":
        assert ("left" in finding.phrase) == (reading.max_ras_mm[0] > 0)
