from __future__ import annotations

import numpy as np
import pytest

from petarseg.phantom.shapes import Capsule, Ellipsoid, Grid, Loft, Ribs, Slab, index_box, mask_in_box, paint

GRID = Grid((61, 61, 61), (1.0, 1.0, 1.0), (-30.0, -30.0, -30.0))


def _volume_mm3(shape: object) -> float:
    found = mask_in_box(GRID.axes, shape)  # type: ignore[arg-type]
    assert found is not None
    return float(found[1].sum())


@pytest.mark.parametrize(
    ("shape", "volume_mm3"),
    [
        (Ellipsoid((0, 0, 0), (20, 15, 10)), 4 / 3 * np.pi * 20 * 15 * 10),
        (Ellipsoid((0, 0, 0), (20, 15, 10), 35.0), 4 / 3 * np.pi * 20 * 15 * 10),
        (Capsule((-10, 0, 0), (10, 0, 0), 8, 8), np.pi * 64 * 20 + 4 / 3 * np.pi * 512),
        (Loft(((-10, 0, 0, 12, 8), (10, 0, 0, 12, 8))), np.pi * 96 * 20),
        (Slab((-10.5, -5.5, -2.5), (10.5, 5.5, 2.5)), 21 * 11 * 5),
    ],
)
def test_shape_fills_its_analytic_volume(shape: object, volume_mm3: float) -> None:
    assert _volume_mm3(shape) == pytest.approx(volume_mm3, rel=0.06)


def test_ellipsoid_knows_its_volume() -> None:
    assert Ellipsoid((0, 0, 0), (10, 10, 10)).volume_ml == pytest.approx(4.18879, abs=1e-5)


@pytest.mark.parametrize("turn", [0.0, 30.0, 90.0])
def test_no_point_lies_outside_the_bounds(turn: float) -> None:
    shape = Ellipsoid((1, 2, 3), (20, 8, 12), turn)
    x, y, z = GRID.axes
    everywhere = np.argwhere(shape.inside(x[:, None, None], y[None, :, None], z[None, None, :])) - 30.0
    low, high = (np.array(corner) for corner in shape.bounds())
    assert (everywhere >= low - 1e-9).all()
    assert (everywhere <= high + 1e-9).all()


def test_turned_ellipsoid_points_from_right_to_anterior() -> None:
    shape = Ellipsoid((0, 0, 0), (20, 4, 4), 90.0)
    assert shape.inside(np.array(0.0), np.array(18.0), np.array(0.0))
    assert not shape.inside(np.array(18.0), np.array(0.0), np.array(0.0))


def test_ribs_hold_their_own_centres_on_both_sides() -> None:
    ribs = Ribs(Loft(((-400, 0, 0, 150, 100), (0, 0, 0, 150, 100))), first_mm=-50, pitch_mm=24, width_mm=10, count=8)
    for number in (1, 4, 8):
        for angle in (5.0, 175.0, 200.0):
            x, y, z = ribs.centre_mm(number, angle)
            assert ribs.inside(np.array(x), np.array(y), np.array(z))
            assert not ribs.inside(np.array(x), np.array(y), np.array(z + 12.0))


def test_shape_outside_the_grid_paints_nothing() -> None:
    array = np.zeros(GRID.shape)
    paint(array, GRID.axes, Ellipsoid((500, 0, 0), (5, 5, 5)), 1.0)
    assert array.sum() == 0
    assert index_box(GRID.axes, (40, 0, 0), (50, 1, 1)) is None


def test_grid_axes_follow_its_affine() -> None:
    grid = Grid((3, 4, 5), (2.0, 3.0, 4.0), (-1.0, -2.0, -3.0))
    corner = grid.affine @ np.array([2, 3, 4, 1])
    assert [axis[-1] for axis in grid.axes] == pytest.approx(corner[:3])
    assert grid.voxel_volume_ml == pytest.approx(0.024)
