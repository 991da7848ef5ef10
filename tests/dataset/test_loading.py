"""What the ecosystem makes of a published version: pyarrow, pandas, duckdb, nibabel, SimpleITK see the same rows and voxels."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pyarrow.dataset as pads
import pytest
import SimpleITK as sitk
from tiny_dataset import rows_of

from petarseg.dataset.hub import export_hub
from petarseg.volume import Volume


def test_pyarrow_keeps_nested_columns_and_units(built_dataset: Path) -> None:
    table = pads.dataset(built_dataset / "lesions.parquet").to_table(filter=pads.field("split") == "test")
    assert table.column("lesion_id").to_pylist() == ["LE41", "LE42"]
    assert table.schema.field("volume_ml").metadata[b"unit"] == b"ml"
    assert all(len(value) == 6 for value in table.column("bbox_ijk").to_pylist())


def test_pandas(built_dataset: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet(built_dataset / "lesions.parquet")
    assert frame["suv_max"].dtype == np.float64
    assert frame["mask_label"].dtype == np.int64
    assert frame["suv_peak"].isna().all()
    assert frame.groupby("split").size().to_dict() == {"train": 6, "val": 2, "test": 2}


def test_duckdb_joins_the_tables(built_dataset: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    rows = duckdb.sql(
        f"""
        SELECT e.exam_id, count(*) AS n, max(l.suv_max) AS hottest
        FROM '{built_dataset}/lesions.parquet' l JOIN '{built_dataset}/exams.parquet' e USING (exam_id)
        WHERE e.spacing_mm[1] = 3 AND list_contains(l.flags, 'split') = false GROUP BY ALL ORDER BY ALL
        """
    ).fetchall()
    assert [(exam_id, n) for exam_id, n, _ in rows] == [(f"E{number}", 2) for number in range(5)]


@pytest.mark.parametrize("name", ["pet", "ct", "lesions", "anatomy"])
def test_nibabel_and_simpleitk_agree_on_voxels_and_places(built_dataset: Path, name: str) -> None:
    path = built_dataset / "volumes" / "E2" / f"{name}.nii.gz"
    ours, theirs, image = Volume.load(path), nib.load(path), sitk.ReadImage(str(path))
    np.testing.assert_array_equal(np.asanyarray(theirs.dataobj), ours.array)
    assert np.asanyarray(theirs.dataobj).dtype == {"pet": "f4", "ct": "i2"}.get(name, "u1")
    np.testing.assert_array_equal(theirs.affine, ours.affine)
    assert int(theirs.header["sform_code"]) == int(theirs.header["qform_code"]) == 1
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image).transpose(2, 1, 0), ours.array)
    index = (20, 3, 7)
    place = np.array(image.TransformIndexToPhysicalPoint(index)) * (-1, -1, 1)  # SimpleITK speaks LPS
    np.testing.assert_allclose(place, ours.ijk_to_ras_mm(index), atol=1e-4)


def test_the_hottest_voxel_lies_where_the_row_says(built_dataset: Path) -> None:
    for row in rows_of(built_dataset, "lesions"):
        image = sitk.ReadImage(str(built_dataset / "volumes" / row["exam_id"] / "pet.nii.gz"))
        x, y, z = row["max_ras_mm"]
        assert image.GetPixel(image.TransformPhysicalPointToIndex((-x, -y, z))) == pytest.approx(row["suv_max"])


def blocks_of_the_guide() -> list[str]:
    text = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "load.md").read_text()
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


def test_the_lines_of_the_guide_run(built_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/how-to/load.md: tables, `datasets`, export for the hub, torch."""
    datasets = pytest.importorskip("datasets")
    for name in ("duckdb", "pandas", "torch"):
        pytest.importorskip(name)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()
    (tmp_path / "OUT" / "dataset").mkdir(parents=True)
    (tmp_path / "OUT" / "dataset" / "latest").symlink_to(built_dataset)
    monkeypatch.chdir(tmp_path)
    export_hub(built_dataset, tmp_path / "for-the-hub")
    tables, hub, streamed, torch = blocks_of_the_guide()[:4]
    names: dict[str, Any] = {"rank": 0, "world": 1, "state": {"epoch": 99, "done": 2}}
    exec(tables, names)
    assert names["mask"].sum() > 0
    assert names["image"].GetSize() == names["pet"].shape
    exec(hub, names)
    exec(streamed, names)
    exec(torch.replace("num_workers=8", "num_workers=2"), names)
    assert names["batch"]["pet"].shape == (4, 96, 96, 96)
    assert names["batch"]["lesions"].any()
