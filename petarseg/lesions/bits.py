"""Masks of small boxes as bits: 64 voxels along z in one word, so that a dilation costs microseconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DEPTH = 64
"""Longest box along z that fits."""

Words = NDArray[np.uint64]


def pack(mask: NDArray[np.bool_]) -> Words:
    """Pack a mask of shape (X, Y, Z), Z at most 64, into words of shape (X, Y)."""
    x, y, _ = mask.shape
    octets = np.zeros((x, y, 8), dtype=np.uint8)
    packed = np.packbits(mask, axis=2, bitorder="little")
    octets[:, :, : packed.shape[2]] = packed
    return octets.view("<u8")[:, :, 0]


def unpack(words: Words, depth: int) -> NDArray[np.bool_]:
    """Return the mask of shape (X, Y, `depth`) that :func:`pack` packed."""
    octets = np.ascontiguousarray(words).view(np.uint8).reshape(*words.shape, 8)
    return np.unpackbits(octets, axis=2, count=depth, bitorder="little").view(np.bool_)


def dilate_words(words: Words, reach: Sequence[int]) -> Words:
    """Dilate by a box of ``2 reach + 1`` voxels; bits beyond the box's depth may be set and mean nothing."""
    for axis, steps in enumerate(reach):
        done = 0
        while done < steps:
            step = min(done + 1, steps - done)  # a window cut by the border reaches no further at once
            if axis == 2:
                words = words | (words << np.uint64(step)) | (words >> np.uint64(step))
            elif words.shape[axis] > 1:
                shift = min(step, words.shape[axis] - 1)
                grown = words.copy()
                if axis == 0:
                    grown[shift:] |= words[:-shift]
                    grown[:-shift] |= words[shift:]
                else:
                    grown[:, shift:] |= words[:, :-shift]
                    grown[:, :-shift] |= words[:, shift:]
                words = grown
            done += step
    return words
