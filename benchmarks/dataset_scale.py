"""Validate a dataset of many exams whose volumes are hard links of a few: time and memory.

    python -m benchmarks.dataset_scale DATASET [--exams 1000] [--work DIR]

DATASET is a published version (of the demo, say). All exams are put into one split, or each copy would be a near-duplicate.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import resource
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from petarseg.dataset.checksums import read_checksums
from petarseg.dataset.tables import write_table
from petarseg.dataset.validate import TABLES, validate_dataset
from petarseg.dataset.volume_checks import VOLUMES
from petarseg.files import sha256_file, write_text
from schemas.contracts import published_contracts


def multiply(source: Path, target: Path, n_exams: int) -> None:
    """Write a dataset of `n_exams` exams with hard-linked volumes."""
    digests = read_checksums(source)
    tables = {name: pq.read_table(source / f"{name}.parquet") for name in TABLES}
    rows = {name: table.to_pylist() for name, table in tables.items()}
    out: dict[str, list[dict[str, object]]] = {name: [] for name in TABLES}
    lines: dict[str, str] = {}
    for n in range(n_exams):
        exam = rows["exams"][n % len(rows["exams"])]
        new = f"E{n:012d}"
        paths = {f"{name}_path": f"volumes/{new}/{name}.nii.gz" for name in VOLUMES}
        (target / "volumes" / new).mkdir(parents=True)
        for column, path in paths.items():
            os.link(source / exam[column], target / path)
            lines[path] = digests[exam[column]]
        digest = hashlib.sha256("".join(lines[path] for path in paths.values()).encode("ascii")).hexdigest()
        changed = {"exam_id": new, "patient_id": f"P{n:012d}", "split": "train"}
        out["exams"].append({**exam, **changed, **paths, "sha256": digest})
        for lesion in rows["lesions"]:
            if lesion["exam_id"] == exam["exam_id"]:
                out["lesions"].append({**lesion, **changed, "lesion_id": f"L{n}-{lesion['mask_label']}"})
        for item in rows["anatomy"]:
            if item["exam_id"] == exam["exam_id"]:
                out["anatomy"].append({**item, "exam_id": new, "split": "train"})
    for name in TABLES:
        write_table(target / f"{name}.parquet", out[name], tables[name].schema)
        lines[f"{name}.parquet"] = sha256_file(target / f"{name}.parquet")
    write_text(target / "checksums.sha256", "".join(f"{lines[name]}  {name}\n" for name in sorted(lines)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--exams", type=int, default=1_000)
    parser.add_argument("--work", type=Path, help="on the file system of the dataset (hard links)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.work or options.dataset.resolve().parents[1]) as folder:
        target = Path(folder) / "dataset"
        multiply(options.dataset, target, options.exams)
        print(f"{options.exams} exams; {platform.machine()}, {os.cpu_count()} cores; {time.strftime('%Y-%m-%d')}\n")
        print("| step | seconds | broken rules |")
        print("|---|---|---|")
        for name, rehash in (("validate without rehashing", False), ("validate with rehashing (each inode once)", True)):
            start = time.perf_counter()
            broken = validate_dataset(target, contracts=published_contracts(), rehash=rehash)
            print(f"| {name} | {time.perf_counter() - start:.1f} | {len(broken)} |")
        print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
