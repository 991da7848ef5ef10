from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from petarseg.errors import ConfigError, FindingRejected
from petarseg.lesions import Match, Query, SliceConvention, grow_lesion, match_findings
from petarseg.lesions.conventions import SliceSource
from petarseg.lesions.split import neck_ratio
from petarseg.reasons import Reason
from petarseg.volume import Units, Volume
from tests.lesions.conftest import MakePet, Sphere

REJECTED = {"STS_003": [(9.7, 24)], "STS_042": [(15.0, 28)], "STS_019": [(2.2, 4)]}


@pytest.fixture(scope="session")
def real_cohort(shared_data: Path) -> dict[str, Volume]:
    convert = pytest.importorskip("petarseg.dicom.convert")
    index = pytest.importorskip("petarseg.dicom.index")
    archive = index.scan_archive(shared_data / "real_cohort" / "dicom")
    return {study.patient_id: convert.convert_pet(study.pet.files).volume for study in archive.studies}


def test_real_cohort(real_cohort: dict[str, Volume], shared_data: Path) -> None:
    expected = json.loads((shared_data / "real_cohort" / "expected.json").read_text())
    assert len(expected["accepted"]) == 7
    for patient, pet in real_cohort.items():
        accepted = [row for row in expected["accepted"] if row["patient_id"] == patient]
        queries = [Query(f"yes{i}", row["suv_max"], row["axial_slice"], suv_decimals=1) for i, row in enumerate(accepted)]
        queries += [Query(f"no{i}", *pair, suv_decimals=1) for i, pair in enumerate(REJECTED.get(patient, []))]
        results = match_findings(pet, queries)
        for i, row in enumerate(accepted):
            match = results[f"yes{i}"]
            assert isinstance(match, Match), match
            assert match.suv_max == pytest.approx(row["max_suv"], abs=0.01)
            x, y, z = pet.ijk_to_ras_mm(match.seed_ijk)
            np.testing.assert_allclose([-x, -y, z], row["max_lps_mm"], atol=0.2)
            lesion = grow_lesion(pet, match.seed_ijk, suv_max_report=row["suv_max"], rivals_ijk=match.rivals_ijk)
            assert lesion.volume_ml > 1.0
            assert lesion.suv_max == pytest.approx(match.suv_max)
        for i, _ in enumerate(REJECTED.get(patient, [])):
            result = results[f"no{i}"]
            assert isinstance(result, FindingRejected)
            assert result.reason is Reason.NO_MATCHING_MAXIMUM


def reason_of(result: Match | FindingRejected) -> Reason | None:
    return result.reason if isinstance(result, FindingRejected) else None


@pytest.fixture
def body(make_pet: MakePet) -> Volume:
    """Three lesions: left (x < 0) at z = 0, right at z = 30, and a bright organ at z = -45."""
    return make_pet(
        Sphere((-60.0, 0, 0), 20.0, 6.0),
        Sphere((60.0, 0, 30.0), 20.0, 9.0),
        Sphere((0, 0, -45.0), 40.0, 20.0),
        shape=(128, 60, 50),
        background=0.5,
    )


def peak_near(pet: Volume, x_mm: float, z_mm: float) -> tuple[float, int, int]:
    """Return SUVmax, k and head-first slice number of the maximum near a place."""
    i, _, k = (round(float(c)) for c in pet.ras_mm_to_ijk((x_mm, 0, z_mm)))
    box = pet.array[i - 4 : i + 5, :, k - 4 : k + 5]
    peak = np.unravel_index(int(box.argmax()), box.shape)
    z = int(peak[2]) + k - 4
    return float(box.max()), z, pet.shape[2] - z


def test_a_clean_finding(body: Volume) -> None:
    suv, k, number = peak_near(body, -60, 0)
    match = match_findings(body, [Query("a", round(suv, 1), number, "left")])["a"]
    assert isinstance(match, Match)
    assert match.seed_ijk[2] == k
    assert match.suv_max == pytest.approx(suv)
    assert match.slice_convention == "head_first_1"
    assert match.flags == ()


def test_reasons(body: Volume) -> None:
    suv, _, number = peak_near(body, -60, 0)
    organ, _, organ_number = peak_near(body, 0, -45)
    queries = {
        "side": Query("side", suv, number, "right"),
        "slice": Query("slice", suv, number - 8),
        "range": Query("range", suv, 51),
        "zero": Query("zero", suv, 0),
        "empty": Query("empty", 4.4, 1),
        "value": Query("value", organ - 0.5, organ_number),
        "nan": Query("nan", float("nan"), number),
        "negative": Query("negative", -3.0, number),
    }
    expected = {
        "side": Reason.WRONG_SIDE,
        "slice": Reason.WRONG_SLICE,
        "range": Reason.SLICE_OUT_OF_RANGE,
        "zero": Reason.SLICE_OUT_OF_RANGE,
        "empty": Reason.NO_COMPONENT,
        "value": Reason.NO_MATCHING_MAXIMUM,
        "nan": Reason.INVALID_VALUE,
        "negative": Reason.INVALID_VALUE,
    }
    results = match_findings(body, list(queries.values()))
    assert {name: reason_of(result) for name, result in results.items()} == expected
    value = results["value"]
    assert isinstance(value, FindingRejected)
    assert value.evidence["nearest_suv_max"] == pytest.approx(organ, abs=0.01)
    assert value.evidence["near_miss"] is True
    wrong = results["slice"]
    assert isinstance(wrong, FindingRejected)
    assert wrong.evidence["slices_away"] > 0
    for result in results.values():
        assert isinstance(result, FindingRejected)
        json.dumps(result.evidence)


@pytest.mark.parametrize(("report", "fits"), [(6.1, True), (6.0, True), (5.9, True), (6.11, False), (5.89, False)])
def test_the_tolerance_includes_its_limit(report: float, fits: bool) -> None:
    array = np.full((20, 20, 20), 0.5, np.float32)
    array[9:12, 9:12, 9:12] = 5.0
    array[10, 10, 10] = 6.0
    pet = Volume(array, np.diag([4.0, 4.0, 4.0, 1.0]), Units.SUVBW)
    result = match_findings(pet, [Query("a", report, 10)])["a"]
    assert isinstance(result, Match) is fits


def test_a_value_without_decimals(body: Volume) -> None:
    suv, _, number = peak_near(body, 60, 30)
    assert 8.0 < suv < 9.0
    exact = match_findings(body, [Query("a", 9.0, number, suv_decimals=1)])["a"]
    rounded = match_findings(body, [Query("a", 9.0, number, suv_decimals=0)])["a"]
    assert reason_of(exact) is (Reason.NO_MATCHING_MAXIMUM if suv < 8.9 else None)
    assert isinstance(rounded, Match)
    assert rounded.flags == ("suv_without_decimals",)


def test_ties(make_pet: MakePet) -> None:
    pet = make_pet(Sphere((-60.0, 0, 0), 20.0, 6.0), Sphere((60.0, 0, 0), 20.0, 6.0), shape=(128, 40, 40), background=0.5)
    suv, _, number = peak_near(pet, -60, 0)
    results = match_findings(pet, [Query("which", suv, number), Query("left", suv, number, "left")])
    assert reason_of(results["which"]) is Reason.AMBIGUOUS
    left = results["left"]
    assert isinstance(left, Match)
    assert pet.ijk_to_ras_mm(left.seed_ijk)[0] < 0
    assert "tie_settled_by_laterality" in left.flags
    labelled = match_findings(pet, [Query("a", suv, number)], anatomy=lambda query, point: bool(point[0] > 0))["a"]
    assert isinstance(labelled, Match)
    assert pet.ijk_to_ras_mm(labelled.seed_ijk)[0] > 0
    undecided = match_findings(pet, [Query("a", suv, number)], anatomy=lambda query, point: None)["a"]
    assert reason_of(undecided) is Reason.AMBIGUOUS


def test_the_same_finding_twice(body: Volume) -> None:
    suv, _, number = peak_near(body, -60, 0)
    report = round(suv, 1)
    results = match_findings(body, [Query("a", report, number), Query("b", report, number), Query("c", report, number + 1)])
    assert isinstance(results["a"], Match)
    assert reason_of(results["b"]) is Reason.DUPLICATE_FINDING
    assert reason_of(results["c"]) is Reason.SHARED_COMPONENT
    shared = results["c"]
    assert isinstance(shared, FindingRejected)
    assert shared.evidence["kept"] == "a"


def test_two_touching_lesions_are_two(make_pet: MakePet) -> None:
    pet = make_pet(Sphere((-11.0, 0, 0), 22.0, 8.0), Sphere((11.0, 0, 0), 22.0, 6.0), shape=(48, 40, 40))
    bright, _, bright_number = peak_near(pet, -11, 0)
    faint = float(pet.array[27, 20, 20])
    results = match_findings(pet, [Query("bright", bright, bright_number), Query("faint", faint, bright_number)])
    first, second = results["bright"], results["faint"]
    assert isinstance(first, Match)
    assert isinstance(second, Match)
    assert "split_component" in second.flags
    assert second.rivals_ijk == (first.seed_ijk,)
    assert first.rivals_ijk == (second.seed_ijk,)
    alone = match_findings(pet, [Query("faint", faint, bright_number)])["faint"]
    assert reason_of(alone) is Reason.NO_MATCHING_MAXIMUM


def test_noise_in_a_touching_lesion_does_not_make_a_tie(make_pet: MakePet) -> None:
    """Several maxima of one lobe, all within the tolerance, are one lesion: its hottest voxel stands for it."""
    pet = make_pet(Sphere((-15.0, 0, 0), 30.0, 8.0), Sphere((15.0, 0, 0), 30.0, 6.0), shape=(48, 40, 40))
    array = pet.array.copy()
    array[28, 20, 20], array[30, 18, 20] = 6.3, 6.25
    pet = pet.with_array(array)
    number = pet.shape[2] - 20
    bright = float(array[:24].max())
    results = match_findings(pet, [Query("bright", bright, number), Query("faint", 6.3, number)])
    assert isinstance(results["faint"], Match), results["faint"]
    assert results["faint"].seed_ijk == (28, 20, 20)
    assert "split_component" in results["faint"].flags


def test_two_hot_spots_of_one_lesion_are_one(make_pet: MakePet) -> None:
    pet = make_pet(Sphere((0, 0, 0), 50.0, 5.0), Sphere((-11.0, 0, 0), 10.0, 6.0), Sphere((11.0, 0, 0), 10.0, 4.0))
    suv, _, number = peak_near(pet, -11, 0)
    second = float(pet.array[22:26, 18:22, 18:22].max())
    results = match_findings(pet, [Query("a", suv, number), Query("b", second, number)])
    assert isinstance(results["a"], Match)
    assert reason_of(results["b"]) is Reason.NO_MATCHING_MAXIMUM
    assert "merged_component" in results["a"].flags, "the report tells apart what the image does not"
    assert results["a"].evidence["merged_with"] == ["b"]


@pytest.mark.parametrize("towards", [(1, 0, 0), (1, 1, 0), (1, -1, 0), (1, 1, 1), (2, 1, 0), (3, 2, 1)])
def test_a_ball_has_no_neck_in_any_direction(towards: tuple[int, int, int]) -> None:
    """Slices across a diagonal hold one plane of voxel centres or two, which looked like a neck."""
    i, j, k = np.ogrid[-12:13, -12:13, -12:13]
    ball = i**2 + j**2 + k**2 <= 12**2
    for spacing in ((3.0, 3.0, 3.0), (2.0, 2.0, 5.0), (4.0, 4.0, 2.5)):
        x, y, z = towards
        assert neck_ratio(ball, (12 - x, 12 - y, 12 - z), (12 + x, 12 + y, 12 + z), spacing) > 0.9


def test_a_finding_without_a_maximum_flags_the_only_component_on_its_slice(make_pet: MakePet) -> None:
    pet = make_pet(Sphere((0, 0, 0), 30.0, 8.0), Sphere((0, 0, -45.0), 15.0, 5.0))
    suv, _, number = peak_near(pet, 0, 0)
    results = match_findings(pet, [Query("a", suv, number), Query("b", round(suv - 1.5, 1), number)])
    assert isinstance(results["b"], FindingRejected)
    assert "merged_component" in results["a"].flags
    elsewhere = match_findings(pet, [Query("a", suv, number), Query("b", 2.5, number + 15)])
    assert isinstance(elsewhere["b"], FindingRejected)
    assert "merged_component" not in elsewhere["a"].flags


def test_a_leaking_background_is_no_lesion() -> None:
    array = np.full((40, 40, 120), 2.0, np.float32)
    array[20, 20, 60] = 3.0
    pet = Volume(array, np.diag([4.0, 4.0, 4.0, 1.0]), Units.SUVBW)
    assert reason_of(match_findings(pet, [Query("a", 3.0, 60)])["a"]) is Reason.BACKGROUND_LEAK


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_image_with_a_bad_voxel(body: Volume, bad: float) -> None:
    array = body.array.copy()
    array[0, 0, 0] = bad
    assert reason_of(match_findings(body.with_array(array), [Query("a", 6.0, 20)])["a"]) is Reason.INVALID_IMAGE


def test_an_empty_image(body: Volume) -> None:
    assert reason_of(match_findings(body.with_array(np.zeros_like(body.array)), [Query("a", 6.0, 20)])["a"]) is Reason.INVALID_IMAGE
    assert match_findings(body, []) == {}


def test_units_and_ids_are_checked(body: Volume) -> None:
    with pytest.raises(ConfigError, match="SUVbw"):
        match_findings(body.with_array(body.array, Units.BQML), [])
    with pytest.raises(ValueError, match="unique"):
        match_findings(body, [Query("a", 1.0, 1), Query("a", 1.0, 1)])


def test_memory_layout_and_axes_do_not_matter(body: Volume) -> None:
    suv, _, number = peak_near(body, -60, 0)
    query = [Query("a", suv, number, "left")]
    reference = match_findings(body, query)["a"]
    assert isinstance(reference, Match)
    fortran = match_findings(body.with_array(np.asfortranarray(body.array)), query)["a"]
    assert isinstance(fortran, Match)
    assert fortran.seed_ijk == reference.seed_ijk
    n_x, _, n_z = body.shape
    flip = np.array([[-1, 0, 0, n_x - 1], [0, 1, 0, 0], [0, 0, -1, n_z - 1], [0, 0, 0, 1]], dtype=float)
    flipped = Volume(body.array[::-1, :, ::-1], body.affine @ flip, Units.SUVBW)
    other = match_findings(flipped, query)["a"]
    assert isinstance(other, Match)
    np.testing.assert_allclose(flipped.ijk_to_ras_mm(other.seed_ijk), body.ijk_to_ras_mm(reference.seed_ijk))
    assert float(flipped.array[other.seed_ijk]) == reference.suv_max


def test_other_conventions(body: Volume) -> None:
    suv, k, _ = peak_near(body, -60, 0)
    n = body.shape[2]
    for source, base, number, extra in (
        (SliceSource.HEAD_FIRST, 0, n - 1 - k, {}),
        (SliceSource.FEET_FIRST, 1, k + 1, {}),
        (SliceSource.INSTANCE_NUMBER, 1, 500 + k, {"instance_numbers": [500 + i for i in range(n)]}),
        (SliceSource.CT_SERIES, 1, 2 * (n - 1 - k) + 1, {"ct_z_mm": [-73.5 + 1.5 * i for i in range(2 * n - 1)]}),
    ):
        match = match_findings(body, [Query("a", suv, number)], convention=SliceConvention(source, base), **extra)["a"]
        assert isinstance(match, Match), (source, match)
        assert match.seed_ijk[2] == k
