from __future__ import annotations

import json

import numpy as np
import pytest

from petarseg.lesions.conventions import CONVENTIONS, HEAD_FIRST_1, SliceConvention, SliceGrid, SliceSource
from petarseg.lesions.detect import FLAG_BASE_UNCLEAR, FLAG_UNCLEAR, ExamTrials, SliceTrial, detect_convention, summarise_exam
from petarseg.lesions.match import Query
from tests.lesions.conftest import MakePet, Sphere


def exam(convention: SliceConvention, rng: np.random.Generator, *, n_findings: int = 3, jitter: int = 0) -> ExamTrials:
    """An exam whose report counts by `convention`; slices lie up to `jitter` from the hottest voxel."""
    n = int(rng.integers(180, 320))
    n_ct = 2 * n
    grid = SliceGrid(
        n,
        tuple(100 + int(i) for i in rng.permutation(n)),
        tuple(3.0 * i for i in range(n)),
        tuple(1.5 * i - 20.0 for i in range(n_ct + 20)),
    )
    trials = []
    for _ in range(n_findings):
        peak = int(rng.integers(30, n - 30))
        half = int(rng.integers(2, 6))
        number = grid.number(peak + int(rng.integers(-jitter, jitter + 1)), convention)
        assert number is not None
        trials.append(SliceTrial(number, ((peak - half, peak, peak + half),)))
    return ExamTrials(grid, tuple(trials))


@pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda c: c.name)
@pytest.mark.parametrize("jitter", [0, 1])
def test_every_convention_is_found(convention: SliceConvention, jitter: int) -> None:
    rng = np.random.default_rng(3)
    evidence = detect_convention([exam(convention, rng, jitter=jitter) for _ in range(30)])
    if convention.source is SliceSource.CT_SERIES:
        # CT slices are half as thick as PET slices here: 0 and 1 often mean the same PET slice.
        assert evidence.convention.source is convention.source
    else:
        assert evidence.convention == convention
        assert evidence.clear
        assert evidence.flags == ()
        assert evidence.margin > 0.2
    assert evidence.p_value < 0.05 or evidence.flags
    assert evidence.scores[0].match_rate > 0.95
    assert evidence.n_findings == 90
    json.dumps(evidence.to_json())


def test_too_little_evidence_keeps_the_default() -> None:
    rng = np.random.default_rng(0)
    evidence = detect_convention([exam(SliceConvention(SliceSource.FEET_FIRST, 1), rng, n_findings=2)])
    assert evidence.convention == HEAD_FIRST_1
    assert evidence.flags == (FLAG_UNCLEAR,)
    assert not evidence.clear
    nothing = detect_convention([])
    assert nothing.convention == HEAD_FIRST_1
    assert nothing.flags == (FLAG_UNCLEAR,)
    assert nothing.n_findings == 0


def test_noise_keeps_the_default() -> None:
    rng = np.random.default_rng(1)
    exams = [exam(CONVENTIONS[i % 4], rng) for i in range(24)]
    evidence = detect_convention(exams)
    assert evidence.convention == HEAD_FIRST_1
    assert FLAG_UNCLEAR in evidence.flags


def test_an_open_base_keeps_the_source() -> None:
    grid = SliceGrid(200)
    trials = tuple(SliceTrial(k + 1 if k % 2 else k, ((k - 3, k, k + 3),)) for k in range(20, 60))
    evidence = detect_convention([ExamTrials(grid, trials)])
    assert evidence.convention == SliceConvention(SliceSource.FEET_FIRST, 1)
    assert evidence.flags == (FLAG_BASE_UNCLEAR,)


def test_instance_numbers_from_the_head_are_no_rival() -> None:
    rng = np.random.default_rng(2)
    exams = []
    for _ in range(10):
        n = int(rng.integers(200, 300))
        grid = SliceGrid(n, tuple(range(n, 0, -1)))
        peaks = [int(k) for k in rng.integers(30, n - 30, size=3)]
        exams.append(ExamTrials(grid, tuple(SliceTrial(n - k, ((k - 3, k, k + 3),)) for k in peaks)))
    evidence = detect_convention(exams)
    assert evidence.convention == HEAD_FIRST_1
    assert evidence.clear


def test_from_images(make_pet: MakePet) -> None:
    exams = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        z = float(rng.integers(-20, 20)) * 3.0 + 1.5
        pet = make_pet(Sphere((0.0, 0.0, z), 20.0, 6.0), shape=(40, 40, 60))
        k = int(np.unravel_index(int(pet.array.argmax()), pet.shape)[2])
        exams.append(summarise_exam(pet, [Query("a", round(float(pet.array.max()), 1), k + 1), Query("bad", float("nan"), 1)]))
    evidence = detect_convention(exams)
    assert evidence.convention == SliceConvention(SliceSource.FEET_FIRST, 1)
    assert evidence.n_exams == 6
    empty = make_pet(background=0.0)
    assert summarise_exam(empty, [Query("a", 5.0, 1)]).trials == ()


@pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda c: c.name)
def test_number_and_index_are_inverse(convention: SliceConvention) -> None:
    n = 50
    heights = tuple(3.0 * i for i in range(n))
    grid = SliceGrid(n, tuple(range(7, 7 + n)), heights, heights)
    for k in range(n):
        number = grid.number(k, convention)
        assert number is not None
        assert grid.index(number, convention) == k
    assert grid.index(-5, convention) is None
    assert grid.index(10_000, convention) is None


def test_what_is_unknown_gives_none() -> None:
    grid = SliceGrid(10)
    for source in (SliceSource.INSTANCE_NUMBER, SliceSource.CT_SERIES):
        assert grid.index(3, SliceConvention(source, 1)) is None
        assert grid.number(3, SliceConvention(source, 1)) is None
    doubled = SliceGrid(3, (1, 1, 2))
    assert doubled.index(1, SliceConvention(SliceSource.INSTANCE_NUMBER, 1)) is None
    beyond = SliceGrid(3, None, (0.0, 3.0, 6.0), (0.0, 3.0, 6.0, 30.0))
    assert beyond.index(1, SliceConvention(SliceSource.CT_SERIES, 1)) is None
    assert beyond.index(2, SliceConvention(SliceSource.CT_SERIES, 1)) == 2


def test_lists_of_another_image_are_refused() -> None:
    with pytest.raises(ValueError, match="instance_numbers"):
        SliceGrid(3, (1, 2))
