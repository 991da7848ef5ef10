"""Crops from the shards are the voxels of the volumes."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from tiny_dataset import VOLUMES, rows_of, write_tiny_dataset

import petarseg.dataset
from petarseg.dataset.reader import Shard
from petarseg.dataset.shards import write_shard
from petarseg.errors import ConfigError
from petarseg.volume import Units, Volume


@pytest.fixture
def dataset(tmp_path):
    folder = write_tiny_dataset(tmp_path / "d")
    for exam in rows_of(folder, "exams"):
        volumes = {name: Volume.load(folder / exam[f"{name}_path"]) for name in VOLUMES}
        write_shard(volumes, folder / "shards" / f"{exam['exam_id']}.parquet")
    return folder


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
def test_the_mask_is_always_inside_its_cube(dataset, jitter):
    opened = petarseg.dataset.open(str(dataset), jitter=jitter)
    assert len(opened) == 10
    for index in range(10):
        item = opened[index]
        assert item["pet"].shape == (32, 32, 32)
        labels = Volume.load(dataset / "volumes" / item["exam_id"] / "lesions.nii.gz").array
        assert item["lesions"].sum() == (labels == item["mask_label"]).sum()
        assert item["pet"][item["lesions"]].max() == pytest.approx(item["suv_max"])
        assert item["ct"].min() == -1000


def test_splits_and_unknown_folders(dataset, tmp_path):
    assert {row["split"] for row in petarseg.dataset.open(str(dataset), split="val").lesions} == {"val"}
    with pytest.raises(ConfigError, match="no dataset"):
        petarseg.dataset.open(str(tmp_path / "nothing"))


def test_every_rank_has_its_share_and_a_resume_goes_on(dataset):
    opened = petarseg.dataset.open(str(dataset), seed=5)
    shares = [opened.order(1, rank=rank, world=4) for rank in range(4)]
    assert {len(share) for share in shares} == {3}
    assert {index for share in shares for index in share} == set(range(10))
    assert opened.order(1, rank=2, world=4, done=2) == shares[2][2:]
    assert opened.order(1) != opened.order(2)


def test_fsspec_addresses_and_worker_processes(dataset):
    opened = petarseg.dataset.open(f"file://{dataset}")
    first = opened[0]["pet"]
    copy = pickle.loads(pickle.dumps(opened))
    np.testing.assert_array_equal(copy[0]["pet"], first)
    torch_data = pytest.importorskip("torch.utils.data")
    batches = torch_data.DataLoader(petarseg.dataset.open(str(dataset)), batch_size=None, num_workers=2)
    assert [item["lesion_id"] for item in batches] == [row["lesion_id"] for row in opened.lesions]
