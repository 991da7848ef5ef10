from __future__ import annotations

from datetime import datetime

import pydicom

from petarseg.phantom.dicom_header import da, radiopharmaceutical, slices, study_header, tm
from petarseg.phantom.exam import PhantomExam


def test_dates_and_times_are_dicom() -> None:
    moment = datetime(2022, 3, 4, 5, 6, 7, 89_000)
    assert (da(moment), tm(moment)) == ("20220304", "050607.089")


def test_identifiers_stand_in_sequences_private_blocks_and_free_text(exam: PhantomExam) -> None:
    ds = study_header(exam.study, "PT", 4, "pet", "PET", exam.study.visit.scan_start)
    patient = exam.study.patient
    assert ds.OtherPatientIDsSequence[0].PatientID == patient.other_id
    assert patient.spoken_name in ds.AdditionalPatientHistory
    assert ds.private_block(0x0033, "ELSEWARE PACS 2.0")[0x01].value == patient.spoken_name
    assert exam.study.visit.referring in ds.ReferringPhysicianIdentificationSequence[0].PersonIdentificationCodeSequence[0].CodeMeaning
    assert ds.RequestAttributesSequence[0].AccessionNumber == exam.study.visit.accession


def test_dose_is_in_becquerel(exam: PhantomExam) -> None:
    item = radiopharmaceutical(exam.study)
    assert 1e8 < float(item.RadionuclideTotalDose) < 6e8
    assert item.RadionuclideCodeSequence[0].CodingSchemeDesignator == "SRT"


def test_slices_run_from_the_head_and_hold_every_voxel(exam: PhantomExam) -> None:
    grid = exam.pet_grid
    seen = list(slices(exam.study, grid, exam.pet.pixels, "pet"))
    assert [k for k, _ in seen] == list(range(grid.shape[2] - 1, -1, -1))
    assert [int(ds.InstanceNumber) for _, ds in seen] == list(range(1, grid.shape[2] + 1))
    total = sum(int(pydicom.dataelem.DataElement(0x7FE00010, "OW", ds.PixelData).value.count(b"")) for _, ds in seen)
    assert total == sum(len(ds.PixelData) + 1 for _, ds in seen)
    assert sum(len(ds.PixelData) for _, ds in seen) == exam.pet.pixels.nbytes
