"""The torch backend on a GPU: equality with the CPU on 1,000 random lesions, throughput, and bytes moved.

    python -m benchmarks.lesions_cuda [--lesions 1000] [--exams 16]

Needs a CUDA device and the extra ``gpu``; ``cupy`` for the comparison with cupyx label, which is left out without it. Without a
device the script says so and ends with exit code 3; ``--cpu-tensors`` runs everything but the timings on the CPU, as the tests do.
"""

from __future__ import annotations

import argparse
import math
import sys
import time

import numpy as np

from benchmarks.lesion_phantoms import exam, reported, sphere
from petarseg.errors import FindingRejected
from petarseg.lesions import Match, match_findings
from petarseg.lesions.grow import grow_on_cpu
from petarseg.lesions.job import Job


def random_jobs(n: int) -> list[Job]:
    rng = np.random.default_rng(1)
    jobs = []
    for number in range(n):
        spacing = ((3.0, 3.0, 3.0), (4.07, 4.07, 3.0), (5.5, 5.5, 3.27))[number % 3]
        case = sphere(float(rng.uniform(6, 50)), float(rng.uniform(1.5, 12)), spacing, float(rng.uniform(4, 8)), 0.15, number)
        jobs.append(Job(case.pet, case.seed))
    return jobs


def box_voxels(job: Job, fwhm_mm: float) -> int:
    """Voxels of the box that a lesion is sent with at first; few need a larger one."""
    from petarseg.lesions.batch import start_half

    return math.prod(2 * half + 1 for half in start_half(job.pet.spacing_mm, fwhm_mm))


def differences(reference: list, other: list) -> int:
    wrong = 0
    for expected, result in zip(reference, other, strict=True):
        if isinstance(expected, FindingRejected) or isinstance(result, FindingRejected):
            wrong += getattr(expected, "reason", None) is not getattr(result, "reason", None)
        else:
            same = expected.mask_start_ijk == result.mask_start_ijk and np.array_equal(expected.mask, result.mask)
            wrong += not (same and expected.threshold_suv == result.threshold_suv)
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lesions", type=int, default=1000)
    parser.add_argument("--exams", type=int, default=16)
    parser.add_argument("--cpu-tensors", action="store_true")
    options = parser.parse_args()
    try:
        import torch
    except ImportError:
        print("torch is not installed (extra gpu): nothing measured")
        return 3
    if not torch.cuda.is_available() and not options.cpu_tensors:
        print("no CUDA device: nothing measured")
        return 3
    from petarseg.lesions.batch import grow_batch

    device = "cpu" if options.cpu_tensors else "cuda"
    name = "CPU tensors" if device == "cpu" else torch.cuda.get_device_name()
    print(f"torch {torch.__version__}, {name}\n")
    jobs = random_jobs(options.lesions)
    print("| method | lesions | different from the CPU | CPU lesions/s | device lesions/s |\n|---|---|---|---|---|")
    for method in ("avg_itm", "uw_itm", "fixed41"):
        started = time.perf_counter()
        reference = [grow_on_cpu(job, method, 6.0) for job in jobs]
        cpu_s = time.perf_counter() - started
        grow_batch(jobs[:64], method=method, fwhm_mm=6.0, torch_device=device)  # warm up
        started = time.perf_counter()
        other = grow_batch(jobs, method=method, fwhm_mm=6.0, torch_device=device)
        device_s = time.perf_counter() - started
        print(f"| {method} | {len(jobs)} | {differences(reference, other)} | {len(jobs) / cpu_s:.0f} | {len(jobs) / device_s:.0f} |")
    if device == "cpu":
        return 0
    exams = [exam(number, (3.125, 2.604, 2.985), 6.0, 0.1) for number in range(min(options.exams, 4))]
    exam_jobs = []
    for number in range(options.exams):
        phantom = exams[number % len(exams)]
        matches = match_findings(phantom.pet, reported(phantom)).values()
        exam_jobs += [Job(phantom.pet, m.seed_ijk, rivals_ijk=m.rivals_ijk) for m in matches if isinstance(m, Match)]
    torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter()
    grow_batch(exam_jobs, method="avg_itm", fwhm_mm=6.0, torch_device="cuda")
    seconds = time.perf_counter() - started
    moved = sum(8 * box_voxels(job, 6.0) for job in exam_jobs)
    print(f"\n{options.exams} exams: {options.exams / seconds:.1f} exams/s, {len(exam_jobs) / seconds:.0f} lesions/s")
    print(f"device memory at most {torch.cuda.max_memory_allocated() >> 20} MiB; boxes sent about {moved / 2**20:.0f} MiB")
    probe = torch.empty(1 << 28, dtype=torch.uint8, device="cuda")
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(10):
        probe.clone()
    torch.cuda.synchronize()
    bandwidth = 10 * 2 * probe.numel() / (time.perf_counter() - started)
    print(f"copy bandwidth {bandwidth / 1e9:.0f} GB/s: reading every box once is a floor of {1e6 * moved / bandwidth:.1f} us for the batch")
    try:
        import cupy
        from cupyx.scipy.ndimage import label
    except ImportError:
        print("cupy is not installed: no comparison with cupyx label")
        return 0
    volume = cupy.asarray(exams[0].pet.array) >= 1.5
    label(volume)
    cupy.cuda.Device().synchronize()
    started = time.perf_counter()
    for _ in range(10):
        label(volume)
    cupy.cuda.Device().synchronize()
    print(f"cupyx label of one volume: {100 * (time.perf_counter() - started):.2f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
