"""Live progress: a bar on the terminal where there is one, and a progress artifact in the Prefect UI."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.context import FlowRunContext
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

UI_INTERVAL_S = 2.0
"""Least time between two updates of the artifact: each is a request to the server."""


class BuildProgress:
    """Bars for the stages of a build."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr)
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description:<28}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(elapsed_when_finished=False),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> BuildProgress:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()

    @contextmanager
    def stage(self, title: str, total: int | None) -> Iterator[StageProgress]:
        """Show a bar for one stage; `total` None means that it is not known beforehand."""
        bar = self._progress.add_task(title, total=total)
        stage = StageProgress(self._progress, bar, title, total, plain=None if self._console.is_terminal else self._console)
        yield stage
        stage.finish()


class StageProgress:
    """The bar of one stage."""

    def __init__(self, progress: Progress, bar: TaskID, title: str, total: int | None, plain: Console | None) -> None:
        self._progress, self._bar, self._title, self._total, self._plain = progress, bar, title, total, plain
        self._done = 0
        self._last = time.monotonic()
        self._artifact: UUID | None = None
        if total and FlowRunContext.get() is not None:
            created = create_progress_artifact(0.0, description=title)
            self._artifact = created if isinstance(created, UUID) else None

    def advance(self, n: int = 1) -> None:
        """Count `n` more items as done."""
        self.set(self._done + n)

    def set(self, done: int) -> None:
        """Say that `done` items are done in all."""
        self._done = done
        self._progress.update(self._bar, completed=done)
        if self._artifact and self._total and time.monotonic() - self._last > UI_INTERVAL_S:
            self._last = time.monotonic()
            update_progress_artifact(self._artifact, min(100.0, 100.0 * done / self._total))

    def finish(self) -> None:
        """Close the bar: all items are done."""
        self._progress.update(self._bar, completed=self._done, total=self._done)
        if self._artifact:
            update_progress_artifact(self._artifact, 100.0)
        if self._plain is not None:
            self._plain.print(f"{self._title}: {self._done} done" if self._done else f"{self._title}: done", highlight=False)
