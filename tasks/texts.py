"""Stage 2: scrub the reports and read their measurements. No image has been opened yet; most exams end here."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cache
from typing import Any

from petarseg.errors import ExamRejected
from petarseg.keys import KeyFolder
from petarseg.reports.cohort import read_cohort
from petarseg.reports.scrub import Scrubbed, Scrubber
from schemas.config import BuildConfig
from tasks import versions
from tasks.archive import ExamSource
from tasks.exam_stage import exam_stage, exam_task
from tasks.extraction import read_texts
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
    settings = (versions.READ, config.reports.model_dump(mode="json"), config.extraction.model_dump(mode="json"))
    pending = [exam for exam in exams if workspace.fresh(STAGE, exam["exam_id"], (exam["report_key"], *settings)) is None]
    scrubbed = dict(zip((exam["exam_id"] for exam in pending), _scrub(keys, pending, config), strict=True))

    def read(exam_id: str) -> tuple[dict[str, Any], list[Any]]:
        outcome = scrubbed[exam_id]
        if isinstance(outcome, ExamRejected):
            raise outcome
        return {
            "measurements": read_texts([outcome.text], config.extraction)[0],
            "cohort": dataclasses.asdict(read_cohort(outcome.text)),
        }, []

    results = []
    for exam in exams:
        exam_id = exam["exam_id"]
        result = exam_stage(workspace, STAGE, exam_id, (exam["report_key"], *settings), lambda exam_id=exam_id: read(exam_id))
        accepted = usable(result, config) if result["status"] == "ok" else []
        results.append({"exam_id": exam_id, "status": result["status"], "reused": result["reused"], "n_accepted": len(accepted)})
    return results


def usable(read: dict[str, Any], config: BuildConfig) -> list[dict[str, Any]]:
    """Return the accepted measurements of a read-stage result that reach the SUV floor, in text order."""
    floor = config.extraction.suv_floor
    return [item for item in read.get("measurements", []) if item["status"] == "accepted" and item["suv_max"] >= floor]


def _scrub(keys: KeyFolder, exams: Sequence[dict[str, Any]], config: BuildConfig) -> list[Scrubbed | ExamRejected]:
    if not exams:
        return []
    sources = [ExamSource.load(keys, exam["exam_id"]) for exam in exams]
    shifts = [keys.day_shift(source.patient_id) for source in sources] if config.reports.dates == "shift" else None
    return _scrubber(config.reports.dates).scrub_many(
        [source.report for source in sources], [source.identifiers for source in sources], shifts
    )
