from __future__ import annotations

import numpy as np

from petarseg.lesions.surroundings import look_around
from tests.lesions.conftest import MakePet, Sphere


def test_rays_see_the_background_and_the_extent(make_pet: MakePet) -> None:
    pet = make_pet(Sphere((0, 0, 0), 30.0, 9.0), background=1.5, fwhm_mm=5.0, spacing_mm=(3.0, 3.0, 2.0), shape=(41, 41, 61))
    seen = look_around(pet.array, (20, 20, 30), pet.spacing_mm)
    assert abs(seen.background_suv - 1.5) < 0.01
    for reach in (seen.before, seen.beyond):
        assert all(abs(n * step - 15.0) <= 2 * step for n, step in zip(reach, pet.spacing_mm, strict=True))


def test_rays_end_at_the_border() -> None:
    array = np.full((5, 6, 7), 2.0)
    seen = look_around(array, (0, 5, 3), (4.0, 4.0, 4.0))
    assert seen.background_suv == 2.0
    assert min(*seen.before, *seen.beyond) >= 1
