"""Check a dataset from its files alone: contracts, relations, splits, volumes, checksums, near-duplicates.

Nothing of the run that made it is needed. The result names each broken rule by table, column, rule and key.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from petarseg.dataset.checksums import NAME as CHECKSUMS
from petarseg.dataset.checksums import read_checksums
from petarseg.dataset.contract import Broken, TableContract, from_odcs
from petarseg.dataset.funnel_checks import check_funnel
from petarseg.dataset.table_checks import check_table
from petarseg.dataset.volume_checks import VOLUMES, ExamFacts, check_exam, examine
from petarseg.errors import ConfigError
from petarseg.files import sha256_file

TABLES = ("lesions", "exams", "anatomy", "rejected")
CONTRACTS = "contracts"

SUV_TOLERANCE = 0.1
SUV_TOLERANCE_WHOLE = 0.5
"""Decision 16: a report value without decimals gets +-0.5."""
SUV_SLACK = 0.005

SAME_PET_CORRELATION = 0.9998
"""Different scans of one patient correlate well below this; copies, resampled or rescaled ones included, above."""

Rows = Sequence[Mapping[str, Any]]


def validate_dataset(
    dataset: Path,
    *,
    contracts: Mapping[str, TableContract] | None = None,
    rehash: bool = True,
    volumes: bool = True,
    workers: int = 2,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Broken]:
    """Check every rule of a dataset.

    Parameters
    ----------
    dataset : Path
        Folder of one version.
    contracts : mapping, optional
        Table name to contract; read from ``contracts/`` in the dataset when absent.
    rehash : bool
        Hash every file anew. Without it, only the list of files is compared.
    volumes : bool
        Open the volumes. Files that are hard links of one another are opened once.
    workers : int
        Threads for the volumes.
    on_progress : callable, optional
        Called with (exams done, exams in all).

    Returns
    -------
    list of Broken
        In a stable order; empty for a good dataset.

    Raises
    ------
    ConfigError
        If the folder is not a dataset: a table or its contract is absent or unreadable.
    """
    if not dataset.is_dir():
        raise ConfigError(f"no such dataset folder: {dataset}")
    tables = {name: _read(dataset, name) for name in TABLES}
    contracts = contracts or read_contracts(dataset)
    broken = [item for name in TABLES for item in check_table(tables[name], contracts[name])]
    broken += _check_files(dataset, rehash=rehash)
    if not any(item.rule in ("column_missing", "type", "required", "n_items") for item in broken):
        # Rows that lack what the other rules read would only add noise, or crash them.
        lesions, exams, anatomy = (tables[name].to_pylist() for name in ("lesions", "exams", "anatomy"))
        broken += _check_relations(lesions, exams, anatomy)
        broken += _check_measurements(lesions, _tolerance(dataset))
        broken += _check_digests(dataset, exams)
        broken += _check_text_duplicates(lesions)
        broken += check_funnel(dataset, n_lesions=len(lesions), n_exams=len(exams), rejected=tables["rejected"].to_pylist())
        if volumes:
            broken += _check_volumes(dataset, lesions, exams, workers=workers, on_progress=on_progress)
    return sorted(broken, key=lambda item: (item.table, item.column, item.rule, item.key, item.detail))


def read_contracts(dataset: Path) -> dict[str, TableContract]:
    """Read ``contracts/<table>.odcs.yaml`` of a dataset."""
    try:
        return {name: from_odcs((dataset / CONTRACTS / f"{name}.odcs.yaml").read_text(encoding="utf-8")) for name in TABLES}
    except OSError as error:
        raise ConfigError(f"{dataset} has no readable contracts: {error}") from error


def _read(dataset: Path, name: str) -> pa.Table:
    try:
        return pq.read_table(dataset / f"{name}.parquet", partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise ConfigError(f"{name}.parquet of {dataset} cannot be read: {error}") from error


def _tolerance(dataset: Path) -> float:
    """Return the SUV tolerance of the build, from run.toml; the paper's where that is absent."""
    try:
        settings = tomllib.loads((dataset / "run.toml").read_text(encoding="utf-8"))
        return float(settings["settings"]["lesions"]["tolerance_suv"])
    except (OSError, KeyError, TypeError, ValueError):
        return SUV_TOLERANCE


def _check_files(dataset: Path, *, rehash: bool) -> Iterator[Broken]:
    try:
        expected = read_checksums(dataset)
    except ConfigError as error:
        yield Broken(CHECKSUMS, "", "checksums_readable", "file", str(error))
        return
    found = {path.relative_to(dataset).as_posix() for path in dataset.rglob("*") if path.is_file() and path.name != CHECKSUMS}
    for name in sorted(found - set(expected)):
        yield Broken(CHECKSUMS, "", "file_unlisted", name, "the file is not in the list")
    digests: dict[object, str] = {}
    for name, digest in expected.items():
        if name not in found:
            yield Broken(CHECKSUMS, "", "file_missing", name, "the file is in the list only")
        elif rehash:
            identity = _identity(dataset / name)
            if identity not in digests:
                digests[identity] = sha256_file(dataset / name)
            if digests[identity] != digest:
                yield Broken(CHECKSUMS, "", "file_changed", name, "the bytes differ from those published")


def _check_relations(lesions: Rows, exams: Rows, anatomy: Rows) -> Iterator[Broken]:
    by_id = {exam["exam_id"]: exam for exam in exams}
    splits: dict[str, set[str]] = defaultdict(set)
    for row in (*exams, *lesions):
        splits[row["patient_id"]].add(row["split"])
    for patient, names in sorted(splits.items()):
        if len(names) > 1:
            yield Broken("exams", "split", "one_split", patient, f"the patient is in {', '.join(sorted(names))}")
    counts: dict[str, int] = defaultdict(int)
    labels: set[tuple[str, int]] = set()
    statements: set[tuple[object, ...]] = set()
    for row in lesions:
        exam = by_id.get(row["exam_id"])
        if exam is None:
            yield Broken("lesions", "exam_id", "exam_exists", row["lesion_id"], f"no exam {row['exam_id']}")
            continue
        counts[row["exam_id"]] += 1
        for column in ("patient_id", "split"):
            if row[column] != exam[column]:
                yield Broken("lesions", column, "same_as_exam", row["lesion_id"], f"{row[column]} instead of {exam[column]}")
        label = (row["exam_id"], row["mask_label"])
        statement = (row["exam_id"], row["findings"], row["suv_max_report"], row["axial_slice_report"])
        if label in labels or statement in statements:
            yield Broken("lesions", "lesion_id", "duplicate_lesion", row["lesion_id"], "the exam has this lesion already")
        labels.add(label)
        statements.add(statement)
    for exam in exams:
        if exam["n_lesions"] != counts[exam["exam_id"]]:
            yield Broken("exams", "n_lesions", "n_lesions", exam["exam_id"], f"{counts[exam['exam_id']]} rows in lesions")
    for number, row in enumerate(anatomy):
        exam = by_id.get(row["exam_id"])
        if exam is None:
            yield Broken("anatomy", "exam_id", "exam_exists", f"row {number}", f"no exam {row['exam_id']}")
        elif row["split"] != exam["split"]:
            yield Broken("anatomy", "split", "same_as_exam", f"row {number}", f"{row['split']} instead of {exam['split']}")


def _check_measurements(lesions: Rows, tolerance: float) -> Iterator[Broken]:
    for row in lesions:
        key = row["lesion_id"]
        allowed = max(tolerance, SUV_TOLERANCE_WHOLE) if float(row["suv_max_report"]).is_integer() else tolerance
        if abs(row["suv_max"] - row["suv_max_report"]) > allowed + SUV_SLACK:
            yield Broken("lesions", "suv_max", "suv_match", key, f"{row['suv_max']:.3f}, the report says {row['suv_max_report']:g}")
        for column in ("suv_mean", "threshold_suv", "suv_peak"):
            if row[column] is not None and row[column] > row["suv_max"] * 1.001:
                yield Broken("lesions", column, "suv_order", key, f"{row[column]:.3f} exceeds the maximum {row['suv_max']:.3f}")
        if abs(row["tlg"] - row["suv_mean"] * row["volume_ml"]) > 1e-3 * abs(row["tlg"]):
            yield Broken("lesions", "tlg", "suv_order", key, "is not suv_mean x volume_ml")


def _check_digests(dataset: Path, exams: Rows) -> Iterator[Broken]:
    try:
        digests = read_checksums(dataset)
    except ConfigError:
        return
    for exam in exams:
        listed = [digests.get(exam[f"{name}_path"]) for name in VOLUMES]
        if None in listed or hashlib.sha256("".join(map(str, listed)).encode("ascii")).hexdigest() != exam["sha256"]:
            yield Broken("exams", "sha256", "sha256", exam["exam_id"], "is not the hash over the hashes of its volumes")


def _check_volumes(
    dataset: Path, lesions: Rows, exams: Rows, *, workers: int, on_progress: Callable[[int, int], None] | None
) -> list[Broken]:
    rows: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in lesions:
        rows[row["exam_id"]].append(row)
    keys: list[tuple[object, ...]] = []
    jobs: dict[tuple[object, ...], dict[str, Path]] = {}
    for exam in exams:
        paths = {name: dataset / exam[f"{name}_path"] for name in VOLUMES}
        keys.append(tuple(_identity(path) for path in paths.values()))
        jobs.setdefault(keys[-1], paths)
    facts: dict[tuple[object, ...], ExamFacts] = {}
    with ThreadPoolExecutor(workers) as pool:
        for done, (key, found) in enumerate(zip(jobs, pool.map(examine, jobs.values()), strict=True), start=1):
            facts[key] = found
            if on_progress:
                on_progress(done, len(jobs))
    broken: list[Broken] = []
    for key, exam in zip(keys, exams, strict=True):
        broken += check_exam(exam, rows[exam["exam_id"]], facts[key])
    return broken + list(_check_same_pet(exams, [facts[key].fingerprint for key in keys]))


def _identity(path: Path) -> object:
    """Return what identifies a file's content: its inode, or its path while it is missing."""
    try:
        status = path.stat()
    except OSError:
        return str(path)
    return status.st_dev, status.st_ino


def _check_same_pet(exams: Rows, prints: Sequence[NDArray[np.float32] | None]) -> Iterator[Broken]:
    """Name exams whose PET is a copy of another patient's in another split; one row per exam, with its first twin."""
    members: dict[int, list[int]] = defaultdict(list)
    for n, vector in enumerate(prints):
        if vector is not None:
            members[id(vector)].append(n)
    groups = list(members.values())
    if not groups:
        return
    matrix = np.stack([np.asarray(prints[group[0]]) for group in groups])
    for vector, group in zip(matrix, groups, strict=True):
        twins = [n for other in np.flatnonzero(matrix @ vector >= SAME_PET_CORRELATION) for n in groups[other]]
        for n in group:
            exam = exams[n]
            twin = next((o for o in (exams[m] for m in twins) if _foreign(o, exam)), None)
            if twin is not None:
                yield Broken(
                    "exams", "pet_path", "near_duplicate", exam["exam_id"], f"the PET equals that of {twin['exam_id']} in {twin['split']}"
                )


def _check_text_duplicates(lesions: Rows) -> Iterator[Broken]:
    """Name lesions that another patient of another split has too: same words, same measurements on the image."""
    seen: dict[tuple[object, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in lesions:
        words = " ".join(re.findall(r"\w+", row["findings"].casefold()))
        seen[(words, round(row["suv_max"], 3), round(row["volume_ml"], 2))].append(row)
    for group in seen.values():
        for row in group:
            twin = next((other for other in group if _foreign(other, row)), None)
            if twin is not None:
                yield Broken("lesions", "findings", "near_duplicate", row["lesion_id"], f"equals {twin['lesion_id']} in {twin['split']}")


def _foreign(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two rows are of different patients in different splits."""
    return bool(one["split"] != other["split"] and one["patient_id"] != other["patient_id"])
