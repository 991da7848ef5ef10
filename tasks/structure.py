"""Stage 5: give each accepted finding its region, organ, anatomic subsite and laterality."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from petarseg.files import content_key
from petarseg.llm import gather_or_cancel
from petarseg.reports.llm_structure import Finding, structure_with_llm
from petarseg.reports.structure import Structure, structure_finding
from petarseg.reports.voting import locate
from schemas.answers import structure_question
from schemas.config import BuildConfig, Endpoint, StructureConfig
from tasks import versions
from tasks.exam_stage import exam_stage, exam_task
from tasks.extraction import client_of
from tasks.workspace import Workspace

STAGE = "structure"


@exam_task(name="structure findings")
def structure_findings(
    workspace: Workspace, findings_of: Mapping[str, Sequence[Mapping[str, Any]]], config: BuildConfig
) -> list[dict[str, Any]]:
    """Structure the findings of a batch of exams.

    Parameters
    ----------
    workspace : Workspace
        Where records go.
    findings_of : mapping
        Exam id to its accepted measurements (those with a mask), in text order.
    config : BuildConfig
        Section ``structure`` says who does it.
    """
    settings = (versions.STRUCTURE, structuring_key(config.structure))
    inputs = {exam_id: (*settings, list(findings)) for exam_id, findings in findings_of.items()}
    pending = [exam_id for exam_id in findings_of if workspace.fresh(STAGE, exam_id, inputs[exam_id]) is None]
    asked = [finding for exam_id in pending for finding in findings_of[exam_id]]
    # All findings of the batch at once: a model server is fast only when it has many requests in flight.
    answers = iter(structure_all(asked, config.structure, cache=workspace.root / "work" / "llm"))
    made = {exam_id: [next(answers) for _ in findings_of[exam_id]] for exam_id in pending}
    return [
        exam_stage(workspace, STAGE, exam_id, inputs[exam_id], lambda exam_id=exam_id: ({"structures": made[exam_id]}, []))
        for exam_id in findings_of
    ]


def structuring_key(config: StructureConfig) -> str:
    """Return a key of everything but the sentence that decides how it is structured."""
    if config.method == "rules" or config.endpoint is None:
        return "rules"
    return content_key(config.endpoint.model, config.endpoint.revision, structure_question().prompt.hash)


def structure_all(findings: Sequence[Mapping[str, Any]], config: StructureConfig, *, cache: Path | None = None) -> list[dict[str, Any]]:
    """Structure measurements.

    Parameters
    ----------
    findings : sequence of mapping
        Keys ``sentence``, ``suv_max``, ``axial_slice`` and, if known, ``start`` and ``suv_span``, which tell the clause of a
        sentence that speaks of several lesions, and ``context``, what stands before (`petarseg.reports.context`).
    config : StructureConfig
        Rules, or a model with the rules as fallback.
    cache : Path, optional
        Folder of the model's answers.

    Returns
    -------
    list of dict
        ``region``, ``organ``, ``anatomic_subsite``, ``laterality``, in the order of the findings; and ``flags``.

    Raises
    ------
    TransientError
        If the server stays away.
    """
    asked = [finding_of(item) for item in findings]
    if config.method == "llm" and config.endpoint is not None and asked:
        return [{**dataclasses.asdict(found), "flags": list(flags)} for found, flags in asyncio.run(_ask(asked, config.endpoint, cache))]
    return [{**dataclasses.asdict(structure_by_rules(item)), "flags": []} for item in findings]


async def _ask(findings: Sequence[Finding], endpoint: Endpoint, cache: Path | None) -> list[tuple[Structure, tuple[str, ...]]]:
    question = structure_question()
    async with client_of(endpoint, cache) as client:
        return await gather_or_cancel([structure_with_llm(client, question, finding) for finding in findings])


def structure_by_rules(finding: Mapping[str, Any]) -> Structure:
    """Structure a measurement by the built-in rules."""
    asked = finding_of(finding)
    return structure_finding(asked.sentence, measurement_span=asked.measurement_span, context=asked.context)


def finding_of(row: Mapping[str, Any]) -> Finding:
    """Return a measurement as the structurers want it: the span of its SUVmax tells the clause, the sentence before may name the site."""
    sentence, pair = row["sentence"], (row["suv_max"], row["axial_slice"])
    start, span = row.get("start"), row.get("suv_span")
    if span and start is not None:
        inside: tuple[int, int] | None = (span[0] - start, span[1] - start)
    else:
        found = locate(sentence, pair)
        inside = found[0] if found else None
    return Finding(sentence, *pair, measurement_span=inside, context=row.get("context") or "")
