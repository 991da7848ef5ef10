"""pydicom, for what the own reader leaves: imported only when needed, and told not to quote header values in its warnings."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def failures() -> tuple[type[Exception], ...]:
    """Return what pydicom raises on damaged bytes: nearly anything. The texts may quote the header, so they are never passed on."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (
        *(InvalidDicomError, BytesLengthException, EOFError, OSError, ArithmeticError, AssertionError, AttributeError, LookupError),
        *(MemoryError, RuntimeError, TypeError, ValueError, struct.error, zlib.error),
    )


def read_dataset(stream: Any, *, pixels: bool, force: bool = False) -> Any:
    """Parse a DICOM stream.

    Parameters
    ----------
    stream : file-like
        Positioned at the start of the file.
    pixels : bool
        Whether to read the pixel data too.
    force : bool
        Whether to read data sets without preamble.

    Raises
    ------
    Exception
        Any of `failures`.
    """
    import pydicom

    # Validation warnings quote the value that they complain about, into the log.
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    return pydicom.dcmread(stream, stop_before_pixels=not pixels, force=force)
