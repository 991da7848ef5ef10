from __future__ import annotations

import pytest

from petarseg.errors import ConfigError
from petarseg.phantom.body import structures
from petarseg.phantom.tracer import TRACERS, tracer


@pytest.mark.parametrize("name", TRACERS)
def test_every_tissue_of_the_body_has_an_uptake(name: str) -> None:
    tissues = {structure.tissue for structure in structures(10.0)} - {"air"}
    assert tissues <= set(tracer(name).suv)


def test_half_lives_are_those_of_the_nuclides() -> None:
    # NuDat 3: F-18 109.77 min, Ga-68 67.71 min.
    assert tracer("FDG").half_life_s == pytest.approx(109.77 * 60)
    assert tracer("DOTATATE").half_life_s == pytest.approx(67.71 * 60)


def test_unknown_tracer_is_named() -> None:
    with pytest.raises(ConfigError, match="choline"):
        tracer("choline")
