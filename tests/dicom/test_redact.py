"""What is remembered from slice to slice must not change what comes out."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from dicom import planted_phi as phi
from pydicom.dataset import Dataset

from petarseg.dicom import redact
from petarseg.dicom.elements import silent_pydicom
from petarseg.dicom.plain import read_plain
from petarseg.dicom.redact import Redactor
from petarseg.keys import KeyFolder


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    return KeyFolder.open(tmp_path / "key")


def read(dataset: Dataset, folder: Path) -> Dataset:
    phi.write(dataset, folder / "x")
    plain = read_plain((folder / "x").read_bytes())
    assert plain is not None
    return plain


def series(folder: Path) -> list[Dataset]:
    """Slices of two patients in turn; each is named in the other's descriptions."""
    planted, slices = phi.Planted(), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(4):
            for make in (phi.ct, phi.pet):
                dataset = make(number)
                phi.plant(dataset, planted, first=number % 2, step=60)
                if number % 2:
                    dataset.PatientName, dataset.PatientID, dataset.StudyDate = "Wholebody^Fdg", "99887766", "20190505"
                dataset.StudyDescription, dataset.AcquisitionDate = "PET Wholebody FDG Quillfeather", "20140313"
                dataset.KVP = "99887766"
                slices.append(read(dataset, folder))
    return slices


@pytest.mark.parametrize("dates", ["shift", "year"])
def test_memory_changes_nothing(tmp_path: Path, keys: KeyFolder, dates: redact.DateMode) -> None:
    remembering = Redactor(keys, dates=dates)
    for slices in (series(tmp_path), series(tmp_path)):
        for dataset in slices:
            with silent_pydicom():
                one, other = remembering.redact(dataset), Redactor(keys, dates=dates).redact(dataset)
            assert b"".join(one.body) == b"".join(other.body)
            assert one.counts == other.counts
            assert (one.identities.needles, one.identities.dates, one.identities.words) == (
                *(other.identities.needles, other.identities.dates, other.identities.words),
            )


def test_a_patients_own_name_is_struck_for_that_patient_alone(tmp_path: Path, keys: KeyFolder) -> None:
    redactor = Redactor(keys)
    bodies = []
    for dataset in series(tmp_path)[0::2]:
        with silent_pydicom():
            bodies.append(b"".join(redactor.redact(dataset).body))
    assert [b"Wholebody" in body for body in bodies] == [True, False, True, False]
    assert not any(b"Quillfeather" in body for body in bodies)
    assert [b"99887766" in body for body in bodies] == [True, False, True, False]  # an id of one, a number to the other


def test_the_rules_see_an_element_once(tmp_path: Path, keys: KeyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    original = redact._Job._treat

    def counting(self: object, source: Dataset, tag: int, *rest: object) -> None:
        seen.append(tag)
        original(self, source, tag, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(redact._Job, "_treat", counting)
    redactor = Redactor(keys)
    datasets = [read(phi.ct(number), tmp_path) for number in range(3)]
    for dataset in datasets:
        redactor.redact(dataset)
    rest = seen[len(datasets[0]) :]
    assert 0 < len(set(rest)) <= 5, [hex(tag) for tag in rest]  # what differs between slices, and the pixels


def test_memory_is_bounded(tmp_path: Path, keys: KeyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "MAX_REMEMBERED", 10)
    redactor = Redactor(keys)
    for number in range(3):
        redactor.redact(read(phi.ct(number), tmp_path))
        assert len(redactor._jobs) == 1
        assert sum(map(len, redactor._found.values())) < 100


def redacted(dataset: Dataset, folder: Path, keys: KeyFolder) -> bytes:
    with silent_pydicom():
        return b"".join(Redactor(keys).redact(read(dataset, folder)).body)


@pytest.mark.parametrize("patient_id", ["PSMA-034", "B-1234", "123.456.789-09", "PT.012.FDG"])
def test_an_id_of_harmless_parts_stays_nowhere(tmp_path: Path, keys: KeyFolder, patient_id: str) -> None:
    dataset = phi.pet(0)
    dataset.PatientID, dataset.PatientName = patient_id, "ANON"
    dataset.SeriesDescription = f"PET {patient_id} WB"
    dataset.RadiopharmaceuticalInformationSequence[0].Radiopharmaceutical = patient_id
    assert patient_id.encode() not in redacted(dataset, tmp_path, keys)


@pytest.mark.parametrize("spelling", ["48151623", "0048151623", "48151623.0", "+48151623", "4.8151623e7"])
def test_an_id_is_no_number_however_it_is_written(tmp_path: Path, keys: KeyFolder, spelling: str) -> None:
    dataset = phi.pet(0)
    dataset.AccessionNumber, dataset.KVP = "0048151623", spelling
    dataset.add_new("SelectorULValue", "UL", 48151623)
    body = redacted(dataset, tmp_path, keys)
    assert spelling.encode() not in body
    assert (48151623).to_bytes(4, "little") not in body


def test_what_suv_needs_stays_though_an_id_is_the_same_number(tmp_path: Path, keys: KeyFolder) -> None:
    dataset = phi.pet(0)
    dataset.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = "558202880"
    dataset.PatientID = "558202880"
    assert b"558202880" in redacted(dataset, tmp_path, keys)


@pytest.mark.parametrize(("scheme", "stays"), [("DCM", True), ("99SDM", True), ("C5", True), ("ZORGHEIM", False), ("99ZORGHEIM", False)])
def test_coding_schemes_name_no_site(tmp_path: Path, keys: KeyFolder, scheme: str, stays: bool) -> None:
    dataset = phi.pet(0)
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "C-111A1", scheme, "Radionuclide"
    dataset.RadiopharmaceuticalInformationSequence[0].RadionuclideCodeSequence = [item]
    assert (scheme.encode() in redacted(dataset, tmp_path, keys)) == stays


def test_a_table_that_swallowed_text_is_removed_and_a_ramp_stays(tmp_path: Path, keys: KeyFolder) -> None:
    dataset = phi.pet(0)
    dataset.add_new("SimpleFrameList", "UL", [3] * 100 + list(memoryview(b"Zorgheim^Quillfeather 1.2.840.10.20 ").cast("I")) + [5] * 100)
    dataset.add_new("SelectorUSValue", "US", list(range(256)) * 2)
    body = redacted(dataset, tmp_path, keys)
    assert b"Quillfeather" not in body
    assert bytes([65, 0, 66, 0, 67, 0]) in body
