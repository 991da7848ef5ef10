"""`petarseg validate`, `export` and `diff`: exit codes, one JSON object, messages."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_dataset import replace_rows, rows_of, seal, write_tiny_dataset

from cli.main import run

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_dataset(tmp_path_factory.mktemp("cli") / "tiny")


@pytest.fixture
def dataset(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "tiny"))


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*args: object) -> tuple[int, str, str]:
        code = run([str(arg) for arg in args])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_a_good_dataset(call: Call, built: Path) -> None:
    code, out, _ = call("validate", built, "--json")
    assert (code, json.loads(out)) == (0, {"status": "ok", "broken": []})
    code, out, err = call("validate", built, "--no-rehash", "--no-volumes")
    assert (code, out) == (0, "")
    assert "every rule holds" in err


def test_broken_rules_are_named_with_exit_code_1(call: Call, dataset: Path) -> None:
    replace_rows(
        dataset,
        "lesions",
        [{**row, "region": "Torso" if row["lesion_id"] == "LE01" else row["region"]} for row in rows_of(dataset, "lesions")],
    )
    seal(dataset)
    code, out, _ = call("validate", dataset, "--json")
    answer = json.loads(out)
    assert (code, answer["status"]) == (1, "broken")
    (broken,) = answer["broken"]
    assert {name: broken[name] for name in ("table", "column", "rule", "key")} == {
        "table": "lesions",
        "column": "region",
        "rule": "allowed",
        "key": "LE01",
    }
    code, _, err = call("validate", dataset)
    assert code == 1
    assert "lesions.region: allowed at LE01" in " ".join(err.split())


def test_a_missing_table_is_a_broken_rule(call: Call, dataset: Path) -> None:
    (dataset / "anatomy.parquet").unlink()
    code, out, _ = call("validate", dataset, "--json")
    assert code == 1
    assert {"table_readable", "file_missing"} == {item["rule"] for item in json.loads(out)["broken"]}


def test_no_dataset_at_all(call: Call, tmp_path: Path) -> None:
    code, out, err = call("validate", tmp_path, "--json")
    assert (code, out) == (2, "")
    assert "holds no table" in " ".join(err.split())


@pytest.mark.parametrize(("layout", "name"), [("hf", "README.md"), ("bids", "dataset_description.json")])
def test_whole_datasets(call: Call, built: Path, tmp_path: Path, layout: str, name: str) -> None:
    code, out, _ = call("export", built, "--to", layout, "--out", tmp_path / "out", "--json")
    assert (code, json.loads(out)) == (0, {"status": "ok", "to": layout, "out": str(tmp_path / "out")})
    assert (tmp_path / "out" / name).is_file()
    code, _, err = call("export", built, "--to", layout, "--out", tmp_path / "out")
    assert code == 2
    assert "not empty" in " ".join(err.split())


def test_one_exam_as_dicom(call: Call, built: Path, tmp_path: Path) -> None:
    code, out, _ = call("export", built, "E1", "--out", tmp_path / "out", "--json")
    answer: dict[str, Any] = json.loads(out)
    assert (code, answer["to"]) == (0, "dicom")
    assert Path(answer["seg"]).is_file()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--to", "dicom"], "name an exam"),
        (["E1", "--to", "hf"], "whole dataset"),
        (["E9"], "no exam E9"),
        (["E1", "--to", "nrrd"], "nrrd"),
    ],
)
def test_what_cannot_be_exported(call: Call, built: Path, tmp_path: Path, args: list[str], words: str) -> None:
    code, _, err = call("export", built, *args, "--out", tmp_path / "out")
    assert code == 2
    assert words in " ".join(err.split())
    assert not (tmp_path / "out").exists()


def test_a_broken_dataset_is_not_exported(call: Call, dataset: Path, tmp_path: Path) -> None:
    (dataset / "notes.txt").write_text("x")
    code, _, err = call("export", dataset, "--to", "hf", "--out", tmp_path / "out")
    assert code == 2
    assert "file_unlisted" in " ".join(err.split())


def test_diff(call: Call, built: Path, dataset: Path) -> None:
    replace_rows(dataset, "lesions", rows_of(dataset, "lesions")[1:])
    seal(dataset)
    code, out, _ = call("diff", built, dataset, "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["counts"]["lesions removed"] == 1
    assert answer["changes"][0]["key"] == "LE01"
