"""Crops from the shards are the voxels of the volumes, in workers as in the main process."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from tiny_dataset import VOLUMES

import petarseg.dataset
from petarseg.dataset import reader
from petarseg.dataset.reader import Shard
from petarseg.dataset.shards import write_shard
from petarseg.errors import ConfigError
from petarseg.volume import Units, Volume


@pytest.mark.parametrize("shape", [(70, 33, 100), (32, 32, 32), (5, 64, 31)])
@pytest.mark.parametrize("dtype", ["f4", "i2", "u1"])
def test_any_box_reads_as_it_was(tmp_path, shape, dtype):
    rng = np.random.default_rng(0)
    array = np.asfortranarray((rng.random(shape) * 200).astype(dtype))
    array[: shape[0] // 2] = 0  # bricks of one value
    empty = np.zeros(shape, dtype=np.uint8)
    write_shard({"pet": Volume(array, np.eye(4), Units.SUVBW), "lesions": Volume(empty, np.eye(4), Units.LABEL)}, tmp_path / "s.parquet")
    shard = Shard(str(tmp_path / "s.parquet"))
    np.testing.assert_array_equal(shard.whole("pet"), array)
    np.testing.assert_array_equal(shard.whole("lesions"), empty)
    padded = np.pad(array, 40)
    for _ in range(30):
        start = rng.integers(-40, np.array(shape))
        stop = np.minimum(start + rng.integers(1, 60, 3), np.array(shape) + 40)
        box = tuple(slice(a + 40, b + 40) for a, b in zip(start, stop, strict=True))
        np.testing.assert_array_equal(shard.read("pet", tuple(start.tolist()), tuple(stop.tolist())), padded[box])


def test_equal_volumes_give_equal_bytes(dataset):
    path = dataset / "shards" / "E0.parquet"
    before = path.read_bytes()
    write_shard({name: Volume.load(dataset / "volumes" / "E0" / f"{name}.nii.gz") for name in VOLUMES}, path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("jitter", [0.0, 0.2, 2.0])
def test_the_mask_is_always_inside_its_cube(built_dataset, jitter):
    opened = petarseg.dataset.open(str(built_dataset), jitter=jitter)
    assert len(opened) == 10
    for index in range(10):
        item = opened[index]
        assert item["pet"].shape == (32, 32, 32)
        labels = Volume.load(built_dataset / "volumes" / item["exam_id"] / "lesions.nii.gz").array
        assert item["lesions"].sum() == (labels == item["mask_label"]).sum()
        assert item["pet"][item["lesions"]].max() == pytest.approx(item["suv_max"])
        assert item["ct"].min() == -1000


def test_a_crop_knows_its_place_in_the_patient(built_dataset):
    opened = petarseg.dataset.open(built_dataset, jitter=0.2)
    for key in [(3, index) for index in range(10)]:
        item = opened[key]
        hottest = np.unravel_index(int(np.where(item["lesions"], item["pet"], 0).argmax()), item["pet"].shape)
        place = item["affine_ras_mm"] @ (*hottest, 1)
        np.testing.assert_allclose(place[:3], item["max_ras_mm"], atol=1e-3)


def test_whole_volumes(built_dataset):
    opened = petarseg.dataset.open(built_dataset)
    for name in VOLUMES:
        wanted = Volume.load(built_dataset / "volumes" / "E3" / f"{name}.nii.gz")
        volume = opened.volume("E3", name)
        np.testing.assert_array_equal(volume.array, wanted.array)
        assert volume.same_grid(wanted)
        assert volume.units is wanted.units


def test_the_epoch_moves_the_jitter_and_nothing_else(built_dataset):
    opened = petarseg.dataset.open(built_dataset, jitter=0.2, seed=1)
    starts = {opened[epoch, 4]["start_ijk"] for epoch in range(8)}
    assert len(starts) > 4
    assert opened[0, 4]["start_ijk"] == opened[4]["start_ijk"]
    assert opened[5, 4]["start_ijk"] == petarseg.dataset.open(built_dataset, jitter=0.2, seed=1)[5, 4]["start_ijk"]


def test_splits(built_dataset):
    assert {row["split"] for row in petarseg.dataset.open(built_dataset, split="val").lesions} == {"val"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "validation"}, "train, val, test"),
        ({"volumes": ("pet", "mri")}, "mri"),
        ({"columns": ("findings", "patient_name")}, "patient_name"),
        ({"size": 0}, "size"),
        ({"jitter": -0.1}, "jitter"),
    ],
)
def test_what_a_dataset_lacks_is_refused(built_dataset, options, message):
    with pytest.raises(ConfigError, match=message):
        petarseg.dataset.open(built_dataset, **options)


def test_what_is_no_dataset_or_shard_is_a_message(dataset, tmp_path):
    with pytest.raises(ConfigError, match="no dataset"):
        petarseg.dataset.open(tmp_path / "nothing")
    (dataset / "shards" / "E0.parquet").unlink()
    (dataset / "shards" / "E1.parquet").write_bytes((dataset / "exams.parquet").read_bytes())
    opened = petarseg.dataset.open(dataset)
    for exam_id in ("E0", "E1"):
        with pytest.raises(ConfigError, match=rf"{exam_id}.*petarseg validate"):
            opened.shard(exam_id)


def test_few_shards_stay_open(built_dataset, monkeypatch):
    """Thousands of exams must not exceed the file handles of a process."""
    monkeypatch.setattr(reader, "OPEN_SHARDS", 2)
    opened = petarseg.dataset.open(built_dataset)
    wanted = [opened[index]["pet"].sum() for index in range(10)]
    assert list(opened._shards) == ["E3", "E4"]
    assert [opened[index]["pet"].sum() for index in range(10)] == wanted


def test_open_files_are_left_behind(built_dataset, monkeypatch):
    opened = petarseg.dataset.open(f"file://{built_dataset}")
    first = opened[0]["pet"]
    copy = pickle.loads(pickle.dumps(opened))
    assert not copy._shards
    np.testing.assert_array_equal(copy[0]["pet"], first)
    shard = opened.shard("E0")
    monkeypatch.setattr(reader.os, "getpid", lambda: -1)  # as in a forked worker
    assert opened.shard("E0") is not shard


LIGHT = ("lesion_id", "findings", "suv_max", "mask_label")


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_give_what_the_main_process_gives(built_dataset, context: str):
    data = pytest.importorskip("torch.utils.data")
    opened = petarseg.dataset.open(built_dataset, columns=LIGHT)
    wanted = [opened[index] for index in range(10)]  # which opens shards before the workers start
    loader = data.DataLoader(opened, batch_size=4, num_workers=2, multiprocessing_context=context)
    batches = list(loader)
    assert [len(batch["lesion_id"]) for batch in batches] == [4, 4, 2]
    assert [name for batch in batches for name in batch["lesion_id"]] == [item["lesion_id"] for item in wanted]
    for name in ("pet", "ct", "lesions"):
        np.testing.assert_array_equal(np.concatenate([batch[name].numpy() for batch in batches]), np.stack([item[name] for item in wanted]))
    assert str(batches[0]["pet"].dtype) == "torch.float32"
    assert str(batches[0]["lesions"].dtype) == "torch.bool"


def test_rows_with_everything_go_through_a_loader_one_by_one(built_dataset):
    data = pytest.importorskip("torch.utils.data")
    opened = petarseg.dataset.open(built_dataset)
    found = list(data.DataLoader(opened, batch_size=None, num_workers=2))
    assert [item["lesion_id"] for item in found] == [row["lesion_id"] for row in opened.lesions]


def test_the_folder_may_be_a_path_with_a_slash(built_dataset: Path):
    assert len(petarseg.dataset.open(f"{built_dataset}/")) == 10
