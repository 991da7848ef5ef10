from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom.pet_files import CT, ORIENTATIONS, PET, write_series

from petarseg.dicom.convert import ct_series, pet_series
from petarseg.errors import Rejected
from petarseg.reasons import Reason
from petarseg.volume import Volume


@pytest.mark.parametrize("cosines", ORIENTATIONS)
@pytest.mark.parametrize("defaults", [PET, CT], ids=["PET", "CT"])
def test_written_slice_by_slice_a_series_is_what_it_is_in_memory(tmp_path: Path, cosines: list[float], defaults: dict[str, object]) -> None:
    series = (pet_series if defaults is PET else ct_series)(write_series(tmp_path, defaults, ImageOrientationPatient=cosines))
    read, written = series.read(), series.write(tmp_path / "x.nii.gz")
    assert written.sidecar == read.sidecar
    assert written.instance_numbers == read.instance_numbers
    assert (written.shape, written.spacing_mm) == (read.volume.shape, read.volume.spacing_mm)
    np.testing.assert_array_equal(written.affine, read.volume.affine)
    loaded = Volume.load(tmp_path / "x.nii.gz")
    np.testing.assert_array_equal(loaded.array, read.volume.array)
    assert loaded.array.dtype == read.volume.array.dtype
    assert loaded.units is read.volume.units
    assert loaded.same_grid(read.volume)


def test_a_pet_with_fewer_slices_than_it_promises_is_no_volume(tmp_path: Path) -> None:
    files = write_series(tmp_path, NumberOfSlices=6)
    pet_series(files)
    with pytest.raises(Rejected) as caught:
        pet_series(files[:-1])
    assert caught.value.reason is Reason.SLICES_MISSING


def test_what_only_the_pixels_tell_leaves_no_file(tmp_path: Path) -> None:
    implausible = pet_series(write_series(tmp_path / "a", RescaleSlope=2e-4))
    files = write_series(tmp_path / "b", CT)
    files[-1].write_bytes(files[-1].read_bytes()[:-10])
    for series, reason in ((implausible, Reason.SUV_IMPLAUSIBLE), (ct_series(files), Reason.PIXELS_UNREADABLE)):
        with pytest.raises(Rejected) as caught:
            series.write(tmp_path / "out" / "x.nii.gz")
        assert caught.value.reason is reason
        assert list((tmp_path / "out").iterdir()) == []
