from __future__ import annotations

import pytest

from petarseg.phantom.sites import SITES, Site

REGIONS = {"Head", "Neck", "Chest", "Abdomen", "Pelvis", "Upper extremity", "Lower extremity"}  # SPEC decision 24


def test_names_are_unique() -> None:
    assert len({site.name for site in SITES}) == len(SITES) > 60


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)
def test_words_and_place_agree(site: Site) -> None:
    assert site.region in REGIONS
    x = site.centre_mm[0]
    if site.laterality == "right":
        assert x > 0
        assert "right" in site.phrase
    elif site.laterality == "left":
        assert x < 0
        assert "left" in site.phrase
    else:
        assert "left " not in site.phrase
        assert "right " not in site.phrase
    low, high = site.diameters_mm
    assert 9 < low < high < 50
