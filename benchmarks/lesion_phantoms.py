"""Digital phantoms with known truth for the lesion benchmarks: shapes blurred by a scanner, on a voxel grid, with noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from petarseg.lesions import Query
from petarseg.lesions.sphere import FWHM_PER_SIGMA, blurred_profile
from petarseg.volume import Units, Volume

Spacing = tuple[float, float, float]
Activity = Callable[[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]

SPACINGS: tuple[Spacing, ...] = ((2.0, 2.0, 2.0), (3.0, 3.0, 3.0), (4.0, 4.0, 4.0), (4.07, 4.07, 3.0), (5.5, 5.5, 3.27))
FWHMS_MM = (4.0, 6.0, 8.0)
RATIOS = (2.0, 3.0, 5.0, 10.0)
DIAMETERS_MM = (6, 8, 10, 13, 17, 22, 28, 37, 48, 60)
FINE = 3
"""Samples per voxel and axis: a voxel is the mean over its volume."""


@dataclass(frozen=True)
class Case:
    """One lesion in one image.

    ``truth`` marks the voxels of which at least half lies in the lesion; ``true_ml`` is its exact volume.
    """

    name: str
    pet: Volume
    truth: NDArray[np.bool_]
    true_ml: float
    seed: tuple[int, int, int]
    rivals: tuple[tuple[int, int, int], ...]
    spacing_mm: Spacing
    fwhm_mm: float
    ratio: float
    noise: float
    diameter_mm: float | None = None


def add_noise(array: NDArray[np.float64], noise: float, fwhm_mm: float, spacing: Spacing, rng: np.random.Generator) -> None:
    """Add noise of the image's resolution; its standard deviation is `noise` x sqrt(SUV x 1 SUV)."""
    if noise:
        grain = ndimage.gaussian_filter(rng.normal(size=array.shape), [fwhm_mm / FWHM_PER_SIGMA / s for s in spacing])
        array += noise * np.sqrt(np.maximum(array, 0.05)) * grain / grain.std()


def _down(fine: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    x, y, z = shape
    return fine.reshape(x, FINE, y, FINE, z, FINE).mean(axis=(1, 3, 5))


def _grid(half_mm: tuple[float, float, float], spacing: Spacing, shift: NDArray[np.float64]) -> tuple[tuple[int, ...], list]:
    shape = tuple(int(np.ceil(2 * h / s)) | 1 for h, s in zip(half_mm, spacing, strict=True))
    axes = [(((np.arange(n * FINE) + 0.5) / FINE - 0.5 - (n - 1) / 2) - o) * s for n, s, o in zip(shape, spacing, shift, strict=True)]
    return shape, axes


def _finish(
    name: str, array: NDArray, share: NDArray, true_ml: float, spacing: Spacing, fwhm: float, ratio: float, noise: float,
    rng: np.random.Generator, others: NDArray[np.bool_] | None = None, **more: object,
) -> Case:  # fmt: skip
    add_noise(array, noise, fwhm, spacing, rng)
    truth = share >= 0.5
    near = ndimage.binary_dilation(share > 0.2) if others is None else share > 0.2
    seed = np.unravel_index(int(np.argmax(np.where(near, array, -np.inf))), array.shape)
    rivals = ()
    if others is not None:
        rival = np.unravel_index(int(np.argmax(np.where(others, array, -np.inf))), array.shape)
        rivals = (tuple(int(c) for c in rival),)
    pet = Volume(array.astype(np.float32), np.diag([*spacing, 1.0]), Units.SUVBW)
    return Case(name, pet, truth, true_ml, tuple(int(c) for c in seed), rivals, spacing, fwhm, ratio, noise, **more)  # type: ignore[arg-type]


def sphere(diameter: float, ratio: float, spacing: Spacing, fwhm: float, noise: float, seed: int) -> Case:
    """A uniform sphere, blurred exactly."""
    rng = np.random.default_rng(seed)
    half = diameter / 2 + 30.0
    shape, (x, y, z) = _grid((half,) * 3, spacing, rng.uniform(-0.5, 0.5, 3))
    r = np.sqrt(x[:, None, None] ** 2 + y[:, None] ** 2 + z**2)
    array = 1.0 + (ratio - 1.0) * _down(blurred_profile(r, diameter / 2, fwhm), shape)
    share = _down((r <= diameter / 2).astype(float), shape)
    return _finish(
        f"sphere {diameter:g} mm", array, share, np.pi * diameter**3 / 6e3, spacing, fwhm, ratio, noise, rng, diameter_mm=diameter
    )


def _ball(x, y, z, centre, diameter):
    return ((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 <= (diameter / 2) ** 2).astype(float)


def _ellipsoid(axes_mm: tuple[float, float, float]) -> Activity:
    a, b, c = (axis / 2 for axis in axes_mm)
    return lambda x, y, z: ((x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2 <= 1).astype(float)


def _horseshoe(x, y, z):
    ring = np.hypot(x, y)
    return ((np.hypot(ring - 22.0, z) <= 8.0) & (y > -12.0)).astype(float)


def _core(x, y, z):
    return _ball(x, y, z, (0, 0, 0), 40) * 0.5 + 0.5 * _ball(x, y, z, (6, 0, 0), 20)


SHAPES: dict[str, tuple[Activity, Activity | None, float]] = {
    # name: (lesion's activity, activity of something else, its height in lesion heights)
    "ellipsoid 40x20x20": (_ellipsoid((40, 20, 20)), None, 0.0),
    "ellipsoid 60x30x15": (_ellipsoid((60, 30, 15)), None, 0.0),
    "horseshoe 60x16": (_horseshoe, None, 0.0),
    "hot core 40/20": (_core, None, 0.0),
    "touching 20+20": (lambda x, y, z: _ball(x, y, z, (-10, 0, 0), 20), lambda x, y, z: _ball(x, y, z, (10, 0, 0), 20), 1.3),
    "15 mm, 8 mm from bladder": (lambda x, y, z: _ball(x, y, z, (-40, 0, 0), 15), lambda x, y, z: _ball(x, y, z, (0, 0, 0), 49), 5.0),
}  # fmt: skip


def shape_case(name: str, ratio: float, spacing: Spacing, fwhm: float, noise: float, seed: int) -> Case:
    """A shape that is no sphere, blurred numerically on the fine grid."""
    rng = np.random.default_rng(seed)
    lesion, other, height = SHAPES[name]
    shape, (x, y, z) = _grid((80.0, 60.0, 60.0), spacing, rng.uniform(-0.5, 0.5, 3))
    grid = (x[:, None, None], y[None, :, None], z[None, None, :])
    own = lesion(*grid)
    activity = own if other is None else own + height * other(*grid) * (own == 0)
    sigma = [fwhm / FWHM_PER_SIGMA / s * FINE for s in spacing]
    array = 1.0 + (ratio - 1.0) * _down(ndimage.gaussian_filter(activity, sigma, mode="nearest"), shape)
    inside = (own > 0).astype(float)
    true_ml = float(inside.sum()) * np.prod(spacing) / FINE**3 / 1e3
    others = None if other is None else _down(other(*grid) * (own == 0), shape) > 0.5
    return _finish(name, array, _down(inside, shape), true_ml, spacing, fwhm, ratio, noise, rng, others)


def sphere_grid(noises: tuple[float, ...], repeats: int) -> Iterator[Case]:
    """All diameters, ratios, voxels and resolutions."""
    grid = product(SPACINGS, DIAMETERS_MM, FWHMS_MM, RATIOS, noises, range(repeats))
    for number, (spacing, diameter, fwhm, ratio, noise, _) in enumerate(grid):
        yield sphere(diameter, ratio, spacing, fwhm, noise, number)


def shape_grid(noise: float) -> Iterator[Case]:
    """All other shapes on three grids, at two ratios and two resolutions."""
    grids = product(SHAPES, SPACINGS[1:4], (4.0, 8.0), (5.0, 7.0))
    for number, (name, spacing, ratio, fwhm) in enumerate(grids):
        yield shape_case(name, ratio, spacing, fwhm, noise, number)


@dataclass(frozen=True)
class Exam:
    """A whole-body PET with organs and lesions: centre (RAS mm), diameter (mm), ratio to background."""

    pet: Volume
    lesions: tuple[tuple[tuple[float, float, float], float, float], ...]


ORGANS = (
    # brain, heart, liver, kidneys, bladder: centre, diameter, SUV
    ((0, 10, 400), 130, 9.0), ((-25, 35, 190), 75, 6.0), ((70, 10, 90), 150, 2.4),
    ((65, -45, 20), 45, 9.5), ((-65, -45, 20), 45, 9.0), ((0, 15, -150), 70, 28.0),
)  # fmt: skip


def exam(seed: int, spacing: Spacing, fwhm: float, noise: float, *, n_lesions: int = 8, min_diameter: float = 10.0) -> Exam:
    """A body of uniform background 0.8 SUV with six organs and lesions of random place, size and ratio 3 to 15."""
    rng = np.random.default_rng(seed)
    extent = (600.0, 500.0, 1000.0)
    shape = tuple(round(e / s) for e, s in zip(extent, spacing, strict=True))
    first = [-(n - 1) * s / 2 for n, s in zip(shape, spacing, strict=True)]
    axes = [f + np.arange(n) * s for f, n, s in zip(first, shape, spacing, strict=True)]
    body = ((axes[0][:, None] / 185) ** 2 + (axes[1][None] / 125) ** 2 <= 1)[:, :, None] & (np.abs(axes[2]) < 480)
    background = 0.8
    array = np.where(body, background, 0.0)
    placed: list[tuple[tuple[float, float, float], float, float]] = [(c, d, s) for c, d, s in ORGANS]
    lesions = []
    while len(lesions) < n_lesions:
        diameter, ratio = float(rng.uniform(min_diameter, 45.0)), float(rng.uniform(3.0, 15.0))
        centre = tuple(float(v) for v in rng.uniform((-130, -80, -440), (130, 80, 440)))
        if all(np.linalg.norm(np.subtract(centre, c)) > (diameter + d) / 2 + 12.0 for c, d, _ in placed):
            placed.append((centre, diameter, ratio * background))
            lesions.append((centre, diameter, ratio))
    for centre, diameter, suv in placed:
        box = tuple(
            slice(*np.searchsorted(axis, (c - diameter / 2 - 20, c + diameter / 2 + 20))) for axis, c in zip(axes, centre, strict=True)
        )
        x, y, z = (axis[s] - c for axis, s, c in zip(axes, box, centre, strict=True))
        r = np.sqrt(x[:, None, None] ** 2 + y[:, None] ** 2 + z**2)
        array[box] += (suv - background) * blurred_profile(r, diameter / 2, fwhm)
    add_noise(array, noise, fwhm, spacing, rng)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = first
    return Exam(Volume(array.astype(np.float32), affine, Units.SUVBW), tuple(lesions))


def reported(phantom: Exam) -> list[Query]:
    """What a reader would report: SUVmax of each lesion to one decimal, the slice of the maximum, the side."""
    queries = []
    pet = phantom.pet
    for index, (centre, diameter, _) in enumerate(phantom.lesions):
        reach = np.ceil(diameter / 2 / np.array(pet.spacing_mm)).astype(int)
        low = np.rint(pet.ras_mm_to_ijk(centre)).astype(int) - reach
        box = pet.array[tuple(slice(a, a + 2 * r + 1) for a, r in zip(low, reach, strict=True))]
        place = pet.ijk_to_ras_mm(np.argwhere(np.ones(box.shape)) + low).reshape(*box.shape, 3)
        inside = np.where(np.linalg.norm(place - centre, axis=-1) <= diameter / 2, box, -np.inf)
        peak = np.unravel_index(int(inside.argmax()), box.shape) + low
        side = "left" if centre[0] < -20 else "right" if centre[0] > 20 else "none"
        queries.append(Query(str(index), round(float(inside.max()), 1), pet.shape[2] - int(peak[2]), side, 1))
    return queries
