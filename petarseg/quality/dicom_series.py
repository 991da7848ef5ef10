"""De-identified PET and CT volumes as DICOM series that viewers open: derived images, in SUV and HU, with nothing of the source header.

The published volumes have no DICOM, but PACS, OHIF and 3D Slicer want one beneath a segmentation. The series made here hold the
voxels of the volumes, keyed pseudonyms instead of a patient, and no dates. UIDs derive from the content: equal volumes, equal files.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import ExplicitVRLittleEndian

from petarseg import __version__
from petarseg.files import atomic_path
from petarseg.volume import Units, Volume

PET_IMAGE = "1.2.840.10008.5.1.4.1.1.128"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])
INT16_MAX = 32_767


@dataclass(frozen=True, slots=True)
class ExamHeader:
    """What the series say of the exam; pseudonyms only.

    Parameters
    ----------
    exam_id, patient_id : str
        Keyed ids.
    sex : str, optional
        "F", "M" or "O".
    age_years : int, optional
        Age; 90 stands for 90 and above.
    """

    exam_id: str
    patient_id: str
    sex: str | None = None
    age_years: int | None = None

    def uid(self, role: str, *content: bytes) -> str:
        """Return a UID for a part of the exam: ``2.25.`` and a UUID from a hash (DICOM PS3.5, B.2)."""
        digest = hashlib.sha256("\0".join(("petarseg", self.exam_id, role)).encode("utf-8"))
        for piece in content:
            digest.update(piece)
        return content_uid(digest.digest())


def content_uid(digest: bytes) -> str:
    """Return ``2.25.`` and the decimal UUID (version 5) made from the first 16 bytes of a digest."""
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=5).int}"


def write_series(volume: Volume, header: ExamHeader, folder: Path) -> list[Path]:
    """Write a volume as one single-frame image per slice.

    Parameters
    ----------
    volume : Volume
        Canonical; SUVbw becomes PET images with Units GML, HU becomes CT images.
    header : ExamHeader
        Whose it is.
    folder : Path
        Where ``0001.dcm`` ... go, head first.

    Returns
    -------
    list of Path
        The files, head first.

    Raises
    ------
    ValueError
        If the units are neither SUVbw nor HU, or CT values do not fit 16 bits.
    """
    if volume.units not in (Units.SUVBW, Units.HU):
        raise ValueError(f"only volumes in SUVbw or HU become DICOM images, not {volume.units}")
    if volume.units is Units.HU and (volume.array.min() < -INT16_MAX - 1 or volume.array.max() > INT16_MAX):
        raise ValueError("CT values do not fit 16 bits")
    digest = hashlib.sha256(np.ascontiguousarray(volume.array.T).data).digest()
    paths = []
    for number, dataset in enumerate(_slices(volume, header, digest), start=1):
        path = folder / f"{number:04d}.dcm"
        with atomic_path(path) as temporary:
            dcmwrite(temporary, dataset, enforce_file_format=True)
        paths.append(path)
    return paths


def _slices(volume: Volume, header: ExamHeader, digest: bytes) -> Iterator[Dataset]:
    """Yield the images head first; rows run to the back and columns to the patient's left, as axial images are read."""
    nx, ny, nz = volume.shape
    spacing = volume.spacing_mm
    directions = volume.affine[:3, :3] / spacing * RAS_TO_LPS[:, None]
    role = "ct" if volume.units is Units.HU else "pet"
    common = _ct_header() if role == "ct" else _pet_header()
    common.update(_exam_header(header))
    common.SeriesInstanceUID = header.uid(role, digest)
    common.SeriesNumber = 1 if role == "ct" else 2
    common.SeriesDescription = f"{role.upper()} {'HU' if role == 'ct' else 'SUVbw'}, derived by petarseg"
    common.Rows, common.Columns = ny, nx
    common.PixelSpacing = [_ds(spacing[1]), _ds(spacing[0])]
    common.SliceThickness = _ds(spacing[2])
    common.ImageOrientationPatient = [_ds(value) for value in (*-directions[:, 0], *-directions[:, 1])]
    for number, k in enumerate(range(nz - 1, -1, -1), start=1):
        dataset = Dataset()
        dataset.update(common)
        stored, slope = _stored(volume.array[::-1, ::-1, k].T, volume.units)
        dataset.SOPInstanceUID = header.uid(f"{role} {number}", digest)
        dataset.InstanceNumber = number
        dataset.ImagePositionPatient = [_ds(value) for value in volume.ijk_to_ras_mm((nx - 1, ny - 1, k)) * RAS_TO_LPS]
        dataset.RescaleSlope, dataset.RescaleIntercept = _ds(slope), "0"
        if role == "pet":
            dataset.ImageIndex = number
            dataset.NumberOfSlices = nz
        dataset.PixelData = stored.tobytes()
        dataset["PixelData"].VR = "OW"
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        yield dataset


def _stored(values: NDArray[Any], units: Units) -> tuple[NDArray[np.int16], float]:
    """Return signed 16-bit values and the slope that restores the others; HU are kept as they are."""
    if units is Units.HU:
        return np.ascontiguousarray(values.astype("<i2")), 1.0
    largest = float(np.abs(values).max())
    # Rounded up to what a decimal string holds, so that the written slope is the one used.
    slope = float(_ds(largest / INT16_MAX * (1.0 + 1e-9))) if largest > 0.0 else 1.0
    return np.ascontiguousarray(np.clip(np.rint(values / slope), -INT16_MAX, INT16_MAX).astype("<i2")), slope


def _exam_header(header: ExamHeader) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientID = header.patient_id
    dataset.PatientName = header.patient_id
    dataset.PatientBirthDate = ""
    dataset.PatientSex = header.sex or ""
    if header.age_years is not None:
        dataset.PatientAge = f"{header.age_years:03d}Y"
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = f"petarseg {__version__}: rebuilt from voxels"
    dataset.StudyInstanceUID = header.uid("study")
    dataset.StudyID = header.exam_id[:16]
    dataset.StudyDate = dataset.StudyTime = dataset.AccessionNumber = dataset.ReferringPhysicianName = ""
    dataset.SeriesDate = dataset.SeriesTime = dataset.ContentDate = dataset.ContentTime = ""
    dataset.AcquisitionDate = dataset.AcquisitionTime = ""
    dataset.FrameOfReferenceUID = header.uid("frame of reference")
    dataset.PositionReferenceIndicator = ""
    dataset.PatientPosition = "HFS"
    dataset.Manufacturer = "petarseg"
    dataset.ManufacturerModelName = "petarseg"
    dataset.SoftwareVersions = __version__
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    return dataset


def _pet_header() -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.Modality = PET_IMAGE, "PT"
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.SeriesType = ["WHOLE BODY", "IMAGE"]
    dataset.Units, dataset.SUVType, dataset.CountsSource = "GML", "BW", "EMISSION"
    dataset.CorrectedImage, dataset.DecayCorrection = ["DECY", "ATTN"], "START"
    dataset.CollimatorType, dataset.FrameReferenceTime = "NONE", "0"
    dataset.PatientOrientationCodeSequence = DicomSequence()
    dataset.PatientGantryRelationshipCodeSequence = DicomSequence()
    dataset.RadiopharmaceuticalInformationSequence = DicomSequence()
    return dataset


def _ct_header() -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.Modality = CT_IMAGE, "CT"
    dataset.ImageType = ["DERIVED", "PRIMARY", "AXIAL"]
    dataset.RescaleType = "HU"
    dataset.KVP = ""
    return dataset


def _ds(value: float) -> str:
    """Return a number as a DICOM decimal string: at most 16 characters."""
    for digits in range(15, 0, -1):
        text = f"{float(value) + 0.0:.{digits}g}"
        if len(text) <= 16:
            return text
    raise ValueError(f"{value} does not fit a decimal string")
