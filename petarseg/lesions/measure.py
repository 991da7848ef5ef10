"""What is reported about a mask: volume, SUVmax, SUVmean, SUVpeak, total lesion glycolysis, place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from petarseg.lesions.components import Index3, hottest
from petarseg.volume import Volume

PEAK_VOLUME_ML = 1.0
"""Volume of the sphere over which SUVpeak is the mean (PERCIST 1.0)."""

PEAK_RADIUS_MM = (3.0 * PEAK_VOLUME_ML * 1_000.0 / (4.0 * np.pi)) ** (1.0 / 3.0)

PEAK_CENTRES_ML = 4.0
"""How much of a mask, where its surroundings are hottest, is tried as centre of the peak sphere."""

SUBSAMPLES = 5
"""Points per axis of a voxel by which its share in the peak sphere is counted."""


@dataclass(frozen=True, slots=True)
class Lesion:
    """A lesion's mask and what was measured in it.

    Parameters
    ----------
    mask_start_ijk : tuple of int
        Index of the mask box's first voxel in the PET's array.
    mask : ndarray of bool
        The mask in its tight box.
    threshold_suv : float
        Contour level in SUV.
    iterations : int
        Contours drawn until it stood.
    stop_reason : str
        Why the iteration ended: "fixed", "converged", "unchanged", "cycle", ...
    volume_ml : float
        Voxels times voxel volume in ml; also the metabolic tumour volume, MTV.
    suv_max, suv_mean, suv_peak : float
        In the mask; the peak is the highest mean over a sphere of 1 ml centred on a voxel of the mask.
    tlg : float
        Total lesion glycolysis, SUVmean times volume, in ml.
    background_suv : float or None
        Around the lesion, where the method measures it.
    bbox_ijk : tuple of (int, int)
        First and last index along x, y, z, both included.
    max_ijk : tuple of int
        Hottest voxel of the mask.
    max_ras_mm : tuple of float
        Its place in the patient, RAS.
    method : str
        Threshold method.
    flags : tuple of str
        What a reviewer should know ("leak_suspected", "at_border", "split", "low_contrast", ...).
    """

    mask_start_ijk: Index3
    mask: NDArray[np.bool_]
    threshold_suv: float
    iterations: int
    stop_reason: str
    volume_ml: float
    suv_max: float
    suv_mean: float
    suv_peak: float
    tlg: float
    background_suv: float | None
    bbox_ijk: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
    max_ijk: Index3
    max_ras_mm: tuple[float, float, float]
    method: str
    flags: tuple[str, ...]

    @property
    def mtv_ml(self) -> float:
        """Metabolic tumour volume in ml: the mask's volume."""
        return self.volume_ml

    @property
    def leak(self) -> bool:
        """Whether the mask may have leaked into its surroundings."""
        return "leak_suspected" in self.flags

    def paint(self, target: NDArray[Any], value: int = 1) -> None:
        """Write the mask into an array of the PET's shape, in place."""
        box = tuple(slice(start, start + size) for start, size in zip(self.mask_start_ijk, self.mask.shape, strict=True))
        target[box][self.mask] = value


@lru_cache(maxsize=64)
def peak_sphere(spacing_mm: tuple[float, float, float]) -> tuple[NDArray[np.int64], NDArray[np.float64], Index3]:
    """Return the voxel offsets, shape (N, 3), of a 1 ml sphere centred on a voxel, each voxel's share (sum 1), and the sphere's reach."""
    reach = [int(np.ceil(PEAK_RADIUS_MM / step)) + 1 for step in spacing_mm]
    fine = (np.arange(SUBSAMPLES) + 0.5) / SUBSAMPLES - 0.5
    axes = [(np.arange(-n, n + 1)[:, None] + fine).ravel() * step for n, step in zip(reach, spacing_mm, strict=True)]
    inside = axes[0][:, None, None] ** 2 + axes[1][:, None] ** 2 + axes[2] ** 2 <= PEAK_RADIUS_MM**2
    sizes = [2 * n + 1 for n in reach]
    shares = inside.reshape(sizes[0], SUBSAMPLES, sizes[1], SUBSAMPLES, sizes[2], SUBSAMPLES).sum(axis=(1, 3, 5))
    occupied = np.argwhere(shares)
    weights = shares[tuple(occupied.T)].astype(np.float64)
    offsets = occupied - np.asarray(reach)
    x, y, z = offsets.max(axis=0).tolist()
    return offsets, weights / weights.sum(), (x, y, z)


def suv_peak(array: NDArray[Any], start: Index3, mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> float:
    """Return the highest mean SUV over a 1 ml sphere whose centre is a voxel of the mask.

    Parameters
    ----------
    array : ndarray, shape (X, Y, Z)
        The PET in SUV.
    start : tuple of int
        Where the mask's box lies in `array`.
    mask : ndarray of bool
        The lesion, in its box.
    spacing_mm : tuple of float
        Voxel spacing of `array` in mm.

    Notes
    -----
    At the border of the field the sphere is the part of it that lies inside. In a large mask the 4 ml with the highest sums over the
    cube inscribed in the sphere are tried; in noisy phantoms the best centre of all was always among them.
    """
    offsets, weights, reach = peak_sphere(spacing_mm)
    low = [first - r for first, r in zip(start, reach, strict=True)]
    high = [first + n + r for first, n, r in zip(start, mask.shape, reach, strict=True)]
    at_border = min(low) < 0 or any(last > n for last, n in zip(high, array.shape, strict=True))
    if at_border:
        places = [np.arange(first, last) for first, last in zip(low, high, strict=True)]
        x_valid, y_valid, z_valid = ((place >= 0) & (place < n) for place, n in zip(places, array.shape, strict=True))
        valid = x_valid[:, None, None] & y_valid[:, None] & z_valid
        box = array[np.ix_(*(np.clip(place, 0, n - 1) for place, n in zip(places, array.shape, strict=True)))].astype(np.float64)
    else:
        box = np.ascontiguousarray(array[low[0] : high[0], low[1] : high[1], low[2] : high[2]], dtype=np.float64)
    centres = np.argwhere(mask)
    tried = math.ceil(PEAK_CENTRES_ML * 1_000.0 / math.prod(spacing_mm))
    if len(centres) > tried:
        warmth = _cube_sums(box, reach, spacing_mm)[mask]
        if at_border:
            warmth = _cube_sums(box * valid, reach, spacing_mm)[mask] / _cube_sums(valid.astype(np.float64), reach, spacing_mm)[mask]
        centres = centres[warmth >= np.partition(warmth, -tried)[-tried]]
    x_stride, y_stride = box.shape[1] * box.shape[2], box.shape[2]
    flat_centres = (centres[:, 0] + reach[0]) * x_stride + (centres[:, 1] + reach[1]) * y_stride + (centres[:, 2] + reach[2])
    voxels = flat_centres[:, None] + (offsets[:, 0] * x_stride + offsets[:, 1] * y_stride + offsets[:, 2])
    values = box.reshape(-1).take(voxels)
    if not at_border:
        return float((values @ weights).max())
    share = weights * valid.reshape(-1).take(voxels)
    return float(((values * share).sum(axis=1) / share.sum(axis=1)).max())


def _cube_sums(box: NDArray[np.float64], reach: Index3, spacing_mm: tuple[float, float, float]) -> NDArray[np.float64]:
    """Sum over the cube inscribed in the peak sphere around each voxel of a box, less its rim of `reach` voxels."""
    half_edge_mm = PEAK_RADIUS_MM / 3.0**0.5
    for rim, step in zip(reach, spacing_mm, strict=True):
        n, near = len(box) - 2 * rim, round(half_edge_mm / step)
        total = box[rim : rim + n].copy()
        for shift in range(1, min(near, rim) + 1):
            total += box[rim - shift : rim - shift + n]
            total += box[rim + shift : rim + shift + n]
        box = total.transpose(1, 2, 0)  # the next axis comes first; after three turns all are back in place
    return box


def trim(start: Index3, mask: NDArray[np.bool_]) -> tuple[Index3, NDArray[np.bool_]]:
    """Return where the tight box of a mask begins, and the mask in it; `start` is where the given box begins."""
    bounds = [np.flatnonzero(mask.any(axis=others))[[0, -1]] for others in ((1, 2), (0, 2), (0, 1))]
    x, y, z = (int(first) for first, _ in bounds)
    tight = np.ascontiguousarray(mask[tuple(slice(first, last + 1) for first, last in bounds)])
    return (start[0] + x, start[1] + y, start[2] + z), tight


def describe(
    pet: Volume,
    start: Index3,
    mask: NDArray[np.bool_],
    *,
    threshold_suv: float,
    iterations: int,
    stop_reason: str,
    background_suv: float | None,
    method: str,
    flags: tuple[str, ...],
) -> Lesion:
    """Measure a mask, given in its tight box (:func:`trim`); the parameters are those of :class:`Lesion`."""
    spacing_mm, size = pet.spacing_mm, mask.shape
    spans = [(first, first + n - 1) for first, n in zip(start, size, strict=True)]
    values = pet.array[start[0] : start[0] + size[0], start[1] : start[1] + size[1], start[2] : start[2] + size[2]]
    i, j, k = hottest(values, mask)
    x_mm, y_mm, z_mm = pet.ijk_to_ras_mm((start[0] + i, start[1] + j, start[2] + k))
    inside = values[mask].astype(np.float64)
    volume_ml = inside.size * pet.voxel_volume_ml
    mean = float(inside.sum()) / inside.size
    return Lesion(
        mask_start_ijk=start,
        mask=mask,
        threshold_suv=threshold_suv,
        iterations=iterations,
        stop_reason=stop_reason,
        volume_ml=volume_ml,
        suv_max=float(values[i, j, k]),
        suv_mean=mean,
        suv_peak=suv_peak(pet.array, start, mask, spacing_mm),
        tlg=mean * volume_ml,
        background_suv=background_suv,
        bbox_ijk=(spans[0], spans[1], spans[2]),
        max_ijk=(start[0] + i, start[1] + j, start[2] + k),
        max_ras_mm=(float(x_mm), float(y_mm), float(z_mm)),
        method=method,
        flags=flags,
    )
