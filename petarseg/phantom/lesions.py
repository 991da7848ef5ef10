"""Lesions: drawn at named sites, checked to be what they claim, and measured as a reader would.

A *clean* lesion is one that a correct pipeline cannot miss: at the initial threshold of the matching step (SPEC 1.2) it is a
component of its own, and nothing else on its slice has its maximum. Each clean lesion is tested for that when it is placed;
a candidate that fails is made hotter or moved. *Hard* lesions break one of the rules on purpose.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cc3d
import numpy as np
from numpy.typing import NDArray

from petarseg.phantom.scene import Image, Occupancy, PetScene
from petarseg.phantom.shapes import Box, Ellipsoid, Grid
from petarseg.phantom.sites import SITES, Site

MATCH_TOLERANCE_SUV = 0.1
MARGIN_SUV = 0.25
"""Clean lesions keep at least this distance from every other maximum on their slice."""
CLEAR_OF_BORDER_MM = 18.0


@dataclass(frozen=True, slots=True)
class Lesion:
    """A lesion as painted.

    Parameters
    ----------
    site : Site
        Where it was meant to lie.
    shape : Ellipsoid
        In scanner coordinates, RAS mm.
    uptake_suv, background_suv : float
        True uptake of the lesion, and of the body around it, before blur and noise.
    filled : Occupancy
        The share of each voxel that it fills.
    hard : str or None
        Why it is hard: "low_suv", "wrong_slice", "wrong_value", "wrong_side", "touching_pair", "touching_bladder", "border".
    """

    site: Site
    shape: Ellipsoid
    uptake_suv: float
    background_suv: float
    filled: Occupancy
    hard: str | None = None

    @property
    def diameter_mm(self) -> float:
        """Diameter of the sphere of equal volume."""
        return 2.0 * math.cbrt(math.prod(self.shape.radii_mm))

    @property
    def sbr(self) -> float:
        """True signal to background ratio."""
        return self.uptake_suv / max(self.background_suv, 0.05)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader measures in the stored image: the hottest voxel of a lesion."""

    suv_max: float
    max_ijk: tuple[int, int, int]
    axial_slice: int
    max_ras_mm: tuple[float, float, float]


def read_maximum(suv: Image, grid: Grid, box: Box, mask: NDArray[np.bool_]) -> Reading:
    """Measure the hottest voxel of a mask that lies in a box of the image; slices count from the head, from 1."""
    values = np.where(mask, suv[box], -1.0)
    local = np.unravel_index(int(np.argmax(values)), values.shape)
    i, j, k = (int(part.start + index) for part, index in zip(box, local, strict=True))
    x, y, z = (round(float(axis[index]), 3) for axis, index in zip(grid.axes, (i, j, k), strict=True))
    return Reading(float(suv[i, j, k]), (i, j, k), grid.shape[2] - k, (x, y, z))


def initial_threshold(suv_max: float) -> float:
    """Return the threshold at which a finding's component is looked for (SPEC 1.2 step 8, background 1)."""
    return 0.316 * suv_max + 0.617


def is_separable(suv: Image, grid: Grid, lesion: Lesion, reading: Reading) -> bool:
    """Tell whether the lesion is a component of its own, alone on its slice with its maximum.

    Parameters
    ----------
    suv : ndarray, shape (X, Y, Z)
        The stored image.
    grid : Grid
        Its grid.
    lesion, reading : Lesion, Reading
        The lesion and its measurement.
    """
    labels = cc3d.connected_components(suv > initial_threshold(round(reading.suv_max, 1)), connectivity=6)
    own = labels[reading.max_ijk]
    if own == 0:
        return False
    component = np.argwhere(labels == own)
    axes = grid.axes
    reach = np.array([np.abs(axes[a][component[:, a]] - lesion.shape.centre_mm[a]).max() for a in range(3)])
    low, high = (np.array(corner) for corner in lesion.shape.bounds())
    if np.any(reach > (high - low) / 2 + 7.5):
        return False
    if suv[labels == own].max() > reading.suv_max + 1e-6:
        return False
    k = reading.max_ijk[2]
    others = [int(label) for label in np.unique(labels[:, :, k]) if label not in (0, own)]
    peaks = [float(suv[labels == label].max()) for label in others]
    return all(abs(peak - reading.suv_max) > MARGIN_SUV for peak in peaks)


class LesionPlacer:
    """Draws lesions for one exam and adds them to its scene.

    Parameters
    ----------
    scene : PetScene
        The body; it receives the lesions.
    rng : Generator
        The exam's own random numbers.
    """

    def __init__(self, scene: PetScene, rng: np.random.Generator) -> None:
        self.scene, self.rng = scene, rng
        self.lesions: list[Lesion] = []

    def _shape(self, site: Site, diameter_mm: float, jitter_mm: float = 3.0) -> Ellipsoid:
        """Draw an ellipsoid of the volume of a sphere with this diameter near a site."""
        centre = np.array(self.scene.frame.to_scanner_mm(site.centre_mm)) + self.rng.uniform(-jitter_mm, jitter_mm, 3)
        stretch = np.exp(self.rng.uniform(-0.18, 0.18, 3)) if self.rng.random() < 0.7 else np.ones(3)
        radii = diameter_mm / 2 * stretch / float(np.prod(stretch)) ** (1 / 3)
        turn = float(self.rng.uniform(-60, 60))
        return Ellipsoid((float(centre[0]), float(centre[1]), float(centre[2])), (float(radii[0]), float(radii[1]), float(radii[2])), turn)

    def _diameter(self, site: Site) -> float:
        low, high = site.diameters_mm
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def _clear(self, shape: Ellipsoid, gap_mm: float = 26.0) -> bool:
        """Tell whether a shape keeps away from the other lesions and from the upper and lower end of the image."""
        low, high = shape.bounds()
        z = self.scene.grid.axes[2]
        if low[2] < z[0] + CLEAR_OF_BORDER_MM or high[2] > z[-1] - CLEAR_OF_BORDER_MM:
            return False
        for lesion in self.lesions:
            distance = float(np.linalg.norm(np.subtract(shape.centre_mm, lesion.shape.centre_mm)))
            if distance < max(shape.radii_mm) + max(lesion.shape.radii_mm) + gap_mm:
                return False
        return True

    def _put(self, site: Site, shape: Ellipsoid, peak_suv: float, hard: str | None) -> tuple[Lesion, Image, float] | None:
        """Paint a lesion so hot that its blurred peak reaches about `peak_suv`; None when it cannot be seen at all."""
        image = self.scene.blurred(shape)
        if image is None:
            return None
        filled, patch = image
        mask = filled.mask
        if mask.sum() < 4:
            return None
        background = self.scene.background_suv(shape)
        amplitude = (peak_suv - background) / float(patch[mask].max())
        if amplitude <= 0 or (background + amplitude) / max(background, 0.05) < 3.0:
            return None
        self.scene.add(filled, patch, amplitude)
        return Lesion(site, shape, background + amplitude, background, filled, hard), patch, amplitude

    def reading(self, lesion: Lesion, suv: Image | None = None) -> Reading:
        """Measure a lesion in the scene, or in the stored image."""
        return read_maximum(self.scene.suv if suv is None else suv, self.scene.grid, lesion.filled.box, lesion.filled.mask)

    def add_clean(self, sites: Sequence[Site], *, peak_range: tuple[float, float] = (4.0, 16.0), hard: str | None = None) -> Lesion | None:
        """Add a separable lesion at the first of `sites` where one can be placed.

        A candidate that melts into its surroundings is tried again with more uptake before the next site is taken.
        """
        for site in sites:
            shape = self._shape(site, self._diameter(site))
            if not self._clear(shape):
                continue
            peak = float(self.rng.uniform(*peak_range))
            for _ in range(4):
                placed = self._put(site, shape, peak, hard)
                if placed is not None:
                    lesion, patch, amplitude = placed
                    if self._is_clean_with(lesion):
                        self.lesions.append(lesion)
                        return lesion
                    self.scene.remove(lesion.filled, patch, amplitude)
                peak = peak * 1.25 + 0.7
        return None

    def _is_clean_with(self, lesion: Lesion) -> bool:
        """Tell whether the new lesion is separable and leaves the earlier ones so."""
        new = self.reading(lesion)
        if not is_separable(self.scene.suv, self.scene.grid, lesion, new):
            return False
        for other in self.lesions:
            old = self.reading(other)
            if abs(old.suv_max - new.suv_max) <= MARGIN_SUV and abs(old.max_ras_mm[2] - new.max_ras_mm[2]) < 60.0:
                return False
        return True

    def add_hard(self, kind: str) -> list[Lesion]:
        """Add the lesion (or pair) of a hard kind; an empty list when it cannot be placed in this exam."""
        order = [SITES[i] for i in self.rng.permutation(len(SITES))]
        if kind in ("wrong_slice", "wrong_value"):
            found = self.add_clean(order, hard=kind)
            return [found] if found else []
        if kind == "wrong_side":
            sided = [site for site in order if abs(site.centre_mm[0]) > 40 and site.phrase.startswith(("left", "right"))]
            found = self.add_clean(sided, hard=kind)
            return [found] if found else []
        if kind == "low_suv":
            return self._add_low(order)
        if kind == "touching_pair":
            return self._add_pair(order)
        if kind == "touching_bladder":
            return self._add_beside_bladder()
        if kind == "border":
            return self._add_at_border()
        raise ValueError(f"unknown kind of hard lesion {kind!r}")

    def _keep(self, placed: tuple[Lesion, Image, float] | None) -> list[Lesion]:
        if placed is None:
            return []
        self.lesions.append(placed[0])
        return [placed[0]]

    def _add_low(self, order: Sequence[Site]) -> list[Lesion]:
        """Add a lung nodule below the SUV floor of 2.5."""
        for site in (site for site in order if site.organ == "lung"):
            shape = self._shape(site, 14.0)
            if self._clear(shape) and (placed := self._put(site, shape, 2.0, "low_suv")):
                if self.reading(placed[0]).suv_max < 2.4:
                    return self._keep(placed)
                self.scene.remove(placed[0].filled, placed[1], placed[2])
        return []

    def _add_pair(self, order: Sequence[Site]) -> list[Lesion]:
        """Add two lesions that touch along z, with different maxima on different slices."""
        for site in (site for site in order if site.organ in ("soft tissue", "lung") and site.diameters_mm[1] >= 30):
            upper = self._shape(site, 20.0, 0.0)
            x, y, z = upper.centre_mm
            lower = Ellipsoid((x, y + 3.0, z - upper.radii_mm[2] - 9.5), (9.0, 9.0, 9.5), 0.0)
            if not (self._clear(upper) and self._clear(lower)):
                continue
            first = self._keep(self._put(site, upper, 10.5, "touching_pair"))
            return first + self._keep(self._put(site, lower, 8.0, "touching_pair"))
        return []

    def _add_beside_bladder(self) -> list[Lesion]:
        """Add a node against the wall of the bladder."""
        side = 1 if self.rng.random() < 0.5 else -1
        name = "right" if side > 0 else "left"
        site = Site(f"{name} perivesical", f"{name} perivesical lymph node", "Pelvis", "lymph node", f"{name} perivesical", name,
                    (side * 46.0, 40.0, -796.0), (14.0, 18.0))  # fmt: skip
        shape = self._shape(site, 16.0, 0.0)
        return self._keep(self._put(site, shape, 9.0, "touching_bladder"))

    def _add_at_border(self) -> list[Lesion]:
        """Add a thigh mass that the lower end of the image cuts in two."""
        side = 1 if self.rng.random() < 0.5 else -1
        name = "right" if side > 0 else "left"
        site = Site(f"{name} distal thigh", f"{name} anterior thigh mass", "Lower extremity", "soft tissue", f"{name} anterior thigh", name,
                    (side * 78.0, 34.0, -880.0), (26.0, 34.0))  # fmt: skip
        x, y, _ = self.scene.frame.to_scanner_mm(site.centre_mm)
        shape = Ellipsoid((x, y, float(self.scene.grid.axes[2][0]) + 3.0), (14.0, 14.0, 15.0))
        return self._keep(self._put(site, shape, 9.5, "border"))
