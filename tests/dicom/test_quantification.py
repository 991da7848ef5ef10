from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dicom.pet_files import DOSE_BQ, HALF_LIFE_S, WEIGHT_KG, write_series
from pydicom.dataset import Dataset

from petarseg.decay import Vendor
from petarseg.dicom.convert import suv_of
from petarseg.dicom.header import Header
from petarseg.dicom.quantification import read_suv_inputs, vendor_of
from petarseg.dicom.tags import Tag
from petarseg.errors import QuantificationError
from petarseg.reasons import Reason


@pytest.mark.parametrize(
    ("name", "vendor"),
    [
        (b"GE MEDICAL SYSTEMS", Vendor.GE),
        (b"SIEMENS", Vendor.SIEMENS),
        (b"CPS", Vendor.SIEMENS),
        (b"Philips Medical Systems", Vendor.PHILIPS),
        (b"General Electric", Vendor.GE),
        (b"Canon", Vendor.OTHER),
        (b"GERMAN SCANNERS", Vendor.OTHER),
        (b"", Vendor.OTHER),
    ],
)
def test_vendors(name: bytes, vendor: Vendor) -> None:
    assert vendor_of(Header({int(Tag.Manufacturer): name}, "")) is vendor


def test_a_lost_manufacturer_is_told_by_the_private_elements() -> None:
    assert vendor_of(Header({0x70531009: b"1.5"}, "")) is Vendor.PHILIPS
    assert vendor_of(Header({0x00090010: b"GEMS_PETD_01", 0x0009100D: b"20200102110000"}, "")) is Vendor.GE


def test_an_archive_that_put_its_own_name_is_seen_through() -> None:
    """1 % of public series name an importer as the manufacturer (IBSI SUV manual)."""
    imported = {int(Tag.Manufacturer): b"Medical Image Importer"}
    assert vendor_of(Header(imported | {0x70530010: b"Philips PET Private Group", 0x70531000: b"5e-4"}, "")) is Vendor.PHILIPS
    assert vendor_of(Header(imported | {0x00710010: b"SIEMENS MED PT", 0x00711022: b"20200102110000"}, "")) is Vendor.SIEMENS
    assert vendor_of(Header(imported | {0x00090010: b"GEIIS", 0x0009100D: b"20200102110000"}, "")) is Vendor.OTHER


def test_two_injections_are_refused() -> None:
    doses: list[dict[int, bytes]] = [{int(Tag.RadionuclideTotalDose): b"350000000"}, {int(Tag.RadionuclideTotalDose): b"70000000"}]
    twice = Header({int(Tag.RadiopharmaceuticalInformationSequence): doses[:1] * 2}, "")
    assert read_suv_inputs([twice]).dose_bq == 350e6
    header = Header({int(Tag.RadiopharmaceuticalInformationSequence): doses}, "")
    with pytest.raises(QuantificationError) as caught:
        read_suv_inputs([header])
    assert caught.value.reason is Reason.DOSE_MISSING


def test_elements_outside_their_sequence_are_found() -> None:
    header = Header({int(Tag.RadionuclideTotalDose): b"350000000", int(Tag.RadionuclideHalfLife): b"6586.2"}, "")
    inputs = read_suv_inputs([header])
    assert (inputs.dose_bq, inputs.half_life_s) == (350e6, 6586.2)


def test_free_text_is_not_passed_on() -> None:
    inputs = read_suv_inputs([Header({int(Tag.Units): b"SMITH", int(Tag.CorrectedImage): b"ATTN\\JOHN", int(Tag.SUVType): b"DOE"}, "")])
    assert inputs.units == inputs.stored_type == "unknown"
    assert inputs.corrections == {"ATTN", "unknown"}


@pytest.mark.parametrize(
    ("changes", "private", "uptake_min", "reference"),
    [
        ({}, [], 60.0, "series_time"),
        ({"SeriesTime": "120000"}, [(0x0071, "SIEMENS MED PT", 0x22, "DT", "20200102110000.000000")], 60.0, "siemens_private_start"),
        ({"SeriesTime": "120000"}, [(0x0071, "SIEMENS MED PT", 0x22, "DT", "20191224110000")], 60.0, "siemens_private_start"),
        (
            {"SeriesTime": "120000", "Manufacturer": "GE MEDICAL SYSTEMS", "FrameReferenceTime": 0.0},
            [(0x0009, "GEMS_PETD_01", 0x0D, "DT", "20200102105900.00")],
            59.0,
            "ge_private_start",
        ),
        ({"SeriesTime": "120000", "FrameReferenceTime": 359_936.9}, [], 55.0, "frame_reference_time"),
        ({"SeriesTime": "120000", "Manufacturer": "GE MEDICAL SYSTEMS", "FrameReferenceTime": 300_000.0}, [], 55.0, "frame_reference_time"),
        ({"SeriesTime": "120000", "FrameReferenceTime": None, "ActualFrameDuration": None}, [], 60.0, "earliest_acquisition"),
        ({"RadiopharmaceuticalStartDateTime": None}, [], 60.0, "series_time"),
        ({"RadiopharmaceuticalStartTime": None}, [], 60.0, "series_time"),
        (
            {
                "SeriesTime": "003000",
                "AcquisitionTime": "003000",
                "RadiopharmaceuticalStartTime": "233000",
                "RadiopharmaceuticalStartDateTime": None,
            },
            [],
            60.0,
            "series_time",
        ),
        ({"AcquisitionDate": None}, [], 60.0, "series_time"),
        ({"SeriesDate": None}, [], 60.0, "series_time"),
        ({"SeriesDate": None, "AcquisitionDate": None}, [], 60.0, "series_time"),
        ({"SeriesDate": "19000101", "AcquisitionDate": "19000101", "StudyDate": "19000101"}, [], 60.0, "series_time"),
        ({"SeriesDate": None, "AcquisitionDate": None, "StudyDate": None}, [], 60.0, "series_time"),
        (
            {"SeriesDate": None, "AcquisitionDate": None, "StudyDate": None, "RadiopharmaceuticalStartDateTime": None},
            [],
            60.0,
            "series_time",
        ),
        (
            {"SeriesTime": "120000", "DecayCorrectionDateTime": "20200102105500", "FrameReferenceTime": 359_936.9},
            [],
            55.0,
            "decay_correction_datetime",
        ),
        (
            {"Manufacturer": "Importer", "SeriesTime": "120000"},
            [(0x0071, "SIEMENS MED PT", 0x22, "DT", "20200102110000")],
            60.0,
            "siemens_private_start",
        ),
        (
            {"AcquisitionDate": None, "AcquisitionTime": None, "AcquisitionDateTime": "20200102110000.0"},
            [],
            60.0,
            "series_time",
        ),
    ],
)
def test_reference_and_injection_of_whole_files(
    tmp_path: Path, changes: dict[str, Any], private: list[tuple[int, str, int, str, Any]], uptake_min: float, reference: str
) -> None:
    answer = suv_of(write_series(tmp_path, private=private, **changes))
    assert answer["status"] == "ok", answer
    assert answer["reference"] == reference
    assert answer["uptake_s"] == pytest.approx(uptake_min * 60.0, abs=0.2)
    expected = WEIGHT_KG * 1000.0 / (DOSE_BQ * 2.0 ** (-uptake_min * 60.0 / HALF_LIFE_S))
    assert answer["factor"] == pytest.approx(expected, rel=1e-4)


def test_a_scan_across_midnight_under_one_date(tmp_path: Path) -> None:
    """The date of all slices is that of the start; half of them were acquired after midnight."""

    def edit(index: int, dataset: Dataset) -> None:
        dataset.AcquisitionTime = "235900" if index < 3 else "000100"
        dataset.FrameReferenceTime = 59_900.0 if index < 3 else 179_900.0

    changes = {"SeriesTime": "235900", "RadiopharmaceuticalStartTime": "225900", "RadiopharmaceuticalStartDateTime": None}
    answer = suv_of(write_series(tmp_path, edit=edit, **changes))
    assert answer["status"] == "ok", answer
    assert answer["uptake_s"] == pytest.approx(3600.0)
    assert answer["assumptions"] == ["injection_on_day_of_scan", "acquisition_after_midnight"]


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("CorrectedImage", ["DECY", "NORM"]),
        ("DecayCorrectionDateTime", "20200102105500"),
        ("PatientWeight", 71.0),
        ("PatientWeight", None),
        ("DecayCorrection", "ADMIN"),
        ("Units", "GML"),
    ],
)
def test_slices_that_disagree_are_refused(tmp_path: Path, keyword: str, value: object) -> None:
    def edit(index: int, dataset: Dataset) -> None:
        if index == 4:
            setattr(dataset, keyword, value)

    answer = suv_of(write_series(tmp_path, edit=edit))
    assert (answer["reason"], answer["evidence"]) == ("factor_contradiction", {"differs_between_slices": keyword})


def test_slices_that_disagree_about_the_private_start_are_refused(tmp_path: Path) -> None:
    def edit(index: int, dataset: Dataset) -> None:
        moment = "20200102105000" if index == 2 else "20200102110000"
        dataset.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", moment)

    answer = suv_of(write_series(tmp_path, edit=edit, Manufacturer="GE MEDICAL SYSTEMS"))
    assert answer["evidence"] == {"differs_between_slices": "(0009,100D)"}


@pytest.mark.parametrize(("tracer", "half_life_s"), [("FDG", 4062.0), ("Ga-68 DOTATATE", 6586.2)])
def test_the_half_life_must_be_that_of_the_named_tracer(tmp_path: Path, tracer: str, half_life_s: float) -> None:
    answer = suv_of(write_series(tmp_path, Radiopharmaceutical=tracer, RadionuclideHalfLife=half_life_s))
    assert answer["reason"] == "factor_contradiction"
    assert isinstance(answer["evidence"], dict)
    assert answer["evidence"]["elements"] == ["RadionuclideHalfLife", "Radiopharmaceutical"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"RadiopharmaceuticalStartTime": "10", "RadiopharmaceuticalStartDateTime": None}, "injection_time_missing"),
        ({"RadiopharmaceuticalStartTime": "10", "RadiopharmaceuticalStartDateTime": "2020010210"}, "injection_time_missing"),
        ({"SeriesTime": "11", "AcquisitionTime": "11"}, "reference_time_missing"),
        ({"RadiopharmaceuticalStartTime": "10"}, None),
        ({"RadiopharmaceuticalStartTime": "1000", "RadiopharmaceuticalStartDateTime": None}, None),
        ({"SeriesTime": "11"}, None),
    ],
)
def test_a_time_cut_to_the_hour_is_none(tmp_path: Path, changes: dict[str, Any], reason: str | None) -> None:
    answer = suv_of(write_series(tmp_path, **changes))
    assert answer.get("reason") == reason
    if reason is None:
        assert answer["uptake_s"] == pytest.approx(3600.0, abs=0.2)


def test_philips_factors_written_differently_are_one(tmp_path: Path) -> None:
    def edit(index: int, dataset: Dataset) -> None:
        dataset.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0, "DS", "0.000500" if index else "5.0E-4")

    answer = suv_of(write_series(tmp_path, edit=edit, Units="CNTS", Manufacturer="Philips Medical Systems"))
    assert (answer["status"], answer["factor"]) == ("ok", 5e-4)


@pytest.mark.parametrize("claim", [["DECY", "ATTN"], None])
def test_a_method_of_none_is_no_attenuation_correction(tmp_path: Path, claim: list[str] | None) -> None:
    answer = suv_of(write_series(tmp_path, CorrectedImage=claim, AttenuationCorrectionMethod="NONE"))
    assert (answer["status"], answer["reason"]) == ("rejected", "not_attenuation_corrected")


@pytest.mark.parametrize(("declared", "is_noted"), [(6, False), (5, False), (8, True)])
def test_slices_that_are_declared_and_absent_are_noted(tmp_path: Path, declared: int, is_noted: bool) -> None:
    """Gaps are seen from the positions; slices lost at an end only from what the header promises."""
    files = write_series(tmp_path, NumberOfSlices=declared)
    assert ("fewer_slices_than_declared" in suv_of(files)["assumptions"]) == is_noted
    assert "fewer_slices_than_declared" not in suv_of(files[:1])["assumptions"]


def test_lossy_compression_is_noted(tmp_path: Path) -> None:
    assert suv_of(write_series(tmp_path, LossyImageCompression="01"))["assumptions"] == ["lossy_compression"]
