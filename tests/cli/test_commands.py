"""Commands keep their promises: --help teaches, --json is one object, mistakes get a message and exit code 2."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from dicom import planted_phi as phi
from dicom.pet_files import CT, write_series

from cli.main import COMMANDS as MODULES
from cli.main import make_app, run
from petarseg.volume import Units, Volume

COMMANDS = sorted(command.name for command in make_app().registered_commands if command.name)


@pytest.fixture
def call(capsys):
    """Run a command line in this process; returns exit code, stdout, stderr."""

    def run_it(*args: object) -> tuple[int, str, str]:
        code = run([str(arg) for arg in args])
        out, err = capsys.readouterr()
        return code, out, err

    return run_it


def test_the_promised_commands_exist():
    promised = [
        "build",
        "convert",
        "deidentify",
        "deidentify-reports",
        "demo",
        "extract",
        "index",
        "info",
        "phantom",
        "segment",
        "structure",
        "suv",
    ]
    assert set(promised) <= set(COMMANDS)


def test_each_command_is_found_without_loading_the_others():
    groups = {group.name for group in make_app().registered_groups}
    assert {name for names in MODULES.values() for name in names} == set(COMMANDS) | groups
    for names in MODULES.values():
        for name in names:
            alone = make_app(name)
            there = {item.name for item in alone.registered_commands} | {item.name for item in alone.registered_groups}
            assert there == set(names)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_with_an_example(call, command):
    code, out, _ = call(command, "--help")
    assert code == 0
    assert f"Example: petarseg {command}" in " ".join(out.split())


def test_help_is_instant_because_nothing_heavy_is_imported():
    heavy = "{'numpy', 'prefect', 'spacy', 'torch'}"
    script = f"import sys; from cli.main import run; run(['build', '--help']); print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["segment", "--pet", "no.nii.gz", "--suv-max", "5", "--slice", "3", "--out", "m.nii.gz"], "no such file: no.nii.gz"),
        (["segment", "--pet", "no.nii.gz", "--out", "m.nii.gz"], "either --suv-max and --slice, or --findings"),
        (["index", ".", "--out", "tables"], "no DICOM file"),
        (["index", "no-such-folder", "--out", "tables"], "no-such-folder"),
        (["suv", "no-such-file"], "no-such-file"),
        (["convert", "no-such-folder", "--out", "x"], "no-such-folder"),
        (["deidentify", "no-such-folder", "x", "--key-dir", "k"], "no-such-folder"),
        (["deidentify-reports", "no.csv", "--out", "x.jsonl"], "no.csv"),
        (["deidentify-reports", "no.csv", "--out", "x.jsonl", "--dates", "maybe"], "tag or shift"),
        (["extract", "--reports", "no.csv", "--out", "x.jsonl"], "no.csv"),
        (["structure", "--findings", "no.jsonl", "--out", "x.jsonl"], "no.jsonl"),
        (["phantom", "--out", "x", "--size", "huge"], "small or full"),
        (["build", "--archive", "a"], "Missing option"),
        (["no-such-command"], "No such command"),
    ],
)
def test_mistakes_get_a_message_and_exit_code_2(call, tmp_path, monkeypatch, args, words):
    monkeypatch.chdir(tmp_path)
    code, out, err = call(*args)
    assert code == 2, err
    assert words in " ".join(err.split())
    assert "Traceback" not in err
    assert out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "args",
    [
        ["deidentify-reports", "{}", "--out", "{}"],
        ["extract", "--reports", "{}", "--out", "{}"],
        ["structure", "--findings", "{}", "--out", "{}"],
        ["segment", "--pet", "{}", "--suv-max", "5", "--slice", "3", "--out", "{}"],
    ],
)
def test_an_input_is_never_overwritten(call, tmp_path, args):
    source = tmp_path / "in.nii.gz"
    source.write_bytes(b"precious")
    code, _, err = call(*(arg.format(source) for arg in args))
    assert code == 2
    assert "is the input" in " ".join(err.split())
    assert source.read_bytes() == b"precious"


@pytest.mark.parametrize("args", [["segment", "--pet", "p.nii.gz", "--suv-max", "5", "--slice", "3"], ["suv", "p.dcm"]])
def test_a_volume_has_the_name_of_a_volume(call, tmp_path, args):
    code, _, err = call(*args, "--out", tmp_path / "x.mha")
    assert code == 2
    assert "must end with .nii.gz or .nii" in " ".join(err.split())


def test_a_mistyped_input_does_not_cost_the_volume_of_before(call, tmp_path):
    before = tmp_path / "suv.nii.gz"
    before.write_bytes(b"precious")
    code, _, err = call("suv", tmp_path / "no-such-exam", "--out", before)
    assert code == 2
    assert "no such file or folder" in " ".join(err.split())
    assert before.read_bytes() == b"precious"


def test_convert_leaves_no_volume_of_another_exam(call, tmp_path):
    good, bad, out = tmp_path / "good", tmp_path / "bad", tmp_path / "out"
    for exam, slope in ((good, 2.0), (bad, 2e-4)):  # the second calls SUV Bq/ml
        write_series(exam / "pet", RescaleSlope=slope)
        write_series(exam / "ct", CT)
    assert call("convert", good, "--out", out)[0] == 0
    (tmp_path / "empty").mkdir()
    assert call("convert", tmp_path / "empty", "--out", out)[0] == 2
    assert {path.name for path in out.iterdir()} == {"pet.nii.gz", "pet.json", "ct.nii.gz", "ct.json"}
    assert call("convert", bad, "--out", out, "--strict")[0] == 1
    assert {path.name for path in out.iterdir()} == {"ct.nii.gz", "ct.json"}


def test_info_is_one_json_object(call):
    code, out, _ = call("info", "--json")
    values = json.loads(out)
    assert code == 0
    assert values["petarseg"]
    assert values["reasons"]["ambiguous"]


def test_deidentify_takes_one_file_and_keeps_the_key_out_of_the_input(call, tmp_path):
    phi.write(phi.ct(1), tmp_path / "in" / "one.dcm")
    code, out, _ = call("deidentify", tmp_path / "in" / "one.dcm", tmp_path / "out", "--key-dir", tmp_path / "key", "--verify", "--json")
    assert code == 0
    assert json.loads(out)["verified"]["files"] == 1
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 1
    code, _, err = call("deidentify", tmp_path / "in", tmp_path / "other", "--key-dir", tmp_path / "in" / "key")
    assert code == 2
    assert "key folder lies in the input" in " ".join(err.split())
    assert not (tmp_path / "in" / "key").exists()


@pytest.fixture
def hot_spot(tmp_path) -> Path:
    """A PET with one Gaussian spot of SUV 8 on a background of 1, on slice 11 from the head (z index 20 of 31)."""
    x, y, z = np.ogrid[:31, :31, :31]
    distance_mm2 = ((x - 15) ** 2 + (y - 12) ** 2 + (z - 20) ** 2) * 16.0
    suv = (1.0 + 7.0 * np.exp(-distance_mm2 / (2 * 8.0**2))).astype(np.float32)
    path = tmp_path / "suv.nii.gz"
    Volume(suv, np.diag([4.0, 4.0, 4.0, 1.0]), Units.SUVBW).save(path)
    return path


def test_segment_one_finding(call, hot_spot, tmp_path):
    mask = tmp_path / "mask.nii.gz"
    code, out, err = call("segment", "--pet", hot_spot, "--suv-max", "8.0", "--slice", "11", "--out", mask, "--json")
    result = json.loads(out)
    assert code == 0, err
    assert result["status"] == "ok"
    assert result["max_ras_mm"] == [60.0, 48.0, 80.0]
    assert result["suv_max"] == pytest.approx(8.0)
    assert result["slice_convention"] == "head_first_1"
    promised = ["reason", "suv_mean", "suv_peak", "volume_ml", "threshold_suv", "iterations", "stop_reason", "flags"]
    assert set(promised) <= set(result)
    array = Volume.load(mask).array
    assert array[15, 12, 20] == 1
    assert array.sum() * 0.064 == pytest.approx(result["volume_ml"])


def test_segment_a_table_with_overlay(call, hot_spot, tmp_path):
    with (tmp_path / "findings.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("suv_max", "slice"), ("5.0", 11), ("8.0", 11), ("8.0", 99)])
    args = ("segment", "--pet", hot_spot, "--findings", tmp_path / "findings.csv", "--out", tmp_path / "m.nii.gz")
    code, out, _ = call(*args, "--overlay", tmp_path / "o.png", "--json")
    results = json.loads(out)["results"]
    assert code == 0
    assert [item["status"] for item in results] == ["rejected", "ok", "rejected"]
    assert results[0]["reason"] == "no_matching_maximum"
    assert results[2]["reason"] == "slice_out_of_range"
    assert set(np.unique(Volume.load(tmp_path / "m.nii.gz").array)) == {0, 2}
    assert (tmp_path / "o.png").read_bytes().startswith(b"\x89PNG")
    assert call(*args, "--strict")[0] == 1


def test_segment_refuses_an_unknown_method(call, hot_spot, tmp_path):
    code, _, err = call(
        "segment", "--pet", hot_spot, "--suv-max", "8", "--slice", "11", "--method", "magic", "--out", tmp_path / "m.nii.gz"
    )
    assert code == 2
    assert "avg_itm" in err


def test_extract_structure_and_scrub_keep_their_columns(call, tmp_path):
    text = "FINDINGS: Dr. Ada Quillfeather saw a right hilar lymph node with SUV max of 7.4 (axial slice 63) on 03/02/2021."
    reports = tmp_path / "reports.jsonl"
    reports.write_text(json.dumps({"report_id": "A1", "report": text}) + "\n", encoding="utf-8")

    assert call("deidentify-reports", reports, "--out", tmp_path / "clean.jsonl")[0] == 0
    clean = json.loads((tmp_path / "clean.jsonl").read_text(encoding="utf-8"))
    assert set(clean) == {"report_id", "text", "spans"}
    assert "Quillfeather" not in clean["text"]
    assert "03/02/2021" not in clean["text"]
    assert "SUV max of 7.4 (axial slice 63)" in clean["text"]
    assert "Ada Quillfeather" in [text[span["start"] : span["end"]] for span in clean["spans"]]

    code, out, _ = call("extract", "--reports", reports, "--out", tmp_path / "m.jsonl", "--json")
    assert code == 0
    assert json.loads(out)["accepted"] == 1
    row = json.loads((tmp_path / "m.jsonl").read_text(encoding="utf-8"))
    promised = [
        "report_id",
        "status",
        "reason",
        "sentence",
        "start",
        "end",
        "suv_max",
        "axial_slice",
        "suv_span",
        "slice_span",
        "prior_suv",
        "voters",
        "flags",
    ]
    assert set(promised) <= set(row)
    assert text[row["start"] : row["end"]] == row["sentence"]
    assert text[slice(*row["suv_span"])] == "7.4"
    assert text[slice(*row["slice_span"])] == "63"

    assert call("structure", "--findings", tmp_path / "m.jsonl", "--out", tmp_path / "s.jsonl")[0] == 0
    structured = json.loads((tmp_path / "s.jsonl").read_text(encoding="utf-8"))
    assert structured == {
        **{name: row[name] for name in ("report_id", "start", "end")},
        "region": "Chest",
        "organ": "lymph node",
        "anatomic_subsite": structured["anatomic_subsite"],
        "laterality": "right",
        "suv_max": 7.4,
        "axial_slice": 63,
        "findings": row["sentence"],
    }


def test_suv_index_and_convert_on_a_real_exam(call, shared_data, tmp_path):
    exam = shared_data / "real_cohort" / "dicom" / "STS_042"
    code, out, _ = call("suv", exam, "--out", tmp_path / "suv.nii.gz", "--json")
    values = json.loads(out)
    assert code == 0
    assert (values["status"], values["suv_type"], values["units"], values["decay_correction"]) == ("ok", "SUVbw", "GML", "ADMIN")
    assert values["factor"] == 1.0
    assert values["max"] == pytest.approx(6.916, abs=0.001)  # expected.json: hottest voxel of STS_042
    assert Volume.load(tmp_path / "suv.nii.gz").array.max() == pytest.approx(values["max"], rel=1e-5)  # stored with 17 significant bits

    code, out, _ = call("index", exam, "--out", tmp_path / "tables", "--json")
    assert code == 0
    assert json.loads(out)["usable"] == 1
    assert (tmp_path / "tables" / "series.parquet").exists()

    code, out, _ = call("convert", exam, "--out", tmp_path / "converted", "--json")
    assert code == 0
    assert json.loads(out)["status"] == "ok"
    assert Volume.load(tmp_path / "converted" / "ct.nii.gz").array.dtype == np.int16
    sidecar = (tmp_path / "converted" / "pet.json").read_text(encoding="utf-8")
    assert "STS_042" not in sidecar
    assert "2004" not in sidecar  # no study date


def test_suv_of_a_header_without_dose_is_a_named_refusal(call, shared_data, tmp_path):
    import pydicom

    source = sorted((shared_data / "real_cohort" / "dicom" / "STS_001" / "PT").iterdir())[0]
    header = pydicom.dcmread(source)
    del header.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose
    header.save_as(tmp_path / "slice")
    code, out, _ = call("suv", tmp_path / "slice", "--json")
    values = json.loads(out)
    assert code == 0
    assert values["status"] == "rejected"
    assert values["reason"] == "dose_missing"
    assert "evidence" in values
    assert call("suv", tmp_path / "slice", "--strict")[0] == 1


@pytest.mark.parametrize("what", ["extraction", "scrubbing", "structuring"])
def test_evaluate_scores_against_a_sites_own_labels(call, shared_data, what):
    gold = shared_data / "reports_dev" / "reports.jsonl"
    code, out, err = call("evaluate", what, "--gold", gold, "--json")
    assert code == 0
    assert isinstance(json.loads(out), dict)
    assert err.strip()


def test_evaluate_says_which_line_is_wrong(call, tmp_path):
    (tmp_path / "gold.jsonl").write_text("{}\n", encoding="utf-8")
    code, _, err = call("evaluate", "extraction", "--gold", tmp_path / "gold.jsonl")
    assert code == 2
    assert "line 1" in err
