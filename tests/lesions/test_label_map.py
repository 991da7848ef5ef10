from __future__ import annotations

import numpy as np
import pytest

from petarseg.errors import FindingRejected
from petarseg.lesions import grow_lesion
from petarseg.lesions.label_map import empty_label_map, paint
from petarseg.reasons import Reason
from tests.lesions.conftest import MakePet, Sphere


def test_two_lesions_on_one_voxel_are_refused_and_nothing_is_written(make_pet: MakePet) -> None:
    pet = make_pet(Sphere((0, 0, 0), 20.0, 6.0))
    i, j, k = (int(c) for c in np.unravel_index(int(pet.array.argmax()), pet.shape))
    lesion = grow_lesion(pet, (i, j, k))
    labels = empty_label_map(pet.shape, 2)
    paint(labels, lesion, 1)
    before = labels.copy()
    with pytest.raises(FindingRejected) as caught:
        paint(labels, lesion, 2)
    n = int(lesion.mask.sum())
    assert caught.value.reason is Reason.SHARED_COMPONENT
    assert caught.value.evidence == {"voxels": n, "of": n, "with_labels": [1]}
    assert np.array_equal(labels, before)
    assert np.count_nonzero(labels == 1) == n


@pytest.mark.parametrize(("n", "dtype"), [(1, np.uint8), (255, np.uint8), (256, np.uint16)])
def test_the_type_holds_every_label(n: int, dtype: type) -> None:
    assert empty_label_map((2, 2, 2), n).dtype == dtype
