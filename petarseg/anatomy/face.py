"""Remove the face from an exam on its 3 mm grid, for releases whose images must not show what their patients look like.

The face is found on the CT without a model: planes whose bone encloses brain tell the skull, the brain's front tells brow and
direction, the profile below it tells the chin. What lies within `DEPTH_MM` of the skin in that box is replaced by air; what is deeper
(brain, skull base, pharynx, spine) stays. Where the skull is not found, the exam is told to show no face only if its CT proves it;
otherwise it is refused.

This makes recognition from a rendered surface hard. It is no proof of anonymity: forehead, back of the head, teeth deeper than the
removed layer, and the body's build remain.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import convex_hull_image

from petarseg.dataset.grid import CT_FILL_HU, PET_FILL_SUV
from petarseg.errors import ExamRejected
from petarseg.reasons import Reason
from petarseg.volume import Volume

NEAR_FACE = "near_removed_face"
"""Flag of a lesion whose surroundings were removed with the face; its own voxels were kept."""

DEPTH_MM = 30.0
"""Skin to new surface. The nose stands out by 20 to 30 mm; eyes lie within 30 mm of the lids."""

LESION_MARGIN_MM = 6.0
"""Kept around a lesion, so that its contour stays an edge in the image."""
BRAIN_MARGIN_MM = 6.0
"""Kept around the brain: the inner table of the skull."""

BODY_HU = -300.0
BONE_HU = 200.0
BRAIN_HU = (-40.0, 120.0)
"""Brain in a noisy low-dose CT, after smoothing."""
BRAIN_SHARE = 0.75
BRAIN_PLANE_MM2 = 4_000.0
"""Smallest enclosed area that counts as a plane of the brain; the spinal canal has 300 mm2, the whole brain 15,000."""
BRAIN_LARGEST_MM2 = 25_000.0
"""A pelvis or chest encloses more."""
BONE_PLANE_MM2 = 1_000.0
"""Less bone than this in a plane (limbs, neck) encloses no brain."""
BRAIN_HEIGHT_MM = 15.0
"""Smallest height of the stack of such planes; a scan that starts at the eyes shows about this much."""

BROW_MM = 15.0
"""Brow above the roof of the orbit, on which the frontal lobe lies; twice as much where the vertex is not in the field to confirm it."""
VERTEX_TO_BROW_MM = 90.0
"""The brow lies at most this far below the vertex (eyes are at half the height of a head of 220 to 240 mm)."""
SCALP_MM = 12.0
"""Skull and scalp over the brain."""
CHIN_UNDERSIDE_MM = 12.0
"""Removed below the chin."""
CHIN_MM = (90.0, 165.0)
"""Least and largest distance from brow to chin in adults, with margin."""
CHIN_RECESS_MM = 15.0
"""The chin ends where the profile falls this far behind the front of the brain; the throat lies 25 to 50 mm behind it."""
SIDE_MM = 40.0
"""Scalp, skull and ear beside the brain."""
EAR_MM = 15.0
"""The box starts this far behind the brain's middle, so that the ears are in it."""

TRUNK_WIDTH_MM = 260.0
"""A cross-section wider than this is no head or neck (heads are 140 to 180 mm wide)."""
AIRWAY_MM2 = 100.0
"""Enclosed air larger than this speaks for a neck or a head; limbs hold none."""
AIRWAY_SEARCH_MM = 60.0
CT_SHORT_MM = 15.0
"""The CT may end this far below the PET before it is too short to tell what lies there."""


class Face(StrEnum):
    """What became of the face."""

    KEPT = "kept"
    REMOVED = "removed"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Defaced:
    """The outcome for one exam.

    Parameters
    ----------
    face : Face
        Removed, or not in the field of view.
    mask : ndarray of bool, shape (X, Y, Z)
        Voxels to replace.
    removed_ml : float
        Body tissue among them.
    near_lesions : tuple of int
        Labels of lesions that would have lost voxels: they were kept with a margin, their surroundings were not.
    """

    face: Face
    mask: NDArray[np.bool_]
    removed_ml: float
    near_lesions: tuple[int, ...]

    def apply(self, volume: Volume, fill: float) -> Volume:
        """Return the volume with the face replaced by `fill`."""
        if not self.mask.any():
            return volume
        array = volume.array.copy(order="K")
        array[self.mask] = fill
        return volume.with_array(array)

    def apply_all(self, volumes: dict[str, Volume]) -> dict[str, Volume]:
        """Return the volumes of an exam, by name, without the face: the label map of anatomy would show it just as well."""
        fills = {"pet": PET_FILL_SUV, "ct": CT_FILL_HU, "anatomy": 0}
        return {name: self.apply(volume, fills[name]) if name in fills else volume for name, volume in volumes.items()}


def find_face(pet: Volume, ct: Volume, lesions: Volume) -> Defaced:
    """Find what has to go so that the exam shows no face.

    Parameters
    ----------
    pet, ct, lesions : Volume
        SUV, HU and lesion labels on one grid, canonical (RAS+), padded with 0 SUV and -1000 HU.

    Returns
    -------
    Defaced

    Raises
    ------
    ExamRejected
        ``face_unsure`` when neither the face is found nor its absence shown, such as a CT that ends below the head of its PET.
    ValueError
        If the volumes are not on one grid.

    Notes
    -----
    PET and CT lose the same voxels, also in front of the CT's skin, since uptake is blurred and heads move between the scans.
    """
    if not (ct.same_grid(pet, tolerance_mm=0.1) and ct.same_grid(lesions, tolerance_mm=0.1)):
        raise ValueError("PET, CT and lesions must be on one grid")
    brain = find_brain(ct)
    if not brain.any():
        refuse_unless_faceless(pet, ct)
        return Defaced(Face.ABSENT, np.zeros(ct.shape, dtype=np.bool_), 0.0, ())
    body = ct.array > BODY_HU
    box = face_box(brain, body, ct.spacing_mm)
    solid = _filled(body[box], ct.spacing_mm)
    # What lies beyond the box is not outside air: the cut neck and the back of the head are no skin.
    depth_mm = ndimage.distance_transform_edt(np.pad(solid, 1, mode="edge"), sampling=ct.spacing_mm)[1:-1, 1:-1, 1:-1]
    mask = np.zeros(ct.shape, dtype=np.bool_)
    mask[box] = depth_mm <= DEPTH_MM
    mask &= ~_within(brain, BRAIN_MARGIN_MM, ct.spacing_mm)
    near = tuple(int(label) for label in np.unique(lesions.array[mask]) if label)
    if near:
        mask &= ~_within(np.isin(lesions.array, near), LESION_MARGIN_MM, ct.spacing_mm)
    return Defaced(Face.REMOVED, mask, round(float(np.count_nonzero(body & mask)) * ct.voxel_volume_ml, 1), near)


def find_brain(ct: Volume) -> NDArray[np.bool_]:
    """Return what bone encloses within axial planes and looks like brain; nothing where less than `BRAIN_HEIGHT_MM` of it is there."""
    sx, sy, sz = ct.spacing_mm
    brain = np.zeros(ct.shape, dtype=np.bool_)
    for k in range(ct.shape[2]):
        bone = ct.array[:, :, k] > BONE_HU
        if np.count_nonzero(bone) * sx * sy >= BONE_PLANE_MM2:
            (i, j) = ndimage.find_objects(bone.astype(np.uint8))[0]
            brain[i, j, k] = _brain_in_plane(bone[i, j], ct.array[i, j, k], sx * sy)
    parts, n = ndimage.label(brain)
    if not n:
        return brain
    # The highest stack: below it, a pelvis full of bladder could look like another.
    for box, label in sorted(zip(ndimage.find_objects(parts), range(1, n + 1), strict=True), key=lambda item: -item[0][2].stop):
        if (box[2].stop - box[2].start) * sz >= BRAIN_HEIGHT_MM:
            found: NDArray[np.bool_] = parts == label
            return found
    return np.zeros(ct.shape, dtype=np.bool_)


def _brain_in_plane(bone: NDArray[np.bool_], hu: NDArray[np.int16], pixel_mm2: float) -> NDArray[np.bool_]:
    """Return the brain of an axial plane, or nothing.

    What a closed ring of bone holds; where sinuses or sutures open the ring, what lies inside the convex outline of the largest bone.
    """
    smooth = ndimage.uniform_filter(hu.astype(np.float32), 3)
    like = (smooth > BRAIN_HU[0]) & (smooth < BRAIN_HU[1])
    closed = ndimage.binary_closing(np.pad(bone, 3), iterations=2)[3:-3, 3:-3]
    for inside in (ndimage.binary_fill_holes(closed) & ~closed, convex_hull_image(_largest(closed)) & ~closed):
        if not inside.any():
            continue
        inside = _largest(inside)
        area_mm2 = np.count_nonzero(inside) * pixel_mm2
        if BRAIN_PLANE_MM2 <= area_mm2 <= BRAIN_LARGEST_MM2 and np.mean(like[inside]) >= BRAIN_SHARE:
            return inside
    return np.zeros(bone.shape, dtype=np.bool_)


def face_box(brain: NDArray[np.bool_], body: NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> tuple[slice, slice, slice]:
    """Return the box from ear to ear, from the ears to the front, and from the brow to the chin.

    Parameters
    ----------
    brain, body : ndarray of bool, shape (X, Y, Z)
        From `find_brain`; voxels denser than air.
    spacing_mm : tuple of float
        Voxel size.
    """
    sx, sy, sz = spacing_mm
    where = np.argwhere(brain)
    x0, y0, _ = where.mean(axis=0)
    left, right = where[:, 0].min(), where[:, 0].max()
    front = int(where[:, 1].max())
    frontal = where[where[:, 1] > y0 + 0.6 * (front - y0)]
    orbit_roof = int(np.percentile(frontal[:, 2], 2))
    top = int(where[:, 2].max())
    if (brain.shape[2] - 1 - top) * sz < SCALP_MM:
        brow = orbit_roof + round(2 * BROW_MM / sz)
    else:
        brow = max(orbit_roof + round(BROW_MM / sz), top + round((SCALP_MM - VERTEX_TO_BROW_MM) / sz))
    brow = min(brow + 1, brain.shape[2])
    # The profile of the middle: the front-most body voxel per plane, from the brow down.
    middle = body[max(0, round(x0 - 30 / sx)) : round(x0 + 30 / sx) + 1]
    n = body.shape[1]
    profile = np.where(middle.any(axis=(0,)), np.arange(n)[:, None], -1).max(axis=0)
    nearest, farthest = (max(0, brow - round(mm / sz)) for mm in CHIN_MM)
    chin = farthest
    for k in range(nearest, farthest, -1):
        if profile[k] < front - CHIN_RECESS_MM / sy:
            chin = max(0, k - round(CHIN_UNDERSIDE_MM / sz))
            break
    side = round(SIDE_MM / sx)
    return (
        slice(max(0, int(left) - side), min(body.shape[0], int(right) + side + 1)),
        slice(max(0, round(y0 - EAR_MM / sy)), n),
        slice(chin, brow),
    )


def refuse_unless_faceless(pet: Volume, ct: Volume) -> None:
    """Raise ExamRejected(FACE_UNSURE) unless the top of the CT shows a trunk or a limb, and the PET does not reach above it."""
    sx, sy, sz = ct.spacing_mm
    body = ct.array > BODY_HU
    planes = np.flatnonzero(body.any(axis=(0, 1)))
    uptake = np.flatnonzero((pet.array != 0).any(axis=(0, 1)))
    if not planes.size:
        raise ExamRejected(Reason.FACE_UNSURE, {"why": "the CT shows no body"})
    top = int(planes[-1])
    if uptake.size and (uptake[-1] - top) * sz > CT_SHORT_MM:
        raise ExamRejected(Reason.FACE_UNSURE, {"why": "the PET reaches above the CT", "by_mm": round(float(uptake[-1] - top) * sz)})
    first = max(0, top - round(AIRWAY_SEARCH_MM / sz))
    airway_mm2 = max(np.count_nonzero(ndimage.binary_fill_holes(body[:, :, k]) & ~body[:, :, k]) * sx * sy for k in range(first, top + 1))
    width_mm = max(np.ptp(np.flatnonzero(_largest(body[:, :, k]).any(axis=1))) * sx for k in range(max(first, top - 3), top + 1))
    if width_mm < TRUNK_WIDTH_MM and airway_mm2 > AIRWAY_MM2:
        evidence = {"why": "the top of the CT may be a head", "width_mm": round(float(width_mm)), "air_mm2": round(float(airway_mm2))}
        raise ExamRejected(Reason.FACE_UNSURE, evidence)


def _largest(plane: NDArray[np.bool_]) -> NDArray[np.bool_]:
    parts, n = ndimage.label(plane)
    if n < 2:
        return plane
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    largest: NDArray[np.bool_] = parts == int(sizes.argmax())
    return largest


def _filled(body: NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> NDArray[np.bool_]:
    """Return the body with mouth, nose and throat filled, so that depth is measured from the skin."""
    radius = max(1, round(9.0 / spacing_mm[0]))
    closed = ndimage.binary_closing(np.pad(body, radius), iterations=radius)[radius:-radius, radius:-radius, radius:-radius]
    filled: NDArray[np.bool_] = closed | body
    for k in range(filled.shape[2]):
        # Closed towards the back, where the box cuts the head.
        plane = np.pad(filled[:, :, k], ((0, 0), (1, 0)), constant_values=True)
        filled[:, :, k] = ndimage.binary_fill_holes(plane)[:, 1:]
    return filled


def _within(mask: NDArray[np.bool_], margin_mm: float, spacing_mm: tuple[float, float, float]) -> NDArray[np.bool_]:
    """Return what lies within `margin_mm` of the mask, the mask included."""
    out = mask.copy()
    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    reach = [int(np.ceil(margin_mm / s)) for s in spacing_mm]
    wide = tuple(slice(max(0, side.start - r), side.stop + r) for side, r in zip(box, reach, strict=True))
    out[wide] = ndimage.distance_transform_edt(~mask[wide], sampling=spacing_mm) <= margin_mm
    return out
