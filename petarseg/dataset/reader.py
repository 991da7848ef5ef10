"""Open a dataset for training: rows, and crops of its volumes read from the shards.

A `Dataset` is a map-style dataset (``len``, ``[]``) of lesions that ``torch.utils.data.DataLoader`` takes as it stands; torch itself is
not needed. It opens files lazily, may be sent to other processes or forked, and holds no state that a worker would have to be told:
`petarseg.dataset.sampler.Sampler` says which lesions a rank visits, and in which epoch.
"""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from petarseg.dataset.shards import decode
from petarseg.errors import ConfigError
from petarseg.volume import Units, Volume

FILL = {"pet": 0.0, "ct": -1000.0, "lesions": 0, "anatomy": 0}
"""Value outside of the volume."""
MIN_CUBE = 32
CUBE_PER_EXTENT = 3.0
JITTER = 0.2
"""SPEC decision 6: focal cube of max(3 x largest mask extent, 32 voxels), moved by up to 20 % in training, mask always inside."""

SPLITS = ("train", "val", "test")
UNITS = {"pet": Units.SUVBW, "ct": Units.HU, "lesions": Units.LABEL, "anatomy": Units.LABEL}
OPEN_SHARDS = 32
"""Shards that a process keeps open; thousands would exceed its file handles."""

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

    def __init__(self, address: str, storage_options: Mapping[str, Any] | None = None) -> None:
        try:
            self._file = _parquet_file(address, storage_options)
            about = json.loads((self._file.schema_arrow.metadata or {})[b"petarseg"])
            self.brick = int(about["brick"])
            self.layouts: dict[str, _Layout] = {}
            group = 0
            for name, item in about["volumes"].items():
                x, y, z = item["shape"]
                affine = np.array(item["affine_ras_mm"], dtype=np.float64)
                self.layouts[name] = _Layout((x, y, z), np.dtype(item["dtype"]), affine, item["codec"], group)
                group += -(-z // self.brick)
        except (OSError, pa.ArrowException, ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{address} is no readable shard ({type(error).__name__}); `petarseg validate` checks a dataset") from error

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


def _parquet_file(address: str, storage_options: Mapping[str, Any] | None) -> pq.ParquetFile:
    """Open a file here, or where fsspec reaches; there only the footer and the layers of bricks that are asked for are fetched.

    Arrow knows the ranges that it will read and joins them (`pre_buffer`); fsspec's reading ahead would double what is transferred.
    """
    if "://" not in address:
        return pq.ParquetFile(address, memory_map=True)
    filesystem, path = fsspec.core.url_to_fs(address, **(storage_options or {}))
    return pq.ParquetFile(filesystem.open(path, "rb", cache_type="none"), pre_buffer=True)


class Dataset:
    """Lesions of one split with their focal crops.

    Parameters
    ----------
    address : str or path
        Folder of a dataset version: a local path, or what fsspec knows (``s3://bucket/v1-...``, ``hf://datasets/user/name``).
    split : str, optional
        "train", "val" or "test"; all when absent.
    volumes : sequence of str
        Volumes to crop: "pet", "ct", "lesions" (which becomes the mask of the lesion at hand), "anatomy".
    columns : sequence of str, optional
        Columns of lesions.parquet that an item holds; all when absent. Name those without nulls and lists (``lesion_id``, ``findings``,
        ``suv_max``) to let torch's default collation make batches.
    size : int, optional
        Edge of the cube in voxels; by default it follows the lesion (SPEC decision 6), and cubes differ in size.
    jitter : float
        Largest shift of the cube as a share of its edge; 0 centres the lesion.
    seed : int
        Of the jitter and of `order`.
    storage_options : mapping, optional
        Passed to fsspec: ``{"anon": True}``, ``{"client_kwargs": {"endpoint_url": ...}}``.

    Raises
    ------
    ConfigError
        If the address holds no dataset, or an option names what it does not have.
    """

    def __init__(
        self,
        address: str | os.PathLike[str],
        *,
        split: str | None = None,
        volumes: Sequence[str] = ("pet", "ct", "lesions"),
        columns: Sequence[str] | None = None,
        size: int | None = None,
        jitter: float = 0.0,
        seed: int = 0,
        storage_options: Mapping[str, Any] | None = None,
    ) -> None:
        self.address, self.volumes, self.size, self.jitter, self.seed = str(address).rstrip("/"), tuple(volumes), size, jitter, seed
        self.columns = None if columns is None else tuple(columns)
        self.storage_options = dict(storage_options or {})
        if split is not None and split not in SPLITS:
            raise ConfigError(f"split {split!r}; use one of {', '.join(SPLITS)}, or none for all lesions")
        if unknown := sorted(set(self.volumes) - set(UNITS)):
            raise ConfigError(f"volumes {', '.join(unknown)}; use some of {', '.join(UNITS)}")
        if (size is not None and size < 1) or jitter < 0:
            raise ConfigError(f"size must be positive and jitter not negative: {size=}, {jitter=}")
        try:
            with fsspec.open(f"{self.address}/lesions.parquet", "rb", **self._remote_options()) as stream:
                rows = pq.read_table(stream).to_pylist()
        except (OSError, pa.ArrowException) as error:
            raise ConfigError(f"{self.address} is no dataset: lesions.parquet cannot be read") from error
        self.lesions: list[dict[str, Any]] = [row for row in rows if split is None or row["split"] == split]
        if self.columns is not None and rows and (unknown := sorted(set(self.columns) - set(rows[0]))):
            raise ConfigError(f"lesions.parquet has no columns {', '.join(unknown)}")
        self._shards: OrderedDict[str, Shard] = OrderedDict()
        self._process = os.getpid()

    def __len__(self) -> int:
        """Return the number of lesions."""
        return len(self.lesions)

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, Any]:
        """Return a lesion with a crop per volume.

        Parameters
        ----------
        key : int or (int, int)
            Number of the lesion, or (epoch, number) as `petarseg.dataset.sampler.Sampler` gives them; the epoch moves the jitter.

        Returns
        -------
        dict
            The row's columns, ``start_ijk`` (first voxel of the cube in the volume), ``affine_ras_mm`` (cube voxel to patient, RAS,
            shape (4, 4)), and an array of shape (n, n, n) per volume: PET in SUV, CT in HU, the lesion's mask as bool.
        """
        epoch, index = key if isinstance(key, tuple) else (0, key)
        lesion = self.lesions[index]
        start, stop = self.cube(index, epoch)
        shard = self.shard(lesion["exam_id"])
        crops: dict[str, Any] = {name: shard.read(name, start, stop) for name in self.volumes}
        if "lesions" in crops:
            crops["lesions"] = crops["lesions"] == lesion["mask_label"]
        affine = next(iter(shard.layouts.values())).affine.copy()
        affine[:3, 3] += affine[:3, :3] @ np.array(start)
        row = lesion if self.columns is None else {name: lesion[name] for name in self.columns}
        return {**row, "start_ijk": start, "affine_ras_mm": affine, **crops}

    def __getstate__(self) -> dict[str, Any]:
        """Leave open files behind when sent to a worker."""
        return {**self.__dict__, "_shards": OrderedDict()}

    def _remote_options(self) -> dict[str, Any]:
        return self.storage_options if "://" in self.address else {}

    def shard(self, exam_id: str) -> Shard:
        """Return the shard of an exam; the last `OPEN_SHARDS` stay open."""
        if self._process != os.getpid():
            # A forked worker must not share file positions and connections with its parent.
            self._shards, self._process = OrderedDict(), os.getpid()
        if exam_id in self._shards:
            self._shards.move_to_end(exam_id)
        else:
            self._shards[exam_id] = Shard(f"{self.address}/shards/{exam_id}.parquet", self._remote_options())
            if len(self._shards) > OPEN_SHARDS:
                self._shards.popitem(last=False)
        return self._shards[exam_id]

    def volume(self, exam_id: str, name: str) -> Volume:
        """Return a whole volume of an exam ("pet", "ct", "lesions", "anatomy"), placed in the patient."""
        shard = self.shard(exam_id)
        return Volume(shard.whole(name), shard.layouts[name].affine, UNITS[name])

    def cube(self, index: int, epoch: int = 0) -> tuple[Box, Box]:
        """Return first index and one past the last of a lesion's focal cube; the mask always lies inside."""
        box = np.array(self.lesions[index]["bbox_ijk"]).reshape(2, 3)
        extent = box[1] - box[0]
        edge = self.size or max(round(CUBE_PER_EXTENT * int(extent.max())), MIN_CUBE)
        start = np.rint(box.mean(axis=0) - edge / 2).astype(int)
        if self.jitter:
            rng = np.random.default_rng([self.seed, epoch, index])
            start += rng.integers(-round(self.jitter * edge), round(self.jitter * edge) + 1, size=3)
            if np.all(extent <= edge):
                start = np.clip(start, box[1] - edge, box[0])
        i, j, k = (int(value) for value in start)
        return (i, j, k), (i + edge, j + edge, k + edge)

    def order(self, epoch: int, *, rank: int = 0, world: int = 1, done: int = 0, even: bool = True) -> list[int]:
        """Return the lesions that a rank visits in an epoch, shuffled by seed and epoch; the same on every machine.

        Parameters
        ----------
        epoch : int
            Number of the epoch.
        rank, world : int
            This process and how many there are.
        done : int
            Lesions of this rank to skip: those already seen, on a resume.
        even : bool
            Give all ranks equally many, by repeating some lesions where they do not divide (training in step needs it). Without it,
            each lesion is visited once (evaluation).
        """
        if not 0 <= rank < world:
            raise ConfigError(f"rank {rank} of {world}: ranks run from 0")
        shuffled = np.random.default_rng([self.seed, epoch]).permutation(len(self))
        if even and len(shuffled):
            shuffled = np.resize(shuffled, -(-len(shuffled) // world) * world)
        return [int(index) for index in shuffled[rank::world][done:]]
