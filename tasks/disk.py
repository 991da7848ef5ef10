"""Checks of the output disk before and during a run."""

from __future__ import annotations

import shutil
from pathlib import Path

from petarseg.errors import ConfigError, StorageError
from tasks.workspace import storage_errors

MIN_FREE_BYTES = 64 * 2**20
"""Below this not even the embedded Prefect database can grow."""


def check_writable(out: Path) -> None:
    """Make the output folder.

    Raises
    ------
    ConfigError
        If it is a file or may not be written.
    StorageError
        If the disk is full.
    """
    try:
        with storage_errors():
            out.mkdir(parents=True, exist_ok=True)
            probe = out / ".probe"
            probe.write_bytes(b"x")
            probe.unlink()
    except OSError as error:
        raise ConfigError(f"cannot write the output folder {out}: {error.strerror}") from error
    free = shutil.disk_usage(out).free
    if free < MIN_FREE_BYTES:
        raise StorageError(f"the disk of {out} has {free // 2**20} MB left; a build needs at least {MIN_FREE_BYTES // 2**20} MB")
