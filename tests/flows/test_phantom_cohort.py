"""The cohort of the demo, whose truth is known: right lesions, good masks, traps avoided, nothing identifying."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.demo import compare
from petarseg.dataset import open as open_shards
from petarseg.leakscan import scan_files
from tests.flows.conftest import ROOT, petarseg

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("phantom_cohort")]


@pytest.fixture(scope="module")
def accuracy(phantom_build, phantom_cohort):
    return compare(phantom_build.out, phantom_cohort)


def test_clean_lesions_are_found_at_the_right_place(accuracy):
    assert accuracy["clean_lesions"] >= 20
    assert accuracy["location_accuracy"] >= 0.98, accuracy["missed"]


def test_masks_overlap_the_truth(accuracy):
    assert accuracy["mean_dice"] >= 0.80


def test_nothing_spurious_is_kept_and_hard_lesions_end_as_they_should(accuracy):
    assert accuracy["spurious"] == []
    assert accuracy["hard_as_expected"] == accuracy["hard_lesions"]


def test_planted_phi_is_nowhere_in_the_output(phantom_build, phantom_cohort):
    truth = json.loads((phantom_cohort / "truth" / "truth.json").read_text(encoding="utf-8"))
    phi = {str(text) for text in truth["phi"]}
    for exam in truth["exams"]:
        phi |= {
            exam["patient_id"],
            exam["accession_number"],
            exam["study_instance_uid"],
            exam["pet_series_instance_uid"],
            exam["study_date"],
        }
    assert len(phi) > 100
    assert scan_files(phantom_build.out, phi) == []
    assert not any(text in phantom_build.stderr for text in phi if len(text) > 4)


def test_the_slice_numbering_of_each_scanner_is_published_with_its_evidence(phantom_build):
    numbering = json.loads((phantom_build.dataset / "numbering.json").read_text(encoding="utf-8"))
    assert numbering
    assert {item["slice_convention"] for item in numbering.values()} == {"head_first_1"}
    assert any(item["clear"] for item in numbering.values())


def test_the_demo_command_says_how_good_it_was(tmp_path):
    done = petarseg("demo", "--out", tmp_path / "demo", "--exams", 2, "--json")
    result = json.loads(done.stdout)
    assert result["accuracy"]["location_accuracy"] == 1.0
    assert result["n_exams"] == 2
    again = json.loads(petarseg("demo", "--out", tmp_path / "demo", "--exams", 2, "--json").stdout)
    assert again["reused"]
    assert again["version"] == result["version"]


def test_status_tells_what_is_done(phantom_build):
    values = json.loads(petarseg("status", phantom_build.out, "--json").stdout)
    assert values["running"] is False
    assert values["latest"] == phantom_build.result["version"]
    assert values["stages"]["finish"]["ok"] == phantom_build.result["n_exams"]


def test_the_five_lines_of_the_readme_load_the_dataset(phantom_build, capsys):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    code = readme.split("```python\n")[1].split("```")[0]
    assert "demo/build/dataset/latest" in code
    names: dict[str, object] = {}
    exec(code.replace("demo/build/dataset/latest", str(phantom_build.dataset)), names)
    assert names["pet"].shape == (192, 192, 352)
    assert capsys.readouterr().out.strip()


def test_an_exam_opens_in_a_viewer_and_in_a_training_loop(phantom_build, tmp_path):
    exam_id = phantom_build.rows("exams")[0]["exam_id"]
    done = petarseg("export", phantom_build.dataset, exam_id, "--out", tmp_path / "dicom", "--json")
    assert Path(json.loads(done.stdout)["seg"]).exists()
    assert petarseg("export", phantom_build.dataset, "E000", "--out", tmp_path / "x", check=None).returncode == 2

    crops = open_shards(phantom_build.dataset)
    assert len(crops) == phantom_build.result["n_lesions"]
