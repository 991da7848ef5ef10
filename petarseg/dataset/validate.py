"""Check a dataset from its files alone: contracts, relations, splits, volumes, shards, texts, checksums, near-duplicates.

Nothing of the run that made it is needed. The result names each broken rule by table (or file), column, rule and key.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from petarseg.dataset.checksums import NAME as CHECKSUMS
from petarseg.dataset.checksums import read_checksums
from petarseg.dataset.contract import Broken, TableContract, from_odcs
from petarseg.dataset.funnel_checks import check_funnel
from petarseg.dataset.record_checks import check_grids, check_version, read_classes, read_run
from petarseg.dataset.relation_checks import Rows, check_classes, check_measurements, check_relations, check_text_duplicates, foreign
from petarseg.dataset.shard_checks import FOLDER as SHARDS
from petarseg.dataset.shard_checks import shard_path
from petarseg.dataset.table_checks import check_table, complete_rows, mended, row_keys
from petarseg.dataset.text_checks import check_texts
from petarseg.dataset.volume_checks import VOLUMES, ExamFacts, check_exam, examine
from petarseg.errors import ConfigError
from petarseg.files import sha256_file

TABLES = ("lesions", "exams", "anatomy", "rejected")
CONTRACTS = "contracts"

SAME_PET_CORRELATION = 0.9998
"""Different scans of one patient correlate well below this; copies, resampled or rescaled ones included, above."""


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
        Open the volumes and shards. Files that are hard links of one another are opened once.
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
        If the folder is no dataset at all: it holds neither a table nor a list of files.
    """
    if not dataset.is_dir():
        raise ConfigError(f"no such dataset folder: {dataset}")
    if not any((dataset / name).exists() for name in (CHECKSUMS, *(f"{table}.parquet" for table in TABLES))):
        raise ConfigError(f"{dataset} is no dataset: it holds no table; name a folder such as OUT/dataset/latest")
    broken: list[Broken] = list(_check_files(dataset, rehash=rehash))
    tables, unread = _read_tables(dataset)
    broken += unread
    if contracts is None:
        contracts, unread = _read_contracts(dataset)
        broken += unread
    sound: dict[str, pa.Table] = {}
    for name, table in tables.items():
        if name in contracts:
            broken += check_table(table, contracts[name])
            repaired = mended(table, contracts[name])
            if repaired is not None:
                sound[name] = repaired
    broken += _check_texts(dataset, sound)
    if "lesions" in sound and "exams" in sound:
        broken += _check_rows(dataset, sound, contracts, volumes=volumes, workers=workers, on_progress=on_progress)
    return sorted(broken, key=lambda item: (item.table, item.column, item.rule, item.key, item.detail))


def _read_tables(dataset: Path) -> tuple[dict[str, pa.Table], list[Broken]]:
    tables: dict[str, pa.Table] = {}
    broken = []
    for name in TABLES:
        try:
            with pq.ParquetFile(dataset / f"{name}.parquet") as file:
                tables[name] = file.read()
        except FileNotFoundError:
            broken.append(Broken(name, "", "table_readable", f"{name}.parquet", "the table is missing"))
        except (OSError, pa.ArrowException) as error:
            broken.append(Broken(name, "", "table_readable", f"{name}.parquet", type(error).__name__))
    return tables, broken


def _read_contracts(dataset: Path) -> tuple[dict[str, TableContract], list[Broken]]:
    """Read ``contracts/<table>.odcs.yaml``."""
    contracts: dict[str, TableContract] = {}
    broken = []
    for name in TABLES:
        path = f"{CONTRACTS}/{name}.odcs.yaml"
        try:
            contracts[name] = from_odcs((dataset / path).read_text(encoding="utf-8"))
        except (OSError, ValueError, ConfigError) as error:
            broken.append(Broken(name, "", "contract_readable", path, f"{type(error).__name__}: {error}"))
    return contracts, broken


def _check_rows(
    dataset: Path,
    tables: Mapping[str, pa.Table],
    contracts: Mapping[str, TableContract],
    *,
    volumes: bool,
    workers: int,
    on_progress: Callable[[int, int], None] | None,
) -> list[Broken]:
    """Check what spans rows, tables and files. Tables that are missing count as empty; rows with nulls are left out where values matter."""
    rows: dict[str, Rows] = {name: tables[name].to_pylist() if name in tables else [] for name in TABLES}
    whole = {name: complete_rows(rows[name], contracts[name]) for name in tables}
    lesions, exams, anatomy = (whole.get(name, []) for name in ("lesions", "exams", "anatomy"))
    run, broken = read_run(dataset)
    broken += check_version(dataset, run)
    broken += check_relations(rows["lesions"], rows["exams"], rows["anatomy"])
    broken += check_measurements(lesions, run.tolerance_suv)
    classes, unread = read_classes(dataset)
    broken += unread
    broken += check_classes(anatomy, lesions, classes)
    outside = list(_check_paths(exams))
    broken += outside
    broken += _check_digests(dataset, exams)
    broken += check_text_duplicates(lesions)
    if "rejected" in tables:
        broken += check_funnel(dataset, n_lesions=len(rows["lesions"]), n_exams=len(rows["exams"]), rejected=rows["rejected"])
    if volumes:
        refused = {item.key for item in outside}
        inside = [exam for exam in exams if exam["exam_id"] not in refused]
        labels = {exam_id: {row["mask_label"] for row in found} for exam_id, found in _by_exam(rows["lesions"]).items()}
        broken += _check_volumes(dataset, lesions, inside, anatomy, labels, workers=workers, on_progress=on_progress)
    return broken


def _check_texts(dataset: Path, tables: Mapping[str, pa.Table]) -> Iterator[Broken]:
    dates = not read_run(dataset)[0].dates_shifted
    for name, table in tables.items():
        keys = row_keys(table, {"lesions": "lesion_id", "exams": "exam_id"}.get(name))
        yield from check_texts(name, table.to_pylist(), keys.__getitem__, dates=dates)


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


def _check_paths(exams: Rows) -> Iterator[Broken]:
    """Yield volumes outside of the dataset: they would be read from wherever the dataset is opened."""
    for exam in exams:
        for name in VOLUMES:
            path = PurePosixPath(exam[f"{name}_path"])
            if path.is_absolute() or ".." in path.parts or "\\" in str(path):
                yield Broken("exams", f"{name}_path", "volume_path", exam["exam_id"], "the path leads out of the dataset")


def _check_digests(dataset: Path, exams: Rows) -> Iterator[Broken]:
    try:
        digests = read_checksums(dataset)
    except ConfigError:
        return  # named by the list of files
    for exam in exams:
        listed = [digests.get(exam[f"{name}_path"]) for name in VOLUMES]
        if None in listed or hashlib.sha256("".join(map(str, listed)).encode("ascii")).hexdigest() != exam["sha256"]:
            yield Broken("exams", "sha256", "sha256", exam["exam_id"], "is not the hash over the hashes of its volumes")


def _check_volumes(
    dataset: Path,
    lesions: Rows,
    exams: Rows,
    anatomy: Rows,
    labels: Mapping[str, Collection[int]],
    *,
    workers: int,
    on_progress: Callable[[int, int], None] | None,
) -> list[Broken]:
    found = _by_exam(lesions)
    asked = _by_exam(anatomy)
    with_shards = (dataset / SHARDS).is_dir()
    keys: list[tuple[object, ...]] = []
    jobs: dict[tuple[object, ...], tuple[dict[str, Path], Path | None]] = {}
    for exam in exams:
        paths = {name: dataset / exam[f"{name}_path"] for name in VOLUMES}
        shard = shard_path(dataset, exam["exam_id"]) if with_shards else None
        keys.append((*(_identity(path) for path in paths.values()), shard and _identity(shard)))
        jobs.setdefault(keys[-1], (paths, shard))
    facts: dict[tuple[object, ...], ExamFacts] = {}
    with ThreadPoolExecutor(workers) as pool:
        for done, (key, result) in enumerate(zip(jobs, pool.map(lambda job: examine(*job), jobs.values()), strict=True), start=1):
            facts[key] = result
            if on_progress:
                on_progress(done, len(jobs))
    broken: list[Broken] = []
    affines: dict[str, NDArray[np.float64]] = {}
    for key, exam in zip(keys, exams, strict=True):
        exam_id = exam["exam_id"]
        broken += check_exam(exam, found[exam_id], asked[exam_id], facts[key], labels.get(exam_id, ()))
        header = facts[key].header
        if header is not None:
            affines[exam_id] = header.affine
    broken += check_grids(dataset, exams, affines)
    return broken + list(_check_same_pet(exams, [facts[key].fingerprint for key in keys]))


def _by_exam(rows: Rows) -> defaultdict[str, list[Mapping[str, Any]]]:
    grouped: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        grouped[row["exam_id"]].append(row)
    return grouped


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
            twin = next((o for o in (exams[m] for m in twins) if foreign(o, exam)), None)
            if twin is not None:
                yield Broken(
                    "exams", "pet_path", "near_duplicate", exam["exam_id"], f"the PET equals that of {twin['exam_id']} in {twin['split']}"
                )
