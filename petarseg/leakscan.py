"""Search everything below a folder for identifying strings: the last check before data leave the gate.

The scan looks at bytes, not at what a reader of the format would show: headers, padding, deleted database rows and metadata count.
Compressed content is looked into (gzip, bzip2, xz, zstd, zip, tar, deflated DICOM, PNG text, Parquet, base64 in pages), four containers
deep.
What is matched, and what counts as chance, is defined in `petarseg.needles`.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import io
import lzma
import re
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
from isal import igzip

from petarseg.needles import NeedleSet

PIECE_BYTES = 16 << 20
HEAD_BYTES = 512
META_BYTES = 1 << 16
"""More than the file meta information of a DICOM file takes."""
MAX_DEPTH = 4

_GZIP, _BZIP2, _XZ, _ZSTD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"
_ZIP, _PNG, _PARQUET, _SQLITE = b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"PAR1", b"SQLite format 3\0"
_PNG_TEXT = (b"tEXt", b"zTXt", b"iTXt", b"eXIf")
_PIXEL_DATA = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10", b"\xe0\x7f\x08\x00", b"\xe0\x7f\x09\x00")
_DEFLATED, _EXPLICIT = b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.1\0\0\0"
_LONG_VR = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_BASE64 = re.compile(rb"base64,\s*([A-Za-z0-9+/=\s]{24,})")

Piece = tuple[bytes, bool]
"""Some bytes, and whether they are dense binary data (pixels) in which short needles occur by chance."""


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """An identifying string that was found. The value itself is never told.

    Attributes
    ----------
    path : str
        The file, relative to the scanned folder. Identifying parts of the path itself are replaced by "***".
    kind : str
        The kind of needle ("date", "uid", "number", "name", "word"), or "unreadable" for a container that cannot be looked into.
    needle : int
        Index of the needle among the sorted, distinct needles; -1 for "unreadable".
    """

    path: str
    kind: str
    needle: int


def scan_files(root: Path, needles: Iterable[str] | NeedleSet, *, exclude: Sequence[Path] = ()) -> list[Leak]:
    """Search the names and contents of all files below a folder for identifying strings.

    Parameters
    ----------
    root : Path
        A folder, or one file.
    needles : iterable of str, or NeedleSet
        Identifying values of the input: names, ids, UIDs, dates (YYYYMMDD), institutions, ... Those that are too short to mean
        anything (see `petarseg.needles.kind_of`) are ignored.
    exclude : sequence of Path
        Files and folders to leave out, such as the key folder. Relative ones are relative to `root`.

    Returns
    -------
    list of Leak
        Sorted; empty when nothing was found. A container that cannot be read is reported too: it has not been cleared.
    """
    needle_set = needles if isinstance(needles, NeedleSet) else NeedleSet(needles)
    skipped = {(root / path).resolve() for path in exclude}
    leaks: set[Leak] = set()
    for path in _walk(root, skipped):
        name = str(path.relative_to(root)) if path != root else path.name
        in_name = needle_set.find(name.encode("utf-8", "surrogateescape"))
        shown = _mask(name, needle_set, in_name)
        found = set(in_name)
        if not path.is_symlink():
            try:
                for piece, binary in _pieces(path):
                    found |= needle_set.find(piece, binary=binary)
            except (
                OSError,
                EOFError,
                ValueError,
                zlib.error,
                lzma.LZMAError,
                zipfile.BadZipFile,
                tarfile.TarError,
                pa.ArrowException,
            ):
                leaks.add(Leak(shown, "unreadable", -1))
        leaks.update(Leak(shown, needle_set.kinds[index], index) for index in found)
    return sorted(leaks)


def inflated(data: bytes) -> bytes:
    """Return a DICOM file whose data set is deflated as the plain file that it stands for; any other content as it is.

    Raises
    ------
    zlib.error
        If the data set cannot be inflated to its end. It has not been cleared then.

    References
    ----------
    .. [1] DICOM PS3.5, A.5 (deflated explicit little endian); PS3.10, 7.1 (file meta information).
    """
    if data[128:132] != b"DICM":
        return data
    at, syntax = 132, b""
    while data[at : at + 2] == b"\x02\0" and at + 12 <= len(data):
        long = data[at + 4 : at + 6] in _LONG_VR
        start = at + (12 if long else 8)
        stop = start + int.from_bytes(data[start - (4 if long else 2) : start], "little")
        if data[at + 2 : at + 4] == b"\x10\0":
            syntax = data[start:stop].strip(b"\0 ")
        at = stop
    if syntax != _DEFLATED:
        return data
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    body = inflater.decompress(data[at:]) + inflater.flush()
    if not inflater.eof:
        raise zlib.error("the deflated data set has no end")
    return data[:at].replace(_DEFLATED, _EXPLICIT) + body + inflater.unused_data.rstrip(b"\0")


def _walk(folder: Path, skipped: set[Path]) -> Iterator[Path]:
    if folder.resolve() in skipped and not folder.is_symlink():
        return
    if folder.is_dir() and not folder.is_symlink():
        for item in sorted(folder.iterdir()):
            yield from _walk(item, skipped)
        return
    yield folder


def _mask(name: str, needle_set: NeedleSet, found: set[int]) -> str:
    """Cover the parts of a path that hold a needle."""
    if not found:
        return name
    return "/".join("***" if needle_set.find(part.encode("utf-8", "surrogateescape")) else part for part in name.split("/"))


def _pieces(path: Path) -> Iterator[Piece]:
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
        if head.startswith(_SQLITE):
            yield from _sqlite(path)
        if head.startswith(_PARQUET):
            yield from _parquet(path, 0)
        else:
            yield from _content(stream, head, 0)


def _content(stream: IO[bytes], head: bytes, depth: int) -> Iterator[Piece]:
    """Yield what is to be searched in a stream, by its first bytes. `head` is what the stream starts with."""
    opener = _opener(head)
    if opener is not None and depth < MAX_DEPTH:
        # A gzip header holds the name of the file that was compressed, in Latin-1.
        yield head[:256], False
        with opener(stream) as inner:
            yield from _member(inner, depth + 1)
    elif head.startswith(_ZIP) and depth < MAX_DEPTH:
        yield from _zip(stream, depth)
    elif head[257:262] == b"ustar" and depth < MAX_DEPTH:
        yield from _tar(stream, depth)
    elif head.startswith(_PNG):
        yield from _png(stream)
    elif head.startswith(_PARQUET) and depth < MAX_DEPTH:
        yield from _parquet(io.BytesIO(stream.read()), depth)
    elif opener is not None or head.startswith(_ZIP):
        raise ValueError("containers are nested too deeply")
    else:
        yield from _plain(stream, head, depth)


def _plain(stream: IO[bytes], head: bytes, depth: int) -> Iterator[Piece]:
    """Yield overlapping pieces of anything else; DICOM pixels and NIfTI voxels count as dense binary data."""
    dicom = head[128:132] == b"DICM"
    nifti = head[344:348] in (b"n+1\0", b"n+2\0") or head[4:8] in (b"n+1\0", b"n+2\0")
    if dicom:
        start_of_file = stream.read(META_BYTES)
        stream = cast(IO[bytes], _Rewound(start_of_file, stream))
        if _DEFLATED in start_of_file:
            stream = io.BytesIO(inflated(stream.read()))
    binary, overlap = False, b""
    while data := stream.read(PIECE_BYTES):
        piece = overlap + data
        if nifti and not binary:
            yield piece[:4096], False
            binary = True
        if dicom and not binary and (start := min((at for mark in _PIXEL_DATA if (at := piece.find(mark)) >= 0), default=-1)) >= 0:
            # Elements behind the pixels (padding, signatures) are short: the end of the file counts as header again.
            yield piece[:start], False
            piece, binary = piece[start:], True
        yield piece, binary
        if not binary and depth < MAX_DEPTH:
            yield from _embedded(piece, depth)
        overlap = piece[-2048:]
    if binary and not nifti:
        yield overlap, False


def _embedded(piece: bytes, depth: int) -> Iterator[Piece]:
    if b"base64," not in piece:
        return
    for match in _BASE64.finditer(piece):
        try:
            data = base64.b64decode(re.sub(rb"\s", b"", match[1]) + b"==")
        except binascii.Error:
            continue
        yield from _content(io.BytesIO(data), data[:HEAD_BYTES], depth + 1)


def _opener(head: bytes) -> Callable[[IO[bytes]], IO[bytes]] | None:
    """Return what decompresses a stream that starts with `head`, or None."""
    if head.startswith(_GZIP):
        return lambda stream: cast(IO[bytes], igzip.GzipFile(fileobj=stream))
    if head.startswith(_BZIP2):
        return bz2.BZ2File
    if head.startswith(_XZ):
        return lzma.LZMAFile
    if head.startswith(_ZSTD):
        return lambda stream: io.BufferedReader(pa.CompressedInputStream(stream, "zstd"))
    return None


def _member(stream: IO[bytes], depth: int) -> Iterator[Piece]:
    """Yield the content of one member of a container."""
    head = stream.read(HEAD_BYTES)
    yield from _content(cast(IO[bytes], _Rewound(head, stream)), head, depth)


class _Rewound(io.RawIOBase):
    """A stream whose first bytes were read already, for streams that cannot seek."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        data = data or self._rest.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            data, self._head = self._head + self._rest.read(), b""
        else:
            data, self._head = self._head[:size], self._head[size:]
            data += self._rest.read(size - len(data)) if len(data) < size else b""
        return data


def _zip(stream: IO[bytes], depth: int) -> Iterator[Piece]:
    with zipfile.ZipFile(io.BytesIO(stream.read()) if not stream.seekable() else stream) as archive:
        yield archive.comment, False
        for info in archive.infolist():
            yield "\n".join((info.filename, info.orig_filename)).encode("utf-8", "surrogateescape"), False
            yield info.comment + info.extra, False
            if not info.is_dir():
                with archive.open(info) as member:
                    yield from _member(member, depth + 1)


def _tar(stream: IO[bytes], depth: int) -> Iterator[Piece]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for info in archive:
            facts = (info.name, info.linkname, info.uname, info.gname, *info.pax_headers.values())
            yield "\n".join(map(str, facts)).encode("utf-8", "surrogateescape"), False
            if (member := archive.extractfile(info)) is not None:
                yield from _member(member, depth + 1)


def _png(stream: IO[bytes]) -> Iterator[Piece]:
    data = stream.read()
    at = len(_PNG)
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + size]
        if kind in _PNG_TEXT:
            yield body, False
            # compressed text: keyword, NUL, method (and language tags for iTXt), then a zlib stream
            if (start := body.find(b"\x78", body.find(b"\0") + 1)) >= 0 and kind in (b"zTXt", b"iTXt"):
                with suppress(zlib.error):
                    yield zlib.decompressobj().decompress(body[start:]), False
        else:
            yield body, kind == b"IDAT"
        at += size + 12
    yield data[at:], False


def _sqlite(path: Path) -> Iterator[Piece]:
    """Yield the values of all tables: in the file itself long ones are cut by page borders, and JSON may hold packed data."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as database:
        database.text_factory = bytes
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            name = table.decode().replace('"', '""')
            for row in database.execute(f'SELECT * FROM "{name}"'):
                for value in row:
                    if isinstance(value, bytes):
                        yield from _member(io.BytesIO(value), 1)


def _parquet(source: Path | IO[bytes], depth: int) -> Iterator[Piece]:
    """Yield every column but floating point: text and bytes as they are, numbers and dates as text; and the raw footer."""
    with pq.ParquetFile(source) as table:
        metadata = table.metadata
        facts = [str(table.schema_arrow.names), *(metadata.metadata or {}).values(), *(metadata.metadata or {}).keys()]
        yield b"\n".join(fact if isinstance(fact, bytes) else fact.encode() for fact in facts), False
        for batch in table.iter_batches(batch_size=256):
            for column in batch.columns:
                yield from _column(column, depth)


def _column(column: Any, depth: int) -> Iterator[Piece]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        yield from _column(column.dictionary, depth)
    elif pa.types.is_struct(kind):
        for child in column.flatten():
            yield from _column(child, depth)
    elif pa.types.is_map(kind):
        yield from _column(column.keys, depth)
        yield from _column(column.items, depth)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        yield from _column(column.flatten(), depth)
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        for value in column:
            if data := value.as_py():
                yield from _member(io.BytesIO(data), depth + 1)
    elif not (pa.types.is_floating(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind)):
        text = "\n".join(str(value) for value in column.drop_null().to_pylist())
        yield text.encode("utf-8", "surrogatepass"), False
