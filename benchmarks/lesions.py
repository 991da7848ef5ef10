"""Accuracy of finding and delineating lesions, all methods side by side, on phantoms with known truth.

    python -m benchmarks.lesions [--quick] [--nema ../shared/data/nema_iq] [--pictures docs/pictures] [--out FILE.md]

Prints Markdown tables. Nothing here is fitted: resolution is given to the methods as known, except where a table says otherwise.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from scipy import ndimage

from benchmarks.lesion_phantoms import SPACINGS, Case, exam, reported, shape_grid, sphere_grid
from benchmarks.lesions_nema import nema
from petarseg.errors import FindingRejected
from petarseg.lesions import METHODS, Match, grow_lesion, match_findings

LINES: list[str] = []


def say(line: str = "") -> None:
    LINES.append(line)
    print(line, flush=True)


def hausdorff95_mm(a: np.ndarray, b: np.ndarray, spacing: tuple[float, ...]) -> float:
    """95 % Hausdorff distance of two masks' surfaces."""
    box = ndimage.find_objects((a | b).astype(np.uint8))[0]
    a, b = (np.pad(mask[box], 1) for mask in (a, b))
    surfaces = [mask & ~ndimage.binary_erosion(mask) for mask in (a, b)]
    gaps = [ndimage.distance_transform_edt(~other, sampling=spacing)[own] for own, other in (surfaces, surfaces[::-1])]
    return float(np.percentile(np.concatenate(gaps), 95))


class Score:
    """What is known of one method on one group of cases."""

    def __init__(self) -> None:
        self.ratio: list[float] = []
        self.dice: list[float] = []
        self.hausdorff: list[float] = []
        self.failures: Counter[str] = Counter()
        self.outside = 0

    def add(self, case: Case, method: str, fwhm_mm: float | None = None) -> None:
        try:
            lesion = grow_lesion(case.pet, case.seed, method=method, fwhm_mm=fwhm_mm or case.fwhm_mm, rivals_ijk=case.rivals)
        except FindingRejected as error:
            self.failures[error.reason.value] += 1
            self.dice.append(0.0)
            self.outside += 1
            return
        mask = np.zeros(case.pet.shape, dtype=bool)
        lesion.paint(mask)
        self.ratio.append(lesion.volume_ml / case.true_ml)
        self.outside += not 0.8 <= self.ratio[-1] <= 1.25
        self.dice.append(2 * np.count_nonzero(mask & case.truth) / (np.count_nonzero(mask) + np.count_nonzero(case.truth)))
        if case.truth.any():
            self.hausdorff.append(hausdorff95_mm(mask, case.truth, case.spacing_mm))

    def row(self) -> str:
        n = len(self.dice)
        failed = ", ".join(f"{count} {reason}" for reason, count in sorted(self.failures.items())) or "-"
        if not self.ratio:
            return f"{n} | - | - | {np.mean(self.dice):.3f} | - | {failed}"
        low, middle, high = np.percentile(self.ratio, (5, 50, 95))
        return (
            f"{n} | {middle:.2f} ({low:.2f}-{high:.2f}) | {100 * (1 - self.outside / n):.1f} % | {np.mean(self.dice):.3f} | "
            f"{np.median(self.hausdorff):.1f} | {failed}"
        )


HEAD = "n | volume ratio, median (5-95 %) | in 0.8-1.25 | mean Dice | median HD95 mm | failures |"


def spheres(noises: tuple[float, ...], repeats: int) -> None:
    by_size: dict[tuple[str, float], Score] = defaultdict(Score)
    goal: dict[str, Score] = defaultdict(Score)
    goal_quiet: dict[str, Score] = defaultdict(Score)
    blurred: dict[float, Score] = defaultdict(Score)
    for case in sphere_grid(noises, repeats):
        assert case.diameter_mm is not None
        in_goal = case.diameter_mm >= 13 and max(case.spacing_mm) <= 4.1 and case.ratio >= 3
        for method in METHODS:
            by_size[method, case.diameter_mm].add(case, method)
            if in_goal:
                goal[method].add(case, method)
                if case.noise <= 0.05:
                    goal_quiet[method].add(case, method)
        if in_goal:
            for error_mm in (-2.0, -1.0, 1.0, 2.0):
                blurred[error_mm].add(case, "avg_itm", case.fwhm_mm + error_mm)
    say(f"### Spheres of 13 mm and more, ratio >= 3, voxels <= 4.07 mm (noise {', '.join(f'{n:.0%}' for n in noises)})\n")
    say(f"| method | {HEAD}\n|---|---|---|---|---|---|---|")
    for method in METHODS:
        say(f"| {method} | {goal[method].row()} |")
    if goal_quiet:
        say(f"| avg_itm, noise <= 5 % | {goal_quiet['avg_itm'].row()} |")
    for error_mm, score in sorted(blurred.items()):
        say(f"| avg_itm, FWHM given {error_mm:+g} mm wrong | {score.row()} |")
    say("\n### Spheres by diameter (all ratios from 2, all voxels up to 5.5 mm, all resolutions)\n")
    say(f"| mm | method | {HEAD}\n|---|---|---|---|---|---|---|---|")
    for method, diameter in sorted(by_size, key=lambda key: (key[1], list(METHODS).index(key[0]))):
        say(f"| {diameter:g} | {method} | {by_size[method, diameter].row()} |")


def shapes(noise: float) -> None:
    scores: dict[tuple[str, str], Score] = defaultdict(Score)
    for case in shape_grid(noise):
        for method in METHODS:
            scores[case.name, method].add(case, method)
    say(f"\n### Other shapes (ratios 4 and 8, voxels 3 to 4.07 mm, FWHM 5 and 7 mm, noise {noise:.0%})\n")
    say(f"| shape | method | {HEAD}\n|---|---|---|---|---|---|---|---|")
    for (name, method), score in scores.items():
        say(f"| {name} | {method} | {score.row()} |")


def locations(n_exams: int) -> None:
    right, total, reasons = 0, 0, Counter()
    clear = 0
    for number in range(n_exams):
        spacing = SPACINGS[number % len(SPACINGS)]
        if spacing == (2.0, 2.0, 2.0):
            spacing = (3.65, 3.65, 3.27)
        phantom = exam(number, spacing, (4.0, 6.0, 8.0)[number % 3], 0.1)
        pet = phantom.pet
        queries = reported(phantom)
        results = match_findings(pet, queries)
        for query, (centre, diameter, _) in zip(queries, phantom.lesions, strict=True):
            result = results[query.finding_id]
            total += 1
            if isinstance(result, Match):
                gap = np.linalg.norm(pet.ijk_to_ras_mm(result.seed_ijk) - centre)
                hit = gap <= diameter / 2 + max(pet.spacing_mm)
                right += hit
                clear += not hit
                reasons["right" if hit else "wrong component"] += 1
            else:
                reasons[result.reason.value] += 1
    say("\n### Location (whole-body exams with brain, heart, liver, kidneys, bladder; lesions 10-45 mm, ratio 3-15, noise 10 %)\n")
    say(f"| exams | findings | right | location accuracy | wrong component accepted | outcomes |\n|---|---|---|---|---|---|")  # noqa: F541
    outcomes = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    say(f"| {n_exams} | {total} | {right} | {right / total:.4f} | {clear} | {outcomes} |")


def method_picture(path: Path) -> None:
    """Volume ratio against diameter, by method, and one slice of every shape."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from benchmarks.lesion_phantoms import SHAPES, shape_case, sphere

    figure, axes = plt.subplots(1, 4, figsize=(13, 3.2), dpi=100, gridspec_kw={"width_ratios": [1.7, 1, 1, 1]})
    diameters = (10, 13, 17, 22, 28, 37, 48, 60)
    for method in METHODS:
        line = []
        for diameter in diameters:
            score = Score()
            for seed in range(4):
                score.add(sphere(diameter, 4.0, (3.0, 3.0, 3.0), 7.0, 0.05, seed), method)
            line.append(np.median(score.ratio) if score.ratio else np.nan)
        axes[0].plot(diameters, line, marker="o", markersize=3, label=method)
    axes[0].axhspan(0.8, 1.25, color="0.9")
    axes[0].set(xlabel="sphere diameter, mm", ylabel="volume / true volume", ylim=(0, 3), title="ratio 4, FWHM 7 mm, 3 mm voxels")
    axes[0].legend(fontsize=7)
    for ax, name in zip(axes[1:], [n for n in SHAPES if n.split()[0] in ("horseshoe", "touching", "15")], strict=True):
        case = shape_case(name, 5.0, (3.0, 3.0, 3.0), 6.0, 0.05, 1)
        mask = np.zeros(case.pet.shape, np.uint8)
        grow_lesion(case.pet, case.seed, fwhm_mm=6.0, rivals_ijk=case.rivals).paint(mask)
        k = case.pet.shape[2] // 2
        ax.imshow(case.pet.array[:, :, k].T, cmap="gray_r", origin="lower", vmin=0, vmax=7)
        ax.contour(case.truth[:, :, k].T, levels=[0.5], colors="tab:blue", linewidths=1)
        ax.contour(mask[:, :, k].T, levels=[0.5], colors="tab:red", linewidths=1)
        ax.set_axis_off()
        ax.set_title(f"{name}\ntruth blue, avg_itm red", fontsize=8)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one noise level, one repeat, few exams")
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0, 0.05, 0.1, 0.15], help="noise levels of the spheres")
    parser.add_argument("--nema", type=Path, help="folder with the NEMA phantom's DICOM files")
    parser.add_argument("--pictures", type=Path, help="folder for pictures")
    parser.add_argument("--out", type=Path, help="also write the tables here")
    options = parser.parse_args()
    started = time.time()
    say(f"Machine: {platform.processor() or platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}\n")
    spheres((0.1,) if options.quick else tuple(options.noise), 1)
    shapes(0.1)
    locations(10 if options.quick else 40)
    if options.nema is not None:
        nema(options.nema, None if options.pictures is None else options.pictures / "lesions_nema.png", say)
    if options.pictures is not None:
        method_picture(options.pictures / "lesions_methods.png")
    say(f"\nDone in {time.time() - started:.0f} s.")
    if options.out is not None:
        options.out.write_text("\n".join(LINES) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
