"""`petarseg validate`, `export`, `diff`: is a published dataset sound, how does it look in a viewer, what changed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from cli.console import EXIT_OK, EXIT_REJECTED, add, err, print_json, progress_bar

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add(app, "validate", validate, example="petarseg validate /data/petarseg/dataset/latest")
    add(app, "export", export, example="petarseg export dataset/latest E0123456789ab --out for-the-viewer")
    add(app, "diff", diff, example="petarseg diff dataset/v1-1a2b3c4d5e dataset/latest")


def validate(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help="Folder of one version, such as OUT/dataset/latest.")],
    rehash: Annotated[bool, typer.Option("--rehash/--no-rehash", help="Hash every file anew, or only compare the list of files.")] = True,
    volumes: Annotated[bool, typer.Option("--volumes/--no-volumes", help="Open every volume.")] = True,
    as_json: JsonOption = False,
) -> int:
    """Check a dataset from its files alone: contract, relations, splits, masks, checksums, near-duplicates. Exit 1 if a rule is broken."""
    from petarseg.dataset.validate import validate_dataset

    with progress_bar("Exams") as update:
        broken = validate_dataset(dataset, rehash=rehash, volumes=volumes, on_progress=lambda done, _: update(done))
    if as_json:
        print_json({"status": "broken" if broken else "ok", "broken": [dataclasses.asdict(item) for item in broken]})
    else:
        for item in broken:
            err.print(f"{item.table}.{item.column}: {item.rule} at {item.key}  {item.detail}", markup=False)
        err.print(f"{len(broken)} broken rules" if broken else "every rule holds")
    return EXIT_REJECTED if broken else EXIT_OK


def export(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help="Folder of one version.")],
    exam: Annotated[str, typer.Argument(metavar="EXAM", help="exam_id of exams.parquet.")],
    out: Annotated[Path, typer.Option(help="Folder for the derived PET and CT series and seg.dcm.")],
    as_json: JsonOption = False,
) -> int:
    """Write an exam as DICOM: PET and CT on the 3 mm grid and the masks as a segmentation, for PACS, OHIF or 3D Slicer."""
    from petarseg.quality.export import export_exam

    seg = export_exam(dataset, exam, out)
    if as_json:
        print_json({"status": "ok", "seg": str(seg), "out": str(out)})
    else:
        err.print(f"seg      {seg}")
    return EXIT_OK


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="Folder of the older version.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Folder of the newer version.")],
    as_json: JsonOption = False,
) -> int:
    """Say what changed between two versions of a dataset, and why."""
    from petarseg.dataset.diff import diff_datasets, render_diff

    found = diff_datasets(old, new)
    if as_json:
        print_json(found.to_json())
    else:
        err.print(render_diff(found), markup=False)
    return EXIT_OK
