"""The CT is labelled within its body, and the labels land where they belong."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from petarseg.anatomy.weights import StagedWeights
from petarseg.dataset.grid import Grid
from petarseg.errors import ConfigError
from petarseg.volume import Units, Volume
from schemas.config import AnatomyConfig
from tasks.labelling import OrganLabeller, TissueLabeller, body_box, check_anatomy, open_labeller


def ct_of(spacing_mm: float) -> Volume:
    hu = np.full((60, 50, 40), -1000, dtype=np.int16)
    hu[20:35, 15:30, 5:40] = 40
    return Volume(hu, np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0]), Units.HU)


class FakeModel:
    """Labels what is dense, and remembers what it was given."""

    version, classes = "2", {1: "liver"}

    def label(self, ct: Volume) -> Volume:
        self.seen = ct
        return ct.with_array((ct.array > 0).astype(np.uint8), Units.LABEL)

    def record(self) -> dict[str, object]:
        return {"model": "fake"}


@pytest.mark.parametrize("fast", [True, False])
def test_organs_are_labelled_within_the_body_alone(fast):
    model = FakeModel()
    ct = ct_of(3.0 if fast else 1.5)
    grid = Grid((30, 25, 20), np.diag([6.0, 6.0, 6.0, 1.0])) if fast else Grid(ct.shape, ct.affine)
    labels = OrganLabeller(model, StagedWeights(Path("w"), fast, {"a": "b"})).label(ct, grid)
    assert labels.shape == grid.shape
    assert model.seen.array.size < 0.7 * (np.prod(grid.shape) if fast else ct.array.size)
    inside = np.argwhere(labels.array)
    low, high = labels.ijk_to_ras_mm(inside.min(axis=0)), labels.ijk_to_ras_mm(inside.max(axis=0))
    spacing = grid.spacing_mm[0]
    edges = np.array([[20, 15, 5], [34, 29, 39]]) * ct.spacing_mm[0]
    assert np.abs(low - edges[0]).max() <= spacing
    assert np.abs(high - edges[1]).max() <= spacing


def test_a_ct_of_air_is_taken_whole():
    ct = ct_of(3.0)
    ct.array[...] = -1000
    assert body_box(ct) == ((0, 0, 0), ct.shape)


def test_what_labels_is_part_of_the_key():
    model = FakeModel()
    keys = {str(OrganLabeller(model, StagedWeights(Path("w"), fast, {"a": digest})).key) for fast in (True, False) for digest in ("x", "y")}
    assert len(keys | {str(TissueLabeller.key)}) == 5


def test_tissue_is_the_default():
    with open_labeller(AnatomyConfig()) as labeller:
        assert labeller.names[4] == "bone"
        assert labeller.record == {"model": "tissue"}


def test_what_is_missing_is_told_before_the_first_exam(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match=r"anatomy\.weights"):
        check_anatomy(AnatomyConfig(method="totalsegmentator"))
    with pytest.raises(ConfigError, match=r"anatomy\.python"):
        check_anatomy(AnatomyConfig(method="totalsegmentator", weights=tmp_path, python=tmp_path / "none"))
    monkeypatch.setattr("tasks.labelling.worker_command", lambda python: SimpleNamespace())
    with pytest.raises(ConfigError, match="Dataset297"):
        check_anatomy(AnatomyConfig(method="totalsegmentator", weights=tmp_path))
