"""Speed of finding and growing lesions on the CPU, against library functions in the same run.

    python -m benchmarks.lesions_speed [--repeat 15] [--picture docs/pictures/lesions_speed.png]

A whole-body PET of 192 x 192 x 335 voxels with organs, noise and eight lesions. Every time is the best of the repeats, as wall clock
and as processor time (on a busy machine the latter is the fairer one); all runs are single-threaded. The peers get their best case: a
boolean mask that is made already, labelled once. A lesion of ours is the whole method, with its contours, measurements and checks.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import cc3d
import numpy as np
import SimpleITK as sitk
from skimage.measure import label

from benchmarks.lesion_phantoms import exam, reported, sphere
from petarseg.lesions import Match, grow_lesion, match_findings
from petarseg.lesions.candidates import initial_threshold_suv
from petarseg.volume import Volume

SHAPE_MM = (3.125, 2.604, 2.985)  # 192 x 192 x 335 voxels of the phantom's 600 x 500 x 1000 mm


def best(action: Callable[[], object], repeat: int) -> tuple[float, float]:
    """Return the least wall-clock and processor time of an action in seconds."""
    wall, cpu = [], []
    for _ in range(repeat):
        t, p = time.perf_counter(), time.process_time()
        action()
        wall.append(time.perf_counter() - t)
        cpu.append(time.process_time() - p)
    return min(wall), min(cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    phantom = exam(4, SHAPE_MM, 6.0, 0.1)
    pet = phantom.pet
    queries = reported(phantom)
    matches = [m for m in match_findings(pet, queries).values() if isinstance(m, Match)]
    for match in matches:
        grow_lesion(pet, match.seed_ijk, fwhm_mm=6.0)

    def find_and_grow() -> None:
        for match in match_findings(pet, queries).values():
            if isinstance(match, Match):
                grow_lesion(pet, match.seed_ijk, fwhm_mm=6.0, rivals_ijk=match.rivals_ijk)

    def mean_of_all(method: str) -> tuple[float, float]:
        """Return the mean over the lesions of each one's best times."""
        times = [best(lambda m=m: grow_lesion(pet, m.seed_ijk, method=method, fwhm_mm=6.0), options.repeat) for m in matches]
        return float(np.mean([wall for wall, _ in times])), float(np.mean([cpu for _, cpu in times]))

    seed = matches[0].seed_ijk
    level = 0.41 * matches[0].suv_max
    faintest = min(match.suv_max for match in matches)
    above = pet.array >= initial_threshold_suv(faintest)  # what a pipeline that labels volumes has to label
    half = 24
    low = [max(c - half, 0) for c in seed]
    crop = np.ascontiguousarray(pet.array[tuple(slice(a, a + 2 * half + 1) for a in low)])
    local = [int(c - a) for c, a in zip(seed, low, strict=True)]

    def connected_threshold() -> None:
        image = sitk.GetImageFromArray(crop.transpose(2, 1, 0))
        sitk.GetArrayFromImage(sitk.ConnectedThreshold(image, [local], lower=level, upper=1e9))

    rows = {
        f"find + grow all {len(queries)} findings (avg_itm)": best(find_and_grow, options.repeat),
        "find all findings": best(lambda: match_findings(pet, queries), options.repeat),
        "grow one lesion, avg_itm (mean of all)": mean_of_all("avg_itm"),
        "grow one lesion, fixed41 (mean of all)": mean_of_all("fixed41"),
        "skimage.measure.label of the volume at T0 of the faintest finding": best(
            lambda: label(above, connectivity=1), max(3, options.repeat // 4)
        ),
        "cc3d of the volume, likewise": best(lambda: cc3d.connected_components(above, connectivity=6), max(3, options.repeat // 2)),
        "SimpleITK ConnectedThreshold, 49-voxel crop": best(connected_threshold, options.repeat),
    }
    _, own = rows["grow one lesion, avg_itm (mean of all)"]
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "connected-components-3d", "scikit-image", "SimpleITK"))
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {libraries}\n")
    print(f"PET {pet.shape}, {len(queries)} findings, {len(matches)} matched\n")
    print("| what | wall ms | processor ms | times one avg_itm lesion |\n|---|---|---|---|")
    for name, (wall, cpu) in rows.items():
        print(f"| {name} | {1e3 * wall:.2f} | {1e3 * cpu:.2f} | {cpu / own:.1f} |")
    print("\n| lesion diameter mm | voxels | grow ms | same lesion, volume 8 times as large, ms |\n|---|---|---|---|")
    curve = []
    for diameter in (10, 15, 20, 30, 40, 60, 90):
        case = sphere(diameter, 5.0, (3.0, 3.0, 3.0), 6.0, 0.05, 1)
        pad = [(n // 2, n - n // 2) for n in case.pet.shape]
        large = Volume(np.pad(case.pet.array, pad, constant_values=1.0), case.pet.affine, case.pet.units)
        moved = tuple(c + p[0] for c, p in zip(case.seed, pad, strict=True))
        lesion = grow_lesion(case.pet, case.seed, fwhm_mm=6.0)
        _, small_s = best(lambda case=case: grow_lesion(case.pet, case.seed, fwhm_mm=6.0), options.repeat)
        _, large_s = best(lambda large=large, moved=moved: grow_lesion(large, moved, fwhm_mm=6.0), options.repeat)
        curve.append((int(lesion.mask.sum()), small_s, large_s))
        print(f"| {diameter} | {curve[-1][0]} | {1e3 * small_s:.2f} | {1e3 * large_s:.2f} |")
    if options.picture is not None:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(figsize=(4.6, 3.4), dpi=110)
        sizes = [point[0] for point in curve]
        axes.loglog(sizes, [1e3 * point[1] for point in curve], "o-", label="volume around the lesion")
        axes.loglog(sizes, [1e3 * point[2] for point in curve], "x--", label="volume 8 times as large")
        axes.set(xlabel="lesion, voxels", ylabel="grow one lesion (avg_itm), ms", title="work follows the lesion, not the volume")
        axes.legend(fontsize=8)
        figure.tight_layout()
        options.picture.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(options.picture, metadata={"Software": None})


if __name__ == "__main__":
    main()
