"""Write small synthetic PET and CT series for tests; every element can be overridden or removed (None)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

PET_CLASS = "1.2.840.10008.5.1.4.1.1.128"
CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"
AGENT = {
    "RadiopharmaceuticalStartTime",
    "RadiopharmaceuticalStartDateTime",
    "RadionuclideTotalDose",
    "RadionuclideHalfLife",
    "Radiopharmaceutical",
}
DOSE_BQ = 350e6
HALF_LIFE_S = 6586.2
WEIGHT_KG = 70.0
UPTAKE_S = 3600.0
EXPECTED_FACTOR = WEIGHT_KG * 1000.0 / (DOSE_BQ * 2.0 ** (-UPTAKE_S / HALF_LIFE_S))
ORIENTATIONS = [
    pytest.param([1, 0, 0, 0, 1, 0], id="head first supine"),
    pytest.param([-1, 0, 0, 0, -1, 0], id="head first prone"),
    pytest.param([-1, 0, 0, 0, 1, 0], id="normal points to the feet"),
    pytest.param([0, 1, 0, -1, 0, 0], id="decubitus: rows and columns swapped"),
    pytest.param([0.9848078, 0.1736482, 0, -0.1736482, 0.9848078, 0], id="oblique"),
]
"""ImageOrientationPatient of ..."""
"""Bq/ml to SUVbw for the defaults: 350 MBq, 70 kg, F-18, one hour."""

COMMON: dict[str, Any] = {
    "PatientName": "Test^Person",
    "PatientID": "P1",
    "PatientBirthDate": "19500101",
    "PatientSex": "F",
    "PatientAge": "070Y",
    "PatientWeight": WEIGHT_KG,
    "PatientSize": 1.7,
    "StudyInstanceUID": "1.2.3.1",
    "FrameOfReferenceUID": "1.2.3.9",
    "StudyDate": "20200102",
    "StudyTime": "103000",
    "AccessionNumber": "A1",
    "Manufacturer": "SIEMENS",
    "ManufacturerModelName": "Biograph",
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "PixelSpacing": [4.0, 5.0],
    "SliceThickness": 3.0,
    "PatientPosition": "HFS",
    "RescaleIntercept": 0.0,
    "SeriesDate": "20200102",
    "SeriesTime": "110000",
    "AcquisitionDate": "20200102",
    "AcquisitionTime": "110000",
}
PET: dict[str, Any] = COMMON | {
    "SOPClassUID": PET_CLASS,
    "Modality": "PT",
    "SeriesInstanceUID": "1.2.3.2",
    "SeriesNumber": 2,
    "ImageType": ["ORIGINAL", "PRIMARY"],
    "SeriesType": ["WHOLE BODY", "IMAGE"],
    "Units": "BQML",
    "CountsSource": "EMISSION",
    "CorrectedImage": ["DECY", "ATTN", "SCAT", "NORM"],
    "DecayCorrection": "START",
    "FrameReferenceTime": 59_900.0,
    "ActualFrameDuration": 120_000,
    "RescaleSlope": 2.0,
    "RadiopharmaceuticalStartTime": "100000",
    "RadiopharmaceuticalStartDateTime": "20200102100000",
    "RadionuclideTotalDose": DOSE_BQ,
    "RadionuclideHalfLife": HALF_LIFE_S,
    "Radiopharmaceutical": "FDG",
}
CT: dict[str, Any] = COMMON | {
    "SOPClassUID": CT_CLASS,
    "Modality": "CT",
    "SeriesInstanceUID": "1.2.3.3",
    "SeriesNumber": 1,
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
    "RescaleSlope": 1.0,
    "RescaleIntercept": -1024.0,
}


def stored_values(n_slices: int, rows: int = 8, columns: int = 6) -> np.ndarray:
    """Values of shape (slice, row, column), all different, body-like after the default factor."""
    return (np.arange(n_slices * rows * columns, dtype=np.int16) + 1_000).reshape(n_slices, rows, columns)


def write_series(
    folder: Path,
    base: dict[str, Any] = PET,
    *,
    n_slices: int = 6,
    spacing_mm: float = 3.0,
    stored: np.ndarray | None = None,
    edit: Callable[[int, Dataset], None] | None = None,
    private: list[tuple[int, str, int, str, Any]] | None = None,
    syntax: str = ExplicitVRLittleEndian,
    **overrides: Any,
) -> list[Path]:
    """Write one file per slice, lowest first, and return the paths.

    `edit` changes the data set of slice i before it is written; `private` lists (group, creator, element, VR, value).
    """
    folder.mkdir(parents=True, exist_ok=True)
    values = base | overrides
    stored = stored_values(n_slices) if stored is None else stored
    paths = []
    for index in range(n_slices):
        dataset = Dataset()
        agent = Dataset()
        for keyword, value in values.items():
            if value is not None:
                setattr(agent if keyword in AGENT else dataset, keyword, value)
        if len(agent):
            dataset.RadiopharmaceuticalInformationSequence = Sequence([agent])
        for group, creator, element, vr, value in private or []:
            dataset.private_block(group, creator, create=True).add_new(element, vr, value)
        dataset.SOPInstanceUID = f"{values['SeriesInstanceUID']}.{index + 1}"
        dataset.InstanceNumber = n_slices - index
        dataset.ImagePositionPatient = [-10.0, -20.0, 100.0 + spacing_mm * index]
        dataset.Rows, dataset.Columns = stored.shape[1:]
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
        dataset.PixelRepresentation = 1 if stored.dtype.kind == "i" else 0
        dataset.PixelData = np.ascontiguousarray(stored[index]).tobytes()
        dataset["PixelData"].VR = "OW"
        if edit is not None:
            edit(index, dataset)
        path = folder / f"{index:03d}"
        save(dataset, path, syntax)
        paths.append(path)
    return paths


def save(dataset: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> None:
    """Write a data set with preamble and meta group."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", PET_CLASS)
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3")
    file = FileDataset(str(path), Dataset(dataset), file_meta=meta, preamble=b"\0" * 128)
    big_endian = syntax == "1.2.840.10008.1.2.2"
    implicit = syntax == "1.2.840.10008.1.2"
    dcmwrite(path, file, implicit_vr=implicit, little_endian=not big_endian, enforce_file_format=True)
