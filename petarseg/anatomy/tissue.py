"""Tissue classes from CT numbers alone: the anatomy of the embedded profile, where no organ model is installed.

Works on any cut-out of a patient (whole body, thighs, a tumour box whose sides cut the body) and leaves the table out. The classes
are physical, not organs: contrast in bowel or vessels denser than 200 HU reads as bone, and marrow inside a closed cortex as bone.
"""

from __future__ import annotations

from typing import Any

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from petarseg.errors import ConfigError
from petarseg.volume import Units, Volume

TISSUE_CLASSES: dict[int, str] = {0: "outside", 1: "lung", 2: "fat", 3: "soft tissue", 4: "bone", 5: "gas"}
OUTSIDE, LUNG, FAT, SOFT_TISSUE, BONE, GAS = TISSUE_CLASSES

BODY_HU = -400.0
"""Between lung (-950 to -500) and fat (-190 to -30); partial-volume skin falls to the body."""
FAT_HU = -30.0
FAT_LOWEST_HU = -190.0
BONE_HU = 180.0
BONE_SEED_HU = 250.0
"""A bone component holds at least one voxel this dense; enhanced vessels and noise do not."""

WORKING_SPACING_MM = 2.0
"""In-plane voxels are averaged up to about this size first: less noise, a quarter of the work."""

BODY_PART_FRACTION = 0.05
"""A second body part (the other leg, an arm) has at least this share of the largest one."""
TABLE_MEAN_HU = -150.0
"""Shells of carbon and foam average below this, any limb above."""
THIN_MM = 8.0
"""What is thinner than this in the plane (table shells, wires, sheets) is not body."""

LUNG_MEDIAN_HU = (-965.0, -450.0)
"""Inner median of lung, emphysema included; gas in bowel or airways lies at -1000 +- 30."""
LUNG_AIR_HU = -975.0
LUNG_AIR_FRACTION = 0.1
"""Room air fills its region with voxels below -975 HU; even emphysematous lung has few, since vessels and walls are averaged in."""
LUNG_SMALLEST_ML = 30.0
MARROW_LARGEST_MM2 = 1_500.0
"""Holes in bone up to this size are marrow (a femur's canal, an osteoporotic vertebra), larger ones are brain or pelvis."""
OUTSIDE_CONTACT_MM2 = 150.0
"""Air that meets the outside over more than this (between arm and trunk) is outside; nostrils are narrower."""


def label_tissues(ct: Volume) -> Volume:
    """Label each voxel of a CT as one of `TISSUE_CLASSES`.

    Parameters
    ----------
    ct : Volume
        Canonical CT in HU, shape (X, Y, Z). Padding below -1024 HU counts as air.

    Returns
    -------
    Volume
        uint8 on the same grid. 0 outside (air, table, clothes), 1 lung, 2 fat, 3 soft tissue, 4 bone, 5 gas inside the body.

    Raises
    ------
    ConfigError
        If the volume is not in HU.

    Notes
    -----
    Body: voxels above -400 HU, opened in the plane, without parts that are small or as light as a table. Air is outside where it
    reaches the border of its plane, or meets such air over a wide area; the rest is lung or gas by size and inner median.
    """
    if ct.units is not Units.HU:
        raise ConfigError(f"tissue classes need a CT in HU, not {ct.units.value}")
    hu, (fx, fy) = _working_copy(ct)
    sx, sy, sz = ct.spacing_mm
    labels = _label(hu, (sz, sy * fy, sx * fx))
    nx, ny, _ = ct.shape
    fine = np.repeat(np.repeat(labels, fy, axis=1), fx, axis=2)[:, :ny, :nx]
    return ct.with_array(fine.transpose(2, 1, 0), Units.LABEL)


def _working_copy(ct: Volume) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """Average blocks in the plane to about `WORKING_SPACING_MM`; incomplete blocks at the far side repeat the border.

    Returns
    -------
    ndarray of float32, shape (Z, Y, X)
        Axial planes first and contiguous, since most steps work plane by plane. So are all arrays below.
    tuple of int
        Block size along x and y.
    """
    fx, fy = (max(1, round(WORKING_SPACING_MM / s)) for s in ct.spacing_mm[:2])
    planes = ct.array.transpose(2, 1, 0)
    nz, ny, nx = planes.shape
    total = np.empty((nz, -(-ny // fy), -(-nx // fx)), dtype=np.float32)
    for plane, out in zip(planes, total, strict=True):
        padded = np.maximum(np.pad(plane, [(0, -ny % fy), (0, -nx % fx)], mode="edge"), -1024)
        out[...] = padded.reshape(out.shape[0], fy, out.shape[1], fx).mean(axis=(1, 3), dtype=np.float32)
    return total, (fx, fy)


def _label(hu: NDArray[np.float32], spacing_mm: tuple[float, ...]) -> NDArray[np.uint8]:
    body = _body(hu, spacing_mm)
    labels = np.zeros(hu.shape, dtype=np.uint8)
    labels[body] = SOFT_TISSUE
    labels[body & (hu < FAT_HU) & (hu >= FAT_LOWEST_HU)] = FAT
    labels[_bone(hu, body, spacing_mm)] = BONE
    _label_air(hu, body, spacing_mm, labels)
    return labels


def _body(hu: NDArray[np.float32], spacing_mm: tuple[float, ...]) -> NDArray[np.bool_]:
    """Return the solid body without table, wires and sheets; cavities are not filled."""
    dense = hu > BODY_HU
    radius = tuple(max(1, round(THIN_MM / 2 / s)) for s in spacing_mm[1:])
    core = _open_in_plane(dense, radius)
    parts = cc3d.connected_components(core, connectivity=6)
    inside = parts[core]
    sizes = np.bincount(inside)
    if sizes.max(initial=0) == 0:
        return np.zeros(hu.shape, dtype=np.bool_)
    sums = np.bincount(inside, weights=hu[core])
    keep = (sizes >= BODY_PART_FRACTION * sizes.max()) & (sums > TABLE_MEAN_HU * np.maximum(sizes, 1))
    keep[int(sizes.argmax())] = True
    kept = keep[parts]
    # The opening ate skin folds, fingers and ears: give back what is dense and right beside the kept core.
    near = _grow_in_plane(kept, tuple(r + 1 for r in radius))
    body: NDArray[np.bool_] = dense & near & ~(~kept & (parts > 0))
    return body


def _bone(hu: NDArray[np.float32], body: NDArray[np.bool_], spacing_mm: tuple[float, ...]) -> NDArray[np.bool_]:
    """Return dense components with their marrow."""
    dense = body & (hu > BONE_HU)
    parts = cc3d.connected_components(dense, connectivity=26)
    n_parts = int(parts.max())
    has_seed = np.zeros(n_parts + 1, dtype=np.bool_)
    has_seed[np.unique(parts[dense & (hu > BONE_SEED_HU)])] = True
    # A single dense voxel is noise or a calcification.
    has_seed &= np.bincount(parts.ravel(), minlength=n_parts + 1) > 3
    has_seed[0] = False
    bone: NDArray[np.bool_] = has_seed[parts]
    plane_mm2 = spacing_mm[1] * spacing_mm[2]
    for k in range(bone.shape[0]):
        if not bone[k].any():
            continue
        holes, n_holes = ndimage.label(ndimage.binary_fill_holes(bone[k]) & ~bone[k])
        if n_holes:
            small = np.bincount(holes.ravel()) * plane_mm2 <= MARROW_LARGEST_MM2
            small[0] = False
            bone[k] |= small[holes] & body[k]
    return bone


def _label_air(hu: NDArray[np.float32], body: NDArray[np.bool_], spacing_mm: tuple[float, ...], labels: NDArray[np.uint8]) -> None:
    """Tell lung and gas from outside air, in place."""
    air = ~body
    enclosed = _enclosed(body)
    parts = cc3d.connected_components(enclosed, connectivity=6)
    # The chest wall of a slim patient is as thin as a table: what lies behind such a wall is lung if it looks like lung, else outside.
    walled_parts = cc3d.connected_components(_enclosed(hu > BODY_HU) & air & ~enclosed, connectivity=6)
    # Low-density regions cut by the side of the image: lung where their inner median says so, else outside.
    open_parts = cc3d.connected_components(air & ~enclosed & (walled_parts == 0), connectivity=6)
    inner = _erode_in_plane(hu < BODY_HU, (1, 1))
    voxel_ml = float(np.prod(spacing_mm)) / 1_000.0
    for group, is_open in ((open_parts, True), (walled_parts, True), (parts, False)):
        sizes = np.bincount(group.ravel())
        contact = None if is_open else _contact(group, open_parts > 0)
        boxes = cc3d.statistics(group)["bounding_boxes"]
        for label in range(1, sizes.size):
            volume_ml = sizes[label] * voxel_ml
            box = boxes[label]
            mine = group[box] == label
            values = hu[box][mine & inner[box]]
            is_lung = volume_ml >= LUNG_SMALLEST_ML and _is_lung(values)
            if is_open:
                new = LUNG if is_lung and volume_ml < 0.5 * hu.size * voxel_ml else None
            elif contact is not None and contact[label] * spacing_mm[1] * spacing_mm[2] > OUTSIDE_CONTACT_MM2 and not is_lung:
                new = None
            else:
                new = LUNG if is_lung else GAS
            if new is not None:
                labels[box][mine] = new


def _is_lung(values: NDArray[np.float32]) -> bool:
    """Tell lung from air by the HU values of a region's inner voxels."""
    if values.size == 0:
        return False
    return bool(LUNG_MEDIAN_HU[0] < np.median(values) < LUNG_MEDIAN_HU[1] and np.mean(values < LUNG_AIR_HU) < LUNG_AIR_FRACTION)


def _enclosed(body: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return what the body encloses within each axial plane."""
    filled = np.empty(body.shape, dtype=np.bool_)
    for k in range(body.shape[0]):
        filled[k] = ndimage.binary_fill_holes(body[k]) if body[k].any() else False
    filled &= ~body
    return filled


def _contact(parts: NDArray[Any], outside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count, per part, the voxels whose neighbour above or below lies outside."""
    touching = np.zeros(parts.shape, dtype=np.bool_)
    touching[1:] |= outside[:-1]
    touching[:-1] |= outside[1:]
    return np.bincount(parts[touching].ravel(), minlength=int(parts.max()) + 1)


def _open_in_plane(mask: NDArray[np.bool_], radius: tuple[int, ...]) -> NDArray[np.bool_]:
    return _grow_in_plane(_erode_in_plane(mask, radius), radius)


def _erode_in_plane(mask: NDArray[np.bool_], radius: tuple[int, ...]) -> NDArray[np.bool_]:
    """Erode with a box; what lies beyond the image counts as set, so that a cut body keeps its side."""
    return ~_grow_in_plane(~mask, radius)


def _grow_in_plane(mask: NDArray[np.bool_], radius: tuple[int, ...]) -> NDArray[np.bool_]:
    """Dilate with a box of ``2 radius + 1`` voxels along y and x, by shifted ORs."""
    out = mask
    for axis, r in enumerate(radius, start=1):
        source, out = out, out.copy()
        for shift in range(1, r + 1):
            low = [slice(None)] * 3
            high = [slice(None)] * 3
            low[axis], high[axis] = slice(None, -shift), slice(shift, None)
            out[tuple(low)] |= source[tuple(high)]
            out[tuple(high)] |= source[tuple(low)]
    return out
