"""Open a published version for export into another layout.

Exports are made from a published version alone, which passed the gate and its contract: nothing that identifies can enter them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from petarseg.dataset.record_checks import RUN
from petarseg.dataset.validate import TABLES, validate_dataset
from petarseg.errors import ConfigError, ContractError

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Published:
    """A version that holds its contract.

    Parameters
    ----------
    folder : Path
        The version.
    name, version, license_id, software : str
        From run.toml.
    tables : dict
        Table name to table.
    """

    folder: Path
    name: str
    version: str
    license_id: str
    software: str
    tables: dict[str, pa.Table]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table."""
        found: list[dict[str, Any]] = self.tables[table].to_pylist()
        return found

    def text(self, name: str) -> str:
        """Return a text file of the version; empty where there is none."""
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.is_file() else ""


def open_published(dataset: Path) -> Published:
    """Open a version; tables, relations, texts and the list of files are checked first, volumes are not read.

    Raises
    ------
    ConfigError
        If the folder is no dataset.
    ContractError
        If a rule is broken; `petarseg validate` lists all of them.
    """
    for broken in validate_dataset(dataset, rehash=False, volumes=False):
        raise ContractError(broken.table, broken.column, broken.rule, broken.key)
    run = tomllib.loads((dataset / RUN).read_text(encoding="utf-8"))
    about = run["settings"].get("dataset", {})
    return Published(
        folder=dataset,
        name=str(about.get("name", "petarseg-dataset")),
        version=str(run["version"]),
        license_id=str(about.get("license", "other")),
        software=str(run.get("petarseg", "unknown")),
        tables={name: pq.read_table(dataset / f"{name}.parquet", partitioning=None) for name in TABLES},
    )


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Give a folder to write in that becomes `out` when the body ends well, and leaves nothing otherwise.

    Raises
    ------
    ConfigError
        If `out` exists and holds something.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} exists and is not empty; name a new folder for the export")
    out.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=out.parent, prefix=".export-"))
    try:
        yield staging
        staging.chmod(0o755)
        if out.exists():
            out.rmdir()
        staging.rename(out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def link_file(source: Path, target: Path) -> None:
    """Hard-link a published file, or copy it where the file system has no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
