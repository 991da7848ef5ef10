from __future__ import annotations

import math

import numpy as np
import pytest

from petarseg.errors import ConfigError, FindingRejected
from petarseg.lesions import METHODS, grow_lesion
from petarseg.lesions.measure import Lesion
from petarseg.reasons import Reason
from petarseg.volume import Units, Volume
from tests.lesions.conftest import MakePet, Sphere


def ball_ml(diameter_mm: float) -> float:
    return math.pi * diameter_mm**3 / 6_000.0


def hottest(pet: Volume) -> tuple[int, int, int]:
    i, j, k = np.unravel_index(int(pet.array.argmax()), pet.shape)
    return int(i), int(j), int(k)


def outcome(pet: Volume, seed: tuple[int, int, int], method: str = "avg_itm", fwhm_mm: float = 7.0) -> Lesion | Reason:
    try:
        return grow_lesion(pet, seed, method=method, fwhm_mm=fwhm_mm)
    except FindingRejected as error:
        return error.reason


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (3.0, 3.0, 3.0), (4.0, 4.0, 4.0), (4.07, 4.07, 3.0)])
@pytest.mark.parametrize("diameter", [13, 17, 22, 28, 37])
@pytest.mark.parametrize("ratio", [3.0, 10.0])
def test_avg_itm_returns_the_true_volume(make_pet: MakePet, diameter: float, ratio: float, spacing: tuple[float, ...]) -> None:
    pet = make_pet(Sphere((0.7, -0.4, 0.9), diameter, ratio), spacing_mm=spacing, shape=(36, 36, 36))
    lesion = grow_lesion(pet, hottest(pet))
    assert 0.8 <= lesion.volume_ml / ball_ml(diameter) <= 1.25
    assert lesion.stop_reason == "converged"
    assert lesion.background_suv == pytest.approx(1.0, abs=0.05)


def test_no_large_sphere_is_dropped(make_pet: MakePet) -> None:
    for diameter in (48.0, 60.0, 90.0):
        pet = make_pet(Sphere((0, 0, 0), diameter, 4.0), shape=(60, 60, 60))
        assert grow_lesion(pet, hottest(pet)).volume_ml == pytest.approx(ball_ml(diameter), rel=0.03)


def test_measures_of_a_hand_made_lesion() -> None:
    array = np.ones((21, 21, 21), np.float32)
    array[9:12, 9:12, 9:12] = 8.0
    array[10, 10, 10] = 9.0
    affine = np.diag([-4.0, 4.0, 4.0, 1.0])  # x runs to the left: not canonical
    lesion = grow_lesion(Volume(array, affine, Units.SUVBW), (10, 10, 10), method="fixed50")
    assert lesion.volume_ml == pytest.approx(27 * 0.064)
    assert lesion.mtv_ml == lesion.volume_ml
    assert lesion.suv_max == 9.0
    assert lesion.suv_mean == pytest.approx((26 * 8 + 9) / 27)
    assert lesion.tlg == pytest.approx(lesion.suv_mean * lesion.volume_ml)
    assert 7.0 < lesion.suv_peak < 8.1  # the 1 ml sphere reaches 6.2 mm, the lesion's faces lie 6 mm from its centre
    assert lesion.bbox_ijk == ((9, 11), (9, 11), (9, 11))
    assert lesion.max_ijk == (10, 10, 10)
    assert lesion.max_ras_mm == (-40.0, 40.0, 40.0)
    assert lesion.threshold_suv == 4.5
    painted = np.zeros(array.shape, np.uint8)
    lesion.paint(painted, 3)
    assert np.array_equal(painted == 3, array >= 4.5)


def test_peak_of_a_uniform_large_lesion_is_its_value(make_pet: MakePet) -> None:
    pet = make_pet(Sphere((0, 0, 0), 50.0, 6.0))
    assert grow_lesion(pet, hottest(pet)).suv_peak == pytest.approx(6.0, abs=0.02)


class TestUwItmFailureModes:
    """What SPEC 1.3 lists for the pipeline's region growing (FWHM 7 mm)."""

    @pytest.mark.parametrize("ratio", [3.0, 5.0, 10.0])
    def test_large_lesions_die_on_3_mm_voxels(self, make_pet: MakePet, ratio: float) -> None:
        pet = make_pet(Sphere((0, 0, 0), 37.0, ratio), shape=(41, 41, 41))
        with pytest.raises(FindingRejected) as caught:
            grow_lesion(pet, hottest(pet), method="uw_itm")
        assert caught.value.reason is Reason.THRESHOLD_TOO_HIGH

    def test_the_same_sphere_lives_on_4_mm_voxels(self, make_pet: MakePet) -> None:
        pet = make_pet(Sphere((0, 0, 0), 37.0, 5.0), spacing_mm=(4.0, 4.0, 4.0), shape=(33, 33, 33))
        lesion = grow_lesion(pet, hottest(pet), method="uw_itm")
        assert lesion.volume_ml / ball_ml(37.0) == pytest.approx(1.05, abs=0.1)

    @pytest.mark.parametrize("ratio", [3.0, 5.0])
    def test_the_loop_stops_before_a_small_region_is_full(self, make_pet: MakePet, ratio: float) -> None:
        pet = make_pet(Sphere((0, 0, 0), 13.0, ratio), shape=(25, 25, 25))
        lesion = grow_lesion(pet, hottest(pet), method="uw_itm")
        assert lesion.volume_ml / ball_ml(13.0) == pytest.approx(0.77, abs=0.01)

    def test_the_region_is_not_the_contour_of_its_threshold(self, make_pet: MakePet) -> None:
        pet = make_pet(Sphere((0, 0, 0), 37.0, 3.0), spacing_mm=(4.0, 4.0, 4.0), shape=(33, 33, 33))
        lesion = grow_lesion(pet, hottest(pet), method="uw_itm")
        assert int(lesion.mask.sum()) < int(np.count_nonzero(pet.array > lesion.threshold_suv))


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_gives_a_connected_mask_with_the_seed(make_pet: MakePet, method: str) -> None:
    from scipy import ndimage

    pet = make_pet(Sphere((0, 0, 0), 22.0, 6.0), spacing_mm=(4.0, 4.0, 4.0), noise=0.05)
    seed = hottest(pet)
    lesion = grow_lesion(pet, seed, method=method)
    assert lesion.method == method
    assert lesion.max_ijk == seed
    assert ndimage.label(lesion.mask)[1] == 1
    assert all(lesion.mask.any(axis=axis).any() for axis in range(3))


@pytest.mark.parametrize("method", sorted(METHODS))
def test_the_box_does_not_change_the_result(make_pet: MakePet, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pet = make_pet(Sphere((0, 0, 0), 30.0, 6.0), spacing_mm=(3.0, 3.0, 3.0), noise=0.1, fwhm_mm=5.0)

    small = outcome(pet, hottest(pet), method, 5.0)
    monkeypatch.setattr("petarseg.lesions.surroundings.EDGE_FRACTION", -1.0)  # rays run to their ends
    large = outcome(pet, hottest(pet), method, 5.0)
    if isinstance(small, Lesion) and isinstance(large, Lesion):
        assert small.bbox_ijk == large.bbox_ijk
        assert np.array_equal(small.mask, large.mask)
        assert small.threshold_suv == large.threshold_suv
    else:
        assert small == large


def test_noise_does_not_leak(make_pet: MakePet) -> None:
    pet = make_pet(Sphere((0, 0, 0), 10.0, 2.0), noise=0.15, spacing_mm=(4.0, 4.0, 4.0))
    result = outcome(pet, hottest(pet))
    if isinstance(result, Lesion):
        assert result.volume_ml < 12 * ball_ml(10.0)
    else:
        assert result in (Reason.MASK_TOO_SMALL, Reason.MASK_LEAK, Reason.THRESHOLD_TOO_HIGH)


def test_a_hotter_neighbour_is_cut_off(make_pet: MakePet) -> None:
    bladder = Sphere((24.0, 0, 0), 30.0, 30.0)
    pet = make_pet(Sphere((-8.0, 0, 0), 18.0, 6.0), bladder, shape=(48, 40, 40))
    seed = (round((-8.0 + 70.5) / 3.0), 20, 20)
    lesion = grow_lesion(pet, seed)
    assert lesion.suv_max <= float(pet.array[seed]) + 1e-6
    assert lesion.volume_ml < 2.0 * ball_ml(18.0)


def test_two_touching_lesions_do_not_overlap(make_pet: MakePet) -> None:
    pet = make_pet(Sphere((-11.0, 0, 0), 22.0, 8.0), Sphere((11.0, 0, 0), 22.0, 6.0), shape=(48, 40, 40))
    first, second = (20, 20, 20), (27, 20, 20)
    a = grow_lesion(pet, first, rivals_ijk=[second])
    b = grow_lesion(pet, second, rivals_ijk=[first])
    both = np.zeros(pet.shape, int)
    for lesion in (a, b):
        own = np.zeros(pet.shape, int)
        lesion.paint(own)
        both += own
        assert 0.75 <= lesion.volume_ml / ball_ml(22.0) <= 1.3
    assert both.max() == 1
    assert "split" in b.flags


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, -1.0])
@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_bad_seed_value_is_rejected(make_pet: MakePet, value: float, method: str) -> None:
    pet = make_pet(shape=(9, 9, 9))
    pet.array[4, 4, 4] = value
    with pytest.raises(FindingRejected) as caught:
        grow_lesion(pet, (4, 4, 4), method=method)
    assert caught.value.reason is Reason.INVALID_IMAGE


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_huge_plateau_is_no_lesion(method: str) -> None:
    pet = Volume(np.full((40, 40, 40), 5.0, np.float32), np.diag([4.0, 4.0, 4.0, 1.0]), Units.SUVBW)
    with pytest.raises(FindingRejected) as caught:
        grow_lesion(pet, (20, 20, 20), method=method)
    assert caught.value.reason in (Reason.MASK_LEAK, Reason.THRESHOLD_TOO_HIGH)


def test_a_lesion_cut_by_the_border(make_pet: MakePet) -> None:
    pet = make_pet(Sphere((0, 0, 58.5), 30.0, 8.0))  # its centre lies in the top slice
    with pytest.raises(FindingRejected) as caught:
        grow_lesion(pet, hottest(pet))
    assert caught.value.reason is Reason.MASK_AT_BORDER
    touching = make_pet(Sphere((0, 0, 50.0), 30.0, 8.0))
    assert "at_border" in grow_lesion(touching, hottest(touching)).flags


def test_wrong_settings_are_the_users_fault(make_pet: MakePet) -> None:
    pet = make_pet(shape=(9, 9, 9))
    with pytest.raises(ConfigError, match="avg_itm"):
        grow_lesion(pet, (4, 4, 4), method="magic")
    with pytest.raises(ConfigError, match="fwhm_mm"):
        grow_lesion(pet, (4, 4, 4), fwhm_mm=0.0)
    with pytest.raises(ConfigError, match="device"):
        grow_lesion(pet, (4, 4, 4), device="tpu")
    with pytest.raises(ConfigError, match="SUVbw"):
        grow_lesion(Volume(pet.array, pet.affine, Units.HU), (4, 4, 4))
    with pytest.raises(FindingRejected) as caught:
        grow_lesion(pet, (4, 4, 99))
    assert caught.value.reason is Reason.INVALID_VALUE


def test_the_report_must_agree(make_pet: MakePet) -> None:
    pet = make_pet(Sphere((0, 0, 0), 20.0, 6.0))
    with pytest.raises(FindingRejected) as caught:
        grow_lesion(pet, hottest(pet), suv_max_report=7.5)
    assert caught.value.reason is Reason.MASK_INCONSISTENT


def test_axes_do_not_matter(make_pet: MakePet) -> None:
    pet = make_pet(Sphere((2.0, -5.0, 7.0), 20.0, 6.0), noise=0.05)
    reference = grow_lesion(pet, hottest(pet))
    flipped = Volume(pet.array[::-1, :, ::-1].transpose(2, 0, 1), _flipped_affine(pet), Units.SUVBW)
    other = grow_lesion(flipped, hottest(flipped))
    assert other.volume_ml == pytest.approx(reference.volume_ml)
    assert other.max_ras_mm == pytest.approx(reference.max_ras_mm)
    assert other.threshold_suv == pytest.approx(reference.threshold_suv)


def _flipped_affine(pet: Volume) -> np.ndarray:
    n_x, _, n_z = pet.shape
    # New axes (z', x', y'): z' and x' run backwards.
    matrix = np.array([[0, -1, 0, n_x - 1], [0, 0, 1, 0], [-1, 0, 0, n_z - 1], [0, 0, 0, 1]], dtype=float)
    return pet.affine @ matrix


def test_small_lesions_that_touch_do_not_count_each_others_samples(make_pet: MakePet) -> None:
    """Half-voxel samples beyond the watershed made the volumes of two 18 mm spheres on 5 mm voxels up to a half too large."""
    for contrast in (4.0, 8.0):
        spheres = (Sphere((-9.0, 1.0, 0.5), 18.0, contrast), Sphere((9.0, 1.0, 0.5), 18.0, 0.9 * contrast))
        pet = make_pet(*spheres, spacing_mm=(5.0, 5.0, 3.0), shape=(24, 18, 30), fwhm_mm=5.0)
        left, right = pet.array.copy(), pet.array.copy()
        left[12:], right[:12] = 0.0, 0.0
        seeds = [hottest(pet.with_array(half)) for half in (left, right)]
        for seed, rival in (seeds, seeds[::-1]):
            lesion = grow_lesion(pet, seed, fwhm_mm=5.0, rivals_ijk=[rival])
            assert "split" in lesion.flags
            assert 0.8 < lesion.volume_ml / (np.pi * 18.0**3 / 6e3) < 1.25
