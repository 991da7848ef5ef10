"""The workspace on disk is the truth of a run: which stage is done for which item, with what, and what came out.

::

    OUT/
      key/                  project key, encrypted source index and join (mode 0700); the only identifying folder
      work/
        records/<stage>/<item>.json     what a stage did: its key, its result, the files that it wrote
        exams/<exam_id>/...             de-identified volumes and sidecars
      dataset/<version>/, dataset/latest
      prefect/              database of the embedded Prefect server, unless PREFECT_API_URL names another
      run.lock

A stage is skipped when its record exists, carries the same key (a hash of its inputs, settings and version) and every file that it
names is there with its size. Records are written last and atomically, so a killed run leaves either the whole or nothing.
"""

from __future__ import annotations

import errno
import fcntl
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from petarseg.errors import ConfigError, StorageError
from petarseg.files import content_key, write_json

STORAGE_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG})
"""Operating-system errors that are about the output disk, not about an exam."""


EMPTY: dict[str, Any] = {"measurements": [], "lesions": [], "rejects": []}
"""The lists that a stage's result may hold, for a rejected exam."""


@dataclass(frozen=True, slots=True)
class Done:
    """A stage's result for one item, and whether it was found rather than made."""

    result: dict[str, Any]
    reused: bool


@dataclass(frozen=True, slots=True)
class Workspace:
    """The output folder of a build."""

    root: Path
    key_dir: Path

    @classmethod
    def open(cls, root: Path, key_dir: Path | None = None) -> Workspace:
        """Make or reopen the workspace.

        Raises
        ------
        ConfigError
            If the folder cannot be made or written.
        """
        root = root.resolve()
        try:
            (root / "work" / "records").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"cannot write the output folder {root}: {error.strerror}") from error
        return cls(root, (key_dir or root / "key").resolve())

    def exam_dir(self, exam_id: str) -> Path:
        """Folder of an exam's de-identified intermediate files."""
        return self.root / "work" / "exams" / exam_id

    @property
    def datasets(self) -> Path:
        """Folder of the published versions."""
        return self.root / "dataset"

    def record_path(self, stage: str, item: str) -> Path:
        """Where the record of `stage` for `item` lies."""
        return self.root / "work" / "records" / stage / f"{item}.json"

    def read(self, stage: str, item: str, key: str | None = None) -> dict[str, Any] | None:
        """Return the result of a finished stage, or None when it is missing, was made with another key, or lost a file."""
        try:
            record = json.loads(self.record_path(stage, item).read_text(encoding="utf-8"))
            if key is not None and record["key"] != key:
                return None
            for name, size in record["files"].items():
                if (self.root / name).stat().st_size != size:
                    return None
        except (FileNotFoundError, json.JSONDecodeError, KeyError):
            return None
        result: dict[str, Any] = record["result"]
        return result

    def key_of(self, stage: str, item: str) -> str | None:
        """Return the key under which a stage was done: an input of the stages that build on it."""
        try:
            key: str = json.loads(self.record_path(stage, item).read_text(encoding="utf-8"))["key"]
        except (FileNotFoundError, json.JSONDecodeError, KeyError):
            return None
        return key

    def result(self, stage: str, item: str) -> dict[str, Any]:
        """Return the result of a finished stage; an empty rejection when there is none (the stage failed without a record)."""
        return {**EMPTY, **(self.read(stage, item) or {"status": "rejected", "reason": "internal_error", "evidence": {}})}

    def fresh(self, stage: str, item: str, inputs: Sequence[object]) -> dict[str, Any] | None:
        """Return the result that `once` would reuse for these `inputs`, or None when it would have to work."""
        return self.read(stage, item, content_key(stage, *inputs))

    def once(self, stage: str, item: str, inputs: Sequence[object], make: Callable[[], tuple[Mapping[str, Any], Sequence[Path]]]) -> Done:
        """Run `make` unless it ran before with equal `inputs`.

        Parameters
        ----------
        stage, item : str
            Name of the stage; id of what it works on.
        inputs : sequence
            Everything that decides the result: upstream keys, settings, stage version. JSON-serialisable.
        make : callable
            Returns the result (JSON-serialisable) and the files that it wrote below the workspace.

        Raises
        ------
        StorageError
            If the output disk is full or read-only. Whatever `make` raises passes through.
        """
        key = content_key(stage, *inputs)
        found = self.read(stage, item, key)
        if found is not None:
            return Done(found, reused=True)
        with storage_errors():
            result, files = make()
            sizes = {str(path.relative_to(self.root)): path.stat().st_size for path in files}
            write_json(self.record_path(stage, item), {"key": key, "result": dict(result), "files": sizes})
        return Done(dict(result), reused=False)

    def forget(self, stage: str, item: str, result: Mapping[str, Any]) -> None:
        """Replace what is known of a stage by `result`, so that later stages see it and the next run does the stage again."""
        with storage_errors():
            write_json(self.record_path(stage, item), {"key": None, "result": dict(result), "files": {}})

    def sweep(self) -> None:
        """Remove the temporary files that a killed run left behind; call it under the lock."""
        for path in (self.root / "work").rglob(".tmp-*"):
            path.unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep a second build out of this folder; the lock dies with the process that holds it.

        Raises
        ------
        ConfigError
            If another build works here.
        """
        with (self.root / "run.lock").open("w") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ConfigError(f"another build is working in {self.root}; wait for it, or choose another --out") from error
            self.sweep()
            yield


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn operating-system errors about the output disk into a StorageError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in STORAGE_ERRNOS:
            raise StorageError(
                f"the output disk cannot be written ({error.strerror}); free space and run the same command again: finished work is kept"
            ) from error
        raise
