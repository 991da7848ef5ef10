"""What a run shows in the Prefect UI: funnel and rejects as tables, the QA page as a link."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
from prefect.artifacts import create_link_artifact, create_table_artifact

from petarseg.reasons import Reason
from schemas.results import BuildResult

MAX_ROWS = 200
"""Rows of the rejects table in the UI; the whole table is rejected.parquet."""


def publish_artifacts(result: BuildResult) -> None:
    """Create the artifacts ``petarseg-funnel``, ``petarseg-rejects`` and ``petarseg-qa`` of the current run."""
    create_table_artifact(
        key="petarseg-funnel",
        table=result.funnel.table(),
        description=f"{result.version}: {result.n_lesions} lesions of {result.n_exams} exams",
    )
    rows = pq.read_table(Path(result.dataset) / "rejected.parquet", columns=["exam_id", "stage", "reason"]).to_pylist()
    counts = Counter((row["stage"], row["reason"]) for row in rows)
    create_table_artifact(
        key="petarseg-rejects",
        table=[
            {"stage": stage, "reason": reason, "count": n, "meaning": Reason(reason).description}
            for (stage, reason), n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        ][:MAX_ROWS],
        description=f"{len(rows)} rejects; the sentences and the evidence are in rejected.parquet",
    )
    create_link_artifact(key="petarseg-qa", link=Path(result.qa).as_uri(), link_text="QA page: funnel, MIPs with contours, lesions")
