"""Between stages 3 and 4: how the reports of each scanner count slices (SPEC decision 15).

Each exam is reduced to a few numbers (`summarise_slices`); all exams of one scanner are then judged together
(`detect_slice_numbering`). The choice and its evidence are written to ``work/numbering.json`` and published with the dataset.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from petarseg.files import write_json
from petarseg.lesions.conventions import SliceGrid
from petarseg.lesions.detect import ExamTrials, SliceTrial, detect_convention, summarise_exam
from petarseg.volume import Volume
from schemas.config import BuildConfig
from tasks import versions
from tasks.exam_stage import exam_stage, exam_task
from tasks.exams import ct_heights_mm, query_of
from tasks.workspace import Workspace, storage_errors

STAGE = "slices"


@exam_task(name="summarise slices", task_run_name="summarise slices {exam_id}")
def summarise_slices(
    workspace: Workspace, exam_id: str, exam: Mapping[str, Any], findings: Sequence[Mapping[str, Any]], config: BuildConfig
) -> dict[str, Any]:
    """Record where components with the reported maxima lie, and the slice numbers that the reports give."""

    def make() -> tuple[dict[str, Any], list[Path]]:
        pet = Volume.load(workspace.exam_dir(exam_id) / "pet.nii.gz")
        trials = summarise_exam(
            pet,
            [query_of(number, finding) for number, finding in enumerate(findings)],
            tolerance_suv=config.lesions.tolerance_suv,
            instance_numbers=workspace.result("convert", exam_id)["instance_numbers"],
            ct_z_mm=ct_heights_mm(workspace, exam_id),
        )
        return dataclasses.asdict(trials), []

    inputs = (versions.CONVERT, exam["source_key"], versions.STRUCTURE, versions.LESIONS, config.lesions.tolerance_suv, list(findings))
    return exam_stage(workspace, STAGE, exam_id, inputs, make)


@exam_task(name="detect slice numbering")
def detect_slice_numbering(workspace: Workspace, exam_ids: Sequence[str], config: BuildConfig) -> dict[str, dict[str, Any]]:
    """Choose a slice convention per scanner.

    Parameters
    ----------
    workspace : Workspace
        Holds the summaries.
    exam_ids : sequence of str
        Converted exams.
    config : BuildConfig
        ``lesions.slice_numbering`` other than "auto" is taken as it stands.

    Returns
    -------
    dict
        Exam id to ``{"convention": name, "flags": [...]}``.
    """
    fixed = config.lesions.slice_numbering
    if fixed != "auto":
        return {exam_id: {"convention": fixed, "flags": []} for exam_id in exam_ids}
    groups: dict[str, list[str]] = {}
    for exam_id in sorted(exam_ids):
        pet = workspace.result("convert", exam_id)["pet"]
        scanner = " ".join(filter(None, (pet.get("manufacturer"), pet.get("model")))) or "unknown scanner"
        groups.setdefault(scanner, []).append(exam_id)
    chosen: dict[str, dict[str, Any]] = {}
    record: dict[str, Any] = {}
    for scanner, members in groups.items():
        evidence = detect_convention([trials_of(workspace.result(STAGE, exam_id)) for exam_id in members])
        record[scanner] = evidence.to_json()
        for exam_id in members:
            chosen[exam_id] = {"convention": evidence.convention.name, "flags": list(evidence.flags)}
    with storage_errors():
        write_json(workspace.root / "work" / "numbering.json", record)
    return chosen


def trials_of(record: Mapping[str, Any]) -> ExamTrials:
    """Return what `summarise_slices` recorded; no trials for an exam whose summary failed."""
    if record["status"] != "ok":
        return ExamTrials(SliceGrid(0), ())
    grid = record["grid"]
    return ExamTrials(
        SliceGrid(
            grid["n_slices"], *(None if grid[name] is None else tuple(grid[name]) for name in ("instance_numbers", "pet_z_mm", "ct_z_mm"))
        ),
        tuple(SliceTrial(trial["axial_slice"], tuple((a, b, c) for a, b, c in trial["spans"])) for trial in record["trials"]),
    )
