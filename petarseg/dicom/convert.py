"""The gate: source DICOM in, placed SUV and HU volumes with a non-identifying sidecar out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from petarseg.dicom.enhanced import CT_IMAGE, PET_IMAGE
from petarseg.dicom.header import Header
from petarseg.dicom.quantification import read_suv_inputs
from petarseg.dicom.read import MIN_SLICES, Canvas, SliceFile, read_pixels, read_rescale, read_slices, stack
from petarseg.dicom.tags import IDENTIFYING, Tag
from petarseg.errors import ConfigError, ExamRejected, QuantificationError, Rejected
from petarseg.reasons import Reason
from petarseg.suv import SuvConversion, convert_to_suv
from petarseg.volume import Units, Volume

BODY_PERCENTILE, BODY_FRACTION = 95.0, 0.1
"""Voxels above this fraction of this percentile are taken as body; relative, so that a wrong factor does not hide itself."""
BODY_SAMPLE = 200_000
BODY_MEAN_SUV = (0.15, 15.0)
"""A body averages about 1 by definition (what was injected is somewhere in it), 0.3 to 1.5 in practice, more in a crop around a tumour."""
LOW_MAX_SUV = 5.0
SIGNIFICANT_BITS = 16
"""Of the 24 of float32: what a scanner's 16-bit integers hold."""
MODEL_WORDS = 6
_NAMES = tuple(set(IDENTIFYING) - {Tag.StationName})
"""Station names often repeat the model."""
_MAKERS = frozenset(
    [
        "canon",
        "ct",
        "ge",
        "general",
        "electric",
        "gems",
        "health",
        "healthcare",
        "healthineers",
        "imaging",
        "medical",
        "medicine",
        "nm",
        "nuclear",
        "pet",
        "philips",
        "siemens",
        "system",
        "systems",
        "toshiba",
        "uih",
        "united",
    ]
)
"""Words of makers' names that hospitals use too."""
HU_RANGE = (-32_768, 32_767)


@dataclass(frozen=True, slots=True)
class Converted:
    """A converted series.

    Parameters
    ----------
    volume : Volume
        Canonical (RAS+) float32 SUVbw or int16 HU.
    sidecar : dict
        JSON-serialisable and non-identifying: no UIDs, dates, times, ids or descriptions.
    instance_numbers : tuple of int or None
        InstanceNumber per z index of the volume, for reports that number slices by it.
    """

    volume: Volume
    sidecar: dict[str, object]
    instance_numbers: tuple[int | None, ...]


def convert_pet(files: Sequence[Path]) -> Converted:
    """Convert one PET series to SUVbw.

    Parameters
    ----------
    files : sequence of Path
        All images of the series, in any order.

    Raises
    ------
    ExamRejected
        When the images do not make one volume.
    QuantificationError
        When no trustworthy SUV exists, or the volume fails a plausibility check.
    """
    slices = read_slices(files, sop_class=PET_IMAGE, modality="PT")
    conversion = convert_to_suv(read_suv_inputs([item.header for item in slices]))
    rescales = [read_rescale(item.header) for item in slices]
    stacked = stack(slices)
    canvas = _canvas(slices, stacked, np.float32)
    buffer = bytearray()
    for position, index in enumerate(stacked.order):
        factor, rescale = conversion.factors[index], rescales[index]
        view = canvas.place(position)
        np.multiply(read_pixels(slices[index], buffer), np.float32(rescale.slope * factor), out=view, casting="unsafe")
        if rescale.intercept:
            view += np.float32(rescale.intercept * factor)
        _round_significand(view)
    plausibility = check_suv_volume(canvas.memory)
    volume = canvas.volume(Units.SUVBW)
    sidecar = _sidecar(slices[0].header, volume, stacked.largest_deviation_mm) | suv_sidecar(slices[0].header, conversion)
    sidecar["assumptions"] = [*conversion.assumptions, *plausibility]
    return Converted(volume, sidecar, _instance_numbers(slices, stacked.order, flipped=canvas.z_is_flipped))


def convert_ct(files: Sequence[Path]) -> Converted:
    """Convert one CT series to Hounsfield units.

    Parameters
    ----------
    files : sequence of Path
        All images of the series, in any order.

    Raises
    ------
    ExamRejected
        When the images do not make one volume.
    """
    slices = read_slices(files, sop_class=CT_IMAGE, modality="CT")
    rescales = [read_rescale(item.header) for item in slices]
    kinds = {item.header.text(Tag.RescaleType) for item in slices}
    if not kinds <= {"", "HU"}:
        raise ExamRejected(Reason.UNITS_UNSUPPORTED, {"RescaleType": "not HU"})
    stacked = stack(slices)
    canvas = _canvas(slices, stacked, np.int16)
    clipped, buffer = 0, bytearray()
    for position, index in enumerate(stacked.order):
        stored, rescale = read_pixels(slices[index], buffer), rescales[index]
        view = canvas.place(position)
        if rescale.slope == 1.0 and rescale.intercept.is_integer() and _fits_int16(stored, int(rescale.intercept)):
            np.add(stored, np.array(int(rescale.intercept), dtype=np.int16), out=view, casting="unsafe")
            continue
        values = np.rint(stored * rescale.slope + rescale.intercept)
        clipped += int(np.count_nonzero((values < HU_RANGE[0]) | (values > HU_RANGE[1])))
        view[...] = np.clip(values, *HU_RANGE)
    volume = canvas.volume(Units.HU)
    sidecar = _sidecar(slices[0].header, volume, stacked.largest_deviation_mm) | {"units": "HU", "clipped_voxels": clipped}
    return Converted(volume, sidecar, _instance_numbers(slices, stacked.order, flipped=canvas.z_is_flipped))


def suv_of(source: Path | Sequence[Path]) -> dict[str, object]:
    """Tell the SUV factor and the maximum of one PET image or series, or why there is none.

    Parameters
    ----------
    source : Path or sequence of Path
        One file, a folder whose only PET series is taken, or the files of one series. Slices need not make a volume; from `MIN_SLICES` on
        their values must be plausible.

    Returns
    -------
    dict
        ``status`` "ok" with ``suv_type, units, decay_correction, factor, max, assumptions, ...``, or "rejected" with ``reason`` and
        ``evidence`` (INTERFACE).

    Raises
    ------
    ConfigError
        If the path does not exist.
    """
    try:
        files = pet_files(source) if isinstance(source, Path) else source
        slices = read_slices(files, sop_class=PET_IMAGE, modality="PT")
        conversion = convert_to_suv(read_suv_inputs([item.header for item in slices]))
        highest, sample = _sample(slices, conversion.factors)
        if len(slices) >= MIN_SLICES:
            check_suv_volume(sample)
    except Rejected as error:
        return {"status": "rejected", "reason": error.reason.value, "evidence": error.evidence}
    return {"status": "ok", "max": highest} | suv_sidecar(slices[0].header, conversion)


def pet_files(path: Path) -> tuple[Path, ...]:
    """Return the file itself, or the files of the only PET series of a folder.

    Raises
    ------
    ConfigError
        If the path does not exist.
    ExamRejected
        NO_PET_SERIES or AMBIGUOUS_SERIES.
    """
    if not path.exists():
        raise ConfigError(f"no such file or folder: {path}")
    if not path.is_dir() and path.suffix.lower() != ".zip":
        return (path,)
    from petarseg.dicom.index import scan_archive  # only here: converting does without threads and zip archives

    index = scan_archive(path)
    chosen = [study.pet for study in index.studies if study.pet is not None]
    if not chosen:
        rejects = [study.reject for study in index.studies if study.reject and study.reject[0] is Reason.AMBIGUOUS_SERIES]
        if rejects:
            raise ExamRejected(*rejects[0])
        # No series makes a whole-body volume, but a single slice or an uncorrected series has a name for what is wrong with it.
        chosen = [series for study in index.studies for series in study.others if series.modality == "PT"]
    if len(chosen) != 1:
        reason = Reason.AMBIGUOUS_SERIES if chosen else Reason.NO_PET_SERIES
        raise ExamRejected(reason, {"pet_series": len(chosen), "unreadable_files": len(index.unreadable)})
    return chosen[0].files


def _sample(slices: Sequence[SliceFile], factors: Sequence[float]) -> tuple[float, NDArray[np.float32]]:
    """Return the largest SUV of some slices, and an even sample of all of them that ends with it."""
    parts, highest, buffer = [], -math.inf, bytearray()
    for item, factor in zip(slices, factors, strict=True):
        stored, rescale = read_pixels(item, buffer), read_rescale(item.header)
        highest = max(highest, (float(stored.max()) * rescale.slope + rescale.intercept) * factor)
        step = max(1, stored.size * len(slices) // BODY_SAMPLE)
        parts.append((stored.reshape(-1)[::step] * (rescale.slope * factor) + rescale.intercept * factor).astype(np.float32))
    return highest, np.concatenate([*parts, np.array([highest], np.float32)])


def _round_significand(values: NDArray[np.float32]) -> None:
    """Round in place to `SIGNIFICANT_BITS`: the low byte becomes zero, which compresses.

    At most 2^-16 (1.5e-5) of the value is lost: half a step of a 16-bit scanner at its largest value.
    """
    spare = 24 - SIGNIFICANT_BITS
    bits = values.view(np.uint32)
    bits += np.uint32(1 << (spare - 1))
    bits &= np.uint32(0xFFFFFFFF << spare & 0xFFFFFFFF)


def _canvas(slices: Sequence[SliceFile], stacked: Any, dtype: Any) -> Canvas:
    header = slices[0].header
    columns, rows = header.integer(Tag.Columns) or 0, header.integer(Tag.Rows) or 0
    if header.pixel_length is not None and header.pixel_length < columns * rows:
        raise ExamRejected(Reason.PIXELS_UNREADABLE, {"bytes": header.pixel_length, "needed": columns * rows})
    return Canvas(stacked, (columns, rows, len(slices)), dtype)


def _fits_int16(stored: NDArray[Any], intercept: int) -> bool:
    low, high = int(stored.min()) + intercept, int(stored.max()) + intercept
    return HU_RANGE[0] <= low and high <= HU_RANGE[1]


def _instance_numbers(slices: Sequence[SliceFile], order: Sequence[int], *, flipped: bool) -> tuple[int | None, ...]:
    numbers = tuple(slices[index].header.integer(Tag.InstanceNumber) for index in order)
    return numbers[::-1] if flipped else numbers


def check_suv_volume(suv: NDArray[np.float32]) -> tuple[str, ...]:
    """Quarantine volumes that cannot be SUV; never repair them.

    Parameters
    ----------
    suv : ndarray of float32, any shape
        SUVbw.

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
    bright = float(np.percentile(sample, BODY_PERCENTILE))
    body = sample[sample > BODY_FRACTION * (bright if bright > 0.0 else highest)]
    mean = float(body.mean(dtype=np.float64)) if body.size else 0.0
    if not BODY_MEAN_SUV[0] <= mean <= BODY_MEAN_SUV[1]:
        raise QuantificationError(
            Reason.SUV_IMPLAUSIBLE, {"body_mean_suv": round(mean, 5), "plausible": list(BODY_MEAN_SUV), "suv_max": round(highest, 4)}
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


def _sidecar(header: Header, volume: Volume, deviation_mm: float) -> dict[str, object]:
    return {
        "manufacturer": _public_name(header, Tag.Manufacturer),
        "model": _public_name(header, Tag.ManufacturerModelName),
        "native_shape": list(volume.shape),
        "native_spacing_mm": [round(value, 6) for value in volume.spacing_mm],
        "slice_spacing_deviation_mm": round(deviation_mm, 4),
        "n_slices": volume.shape[2],
    }


def _public_name(header: Header, tag: Tag) -> str | None:
    """Return a maker's or model's name; None when too long to be one or when it shares a word with a name or id of patient or site."""
    cleaned = "".join(character for character in header.text(tag) if character.isprintable()).strip()
    words = set(_words(cleaned))
    identifying = {word for other in _NAMES for word in _words(header.text(other))} - _MAKERS
    return cleaned if words and len(cleaned) <= 64 and len(words) <= MODEL_WORDS and not words & identifying else None


def _words(text: str) -> list[str]:
    return re.findall(r"\w{2,}", text.casefold())
