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
from schemas.answers import structure_question
from schemas.config import BuildConfig, Endpoint, StructureConfig
from tasks import versions
from tasks.exam_stage import exam_stage, exam_task
from tasks.extraction import client_of
from tasks.workspace import Workspace


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
    results = []
    for exam_id, findings in findings_of.items():

        def make(findings: Sequence[Mapping[str, Any]] = findings) -> tuple[dict[str, Any], list[Path]]:
            return {"structures": structure_all(findings, config.structure, cache=workspace.root / "work" / "llm")}, []

        results.append(exam_stage(workspace, "structure", exam_id, (*settings, list(findings)), make))
    return results


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
        sentence that speaks of several lesions.
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
    asked = [Finding(item["sentence"], item["suv_max"], item["axial_slice"], span_in_sentence(item)) for item in findings]
    if config.method == "llm" and config.endpoint is not None and asked:
        return [{**dataclasses.asdict(found), "flags": list(flags)} for found, flags in asyncio.run(_ask(asked, config.endpoint, cache))]
    return [{**dataclasses.asdict(structure_finding(f.sentence, measurement_span=f.measurement_span)), "flags": []} for f in asked]


async def _ask(findings: Sequence[Finding], endpoint: Endpoint, cache: Path | None) -> list[tuple[Structure, tuple[str, ...]]]:
    question = structure_question()
    async with client_of(endpoint, cache) as client:
        return await gather_or_cancel([structure_with_llm(client, question, finding) for finding in findings])


def span_in_sentence(finding: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return where the finding's SUVmax stands in its sentence; None when unknown."""
    start, span = finding.get("start"), finding.get("suv_span")
    return (span[0] - start, span[1] - start) if span and start is not None else None
