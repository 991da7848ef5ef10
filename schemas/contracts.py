"""The data contracts of the published tables, made from the row models.

``python -m schemas.contracts`` writes them to ``data_contracts/``; a test compares that folder with the models.
"""

from __future__ import annotations

from pathlib import Path

from petarseg.dataset.contract import TableContract, contract_of, to_odcs
from petarseg.files import write_text
from schemas.rows import AnatomyRow, ExamRow, LesionRow, RejectedRow, Row

CONTRACT_VERSION = "1.0.0"
"""Raised by hand: patch for texts, minor for new columns and limits, major for renamed or removed ones."""

TABLES: dict[str, type[Row]] = {"lesions": LesionRow, "exams": ExamRow, "anatomy": AnatomyRow, "rejected": RejectedRow}


def published_contracts() -> dict[str, TableContract]:
    """Return table name to contract."""
    return {name: contract_of(name, model.model_json_schema()) for name, model in TABLES.items()}


def write_contracts(folder: Path) -> None:
    """Write ``<table>.odcs.yaml`` per table."""
    for name, contract in published_contracts().items():
        write_text(folder / f"{name}.odcs.yaml", to_odcs(contract, version=CONTRACT_VERSION))


if __name__ == "__main__":
    write_contracts(Path(__file__).resolve().parents[1] / "data_contracts")
