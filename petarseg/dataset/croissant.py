"""``croissant.json``: the dataset described for machines (MLCommons Croissant), validated by mlcroissant."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlcroissant as mlc
import pyarrow as pa
import pyarrow.parquet as pq

from petarseg.errors import ContractError
from petarseg.files import write_json

EPOCH = "1970-01-01"
"""``datePublished`` is mandatory, but the day of a build must not change its bytes; whoever publishes sets the real one."""


def write_croissant(dataset: Path, *, name: str, version: str, license_id: str, description: str, checksums: Mapping[str, str]) -> None:
    """Describe the Parquet tables and NIfTI volumes below `dataset` and write ``croissant.json``.

    Parameters
    ----------
    dataset : Path
        Folder of one version; its tables must be written.
    name, version, license_id, description : str
        Of the dataset. A version is written as ``0.0.0+<version>``, since Croissant wants semantic versions.
    checksums : mapping
        File name to SHA-256 of the tables.

    Raises
    ------
    ContractError
        If mlcroissant finds the description invalid.
    """
    distribution: list[Any] = []
    record_sets: list[Any] = []
    for table in ("lesions", "exams", "anatomy", "rejected"):
        file_name = f"{table}.parquet"
        distribution.append(
            mlc.FileObject(
                id=file_name, name=file_name, content_url=file_name, encoding_formats=["application/x-parquet"], sha256=checksums[file_name]
            )
        )
        fields = [_field(table, field) for field in pq.read_schema(dataset / file_name)]
        record_sets.append(mlc.RecordSet(id=table, name=table, fields=fields))
    distribution.append(
        mlc.FileSet(id="volumes", name="volumes", contained_in=None, encoding_formats=["application/gzip"], includes=["volumes/*/*.nii.gz"])
    )
    logging.getLogger("absl").setLevel(logging.ERROR)
    metadata = mlc.Metadata(
        name=name,
        version=f"0.0.0+{version}",
        license=[license_id],
        description=description,
        url=f"https://example.org/{name}",
        date_published=EPOCH,
        cite_as=f"{name} {version}",
        distribution=distribution,
        record_sets=record_sets,
    )
    if metadata.issues.errors:
        raise ContractError("croissant", "metadata", "; ".join(sorted(metadata.issues.errors)), version)
    write_json(dataset / "croissant.json", json.loads(json.dumps(metadata.to_json(), default=str)))


def _field(table: str, field: pa.Field) -> Any:
    metadata = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    listed = pa.types.is_list(field.type)
    inner = field.type.value_type if listed else field.type
    data_type = (
        mlc.DataType.INTEGER if pa.types.is_integer(inner) else mlc.DataType.FLOAT if pa.types.is_floating(inner) else mlc.DataType.TEXT
    )
    unit = f" [{metadata['unit']}]" if "unit" in metadata else ""
    return mlc.Field(
        id=f"{table}/{field.name}",
        name=field.name,
        description=metadata.get("description", "") + unit,
        data_types=[data_type],
        repeated=listed,
        source=mlc.Source(file_object=f"{table}.parquet", extract=mlc.Extract(column=field.name)),
    )
