"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from absl import logging as absl_logging

# Test workers share the cores; linear algebra with threads of its own slows all of them. Set before anything imports numpy.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Its failures show the values compared, as those of test modules do.
pytest.register_assert_rewrite("report_rows")

# absl (of mlcroissant) logs to the stderr that it finds, here pytest's, and closes it as soon as Prefect sets up logging.
absl_logging.get_absl_handler().python_handler.stream = sys.__stderr__

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; the test is skipped, visibly, where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared/data, which is not beside this checkout")
    return SHARED
