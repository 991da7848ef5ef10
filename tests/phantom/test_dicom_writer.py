from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK

from petarseg.dicom.convert import convert_ct, convert_pet
from petarseg.dicom.index import scan_archive
from petarseg.dicom.records import StudyRecord
from petarseg.phantom.scanner import PROTOCOLS
from petarseg.volume import Units, Volume

NAMES = [protocol.name for protocol in PROTOCOLS]


@pytest.fixture(scope="module")
def studies(cohort: Any) -> dict[str, StudyRecord]:
    """Return what the archive index found, by study UID."""
    index = scan_archive(cohort.root / "dicom")
    assert not index.unreadable
    assert index.n_files == sum(exam["n_files"] for exam in cohort.truth["exams"])
    return {study.study_instance_uid: study for study in index.studies}


@pytest.mark.parametrize("name", NAMES)
def test_suv_is_recovered_from_every_vendors_files(cohort: Any, studies: dict[str, StudyRecord], name: str) -> None:
    truth, exam = cohort.exam_truth(name), cohort.simulated(name)
    pet = studies[truth["study_instance_uid"]].pet
    assert pet is not None
    assert pet.tracer == truth["tracer"]
    converted = convert_pet(pet.files)
    assert converted.volume.units is Units.SUVBW
    assert np.allclose(converted.volume.affine, exam.pet_grid.affine, atol=1e-6)
    # Both sides compute the factor on their own; the converter's rounding to 16 significant bits is all that may remain.
    assert np.allclose(converted.volume.array, exam.pet.suv, rtol=2**-16 * 1.1, atol=1e-6)


@pytest.mark.parametrize("name", ["ge-bqml-start", "siemens-bqml-feet-first", "philips-cnts-both", "philips-bqml"])
def test_ct_is_recovered_and_shares_the_frame_of_reference(cohort: Any, studies: dict[str, StudyRecord], name: str) -> None:
    truth, exam = cohort.exam_truth(name), cohort.simulated(name)
    study = studies[truth["study_instance_uid"]]
    assert study.ct is not None
    assert study.pet is not None
    assert study.ct.frame_of_reference_uid == study.pet.frame_of_reference_uid == truth["frame_of_reference_uid"]
    converted = convert_ct(study.ct.files)
    assert np.array_equal(converted.volume.array, exam.ct)
    assert np.allclose(converted.volume.affine, exam.ct_grid.affine, atol=1e-6)


@pytest.mark.parametrize("name", ["siemens-bqml-start", "siemens-bqml-feet-first", "ge-bqml-feet-first", "siemens-gml-admin"])
def test_simpleitk_sees_the_truth_mask_in_place(cohort: Any, name: str) -> None:
    """GDCM's geometry, independent of ours, puts the hottest voxel of each lesion where the truth says."""
    truth = cohort.exam_truth(name)
    folder = cohort.folder(cohort.number(name)) / "PT"
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder if folder.is_dir() else folder.parent), truth["pet_series_instance_uid"]))
    image = reader.Execute()
    mask = Volume.load(cohort.root / "truth" / truth["mask"])
    for lesion in truth["lesions"]:
        x, y, z = lesion["max_ras_mm"]
        index = image.TransformPhysicalPointToIndex((-x, -y, z))
        assert image[index] * truth["suv_per_unit"] == pytest.approx(lesion["suv_max"], rel=1e-4)
        i, j, k = np.rint(mask.ras_mm_to_ijk((x, y, z))).astype(int)
        assert mask.array[i, j, k] == lesion["label"]


def test_private_factors_and_times_are_where_vendors_put_them(cohort: Any) -> None:
    def first(name: str) -> pydicom.Dataset:
        truth = cohort.exam_truth(name)
        for path in sorted(cohort.folder(cohort.number(name)).rglob("IM*")):
            ds = pydicom.dcmread(path, stop_before_pixels=True)
            if ds.SeriesInstanceUID == truth["pet_series_instance_uid"]:
                return ds
        raise LookupError(name)

    philips = first("philips-cnts-both")
    block = philips.private_block(0x7053, "Philips PET Private Group")
    assert float(block[0x00].value) == pytest.approx(cohort.exam_truth("philips-cnts-both")["suv_per_unit"], rel=1e-7)
    assert float(block[0x09].value) > 0
    assert 0x09 not in first("philips-cnts-suv-factor").private_block(0x7053, "Philips PET Private Group")
    assert first("ge-bqml-start").private_block(0x0009, "GEMS_PETD_01")[0x0D].value
    late = first("siemens-bqml-over-midnight")
    item = late.RadiopharmaceuticalInformationSequence[0]
    assert late.SeriesTime < "010000"
    assert item.RadiopharmaceuticalStartTime > "230000"
    assert "RadiopharmaceuticalStartDateTime" not in item
    assert late.StudyDate < late.SeriesDate


def test_frame_reference_time_is_consistent_per_bed(cohort: Any) -> None:
    """The exact per-frame form (IBSI): acquisition + average count time - FrameReferenceTime is the series time."""
    truth = cohort.exam_truth("ge-bqml-start")
    beds: dict[str, set[str]] = {}
    for path in sorted((cohort.folder(cohort.number("ge-bqml-start")) / "PT").iterdir())[::20]:
        ds = pydicom.dcmread(path, stop_before_pixels=True)
        frame_s, half_life_s = (
            float(ds.ActualFrameDuration) / 1000,
            float(ds.RadiopharmaceuticalInformationSequence[0].RadionuclideHalfLife),
        )
        decay = np.log(2) / half_life_s
        average_s = np.log(decay * frame_s / (1 - np.exp(-decay * frame_s))) / decay
        acquired, started = (_seconds(value) for value in (ds.AcquisitionTime, ds.SeriesTime))
        assert acquired - started + average_s == pytest.approx(float(ds.FrameReferenceTime) / 1000, abs=0.01)
        beds.setdefault(ds.AcquisitionTime, set()).add(str(ds.DecayFactor))
    assert len(beds) > 3
    assert all(len(factors) == 1 for factors in beds.values())
    assert truth["decay_correction"] == "START"


def _seconds(time: str) -> float:
    return int(time[:2]) * 3600 + int(time[2:4]) * 60 + float(time[4:])


def test_other_series_are_recognised_for_what_they_are(cohort: Any, studies: dict[str, StudyRecord]) -> None:
    found: set[str | None] = set()
    for study in studies.values():
        found |= {series.why_not for series in study.others}
    assert {"nac", "localizer", "secondary_capture", "dose_report"} <= found


def test_planted_identifiers_are_in_the_files(cohort: Any) -> None:
    truth = cohort.exam_truth("ge-bqml-start")
    data = b"".join(path.read_bytes() for path in sorted(_files(cohort, "ge-bqml-start"))[:40]).lower()
    missing = [entry for entry in truth["phi"] if entry["text"].lower().encode() not in data]
    # Spoken dates stand in the report alone.
    assert {entry["type"] for entry in missing} <= {"DATE"}


def _files(cohort: Any, name: str) -> list[Path]:
    return [path for path in cohort.folder(cohort.number(name)).rglob("IM*") if path.is_file()]
