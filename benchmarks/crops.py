"""Focal crops and whole exams from shards, nii.gz and zarr 3, from the same disk in one run.

    python benchmarks/crops.py OUT/dataset/latest --scratch DIR [--crops 40]

Every reader returns PET, CT and lesion mask of the same cubes, which are compared voxel for voxel. Files are in the page cache.
nii.gz is read with nibabel and, as the fairer peer, with petarseg's own reader (isal); zarr with chunks of 32 and of 64 voxels.
zarr is no dependency of petarseg: its rows are left out where it is not installed.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pyarrow.parquet as pq

from petarseg.dataset.reader import Shard
from petarseg.dataset.shards import write_shard
from petarseg.volume import Volume

CHUNKS = (32, 64)
NAMES = ("pet", "ct", "lesions")
Box = tuple[tuple[int, int, int], tuple[int, int, int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--crops", type=int, default=40)
    parser.add_argument("--exams", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    try:
        import zarr
    except ImportError:
        zarr = None
    shutil.rmtree(options.scratch, ignore_errors=True)
    options.scratch.mkdir(parents=True)
    exams = pq.read_table(options.dataset / "exams.parquet").to_pylist()[: options.exams]
    sizes = {"nii.gz": 0, "shards": 0, **{f"zarr 3, {chunk}": 0 for chunk in CHUNKS}}
    for exam in exams:
        volumes = {name: Volume.load(options.dataset / exam[f"{name}_path"]) for name in NAMES}
        sizes["nii.gz"] += sum((options.dataset / exam[f"{name}_path"]).stat().st_size for name in NAMES)
        write_shard(volumes, options.scratch / f"{exam['exam_id']}.parquet")
        sizes["shards"] += (options.scratch / f"{exam['exam_id']}.parquet").stat().st_size
        if zarr is not None:
            for chunk in CHUNKS:
                for name, volume in volumes.items():
                    root = options.scratch / f"{exam['exam_id']}-{name}-{chunk}.zarr"
                    target = zarr.create_array(str(root), shape=volume.shape, chunks=(chunk, chunk, chunk), dtype=volume.array.dtype)
                    target[:] = volume.array
                    sizes[f"zarr 3, {chunk}"] += sum(path.stat().st_size for path in root.rglob("*") if path.is_file())

    rng = np.random.default_rng(0)
    shape = np.array(exams[0]["shape"])
    jobs = []
    for number in range(options.crops):
        start = rng.integers(0, shape - 96 + 1)
        jobs.append((exams[number % len(exams)], (tuple(start.tolist()), tuple((start + 96).tolist()))))
    whole: list[tuple[Any, Box]] = [(exam, ((0, 0, 0), tuple(shape.tolist()))) for exam in exams]

    def from_shards(exam: Any, box: Box) -> list[Any]:
        shard = Shard(str(options.scratch / f"{exam['exam_id']}.parquet"))
        return [shard.read(name, *box) for name in NAMES]

    def slices(box: Box) -> tuple[slice, ...]:
        return tuple(slice(low, high) for low, high in zip(*box, strict=True))

    def from_nibabel(exam: Any, box: Box) -> list[Any]:
        return [np.asanyarray(nib.load(options.dataset / exam[f"{name}_path"]).dataobj)[slices(box)] for name in NAMES]

    def from_volume(exam: Any, box: Box) -> list[Any]:
        return [Volume.load(options.dataset / exam[f"{name}_path"]).array[slices(box)] for name in NAMES]

    def from_zarr(chunk: int) -> Callable[[Any, Box], list[Any]]:
        def read(exam: Any, box: Box) -> list[Any]:
            roots = [str(options.scratch / f"{exam['exam_id']}-{name}-{chunk}.zarr") for name in NAMES]
            return [zarr.open_array(root, mode="r")[slices(box)] for root in roots]

        return read

    readers: dict[str, Callable[[Any, Box], list[Any]]] = {
        "shards": from_shards,
        "nii.gz (nibabel)": from_nibabel,
        "nii.gz (isal)": from_volume,
    }
    if zarr is not None:
        readers |= {f"zarr 3, {chunk}": from_zarr(chunk) for chunk in CHUNKS}
    results: dict[str, dict[str, float]] = {name: {} for name in readers}
    for kind, work in (("crop", jobs), ("whole", whole)):
        wanted = from_volume(*work[0])
        for name, reader in readers.items():
            for got, want in zip(reader(*work[0]), wanted, strict=True):
                np.testing.assert_array_equal(got, want)
            some = work if name.startswith(("shards", "zarr")) or kind == "whole" else work[:8]
            best = min(timed(reader, some) for _ in range(options.repeats))
            results[name][kind] = best / len(some) * 1_000

    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("pyarrow", "nibabel", "isal"))
    packages += f", zarr {zarr.__version__}" if zarr is not None else ""
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.processor() or platform.machine()}, Python {platform.python_version()}, {packages}")
    print(f"{len(exams)} exams of {exams[0]['shape']}, PET float32 + CT int16 + labels; ms, best of {options.repeats}\n")
    print("| reader | 96-cube crop, ms | slower than shards | whole exam, ms | slower than shards | MB an exam |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, result in results.items():
        size = sizes[name.split(" (")[0]] / len(exams) / 1e6
        ratios = [result[kind] / results["shards"][kind] for kind in ("crop", "whole")]
        print(f"| {name} | {result['crop']:.1f} | {ratios[0]:.2f}x | {result['whole']:.0f} | {ratios[1]:.2f}x | {size:.1f} |")


def timed(reader: Callable[[Any, Box], list[Any]], work: list[tuple[Any, Box]]) -> float:
    began = time.perf_counter()
    for exam, box in work:
        reader(exam, box)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
