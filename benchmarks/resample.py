"""Bring a whole-body PET/CT to the 3 mm exam grid: petarseg against SimpleITK and scipy, CPU seconds, best of several runs.

    python -m benchmarks.resample [--runs 5]

Also: label maps by occupancy against nearest neighbour, and tissue classes. Volumes are synthetic, of the size of a clinical exam
(CT 512x512x335 at 0.98x0.98x3.27 mm, PET 192x192x335 at 3.65x3.65x3.27 mm).
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from petarseg.anatomy.tissue import label_tissues
from petarseg.dataset.grid import Grid, exam_grid
from petarseg.dataset.labels import resample_labels
from petarseg.dataset.resample import axis_mapping, resample_image, resample_nearest, to_sitk
from petarseg.volume import Units, Volume


def exam() -> tuple[Volume, Volume, Volume]:
    """Return PET, CT and lesion labels."""
    rng = np.random.default_rng(0)
    pet_affine, ct_affine = np.diag([3.65, 3.65, 3.27, 1.0]), np.diag([0.9766, 0.9766, 3.27, 1.0])
    pet_affine[:3, 3], ct_affine[:3, 3] = (-348.6, -348.6, -1_000.1), (-249.5, -249.5, -1_000.1)
    pet = np.asfortranarray(rng.gamma(2.0, 1.0, (192, 192, 335)).astype(np.float32))
    ct = np.full((512, 512, 335), -1_000, dtype=np.int16, order="F")
    x, y = np.ogrid[-256:256, -256:256]
    body = (x / 200) ** 2 + (y / 130) ** 2 < 1
    ct[body] = rng.integers(-100, 300, size=(int(body.sum()), 335))
    labels = np.zeros(pet.shape, dtype=np.uint8, order="F")
    for label in range(1, 21):
        i, j, k = rng.integers(20, 150, size=3)
        labels[i : i + 6, j : j + 6, k : k + 6] = label
    return Volume(pet, pet_affine, Units.SUVBW), Volume(ct, ct_affine, Units.HU), Volume(labels, pet_affine, Units.LABEL)


def cpu_s(work: Callable[[], object], runs: int) -> float:
    """Return the least CPU time, all threads together."""
    best = np.inf
    for _ in range(runs):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def by_sitk(volume: Volume, grid: Grid, fill: float) -> Callable[[], sitk.Image]:
    """Return SimpleITK's linear resampling; the conversion of the input is not timed."""
    image = to_sitk(volume)
    reference = to_sitk(Volume(np.empty((1, 1, 1), np.uint8), grid.affine, Units.OTHER))

    def work() -> sitk.Image:
        return sitk.Resample(
            image,
            grid.shape,
            sitk.Transform(),
            sitk.sitkLinear,
            reference.GetOrigin(),
            reference.GetSpacing(),
            reference.GetDirection(),
            fill,
            sitk.sitkFloat32,
        )

    return work


def by_scipy(volume: Volume, grid: Grid, fill: float) -> np.ndarray:
    offsets, steps = zip(*axis_mapping(volume, grid), strict=True)
    return ndimage.affine_transform(
        volume.array, np.array(steps), np.array(offsets), output_shape=grid.shape, output=np.float32, order=1, cval=fill
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    pet, ct, labels = exam()
    grid = exam_grid(pet, ct)
    print(f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}, SimpleITK {version('SimpleITK')}, ")
    print(f"scipy {version('scipy')}; {time.strftime('%Y-%m-%d')}; CPU seconds, best of {runs}\n")
    print("| work | petarseg | SimpleITK | scipy | SimpleITK / petarseg | largest difference to SimpleITK |")
    print("|---|---|---|---|---|---|")
    totals = np.zeros(2)
    for name, volume, fill, unit in (("CT", ct, -1_000.0, "HU"), ("PET", pet, 0.0, "SUV")):
        ours = cpu_s(lambda v=volume, f=fill: resample_image(v, grid, f), runs)
        theirs = cpu_s(by_sitk(volume, grid, fill), runs)
        scipys = cpu_s(lambda v=volume, f=fill: by_scipy(v, grid, f), 1)
        expected = sitk.GetArrayFromImage(by_sitk(volume, grid, fill)()).transpose(2, 1, 0)
        gap = np.abs(resample_image(volume, grid, fill).array - expected).max()
        totals += ours, theirs
        print(f"| {name} linear | {ours:.3f} | {theirs:.3f} | {scipys:.3f} | {theirs / ours:.1f} | {gap:.1e} {unit} |")
    print(f"| both | {totals[0]:.3f} | {totals[1]:.3f} | | {totals[1] / totals[0]:.1f} | |")
    tissue = label_tissues(ct)
    for name, work in (
        ("CT anti-aliased", lambda: resample_image(ct, grid, -1_000.0, antialias=True)),
        ("20 lesions by occupancy", lambda: resample_labels(labels, grid)),
        ("tissue classes of the full CT", lambda: label_tissues(ct)),
        ("tissue map by occupancy", lambda: resample_labels(tissue, grid)),
        ("tissue map, nearest", lambda: resample_nearest(tissue, grid)),
    ):
        print(f"| {name} | {cpu_s(work, min(runs, 2)):.3f} | | | | |")
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB")


if __name__ == "__main__":
    main()
