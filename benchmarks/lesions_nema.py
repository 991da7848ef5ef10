"""Volumes of the six hot spheres of a NEMA image quality phantom, and what decides them.

    python -m benchmarks.lesions_nema ../shared/data/nema_iq [--picture docs/pictures/lesions_nema.png]

The resolution of the reconstruction is measured on the phantom itself: a blurred sphere of the known size, with the 1 mm inactive wall
of the phantom's spheres, is fitted to each of the four largest. Volumes are given with the default resolution, with the measured
one, and for two comparisons: the contour at the level that a blurred sphere has on its surface, with the true contrast (that of the
largest sphere's plateau), and digital spheres with a wall, blurred to the measured resolution.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.optimize import least_squares

from petarseg.errors import FindingRejected
from petarseg.lesions import DEFAULT_FWHM_MM, METHODS, grow_lesion
from petarseg.lesions.components import component_at
from petarseg.lesions.measure import Lesion
from petarseg.lesions.sphere import blurred_profile, boundary_value
from petarseg.volume import Units, Volume

DIAMETERS_MM = (37, 28, 22, 17, 13, 10)
WALL_MM = 1.0


@dataclass(frozen=True)
class HotSphere:
    """A sphere of the phantom: its size, its hottest voxel, and what was fitted to its profile."""

    diameter_mm: float
    seed: tuple[int, int, int]
    suv_max: float
    plateau: float
    background: float
    fwhm_mm: float

    @property
    def true_ml(self) -> float:
        return np.pi * self.diameter_mm**3 / 6e3


def load(folder: Path) -> Volume:
    """Read the phantom; its values are divided by the background's median."""
    import pydicom

    files = sorted((pydicom.dcmread(path) for path in folder.rglob("*.dcm")), key=lambda f: float(f.ImagePositionPatient[2]))
    array = np.stack([f.pixel_array * float(f.RescaleSlope) + float(f.RescaleIntercept) for f in files]).transpose(2, 1, 0)
    heights = [float(f.ImagePositionPatient[2]) for f in files]
    spacing = (float(files[0].PixelSpacing[1]), float(files[0].PixelSpacing[0]), heights[1] - heights[0])
    smooth = ndimage.gaussian_filter(array, [4.0 / s for s in spacing])
    middle = array.shape[2] // 2
    centre = smooth[:, :, middle - 8 : middle + 8]
    level = float(np.median(centre[centre > 0.2 * np.percentile(smooth, 99)]))
    return Volume((array / level).astype(np.float32), np.diag([*spacing, 1.0]), Units.SUVBW)


def walled_sphere(r_mm: NDArray, radius_mm: float, plateau: float, background: float, fwhm_mm: float) -> NDArray:
    """Return the profile of a blurred hot sphere with an inactive wall in a warm background."""
    outside = 1.0 - blurred_profile(r_mm, radius_mm + WALL_MM, fwhm_mm)
    return plateau * blurred_profile(r_mm, radius_mm, fwhm_mm) + background * outside


def find_spheres(pet: Volume) -> list[HotSphere]:
    """Find the six spheres, the largest first, and fit each one's centre, plateau, background and resolution."""
    spacing = np.array(pet.spacing_mm)
    first = pet.shape[2] // 2 - 10
    slab = ndimage.gaussian_filter(pet.array, 4.0 / spacing)[:, :, first : first + 20]
    blobs, n_blobs = ndimage.label(slab > 2.0)
    order = np.argsort(-np.bincount(blobs.ravel(), minlength=n_blobs + 1)[1:])[: len(DIAMETERS_MM)] + 1
    spheres = []
    for blob, diameter in zip(order, DIAMETERS_MM, strict=True):
        inside = np.where(blobs == blob, pet.array[:, :, first : first + 20], -np.inf)
        i, j, k = (int(c) for c in np.unravel_index(int(inside.argmax()), inside.shape))
        centre = np.add(ndimage.center_of_mass(np.where(blobs == blob, slab, 0.0)), (0, 0, first)) * spacing
        radius = diameter / 2
        half = np.ceil((radius + 16.0) / spacing).astype(int)
        low = np.rint(centre / spacing).astype(int) - half
        box = pet.array[tuple(slice(a, a + 2 * h + 1) for a, h in zip(low, half, strict=True))]
        axes = [(np.arange(n) + a) * s for n, a, s in zip(box.shape, low, spacing, strict=True)]

        def misfit(p: NDArray, axes: list = axes, box: NDArray = box, radius: float = radius) -> NDArray:
            x, y, z = (axis - c for axis, c in zip(axes, p[:3], strict=True))
            r = np.sqrt(x[:, None, None] ** 2 + y[:, None] ** 2 + z**2)
            return ((walled_sphere(r, radius, *p[3:]) - box) * (r < radius + 12.0)).ravel()

        fit = least_squares(misfit, [*centre, float(box.max()), 1.0, 5.0]).x
        spheres.append(HotSphere(diameter, (i, j, k + first), float(inside.max()), *(float(v) for v in fit[3:])))
    return spheres


def volume_ratio(pet: Volume, sphere: HotSphere, method: str, fwhm_mm: float) -> tuple[str, Lesion | None]:
    try:
        lesion = grow_lesion(pet, sphere.seed, method=method, fwhm_mm=fwhm_mm)
    except FindingRejected as error:
        return error.reason.value, None
    return f"{lesion.volume_ml / sphere.true_ml:.2f}", lesion


def at_true_level(pet: Volume, sphere: HotSphere, plateau: float, fwhm_mm: float) -> str:
    """Volume ratio of the contour at the value that a blurred sphere of this size and contrast has on its surface."""
    level = sphere.background + boundary_value(sphere.diameter_mm / 2, fwhm_mm) * (plateau - sphere.background)
    component = component_at(pet.array, sphere.seed, level)
    return "-" if component is None else f"{component.n_voxels * pet.voxel_volume_ml / sphere.true_ml:.2f}"


def simulated(diameter: float, plateau: float, fwhm_mm: float, spacing_mm: tuple[float, float, float]) -> str:
    """Mean volume ratio of digital spheres with a wall in eight positions between the voxels."""
    ratios, fine = [], 3
    for number in range(8):
        shift = np.random.default_rng(number).uniform(-0.5, 0.5, 3)
        half = [int(np.ceil((diameter / 2 + 25.0) / s)) for s in spacing_mm]
        x, y, z = (
            ((np.arange((2 * h + 1) * fine) + 0.5) / fine - 0.5 - h - o) * s for h, o, s in zip(half, shift, spacing_mm, strict=True)
        )
        profile = walled_sphere(np.sqrt(x[:, None, None] ** 2 + y[:, None] ** 2 + z**2), diameter / 2, plateau, 1.0, fwhm_mm)
        a, b, c = (2 * h + 1 for h in half)
        array = profile.reshape(a, fine, b, fine, c, fine).mean(axis=(1, 3, 5)).astype(np.float32)
        i, j, k = (int(v) for v in np.unravel_index(int(array.argmax()), array.shape))
        lesion = grow_lesion(Volume(array, np.diag([*spacing_mm, 1.0]), Units.SUVBW), (i, j, k), fwhm_mm=fwhm_mm)
        ratios.append(lesion.volume_ml / (np.pi * diameter**3 / 6e3))
    return f"{np.mean(ratios):.2f}"


def nema(folder: Path, picture_path: Path | None, say: Callable[[str], None]) -> None:
    """Print the tables; draw the contours with the measured resolution."""
    pet = load(folder)
    spheres = find_spheres(pet)
    fwhm_mm = round(float(np.mean([sphere.fwhm_mm for sphere in spheres[:4]])), 1)
    plateau = spheres[0].plateau
    voxel = " x ".join(f"{step:.2f}" for step in pet.spacing_mm)
    head = "| | " + " | ".join(f"{d} mm" for d in DIAMETERS_MM) + " |\n|---|" + "---|" * len(DIAMETERS_MM)
    say(f"\n### NEMA image quality phantom (real scan, voxels {voxel} mm): what the spheres look like\n")
    say(head)
    say("| FWHM fitted to the edge, mm | " + " | ".join(f"{sphere.fwhm_mm:.1f}" for sphere in spheres) + " |")
    say("| plateau fitted / background | " + " | ".join(f"{sphere.plateau / sphere.background:.1f}" for sphere in spheres) + " |")
    say("| maximum / background | " + " | ".join(f"{sphere.suv_max / sphere.background:.1f}" for sphere in spheres) + " |")
    say(f"\n### NEMA: volume ratio; the measured resolution is {fwhm_mm} mm (mean of the four largest)\n")
    say(head)
    drawn: list[Lesion] = []
    for given, note in ((DEFAULT_FWHM_MM, "the default"), (5.0, "a guess"), (fwhm_mm, "measured")):
        results = [volume_ratio(pet, sphere, "avg_itm", given) for sphere in spheres]
        say(f"| avg_itm, FWHM {given:g} mm ({note}) | " + " | ".join(text for text, _ in results) + " |")
        drawn = [lesion for _, lesion in results if lesion is not None]
    for method in METHODS:
        if method != "avg_itm":
            say(f"| {method} | " + " | ".join(volume_ratio(pet, sphere, method, fwhm_mm)[0] for sphere in spheres) + " |")
    say("| contour at the true level | " + " | ".join(at_true_level(pet, sphere, plateau, fwhm_mm) for sphere in spheres) + " |")
    digital = (simulated(d, plateau / spheres[0].background, fwhm_mm, pet.spacing_mm) for d in DIAMETERS_MM)
    say(f"| digital spheres with a wall, FWHM {fwhm_mm} mm, avg_itm | " + " | ".join(digital) + " |")
    if picture_path is not None and drawn:
        picture(pet, drawn, picture_path)


def picture(pet: Volume, lesions: list[Lesion], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    k = lesions[0].max_ijk[2]
    mask = np.zeros(pet.shape, np.uint8)
    for lesion in lesions:
        lesion.paint(mask)
    figure, axes = plt.subplots(figsize=(4.5, 4.5), dpi=110)
    slab = pet.array[:, :, max(k - 8, 0) : k + 9].max(axis=2)
    axes.imshow(slab.T, cmap="gray_r", origin="lower", vmin=0, vmax=float(np.percentile(slab, 99.8)))
    axes.contour(mask.any(axis=2).T, levels=[0.5], colors="tab:red", linewidths=1.2)
    axes.set_axis_off()
    axes.set_title("NEMA spheres and avg_itm contours, projected", fontsize=9)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    nema(options.folder, options.picture, print)


if __name__ == "__main__":
    main()
