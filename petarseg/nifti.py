"""Write NIfTI-1 files with little memory and CPU, importing nothing but numpy and two deflate encoders.

nibabel reads (``Volume.load``); importing it costs more CPU than writing a PET volume, so writing does without.

Compressed files are one gzip member that two encoders write one after the other: isal, the fastest, and libdeflate, which takes half as
long again and writes 1 to 4 % less: together about 5 % more at most than ``dcm2niix`` writes, at a fifth of its CPU (benchmarks/README.md).
Not one member each: browsers read the first member of a gzip file only.
"""

from __future__ import annotations

import math
import mmap
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import deflate
import numpy as np
from isal import isal_zlib
from numpy.typing import DTypeLike, NDArray

from petarseg.files import atomic_path

FAST_LEVEL, FAST_MEMORY_LEVEL = 2, 3
"""Of isal. Its larger buffers make longer blocks, whose Huffman codes fit the image less well."""
DENSE_LEVEL = 1
"""Of libdeflate."""
DENSE_SHARE = 0.5
"""Of the slices, the last ones, that libdeflate compresses."""
PIECE_BYTES = 2 * 1024 * 1024
SMALL_BYTES, LARGE_BYTES = 4 * 1024**2, 2 * 1024**3
"""Memory of this size is populated at once; beyond it a header may promise more than the pixels hold."""
HEADER_BYTES = 348
DATA_OFFSET = 352
_DEFLATE, _UNKNOWN_SYSTEM, _STORED_BLOCK = 8, 255, 0
_SCANNER = 1
_MILLIMETRE = 2
_DATA_TYPES = MappingProxyType(
    # NIfTI-1 datatype codes
    {"u1": 2, "i2": 4, "i4": 8, "f4": 16, "f8": 64, "i1": 256, "u2": 512, "u4": 768, "i8": 1024, "u8": 1280}
)


def write_nifti(path: Path, array: NDArray[Any], affine: NDArray[np.float64], description: str, *, reproducible: bool = False) -> None:
    """Write an image to ``.nii`` or ``.nii.gz`` atomically.

    Parameters
    ----------
    path : Path
        The file; gzip by its suffix.
    array : ndarray, shape (X, Y, Z)
        Integer or floating-point values, stored as they are (``scl_slope`` 1). Written without a copy when x is fastest in memory.
    affine : ndarray of float64, shape (4, 4)
        Voxel index to RAS+ mm. Goes into sform and, less any shear, qform, both with code 1 (scanner).
    description : str
        At most 79 ASCII characters.
    reproducible : bool
        Equal images give equal bytes, compressed too, in about a sixth more time and 1 % fewer bytes. Without it the *content* is the same,
        but isal's match finder reads memory that it did not set, and once in many files chooses other matches (docs/log.md).

    Raises
    ------
    ValueError
        If the values are of a kind that NIfTI-1 does not hold.
    """
    slices = array.T  # (Z, Y, X): C order of this is the Fortran order that NIfTI wants
    header = _header(array.shape, array.dtype, affine, description)
    source = _Slices(len(slices), array.nbytes // max(1, len(slices)), slices.__getitem__)
    _write(path, header, source, dense_share=1.0 if reproducible else DENSE_SHARE)


def write_nifti_slices(
    path: Path,
    shape: tuple[int, int, int],
    dtype: DTypeLike,
    affine: NDArray[np.float64],
    description: str,
    slices: Iterable[NDArray[Any]],
) -> None:
    """Write an image whose slices are made one after the other, so that it never lies in memory whole.

    Parameters
    ----------
    path, affine, description
        As for `write_nifti`.
    shape : tuple of int
        (X, Y, Z).
    dtype : dtype
        Kind of the values.
    slices : iterable of ndarray, shape (Y, X)
        The Z slices in order; each is copied before the next is asked for. When it raises, after the last slice too, no file is left.

    Raises
    ------
    ValueError
        If there are fewer or more slices than Z, or if the values are of a kind that NIfTI-1 does not hold.
    """
    columns, rows, n_slices = shape
    header = _header(shape, np.dtype(dtype), affine, description)
    bytes_each = columns * rows * np.dtype(dtype).itemsize
    reused = np.empty((_slices_of_piece(bytes_each), rows, columns), dtype)
    stream = iter(slices)

    def take(which: slice) -> NDArray[Any]:
        count = which.stop - which.start
        slab = reused[:count] if count <= len(reused) else fresh_memory((count, rows, columns), dtype)
        n_filled = 0
        for out, made in zip(slab, stream, strict=False):
            out[...] = made
            n_filled += 1
        if n_filled < count or (which.stop == n_slices and any(True for _ in stream)):
            raise ValueError(f"not the {n_slices} slices that the shape says")
        return slab

    _write(path, header, _Slices(n_slices, bytes_each, take), dense_share=DENSE_SHARE)


def fresh_memory(shape: tuple[int, int, int], dtype: DTypeLike) -> NDArray[Any]:
    """Return an uninitialised array in memory that the system hands over in one go, where it can (Linux).

    numpy asks for huge pages, page by page as they are touched; on a busy or virtual machine that took up to six times the CPU of
    populating the mapping at once (0.08 s against 0.06 to 0.46 s for a CT).
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    populate = getattr(mmap, "MAP_POPULATE", 0)
    if not populate or not SMALL_BYTES <= size <= LARGE_BYTES:
        return np.empty(shape, dtype=dtype)
    try:
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | populate)
    except OSError:
        return np.empty(shape, dtype=dtype)
    return np.frombuffer(memory, dtype=dtype).reshape(shape)


@dataclass(frozen=True, slots=True)
class _Slices:
    """The slices of an image, given out in order.

    Parameters
    ----------
    count : int
        How many there are.
    bytes_each : int
        Size of one.
    take : callable
        Some of them, shape (some, Y, X), good until the next call.
    """

    count: int
    bytes_each: int
    take: Callable[[slice], NDArray[Any]]

    def pieces(self, stop: int) -> Iterator[memoryview]:
        """Yield the bytes of the first `stop` slices, about `PIECE_BYTES` at a time."""
        step = _slices_of_piece(self.bytes_each)
        for first in range(0, stop, step):
            yield _bytes_of(self.take(slice(first, min(first + step, stop))))


def _write(path: Path, header: bytes, slices: _Slices, *, dense_share: float) -> None:
    pieces = _gzip(header, slices, dense_share) if path.name.endswith(".gz") else _plain(header, slices)
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        for piece in pieces:
            stream.write(piece)


def _plain(header: bytes, slices: _Slices) -> Iterator[bytes | bytearray | memoryview]:
    yield header
    yield from slices.pieces(slices.count)


def _gzip(header: bytes, slices: _Slices, dense_share: float) -> Iterator[bytes | bytearray | memoryview]:
    """Yield a gzip member without time or name (RFC 1952), whose last slices are compressed by libdeflate."""
    split = slices.count - round(slices.count * dense_share)
    checksum = isal_zlib.crc32(header)
    yield struct.pack("<4BI2B", 0x1F, 0x8B, _DEFLATE, 0, 0, 0, _UNKNOWN_SYSTEM)
    yield struct.pack("<BHH", _STORED_BLOCK, len(header), len(header) ^ 0xFFFF) + header
    if split:
        encoder = isal_zlib.compressobj(FAST_LEVEL, isal_zlib.DEFLATED, -isal_zlib.MAX_WBITS, FAST_MEMORY_LEVEL)
        for piece in slices.pieces(split):
            checksum = isal_zlib.crc32(piece, checksum)
            yield encoder.compress(piece)
        yield encoder.flush(isal_zlib.Z_SYNC_FLUSH)  # ends on a whole byte, where another encoder can go on
    rest = _bytes_of(slices.take(slice(split, slices.count)))
    yield deflate.deflate_compress(rest, DENSE_LEVEL)
    yield struct.pack("<II", isal_zlib.crc32(rest, checksum), (len(header) + slices.count * slices.bytes_each) & 0xFFFFFFFF)


def _slices_of_piece(bytes_each: int) -> int:
    return max(1, PIECE_BYTES // max(1, bytes_each))


def _bytes_of(slices: NDArray[Any]) -> memoryview:
    """Return the little-endian bytes of slices: a view where they lie so in memory, else a copy."""
    return np.ascontiguousarray(slices, dtype=slices.dtype.newbyteorder("<")).reshape(-1).view(np.uint8).data


def _header(shape: tuple[int, ...], dtype: np.dtype[Any], affine: NDArray[np.float64], description: str) -> bytes:
    """Return the 348 bytes of the header and the four that say that no extensions follow."""
    code = _DATA_TYPES.get(dtype.str[1:])
    if code is None:
        raise ValueError(f"NIfTI-1 holds no values of type {dtype}")
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    quaternion, handedness = _quaternion(affine[:3, :3] / spacing)
    header = bytearray(DATA_OFFSET)
    struct.pack_into("<i", header, 0, HEADER_BYTES)
    struct.pack_into("<8h", header, 40, 3, *shape, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, code, dtype.itemsize * 8)
    struct.pack_into("<8f", header, 76, handedness, *spacing, 1.0, 1.0, 1.0, 1.0)
    struct.pack_into("<3f", header, 108, DATA_OFFSET, 1.0, 0.0)
    struct.pack_into("<B", header, 123, _MILLIMETRE)
    struct.pack_into("<80s", header, 148, description.encode("ascii")[:79])
    struct.pack_into("<2h", header, 252, _SCANNER, _SCANNER)
    struct.pack_into("<6f", header, 256, *quaternion, *affine[:3, 3])
    struct.pack_into("<12f", header, 280, *affine[:3].ravel())
    struct.pack_into("<4s", header, 344, b"n+1")
    return bytes(header)


def _quaternion(directions: NDArray[np.float64]) -> tuple[tuple[float, float, float], float]:
    """Return b, c, d of the rotation nearest to the direction cosines, and -1 when the third axis had to be turned round.

    References
    ----------
    .. [1] NIfTI-1 data format, "Method 2" (nifti1.h); nearest rotation by singular value decomposition.
    """
    handedness = 1.0 if np.linalg.det(directions) > 0.0 else -1.0
    left, _, right = np.linalg.svd(directions * [1.0, 1.0, handedness])
    r = left @ right
    # The eigenvector of the largest eigenvalue (Bar-Itzhack 2000) is stable for every angle.
    symmetric = np.array(
        [
            [r[0, 0] + r[1, 1] + r[2, 2], r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]],
            [r[2, 1] - r[1, 2], r[0, 0] - r[1, 1] - r[2, 2], r[1, 0] + r[0, 1], r[2, 0] + r[0, 2]],
            [r[0, 2] - r[2, 0], r[1, 0] + r[0, 1], r[1, 1] - r[0, 0] - r[2, 2], r[2, 1] + r[1, 2]],
            [r[1, 0] - r[0, 1], r[2, 0] + r[0, 2], r[2, 1] + r[1, 2], r[2, 2] - r[0, 0] - r[1, 1]],
        ]
    )
    a, b, c, d = np.linalg.eigh(symmetric)[1][:, -1]
    sign = math.copysign(1.0, a)
    return (sign * float(b) + 0.0, sign * float(c) + 0.0, sign * float(d) + 0.0), handedness
