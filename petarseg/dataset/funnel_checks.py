"""Check ``funnel.json`` against itself and the tables: nothing that came in may be lost without a reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from petarseg.dataset.contract import Broken
from petarseg.reasons import Reason

NAME = "funnel.json"


def check_funnel(dataset: Path, *, n_lesions: int, n_exams: int, rejected: Sequence[Mapping[str, Any]]) -> Iterator[Broken]:
    """Yield what does not add up.

    Parameters
    ----------
    dataset : Path
        Folder of one version.
    n_lesions, n_exams : int
        Rows of the tables.
    rejected : sequence of mapping
        Rows of rejected.parquet.
    """
    try:
        stages = [_counts(item) for item in json.loads((dataset / NAME).read_text(encoding="utf-8"))["stages"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield Broken(NAME, "", "funnel_readable", "file", str(error))
        return
    last: dict[str, tuple[str, int]] = {}
    dropped: Counter[str] = Counter()
    for stage, unit, read, kept, reasons in stages:
        if read != kept + sum(reasons.values()):
            yield Broken(NAME, "read", "funnel_sum", stage, f"{read} read, {kept} kept and {sum(reasons.values())} dropped")
        last[unit] = (stage, kept)
        dropped.update(reasons)
    for unit, rows in (("lesions", n_lesions), ("exams", n_exams)):
        if unit in last and last[unit][1] != rows:
            yield Broken(NAME, "kept", "funnel_rows", last[unit][0], f"{last[unit][1]} {unit} kept, {rows} rows in {unit}.parquet")
    listed = Counter(str(row["reason"]) for row in rejected)
    for reason in sorted({*dropped, *listed}):
        # Reports of an unusable exam are counted, but the exam's row speaks for them.
        missing = dropped[reason] < listed[reason] if reason == Reason.EXAM_DROPPED else dropped[reason] != listed[reason]
        if missing:
            yield Broken(NAME, "dropped", "funnel_rejects", reason, f"{dropped[reason]} dropped, {listed[reason]} rows in rejected.parquet")


def _counts(item: Mapping[str, Any]) -> tuple[str, str, int, int, dict[str, int]]:
    """Return stage, unit, read, kept and drops by reason."""
    reasons = {str(reason): int(number) for reason, number in item["dropped"].items()}
    return str(item["stage"]), str(item["unit"]), int(item["read"]), int(item["kept"]), reasons
