from __future__ import annotations

import numpy as np
import pytest

from petarseg.phantom.exam import PhantomExam
from petarseg.phantom.lesions import LesionPlacer, initial_threshold, is_separable, read_maximum
from petarseg.phantom.shapes import Grid


def test_reading_counts_slices_from_the_head() -> None:
    grid = Grid((4, 4, 10), (4.0, 4.0, 3.0), (-6.0, -6.0, 100.0))
    suv = np.zeros(grid.shape, np.float32)
    suv[1, 2, 9], suv[1, 2, 8] = 5.0, 7.0
    box = (slice(0, 4), slice(0, 4), slice(7, 10))
    reading = read_maximum(suv, grid, box, np.ones((4, 4, 3), bool))
    assert (reading.suv_max, reading.axial_slice, reading.max_ijk) == (7.0, 2, (1, 2, 8))
    assert reading.max_ras_mm == (-2.0, 2.0, 124.0)


def test_initial_threshold_is_that_of_the_matching_step() -> None:
    assert initial_threshold(10.0) == pytest.approx(0.316 * 10 + 0.617)  # SPEC 1.2 step 8


def test_clean_lesions_are_separable_and_hard_ones_marked(exam: PhantomExam) -> None:
    assert len(exam.lesions) >= 1
    for lesion, reading, clean in zip(exam.lesions, exam.readings, exam.clean, strict=True):
        assert clean == (lesion.hard is None)
        assert lesion.sbr >= 3
        assert 9 <= lesion.diameter_mm <= 46
        if clean:
            assert is_separable(exam.pet.suv, exam.pet_grid, lesion, reading)


def test_lesion_over_a_hot_organ_is_not_separable(exam: PhantomExam) -> None:
    lesion, reading = exam.lesions[0], exam.readings[0]
    drowned = exam.pet.suv.copy()
    drowned[:, :, reading.max_ijk[2]] = np.maximum(drowned[:, :, reading.max_ijk[2]], reading.suv_max * 0.9)
    assert not is_separable(drowned, exam.pet_grid, lesion, reading)


def test_equal_maximum_on_the_slice_makes_a_lesion_ambiguous(exam: PhantomExam) -> None:
    lesion, reading = exam.lesions[0], exam.readings[0]
    twin = exam.pet.suv.copy()
    twin[2:4, 2:4, reading.max_ijk[2]] = reading.suv_max
    assert not is_separable(twin, exam.pet_grid, lesion, reading)


def test_unknown_hard_kind_is_refused() -> None:
    class Nothing:
        pass

    placer = LesionPlacer(Nothing(), np.random.default_rng(0))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="odd"):
        placer.add_hard("odd")
