"""What reviewers decided: files downloaded from the QA page, and masks edited in a viewer, read from ``review/``.

::

    review/
      review-v1-0123456789-AB.json      decisions, as the page's button "Download decisions" writes them
      L0123456789ab.nii.gz              an edited mask: any voxel above 0 belongs to the lesion of that id; also .nii, and .nrrd or
                                        .seg.nrrd as 3D Slicer saves them

Rules: one rejection is enough to leave a lesion out, whatever others say; a lesion that nobody judged stays as it is. Comments and
initials are for the people of the site. They may hold anything, so they are never published; rows say how many judged and how.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from petarseg.errors import ConfigError
from petarseg.files import sha256_file
from petarseg.lesions.measure import Lesion, describe, trim
from petarseg.volume import Units, Volume

FORMAT = "petarseg-review-1"
VERDICTS = ("accept", "reject", "comment")
REVIEWED = "reviewed"
"""Flag of a lesion that reviewers accepted."""
DISPUTED = "review_disputed"
"""Flag of a lesion on which reviewers disagree."""
MASKS = (".nii.gz", ".nii", ".nrrd")
NOTES = (".jsonl", ".txt", ".md", ".csv", ".xlsx", ".docx", ".pdf")
"""Sentences for review (extraction.jsonl, see `petarseg.reports.review`), and what people keep beside decisions."""
MAX_SHOWN = 5
LESION_ID = re.compile(r"L[0-9a-f]{8,}")
MASK_EDITED = "mask_edited"
"""Flag of a lesion whose mask a reviewer drew."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one reviewer says of one lesion.

    Parameters
    ----------
    lesion_id : str
        The lesion.
    verdict : str
        "accept", "reject" or "comment" (no judgement).
    comment, reviewer : str
        Free text for the site; never published.
    """

    lesion_id: str
    verdict: str
    comment: str
    reviewer: str


@dataclass(frozen=True, slots=True)
class Review:
    """All decisions of a folder.

    Parameters
    ----------
    decisions : mapping
        Lesion id to what was said of it, in the order of the files' names.
    masks : mapping
        Lesion id to the file with its edited mask.
    ignored : int
        Files that are neither decisions nor masks nor notes: somebody's work that does not reach the build.
    """

    decisions: Mapping[str, tuple[Decision, ...]] = field(default_factory=dict)
    masks: Mapping[str, Path] = field(default_factory=dict)
    ignored: int = 0

    def rejected(self, lesion_id: str) -> bool:
        """Tell whether any reviewer rejects the lesion."""
        return any(decision.verdict == "reject" for decision in self.decisions.get(lesion_id, ()))

    def flags(self, lesion_id: str) -> tuple[str, ...]:
        """Return the quality flags that the review gives a lesion."""
        verdicts = {decision.verdict for decision in self.decisions.get(lesion_id, ())}
        flags = []
        if {"accept", "reject"} <= verdicts:
            flags.append(DISPUTED)
        elif "accept" in verdicts:
            flags.append(REVIEWED)
        if lesion_id in self.masks:
            flags.append(MASK_EDITED)
        return tuple(flags)

    def evidence(self, lesion_id: str) -> dict[str, object]:
        """Return how many judged the lesion and how: publishable, without their words."""
        verdicts = [decision.verdict for decision in self.decisions.get(lesion_id, ())]
        counts: dict[str, object] = {verdict: verdicts.count(verdict) for verdict in VERDICTS if verdict in verdicts}
        return counts | ({"mask": "edited"} if lesion_id in self.masks else {})

    def unknown(self, lesion_ids: Iterable[str]) -> list[str]:
        """Return the reviewed lesions that are not among `lesion_ids`: of an older version, or of another dataset."""
        return sorted({*self.decisions, *self.masks} - set(lesion_ids))

    def warnings(self, lesion_ids: Iterable[str]) -> list[str]:
        """Tell, for people, which decisions and masks the build could not apply, given the ids of all lesions that it knows.

        What looks like no lesion id is counted, not quoted: a file may carry the name of a patient.
        """
        unknown = self.unknown(lesion_ids)
        ids = [lesion_id for lesion_id in unknown if LESION_ID.fullmatch(lesion_id)]
        warnings = []
        if ids:
            shown = ", ".join(ids[:MAX_SHOWN]) + (f" and {len(ids) - MAX_SHOWN} more" if len(ids) > MAX_SHOWN else "")
            warnings.append(
                f"review/: {len(ids)} reviewed lesions are not of this build ({shown}): of another dataset, or their report has changed"
            )
        if others := len(unknown) - len(ids):
            warnings.append(f"review/: {others} masks or decisions carry no lesion id; name a mask <lesion_id>.nii.gz")
        if self.ignored:
            warnings.append(
                f"review/: {self.ignored} files are neither decisions (.json) nor masks ({', '.join(MASKS)}); "
                "docs/how-to/load.md turns a DICOM Segmentation into masks"
            )
        return warnings

    def key(self, lesion_ids: Iterable[str]) -> list[object]:
        """Return what a stage must hash so that it runs again when the review of these lesions changes."""
        key: list[object] = []
        for lesion_id in sorted(lesion_ids):
            if lesion_id in self.decisions or lesion_id in self.masks:
                mask = sha256_file(self.masks[lesion_id]) if lesion_id in self.masks else None
                key.append([lesion_id, self.rejected(lesion_id), list(self.flags(lesion_id)), mask])
        return key


def read_review(folder: Path) -> Review:
    """Read the decisions and edited masks of a folder; an absent folder holds none.

    Raises
    ------
    ConfigError
        If a file is no decisions file of the QA page, or a lesion has two masks; the message names it.
    """
    decisions: dict[str, list[Decision]] = {}
    masks: dict[str, Path] = {}
    ignored = 0
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.endswith(MASKS):
            lesion_id = path.name.split(".")[0]
            if lesion_id in masks:
                raise ConfigError(f"review/ holds two masks of one lesion, {masks[lesion_id].name} and {path.name}; keep one")
            masks[lesion_id] = path
        elif path.suffix == ".json":
            for decision in _decisions(path):
                decisions.setdefault(decision.lesion_id, []).append(decision)
        elif path.suffix.lower() not in NOTES and not path.name.startswith("."):
            ignored += 1
    return Review({lesion_id: tuple(found) for lesion_id, found in decisions.items()}, masks, ignored)


def _decisions(path: Path) -> list[Decision]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']!r} instead of {FORMAT!r}")
        reviewer = str(data.get("reviewer", ""))
        found = [
            Decision(str(item["lesion_id"]), str(item["decision"]), str(item.get("comment", "")), reviewer) for item in data["decisions"]
        ]
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path.name} is not a decisions file of the QA page ({error}); download it again or remove it") from error
    for decision in found:
        if decision.verdict not in VERDICTS:
            raise ConfigError(f"{path.name}: decision {decision.verdict!r} of {decision.lesion_id}; use one of {', '.join(VERDICTS)}")
    return found


def edited_lesion(path: Path, pet: Volume, lesion: Mapping[str, Any]) -> Lesion:
    """Bring an edited mask to the native PET grid and measure it.

    Parameters
    ----------
    path : Path
        NIfTI or NRRD mask on any grid (the dataset's 3 mm grid, say); voxels above 0 belong to the lesion.
    pet : Volume
        Native PET in SUV.
    lesion : mapping
        The grown lesion's ``threshold_suv``, ``method`` and ``flags``; a drawn mask has no threshold of its own.

    Raises
    ------
    ConfigError
        If the mask cannot be read, is empty or lies outside the PET.
    """
    edited = _load_nrrd(path) if path.suffix == ".nrrd" else Volume.load(path, Units.LABEL)
    voxels = np.argwhere(edited.array > 0)
    if not len(voxels):
        raise ConfigError(f"{path.name} holds no voxel above 0; to remove a lesion, reject it on the QA page")
    # The corners of the mask's box, grown by a voxel, bound the PET voxels whose centres can lie inside.
    low, high = voxels.min(axis=0) - 1, voxels.max(axis=0) + 1
    corners = np.array(np.meshgrid(*zip(low, high, strict=True), indexing="ij")).reshape(3, -1).T
    reach = pet.ras_mm_to_ijk(edited.ijk_to_ras_mm(corners))
    start = np.maximum(np.floor(reach.min(axis=0)).astype(int), 0)
    stop = np.minimum(np.ceil(reach.max(axis=0)).astype(int) + 1, pet.shape)
    if np.any(stop <= start):
        raise ConfigError(f"{path.name} lies outside the PET; save the mask on the grid of the volume that you edited")
    inside = np.indices(tuple(stop - start)).reshape(3, -1).T + start
    source = np.rint(edited.ras_mm_to_ijk(pet.ijk_to_ras_mm(inside))).astype(int)
    valid = np.all((source >= 0) & (source < edited.shape), axis=1)
    mask = np.zeros(len(inside), dtype=bool)
    mask[valid] = edited.array[tuple(source[valid].T)] > 0
    if not mask.any():
        raise ConfigError(f"{path.name} holds the centre of no PET voxel; draw a larger mask")
    i, j, k = (int(value) for value in start)
    corner, tight = trim((i, j, k), mask.reshape(tuple(stop - start)))
    return describe(
        pet,
        corner,
        tight,
        threshold_suv=float(lesion["threshold_suv"]),
        iterations=0,
        stop_reason="edited",
        background_suv=None,
        method=str(lesion["method"]),
        flags=tuple(sorted({*lesion["flags"], MASK_EDITED})),
    )


def _load_nrrd(path: Path) -> Volume:
    """Read a label map or a segmentation of 3D Slicer; segments that overlap lie in layers, which are taken together."""
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise ConfigError(f"cannot read {path.name} as NRRD") from error
    if image.GetDimension() != 3:
        raise ConfigError(f"{path.name} has {image.GetDimension()} dimensions; a 3D mask is needed")
    values = sitk.GetArrayFromImage(image)  # (z, y, x), and layers last
    array = (values.any(axis=3) if image.GetNumberOfComponentsPerPixel() > 1 else values > 0).transpose(2, 1, 0)
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    affine[:2] *= -1.0  # SimpleITK speaks LPS
    return Volume(array.astype(np.uint8), affine, Units.LABEL).to_canonical()


def without_labels(labels: Volume, rejected: Collection[int]) -> Volume:
    """Return the label map with the labels of rejected lesions set to background; the others keep theirs."""
    if not rejected:
        return labels
    array = labels.array.copy(order="K")
    array[np.isin(array, list(rejected))] = 0
    return labels.with_array(array)
