from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

from petarseg.lesions.sphere import (
    FWHM_PER_SIGMA,
    blurred_profile,
    boundary_value,
    centre_value,
    mean_value,
    relative_threshold_of_max,
    relative_threshold_of_mean,
    threshold_curve,
)

# Anchors of SPEC 1.3 for FWHM 7 mm: diameter in mm, T_max, T_avg.
ANCHORS = [
    (10, 0.453, 0.708),
    (13, 0.391, 0.647),
    (17, 0.376, 0.602),
    (22, 0.394, 0.573),
    (28, 0.415, 0.554),
    (37, 0.436, 0.539),
    (60, 0.460, 0.522),
]


@pytest.mark.parametrize(("diameter_mm", "of_max", "of_mean"), ANCHORS)
def test_anchors(diameter_mm: float, of_max: float, of_mean: float) -> None:
    assert relative_threshold_of_max(diameter_mm / 2, 7.0) == pytest.approx(of_max, abs=6e-4)
    assert relative_threshold_of_mean(diameter_mm / 2, 7.0) == pytest.approx(of_mean, abs=6e-4)


def test_profile_limits() -> None:
    assert blurred_profile(0.0, 5.0, 7.0) == pytest.approx(centre_value(5.0, 7.0), abs=1e-6)
    assert blurred_profile(5.0, 5.0, 7.0) == pytest.approx(boundary_value(5.0, 7.0))
    assert blurred_profile(0.0, 100.0, 7.0) == pytest.approx(1.0)
    assert blurred_profile(200.0, 100.0, 7.0) == pytest.approx(0.0, abs=1e-12)
    assert mean_value(500.0, 7.0) == pytest.approx(1.0, abs=0.02)


def test_profile_is_a_gaussian_blur_of_a_sphere() -> None:
    step, radius, fwhm = 0.5, 6.0, 7.0
    axis = np.arange(-40, 41) * step
    r = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    blurred = ndimage.gaussian_filter((r <= radius).astype(float), fwhm / FWHM_PER_SIGMA / step, truncate=6)
    np.testing.assert_allclose(blurred[40, 40, 40:70], blurred_profile(axis[40:70], radius, fwhm), atol=4e-3)


def test_curve_interpolates_and_ends() -> None:
    curve = threshold_curve(7.0)
    for diameter in (10.0, 17.3, 42.0):
        volume = math.pi * diameter**3 / 6_000.0
        assert curve(volume) == pytest.approx(relative_threshold_of_mean(diameter / 2, 7.0), abs=1e-4)
    assert curve(0.0) == curve.relative[0]
    assert curve(1e9) == curve.relative[-1]
    assert list(curve.relative) == sorted(curve.relative, reverse=True)
