"""De-identify a folder of DICOM files: ``petarseg deidentify IN OUT``.

Design decisions:

- Files are read once, redacted in memory and staged inside the target; nothing is in its place before all of it is done and, with
  `verify`, before the leak scan of everything staged has found nothing.
- Work goes in batches of files, to several processes. The record of a finished batch lies encrypted in the key folder, so that a run
  that was interrupted goes on, and a rerun does only what is new or changed.
- The output folder holds what this input, key and date mode give, and nothing else: what lies there from another run is refused, so that
  `verify` has seen all that is there.
- Names of the outputs come from keyed pseudonyms and UIDs: ``<patient>/<study>/<series>/<instance>.dcm``.
- A file that cannot be understood, or that may show a name in its pixels, is refused with a reason, never passed on.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from petarseg.dicom.instance import BatchRecord, deidentify_batch, start_worker
from petarseg.dicom.profile import METHOD_CODES
from petarseg.dicom.records import UnreadableFile
from petarseg.dicom.redact import DateMode
from petarseg.dicom.scan_cache import Stamp
from petarseg.dicom.tree import walk_files
from petarseg.dicom.verify import leaks_in, start_scanner
from petarseg.errors import ConfigError, ExamRejected
from petarseg.files import content_key, write_json
from petarseg.keys import KeyFolder
from petarseg.needles import NeedleSet
from petarseg.reasons import Reason

VERSION = 3
"""Raise it when the rules change: finished batches of older rules are then done again."""

BATCH_FILES = 256
"""About a second of work: less is not worth a process, which takes half a second to start."""
STAGING = ".staging"
AUDIT = "audit.json"
MAP = "deid/map.json"


@dataclass(frozen=True, slots=True)
class DeidOptions:
    """How to de-identify.

    Attributes
    ----------
    dates : {"shift", "year"}
        See `petarseg.dicom.redact.Redactor`.
    workers : int or None
        Processes; by default one for each CPU that this process may use.
    """

    dates: DateMode = "shift"
    workers: int | None = None


@dataclass(slots=True)
class Audit:
    """What was done, without any identifying value.

    Attributes
    ----------
    files : dict of str to int
        "read" is the sum of "written", "duplicate", "not_dicom" and "rejected".
    rejected : list of dict
        Keyed file pseudonym (its path is in the key folder) and reason code.
    attributes : dict of str to dict
        Counts of kept, changed and removed values per attribute, at any depth.
    options : dict
        Date mode, and the codes of the profile and its options.
    verified : dict or None
        Number of files and identifying values of the leak scan; None when it was not asked for.
    """

    files: dict[str, int] = field(default_factory=dict)
    patients: int = 0
    rejected: list[dict[str, str]] = field(default_factory=list)
    attributes: dict[str, dict[str, int]] = field(default_factory=dict)
    options: dict[str, object] = field(default_factory=dict)
    verified: dict[str, int] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the audit as a JSON object."""
        return asdict(self)


def deidentify_tree(
    source: Path,
    target: Path,
    keys: KeyFolder,
    *,
    verify: bool = False,
    options: DeidOptions | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Audit:
    """De-identify all DICOM files below a folder.

    Parameters
    ----------
    source : Path
        Folder (or one file) of any structure and any file names; zip archives are looked into, and what is not DICOM is counted and
        left behind.
    target : Path
        Folder that is empty, or the target of an earlier run with the same key and date mode, which is then continued or brought up
        to date.
    keys : KeyFolder
        Outside `source` and `target`. Gets the encrypted map from patients and studies to pseudonyms.
    verify : bool, default False
        Search all that `target` will hold for all identifying values of the input before it is put in place.
    options : DeidOptions, optional
    on_progress : callable, optional
        Called with the number of files of each finished batch.

    Returns
    -------
    Audit
        Also written to ``target/audit.json``.

    Raises
    ------
    ConfigError
        If a folder is missing, or the folders overlap, or `target` holds other files: also those of another key or date mode, and
        those whose source is gone.
    ExamRejected
        With `Reason.DEID_LEAK` if the leak scan finds anything. No output is left in `target` then.
    """
    options = options or DeidOptions()
    source, target = Path(source).absolute(), Path(target).absolute()
    check_folders(source, target, keys.path)
    _check_earlier_run(target, keys, options)
    staging = target / STAGING
    staging.mkdir(parents=True, exist_ok=True)

    batches = _batches(source, keys, target, options, verify)
    records = _run(batches, keys, staging, target, options, on_progress)
    outputs, audit = _merge(records)
    _refuse_strangers(target, outputs)
    audit.options = {"dates": options.dates, "profile": [f"{code} {meaning}" for code, meaning in METHOD_CODES], "version": VERSION}
    if verify:
        _verify(records, outputs, staging, target, audit, options)
    _keep_map(records, keys)
    for name, staged in outputs.items():
        if (staging / staged).exists():
            final = target / name
            final.parent.mkdir(parents=True, exist_ok=True)
            (staging / staged).replace(final)
    if hasattr(os, "sync"):
        os.sync()  # one for all outputs: a flush of each took longer than its de-identification
    write_json(target / AUDIT, audit.to_json())
    shutil.rmtree(staging)
    return audit


def check_folders(source: Path, target: Path, key_folder: Path) -> None:
    """Refuse folders that are missing or lie in one another; none of them is made or changed.

    Raises
    ------
    ConfigError
    """
    if not source.exists():
        raise ConfigError(f"IN: {source} does not exist: name a folder of DICOM files, or one file")
    real_source, real_target, real_key = source.resolve(), target.resolve(), key_folder.resolve()
    if real_target == real_source or real_target.is_relative_to(real_source) or real_source.is_relative_to(real_target):
        raise ConfigError("the input and the output folder overlap: name an output folder beside the input")
    if real_key.is_relative_to(real_target) or real_target.is_relative_to(real_key):
        raise ConfigError(
            "the key folder and the output folder overlap: without the key nothing can be reversed, so keep it elsewhere (--key-dir)"
        )
    if real_key.is_relative_to(real_source):
        raise ConfigError("the key folder lies in the input: its files are no exams, and who copies the input copies the key (--key-dir)")
    if target.is_file():
        raise ConfigError(f"{target} is a file: name a folder for the output")
    if target.is_dir() and any(target.iterdir()) and not ((target / AUDIT).exists() or (target / STAGING).exists()):
        raise ConfigError(f"{target} holds other files: name an empty folder for the output")


def _check_earlier_run(target: Path, keys: KeyFolder, options: DeidOptions) -> None:
    """Refuse an output folder in which a run with another key or date mode has put files: a patient would be there twice."""
    if not target.is_dir():
        return
    known = json.loads(keys.read_secret(MAP) or b"{}").get("patients", {})
    strangers = sorted(item.name for item in target.iterdir() if item.name not in (STAGING, AUDIT) and item.name not in known)
    if strangers:
        raise ConfigError(
            f"{target} holds {len(strangers)} entries that no run with this key wrote, such as {strangers[0]}: use the key folder of the "
            "earlier run (--key-dir), or name an empty folder for the output"
        )
    try:
        earlier = json.loads((target / AUDIT).read_bytes())["options"]["dates"]
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(f"{target / AUDIT} is no audit of a de-identification: name an empty folder for the output") from None
    if earlier != options.dates:
        raise ConfigError(f"{target} was written with --dates {earlier}: use that again, or name an empty folder for the output")


def _refuse_strangers(target: Path, outputs: Collection[str]) -> None:
    """Refuse files in the output folder that this input does not give: nobody has counted them or, with `verify`, searched them."""
    strangers = []
    for folder, folders, names in os.walk(target):
        here = Path(folder)
        if here == target:
            folders[:] = [name for name in folders if name != STAGING]
            names = [name for name in names if name != AUDIT]
        links = [name for name in folders if (here / name).is_symlink()]
        strangers += [path for name in (*names, *links) if (path := (here / name).relative_to(target).as_posix()) not in outputs]
    if strangers:
        raise ConfigError(
            f"{target} holds {len(strangers)} files that this input does not give, such as {min(strangers)}: their sources are gone, have "
            "changed or are refused now. Delete these files, or name an empty folder for the output"
        )


def _files(source: Path) -> list[Path]:
    """Return all files and members of zip archives in a fixed order; folders that cannot be listed are among them, to be refused."""
    closed: list[UnreadableFile] = []
    return sorted([*walk_files(source, closed), *(folder.path for folder in closed)])


@dataclass(frozen=True, slots=True)
class _Batch:
    name: str
    files: tuple[Path, ...]


def _batches(source: Path, keys: KeyFolder, target: Path, options: DeidOptions, verify: bool) -> list[_Batch]:
    run = keys.pseudonym("run", str(target), digits=16)
    root = source if source.is_dir() else source.parent
    paths = _files(source)
    batches = []
    for start in range(0, len(paths), BATCH_FILES):
        files = tuple(paths[start : start + BATCH_FILES])
        stamps = [Stamp.of(path) for path in files]
        facts = [(str(path.relative_to(root)), stamp and asdict(stamp)) for path, stamp in zip(files, stamps, strict=True)]
        name = keys.pseudonym("batch", content_key(VERSION, options.dates, verify, facts), digits=24)
        batches.append(_Batch(f"deid/{run}/{name}", files))
    return batches


def _run(
    batches: Sequence[_Batch],
    keys: KeyFolder,
    staging: Path,
    target: Path,
    options: DeidOptions,
    on_progress: Callable[[int], None] | None,
) -> list[BatchRecord]:
    """Return the record of every batch, in order; only unfinished ones are worked on."""
    records: dict[str, BatchRecord] = {}
    todo = []
    for batch in batches:
        record = _finished(batch, keys, staging, target)
        if record is None:
            todo.append(batch)
        else:
            records[batch.name] = record
            if on_progress:
                on_progress(len(batch.files))
    for batch, record in zip(todo, _work(todo, keys, staging, options), strict=True):
        records[batch.name] = record
        keys.write_secret(batch.name, json.dumps(record.to_json()).encode())
        if on_progress:
            on_progress(len(batch.files))
    return [records[batch.name] for batch in batches]


def _work(todo: Sequence[_Batch], keys: KeyFolder, staging: Path, options: DeidOptions) -> Iterator[BatchRecord]:
    jobs = [(batch.name.rpartition("/")[2], batch.files) for batch in todo]
    workers = worker_count(options, len(jobs))
    settings = (keys, staging, options.dates)
    if workers <= 1:
        start_worker(*settings)
        yield from (deidentify_batch(job) for job in jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=_context(), initializer=start_worker, initargs=settings) as pool:
        yield from pool.map(deidentify_batch, jobs)


def _context() -> BaseContext:
    """Return how to start processes: not as forks of the caller, which may run threads whose locks a child would inherit.

    Where there is one, a server imports pydicom once and forks all processes of a run.
    """
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(["petarseg.dicom.instance", "petarseg.dicom.verify"])
    return context


def worker_count(options: DeidOptions, jobs: int) -> int:
    """Return how many processes to start; one job is not worth a process."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(options.workers or cpus, jobs)


def _finished(batch: _Batch, keys: KeyFolder, staging: Path, target: Path) -> BatchRecord | None:
    data = keys.read_secret(batch.name)
    if data is None:
        return None
    record = BatchRecord.from_json(json.loads(data))
    for output in record.outputs:
        places = (staging / output.staged, target / output.name)
        if not any(place.is_file() and place.stat().st_size == output.size for place in places):
            return None
    return record


def _merge(records: Sequence[BatchRecord]) -> tuple[dict[str, str], Audit]:
    """Join the records: final name to staged name of every output, and the audit. The first of equal objects wins."""
    outputs: dict[str, str] = {}
    digests: dict[str, str] = {}
    files: Counter[str] = Counter({"read": 0, "written": 0, "duplicate": 0, "not_dicom": 0, "rejected": 0})
    attributes: dict[str, Counter[str]] = {}
    rejected: list[dict[str, str]] = []
    patients: set[str] = set()
    for record in records:
        fared = Counter[int]()
        files["not_dicom"] += record.not_dicom
        rejected += [{"file": file, "reason": reason} for file, reason in record.rejected]
        patients.update(record.patients.values())
        for output in record.outputs:
            if output.name not in outputs:
                outputs[output.name], digests[output.name] = output.staged, output.sha256
                files["written"] += 1
                fared[output.counts] += 1
            elif digests[output.name] == output.sha256:
                files["duplicate"] += 1
            else:
                rejected.append({"file": output.file, "reason": Reason.DUPLICATE_INSTANCE.value})
        for number, times in fared.items():
            for attribute, counts in record.counts[number].items():
                attributes.setdefault(attribute, Counter()).update({what: count * times for what, count in counts.items()})
    files["rejected"] = len(rejected)
    files["read"] = sum(files[name] for name in ("written", "duplicate", "not_dicom", "rejected"))
    audit = Audit(
        files=dict(files),
        patients=len(patients),
        rejected=sorted(rejected, key=lambda row: (row["reason"], row["file"])),
        attributes={name: dict(sorted(counts.items())) for name, counts in sorted(attributes.items())},
    )
    return outputs, audit


def _verify(
    records: Sequence[BatchRecord], outputs: dict[str, str], staging: Path, target: Path, audit: Audit, options: DeidOptions
) -> None:
    """Scan all outputs; on any leak remove them all and raise."""
    needles = sorted({needle for record in records for needle in record.needles})
    dates = {output.name: output.dates for record in records for output in record.outputs}
    paths = [
        (str(staging / staged) if (staging / staged).exists() else str(target / name), dates[name]) for name, staged in outputs.items()
    ]
    chunks = [paths[start : start + BATCH_FILES] for start in range(0, len(paths), BATCH_FILES)]
    workers = worker_count(options, len(chunks))
    if workers <= 1:
        start_scanner(needles)
        kinds = [kind for chunk in chunks for kind in leaks_in(chunk)]
    else:
        with ProcessPoolExecutor(workers, mp_context=_context(), initializer=start_scanner, initargs=(needles,)) as pool:
            kinds = [kind for found in pool.map(leaks_in, chunks) for kind in found]
    names = NeedleSet(needles).find("\n".join(outputs).encode())
    kinds += ["file name"] * len(names)
    if kinds:
        shutil.rmtree(staging)
        for item in target.iterdir():  # all of it is ours: `_refuse_strangers`
            shutil.rmtree(item) if item.is_dir() else item.unlink()
        raise ExamRejected(Reason.DEID_LEAK, {"files_scanned": len(paths), "leaks": dict(sorted(Counter(kinds).items()))})
    audit.verified = {"files": len(paths), "identifying_values": len(needles)}


def _keep_map(records: Sequence[BatchRecord], keys: KeyFolder) -> None:
    """Add to the encrypted map of what the pseudonyms stand for."""
    known = json.loads(keys.read_secret(MAP) or b"{}")
    for kind in ("patients", "studies", "files"):
        table = known.setdefault(kind, {})
        for record in records:
            table.update({pseudonym: value for value, pseudonym in getattr(record, kind).items()})
    keys.write_secret(MAP, json.dumps(known, sort_keys=True).encode())
