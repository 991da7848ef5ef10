"""`petarseg validate`, `export`, `diff`: is a published dataset sound, how does it look in a viewer, what changed."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
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


class Layout(StrEnum):
    """What `petarseg export` writes."""

    DICOM = "dicom"
    HF = "hf"
    BIDS = "bids"


def export(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help="Folder of one version.")],
    out: Annotated[Path, typer.Option(help="Folder to write; new for hf and bids.")],
    exam: Annotated[str | None, typer.Argument(metavar="[EXAM]", help="exam_id of exams.parquet; for --to dicom.")] = None,
    to: Annotated[Layout, typer.Option(help="dicom: PET, CT and a segmentation of one exam. hf, bids: the whole dataset.")] = Layout.DICOM,
    as_json: JsonOption = False,
) -> int:
    """Write an exam as DICOM (PET, CT, masks as a segmentation) for PACS, OHIF or 3D Slicer, or the dataset for a hub or BIDS tools."""
    from petarseg.errors import ConfigError

    if to is Layout.DICOM:
        from petarseg.quality.export import export_exam

        if exam is None:
            raise ConfigError("name an exam (exam_id of exams.parquet): petarseg export DATASET EXAM --out DIR")
        seg = export_exam(dataset, exam, out)
        if as_json:
            print_json({"status": "ok", "to": to.value, "seg": str(seg), "out": str(out)})
        else:
            err.print(f"seg      {seg}")
        return EXIT_OK
    if exam is not None:
        raise ConfigError(f"--to {to.value} writes the whole dataset; leave {exam} out")
    if to is Layout.HF:
        from petarseg.dataset.hub import export_hub as write
    else:
        from petarseg.dataset.bids import export_bids as write
    write(dataset, out)
    if as_json:
        print_json({"status": "ok", "to": to.value, "out": str(out)})
    else:
        err.print(f"out      {out}")
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
