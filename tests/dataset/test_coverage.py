from __future__ import annotations

import numpy as np
import pytest

from petarseg.dataset.coverage import covers
from petarseg.volume import Units, Volume

CT = Volume(np.zeros((100, 100, 20), np.int16), np.diag([1.0, 1.0, 3.0, 1.0]), Units.HU)


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ([10, 10, 2, 12, 12, 5], True),
        ([0, 0, 0, 33, 33, 20], True),
        ([10, 10, 15, 12, 12, 24], False),
        ([10, 10, 25, 12, 12, 28], False),
        ([30, 10, 2, 40, 12, 5], False),
    ],
)
def test_a_box_of_3_mm_voxels_in_a_ct(box: list[int], inside: bool) -> None:
    assert covers(CT, np.diag([3.0, 3.0, 3.0, 1.0]), box) == inside
