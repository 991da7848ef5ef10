"""Focal crops and whole exams from shards, nii.gz and zarr 3, from the same disk in one run.

    python -m benchmarks.crops OUT/dataset/latest --scratch DIR [--crops 40]

Every reader returns PET, CT and lesion mask of the same cubes around lesions, which are compared voxel for voxel. Files are opened
anew for each cube and are in the page cache; readers take turns, so that what else the machine does falls on all of them. nii.gz is
read with nibabel and, as the fairer peer, with petarseg's own reader (isal); zarr with its default codec in chunks of 32 and of 64
voxels. zarr is no dependency of petarseg: its rows are left out where it is not installed.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
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
    lesions = pq.read_table(options.dataset / "lesions.parquet").to_pylist()
    boxes = [(exam, np.array(row["bbox_ijk"]).reshape(2, 3)) for exam in exams for row in lesions if row["exam_id"] == exam["exam_id"]]
    for number in range(options.crops):
        exam, corners = boxes[number % len(boxes)]
        start = np.clip(corners.mean(axis=0) - 48 + rng.integers(-19, 20, size=3), 0, shape - 96).astype(int)
        jobs.append((exam, (tuple(start.tolist()), tuple((start + 96).tolist()))))
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
    wall: dict[tuple[str, str], float] = {}
    cpu: dict[tuple[str, str], float] = {}
    for kind, work in (("crop", jobs), ("whole", whole)):
        wanted = from_volume(*work[0])
        for reader in readers.values():
            for got, want in zip(reader(*work[0]), wanted, strict=True):
                np.testing.assert_array_equal(got, want)
        for _ in range(options.repeats):
            for name, reader in readers.items():
                some = work if name.startswith(("shards", "zarr")) or kind == "whole" else work[:8]
                seconds, cpu_seconds = timed(reader, some)
                key = (name, kind)
                wall[key] = min(wall.get(key, np.inf), seconds / len(some) * 1_000)
                cpu[key] = min(cpu.get(key, np.inf), cpu_seconds / len(some) * 1_000)

    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("pyarrow", "nibabel", "isal"))
    packages += f", zarr {zarr.__version__}" if zarr is not None else ""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine}, Python {platform.python_version()}, {packages}")
    print(f"{len(exams)} exams of {exams[0]['shape']}, PET float32 + CT int16 + labels; ms, best of {options.repeats}\n")
    print("| reader | 96-cube crop, ms | CPU ms | slower than shards | whole exam, ms | CPU ms | slower than shards | MB an exam |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name in readers:
        cells = []
        for kind in ("crop", "whole"):
            ratio = wall[name, kind] / wall["shards", kind]
            cells += [f"{wall[name, kind]:.1f}", f"{cpu[name, kind]:.1f}", f"{ratio:.1f}x"]
        print(f"| {name} | {' | '.join(cells)} | {sizes[name.split(' (')[0]] / len(exams) / 1e6:.1f} |")


def timed(reader: Callable[[Any, Box], list[Any]], work: list[tuple[Any, Box]]) -> tuple[float, float]:
    """Return wall and CPU seconds, all threads together."""
    began, cpu_began = time.perf_counter(), time.process_time()
    for exam, box in work:
        reader(exam, box)
    return time.perf_counter() - began, time.process_time() - cpu_began


if __name__ == "__main__":
    main()
