"""Check a table against its contract: columns, types, units, nulls, ranges, closed lists, patterns, uniqueness."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from petarseg.dataset.contract import Broken, Column, TableContract


def check_table(table: pa.Table, contract: TableContract) -> list[Broken]:
    """Return every rule of the contract that the table breaks, in the order of the columns."""
    broken = list(_check_schema(table.schema, contract))
    wrong = {item.column for item in broken if item.rule in ("column_missing", "column_duplicate", "type")}
    keys = row_keys(table, contract.key)
    for column in contract.columns:
        if column.name in wrong:
            continue
        values = table.column(column.name).to_pylist()
        broken += _check_values(contract.table, column, values, keys)
    return broken


def mended(table: pa.Table, contract: TableContract) -> pa.Table | None:
    """Return the table with its columns in the types of the contract, for the checks that span rows; None if that cannot be.

    Tools that rewrite a table change types without changing values: pandas makes floats of whole numbers with nulls, and nothing at
    all of a column of nulls. The wrong type is named, but must not hide what else is wrong.
    """
    for column in contract.columns:
        if table.column_names.count(column.name) != 1:
            return None
        place = table.schema.get_field_index(column.name)
        wanted: pa.DataType = _ARROW[column.type]
        if column.repeated:
            wanted = pa.list_(wanted)
        if _type_name(table.schema.field(place).type) != (column.type, column.repeated):
            try:
                table = table.set_column(place, column.name, table.column(place).cast(wanted))
            except pa.ArrowException:
                return None
    return table


_ARROW = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(), "string": pa.string()}


def complete_rows(rows: Sequence[Mapping[str, Any]], contract: TableContract) -> list[Mapping[str, Any]]:
    """Return the rows that hold all that the contract requires: no nulls, lists of the right length, finite numbers."""
    return [row for row in rows if all(_complete(column, row[column.name]) for column in contract.columns)]


def _complete(column: Column, value: Any) -> bool:
    if value is None:
        return column.nullable
    items = value if column.repeated else (value,)
    if column.repeated and column.n_items is not None and len(items) != column.n_items:
        return False
    return all(item is not None and not (isinstance(item, float) and not math.isfinite(item)) for item in items)


def row_keys(table: pa.Table, key: str | None) -> list[str]:
    """Return what identifies each row in messages: the key column, else exam and label, else the row's number."""
    if key and table.column_names.count(key) == 1:
        return [str(value) for value in table.column(key).to_pylist()]
    if all(table.column_names.count(name) == 1 for name in ("exam_id", "mask_label")):
        pairs = zip(table.column("exam_id").to_pylist(), table.column("mask_label").to_pylist(), strict=True)
        return [f"{exam_id}/{label}" for exam_id, label in pairs]
    return [f"row {number}" for number in range(table.num_rows)]


def _check_schema(schema: pa.Schema, contract: TableContract) -> Iterator[Broken]:
    known = {column.name for column in contract.columns}
    for name in schema.names:
        if name not in known:
            yield Broken(contract.table, name, "column_unknown", "schema", "the contract has no such column")
    for column in contract.columns:
        if column.name not in schema.names:
            yield Broken(contract.table, column.name, "column_missing", "schema", "the contract asks for this column")
            continue
        if schema.names.count(column.name) > 1:
            yield Broken(contract.table, column.name, "column_duplicate", "schema", "the table has this column more than once")
            continue
        field = schema.field(column.name)
        if _type_name(field.type) != (column.type, column.repeated):
            yield Broken(contract.table, column.name, "type", "schema", f"{field.type} instead of {column.type}")
        unit = (field.metadata or {}).get(b"unit", b"").decode() or None
        if unit != column.unit:
            yield Broken(contract.table, column.name, "unit", "schema", f"unit {unit} instead of {column.unit}")


def _type_name(kind: pa.DataType) -> tuple[str, bool]:
    repeated = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    inner = kind.value_type if repeated else kind
    for test, name in (
        (pa.types.is_integer, "integer"),
        (pa.types.is_floating, "number"),
        (pa.types.is_boolean, "boolean"),
        (lambda t: pa.types.is_string(t) or pa.types.is_large_string(t), "string"),
    ):
        if test(inner):
            return name, repeated
    return str(inner), repeated


def _check_values(table: str, column: Column, values: list[Any], keys: list[str]) -> Iterator[Broken]:
    pattern = re.compile(column.pattern) if column.pattern else None
    seen: set[str] = set()
    for key, value in zip(keys, values, strict=True):
        if value is None:
            if not column.nullable:
                yield Broken(table, column.name, "required", key, "null")
            continue
        if column.unique:
            mark = json.dumps(value)
            if mark in seen:
                yield Broken(table, column.name, "unique", key, "appears more than once")
            seen.add(mark)
        if column.repeated and column.n_items is not None and len(value) != column.n_items:
            yield Broken(table, column.name, "n_items", key, f"{len(value)} items instead of {column.n_items}")
        for item in value if column.repeated else (value,):
            problem = _problem(column, pattern, item)
            if problem:
                yield Broken(table, column.name, problem[0], key, problem[1])


def _problem(column: Column, pattern: re.Pattern[str] | None, item: Any) -> tuple[str, str] | None:
    """Return (rule, detail) of the first limit that `item` breaks."""
    if item is None:
        return "required", "null in a list"
    if isinstance(item, float) and not math.isfinite(item):
        return "range", f"{item} is no finite number"
    if (
        (column.minimum is not None and item < column.minimum)
        or (column.above is not None and item <= column.above)
        or (column.maximum is not None and item > column.maximum)
    ):
        return "range", f"{item} is outside of its limits"
    if column.allowed and item not in column.allowed:
        return "allowed", f"{item!r} is not in the closed list"
    if pattern and not pattern.search(item):
        return "pattern", f"{item!r} does not fit {column.pattern}"
    if column.min_length is not None and len(item) < column.min_length:
        return "min_length", f"{len(item)} characters"
    return None
