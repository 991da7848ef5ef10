"""Crops show the lesion in the middle, its neighbours on their own sides, and the contour in the label's colour."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from petarseg.quality.crops import GAP_PX, TILE_PX, fuse, lesion_png, outline
from petarseg.quality.mip import COLOURS
from petarseg.volume import Units, Volume

AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])


def exam() -> tuple[Volume, Volume, Volume]:
    """Return PET, CT, labels: lesion 1 in the middle; a bright spot 30 mm to the patient's right, front and head of it."""
    pet = np.full((60, 60, 60), 0.5, dtype=np.float32)
    ct = np.full((60, 60, 60), 40, dtype=np.int16)
    labels = np.zeros((60, 60, 60), dtype=np.uint8)
    pet[28:33, 28:33, 28:33] = 8.0
    labels[28:33, 28:33, 28:33] = 1
    pet[30, 30, 30] = 8.5
    for axis in range(3):
        spot = [30, 30, 30]
        spot[axis] = 40
        pet[tuple(slice(s - 1, s + 2) for s in spot)] = 8.0
    return Volume(pet, AFFINE, Units.SUVBW), Volume(ct, AFFINE, Units.HU), Volume(labels, AFFINE, Units.LABEL)


@pytest.fixture
def tiles(tmp_path):
    lesion_png(*exam(), 1, tmp_path / "L.png")
    picture = imread(tmp_path / "L.png")[..., :3]
    assert picture.shape == (2 * TILE_PX + GAP_PX, 3 * TILE_PX + 2 * GAP_PX, 3)
    step = TILE_PX + GAP_PX
    return {name: picture[:TILE_PX, n * step : n * step + TILE_PX] for n, name in enumerate(("axial", "coronal", "sagittal"))}


# 30 mm of the 150 mm square, from the middle.
SPOTS = {
    "axial": [(0.5, 0.3), (0.3, 0.5)],  # row, column: right is left, front is up
    "coronal": [(0.5, 0.3), (0.3, 0.5)],  # right is left, head is up
    "sagittal": [(0.5, 0.3), (0.3, 0.5)],  # front is left, head is up
}


@pytest.mark.parametrize("plane", SPOTS)
def test_neighbours_are_on_their_sides(tiles, plane):
    dark = tiles[plane].mean(axis=-1) < 0.35
    for row, column in SPOTS[plane]:
        y, x = int(row * TILE_PX), int(column * TILE_PX)
        assert dark[y - 2 : y + 3, x - 2 : x + 3].all()
        assert not dark[TILE_PX - y - 2 : TILE_PX - y + 3, TILE_PX - x - 2 : TILE_PX - x + 3].all() or row == column == 0.5


@pytest.mark.parametrize("plane", SPOTS)
def test_contour_surrounds_the_middle(tiles, plane):
    near = np.abs(tiles[plane] - np.array(to_rgb(COLOURS[0]))).max(axis=-1) < 0.02
    rows, columns = np.nonzero(near)
    assert rows.size > 20
    assert (rows.min() + rows.max()) / 2 == pytest.approx(TILE_PX / 2, abs=2)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(TILE_PX / 2, abs=2)
    # Five voxels of 3 mm in a square of 150 mm.
    assert np.ptp(columns) == pytest.approx(0.1 * TILE_PX, abs=3)


def test_equal_inputs_give_equal_bytes(tmp_path):
    lesion_png(*exam(), 1, tmp_path / "a.png")
    lesion_png(*exam(), 1, tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_lesion_at_the_border_is_drawn(tmp_path):
    pet, ct, labels = exam()
    labels.array[0, 0, 0] = 2
    lesion_png(pet, ct, labels, 2, tmp_path / "L.png")
    assert (tmp_path / "L.png").stat().st_size > 500


def test_wrong_input_is_refused(tmp_path):
    pet, ct, labels = exam()
    with pytest.raises(ValueError, match="label 7"):
        lesion_png(pet, ct, labels, 7, tmp_path / "L.png")
    with pytest.raises(ValueError, match="one grid"):
        lesion_png(pet, ct.crop((0, 0, 0), (9, 9, 9)), labels, 1, tmp_path / "L.png")


def test_fusion_is_ct_where_nothing_is_taken_up():
    hu = np.array([[-1000.0, 40.0, 1000.0]], dtype=np.float32)
    assert fuse(hu, np.zeros_like(hu)).tolist() == [[[0] * 3, [128] * 3, [255] * 3]]
    red, green, blue = fuse(hu, np.full_like(hu, 0.33))[0, 0]
    assert red > 60
    assert red > 10 * max(int(green), int(blue), 1) or (green, blue) == (0, 0)


def test_outline_of_a_square():
    mask = np.zeros((7, 7), dtype=bool)
    mask[1:6, 1:6] = True
    assert outline(mask).sum() == 16
