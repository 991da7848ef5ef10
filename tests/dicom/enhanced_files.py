"""Write small enhanced (multi-frame) PET and CT objects for tests, as their IODs prescribe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from dicom.pet_files import CT, DOSE_BQ, HALF_LIFE_S, PET, save, stored_values
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

ENHANCED_PET = "1.2.840.10008.5.1.4.1.1.130"
LEGACY_PET = "1.2.840.10008.5.1.4.1.1.128.1"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
LEGACY_CT = "1.2.840.10008.5.1.4.1.1.2.2"
SCAN = datetime(2020, 1, 2, 11, 0)
SLOPE = 2.0


def item(**values: Any) -> Dataset:
    found = Dataset()
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return found


def one(**values: Any) -> Sequence:
    return Sequence([item(**values)])


def real_world_map(unit: str, slope: float = SLOPE, intercept: float = 0.0) -> Dataset:
    return item(
        RealWorldValueSlope=slope,
        RealWorldValueIntercept=intercept,
        LUTLabel="map",
        MeasurementUnitsCodeSequence=one(CodeValue=unit, CodingSchemeDesignator="UCUM", CodeMeaning=unit),
    )


def patient(base: dict[str, Any]) -> Dataset:
    keywords = ("PatientID", "PatientName", "PatientSex", "PatientAge", "PatientWeight", "PatientSize", "StudyInstanceUID", "StudyDate")
    kept = (*keywords, "StudyTime", "AccessionNumber", "FrameOfReferenceUID", "Manufacturer", "ManufacturerModelName", "Modality")
    found = item(**{keyword: base[keyword] for keyword in (*kept, "SeriesInstanceUID", "SeriesNumber")})
    found.SeriesDate, found.SeriesTime = "20200102", "123456"  # of the reconstruction; no part of any SUV
    return found


def frame(index: int, spacing_mm: float = 3.0) -> Dataset:
    start = SCAN + timedelta(seconds=120 * (index // 3))
    return item(
        FrameContentSequence=one(
            FrameAcquisitionDateTime=start.strftime("%Y%m%d%H%M%S.000000"),
            FrameAcquisitionDuration=120_000.0,
            StackID="1",
            InStackPositionNumber=index + 1,
            TemporalPositionIndex=1,
        ),
        PlanePositionSequence=one(ImagePositionPatient=[-10.0, -20.0, 100.0 + spacing_mm * index]),
    )


def shared() -> Dataset:
    return item(
        PixelMeasuresSequence=one(PixelSpacing=[4.0, 5.0], SliceThickness=3.0),
        PlaneOrientationSequence=one(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
    )


def finish(dataset: Dataset, stored: np.ndarray, path: Path, syntax: str, edit: Callable[[Dataset], None] | None) -> Path:
    dataset.SOPInstanceUID = f"{dataset.SeriesInstanceUID}.1"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = stored.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    dataset.PixelData = np.ascontiguousarray(stored).tobytes()
    dataset["PixelData"].VR = "OW"
    if edit is not None:
        edit(dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(dataset, path, syntax)
    return path


def write_enhanced_pet(
    path: Path, *, n_frames: int = 6, syntax: str = ExplicitVRLittleEndian, edit: Callable[[Dataset], None] | None = None
) -> Path:
    dataset = patient(PET)
    dataset.SOPClassUID, dataset.ImageType = ENHANCED_PET, ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    dataset.RadiopharmaceuticalInformationSequence = one(
        RadiopharmaceuticalAgentNumber=1,
        RadiopharmaceuticalStartDateTime="20200102100000.000000",
        RadionuclideTotalDose=DOSE_BQ / 1e6,
        RadionuclideHalfLife=HALF_LIFE_S,
        RadionuclideCodeSequence=one(CodeValue="77004003", CodingSchemeDesignator="SCT", CodeMeaning="^18^Fluorine"),
        RadiopharmaceuticalCodeSequence=one(CodeValue="35321007", CodingSchemeDesignator="SCT", CodeMeaning="Fluorodeoxyglucose"),
    )
    for keyword in ("Decay", "Attenuation", "Scatter", "DeadTime", "Randoms"):
        setattr(dataset, f"{keyword}Corrected", "YES")
    dataset.GantryMotionCorrected = dataset.PatientMotionCorrected = "NO"
    dataset.DecayCorrectionDateTime = SCAN.strftime("%Y%m%d%H%M%S.000000")
    common = shared()
    common.RealWorldValueMappingSequence = Sequence([real_world_map("Bq/ml")])
    common.PixelValueTransformationSequence = one(RescaleIntercept=0.0, RescaleSlope=1.0, RescaleType="US")
    common.PETFrameTypeSequence = one(FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"])
    dataset.SharedFunctionalGroupsSequence = Sequence([common])
    dataset.PerFrameFunctionalGroupsSequence = Sequence([frame(index) for index in range(n_frames)])
    return finish(dataset, stored_values(n_frames), path, syntax, edit)


def write_legacy_pet(path: Path, *, n_frames: int = 6, edit: Callable[[Dataset], None] | None = None) -> Path:
    """A classic series that an archive packed into one object: what has no place elsewhere is kept as unassigned."""
    dataset = patient(PET)
    dataset.SOPClassUID, dataset.ImageType = LEGACY_PET, ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    dataset.SeriesTime = PET["SeriesTime"]
    keywords = ("Units", "CorrectedImage", "DecayCorrection", "SeriesType", "CountsSource")
    unassigned = item(**{keyword: PET[keyword] for keyword in keywords})
    unassigned.RadiopharmaceuticalInformationSequence = one(
        RadiopharmaceuticalStartTime="100000", RadionuclideTotalDose=DOSE_BQ, RadionuclideHalfLife=HALF_LIFE_S
    )
    common = shared()
    common.UnassignedSharedConvertedAttributesSequence = Sequence([unassigned])
    frames = []
    for index in range(n_frames):
        group = frame(index)
        group.PixelValueTransformationSequence = one(RescaleIntercept=0.0, RescaleSlope=SLOPE + 0.1 * index, RescaleType="US")
        group.UnassignedPerFrameConvertedAttributesSequence = one(FrameReferenceTime=59_874.0 + 120_000.0 * (index // 3))
        frames.append(group)
    dataset.SharedFunctionalGroupsSequence = Sequence([common])
    dataset.PerFrameFunctionalGroupsSequence = Sequence(frames)
    return finish(dataset, stored_values(n_frames), path, ExplicitVRLittleEndian, edit)


def write_enhanced_ct(
    path: Path, *, n_frames: int = 6, sop_class: str = ENHANCED_CT, edit: Callable[[Dataset], None] | None = None
) -> Path:
    dataset = patient(CT)
    dataset.SOPClassUID, dataset.ImageType = sop_class, ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    common = shared()
    common.PixelValueTransformationSequence = one(RescaleIntercept=-1024.0, RescaleSlope=1.0, RescaleType="HU")
    common.CTImageFrameTypeSequence = one(FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"])
    dataset.SharedFunctionalGroupsSequence = Sequence([common])
    # written from the head down: the order of the frames says nothing
    dataset.PerFrameFunctionalGroupsSequence = Sequence([frame(index) for index in reversed(range(n_frames))])
    return finish(dataset, stored_values(n_frames)[::-1], path, ExplicitVRLittleEndian, edit)
