"""`petarseg evaluate`: how well does it read, scrub and structure, against a site's own labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import EXIT_OK, add, err, print_json

GoldOption = Annotated[Path, typer.Option(help="JSON lines with text and labels; docs/reference/gold.md describes them.")]
ConfigOption = Annotated[Path | None, typer.Option(help="TOML file with the endpoints of the profile.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout; the table goes to stderr either way.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(no_args_is_help=True, help="Score reading, scrubbing and structuring against your own labels.")
    add(group, "extraction", extraction, example="petarseg evaluate extraction --gold labels.jsonl --profile embedded")
    add(group, "scrubbing", scrubbing, example="petarseg evaluate scrubbing --gold labels.jsonl --json")
    add(group, "structuring", structuring, example="petarseg evaluate structuring --gold labels.jsonl")
    app.add_typer(group, name="evaluate")


def extraction(
    gold: GoldOption,
    profile: Annotated[str | None, typer.Option(help="embedded, paper or production.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Precision, recall and F1 of (sentence, SUVmax, slice), per voter, ensemble and kind of trap."""
    from petarseg.reports.evaluation import score_extraction
    from schemas.config import StructureConfig, load_config
    from tasks.extraction import decide_texts, probe_endpoints

    settings = load_config(config, profile=profile).extraction
    probe_endpoints(settings, StructureConfig())
    return show("Extraction", score_extraction(gold, lambda reports: decide_texts(reports, settings)).to_json(), as_json)


def scrubbing(gold: GoldOption, as_json: JsonOption = False) -> int:
    """Recall per type of identifying span, false positives, eponyms and measurements lost."""
    from petarseg.reports.scrub import Scrubber
    from petarseg.reports.scrub_scoring import score_scrubbing

    return show("Scrubbing", score_scrubbing(gold, Scrubber()).to_json(), as_json)


def structuring(gold: GoldOption, as_json: JsonOption = False) -> int:
    """Share of lesions whose region, organ and laterality are right."""
    from petarseg.reports.evaluation import score_structuring

    return show("Structuring", score_structuring(gold).to_json(), as_json)


def show(title: str, values: Mapping[str, Any], as_json: bool) -> int:
    """Print the scores as a table on stderr, and as JSON on request."""
    from rich.table import Table

    table = Table(title=title, title_justify="left", show_header=False)
    for name, value in flat(values):
        table.add_row(name.replace("_", " "), "-" if value is None else str(value))
    err.print(table)
    if as_json:
        print_json(values)
    return EXIT_OK


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted name, number) of nested mappings; lists are counted."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}: ")
        elif isinstance(value, list | tuple):
            yield f"{prefix}{name}", len(value)
        else:
            yield f"{prefix}{name}", value
