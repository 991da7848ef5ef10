"""Tables are deterministic, complete and open in every reader."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny_dataset import rows_of, write_tiny_dataset

from petarseg.dataset.tables import write_table
from schemas.arrow import arrow_schema
from schemas.rows import LesionRow

SCHEMA = pa.schema([pa.field("name", pa.string(), nullable=False), pa.field("volume_ml", pa.float64(), metadata={"unit": "ml"})])


def test_equal_rows_give_equal_bytes(tmp_path):
    for name in ("a", "b"):
        write_table(tmp_path / name, [{"name": "x", "volume_ml": 1.5}], SCHEMA)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_no_rows_keep_the_columns_and_their_units(tmp_path):
    write_table(tmp_path / "t", [], SCHEMA)
    schema = pq.read_schema(tmp_path / "t")
    assert schema.names == ["name", "volume_ml"]
    assert schema.field("volume_ml").metadata[b"unit"] == b"ml"


def test_pandas_and_duckdb_read_them(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    pandas = pytest.importorskip("pandas")
    dataset = write_tiny_dataset(tmp_path / "d")
    frame = pandas.read_parquet(dataset / "lesions.parquet")
    assert list(frame.columns) == arrow_schema(LesionRow).names
    hottest = duckdb.sql(f"select max(suv_max) from '{dataset / 'lesions.parquet'}'").fetchall()
    assert hottest[0][0] == max(row["suv_max"] for row in rows_of(dataset, "lesions"))
    joined = duckdb.sql(
        f"select count(*) from '{dataset / 'lesions.parquet'}' l join '{dataset / 'exams.parquet'}' e using (exam_id)"
    ).fetchall()
    assert joined == [(10,)]
