"""Does an image reach as far as a lesion does? A CT may cover only a part of the PET."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from petarseg.volume import Volume

OUTSIDE_CT = "outside_ct"
"""Flag of a lesion that reaches out of the CT: what the published CT shows there is padding."""
MARGIN_VOXELS = 1.0
"""Field of view beyond the outermost voxel centres that still counts: half a voxel of each, and what rounding positions costs."""


def covers(volume: Volume, affine: NDArray[np.float64], box_ijk: Sequence[int]) -> bool:
    """Tell whether a box of voxels of another grid lies within the image.

    Parameters
    ----------
    volume : Volume
        The image.
    affine : ndarray of float64, shape (4, 4)
        Voxel index of the box to RAS+ mm.
    box_ijk : sequence of six int
        i0, j0, k0 (first), i1, j1, k1 (one past the last).
    """
    corners = np.array([*product(*((box_ijk[axis], box_ijk[axis + 3] - 1) for axis in range(3)))], dtype=np.float64)
    ijk = volume.ras_mm_to_ijk(corners @ affine[:3, :3].T + affine[:3, 3])
    return bool(np.all(ijk >= -MARGIN_VOXELS) and np.all(ijk <= np.array(volume.shape) - 1.0 + MARGIN_VOXELS))
