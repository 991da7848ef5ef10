"""The headers of an exam: patient, study, equipment, image plane and tracer, with identifiers planted all over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from petarseg.phantom.dicom_encode import ds_text
from petarseg.phantom.scanner import PHILIPS, SIEMENS
from petarseg.phantom.shapes import Grid
from petarseg.phantom.study import Study


def code_sequence(value: str, scheme: str, meaning: str) -> DicomSequence:
    """Return a code sequence with one item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return DicomSequence([item])


def da(moment: datetime) -> str:
    """Return a date (VR DA)."""
    return f"{moment:%Y%m%d}"


def tm(moment: datetime) -> str:
    """Return a time (VR TM)."""
    return f"{moment:%H%M%S}.{moment.microsecond // 1000:03d}"


def study_header(study: Study, modality: str, number: int, role: str, description: str, start: datetime) -> Dataset:
    """Patient, study, series and equipment modules, with identifiers in all the places where archives hold them."""
    patient, visit, protocol = study.patient, study.visit, study.protocol
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.StudyDate, ds.StudyTime = da(visit.arrival), tm(visit.arrival)
    ds.SeriesDate, ds.SeriesTime = da(start), tm(start)
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


def add_plane(ds: Dataset, study: Study, grid: Grid) -> None:
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


def slices(study: Study, grid: Grid, array: NDArray[np.generic], series: str) -> Iterator[tuple[int, Dataset]]:
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


def radiopharmaceutical(study: Study) -> Dataset:
    """Return the item of the radiopharmaceutical information sequence."""
    item = Dataset()
    item.Radiopharmaceutical = study.tracer.header_name
    item.RadiopharmaceuticalRoute = "Intravenous route"
    item.RadiopharmaceuticalStartTime = tm(study.injection)
    if study.protocol.injection_datetime:
        item.RadiopharmaceuticalStartDateTime = f"{study.injection:%Y%m%d%H%M%S}"
    item.RadionuclideTotalDose = str(study.dose_bq)
    item.RadionuclideHalfLife = ds_text(study.tracer.half_life_s)
    item.RadionuclidePositronFraction = "0.97" if study.tracer.nuclide_code == "C-111A1" else "0.89"
    item.RadionuclideCodeSequence = code_sequence(study.tracer.nuclide_code, "SRT", study.tracer.nuclide)
    return item


def add_vendor_private(ds: Dataset, study: Study) -> None:
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
