"""The parts of `petarseg demo`: the cohort, and the comparison with its truth."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from rich.table import Table

from cli.console import err, progress_bar

DONE = "complete"
"""Marker file of a whole cohort: an interrupted one is made again."""


def make_cohort(out: Path, exams: int, seed: int) -> Path:
    """Make the phantom cohort unless it is there already; return its folder."""
    from petarseg.files import write_text
    from petarseg.phantom.cohort import write_cohort

    if not (out / DONE).exists():
        shutil.rmtree(out, ignore_errors=True)
        with progress_bar("Make phantom cohort", exams) as update:
            write_cohort(out, n_exams=exams, seed=seed, on_progress=lambda done, _: update(done))
        write_text(out / DONE, "")
    return out


def compare(workspace: Path, cohort: Path) -> dict[str, Any]:
    """Compare the dataset in `workspace` with the truth of `cohort`; see `petarseg.phantom.scoring`."""
    from petarseg.keys import KeyFolder
    from petarseg.phantom.scoring import score_dataset
    from tasks.archive import exam_id_of

    keys = KeyFolder.open(workspace / "key")
    truth = json.loads((cohort / "truth" / "truth.json").read_text(encoding="utf-8"))
    sources = {exam_id_of(keys, exam["study_instance_uid"]): exam["study_instance_uid"] for exam in truth["exams"]}
    masks = {exam_id: workspace / "work" / "exams" / exam_id / "lesions.nii.gz" for exam_id in sources}
    present = {exam_id: path for exam_id, path in masks.items() if path.exists()}
    score = score_dataset(workspace / "dataset" / "latest", cohort / "truth", exam_sources=sources, native_masks=present)
    return score.to_json()


def show_accuracy(accuracy: dict[str, Any]) -> None:
    """Print the comparison with the truth."""
    table = Table(title="Against the truth of the phantom", title_justify="left", show_header=False)
    for name, value in accuracy.items():
        if isinstance(value, float):
            table.add_row(name.replace("_", " "), f"{value:.3f}")
        elif isinstance(value, int):
            table.add_row(name.replace("_", " "), str(value))
    err.print(table)
