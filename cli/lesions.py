"""`petarseg segment`: one finding, or a CSV of findings, to masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from cli.console import EXIT_OK, EXIT_REJECTED, add, check_out, err, print_json, rejection

if TYPE_CHECKING:
    from petarseg.volume import Volume

MEASURES = ("max_ras_mm", "suv_max", "suv_mean", "suv_peak", "volume_ml", "tlg", "threshold_suv", "iterations", "stop_reason", "method")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add(app, "segment", segment, example="petarseg segment --pet suv.nii.gz --suv-max 7.9 --slice 239 --out mask.nii.gz --json")


def segment(
    pet: Annotated[Path, typer.Option(help="PET in SUV, NIfTI.")],
    out: Annotated[Path, typer.Option(help="Mask to write (.nii.gz), on the PET's own grid.")],
    suv_max: Annotated[str | None, typer.Option(help="SUVmax as the report gives it; 8 may be 7.5 to 8.5, 8.0 may not.")] = None,
    slice_: Annotated[str | None, typer.Option("--slice", help="Axial slice that the report gives.")] = None,
    findings: Annotated[
        Path | None, typer.Option(help="CSV with columns suv_max, slice and, if you like, laterality, instead of one finding.")
    ] = None,
    method: Annotated[str, typer.Option(help="avg_itm, uw_itm, fixed41, fixed50 or gradient.")] = "avg_itm",
    fwhm_mm: Annotated[float, typer.Option(help="Resolution of the reconstruction, FWHM in mm.")] = 7.0,
    numbering: Annotated[
        str, typer.Option(help="How slices are counted: head_first_1, head_first_0, feet_first_1 or feet_first_0.")
    ] = "head_first_1",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "cpu",
    overlay: Annotated[Path | None, typer.Option(help="Also draw a picture (.png): MIPs with the contours.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 when a finding is rejected.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> int:
    """Find the lesion that a report describes and grow its mask."""
    import nibabel as nib

    from petarseg.errors import ConfigError
    from petarseg.volume import Units, Volume

    if (findings is None) == (suv_max is None or slice_ is None):
        raise ConfigError("give either --suv-max and --slice, or --findings FILE.csv")
    check_out(out, pet, findings, suffixes=(".nii.gz", ".nii"))
    rows = read_findings(findings) if findings else [parse_finding({"suv_max": suv_max, "slice": slice_}, "--suv-max, --slice")]
    volume = Volume.load(pet, units=Units.SUVBW)
    results, labels = segment_all(volume, rows, method=method, fwhm_mm=fwhm_mm, numbering=numbering, device=device)
    # The volume was brought to canonical orientation; users compare the mask's array with that of their own file.
    volume.with_array(labels, Units.LABEL).oriented_like(nib.load(pet).affine).save(out)  # type: ignore[attr-defined]
    if overlay is not None:
        from petarseg.quality.mip import mip_png

        mip_png(volume, volume.with_array(labels, Units.LABEL), overlay)
    value = {"results": results} if findings else results[0]
    if as_json:
        print_json(value)
    else:
        for number, result in enumerate(results, 1):
            err.print(f"{number}: " + ", ".join(f"{name} {item}" for name, item in result.items() if name != "evidence"))
    rejected = any(result["status"] == "rejected" for result in results)
    return EXIT_REJECTED if strict and rejected else EXIT_OK


class Finding(NamedTuple):
    """One row: SUVmax and its decimals, axial slice, side."""

    suv_max: float
    decimals: int
    axial_slice: int
    laterality: str


SIDES = ("left", "right", "bilateral", "midline", "none")


def read_findings(path: Path) -> list[Finding]:
    """Read the findings of a CSV with the columns suv_max and slice and, optionally, laterality; comma, semicolon or tab between them.

    Raises
    ------
    ConfigError
        If the file is absent, lacks a column, or holds something that is no number; the message names the line.
    """
    import csv

    from petarseg.errors import ConfigError

    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            header = stream.readline()
            stream.seek(0)
            separator = next((sign for sign in ";\t" if sign in header), ",")
            reader = csv.DictReader(stream, delimiter=separator)
            columns = [name.strip() for name in reader.fieldnames or []]
            reader.fieldnames = columns
            if missing := [name for name in ("suv_max", "slice") if name not in columns]:
                raise ConfigError(f"{path} lacks the column {', '.join(missing)}; it has: {', '.join(columns)}")
            rows = [parse_finding(row, f"{path} line {line}") for line, row in enumerate(reader, 2)]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read --findings {path}: {error}") from error
    if not rows:
        raise ConfigError(f"{path} holds no findings")
    return rows


def parse_finding(row: Mapping[str, str | None], where: str) -> Finding:
    """Read one finding from text; a decimal comma counts as a point.

    Raises
    ------
    ConfigError
        If something is no number or no side; the message begins with `where`.
    """
    from petarseg.errors import ConfigError

    suv_text = (row["suv_max"] or "").strip().replace(",", ".")
    try:
        suv_max, axial_slice = float(suv_text), float((row["slice"] or "").replace(",", "."))
        if not axial_slice.is_integer():
            raise ValueError
    except ValueError as error:
        raise ConfigError(f"{where}: suv_max and slice must be numbers, the slice a whole one") from error
    laterality = (row.get("laterality") or "none").strip().casefold()
    if laterality not in SIDES:
        raise ConfigError(f"{where}: laterality must be one of {', '.join(SIDES)}, not {laterality!r}")
    return Finding(suv_max, len(suv_text.partition(".")[2]), int(axial_slice), laterality)


def segment_all(
    volume: Volume, rows: Sequence[Finding], *, method: str, fwhm_mm: float, numbering: str, device: str
) -> tuple[list[dict[str, Any]], Any]:
    """Match and grow every row; returns the results in row order and the label map (value = row number from 1)."""
    from petarseg.errors import ConfigError, FindingRejected
    from petarseg.lesions.conventions import CONVENTIONS, SliceSource
    from petarseg.lesions.grow import grow_lesion
    from petarseg.lesions.label_map import empty_label_map, paint
    from petarseg.lesions.match import Query, match_findings

    queries = [
        Query(
            finding_id=str(number), suv_max=row.suv_max, axial_slice=row.axial_slice, laterality=row.laterality, suv_decimals=row.decimals
        )
        for number, row in enumerate(rows)
    ]
    from_pet = (SliceSource.HEAD_FIRST, SliceSource.FEET_FIRST)  # the others need the DICOM series
    conventions = {convention.name: convention for convention in CONVENTIONS if convention.source in from_pet}
    if numbering not in conventions:
        raise ConfigError(f"--numbering must be one of {', '.join(conventions)}, not {numbering!r}")
    matches = match_findings(volume, queries, convention=conventions[numbering])
    labels = empty_label_map(volume.shape, len(rows))
    results: list[dict[str, Any]] = []
    for number, query in enumerate(queries, 1):
        outcome = matches[query.finding_id]
        try:
            if isinstance(outcome, FindingRejected):
                raise outcome
            lesion = grow_lesion(
                volume,
                outcome.seed_ijk,
                method=method,
                fwhm_mm=fwhm_mm,
                suv_max_report=query.suv_max,
                rivals_ijk=outcome.rivals_ijk,
                device=device,
            )
            paint(labels, lesion, number)
        except FindingRejected as error:
            results.append(rejection(error))
            continue
        values = {name: getattr(lesion, name) for name in MEASURES}
        values["max_ras_mm"] = [round(float(value), 3) for value in values["max_ras_mm"]]
        flags = sorted({*outcome.flags, *lesion.flags})
        results.append(
            {"status": "ok", "reason": None, "label": number, **values, "slice_convention": str(outcome.slice_convention), "flags": flags}
        )
    return results, labels
