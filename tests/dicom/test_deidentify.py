from __future__ import annotations

import datetime
import json
import os
import warnings
import zipfile
from pathlib import Path

import pydicom
import pytest
from dicom import planted_phi as phi
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

from petarseg.dicom.deidentify import Audit, DeidOptions, deidentify_tree
from petarseg.dicom.instance import deidentify_batch, start_worker
from petarseg.errors import ConfigError, ExamRejected
from petarseg.keys import KeyFolder
from petarseg.leakscan import scan_files
from petarseg.reasons import Reason

INLINE = DeidOptions(workers=1)


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    return KeyFolder.open(tmp_path / "key")


def outputs(folder: Path) -> list[pydicom.FileDataset]:
    return [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


def run(tmp_path: Path, keys: KeyFolder, **options: object) -> Audit:
    return deidentify_tree(tmp_path / "in", tmp_path / "out", keys, verify=True, options=DeidOptions(workers=1, **options))


@pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRLittleEndian,
        pytest.param(ImplicitVRLittleEndian, marks=pytest.mark.slow),
        pytest.param(ExplicitVRBigEndian, marks=pytest.mark.slow),
        pytest.param(DeflatedExplicitVRLittleEndian, marks=pytest.mark.slow),
    ],
    ids=lambda s: s.name,
)
def test_nothing_planted_is_left(tmp_path: Path, keys: KeyFolder, syntax: pydicom.uid.UID) -> None:
    planted = phi.Planted()
    for number, make in enumerate((phi.pet, phi.ct), start=1):
        dataset = make(number)
        phi.plant(dataset, planted)
        name = tmp_path / "in" / "Quillfeather_Theodora" / f"{phi.ROOT}.{number}.dcm"
        phi.write(dataset, name, syntax=syntax, preamble=b"Quillfeather, Theodora".ljust(128))
    audit = run(tmp_path, keys)
    assert audit.files["written"] == 2
    needles = [
        *planted.values,
        phi.PATIENT,
        "Quillfeather",
        "Theodora",
        phi.PATIENT_ID,
        "4711001",
        phi.STUDY_DATE,
        phi.BIRTH_DATE,
        phi.ROOT,
        "zqx",
    ]
    assert len(planted.values) > 5000
    leaks = scan_files(tmp_path / "out", needles)
    if leaks:
        known = sorted(set(needles))
        pytest.fail("; ".join(f"{leak.kind} {planted.values.get(known[leak.needle], '')}" for leak in leaks[:5]))
    for path in (tmp_path / "out").rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert b"zqx" not in data.lower()
        assert b"quill" not in data.lower()
    assert scan_files(tmp_path / "key", needles) == []


def test_what_suv_needs_is_intact(tmp_path: Path, keys: KeyFolder) -> None:
    source = phi.pet(1)
    phi.write(source, tmp_path / "in" / "a")
    run(tmp_path, keys)
    (result,) = outputs(tmp_path / "out")
    for keyword in (
        *("Units", "DecayCorrection", "CorrectedImage", "SeriesType", "SeriesTime", "AcquisitionTime", "PatientWeight", "PatientSize"),
        *("PatientSex", "RescaleSlope", "RescaleIntercept", "PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient", "Rows"),
        *("Manufacturer", "ManufacturerModelName", "ImageType", "PixelData", "ActualFrameDuration", "PixelRepresentation", "Modality"),
    ):
        assert result[keyword].value == source[keyword].value, keyword
    before, after = (dataset.RadiopharmaceuticalInformationSequence[0] for dataset in (source, result))
    for keyword in ("RadionuclideTotalDose", "RadionuclideHalfLife", "RadiopharmaceuticalStartTime", "Radiopharmaceutical"):
        assert after[keyword].value == before[keyword].value
    assert after.RadionuclideCodeSequence == before.RadionuclideCodeSequence
    philips = result.private_block(0x7053, "Philips PET Private Group")
    assert (str(philips[0x00].value), str(philips[0x09].value)) == ("0.000431", "1.234")
    assert 0x03 not in philips
    shift = datetime.timedelta(days=keys.day_shift(phi.PATIENT_ID))
    moved = (datetime.date(2014, 3, 12) + shift).strftime("%Y%m%d")
    assert {result.StudyDate, result.SeriesDate, result.ContentDate} == {moved}
    assert after.RadiopharmaceuticalStartDateTime == f"{moved}091500.00"
    assert result.private_block(0x0009, "GEMS_PETD_01")[0x0D].value == f"{moved}101500.00"
    assert 0x10 not in result.private_block(0x0009, "GEMS_PETD_01")


def test_the_object_says_how_it_was_deidentified(tmp_path: Path, keys: KeyFolder) -> None:
    phi.write(phi.ct(1), tmp_path / "in" / "a")
    run(tmp_path, keys)
    (result,) = outputs(tmp_path / "out")
    assert result.PatientIdentityRemoved == "YES"
    assert result.LongitudinalTemporalInformationModified == "MODIFIED"
    codes = [item.CodeValue for item in result.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113105", "113107", "113108", "113111"]  # PS3.16, CID 7050
    assert result.PatientName == result.PatientID == keys.pseudonym("patient", phi.PATIENT_ID)
    assert result.PatientAge == "090Y"
    assert result.PatientBirthDate == ""
    assert result.SeriesDescription == "PET WB AC"
    assert result.StudyDescription == "PET/CT whole body"
    assert result.preamble == b"\0" * 128
    assert result.file_meta.MediaStorageSOPInstanceUID == result.SOPInstanceUID == keys.uid(f"{phi.ROOT}.3.1")
    assert "SourceApplicationEntityTitle" not in result.file_meta


def test_references_between_objects_still_hold(tmp_path: Path, keys: KeyFolder) -> None:
    slices = [phi.ct(number) for number in (1, 2, 3)]
    for number, dataset in enumerate([*slices, phi.rtstruct(slices)]):
        phi.write(dataset, tmp_path / "in" / str(number))
    run(tmp_path, keys)
    images = {item.SOPInstanceUID: item for item in outputs(tmp_path / "out") if item.Modality == "CT"}
    (structures,) = (item for item in outputs(tmp_path / "out") if item.Modality == "RTSTRUCT")
    frame = structures.ReferencedFrameOfReferenceSequence[0]
    study = frame.RTReferencedStudySequence[0]
    series = study.RTReferencedSeriesSequence[0]
    image = next(iter(images.values()))
    assert frame.FrameOfReferenceUID == image.FrameOfReferenceUID
    assert study.ReferencedSOPInstanceUID == image.StudyInstanceUID == structures.StudyInstanceUID
    assert series.SeriesInstanceUID == image.SeriesInstanceUID
    assert {item.ReferencedSOPInstanceUID for item in series.ContourImageSequence} == set(images)
    assert series.ContourImageSequence[0].ReferencedSOPClassUID == image.SOPClassUID
    assert structures.StructureSetLabel == "GTV"


def test_year_only_keeps_the_year_and_every_interval(tmp_path: Path, keys: KeyFolder) -> None:
    source = phi.pet(1)
    source.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime = "20140311235000"
    phi.write(source, tmp_path / "in" / "a")
    run(tmp_path, keys, dates="year")
    (result,) = outputs(tmp_path / "out")
    assert result.StudyDate == "20140101"
    assert result.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime == "20131231235000"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: setattr(d, "SOPClassUID", SecondaryCaptureImageStorage), Reason.BURNED_IN_RISK),
        (lambda d: setattr(d, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.6.1"), Reason.BURNED_IN_RISK),
        (lambda d: setattr(d, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.88.67"), Reason.UNSUPPORTED_OBJECT),
        (lambda d: setattr(d, "SOPClassUID", "1.3.12.2.1107.5.9.1"), Reason.UNSUPPORTED_OBJECT),
        (lambda d: setattr(d, "BurnedInAnnotation", "YES"), Reason.BURNED_IN_RISK),
        (lambda d: setattr(d, "ConversionType", "WSD"), Reason.BURNED_IN_RISK),
        (lambda d: setattr(d, "ImageType", ["DERIVED", "SECONDARY", "SCREEN SAVE"]), Reason.BURNED_IN_RISK),
        (lambda d: setattr(d, "SeriesDescription", "Dose_Report"), Reason.BURNED_IN_RISK),
        (lambda d: setattr(d, "PhotometricInterpretation", "RGB"), Reason.BURNED_IN_RISK),
        (lambda d: delattr(d, "ImagePositionPatient"), Reason.BURNED_IN_RISK),
        (lambda d: (delattr(d, "ImagePositionPatient"), setattr(d, "Modality", "OT")), Reason.BURNED_IN_RISK),
        (lambda d: delattr(d, "StudyInstanceUID"), Reason.UNREADABLE_FILE),
    ],
)
def test_refused_objects(tmp_path: Path, keys: KeyFolder, change: object, reason: Reason) -> None:
    dataset = phi.ct(1)
    change(dataset)  # type: ignore[operator]
    phi.write(dataset, tmp_path / "in" / "a")
    audit = run(tmp_path, keys)
    assert audit.files == {"read": 1, "written": 0, "duplicate": 0, "not_dicom": 0, "rejected": 1}
    assert [row["reason"] for row in audit.rejected] == [reason.value]
    assert list((tmp_path / "out").rglob("*.dcm")) == []


@pytest.mark.parametrize("description", ["Lung Screening CT", "AC CT for Fusion", "SnapShot Pulse", "Low dose CT"])
def test_names_that_only_look_risky(tmp_path: Path, keys: KeyFolder, description: str) -> None:
    dataset = phi.ct(1)
    dataset.SeriesDescription = description
    phi.write(dataset, tmp_path / "in" / "a")
    assert run(tmp_path, keys).files["written"] == 1


def test_other_files_stay_behind(tmp_path: Path, keys: KeyFolder) -> None:
    phi.write(phi.ct(1), tmp_path / "in" / "a")
    data = (tmp_path / "in" / "a").read_bytes()
    (tmp_path / "in" / "no_preamble").write_bytes(data[132 + 12 :])
    (tmp_path / "in" / "cut").write_bytes(data[: len(data) // 2])
    (tmp_path / "in" / "notes.txt").write_text("Quillfeather")
    (tmp_path / "in" / "empty").write_bytes(b"")
    audit = run(tmp_path, keys)
    assert audit.files["read"] == 5
    assert audit.files["not_dicom"] == 2
    assert audit.files["written"] >= 1
    assert b"Quillfeather" not in b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())


def test_equal_and_different_objects_of_one_uid(tmp_path: Path, keys: KeyFolder) -> None:
    for name in ("a", "b"):
        phi.write(phi.ct(1), tmp_path / "in" / name)
    other = phi.ct(1)
    other.InstanceNumber = 77
    phi.write(other, tmp_path / "in" / "c")
    audit = run(tmp_path, keys)
    assert audit.files == {"read": 3, "written": 1, "duplicate": 1, "not_dicom": 0, "rejected": 1}
    assert audit.rejected[0]["reason"] == "duplicate_instance"


def test_hidden_bytes_beside_the_pixels(tmp_path: Path, keys: KeyFolder) -> None:
    longer, overlay = phi.ct(1), phi.ct(2)
    longer.PixelData += b"Quillfeather^Theodora "
    overlay.BitsStored, overlay.HighBit = 12, 11
    overlay.PixelData = b"\x05\xf0" * 64
    overlay.add_new(0x60000010, "US", 8)
    overlay.add_new(0x60000102, "US", 12)
    for number, dataset in enumerate((longer, overlay)):
        phi.write(dataset, tmp_path / "in" / str(number))
    run(tmp_path, keys)
    pixels = {item.InstanceNumber: item.PixelData for item in outputs(tmp_path / "out")}
    assert len(pixels[1]) == 128
    assert pixels[2] == b"\x05\x00" * 64


def test_values_in_wrong_places(tmp_path: Path, keys: KeyFolder) -> None:
    dataset = phi.ct(1)
    dataset.PatientID, dataset.AccessionNumber = "4711001", "88776655"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tag, vr, value in (
            (0x00180060, "DS", b"88776655"),  # KVP: the accession number
            (0x00181150, "IS", b"20140312"),  # ExposureTime: the study date
            (0x00180015, "CS", b"QUILLFEATHER"),  # BodyPartExamined
            (0x00181151, "IS", b"Quillfeather"),  # XRayTubeCurrent
            (0x00280120, "LO", b"Quillfeather"),  # PixelPaddingValue, in another representation
            (0x00081090, "LO", b"Biograph 4711001"),
            (0x00080201, "SH", b"Quill "),
            (0x00080060, "CS", b"CT"),
        ):
            dataset[tag] = phi.raw(tag, vr, value)
    phi.write(dataset, tmp_path / "in" / "a")
    audit = run(tmp_path, keys)
    (result,) = outputs(tmp_path / "out")
    for keyword in ("KVP", "ExposureTime", "XRayTubeCurrent", "PixelPaddingValue", "TimezoneOffsetFromUTC"):
        assert keyword not in result
        assert audit.attributes[keyword] == {"removed": 1}
    assert result.ManufacturerModelName == "Biograph"
    assert result.BodyPartExamined == ""
    assert result.Modality == "CT"


def test_a_vendor_factor_without_creator_is_kept(tmp_path: Path, keys: KeyFolder) -> None:
    dataset = phi.pet(1)
    del dataset[0x70530010]
    phi.write(dataset, tmp_path / "in" / "a")
    run(tmp_path, keys)
    (result,) = outputs(tmp_path / "out")
    assert str(result.private_block(0x7053, "Philips PET Private Group")[0x00].value) == "0.000431"


def test_names_in_other_scripts(tmp_path: Path, keys: KeyFolder) -> None:
    dataset = phi.ct(1)
    dataset.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    dataset.PatientName = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    dataset.SeriesDescription = "CT 山田 thorax"
    phi.write(dataset, tmp_path / "in" / "a")
    run(tmp_path, keys)
    (result,) = outputs(tmp_path / "out")
    assert result.SeriesDescription == "CT thorax"
    assert "SpecificCharacterSet" not in result


def test_a_leak_leaves_nothing_behind(tmp_path: Path, keys: KeyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    phi.write(phi.ct(1), tmp_path / "in" / "a")
    # A broken rule: the description passes as it is.
    monkeypatch.setattr("petarseg.dicom.redact._Job._cleaned", lambda self, text, action: text.encode())
    with pytest.raises(ExamRejected) as error:
        run(tmp_path, keys)
    assert error.value.reason is Reason.DEID_LEAK
    assert "Quill" not in json.dumps(error.value.evidence)
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_audit_counts_and_tells_nothing(tmp_path: Path, keys: KeyFolder) -> None:
    phi.write(phi.pet(1), tmp_path / "in" / "a")
    audit = run(tmp_path, keys)
    text = (tmp_path / "out" / "audit.json").read_text()
    assert json.loads(text) == audit.to_json()
    assert audit.attributes["PatientWeight"] == {"kept": 1}
    assert audit.attributes["StudyDate"] == {"changed": 1}
    assert audit.attributes["PatientBirthDate"] == {"changed": 1}
    assert audit.attributes["(7053,xx00)"] == {"kept": 1}
    assert audit.attributes["(7053,xx03)"] == {"removed": 1}
    assert audit.verified is not None
    assert audit.verified["files"] == 1
    assert "Quill" not in text


def test_rerun_does_only_what_is_missing(tmp_path: Path, keys: KeyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("petarseg.dicom.deidentify.BATCH_FILES", 2)
    for number in range(6):
        phi.write(phi.ct(number), tmp_path / "in" / f"{number}")
    batches: list[int] = []

    def work(job: object) -> object:
        batches.append(1)
        if len(batches) == 2:
            raise KeyboardInterrupt
        return original(job)

    from petarseg.dicom import deidentify

    original = deidentify.deidentify_batch
    monkeypatch.setattr(deidentify, "deidentify_batch", work)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, keys)
    assert list((tmp_path / "out").glob("[!.]*")) == []
    first = run(tmp_path, keys)
    assert len(batches) == 4
    files = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.dcm")}
    assert len(files) == 6
    assert run(tmp_path, keys).to_json() == first.to_json()
    assert len(batches) == 4
    next(iter(files)).unlink()
    run(tmp_path, keys)
    assert len(batches) == 5
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.dcm")} == files


def test_processes_give_the_same_result(tmp_path: Path, keys: KeyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("petarseg.dicom.deidentify.BATCH_FILES", 2)
    for number in range(6):
        phi.write(phi.ct(number), tmp_path / "in" / f"{number}")
    for name, workers in (("one", 1), ("two", 2)):
        deidentify_tree(tmp_path / "in", tmp_path / name, keys, verify=True, options=DeidOptions(workers=workers))
    one, two = (
        {path.relative_to(tmp_path / n): path.read_bytes() for path in (tmp_path / n).rglob("*") if path.is_file()} for n in ("one", "two")
    )
    assert one == two


def test_folders_are_checked(tmp_path: Path, keys: KeyFolder) -> None:
    phi.write(phi.ct(1), tmp_path / "in" / "a")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    for source, target, message in (
        (tmp_path / "none", tmp_path / "out", "does not exist"),
        (tmp_path / "in", tmp_path / "in" / "out", "overlap"),
        (tmp_path / "in", tmp_path / "in", "overlap"),
        (tmp_path / "in", tmp_path / "full", "other files"),
        (tmp_path / "in", keys.path, "key folder"),
        (tmp_path / "in", keys.path / "out", "key folder"),
    ):
        with pytest.raises(ConfigError, match=message):
            deidentify_tree(source, target, keys, options=INLINE)
    with pytest.raises(ConfigError, match="key folder lies in the input"):
        deidentify_tree(tmp_path / "in", tmp_path / "out", KeyFolder.open(tmp_path / "in" / "key"), options=INLINE)
    assert not (tmp_path / "out").exists()


def two_patients(tmp_path: Path) -> list[Path]:
    for number in (1, 2):
        dataset = phi.ct(number)
        dataset.PatientID, dataset.StudyInstanceUID = f"Zqx{number}", f"{phi.ROOT}.5.{number}"
        phi.write(dataset, tmp_path / "in" / f"{number}")
    return [tmp_path / "in" / f"{number}" for number in (1, 2)]


def tree(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("verify", [False, True])
def test_another_key_or_date_mode_is_refused(tmp_path: Path, keys: KeyFolder, verify: bool) -> None:
    two_patients(tmp_path)
    run(tmp_path, keys)
    before = tree(tmp_path / "out")
    for other, dates, message in ((KeyFolder.open(tmp_path / "other"), "shift", "with this key"), (keys, "year", "--dates shift")):
        with pytest.raises(ConfigError, match=message):
            deidentify_tree(
                tmp_path / "in",
                tmp_path / "out",
                other,
                verify=verify,
                options=DeidOptions(workers=1, dates=dates),  # type: ignore[arg-type]
            )
        assert tree(tmp_path / "out") == before


@pytest.mark.parametrize("verify", [False, True])
def test_files_whose_source_is_gone_are_refused(tmp_path: Path, keys: KeyFolder, verify: bool) -> None:
    _, gone = two_patients(tmp_path)
    deidentify_tree(tmp_path / "in", tmp_path / "out", keys, options=INLINE)
    patient = keys.pseudonym("patient", "Zqx2")
    gone.unlink()
    with pytest.raises(ConfigError, match=rf"1 files .* such as {patient}/"):
        deidentify_tree(tmp_path / "in", tmp_path / "out", keys, verify=verify, options=INLINE)
    (path,) = (tmp_path / "out" / patient).rglob("*.dcm")
    path.unlink()
    assert deidentify_tree(tmp_path / "in", tmp_path / "out", keys, verify=verify, options=INLINE).files["written"] == 1
    assert len(outputs(tmp_path / "out")) == 1


@pytest.mark.parametrize("name", ["notes.txt", "Quill/notes.txt", "{patient}/notes.txt", "{patient}/link"])
def test_other_files_among_the_outputs_are_refused(tmp_path: Path, keys: KeyFolder, name: str) -> None:
    two_patients(tmp_path)
    run(tmp_path, keys)
    other = tmp_path / "out" / name.format(patient=keys.pseudonym("patient", "Zqx1"))
    other.parent.mkdir(exist_ok=True)
    other.symlink_to(tmp_path / "in") if other.name == "link" else other.write_text("Quillfeather")
    with pytest.raises(ConfigError, match=r"Delete these files|name an empty folder"):
        run(tmp_path, keys)
    assert other.exists()


def test_a_run_after_a_leak_begins_anew(tmp_path: Path, keys: KeyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    two_patients(tmp_path)
    run(tmp_path, keys)
    with monkeypatch.context() as patch:
        patch.setattr("petarseg.dicom.redact._Job._cleaned", lambda self, text, action: text.encode())
        patch.setattr("petarseg.dicom.deidentify.VERSION", 0)
        with pytest.raises(ExamRejected):
            run(tmp_path, keys)
    assert list((tmp_path / "out").iterdir()) == []
    assert run(tmp_path, keys).files["written"] == 2


def test_one_file_gives_what_its_folder_gives(tmp_path: Path, keys: KeyFolder) -> None:
    phi.write(phi.ct(1), tmp_path / "in" / "one.dcm")
    run(tmp_path, keys)
    deidentify_tree(tmp_path / "in" / "one.dcm", tmp_path / "single", keys, verify=True, options=INLINE)
    (one,), (other,) = ((tmp_path / name).rglob("*.dcm") for name in ("out", "single"))
    assert one.read_bytes() == other.read_bytes()


def test_all_of_the_key_folder_is_private(tmp_path: Path, keys: KeyFolder) -> None:
    two_patients(tmp_path)
    run(tmp_path, keys)
    assert {path.stat().st_mode & 0o077 for path in (keys.path, *keys.path.rglob("*"))} == {0}


def test_zip_archives_are_looked_into(tmp_path: Path, keys: KeyFolder) -> None:
    for number in range(3):
        phi.write(phi.ct(number), tmp_path / "plain" / f"{number}")
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in" / "Quillfeather.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in (0, 1):
            archive.write(tmp_path / "plain" / f"{number}", f"Quillfeather/{number}")
        archive.writestr("notes.txt", "Quillfeather")
        archive.writestr("inner.zip", b"PK\x03\x04 another one")
    phi.write(phi.ct(2), tmp_path / "in" / "2")
    (tmp_path / "in" / "broken.zip").write_bytes(b"PK\x03\x04 broken")
    deidentify_tree(tmp_path / "plain", tmp_path / "expected", keys, options=INLINE)
    audit = run(tmp_path, keys)
    assert audit.files == {"read": 6, "written": 3, "duplicate": 0, "not_dicom": 1, "rejected": 2}
    assert [row["reason"] for row in audit.rejected] == ["unreadable_file"] * 2  # archives that may hold exams
    names = {path.relative_to(tmp_path / "out"): path.read_bytes() for path in (tmp_path / "out").rglob("*.dcm")}
    assert names == {path.relative_to(tmp_path / "expected"): path.read_bytes() for path in (tmp_path / "expected").rglob("*.dcm")}
    assert scan_files(tmp_path / "out", ["Quillfeather"]) == []


def test_a_single_zip_archive_and_its_change(tmp_path: Path, keys: KeyFolder) -> None:
    phi.write(phi.ct(1), tmp_path / "a")
    source = tmp_path / "export.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.write(tmp_path / "a", "a")
    assert deidentify_tree(source, tmp_path / "out", keys, options=INLINE).files["written"] == 1
    phi.write(phi.ct(2), tmp_path / "b")
    with zipfile.ZipFile(source, "a") as archive:
        archive.write(tmp_path / "b", "b")
    assert deidentify_tree(source, tmp_path / "out", keys, options=INLINE).files["written"] == 2


def test_pipes_circles_and_dead_links_do_not_stop_a_run(tmp_path: Path, keys: KeyFolder) -> None:
    phi.write(phi.ct(1), tmp_path / "in" / "a")
    os.mkfifo(tmp_path / "in" / "pipe")
    (tmp_path / "in" / "circle").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "dead").symlink_to(tmp_path / "nowhere")
    assert run(tmp_path, keys).files == {"read": 2, "written": 1, "duplicate": 0, "not_dicom": 0, "rejected": 1}


def test_a_full_disk_is_no_fault_of_the_file(tmp_path: Path) -> None:
    """The record of a batch is final: a file must not be written down as unreadable because it could not be written."""
    phi.write(phi.pet(0), tmp_path / "a.dcm")
    start_worker(KeyFolder.open(tmp_path / "key"), tmp_path / "no such folder", "shift")
    with pytest.raises(OSError, match="No such file"):
        deidentify_batch(("0", [tmp_path / "a.dcm"]))
