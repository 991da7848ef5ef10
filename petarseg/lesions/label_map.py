"""Many lesions in one label map: every voxel belongs to one lesion at most."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from petarseg.errors import FindingRejected
from petarseg.lesions.measure import Lesion
from petarseg.reasons import Reason


def empty_label_map(shape: tuple[int, int, int], n_lesions: int) -> NDArray[Any]:
    """Return a label map of zeros whose type holds the labels 1 to `n_lesions`."""
    return np.zeros(shape, dtype=np.uint8 if n_lesions <= np.iinfo(np.uint8).max else np.uint16)


def paint(labels: NDArray[Any], lesion: Lesion, label: int) -> None:
    """Write a lesion's mask into a label map, in place.

    Parameters
    ----------
    labels : ndarray of int, shape (X, Y, Z)
        Label map on the grid of the lesion's PET; 0 is free.
    lesion : Lesion
        The mask and where it lies.
    label : int
        Its value.

    Raises
    ------
    FindingRejected
        ``SHARED_COMPONENT`` if another lesion has one of the voxels; nothing is written then.
    """
    box = tuple(slice(low, low + size) for low, size in zip(lesion.mask_start_ijk, lesion.mask.shape, strict=True))
    taken = labels[box][lesion.mask]
    if taken.any():
        with_labels = [int(other) for other in np.unique(taken) if other]
        raise FindingRejected(
            Reason.SHARED_COMPONENT, {"voxels": int(np.count_nonzero(taken)), "of": int(taken.size), "with_labels": with_labels}
        )
    lesion.paint(labels, label)
