from __future__ import annotations

import numpy as np
import pytest

from petarseg.dicom.voxels import check_suv_volume
from petarseg.errors import QuantificationError
from petarseg.reasons import Reason


@pytest.mark.parametrize(
    ("scale", "length_mm", "plausible"),
    [
        *((1.0, 0.0, True), (10.0, 0.0, True), (0.1, 0.0, False), (30.0, 0.0, False)),
        *((1.0, 800.0, True), (3.0, 800.0, True), (10.0, 300.0, True), (10.0, 800.0, False), (0.1, 800.0, False)),
    ],
)
def test_a_body_has_a_mean_of_about_one(scale: float, length_mm: float, plausible: bool) -> None:
    rng = np.random.default_rng(0)
    volume = np.zeros((40, 60, 60), np.float32)
    volume[:, 15:45, 20:40] = rng.normal(0.8, 0.3, (40, 30, 20)).clip(0.0)
    volume[20:22, 30:32, 30:32] = 25.0
    if plausible:
        check_suv_volume(volume * np.float32(scale), length_mm)
        return
    with pytest.raises(QuantificationError) as caught:
        check_suv_volume(volume * np.float32(scale), length_mm)
    assert caught.value.reason is Reason.SUV_IMPLAUSIBLE
