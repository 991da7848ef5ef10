from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from dicom.pet_files import CT, EXPECTED_FACTOR, ORIENTATIONS, PET, stored_values, write_series
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from petarseg.dicom.convert import convert_ct, convert_pet, suv_of
from petarseg.dicom.index import scan_archive
from petarseg.errors import ConfigError, ExamRejected, QuantificationError
from petarseg.reasons import Reason
from petarseg.volume import Units


def test_pet_voxels_lie_where_the_header_puts_them(tmp_path: Path) -> None:
    converted = convert_pet(write_series(tmp_path)[::-1])
    volume = converted.volume
    assert volume.units is Units.SUVBW
    assert volume.array.dtype == np.float32
    assert volume.shape == (6, 8, 6)
    assert volume.spacing_mm == pytest.approx((5.0, 4.0, 3.0))
    assert nib.aff2axcodes(volume.affine) == ("R", "A", "S")
    stored = stored_values(6)
    for slice_index, row, column in [(0, 0, 0), (5, 7, 5), (2, 1, 4)]:
        lps = np.array([-10.0 + 5.0 * column, -20.0 + 4.0 * row, 100.0 + 3.0 * slice_index])
        i, j, k = np.round(volume.ras_mm_to_ijk(lps * [-1, -1, 1])).astype(int)
        assert volume.array[i, j, k] == pytest.approx(stored[slice_index, row, column] * 2.0 * EXPECTED_FACTOR, rel=2e-5)


def test_suv_is_rounded_to_what_sixteen_bits_hold(tmp_path: Path) -> None:
    array = convert_pet(write_series(tmp_path)).volume.array
    assert not np.any(np.ascontiguousarray(array).view(np.uint32) & 0xFF)


def test_instance_numbers_follow_z(tmp_path: Path) -> None:
    assert convert_pet(write_series(tmp_path)).instance_numbers == (6, 5, 4, 3, 2, 1)


@pytest.mark.parametrize("cosines", ORIENTATIONS)
def test_any_orientation_keeps_each_value_at_its_place(tmp_path: Path, cosines: list[float]) -> None:
    volume = convert_pet(write_series(tmp_path, ImageOrientationPatient=cosines)).volume
    stored = stored_values(6)
    along_columns, along_rows = np.array(cosines[:3], float), np.array(cosines[3:], float)
    for slice_index, row, column in [(0, 0, 0), (5, 7, 5), (2, 1, 4)]:
        lps = np.array([-10.0, -20.0, 100.0 + 3.0 * slice_index]) + 5.0 * column * along_columns + 4.0 * row * along_rows
        fractional = volume.ras_mm_to_ijk(lps * [-1, -1, 1])
        i, j, k = np.round(fractional).astype(int)
        np.testing.assert_allclose(fractional, [i, j, k], atol=1e-3)
        assert volume.array[i, j, k] == pytest.approx(stored[slice_index, row, column] * 2.0 * EXPECTED_FACTOR, rel=2e-5)


def test_slope_and_intercept_are_those_of_each_slice(tmp_path: Path) -> None:
    def edit(index: int, dataset: Dataset) -> None:
        dataset.RescaleSlope = 1.0 + index
        dataset.RescaleIntercept = 10.0 * index

    volume = convert_pet(write_series(tmp_path, edit=edit)).volume
    stored = stored_values(6).astype(float)
    for index in range(6):
        expected = np.sort((stored[index] * (1.0 + index) + 10.0 * index).ravel()) * EXPECTED_FACTOR
        np.testing.assert_allclose(np.sort(volume.array[:, :, index].ravel()), expected, rtol=2e-5)


def test_unsigned_values_above_32767(tmp_path: Path) -> None:
    stored = np.full((6, 8, 6), 60_000, dtype=np.uint16)
    volume = convert_pet(write_series(tmp_path, stored=stored, RescaleSlope=0.1)).volume
    assert volume.array.min() == pytest.approx(6_000.0 * EXPECTED_FACTOR, rel=2e-5)


def test_unused_high_bits_are_dropped(tmp_path: Path) -> None:
    def edit(index: int, dataset: Dataset) -> None:
        dataset.BitsStored, dataset.HighBit = 12, 11

    stored = (np.full((6, 8, 6), -1_000, dtype=np.int16) & 0x0FFF) | np.int16(0x5000)
    volume = convert_ct(write_series(tmp_path, CT, stored=stored, edit=edit, RescaleIntercept=0.0)).volume
    assert volume.array.dtype == np.int16
    assert np.unique(volume.array).tolist() == [-1_000]


def test_ct_is_hounsfield_units_in_int16(tmp_path: Path) -> None:
    converted = convert_ct(write_series(tmp_path, CT))
    assert converted.volume.units is Units.HU
    assert converted.volume.array.dtype == np.int16
    assert np.sort(converted.volume.array.ravel()).tolist() == np.sort(stored_values(6).ravel() - 1024).tolist()


def test_fractional_ct_slope_is_rounded(tmp_path: Path) -> None:
    converted = convert_ct(write_series(tmp_path, CT, RescaleSlope=0.5, RescaleIntercept=-1000.0))
    assert converted.volume.array.max() == np.rint(stored_values(6).max() * 0.5 - 1000.0)


@pytest.mark.parametrize("element", ["RescaleSlope", "RescaleIntercept"])
def test_ct_without_rescale_is_refused(tmp_path: Path, element: str) -> None:
    with pytest.raises(ExamRejected) as caught:
        convert_ct(write_series(tmp_path, CT, **{element: None}))
    assert caught.value.reason is Reason.RESCALE_MISSING


def test_a_model_name_that_names_the_patient_is_dropped(tmp_path: Path) -> None:
    sidecar = convert_pet(write_series(tmp_path, ManufacturerModelName="Scanner of Person")).sidecar
    assert sidecar["model"] is None
    assert sidecar["manufacturer"] == "SIEMENS"
    kept = convert_pet(write_series(tmp_path, Manufacturer="Philips Medical Systems", InstitutionName="St Mary Medical Center")).sidecar
    assert kept["manufacturer"] == "Philips Medical Systems"


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize(
    ("representation", "padding", "is_air"),
    [(1, -2000, True), (1, -32768, True), (0, 63536, True), (1, 1024, False)],
    ids=["GE", "smallest", "unsigned", "a value that the image holds"],
)
def test_ct_padding_is_air(tmp_path: Path, representation: int, padding: int, is_air: bool, syntax: str) -> None:
    stored = np.full((6, 8, 6), 1024, np.int16 if representation else np.uint16)
    stored[:, 0, 0] = padding

    def edit(_: int, dataset: Dataset) -> None:
        dataset.PixelRepresentation, dataset.BitsStored, dataset.HighBit = representation, 16, 15
        dataset.add_new("PixelPaddingValue", "SS" if representation else "US", padding)

    converted = convert_ct(write_series(tmp_path, CT, stored=stored, edit=edit, syntax=syntax, RescaleSlope=1, RescaleIntercept=-1024))
    assert set(np.unique(converted.volume.array)) == ({-1024, 0} if is_air else {0})
    assert converted.sidecar["padded_voxels"] == (6 if is_air else 0)


def test_ct_in_other_units_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExamRejected) as caught:
        convert_ct(write_series(tmp_path, CT, RescaleType="US"))
    assert caught.value.reason is Reason.UNITS_UNSUPPORTED


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"ImagePositionPatient": None}, Reason.GEOMETRY_MISSING),
        ({"PixelSpacing": None}, Reason.GEOMETRY_MISSING),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, Reason.GEOMETRY_INCONSISTENT),
        ({"PixelSpacing": [0.0, 0.0]}, Reason.GEOMETRY_INCONSISTENT),
        ({"RescaleSlope": None}, Reason.RESCALE_MISSING),
        ({"RescaleSlope": 0.0}, Reason.RESCALE_MISSING),
        ({"RescaleSlope": 1e-9}, Reason.SUV_IMPLAUSIBLE),
        ({"RescaleSlope": 2_000.0}, Reason.SUV_IMPLAUSIBLE),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.130"}, Reason.UNSUPPORTED_OBJECT),
        ({"NumberOfFrames": 4}, Reason.UNSUPPORTED_OBJECT),
    ],
)
def test_what_cannot_be_a_volume_is_named(tmp_path: Path, overrides: dict[str, object], reason: Reason) -> None:
    def edit(index: int, dataset: Dataset) -> None:
        if "ImagePositionPatient" in overrides:
            del dataset.ImagePositionPatient

    files = write_series(tmp_path, edit=edit, **{key: value for key, value in overrides.items() if key != "ImagePositionPatient"})
    with pytest.raises(ExamRejected) as caught:
        convert_pet(files)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("heights", "reason"),
    [
        ([0, 3, 6, 12, 15, 18], Reason.SLICES_MISSING),
        ([0, 3, 6, 6, 9, 12], Reason.SLICES_DUPLICATED),
        ([0, 3, 6, 9.6, 12, 15], Reason.GEOMETRY_INCONSISTENT),
        ([0, 3, 6, 7.5, 9, 12], Reason.GEOMETRY_INCONSISTENT),
        ([0, 3, 6.02, 9, 12, 15], None),
    ],
)
def test_spacing_of_slices(tmp_path: Path, heights: list[float], reason: Reason | None) -> None:
    def edit(index: int, dataset: Dataset) -> None:
        dataset.ImagePositionPatient = [0.0, 0.0, heights[index]]

    files = write_series(tmp_path, edit=edit)
    if reason is None:
        assert convert_pet(files).volume.spacing_mm[2] == pytest.approx(3.0)
        return
    with pytest.raises(ExamRejected) as caught:
        convert_pet(files)
    assert caught.value.reason is reason


def test_a_tilted_gantry_is_refused(tmp_path: Path) -> None:
    def edit(index: int, dataset: Dataset) -> None:
        dataset.ImagePositionPatient = [0.0, 0.5 * index, 3.0 * index]

    with pytest.raises(ExamRejected) as caught:
        convert_pet(write_series(tmp_path, edit=edit))
    assert caught.value.reason is Reason.GEOMETRY_INCONSISTENT


def test_too_few_slices(tmp_path: Path) -> None:
    with pytest.raises(ExamRejected) as caught:
        convert_pet(write_series(tmp_path, n_slices=3))
    assert caught.value.reason is Reason.TOO_FEW_SLICES


def test_truncated_pixels_are_refused(tmp_path: Path) -> None:
    files = write_series(tmp_path)
    files[-1].write_bytes(files[-1].read_bytes()[:-10])
    with pytest.raises(ExamRejected) as caught:
        convert_pet(files)
    assert caught.value.reason is Reason.PIXELS_UNREADABLE


def test_copies_count_once_but_different_images_under_one_uid_are_refused(tmp_path: Path) -> None:
    files = write_series(tmp_path / "a")
    copy = tmp_path / "copy"
    copy.write_bytes(files[0].read_bytes())
    assert convert_pet([*files, copy]).volume.shape[2] == 6

    def edit(index: int, dataset: Dataset) -> None:
        dataset.SOPInstanceUID = "1.2.3.4.5"

    with pytest.raises(ExamRejected) as caught:
        convert_pet(write_series(tmp_path / "b", edit=edit))
    assert caught.value.reason is Reason.SLICES_DUPLICATED


def test_slices_that_disagree_about_the_dose_are_refused(tmp_path: Path) -> None:
    def edit(index: int, dataset: Dataset) -> None:
        if index == 3:
            dataset.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = 370e6

    with pytest.raises(QuantificationError) as caught:
        convert_pet(write_series(tmp_path, edit=edit))
    assert caught.value.reason is Reason.FACTOR_CONTRADICTION


def test_sidecar_is_not_identifying(tmp_path: Path) -> None:
    sidecar = convert_pet(write_series(tmp_path, SeriesDescription="Smith PET", InstitutionName="General")).sidecar
    text = json.dumps(sidecar)
    for secret in ("Test", "Person", "P1", "1.2.3", "2020", "A1", "Smith", "General", "110000", "1950"):
        assert secret not in text
    assert sidecar["suv_type"] == "SUVbw"
    assert sidecar["uptake_s"] == 3600.0
    assert sidecar["factor"] == pytest.approx(EXPECTED_FACTOR, rel=1e-9)
    assert sidecar["manufacturer"] == "SIEMENS"


def test_errors_hold_no_path_and_no_header_value(tmp_path: Path) -> None:
    files = write_series(tmp_path / "SmithJohn", Units="SMITH", DecayCorrection="JOHN")
    with pytest.raises(ExamRejected) as caught:
        convert_pet(files)
    message = f"{caught.value} {caught.value.evidence}"
    assert "SMITH" not in message.upper()
    assert "JOHN" not in message


@pytest.mark.parametrize(
    "syntax",
    [
        pytest.param("1.2.840.10008.1.2", id="implicit"),
        pytest.param("1.2.840.10008.1.2.2", id="big endian"),
        pytest.param("1.2.840.10008.1.2.1.99", id="deflated"),
    ],
)
def test_uncompressed_transfer_syntaxes(tmp_path: Path, syntax: str) -> None:
    expected = convert_pet(write_series(tmp_path / "plain")).volume.array

    def swap(index: int, dataset: Dataset) -> None:
        if syntax == "1.2.840.10008.1.2.2":
            dataset.PixelData = np.frombuffer(dataset.PixelData, "<i2").astype(">i2").tobytes()

    np.testing.assert_array_equal(convert_pet(write_series(tmp_path / "other", syntax=syntax, edit=swap)).volume.array, expected)


def test_rle_and_unknown_compression(tmp_path: Path) -> None:
    from pydicom import dcmread
    from pydicom.uid import RLELossless

    expected = convert_pet(write_series(tmp_path / "plain")).volume.array
    files = write_series(tmp_path / "rle")
    for path in files:
        dataset = dcmread(path)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(path)
    np.testing.assert_array_equal(convert_pet(files).volume.array, expected)
    for path in files:
        dataset = dcmread(path)
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.103"  # MPEG-4: video, no decoder
        dataset.save_as(path)
    with pytest.raises(ExamRejected) as caught:
        convert_pet(files)
    assert caught.value.reason is Reason.UNSUPPORTED_TRANSFER_SYNTAX


def test_jpeg_ls(tmp_path: Path) -> None:
    from pydicom import dcmread
    from pydicom.uid import JPEGLSLossless

    pytest.importorskip("jpeg_ls")
    expected = convert_pet(write_series(tmp_path / "plain")).volume.array
    files = write_series(tmp_path / "jls")
    for path in files:
        dataset = dcmread(path)
        dataset.compress(JPEGLSLossless, generate_instance_uid=False)
        dataset.save_as(path)
    np.testing.assert_array_equal(convert_pet(files).volume.array, expected)


def test_weights_written_differently_are_one_weight(tmp_path: Path) -> None:
    def edit(index: int, dataset: Dataset) -> None:
        dataset.PatientWeight = "70" if index % 2 else "70.000"

    assert convert_pet(write_series(tmp_path, edit=edit)).sidecar["weight_kg"] == 70.0


def test_suv_of_one_file_a_list_and_a_folder(tmp_path: Path) -> None:
    files = write_series(tmp_path / "pet")
    write_series(tmp_path / "ct", CT)
    one = suv_of(files[0])
    assert one["status"] == "ok"
    assert one["suv_type"] == "SUVbw"
    assert one["factor"] == pytest.approx(EXPECTED_FACTOR)
    assert one["max"] == pytest.approx(stored_values(6)[0].max() * 2.0 * EXPECTED_FACTOR)
    whole = suv_of(tmp_path)
    assert whole["max"] == suv_of(files)["max"] == pytest.approx(stored_values(6).max() * 2.0 * EXPECTED_FACTOR)
    with pytest.raises(ConfigError):
        suv_of(tmp_path / "absent")


def test_suv_of_refuses_by_name(tmp_path: Path) -> None:
    junk = tmp_path / "junk.dcm"
    junk.write_bytes(b"no dicom here")
    assert suv_of(junk)["reason"] == "unreadable_file"
    assert suv_of(tmp_path)["reason"] == "no_pet_series"
    files = write_series(tmp_path / "nac", CorrectedImage=["DECY", "NORM"])
    answer = suv_of(tmp_path / "nac")
    assert answer == suv_of(files)
    assert answer["reason"] == "not_attenuation_corrected"
    assert answer["evidence"] == {"CorrectedImage": ["DECY", "NORM"]}


def test_suv_of_a_series_must_be_plausible(tmp_path: Path) -> None:
    answer = suv_of(write_series(tmp_path, RescaleSlope=2e-4))  # SUV that calls itself Bq/ml
    assert (answer["status"], answer["reason"]) == ("rejected", "suv_implausible")


def test_suv_of_a_series_with_two_slices_at_one_position_is_refused(tmp_path: Path) -> None:
    def edit(index: int, dataset: Dataset) -> None:
        if index == 3:
            dataset.ImagePositionPatient = [-10.0, -20.0, 106.0]

    files = write_series(tmp_path, edit=edit)
    with pytest.raises(ExamRejected) as caught:
        convert_pet(files)
    assert caught.value.reason is Reason.SLICES_DUPLICATED
    assert suv_of(files)["reason"] == suv_of(tmp_path)["reason"] == "slices_duplicated"


def test_suv_of_two_images_under_one_uid_is_refused(tmp_path: Path) -> None:
    def edit(index: int, dataset: Dataset) -> None:
        dataset.RescaleSlope = 4.0

    files = [*write_series(tmp_path / "a"), write_series(tmp_path / "b", n_slices=1, edit=edit)[0]]
    assert suv_of(files)["reason"] == "slices_duplicated"
    assert suv_of(tmp_path) == suv_of(files)


def test_suv_of_three_slices_needs_no_volume(tmp_path: Path) -> None:
    assert suv_of([write_series(tmp_path)[z] for z in (0, 1, 5)])["status"] == "ok"


@pytest.mark.parametrize(
    ("changes", "evidence"),
    [
        ({"SeriesType": ["WHOLE BODY", "REPROJECTION"]}, {"unsupported": "projection (MIP)"}),
        ({"ImageType": ["DERIVED", "SECONDARY", "MIP"]}, {"unsupported": "projection (MIP)"}),
        ({"CountsSource": "TRANSMISSION"}, {"CountsSource": "TRANSMISSION"}),
    ],
)
def test_suv_of_projections_and_transmission_is_refused(tmp_path: Path, changes: dict[str, object], evidence: dict[str, object]) -> None:
    files = write_series(tmp_path, **changes)
    assert suv_of(files[0]) == suv_of(tmp_path) == {"status": "rejected", "reason": "unsupported_object", "evidence": evidence}
    with pytest.raises(ExamRejected) as caught:
        convert_pet(files)
    assert caught.value.evidence == evidence


@pytest.mark.parametrize(("spacing_mm", "status"), [(3.0, "ok"), (100.0, "rejected")])
def test_half_a_body_does_not_hold_ten_times_the_dose(tmp_path: Path, spacing_mm: float, status: str) -> None:
    files = write_series(tmp_path, spacing_mm=spacing_mm, RadionuclideTotalDose=35e6)
    assert suv_of(files)["status"] == status
    if status == "rejected":
        with pytest.raises(QuantificationError) as caught:
            convert_pet(files)
        assert caught.value.reason is Reason.SUV_IMPLAUSIBLE


def test_suv_of_a_folder_with_two_reconstructions_does_not_choose(tmp_path: Path) -> None:
    write_series(tmp_path / "a")
    write_series(tmp_path / "b", SeriesInstanceUID="1.2.3.7")
    assert suv_of(tmp_path)["reason"] == "ambiguous_series"


# --- real data -------------------------------------------------------------------------------------------------------------


def test_real_cohort_has_the_expected_maxima(shared_data: Path) -> None:
    cohort = shared_data / "real_cohort"
    index = scan_archive(cohort / "dicom")
    assert len(index.studies) == 5
    accepted = json.loads((cohort / "expected.json").read_text())["accepted"]
    pets = {}
    for study in index.studies:
        assert study.reject is None
        assert study.pet is not None
        assert study.ct is not None
        pets[study.patient_id] = convert_pet(study.pet.files).volume
        ct = convert_ct(study.ct.files).volume
        assert -1_100 < ct.array.min() < -900
    for finding in accepted:
        volume = pets[finding["patient_id"]]
        position = volume.ras_mm_to_ijk(np.array(finding["max_lps_mm"]) * [-1, -1, 1])
        ijk = tuple(np.round(position).astype(int))
        assert volume.array[ijk] == pytest.approx(finding["max_suv"], abs=0.01)
        z, y, x = finding["max_zyx"]
        assert ijk == (volume.shape[0] - 1 - x, volume.shape[1] - 1 - y, z)


@pytest.mark.parametrize("name", ["DRO_0_0", "DRO_1_0", "DRO_2_0", "DRO_2_4", "DRO_3_1", "DRO_3_2", "DRO_4_1"])
def test_ibsi_digital_reference_objects(shared_data: Path, name: str) -> None:
    # DRO_list.csv of the IBSI SUV manual: minimum 0.20, median 1.00, maximum 4.00 inside the mask.
    folder = shared_data / "suv_dro" / name
    converted = convert_pet(sorted((folder / "PT").iterdir()))
    mask = nib.as_closest_canonical(nib.load(folder / "mask" / "DRO_mask.nii.gz"))
    inside = converted.volume.array[np.asarray(mask.dataobj) > 0]
    assert (inside.min(), np.median(inside), inside.max()) == pytest.approx((0.20, 1.00, 4.00), rel=0.01)
    assert suv_of(folder / "PT")["status"] == "ok"


def test_qiba_digital_reference_object(shared_data: Path) -> None:
    # DRO user guide, section 3.2: hot test voxel 4.11, cold test voxel -0.11.
    path = shared_data / "qiba_dro" / "female_slice_040"
    answer = suv_of(path)
    assert answer["max"] == pytest.approx(4.11, abs=0.005)
    from pydicom import dcmread

    lowest = dcmread(path).pixel_array.min() * float(dcmread(path).RescaleSlope) * float(str(answer["factor"]))
    assert lowest == pytest.approx(-0.11, abs=0.005)


VENDOR_SLICES = {
    "acrin_flt_breast_ACRIN-FLT-Breast_034_021": Reason.NOT_ATTENUATION_CORRECTED,  # PROPCPS and no ATTN
    "acrin_nsclc_fdg_pet_ACRIN-NSCLC-FDG-PET-058_007": 3.57436e-4,  # 93 kg, 558.2 MBq, 2:00:55, T 6588 s
    "cptac_luad_C3N-02281_028": 3.52884e-4,  # 72 kg, 299.8 MBq, 1:00:56
    "pseudo_phi_dicom_data_3642991663_026": 2.83643e-4,  # 87 kg, 477.0 MBq, 1:09:56
    "tcga_luad_TCGA-50-5072_015": 2.60404e-4,  # 95 kg, 539.0 MBq, 1:01:50
    "nsclc_radiogenomics_AMC-012_029": Reason.NOT_ATTENUATION_CORRECTED,
    "cc_tumor_heterogeneity_CCTH-B01_024": 2.05529e-4,  # 63.5 kg, 450.7 MBq, 0:59:47; the private factors say 2.066e-4
    "acrin_nsclc_fdg_pet_ACRIN-NSCLC-FDG-PET-157_005": 4.21e-4,  # (7053,1000)
    "acrin_nsclc_fdg_pet_ACRIN-NSCLC-FDG-PET-051_003": Reason.NOT_DECAY_CORRECTED,  # NONE, and only the SUV factor
    "naf_prostate_NaF-PROSTATE-01-0002_014": Reason.NOT_ATTENUATION_CORRECTED,
    "lung_pet_ct_dx_Lung_Dx-A0229_009": 4.23257e-4,  # 58 kg, 234.2 MBq, 1:24:53
    "tcga_lusc_TCGA-92-7340_013": Reason.UNSUPPORTED_OBJECT,  # secondary capture of a MIP
    "acrin_nsclc_fdg_pet_ACRIN-NSCLC-FDG-PET-149_007": 2.97555e-4,  # 99.4 kg, 581.6 MBq, 1:27:47
    "tcga_thca_TCGA-DE-A4MA_014": Reason.REFERENCE_TIME_MISSING,  # reformatted, series time after acquisition, no frame duration
}


def test_every_vendor_slice_gets_a_suv_or_a_name(shared_data: Path) -> None:
    for path in sorted((shared_data / "vendor_slices").glob("*/*.dcm")):
        answer, expected = suv_of(path), VENDOR_SLICES[path.stem]
        if isinstance(expected, Reason):
            assert (answer["status"], answer["reason"]) == ("rejected", expected.value), path.stem
            assert answer["evidence"]
        else:
            assert answer["factor"] == pytest.approx(expected, rel=1e-3), path.stem


def test_pet_defaults_are_what_the_tests_assume(tmp_path: Path) -> None:
    assert PET["Units"] == "BQML"
    assert suv_of(write_series(tmp_path)[0])["assumptions"] == []
