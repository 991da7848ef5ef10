from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import UID, JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, RLELossless

from petarseg.dicom.encapsulated import without_hidden_bytes

JPEG_XL = UID("1.2.840.10008.1.2.4.110")
TEXT = b"QUUXWORTHY^ZEPHYRINE MRN4711X99"
SIZE = 32
PIXELS = (np.random.default_rng(0).integers(0, 255, (SIZE, SIZE))).astype(np.uint8)


def frame(syntax: UID) -> bytes:
    """One compressed frame, as its own library writes it."""
    stream = io.BytesIO()
    if syntax == JPEGBaseline8Bit:
        Image.fromarray(PIXELS).save(stream, "JPEG")
    elif syntax == JPEG2000Lossless:
        Image.fromarray(PIXELS).save(stream, "JPEG2000", irreversible=False, no_jp2=True)
    else:
        dataset = image(syntax, b"")
        dataset.compress(syntax, PIXELS, generate_instance_uid=False)
        stream.write(next(generate_frames(dataset.PixelData, number_of_frames=1)))
    return stream.getvalue()


def image(syntax: UID, value: bytes, frames: int = 1) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.Rows = dataset.Columns = SIZE
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation, dataset.SamplesPerPixel, dataset.NumberOfFrames = 7, 0, 1, frames
    dataset.PhotometricInterpretation, dataset.PixelData = "MONOCHROME2", value
    dataset["PixelData"].VR = "OB"
    return dataset


def clean(value: bytes, syntax: UID, frames: int = 1) -> bytes:
    return without_hidden_bytes(value, syntax, frames, 1, SIZE * SIZE)


def segment(marker: int) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(TEXT) + 2) + TEXT


def planted(syntax: UID, where: str) -> bytes:
    data = frame(syntax)
    if where == "behind":
        return data + TEXT
    if syntax == JPEG2000Lossless:
        at = 4 + int.from_bytes(data[4:6], "big") if where == "comment" else data.index(b"\xff\x93")
        new = data[:at] + segment(0x64) + data[at:]
        if where == "tile":
            tile = data.index(b"\xff\x90")
            size = int.from_bytes(data[tile + 6 : tile + 10], "big") + len(TEXT) + 4
            new = new[: tile + 6] + size.to_bytes(4, "big") + new[tile + 10 :]
        return new
    return data[:2] + segment(0xFE if where == "comment" else 0xE1) + data[2:]


@pytest.mark.parametrize(
    ("syntax", "where"),
    [
        *((syntax, where) for syntax in (JPEGBaseline8Bit, JPEGLSLossless) for where in ("comment", "application", "behind")),
        *((JPEG2000Lossless, where) for where in ("comment", "tile", "behind")),
        (RLELossless, "behind"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else str(value),
)
@pytest.mark.parametrize("frames", [1, 3])
def test_text_goes_and_pixels_stay(syntax: UID, where: str, frames: int) -> None:
    # pydicom refuses or warns of bytes behind a frame, so the expected pixels are those of the clean frame.
    expected = image(syntax, encapsulate([frame(syntax)])).pixel_array
    cleaned = clean(encapsulate([planted(syntax, where)] * frames), syntax, frames)
    assert b"QUUX" not in cleaned
    assert np.array_equal(image(syntax, cleaned, frames).pixel_array.reshape(frames, SIZE, SIZE), [expected] * frames)


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGLSLossless, RLELossless])
def test_clean_frames_stay_as_they_are(syntax: UID) -> None:
    data = frame(syntax)
    if syntax == JPEGBaseline8Bit:
        data = data.replace(b"JFIF\0\1\1\0\0\1\0\1\0\0", bytes(14))
    value = encapsulate([data, data])
    assert clean(value, syntax, 2) is value


def test_a_fragment_behind_the_frame_goes() -> None:
    assert b"QUUX" not in clean(encapsulate([frame(RLELossless), TEXT]), RLELossless)


def test_a_frame_in_several_fragments() -> None:
    value = encapsulate([planted(JPEGLSLossless, "comment")], fragments_per_frame=3)
    cleaned = clean(value, JPEGLSLossless)
    assert b"QUUX" not in cleaned
    assert np.array_equal(image(JPEGLSLossless, cleaned).pixel_array, PIXELS)


def test_an_offset_table_is_made_again() -> None:
    good = frame(RLELossless)
    table = TEXT + b" " * (-len(TEXT) % 4)
    items = b"".join(b"\xfe\xff\0\xe0" + struct.pack("<I", len(part)) + part for part in (table, good))
    assert clean(items, RLELossless) == encapsulate([good])[: len(good) + 20]


@pytest.mark.parametrize(
    ("value", "syntax", "frames"),
    [
        (encapsulate([frame(RLELossless)]), RLELossless, 2),
        (encapsulate([frame(RLELossless), frame(RLELossless), TEXT]), RLELossless, 2),
        (encapsulate([frame(JPEGLSLossless)])[:-20], JPEGLSLossless, 1),
        (encapsulate([frame(JPEGLSLossless)[:-40]]), JPEGLSLossless, 1),
        (encapsulate([frame(RLELossless)[:-40]]), RLELossless, 1),
        (encapsulate([TEXT]), JPEG2000Lossless, 1),
        (encapsulate([TEXT]), JPEGBaseline8Bit, 1),
        (encapsulate([TEXT]), JPEG_XL, 1),
        (b"", RLELossless, 1),
        (TEXT, RLELossless, 1),
    ],
)
def test_what_is_not_understood_is_refused(value: bytes, syntax: UID, frames: int) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        clean(value, syntax, frames)
