from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from builder import write_dataset


@pytest.fixture(scope="session")
def built_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good dataset; do not change it."""
    return write_dataset(tmp_path_factory.mktemp("dataset"))


@pytest.fixture
def dataset(built_dataset: Path, tmp_path: Path) -> Path:
    """A good dataset that the test may break."""
    return Path(shutil.copytree(built_dataset, tmp_path / "dataset"))
