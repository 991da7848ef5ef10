"""Fixtures shared by all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; the test is skipped, visibly, where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared/data, which is not beside this checkout")
    return SHARED
