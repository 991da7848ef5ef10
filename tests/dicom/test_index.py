from __future__ import annotations

import os
import shutil
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from dicom.pet_files import CT, PET, save, write_series
from pydicom.dataset import Dataset

from petarseg.dicom.convert import convert_pet
from petarseg.dicom.header import Header, read_header
from petarseg.dicom.index import scan_archive
from petarseg.dicom.index_tables import write_index
from petarseg.errors import ConfigError
from petarseg.keys import KeyFolder
from petarseg.reasons import Reason


def test_a_study_gets_its_pet_and_ct(tmp_path: Path) -> None:
    write_series(tmp_path / "any" / "where", PET)
    write_series(tmp_path / "elsewhere", CT, n_slices=8)
    (tmp_path / "notes.txt").write_text("not DICOM")
    index = scan_archive(tmp_path)
    (study,) = index.studies
    assert study.reject is None
    assert study.pet is not None
    assert study.ct is not None
    assert study.pet.files == tuple(sorted((tmp_path / "any" / "where").iterdir()))
    assert (study.pet.n_slices, study.ct.n_slices) == (6, 8)
    assert study.pet.z_range_mm == pytest.approx((100.0, 115.0))
    assert (study.pet.tracer, study.pet.age_years, study.pet.sex) == ("FDG", 70, "F")
    assert (study.study_date, study.accession_number, study.patient_id) == ("20200102", "A1", "P1")
    assert {"P1", "Test^Person", "A1", "20200102", "19500101", "1.2.3.1"} <= set(study.pet.identifiers)
    assert (index.n_files, index.n_ignored, index.unreadable) == (14, 1, ())


def test_threads_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_series(tmp_path / "b")
    write_series(tmp_path / "a", CT)
    alone = scan_archive(tmp_path)
    monkeypatch.setattr("petarseg.dicom.index.BATCH", 3)
    monkeypatch.setattr("petarseg.dicom.ahead.WAITING_SHARE", -1.0)  # as if storage were slow
    assert scan_archive(tmp_path) == alone


def test_missing_and_empty_archives(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such archive"):
        scan_archive(tmp_path / "absent")
    assert scan_archive(tmp_path).n_files == 0
    assert scan_archive(tmp_path).studies == ()


def test_junk_is_named_and_never_crashes(tmp_path: Path) -> None:
    files = write_series(tmp_path / "pet")
    good = files[0].read_bytes()
    (tmp_path / "empty.dcm").write_bytes(b"")
    (tmp_path / "noise.dcm").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "cut_header").write_bytes(good[:400])
    (tmp_path / "cut_pixels").write_bytes(good[:-20])
    (tmp_path / "dead_link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 broken")
    index = scan_archive(tmp_path)
    why = {item.path.name: item.why for item in index.unreadable}
    assert why == {
        "broken.zip": "damaged",  # it may have held exams
        "empty.dcm": "damaged",
        "noise.dcm": "damaged",
        "cut_header": "truncated",
        "cut_pixels": "truncated",
        "dead_link": "damaged",
    }
    assert len(index.studies) == 1


def test_a_truncated_slice_is_not_dropped_silently(tmp_path: Path) -> None:
    files = write_series(tmp_path)
    files[-1].write_bytes(files[-1].read_bytes()[:-20])
    (study,) = scan_archive(tmp_path).studies
    assert study.pet is not None
    assert len(study.pet.files) == 6


def test_copies_count_once(tmp_path: Path) -> None:
    write_series(tmp_path / "a")
    write_series(tmp_path / "b")
    index = scan_archive(tmp_path)
    assert index.n_duplicates == 6
    assert index.studies[0].pet is not None
    assert {path.parent.name for path in index.studies[0].pet.files} == {"a"}


def test_zip_members(tmp_path: Path) -> None:
    files = write_series(tmp_path / "plain")
    expected = convert_pet(files).volume
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for path in files:
            archive.write(path, f"deep/{path.name}")
            path.unlink()
    (study,) = scan_archive(tmp_path).studies
    assert study.pet is not None
    assert study.pet.files[0] == tmp_path / "export.zip" / "deep" / "000"
    assert (convert_pet(study.pet.files).volume.array == expected.array).all()


def test_dicomdir_is_ignored(tmp_path: Path) -> None:
    write_series(tmp_path / "pet")
    directory = Dataset()
    directory.SOPClassUID = "1.2.840.10008.1.3.10"
    save(directory, tmp_path / "DICOMDIR")
    index = scan_archive(tmp_path)
    assert (index.n_files, index.n_ignored) == (6, 1)


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        ({"CorrectedImage": ["DECY", "NORM"]}, "nac"),
        ({"AttenuationCorrectionMethod": "NONE"}, "nac"),
        ({"SeriesType": ["GATED", "IMAGE"]}, "gated"),
        ({"SeriesType": ["DYNAMIC", "IMAGE"], "NumberOfTimeSlices": 20}, "dynamic"),
        ({"SeriesType": ["WHOLE BODY", "REPROJECTION"]}, "mip"),
        ({"ImageType": ["DERIVED", "SECONDARY", "MIP"]}, "mip"),
        ({"ImageType": ["DERIVED", "PRIMARY", "OTHER", "CSA MPR THICK"]}, "derived"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, "derived"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "secondary_capture"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.130"}, "enhanced_multiframe"),
        ({"Modality": "MR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"}, "other_modality"),
    ],
)
def test_a_pet_that_is_none_says_why(tmp_path: Path, overrides: dict[str, object], why: str) -> None:
    write_series(tmp_path / "good", PET)
    write_series(tmp_path / "ct", CT)
    write_series(tmp_path / "bad", PET, **{"SeriesInstanceUID": "1.2.3.55"} | overrides)
    (study,) = scan_archive(tmp_path).studies
    assert study.pet is not None
    assert study.pet.series_instance_uid == "1.2.3.2"
    assert [(series.series_instance_uid, series.role, series.why_not) for series in study.others] == [("1.2.3.55", "other", why)]


def test_localizer_dose_report_and_structures_beside_the_ct(tmp_path: Path) -> None:
    write_series(tmp_path / "pet", PET)
    write_series(tmp_path / "ct", CT)
    # scanners put the scout into the series of the CT
    write_series(tmp_path / "scout", CT, n_slices=1, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    write_series(tmp_path / "dose", CT, n_slices=1, SeriesInstanceUID="1.2.3.60", SeriesDescription="Dose Report")
    write_series(
        tmp_path / "rt", CT, n_slices=1, SeriesInstanceUID="1.2.3.61", Modality="RTSTRUCT", SOPClassUID="1.2.840.10008.5.1.4.1.1.481.3"
    )
    (study,) = scan_archive(tmp_path).studies
    assert study.ct is not None
    assert study.ct.n_slices == 6
    assert sorted(series.why_not or "" for series in study.others) == ["dose_report", "localizer", "rtstruct"]


def test_images_at_the_same_positions_are_dynamic(tmp_path: Path) -> None:
    def edit(index: int, dataset: Dataset) -> None:
        dataset.ImagePositionPatient = [0, 0, 3.0 * (index % 6)]
        dataset.AcquisitionTime = f"11{index // 6:02d}00"

    write_series(tmp_path, n_slices=18, edit=edit)
    (study,) = scan_archive(tmp_path).studies
    assert study.pet is None
    assert study.others[0].why_not == "dynamic"
    assert study.reject == (Reason.NO_PET_SERIES, {"pet_series": 1, "why_not": {"dynamic": 1}})


def test_two_reconstructions_are_ambiguous(tmp_path: Path) -> None:
    write_series(tmp_path / "a")
    write_series(tmp_path / "b", SeriesInstanceUID="1.2.3.70")
    (study,) = scan_archive(tmp_path).studies
    assert study.pet is None
    assert study.reject is not None
    assert study.reject[0] is Reason.AMBIGUOUS_SERIES
    assert [series.why_not for series in study.others] == ["ambiguous", "ambiguous"]


def test_a_site_names_the_reconstruction_it_reads(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", CT)
    write_series(tmp_path / "a", SeriesDescription="PET AC TOF")
    write_series(tmp_path / "b", SeriesInstanceUID="1.2.3.70", SeriesDescription="WB_3D_MAC")
    (study,) = scan_archive(tmp_path, prefer_pet=["3D_MAC", "PET AC"]).studies
    assert study.pet is not None
    assert study.pet.series_instance_uid == "1.2.3.70"
    assert [series.why_not for series in study.others] == ["not_preferred"]


def test_original_wins_over_derived_and_long_over_short(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", CT, n_slices=40)
    write_series(tmp_path / "derived", n_slices=40, SeriesInstanceUID="1.2.3.70", ImageType=["DERIVED", "SECONDARY"])
    write_series(tmp_path / "original", n_slices=40)
    write_series(tmp_path / "head", n_slices=10, SeriesInstanceUID="1.2.3.71")
    (study,) = scan_archive(tmp_path).studies
    assert study.pet is not None
    assert study.pet.series_instance_uid == "1.2.3.2"
    assert {series.series_instance_uid: series.why_not for series in study.others} == {
        "1.2.3.70": "derived",
        "1.2.3.71": "partial_coverage",
    }


def test_a_second_bed_range_is_recognised(tmp_path: Path) -> None:
    def legs(index: int, dataset: Dataset) -> None:
        dataset.ImagePositionPatient = [0, 0, -200.0 + 3.0 * index]

    write_series(tmp_path / "ct", CT, n_slices=40)
    write_series(tmp_path / "torso", n_slices=40)
    write_series(tmp_path / "legs", n_slices=20, SeriesInstanceUID="1.2.3.71", edit=legs)
    (study,) = scan_archive(tmp_path).studies
    assert study.pet is not None
    assert study.pet.n_slices == 40
    assert [series.why_not for series in study.others] == ["split_range"]


def test_the_ct_must_share_the_frame_of_reference(tmp_path: Path) -> None:
    write_series(tmp_path / "pet")
    write_series(tmp_path / "ct", CT, FrameOfReferenceUID="1.2.3.99")
    (study,) = scan_archive(tmp_path).studies
    assert study.ct is None
    assert study.reject == (Reason.NO_CT_SERIES, {"ct_series": 1, "why_not": {"other_frame_of_reference": 1}})


def test_the_ct_that_covers_the_pet_wins(tmp_path: Path) -> None:
    write_series(tmp_path / "pet", n_slices=40)
    write_series(tmp_path / "chest", CT, n_slices=15, SeriesInstanceUID="1.2.3.80")
    write_series(tmp_path / "body", CT, n_slices=40, SeriesInstanceUID="1.2.3.81")
    (study,) = scan_archive(tmp_path).studies
    assert study.ct is not None
    assert study.ct.series_instance_uid == "1.2.3.81"
    assert [series.why_not for series in study.others] == ["alternative"]


@pytest.mark.parametrize(
    ("day", "clock", "is_taken"), [("20200102", "105500", True), ("20200103", "105500", False), ("20180102", "105500", False)]
)
@pytest.mark.parametrize("study_uid", ["1.2.3.1", "1.2.3.200"])
def test_the_ct_is_of_the_same_visit(tmp_path: Path, study_uid: str, day: str, clock: str, is_taken: bool) -> None:
    """Archives copy frames of reference: a CT of another day under the PET's own is not the one that belongs to it."""
    write_series(tmp_path / "pet")
    write_series(tmp_path / "ct", CT, StudyInstanceUID=study_uid, SeriesDate=day, AcquisitionDate=day, AcquisitionTime=clock)
    study = next(study for study in scan_archive(tmp_path).studies if study.pet is not None)
    assert (study.ct is not None) == is_taken


def test_the_ct_of_the_visit_wins_over_a_longer_one_of_later(tmp_path: Path) -> None:
    write_series(tmp_path / "pet", n_slices=40)
    write_series(tmp_path / "ac", CT, n_slices=38, SeriesInstanceUID="1.2.3.80", AcquisitionTime="105500")
    write_series(tmp_path / "venous", CT, n_slices=40, SeriesInstanceUID="1.2.3.81", AcquisitionTime="114500", SeriesNumber=1)
    (study,) = scan_archive(tmp_path).studies
    assert study.ct is not None
    assert study.ct.series_instance_uid == "1.2.3.80"


@pytest.mark.parametrize(
    ("element", "value"),
    [("CorrectedImage", ["DECY", "NORM"]), ("SeriesType", ["GATED", "IMAGE"]), ("ImageType", ["DERIVED", "PRIMARY", "MPR"])],
)
def test_no_part_of_a_series_of_two_kinds_is_used(tmp_path: Path, element: str, value: list[str]) -> None:
    def edit(index: int, dataset: Dataset) -> None:
        if index < 4:
            setattr(dataset, element, value)

    write_series(tmp_path / "pet", n_slices=12, edit=edit)
    write_series(tmp_path / "ct", CT, n_slices=12)
    (study,) = scan_archive(tmp_path).studies
    assert study.pet is None
    assert "mixed_kinds" in str(study.reject)


def test_corrected_and_uncorrected_sets_under_one_uid(tmp_path: Path) -> None:
    def uncorrected(index: int, dataset: Dataset) -> None:
        dataset.SOPInstanceUID, dataset.CorrectedImage = f"1.2.3.999.{index}", ["DECY", "NORM"]

    write_series(tmp_path / "ac")
    write_series(tmp_path / "nac", edit=uncorrected)
    write_series(tmp_path / "ct", CT)
    (study,) = scan_archive(tmp_path).studies
    assert study.pet is not None
    assert [series.why_not for series in study.others] == ["nac"]


def test_whole_series_win_over_those_with_a_gap(tmp_path: Path) -> None:
    for name, base, uid in (("pet", PET, "1.2.3.70"), ("ct", CT, "1.2.3.80")):
        write_series(tmp_path / f"{name} whole", base, n_slices=12)
        write_series(tmp_path / f"{name} gap", base, n_slices=12, SeriesInstanceUID=uid)[5].unlink()
    (study,) = scan_archive(tmp_path).studies
    assert study.pet is not None
    assert study.ct is not None
    assert (study.pet.n_slices, study.ct.n_slices) == (12, 12)
    assert sorted(series.why_not or "" for series in study.others) == ["alternative", "slices_missing"]


def test_a_ct_in_another_study_of_the_patient(tmp_path: Path) -> None:
    write_series(tmp_path / "pet")
    write_series(tmp_path / "ct", CT, StudyInstanceUID="1.2.3.200")
    studies = {study.study_instance_uid: study for study in scan_archive(tmp_path).studies}
    pet_study = studies["1.2.3.1"]
    assert pet_study.reject is None
    assert pet_study.ct is not None
    assert studies["1.2.3.200"].reject == (Reason.NO_PET_SERIES, {"pet_series": 0, "why_not": {}})


def test_a_ct_alone_can_be_converted_but_is_no_exam(tmp_path: Path) -> None:
    write_series(tmp_path / "short", CT)
    write_series(tmp_path / "long", CT, n_slices=20, SeriesInstanceUID="1.2.3.81")
    (study,) = scan_archive(tmp_path).studies
    assert study.ct is not None
    assert study.ct.n_slices == 20
    assert study.reject == (Reason.NO_PET_SERIES, {"pet_series": 0, "why_not": {}})


def test_enhanced_pet_alone_is_an_unsupported_object(tmp_path: Path) -> None:
    write_series(tmp_path, SOPClassUID="1.2.840.10008.5.1.4.1.1.130", NumberOfFrames=6)
    (study,) = scan_archive(tmp_path).studies
    assert study.reject == (Reason.UNSUPPORTED_OBJECT, {"SOPClass": "Enhanced PET Image"})


def test_progress_counts_files(tmp_path: Path) -> None:
    write_series(tmp_path)
    seen: list[int] = []
    scan_archive(tmp_path, on_progress=seen.append)
    assert seen[-1] == 6


def test_a_second_scan_reads_only_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from petarseg.dicom import index as module

    files = write_series(tmp_path / "archive" / "pet")
    write_series(tmp_path / "archive" / "ct", CT)
    (tmp_path / "archive" / "notes.txt").write_text("not DICOM")
    keys = KeyFolder.open(tmp_path / "key")
    first = scan_archive(tmp_path / "archive", cache=keys)
    assert first == scan_archive(tmp_path / "archive")
    read: list[Path] = []

    def spy(path: Path) -> Header:
        read.append(path)
        return read_header(path)

    monkeypatch.setattr(module, "read_header", spy)
    assert scan_archive(tmp_path / "archive", cache=keys) == first
    assert read == []
    files[0].write_bytes(files[0].read_bytes() + b"\0\0")
    files[1].unlink()
    second = scan_archive(tmp_path / "archive", cache=keys)
    assert read == [files[0]]
    assert second.n_files == 11
    monkeypatch.undo()
    assert second == scan_archive(tmp_path / "archive")
    for path in (tmp_path / "key").rglob("*"):
        assert not path.is_file() or b"Person" not in path.read_bytes()


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    write_series(tmp_path / "open")
    (tmp_path / "closed").mkdir()
    listed = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert [(item.path.name, item.why) for item in scan_archive(tmp_path).unreadable] == [("closed", "permission")]


def test_a_pipe_in_the_archive_is_not_waited_for(tmp_path: Path) -> None:
    import os

    write_series(tmp_path)
    os.mkfifo(tmp_path / "pipe.dcm")
    (tmp_path / "link_to_pipe").symlink_to(tmp_path / "pipe.dcm")
    index = scan_archive(tmp_path)
    assert (index.n_files, index.unreadable) == (6, ())


def test_a_zip_archive_cannot_name_files_outside(tmp_path: Path) -> None:
    outside = write_series(tmp_path / "outside", n_slices=4, StudyInstanceUID="1.2.3.66")
    inside = write_series(tmp_path / "inside")
    (tmp_path / "archive").mkdir()
    with zipfile.ZipFile(tmp_path / "archive" / "export.zip", "w") as archive:
        for path in inside:
            archive.write(path, path.name)
        for path in outside:
            archive.writestr(str(path), b"x")
            archive.writestr(f"../outside/{path.name}", b"x")
    index = scan_archive(tmp_path / "archive")
    assert [study.study_instance_uid for study in index.studies] == ["1.2.3.1"]
    assert [(item.path.name, item.why) for item in index.unreadable] == [("export.zip", "damaged")]


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    folder = tmp_path / "archive" / os.fsdecode(b"M\xfcller")
    write_series(folder, SeriesDescription="PET WB")
    index = scan_archive(tmp_path / "archive", cache=KeyFolder.open(tmp_path / "key"))
    assert index == scan_archive(tmp_path / "archive", cache=KeyFolder.open(tmp_path / "key"))
    write_index(index, tmp_path / "out")
    (row,) = pq.read_table(tmp_path / "out" / "series.parquet").to_pylist()
    assert row["files"][0] == f"{tmp_path}/archive/M\ufffdller/000"
    assert row["description"] == "PET WB"


def change_last_pixel(index: int, dataset: Dataset) -> None:
    if index == 3:
        dataset.PixelData = dataset.PixelData[:-2] + b"\x01\x02"


def change_slope(index: int, dataset: Dataset) -> None:
    if index == 3:
        dataset.RescaleSlope = 3.0


@pytest.mark.parametrize("edit", [change_last_pixel, change_slope])
def test_two_images_under_one_instance_uid_are_not_chosen_from(tmp_path: Path, edit: Callable[[int, Dataset], None]) -> None:
    write_series(tmp_path / "a")
    write_series(tmp_path / "b", edit=edit)
    (study,) = scan_archive(tmp_path).studies
    assert study.pet is None
    assert study.reject == (Reason.NO_PET_SERIES, {"pet_series": 1, "why_not": {"duplicate_instance": 1}})


def test_a_copy_may_differ_in_what_does_not_matter(tmp_path: Path) -> None:
    write_series(tmp_path / "a")
    write_series(tmp_path / "b", ImageComments="sent again")
    write_series(tmp_path / "c", syntax="1.2.840.10008.1.2")
    index = scan_archive(tmp_path)
    assert index.studies[0].pet is not None
    assert index.n_duplicates == 12


def test_two_ranges_of_one_length_are_trunk_and_legs(tmp_path: Path) -> None:
    def legs(index: int, dataset: Dataset) -> None:
        dataset.ImagePositionPatient = [0, 0, -20.0 + 3.0 * index]

    write_series(tmp_path / "legs", n_slices=40, SeriesInstanceUID="1.2.3.1", edit=legs)
    write_series(tmp_path / "trunk", n_slices=40)
    write_series(tmp_path / "ct", CT, n_slices=40)
    (study,) = scan_archive(tmp_path).studies
    assert study.pet is not None
    assert study.pet.series_instance_uid == "1.2.3.2"
    assert [(series.series_instance_uid, series.why_not) for series in study.others] == [("1.2.3.1", "split_range")]


def test_series_without_a_frame_of_reference_do_not_belong_together(tmp_path: Path) -> None:
    write_series(tmp_path / "pet", FrameOfReferenceUID=None)
    write_series(tmp_path / "ct", CT, FrameOfReferenceUID=None)
    (study,) = scan_archive(tmp_path).studies
    assert study.reject == (Reason.NO_CT_SERIES, {"ct_series": 1, "why_not": {"no_frame_of_reference": 1}})


def test_the_ct_of_the_same_visit_to_the_table_wins(tmp_path: Path) -> None:
    write_series(tmp_path / "pet")
    write_series(tmp_path / "late", CT, SeriesInstanceUID="1.2.3.80", AcquisitionTime="131500", SliceThickness=5.0)
    write_series(tmp_path / "early", CT, SeriesInstanceUID="1.2.3.81", AcquisitionTime="105500")
    (study,) = scan_archive(tmp_path).studies
    assert study.ct is not None
    assert study.ct.series_instance_uid == "1.2.3.81"


@pytest.mark.parametrize("patient_id", ["P2", ""])
@pytest.mark.parametrize("modality", [PET, CT])
def test_nothing_is_used_of_a_study_of_two_patients(tmp_path: Path, modality: dict[str, object], patient_id: str) -> None:
    write_series(tmp_path / "pet")
    write_series(tmp_path / "ct", CT)
    other = {"SeriesInstanceUID": "1.2.3.88", "PatientID": patient_id, "AccessionNumber": "A2"}
    write_series(tmp_path / "other", modality, n_slices=30, **other)
    write_series(tmp_path / "elsewhere", PET, StudyInstanceUID="1.2.3.200", SeriesInstanceUID="1.2.3.201", SOPInstanceUID="1.2.3.202")
    mixed, whole = sorted(scan_archive(tmp_path).studies, key=lambda study: len(study.others), reverse=True)
    assert mixed.reject == (Reason.AMBIGUOUS_SERIES, {"patients": 2})
    assert mixed.pet is None
    assert mixed.ct is None
    assert {mixed.patient_id, *mixed.other_patient_ids} == {"P1", patient_id}
    assert {(series.role, series.why_not) for series in mixed.others} == {("other", "mixed_patients")}
    assert whole.pet is not None
    assert whole.ct is None  # the CT in the PET's frame of reference is of the mixed study


def test_an_object_that_names_no_patient_makes_no_second_one(tmp_path: Path) -> None:
    write_series(tmp_path / "pet")
    write_series(tmp_path / "ct", CT)
    write_series(tmp_path / "sc", CT, SeriesInstanceUID="1.2.3.88", SOPClassUID="1.2.840.10008.5.1.4.1.1.7", PatientID="", n_slices=1)
    (study,) = scan_archive(tmp_path).studies
    assert study.reject is None
    assert study.other_patient_ids == ()


@pytest.mark.parametrize(("element", "why"), [("PatientID", "mixed_patients"), ("FrameOfReferenceUID", "mixed_frames")])
@pytest.mark.parametrize("from_slice", [3, 7])
def test_no_part_of_a_mixed_series_is_used(tmp_path: Path, element: str, why: str, from_slice: int) -> None:
    def edit(index: int, dataset: Dataset) -> None:
        if index >= from_slice:
            setattr(dataset, element, "1.2.3.77")

    write_series(tmp_path, edit=edit, n_slices=8)
    (study,) = scan_archive(tmp_path).studies
    assert study.pet is None
    assert {series.why_not for series in study.others} == {why}
    two_patients = (Reason.AMBIGUOUS_SERIES, {"patients": 2})
    assert study.reject == (two_patients if element == "PatientID" else (Reason.NO_PET_SERIES, {"pet_series": 2, "why_not": {why: 2}}))


def test_members_of_one_name_are_not_lost_silently(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "exam.zip", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in write_series(tmp_path / "files"):
            archive.write(path, "IM0001")
    shutil.rmtree(tmp_path / "files")
    assert [(item.path.name, item.why) for item in scan_archive(tmp_path).unreadable] == [("exam.zip", "damaged")]


def test_a_header_corrected_in_place_is_read_again(tmp_path: Path) -> None:
    keys = KeyFolder.open(tmp_path / "key")
    files = write_series(tmp_path / "archive")
    assert scan_archive(tmp_path / "archive", cache=keys).studies[0].patient_id == "P1"
    for path in files:
        before = path.stat()
        path.write_bytes(path.read_bytes().replace(b"P1", b"P2"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as rsync -t and cp -p do
    assert scan_archive(tmp_path / "archive", cache=keys).studies[0].patient_id == "P2"


def test_files_that_cannot_be_read_are_listed(tmp_path: Path) -> None:
    short = write_series(tmp_path / "archive")[2]
    short.write_bytes(short.read_bytes()[:600])
    (tmp_path / "archive" / "broken.dcm").write_bytes(b"junk")
    write_index(scan_archive(tmp_path / "archive"), tmp_path / "out")
    rows = pq.read_table(tmp_path / "out" / "unreadable.parquet").to_pylist()
    assert sorted((Path(row["file"]).name, row["why"]) for row in rows) == [("002", "truncated"), ("broken.dcm", "damaged")]
