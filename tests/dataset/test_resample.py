from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from petarseg.dataset.grid import Grid
from petarseg.dataset.resample import is_axis_aligned, linear_taps, resample_image, resample_nearest, to_sitk
from petarseg.volume import Units, Volume

GRID = Grid((24, 30, 28), np.array([[3.0, 0, 0, -30.5], [0, 3.0, 0, -41.0], [0, 0, 3.0, -38.5], [0, 0, 0, 1]]))


def noise(shape: tuple[int, int, int], spacing_mm: tuple[float, float, float], order: str, high: int, dtype: str) -> Volume:
    array = np.asarray(np.random.default_rng(1).integers(-1000, high, size=shape).astype(dtype), order=order)  # type: ignore[call-overload]
    affine = np.diag([*spacing_mm, 1.0])
    affine[:3, 3] = (-25.3, -33.1, -30.7)
    return Volume(array, affine, Units.HU)


def by_sitk(volume: Volume, fill: float) -> np.ndarray:
    reference = to_sitk(Volume(np.empty((1, 1, 1), np.uint8), GRID.affine, Units.OTHER))
    filtered = sitk.Resample(
        to_sitk(volume),
        GRID.shape,
        sitk.Transform(),
        sitk.sitkLinear,
        reference.GetOrigin(),
        reference.GetSpacing(),
        reference.GetDirection(),
        fill,
        sitk.sitkFloat32,
    )
    return sitk.GetArrayFromImage(filtered).transpose(2, 1, 0)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("spacing_mm", "dtype"), [((0.97, 1.1, 3.27), "int16"), ((4.7, 3.65, 2.0), "float32")])
def test_equals_simpleitk(order: str, spacing_mm: tuple[float, float, float], dtype: str) -> None:
    volume = noise((55, 60, 20), spacing_mm, order, 3000, dtype)
    assert np.abs(resample_image(volume, GRID, -1000.0).array - by_sitk(volume, -1000.0)).max() < 1e-3


def test_equals_simpleitk_when_oblique() -> None:
    volume = noise((30, 30, 20), (2.0, 2.0, 3.0), "F", 3000, "int16")
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.1), -np.sin(0.1)], [np.sin(0.1), np.cos(0.1)]]
    tilted = Volume(volume.array, turn @ volume.affine, Units.HU)
    assert not is_axis_aligned(tilted)
    assert np.abs(resample_image(tilted, GRID, 0.0).array - by_sitk(tilted, 0.0)).max() < 1e-3


def test_a_linear_field_keeps_its_world_coordinates() -> None:
    """A field that grows by 1 per mm along an axis reads as the coordinate itself on any grid."""
    volume = noise((60, 60, 60), (1.3, 1.7, 1.1), "C", 10, "float32")
    world = volume.ijk_to_ras_mm(np.stack(np.meshgrid(*[np.arange(60)] * 3, indexing="ij"), axis=-1).reshape(-1, 3))
    for axis in range(3):
        field = volume.with_array(world[:, axis].reshape(60, 60, 60).astype(np.float32))
        out = resample_image(field, GRID, np.nan).array
        where = np.argwhere(np.isfinite(out))
        inner = where[np.all((where > where.min(0)) & (where < where.max(0)), axis=1)]
        expected = (inner @ GRID.affine[:3, :3].T + GRID.affine[:3, 3])[:, axis]
        assert np.abs(out[tuple(inner.T)] - expected).max() < 1e-3


def test_integer_results_are_rounded_and_clipped() -> None:
    volume = noise((30, 30, 30), (3.0, 3.0, 3.0), "F", 3000, "float32")
    volume.array[...] = 40_000.4
    out = resample_image(volume, GRID, -1000.0, dtype=np.int16).array
    assert out.max() == 32_767
    assert out.min() == -1000


def test_antialias_keeps_a_constant_and_calms_noise() -> None:
    volume = noise((90, 90, 90), (0.8, 0.8, 0.8), "F", 1000, "int16")
    plain = resample_image(volume, GRID, -1000.0).array
    smooth = resample_image(volume, GRID, -1000.0, antialias=True).array
    inside = plain != -1000.0
    assert smooth[inside].std() < 0.4 * plain[inside].std()
    flat = resample_image(volume.with_array(np.full(volume.shape, 7, np.int16)), GRID, 7.0, antialias=True).array
    assert np.allclose(flat, 7.0, atol=1e-5)


def test_nothing_in_common_gives_the_fill() -> None:
    volume = noise((5, 5, 5), (1.0, 1.0, 1.0), "C", 10, "int16")
    far = Volume(volume.array, volume.affine + np.array([[0, 0, 0, 5000.0]] * 3 + [[0] * 4]), Units.HU)
    assert np.all(resample_image(far, GRID, -1000.0).array == -1000.0)


def test_a_single_plane_is_no_problem() -> None:
    taps = linear_taps(1, 4, -0.2, 0.3)
    assert (taps.start, taps.stop) == (0, 3)
    assert np.all(taps.index == 0)


def test_nearest_keeps_labels() -> None:
    volume = noise((40, 40, 40), (1.5, 1.5, 1.5), "F", 5, "int16")
    labels = volume.with_array((volume.array % 6).astype(np.uint8), Units.LABEL)
    assert set(np.unique(resample_nearest(labels, GRID).array)) <= set(range(6))
