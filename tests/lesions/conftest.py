"""Small PET volumes with known lesions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from petarseg.lesions.sphere import blurred_profile
from petarseg.volume import Units, Volume


@dataclass(frozen=True)
class Sphere:
    centre_mm: tuple[float, float, float]
    diameter_mm: float
    suv: float


MakePet = Callable[..., Volume]


@pytest.fixture
def make_pet() -> MakePet:
    """Return a function that makes a canonical PET: spheres blurred exactly, on a uniform background; centres in RAS mm."""

    def make(
        *spheres: Sphere,
        shape: tuple[int, int, int] = (40, 40, 40),
        spacing_mm: tuple[float, float, float] = (3.0, 3.0, 3.0),
        background: float = 1.0,
        fwhm_mm: float = 7.0,
        noise: float = 0.0,
    ) -> Volume:
        affine = np.diag([*spacing_mm, 1.0])
        affine[:3, 3] = [-0.5 * (n - 1) * s for n, s in zip(shape, spacing_mm, strict=True)]
        axes = [first + np.arange(n) * s for first, n, s in zip(affine[:3, 3], shape, spacing_mm, strict=True)]
        array = np.full(shape, background)
        for sphere in spheres:
            x, y, z = (axis - c for axis, c in zip(axes, sphere.centre_mm, strict=True))
            r = np.sqrt(x[:, None, None] ** 2 + y[:, None] ** 2 + z**2)
            array += (sphere.suv - background) * blurred_profile(r, sphere.diameter_mm / 2.0, fwhm_mm)
        if noise:
            array += noise * np.random.default_rng(0).normal(size=shape)
        return Volume(array.astype(np.float32), affine, Units.SUVBW)

    return make
