"""Settings and inputs that users vary: what must not be published, what must not change a version, reports from a folder."""

from __future__ import annotations

import csv

import pytest

from petarseg.leakscan import scan_files
from tests.flows.conftest import build, petarseg

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("bad_input")]


@pytest.fixture(scope="module")
def small_cohort(tmp_path_factory):
    """Two phantom exams."""
    out = tmp_path_factory.mktemp("settings") / "cohort"
    petarseg("phantom", "--out", out, "--exams", 2)
    return out


def test_the_deny_list_stays_secret_and_workers_make_no_version(small_cohort, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text('[reports]\ndeny = ["Zebrafinch Infirmary"]\n\n[run]\nworkers = 1\n', encoding="utf-8")
    first = build(small_cohort / "dicom", small_cohort / "reports.csv", tmp_path / "out", "--config", config)
    assert scan_files(tmp_path / "out", ["Zebrafinch Infirmary"]) == []
    config.write_text('[reports]\ndeny = ["Zebrafinch Infirmary"]\n\n[run]\nworkers = 2\n', encoding="utf-8")
    again = build(small_cohort / "dicom", small_cohort / "reports.csv", tmp_path / "out", "--config", config)
    assert again.result["version"] == first.result["version"]
    assert again.result["reused"]


def test_a_folder_of_reports_joins_by_file_name(small_cohort, tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    with (small_cohort / "reports.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        name = row["accession_number"] or row["study_instance_uid"]
        (folder / f"{name}.txt").write_text(row["report"], encoding="utf-8")
    named = sum(bool(row["accession_number"] or row["study_instance_uid"]) for row in rows)
    built = build(small_cohort / "dicom", folder, tmp_path / "out")
    assert built.result["n_exams"] == named > 0
