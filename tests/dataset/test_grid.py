from __future__ import annotations

import numpy as np
import pytest

from petarseg.dataset.grid import EXAM_SHAPE, Grid, exam_grid, extent_ras_mm, find_head_top
from petarseg.volume import Units, Volume


def patient(nz: int = 300, spacing_mm: float = 4.0, head_plane: int | None = None) -> Volume:
    """A box of uptake below `head_plane` in an otherwise empty PET."""
    array = np.zeros((100, 100, nz), dtype=np.float32)
    array[35:65, 35:65, : nz if head_plane is None else head_plane + 1] = 1.0
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = (-201.3, -187.7, -913.1)
    return Volume(array, affine, Units.SUVBW)


def test_centred_in_the_plane_and_topped_by_the_head() -> None:
    pet = patient(head_plane=250)
    grid = exam_grid(pet)
    low, high = extent_ras_mm(pet)
    middle = Volume(np.empty(grid.shape, np.uint8), grid.affine, Units.OTHER)
    grid_low, grid_high = extent_ras_mm(middle)
    assert grid.shape == EXAM_SHAPE
    assert np.allclose((grid_low + grid_high)[:2] / 2, (low + high)[:2] / 2, atol=0.5)
    head_top = pet.ijk_to_ras_mm((0, 0, 250.5))[2]
    assert head_top <= grid_high[2] <= head_top + 12.0


def test_never_above_the_pet() -> None:
    pet = patient()
    top = extent_ras_mm(pet)[1][2]
    assert find_head_top(pet) == pytest.approx(top)
    grid = exam_grid(pet)
    assert top <= grid.affine[2, 3] + (grid.shape[2] - 0.5) * 3.0 < top + 0.5


def test_the_ct_finds_a_cold_scalp() -> None:
    pet = patient(head_plane=240)
    ct = Volume(np.where(patient(head_plane=250).array > 0, 40, -1000).astype(np.int16), pet.affine, Units.HU)
    assert find_head_top(pet, ct) == pytest.approx(pet.ijk_to_ras_mm((0, 0, 250.5))[2])


def test_an_empty_pet_keeps_its_top() -> None:
    pet = patient(head_plane=-1)
    assert find_head_top(pet) == pytest.approx(extent_ras_mm(pet)[1][2])


def test_a_long_exam_loses_its_feet() -> None:
    covered = exam_grid(patient(nz=500)).covers(patient(nz=500))
    assert covered[2] == pytest.approx(1056 / 2000, abs=0.002)


def test_the_record_leads_back_to_native_voxels() -> None:
    pet = patient()
    grid = exam_grid(pet)
    record = grid.record(pet)
    native = np.linalg.inv(np.array(record["native_affine_ras_mm"])) @ np.array(record["grid_affine_ras_mm"])
    world = grid.affine @ (10, 20, 300, 1)
    assert np.allclose(pet.ras_mm_to_ijk(world[:3]), (native @ (10, 20, 300, 1))[:3])


def test_tilted_grids_are_refused() -> None:
    affine = np.eye(4)
    affine[0, 1] = 0.1
    with pytest.raises(ValueError, match="diagonal"):
        Grid((1, 1, 1), affine)
