"""Masks of many boxes at once as torch tensors of shape (B, X, Y, Z): dilation, flood, sums. Mirrors of the CPU backend's own."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from petarseg.lesions.subvoxel import WEIGHTS

FLOOD_STEPS = 8
"""Layers added between two looks at whether the flood still moves."""


def halve(values: Tensor) -> Tensor:
    """Sample at half the spacing, operation by operation as ``subvoxel.halve`` does."""
    outer, near, centre, other = WEIGHTS
    for axis in (1, 2, 3):
        n = values.shape[axis]
        place = torch.arange(n, device=values.device)
        taps = [values.index_select(axis, (place + shift).clamp(0, n - 1)) for shift in (-2, -1, 1, 2)]
        far_below, below, above, far_above = taps
        lower = far_below * outer + below * near + values * centre + above * other
        upper = far_above * outer + above * near + values * centre + below * other
        values = torch.stack([lower, upper], dim=axis + 1).flatten(axis, axis + 1)
    return values


def flood(region: Tensor, above: Tensor) -> Tensor:
    """Grow each region to its 6-connected component of `above`."""
    size = count_inside(region).sum()
    while True:
        for _ in range(FLOOD_STEPS):
            region = face_neighbours(region) & above
        grown = count_inside(region).sum()
        if bool(grown == size):
            return region
        size = grown


def _widen(mask: Tensor, axis: int, step: int) -> Tensor:
    """Return `mask` or-ed with itself shifted by `step` both ways along a spatial axis."""
    grown = mask.clone()
    n = mask.shape[axis + 1]
    if step < n:
        grown.narrow(axis + 1, step, n - step).logical_or_(mask.narrow(axis + 1, 0, n - step))
        grown.narrow(axis + 1, 0, n - step).logical_or_(mask.narrow(axis + 1, step, n - step))
    return grown


def dilate(mask: Tensor, reach: Sequence[int]) -> Tensor:
    """Dilate by a box of ``2 reach + 1`` voxels, axis by axis."""
    for axis, steps in enumerate(reach):
        done = 0
        while done < steps:
            step = min(done + 1, steps - done)
            mask, done = _widen(mask, axis, step), done + step
    return mask


def face_neighbours(mask: Tensor) -> Tensor:
    """Dilate by the 6-neighbourhood."""
    return _widen(mask, 0, 1) | _widen(mask, 1, 1) | _widen(mask, 2, 1)


def edge_neighbours(mask: Tensor) -> Tensor:
    """Dilate by the 18-neighbourhood."""
    x, y = _widen(mask, 0, 1), _widen(mask, 1, 1)
    return _widen(x, 1, 1) | _widen(x, 2, 1) | _widen(y, 2, 1)


def count_inside(mask: Tensor) -> Tensor:
    """Count the voxels of each mask, shape (B,)."""
    return mask.flatten(1).sum(1)


def sum_inside(quanta: Tensor, mask: Tensor) -> Tensor:
    """Sum integers inside each mask, shape (B,)."""
    return torch.where(mask, quanta, 0).flatten(1).sum(1)


def occupied_spans(mask: Tensor) -> Tensor:
    """Return the first and last occupied index of each region along each axis, shape (B, 3, 2)."""
    x = mask.any(dim=3).any(dim=2)
    y = mask.any(dim=3).any(dim=1)
    z = mask.any(dim=2).any(dim=1)
    return torch.stack([_ends(line) for line in (x, y, z)], dim=1)


def _ends(line: Tensor) -> Tensor:
    place = torch.arange(line.shape[1], device=line.device)
    first = torch.where(line, place, line.shape[1]).amin(1)
    last = torch.where(line, place, -1).amax(1)
    return torch.stack([first, last], dim=1)


def is_cramped_in(spans: Tensor, margin: Sequence[int], shape: Sequence[int], open_low: Tensor, open_high: Tensor) -> Tensor:
    """Tell for each region whether it comes closer than a margin to a face of its box beyond which the volume goes on."""
    room = torch.tensor(margin, device=spans.device)
    size = torch.tensor(list(shape), device=spans.device)
    low = open_low & (spans[..., 0] < room)
    high = open_high & (spans[..., 1] >= size - room)
    return (low | high).any(1)
