"""The MIP shows each lesion where a reader expects it: patient right on the left, front on the left, head up."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from petarseg.quality.mip import COLOURS, colour_of, field_of_view, mip_png
from petarseg.volume import Units, Volume

SHAPE = (40, 40, 80)


def volumes(centre: tuple[int, int, int], size: int = 3) -> tuple[Volume, Volume]:
    """Return a body of SUV 1 without padding, with one hot cube at `centre` (RAS+ indices)."""
    pet = np.ones(SHAPE, dtype=np.float32)
    labels = np.zeros(SHAPE, dtype=np.uint8)
    box = tuple(slice(c - size, c + size) for c in centre)
    pet[box] = 9.0
    labels[box] = 1
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    return Volume(pet, affine, Units.SUVBW), Volume(labels, affine, Units.LABEL)


def coloured(path, colour: str) -> np.ndarray:
    """Return (row, column) of the pixels of `colour`, as shares of the picture's height and width."""
    picture = imread(path)[..., :3]
    near = np.abs(picture - np.array(to_rgb(colour))).max(axis=-1) < 0.2
    return np.argwhere(near) / np.array(picture.shape[:2])


@pytest.mark.parametrize(
    ("centre", "coronal_x", "sagittal_x", "height"),
    [
        ((32, 20, 40), 0.20, 0.50, 0.50),  # patient right: left in the coronal picture
        ((8, 20, 40), 0.80, 0.50, 0.50),  # patient left
        ((20, 32, 40), 0.50, 0.20, 0.50),  # front: left in the sagittal picture
        ((20, 8, 40), 0.50, 0.80, 0.50),  # back
        ((20, 20, 70), 0.50, 0.50, 0.125),  # head: top
        ((20, 20, 10), 0.50, 0.50, 0.875),  # feet: bottom
    ],
)
def test_contour_is_on_the_right_spot(tmp_path, centre, coronal_x, sagittal_x, height):
    pet, labels = volumes(centre)
    mip_png(pet, labels, tmp_path / "mip.png")
    where = coloured(tmp_path / "mip.png", COLOURS[0])
    # The label number beside the contour has its colour too, so the medians are compared, not the extremes.
    coronal, sagittal = where[where[:, 1] < 0.5], where[where[:, 1] >= 0.5]
    assert np.median(coronal[:, 1]) * 2 == pytest.approx(coronal_x, abs=0.09)
    assert np.median(sagittal[:, 1]) * 2 - 1 == pytest.approx(sagittal_x, abs=0.09)
    assert np.median(where[:, 0]) == pytest.approx(height, abs=0.06)


def test_equal_inputs_give_equal_bytes(tmp_path):
    pet, labels = volumes((10, 10, 20))
    for name in ("a.png", "b.png"):
        mip_png(pet, labels, tmp_path / name, title="E1")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_padding_is_not_drawn(tmp_path):
    padded = np.zeros((60, 60, 120), dtype=np.float32)
    padded[10:50, 12:52, 30:110] = 1.0
    assert field_of_view(padded) == ((10, 12, 30), (50, 52, 110))
    assert field_of_view(np.zeros((3, 3, 3))) == ((0, 0, 0), (3, 3, 3))
    pet, labels = volumes((20, 20, 40))
    mip_png(pet, labels, tmp_path / "plain.png")
    array = np.zeros((60, 60, 120), dtype=np.float32)
    array[10:50, 12:52, 30:110] = pet.array
    mask = np.zeros(array.shape, dtype=np.uint8)
    mask[10:50, 12:52, 30:110] = labels.array
    affine = pet.affine
    mip_png(Volume(array, affine, Units.SUVBW), Volume(mask, affine, Units.LABEL), tmp_path / "padded.png")
    assert (tmp_path / "padded.png").read_bytes() == (tmp_path / "plain.png").read_bytes()


def test_without_lesions_nothing_is_coloured(tmp_path):
    pet, _ = volumes((20, 20, 40))
    mip_png(pet, None, tmp_path / "mip.png")
    picture = imread(tmp_path / "mip.png")[..., :3]
    assert np.ptp(picture, axis=-1).max() < 0.02


def test_another_grid_is_refused(tmp_path):
    pet, labels = volumes((20, 20, 40))
    shifted = Volume(labels.array, labels.affine + np.array([[0, 0, 0, 1.0]] * 3 + [[0, 0, 0, 0]]), Units.LABEL)
    with pytest.raises(ValueError, match="grid"):
        mip_png(pet, shifted, tmp_path / "mip.png")


def test_colours_repeat():
    assert colour_of(1) == colour_of(len(COLOURS) + 1) == COLOURS[0]
