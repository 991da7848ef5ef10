"""Stage 2: scrub the reports and read their measurements. No image has been opened yet; most exams end here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from petarseg.errors import ExamRejected, PetarsegError
from petarseg.keys import KeyFolder
from petarseg.reports.cohort import read_cohort
from petarseg.reports.review import read_review
from petarseg.reports.scrub import Scrubbed, Scrubber
from schemas.config import BuildConfig
from tasks import versions
from tasks.archive import ExamSource
from tasks.exam_stage import exam_stage, exam_task
from tasks.extraction import Answers, read_texts, reading_key
from tasks.workspace import Workspace

STAGE = "read"


@cache
def _scrubber(dates: str) -> Scrubber:
    return Scrubber(dates="shift" if dates == "shift" else "tag")


@exam_task(name="read reports")
def read_reports(workspace: Workspace, exams: Sequence[dict[str, Any]], config: BuildConfig) -> list[dict[str, Any]]:
    """Scrub and read the reports of a batch of exams.

    Parameters
    ----------
    workspace : Workspace
        Where records go.
    exams : sequence of dict
        Entries of ``work/index.json``.
    config : BuildConfig
        Sections ``reports`` and ``extraction`` decide the result.

    Returns
    -------
    list of dict
        Per exam: ``exam_id``, ``status``, ``reused``, ``n_accepted``.
    """
    keys = KeyFolder.open(workspace.key_dir)
    answers = read_review(review_path(workspace))
    inputs = {exam["exam_id"]: reading_inputs(workspace, exam, config) for exam in exams}
    pending = [exam for exam in exams if workspace.fresh(STAGE, exam["exam_id"], inputs[exam["exam_id"]]) is None]
    outcomes = read_pending(workspace, keys, pending, config, answers)

    results = []
    for exam in exams:
        exam_id = exam["exam_id"]
        result = exam_stage(workspace, STAGE, exam_id, inputs[exam_id], lambda exam_id=exam_id: outcome_of(outcomes[exam_id]))
        accepted = usable(result, config) if result["status"] == "ok" else []
        results.append({"exam_id": exam_id, "status": result["status"], "reused": result["reused"], "n_accepted": len(accepted)})
    return results


def review_path(workspace: Workspace) -> Path:
    """Where sentences on which the voters disagree wait for a person's answer."""
    return workspace.root / "review" / "extraction.jsonl"


def reading_inputs(workspace: Workspace, exam: Mapping[str, Any], config: BuildConfig) -> tuple[object, ...]:
    """Return everything that decides what is read in an exam's report, a person's answers to its own sentences included."""
    answered = answered_of(review_path(workspace)).get(exam["exam_id"], [])
    return (versions.READ, exam["report_key"], config.reports.dates, reading_key(config.extraction), answered)


def answered_of(path: Path) -> dict[str, list[list[Any]]]:
    """Return exam id to its answered sentences, [key, answer], sorted; `read_review` has checked the file before."""
    found: dict[str, list[list[Any]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        row = json.loads(line) if line.strip() else {}
        if row.get("answer") is not None:
            found.setdefault(str(row.get("report_id")), []).append([row["key"], row["answer"]])
    return {exam_id: sorted(pairs) for exam_id, pairs in found.items()}


def read_pending(
    workspace: Workspace, keys: KeyFolder, exams: Sequence[Mapping[str, Any]], config: BuildConfig, answers: Answers
) -> dict[str, dict[str, Any] | Exception]:
    """Scrub and read the reports of `exams`; return per exam its result, its rejection, or the error that its text alone brings about."""
    try:
        return _read_together(workspace, keys, exams, config, answers)
    except PetarsegError:
        raise
    except Exception:  # noqa: BLE001 - one text brought the batch down: find it, the others are read
        outcomes: dict[str, dict[str, Any] | Exception] = {}
        for exam in exams:
            try:
                outcomes |= _read_together(workspace, keys, [exam], config, answers)
            except PetarsegError:
                raise
            except Exception as error:  # noqa: BLE001 - raised again inside the exam's own stage, where it becomes a reject
                outcomes[exam["exam_id"]] = error
        return outcomes


def _read_together(
    workspace: Workspace, keys: KeyFolder, exams: Sequence[Mapping[str, Any]], config: BuildConfig, answers: Answers
) -> dict[str, dict[str, Any] | Exception]:
    outcomes: dict[str, dict[str, Any] | Exception] = {}
    texts: list[tuple[str, str]] = []
    for exam, scrubbed in zip(exams, _scrub(keys, exams, config), strict=True):
        if isinstance(scrubbed, ExamRejected):
            outcomes[exam["exam_id"]] = scrubbed
        else:
            texts.append((exam["exam_id"], scrubbed.text))
    reads = read_texts(texts, config.extraction, cache=workspace.root / "work" / "llm", answers=answers)
    for (exam_id, text), read in zip(texts, reads, strict=True):
        outcomes[exam_id] = {
            "measurements": read.rows,
            "statistics": read.statistics,
            "disagreements": read.disagreements,
            "cohort": dataclasses.asdict(read_cohort(text)),
        }
    return outcomes


def outcome_of(outcome: dict[str, Any] | Exception) -> tuple[dict[str, Any], list[Path]]:
    """Return a result as a stage wants it, or raise the rejection."""
    if isinstance(outcome, Exception):
        raise outcome
    return outcome, []


def usable(read: dict[str, Any], config: BuildConfig) -> list[dict[str, Any]]:
    """Return the accepted measurements of a read-stage result that reach the SUV floor, in text order."""
    floor = config.extraction.suv_floor
    return [item for item in read.get("measurements", []) if item["status"] == "accepted" and item["suv_max"] >= floor]


def _scrub(keys: KeyFolder, exams: Sequence[Mapping[str, Any]], config: BuildConfig) -> list[Scrubbed | ExamRejected]:
    if not exams:
        return []
    sources = [ExamSource.load(keys, exam["exam_id"]) for exam in exams]
    shifts = [keys.day_shift(source.patient_id) for source in sources] if config.reports.dates == "shift" else None
    return _scrubber(config.reports.dates).scrub_many(
        [source.report for source in sources], [source.identifiers for source in sources], shifts
    )
