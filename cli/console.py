"""What all commands share: one JSON object on stdout, everything else on stderr, a message instead of a traceback."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from petarseg.errors import ConfigError, Rejected

err = Console(stderr=True, highlight=False)

EXIT_OK, EXIT_REJECTED, EXIT_USAGE, EXIT_BUG, EXIT_INTERRUPTED = 0, 1, 2, 70, 130


def add(app: typer.Typer, name: str, function: Callable[..., int], *, example: str) -> None:
    """Add a command whose return value is the exit code; its --help ends with an example."""

    @functools.wraps(function)
    def command(*args: Any, **options: Any) -> None:
        raise typer.Exit(function(*args, **options))

    app.command(name, epilog=f"Example: {example}")(command)


def check_out(out: Path, *inputs: Path | None, suffixes: tuple[str, ...] = ()) -> None:
    """Refuse an output that is an input, or whose name says that it holds something else.

    Raises
    ------
    ConfigError
        Naming the file and the way out.
    """
    if suffixes and not out.name.lower().endswith(suffixes):
        raise ConfigError(f"--out {out}: the name must end with {' or '.join(suffixes)}")
    for source in inputs:
        if source is not None and out.exists() and source.exists() and out.samefile(source):
            raise ConfigError(f"--out {out} is the input; name another file")


def print_json(value: object) -> None:
    """Write one JSON object to stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False, default=str) + "\n")


def rejection(error: Rejected) -> dict[str, Any]:
    """Return the JSON form of a rejection."""
    return {"status": "rejected", "reason": error.reason.value, "description": error.reason.description, "evidence": error.evidence}


@contextmanager
def progress_bar(title: str, total: int | None = None) -> Iterator[Any]:
    """Show a progress bar on stderr; yields a function that takes how many are done."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=28), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as progress:
        bar = progress.add_task(title, total=total)
        yield lambda done: progress.update(bar, completed=done)
