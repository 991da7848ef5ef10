"""Parquet tables whose bytes depend on their rows alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from petarseg.files import atomic_path


def write_table(path: Path, rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> None:
    """Write rows as Parquet, atomically and deterministically.

    Parameters
    ----------
    path : Path
        The file.
    rows : sequence of mapping
        Keys are the columns of `schema`; an empty sequence gives an empty table with all its columns.
    schema : pyarrow.Schema
        Types, nullability, and metadata (description, unit) per column.
    """
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", version="2.6", store_schema=True, write_statistics=True)
