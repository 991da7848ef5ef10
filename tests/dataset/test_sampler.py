"""Every lesion once per epoch whatever the ranks, and a resumed epoch goes on where it stopped, with real DataLoader workers."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import petarseg.dataset
from petarseg.dataset.reader import Dataset
from petarseg.dataset.sampler import Sampler
from petarseg.errors import ConfigError


@pytest.fixture
def opened(built_dataset: Path) -> Dataset:
    return petarseg.dataset.open(built_dataset, columns=("lesion_id",), volumes=("pet",), jitter=0.2, seed=5)


@pytest.mark.parametrize("world", [1, 2, 3, 4, 16])
def test_ranks_are_disjoint_and_complete(opened: Dataset, world: int) -> None:
    shares = [opened.order(1, rank=rank, world=world, even=False) for rank in range(world)]
    visited = [index for share in shares for index in share]
    assert sorted(visited) == list(range(10))
    even = [opened.order(1, rank=rank, world=world) for rank in range(world)]
    assert len({len(share) for share in even}) == 1
    assert {index for share in even for index in share} == set(range(10))
    assert [share[: len(part)] for share, part in zip(even, shares, strict=True)] == shares


def test_epochs_and_seeds_differ_and_repeat(opened: Dataset, built_dataset: Path) -> None:
    assert opened.order(1) != opened.order(2)
    assert opened.order(1) == petarseg.dataset.open(built_dataset, seed=5).order(1)
    assert opened.order(1) != petarseg.dataset.open(built_dataset, seed=6).order(1)


def test_what_is_done_is_skipped_in_its_epoch_only(opened: Dataset) -> None:
    sampler = Sampler(opened, rank=1, world=2, epoch=3, done=2)
    assert [index for _, index in sampler] == opened.order(3, rank=1, world=2)[2:]
    assert len(sampler) == 3
    sampler.set_epoch(4)
    assert list(sampler) == [(4, index) for index in opened.order(4, rank=1, world=2)]


def test_nothing_to_visit(built_dataset: Path) -> None:
    empty = petarseg.dataset.open(built_dataset)
    empty.lesions.clear()
    assert list(Sampler(empty, rank=1, world=4)) == []


@pytest.mark.parametrize(("rank", "world", "done"), [(2, 2, 0), (-1, 2, 0), (0, 0, 0), (0, 1, -1)])
def test_impossible_ranks_are_refused(opened: Dataset, rank: int, world: int, done: int) -> None:
    with pytest.raises(ConfigError):
        Sampler(opened, rank=rank, world=world, done=done)


def loader_of(opened: Dataset, sampler: Sampler, *, workers: int = 2) -> Any:
    data = pytest.importorskip("torch.utils.data")
    return data.DataLoader(opened, batch_size=2, sampler=sampler, num_workers=workers, persistent_workers=workers > 0)


def seen(batch: dict[str, Any]) -> list[tuple[str, float, tuple[int, ...]]]:
    """Lesion, voxels and place: equal only when the jitter is equal too."""
    starts = np.stack([axis.numpy() for axis in batch["start_ijk"]], axis=1)
    return [
        (name, float(pet.sum()), tuple(start.tolist())) for name, pet, start in zip(batch["lesion_id"], batch["pet"], starts, strict=True)
    ]


def epochs(opened: Dataset, first: int, last: int, *, done: int = 0, stop: int | None = None, rank: int = 0, world: int = 1) -> list[Any]:
    """Train for some epochs as a loop would, and return what it saw; `stop` ends it after so many batches."""
    sampler = Sampler(opened, rank=rank, world=world, epoch=first, done=done)
    loader = loader_of(opened, sampler)
    found: list[Any] = []
    batches = 0
    for epoch in range(first, last):
        sampler.set_epoch(epoch)
        for batch in loader:
            found += seen(batch)
            batches += 1
            if batches == stop:
                return found
    return found


def test_a_resume_in_the_middle_of_an_epoch_is_exact(opened: Dataset) -> None:
    """Workers fetch ahead, so that more was read than used; what was used counts."""
    whole = epochs(opened, 0, 3)
    assert len(whole) == 30
    before = epochs(opened, 0, 3, stop=7)  # one epoch of five batches, and two batches of the next
    after = epochs(opened, 1, 3, done=4)
    assert before + after == whole


def test_persistent_workers_see_each_epoch_with_its_own_jitter(opened: Dataset) -> None:
    found = epochs(opened, 0, 2)
    places = [{name: start for name, _, start in found[part : part + 10]} for part in (0, 10)]
    assert places[0].keys() == places[1].keys()
    assert sum(places[0][name] != places[1][name] for name in places[0]) >= 8


def test_two_ranks_with_workers_see_everything_once(opened: Dataset) -> None:
    names = [name for rank in range(2) for name, _, _ in epochs(opened, 2, 3, rank=rank, world=2)]
    assert sorted(names) == sorted(row["lesion_id"] for row in opened.lesions)


def test_as_many_workers_as_one_likes(opened: Dataset) -> None:
    sampler = Sampler(opened, epoch=1)
    alone = [item for batch in loader_of(opened, sampler, workers=0) for item in seen(batch)]
    many = [item for batch in loader_of(opened, sampler, workers=3) for item in seen(batch)]
    assert alone == many
    assert [item[0] for item in islice(many, 2)] == [opened.lesions[index]["lesion_id"] for index in opened.order(1)[:2]]
