"""Five real exams with reports: the right findings, the right voxels, nothing identifying, nothing done twice."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pyarrow.parquet as pq
import pydicom
import pytest

from petarseg.keys import KeyFolder
from petarseg.leakscan import scan_files
from tests.flows.conftest import build

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("real_cohort")]


@pytest.fixture(scope="session")
def expected(shared_data):
    return json.loads((shared_data / "real_cohort" / "expected.json").read_text(encoding="utf-8"))


def test_exactly_the_expected_findings_are_kept(real_build, expected):
    kept = sorted((row["suv_max_report"], row["axial_slice_report"]) for row in real_build.rows("lesions"))
    assert kept == sorted((item["suv_max"], item["axial_slice"]) for item in expected["accepted"])


def test_the_hottest_voxel_is_the_expected_one(real_build, expected):
    rows = {(row["suv_max_report"], row["axial_slice_report"]): row for row in real_build.rows("lesions")}
    exams = {row["exam_id"]: row for row in real_build.rows("exams")}
    for item in expected["accepted"]:
        row = rows[item["suv_max"], item["axial_slice"]]
        x, y, z = item["max_lps_mm"]
        gap_mm = np.abs(np.array(row["max_ras_mm"]) - (-x, -y, z))
        assert np.all(gap_mm <= exams[row["exam_id"]]["native_pet_spacing_mm"]), item
        assert row["suv_max"] == pytest.approx(item["max_suv"], abs=0.01)


@pytest.mark.parametrize(
    ("words", "suv_max", "axial_slice", "reasons"),
    [
        ("second focus", 9.7, 24, {"no_matching_maximum", "shared_component"}),
        ("prior study", 12.2, 21, {"prior_value"}),
        ("coronal slice 14", None, None, {"not_axial_slice"}),
        ("left lung nodule", 2.2, 4, {"suv_below_floor"}),
        ("inguinal lymph node", 15.0, 28, {"no_matching_maximum"}),
    ],
)
def test_the_others_are_rejected_for_the_right_reason(real_build, words, suv_max, axial_slice, reasons):
    rows = [row for row in real_build.rows("rejected") if row["sentence"] and words in row["sentence"]]
    if suv_max is not None:
        rows = [row for row in rows if json.loads(row["evidence"]).get("suv_max") in (suv_max, None)]
    assert {row["reason"] for row in rows} & reasons, rows
    assert axial_slice is None or all(json.loads(row["evidence"]).get("axial_slice") in (axial_slice, None) for row in rows)


def test_masks_hold_the_hottest_voxel_and_survive_at_3_mm(real_build):
    for row in real_build.rows("lesions"):
        image = nib.load(real_build.dataset / "volumes" / row["exam_id"] / "lesions.nii.gz")
        mask = np.asarray(image.dataobj) == row["mask_label"]
        assert image.shape == (192, 192, 352)
        assert mask.any()
        i0, j0, k0, i1, j1, k1 = row["bbox_ijk"]
        assert mask[i0:i1, j0:j1, k0:k1].sum() == mask.sum()
        place = np.rint(np.linalg.inv(image.affine) @ [*row["max_ras_mm"], 1])[:3].astype(int)
        near = tuple(slice(max(0, p - 2), p + 3) for p in place)
        assert mask[near].any(), row["lesion_id"]


def test_the_mask_overlaps_the_tumour_that_a_physician_drew(real_build, shared_data):
    """The sarcomas of four exams; the drawn contour is anatomical, so containment of the hottest part is what can be asked."""
    masks = shared_data / "real_cohort" / "masks"
    keys = KeyFolder.open(real_build.out / "key")
    found = 0
    for patient in ("STS_003", "STS_008", "STS_019", "STS_042"):
        drawn = nib.load(masks / f"{patient}_GTV_on_PET.nii.gz")
        tumour = np.asarray(drawn.dataobj) > 0
        for row in real_build.rows("lesions"):
            if row["patient_id"] == "P" + keys.pseudonym("patient", patient):
                place = np.rint(np.linalg.inv(drawn.affine) @ [*row["max_ras_mm"], 1])[:3].astype(int)
                assert tumour[tuple(slice(max(0, p - 1), p + 2) for p in place)].any(), patient
                found += 1
    assert found == 4


def test_every_stage_of_the_funnel_adds_up(real_build):
    funnel = json.loads((real_build.dataset / "funnel.json").read_text(encoding="utf-8"))
    for stage in funnel["stages"]:
        assert stage["read"] == stage["kept"] + sum(stage["dropped"].values()), stage
    assert real_build.result["n_lesions"] == 7


def identifying_strings(cohort: Path, expected: dict) -> set[str]:
    """Everything that the output must not hold, gathered independently of petarseg's own list."""
    found = set(expected["phi_planted_in_reports"])
    keywords = ("PatientID", "PatientName", "AccessionNumber", "StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "StudyID")
    for path in sorted((cohort / "dicom").rglob("*")):
        if path.is_file():
            header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
            found.update(str(header.get(keyword, "")) for keyword in keywords)
            found.update(
                str(element.value) for element in header.iterall() if element.VR == "UI" and element.keyword.endswith("InstanceUID")
            )
            found.add(str(header.get("FrameOfReferenceUID", "")))
    return {value for value in found if len(value) >= 4}


def contents(path: Path) -> bytes:
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:4] == b"PAR1":
        return data + json.dumps(pq.read_table(path).to_pylist(), ensure_ascii=False, default=str).encode()
    return data


def test_nothing_identifying_is_in_the_output_folder(real_build, shared_data, expected):
    needles = identifying_strings(shared_data / "real_cohort", expected)
    assert len(needles) > 700
    by_start: dict[bytes, list[bytes]] = {}
    for needle in needles:
        by_start.setdefault(needle.encode()[:8], []).append(needle.encode())
    leaks = []
    for path in sorted(real_build.out.rglob("*")):
        if path.is_file() and not path.is_symlink():
            data = contents(path)
            found = [needle for start, rest in by_start.items() if start in data for needle in rest if needle in data]
            leaks += [path.relative_to(real_build.out) for _ in found]
    assert leaks == []
    assert not any(needle in real_build.stderr for needle in needles)
    assert scan_files(real_build.out, needles) == []


def test_the_key_folder_is_private(real_build):
    key = real_build.out / "key"
    assert key.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in key.rglob("*"))


def checksums(out: Path) -> str:
    return (out / "dataset" / "latest" / "checksums.sha256").read_text(encoding="utf-8")


def test_a_second_run_does_nothing_and_changes_nothing(real_build, shared_data):
    cohort = shared_data / "real_cohort"
    before = checksums(real_build.out)
    stamps = {path: path.stat().st_mtime_ns for path in (real_build.out / "work" / "records").rglob("*.json")}
    again = build(cohort / "dicom", cohort / "reports.csv", real_build.out)
    assert again.result["reused"]
    assert again.result["version"] == real_build.result["version"]
    assert {path: path.stat().st_mtime_ns for path in (real_build.out / "work" / "records").rglob("*.json")} == stamps
    assert checksums(real_build.out) == before
    assert len(list((real_build.out / "dataset").iterdir())) == 2  # the version and `latest`


def test_the_same_key_gives_the_same_dataset_elsewhere(real_build, shared_data, tmp_path):
    cohort = shared_data / "real_cohort"
    keys = tmp_path / "key"
    keys.mkdir(mode=0o700)
    shutil.copy(real_build.out / "key" / "project.key", keys / "project.key")
    other = build(cohort / "dicom", cohort / "reports.csv", tmp_path / "out", "--key-dir", keys)
    assert other.result["version"] == real_build.result["version"]
    assert checksums(tmp_path / "out") == checksums(real_build.out)
    assert not (tmp_path / "out" / "key").exists()
