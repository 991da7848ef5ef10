"""Open archive files, also members of zip archives (``archive.zip/inner/file``)."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zipfile import ZipFile

Stream = io.FileIO | io.BytesIO


@contextmanager
def open_binary(path: Path) -> Iterator[Stream]:
    """Open a file, or a zip member when a parent of `path` is a zip archive.

    Raises
    ------
    OSError
        If it cannot be opened. The message may hold the path: callers do not pass it on.
    """
    try:
        stream: Stream = io.FileIO(path)
    except NotADirectoryError:
        stream = io.BytesIO(_member(path))
    with stream:
        yield stream


def size_of(stream: Stream) -> int:
    """Return the length of an open stream in bytes."""
    if isinstance(stream, io.BytesIO):
        return stream.getbuffer().nbytes
    return os.fstat(stream.fileno()).st_size


def is_same_file(one: Path, other: Path) -> bool:
    """Tell whether two paths are links to one file."""
    try:
        return os.path.samestat(os.stat(one), os.stat(other))  # noqa: PTH116 -- a third of the time of Path.stat
    except OSError:
        return False  # members of zip archives


def read_all(path: Path) -> bytes:
    """Return the bytes of a file or zip member."""
    with open_binary(path) as stream:
        return stream.read()


def _member(path: Path) -> bytes:
    import zipfile  # rarely needed

    for parent in path.parents:
        if parent.is_file():
            name = path.relative_to(parent).as_posix()
            try:
                return _archive(parent, parent.stat().st_mtime_ns).read(name)
            except (KeyError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
                raise OSError("unreadable member of a zip archive") from error
    raise FileNotFoundError("no such zip member")


@lru_cache(maxsize=4)
def _archive(path: Path, _changed_ns: int) -> ZipFile:
    from zipfile import ZipFile

    return ZipFile(path)
