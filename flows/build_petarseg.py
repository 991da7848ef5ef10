"""Flow `build-petarseg`: from a PET/CT archive and its reports to a published dataset.

The flow reads like the method section of the paper; the work is in ``tasks/`` and ``petarseg/``. Every stage skips what is done, so
that the same call resumes a killed run, repairs a broken one, and adds what is new in the archive.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.task_runners import ThreadPoolTaskRunner

from petarseg.errors import ConfigError
from schemas.config import BuildConfig
from schemas.results import BuildResult
from tasks.archive import index_archive
from tasks.artifacts import publish_artifacts
from tasks.exam_stage import discreet
from tasks.exams import check_device, convert_exam, find_lesions, finish_exam
from tasks.extraction import probe_endpoints
from tasks.labelling import check_anatomy, open_labeller
from tasks.numbering import detect_slice_numbering, summarise_slices
from tasks.progress import BuildProgress, StageProgress
from tasks.publish import publish_dataset
from tasks.structure import structure_findings
from tasks.texts import read_reports, usable
from tasks.workspace import Workspace

Ids = Sequence[str]

DEFAULTS = BuildConfig()
"""Immutable; as the default of the parameter it fills the form in the Prefect UI."""


def task_runner(workers: int | None = None) -> ThreadPoolTaskRunner[Any]:
    """Return the runner that works on `workers` exams at a time; None means one per core."""
    return ThreadPoolTaskRunner(max_workers=workers or os.cpu_count() or 1)


@flow(name="build-petarseg", task_runner=task_runner(), persist_result=False)
@discreet
def build_petarseg(archive: str, reports: str, out: str, key_dir: str | None = None, config: BuildConfig = DEFAULTS) -> BuildResult:
    """Build a petarseg dataset.

    Parameters
    ----------
    archive : str
        Folder with the DICOM files of the exams, in any order and depth.
    reports : str
        Table (CSV, Parquet, JSONL) or folder (.txt, .docx) of reports.
    out : str
        Workspace; the dataset appears in ``out/dataset/<version>`` and ``out/dataset/latest``.
    key_dir : str, optional
        Where the project key and everything identifying is kept; ``out/key`` by default.
    config : BuildConfig, optional
        All settings; ``configs/demo.toml`` shows and explains them.

    Returns
    -------
    BuildResult
        Version, paths, funnel and counts.
    """
    log = get_run_logger()
    workspace = Workspace.open(Path(out), Path(key_dir) if key_dir else None)
    check_device(config.lesions)
    check_anatomy(config.anatomy)
    probe_endpoints(config.extraction, config.structure)
    with workspace.lock(), BuildProgress() as progress:
        # 1. Find the studies and their reports.
        with progress.stage("Index archive", None) as bar:
            index_archive(workspace, existing(archive, "archive"), existing(reports, "reports"), config, bar.set)
        exams: dict[str, dict[str, Any]] = json.loads((workspace.root / "work" / "index.json").read_text(encoding="utf-8"))["exams"]
        log.info("%d exams with a PET, a CT and a report", len(exams))

        # 2. Scrub the reports and read each finding's SUVmax and axial slice. No image is opened before this.
        with progress.stage("Scrub and read reports", len(exams)) as bar:
            in_batches(list(exams), config, bar, lambda ids: read_reports.submit(workspace, [exams[i] for i in ids], config), chunk=25)
        findings = {exam_id: usable(workspace.result("read", exam_id), config) for exam_id in exams}
        kept = [exam_id for exam_id, found in findings.items() if found]
        log.info("%d exams with %d usable findings", len(kept), sum(len(findings[exam_id]) for exam_id in kept))

        # 3. Convert the exams that have a usable finding: PET to SUVbw, CT to HU, nothing identifying.
        with progress.stage("Convert exams", len(kept)) as bar:
            kept = each_exam(kept, config, bar, lambda exam_id: convert_exam.submit(workspace, exam_id, exams[exam_id]))

        # 4. See how each scanner's reports count slices, match each finding to a component of the PET, and grow its mask.
        if config.lesions.slice_numbering == "auto":
            with progress.stage("Compare slice numbers", len(kept)) as bar:
                each_exam(
                    kept,
                    config,
                    bar,
                    lambda exam_id: summarise_slices.submit(workspace, exam_id, exams[exam_id], findings[exam_id], config),
                )
        numbering = detect_slice_numbering(workspace, kept, config)
        with progress.stage("Find lesions", len(kept)) as bar:
            kept = each_exam(
                kept,
                config,
                bar,
                lambda exam_id: find_lesions.submit(workspace, exam_id, exams[exam_id], findings[exam_id], config, numbering[exam_id]),
            )
        masked = {i: [findings[i][int(item["finding"])] for item in workspace.result("lesions", i)["lesions"]] for i in kept}
        kept = [exam_id for exam_id in kept if masked[exam_id]]
        log.info("%d exams with %d lesions", len(kept), sum(len(masked[exam_id]) for exam_id in kept))

        # 5. Structure the findings that have a mask.
        with progress.stage("Structure findings", len(kept)) as bar:
            in_batches(kept, config, bar, lambda ids: structure_findings.submit(workspace, {i: masked[i] for i in ids}, config), chunk=100)

        # 6. Label the CT and bring everything to 3 mm, 192x192x352.
        with progress.stage("Label and resample", len(kept)) as bar, open_labeller(config.anatomy) as labeller:
            each_exam(kept, config, bar, lambda exam_id: finish_exam.submit(workspace, exam_id, exams[exam_id], labeller, config.dataset))

        # 7. Tables, contract, card, QA pages, checksums: a version, or nothing.
        with progress.stage("Publish dataset", None):
            result = publish_dataset(workspace, config)
    for warning in result.warnings:
        log.warning(warning)
    publish_artifacts(result)
    log.info("published %s: %d lesions of %d exams", result.version, result.n_lesions, result.n_exams)
    return result


def existing(path: str, what: str) -> Path:
    """Return `path`, which must exist.

    Raises
    ------
    ConfigError
        If it does not.
    """
    found = Path(path)
    if not found.exists():
        raise ConfigError(f"{what}: no such file or folder: {path}")
    return found


def each_exam(exam_ids: Ids, config: BuildConfig, bar: StageProgress, submit: Callable[[str], Any]) -> list[str]:
    """Run one task per exam, never more than a batch of futures at a time; return the ids of those that came out ok."""
    done: list[str] = []
    for batch in batches(exam_ids, config.run.batch_size):
        for future in [submit(exam_id) for exam_id in batch]:
            record = future.result()
            bar.advance()
            if record["status"] == "ok":
                done.append(record["exam_id"])
    return done


def in_batches(exam_ids: Ids, config: BuildConfig, bar: StageProgress, submit: Callable[[Ids], Any], *, chunk: int) -> None:
    """Run one task per `chunk` exams."""
    for batch in batches(batches(exam_ids, chunk), config.run.batch_size):
        for future in [submit(ids) for ids in batch]:
            bar.advance(len(future.result()))


def batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Cut `items` into lists of at most `size`."""
    iterator = iter(items)
    while piece := list(islice(iterator, size)):
        yield piece
