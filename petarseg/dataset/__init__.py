"""Splits, the 3 mm grid, shards, readers, dataset card, checksums."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from petarseg.dataset.reader import Dataset


def open(address: str | os.PathLike[str], **options: Any) -> Dataset:
    """Open a dataset for training; the options are those of `petarseg.dataset.reader.Dataset`.

    Examples
    --------
    >>> train = petarseg.dataset.open("OUT/dataset/latest", split="train", jitter=0.2)  # doctest: +SKIP
    >>> train[0]["pet"].shape  # doctest: +SKIP
    (32, 32, 32)
    """
    from petarseg.dataset.reader import Dataset

    return Dataset(address, **options)
