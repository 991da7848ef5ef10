"""Compare a dataset that was built from a phantom cohort with the truth about its lesions."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from petarseg.errors import ConfigError
from petarseg.volume import Volume

KEPT, NO_TRACE = "kept", "no_trace"
SUV_TOLERANCE = 0.051
"""Reports give one decimal; dataset and truth must agree on it."""


@dataclass(frozen=True, slots=True)
class LesionScore:
    """What became of one true lesion.

    Parameters
    ----------
    lesion_id : str
        As in ``truth.json``.
    clean : bool
        A correct pipeline keeps it.
    hard_kind : str or None
        Why it is hard.
    outcome : str
        "kept", a reason code, or "no_trace" when neither table mentions it.
    acceptable : tuple of str
        The outcomes that are right.
    right_place : bool or None
        The hottest voxel is the true one, within a voxel along each axis; None when not kept.
    dice : float or None
        Overlap of the native mask with the truth; None without a mask.
    volume_ratio : float or None
        Found over true volume.
    region_right, laterality_right : bool or None
        The structured record agrees with where the lesion was painted.
    """

    lesion_id: str
    clean: bool
    hard_kind: str | None
    outcome: str
    acceptable: tuple[str, ...]
    right_place: bool | None = None
    dice: float | None = None
    volume_ratio: float | None = None
    region_right: bool | None = None
    laterality_right: bool | None = None

    @property
    def as_expected(self) -> bool:
        """Whether the outcome is right, and the place too where it was kept."""
        return self.outcome in self.acceptable and self.right_place is not False


@dataclass(frozen=True, slots=True)
class CohortScore:
    """A dataset's score against the truth of its phantom cohort.

    Parameters
    ----------
    lesions : tuple of LesionScore
        Every true lesion.
    spurious : tuple of dict
        Rows of the dataset that belong to no true lesion and no physiologic statement: exam, SUV, slice, and the trap.
    traps : mapping of str to mapping of str to int
        For each trap of the reports, how often it ended how ("kept" is an error).
    physiologic_kept : int
        Physiologic statements with both numbers that are in the dataset, as the paper keeps them.
    """

    lesions: tuple[LesionScore, ...]
    spurious: tuple[dict[str, object], ...]
    traps: Mapping[str, Mapping[str, int]]
    physiologic_kept: int

    @property
    def clean(self) -> list[LesionScore]:
        """Lesions that must be kept."""
        return [lesion for lesion in self.lesions if lesion.clean and KEPT in lesion.acceptable]

    @property
    def location_accuracy(self) -> float | None:
        """Share of the clean lesions that are in the dataset with the right hottest voxel; None without clean lesions."""
        return _share([lesion.right_place is True for lesion in self.clean])

    @property
    def mean_dice(self) -> float | None:
        """Mean Dice on the native PET grid of the clean lesions that were kept; None when there is none."""
        values = [lesion.dice for lesion in self.clean if lesion.dice is not None]
        return float(np.mean(values)) if values else None

    def to_json(self) -> dict[str, Any]:
        """Return the score as JSON-serialisable numbers, lists and tables."""
        found = [lesion for lesion in self.clean if lesion.dice is not None]
        hard = [lesion for lesion in self.lesions if lesion.hard_kind is not None]
        structured = [lesion for lesion in self.lesions if lesion.region_right is not None]
        return {
            "clean_lesions": len(self.clean),
            "clean_kept": sum(lesion.outcome == KEPT for lesion in self.clean),
            "location_accuracy": self.location_accuracy,
            "mean_dice": self.mean_dice,
            "min_dice": min((lesion.dice for lesion in found if lesion.dice is not None), default=None),
            "median_volume_ratio": float(np.median([lesion.volume_ratio for lesion in found])) if found else None,
            "region_accuracy": _share([lesion.region_right is True for lesion in structured]),
            "laterality_accuracy": _share([lesion.laterality_right is True for lesion in structured]),
            "hard_lesions": len(hard),
            "hard_as_expected": sum(lesion.as_expected for lesion in hard),
            "physiologic_kept": self.physiologic_kept,
            "outcomes": dict(sorted(Counter(lesion.outcome for lesion in self.lesions).items())),
            "traps": {trap: dict(outcomes) for trap, outcomes in sorted(self.traps.items())},
            "missed": [asdict(lesion) for lesion in self.clean if lesion.right_place is not True],
            "spurious": list(self.spurious),
            "lesions": [asdict(lesion) for lesion in self.lesions],
        }


def score_dataset(
    dataset_dir: Path,
    truth_dir: Path,
    *,
    exam_sources: Mapping[str, str],
    native_masks: Mapping[str, Path] | None = None,
) -> CohortScore:
    """Compare the lesions of a dataset with the truth of the phantom cohort that it was built from.

    A row of the dataset belongs to the true lesion whose report gives its SUVmax and slice; the place of its hottest voxel
    then tells whether it is that lesion. What was not kept is looked up in ``rejected.parquet`` by its sentence.

    Parameters
    ----------
    dataset_dir : Path
        Holds ``lesions.parquet`` and ``rejected.parquet``.
    truth_dir : Path
        Holds ``truth.json`` and the lesion masks.
    exam_sources : mapping of str to str
        Dataset exam id to StudyInstanceUID of the source. The caller takes it from the key folder.
    native_masks : mapping of str to Path, optional
        Exam id to the lesion label map on the native PET grid, with the labels of the column ``mask_label``. Without it no
        Dice is computed: the dataset's own masks lie on another grid.

    Returns
    -------
    CohortScore
        Location accuracy, Dice, what was missed, what is spurious, and how each trap ended.

    Raises
    ------
    ConfigError
        If a file is missing, or the truth is not a phantom's.
    """
    truth = _read_truth(truth_dir)
    rows = _read_rows(dataset_dir / "lesions.parquet")
    rejects = _read_rows(dataset_dir / "rejected.parquet")
    exam_ids = {source: exam_id for exam_id, source in exam_sources.items()}
    lesions: list[LesionScore] = []
    spurious: list[dict[str, object]] = []
    traps: dict[str, Counter[str]] = {}
    physiologic = 0
    for exam in truth["exams"]:
        exam_id = exam_ids.get(exam["study_instance_uid"])
        left = [row for row in rows if row["exam_id"] == exam_id]
        why = _Outcomes([row for row in rejects if row["exam_id"] == exam_id], left)
        masks = _Masks(truth_dir / exam["mask"], (native_masks or {}).get(exam_id or ""))
        for entry in exam["lesions"]:
            row = _take(left, entry["suv_max_report"], entry["axial_slice_report"]) if exam["report_id"] else None
            outcome = KEPT if row is not None else why.of(entry["sentence"])
            lesions.append(_score(entry, row, outcome, masks, exam["pet_spacing_mm"]))
        for statement in exam["rejects"]:
            ending = why.of(statement["sentence"])
            traps.setdefault(statement["trap"], Counter())[ending] += 1
        for statement in exam["physiologic"]:
            matching = [row for row in left if _plain(row["findings"]) == _plain(statement["sentence"])]
            physiologic += len(matching)
            left = [row for row in left if row not in matching]
        spurious += [_spurious(exam, row) for row in left]
    return CohortScore(tuple(lesions), tuple(spurious), traps, physiologic)


class _Outcomes:
    """How the sentences of one exam ended."""

    def __init__(self, rejects: Sequence[Mapping[str, Any]], kept: Sequence[Mapping[str, Any]]) -> None:
        self.by_sentence = {_plain(row["sentence"]): str(row["reason"]) for row in rejects if row.get("sentence")}
        self.by_sentence |= {_plain(row["findings"]): KEPT for row in kept}
        whole = [str(row["reason"]) for row in rejects if not row.get("sentence")]
        self.whole_exam = whole[0] if whole else NO_TRACE

    def of(self, sentence: str | None) -> str:
        """Return "kept", the sentence's reason, the exam's reason, or "no_trace"."""
        return self.by_sentence.get(_plain(sentence), self.whole_exam) if sentence else self.whole_exam


class _Masks:
    """The true and the found label map of one exam, on one grid."""

    def __init__(self, truth_path: Path, found_path: Path | None) -> None:
        self.truth = Volume.load(truth_path) if found_path is not None else None
        self.found = Volume.load(found_path) if found_path is not None else None
        if self.truth is not None and self.found is not None and not self.truth.same_grid(self.found, tolerance_mm=0.01):
            raise ConfigError(f"the native masks for {truth_path.name} are not on the grid of the PET")

    def compare(self, true_label: int, found_label: int) -> tuple[float | None, float | None]:
        """Return Dice and volume ratio, or None twice without a found mask."""
        if self.truth is None or self.found is None:
            return None, None
        true, found = self.truth.array == true_label, self.found.array == found_label
        return float(2.0 * (found & true).sum() / (found.sum() + true.sum())), float(found.sum() / true.sum())


def _score(
    entry: Mapping[str, Any], row: Mapping[str, Any] | None, outcome: str, masks: _Masks, spacing_mm: Sequence[float]
) -> LesionScore:
    known = entry["lesion_id"], bool(entry["clean"]), entry["hard_kind"], outcome, tuple(entry["acceptable"])
    if row is None:
        return LesionScore(*known)
    off_mm = np.abs(np.subtract(row["max_ras_mm"], entry["max_ras_mm"]))
    overlap, ratio = masks.compare(int(entry["label"]), int(row["mask_label"]))
    return LesionScore(
        *known,
        right_place=bool(np.all(off_mm <= np.asarray(spacing_mm) + 0.01)),
        dice=overlap,
        volume_ratio=ratio,
        region_right=row["region"] == entry["region"],
        laterality_right=row["laterality"] == entry["laterality"],
    )


def _take(rows: list[Mapping[str, Any]], suv_max: float, axial_slice: int) -> Mapping[str, Any] | None:
    """Remove and return the row with these reported numbers."""
    for row in rows:
        if abs(row["suv_max_report"] - suv_max) < SUV_TOLERANCE and row["axial_slice_report"] == axial_slice:
            rows.remove(row)
            return row
    return None


def _spurious(exam: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, object]:
    trap = next((item["trap"] for item in exam["rejects"] if _plain(item["sentence"]) == _plain(row["findings"])), None)
    return {"exam": exam["exam"], "suv_max": row["suv_max_report"], "axial_slice": row["axial_slice_report"], "trap": trap}


def _plain(text: str | None) -> str:
    """Return a sentence without what scrubbing and clean-up may change: dates, white space, case, list numbers."""
    flat = re.sub(r"(?:\s|_x000d_)+", " ", (text or "").casefold()).strip()
    undated = re.sub(r"\[[a-z_0-9]+\]|\b\d{2}/\d{2}/\d{4}\b", "[date]", flat)
    return re.sub(r"^\d+[.)] ", "", undated)


def _share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def _read_truth(truth_dir: Path) -> dict[str, Any]:
    path = truth_dir / "truth.json"
    try:
        truth: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"no truth.json in {truth_dir}") from error
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from error
    if not str(truth.get("format", "")).startswith("petarseg-phantom"):
        raise ConfigError(f"{path} is not the truth of a phantom cohort")
    return truth


def _read_rows(path: Path) -> list[Mapping[str, Any]]:
    if not path.is_file():
        raise ConfigError(f"no {path.name} in {path.parent}")
    rows: list[Mapping[str, Any]] = pq.read_table(path).to_pylist()
    return rows
