"""The layout of the hub loads with `datasets`, volumes as nibabel images, splits apart, and holds nothing that the dataset lacks."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from tiny_dataset import change_volume, replace_rows, rows_of, seal

from petarseg.dataset import hub
from petarseg.dataset.hub import export_hub, version_readme
from petarseg.errors import ConfigError, ContractError

datasets = pytest.importorskip("datasets")


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep `datasets` off the network and its cache out of the home."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_MODULES_CACHE", tmp_path / "modules")
    datasets.disable_progress_bars()


@pytest.fixture(scope="session")
def exported(built_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_hub(built_dataset, tmp_path_factory.mktemp("hub") / "out")


def header_of(path: Path) -> dict[str, object]:
    header: dict[str, object] = yaml.safe_load(path.read_text().split("---\n")[1])
    return header


def test_volumes_are_nibabel_images(exported: Path, built_dataset: Path) -> None:
    exams = datasets.load_dataset(str(exported), "exams")
    assert {name: len(split) for name, split in exams.items()} == {"train": 3, "val": 1, "test": 1}
    assert all(isinstance(exams["train"].features[name], datasets.Nifti) for name in ("pet", "ct", "lesions", "anatomy"))
    for exam in exams["train"]:
        for name in ("pet", "ct", "lesions", "anatomy"):
            wanted = nib.load(built_dataset / "volumes" / exam["exam_id"] / f"{name}.nii.gz")
            np.testing.assert_array_equal(np.asanyarray(exam[name].dataobj), np.asanyarray(wanted.dataobj))
            np.testing.assert_array_equal(exam[name].affine, wanted.affine)


def test_streaming_gives_the_same(exported: Path) -> None:
    exam = next(iter(datasets.load_dataset(str(exported), "exams", split="test", streaming=True)))
    lesions = datasets.load_dataset(str(exported), split="test")  # the default config
    assert {row["exam_id"] for row in lesions} == {exam["exam_id"]}
    mask = np.asanyarray(exam["lesions"].dataobj)
    assert set(np.unique(mask)) - {0} == {row["mask_label"] for row in lesions}


def test_every_table_loads_and_no_split_holds_rows_of_another(exported: Path, built_dataset: Path) -> None:
    for name in ("lesions", "exams", "anatomy"):
        found = datasets.load_dataset(str(exported), name)
        assert sum(len(split) for split in found.values()) == len(rows_of(built_dataset, name))
        for split, rows in found.items():
            assert set(rows["split"]) == {split}
    assert datasets.load_dataset(str(exported), "rejected", split="full")["reason"] == ["prior_value"]


def test_columns_keep_types_units_and_descriptions(exported: Path, built_dataset: Path) -> None:
    schema = pq.read_schema(exported / "lesions" / "train.parquet")
    assert schema.equals(pq.read_schema(built_dataset / "lesions.parquet"), check_metadata=True)


def test_the_type_is_written_as_datasets_itself_would(exported: Path) -> None:
    (path,) = (exported / "exams").glob("test-*.parquet")
    ours = datasets.Features.from_arrow_schema(pq.read_schema(path))
    theirs = datasets.Features(
        {name: datasets.Nifti() if name in ("pet", "ct", "lesions", "anatomy") else value for name, value in ours.items()}
    )
    assert ours == theirs
    assert ours.arrow_schema.field("pet") == pq.read_schema(path).field("pet")


def test_one_exam_is_one_row_group_and_files_stay_small(built_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "FILE_BYTES", 1)
    files = sorted((export_hub(built_dataset, tmp_path / "out") / "exams").glob("train-*"))
    assert [path.name for path in files] == [f"train-{number:05d}-of-00003.parquet" for number in range(3)]
    assert [pq.ParquetFile(path).num_row_groups for path in files] == [1, 1, 1]


def test_the_readme_says_what_the_hub_asks(exported: Path) -> None:
    header = header_of(exported / "README.md")
    assert header["license"] == "other"
    assert header["size_categories"] == ["n<1K"]
    assert "image-segmentation" in header["task_categories"]  # type: ignore[operator]
    assert "checkbox" in header["extra_gated_fields"].values()  # type: ignore[attr-defined]
    assert [config["config_name"] for config in header["configs"] if config.get("default")] == ["lesions"]  # type: ignore[attr-defined]
    text = (exported / "README.md").read_text()
    assert text.count("\n---\n") == 1, "the card's own header is replaced, not repeated"


def test_splits_without_rows_are_left_out(dataset: Path, tmp_path: Path) -> None:
    for name in ("lesions", "exams", "anatomy"):
        replace_rows(dataset, name, [{**row, "split": "train"} for row in rows_of(dataset, name)])
    seal(dataset)
    out = export_hub(dataset, tmp_path / "out")
    assert {name: len(rows) for name, rows in datasets.load_dataset(str(out), "lesions").items()} == {"train": 10}


def test_a_published_version_opens_as_it_lies(built_dataset: Path) -> None:
    """README.md names the tables; paths become images by the lines that it shows."""
    root = str(built_dataset)
    lesions = datasets.load_dataset(root, "lesions", split="full")
    assert lesions["lesion_id"] == [row["lesion_id"] for row in rows_of(built_dataset, "lesions")]
    exams = datasets.load_dataset(root, "exams", split="full")
    exams = exams.map(lambda row: {"pet": f"{root}/{row['pet_path']}"}).cast_column("pet", datasets.Nifti())
    assert exams[0]["pet"].get_fdata().max() == pytest.approx(max(row["suv_max"] for row in rows_of(built_dataset, "lesions")[:2]))


def test_the_lines_of_the_readme_run(built_dataset: Path) -> None:
    text = version_readme(name="tiny", version="v1", license_id="CC-BY-4.0", n_lesions=10)
    text = text.replace("/path/to/this/folder", str(built_dataset))
    names: dict[str, object] = {}
    exec(text.split("```python\n")[1].split("```")[0], names)
    assert names["pet"].shape == (24, 20, 30)  # type: ignore[attr-defined]
    assert len(names["train"]) == 6  # type: ignore[arg-type]


def test_what_is_broken_is_not_exported(dataset: Path, tmp_path: Path) -> None:
    replace_rows(dataset, "exams", [{**row, "n_lesions": 1} for row in rows_of(dataset, "exams")])
    seal(dataset)
    with pytest.raises(ContractError, match="n_lesions"):
        export_hub(dataset, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_with_files_is_left_alone(built_dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        export_hub(built_dataset, tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.name != "cache"] == ["note"]


def test_a_failed_export_leaves_nothing(dataset: Path, tmp_path: Path) -> None:
    (dataset / "volumes" / "E4" / "ct.nii.gz").unlink()
    seal(dataset)
    with pytest.raises((ContractError, FileNotFoundError)):
        export_hub(dataset, tmp_path / "x" / "out")
    assert list((tmp_path / "x").glob("*")) == [] if (tmp_path / "x").exists() else True


def test_equal_versions_give_equal_bytes(built_dataset: Path, exported: Path, tmp_path: Path) -> None:
    again = export_hub(built_dataset, tmp_path / "again")
    files = sorted(path.relative_to(exported) for path in exported.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all((exported / name).read_bytes() == (again / name).read_bytes() for name in files)


def test_a_changed_volume_is_exported_as_it_is(dataset: Path, tmp_path: Path) -> None:
    change_volume(dataset, "E4", "ct", lambda volume: volume.with_array(volume.array + np.int16(1)))
    seal(dataset)
    row = pq.read_table(next((export_hub(dataset, tmp_path / "out") / "exams").glob("test-*"))).to_pylist()[0]
    assert row["ct"]["bytes"] == (dataset / row["ct"]["path"]).read_bytes()
    assert "pet_path" not in row
    json.dumps([value for name, value in row.items() if name not in ("pet", "ct", "lesions", "anatomy")])
