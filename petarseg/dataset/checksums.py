"""``checksums.sha256``: every file of a dataset, in the format of ``sha256sum``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from petarseg.errors import ConfigError
from petarseg.files import sha256_file, write_text

NAME = "checksums.sha256"


def write_checksums(dataset: Path, known: Mapping[str, str] | None = None) -> Path:
    """Write the checksums of all files below `dataset`, sorted by name; ``sha256sum -c checksums.sha256`` verifies them.

    Parameters
    ----------
    dataset : Path
        Folder of one version.
    known : mapping, optional
        Relative path to SHA-256 of files that were hashed when they were written; they are not read again.
    """
    known = known or {}
    names = sorted(path.relative_to(dataset).as_posix() for path in dataset.rglob("*") if path.is_file() and path.name != NAME)
    lines = [f"{known.get(name) or sha256_file(dataset / name)}  {name}\n" for name in names]
    write_text(dataset / NAME, "".join(lines))
    return dataset / NAME


def read_checksums(dataset: Path) -> dict[str, str]:
    """Return relative path to SHA-256.

    Raises
    ------
    ConfigError
        If the file is missing or malformed.
    """
    try:
        lines = (dataset / NAME).read_text(encoding="utf-8").splitlines()
        pairs = [line.split("  ", 1) for line in lines]
        return {name: digest for digest, name in pairs}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{dataset} has no readable {NAME}") from error


def changed_files(dataset: Path) -> dict[str, str]:
    """Compare the files below `dataset` with their checksums.

    Returns
    -------
    dict
        Relative path to "missing", "changed" or "unlisted"; empty when everything is as it was published.
    """
    expected = read_checksums(dataset)
    found = {path.relative_to(dataset).as_posix() for path in dataset.rglob("*") if path.is_file() and path.name != NAME}
    broken = dict.fromkeys(found - set(expected), "unlisted")
    for name, digest in expected.items():
        if name not in found:
            broken[name] = "missing"
        elif sha256_file(dataset / name) != digest:
            broken[name] = "changed"
    return dict(sorted(broken.items()))
