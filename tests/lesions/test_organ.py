from __future__ import annotations

import numpy as np
import pytest

from petarseg.lesions.finding import Query
from petarseg.lesions.organ import LabelledCT, OrganTest
from petarseg.volume import Units, Volume

NAMES = {1: "liver", 2: "kidney_left", 3: "kidney_right"}


@pytest.fixture
def labelled() -> LabelledCT:
    """Labels on a grid of 3 mm; the CT ends in the middle of its z axis."""
    array = np.zeros((60, 40, 40), dtype=np.uint8)
    array[40:55, 10:30, 5:30], array[5:10, 10:20, 10:20], array[30:35, 10:20, 10:20] = 1, 2, 3
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    return LabelledCT(Volume(np.zeros((60, 40, 20), np.int16), affine, Units.HU), Volume(array, affine, Units.LABEL), NAMES)


@pytest.mark.parametrize(
    ("organ", "side", "ijk", "expected"),
    [
        ("liver", "none", (45, 20, 15), True),
        ("liver", "none", (36, 20, 15), True),  # 12 mm away
        ("liver", "none", (34, 20, 15), False),  # 18 mm away
        ("liver", "none", (45, 20, 25), None),  # beyond the CT
        ("kidney", "left", (7, 15, 15), True),
        ("kidney", "left", (32, 15, 15), False),
        ("kidney", "none", (32, 15, 15), True),
        ("lymph node", "none", (45, 20, 15), None),
        ("spleen", "none", (45, 20, 15), None),  # shown by other label maps, not by this one
        (None, "none", (45, 20, 15), None),
        ("liver", "none", (-30, -30, 15), None),
    ],
)
def test_organ(labelled: LabelledCT, organ: str | None, side: str, ijk: tuple[int, int, int], expected: bool | None) -> None:
    test = OrganTest(lambda: labelled)
    assert test(Query("a", 7.0, 1, side, organ=organ), labelled.labels.ijk_to_ras_mm(ijk)) is expected


def test_labels_are_made_once_and_only_when_asked(labelled: LabelledCT) -> None:
    made = []
    test = OrganTest(lambda: made.append(1) or labelled)
    test(Query("a", 7.0, 1), np.zeros(3))
    assert not made
    for _ in range(2):
        test(Query("a", 7.0, 1, organ="liver"), np.zeros(3))
    assert made == [1]
