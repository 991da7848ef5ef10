from __future__ import annotations

from pathlib import Path

from open_data_contract_standard.model import OpenDataContractStandard

from petarseg.dataset.contract import from_odcs
from schemas.contracts import TABLES, published_contracts, write_contracts

CONTRACTS = Path(__file__).resolve().parents[2] / "data_contracts"


def test_the_contracts_in_the_repository_are_those_of_the_models(tmp_path: Path) -> None:
    """After a change of the rows: ``python -m schemas.contracts``."""
    write_contracts(tmp_path)
    for name in TABLES:
        assert (CONTRACTS / f"{name}.odcs.yaml").read_text() == (tmp_path / f"{name}.odcs.yaml").read_text()


def test_they_are_odcs_and_say_what_the_models_say() -> None:
    for name, contract in published_contracts().items():
        text = (CONTRACTS / f"{name}.odcs.yaml").read_text()
        parsed = OpenDataContractStandard.from_string(text)
        assert parsed.apiVersion == "v3.1.0"
        assert from_odcs(text) == contract
        assert all(column.description for column in contract.columns)


def test_units_keys_and_closed_lists_are_there() -> None:
    lesions = {column.name: column for column in published_contracts()["lesions"].columns}
    assert lesions["volume_ml"].unit == "ml"
    assert lesions["lesion_id"].unique
    assert "Chest" in lesions["region"].allowed
    assert lesions["bbox_ijk"].n_items == 6
