"""The scanners of the phantom cohort: grids, units and habits of the three large vendors, one protocol an exam in turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

Size = Literal["small", "full"]
GE, SIEMENS, PHILIPS = "GE MEDICAL SYSTEMS", "SIEMENS", "Philips Medical Systems"


@dataclass(frozen=True, slots=True)
class Sampling:
    """Matrix (square), in-plane spacing, number of slices and their distance in mm."""

    matrix: int
    pixel_mm: float
    n_slices: int
    slice_mm: float


@dataclass(frozen=True, slots=True)
class Protocol:
    """How an exam was acquired and written.

    Parameters
    ----------
    name : str
        Short name, used in ``truth.json``.
    manufacturer, model : str
        Header values.
    units : {"BQML", "CNTS", "GML"}
        Units (0054,1001) of the PET.
    decay : {"START", "ADMIN"}
        DecayCorrection (0054,1102).
    position : {"HFS", "FFS"}
        PatientPosition.
    mirrored_columns : bool
        Image rows run to the patient's right (ImageOrientationPatient -1,0,0,0,1,0), as some feet-first exports do.
    first_instance : {"head", "feet"}
        Which end InstanceNumber 1 lies at.
    per_slice_slope : bool
        Each slice has its own RescaleSlope.
    philips_factors : {"both", "suv", "none"}
        Which private scale factors are written with CNTS.
    injection_datetime : bool
        RadiopharmaceuticalStartDateTime is written beside the time.
    over_midnight : bool
        The tracer is injected before midnight and the scan starts after it.
    encoding : {"plain", "rle", "deflated"}
        Transfer syntax of the PET.
    extras : tuple of str
        Further series: "nac", "localizer", "secondary_capture", "dose_report".
    ct_description : str
        SeriesDescription of the CT.
    from_eyes : bool
        The scan starts at the orbits instead of the vertex.
    frame_s : float
        Seconds per bed position.
    fwhm_mm : float
        Resolution after reconstruction.
    """

    name: str
    manufacturer: str
    model: str
    units: Literal["BQML", "CNTS", "GML"] = "BQML"
    decay: Literal["START", "ADMIN"] = "START"
    position: Literal["HFS", "FFS"] = "HFS"
    mirrored_columns: bool = False
    first_instance: Literal["head", "feet"] = "head"
    per_slice_slope: bool = True
    philips_factors: Literal["both", "suv", "none"] = "none"
    injection_datetime: bool = True
    over_midnight: bool = False
    encoding: Literal["plain", "rle", "deflated"] = "plain"
    extras: tuple[str, ...] = ()
    ct_description: str = "CT WB 3.75 STND"
    from_eyes: bool = False
    frame_s: float = 120.0
    fwhm_mm: float = 6.5


_GE = Protocol("ge-bqml-start", GE, "Discovery MI", extras=("localizer", "dose_report"), fwhm_mm=6.0)
_SIEMENS = Protocol(
    "siemens-bqml-start",
    SIEMENS,
    "Biograph 64 mCT",
    first_instance="feet",
    frame_s=150.0,
    extras=("nac", "localizer"),
    ct_description="CT AC 5.0 B30f",
)
_PHILIPS = Protocol("philips-cnts-both", PHILIPS, "Ingenuity TF PET/CT", "CNTS", philips_factors="both", per_slice_slope=False,
                    frame_s=90.0, extras=("secondary_capture",), ct_description="AC CT 5mm")  # fmt: skip

PROTOCOLS: tuple[Protocol, ...] = (
    _GE,
    _SIEMENS,
    _PHILIPS,
    replace(_GE, name="ge-gml-admin", units="GML", decay="ADMIN", model="Discovery ST", extras=(), fwhm_mm=7.0),
    replace(_SIEMENS, name="siemens-bqml-feet-first", position="FFS", mirrored_columns=True, extras=("dose_report",), from_eyes=True),
    replace(_PHILIPS, name="philips-cnts-suv-factor", philips_factors="suv", extras=("localizer",), from_eyes=True, first_instance="feet"),
    replace(_GE, name="ge-bqml-admin", decay="ADMIN", injection_datetime=False, from_eyes=True, extras=("secondary_capture",)),
    replace(_SIEMENS, name="siemens-bqml-over-midnight", over_midnight=True, injection_datetime=False, extras=(), encoding="deflated"),
    replace(_GE, name="ge-bqml-feet-first", position="FFS", model="Discovery ST", extras=("nac",), first_instance="feet", fwhm_mm=7.0),
    replace(_PHILIPS, name="philips-bqml", units="BQML", philips_factors="none", extras=("dose_report",), per_slice_slope=True,
            ct_description="Body-Low Dose CT"),
    replace(_SIEMENS, name="siemens-gml-admin", units="GML", decay="ADMIN", extras=("localizer",), from_eyes=True, encoding="rle"),
)  # fmt: skip
"""Exam n of a cohort uses protocol n modulo their number."""

_SMALL: Mapping[str, tuple[Sampling, Sampling]] = {
    GE: (Sampling(72, 5.46875, 246, 3.27), Sampling(104, 3.90625, 160, 5.0)),
    SIEMENS: (Sampling(96, 4.07283, 161, 5.0), Sampling(104, 3.90625, 160, 5.0)),
    PHILIPS: (Sampling(96, 4.0, 201, 4.0), Sampling(104, 3.90625, 160, 5.0)),
}
_FULL: Mapping[str, tuple[Sampling, Sampling]] = {
    GE: (Sampling(192, 3.64583, 335, 3.27), Sampling(512, 1.36719, 335, 3.27)),
    SIEMENS: (Sampling(200, 4.07283, 365, 3.0), Sampling(512, 1.52344, 365, 3.0)),
    PHILIPS: (Sampling(144, 4.0, 273, 4.0), Sampling(512, 1.17188, 273, 4.0)),
}


def sampling(protocol: Protocol, size: Size) -> tuple[Sampling, Sampling]:
    """Return the PET and the CT sampling of a protocol; an exam from the orbits has about 100 mm less of both."""
    pet, ct = (_SMALL if size == "small" else _FULL)[protocol.manufacturer]
    if protocol.from_eyes and size == "small":
        pet = replace(pet, n_slices=pet.n_slices - round(100 / pet.slice_mm))
        ct = replace(ct, n_slices=ct.n_slices - round(100 / ct.slice_mm))
    return pet, ct
