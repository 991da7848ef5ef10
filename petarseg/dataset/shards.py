"""Training shards: volumes cut into bricks of 48 voxels, as Parquet files of which a reader fetches only what a crop touches.

One file an exam, ``shards/<exam_id>.parquet``; a row a brick, ordered by volume, then z, y, x. A row group holds one layer of bricks
(one volume, one z), so that a crop reads few of them. Columns: ``volume`` (pet, ct, lesions, anatomy), ``i``, ``j``, ``k`` (first
voxel), ``data``: the brick's values in little-endian Fortran order (x fastest), cut at the volume's border, compressed (LZ4 raw or
zstd). A brick whose voxels are all equal is kept as that one value. The file's key-value metadata (``petarseg``) names shape, affine,
type and codec of each volume.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from petarseg.files import atomic_path
from petarseg.volume import Volume

BRICK = 48
"""Edge in voxels. Smaller bricks read less around a crop but cost more calls (benchmarks/crops.py)."""
CODECS = {"zstd": pa.Codec("zstd", 1), "lz4_raw": pa.Codec("lz4_raw")}
"""LZ4 unpacks a PET several times faster at an eighth more bytes; a CT, being noise, would grow by half, so it keeps zstd."""
SCHEMA = pa.schema(
    [
        pa.field("volume", pa.string(), nullable=False),
        *(pa.field(name, pa.int16(), nullable=False) for name in ("i", "j", "k")),
        pa.field("data", pa.binary(), nullable=False),
    ]
)


def write_shard(volumes: Mapping[str, Volume], path: Path) -> None:
    """Write the bricks of an exam's volumes, atomically; equal volumes give equal bytes.

    Parameters
    ----------
    volumes : mapping
        Name to volume; all on one grid.
    path : Path
        ``<exam_id>.parquet``.
    """
    about = {
        name: {
            "shape": list(volume.shape),
            "dtype": volume.array.dtype.newbyteorder("<").str,
            "codec": codec_for(volume.array.dtype),
            "affine_ras_mm": volume.affine.tolist(),
        }
        for name, volume in volumes.items()
    }
    schema = SCHEMA.with_metadata({"petarseg": json.dumps({"brick": BRICK, "volumes": about})})
    with (
        atomic_path(path) as temporary,
        # The bricks are compressed one by one, so that one can be read alone; dictionaries and statistics would only add bytes.
        pq.ParquetWriter(
            temporary, schema, compression="none", use_dictionary=False, write_statistics=False, version="2.6", store_schema=True
        ) as writer,
    ):
        for name, volume in volumes.items():
            for k in range(0, volume.shape[2], BRICK):
                writer.write_table(_layer(name, volume.array, k, schema))


def _layer(name: str, array: NDArray[Any], k: int, schema: pa.Schema) -> pa.Table:
    places = [(i, j, k) for j in range(0, array.shape[1], BRICK) for i in range(0, array.shape[0], BRICK)]
    columns = list(zip(*places, strict=True))
    data = [encode(array[i : i + BRICK, j : j + BRICK, k : k + BRICK]) for i, j, k in places]
    return pa.table([[name] * len(places), *columns, data], schema=schema)


def codec_for(dtype: np.dtype[Any]) -> str:
    """Return the codec of volumes of a type; CT is the one of 16 bits."""
    return "zstd" if dtype.kind == "i" and dtype.itemsize == 2 else "lz4_raw"


def encode(brick: NDArray[Any]) -> bytes:
    """Return a brick's bytes: one value when all are equal, else its values, compressed."""
    little = brick.astype(brick.dtype.newbyteorder("<"), copy=False)
    first = little.flat[0]
    if (little == first).all():
        return bytes(little[:1, :1, :1].tobytes())
    return bytes(CODECS[codec_for(brick.dtype)].compress(little.tobytes(order="F"), asbytes=True))


def decode(data: pa.Buffer, shape: tuple[int, int, int], dtype: np.dtype[Any], codec: str) -> NDArray[Any]:
    """Return the brick of `shape` that `encode` wrote; read-only."""
    if data.size == dtype.itemsize:
        return np.broadcast_to(np.frombuffer(data, dtype=dtype), shape)
    values = CODECS[codec].decompress(data, decompressed_size=int(np.prod(shape)) * dtype.itemsize)
    return np.frombuffer(values, dtype=dtype).reshape(shape, order="F")
