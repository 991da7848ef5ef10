"""Check the four volumes of an exam from the files alone: whole, on one grid, in their units, masks where the rows say."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from isal import igzip
from nibabel.filebasedimages import ImageFileError
from numpy.typing import NDArray
from scipy import ndimage

from petarseg.dataset.contract import Broken
from petarseg.errors import ConfigError
from petarseg.volume import Units, Volume

VOLUMES = ("pet", "ct", "lesions", "anatomy")
DTYPES = {"pet": "f", "ct": "i", "lesions": "u", "anatomy": "u"}
GRID_TOLERANCE_MM = 0.1

PET_LIMITS_SUV = (-1.0, 5_000.0)
"""Filtered back projection dips below 0; an activity in Bq/ml of any patient exceeds 5,000 somewhere, no SUV does."""
CT_LIMITS_HU = (-10_000, 32_767)
CT_AIR_HU = -500
"""Padding and air are in every CT volume; unsigned or shifted values are not below this."""

UPTAKE_RANGE = (0.3, 1.1)
"""Maximum of the 3 mm PET inside a mask as a share of the native SUVmax. Interpolation lowers the peak of a small lesion."""

FINGERPRINT_SHAPE = (12, 12, 22)


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of a NIfTI file say."""

    shape: tuple[int, ...]
    affine: NDArray[np.float64]
    dtype: np.dtype[Any]
    scaled: bool
    n_bytes: int


def read_header(path: Path) -> Header:
    """Read a NIfTI header and compare the promised with the present amount of data, without inflating the whole file.

    Raises
    ------
    ConfigError
        If the file is absent, not NIfTI, or truncated.
    """
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
            stream.seek(0)
            if packed:
                with igzip.open(stream, "rb") as inflated:
                    head = inflated.read(352)
                stream.seek(-4, 2)
                (size,) = struct.unpack("<I", stream.read(4))
            else:
                head = stream.read(352)
                size = path.stat().st_size % (1 << 32)
        header = nib.Nifti1Header(head[:348])
    except (OSError, EOFError, ValueError, struct.error, igzip.IsalError, ImageFileError, nib.spatialimages.HeaderDataError) as error:
        raise ConfigError(f"{path.name}: {type(error).__name__}: {error}") from error
    shape = tuple(int(n) for n in header.get_data_shape())
    dtype = header.get_data_dtype()
    n_bytes = int(header.get_data_offset()) + int(np.prod(shape)) * dtype.itemsize
    if size != n_bytes % (1 << 32):
        raise ConfigError(f"{path.name} is truncated or padded: {size} bytes instead of {n_bytes}")
    slope, intercept = header.get_slope_inter()
    return Header(shape, np.asarray(header.get_best_affine()), dtype, slope not in (None, 1.0) or intercept not in (None, 0.0), n_bytes)


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """What the volumes say of one lesion label."""

    box: tuple[int, ...]
    n_voxels: int
    suv_max: float


@dataclass(frozen=True, slots=True)
class ExamFacts:
    """What the four volumes of an exam say, independent of any row; the same for every hard link to the same files."""

    problems: tuple[tuple[str, str, str], ...]
    """(volume, rule, detail)."""
    header: Header | None
    labels: Mapping[int, LabelFacts]
    fingerprint: NDArray[np.float32] | None


def examine(paths: Mapping[str, Path]) -> ExamFacts:
    """Read the volumes of one exam.

    Parameters
    ----------
    paths : mapping
        ``pet``, ``ct``, ``lesions``, ``anatomy`` to their files.
    """
    problems: list[tuple[str, str, str]] = []
    headers: dict[str, Header] = {}
    for name in VOLUMES:
        if not paths[name].is_file():
            problems.append((name, "volume_exists", "no such file"))
            continue
        try:
            headers[name] = read_header(paths[name])
        except ConfigError as error:
            problems.append((name, "volume_readable", str(error)))
    for name, header in headers.items():
        if header.dtype.kind != DTYPES[name] or header.scaled:
            problems.append((name, "volume_values", f"dtype {header.dtype}{', scaled' if header.scaled else ''}"))
    reference = headers.get("pet")
    if reference is None or len(headers) < len(VOLUMES):
        return ExamFacts(tuple(problems), reference, {}, None)
    if np.any(np.diag(reference.affine)[:3] <= 0) or not np.allclose(reference.affine[:3, :3], np.diag(np.diag(reference.affine)[:3])):
        problems.append(("pet", "volume_grid", "the affine is not diagonal RAS+"))
    for name in VOLUMES[1:]:
        if headers[name].shape != reference.shape:
            problems.append((name, "volume_grid", f"shape {headers[name].shape} instead of {reference.shape}"))
        elif np.abs(headers[name].affine - reference.affine).max() > GRID_TOLERANCE_MM:
            problems.append((name, "volume_grid", "the affine differs from that of the PET"))
    if any(header.shape != reference.shape for header in headers.values()) or headers["lesions"].dtype.kind != DTYPES["lesions"]:
        return ExamFacts(tuple(problems), reference, {}, None)
    try:
        pet, ct, lesions = (Volume.load(paths[name], units) for name, units in _UNITS.items())
    except ConfigError as error:
        return ExamFacts((*problems, ("volumes", "volume_readable", str(error))), reference, {}, None)
    problems += _check_values(pet, ct)
    return ExamFacts(tuple(problems), reference, _label_facts(pet, lesions), fingerprint(pet))


_UNITS = {"pet": Units.SUVBW, "ct": Units.HU, "lesions": Units.LABEL}


def _check_values(pet: Volume, ct: Volume) -> Iterator[tuple[str, str, str]]:
    low, high = float(pet.array.min()), float(pet.array.max())
    if not (np.isfinite(low) and np.isfinite(high) and low >= PET_LIMITS_SUV[0] and 0 < high <= PET_LIMITS_SUV[1]):
        yield "pet", "volume_values", f"{low:g} to {high:g} is no SUV"
    low, high = float(ct.array.min()), float(ct.array.max())
    if not CT_LIMITS_HU[0] <= low <= CT_AIR_HU or high > CT_LIMITS_HU[1]:
        yield "ct", "volume_values", f"{low:g} to {high:g} are no HU"


def _label_facts(pet: Volume, lesions: Volume) -> dict[int, LabelFacts]:
    facts = {}
    for label, box in enumerate(ndimage.find_objects(lesions.array), start=1):
        if box is not None:
            mask = lesions.array[box] == label
            corners = (*(side.start for side in box), *(side.stop for side in box))
            facts[label] = LabelFacts(corners, int(mask.sum()), float(pet.array[box][mask].max()))
    return facts


def fingerprint(pet: Volume) -> NDArray[np.float32]:
    """Return a unit vector that two exams share only when one is a copy of the other: coarse means of log uptake, centred."""
    blocks = pet.array
    for axis, n in enumerate(FINGERPRINT_SHAPE):
        size = blocks.shape[axis] // n or 1
        edges = np.arange(0, blocks.shape[axis] - size + 1, size)[:n]
        blocks = np.add.reduceat(blocks, edges, axis=axis, dtype=np.float32)
    logs: NDArray[np.float32] = np.log1p(np.clip(blocks, 0, None)).ravel()
    used = logs > 0
    logs[used] -= logs[used].mean() if used.any() else 0.0
    norm = float(np.linalg.norm(logs))
    return logs / norm if norm > 0 else logs


def check_exam(exam: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], facts: ExamFacts) -> Iterator[Broken]:
    """Compare the rows of an exam and its lesions with what its volumes say."""
    key = str(exam["exam_id"])
    for name, rule, detail in facts.problems:
        yield Broken("exams", f"{name}_path" if name in VOLUMES else "", rule, key, detail)
    if facts.header is None:
        return
    steps = np.linalg.norm(facts.header.affine[:3, :3], axis=0)
    if list(facts.header.shape) != list(exam["shape"]):
        yield Broken("exams", "shape", "volume_grid", key, f"the PET has shape {facts.header.shape}")
    if len(exam["spacing_mm"]) != 3 or not np.allclose(steps, exam["spacing_mm"], atol=1e-3):
        yield Broken("exams", "spacing_mm", "volume_grid", key, f"the PET has spacing {steps.round(4).tolist()} mm")
    if facts.fingerprint is None:
        return
    for label in sorted(set(facts.labels) - {row["mask_label"] for row in rows}):
        yield Broken("exams", "lesions_path", "volume_labels", key, f"label {label} has no row in lesions")
    for row in rows:
        yield from _check_lesion(row, exam, facts)


def _check_lesion(row: Mapping[str, Any], exam: Mapping[str, Any], facts: ExamFacts) -> Iterator[Broken]:
    key = str(row["lesion_id"])
    label = facts.labels.get(row["mask_label"])
    if label is None:
        yield Broken("lesions", "mask_label", "mask_present", key, f"label {row['mask_label']} has no voxel")
        return
    if list(label.box) != list(row["bbox_ijk"]):
        yield Broken("lesions", "bbox_ijk", "mask_box", key, f"the mask's box is {list(label.box)}")
    if facts.header is not None and len(row["max_ras_mm"]) == 3:
        affine = facts.header.affine
        low = affine[:3, 3] + np.diag(affine)[:3] * (np.array(label.box[:3]) - 0.5)
        high = affine[:3, 3] + np.diag(affine)[:3] * (np.array(label.box[3:]) - 0.5)
        slack_mm = np.array(exam["native_pet_spacing_mm"])
        if np.any(row["max_ras_mm"] < low - slack_mm) or np.any(row["max_ras_mm"] > high + slack_mm):
            yield Broken("lesions", "max_ras_mm", "mask_box", key, "the hottest voxel lies outside of the mask's box")
    share = label.suv_max / row["suv_max"]
    if not UPTAKE_RANGE[0] <= share <= UPTAKE_RANGE[1]:
        yield Broken(
            "lesions", "suv_max", "mask_uptake", key, f"the PET inside the mask reaches {label.suv_max:.3g}, not {row['suv_max']:.3g}"
        )
