"""The real ``totalsegmentator()`` on written-down weights. Needs the environment of ``make anatomy``, or the extra ``anatomy`` here."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tiny_weights import PHANTOM_HU, anatomy_python, stage_tiny_weights

from petarseg.anatomy.totalseg import N_CLASSES, TotalSegmentator
from petarseg.anatomy.weights import FAST, check_weights
from petarseg.errors import ConfigError
from petarseg.volume import Units, Volume

PYTHON = anatomy_python()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(PYTHON is None, reason="needs TotalSegmentator: make anatomy")]


def phantom(spacing_mm: float) -> tuple[Volume, np.ndarray]:
    """117 boxes of nine voxels a side, each of the HU of its class."""
    classes = np.zeros((66, 66, 70), dtype=np.uint8)
    for label in range(1, N_CLASSES + 1):
        i, rest = divmod(label - 1, 25)
        j, k = divmod(rest, 5)
        classes[3 + 12 * i : 12 + 12 * i, 3 + 12 * j : 12 + 12 * j, 3 + 13 * k : 13 + 13 * k] = label
    hu = (PHANTOM_HU[0] + PHANTOM_HU[1] * classes.astype(np.int16)).astype(np.int16)
    return Volume(hu, np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0]), Units.HU), classes


def test_fast_mode_finds_all_classes(tmp_path: Path) -> None:
    stage_tiny_weights(tmp_path, fast=True)
    with pytest.raises(ConfigError, match="test weights"):
        check_weights(tmp_path, fast=True)
    ct, expected = phantom(3.0)
    with TotalSegmentator(check_weights(tmp_path, fast=True, allow_test_weights=True), python=PYTHON) as model:
        labels = model.label(ct)
        assert len(model.classes) == N_CLASSES
    assert labels.same_grid(ct)
    assert np.array_equal(labels.array, expected)


def test_five_parts_find_all_classes(tmp_path: Path) -> None:
    stage_tiny_weights(tmp_path, fast=False)
    ct, expected = phantom(1.5)
    with TotalSegmentator(check_weights(tmp_path, fast=False, allow_test_weights=True), python=PYTHON) as model:
        assert np.array_equal(model.label(ct).array, expected)


def test_missing_weights_never_reach_the_network(tmp_path: Path) -> None:
    stage_tiny_weights(tmp_path, fast=True)
    staged = check_weights(tmp_path, fast=True, allow_test_weights=True)
    (tmp_path / FAST[0]).rename(tmp_path / "gone")
    with TotalSegmentator(staged, python=PYTHON) as model, pytest.raises(ConfigError, match="not staged"):
        model.label(phantom(3.0)[0])
