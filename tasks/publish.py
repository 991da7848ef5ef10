"""Stage 7: publish a version, whole or not at all.

A version is assembled in ``dataset/.staging``, checked, given checksums, renamed to ``dataset/<version>`` and only then named by
``dataset/latest``. Its name is a hash of its content, so an unchanged build finds its version already there.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import tomli_w

from petarseg import __version__
from petarseg.dataset.card import FIGURE, render_card
from petarseg.dataset.checksums import NAME as CHECKSUMS
from petarseg.dataset.checksums import write_checksums
from petarseg.dataset.croissant import write_croissant
from petarseg.dataset.funnel_figure import funnel_svg
from petarseg.dataset.hub import version_readme
from petarseg.dataset.methods import known_limits, methods_text, what_ran
from petarseg.dataset.tables import write_table
from petarseg.dataset.validate import validate_dataset
from petarseg.errors import ContractError
from petarseg.files import sha256_file, write_json, write_text
from petarseg.keys import KeyFolder
from petarseg.quality.page import write_page
from petarseg.quality.review import read_review
from petarseg.reports.review import write_review
from schemas.arrow import arrow_schema
from schemas.config import BuildConfig
from schemas.contracts import write_contracts
from schemas.results import BuildResult
from schemas.rows import AnatomyRow, ExamRow, LesionRow, RejectedRow, Row
from tasks import versions
from tasks.assemble import VOLUMES, Assembled, Assembler, published_settings, version_of
from tasks.exam_stage import exam_task
from tasks.texts import review_path
from tasks.workspace import Workspace, storage_errors


@exam_task(name="publish dataset", task_run_name="publish dataset")
def publish_dataset(workspace: Workspace, config: BuildConfig) -> BuildResult:
    """Assemble, check and publish the dataset.

    Raises
    ------
    ContractError
        If a row breaks its contract; nothing is published.
    StorageError
        If the disk is full; nothing is published.
    """
    assembled = Assembler(workspace, KeyFolder.open(workspace.key_dir), config).run()
    numbering = numbering_record(workspace, config)
    version = version_of(assembled, config, numbering)
    final = workspace.datasets / version
    reused = (final / CHECKSUMS).exists()
    with storage_errors():
        if not reused:
            staging = workspace.datasets / ".staging"
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(parents=True)
            write_version(workspace, staging, assembled, numbering, version, config)
            shutil.rmtree(final, ignore_errors=True)
            staging.rename(final)
        warnings = read_review(workspace.root / "review").warnings(assembled.known_lesions)
        if assembled.lesions or not (kept := lesions_of_latest(workspace.datasets)):
            point_latest(workspace.datasets, version)
        else:
            why = final / "rejected.parquet"
            warnings = [
                *warnings,
                f"no lesion was kept: dataset/latest still names the version before, with {kept} lesions; why is in {why}",
            ]
        write_review(review_path(workspace), assembled.disagreements)
    return BuildResult(
        version=version,
        dataset=str(final),
        qa=str(final / "qa" / "index.html"),
        n_exams=len(assembled.exams),
        n_lesions=len(assembled.lesions),
        n_rejected=len(assembled.rejected),
        reused=reused,
        warnings=warnings,
        funnel=assembled.funnel,
    )


def write_version(
    workspace: Workspace, folder: Path, assembled: Assembled, numbering: Mapping[str, Any], version: str, config: BuildConfig
) -> None:
    """Write every file of a version into `folder`, checksums last."""
    known: dict[str, str] = {}
    for exam in assembled.exams:
        digests = workspace.result("finish", exam.exam_id)["sha256"]
        source = workspace.exam_dir(exam.exam_id) / "final"
        for name in VOLUMES:
            relative = f"volumes/{exam.exam_id}/{name}.nii.gz"
            link(source / f"{name}.nii.gz", folder / relative)
            known[relative] = digests[f"{name}.nii.gz"]
        link(source / "shard.parquet", folder / "shards" / f"{exam.exam_id}.parquet")
        known[f"shards/{exam.exam_id}.parquet"] = digests["shard.parquet"]
        link(source / "mip.png", folder / "qa" / f"{exam.exam_id}.png")
        known[f"qa/{exam.exam_id}.png"] = digests["mip.png"]
    for lesion in assembled.lesions:
        source = workspace.exam_dir(lesion.exam_id) / "final" / f"lesion-{lesion.mask_label}.png"
        link(source, folder / "qa" / f"{lesion.lesion_id}.png")

    tables: list[tuple[str, Sequence[Row], type[Row]]] = [
        ("lesions", assembled.lesions, LesionRow),
        ("exams", assembled.exams, ExamRow),
        ("anatomy", assembled.anatomy, AnatomyRow),
        ("rejected", assembled.rejected, RejectedRow),
    ]
    rows: dict[str, list[dict[str, Any]]] = {}
    for name, items, model in tables:
        rows[name] = [item.model_dump(mode="json") for item in items]
        write_table(folder / f"{name}.parquet", rows[name], arrow_schema(model))
        known[f"{name}.parquet"] = sha256_file(folder / f"{name}.parquet")

    settings = published_settings(config)
    ran = what_ran(rows["lesions"], rows["exams"], rows["rejected"], assembled.labels.get("labelled_by", {}))
    methods = methods_text(settings, ran, software=__version__)
    funnel = assembled.funnel.table()
    write_json(folder / "funnel.json", assembled.funnel.model_dump(mode="json"))
    figure = funnel_svg([stage.model_dump(mode="json") for stage in assembled.funnel.stages])
    write_text(folder / FIGURE, figure)
    write_json(folder / "grids.json", assembled.grids)
    write_json(folder / "numbering.json", numbering)
    write_json(folder / "voters.json", assembled.voters)
    write_json(folder / "anatomy_labels.json", assembled.labels)
    write_text(folder / "METHODS.md", f"# Methods\n\n{methods}\n")
    about = {"name": config.dataset.name, "version": version, "license_id": config.dataset.license}
    write_text(folder / "README.md", version_readme(**about, n_lesions=len(rows["lesions"])))
    write_text(folder / "run.toml", tomli_w.dumps(without_none(run_record(settings, version))))
    write_text(
        folder / "DATASET_CARD.md",
        render_card(
            name=config.dataset.name,
            version=version,
            license_id=config.dataset.license,
            software=__version__,
            lesions=rows["lesions"],
            exams=rows["exams"],
            n_anatomy=len(rows["anatomy"]),
            n_rejected=len(rows["rejected"]),
            funnel=funnel,
            methods=methods,
            limits=known_limits(settings, ran),
            extent_mm={exam_id: extent_z_mm(grid) for exam_id, grid in assembled.grids.items()},
            small=config.dataset.small_cells,
        ),
    )
    write_croissant(
        folder,
        name=config.dataset.name,
        version=version,
        license_id=config.dataset.license,
        description=f"{len(rows['lesions'])} lesions of {len(rows['exams'])} PET/CT exams with report sentences and masks. {methods}",
        checksums=known,
    )
    write_page(
        folder / "qa" / "index.html",
        name=config.dataset.name,
        version=version,
        funnel=funnel,
        exams=rows["exams"],
        lesions=rows["lesions"],
        rejected=rows["rejected"],
        pictures={exam.exam_id: f"{exam.exam_id}.png" for exam in assembled.exams},
        crops={lesion.lesion_id: f"{lesion.lesion_id}.png" for lesion in assembled.lesions},
        figure=figure,
    )
    write_contracts(folder / "contracts")
    write_checksums(folder, known)
    refuse_broken(folder)


def refuse_broken(folder: Path) -> None:
    """Check a version against its contract before it gets its name.

    Tables, relations, splits and the list of files are checked; volumes were checked when they were made, and `petarseg validate`
    reads them again.

    Raises
    ------
    ContractError
        For the first rule that is broken; nothing is published.
    """
    for broken in validate_dataset(folder, rehash=False, volumes=False):
        raise ContractError(broken.table, broken.column, broken.rule, broken.key)


def extent_z_mm(grid: Mapping[str, Any]) -> float:
    """Return how much of the patient the native PET shows from head to feet, from the record of an exam's grid."""
    return float(grid["native_shape"][2]) * math.hypot(*(row[2] for row in grid["native_affine_ras_mm"][:3]))


def numbering_record(workspace: Workspace, config: BuildConfig) -> dict[str, Any]:
    """Return how slices were counted: fixed by the configuration, or detected per scanner with the evidence."""
    if config.lesions.slice_numbering != "auto":
        return {"fixed": config.lesions.slice_numbering}
    record: dict[str, Any] = json.loads((workspace.root / "work" / "numbering.json").read_text(encoding="utf-8"))
    return record


def run_record(settings: dict[str, Any], version: str) -> dict[str, Any]:
    """Return what goes into run.toml: everything that decided the result, and nothing that changes from run to run."""
    stages = {name.lower(): value for name, value in vars(versions).items() if name.isupper()}
    return {"version": version, "petarseg": __version__, "stages": stages, "settings": settings}


def without_none(value: Any) -> Any:
    """Drop None values, which TOML cannot write; absent means unset."""
    if isinstance(value, dict):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_none(item) for item in value]
    return value


def link(source: Path, target: Path) -> None:
    """Hard-link a finished file into the version, or copy it where the file system has no links.

    Workspace files are replaced, never rewritten in place, so the link keeps the published bytes.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def lesions_of_latest(datasets: Path) -> int:
    """Return how many lesions the version holds that ``latest`` names; 0 when there is none."""
    table = datasets / "latest" / "lesions.parquet"
    return int(pq.read_metadata(table).num_rows) if table.exists() else 0


def point_latest(datasets: Path, version: str) -> None:
    """Make ``latest`` name `version`, atomically."""
    temporary = datasets / ".latest"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(version)
    temporary.replace(datasets / "latest")
