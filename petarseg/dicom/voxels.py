"""What stored values mean: SUVbw of PET slices, Hounsfield units of CT slices, and whether the SUV of a whole volume can be right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from petarseg.dicom.header import Header
from petarseg.dicom.read import Rescale, SliceFile, read_pixels
from petarseg.dicom.tags import Tag
from petarseg.errors import QuantificationError
from petarseg.reasons import Reason
from petarseg.suv import SuvConversion
from petarseg.volume import Units

BODY_PERCENTILE, BODY_FRACTION = 95.0, 0.1
"""Voxels above this fraction of this percentile are taken as body; relative, so that a wrong factor does not hide itself."""
BODY_SAMPLE = 200_000
BODY_MEAN_SUV = (0.15, 15.0)
"""A body averages about 1 by definition (what was injected is somewhere in it), 0.3 to 1.5 in practice, more in a crop around a tumour."""
LONG_STACK_MM = 600.0
LONG_STACK_MEAN_SUV = 5.0
"""Such a stack holds half of the body or more, so its mean can hardly reach 2, whatever the tracer."""
LOW_MAX_SUV = 5.0
SIGNIFICANT_BITS = 16
"""Of the 24 of float32: what a scanner's 16-bit integers hold."""
AIR_HU = -1_024
MEASURED_HU = (-1_024.0, 4_095.0)
"""What a CT scale holds, extended scales for metal aside."""
HU_RANGE = (-32_768, 32_767)


@dataclass(frozen=True, slots=True)
class SuvVoxels:
    """SUVbw of a PET series, rounded to `SIGNIFICANT_BITS`; `length_mm` is that of the patient within the stack."""

    slices: Sequence[SliceFile]
    rescales: Sequence[Rescale]
    conversion: SuvConversion
    length_mm: float

    units: ClassVar = Units.SUVBW
    dtype: ClassVar = np.float32

    def images(self, order: Sequence[int], facts: dict[str, object]) -> Iterator[NDArray[np.float32]]:
        """Yield SUVbw per slice; raises SUV_IMPLAUSIBLE at the end."""
        sample, buffer = SuvSample(len(order)), bytearray()
        for index in order:
            factor, rescale = self.conversion.factors[index], self.rescales[index]
            stored = read_pixels(self.slices[index], buffer)
            suv = np.empty(stored.shape, np.float32)
            np.multiply(stored, np.float32(rescale.slope * factor), out=suv, casting="unsafe")
            if rescale.intercept:
                suv += np.float32(rescale.intercept * factor)
            _round_significand(suv)
            sample.add(suv)
            yield suv
        notes = check_suv_volume(sample.values(), self.length_mm)
        facts |= suv_sidecar(self.slices[0].header, self.conversion)
        facts["assumptions"] = [*self.conversion.assumptions, *notes]


@dataclass(frozen=True, slots=True)
class HounsfieldVoxels:
    """Hounsfield units of a CT series."""

    slices: Sequence[SliceFile]
    rescales: Sequence[Rescale]

    units: ClassVar = Units.HU
    dtype: ClassVar = np.int16

    def images(self, order: Sequence[int], facts: dict[str, object]) -> Iterator[NDArray[np.int16]]:
        """Yield HU per slice, clipped to what int16 holds; padding outside the field of view becomes air."""
        clipped, padded, buffer = 0, 0, bytearray()
        for index in order:
            stored, rescale = read_pixels(self.slices[index], buffer), self.rescales[index]
            padding = _padding_value(self.slices[index].header, rescale)
            values: NDArray[Any]
            if rescale.slope == 1.0 and rescale.intercept.is_integer() and _fits_int16(stored, int(rescale.intercept)):
                values = np.add(stored, np.array(int(rescale.intercept), np.int16), dtype=np.int16, casting="unsafe")
            else:
                values = np.rint(stored * rescale.slope + rescale.intercept)
            if padding is not None:
                is_padding = stored == padding
                values[is_padding] = AIR_HU
                padded += int(np.count_nonzero(is_padding))
            if values.dtype != np.int16:
                clipped += int(np.count_nonzero((values < HU_RANGE[0]) | (values > HU_RANGE[1])))
                values = np.clip(values, *HU_RANGE).astype(np.int16)
            yield values
        facts |= {"units": "HU", "clipped_voxels": clipped, "padded_voxels": padded}


def _padding_value(header: Header, rescale: Rescale) -> int | None:
    """Return the stored value that stands outside the field of view, where it means no HU that a scanner measures.

    Some exporters name a value that the image holds too (0 of water): such a one is left alone.

    References
    ----------
    .. [1] DICOM PS3.3, C.7.5.1.1.2 (Pixel Padding Value).
    """
    value = header.integer(Tag.PixelPaddingValue)
    if value is None:
        return None
    if header.integer(Tag.PixelRepresentation) == 1 and value >= 2**15:
        value -= 2**16  # read as unsigned: its sign depends on that of the pixels
    return None if MEASURED_HU[0] <= value * rescale.slope + rescale.intercept <= MEASURED_HU[1] else value


class SuvSample:
    """The largest SUV of a series and an even sample of all slices, gathered slice by slice.

    Parameters
    ----------
    n_slices : int
        How many slices will be added.
    """

    def __init__(self, n_slices: int) -> None:
        self._n_slices = n_slices
        self._parts: list[NDArray[np.float32]] = []
        self.highest = -math.inf

    def add(self, suv: NDArray[np.float32]) -> None:
        """Add a slice of any shape."""
        self.highest = max(self.highest, float(suv.max()))
        # An odd step: an even one may divide the number of columns, and the sample would be a few columns of the image.
        step = max(1, suv.size * self._n_slices // BODY_SAMPLE) | 1
        self._parts.append(suv.reshape(-1)[::step].copy())

    def values(self) -> NDArray[np.float32]:
        """Return the sample, which ends with the largest value."""
        return np.concatenate([*self._parts, np.array([self.highest], np.float32)])


def _round_significand(values: NDArray[np.float32]) -> None:
    """Round in place to `SIGNIFICANT_BITS`: the low byte becomes zero, which compresses.

    At most 2^-16 (1.5e-5) of the value is lost: half a step of a 16-bit scanner at its largest value.
    """
    spare = 24 - SIGNIFICANT_BITS
    bits = values.view(np.uint32)
    bits += np.uint32(1 << (spare - 1))
    bits &= np.uint32(0xFFFFFFFF << spare & 0xFFFFFFFF)


def _fits_int16(stored: NDArray[Any], intercept: int) -> bool:
    low, high = int(stored.min()) + intercept, int(stored.max()) + intercept
    return HU_RANGE[0] <= low and high <= HU_RANGE[1]


def check_suv_volume(suv: NDArray[np.float32], length_mm: float = 0.0) -> tuple[str, ...]:
    """Quarantine volumes that cannot be SUV; never repair them.

    Parameters
    ----------
    suv : ndarray of float32, any shape
        SUVbw.
    length_mm : float
        How much of the patient the volume covers from head to foot; 0 where that is not known.

    Returns
    -------
    tuple of str
        Notes on what is unusual but possible.

    Raises
    ------
    QuantificationError
        SUV_IMPLAUSIBLE with the numbers.
    """
    highest = float(suv.max())
    if not np.isfinite(highest) or highest <= 0.0:
        raise QuantificationError(Reason.SUV_IMPLAUSIBLE, {"suv_max": highest if np.isfinite(highest) else None})
    sample = suv.reshape(-1)[:: max(1, suv.size // BODY_SAMPLE)]
    rank = int(BODY_PERCENTILE / 100.0 * (sample.size - 1))
    bright = float(np.partition(sample, rank)[rank])  # np.percentile would import masked arrays, which takes as long as all headers
    body = sample[sample > BODY_FRACTION * (bright if bright > 0.0 else highest)]
    mean = float(body.mean(dtype=np.float64)) if body.size else 0.0
    plausible = [BODY_MEAN_SUV[0], LONG_STACK_MEAN_SUV if length_mm >= LONG_STACK_MM else BODY_MEAN_SUV[1]]
    if not plausible[0] <= mean <= plausible[1]:
        raise QuantificationError(
            Reason.SUV_IMPLAUSIBLE, {"body_mean_suv": round(mean, 5), "plausible": plausible, "suv_max": round(highest, 4)}
        )
    return ("suv_max_below_5",) if highest < LOW_MAX_SUV else ()


def suv_sidecar(header: Header, conversion: SuvConversion) -> dict[str, object]:
    """Return how the SUV came about, without anything identifying."""
    return {
        "suv_type": "SUVbw",
        "units": header.text(Tag.Units),
        "decay_correction": header.text(Tag.DecayCorrection) or None,
        "factor": conversion.factor,
        "method": conversion.method,
        "reference": conversion.reference,
        "uptake_s": None if conversion.uptake_s is None else round(conversion.uptake_s, 1),
        **conversion.inputs,
        "assumptions": list(conversion.assumptions),
    }
