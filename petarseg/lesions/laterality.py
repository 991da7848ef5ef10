"""Left and right in the patient: where the body's midline is, and on which side of it a lesion lies.

Coordinates are RAS: x grows towards the patient's right, so left is negative (relative to the midline).
"""

from __future__ import annotations

import numpy as np

from petarseg.volume import Volume

MARGIN_MM = 15.0
"""How far beyond the midline a lesion must lie to count as being on the wrong side; midline organs are wide."""

NARROW_FIELD_MM = 350.0
"""A field narrower than this does not show the body's full width, so that its middle says nothing about the midline."""

SLAB_MM = 30.0
"""Half thickness of the slab from which the midline is measured."""


def midline_x_mm(pet: Volume, k: int) -> float:
    """Return the x coordinate (RAS, mm) of the body's midline near z index `k`.

    The middle of the body's left and right outline in the PET, not the middle of the array: patients lie off centre. Where the
    outline is not seen (a narrow field, a body that touches both borders, no activity), the scanner's axis, x = 0, is taken.

    Parameters
    ----------
    pet : Volume
        Canonical PET in SUV.
    k : int
        z index around which to look.
    """
    if pet.shape[0] * pet.spacing_mm[0] < NARROW_FIELD_MM:
        return 0.0
    reach = max(1, round(SLAB_MM / pet.spacing_mm[2]))
    slab = pet.array[:, :, max(k - reach, 0) : k + reach + 1 : 3]
    # A column counts as body when a few of its voxels are warm, so that noise and streaks outside do not move the outline.
    warm_per_x = np.count_nonzero(slab > 0.25, axis=1).mean(axis=1)
    body = np.flatnonzero(warm_per_x >= 20.0 / pet.spacing_mm[1])
    if len(body) == 0 or body[0] == 0 or body[-1] == pet.shape[0] - 1:
        return 0.0
    centre = (0.5 * (body[0] + body[-1]), 0.5 * (pet.shape[1] - 1), float(k))
    return float(pet.ijk_to_ras_mm(centre)[0])


def side_contradicts(laterality: str, x_mm: float, midline_mm: float) -> bool:
    """Tell whether a point is clearly on the other side of the body than a report says.

    Parameters
    ----------
    laterality : str
        "left" or "right"; anything else (bilateral, midline, none) contradicts nothing.
    x_mm, midline_mm : float
        RAS x coordinates in mm of the lesion and of the body's midline.
    """
    to_the_right_mm = x_mm - midline_mm
    if laterality == "left":
        return to_the_right_mm > MARGIN_MM
    if laterality == "right":
        return to_the_right_mm < -MARGIN_MM
    return False
