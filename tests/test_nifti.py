from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st

from petarseg.nifti import DATA_OFFSET, DENSE_SHARE, PIECE_BYTES, write_nifti, write_nifti_slices
from petarseg.volume import Volume

SPACING = np.diag([2.0, 3.0, 4.0, 1.0])


@given(st.integers(0, 2**31))
def test_header_means_to_nibabel_what_was_written(seed: int) -> None:
    import tempfile

    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    affine[:3, :3] = np.linalg.qr(rng.normal(size=(3, 3)))[0] * rng.uniform(0.5, 5.0, 3)
    affine[:3, 3] = rng.uniform(-500.0, 500.0, 3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.nii"
        write_nifti(path, np.zeros((2, 3, 4), np.int16), affine, "petarseg HU")
        image = nib.load(path)
    np.testing.assert_allclose(image.get_sform(), affine, atol=1e-3)
    np.testing.assert_allclose(image.get_qform(), affine, atol=2e-3)
    assert (int(image.header["sform_code"]), int(image.header["qform_code"])) == (1, 1)
    assert image.header.get_xyzt_units()[0] == "mm"


def noise(shape: tuple[int, int, int], dtype: str = "<i2", order: str = "F") -> np.ndarray:
    return np.asarray(np.random.default_rng(0).normal(0.0, 40.0, shape).astype(dtype), order=order)  # type: ignore[call-overload]


def test_booleans_are_no_nifti(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="bool"):
        write_nifti(tmp_path / "x.nii", np.zeros((1, 1, 1), bool), SPACING, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("reproducible", [False, True])
@pytest.mark.parametrize("shape", [(5, 4, 1), (5, 4, 2), (1, 1, 7), (300, 200, 61)])
@pytest.mark.parametrize(("dtype", "order"), [("<i2", "F"), (">f4", "C"), ("u1", "C")])
def test_compressed_files_are_one_member_with_the_bytes_of_the_plain_file(
    tmp_path: Path, shape: tuple[int, int, int], dtype: str, order: str, reproducible: bool
) -> None:
    array = noise(shape, dtype, order)
    write_nifti(tmp_path / "x.nii", array, SPACING, "petarseg HU")
    write_nifti(tmp_path / "x.nii.gz", array, SPACING, "petarseg HU", reproducible=reproducible)
    member = zlib.decompressobj(31)
    plain = member.decompress((tmp_path / "x.nii.gz").read_bytes())
    assert member.eof
    assert member.unused_data == b""
    assert plain == (tmp_path / "x.nii").read_bytes()
    assert len(plain) == DATA_OFFSET + array.nbytes


def test_both_encoders_and_several_pieces_are_read_by_other_software(tmp_path: Path) -> None:
    array = noise((256, 256, 61))
    assert array.nbytes * min(DENSE_SHARE, 1.0 - DENSE_SHARE) > PIECE_BYTES
    path = tmp_path / "x.nii.gz"
    write_nifti(path, array, SPACING, "petarseg HU")
    np.testing.assert_array_equal(np.asarray(nib.load(path).dataobj), array)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(path)), array.T)
    np.testing.assert_array_equal(Volume.load(path).array, array)
    with gzip.open(path) as stream:
        assert len(stream.read()) == DATA_OFFSET + array.nbytes


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz"])
@pytest.mark.parametrize("shape", [(5, 4, 1), (1, 1, 7), (300, 200, 61)])
def test_slices_one_by_one_make_the_same_image(tmp_path: Path, shape: tuple[int, int, int], name: str) -> None:
    array = noise(shape)
    write_nifti(tmp_path / "whole.nii", array, SPACING, "petarseg HU")
    scratch = np.empty(array.T.shape[1:], array.dtype)

    def slices() -> Iterator[np.ndarray]:
        for image in array.T:
            scratch[...] = image  # as a reader that uses its memory again
            yield scratch

    write_nifti_slices(tmp_path / name, shape, "<i2", SPACING, "petarseg HU", slices())
    written = (tmp_path / name).read_bytes()
    assert (gzip.decompress(written) if name.endswith(".gz") else written) == (tmp_path / "whole.nii").read_bytes()


@pytest.mark.parametrize("count", [0, 6, 8])
def test_another_number_of_slices_is_an_error_and_leaves_no_file(tmp_path: Path, count: int) -> None:
    with pytest.raises(ValueError, match="7 slices"):
        write_nifti_slices(tmp_path / "x.nii.gz", (5, 4, 7), "<i2", SPACING, "petarseg HU", [np.zeros((4, 5), np.int16)] * count)
    assert list(tmp_path.iterdir()) == []


def test_reproducible_files_are_written_without_isal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Published bytes must not depend on the state of memory, as those of isal's encoder do."""
    monkeypatch.setattr("petarseg.nifti.isal_zlib.compressobj", None)
    for name in ("a.nii.gz", "b.nii.gz"):
        write_nifti(tmp_path / name, noise((30, 30, 30), "<f4"), SPACING, "petarseg SUVbw", reproducible=True)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_noise_is_compressed_nearly_as_well_as_by_zlib(tmp_path: Path) -> None:
    """5 % above zlib's default level is the goal against dcm2niix (benchmarks/README.md)."""
    array = noise((256, 256, 40))
    write_nifti(tmp_path / "x.nii.gz", array, SPACING, "petarseg HU")
    assert (tmp_path / "x.nii.gz").stat().st_size < 1.05 * len(zlib.compress(array.tobytes(order="F")))
