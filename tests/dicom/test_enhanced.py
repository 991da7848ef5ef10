from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dicom.enhanced_files import (
    LEGACY_CT,
    SCAN,
    item,
    one,
    real_world_map,
    write_enhanced_ct,
    write_enhanced_pet,
    write_legacy_pet,
)
from dicom.pet_files import CT, EXPECTED_FACTOR, HALF_LIFE_S, stored_values, write_series
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from petarseg.decay import average_count_rate_time
from petarseg.dicom.convert import convert_ct, convert_pet, suv_of
from petarseg.dicom.index import scan_archive
from petarseg.errors import ExamRejected
from petarseg.keys import KeyFolder
from petarseg.reasons import Reason

RLE, BIG_ENDIAN = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.2"
Edit = Callable[[Dataset], None]


def groups(dataset: Dataset) -> Dataset:
    return dataset.SharedFunctionalGroupsSequence[0]


def frames(dataset: Dataset) -> Sequence:
    return dataset.PerFrameFunctionalGroupsSequence


def test_enhanced_pet_is_the_volume_of_its_classic_slices(tmp_path: Path) -> None:
    expected = convert_pet(write_series(tmp_path / "classic"))
    converted = convert_pet([write_enhanced_pet(tmp_path / "enhanced")])
    np.testing.assert_array_equal(converted.volume.array, expected.volume.array)
    np.testing.assert_array_equal(converted.volume.affine, expected.volume.affine)
    assert converted.sidecar["reference"] == "decay_correction_datetime"
    assert converted.sidecar["assumptions"] == expected.sidecar["assumptions"]
    assert converted.sidecar["n_slices"] == 6
    assert converted.instance_numbers == (1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99", BIG_ENDIAN, RLE])
def test_transfer_syntaxes(tmp_path: Path, syntax: str) -> None:
    def compress(dataset: Dataset) -> None:
        from pydicom.encaps import encapsulate
        from pydicom.pixels.encoders import RLELosslessEncoder

        stored = stored_values(6)
        encoded = RLELosslessEncoder.iter_encode(
            stored, rows=8, columns=6, bits_allocated=16, bits_stored=16, pixel_representation=1, samples_per_pixel=1,
            photometric_interpretation="MONOCHROME2", number_of_frames=6, encoding_plugin="pydicom",
        )  # fmt: skip
        dataset.PixelData = encapsulate(list(encoded))
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True

    def swap(dataset: Dataset) -> None:
        dataset.PixelData = stored_values(6).byteswap().tobytes()

    expected = convert_pet([write_enhanced_pet(tmp_path / "plain")]).volume.array
    path = write_enhanced_pet(tmp_path / "other", syntax=syntax, edit={RLE: compress, BIG_ENDIAN: swap}.get(syntax))
    np.testing.assert_array_equal(convert_pet([path]).volume.array, expected)


@pytest.mark.parametrize("sop_class", ["1.2.840.10008.5.1.4.1.1.2.1", LEGACY_CT])
def test_enhanced_ct_in_any_order_of_frames(tmp_path: Path, sop_class: str) -> None:
    expected = convert_ct(write_series(tmp_path / "classic", CT))
    converted = convert_ct([write_enhanced_ct(tmp_path / "enhanced", sop_class=sop_class)])
    np.testing.assert_array_equal(converted.volume.array, expected.volume.array)
    np.testing.assert_array_equal(converted.volume.affine, expected.volume.affine)


def test_a_converted_series_follows_the_classic_rules(tmp_path: Path) -> None:
    """The slope of each frame, the classic units and dose in Bq, and the series time as the moment of decay correction."""

    def slopes(index: int, dataset: Dataset) -> None:
        dataset.RescaleSlope = 2.0 + 0.1 * index

    expected = convert_pet(write_series(tmp_path / "classic", edit=slopes, RadiopharmaceuticalStartDateTime=None))
    converted = convert_pet([write_legacy_pet(tmp_path / "legacy")])
    np.testing.assert_allclose(converted.volume.array, expected.volume.array, rtol=1e-4)
    assert converted.sidecar["reference"] == "series_time"
    assert converted.sidecar["dose_bq"] == expected.sidecar["dose_bq"]


def no_private_clock(dataset: Dataset) -> None:
    dataset.DecayCorrectionDateTime = dataset.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime


def stored_suv(unit: str) -> Edit:
    def edit(dataset: Dataset) -> None:
        groups(dataset).RealWorldValueMappingSequence = Sequence([real_world_map(unit, 1e-3)])

    return edit


def kilobecquerel(dataset: Dataset) -> None:
    groups(dataset).RealWorldValueMappingSequence = Sequence([real_world_map("{SUVbw}g/ml", 1.0), real_world_map("kBq/ml", 0.002)])


def dose_in_bq(dataset: Dataset) -> None:
    dataset.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = 350e6


@pytest.mark.parametrize(
    ("edit", "method", "factor"),
    [
        (None, "bqml_start", EXPECTED_FACTOR),
        (kilobecquerel, "bqml_start", EXPECTED_FACTOR),
        (dose_in_bq, "bqml_start", EXPECTED_FACTOR),
        (no_private_clock, "bqml_admin", 70_000.0 / 350e6),
        (stored_suv("{SUVbw}g/ml"), "gml_bw", 1.0),
        (stored_suv("g/ml{SUVbw}"), "gml_bw", 1.0),
        (stored_suv("g/ml{SUVlbm(James128)}"), "gml_lbmjames128", 70.0 / (1.07 * 70.0 - 148.0 * (70.0 / 170.0) ** 2)),
        (stored_suv("cm2/ml{SUVbsa}"), "cm2ml_bsa", 70.0 / (10.0 * 0.007184 * 70.0**0.425 * 170.0**0.725)),
    ],
)
def test_suv_from_the_enhanced_elements(tmp_path: Path, edit: Edit | None, method: str, factor: float) -> None:
    answer = suv_of(write_enhanced_pet(tmp_path / "pet", edit=edit))
    assert (answer["status"], answer.get("method")) == ("ok", method), answer
    assert answer["factor"] == pytest.approx(factor, rel=1e-6)


def test_frames_that_are_not_decay_corrected_are_corrected_one_by_one(tmp_path: Path) -> None:
    def edit(dataset: Dataset) -> None:
        dataset.DecayCorrected = "NO"
        del dataset.DecayCorrectionDateTime

    plain = convert_pet([write_enhanced_pet(tmp_path / "corrected")]).volume.array
    array = convert_pet([write_enhanced_pet(tmp_path / "pet", edit=edit)]).volume.array
    centre_s = average_count_rate_time(120.0, HALF_LIFE_S)
    decayed = 2.0 ** ((centre_s + np.array([0, 0, 0, 120, 120, 120])) / HALF_LIFE_S)
    np.testing.assert_allclose(array / plain, np.broadcast_to(decayed, array.shape), rtol=1e-4)


def several(keyword: str, values: tuple[object, object]) -> Edit:
    def edit(dataset: Dataset) -> None:
        for index, frame in enumerate(frames(dataset)):
            setattr(frame.FrameContentSequence[0], keyword, values[index % 2])

    return edit


def forget(macro: str) -> Edit:
    def edit(dataset: Dataset) -> None:
        for group in (groups(dataset), *frames(dataset)):
            if macro in group:
                delattr(group, macro)

    return edit


def two_agents(dataset: Dataset) -> None:
    dataset.RadiopharmaceuticalInformationSequence.append(item(RadionuclideTotalDose=1.0))


def no_moment(dataset: Dataset) -> None:
    del dataset.DecayCorrectionDateTime


def far_moment(dataset: Dataset) -> None:
    dataset.DecayCorrectionDateTime = "20200102170000"


def not_attenuation_corrected(dataset: Dataset) -> None:
    dataset.AttenuationCorrected = "NO"


def one_frame_too_few(dataset: Dataset) -> None:
    del frames(dataset)[-1]


def two_maps(dataset: Dataset) -> None:
    groups(dataset).RealWorldValueMappingSequence = Sequence([real_world_map("Bq/ml"), real_world_map("Bq/ml", 3.0)])


def mixed_types(dataset: Dataset) -> None:
    frames(dataset)[0].PETFrameTypeSequence = one(FrameType=["DERIVED", "PRIMARY", "LOCALIZER", "NONE"])


def moved(dataset: Dataset) -> None:
    frames(dataset)[2].PlanePositionSequence[0].ImagePositionPatient = [-10.0, -20.0, 900.0]


def cut(dataset: Dataset) -> None:
    dataset.PixelData = dataset.PixelData[:-96]


def cut_and_padded(dataset: Dataset) -> None:
    cut(dataset)
    dataset.DataSetTrailingPadding = bytes(400)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (several("StackID", ("1", "2")), Reason.UNSUPPORTED_OBJECT),
        (several("TemporalPositionIndex", (1, 2)), Reason.UNSUPPORTED_OBJECT),
        (forget("PlanePositionSequence"), Reason.UNSUPPORTED_OBJECT),
        (forget("PlaneOrientationSequence"), Reason.UNSUPPORTED_OBJECT),
        (forget("PixelMeasuresSequence"), Reason.UNSUPPORTED_OBJECT),
        (one_frame_too_few, Reason.UNSUPPORTED_OBJECT),
        (two_maps, Reason.UNSUPPORTED_OBJECT),
        (mixed_types, Reason.UNSUPPORTED_OBJECT),
        (forget("RealWorldValueMappingSequence"), Reason.UNITS_UNSUPPORTED),
        (stored_suv("g/ml{SUVbsa}"), Reason.UNITS_UNSUPPORTED),
        (stored_suv("{counts}/s"), Reason.UNITS_UNSUPPORTED),
        (forget("FrameContentSequence"), Reason.REFERENCE_TIME_MISSING),
        (two_agents, Reason.DOSE_MISSING),
        (no_moment, Reason.NOT_DECAY_CORRECTED),
        (far_moment, Reason.REFERENCE_TIME_MISSING),
        (not_attenuation_corrected, Reason.NOT_ATTENUATION_CORRECTED),
        (moved, Reason.SLICES_MISSING),
        (cut, Reason.PIXELS_UNREADABLE),
        (cut_and_padded, Reason.PIXELS_UNREADABLE),
    ],
)
def test_what_is_no_simple_volume_is_named(tmp_path: Path, edit: Edit, reason: Reason) -> None:
    with pytest.raises(ExamRejected) as caught:
        convert_pet([write_enhanced_pet(tmp_path / "pet", edit=edit)])
    assert caught.value.reason is reason
    assert caught.value.evidence
    assert "damaged" not in caught.value.evidence


def test_the_index_knows_enhanced_objects(tmp_path: Path) -> None:
    write_enhanced_pet(tmp_path / "archive" / "pet")
    write_enhanced_ct(tmp_path / "archive" / "ct", n_frames=8)
    keys = KeyFolder.open(tmp_path / "key")
    index = scan_archive(tmp_path / "archive", cache=keys)
    assert scan_archive(tmp_path / "archive", cache=keys) == index
    (study,) = index.studies
    assert study.reject is None
    assert study.pet is not None
    assert study.ct is not None
    assert (study.pet.n_slices, study.ct.n_slices) == (6, 8)
    assert study.pet.z_range_mm == pytest.approx((100.0, 115.0))
    assert (study.pet.tracer, study.pet.files) == ("FDG", (tmp_path / "archive" / "pet",))
    assert suv_of(tmp_path / "archive")["factor"] == pytest.approx(EXPECTED_FACTOR)


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (several("TemporalPositionIndex", (1, 2)), "enhanced_multiframe"),
        (not_attenuation_corrected, "nac"),
        (lambda dataset: setattr(groups(dataset).PETFrameTypeSequence[0], "FrameType", ["DERIVED", "PRIMARY", "MIP", "NONE"]), "mip"),
    ],
)
def test_the_index_says_why_not(tmp_path: Path, edit: Edit, why: str) -> None:
    write_enhanced_pet(tmp_path / "pet", edit=edit)
    (study,) = scan_archive(tmp_path).studies
    assert [series.why_not for series in study.others] == [why]


def test_copies_and_contradictory_copies(tmp_path: Path) -> None:
    first = write_enhanced_pet(tmp_path / "a")
    second = write_enhanced_pet(tmp_path / "b")
    assert convert_pet([first, second]).sidecar["n_slices"] == 6
    assert scan_archive(tmp_path).n_duplicates == 1
    heavier = write_enhanced_pet(tmp_path / "c", edit=lambda dataset: setattr(dataset, "PatientWeight", 80.0))
    with pytest.raises(ExamRejected) as caught:
        convert_pet([first, heavier])
    assert caught.value.reason is Reason.SLICES_DUPLICATED
    (study,) = scan_archive(tmp_path).studies
    assert [series.why_not for series in study.others] == ["duplicate_instance"]


def test_the_moment_of_decay_correction_may_lie_within_the_scan(tmp_path: Path) -> None:
    def edit(dataset: Dataset) -> None:
        dataset.DecayCorrectionDateTime = SCAN.replace(minute=1).strftime("%Y%m%d%H%M%S")

    answer = suv_of(write_enhanced_pet(tmp_path / "pet", edit=edit))
    assert answer["uptake_s"] == 3660.0


@pytest.mark.filterwarnings("ignore")
def test_real_series_converted_by_highdicom(shared_data: Path, tmp_path: Path) -> None:
    """An author of legacy conversions who does not know this reader; the series lies feet first."""
    from highdicom import UID
    from highdicom.legacy import LegacyConvertedEnhancedCTImage, LegacyConvertedEnhancedPETImage
    from pydicom import dcmread

    (study,) = scan_archive(shared_data / "real_cohort" / "dicom" / "STS_042").studies
    assert study.pet is not None
    assert study.ct is not None
    for files, write, convert in (
        (study.pet.files, LegacyConvertedEnhancedPETImage, convert_pet),
        (study.ct.files, LegacyConvertedEnhancedCTImage, convert_ct),
    ):
        packed = write(
            [dcmread(path) for path in files], series_instance_uid=UID(), series_number=9, sop_instance_uid=UID(), instance_number=1
        )
        packed.save_as(tmp_path / "packed")
        expected, converted = convert(files), convert([tmp_path / "packed"])
        np.testing.assert_array_equal(converted.volume.array, expected.volume.array)
        np.testing.assert_allclose(converted.volume.affine, expected.volume.affine)
        assert converted.sidecar == expected.sidecar
