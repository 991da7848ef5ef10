"""Bring a whole-body PET/CT to the 3 mm exam grid: petarseg against SimpleITK and scipy, CPU seconds, best of several runs.

    python -m benchmarks.resample [--runs 5] [--workspace OUT]

Also: label maps by occupancy against nearest neighbour, and tissue classes. Volumes are synthetic, of the size of a clinical exam
(CT 512x512x335 at 0.98x0.98x3.27 mm, PET 192x192x335 at 3.65x3.65x3.27 mm); with --workspace also the converted exams of a build,
one row for all PETs and one for all CTs. The two take turns, so that what else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

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


def cpu_s(*works: Callable[[], object], runs: int) -> list[float]:
    """Return the least CPU time of each work, all threads together; the works take turns."""
    best = [np.inf] * len(works)
    for _ in range(runs):
        for number, work in enumerate(works):
            start = time.process_time()
            work()
            best[number] = min(best[number], time.process_time() - start)
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


def compare(volume: Volume, grid: Grid, fill: float, runs: int) -> tuple[float, float, float]:
    """Return CPU seconds of petarseg and of SimpleITK, and their largest difference."""
    theirs = by_sitk(volume, grid, fill)
    seconds = cpu_s(lambda: resample_image(volume, grid, fill), theirs, runs=runs)
    expected = sitk.GetArrayFromImage(theirs()).transpose(2, 1, 0)
    return seconds[0], seconds[1], float(np.abs(resample_image(volume, grid, fill).array - expected).max())


def row(name: str, ours: float, theirs: float, scipys: float | None, gap: float | None, unit: str) -> str:
    other = "" if scipys is None else f"{scipys:.3f}"
    return f"| {name} | {ours:.3f} | {theirs:.3f} | {other} | {theirs / ours:.1f} | {'' if gap is None else f'{gap:.1e} {unit}'} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--workspace", type=Path, help="output folder of a build, for its exams")
    options = parser.parse_args()
    runs: int = options.runs
    pet, ct, labels = exam()
    grid = exam_grid(pet, ct)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{machine}, Python {platform.python_version()}, numpy {np.__version__}, SimpleITK {version('SimpleITK')}, ")
    print(f"scipy {version('scipy')}; {time.strftime('%Y-%m-%d')}; CPU seconds, best of {runs}\n")
    print("| work | petarseg | SimpleITK | scipy | SimpleITK / petarseg | largest difference to SimpleITK |")
    print("|---|---:|---:|---:|---:|---:|")
    totals = np.zeros(2)
    for name, volume, fill, unit in (("CT", ct, -1_000.0, "HU"), ("PET", pet, 0.0, "SUV")):
        ours, theirs, gap = compare(volume, grid, fill, runs)
        (scipys,) = cpu_s(lambda v=volume, f=fill: by_scipy(v, grid, f), runs=1)
        totals += ours, theirs
        print(row(f"{name} linear", ours, theirs, scipys, gap, unit))
    print(row("both", *totals, None, None, ""))
    if options.workspace:
        workspace_rows(options.workspace, runs)
    tissue = label_tissues(ct)
    for name, work in (
        ("CT anti-aliased", lambda: resample_image(ct, grid, -1_000.0, antialias=True)),
        ("20 lesions by occupancy", lambda: resample_labels(labels, grid)),
        ("tissue classes of the full CT", lambda: label_tissues(ct)),
        ("tissue map by occupancy", lambda: resample_labels(tissue, grid)),
        ("tissue map, nearest", lambda: resample_nearest(tissue, grid)),
    ):
        print(f"| {name} | {cpu_s(work, runs=min(runs, 2))[0]:.3f} | | | | |")
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB")


def workspace_rows(workspace: Path, runs: int) -> None:
    """Print what the exams of a build take, all together."""
    folders = sorted(path.parent for path in (workspace / "work" / "exams").glob("*/pet.nii.gz"))
    found: dict[str, list[tuple[float, float, float]]] = {"CT": [], "PET": []}
    for folder in folders:
        pet, ct = Volume.load(folder / "pet.nii.gz", Units.SUVBW), Volume.load(folder / "ct.nii.gz", Units.HU)
        grid = exam_grid(pet, ct)
        found["CT"].append(compare(ct, grid, -1_000.0, runs))
        found["PET"].append(compare(pet, grid, 0.0, runs))
    for name, unit in (("CT", "HU"), ("PET", "SUV")):
        ours, theirs, gaps = zip(*found[name], strict=True)
        print(row(f"{name} of {len(folders)} exams", sum(ours), sum(theirs), None, max(gaps), unit))
    both = np.sum([items[:2] for items in (*found["CT"], *found["PET"])], axis=0)
    print(row(f"both, {len(folders)} exams", *both, None, None, ""))


if __name__ == "__main__":
    main()
