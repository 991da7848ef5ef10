"""Three planes through a lesion, PET beside PET/CT fusion: enough to judge a mask without opening a viewer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw
from scipy import ndimage

from petarseg.files import atomic_path
from petarseg.quality.mip import colour_of
from petarseg.volume import Volume

CROP_MM = 150.0
"""Edge of the square shown around the lesion's hottest voxel; larger lesions widen it."""
TILE_PX = 180
GAP_PX = 2
CT_WINDOW_HU = (-160.0, 240.0)
"""Soft-tissue window."""
MIN_SUV_TOP, MAX_SUV_TOP = 5.0, 20.0
"""PET is windowed from 0 to the lesion's maximum, within these limits: a faint lesion must not look like a hot one."""
FUSION_OPACITY = 0.65
SCALE_BAR_MM = 20.0

Tile = NDArray[np.float32]


def lesion_png(pet: Volume, ct: Volume, lesions: Volume, label: int, path: Path) -> None:
    """Draw one lesion: axial, coronal and sagittal plane through its hottest voxel; PET above, PET/CT fusion below.

    Axial planes are seen from the feet, coronal ones from the front, sagittal ones from the left: the patient's right, and the front,
    are on the left of the picture. The PET's window and a scale bar are written in. The contour of the lesion has the colour of its
    label, other lesions are thin and grey.

    Parameters
    ----------
    pet, ct, lesions : Volume
        SUV, HU and label map on one grid, canonical (RAS+).
    label : int
        Lesion to draw.
    path : Path
        PNG to write, atomically. Equal inputs give equal bytes.

    Raises
    ------
    ValueError
        If the volumes are not on one grid or the label has no voxel.
    """
    if not (pet.same_grid(ct, tolerance_mm=0.1) and pet.same_grid(lesions, tolerance_mm=0.1)):
        raise ValueError("PET, CT and lesions must be on one grid")
    # In the order of memory: volumes that were read from NIfTI are in Fortran order, and argwhere would walk them across.
    flat = np.flatnonzero(lesions.array.ravel(order="F") == label)
    voxels = np.stack(np.unravel_index(flat, lesions.shape, order="F"), axis=1)
    if not len(voxels):
        raise ValueError(f"no voxel has label {label}")
    uptakes = pet.array[tuple(voxels.T)]
    centre = voxels[int(np.argmax(uptakes))]
    side_mm = max(CROP_MM, 1.3 * float((np.ptp(voxels, axis=0) * pet.spacing_mm).max()))
    top = float(np.clip(uptakes.max(), MIN_SUV_TOP, MAX_SUV_TOP))
    sheet = Image.new("RGB", (3 * TILE_PX + 2 * GAP_PX, 2 * TILE_PX + GAP_PX), "white")
    # Name of the plane, and what lies at its left and right edge.
    for column, (along, name, letters) in enumerate(((2, "axial", "RL"), (1, "coronal", "RL"), (0, "sagittal", "AP"))):
        here = tuple(int(centre[axis]) if axis == along else slice(None) for axis in range(3))
        planes = [volume.array[here] for volume in (pet, ct, lesions)]
        own, rest = planes[2] == label, (planes[2] > 0) & (planes[2] != label)
        place = _Place(pet.spacing_mm, centre, along, side_mm)
        cut = [place.sample(planes[0], 0.0), place.sample(planes[1], -1000.0)]
        contours = [outline(place.sample(mask, 0.0) >= 0.5) for mask in (rest, own)]
        uptake = np.clip(cut[0] / top, 0.0, 1.0)
        for row, picture in enumerate((_inverted(uptake), fuse(cut[1], uptake))):
            picture[contours[0]] = (128, 128, 128)
            picture[_thick(contours[1])] = ImageColor.getrgb(colour_of(label))
            tile = Image.fromarray(picture)
            ink = ImageDraw.Draw(tile)
            colour = (200, 30, 30) if row == 0 else (255, 255, 255)
            for letter, x in ((letters[0], 3), (letters[1], TILE_PX - 9)):
                ink.text((x, 1), letter, fill=colour)
            ink.text((TILE_PX // 2, 1), name, fill=colour, anchor="ma")
            if row == 0 and column == 0:
                ink.text((3, TILE_PX - 13), f"SUV 0-{top:.3g}", fill=colour)
            if row == 1 and cut[1].max() <= -1000.0:
                ink.text((TILE_PX // 2, TILE_PX - 30), "no CT here", fill=colour, anchor="ma")
            if row == 1:
                bar_px = round(SCALE_BAR_MM / side_mm * TILE_PX)
                ink.line([(TILE_PX - 5 - bar_px, TILE_PX - 5), (TILE_PX - 5, TILE_PX - 5)], fill=colour, width=2)
                ink.text((TILE_PX - 5, TILE_PX - 19), f"{SCALE_BAR_MM / 10:g} cm", fill=colour, anchor="ra")
            sheet.paste(tile, (column * (TILE_PX + GAP_PX), row * (TILE_PX + GAP_PX)))
    with atomic_path(path) as temporary:
        sheet.save(temporary, format="PNG", optimize=False, compress_level=6)


def fuse(hu: Tile, uptake: Tile) -> NDArray[np.uint8]:
    """Return CT in grey with the PET over it, black to red to yellow to white; the hotter, the more opaque.

    Parameters
    ----------
    hu : ndarray of float, shape (rows, columns)
        CT.
    uptake : ndarray of float, shape (rows, columns)
        PET as a share of the window, 0 to 1.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
    """
    low, high = CT_WINDOW_HU
    grey = np.clip((hu - low) / (high - low), 0.0, 1.0)[..., None]
    hot = np.stack([np.clip(3.0 * uptake, 0, 1), np.clip(3.0 * uptake - 1.0, 0, 1), np.clip(3.0 * uptake - 2.0, 0, 1)], axis=-1)
    opacity = (FUSION_OPACITY * np.clip(2.0 * uptake, 0.0, 1.0))[..., None]
    picture: NDArray[np.uint8] = (255.0 * ((1.0 - opacity) * grey + opacity * hot)).round().astype(np.uint8)
    return picture


def outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of a mask that touch what is outside."""
    inner: NDArray[np.bool_] = mask & ~ndimage.binary_erosion(mask)
    return inner


def _thick(line: NDArray[np.bool_]) -> NDArray[np.bool_]:
    thick: NDArray[np.bool_] = ndimage.binary_dilation(line, structure=np.array([[0, 0, 0], [0, 1, 1], [0, 1, 1]], dtype=bool))
    return thick


def _inverted(uptake: Tile) -> NDArray[np.uint8]:
    grey = (255.0 * (1.0 - uptake)).round().astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)


class _Place:
    """The square of `side_mm` around `centre` in the plane across `along`, row 0 on top (head, or front in axial planes).

    Columns run against the array's axis: RAS+ x grows to the patient's right and y to the front, and both belong on the left.
    """

    def __init__(self, spacing_mm: tuple[float, float, float], centre: NDArray[np.intp], along: int, side_mm: float) -> None:
        across, up = (axis for axis in range(3) if axis != along)
        offsets_mm = (np.arange(TILE_PX) + 0.5) / TILE_PX * side_mm - side_mm / 2
        columns = float(centre[across]) - offsets_mm / spacing_mm[across]
        rows = float(centre[up]) - offsets_mm / spacing_mm[up]
        self._grid = np.meshgrid(columns, rows, indexing="xy")

    def sample(self, plane: NDArray[Any], fill: float) -> Tile:
        """Interpolate the plane, shape (across, up), to a tile, shape (rows, columns)."""
        sampled: Tile = ndimage.map_coordinates(plane.astype(np.float32), self._grid, order=1, mode="constant", cval=fill)
        return sampled
