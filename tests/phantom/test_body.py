from __future__ import annotations

import numpy as np
import pytest

from petarseg.phantom.body import BodyFrame, organ_shapes, structures, table, vertebra_centre_mm
from petarseg.phantom.shapes import Grid, paint

GRID = Grid((90, 65, 230), (4.4, 4.4, 4.0), (-196.0, -140.0, -905.0))


@pytest.fixture(scope="module")
def hu() -> np.ndarray:
    image = np.full(GRID.shape, -1000.0)
    for structure in structures(12.0):
        paint(image, GRID.axes, structure.shape, structure.hu)
    return image


def _at(image: np.ndarray, x: float, y: float, z: float) -> float:
    index = [round((value - start) / step) for value, start, step in zip((x, y, z), GRID.origin_ras_mm, GRID.spacing_mm, strict=True)]
    return float(image[tuple(index)])


@pytest.mark.parametrize(
    ("point", "low", "high"),
    [
        ((75, 0, -400), -900, -700),  # right lung
        ((-75, 0, -400), -900, -700),  # left lung
        ((66, 8, -560), 40, 80),  # liver: right
        ((-98, -38, -556), 30, 70),  # spleen: left
        ((0, 0, -90), 20, 50),  # brain
        ((0, 84, -90), 700, 1000),  # frontal skull
        ((102, -4, -836), 20, 900),  # right femur
        ((0, 42, -800), 0, 30),  # bladder
        ((0, -200 + 65, -560), -1000, -1000),  # air behind the back
        ((0, 5, -330), -1000, -1000),  # trachea
    ],
)
def test_organs_lie_on_their_sides(hu: np.ndarray, point: tuple[float, float, float], low: float, high: float) -> None:
    assert low <= _at(hu, *point) <= high


def test_vertebrae_are_bone_between_neck_and_pelvis(hu: np.ndarray) -> None:
    heights = []
    for name in ("C5", "T1", "T12", "L1", "L5"):
        centre = vertebra_centre_mm(name)
        assert _at(hu, *centre) > 200
        heights.append(centre[2])
    assert heights == sorted(heights, reverse=True)


def test_skin_is_fat_all_around(hu: np.ndarray) -> None:
    for level in (-420.0, -560.0, -700.0):
        k = round((level - GRID.origin_ras_mm[2]) / GRID.spacing_mm[2])
        row = hu[:, round(140 / 4.4), k]
        inside = np.flatnonzero(row > -300)
        assert row[inside[0]] == row[inside[-1]] == -100


def test_table_touches_no_body() -> None:
    body = np.zeros(GRID.shape)
    for structure in structures(12.0):
        paint(body, GRID.axes, structure.shape, 1.0)
    below = np.zeros(GRID.shape)
    paint(below, GRID.axes, table(12.0).shape, 1.0)
    assert below.any()
    assert not (body * below).any()


def test_frame_maps_there_and_back() -> None:
    frame = BodyFrame((0.9, 1.1, 0.95), (4.0, -3.0, -200.0))
    point = frame.to_scanner_mm((10.0, 20.0, -300.0))
    back = frame.to_reference(tuple(np.array([value]) for value in point))  # type: ignore[arg-type]
    assert np.concatenate(back) == pytest.approx([10.0, 20.0, -300.0])


def test_reference_organs_are_named() -> None:
    assert {"liver", "bladder", "myocardium", "spleen"} <= set(organ_shapes())
