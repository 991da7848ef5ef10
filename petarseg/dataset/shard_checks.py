"""Check that the training shards hold what the NIfTI volumes hold: a model must not train on other voxels than those that are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from petarseg.dataset.reader import Shard
from petarseg.errors import ConfigError
from petarseg.volume import Volume

FOLDER = "shards"
AFFINE_TOLERANCE_MM = 1e-3


def shard_path(dataset: Path, exam_id: str) -> Path:
    """Return where the shard of an exam lies."""
    return dataset / FOLDER / f"{exam_id}.parquet"


def compare_shard(path: Path, volumes: Mapping[str, Volume]) -> Iterator[tuple[str, str, str]]:
    """Yield (volume, rule, detail) for what differs between a shard and the volumes of its exam.

    Parameters
    ----------
    path : Path
        The shard.
    volumes : mapping
        Name to volume as read from its NIfTI file.
    """
    if not path.is_file():
        yield "shard", "shard_exists", f"no {FOLDER}/{path.name}"
        return
    try:
        shard = Shard(str(path))
    except (OSError, ConfigError, pa.ArrowException) as error:
        yield "shard", "shard_readable", str(error)
        return
    for name, volume in volumes.items():
        layout = shard.layouts.get(name)
        if layout is None:
            yield name, "shard_matches", "the shard lacks this volume"
        elif layout.shape != volume.shape or layout.dtype != volume.array.dtype.newbyteorder("<"):
            yield name, "shard_matches", f"{layout.dtype} {layout.shape} in the shard, {volume.array.dtype} {volume.shape} in the volume"
        elif np.abs(layout.affine - volume.affine).max() > AFFINE_TOLERANCE_MM:
            yield name, "shard_matches", "the affine of the shard differs from that of the volume"
        else:
            try:
                same = np.array_equal(shard.whole(name), volume.array, equal_nan=volume.array.dtype.kind == "f")
            except (OSError, ValueError, IndexError, pa.ArrowException) as error:
                yield name, "shard_readable", str(error)
                continue
            if not same:
                yield name, "shard_matches", "the voxels of the shard differ from those of the volume"
