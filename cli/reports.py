"""`petarseg deidentify-reports`, `extract`, `structure`: text in, JSON lines out."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import EXIT_OK, EXIT_REJECTED, EXIT_USAGE, add, check_out, err, print_json, progress_bar

if TYPE_CHECKING:
    from petarseg.reports.load import Report

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object (a summary) on stdout.")]
ConfigOption = Annotated[Path | None, typer.Option(help="TOML file; `columns` of its table `reports` maps your column names.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit 1 when anything is rejected.")]


CHUNK = 100
"""Reports that are read, or scrubbed, at a time."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add(app, "deidentify-reports", deidentify_reports, example="petarseg deidentify-reports reports.csv --out scrubbed.jsonl")
    add(app, "extract", extract, example="petarseg extract --reports reports.csv --out measurements.jsonl")
    add(app, "structure", structure, example="petarseg structure --findings measurements.jsonl --out structured.jsonl")


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write JSON lines atomically; return how many."""
    from petarseg.files import atomic_path

    n = 0
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
            n += 1
    return n


def finish(summary: dict[str, Any], as_json: bool, *, rejected: bool = False, strict: bool = False) -> int:
    """Print the summary and return the exit code."""
    if as_json:
        print_json(summary)
    else:
        for name, value in summary.items():
            err.print(f"{name:<10} {value}")
    return EXIT_REJECTED if strict and rejected else EXIT_OK


def deidentify_reports(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Reports: CSV, Parquet, JSONL, or a folder of .txt/.docx.")],
    out: Annotated[Path, typer.Option(help="JSON lines: report_id, text, spans (offsets in the input text).")],
    dates: Annotated[
        str, typer.Option(help="tag: dates become [DATE]. shift: moved by the patient's whole-day shift (needs --key-dir).")
    ] = "tag",
    key_dir: Annotated[Path | None, typer.Option(help="Folder of the project key, for --dates shift.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Remove names, dates, numbers and places from reports; measurements and eponyms stay."""
    from petarseg.errors import ConfigError, ExamRejected
    from petarseg.keys import KeyFolder
    from petarseg.reports.load import load_reports
    from petarseg.reports.scrub import Scrubber
    from schemas.config import load_config

    check_out(out, file)
    if dates not in ("tag", "shift"):
        raise ConfigError(f"--dates must be tag or shift, not {dates!r}")
    if dates == "shift" and key_dir is None:
        raise ConfigError("--dates shift needs --key-dir: the shift of a patient comes from the project key")
    settings = load_config(config).reports
    reports = load_reports(file, settings.columns)
    shifts = None
    if key_dir is not None and dates == "shift":
        keys = KeyFolder.open(key_dir)
        shifts = [keys.day_shift(report.patient_id or report.report_id) for report in reports]
    scrubber = Scrubber(dates="shift" if dates == "shift" else "tag")
    denies = [
        [*settings.deny, *(v for v in (report.patient_id, report.accession_number, report.study_instance_uid) if v)] for report in reports
    ]
    with progress_bar("Reports", len(reports)) as update:
        outcomes = []
        for start in range(0, len(reports), CHUNK):
            part = slice(start, start + CHUNK)
            outcomes += scrubber.scrub_many([r.text for r in reports[part]], denies[part], shifts[part] if shifts else None)
            update(min(start + CHUNK, len(reports)))
    refused = sum(isinstance(outcome, ExamRejected) for outcome in outcomes)
    rows = []
    for report, outcome in zip(reports, outcomes, strict=True):
        if isinstance(outcome, ExamRejected):
            rows.append({"report_id": report.report_id, "text": None, "spans": [], "reason": outcome.reason.value})
        else:
            spans = [dataclasses.asdict(span) for span in outcome.spans]
            rows.append({"report_id": report.report_id, "text": outcome.text, "spans": spans})
    write_lines(out, rows)
    code = finish({"status": "ok", "reports": len(rows), "refused": refused, "out": str(out)}, as_json)
    return EXIT_USAGE if refused == len(rows) and rows else code


def mask_identifying(reports: Sequence[Report], deny: Sequence[str]) -> list[str]:
    """Blank out identifying spans, character for character, so that no model sees them and offsets still fit the input text.

    A report that cannot be scrubbed is blanked as a whole.
    """
    from petarseg.errors import ExamRejected
    from petarseg.reports.scrub import Scrubber

    denies = [[*deny, *(v for v in (r.patient_id, r.accession_number, r.study_instance_uid) if v)] for r in reports]
    masked = []
    for report, outcome in zip(reports, Scrubber().scrub_many([r.text for r in reports], denies), strict=True):
        text = report.text
        spans = [(0, len(text))] if isinstance(outcome, ExamRejected) else [(span.start, span.end) for span in outcome.spans]
        for start, end in spans:
            text = text[:start] + "_" * (end - start) + text[end:]
        masked.append(text)
    return masked


def extract(
    reports: Annotated[Path, typer.Option(help="Reports: CSV, Parquet, JSONL, or a folder of .txt/.docx.")],
    out: Annotated[Path, typer.Option(help="JSON lines, one per measurement, accepted or rejected with a reason.")],
    profile: Annotated[str | None, typer.Option(help="embedded, paper or production.")] = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> int:
    """Read SUVmax and axial slice of each finding; offsets refer to the input text."""
    from petarseg.reports.load import load_reports
    from schemas.config import StructureConfig, load_config
    from tasks.extraction import needs_models, probe_endpoints, read_texts

    check_out(out, reports)
    settings = load_config(config, profile=profile)
    table = load_reports(reports, settings.reports.columns)
    probe_endpoints(settings.extraction, StructureConfig())
    rows: list[dict[str, Any]] = []
    with progress_bar("Reports", len(table)) as update:
        for start in range(0, len(table), CHUNK):
            part = table[start : start + CHUNK]
            texts = mask_identifying(part, settings.reports.deny) if needs_models(settings.extraction) else [report.text for report in part]
            found = read_texts([(report.report_id, text) for report, text in zip(part, texts, strict=True)], settings.extraction)
            rows += [{"report_id": report.report_id, **row} for report, read in zip(part, found, strict=True) for row in read.rows]
            update(start + len(part))
    write_lines(out, rows)
    accepted = sum(row["status"] == "accepted" for row in rows)
    summary = {"status": "ok", "reports": len(table), "accepted": accepted, "rejected": len(rows) - accepted, "out": str(out)}
    return finish(summary, as_json, rejected=accepted < len(rows), strict=strict)


def structure(
    findings: Annotated[Path, typer.Option(help="JSON lines of `petarseg extract`, or lines with sentence, suv_max, axial_slice.")],
    out: Annotated[Path, typer.Option(help="JSON lines: region, organ, anatomic_subsite, laterality, suv_max, axial_slice, findings.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Give each accepted finding its region, organ, anatomic subsite and laterality."""
    from petarseg.errors import ConfigError
    from schemas.config import load_config
    from tasks.structure import structure_all

    check_out(out, findings)
    settings = load_config(config)
    try:
        lines = [json.loads(line) for line in findings.read_text(encoding="utf-8").splitlines() if line.strip()]
    except FileNotFoundError as error:
        raise ConfigError(f"--findings: no such file: {findings}") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ConfigError(f"--findings: {findings} is not JSON lines: {error}") from error
    for number, line in enumerate(lines, 1):
        if not isinstance(line, dict):
            raise ConfigError(f"--findings: line {number} of {findings} is no JSON object")
        missing = [key for key in ("suv_max", "axial_slice") if key not in line]
        if "sentence" not in line and "findings" not in line:
            missing.append("sentence")
        if missing:
            raise ConfigError(f"--findings: line {number} of {findings} lacks {', '.join(missing)}")
    lines = [line for line in lines if line.get("status", "accepted") == "accepted"]
    sentences = [{**line, "sentence": line.get("sentence", line.get("findings"))} for line in lines]
    rows = [
        {
            # What joins a row to its report again, where it came from `extract`.
            **{name: line[name] for name in ("report_id", "start", "end") if name in line},
            **{name: structured[name] for name in ("region", "organ", "anatomic_subsite", "laterality")},
            "suv_max": line["suv_max"],
            "axial_slice": line["axial_slice"],
            "findings": line["sentence"],
        }
        for line, structured in zip(sentences, structure_all(sentences, settings.structure), strict=True)
    ]
    write_lines(out, rows)
    return finish({"status": "ok", "findings": len(rows), "out": str(out)}, as_json)
