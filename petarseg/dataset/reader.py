"""Open a dataset for training: rows, and crops of its volumes read from the shards.

A `Dataset` is a map-style dataset (``len``, ``[]``) of lesions, so ``torch.utils.data.DataLoader(open(path), num_workers=8)`` works
as it stands; torch itself is not needed. It opens files lazily and may be sent to other processes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from petarseg.dataset.shards import decode
from petarseg.errors import ConfigError

FILL = {"pet": 0.0, "ct": -1000.0, "lesions": 0, "anatomy": 0}
"""Value outside of the volume."""
MIN_CUBE = 32
CUBE_PER_EXTENT = 3.0
JITTER = 0.2
"""SPEC decision 6: focal cube of max(3 x largest mask extent, 32 voxels), moved by up to 20 % in training, mask always inside."""

Box = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the bricks of a volume are in a shard."""

    shape: Box
    dtype: np.dtype[Any]
    affine: NDArray[np.float64]
    codec: str
    first_group: int


class Shard:
    """One exam's shard, open for reading."""

    def __init__(self, address: str) -> None:
        if "://" in address:
            self._file = pq.ParquetFile(fsspec.open(address, "rb").open())
        else:
            self._file = pq.ParquetFile(address, memory_map=True)
        about = json.loads(self._file.schema_arrow.metadata[b"petarseg"])
        self.brick = int(about["brick"])
        self.layouts: dict[str, _Layout] = {}
        group = 0
        for name, item in about["volumes"].items():
            x, y, z = item["shape"]
            self.layouts[name] = _Layout((x, y, z), np.dtype(item["dtype"]), np.array(item["affine_ras_mm"]), item["codec"], group)
            group += -(-z // self.brick)

    def read(self, volume: str, start: Box, stop: Box) -> NDArray[Any]:
        """Return the voxels ``start <= index < stop``, which may reach over the border; outside is `FILL`.

        Returns
        -------
        ndarray, shape ``stop - start``
            In Fortran order, as the volumes are stored.
        """
        layout, size = self.layouts[volume], self.brick
        fill = layout.dtype.type(FILL.get(volume, 0))
        out = np.full([high - low for low, high in zip(start, stop, strict=True)], fill, dtype=layout.dtype, order="F")
        blank = fill.tobytes()
        low = [max(0, value) for value in start]
        high = [min(value, limit) for value, limit in zip(stop, layout.shape, strict=True)]
        if any(h <= first for first, h in zip(low, high, strict=True)):
            return out
        layers = range(low[2] // size, -(-high[2] // size))
        table = self._file.read_row_groups([layout.first_group + layer for layer in layers], columns=["data"], use_threads=False)
        bricks = table.column("data").combine_chunks()
        across, up = (-(-layout.shape[axis] // size) for axis in (0, 1))
        for number, layer in enumerate(layers):
            for row in range(low[1] // size, -(-high[1] // size)):
                for column in range(low[0] // size, -(-high[0] // size)):
                    data = bricks[(number * up + row) * across + column].as_buffer()
                    if data.size == len(blank) and data.to_pybytes() == blank:
                        continue  # `out` holds this value already
                    corner = (column * size, row * size, layer * size)
                    x, y, z = (min(size, limit - first) for first, limit in zip(corner, layout.shape, strict=True))
                    brick = decode(data, (x, y, z), layout.dtype, layout.codec)
                    source, target = [], []
                    for axis in range(3):
                        first, last = max(low[axis], corner[axis]), min(high[axis], corner[axis] + brick.shape[axis])
                        source.append(slice(first - corner[axis], last - corner[axis]))
                        target.append(slice(first - start[axis], last - start[axis]))
                    out[tuple(target)] = brick[tuple(source)]
        return out

    def whole(self, volume: str) -> NDArray[Any]:
        """Return the whole volume."""
        return self.read(volume, (0, 0, 0), self.layouts[volume].shape)


class Dataset:
    """Lesions of one split with their focal crops.

    Parameters
    ----------
    address : str
        Folder of a dataset version: a local path, or what fsspec knows (``s3://``, ``hf://``).
    split : str, optional
        "train", "val" or "test"; all when absent.
    volumes : sequence of str
        Volumes to crop; "lesions" becomes the mask of the lesion at hand.
    size : int, optional
        Edge of the cube in voxels; by default it follows the lesion (SPEC decision 6).
    jitter : float
        Largest shift of the cube as a share of its edge; 0 centres the lesion.
    seed : int
        Of the jitter and of `order`.
    """

    def __init__(
        self,
        address: str,
        *,
        split: str | None = None,
        volumes: Sequence[str] = ("pet", "ct", "lesions"),
        size: int | None = None,
        jitter: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.address, self.volumes, self.size, self.jitter, self.seed = str(address).rstrip("/"), tuple(volumes), size, jitter, seed
        self.epoch = 0
        try:
            with fsspec.open(f"{self.address}/lesions.parquet", "rb") as stream:
                rows = pq.read_table(stream).to_pylist()
        except (OSError, pa.ArrowException) as error:
            raise ConfigError(f"{self.address} is no dataset: lesions.parquet cannot be read") from error
        self.lesions: list[dict[str, Any]] = [row for row in rows if split is None or row["split"] == split]
        self._shards: dict[str, Shard] = {}

    def __len__(self) -> int:
        """Return the number of lesions."""
        return len(self.lesions)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return the row of a lesion with ``start_ijk`` and a crop per volume, shape (n, n, n)."""
        lesion = self.lesions[index]
        start, stop = self.cube(index)
        shard = self.shard(lesion["exam_id"])
        crops: dict[str, Any] = {name: shard.read(name, start, stop) for name in self.volumes}
        if "lesions" in crops:
            crops["lesions"] = crops["lesions"] == lesion["mask_label"]
        return {**lesion, "start_ijk": start, **crops}

    def __getstate__(self) -> dict[str, Any]:
        """Leave open files behind when sent to a worker."""
        return {**self.__dict__, "_shards": {}}

    def shard(self, exam_id: str) -> Shard:
        """Return the shard of an exam; opened once."""
        if exam_id not in self._shards:
            self._shards[exam_id] = Shard(f"{self.address}/shards/{exam_id}.parquet")
        return self._shards[exam_id]

    def cube(self, index: int) -> tuple[Box, Box]:
        """Return first index and one past the last of a lesion's focal cube; the mask always lies inside."""
        box = np.array(self.lesions[index]["bbox_ijk"]).reshape(2, 3)
        extent = box[1] - box[0]
        edge = self.size or max(round(CUBE_PER_EXTENT * int(extent.max())), MIN_CUBE)
        start = np.rint(box.mean(axis=0) - edge / 2).astype(int)
        if self.jitter:
            rng = np.random.default_rng([self.seed, self.epoch, index])
            start += rng.integers(-round(self.jitter * edge), round(self.jitter * edge) + 1, size=3)
            if np.all(extent <= edge):
                start = np.clip(start, box[1] - edge, box[0])
        i, j, k = (int(value) for value in start)
        return (i, j, k), (i + edge, j + edge, k + edge)

    def order(self, epoch: int, *, rank: int = 0, world: int = 1, done: int = 0) -> list[int]:
        """Return the indices that a rank visits in an epoch, shuffled by seed and epoch; `done` of them are skipped on a resume.

        All ranks get equally many: the order is repeated from its start where the lesions do not divide.
        """
        shuffled = np.random.default_rng([self.seed, epoch]).permutation(len(self))
        share = -(-len(shuffled) // world)
        padded = np.resize(shuffled, share * world)
        return [int(index) for index in padded[rank::world][done:]]
