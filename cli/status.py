"""`petarseg status`: how far a workspace is, also while a build is at work in it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import EXIT_OK, add, err, print_json

STAGES = ("read", "convert", "slices", "lesions", "structure", "finish")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add(app, "status", status, example="petarseg status /data/petarseg")


def status(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Workspace of a build.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> int:
    """Say which stages are done for how many exams, what was rejected, and which versions are published."""
    from rich.table import Table

    values = describe(out)
    if as_json:
        print_json(values)
        return EXIT_OK
    err.print(f"{'running' if values['running'] else 'not running'}; {values['exams']} exams with a PET, a CT and a report")
    table = Table()
    for column in ("stage", "ok", "rejected"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    for stage, counts in values["stages"].items():
        table.add_row(stage, str(counts["ok"]), str(counts["rejected"]))
    err.print(table)
    for version in values["versions"]:
        err.print(f"{version}{'  <- latest' if version == values['latest'] else ''}")
    if values["to_review"]:
        err.print(f"{values['to_review']} sentences wait for an answer in {out / 'review' / 'extraction.jsonl'}")
    return EXIT_OK


def describe(out: Path) -> dict[str, Any]:
    """Return the state of a workspace.

    Raises
    ------
    ConfigError
        If the folder is no workspace.
    """
    import fcntl

    from petarseg.errors import ConfigError

    if not (out / "work").is_dir():
        raise ConfigError(f"{out} is no workspace of petarseg build (it has no work/)")
    running = False
    lock = out / "run.lock"
    if lock.exists():
        with lock.open() as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                running = True
    index = out / "work" / "index.json"
    exams = list(json.loads(index.read_text(encoding="utf-8"))["exams"]) if index.exists() else []
    stages = {}
    for stage in STAGES:
        counts = Counter(status_of(out / "work" / "records" / stage / f"{exam_id}.json") for exam_id in exams)
        stages[stage] = {"ok": counts["ok"], "rejected": counts["rejected"]}
    datasets = out / "dataset"
    versions = sorted(path.name for path in datasets.iterdir() if path.is_dir() and not path.is_symlink()) if datasets.is_dir() else []
    latest = datasets / "latest"
    review = out / "review" / "extraction.jsonl"
    lines = review.read_text(encoding="utf-8").splitlines() if review.exists() else []
    waiting = [line for line in lines if json.loads(line)["answer"] is None]
    return {
        "running": running,
        "exams": len(exams),
        "stages": stages,
        "versions": [name for name in versions if not name.startswith(".")],
        "latest": latest.readlink().name if latest.is_symlink() else None,
        "to_review": len(waiting),
    }


def status_of(record: Path) -> str | None:
    """Return "ok" or "rejected"; None when the stage has not been done."""
    try:
        status: str = json.loads(record.read_text(encoding="utf-8"))["result"]["status"]
    except FileNotFoundError:
        return None
    return status
