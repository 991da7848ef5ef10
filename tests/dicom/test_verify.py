from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from dicom import planted_phi as phi
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from petarseg.dicom.deidentify import DeidOptions, deidentify_tree
from petarseg.dicom.verify import leaks_in, start_scanner
from petarseg.errors import ExamRejected
from petarseg.keys import KeyFolder

SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)


def leaks(path: Path, *needles: str, dates: tuple[str, ...] = ()) -> list[str]:
    start_scanner(needles)
    return leaks_in([(str(path), dates)])


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
@pytest.mark.parametrize("name", ["Basic^Ivana", "Safe^Ann", "Long^Annex", "Option^Y", "Profile^A", "Retain^X", "Modified^Z"])
def test_a_patient_called_like_the_marks_of_petarseg(tmp_path: Path, name: str, syntax: UID) -> None:
    dataset = phi.ct(1)
    dataset.PatientName = name
    phi.write(dataset, tmp_path / "in" / "a", syntax=syntax)
    keys = KeyFolder.open(tmp_path / "key")
    audit = deidentify_tree(tmp_path / "in", tmp_path / "out", keys, verify=True, options=DeidOptions(workers=1))
    assert audit.verified is not None
    (path,) = (tmp_path / "out").rglob("*.dcm")
    # Nothing but the marks is left out: the same word counts anywhere else.
    result = pydicom.dcmread(path)
    result.ImageComments = name.replace("^", " ")
    phi.write(result, tmp_path / "b", syntax=syntax)
    assert leaks(tmp_path / "b", *name.split("^"))


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_a_name_is_found_in_every_encoding(tmp_path: Path, syntax: UID) -> None:
    phi.write(phi.ct(1), tmp_path / "a", syntax=syntax)
    assert leaks(tmp_path / "a", "Quillfeather") == ["word"]
    assert leaks(tmp_path / "a", "Zorgheim") == []


def test_a_damaged_deflated_file_is_not_cleared(tmp_path: Path) -> None:
    phi.write(phi.ct(1), tmp_path / "a", syntax=DeflatedExplicitVRLittleEndian)
    data = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(data[:-40])
    assert leaks(tmp_path / "a", "Zorgheim") == ["unreadable"]


def test_an_id_that_is_the_first_of_january_of_a_cohort(tmp_path: Path) -> None:
    for number, (date, study) in enumerate((("20190101", "20190101"), ("20190712", "77"))):
        dataset = phi.pet(number)
        dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = date
        dataset.StudyID, dataset.PatientID, dataset.StudyInstanceUID = study, f"P{number}XYZ", f"1.3.97.8.{number}"
        phi.write(dataset, tmp_path / "in" / str(number))
    keys = KeyFolder.open(tmp_path / "key")
    options = DeidOptions(workers=1, dates="year")
    audit = deidentify_tree(tmp_path / "in", tmp_path / "out", keys, verify=True, options=options)
    assert audit.files["written"] == 2


def test_an_id_like_a_date_counts_in_text_and_a_true_date_everywhere(tmp_path: Path) -> None:
    dataset = phi.ct(1)
    dataset.SeriesDescription = "CT"
    phi.write(dataset, tmp_path / "a")
    assert leaks(tmp_path / "a", phi.STUDY_DATE) == []
    assert leaks(tmp_path / "a", dates=(phi.STUDY_DATE,)) == ["date"]
    dataset.SeriesDescription = f"CT {phi.STUDY_DATE}"
    phi.write(dataset, tmp_path / "a")
    assert leaks(tmp_path / "a", phi.STUDY_DATE) == ["date"]


@pytest.mark.parametrize("text", ["QUUXWORTHY", "MRN4711X99", "48151623", "ACC8842771", "Klinikum Zorgheim", "QUUXWORTHY^ZEPHYRINE"])
def test_text_behind_the_pixel_mark_counts(tmp_path: Path, text: str) -> None:
    native = phi.ct(1)
    native.PixelData = (b"\1\0" * 64)[len(text) + len(text) % 2 :] + text.encode() + b" " * (len(text) % 2)
    phi.write(native, tmp_path / "a")
    assert len(leaks(tmp_path / "a", text)) == 1
    nested = phi.ct(2)
    item = pydicom.Dataset()
    item.add_new(0x7FE00010, "OW", text.encode() + b" " * (len(text) % 2))
    nested.SourceImageSequence = [item]
    phi.write(nested, tmp_path / "b")
    assert len(leaks(tmp_path / "b", text)) == 1


@pytest.mark.parametrize("text", ["Zorgin", "20140312"])
def test_short_text_at_the_borders_of_compressed_frames(tmp_path: Path, text: str) -> None:
    dataset = phi.ct(1)
    dataset.PixelData = encapsulate([b"\xff\xd8" + text.encode() + bytes(4000)])
    dataset["PixelData"].is_undefined_length, dataset["PixelData"].VR = True, "OB"
    phi.write(dataset, tmp_path / "a", syntax=RLELossless)
    assert leaks(tmp_path / "a", text) or leaks(tmp_path / "a", dates=(text,))
    dataset.PixelData = encapsulate([bytes(4000) + b" Toros " + bytes(4001)])
    dataset["PixelData"].is_undefined_length, dataset["PixelData"].VR = True, "OB"
    phi.write(dataset, tmp_path / "a", syntax=RLELossless)
    assert leaks(tmp_path / "a", "Toros") == []  # five bytes occur by chance


def test_a_leak_in_a_deflated_output_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    phi.write(phi.ct(1), tmp_path / "in" / "a", syntax=DeflatedExplicitVRLittleEndian)
    monkeypatch.setattr("petarseg.dicom.redact._Job._cleaned", lambda self, text, action: text.encode())
    with pytest.raises(ExamRejected):
        deidentify_tree(tmp_path / "in", tmp_path / "out", KeyFolder.open(tmp_path / "key"), verify=True, options=DeidOptions(workers=1))
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []
