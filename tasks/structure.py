"""Stage 5: give each accepted finding its region, organ, anatomic subsite and laterality."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from petarseg.reports.structure import structure_finding
from schemas.config import BuildConfig, StructureConfig
from tasks import versions
from tasks.exam_stage import exam_stage, exam_task
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
    settings = (versions.STRUCTURE, config.structure.model_dump(mode="json"))
    results = []
    for exam_id, findings in findings_of.items():

        def make(findings: Sequence[Mapping[str, Any]] = findings) -> tuple[dict[str, Any], list[Path]]:
            return {"structures": structure_all(findings, config.structure)}, []

        results.append(exam_stage(workspace, "structure", exam_id, (*settings, list(findings)), make))
    return results


def structure_all(findings: Sequence[Mapping[str, Any]], config: StructureConfig) -> list[dict[str, str]]:
    """Structure measurements (keys ``sentence``, ``suv_max``, ``axial_slice`` and, if known, ``start`` and ``suv_span``)."""
    return [structure_of(finding) for finding in findings]


def structure_of(finding: Mapping[str, Any]) -> dict[str, str]:
    """Structure one measurement by the built-in rules; the spans say which clause of a multi-lesion sentence is meant."""
    start, span = finding.get("start"), finding.get("suv_span")
    inside = (span[0] - start, span[1] - start) if span and start is not None else None
    return dataclasses.asdict(structure_finding(finding["sentence"], measurement_span=inside))
