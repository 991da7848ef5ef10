"""Files that are whole or absent: atomic writes, and content hashes."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The umask can only be read by setting it, for the whole process: once, before there are threads.
_UMASK = os.umask(0)
os.umask(_UMASK)


@contextmanager
def atomic_path(path: Path, *, mode: int | None = None) -> Iterator[Path]:
    """Give a temporary path beside `path`; on a clean exit flush it to disk and rename it into place.

    Parameters
    ----------
    path : Path
        The final file. Its folder is made when missing.
    mode : int, optional
        Permission bits of the final file (0o644 less the umask by default).

    Yields
    ------
    Path
        Where to write. It keeps the suffixes of `path`, for writers that look at them. Removed when the body raises.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-", suffix="".join(path.suffixes)[-24:])
    os.close(handle)
    temporary = Path(name)
    try:
        temporary.chmod(0o644 & ~_UMASK if mode is None else mode)
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Write `data` to `path` atomically."""
    with atomic_path(path, mode=mode) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str, *, mode: int | None = None) -> None:
    """Write `text` to `path` atomically, as UTF-8 with newlines untouched."""
    write_bytes(path, text.encode("utf-8"), mode=mode)


def write_json(path: Path, value: object, *, mode: int | None = None) -> None:
    """Write `value` as indented JSON with a final newline, atomically and with a stable key order."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n", mode=mode)


def sha256_file(path: Path) -> str:
    """Return the hex SHA-256 of a file's bytes, read in pieces of 1 MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def content_key(*parts: object) -> str:
    """Return a 32-digit hex key of JSON-serialisable `parts`; equal parts give equal keys on every machine."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]  # a path need not be UTF-8
