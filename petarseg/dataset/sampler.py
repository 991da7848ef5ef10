"""Which lesions a training process visits, and in which order: shuffled, split over ranks, resumed in the middle of an epoch.

A `Sampler` goes into ``torch.utils.data.DataLoader(dataset, sampler=...)``. It gives (epoch, lesion) pairs, so that workers that live
through several epochs (``persistent_workers=True``) need not be told the epoch: it comes with each lesion and moves its jitter.
"""

from __future__ import annotations

from collections.abc import Iterator

from petarseg.dataset.reader import Dataset
from petarseg.errors import ConfigError


class Sampler:
    """The lesions of one rank, epoch after epoch.

    Parameters
    ----------
    dataset : Dataset
        Opened with one seed on all ranks.
    rank, world : int
        This process and how many there are, such as ``torch.distributed.get_rank()`` and ``get_world_size()``.
    even : bool
        See `Dataset.order`: repeat some lesions so that all ranks get equally many (training), or visit each once (evaluation).
    epoch, done : int
        Where to begin: `done` lesions of this rank are skipped in the first epoch only. A loader fetches ahead, so what is done is what
        the training loop has used: batches x batch size.

    Examples
    --------
    >>> sampler = Sampler(train, rank=rank, world=world, epoch=state["epoch"], done=state["done"])  # doctest: +SKIP
    >>> loader = DataLoader(train, batch_size=8, sampler=sampler, num_workers=8, persistent_workers=True)  # doctest: +SKIP
    >>> for epoch in range(state["epoch"], 100):  # doctest: +SKIP
    ...     sampler.set_epoch(epoch)
    ...     for batch in loader:
    ...         ...
    """

    def __init__(self, dataset: Dataset, *, rank: int = 0, world: int = 1, even: bool = True, epoch: int = 0, done: int = 0) -> None:
        if not 0 <= rank < world:
            raise ConfigError(f"rank {rank} of {world}: ranks run from 0")
        if done < 0:
            raise ConfigError(f"done must not be negative, not {done}")
        self.dataset, self.rank, self.world, self.even = dataset, rank, world, even
        self.epoch, self._resumed = epoch, (epoch, done)

    def set_epoch(self, epoch: int) -> None:
        """Shuffle for another epoch; call it before each one."""
        self.epoch = epoch

    def _indices(self) -> list[int]:
        resumed, done = self._resumed
        return self.dataset.order(self.epoch, rank=self.rank, world=self.world, even=self.even, done=done if self.epoch == resumed else 0)

    def __len__(self) -> int:
        """Return how many lesions this rank still visits in the epoch."""
        return len(self._indices())

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yield (epoch, lesion)."""
        for index in self._indices():
            yield self.epoch, index
