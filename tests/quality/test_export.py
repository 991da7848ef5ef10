"""Segmentations lie on the lesion whatever way the series runs, and read back as they were."""

from __future__ import annotations

from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from dicom.pet_files import PET, write_series
from pydicom import dcmread
from tiny_dataset import rows_of, write_tiny_dataset

from petarseg.dicom.convert import convert_ct, convert_pet
from petarseg.errors import ConfigError
from petarseg.quality.dicom_series import ExamHeader
from petarseg.quality.dicom_series import write_series as write_derived
from petarseg.quality.export import Segment, export_exam, read_seg, read_seg_lesions, write_seg
from petarseg.quality.review import MASK_EDITED, edited_lesion, read_review
from petarseg.volume import Units, Volume

SHAPE = (10, 14, 12)  # slices, rows, columns
SEGMENTS = [Segment(1, "1: left lung", "LA"), Segment(4, "4: liver", "LB")]

ORIENTATIONS = {
    "head first supine": [1, 0, 0, 0, 1, 0],
    "columns flipped": [-1, 0, 0, 0, 1, 0],
    "rows flipped": [1, 0, 0, 0, -1, 0],
    "prone": [-1, 0, 0, 0, -1, 0],
    "coronal": [1, 0, 0, 0, 0, -1],
    "sagittal": [0, 1, 0, 0, 0, -1],
    "oblique": [0.8, 0.6, 0, -0.6, 0.8, 0],
    "tilted gantry": [1, 0, 0, 0, 0.96, -0.28],
    "doubly oblique": [0.8, 0.48, -0.36, -0.6, 0.64, -0.48],
    "doubly oblique, flipped": [-0.8, -0.48, 0.36, -0.6, 0.64, -0.48],
}


def make_series(
    folder: Path, orientation: list[float], *, feet_first: bool = False, shuffle: bool = False
) -> tuple[list[Path], Volume, Volume]:
    """Write a PET series with two unlike lesions; return its files, the converted volume and its label map on the native grid."""
    rng = np.random.default_rng(3)
    stored = rng.integers(1_000, 1_500, SHAPE).astype(np.int16)
    stored[2:4, 3:5, 7:10] = 20_000
    stored[7, 9:12, 2] = 15_000
    normal = np.cross(orientation[:3], orientation[3:])
    step = -3.0 if feet_first else 3.0

    def edit(index, dataset):
        dataset.ImagePositionPatient = [float(v) for v in np.array([-30.0, -20.0, 100.0]) + normal * step * index]
        dataset.PatientPosition = "FFS" if feet_first else "HFS"

    paths = write_series(folder, PET, n_slices=SHAPE[0], stored=stored, edit=edit, ImageOrientationPatient=orientation)
    pet = convert_pet(paths).volume
    hot = pet.array / pet.array.max()
    labels = np.where(hot > 0.9, 1, np.where(hot > 0.5, 4, 0)).astype(np.uint8)
    assert (labels == 1).sum() == 12
    assert (labels == 4).sum() == 3
    return (paths[::-1] if shuffle else paths), pet, pet.with_array(labels, Units.LABEL)


@pytest.mark.parametrize("feet_first", [False, True])
@pytest.mark.parametrize("name", ORIENTATIONS)
def test_read_back_equals_the_mask(tmp_path, name, feet_first):
    series, _, labels = make_series(tmp_path / "pet", ORIENTATIONS[name], feet_first=feet_first, shuffle=True)
    back = read_seg(write_seg(labels, SEGMENTS, series, tmp_path / "seg.dcm"))
    for number, label in ((1, 1), (2, 4)):
        found = back.ijk_to_ras_mm(np.argwhere(back.array == number))
        wanted = labels.ijk_to_ras_mm(np.argwhere(labels.array == label))
        order = [np.lexsort(np.round(points, 2).T) for points in (found, wanted)]
        np.testing.assert_allclose(found[order[0]], wanted[order[1]], atol=1e-3)


def places_of_frames(path: Path) -> dict[int, np.ndarray]:
    """Return the patient coordinates (LPS, mm) of each segment's pixels from the bare attributes, without highdicom."""
    data = dcmread(path)
    shared = data.SharedFunctionalGroupsSequence[0]
    found: dict[int, list[np.ndarray]] = {}
    for frame, groups in zip(data.pixel_array, data.PerFrameFunctionalGroupsSequence, strict=True):
        number = int(groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        position = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, dtype=float)
        cosines = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, dtype=float).reshape(2, 3)
        row_mm, column_mm = (float(value) for value in shared.PixelMeasuresSequence[0].PixelSpacing)
        for row, column in np.argwhere(frame):
            found.setdefault(number, []).append(position + cosines[0] * column * column_mm + cosines[1] * row * row_mm)
    return {number: np.array(points) for number, points in found.items()}


@pytest.mark.parametrize("feet_first", [False, True])
@pytest.mark.parametrize("name", ORIENTATIONS)
def test_the_bare_attributes_put_each_pixel_on_its_voxel(tmp_path, name, feet_first):
    """As a viewer reads them: PS3.3 C.7.6.2.1.1, from position, direction and spacing of each frame."""
    series, _, labels = make_series(tmp_path / "pet", ORIENTATIONS[name], feet_first=feet_first)
    found = places_of_frames(write_seg(labels, SEGMENTS, series, tmp_path / "seg.dcm"))
    for number, label in ((1, 1), (2, 4)):
        wanted = labels.ijk_to_ras_mm(np.argwhere(labels.array == label)) * (-1, -1, 1)
        gaps = np.linalg.norm(found[number][:, None] - wanted[None], axis=2)
        assert gaps.shape == (len(wanted), len(wanted))
        assert gaps.min(axis=1).max() < 1e-3
        assert gaps.min(axis=0).max() < 1e-3


@pytest.mark.parametrize("kind", ["binary", "labelmap"])
def test_every_frame_names_its_source_image(tmp_path, kind):
    series, _, labels = make_series(tmp_path / "pet", ORIENTATIONS["prone"])
    seg = hd.seg.segread(write_seg(labels, SEGMENTS, series, tmp_path / "seg.dcm", kind=kind))
    assert seg.SegmentationType == kind.upper()
    assert [item.SegmentLabel for item in seg.SegmentSequence if item.get("SegmentNumber")] == ["1: left lung", "4: liver"]
    assert sorted(label for label, _ in seg.get_tracking_ids()) == ["LA", "LB"]  # highdicom gives them in no order
    source = dcmread(series[0])
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID"):
        assert seg[keyword].value == source[keyword].value
    for path in (series[2], series[3]):
        uid = dcmread(path).SOPInstanceUID
        mask = seg.get_pixels_by_source_instance([uid], combine_segments=True)[0]
        assert (mask == 1).sum() == 6
        assert np.all(dcmread(path).pixel_array[mask == 1] == 20_000)


def test_a_mask_of_the_3_mm_grid_lands_on_the_same_place(tmp_path):
    series, pet, labels = make_series(tmp_path / "pet", ORIENTATIONS["columns flipped"])
    affine = np.diag([1.5, 1.5, 1.5, 1.0])
    low = pet.affine[:3, 3] - 3.0
    affine[:3, 3] = low
    fine = Volume(np.zeros((60, 60, 40), dtype=np.uint8), affine, Units.LABEL)
    index = np.rint(labels.ras_mm_to_ijk(fine.ijk_to_ras_mm(np.indices(fine.shape).reshape(3, -1).T))).astype(int)
    inside = np.all((index >= 0) & (index < labels.shape), axis=1)
    values = np.zeros(len(index), dtype=np.uint8)
    values[inside] = labels.array[tuple(index[inside].T)]
    back = read_seg(write_seg(fine.with_array(values.reshape(fine.shape)), SEGMENTS, series, tmp_path / "seg.dcm"))
    assert (back.array == 1).sum() == 12
    assert (back.array == 2).sum() == 3


def test_equal_inputs_give_equal_bytes(tmp_path):
    series, _, labels = make_series(tmp_path / "pet", ORIENTATIONS["coronal"])
    for name in ("a.dcm", "b.dcm"):
        write_seg(labels, SEGMENTS, series, tmp_path / name)
    assert (tmp_path / "a.dcm").read_bytes() == (tmp_path / "b.dcm").read_bytes()


def test_what_does_not_fit_is_refused(tmp_path):
    series, _, labels = make_series(tmp_path / "pet", ORIENTATIONS["prone"])
    far = labels.affine.copy()
    far[:3, 3] += 5_000
    with pytest.raises(ConfigError, match="same exam"):
        write_seg(Volume(labels.array, far, Units.LABEL), SEGMENTS, series, tmp_path / "seg.dcm")
    other, _, _ = make_series(tmp_path / "other", ORIENTATIONS["prone"])
    dataset = dcmread(other[0])
    dataset.SeriesInstanceUID = "1.2.3.99"
    dataset.save_as(other[0])
    with pytest.raises(ConfigError, match="several series"):
        write_seg(labels, SEGMENTS, [*series, other[0]], tmp_path / "seg.dcm")
    with pytest.raises(ConfigError, match="PET images"):
        write_seg(labels, SEGMENTS, [], tmp_path / "seg.dcm")
    assert not (tmp_path / "seg.dcm").exists()


def test_an_exam_of_a_dataset_becomes_series_that_our_own_reader_reads(tmp_path):
    dataset = write_tiny_dataset(tmp_path / "d")
    seg = export_exam(dataset, "E2", tmp_path / "out")
    pet, ct, labels = (Volume.load(dataset / "volumes" / "E2" / f"{name}.nii.gz") for name in ("pet", "ct", "lesions"))
    read = convert_pet(sorted((tmp_path / "out" / "pet").iterdir()))
    assert read.volume.same_grid(pet)
    np.testing.assert_allclose(read.volume.array, pet.array, atol=pet.array.max() / 32_767)
    back = convert_ct(sorted((tmp_path / "out" / "ct").iterdir())).volume
    assert back.same_grid(ct)
    np.testing.assert_array_equal(back.array, ct.array)
    masks = read_seg(seg)
    for label in (1, 2):
        np.testing.assert_allclose(
            masks.ijk_to_ras_mm(np.argwhere(masks.array == label)), labels.ijk_to_ras_mm(np.argwhere(labels.array == label)), atol=1e-3
        )
    names = [item.SegmentLabel for item in dcmread(seg).SegmentSequence]
    rows = rows_of(dataset, "lesions")[4:6]
    assert names == [f"{row['mask_label']}: {row['laterality']} lung, SUVmax {row['suv_max']:.1f}" for row in rows]
    with pytest.raises(ConfigError, match="no exam E9"):
        export_exam(dataset, "E9", tmp_path / "out")


def test_a_folder_that_looks_like_a_partition_is_no_column(tmp_path):
    dataset = write_tiny_dataset(tmp_path / "site=3" / "sex=M")
    export_exam(dataset, "E0", tmp_path / "out", ct=False)
    assert dcmread(tmp_path / "out" / "pet" / "0001.dcm").PatientSex == "F"


def test_simpleitk_and_the_derived_series_agree(tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    dataset = write_tiny_dataset(tmp_path / "d")
    pet = Volume.load(dataset / "volumes" / "E0" / "pet.nii.gz")
    files = write_derived(pet, ExamHeader("E0", "P0"), tmp_path / "pet")
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path / "pet")))
    image = reader.Execute()
    x, y, z = (int(v) for v in np.unravel_index(int(pet.array.argmax()), pet.shape))
    rx, ry, rz = (float(v) for v in pet.ijk_to_ras_mm((x, y, z)))
    assert image.GetPixel(*image.TransformPhysicalPointToIndex((-rx, -ry, rz))) == pytest.approx(pet.array.max(), rel=1e-4)
    again = write_derived(pet, ExamHeader("E0", "P0"), tmp_path / "again")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in files]
    with pytest.raises(ValueError, match="SUVbw or HU"):
        write_derived(pet.with_array(pet.array, Units.OTHER), ExamHeader("E0", "P0"), tmp_path / "x")


@pytest.mark.parametrize("kind", ["binary", "labelmap"])
def test_each_lesion_reads_back_under_its_id(tmp_path, kind):
    series, _, labels = make_series(tmp_path / "pet", ORIENTATIONS["doubly oblique"], feet_first=True)
    found = read_seg_lesions(write_seg(labels, SEGMENTS, series, tmp_path / "seg.dcm", kind=kind))
    assert {lesion_id: int(mask.array.sum()) for lesion_id, mask in found.items()} == {"LA": 12, "LB": 3}
    with pytest.raises(ConfigError, match="no DICOM Segmentation"):
        read_seg_lesions(series[0])


@pytest.mark.parametrize("feet_first", [False, True])
@pytest.mark.parametrize("name", ["head first supine", "rows flipped", "doubly oblique"])
def test_a_mask_edited_in_a_viewer_comes_back_through_review(tmp_path, name, feet_first):
    """Out as a segmentation on the site's own series, edited there, dropped into review/, measured on the native PET."""
    series, pet, labels = make_series(tmp_path / "pet", ORIENTATIONS[name], feet_first=feet_first)
    mask = read_seg_lesions(write_seg(labels, SEGMENTS, series, tmp_path / "seg.dcm"))["LA"]
    voxels = np.argwhere(mask.array)
    edited = mask.array.copy()
    edited[tuple(voxels[-1])] = 0
    mask.with_array(edited).save(tmp_path / "review" / "LA.nii.gz")
    grown = {"threshold_suv": 1.0, "method": "avg_itm", "flags": []}
    lesion = edited_lesion(read_review(tmp_path / "review").masks["LA"], pet, grown)
    back = np.zeros(pet.shape, dtype=bool)
    back[tuple(slice(low, low + size) for low, size in zip(lesion.mask_start_ijk, lesion.mask.shape, strict=True))] = lesion.mask
    wanted = labels.array == 1
    assert int(back.sum()) == 11
    assert not np.any(back & ~wanted)
    removed = mask.ijk_to_ras_mm(voxels[-1])
    np.testing.assert_allclose(pet.ijk_to_ras_mm(np.argwhere(wanted & ~back)[0]), removed, atol=1e-3)
    assert MASK_EDITED in lesion.flags


def test_a_published_exam_edited_in_a_viewer_keeps_its_place(tmp_path):
    """The same from the dataset alone: its derived series, its 3 mm grid."""
    dataset = write_tiny_dataset(tmp_path / "d")
    found = read_seg_lesions(export_exam(dataset, "E1", tmp_path / "out"))
    labels = Volume.load(dataset / "volumes" / "E1" / "lesions.nii.gz")
    pet = Volume.load(dataset / "volumes" / "E1" / "pet.nii.gz", Units.SUVBW)
    assert sorted(found) == ["LE11", "LE12"]
    for label, lesion_id in ((1, "LE11"), (2, "LE12")):
        found[lesion_id].save(tmp_path / "review" / f"{lesion_id}.nii.gz")
        lesion = edited_lesion(tmp_path / "review" / f"{lesion_id}.nii.gz", pet, {"threshold_suv": 1.0, "method": "avg_itm", "flags": []})
        back = np.zeros(pet.shape, dtype=bool)
        back[tuple(slice(low, low + size) for low, size in zip(lesion.mask_start_ijk, lesion.mask.shape, strict=True))] = lesion.mask
        np.testing.assert_array_equal(back, labels.array == label)
