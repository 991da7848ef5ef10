"""The pieces that a sentence is cut into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SUV, NUMBER, SLICE, DATE, SIZE, OPAQUE, WORD, MARK = "SUV", "NUMBER", "SLICE", "DATE", "SIZE", "OPAQUE", "WORD", "MARK"
# A numbered examination ("TP1", "PET 2"); its text is the cue it stands for, EARLIER or "now".
EPOCH, EARLIER = "EPOCH", "<tp>"


@dataclass(frozen=True, slots=True)
class SliceNumbers:
    """What a slice mention says.

    Parameters
    ----------
    plane : str
        ``axial``, ``ct`` (axial, but of the CT series), ``coronal``, ``sagittal``, ``mr``, ``mip`` or ``key`` (a saved
        picture).
    numbers : tuple of int
        The slice numbers in text order.
    spans : tuple of (int, int)
        Offsets of each number in the text.
    is_range : bool
        True for "slices 44-48".
    form : str
        ``plain``, ``of_total`` ("501 of 640"), ``series`` ("series 3, image 78") or ``tuple`` ("4/118").
    explicit : bool
        The mention names the PET or axial plane.
    """

    plane: str
    numbers: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    is_range: bool = False
    form: str = "plain"
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a sentence; `text` is lower-case, offsets are those of the text."""

    kind: str
    start: int
    end: int
    text: str
    suv_kind: str = ""
    slices: SliceNumbers | None = None


def symbol_of(chunk: Chunk) -> str:
    """Return the chunk as the cue patterns of `timing` and `reference` see it: ``<suv>``, ``#``, ``<sl>``, ..., or the word itself."""
    if chunk.kind == OPAQUE and chunk.text.startswith("seg"):
        return "segment"  # part of a liver lesion's place, not of the reference liver's
    return _SYMBOLS.get(chunk.kind, "at" if chunk.text == "@" else chunk.text)


_SYMBOLS = {SUV: "<suv>", NUMBER: "#", SLICE: "<sl>", DATE: "<date>", SIZE: "<size>", OPAQUE: "<x>"}


def left_of(symbols: Sequence[str], index: int) -> str:
    """Return the context just before a chunk."""
    return " ".join(symbols[max(0, index - 18) : index])


def right_of(symbols: Sequence[str], index: int) -> str:
    """Return the context just behind a chunk."""
    return " ".join(symbols[index + 1 : index + 14])
