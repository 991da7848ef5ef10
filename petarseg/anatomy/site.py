"""Where a lesion lies in a label map of anatomy: the class that it overlaps most, and the nearest one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from petarseg.volume import Volume

SEARCH_MM = 30.0
"""A structure farther than this from a lesion says nothing about it."""


@dataclass(frozen=True, slots=True)
class Site:
    """Anatomy at one lesion.

    Parameters
    ----------
    overlap_class : str or None
        Class with the most voxels inside the lesion; None when none of its voxels is labelled.
    overlap_fraction : float
        Share of the lesion that this class covers.
    nearest_class : str or None
        Class nearest to the lesion's centre of mass (0 mm when the centre lies inside it); None when nothing is within reach.
    distance_mm : float or None
        Distance of that class.
    near_mm : mapping
        Every class within reach of any part of the lesion, to its distance from the lesion's border (0 where they overlap).
    """

    overlap_class: str | None
    overlap_fraction: float
    nearest_class: str | None
    distance_mm: float | None
    near_mm: Mapping[str, float] = field(default_factory=dict)

    @property
    def best(self) -> str | None:
        """The overlapping class, else the nearest."""
        return self.overlap_class or self.nearest_class


def sites_of(lesions: Volume, anatomy: Volume, names: Mapping[int, str], *, search_mm: float = SEARCH_MM) -> dict[int, Site]:
    """Locate each lesion.

    Parameters
    ----------
    lesions, anatomy : Volume
        Label maps on one grid.
    names : mapping
        Label to class name; labels without a name (outside, background) are ignored.
    search_mm : float
        Reach of the search for the nearest class.

    Returns
    -------
    dict
        Lesion label to site.

    Raises
    ------
    ValueError
        If the maps are not on one grid.
    """
    if not lesions.same_grid(anatomy, tolerance_mm=0.1):
        raise ValueError("lesions and anatomy must be on one grid")
    known = np.array(sorted(label for label in names if label), dtype=np.int64)
    margin = [int(np.ceil(search_mm / s)) for s in lesions.spacing_mm]
    sites = {}
    for label, box in enumerate(ndimage.find_objects(lesions.array), start=1):
        if box is None:
            continue
        mask = lesions.array[box] == label
        inside = anatomy.array[box][mask]
        overlap, fraction = _most(inside[np.isin(inside, known)], inside.size)
        wide = tuple(slice(max(0, side.start - m), side.stop + m) for side, m in zip(box, margin, strict=True))
        offset = np.array([b.start - w.start for b, w in zip(box, wide, strict=True)])
        centre = np.argwhere(mask).mean(axis=0) + offset
        nearest, distance_mm = _nearest(anatomy.array[wide], centre, known, lesions.spacing_mm)
        if distance_mm is not None and distance_mm > search_mm:
            nearest, distance_mm = None, None
        sites[label] = Site(
            None if overlap is None else names[overlap],
            round(fraction, 4),
            None if nearest is None else names[nearest],
            None if distance_mm is None else round(distance_mm, 2),
            _near(anatomy.array[wide], lesions.array[wide] == label, known, names, lesions.spacing_mm, search_mm),
        )
    return sites


def _most(labels: np.ndarray, size: int) -> tuple[int | None, float]:
    """Return the most frequent label (the lowest of equals) and its share of `size`."""
    if labels.size == 0:
        return None, 0.0
    values, counts = np.unique(labels, return_counts=True)
    best = int(counts.argmax())
    return int(values[best]), float(counts[best]) / size


def _nearest(
    labels: np.ndarray, centre: np.ndarray, known: np.ndarray, spacing_mm: tuple[float, float, float]
) -> tuple[int | None, float | None]:
    """Return the known label nearest to `centre` (voxels) and its distance in mm; 0 inside its voxel."""
    where = np.argwhere(np.isin(labels, known))
    if len(where) == 0:
        return None, None
    gap_mm = np.clip(np.abs(where - centre) - 0.5, 0.0, None) * spacing_mm
    distance_mm = np.linalg.norm(gap_mm, axis=1)
    best = int(distance_mm.argmin())
    return int(labels[tuple(where[best])]), float(distance_mm[best])


def _near(
    labels: np.ndarray,
    lesion: np.ndarray,
    known: np.ndarray,
    names: Mapping[int, str],
    spacing_mm: tuple[float, float, float],
    search_mm: float,
) -> dict[str, float]:
    """Return each known class within `search_mm` of the lesion's border, to its distance in mm; the nearest first."""
    there = np.intersect1d(np.unique(labels), known)
    if not there.size:
        return {}
    away_mm = ndimage.distance_transform_edt(~lesion, sampling=spacing_mm)
    nearest_mm = ndimage.minimum(away_mm, labels, index=there)
    found = sorted((float(mm), int(label)) for mm, label in zip(nearest_mm, there, strict=True) if mm <= search_mm)
    return {names[label]: round(mm, 1) for mm, label in found}
