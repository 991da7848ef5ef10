"""DICOM objects full of invented identifying values: in every public attribute, in nested sequences, private blocks and hidden places."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom import config
from pydicom._dicom_dict import DicomDictionary
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, RTStructureSetStorage

PATIENT = "Quillfeather^Theodora^Maud"
PATIENT_ID = "MRN-4711001"
BIRTH_DATE, STUDY_DATE, INJECTION = "19230704", "20140312", "20140312091500.00"
ROOT = "1.3.6.1.4.1.99999.4711"
TEXT_VRS = ("SH", "LO", "ST", "LT", "UT", "UC", "UR", "AE", "PN")


@dataclass
class Planted:
    """Collects the planted strings; each is different, so that a leak tells where it came from."""

    values: dict[str, str] = field(default_factory=dict)
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(10_000))

    def text(self, vr: str, place: str) -> str:
        number = next(self.counter)
        value = {
            "AE": f"ZQXAE{number}",
            "SH": f"Zqxsh {number}",
            "PN": f"Zqxname{number}^Anna",
            "UR": f"https://zqx{number}.example/a",
        }.get(vr, f"Mrs Zqxword{number} of Zqxville seen by Dr {PATIENT.split('^')[0]} on 12.03.2014, MRN {PATIENT_ID}")
        if vr == "LO":
            value = f"Zqxlo{number} Quillfeather"
        self.values[value.split("^")[0] if vr == "PN" else value[:20]] = place
        return value


def value_for(vr: str, planted: Planted, place: str) -> object:
    """Something identifying for a value representation, or something plain where none fits."""
    if vr in TEXT_VRS:
        return planted.text(vr, place)
    if vr == "UI":
        uid = f"{ROOT}.{next(planted.counter)}"
        planted.values[uid] = place
        return uid
    if vr in ("OB", "OW", "OF", "OD", "OL", "OV", "UN"):
        text = planted.text("LT", place).encode()
        return text + b" " * (-len(text) % 8)
    plain = {"DA": STUDY_DATE, "DT": INJECTION, "TM": "091500", "AS": "090Y", "CS": "QUILLFEATHER", "DS": "1.5", "IS": "7"}
    return plain.get(vr, 3.0 if vr in ("FL", "FD") else BaseTag(0x00100010) if vr == "AT" else 3)


# Seven frames would promise more pixels than there are.
ATTRIBUTES = [
    (tag, vrs.split(" or ")[0])
    for tag, (vrs, *_) in sorted(DicomDictionary.items())
    if tag >> 16 not in (0x0000, 0x0002, 0x0004, 0xFFFE, 0x7FE0) and vrs != "NONE" and tag != 0x00280008
]


def plant(dataset: Dataset, planted: Planted, *, depth: int = 2, first: int = 0, step: int = 1) -> None:
    """Fill a data set with all public attributes of the dictionary (nested: some of them), private blocks and unknown attributes."""
    for number, (tag, vr) in enumerate(ATTRIBUTES[first::step]):
        if tag in dataset:
            continue
        place = f"({tag >> 16:04X},{tag & 0xFFFF:04X}) at depth {2 - depth}"
        if vr == "SQ":
            item = Dataset()
            if depth:
                plant(item, planted, depth=depth - 1, first=number * 7 % 1999, step=1999)
            item.add_new(0x00100010, "PN", planted.text("PN", place))
            item.add_new(0x0040A160, "UT", planted.text("UT", place))
            dataset.add(DataElement(tag, "SQ", Sequence([item])))
            continue
        dataset.add(DataElement(tag, vr, value_for(vr, planted, place)))
    if depth < 2:
        return
    for group, creator in ((0x0009, "ZQX PRIVATE"), (0x0013, "CTP"), (0x0029, "SIEMENS CSA HEADER")):
        block = dataset.private_block(group, creator, create=True)
        for element, vr in enumerate(("LO", "PN", "UT", "OB", "UN", "DA", "UI", "SH"), start=1):
            block.add_new(element, vr, value_for(vr, planted, f"private {vr}"))
        inner = Dataset()
        inner.add_new(0x00100010, "PN", planted.text("PN", "private sequence"))
        block.add_new(0x30, "SQ", Sequence([inner]))
    for tag in (0x00089999, 0x00190001 + 0x10000, 0x50000010, 0x60003000, 0x60004000, 0x60000022):
        vr = "OW" if tag == 0x60003000 else "LO"
        dataset.add(DataElement(tag, vr, value_for(vr, planted, f"unknown {tag:08X}")))
    dataset.add(DataElement(0xFFFCFFFC, "OB", value_for("OB", planted, "trailing padding")))


def pet(instance: int, *, suv_private: bool = True) -> Dataset:
    """A PET slice with everything that SUV needs."""
    dataset = Dataset()
    dataset.SOPClassUID = PositronEmissionTomographyImageStorage
    _common(dataset, "PT", f"{ROOT}.2", instance)
    dataset.SeriesTime = dataset.AcquisitionTime = "101500.00"
    dataset.SeriesDate = dataset.AcquisitionDate = STUDY_DATE
    dataset.Units, dataset.DecayCorrection, dataset.CountsSource = "BQML", "START", "EMISSION"
    dataset.CorrectedImage = ["ATTN", "DECY", "SCAT", "RADL"]
    dataset.SeriesType = ["STATIC", "IMAGE"]
    dataset.ActualFrameDuration, dataset.FrameReferenceTime = 120000, 0
    drug = Dataset()
    drug.Radiopharmaceutical = "FDG -- fluorodeoxyglucose"
    drug.RadiopharmaceuticalStartDateTime, drug.RadiopharmaceuticalStartTime = INJECTION, "091500.00"
    drug.RadionuclideTotalDose, drug.RadionuclideHalfLife, drug.RadionuclidePositronFraction = "350000000", "6586.2", "0.97"
    nuclide = Dataset()
    nuclide.CodeValue, nuclide.CodingSchemeDesignator, nuclide.CodeMeaning = "C-111A1", "SRT", "^18^Fluorine"
    drug.RadionuclideCodeSequence = Sequence([nuclide])
    dataset.RadiopharmaceuticalInformationSequence = Sequence([drug])
    if suv_private:
        block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x00, "DS", "0.000431")
        block.add_new(0x09, "DS", "1.234")
        block.add_new(0x03, "ST", "/data/Quillfeather/4711001.img")
        block = dataset.private_block(0x0009, "GEMS_PETD_01", create=True)
        block.add_new(0x0D, "DT", "20140312101500.00")
        block.add_new(0x10, "LO", "Zqxhospital Quillfeather")
    return dataset


def ct(instance: int) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    _common(dataset, "CT", f"{ROOT}.3", instance)
    return dataset


def rtstruct(slices: list[Dataset]) -> Dataset:
    """A structure set that refers to the slices in three places."""
    dataset = Dataset()
    dataset.SOPClassUID = RTStructureSetStorage
    _common(dataset, "RTSTRUCT", f"{ROOT}.4", 1)
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel"):
        delattr(dataset, keyword)
    dataset.StructureSetLabel = "GTV Quillfeather"
    images = []
    for item in slices:
        image = Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = item.SOPClassUID, item.SOPInstanceUID
        images.append(image)
    series = Dataset()
    series.SeriesInstanceUID, series.ContourImageSequence = slices[0].SeriesInstanceUID, Sequence(images)
    study = Dataset()
    study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = "1.2.840.10008.3.1.2.3.1", slices[0].StudyInstanceUID
    study.RTReferencedSeriesSequence = Sequence([series])
    frame = Dataset()
    frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = slices[0].FrameOfReferenceUID, Sequence([study])
    dataset.ReferencedFrameOfReferenceSequence = Sequence([frame])
    return dataset


def _common(dataset: Dataset, modality: str, series: str, instance: int) -> None:
    dataset.Modality = modality
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = PATIENT, PATIENT_ID, BIRTH_DATE
    dataset.PatientSex, dataset.PatientAge, dataset.PatientWeight, dataset.PatientSize = "F", "093Y", "70.5", "1.65"
    dataset.StudyDate = dataset.ContentDate = STUDY_DATE
    dataset.StudyTime = "100000"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"{ROOT}.1", series
    dataset.SOPInstanceUID, dataset.FrameOfReferenceUID = f"{series}.{instance}", f"{ROOT}.9"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.Manufacturer, dataset.ManufacturerModelName = "SIEMENS", "Biograph 64_mCT"
    dataset.SeriesDescription = "PET WB AC Quillfeather 12/03/14"
    dataset.StudyDescription = "PET/CT whole body"
    dataset.ConversionType = dataset.BurnedInAnnotation = ""
    dataset.InstanceNumber = instance
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, 3.0 * instance], [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = [4.0, 4.0], 3.0
    dataset.Rows = dataset.Columns = 8
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.PatientPosition = "2.5", "0", "HFS"
    dataset.PixelData = np.arange(64, dtype="<u2").tobytes()
    dataset["PixelData"].VR = "OW"


def write(dataset: Dataset, path: Path, *, syntax: UID = ExplicitVRLittleEndian, preamble: bytes = b"\0" * 128) -> None:
    """Write a data set as a DICOM file, values unchecked."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    meta.SourceApplicationEntityTitle = "ZQXSOURCE"
    path.parent.mkdir(parents=True, exist_ok=True)
    with config.disable_value_validation():
        little = syntax.is_little_endian
        file = FileDataset(str(path), dataset, preamble, meta, is_implicit_VR=syntax.is_implicit_VR, is_little_endian=little)
        file.save_as(path, enforce_file_format=True)


def raw(tag: int, vr: str, value: bytes) -> RawDataElement:
    """An element whose bytes no writer would accept."""
    return RawDataElement(BaseTag(tag), vr, len(value), value, 0, False, True)
