"""What users get wrong, and what archives hold: a message or a reject row, never a traceback, nothing lost."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.flows.conftest import ROOT, build, environment, petarseg

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("bad_input")]


@pytest.fixture(scope="module")
def small_cohort(tmp_path_factory):
    """Two phantom exams."""
    out = tmp_path_factory.mktemp("small") / "cohort"
    petarseg("phantom", "--out", out, "--exams", 2)
    return out


def refused(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert done.returncode == 2, done.stderr
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_missing_paths(tmp_path, small_cohort):
    reports = small_cohort / "reports.csv"
    refused(
        petarseg("build", "--archive", tmp_path / "no", "--reports", reports, "--out", tmp_path / "o", check=None), "--archive: no such"
    )
    refused(
        petarseg("build", "--archive", small_cohort / "dicom", "--reports", tmp_path / "no.csv", "--out", tmp_path / "o", check=None),
        "--reports: no such",
    )


def test_an_empty_archive(tmp_path, small_cohort):
    (tmp_path / "empty").mkdir()
    done = petarseg(
        "build", "--archive", tmp_path / "empty", "--reports", small_cohort / "reports.csv", "--out", tmp_path / "o", check=None
    )
    refused(done, "no DICOM study was found")


def test_a_table_with_wrong_columns_names_what_it_has(tmp_path, small_cohort):
    (tmp_path / "r.csv").write_text("id,text\n1,hello\n", encoding="utf-8")
    done = petarseg("build", "--archive", small_cohort / "dicom", "--reports", tmp_path / "r.csv", "--out", tmp_path / "o", check=None)
    refused(done, "report")
    assert "text" in done.stderr


def test_a_config_with_a_misspelt_key(tmp_path, small_cohort):
    (tmp_path / "c.toml").write_text("[lesions]\nmethd = 'avg_itm'\n", encoding="utf-8")
    done = petarseg(
        *("build", "--archive", small_cohort / "dicom", "--reports", small_cohort / "reports.csv"),
        *("--out", tmp_path / "o", "--config", tmp_path / "c.toml"),
        check=None,
    )
    refused(done, "lesions.methd")


def test_an_output_path_that_is_a_file(tmp_path, small_cohort):
    (tmp_path / "file").write_text("")
    done = petarseg(
        "build", "--archive", small_cohort / "dicom", "--reports", small_cohort / "reports.csv", "--out", tmp_path / "file", check=None
    )
    refused(done, "cannot write the output folder")


def test_damage_costs_one_exam_and_every_loss_is_a_row(tmp_path, small_cohort):
    """A truncated PET slice, junk files, a report without exam, an exam without report: the rest is built."""
    archive = tmp_path / "dicom"
    shutil.copytree(small_cohort / "dicom", archive)
    with (small_cohort / "reports.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    truth = json.loads((small_cohort / "truth" / "truth.json").read_text(encoding="utf-8"))
    damaged = truth["exams"][0]
    pet = [path for path in sorted(archive.rglob("*")) if path.is_file() and is_slice_of(path, damaged["pet_series_instance_uid"])]
    middle = pet[len(pet) // 2]
    middle.write_bytes(middle.read_bytes()[:-2000])
    (archive / "junk").write_bytes(os.urandom(5000))
    (archive / "notes.txt").write_text("not DICOM")
    (archive / "short.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\x02\x00")
    rows.append({**rows[0], "report_id": "R9999", "accession_number": "X1", "study_instance_uid": "1.2.3", "patient_id": "nobody"})
    reports = tmp_path / "reports.csv"
    with reports.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    built = build(archive, reports, tmp_path / "out")
    assert built.result["n_exams"] == 1
    reasons = {row["reason"] for row in built.rows("rejected")}
    assert {"report_without_exam", "unreadable_file"} <= reasons
    assert reasons & {"pixels_unreadable", "slices_missing"}
    for stage in built.result["funnel"]["stages"]:
        assert stage["read"] == stage["kept"] + sum(stage["dropped"].values())
    strict = petarseg("build", "--archive", archive, "--reports", reports, "--out", tmp_path / "out", "--strict", check=None)
    assert strict.returncode == 1


def is_slice_of(path: Path, series_uid: str) -> bool:
    import pydicom

    header = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=["SeriesInstanceUID"])
    return header.get("SeriesInstanceUID") == series_uid


def test_a_cohort_without_any_usable_finding_publishes_an_empty_dataset(tmp_path, small_cohort):
    with (small_cohort / "reports.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    reports = tmp_path / "reports.csv"
    with reports.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "report": "FINDINGS: No abnormal uptake."} for row in rows)
    built = build(small_cohort / "dicom", reports, tmp_path / "out")
    assert built.result["n_lesions"] == 0
    assert {row["reason"] for row in built.rows("rejected")} == {"no_usable_sentence"}
    assert pq.read_schema(built.dataset / "lesions.parquet").names[0] == "lesion_id"


def test_reports_that_join_nothing_do_not_replace_a_dataset_by_an_empty_one(tmp_path, small_cohort):
    good = build(small_cohort / "dicom", small_cohort / "reports.csv", tmp_path / "out")
    assert good.result["n_lesions"] > 0
    reports = tmp_path / "reports.csv"
    reports.write_text("report\nFINDINGS: Left lung nodule with SUVmax 5.6 (axial slice 55).\n", encoding="utf-8")
    empty = build(small_cohort / "dicom", reports, tmp_path / "out")
    assert empty.result["n_lesions"] == 0
    assert "latest still names the version before" in " ".join(empty.result["warnings"])
    assert (tmp_path / "out" / "dataset" / "latest").resolve() == Path(good.result["dataset"]).resolve()


def test_a_disk_that_fills_up_stops_the_run_with_a_message_and_the_run_resumes(tmp_path, small_cohort):
    """A real small file system that another program fills while the build is at work."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        out = disk / "out"
        args = ("build", "--archive", small_cohort / "dicom", "--reports", small_cohort / "reports.csv", "--out", out)
        process = start(*args)
        wait_for(process, lambda: any((out / "work" / "records" / "read").glob("*.json")))
        filler = fill(disk)
        _, stderr = process.communicate(timeout=300)
        assert process.returncode == 2, stderr
        assert "disk" in stderr
        assert "free space" in stderr
        assert "Traceback" not in stderr
        assert not (out / "dataset" / "latest").exists()
        filler.unlink()
        petarseg(*args)
        assert (out / "dataset" / "latest" / "lesions.parquet").exists()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def start(*args: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "petarseg", *map(str, args)]
    return subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def wait_for(process: subprocess.Popen[str], happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not happened() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def fill(disk: Path) -> Path:
    """Write until the file system is full."""
    filler = disk / "filler"
    try:
        with filler.open("wb", buffering=0) as stream:
            while True:
                stream.write(b"\0" * 4096)
    except OSError:
        return filler
