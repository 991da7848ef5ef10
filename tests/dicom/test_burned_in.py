from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom import planted_phi as phi
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from petarseg.dicom.deidentify import DeidOptions, deidentify_tree
from petarseg.keys import KeyFolder
from petarseg.reasons import Reason

TEXT = b"QUUXWORTHY^ZEPHYRINE MRN4711X99 "
SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)


def deidentified(dataset: Dataset, tmp_path: Path, syntax: UID = ExplicitVRLittleEndian) -> Path | None:
    phi.write(dataset, tmp_path / "in" / "a", syntax=syntax)
    keys = KeyFolder.open(tmp_path / "key")
    audit = deidentify_tree(tmp_path / "in", tmp_path / "out", keys, verify=True, options=DeidOptions(workers=1))
    if audit.rejected:
        assert audit.rejected[0]["reason"] == Reason.UNREADABLE_FILE.value
        return None
    (path,) = (tmp_path / "out").rglob("*.dcm")
    assert b"QUUX" not in path.read_bytes()
    return path


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_pixels_in_sequences_and_long_tables(tmp_path: Path, syntax: UID) -> None:
    dataset = phi.ct(1)
    image, table = Dataset(), Dataset()
    image.ReferencedSOPInstanceUID = f"{phi.ROOT}.77"
    image.add_new(0x7FE00010, "OW", TEXT)
    image.add_new(0x7FE00008, "OF", TEXT)
    dataset.SourceImageSequence = [image]
    table.add_new(0x00283002, "US", [4, 0, 16])
    table.add_new(0x00283004, "LO", "HU")
    table.add_new(0x00283006, "OW", bytes(range(8)) + TEXT)
    dataset.ModalityLUTSequence = [table]
    path = deidentified(dataset, tmp_path, syntax)
    assert path is not None
    result = pydicom.dcmread(path)
    assert [element.keyword for element in result.SourceImageSequence[0]] == ["ReferencedSOPInstanceUID"]
    assert result.ModalityLUTSequence[0].get_item(0x00283006).value == bytes(range(8))
    assert result.PixelData == dataset.PixelData


@pytest.mark.parametrize(
    ("tag", "vr"), [(0x7FE00001, "OV"), (0x7FE00002, "OV"), (0x7FE00008, "OF"), (0x7FE00009, "OD"), (0x00283006, "OW")]
)
def test_elements_beside_the_pixels(tmp_path: Path, tag: int, vr: str) -> None:
    dataset = phi.ct(1)
    dataset.add_new(tag, vr, TEXT)
    path = deidentified(dataset, tmp_path)
    assert path is not None
    result = pydicom.dcmread(path)
    assert tag not in result
    assert result.PixelData == dataset.PixelData


@pytest.mark.parametrize("change", [{"NumberOfFrames": 2}, {"Rows": 40}, {"Rows": 0}])
def test_pixels_that_do_not_fill_their_frames_are_refused(tmp_path: Path, change: dict[str, int]) -> None:
    dataset = phi.ct(1)
    dataset.PixelData += TEXT
    for keyword, value in change.items():
        setattr(dataset, keyword, value)
    assert deidentified(dataset, tmp_path) is None


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("high", [11, 15])
def test_unused_bits_are_masked_and_pixels_stay(tmp_path: Path, order: str, signed: int, high: int) -> None:
    dataset = phi.ct(1)
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, high, signed
    values = np.random.default_rng(0).integers(0, 1 << 12, 64).astype("u2")
    junk = np.random.default_rng(1).integers(0, 1 << 4, 64).astype("u2")
    words = values | junk << 12 if high == 11 else values << 4 | junk
    dataset.PixelData = words.astype(f"{order}u2").tobytes()
    path = deidentified(dataset, tmp_path, ExplicitVRLittleEndian if order == "<" else ExplicitVRBigEndian)
    assert path is not None
    stored = np.frombuffer(pydicom.dcmread(path).PixelData, f"{order}u2")
    expected = values.astype(int) - (values >> 11 << 12 if signed else 0)
    if high == 15:
        assert np.array_equal(stored, values << 4)
    else:
        # Readers that know nothing of BitsStored see the same number.
        assert np.array_equal(stored.astype("i2" if signed else "u2"), expected)
        assert np.array_equal(pydicom.dcmread(path).pixel_array.ravel(), expected)


def test_pixels_within_their_bits_are_left_alone(tmp_path: Path) -> None:
    dataset = phi.ct(1)
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 1
    dataset.PixelData = np.linspace(-2048, 2047, 64).astype("<i2").tobytes()
    path = deidentified(dataset, tmp_path)
    assert path is not None
    assert pydicom.dcmread(path).PixelData == dataset.PixelData


def test_compressed_pixels_of_a_whole_file(tmp_path: Path) -> None:
    dataset = phi.ct(1)
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    expected = dataset.pixel_array.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    dataset.PixelData = encapsulate([next(generate_frames(dataset.PixelData, number_of_frames=1)) + TEXT])
    dataset["PixelData"].is_undefined_length = True
    dataset.add_new(0x7FE00001, "OV", TEXT)
    path = deidentified(dataset, tmp_path, UID("1.2.840.10008.1.2.5"))
    assert path is not None
    result = pydicom.dcmread(path)
    assert "ExtendedOffsetTable" not in result
    assert np.array_equal(result.pixel_array, expected)
