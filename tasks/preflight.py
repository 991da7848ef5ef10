"""What can be told to be wrong before anything starts: paths, the reports table, the output disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from petarseg.errors import ConfigError, StorageError
from petarseg.reports.load import load_reports
from tasks.workspace import storage_errors

MIN_FREE_BYTES = 64 * 2**20
"""Below this not even the embedded Prefect database can grow."""


def check_inputs(archive: Path, reports: Path, columns: Mapping[str, str]) -> None:
    """Check that the archive holds files and the reports can be read.

    Raises
    ------
    ConfigError
        With the option, the path and what is wrong.
    """
    for path, option in ((archive, "--archive"), (reports, "--reports")):
        if not path.exists():
            raise ConfigError(f"{option}: no such file or folder: {path}")
    if archive.is_dir() and not any(True for _, _, files in os.walk(archive) if files):
        raise ConfigError(f"no DICOM study was found below {archive}: the folder holds no files")
    if not load_reports(reports, columns):
        raise ConfigError(f"{reports} holds no reports")


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
