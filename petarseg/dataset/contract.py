"""Data contracts: what each column of a published table must hold, as Open Data Contract Standard (ODCS 3.1) YAML.

A contract is made from the JSON schema of a row model, written to ``data_contracts/`` and into each dataset (``contracts/``), and
checked by `petarseg.dataset.table_checks`. The YAML and the object hold the same; `from_odcs` reads what `to_odcs` wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from petarseg.errors import ConfigError

API_VERSION = "v3.1.0"
STATUS = "active"
_TYPES = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean"}


@dataclass(frozen=True, slots=True)
class Broken:
    """One broken rule.

    Parameters
    ----------
    table, column, rule, key : str
        Where it broke: table (or file), column (or ""), name of the rule, key of the offending row.
    detail : str
        The value found and what was wanted.
    """

    table: str
    column: str
    rule: str
    key: str
    detail: str

    def __str__(self) -> str:
        where = f"{self.table}.{self.column}" if self.column else self.table
        return f"{where} breaks {self.rule!r} at {self.key}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Column:
    """What one column holds; None means that no such limit is set."""

    name: str
    type: str
    description: str
    nullable: bool = False
    repeated: bool = False
    unit: str | None = None
    unique: bool = False
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()
    pattern: str | None = None
    min_length: int | None = None
    n_items: int | None = None


@dataclass(frozen=True, slots=True)
class TableContract:
    """The contract of one table; the first unique column is its key."""

    table: str
    description: str
    columns: tuple[Column, ...]

    @property
    def key(self) -> str | None:
        """Name of the column that identifies a row, if there is one."""
        return next((column.name for column in self.columns if column.unique), None)


def contract_of(table: str, schema: Mapping[str, Any]) -> TableContract:
    """Make a contract from the JSON schema of a row model.

    Parameters
    ----------
    table : str
        Name of the table.
    schema : mapping
        JSON schema (as of ``pydantic.BaseModel.model_json_schema``); ``unit`` and ``unique`` are read from the properties.
    """
    columns = []
    for name, outer in schema["properties"].items():
        choices = [choice for choice in outer.get("anyOf", [outer]) if choice.get("type") != "null"]
        spec = {**outer, **choices[0]}
        repeated = spec["type"] == "array"
        inner = spec["items"] if repeated else spec
        columns.append(
            Column(
                name=name,
                type=_TYPES[inner["type"]],
                description=outer.get("description", ""),
                nullable=any(choice.get("type") == "null" for choice in outer.get("anyOf", [])),
                repeated=repeated,
                unit=outer.get("unit"),
                unique=bool(outer.get("unique", False)),
                minimum=inner.get("minimum"),
                above=inner.get("exclusiveMinimum"),
                maximum=inner.get("maximum"),
                allowed=tuple(outer.get("enum") or inner.get("enum") or ([inner["const"]] if "const" in inner else [])),
                pattern=inner.get("pattern"),
                min_length=None if repeated else inner.get("minLength"),
                n_items=spec.get("minItems") if repeated and spec.get("minItems") == spec.get("maxItems") else None,
            )
        )
    return TableContract(table, str(schema.get("description", "")).strip(), tuple(columns))


def to_odcs(contract: TableContract, *, version: str) -> str:
    """Return the contract as ODCS YAML, validated by the standard's own model."""
    properties = []
    for column in contract.columns:
        limits = {
            name: value
            for name, value in (
                ("minimum", column.minimum),
                ("exclusiveMinimum", column.above),
                ("maximum", column.maximum),
                ("pattern", column.pattern),
                ("minLength", column.min_length),
            )
            if value is not None
        }
        item: dict[str, Any] = {
            "name": column.name,
            "logicalType": "array" if column.repeated else column.type,
            "physicalType": f"list<{column.type}>" if column.repeated else column.type,
            "description": column.description,
            "required": not column.nullable,
        }
        if column.unique:
            item |= {"unique": True, "primaryKey": column.name == contract.key}
        if column.repeated:
            item["items"] = {"logicalType": column.type} | ({"logicalTypeOptions": limits} if limits else {})
            if column.n_items is not None:
                item["logicalTypeOptions"] = {"minItems": column.n_items, "maxItems": column.n_items}
        elif limits:
            item["logicalTypeOptions"] = limits
        if column.unit:
            item["customProperties"] = [{"property": "unit", "value": column.unit}]
        if column.allowed:
            item["quality"] = [
                {"type": "library", "metric": "invalidValues", "arguments": {"validValues": list(column.allowed)}, "mustBe": 0}
            ]
        properties.append(item)
    rules = [
        {"type": "custom", "engine": "petarseg", "name": name, "description": text, "implementation": f"petarseg validate: {name}"}
        for name, text in TABLE_RULES.get(contract.table, {}).items()
    ]
    table: dict[str, Any] = {
        "name": contract.table,
        "logicalType": "object",
        "physicalType": "table",
        "physicalName": f"{contract.table}.parquet",
        "description": contract.description,
        "properties": properties,
    }
    if rules:
        table["quality"] = rules
    document = {
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": f"petarseg-{contract.table}",
        "name": contract.table,
        "version": version,
        "status": STATUS,
        "schema": [table],
    }
    OpenDataContractStandard.model_validate(document)
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


TABLE_RULES: dict[str, dict[str, str]] = {
    "lesions": {
        "exam_exists": "exam_id is in exams.",
        "same_as_exam": "patient_id and split equal those of the exam.",
        "duplicate_lesion": "No two lesions of an exam share a mask label, or sentence, SUVmax and slice.",
        "suv_match": "suv_max equals suv_max_report within the tolerance (0.1; 0.5 where the report gives no decimals).",
        "suv_order": "threshold_suv and suv_mean are at most suv_max; tlg is suv_mean times volume_ml.",
        "mask_present": "lesions.nii.gz has voxels with mask_label.",
        "mask_box": "bbox_ijk is the box of these voxels and holds max_ras_mm to one native voxel.",
        "mask_uptake": "The PET inside the mask fits suv_max: the volume is in SUV and the mask on its lesion.",
        "near_duplicate": "No two patients of different splits share a lesion's sentence and measurements, or a PET.",
    },
    "exams": {
        "one_split": "A patient is in one split.",
        "n_lesions": "n_lesions is the number of rows in lesions.",
        "volume_exists": "The four volumes exist.",
        "volume_readable": "They are whole NIfTI files.",
        "volume_grid": "They share the exam's shape, spacing and one RAS+ affine.",
        "volume_values": "PET is float32, CT int16, masks integers, without scaling; PET and CT hold plausible SUV and HU.",
        "volume_labels": "lesions.nii.gz holds no label without a row.",
        "sha256": "sha256 is the hash over the volumes' hashes in checksums.sha256.",
    },
    "anatomy": {"exam_exists": "exam_id is in exams.", "same_as_exam": "split equals that of the exam."},
}


def from_odcs(text: str) -> TableContract:
    """Read a contract that `to_odcs` wrote.

    Raises
    ------
    ConfigError
        If the text is not such a contract.
    """
    try:
        (table,) = yaml.safe_load(text)["schema"]
        columns = tuple(_column(item) for item in table["properties"])
        return TableContract(table["name"], table["description"], columns)
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"not a data contract of one table: {error}") from error


def _column(item: Mapping[str, Any]) -> Column:
    repeated = item["logicalType"] == "array"
    inner = item["items"] if repeated else item
    limits = inner.get("logicalTypeOptions", {})
    custom = {entry["property"]: entry["value"] for entry in item.get("customProperties", [])}
    return Column(
        name=item["name"],
        type=inner["logicalType"],
        description=item.get("description", ""),
        nullable=not item["required"],
        repeated=repeated,
        unit=custom.get("unit"),
        unique=item.get("unique", False),
        minimum=limits.get("minimum"),
        above=limits.get("exclusiveMinimum"),
        maximum=limits.get("maximum"),
        allowed=tuple(item["quality"][0]["arguments"]["validValues"]) if "quality" in item else (),
        pattern=limits.get("pattern"),
        min_length=limits.get("minLength"),
        n_items=item.get("logicalTypeOptions", {}).get("minItems") if repeated else None,
    )
