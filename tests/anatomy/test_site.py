from __future__ import annotations

import numpy as np
import pytest

from petarseg.anatomy.site import sites_of
from petarseg.volume import Units, Volume

NAMES = {1: "liver", 2: "spleen"}


def maps() -> tuple[Volume, Volume]:
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    anatomy = np.zeros((40, 40, 40), dtype=np.uint8)
    anatomy[:15] = 1
    anatomy[25:] = 2
    lesions = np.zeros_like(anatomy)
    return Volume(lesions, affine, Units.LABEL), Volume(anatomy, affine, Units.LABEL)


def test_overlap_and_nearest() -> None:
    lesions, anatomy = maps()
    lesions.array[12:16, 5:8, 5:8] = 3
    lesions.array[20:22, 20, 20] = 4
    sites = sites_of(lesions, anatomy, NAMES)
    assert sites[3].overlap_class == sites[3].best == "liver"
    assert sites[3].overlap_fraction == pytest.approx(0.75)
    assert sites[3].distance_mm == 0.0
    assert sites[4].overlap_class is None
    assert sites[4].best == "spleen"
    # Centre 20.5; the spleen's first voxel, 25, starts at 24.5: 4 voxels of 3 mm.
    assert sites[4].distance_mm == pytest.approx(12.0)


def test_near_is_measured_from_the_border_of_the_lesion() -> None:
    lesions, anatomy = maps()
    lesions.array[12:21, 5:8, 5:8] = 1
    site = sites_of(lesions, anatomy, NAMES)[1]
    # The lesion holds liver voxels; its last voxel, 20, lies five voxels from the spleen's first, 25.
    assert site.near_mm == {"liver": 0.0, "spleen": 15.0}
    assert list(sites_of(lesions, anatomy, NAMES, search_mm=10.0)[1].near_mm) == ["liver"]


def test_out_of_reach() -> None:
    lesions, anatomy = maps()
    anatomy.array[...] = 0
    anatomy.array[0, 0, 0] = 1
    lesions.array[35, 35, 35] = 1
    site = sites_of(lesions, anatomy, NAMES)[1]
    assert (site.best, site.distance_mm) == (None, None)


def test_two_grids_are_refused() -> None:
    lesions, anatomy = maps()
    with pytest.raises(ValueError, match="one grid"):
        sites_of(lesions, anatomy.crop((0, 0, 0), (40, 40, 39)), NAMES)
