from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tiny_dataset import write_tiny_dataset


@pytest.fixture(scope="session")
def built_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good dataset; do not change it."""
    return write_tiny_dataset(tmp_path_factory.mktemp("dataset") / "tiny")


@pytest.fixture
def dataset(built_dataset: Path, tmp_path: Path) -> Path:
    """A good dataset that the test may break."""
    return Path(shutil.copytree(built_dataset, tmp_path / "dataset"))
