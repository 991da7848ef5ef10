"""The exam as a scanner exports it: PET, CT and what else a study holds, with vendor habits and planted identifiers."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from petarseg.phantom.dicom_encode import SeriesWriter, derived_uid, ds_text
from petarseg.phantom.people import Patient, Visit
from petarseg.phantom.scanner import PHILIPS, SIEMENS, Protocol
from petarseg.phantom.shapes import Grid
from petarseg.phantom.tracer import Tracer

PET_CLASS, CT_CLASS = "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.2"
SECONDARY_CAPTURE_CLASS, DOSE_REPORT_CLASS = "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.88.67"
BED_MM = 150.0
"""Axial length that one bed position adds."""


@dataclass(frozen=True, slots=True)
class Study:
    """Everything the headers of an exam say beside the pixels."""

    exam: str
    seed: int
    protocol: Protocol
    tracer: Tracer
    patient: Patient
    visit: Visit
    injection: datetime
    dose_bq: int

    def uid(self, *parts: object) -> str:
        """Return the UID of a part of this study."""
        return derived_uid("petarseg-phantom", self.seed, self.exam, *parts)

    @property
    def decay_s(self) -> float:
        """Seconds from injection to the time the stored activity is decay-corrected to."""
        return 0.0 if self.protocol.decay == "ADMIN" else (self.visit.scan_start - self.injection).total_seconds()

    @property
    def suv_per_bqml(self) -> float:
        """SUVbw of 1 Bq/ml in the stored image."""
        left_bq = self.dose_bq * math.pow(2.0, -self.decay_s / self.tracer.half_life_s)
        return self.patient.weight_kg * 1_000.0 / left_bq

    @property
    def philips_bqml_per_count(self) -> float:
        """The private element (7053,1009), as written."""
        return float(ds_text(1.7320508 + 0.01 * (self.dose_bq % 97), 8))

    @property
    def suv_per_unit(self) -> float:
        """SUVbw of one stored unit (Bq/ml, count or g/ml) after the rescale slope."""
        if self.protocol.units == "GML":
            return 1.0
        if self.protocol.units == "CNTS":
            return float(ds_text(self.philips_bqml_per_count * self.suv_per_bqml, 8))
        return self.suv_per_bqml


@dataclass(frozen=True, slots=True)
class StoredPet:
    """Integers and slopes as they go into the files, and the SUV they stand for."""

    pixels: NDArray[np.uint16]
    slopes: tuple[str, ...]
    suv: NDArray[np.float32]


def store_pet(suv: NDArray[np.float32], study: Study) -> StoredPet:
    """Quantise an SUV image as the scanner does.

    Parameters
    ----------
    suv : ndarray, shape (X, Y, Z)
        The simulated image, canonical.
    study : Study
        Units and factors.

    Returns
    -------
    StoredPet
        15-bit integers, the RescaleSlope of each slice as text, and the SUV image that a reader of the files sees.
    """
    peaks = suv.max(axis=(0, 1)).astype(np.float64)
    if not study.protocol.per_slice_slope:
        peaks[:] = peaks.max()
    values = np.maximum(peaks, 0.05) / study.suv_per_unit / 32_000.0
    # Philips stores counts as they are: slope 1 and all scaling in the private factors.
    texts = tuple("1" if study.protocol.units == "CNTS" else ds_text(value) for value in values)
    slopes = np.array([float(text) for text in texts])
    pixels = np.clip(np.rint(suv / (slopes * study.suv_per_unit)), 0, 32_767).astype(np.uint16)
    stored = (pixels * (slopes * study.suv_per_unit)).astype(np.float32)
    return StoredPet(pixels, texts, stored)


def write_study(folder: Path, study: Study, pet: StoredPet, pet_grid: Grid, ct: NDArray[np.int16], ct_grid: Grid) -> int:
    """Write all series of an exam below `folder`; return the number of files."""
    vendor = study.protocol.manufacturer
    suffix = "" if vendor == SIEMENS else ".dcm"
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    series = [
        ("PT", _pet_series(study, pet, pet_grid, corrected=True)),
        ("CT", _ct_series(study, ct, ct_grid)),
    ]
    for extra in study.protocol.extras:
        if extra == "nac":
            nac = StoredPet((pet.pixels * 0.35).astype(np.uint16), pet.slopes, pet.suv)
            series.append(("NAC", _pet_series(study, nac, pet_grid, corrected=False)))
        elif extra == "localizer":
            series.append(("SCOUT", _localizer(study, ct, ct_grid)))
        elif extra == "secondary_capture":
            series.append(("SC", _secondary_capture(study, pet)))
        elif extra == "dose_report":
            series.append(("SR", _dose_report(study)))
    for label, (writer, instances) in series:
        for instance in instances:
            # File names that say nothing about the order: neither do those of real archives.
            name = hashlib.sha256(str(instance.SOPInstanceUID).encode()).hexdigest()[:10].upper()
            target = folder if vendor == PHILIPS else folder / f"{label}"
            target.mkdir(exist_ok=True)
            writer.write(target / f"IM{name}{suffix}", instance)
            count += 1
    return count


Series = tuple[SeriesWriter, Iterator[Dataset]]


def _code(value: str, scheme: str, meaning: str) -> DicomSequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return DicomSequence([item])


def _da(moment: datetime) -> str:
    return f"{moment:%Y%m%d}"


def _tm(moment: datetime) -> str:
    return f"{moment:%H%M%S}.{moment.microsecond // 1000:03d}"


def _header(study: Study, modality: str, number: int, role: str, description: str, start: datetime) -> Dataset:
    """Patient, study, series and equipment modules, with identifiers in all the places where archives hold them."""
    patient, visit, protocol = study.patient, study.visit, study.protocol
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.StudyDate, ds.StudyTime = _da(visit.arrival), _tm(visit.arrival)
    ds.SeriesDate, ds.SeriesTime = _da(start), _tm(start)
    ds.AccessionNumber = visit.accession
    ds.Modality = modality
    ds.Manufacturer, ds.ManufacturerModelName = protocol.manufacturer, protocol.model
    ds.InstitutionName, ds.InstitutionAddress = visit.hospital, visit.hospital_address
    ds.ReferringPhysicianName = f"{visit.referring.upper()}^A"
    ds.NameOfPhysiciansReadingStudy = f"{visit.reading.upper()}^B^^DR"
    ds.OperatorsName = f"{visit.operator}^C"
    ds.StationName = visit.station
    ds.StudyDescription, ds.SeriesDescription = "PET/CT skull base to thigh", description
    ds.PatientName, ds.PatientID = patient.dicom_name, patient.patient_id
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = f"{patient.birth_date:%Y%m%d}", patient.sex, f"{patient.age_years:03d}Y"
    ds.PatientSize, ds.PatientWeight = ds_text(patient.height_m), ds_text(patient.weight_kg)
    other = Dataset()
    other.PatientID, other.TypeOfPatientID, other.IssuerOfPatientID = patient.other_id, "TEXT", visit.hospital
    ds.OtherPatientIDsSequence = DicomSequence([other])
    ds.PatientAddress, ds.PatientTelephoneNumbers = patient.address, patient.phone
    ds.AdditionalPatientHistory = f"Seen for {patient.spoken_name}, {patient.patient_id}, by Dr. {visit.referring}"
    ds.DeviceSerialNumber = visit.device_serial
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study.uid("study"), study.uid("series", role)
    ds.StudyID, ds.SeriesNumber = visit.study_id, str(number)
    request = Dataset()
    request.AccessionNumber = visit.accession
    request.RequestedProcedureDescription = f"PET/CT for {patient.surname}"
    request.ScheduledProcedureStepID = visit.study_id
    ds.RequestAttributesSequence = DicomSequence([request])
    physician, identity = Dataset(), Dataset()
    identity.CodeValue, identity.CodingSchemeDesignator, identity.CodeMeaning = "P1", "99LOCAL", f"Dr. {visit.referring}"
    physician.PersonIdentificationCodeSequence = DicomSequence([identity])
    physician.InstitutionName = visit.hospital
    ds.ReferringPhysicianIdentificationSequence = DicomSequence([physician])
    ds.RequestedProcedureComments = f"call {patient.phone}"
    block = ds.private_block(0x0033, "ELSEWARE PACS 2.0", create=True)
    block.add_new(0x01, "LO", patient.spoken_name)
    block.add_new(
        0x02, "UN", f"{patient.patient_id}|{visit.accession}".encode() + b"\0" * (len(f"{patient.patient_id}|{visit.accession}") % 2)
    )
    return ds


def _place(ds: Dataset, study: Study, grid: Grid) -> None:
    """Frame of reference and image plane elements that all slices share."""
    ds.PatientPosition = study.protocol.position
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = study.uid("frame"), ""
    x = -1 if study.protocol.mirrored_columns else 1
    ds.ImageOrientationPatient = [x, 0, 0, 0, 1, 0]
    ds.PixelSpacing = [ds_text(grid.spacing_mm[1]), ds_text(grid.spacing_mm[0])]
    ds.SliceThickness = ds_text(grid.spacing_mm[2])
    ds.Rows, ds.Columns = grid.shape[1], grid.shape[0]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 16, 15


def _slices(study: Study, grid: Grid, array: NDArray[np.generic], series: str) -> Iterator[tuple[int, Dataset]]:
    """Give each slice's index k (from the feet) and its position, number and pixels, in order of InstanceNumber."""
    x, y, z = grid.axes
    mirrored = study.protocol.mirrored_columns
    stored = array[:, ::-1, :] if mirrored else array[::-1, ::-1, :]
    left = -float(x[0]) if mirrored else -float(x[-1])
    n = grid.shape[2]
    order = range(n - 1, -1, -1) if study.protocol.first_instance == "head" else range(n)
    for number, k in enumerate(order, start=1):
        ds = Dataset()
        ds.SOPInstanceUID = study.uid("instance", series, k)
        ds.InstanceNumber = str(number)
        ds.ImagePositionPatient = [ds_text(left), ds_text(-float(y[-1])), ds_text(float(z[k]))]
        ds.SliceLocation = ds_text(float(z[k]))
        ds.add_new(0x7FE00010, "OW", np.ascontiguousarray(stored[:, :, k].T).tobytes())
        yield k, ds


def _pet_series(study: Study, pet: StoredPet, grid: Grid, *, corrected: bool) -> Series:
    """Return the attenuation-corrected whole-body PET, or its uncorrected twin."""
    protocol, tracer, start = study.protocol, study.tracer, study.visit.scan_start
    role = "pet" if corrected else "nac"
    description = "PET WB AC" if corrected else "PET WB uncorrected (NAC)"
    ds = _header(study, "PT", 4 if corrected else 5, role, description, start)
    _place(ds, study, grid)
    ds.SOPClassUID = PET_CLASS
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.PixelRepresentation = 0
    ds.RescaleIntercept = "0"
    ds.CorrectedImage = ["NORM", "DTIM", "RAN", "DECY", *(["ATTN", "SCAT"] if corrected else [])]
    ds.SeriesType, ds.Units, ds.DecayCorrection = ["WHOLE BODY", "IMAGE"], protocol.units, protocol.decay
    if protocol.units == "GML":
        ds.SUVType = "BW"
    ds.CountsSource, ds.RandomsCorrectionMethod = "EMISSION", "DLYD"
    ds.AttenuationCorrectionMethod = "CT measured" if corrected else "none"
    ds.ScatterCorrectionMethod = "Model-based" if corrected else "none"
    ds.ReconstructionMethod = "OSEM 3i21s" if protocol.manufacturer == SIEMENS else "3D-OSEM"
    ds.CollimatorType, ds.NumberOfSlices = "NONE", grid.shape[2]
    ds.ActualFrameDuration = str(round(protocol.frame_s * 1000))
    ds.TypeOfDetectorMotion = "STEP AND SHOOT"
    ds.PatientOrientationCodeSequence = _code("F-10450", "SRT", "recumbent")
    ds.PatientOrientationCodeSequence[0].PatientOrientationModifierCodeSequence = _code("F-10340", "SRT", "supine")
    feet = protocol.position == "FFS"
    ds.PatientGantryRelationshipCodeSequence = _code("F-10480" if feet else "F-10470", "SRT", "feet-first" if feet else "headfirst")
    ds.RadiopharmaceuticalInformationSequence = DicomSequence([_radiopharmaceutical(study)])
    _vendor_private(ds, study)
    return SeriesWriter(ds, protocol.encoding), _pet_instances(study, pet, grid, role, tracer)


def _radiopharmaceutical(study: Study) -> Dataset:
    item = Dataset()
    item.Radiopharmaceutical = study.tracer.header_name
    item.RadiopharmaceuticalRoute = "Intravenous route"
    item.RadiopharmaceuticalStartTime = _tm(study.injection)
    if study.protocol.injection_datetime:
        item.RadiopharmaceuticalStartDateTime = f"{study.injection:%Y%m%d%H%M%S}"
    item.RadionuclideTotalDose = str(study.dose_bq)
    item.RadionuclideHalfLife = ds_text(study.tracer.half_life_s)
    item.RadionuclidePositronFraction = "0.97" if study.tracer.nuclide_code == "C-111A1" else "0.89"
    item.RadionuclideCodeSequence = _code(study.tracer.nuclide_code, "SRT", study.tracer.nuclide)
    return item


def _vendor_private(ds: Dataset, study: Study) -> None:
    """Private elements that SUV rules use, each in its vendor's block."""
    start = f"{study.visit.scan_start:%Y%m%d%H%M%S}.00"
    if study.protocol.manufacturer == PHILIPS:
        block = ds.private_block(0x7053, "Philips PET Private Group", create=True)
        if study.protocol.philips_factors in ("both", "suv"):
            block.add_new(0x00, "DS", ds_text(study.suv_per_unit, 8))
        if study.protocol.philips_factors == "both":
            block.add_new(0x09, "DS", ds_text(study.philips_bqml_per_count, 8))
    elif study.protocol.manufacturer == SIEMENS:
        ds.private_block(0x0071, "SIEMENS MED PT", create=True).add_new(0x22, "DT", start)
    else:
        block = ds.private_block(0x0009, "GEMS_PETD_01", create=True)
        block.add_new(0x01, "LO", study.patient.spoken_name)
        block.add_new(0x0D, "DT", start)
        block.add_new(0x3B, "DT", f"{study.injection:%Y%m%d%H%M%S}.00")


def _pet_instances(study: Study, pet: StoredPet, grid: Grid, role: str, tracer: Tracer) -> Iterator[Dataset]:
    start, frame_s = study.visit.scan_start, study.protocol.frame_s
    decay = np.log(2.0) / tracer.half_life_s
    # Time within the frame at which the activity equals its average over the frame.
    average_s = float(np.log(decay * frame_s / (1.0 - np.exp(-decay * frame_s))) / decay)
    length = grid.shape[2] * grid.spacing_mm[2]
    for index, (k, ds) in enumerate(_slices(study, grid, pet.pixels, role), start=1):
        bed = int((grid.shape[2] - 1 - k) * grid.spacing_mm[2] // BED_MM)
        if study.protocol.manufacturer == SIEMENS:  # scans from the thighs upwards
            bed = int(length // BED_MM) - bed
        acquired = start + timedelta(seconds=bed * frame_s)
        ds.AcquisitionDate, ds.AcquisitionTime = _da(acquired), _tm(acquired)
        ds.ContentDate, ds.ContentTime = _da(acquired), _tm(acquired + timedelta(seconds=frame_s))
        reference_s = bed * frame_s + average_s
        ds.FrameReferenceTime = ds_text(reference_s * 1000.0)
        lag_s = reference_s if study.protocol.decay == "START" else reference_s + (start - study.injection).total_seconds()
        ds.DecayFactor = ds_text(float(np.exp(decay * lag_s)))
        ds.ImageIndex = index
        ds.RescaleSlope = pet.slopes[k]
        ds.add_new(0x00280106, "US", int(pet.pixels[:, :, k].min()))
        ds.add_new(0x00280107, "US", int(pet.pixels[:, :, k].max()))
        if study.protocol.encoding == "rle":
            ds.Rows, ds.Columns = grid.shape[1], grid.shape[0]
        yield ds


def _ct_common(study: Study, number: int, role: str, description: str, grid: Grid) -> Dataset:
    ds = _header(study, "CT", number, role, description, study.visit.scan_start - timedelta(minutes=4))
    _place(ds, study, grid)
    ds.SOPClassUID = CT_CLASS
    ds.PixelRepresentation = 1
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "1", "0", "HU"
    ds.KVP, ds.XRayTubeCurrent, ds.ConvolutionKernel = "120", "80", "STANDARD"
    ds.AcquisitionNumber = "1"
    return ds


def _ct_series(study: Study, ct: NDArray[np.int16], grid: Grid) -> Series:
    ds = _ct_common(study, 3, "ct", study.protocol.ct_description, grid)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    moment = study.visit.scan_start - timedelta(minutes=4)
    ds.AcquisitionDate, ds.AcquisitionTime, ds.ContentDate, ds.ContentTime = _da(moment), _tm(moment), _da(moment), _tm(moment)
    return SeriesWriter(ds), (instance for _, instance in _slices(study, grid, ct, "ct"))


def _localizer(study: Study, ct: NDArray[np.int16], grid: Grid) -> Series:
    """Return a coronal scout view: the mean of the CT along y."""
    view = np.rint(ct.astype(np.float32).mean(axis=1)).astype(np.int16)
    x, y, z = grid.axes
    ds = _ct_common(study, 1, "scout", "Topogram", grid)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    instance = Dataset()
    instance.SOPInstanceUID, instance.InstanceNumber = study.uid("instance", "scout"), "1"
    instance.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    instance.ImagePositionPatient = [ds_text(-float(x[-1])), ds_text(-float(y[grid.shape[1] // 2])), ds_text(float(z[-1]))]
    instance.PixelSpacing = [ds_text(grid.spacing_mm[2]), ds_text(grid.spacing_mm[0])]
    instance.Rows, instance.Columns = grid.shape[2], grid.shape[0]
    instance.add_new(0x7FE00010, "OW", np.ascontiguousarray(view[::-1, ::-1].T).tobytes())
    return SeriesWriter(ds), iter([instance])


def _secondary_capture(study: Study, pet: StoredPet) -> Series:
    """Return a screen shot of the maximum projection, as reading stations send them; it may hold burned-in text."""
    view = np.clip(pet.suv.max(axis=1) * 20.0, 0, 255).astype(np.uint8)[::-1, ::-1].T
    view = np.ascontiguousarray(view[:, : view.shape[1] // 2 * 2])
    ds = _header(study, "PT", 99, "capture", "Screen save", study.visit.scan_start + timedelta(minutes=40))
    ds.SOPClassUID = SECONDARY_CAPTURE_CLASS
    ds.ImageType, ds.ConversionType, ds.BurnedInAnnotation = ["DERIVED", "SECONDARY", "SCREEN SAVE"], "WSD", "YES"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.Rows, ds.Columns = view.shape
    instance = Dataset()
    instance.SOPInstanceUID, instance.InstanceNumber = study.uid("instance", "capture"), "1"
    data = view.tobytes()
    instance.add_new(0x7FE00010, "OB", data + b"\0" * (len(data) % 2))
    return SeriesWriter(ds), iter([instance])


def _dose_report(study: Study) -> Series:
    """Return a small X-ray radiation dose report; its observer is a named person."""
    moment = study.visit.scan_start
    ds = _header(study, "SR", 98, "dose", "Dose Report", moment)
    ds.SOPClassUID = DOSE_REPORT_CLASS
    ds.ContentDate, ds.ContentTime = _da(moment), _tm(moment)
    ds.CompletionFlag, ds.VerificationFlag = "COMPLETE", "UNVERIFIED"
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = _code("113701", "DCM", "X-Ray Radiation Dose Report")
    ds.ReferencedPerformedProcedureStepSequence = DicomSequence([])
    ds.PerformedProcedureCodeSequence = DicomSequence([])
    observer = Dataset()
    observer.RelationshipType, observer.ValueType = "HAS OBS CONTEXT", "PNAME"
    observer.ConceptNameCodeSequence = _code("121008", "DCM", "Person Observer Name")
    observer.PersonName = f"{study.visit.operator}^C"
    ds.ContentSequence = DicomSequence([observer])
    instance = Dataset()
    instance.SOPInstanceUID, instance.InstanceNumber = study.uid("instance", "dose"), "1"
    return SeriesWriter(ds), iter([instance])
