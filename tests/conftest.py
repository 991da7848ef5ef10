"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Test workers share the cores; linear algebra with threads of its own slows all of them. Set before anything imports numpy.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Its failures show the values compared, as those of test modules do.
pytest.register_assert_rewrite("report_rows")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; the test is skipped, visibly, where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared/data, which is not beside this checkout")
    return SHARED
