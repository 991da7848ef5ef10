"""`petarseg index`, `suv`, `convert`, `deidentify`: DICOM in, tables and volumes out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.console import EXIT_OK, EXIT_REJECTED, EXIT_USAGE, add, check_out, err, print_json, progress_bar, rejection

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit 1 when the input is rejected.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add(app, "index", index, example="petarseg index /data/dicom --out tables")
    add(app, "suv", suv, example="petarseg suv /data/dicom/pet --out suv.nii.gz --json")
    add(app, "convert", convert, example="petarseg convert /data/dicom/exam --out converted")
    add(app, "deidentify", deidentify, example="petarseg deidentify /data/dicom /data/clean --key-dir /secure/key --verify")


def index(
    archive: Annotated[Path, typer.Argument(help="Folder with DICOM files, in any order and depth.")],
    out: Annotated[Path, typer.Option(help="Folder for series.parquet, studies.parquet and unreadable.parquet. They identify patients.")],
    as_json: JsonOption = False,
) -> int:
    """List the studies and series of an archive, the PET and CT that would be used, and why the others would not."""
    from petarseg.dicom.index import scan_archive
    from petarseg.dicom.index_tables import write_index
    from petarseg.errors import ConfigError

    with progress_bar("Files") as update:
        found = scan_archive(archive, on_progress=update)
    if not found.n_files:
        raise ConfigError(f"{archive} holds no DICOM file")
    write_index(found, out)
    summary = {
        "status": "ok",
        "files": found.n_files,
        "unreadable": len(found.unreadable),
        "ignored": found.n_ignored,
        "duplicates": found.n_duplicates,
        "studies": len(found.studies),
        "usable": sum(study.reject is None for study in found.studies),
        "series_table": str(out / "series.parquet"),
        "studies_table": str(out / "studies.parquet"),
        "unreadable_table": str(out / "unreadable.parquet"),
    }
    if as_json:
        print_json(summary)
    else:
        for name, value in summary.items():
            err.print(f"{name:<14} {value}")
    return EXIT_OK


def suv(
    path: Annotated[Path, typer.Argument(help="One DICOM file, or a folder whose PET series is taken.")],
    out: Annotated[Path | None, typer.Option(help="Write the SUVbw volume here (.nii.gz); needs a whole series.")] = None,
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> int:
    """Say how a PET series becomes SUVbw: the rule, the factor, what was assumed; or why it cannot."""
    from petarseg.dicom.convert import pet_files, pet_series, suv_of
    from petarseg.errors import Rejected

    if out is not None:
        check_out(out, path, suffixes=(".nii.gz", ".nii"))
    values = suv_of(path)
    if out is not None and values["status"] == "ok":
        try:
            pet_series(pet_files(path)).write(out)
        except Rejected as error:
            values = rejection(error)
    if out is not None and values["status"] == "rejected":
        out.unlink(missing_ok=True)  # of an earlier run, perhaps of another exam
    if as_json:
        print_json(values)
    else:
        for name, value in values.items():
            err.print(f"{name:<16} {value}")
    return EXIT_REJECTED if strict and values["status"] == "rejected" else EXIT_OK


def convert(
    path: Annotated[Path, typer.Argument(help="Folder of one exam.")],
    out: Annotated[Path, typer.Option(help="Folder for pet.nii.gz, ct.nii.gz and their JSON sidecars.")],
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> int:
    """Convert an exam's PET to SUVbw and its CT to HU, as NIfTI without identifying values."""
    from petarseg.dicom.convert import ct_series, pet_series
    from petarseg.dicom.index import scan_archive
    from petarseg.errors import ConfigError, Rejected
    from petarseg.files import write_json

    found = scan_archive(path, keep_headers=True)
    if len(found.studies) != 1:
        raise ConfigError(f"{path} holds {len(found.studies)} studies; convert takes the folder of one exam")
    study = found.studies[0]
    written: dict[str, dict[str, object]] = {}
    for name, series, read_series in (("pet", study.pet, pet_series), ("ct", study.ct, ct_series)):
        if series is None:
            continue
        try:
            converted = read_series(series.files, found.headers).write(out / f"{name}.nii.gz")
        except Rejected as error:
            written[name] = rejection(error)
            continue
        write_json(out / f"{name}.json", converted.sidecar)
        written[name] = {"status": "ok", "path": str(out / f"{name}.nii.gz"), "sidecar": str(out / f"{name}.json")}
    if study.pet is None and study.reject is not None and (not written or any(item.modality == "PT" for item in study.others)):
        written["pet"] = {"status": "rejected", "reason": study.reject[0].value, "evidence": study.reject[1]}
    if study.pet is not None and study.ct is None and study.reject is not None and study.reject[1].get("ct_series"):
        written["ct"] = {"status": "rejected", "reason": study.reject[0].value, "evidence": study.reject[1]}
    if not written:
        raise ConfigError(f"{path} holds neither a PET nor a CT series")
    for name in ("pet", "ct"):
        if "path" not in written.get(name, {}):
            for stale in (f"{name}.nii.gz", f"{name}.json"):  # of an earlier run, perhaps of another exam
                (out / stale).unlink(missing_ok=True)
    rejected = any(value["status"] == "rejected" for value in written.values())
    result = {"status": "rejected" if rejected else "ok", **written}
    if as_json:
        print_json(result)
    else:
        for name, value in result.items():
            err.print(f"{name:<8} {value}")
    return EXIT_REJECTED if strict and rejected else EXIT_OK


def deidentify(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Folder of DICOM files, or one file.")],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="Folder to write: empty or absent, or of an earlier run of the same input and key.")
    ],
    key_dir: Annotated[Path, typer.Option(help="Folder of the project key; made on first use. Keep it apart from IN and OUT.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Search the output for every identifying value of the input; fail closed.")
    ] = False,
    dates: Annotated[str, typer.Option(help="shift: a whole-day shift per patient. year: only the year is kept.")] = "shift",
    as_json: JsonOption = False,
) -> int:
    """De-identify DICOM (PS3.15 Annex E) and write an audit of what was removed, kept and changed."""
    from petarseg.dicom.deidentify import DeidOptions, check_folders, deidentify_tree
    from petarseg.errors import ConfigError, Rejected
    from petarseg.keys import KeyFolder

    check_folders(source, target, key_dir)
    if dates not in ("shift", "year"):
        raise ConfigError(f"--dates must be shift or year, not {dates!r}")
    options = DeidOptions(dates="year" if dates == "year" else "shift")
    try:
        with progress_bar("Files") as update:
            audit = deidentify_tree(source, target, KeyFolder.open(key_dir), verify=verify, options=options, on_progress=update)
    except Rejected as error:
        if as_json:
            print_json(rejection(error))
        err.print(f"[bold red]refused:[/] {error.reason.description}")
        return EXIT_USAGE
    values = audit.to_json()
    if as_json:
        print_json(values)
    else:
        err.print(f"audit    {target / 'audit.json'}")
    return EXIT_OK
