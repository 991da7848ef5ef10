from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from petarseg.lesions.bits import BitBox

SHAPES = [(7, 7, 7), (9, 12, 15), (8, 10, 70), (21, 7, 11)]
EDGES = ndimage.generate_binary_structure(3, 2)


def random_set(shape: tuple[int, int, int], share: float, margin: int, seed: int = 0) -> np.ndarray:
    """Random voxels that stay `margin` away from the faces."""
    mask = np.zeros(shape, dtype=bool)
    inner = tuple(slice(margin, n - margin) for n in shape)
    mask[inner] = np.random.default_rng(seed).random(mask[inner].shape) < share
    mask[tuple(n // 2 for n in shape)] = True
    return mask


@pytest.mark.parametrize("shape", [(1, 1, 1), *SHAPES])
def test_packing_and_unpacking_give_the_set_back(shape: tuple[int, int, int]) -> None:
    mask, box = random_set(shape, 0.3, 0), BitBox(shape)
    assert np.array_equal(box.unpack(box.pack(mask)), mask)
    assert box.pack(mask).bit_count() == mask.sum()
    assert box.pack(np.ones(shape, dtype=bool)) == box.everything
    i, j, k = (int(index) for index in np.argwhere(mask)[-1])
    assert box.voxel((i, j, k)) & box.pack(mask)
    assert box.voxels([(i, j, k), (-1, 0, 0), (0, shape[1], 0)]) == box.voxel((i, j, k))


@pytest.mark.parametrize("shape", SHAPES)
def test_dilations_equal_their_definitions(shape: tuple[int, int, int]) -> None:
    mask, box = random_set(shape, 0.05, 3), BitBox(shape)
    for reach in ((0, 0, 0), (1, 1, 1), (2, 3, 1), (3, 0, 3)):
        expected = ndimage.binary_dilation(mask, np.ones([2 * r + 1 for r in reach]))
        assert np.array_equal(box.unpack(box.dilate(box.pack(mask), reach)), expected)
    assert np.array_equal(box.unpack(box.face_neighbours(box.pack(mask))), ndimage.binary_dilation(mask))
    assert np.array_equal(box.unpack(box.edge_neighbours(box.pack(mask))), ndimage.binary_dilation(mask, EDGES))


@pytest.mark.parametrize("shape", SHAPES)
def test_voxels_near_the_faces(shape: tuple[int, int, int]) -> None:
    expected = np.ones(shape, dtype=bool)
    expected[1:-1, 2:-2, 3:-3] = False
    assert np.array_equal(BitBox(shape).unpack(BitBox(shape).near_faces((1, 2, 3))), expected)


@settings(deadline=None, max_examples=200)
@given(st.tuples(*[st.integers(3, 14)] * 3), st.floats(0.0, 1.0), st.integers(0, 10**6))
def test_flood_gives_the_component_and_spans_its_box(shape: tuple[int, int, int], share: float, seed: int) -> None:
    above, box = random_set(shape, share, 1, seed), BitBox(shape)
    start = tuple(n // 2 for n in shape)
    labels, _ = ndimage.label(above)
    expected = labels == labels[start]
    region = box.flood(box.voxel((start[0], start[1], start[2])), box.pack(above))
    assert np.array_equal(box.unpack(region), expected)
    occupied = np.argwhere(expected)
    assert box.spans(region) == tuple(zip(occupied.min(axis=0).tolist(), occupied.max(axis=0).tolist(), strict=True))
