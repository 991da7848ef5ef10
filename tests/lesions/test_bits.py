from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from petarseg.lesions.bits import DEPTH, dilate_words, pack, unpack
from petarseg.lesions.neighbourhood import dilate


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 7, 9), (6, 3, 63), (4, 4, 64), (3, 2, 8)])
@pytest.mark.parametrize("reach", [(0, 0, 0), (1, 1, 1), (2, 3, 4), (9, 1, 7)])
def test_dilation_equals_the_definition(shape: tuple[int, int, int], reach: tuple[int, int, int]) -> None:
    mask = np.random.default_rng(0).random(shape) < 0.02
    mask[0, 0, 0] = True
    expected = ndimage.binary_dilation(mask, np.ones([2 * r + 1 for r in reach]))
    assert np.array_equal(unpack(pack(mask), shape[2]), mask)
    assert np.array_equal(unpack(dilate_words(pack(mask), reach), shape[2]), expected)
    assert np.array_equal(dilate(mask, reach), expected)


def test_long_boxes_take_the_other_way() -> None:
    mask = np.zeros((3, 3, DEPTH + 6), dtype=bool)
    mask[1, 1, 65] = True
    assert int(dilate(mask, (1, 1, 2)).sum()) == 45
