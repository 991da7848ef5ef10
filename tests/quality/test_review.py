"""Decisions of reviewers are read, weighed and applied; their words stay at the site."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from petarseg.errors import ConfigError
from petarseg.quality.review import DISPUTED, MASK_EDITED, REVIEWED, edited_lesion, read_review, without_labels
from petarseg.volume import Units, Volume

GROWN = {"threshold_suv": 3.0, "method": "avg_itm", "flags": ["split"]}


def decide(folder: Path, reviewer: str, **verdicts: str) -> None:
    folder.mkdir(exist_ok=True)
    items = [{"lesion_id": lesion, "decision": verdict, "comment": "Mr Smith's scar"} for lesion, verdict in verdicts.items()]
    document = {"format": "petarseg-review-1", "dataset": "d", "version": "v", "reviewer": reviewer, "decisions": items}
    (folder / f"review-v-{reviewer}.json").write_text(json.dumps(document))


def test_no_folder_is_no_review(tmp_path):
    review = read_review(tmp_path / "review")
    assert review.decisions == {}
    assert not review.rejected("L1")
    assert review.key(["L1"]) == []


def test_one_rejection_is_enough_and_disagreement_is_flagged(tmp_path):
    decide(tmp_path / "review", "AB", L1="accept", L2="accept", L3="comment")
    decide(tmp_path / "review", "CD", L1="reject", L2="accept")
    review = read_review(tmp_path / "review")
    assert [review.rejected(lesion) for lesion in ("L1", "L2", "L3", "L4")] == [True, False, False, False]
    assert [review.flags(lesion) for lesion in ("L1", "L2", "L3", "L4")] == [(DISPUTED,), (REVIEWED,), (), ()]
    assert review.evidence("L1") == {"accept": 1, "reject": 1}
    assert review.unknown(["L1", "L2"]) == ["L3"]


def test_words_and_initials_are_not_published(tmp_path):
    decide(tmp_path / "review", "AB", L1="reject")
    published = json.dumps([read_review(tmp_path / "review").evidence("L1"), read_review(tmp_path / "review").key(["L1"])])
    assert "Smith" not in published
    assert "AB" not in published


def test_decisions_on_unknown_lesions_are_told_without_names(tmp_path):
    decide(tmp_path / "review", "AB", L00000000aa="accept", L00000000bb="reject")
    (tmp_path / "review" / "John Smith.nii.gz").write_bytes(b"")
    review = read_review(tmp_path / "review")
    warnings = review.warnings(["L00000000aa"])
    assert "1 reviewed lesions are not of this build (L00000000bb)" in warnings[0]
    assert "1 masks or decisions carry no lesion id" in warnings[1]
    assert "Smith" not in "".join(warnings)
    assert review.warnings(["L00000000aa", "L00000000bb", "John Smith"]) == []


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": "other"}', '{"format": "petarseg-review-1"}', '{"format": "petarseg-review-1", "decisions": [1]}']
)
def test_a_wrong_file_is_named(tmp_path, text):
    (tmp_path / "notes.json").write_text(text)
    with pytest.raises(ConfigError, match=r"notes\.json"):
        read_review(tmp_path)


def test_an_unknown_verdict_is_named(tmp_path):
    decide(tmp_path / "review", "AB", L1="maybe")
    with pytest.raises(ConfigError, match="maybe"):
        read_review(tmp_path / "review")


def pet_of(shape: tuple[int, int, int] = (30, 30, 30)) -> Volume:
    affine = np.diag([2.0, 2.0, 4.0, 1.0])
    affine[:3, 3] = (-30.0, -20.0, 100.0)
    array = np.ones(shape, dtype=np.float32)
    array[10:14, 10:14, 10:14] = 6.0
    array[11, 12, 13] = 7.0
    return Volume(array, affine, Units.SUVBW)


def test_a_mask_edited_on_the_native_grid_is_taken_as_it_is(tmp_path):
    pet = pet_of()
    drawn = np.zeros(pet.shape, dtype=np.uint8)
    drawn[10:14, 10:14, 10:14] = 1
    pet.with_array(drawn, Units.LABEL).save(tmp_path / "L1.nii.gz")
    lesion = edited_lesion(read_review(tmp_path).masks["L1"], pet, GROWN)
    assert lesion.mask_start_ijk == (10, 10, 10)
    assert lesion.mask.shape == (4, 4, 4)
    assert lesion.mask.all()
    assert (lesion.suv_max, lesion.max_ijk, lesion.volume_ml) == (7.0, (11, 12, 13), pytest.approx(64 * 0.016))
    assert lesion.stop_reason == "edited"
    assert lesion.flags == (MASK_EDITED, "split")


def test_a_mask_edited_on_the_3_mm_grid_in_another_orientation_lands_on_its_place(tmp_path):
    pet = pet_of()
    # LPS-like axes, 3 mm: the order and directions in which a viewer may save.
    affine = np.diag([-3.0, -3.0, 3.0, 1.0])
    affine[:3, 3] = (30.0, 40.0, 100.0)
    grid = Volume(np.zeros((24, 24, 40), dtype=np.uint8), affine, Units.LABEL)
    places = grid.ijk_to_ras_mm(np.indices(grid.shape).reshape(3, -1).T)
    low, high = pet.ijk_to_ras_mm((9.5, 9.5, 9.5)), pet.ijk_to_ras_mm((13.5, 13.5, 13.5))
    drawn = np.all((places >= low) & (places <= high), axis=1).reshape(grid.shape)
    grid.with_array(drawn.astype(np.uint8)).save(tmp_path / "L1.nii.gz")
    lesion = edited_lesion(tmp_path / "L1.nii.gz", pet, GROWN)
    assert np.abs(np.array(lesion.mask_start_ijk) - 10).max() <= 1
    assert lesion.volume_ml == pytest.approx(drawn.sum() * 0.027, rel=0.15)
    assert lesion.suv_max == 7.0


def write_nrrd(mask: Volume, path: Path, *, layers: int = 1) -> None:
    """Write as 3D Slicer does: LPS directions, the box of the segment only, overlapping segments in layers."""
    voxels = np.argwhere(mask.array)
    box = mask.crop(tuple(int(v) for v in voxels.min(axis=0)), tuple(int(v) + 1 for v in voxels.max(axis=0)))
    array = box.array.transpose(2, 1, 0)
    if layers > 1:
        empty = np.zeros_like(array)
        array = np.stack([empty] * (layers - 1) + [array], axis=3)
    image = sitk.GetImageFromArray(array, isVector=layers > 1)
    matrix = np.diag([-1.0, -1.0, 1.0]) @ box.affine[:3, :3]
    image.SetSpacing(box.spacing_mm)
    image.SetDirection((matrix / box.spacing_mm).ravel().tolist())
    image.SetOrigin((box.affine[:3, 3] * (-1, -1, 1)).tolist())
    sitk.WriteImage(image, str(path))


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("flip", [False, True])
def test_a_segmentation_of_3d_slicer_lands_on_its_place(tmp_path, layers, flip):
    pet = pet_of()
    drawn = np.zeros(pet.shape, dtype=np.uint8)
    drawn[10:14, 10:13, 10:14] = 1
    drawn[11, 13, 13] = 1
    mask = pet.with_array(drawn, Units.LABEL)
    if flip:
        affine = pet.affine @ np.diag([-1.0, -1.0, 1.0, 1.0])
        affine[:3, 3] = pet.ijk_to_ras_mm((29, 29, 0))
        mask = Volume(drawn[::-1, ::-1], affine, Units.LABEL)
    write_nrrd(mask, tmp_path / "L1.seg.nrrd", layers=layers)
    lesion = edited_lesion(read_review(tmp_path).masks["L1"], pet, GROWN)
    back = np.zeros(pet.shape, dtype=bool)
    back[tuple(slice(low, low + size) for low, size in zip(lesion.mask_start_ijk, lesion.mask.shape, strict=True))] = lesion.mask
    np.testing.assert_array_equal(back, drawn > 0)


def test_two_masks_of_one_lesion_and_unreadable_ones_are_refused(tmp_path):
    (tmp_path / "L1.seg.nrrd").write_bytes(b"NRRD0004")
    with pytest.raises(ConfigError, match=r"L1\.seg\.nrrd"):
        edited_lesion(read_review(tmp_path).masks["L1"], pet_of(), GROWN)
    (tmp_path / "L1.nii.gz").write_bytes(b"")
    with pytest.raises(ConfigError, match="two masks"):
        read_review(tmp_path)


def test_work_that_the_build_cannot_use_is_told(tmp_path):
    for name in ("seg.dcm", "Scene.mrb", "notes.txt", ".DS_Store", "extraction.jsonl"):
        (tmp_path / name).write_bytes(b"")
    (warning,) = read_review(tmp_path).warnings([])
    assert "2 files" in warning
    assert "Scene" not in warning


def test_an_empty_or_misplaced_mask_is_refused(tmp_path):
    pet = pet_of()
    empty = np.zeros((4, 4, 4), dtype=np.uint8)
    Volume(empty, pet.affine, Units.LABEL).save(tmp_path / "L1.nii.gz")
    with pytest.raises(ConfigError, match="no voxel above 0"):
        edited_lesion(tmp_path / "L1.nii.gz", pet, GROWN)
    far = pet.affine.copy()
    far[:3, 3] += 5000.0
    Volume(empty + 1, far, Units.LABEL).save(tmp_path / "L2.nii.gz")
    with pytest.raises(ConfigError, match="outside the PET"):
        edited_lesion(tmp_path / "L2.nii.gz", pet, GROWN)


def test_rejected_labels_leave_the_map_and_others_stay():
    labels = Volume(np.arange(8, dtype=np.uint8).reshape(2, 2, 2), np.eye(4), Units.LABEL)
    assert without_labels(labels, {2, 5}).array.ravel().tolist() == [0, 1, 0, 3, 4, 0, 6, 7]
    assert without_labels(labels, ()) is labels
