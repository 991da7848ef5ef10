from __future__ import annotations

import numpy as np
import pytest

from petarseg.phantom.body import BodyFrame, Structure
from petarseg.phantom.scene import PetScene, occupancy, simulate_ct
from petarseg.phantom.shapes import Ellipsoid, Grid
from petarseg.phantom.tracer import tracer

GRID = Grid((40, 40, 40), (4.0, 4.0, 4.0), (-78.0, -78.0, -78.0))
FRAME = BodyFrame((1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
BODY = [Structure("ball", Ellipsoid((0, 0, 0), (70, 70, 70)), 50, "muscle")]


@pytest.fixture
def scene() -> PetScene:
    return PetScene(GRID, FRAME, BODY, tracer("FDG"), 6.5, np.random.default_rng(0))


def test_occupancy_adds_up_to_the_volume() -> None:
    sphere = Ellipsoid((1.3, -2.1, 0.4), (11, 11, 11))
    filled = occupancy(GRID, sphere, 10.0)
    assert filled is not None
    assert float(filled.share.sum()) * GRID.voxel_volume_ml == pytest.approx(sphere.volume_ml, rel=0.01)
    assert filled.mask.sum() * GRID.voxel_volume_ml == pytest.approx(sphere.volume_ml, rel=0.08)


def test_body_has_its_uptake_and_noise(scene: PetScene) -> None:
    middle = scene.suv[15:25, 15:25, 15:25]
    assert float(middle.mean()) == pytest.approx(0.6, abs=0.02)
    assert 0.05 < float(middle.std()) < 0.15
    assert scene.suv.min() >= 0


def test_lesion_can_be_added_and_taken_away(scene: PetScene) -> None:
    before = scene.suv.copy()
    image = scene.blurred(Ellipsoid((0, 0, 0), (12, 12, 12)))
    assert image is not None
    filled, patch = image
    scene.add(filled, patch, 8.0)
    assert 6.5 < scene.suv.max() < 10.5
    assert np.array_equal(np.argwhere(scene.suv != before).min(axis=0) >= [part.start for part in filled.box], [True] * 3)
    scene.remove(filled, patch, 8.0)
    assert np.allclose(scene.suv, before, atol=1e-4)


def test_lesion_outside_the_image_is_none(scene: PetScene) -> None:
    assert scene.blurred(Ellipsoid((400, 0, 0), (5, 5, 5))) is None


def test_ct_shows_table_body_and_lesion() -> None:
    ct = simulate_ct(GRID, FRAME, BODY, [(Ellipsoid((0, 0, 30), (15, 15, 15)), 600.0)], -45.0, np.random.default_rng(0))
    assert ct.dtype == np.int16
    assert float(ct[19:21, 19:21, 8:12].mean()) == pytest.approx(50, abs=10)
    assert float(ct[19:21, 19:21, 26:28].mean()) == pytest.approx(600, abs=20)
    assert ct[0, -1, 0] < -900
