"""Who labels the CT: tissue classes from CT numbers, or a TotalSegmentator worker that lives as long as the stage."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import numpy as np

from petarseg.anatomy.tissue import TISSUE_CLASSES, label_tissues
from petarseg.anatomy.totalseg import TotalSegmentator, worker_command
from petarseg.anatomy.weights import StagedWeights, check_weights
from petarseg.dataset.grid import CT_FILL_HU, Grid
from petarseg.dataset.resample import resample_image, resample_nearest
from petarseg.errors import ConfigError
from petarseg.volume import Volume
from schemas.config import AnatomyConfig

BODY_HU = -500.0
"""Skin, table and clothes; a margin of air stays around them."""
BODY_MARGIN_MM = 20.0


class Labeller(Protocol):
    """Labels the anatomy of an exam on its grid."""

    key: object
    """What decides the result, for the stage's record."""

    @property
    def names(self) -> Mapping[int, str]:
        """Label to class name; 0 is background."""

    @property
    def record(self) -> Mapping[str, object]:
        """What a run record says of the labeller: model, version, hashes."""

    def label(self, ct: Volume, grid: Grid) -> Volume:
        """Return the label map of a CT (HU, native grid) on the exam grid."""


class TissueLabeller:
    """Tissue classes, of the CT as it is published: smoothed and brought to the grid first, so that noise makes no bone."""

    key: object = "tissue"
    names: Mapping[int, str] = TISSUE_CLASSES
    record: Mapping[str, object] = {"model": "tissue"}

    def label(self, ct: Volume, grid: Grid) -> Volume:
        """Return the tissue classes on the exam grid."""
        return label_tissues(resample_image(ct, grid, CT_FILL_HU, antialias=True, dtype=np.int16))


class OrganLabeller:
    """TotalSegmentator's 117 classes; one worker, one exam at a time."""

    def __init__(self, model: TotalSegmentator, weights: StagedWeights) -> None:
        self._model, self._weights = model, weights
        self._lock = threading.Lock()
        self.key: object = ["totalsegmentator", model.version, weights.fast, sorted(weights.sha256.items())]

    @property
    def names(self) -> Mapping[int, str]:
        """Label to class name."""
        return self._model.classes

    @property
    def record(self) -> Mapping[str, object]:
        """Version, task and hashes of the checkpoints."""
        return self._model.record()

    def label(self, ct: Volume, grid: Grid) -> Volume:
        """Return the organs on the exam grid; the fast model works at 3 mm anyway, so it gets the CT there."""
        if self._weights.fast:
            ct = resample_image(ct, grid, CT_FILL_HU, antialias=True, dtype=np.int16)
        # Half of an exam is air and padding, over which a network would be slid as over the patient.
        body = ct.crop(*body_box(ct))
        with self._lock:
            labels = self._model.label(body)
        return resample_nearest(labels, grid)


def body_box(ct: Volume) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Return the box (first index, one past the last) of what is denser than air, with a margin; the whole CT if nothing is."""
    dense = ct.array > BODY_HU
    start, stop = [0, 0, 0], list(ct.shape)
    for axis in range(3):
        hit = np.flatnonzero(dense.any(axis=tuple(other for other in range(3) if other != axis)))
        if hit.size:
            margin = round(BODY_MARGIN_MM / ct.spacing_mm[axis])
            start[axis], stop[axis] = max(0, int(hit[0]) - margin), min(ct.shape[axis], int(hit[-1]) + 1 + margin)
    return (start[0], start[1], start[2]), (stop[0], stop[1], stop[2])


def check_anatomy(config: AnatomyConfig) -> StagedWeights | None:
    """Check that the anatomy of the configuration can be had; before the first exam.

    Raises
    ------
    ConfigError
        If TotalSegmentator is not installed, or weights are not configured, not there, damaged, or meant for tests.
    """
    if config.method == "tissue":
        return None
    if config.weights is None:
        raise ConfigError(
            "anatomy.method 'totalsegmentator' needs anatomy.weights: the folder of the staged weights (docs/how-to/anatomy.md)"
        )
    worker_command(config.python)
    return check_weights(config.weights, fast=config.fast)


@contextmanager
def open_labeller(config: AnatomyConfig) -> Iterator[Labeller]:
    """Start the labeller of the configuration and end it with the block."""
    weights = check_anatomy(config)
    if weights is None:
        yield TissueLabeller()
        return
    with TotalSegmentator(weights, device=config.device, python=config.python) as model:
        yield OrganLabeller(model, weights)
