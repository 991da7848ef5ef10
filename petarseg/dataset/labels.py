"""Bring lesion labels to the exam grid so that no lesion vanishes.

An output voxel belongs to the label that fills the larger part of it, and to no label when background fills more than half. A lesion
that this rule would erase or shrink to less than half of its volume (one finer than the grid, or thin) instead takes its fullest
voxels, as many as its volume asks for and one at least. What was done is recorded per lesion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from petarseg.dataset.grid import Grid
from petarseg.dataset.resample import apply_taps, axis_mapping, is_axis_aligned, occupancy_taps, resample_nearest
from petarseg.errors import ConfigError
from petarseg.volume import Units, Volume

MAJORITY = 0.5 - 1e-6
"""A voxel that is exactly half full counts as full: two half voxels then keep a lesion's volume, none would lose it."""

CUT_FRACTION = 0.999
"""Less than this share of a lesion inside the grid is reported as cut."""


@dataclass(frozen=True, slots=True)
class LabelRecord:
    """What became of one label.

    Parameters
    ----------
    label : int
        Value in the map.
    native_voxels, voxels : int
        Voxels before and after.
    native_volume_ml, volume_ml : float
        Volume before and after.
    inside_fraction : float
        Share of the native volume that lies inside the grid.
    flags : tuple of str
        ``grid_lost`` (none of it inside), ``grid_cut`` (part of it outside), ``grid_small`` (kept by its fullest voxels).
    """

    label: int
    native_voxels: int
    voxels: int
    native_volume_ml: float
    volume_ml: float
    inside_fraction: float
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResampledLabels:
    """A label map on the grid and the fate of each label."""

    volume: Volume
    records: tuple[LabelRecord, ...]

    @property
    def lost(self) -> tuple[int, ...]:
        """Labels of which nothing lies inside the grid."""
        return tuple(record.label for record in self.records if "grid_lost" in record.flags)


def resample_labels(labels: Volume, grid: Grid) -> ResampledLabels:
    """Resample a lesion label map by occupancy.

    Parameters
    ----------
    labels : Volume
        Canonical; integer values, 0 is background. A tilted map is first straightened on a finer grid.
    grid : Grid
        Target.

    Returns
    -------
    ResampledLabels
        The map (dtype of the input) and a record per label, in the order of the labels.

    Raises
    ------
    ConfigError
        If the map does not hold integers.
    """
    if labels.array.dtype.kind not in "iub":
        raise ConfigError(f"label maps hold integers, not {labels.array.dtype}")
    if not is_axis_aligned(labels):
        labels = _straighten(labels)
    array = labels.array.astype(np.uint8) if labels.array.dtype == np.bool_ else labels.array
    shares = _occupancies(array, labels, grid)
    out = np.zeros(grid.shape, dtype=array.dtype, order="F")
    small = _paint(out, shares, labels.voxel_volume_ml / grid.voxel_volume_ml)
    records = tuple(_record(out, share, labels, grid, share.label in small) for share in shares)
    return ResampledLabels(Volume(out, grid.affine.copy(), Units.LABEL), records)


@dataclass(frozen=True, slots=True)
class _Share:
    """How full each output voxel of a label's box is."""

    label: int
    native_voxels: int
    start: tuple[int, int, int]
    occupancy: NDArray[np.float32]


def _occupancies(array: NDArray[np.integer], labels: Volume, grid: Grid) -> list[_Share]:
    """Measure each label in the box of output voxels that it touches."""
    shares = []
    for label, box in enumerate(ndimage.find_objects(array), start=1):
        if box is None:
            continue
        mask = array[box] == label
        taps, start, shape = [], [], []
        for axis, (offset, step) in enumerate(axis_mapping(labels, grid)):
            low, size = box[axis].start, mask.shape[axis]
            tap = occupancy_taps(size, grid.shape[axis], offset - low, step)
            start.append(tap.start)
            shape.append(tap.stop - tap.start)
            taps.append(type(tap)(tap.index, tap.weight, 0, tap.stop - tap.start))
        i, j, k = start
        nx, ny, nz = shape
        occupancy = apply_taps(mask, (taps[0], taps[1], taps[2]), (nx, ny, nz), 0.0)
        shares.append(_Share(label, int(mask.sum()), (i, j, k), occupancy))
    return shares


def _paint(out: NDArray[np.integer], shares: list[_Share], voxel_ratio: float) -> set[int]:
    """Write the labels into `out`; return those that had to be kept by their fullest voxels."""
    best = np.zeros(out.shape, dtype=np.float32)
    total = np.zeros(out.shape, dtype=np.float32)
    winner = np.zeros_like(out)
    for share in shares:
        box = _box(share)
        total[box] += share.occupancy
        better = share.occupancy > best[box]
        winner[box][better] = share.label
        best[box][better] = share.occupancy[better]
    out[...] = np.where(total >= MAJORITY, winner, 0)

    small = set()
    # Largest first, so that a small lesion takes its voxels back from a larger neighbour and not the other way round.
    for share in sorted(shares, key=lambda s: (-s.native_voxels, s.label)):
        inside = float(share.occupancy.sum(dtype=np.float64))
        kept = int(np.count_nonzero(out[_box(share)] == share.label))
        if inside <= 0.0 or kept >= 0.5 * inside:
            continue
        wanted = max(1, round(inside))
        fullest = np.argsort(-share.occupancy, axis=None, kind="stable")[:wanted]
        fullest = fullest[share.occupancy.ravel()[fullest] > 0]
        where = np.unravel_index(fullest, share.occupancy.shape)
        out[_box(share)][where] = share.label
        small.add(share.label)
    return small


def _box(share: _Share) -> tuple[slice, ...]:
    return tuple(slice(low, low + size) for low, size in zip(share.start, share.occupancy.shape, strict=True))


def _record(out: NDArray[np.integer], share: _Share, labels: Volume, grid: Grid, small: bool) -> LabelRecord:
    native_ml = share.native_voxels * labels.voxel_volume_ml
    inside = min(1.0, float(share.occupancy.sum(dtype=np.float64)) * grid.voxel_volume_ml / native_ml)
    voxels = int(np.count_nonzero(out[_box(share)] == share.label))
    flags = []
    if voxels == 0:
        flags.append("grid_lost")
    elif inside < CUT_FRACTION:
        flags.append("grid_cut")
    if small and voxels:
        flags.append("grid_small")
    return LabelRecord(share.label, share.native_voxels, voxels, native_ml, voxels * grid.voxel_volume_ml, round(inside, 6), tuple(flags))


def _straighten(labels: Volume) -> Volume:
    """Bring a tilted map to an axis-aligned grid fine enough (half its spacing) that no voxel is lost."""
    from petarseg.dataset.grid import extent_ras_mm

    low, high = extent_ras_mm(labels)
    step = min(labels.spacing_mm) / 2
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = low + step / 2
    nx, ny, nz = (int(n) for n in np.ceil((high - low) / step))
    return resample_nearest(labels, Grid((nx, ny, nz), affine))
