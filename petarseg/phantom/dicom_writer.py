"""The exam as a scanner exports it: PET, CT and what else a study holds, each as a series of files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from petarseg.phantom.dicom_encode import SeriesWriter, ds_text
from petarseg.phantom.dicom_header import add_plane, add_vendor_private, code_sequence, da, radiopharmaceutical, slices, study_header, tm
from petarseg.phantom.scanner import PHILIPS, SIEMENS
from petarseg.phantom.shapes import Grid
from petarseg.phantom.study import StoredPet, Study
from petarseg.phantom.tracer import Tracer

PET_CLASS, CT_CLASS = "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.2"
SECONDARY_CAPTURE_CLASS, DOSE_REPORT_CLASS = "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.88.67"
BED_MM = 150.0
"""Axial length that one bed position adds."""


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


def _pet_series(study: Study, pet: StoredPet, grid: Grid, *, corrected: bool) -> Series:
    """Return the attenuation-corrected whole-body PET, or its uncorrected twin."""
    protocol, tracer, start = study.protocol, study.tracer, study.visit.scan_start
    role = "pet" if corrected else "nac"
    description = "PET WB AC" if corrected else "PET WB uncorrected (NAC)"
    ds = study_header(study, "PT", 4 if corrected else 5, role, description, start)
    add_plane(ds, study, grid)
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
    ds.PatientOrientationCodeSequence = code_sequence("F-10450", "SRT", "recumbent")
    ds.PatientOrientationCodeSequence[0].PatientOrientationModifierCodeSequence = code_sequence("F-10340", "SRT", "supine")
    feet = protocol.position == "FFS"
    ds.PatientGantryRelationshipCodeSequence = code_sequence("F-10480" if feet else "F-10470", "SRT", "feet-first" if feet else "headfirst")
    ds.RadiopharmaceuticalInformationSequence = DicomSequence([radiopharmaceutical(study)])
    add_vendor_private(ds, study)
    return SeriesWriter(ds, protocol.encoding), _pet_instances(study, pet, grid, role, tracer)


def _pet_instances(study: Study, pet: StoredPet, grid: Grid, role: str, tracer: Tracer) -> Iterator[Dataset]:
    start, frame_s = study.visit.scan_start, study.protocol.frame_s
    decay = np.log(2.0) / tracer.half_life_s
    # Time within the frame at which the activity equals its average over the frame.
    average_s = float(np.log(decay * frame_s / (1.0 - np.exp(-decay * frame_s))) / decay)
    length = grid.shape[2] * grid.spacing_mm[2]
    for index, (k, ds) in enumerate(slices(study, grid, pet.pixels, role), start=1):
        bed = int((grid.shape[2] - 1 - k) * grid.spacing_mm[2] // BED_MM)
        if study.protocol.manufacturer == SIEMENS:  # scans from the thighs upwards
            bed = int(length // BED_MM) - bed
        acquired = start + timedelta(seconds=bed * frame_s)
        ds.AcquisitionDate, ds.AcquisitionTime = da(acquired), tm(acquired)
        ds.ContentDate, ds.ContentTime = da(acquired), tm(acquired + timedelta(seconds=frame_s))
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
    ds = study_header(study, "CT", number, role, description, study.visit.scan_start - timedelta(minutes=4))
    add_plane(ds, study, grid)
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
    ds.AcquisitionDate, ds.AcquisitionTime, ds.ContentDate, ds.ContentTime = da(moment), tm(moment), da(moment), tm(moment)
    return SeriesWriter(ds), (instance for _, instance in slices(study, grid, ct, "ct"))


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
    ds = study_header(study, "PT", 99, "capture", "Screen save", study.visit.scan_start + timedelta(minutes=40))
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
    ds = study_header(study, "SR", 98, "dose", "Dose Report", moment)
    ds.SOPClassUID = DOSE_REPORT_CLASS
    ds.ContentDate, ds.ContentTime = da(moment), tm(moment)
    ds.CompletionFlag, ds.VerificationFlag = "COMPLETE", "UNVERIFIED"
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = code_sequence("113701", "DCM", "X-Ray Radiation Dose Report")
    ds.ReferencedPerformedProcedureStepSequence = DicomSequence([])
    ds.PerformedProcedureCodeSequence = DicomSequence([])
    observer = Dataset()
    observer.RelationshipType, observer.ValueType = "HAS OBS CONTEXT", "PNAME"
    observer.ConceptNameCodeSequence = code_sequence("121008", "DCM", "Person Observer Name")
    observer.PersonName = f"{study.visit.operator}^C"
    ds.ContentSequence = DicomSequence([observer])
    instance = Dataset()
    instance.SOPInstanceUID, instance.InstanceNumber = study.uid("instance", "dose"), "1"
    return SeriesWriter(ds), iter([instance])
