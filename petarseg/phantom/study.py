"""What is known of an exam beside its images, and how its PET is stored: units, factors, integers and slopes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from petarseg.phantom.dicom_encode import derived_uid, ds_text
from petarseg.phantom.people import Patient, Visit
from petarseg.phantom.scanner import Protocol
from petarseg.phantom.tracer import Tracer


@dataclass(frozen=True, slots=True)
class Study:
    """Everything the headers of an exam say beside the pixels."""

    exam: str
    seed: int
    protocol: Protocol
    tracer: Tracer
    patient: Patient
    visit: Visit
    injection: datetime
    dose_bq: int

    def uid(self, *parts: object) -> str:
        """Return the UID of a part of this study."""
        return derived_uid("petarseg-phantom", self.seed, self.exam, *parts)

    @property
    def decay_s(self) -> float:
        """Seconds from injection to the time the stored activity is decay-corrected to."""
        return 0.0 if self.protocol.decay == "ADMIN" else (self.visit.scan_start - self.injection).total_seconds()

    @property
    def suv_per_bqml(self) -> float:
        """SUVbw of 1 Bq/ml in the stored image."""
        left_bq = self.dose_bq * math.pow(2.0, -self.decay_s / self.tracer.half_life_s)
        return self.patient.weight_kg * 1_000.0 / left_bq

    @property
    def philips_bqml_per_count(self) -> float:
        """The private element (7053,1009), as written."""
        return float(ds_text(1.7320508 + 0.01 * (self.dose_bq % 97), 8))

    @property
    def suv_per_unit(self) -> float:
        """SUVbw of one stored unit (Bq/ml, count or g/ml) after the rescale slope."""
        if self.protocol.units == "GML":
            return 1.0
        if self.protocol.units == "CNTS":
            return float(ds_text(self.philips_bqml_per_count * self.suv_per_bqml, 8))
        return self.suv_per_bqml


@dataclass(frozen=True, slots=True)
class StoredPet:
    """Integers and slopes as they go into the files, and the SUV they stand for."""

    pixels: NDArray[np.uint16]
    slopes: tuple[str, ...]
    suv: NDArray[np.float32]


def store_pet(suv: NDArray[np.float32], study: Study) -> StoredPet:
    """Quantise an SUV image as the scanner does.

    Parameters
    ----------
    suv : ndarray, shape (X, Y, Z)
        The simulated image, canonical.
    study : Study
        Units and factors.

    Returns
    -------
    StoredPet
        15-bit integers, the RescaleSlope of each slice as text, and the SUV image that a reader of the files sees.
    """
    peaks = suv.max(axis=(0, 1)).astype(np.float64)
    if not study.protocol.per_slice_slope:
        peaks[:] = peaks.max()
    values = np.maximum(peaks, 0.05) / study.suv_per_unit / 32_000.0
    # Philips stores counts as they are: slope 1 and all scaling in the private factors.
    texts = tuple("1" if study.protocol.units == "CNTS" else ds_text(value) for value in values)
    slopes = np.array([float(text) for text in texts])
    pixels = np.clip(np.rint(suv / (slopes * study.suv_per_unit)), 0, 32_767).astype(np.uint16)
    stored = (pixels * (slopes * study.suv_per_unit)).astype(np.float32)
    return StoredPet(pixels, texts, stored)
