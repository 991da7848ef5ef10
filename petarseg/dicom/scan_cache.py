"""What the last scan read, so that the next one reads new and changed files only. Encrypted in the key folder: it is identifying.

A file is known by path, size and time of change. Images keep what the index needs of each; their headers are kept once per group of
images that belong together.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isal import igzip, igzip_lib

from petarseg.dicom.header import Header

if TYPE_CHECKING:
    from petarseg.keys import KeyFolder

SECRET = "scan"
VERSION = 3
"""Raise this when the headers that are kept, or their meaning, change."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """How to tell that a file has not changed."""

    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> Stamp | None:
        """Return the stamp of a file, or that of the archive for a zip member; None when there is neither."""
        for candidate in (path, *path.parents):
            try:
                status = os.stat(candidate)  # noqa: PTH116 -- a third of the time of Path.stat
            except NotADirectoryError:
                continue
            except OSError:
                return None
            # The time of the last change of any kind too: tools that correct headers in place put the time of modification back.
            return cls(status.st_size, max(status.st_mtime_ns, status.st_ctime_ns))
        return None


@dataclass(frozen=True, slots=True)
class KnownImage:
    """What the index keeps of one image file; `head` is the header of the first image of its group.

    `frame_heights_mm` is empty unless the file is an enhanced object whose frames are slices.
    """

    head: Header
    sop_instance_uid: str
    height_mm: float | None
    acquisition: str
    truncated: bool
    identifiers: tuple[str, ...]
    frame_heights_mm: tuple[float | None, ...] = ()


Outcome = KnownImage | str


@dataclass(slots=True)
class ScanCache:
    """Outcomes of earlier scans by path."""

    known: dict[str, tuple[Stamp, Outcome]] = field(default_factory=dict)

    def get(self, path: Path, stamp: Stamp | None) -> Outcome | None:
        """Return the outcome when the file is unchanged."""
        found = self.known.get(str(path))
        return found[1] if found is not None and found[0] == stamp else None

    def same_files(self, other: ScanCache) -> bool:
        """Tell whether both know the same files in the same state."""
        return {path: stamp for path, (stamp, _) in self.known.items()} == {path: stamp for path, (stamp, _) in other.known.items()}

    @classmethod
    def load(cls, keys: KeyFolder) -> ScanCache:
        """Read the cache; an absent, outdated or damaged one is empty."""
        try:
            data = keys.read_secret(SECRET)
            if data is None:
                return cls()
            content = json.loads(igzip.decompress(data))
            if content["version"] != VERSION:
                return cls()
            heads = [_header(values) for values in content["heads"]]
            return cls(dict(_rows(content["files"], heads, content["identifiers"])))
        except (igzip_lib.IsalError, EOFError, ValueError, KeyError, TypeError, IndexError):  # type: ignore[misc]
            return cls()

    def save(self, keys: KeyFolder) -> None:
        """Encrypt the cache into the key folder."""
        heads: dict[int, int] = {}
        head_values: list[object] = []
        identifiers: dict[tuple[str, ...], int] = {}
        files = []
        for path, (stamp, outcome) in sorted(self.known.items()):
            row: list[object] = [path, stamp.size, stamp.changed_ns]
            if isinstance(outcome, str):
                row.append(outcome)
            else:
                if id(outcome.head) not in heads:
                    heads[id(outcome.head)] = len(head_values)
                    head_values.append(_plain(outcome.head))
                row += [heads[id(outcome.head)], outcome.sop_instance_uid, outcome.height_mm, outcome.acquisition, outcome.truncated]
                row.append(identifiers.setdefault(outcome.identifiers, len(identifiers)))
                row.append(list(outcome.frame_heights_mm))
            files.append(row)
        content = {"version": VERSION, "heads": head_values, "identifiers": list(identifiers), "files": files}
        keys.write_secret(SECRET, igzip.compress(json.dumps(content).encode("utf-8"), compresslevel=2, mtime=0))


def _rows(files: Iterable[list[Any]], heads: list[Header], identifiers: list[list[str]]) -> Iterator[tuple[str, tuple[Stamp, Outcome]]]:
    shared = [tuple(group) for group in identifiers]
    for path, size, changed_ns, *rest in files:
        if len(rest) == 1:
            yield path, (Stamp(size, changed_ns), str(rest[0]))
        else:
            head, uid, height_mm, acquisition, truncated, group, frames = rest
            image = KnownImage(heads[head], uid, height_mm, acquisition, truncated, shared[group], tuple(frames))
            yield path, (Stamp(size, changed_ns), image)


def _plain(header: Header) -> list[object]:
    return [_plain_values(header.values), header.transfer_syntax, list(header.encodings)]


def _plain_values(values: dict[int, Any]) -> dict[str, object]:
    return {
        str(tag): value.decode("latin-1") if isinstance(value, bytes) else [_plain_values(item) for item in value]
        for tag, value in values.items()
    }


def _header(plain: list[Any]) -> Header:
    values, syntax, encodings = plain
    return Header(_values(values), syntax, encodings=tuple(encodings))


def _values(plain: dict[str, Any]) -> dict[int, Any]:
    return {
        int(tag): value.encode("latin-1") if isinstance(value, str) else [_values(item) for item in value] for tag, value in plain.items()
    }
