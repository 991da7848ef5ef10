"""Time and size of phantom exams, and the picture of docs/pictures/phantom.png.

    python benchmarks/phantom.py [--exams 12] [--full] [--picture docs/pictures/phantom.png]

Prints a Markdown table: CPU seconds to simulate and to write an exam, files, megabytes, and how the clean lesions fare with
the default matching and mask method.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import tempfile
import time
from pathlib import Path

import numpy as np

from petarseg.lesions import Query, grow_lesion, match_findings
from petarseg.phantom.dicom_writer import write_study
from petarseg.phantom.exam import PhantomExam, simulate_exam
from petarseg.volume import Units, Volume


def lesion_dice(exam: PhantomExam) -> list[float]:
    """Match and grow the clean lesions of an exam; Dice to the truth, 0 for one that is not found."""
    pet = Volume(exam.pet.suv, exam.pet_grid.affine, Units.SUVBW)
    queries = [Query(str(f.index), f.suv_max, f.axial_slice, exam.lesions[f.index].site.laterality) for f in exam.findings]
    matches = match_findings(pet, queries)
    scores = []
    for finding in exam.findings:
        if not exam.clean[finding.index]:
            continue
        match = matches[str(finding.index)]
        if isinstance(match, Exception):
            scores.append(0.0)
            continue
        lesion = grow_lesion(pet, match.seed_ijk, suv_max_report=finding.suv_max)
        found = np.zeros(exam.label.shape, bool)
        found[tuple(slice(a, a + n) for a, n in zip(lesion.mask_start_ijk, lesion.mask.shape, strict=True))] = lesion.mask
        true = exam.label == finding.index + 1
        scores.append(float(2 * (found & true).sum() / (found.sum() + true.sum())))
    return scores


def measure(n_exams: int, size: str) -> None:
    simulate_s, write_s, megabytes, files, dice = [], [], [], [], []
    for number in range(n_exams):
        start = time.process_time()
        exam = simulate_exam(number, size=size)  # type: ignore[arg-type]
        middle = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            files.append(write_study(Path(folder), exam.study, exam.pet, exam.pet_grid, exam.ct, exam.ct_grid))
            write_s.append(time.process_time() - middle)
            megabytes.append(sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6)
        simulate_s.append(middle - start)
        dice += lesion_dice(exam)
    print(
        f"| {size} | {n_exams} | {np.median(simulate_s):.2f} | {np.median(write_s):.2f} "
        f"| {np.median(files):.0f} | {np.median(megabytes):.1f} "
        f"| {len(dice)} | {np.mean(np.array(dice) > 0):.3f} | {np.mean(dice):.3f} |"
    )


def draw(path: Path) -> None:
    """Draw five exams: PET maximum projections with the true lesions, and the CT in the plane of the spine."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    chosen = [(0, 8.0), (2, 8.0), (4, 14.0), (6, 16.0), (9, 9.0)]
    figure, axes = plt.subplots(2, len(chosen), figsize=(12.5, 11.2), height_ratios=(1, 1))
    for column, (number, top_suv) in enumerate(chosen):
        exam = simulate_exam(number)
        dx, _, dz = exam.pet_grid.spacing_mm
        aspect = dz / dx
        pet = axes[0, column]
        pet.imshow(exam.pet.suv.max(axis=1)[::-1].T, origin="lower", cmap="gray_r", vmin=0, vmax=top_suv, aspect=aspect)
        for index, lesion in enumerate(exam.lesions):
            outline = (exam.label == index + 1).max(axis=1)[::-1].T
            pet.contour(outline, [0.5], colors="#d95f02" if lesion.hard else "#1b9e77", linewidths=1.4)
        pet.set_title(f"{exam.study.tracer.name}\n{exam.study.protocol.name}", fontsize=9)
        ct = axes[1, column]
        dx, _, dz = exam.ct_grid.spacing_mm
        ct.imshow(exam.ct[:, exam.ct.shape[1] // 2][::-1].T, origin="lower", cmap="gray", vmin=-900, vmax=500, aspect=dz / dx)
    for panel in axes.flat:
        panel.set_axis_off()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80, metadata={"Software": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exams", type=int, default=12)
    parser.add_argument("--full", action="store_true", help="clinical matrix sizes as well (two exams)")
    parser.add_argument("--picture", type=Path, help="write the picture here and do nothing else")
    options = parser.parse_args()
    if options.picture is not None:
        draw(options.picture)
        return
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {datetime.date.today()}\n")
    print("| size | exams | simulate, CPU s | write, CPU s | files | MB | clean lesions | matched | mean Dice |")
    print("|---|---|---|---|---|---|---|---|---|")
    measure(options.exams, "small")
    if options.full:
        measure(2, "full")


if __name__ == "__main__":
    main()
