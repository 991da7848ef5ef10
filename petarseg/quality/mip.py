"""Maximum intensity projections of a PET with the contours of its lesions: the picture that nuclear medicine reads first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from petarseg.files import atomic_path
from petarseg.volume import Volume

SUV_WINDOW = (0.0, 10.0)
"""Grey levels, the same for every exam so that pictures compare; inverted, as uptake is read dark on white."""

COLOURS = ("#e41a1c", "#377eb8", "#4daf4a", "#984ea3", "#ff7f00", "#a65628", "#f781bf", "#17becf", "#bcbd22", "#1b9e77")
"""Contour colours by lesion label, repeating."""

DPI = 100
HEIGHT_IN = 7.0
WIDTH_IN = 7.0
"""Largest size of a picture; an exam of a limb is wide, one of a whole body is high."""


def colour_of(label: int) -> str:
    """Return the contour colour of a lesion label (from 1)."""
    return COLOURS[(label - 1) % len(COLOURS)]


def mip_png(pet: Volume, lesions: Volume | None, path: Path, *, title: str | None = None) -> None:
    """Draw coronal and sagittal MIPs side by side, seen from the front and from the left, feet down.

    Parameters
    ----------
    pet : Volume
        SUV, canonical (RAS+).
    lesions : Volume, optional
        Label map on the same grid; each label's projection gets a contour of its colour and its number.
    path : Path
        PNG to write, atomically. Equal inputs give equal bytes.
    title : str, optional
        Line above the pictures.

    Raises
    ------
    ValueError
        If the two volumes are not on one grid.
    """
    if lesions is not None and not pet.same_grid(lesions, tolerance_mm=0.1):
        raise ValueError("lesions must be on the grid of the PET")
    start, stop = field_of_view(pet.array)
    pet = pet.crop(start, stop)
    lesions = None if lesions is None else lesions.crop(start, stop)
    sx, sy, sz = pet.spacing_mm
    x, y, z = pet.shape
    widths = [x * sx, y * sy]
    scale_in = min(HEIGHT_IN / (z * sz), WIDTH_IN / sum(widths))
    figure = Figure(figsize=(sum(widths) * scale_in + 0.1, z * sz * scale_in + (0.3 if title else 0.0)), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 2, width_ratios=widths, squeeze=True)
    figure.subplots_adjust(0.0, 0.0, 1.0, 0.96 if title else 1.0, wspace=0.01)
    # Seen from the front, then from the left: x runs to the patient's right and y to the front, so both are mirrored to be on the left.
    views = ((1, (sx, sz), ("R", "L")), (0, (sy, sz), ("A", "P")))
    for axis, (along, spacing, letters) in zip(axes, views, strict=True):
        _draw(axis, pet.array, None if lesions is None else lesions.array, along, spacing)
        for place, letter, side in ((0.02, letters[0], "left"), (0.98, letters[1], "right")):
            axis.text(place, 0.98, letter, transform=axis.transAxes, ha=side, va="top", fontsize=9, color="#444444")
    if title:
        figure.suptitle(title, fontsize=10, y=0.995)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})


def field_of_view(pet: NDArray[Any]) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Return the box (first index, one past the last) of the voxels that the scanner measured; padding is exactly 0."""
    start, stop = [0, 0, 0], list(pet.shape)
    measured = pet != 0
    for axis in range(3):
        hit = np.flatnonzero(measured.any(axis=tuple(other for other in range(3) if other != axis)))
        if hit.size:
            start[axis], stop[axis] = int(hit[0]), int(hit[-1]) + 1
    return (start[0], start[1], start[2]), (stop[0], stop[1], stop[2])


def _draw(axis: Any, pet: NDArray[Any], lesions: NDArray[Any] | None, along: int, spacing: tuple[float, float]) -> None:
    """Draw one projection; rows of the picture run from feet (bottom) to head (top)."""
    picture = pet.max(axis=along).T
    height, width = picture.shape
    extent = (0.0, width * spacing[0], 0.0, height * spacing[1])
    axis.imshow(
        picture[:, ::-1],
        cmap="gray_r",
        vmin=SUV_WINDOW[0],
        vmax=SUV_WINDOW[1],
        origin="lower",
        extent=extent,
        interpolation="bilinear",
    )
    axis.set_axis_off()
    if lesions is None:
        return
    across = (np.arange(width) + 0.5) * spacing[0]
    up = (np.arange(height) + 0.5) * spacing[1]
    for label in np.unique(lesions[lesions > 0]).tolist():
        mask = (lesions == label).any(axis=along).T[:, ::-1]
        axis.contour(across, up, mask.astype(np.float32), levels=[0.5], colors=[colour_of(label)], linewidths=1.2)
        rows, columns = np.nonzero(mask)
        axis.annotate(
            str(label),
            (float(across[columns.max()]), float(up[rows.max()])),
            xytext=(3, 2),
            textcoords="offset points",
            fontsize=8,
            color=colour_of(label),
        )
