"""Find every file of an archive: any depth, links followed, zip archives opened."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from petarseg.dicom.records import UnreadableFile


def walk_files(root: Path, unreadable: list[UnreadableFile]) -> Iterator[Path]:
    """Yield files and zip members; every folder once, whatever links lead to it. Folders that cannot be listed go to `unreadable`."""
    if not root.is_dir():
        yield from _members(root)
        return
    visited: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            entries = [entry for entry in os.scandir(folder) if not _is_special(entry)]
        except OSError:
            unreadable.append(UnreadableFile(folder, "permission"))
            continue
        for entry in entries:
            path = Path(entry.path)
            try:
                is_folder = entry.is_dir()
            except OSError:
                is_folder = False
            if is_folder:
                waiting.append(path)
            else:
                yield from _members(path)


def _is_special(entry: os.DirEntry[str]) -> bool:
    """Tell a pipe, socket or device, which nobody may open: reading a pipe waits for a writer that never comes."""
    try:
        if entry.is_file(follow_symlinks=False) or entry.is_dir():
            return False
        return not stat.S_ISREG(entry.stat().st_mode)
    except OSError:
        return False  # a dead link: reading it gives it a name


def _members(path: Path) -> Iterator[Path]:
    if path.suffix.lower() != ".zip":
        yield path
        return
    try:
        with zipfile.ZipFile(path) as archive:
            listed = [info.filename for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        yield path
        return
    names = set(listed)
    # An absolute name or one with ".." would lead out of the archive, to a file of this machine.
    safe = [name for name in names if not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts]
    yield from (path / name for name in safe)
    if len(safe) < len(listed):  # of members of one name only the last can be read
        yield path
