from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from petarseg.anatomy.tissue import BONE, FAT, GAS, LUNG, OUTSIDE, SOFT_TISSUE, label_tissues
from petarseg.errors import ConfigError
from petarseg.volume import Units, Volume

SPACING_MM = 3.0


def trunk(nz: int = 20) -> np.ndarray:
    """A cylinder of soft tissue in a fat coat, two lungs, a spine, bowel gas, and a table shell below it."""
    rng = np.random.default_rng(0)
    x, y = np.meshgrid(np.arange(128) - 64, np.arange(128) - 64, indexing="ij")
    plane = np.full((128, 128), -1000.0)
    plane[x**2 / 55**2 + y**2 / 38**2 < 1] = -100.0
    plane[x**2 / 48**2 + y**2 / 31**2 < 1] = 40.0
    for side in (-1, 1):
        plane[(x - side * 24) ** 2 / 16**2 + (y - 2) ** 2 / 22**2 < 1] = -850.0
    plane[x**2 + (y + 24) ** 2 < 25] = 600.0
    plane[x**2 + (y - 20) ** 2 < 16] = -1000.0
    plane[20:108, 15:17] = -300.0
    volume = np.repeat(plane[..., None], nz, axis=2)
    return np.asarray(volume + rng.normal(0, 12, volume.shape), dtype=np.int16)


def ct_of(array: np.ndarray, spacing_mm: float = SPACING_MM) -> Volume:
    return Volume(array, np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0]), Units.HU)


def test_trunk_gets_all_classes_and_the_table_is_outside() -> None:
    labels = label_tissues(ct_of(trunk())).array[..., 10]
    assert labels[64 + 24, 66] == LUNG
    assert labels[64, 64 - 36] == FAT
    assert labels[64 - 44, 64] == SOFT_TISSUE
    assert labels[64, 64 - 24] == BONE
    assert labels[64, 64 + 20] == GAS
    assert labels[60, 16] == OUTSIDE, "the table"
    assert labels[2, 2] == OUTSIDE


def test_lung_behind_a_wall_as_thin_as_a_table_is_lung() -> None:
    array = trunk()
    x, y = np.meshgrid(np.arange(128) - 64, np.arange(128) - 64, indexing="ij")
    # The left lung reaches the skin, of which one voxel is left; what is as thin below the back encloses room air.
    inner = (x**2 / 54**2 + y**2 / 37**2 < 1) & (x < -30)
    array[inner] = -850
    array[20:108, 15:17] = 40
    array[20:22, 15:50] = array[106:108, 15:50] = 40
    labels = label_tissues(ct_of(array)).array[..., 10]
    assert labels[64 - 45, 64] == LUNG
    assert labels[64, 22] == OUTSIDE


def test_lung_that_the_side_of_the_image_cuts_is_lung() -> None:
    labels = label_tissues(ct_of(np.ascontiguousarray(trunk()[88:, 40:90]))).array
    assert labels[2, 26, 10] == LUNG


def test_air_between_arm_and_trunk_is_outside() -> None:
    array = trunk()
    # An arm that touches the trunk at two places encloses air in the planes 6..13 only.
    array[4:9, 50:80, :] = 40
    for y in (50, 76):
        array[4:20, y : y + 4, 6:14] = 40
    labels = label_tissues(ct_of(array)).array
    assert labels[6, 64, 10] in (SOFT_TISSUE, FAT)
    assert labels[9 + 1, 56, 10] == OUTSIDE


def test_both_thighs_are_kept() -> None:
    x, y = np.meshgrid(np.arange(120), np.arange(60), indexing="ij")
    plane = np.full((120, 60), -1000, dtype=np.int16)
    for centre in (30, 90):
        plane[(x - centre) ** 2 + (y - 30) ** 2 < 24**2] = 50
        plane[(x - centre) ** 2 + (y - 30) ** 2 < 6**2] = 900
        plane[(x - centre) ** 2 + (y - 30) ** 2 < 3**2] = -60
    labels = label_tissues(ct_of(np.repeat(plane[..., None], 12, axis=2))).array
    for centre in (30, 90):
        assert labels[centre + 15, 30, 5] == SOFT_TISSUE
        assert labels[centre, 30, 5] == BONE, "marrow belongs to its bone"


def test_fine_grids_give_labels_on_the_same_grid() -> None:
    fine = np.repeat(np.repeat(trunk(6), 3, axis=0), 3, axis=1)[:-1, :-2]
    ct = Volume(np.asfortranarray(fine), np.diag([1.0, 1.0, 3.0, 1.0]), Units.HU)
    labels = label_tissues(ct)
    assert labels.same_grid(ct)
    assert labels.array.dtype == np.uint8
    assert labels.array[3 * 88, 3 * 66, 3] == LUNG


def test_padding_and_air_give_an_empty_map() -> None:
    assert not label_tissues(ct_of(np.full((20, 20, 5), -3024, dtype=np.int16))).array.any()


def test_a_pet_is_refused() -> None:
    with pytest.raises(ConfigError, match="HU"):
        label_tissues(Volume(np.ones((4, 4, 4), np.float32), np.eye(4), Units.SUVBW))


def test_real_abdomen(shared_data: Path) -> None:
    ct = Volume.load(shared_data / "totalseg" / "example_ct_sm.nii.gz", Units.HU)
    organs = Volume.load(shared_data / "totalseg" / "example_seg.nii.gz")
    labels = label_tissues(ct).array
    # TotalSegmentator classes: 5 liver, 1 spleen, 31 and 29 lumbar vertebrae L1 and L3 (class map "total", v2).
    for organ in (1, 5):
        inside = labels[organs.array == organ]
        assert np.mean(inside == SOFT_TISSUE) > 0.9
    assert np.mean(labels[organs.array > 0] != OUTSIDE) > 0.98
