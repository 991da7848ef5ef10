from __future__ import annotations

import itertools
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from petarseg.errors import ConfigError
from petarseg.volume import Units, Volume, nearest_axes


def rotation(seed: int) -> np.ndarray:
    matrix, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return matrix


def affine_of(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed + 1)
    affine = np.eye(4)
    affine[:3, :3] = rotation(seed) * rng.uniform(0.5, 5.0, 3)
    affine[:3, 3] = rng.uniform(-500.0, 500.0, 3)
    return affine


@given(st.integers(0, 2**31))
def test_canonical_is_what_nibabel_calls_closest_canonical(seed: int) -> None:
    affine = affine_of(seed)
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    volume = Volume(array, affine, Units.OTHER).to_canonical()
    axes, against = nearest_axes(volume.affine)
    assert (axes, against) == ((0, 1, 2), (False, False, False))
    for index in ((0, 0, 0), (1, 2, 3), (0, 1, 2)):
        there = volume.ras_mm_to_ijk((affine @ [*index, 1.0])[:3])
        np.testing.assert_allclose(there, np.round(there), atol=1e-6)
        assert volume.array[tuple(np.round(there).astype(int))] == array[index]


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz"])
@pytest.mark.parametrize("dtype", ["u1", "<i2", ">i2", "<u2", "<i4", "<f4", "<f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_round_trip_is_exact_and_repeatable(tmp_path: Path, name: str, dtype: str, order: str) -> None:
    array = np.asarray(np.random.default_rng(0).integers(0, 100, (5, 6, 7)), dtype=dtype, order=order)  # type: ignore[call-overload]
    volume = Volume(array, np.diag([2.0, 3.0, 4.0, 1.0]), Units.LABEL)
    volume.save(tmp_path / name)
    first = (tmp_path / name).read_bytes()
    volume.save(tmp_path / name)
    assert (tmp_path / name).read_bytes() == first
    image = nib.load(tmp_path / name)
    np.testing.assert_array_equal(np.asarray(image.dataobj), array)
    assert image.dataobj.slope == 1.0
    back = Volume.load(tmp_path / name)
    assert back.units is Units.LABEL
    assert back.same_grid(volume)
    np.testing.assert_array_equal(back.array, array)


@pytest.mark.parametrize("data", [b"", b"hello", b"\x1f\x8b\x08\x00junk", b"\0" * 400])
def test_unreadable_files_are_the_users_fault(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.nii.gz").write_bytes(data)
    with pytest.raises(ConfigError):
        Volume.load(tmp_path / "x.nii.gz")
    with pytest.raises(ConfigError):
        Volume.load(tmp_path / "absent.nii")


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("signs", list(itertools.product((1.0, -1.0), repeat=3)))
def test_oriented_like_undoes_canonical_orientation(axes: tuple[int, ...], signs: tuple[float, ...]) -> None:
    affine = np.eye(4)
    affine[:3, :3] = (np.diag(np.array(signs) * (2.0, 3.0, 4.0)))[:, list(axes)]
    affine[:3, 3] = 5.0, -7.0, 11.0
    given = Volume(np.arange(2 * 3 * 4).reshape(2, 3, 4), affine, Units.LABEL)
    back = given.to_canonical().oriented_like(affine)
    assert np.array_equal(back.array, given.array)
    assert np.allclose(back.affine, affine)
