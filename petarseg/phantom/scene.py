"""The phantom's images: a PET in SUV with the scanner's blur and noise, and a CT in HU, each on its own grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from petarseg.phantom.body import BodyFrame, Structure, table
from petarseg.phantom.shapes import Box, Ellipsoid, Grid, index_box, mask_in_box, paint
from petarseg.phantom.tracer import Tracer
from petarseg.volume import Units, Volume

Image = NDArray[np.float32]
NOISE = 0.13
"""Standard deviation of the noise where the SUV is 1; it grows with the square root of the SUV: 9 % in an FDG liver."""
CT_NOISE_HU = 12.0
OVERSAMPLING = 4
"""Points per voxel edge from which the share of a voxel that a lesion fills is counted."""


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Which share of each voxel of a box a shape fills."""

    box: Box
    share: Image

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Voxels of the box that are filled by more than half."""
        filled: NDArray[np.bool_] = self.share > 0.5
        return filled


def occupancy(grid: Grid, shape: Ellipsoid, margin_mm: float) -> Occupancy | None:
    """Count the share of each voxel that lies inside a shape, by ``OVERSAMPLING`` points per axis.

    Parameters
    ----------
    grid : Grid
        The image grid.
    shape : Ellipsoid
        In scanner coordinates, RAS mm.
    margin_mm : float
        How far the box reaches beyond the shape.

    Returns
    -------
    Occupancy or None
        None when the shape with its margin lies outside the grid.
    """
    low, high = (np.array(corner) for corner in shape.bounds())
    box = index_box(grid.axes, (low - margin_mm).tolist(), (high + margin_mm).tolist())
    if box is None:
        return None
    offsets = (np.arange(OVERSAMPLING) + 0.5) / OVERSAMPLING - 0.5
    fine = [
        (axis[part][:, None] + step * offsets).ravel()
        for axis, part, step in zip(grid.axes, box, grid.spacing_mm, strict=True)
    ]  # fmt: skip
    inside = shape.inside(fine[0][:, None, None], fine[1][None, :, None], fine[2][None, None, :])
    nx, ny, nz = (part.stop - part.start for part in box)
    n = OVERSAMPLING
    share = inside.reshape(nx, n, ny, n, nz, n).mean(axis=(1, 3, 5), dtype=np.float32)
    return Occupancy(box, share)


class PetScene:
    """A PET image under construction: the body first, then one lesion after the other.

    Blurring is linear, so a lesion only changes its neighbourhood: the blurred lesion is added to the blurred body.

    Parameters
    ----------
    grid : Grid
        The PET grid.
    frame : BodyFrame
        Where the body lies.
    structures : sequence of Structure
        The body, in painting order.
    tracer : Tracer
        Uptake of the tissues.
    fwhm_mm : float
        Resolution of the scanner after reconstruction.
    rng : Generator
        For the noise.
    """

    def __init__(
        self, grid: Grid, frame: BodyFrame, structures: Sequence[Structure], tracer: Tracer, fwhm_mm: float, rng: np.random.Generator
    ) -> None:
        self.grid, self.frame, self.fwhm_mm = grid, frame, fwhm_mm
        self.sigma_voxels = tuple(fwhm_mm / 2.3548 / step for step in grid.spacing_mm)
        axes = frame.to_reference(grid.axes)
        self.activity: Image = np.zeros(grid.shape, np.float32)
        for structure in structures:
            paint(self.activity, axes, structure.shape, tracer.suv.get(structure.tissue, 0.0))
        self.mean: Image = ndimage.gaussian_filter(self.activity, self.sigma_voxels, mode="nearest", truncate=3.0)
        # Reconstructed noise is correlated over about a voxel or the post-filter, whichever is larger.
        grain = [max(0.6, 0.45 * sigma) for sigma in self.sigma_voxels]
        noise = ndimage.gaussian_filter(rng.standard_normal(grid.shape, dtype=np.float32), grain, mode="wrap", truncate=3.0)
        self.noise: Image = np.clip(noise / noise.std(), -3.0, 3.0)
        self.suv: Image = self._with_noise(self.mean, self.noise)

    @staticmethod
    def _with_noise(mean: Image, noise: Image) -> Image:
        image: Image = np.maximum(mean + NOISE * np.sqrt(np.maximum(mean, 0.0)) * noise, 0.0)
        return image

    def background_suv(self, shape: Ellipsoid) -> float:
        """Return the mean uptake of the body within a shape, before any lesion."""
        found = mask_in_box(self.grid.axes, shape)
        if found is None or not found[1].any():
            return 0.0
        return float(self.activity[found[0]][found[1]].mean())

    def blurred(self, shape: Ellipsoid) -> tuple[Occupancy, Image] | None:
        """Return a shape's occupancy and its image when it holds 1 SUV in nothing; None when it is outside the grid."""
        filled = occupancy(self.grid, shape, 1.5 * self.fwhm_mm)
        if filled is None:
            return None
        return filled, ndimage.gaussian_filter(filled.share, self.sigma_voxels, mode="constant", truncate=3.0)

    def add(self, filled: Occupancy, patch: Image, amplitude_suv: float) -> None:
        """Add a blurred lesion of `amplitude_suv` above its surroundings."""
        self.mean[filled.box] += amplitude_suv * patch
        self.suv[filled.box] = self._with_noise(self.mean[filled.box], self.noise[filled.box])

    def remove(self, filled: Occupancy, patch: Image, amplitude_suv: float) -> None:
        """Take a lesion away again."""
        self.add(filled, patch, -amplitude_suv)


def simulate_ct(
    grid: Grid,
    frame: BodyFrame,
    structures: Sequence[Structure],
    lesions: Sequence[tuple[Ellipsoid, float]],
    fat_mm: float,
    rng: np.random.Generator,
) -> NDArray[np.int16]:
    """Paint the CT: table, body, lesions (shape and HU), a slight blur and noise.

    Returns
    -------
    ndarray of int16, shape (X, Y, Z)
        HU from -1024 to 3071, RAS+.
    """
    axes = frame.to_reference(grid.axes)
    image: Image = np.full(grid.shape, -1000.0, np.float32)
    for structure in (table(fat_mm), *structures):
        paint(image, axes, structure.shape, structure.hu)
    for shape, hu in lesions:
        paint(image, grid.axes, shape, hu)
    sigma = [min(0.8, 1.2 / step) for step in grid.spacing_mm]
    ndimage.gaussian_filter(image, sigma, output=image, mode="nearest", truncate=2.0)
    noise = rng.standard_normal(grid.shape, dtype=np.float32)
    noise *= np.float32(CT_NOISE_HU)
    image += noise
    rounded: NDArray[np.int16] = np.clip(np.rint(image), -1024, 3071).astype(np.int16)
    return rounded


def volume(grid: Grid, array: NDArray[np.generic], units: Units) -> Volume:
    """Return an array on a grid as a Volume."""
    return Volume(array, grid.affine, units)
