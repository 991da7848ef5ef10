"""Look at elements of a DICOM data set without decoding it, and let pydicom be silent about bad ones."""

from __future__ import annotations

import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom import config
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError

from petarseg.dicom.identities import decoded, encodings_of, raw_value

READ_ERRORS = (
    *(InvalidDicomError, OSError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError, NotImplementedError),
    *(OverflowError, RecursionError, MemoryError, struct.error, zlib.error, BytesLengthException),
)
"""What pydicom raises on damaged input."""


@contextmanager
def silent_pydicom() -> Iterator[None]:
    """Let pydicom read and write bad values without a word: its warnings and log lines quote them."""
    logger = logging.getLogger("pydicom")
    was_disabled = logger.disabled
    with warnings.catch_warnings(), config.disable_value_validation():
        warnings.simplefilter("ignore")
        logger.disabled = True
        try:
            yield
        finally:
            logger.disabled = was_disabled


def text_of(dataset: Dataset, tag: int) -> str:
    """Return the raw text of a top-level element, stripped; "" when absent."""
    if tag not in dataset:
        return ""
    value = dataset.get_item(tag).value
    if isinstance(value, bytes):
        value = decoded(value, encodings_of(dataset, ["iso8859"]), {0x5C})
    return str(value if value is not None else "").strip(" \t\r\n\0")


def number_of(dataset: Dataset, tag: int, default: int) -> int:
    """Return the value of an unsigned short (US) without decoding the data set; `default` when absent or of another size."""
    raw = dataset.get_item(tag) if tag in dataset else None
    value = raw_value(raw) if raw is not None else None
    if raw is None or value is None or len(value) != 2:
        return default
    big = isinstance(raw, RawDataElement) and not raw.is_little_endian
    return int.from_bytes(value, "big" if big else "little")
