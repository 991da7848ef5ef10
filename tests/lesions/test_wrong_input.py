"""Whatever the input, a lesion, a match or a reason comes back: never another exception."""

from __future__ import annotations

import json
import warnings

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.extra.numpy import arrays

from petarseg.errors import FindingRejected
from petarseg.lesions import METHODS, Match, Query, detect_convention, grow_lesion, match_findings, summarise_exam
from petarseg.lesions.conventions import CONVENTIONS
from petarseg.lesions.measure import Lesion
from petarseg.volume import Units, Volume

SUV = st.one_of(
    st.floats(0.0, 30.0, width=32),
    st.sampled_from([0.0, -0.0, -3.0, float("nan"), float("inf"), float("-inf"), 1e-30, 1e20, 3.0e38]),
)
ANY_NUMBER = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.integers(-5, 400))


@st.composite
def volumes(draw: st.DrawFn) -> Volume:
    """Small PETs: mostly lesions on a background, some with bad voxels, all axis orders, flips and spacings."""
    shape = draw(st.tuples(*[st.integers(1, 14)] * 3))
    kind = draw(st.sampled_from(["lesions", "lesions", "lesions", "anything", "constant"]))
    dtype = draw(st.sampled_from([np.float32, np.float64, np.int16]))
    if kind == "anything":
        array = draw(arrays(np.float32, shape, elements=SUV, fill=st.floats(0.0, 5.0, width=32)))
    elif kind == "constant":
        array = np.full(shape, draw(SUV), np.float32)
    else:
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        array = np.abs(rng.normal(1.0, draw(st.floats(0.0, 0.5)), shape))
        grid = np.indices(shape)
        for _ in range(draw(st.integers(0, 3))):
            centre = [rng.uniform(0, n) for n in shape]
            r2 = sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True))
            array = array + draw(st.floats(0.5, 15.0)) * np.exp(-r2 / draw(st.floats(0.5, 12.0)))
        for _ in range(draw(st.integers(0, 2))):
            if draw(st.booleans()):
                array[tuple(int(rng.integers(n)) for n in shape)] = draw(SUV)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # NaN has no int16
        array = array.astype(dtype)
    spacing = draw(st.tuples(*[st.sampled_from([0.5, 2.0, 3.27, 4.07, 5.5, 12.0])] * 3))
    order = draw(st.permutations([0, 1, 2]))
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, order] * [s * draw(st.sampled_from([1.0, -1.0])) for s in spacing]
    affine[:3, 3] = draw(st.sampled_from([0.0, -150.0, 700.0]))
    if draw(st.booleans()):
        array = np.asfortranarray(array)
    return Volume(array, affine, Units.SUVBW)


@st.composite
def questions(draw: st.DrawFn) -> list[Query]:
    queries = []
    for number in range(draw(st.integers(1, 4))):
        suv = draw(st.one_of(st.floats(0.1, 20.0).map(lambda x: round(x, 1)), ANY_NUMBER, st.none()))
        where = draw(st.one_of(st.integers(0, 15), ANY_NUMBER, st.none()))
        side = draw(st.sampled_from(["left", "right", "none", "midline", "bilateral", "?"]))
        queries.append(Query(str(number), suv, where, side, draw(st.sampled_from([None, 0, 1, 2]))))
    return queries


def check(pet: Volume, queries: list[Query], method: str, convention: int, fwhm_mm: float, at: tuple[int, int, int]) -> None:
    chosen = CONVENTIONS[convention]
    numbers = list(range(pet.to_canonical().shape[2]))
    results = match_findings(pet, queries, convention=chosen, instance_numbers=numbers, ct_z_mm=[3.0 * n for n in numbers])
    assert set(results) == {query.finding_id for query in queries}
    seeds = [tuple(c % n for c, n in zip(at, pet.shape, strict=True))]
    taken = set()
    for result in results.values():
        if isinstance(result, Match):
            assert float(pet.array[result.seed_ijk]) == pytest.approx(result.suv_max)
            assert result.seed_ijk not in taken
            taken.add(result.seed_ijk)
            seeds.append(result.seed_ijk)
        else:
            assert isinstance(result, FindingRejected)
        json.dumps(result.evidence)
    for seed in seeds:
        try:
            lesion = grow_lesion(pet, seed, method=method, fwhm_mm=fwhm_mm, rivals_ijk=[s for s in seeds if s != seed])
        except FindingRejected as error:
            json.dumps(error.evidence)
            continue
        assert isinstance(lesion, Lesion)
        assert lesion.mask.any()
        assert lesion.volume_ml > 0.0
        assert lesion.suv_mean <= lesion.suv_max * (1 + 1e-9)
        assert np.isfinite([lesion.suv_peak, lesion.tlg, lesion.threshold_suv]).all()
    detect_convention([summarise_exam(pet, queries, instance_numbers=numbers)])


CASES = {
    "pet": volumes(),
    "queries": questions(),
    "method": st.sampled_from(sorted(METHODS)),
    "convention": st.integers(0, len(CONVENTIONS) - 1),
    "fwhm_mm": st.sampled_from([0.5, 4.0, 7.0, 30.0]),
    "at": st.tuples(*[st.integers(0, 13)] * 3),
}
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True, "database": None}


@settings(max_examples=200, **QUIET)
@given(**CASES)
def test_wrong_input_gives_reasons(**case: object) -> None:
    check(**case)  # type: ignore[arg-type]


@pytest.mark.slow
@settings(max_examples=10_000, **QUIET)
@given(**CASES)
def test_ten_thousand_wrong_inputs_give_reasons(**case: object) -> None:
    check(**case)  # type: ignore[arg-type]


def test_a_seed_below_the_contour_in_a_large_box() -> None:
    """The box of 0.5 mm voxels and a wide resolution is labelled, not flooded; labels call everything below the contour 0."""
    array = np.abs(np.random.default_rng(1).normal(1.0, 0.3, (2, 11, 11)))
    array[0, 0, 0], array[1, 8, 8] = 0.4, 8.0
    pet = Volume(array.astype(np.float32), np.diag([0.5, 0.5, 5.5, 1.0]), Units.SUVBW)
    with pytest.raises(FindingRejected):
        grow_lesion(pet, (0, 0, 0), method="gradient", fwhm_mm=30.0)
