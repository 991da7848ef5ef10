"""Lean and ideal body mass, and body surface: what stored SUVs are normalised by instead of weight."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from petarseg.errors import QuantificationError
from petarseg.reasons import Reason

LEAN_MASS_KG: MappingProxyType[str, tuple[Callable[[float, float], float], Callable[[float, float], float]]] = MappingProxyType(
    {
        # (male, female) as functions of weight in kg and height in cm
        "LBM": (lambda w, h: 1.10 * w - 120.0 * (w / h) ** 2, lambda w, h: 1.07 * w - 148.0 * (w / h) ** 2),
        "LBMJAMES128": (lambda w, h: 1.10 * w - 128.0 * (w / h) ** 2, lambda w, h: 1.07 * w - 148.0 * (w / h) ** 2),
        "LBMJANMA": (
            lambda w, h: 9_270.0 * w / (6_680.0 + 216.0 * w / (h / 100.0) ** 2),
            lambda w, h: 9_270.0 * w / (8_780.0 + 244.0 * w / (h / 100.0) ** 2),
        ),
        "IBW": (lambda w, h: 48.0 + 1.06 * (h - 152.0), lambda w, h: 45.5 + 0.91 * (h - 152.0)),
    }
)


def lean_body_mass_kg(kind: str, *, weight_kg: float, height_m: float, sex: str) -> float:
    """Return the lean or ideal body mass that a stored SUV is normalised by.

    Parameters
    ----------
    kind : str
        LBM (James, 120 for men), LBMJAMES128, LBMJANMA (Janmahasatian) or IBW, as in DICOM SUVType.
    weight_kg, height_m : float
        Of the patient.
    sex : str
        "M", "F", or "O" for the mean of both (IBSI SUV manual).

    Raises
    ------
    QuantificationError
        HEIGHT_MISSING when weight and height together give no positive mass (James' formula fails in the very obese).
    """
    male, female = (formula(weight_kg, height_m * 100.0) for formula in LEAN_MASS_KG[kind])
    mass_kg = {"M": male, "F": female, "O": 0.5 * (male + female)}[sex]
    if not 0.2 * weight_kg <= mass_kg <= 1.5 * weight_kg:
        raise QuantificationError(Reason.HEIGHT_MISSING, {"lean_body_mass_kg": round(mass_kg, 2), "SUVType": kind})
    return mass_kg


def body_surface_m2(*, weight_kg: float, height_m: float) -> float:
    """Return the body surface by DuBois and DuBois (1916): 0.007184 · W^0.425 · H^0.725, H in cm."""
    return float(0.007184 * weight_kg**0.425 * (height_m * 100.0) ** 0.725)
