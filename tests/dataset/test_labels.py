from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petarseg.dataset.grid import Grid
from petarseg.dataset.labels import resample_labels
from petarseg.errors import ConfigError
from petarseg.volume import Units, Volume

GRID = Grid((40, 40, 40), np.array([[3.0, 0, 0, -60], [0, 3.0, 0, -60], [0, 0, 3.0, -60], [0, 0, 0, 1]]))


def label_map(shape: tuple[int, int, int], spacing_mm: float, origin_mm: float = -55.0, dtype: str = "uint8") -> Volume:
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = origin_mm
    return Volume(np.zeros(shape, dtype=dtype), affine, Units.LABEL)


def test_a_sphere_keeps_volume_and_place() -> None:
    labels = label_map((30, 30, 30), 4.0)
    grid = np.stack(np.meshgrid(*[np.arange(30)] * 3, indexing="ij"), axis=-1)
    labels.array[((grid - 14) ** 2).sum(-1) < 36] = 3
    result = resample_labels(labels, GRID)
    (record,) = result.records
    assert record.label == 3
    assert record.flags == ()
    assert record.volume_ml == pytest.approx(record.native_volume_ml, rel=0.05)
    centre = result.volume.ijk_to_ras_mm(np.argwhere(result.volume.array == 3).mean(0))
    assert np.allclose(centre, labels.ijk_to_ras_mm((14, 14, 14)), atol=0.5)


@settings(max_examples=40, deadline=None)
@given(i=st.integers(2, 60), j=st.integers(2, 60), k=st.integers(2, 60), spacing=st.floats(0.7, 1.9))
def test_a_single_fine_voxel_never_vanishes(i: int, j: int, k: int, spacing: float) -> None:
    labels = label_map((63, 63, 63), spacing)
    labels.array[i, j, k] = 1
    result = resample_labels(labels, GRID)
    assert result.records[0].voxels == 1
    assert "grid_small" in result.records[0].flags or result.records[0].native_volume_ml > 0.5 * 0.027
    where = result.volume.ijk_to_ras_mm(np.argwhere(result.volume.array)[0])
    assert np.abs(where - labels.ijk_to_ras_mm((i, j, k))).max() <= 1.5 + spacing / 2


def test_a_small_lesion_inside_a_large_one_keeps_a_voxel() -> None:
    labels = label_map((60, 60, 60), 1.0, -30.0)
    labels.array[10:50, 10:50, 10:50] = 1
    labels.array[30, 30, 30] = 2
    records = {record.label: record for record in resample_labels(labels, GRID).records}
    assert records[2].voxels == 1
    assert records[1].voxels > 2000


def test_thin_plates_keep_half_of_their_volume() -> None:
    labels = label_map((60, 60, 60), 1.0, -30.2)
    labels.array[:, :, 30] = 1
    (record,) = resample_labels(labels, GRID).records
    assert record.volume_ml >= 0.5 * record.native_volume_ml
    assert record.flags == ("grid_small",)


def test_lesions_outside_and_cut_are_named() -> None:
    labels = label_map((40, 40, 40), 4.0, -80.0)
    labels.array[20, 20, 0:3] = 5
    labels.array[20, 20, 39] = 6
    labels.array[6:20, 20, 20] = 7
    result = resample_labels(labels, GRID)
    flags = {record.label: record.flags for record in result.records}
    assert flags[5] == ("grid_lost",)
    assert result.lost == (5, 6)
    assert "grid_cut" not in flags[7]
    labels.array[0:20, 20, 20] = 7
    assert "grid_cut" in resample_labels(labels, GRID).records[2].flags


def test_many_labels_in_16_bits() -> None:
    labels = label_map((30, 30, 30), 4.0, dtype="uint16")
    labels.array[5:25:2, 5:25:2, 5:25:2] = np.arange(1, 1001, dtype=np.uint16).reshape(10, 10, 10)
    records = resample_labels(labels, GRID).records
    assert [record.label for record in records] == list(range(1, 1001))
    assert min(record.voxels for record in records) >= 1


def test_floats_are_refused() -> None:
    with pytest.raises(ConfigError, match="integers"):
        resample_labels(Volume(np.zeros((2, 2, 2)), np.eye(4), Units.LABEL), GRID)


def test_tilted_maps_keep_every_label_and_its_place() -> None:
    labels = label_map((30, 30, 30), 3.0, -45.0)
    labels.array[10:16, 10:16, 10:16] = 1
    labels.array[20, 20, 20] = 2
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]]
    tilted = Volume(labels.array, turn @ labels.affine, Units.LABEL)
    result = resample_labels(tilted, GRID)
    for label, centre in ((1, (12.5, 12.5, 12.5)), (2, (20, 20, 20))):
        where = result.volume.ijk_to_ras_mm(np.argwhere(result.volume.array == label).mean(0))
        assert np.abs(where - tilted.ijk_to_ras_mm(centre)).max() < 2.0
