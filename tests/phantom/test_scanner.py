from __future__ import annotations

import pytest

from petarseg.phantom.scanner import PROTOCOLS, Protocol, sampling


def test_every_vendor_rule_has_a_protocol() -> None:
    rules = {(p.manufacturer.split()[0], p.units, p.decay, p.philips_factors) for p in PROTOCOLS}
    assert {("GE", "BQML", "START", "none"), ("GE", "BQML", "ADMIN", "none"), ("GE", "GML", "ADMIN", "none")} <= rules
    assert {("SIEMENS", "BQML", "START", "none"), ("Philips", "CNTS", "START", "both"), ("Philips", "CNTS", "START", "suv")} <= rules
    assert {p.position for p in PROTOCOLS} == {"HFS", "FFS"}
    assert {p.encoding for p in PROTOCOLS} == {"plain", "rle", "deflated"}
    assert any(p.over_midnight for p in PROTOCOLS)
    assert {extra for p in PROTOCOLS for extra in p.extras} == {"nac", "localizer", "secondary_capture", "dose_report"}
    assert len({p.name for p in PROTOCOLS}) == len(PROTOCOLS)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
@pytest.mark.parametrize("size", ["small", "full"])
def test_grids_are_clinical_and_differ(protocol: Protocol, size: str) -> None:
    pet, ct = sampling(protocol, size)  # type: ignore[arg-type]
    assert 3.6 <= pet.pixel_mm <= 5.5
    assert 3.0 <= pet.slice_mm <= 5.0
    assert ct.matrix > pet.matrix
    assert 600 < pet.n_slices * pet.slice_mm < 1100
    assert pet.matrix * pet.pixel_mm > 380
