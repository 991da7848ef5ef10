"""Parquet schemas made from the row models, so that columns, types, units and descriptions are written once."""

from __future__ import annotations

import types
import typing
from typing import Any, Literal, get_args, get_origin

import pyarrow as pa
from pydantic.fields import FieldInfo

from schemas.rows import Row

_TYPES: dict[object, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
}


def arrow_schema(model: type[Row]) -> pa.Schema:
    """Return the Parquet schema of a row model.

    Parameters
    ----------
    model : type
        A row model; fields may be str, int, float, bool, Literal, lists of these, and ``| None``.

    Returns
    -------
    pyarrow.Schema
        One field per model field, in order; required fields are not nullable. Each field's metadata holds ``description`` and, where
        there is one, ``unit``.
    """
    return pa.schema([_field(name, field) for name, field in model.model_fields.items()])


def _field(name: str, field: FieldInfo) -> pa.Field:
    annotation, nullable = _without_none(field.annotation)
    metadata = {"description": field.description or ""}
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "unit" in extra:
        metadata["unit"] = str(extra["unit"])
    return pa.field(name, _type(annotation), nullable=nullable, metadata=metadata)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in (typing.Union, types.UnionType):
        rest = [item for item in get_args(annotation) if item is not type(None)]
        if len(rest) == 1 and len(rest) < len(get_args(annotation)):
            return rest[0], True
        raise TypeError(f"a column has one type, not {annotation}")
    return annotation, False


def _type(annotation: Any) -> pa.DataType:
    if get_origin(annotation) is list:
        return pa.list_(pa.field("element", _type(get_args(annotation)[0]), nullable=False))
    if get_origin(annotation) is Literal:
        return _type(type(get_args(annotation)[0]))
    if annotation in _TYPES:
        return _TYPES[annotation]
    raise TypeError(f"no Parquet type for {annotation}")
