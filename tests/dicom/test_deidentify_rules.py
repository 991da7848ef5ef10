"""The rules of de-identification, one by one."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import pydicom
import pytest
from dicom import planted_phi as phi
from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import tag_for_keyword

from petarseg.dicom import profile
from petarseg.dicom.deidentify import DeidOptions, deidentify_tree
from petarseg.dicom.descriptors import clean_text, is_standard_code, is_vocabulary
from petarseg.dicom.profile import Action, action_for
from petarseg.dicom.verify import leaks_in, start_scanner
from petarseg.keys import KeyFolder
from petarseg.leakscan import scan_files


def action(keyword: str) -> Action:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return action_for(tag)


# PS3.15, Table E.1-1 (2026c), with the options that petarseg takes
@pytest.mark.parametrize(
    ("keyword", "expected"),
    [
        ("PatientBirthDate", Action.EMPTY),
        ("PatientBirthTime", Action.REMOVE),
        ("PatientAddress", Action.REMOVE),
        ("OtherPatientIDsSequence", Action.REMOVE),
        ("AccessionNumber", Action.EMPTY),
        ("ReferringPhysicianName", Action.EMPTY),
        ("OperatorsName", Action.EMPTY),
        ("PatientBirthName", Action.REMOVE),
        ("InstitutionName", Action.EMPTY),
        ("DeviceSerialNumber", Action.EMPTY),
        ("StationName", Action.EMPTY),
        ("SOPInstanceUID", Action.UID),
        ("FrameOfReferenceUID", Action.UID),
        ("ReferencedSOPInstanceUID", Action.UID),
        ("StudyDate", Action.SHIFT),
        ("ContextGroupVersion", Action.REMOVE),
        ("DateOfManufacture", Action.REMOVE),
        ("CodeMeaning", Action.CLEAN_OR_DUMMY),
        ("RadiopharmaceuticalStartDateTime", Action.SHIFT),
        ("StudyTime", Action.KEEP),
        ("PatientSex", Action.KEEP),
        ("PatientWeight", Action.KEEP),
        ("PatientAge", Action.AGE),
        ("EthnicGroup", Action.REMOVE),
        ("SeriesDescription", Action.CLEAN),
        ("StructureSetLabel", Action.CLEAN_OR_DUMMY),
        ("ImageComments", Action.REMOVE),
        ("SourceImageSequence", Action.RECURSE),
        ("RadiopharmaceuticalInformationSequence", Action.RECURSE),
        ("RequestAttributesSequence", Action.REMOVE),
        ("OriginalAttributesSequence", Action.REMOVE),
        ("RadionuclideTotalDose", Action.KEEP),
        ("PixelData", Action.KEEP),
        ("EncapsulatedDocument", Action.REMOVE),
        ("TextComments", Action.REMOVE),
    ],
)
def test_actions(keyword: str, expected: Action) -> None:
    assert action(keyword) is expected


def test_every_attribute_of_the_profile_is_treated() -> None:
    kept = {
        profile.keyword(tag)
        for tag, vr in ((tag, profile.representations(tag)) for tag in profile.basic_profile())
        if vr and action_for(tag) is Action.KEEP and vr[0] != "TM"
    }
    # Retain Patient Characteristics, and the zone that belongs to the modified dates
    assert kept == {
        "PatientSex",
        "PatientSize",
        "PatientWeight",
        "PatientSexNeutered",
        "PregnancyStatus",
        "SmokingStatus",
        "TimezoneOffsetFromUTC",
    }


def test_no_text_passes_unseen() -> None:
    passing = {Action.KEEP, Action.RECURSE}
    texts = {profile.keyword(tag) for tag, (vr, *_) in DicomDictionary.items() if vr in profile.TEXT and action_for(tag) in passing}
    assert texts == {"CodingSchemeDesignator", "TimezoneOffsetFromUTC"}
    names = {profile.keyword(tag) for tag, (vr, *_) in DicomDictionary.items() if vr in ("PN", "AE", "UR")}
    treated = {profile.keyword(tag): action_for(tag) for tag, (vr, *_) in DicomDictionary.items() if vr in ("PN", "AE", "UR")}
    assert names == set(treated)
    assert set(treated.values()) <= {Action.REMOVE, Action.EMPTY, Action.PSEUDONYM}


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("PET WB AC (FDG)", "PET WB AC (FDG)"),
        ("PET WB Smith", "PET WB"),
        ("CT 5.0 B30f thorax", "CT 5.0 B30f thorax"),
        ("68Ga-DOTATATE 3D", "68Ga-DOTATATE 3D"),
        ("Fluorodeoxyglucose F^18^", "Fluorodeoxyglucose F^18^"),
        ("measured,, 0.096000 cm-1,", "measured,, 0.096000 cm-1,"),
        ("PET 12/03/14", "PET"),
        ("PET 12.03.14", "PET"),
        ("PET 2014-03-12", "PET"),
        ("PET 20140312", "PET"),
        ("PET 12MAR2014 mar12", "PET"),
        ("call 555 123 4567 CT", "CT"),
        ("123-45-6789", ""),
        ("MRN4711001 WB", "WB"),
        ("Biograph 64_mCT", "Biograph 64_mCT"),
        ("Discovery 690", "Discovery 690"),
        ("9.3.1", "9.3.1"),
        ("Zorg 7", ""),
        ("PET für Müller", "PET"),
        ("PET 03.2019", "PET"),
        ("PET 2019.03", "PET"),
        ("PET 2019.0312", "PET"),
        ("PET Mai19 okt19 mrt19", "PET"),
        ("PET 93Y 105Y 30Y", "PET 30Y"),
        ("PET 030.123.456", "PET"),
        ("PET 192.168.1.5", "PET"),
        ("XYZ Gauss2.00", "XYZ Gauss2.00"),
        ("PSF+TOF 4i5s", "PSF+TOF 4i5s"),
        ("Biograph64_Vision 600", "Biograph64_Vision 600"),
        ("", ""),
    ],
)
def test_clean_text(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned
    assert is_vocabulary(cleaned)


def test_clean_text_strikes_the_patients_own_name() -> None:
    assert clean_text("PET Mrs Chin head", {"chin"}) == "PET head"


def test_clean_text_strikes_an_id_of_harmless_parts() -> None:
    assert clean_text("PSMA-034 PET 034 PSMA", {"psma 034"}) == "PET 034 PSMA"


@pytest.mark.parametrize(
    ("value", "scheme", "standard"),
    [
        ("C-111A1", "SRT", True),
        ("35321007", "SCT", True),
        ("113100", "DCM", True),
        ("g/ml{SUVbw}", "UCUM", True),
        ("4711", "99HOSPITAL", False),
        ("DOE", "DCM", False),
        ("Doe^Jane", "UCUM", False),
    ],
)
def test_codes(value: str, scheme: str, standard: bool) -> None:
    assert is_standard_code(value, scheme) is standard


def test_a_number_of_the_patient_that_is_somebodys_time_of_day(tmp_path: Path) -> None:
    dataset = phi.ct(1)
    dataset.PatientID, dataset.PatientName, dataset.SeriesDescription, dataset.StudyTime = "X", "X", "CT", "101500"
    phi.write(dataset, tmp_path / "a")
    start_scanner(["101500"])
    assert leaks_in([(str(tmp_path / "a"), [])]) == []
    dataset.SeriesDescription = "CT 101500"
    phi.write(dataset, tmp_path / "a")
    assert leaks_in([(str(tmp_path / "a"), [])]) == ["number"]
    assert leaks_in([(str(tmp_path / "a"), [phi.STUDY_DATE])]) == ["number", "date"]


@pytest.mark.parametrize("seed", range(8))
def test_damaged_files_are_refused_or_clean(tmp_path: Path, seed: int) -> None:
    """Forty files with random damage each: no crash, and no name in what passes."""
    rng = random.Random(seed)
    dataset = phi.pet(1) if seed % 2 else phi.ct(1)
    phi.plant(dataset, phi.Planted(), first=seed, step=211)
    phi.write(dataset, tmp_path / "good")
    data = (tmp_path / "good").read_bytes()
    (tmp_path / "in").mkdir()
    for number in range(40):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 3, 20))):
            at = rng.randrange(132, len(damaged))
            how = rng.random()
            if how < 0.6:
                damaged[at] = rng.randrange(256)
            elif how < 0.8:
                del damaged[at : at + rng.randrange(1, 9)]
            else:
                damaged[at:at] = rng.randbytes(rng.randrange(1, 9))
        (tmp_path / "in" / str(number)).write_bytes(damaged)
    keys = KeyFolder.open(tmp_path / "key")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        audit = deidentify_tree(tmp_path / "in", tmp_path / "out", keys, options=DeidOptions(workers=1))
    assert audit.files["read"] == 40
    assert scan_files(tmp_path / "out", ["Quillfeather", "Theodora", "zqxville", phi.PATIENT_ID]) == []


def test_real_cohort_and_structure_sets(tmp_path: Path, shared_data: Path) -> None:
    source = shared_data / "real_cohort" / "dicom" / "STS_003"
    keys = KeyFolder.open(tmp_path / "key")
    audit = deidentify_tree(source, tmp_path / "out", keys, verify=True, options=DeidOptions(workers=1))
    assert audit.files["written"] == audit.files["read"] == sum(path.is_file() for path in source.rglob("*"))
    results = [pydicom.dcmread(path, stop_before_pixels=True) for path in (tmp_path / "out").rglob("*.dcm")]
    before = {keys.uid(item.SOPInstanceUID): item for item in map(pydicom.dcmread, source.rglob("*.dcm"))}
    assert {item.SOPInstanceUID for item in results} == set(before)
    structures = [item for item in results if item.Modality == "RTSTRUCT"]
    assert len(structures) == 2
    for item in structures:
        assert item.PatientID == keys.pseudonym("patient", "STS_003")
        references = [_references(dataset) for dataset in (before[item.SOPInstanceUID], item)]
        assert len(references[0]) > 50
        assert references[1] == {keys.uid(uid) for uid in references[0]}


def _references(dataset: pydicom.Dataset) -> set[str]:
    return {element.value for element in dataset.iterall() if element.keyword == "ReferencedSOPInstanceUID"}


def test_pseudo_phi_of_a_public_collection(tmp_path: Path, shared_data: Path) -> None:
    """Three MR slices with invented identities pass without them; two CT slices saved as secondary captures do not pass."""
    source = shared_data / "deid_dicom"
    keys = KeyFolder.open(tmp_path / "key")
    audit = deidentify_tree(source, tmp_path / "out", keys, verify=True, options=DeidOptions(workers=1))
    assert audit.files["written"] == 3
    assert [row["reason"] for row in audit.rejected] == ["burned_in_risk"] * 2
    values: set[str] = set()
    for path in (source / "tcia_pseudophi_mr").glob("*.dcm"):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        for element in header.iterall():
            if element.VR in ("PN", "UI", "DA", "LO", "SH", "LT", "ST", "UT") and not clean_text(str(element.value)):
                values.update(str(part) for part in (element.value if element.VM > 1 else [element.value]))
    assert len(values) > 20
    assert scan_files(tmp_path / "out", values) == []
