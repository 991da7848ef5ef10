"""Check the four volumes of an exam from the files alone: whole, on one grid, in their units, masks where the rows say."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from isal import igzip, igzip_lib
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError
from numpy.typing import NDArray
from scipy import ndimage

from petarseg.dataset.contract import Broken
from petarseg.dataset.relation_checks import anatomy_key
from petarseg.dataset.shard_checks import compare_shard
from petarseg.errors import ConfigError
from petarseg.volume import Units, Volume

VOLUMES = ("pet", "ct", "lesions", "anatomy")
DTYPES = {"pet": ("float32",), "ct": ("int16",), "lesions": ("uint8", "uint16"), "anatomy": ("uint8", "uint16")}
GRID_TOLERANCE_MM = 0.1

PET_LIMITS_SUV = (-1.0, 5_000.0)
"""Filtered back projection dips below 0; an activity in Bq/ml of any patient exceeds 5,000 somewhere, no SUV does."""
CT_LIMITS_HU = (-10_240, 30_710)
"""The widest scale that scanners offer (extended CT scale); a stray value beyond it is damage."""
CT_AIR_HU = -500
"""Padding and air are in every CT volume; unsigned or shifted values are not below this."""
CT_TISSUE_HU, CT_TISSUE_SHARE = (-200, 300), 0.25
"""Fat, organs and muscle fill 0.79 to 0.93 of all that is no air, in real and phantom exams; in other units they do not."""

UPTAKE_RANGE, UPTAKE_RANGE_SMALL = (0.55, 1.1), (0.3, 1.1)
"""Maximum of the 3 mm PET inside a mask as a share of the native SUVmax. Interpolation lowers the peak of a small lesion."""
MEAN_RANGE = (0.5, 1.3)
"""Mean of the 3 mm PET inside a mask as a share of the native SUVmean: 0.76 to 0.98 in real and phantom exams."""
VOLUME_RANGE = (0.45, 2.2)
"""Volume of the 3 mm mask as a share of the native one; resampling keeps at least half of a lesion (`petarseg.dataset.labels`)."""
SMALL_VOXELS = 20
"""Masks below this are mostly border."""
CUT = "grid_cut"
"""Flag of a lesion of which a part lies outside of the grid."""

FINGERPRINT_SHAPE = (12, 12, 22)


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of a NIfTI file say."""

    shape: tuple[int, ...]
    affine: NDArray[np.float64]
    dtype: np.dtype[Any]
    scaled: bool
    n_bytes: int
    placed: bool
    """Whether sform and qform say the same; tools differ in which of them they believe."""


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
    except (  # type: ignore[misc]  # the stub of IsalError is wrong
        *(OSError, EOFError, ValueError, struct.error, igzip_lib.IsalError),
        *(ImageFileError, HeaderDataError, WrapStructError),
    ) as error:
        raise ConfigError(f"{path.name}: {type(error).__name__}: {error}") from error
    shape = tuple(int(n) for n in header.get_data_shape())
    dtype = header.get_data_dtype()
    n_bytes = int(header.get_data_offset()) + int(np.prod(shape)) * dtype.itemsize
    if size != n_bytes % (1 << 32):
        raise ConfigError(f"{path.name} is truncated or padded: {size} bytes instead of {n_bytes}")
    slope, intercept = header.get_slope_inter()
    scaled = slope not in (None, 1.0) or intercept not in (None, 0.0)
    affine = np.asarray(header.get_best_affine())
    return Header(shape, affine, dtype, scaled, n_bytes, _placed(header))


def _placed(header: nib.Nifti1Header) -> bool:
    forms = [np.asarray(form) for form, code in (header.get_sform(coded=True), header.get_qform(coded=True)) if code > 0]
    return bool(forms) and all(np.abs(form - forms[0]).max() <= GRID_TOLERANCE_MM for form in forms)


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """What the volumes say of one lesion label."""

    box: tuple[int, ...]
    n_voxels: int
    suv_max: float
    suv_mean: float


@dataclass(frozen=True, slots=True)
class ExamFacts:
    """What the four volumes of an exam say, independent of any row; the same for every hard link to the same files."""

    problems: tuple[tuple[str, str, str], ...]
    """(volume, rule, detail)."""
    header: Header | None
    labels: Mapping[int, LabelFacts]
    anatomy_voxels: Mapping[int, int]
    fingerprint: NDArray[np.float32] | None


def examine(paths: Mapping[str, Path], shard: Path | None = None) -> ExamFacts:
    """Read the volumes of one exam.

    Parameters
    ----------
    paths : mapping
        ``pet``, ``ct``, ``lesions``, ``anatomy`` to their files.
    shard : Path, optional
        Training shard of the exam, to be compared with the volumes.
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
        if header.dtype.name not in DTYPES[name] or header.scaled:
            problems.append((name, "volume_values", f"dtype {header.dtype}{', scaled' if header.scaled else ''}"))
        if not header.placed:
            problems.append((name, "volume_grid", "sform and qform are absent or differ"))
    reference = headers.get("pet")
    if reference is None or len(headers) < len(VOLUMES):
        return ExamFacts(tuple(problems), reference, {}, {}, None)
    if np.any(np.diag(reference.affine)[:3] <= 0) or not np.allclose(reference.affine[:3, :3], np.diag(np.diag(reference.affine)[:3])):
        problems.append(("pet", "volume_grid", "the affine is not diagonal RAS+"))
    for name in VOLUMES[1:]:
        if headers[name].shape != reference.shape:
            problems.append((name, "volume_grid", f"shape {headers[name].shape} instead of {reference.shape}"))
        elif np.abs(headers[name].affine - reference.affine).max() > GRID_TOLERANCE_MM:
            problems.append((name, "volume_grid", "the affine differs from that of the PET"))
    if any(header.shape != reference.shape for header in headers.values()) or any(
        headers[name].dtype.name not in DTYPES[name] for name in ("lesions", "anatomy")
    ):
        return ExamFacts(tuple(problems), reference, {}, {}, None)
    try:
        volumes = {name: Volume.load(paths[name], units) for name, units in _UNITS.items()}
    except ConfigError as error:
        return ExamFacts((*problems, ("volumes", "volume_readable", str(error))), reference, {}, {}, None)
    problems += _check_values(volumes["pet"], volumes["ct"])
    if shard is not None:
        problems += compare_shard(shard, volumes)
    counts = np.bincount(volumes["anatomy"].array.ravel(order="K"))
    voxels = {label: int(n) for label, n in enumerate(counts.tolist()) if n}
    return ExamFacts(tuple(problems), reference, _label_facts(volumes["pet"], volumes["lesions"]), voxels, fingerprint(volumes["pet"]))


_UNITS = {"pet": Units.SUVBW, "ct": Units.HU, "lesions": Units.LABEL, "anatomy": Units.LABEL}


def _check_values(pet: Volume, ct: Volume) -> Iterator[tuple[str, str, str]]:
    low, high = float(pet.array.min()), float(pet.array.max())
    if not (np.isfinite(low) and np.isfinite(high) and low >= PET_LIMITS_SUV[0] and 0 < high <= PET_LIMITS_SUV[1]):
        yield "pet", "volume_values", f"{low:g} to {high:g} is no SUV"
    low, high = float(ct.array.min()), float(ct.array.max())
    if not CT_LIMITS_HU[0] <= low <= CT_AIR_HU or high > CT_LIMITS_HU[1]:
        yield "ct", "volume_values", f"{low:g} to {high:g} are no HU"
        return
    body = ct.array[ct.array > CT_AIR_HU]
    tissue = float(np.mean((body >= CT_TISSUE_HU[0]) & (body <= CT_TISSUE_HU[1]))) if body.size else 1.0
    if tissue < CT_TISSUE_SHARE:
        yield "ct", "volume_values", f"only {tissue:.0%} of what is no air lies in {CT_TISSUE_HU[0]} to {CT_TISSUE_HU[1]} HU"


def _label_facts(pet: Volume, lesions: Volume) -> dict[int, LabelFacts]:
    facts = {}
    for label, box in enumerate(ndimage.find_objects(lesions.array), start=1):
        if box is not None:
            values = pet.array[box][lesions.array[box] == label]
            corners = (*(side.start for side in box), *(side.stop for side in box))
            facts[label] = LabelFacts(corners, len(values), float(values.max()), float(values.mean(dtype=np.float64)))
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


def check_exam(
    exam: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    questions: Sequence[Mapping[str, Any]],
    facts: ExamFacts,
    known_labels: Collection[int],
) -> Iterator[Broken]:
    """Compare the rows of an exam, its lesions and its anatomy with what its volumes say; `known_labels` have a lesion, if a bad one."""
    key = str(exam["exam_id"])
    for name, rule, detail in facts.problems:
        yield Broken("exams", f"{name}_path" if name in VOLUMES else "", rule, key, detail)
    if facts.header is None:
        return
    steps = np.linalg.norm(facts.header.affine[:3, :3], axis=0)
    if list(facts.header.shape) != list(exam["shape"]):
        yield Broken("exams", "shape", "volume_grid", key, f"the PET has shape {facts.header.shape}")
    if not np.allclose(steps, exam["spacing_mm"], atol=1e-3):
        yield Broken("exams", "spacing_mm", "volume_grid", key, f"the PET has spacing {steps.round(4).tolist()} mm")
    if facts.fingerprint is None:
        return
    for label in sorted(set(facts.labels) - set(known_labels)):
        yield Broken("exams", "lesions_path", "volume_labels", key, f"label {label} has no row in lesions")
    for row in rows:
        yield from _check_lesion(row, exam, facts)
    for row in questions:
        voxels = facts.anatomy_voxels.get(row["mask_label"], 0)
        volume_ml = voxels * float(np.prod(steps)) / 1_000.0
        if not voxels:
            yield Broken("anatomy", "mask_label", "mask_present", anatomy_key(row), f"label {row['mask_label']} has no voxel")
        elif abs(volume_ml - row["volume_ml"]) > 1e-3 * volume_ml:
            yield Broken(
                "anatomy", "volume_ml", "mask_volume", anatomy_key(row), f"{row['volume_ml']:g} ml, the label fills {volume_ml:g} ml"
            )


def _check_lesion(row: Mapping[str, Any], exam: Mapping[str, Any], facts: ExamFacts) -> Iterator[Broken]:
    key = str(row["lesion_id"])
    label = facts.labels.get(row["mask_label"])
    if label is None or facts.header is None:
        yield Broken("lesions", "mask_label", "mask_present", key, f"label {row['mask_label']} has no voxel")
        return
    if list(label.box) != list(row["bbox_ijk"]):
        yield Broken("lesions", "bbox_ijk", "mask_box", key, f"the mask's box is {list(label.box)}")
    affine = facts.header.affine
    low = affine[:3, 3] + np.diag(affine)[:3] * (np.array(label.box[:3]) - 0.5)
    high = affine[:3, 3] + np.diag(affine)[:3] * (np.array(label.box[3:]) - 0.5)
    slack_mm = np.array(exam["native_pet_spacing_mm"])
    if np.any(row["max_ras_mm"] < low - slack_mm) or np.any(row["max_ras_mm"] > high + slack_mm):
        yield Broken("lesions", "max_ras_mm", "mask_box", key, "the hottest voxel lies outside of the mask's box")
    small = label.n_voxels < SMALL_VOXELS
    limits = UPTAKE_RANGE_SMALL if small else UPTAKE_RANGE
    if not limits[0] * row["suv_max"] <= label.suv_max <= limits[1] * row["suv_max"]:
        detail = f"the PET inside the mask reaches {label.suv_max:.3g}, not {row['suv_max']:.3g}"
        yield Broken("lesions", "suv_max", "mask_uptake", key, detail)
    if small:
        return
    if not MEAN_RANGE[0] * row["suv_mean"] <= label.suv_mean <= MEAN_RANGE[1] * row["suv_mean"]:
        yield Broken(
            "lesions", "suv_mean", "mask_uptake", key, f"the PET inside the mask has mean {label.suv_mean:.3g}, not {row['suv_mean']:.3g}"
        )
    volume_ml = label.n_voxels * float(np.prod(np.diag(affine)[:3])) / 1_000.0
    lowest = 0.0 if CUT in row["flags"] else VOLUME_RANGE[0]
    if not lowest * row["volume_ml"] <= volume_ml <= VOLUME_RANGE[1] * row["volume_ml"]:
        yield Broken("lesions", "volume_ml", "mask_volume", key, f"{row['volume_ml']:g} ml, the mask fills {volume_ml:.3g} ml")
