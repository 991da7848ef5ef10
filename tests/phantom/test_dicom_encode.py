from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from petarseg.phantom.dicom_encode import SeriesWriter, derived_uid, ds_text


def _common() -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet, ds.SOPClassUID = "ISO_IR 192", "1.2.840.10008.5.1.4.1.1.128"
    ds.PatientName = "KJÆRSGÅRD^SØREN"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    return ds


_RANDOM = np.random.default_rng(0).integers(0, 40, (20, 300)).astype("<u2") * 300
_FRAMES = {
    "mixed": np.vstack([_RANDOM[:10], np.full((10, 300), 7, "<u2")]),
    "long runs": np.zeros((20, 300), "<u2"),
    "long literals": np.arange(20 * 300, dtype="<u2").reshape(20, 300),
}


@pytest.mark.parametrize("encoding", ["plain", "rle", "deflated"])
@pytest.mark.parametrize("frame", _FRAMES.values(), ids=_FRAMES)
def test_file_reads_back_with_pydicom(encoding: str, frame: np.ndarray) -> None:
    instance = Dataset()
    instance.SOPInstanceUID, instance.Rows, instance.Columns = derived_uid("x"), *frame.shape
    instance.add_new(0x7FE00010, "OW", frame.tobytes())
    back = pydicom.dcmread(io.BytesIO(SeriesWriter(_common(), encoding).to_bytes(instance)))
    assert np.array_equal(back.pixel_array, frame)
    assert str(back.PatientName) == "KJÆRSGÅRD^SØREN"
    assert back.file_meta.MediaStorageSOPInstanceUID == back.SOPInstanceUID
    tags = [int(element.tag) for element in back]
    assert tags == sorted(tags)


@pytest.mark.parametrize("value", [1 / 3, 1.234567890123456e-12, -987654.3210987, 3.0, 5.46875])
def test_decimal_strings_fit_and_are_close(value: float) -> None:
    text = ds_text(value)
    assert len(text) <= 16
    assert float(text) == pytest.approx(value, rel=1e-8)


def test_uids_are_valid_and_derived() -> None:
    assert derived_uid("a", 1) == derived_uid("a", 1) != derived_uid("a", 2)
    assert pydicom.uid.UID(derived_uid("a")).is_valid
