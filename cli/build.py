"""`petarseg build`, `demo`, `phantom`: the whole way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import EXIT_OK, EXIT_REJECTED, add, err, print_json, progress_bar

if TYPE_CHECKING:
    from schemas.config import BuildConfig
    from schemas.results import BuildResult

DEMO_EXAMS = 12


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add(app, "build", build, example="petarseg build --archive /data/dicom --reports reports.csv --out /data/petarseg")
    add(app, "demo", demo, example="petarseg demo --out demo")
    add(app, "phantom", phantom, example="petarseg phantom --out cohort --exams 12 --seed 7")


JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit 1 when anything was rejected.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Show the log of every stage.")]


def build(
    archive: Annotated[Path, typer.Option(help="Folder with the DICOM files, in any order and depth.")],
    reports: Annotated[Path, typer.Option(help="Reports: CSV, Parquet, JSONL, or a folder of .txt/.docx.")],
    out: Annotated[Path, typer.Option(help="Workspace; the dataset appears in OUT/dataset/latest.")],
    config: Annotated[Path | None, typer.Option(help="TOML file with settings (configs/ has complete ones).")] = None,
    profile: Annotated[str | None, typer.Option(help="Who reads the reports: embedded, paper or production.")] = None,
    key_dir: Annotated[Path | None, typer.Option(help="Where key material is kept; OUT/key by default.")] = None,
    strict: StrictOption = False,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> int:
    """Build a dataset from an archive and its reports. Run it again to resume, or to add what is new."""
    from schemas.config import load_config

    settings = load_config(config, profile=profile)
    result = run_build(archive, reports, out, key_dir, settings, verbose=verbose)
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        show(result)
    return EXIT_REJECTED if strict and result.n_rejected else EXIT_OK


def run_build(archive: Path, reports: Path, out: Path, key_dir: Path | None, config: BuildConfig, *, verbose: bool = False) -> BuildResult:
    """Run the flow in this process, with the embedded Prefect server unless PREFECT_API_URL names another."""
    from cli.prefect_env import prepare

    prepare(out, verbose=verbose)
    from tasks.preflight import check_inputs, check_writable

    check_inputs(archive, reports, config.reports.columns)
    check_writable(out)
    config = hide_deny(config, key_dir or out / "key")
    err.print("Starting Prefect ...")
    from flows.build_petarseg import build_petarseg, task_runner

    return build_petarseg.with_options(task_runner=task_runner(config.run.workers))(
        str(archive), str(reports), str(out), str(key_dir) if key_dir else None, config
    )


def hide_deny(config: BuildConfig, key_dir: Path) -> BuildConfig:
    """Move the deny list into the key folder: Prefect stores the parameters of a run in its database."""
    import json

    from petarseg.keys import KeyFolder

    KeyFolder.open(key_dir).write_secret("deny", json.dumps(config.reports.deny).encode("utf-8"))
    return config.model_copy(update={"reports": config.reports.model_copy(update={"deny": []})})


def show(result: BuildResult) -> None:
    """Print the funnel and the paths."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="Funnel", title_justify="left")
    for column in ("stage", "unit", "read", "kept"):
        table.add_column(column, justify="right" if column in ("read", "kept") else "left")
    table.add_column("dropped", overflow="fold")
    for row in result.funnel.table():
        table.add_row(*(str(row[column]) for column in ("stage", "unit", "read", "kept", "dropped")))
    err.print(table)
    state = "unchanged" if result.reused else "published"
    err.print(f"{state} [bold]{result.version}[/]: {result.n_lesions} lesions of {result.n_exams} exams, {result.n_rejected} rejects")
    for warning in result.warnings:
        err.print(f"[yellow]warning[/]  {escape(warning)}")
    err.print(f"dataset  {result.dataset}")
    err.print(f"look     {result.qa}")


def phantom(
    out: Annotated[Path, typer.Option(help="Folder to write; it must be empty or absent.")],
    exams: Annotated[int, typer.Option(min=1, help="Number of exams.")] = DEMO_EXAMS,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal bytes.")] = 0,
    size: Annotated[str, typer.Option(help="small: seconds per exam. full: clinical matrix sizes.")] = "small",
    as_json: JsonOption = False,
) -> int:
    """Make a digital PET/CT cohort with known truth: DICOM, reports and lesion masks."""
    from petarseg.errors import ConfigError
    from petarseg.phantom.cohort import write_cohort

    if size not in ("small", "full"):
        raise ConfigError(f"--size must be small or full, not {size!r}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"--out {out} is not empty; choose another folder")
    with progress_bar("Phantom exams", exams) as update:
        write_cohort(out, n_exams=exams, seed=seed, size="full" if size == "full" else "small", on_progress=lambda done, _: update(done))
    paths = {"dicom": str(out / "dicom"), "reports": str(out / "reports.csv"), "truth": str(out / "truth" / "truth.json")}
    if as_json:
        print_json({"status": "ok", "exams": exams, "seed": seed, **paths})
    else:
        for name, path in paths.items():
            err.print(f"{name:<8} {path}")
    return EXIT_OK


def demo(
    out: Annotated[Path, typer.Option(help="Folder of the demo.")] = Path("demo"),
    exams: Annotated[int, typer.Option(min=1, help="Number of phantom exams.")] = DEMO_EXAMS,
    seed: Annotated[int, typer.Option(help="Seed of the cohort.")] = 0,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> int:
    """Make a phantom cohort, build a dataset from it, and compare its lesions with the truth."""
    from cli.demo import compare, make_cohort, show_accuracy
    from schemas.config import load_config

    config = Path(__file__).resolve().parents[1] / "configs" / "demo.toml"
    cohort = make_cohort(out / f"cohort-{exams}-{seed}", exams, seed)
    result = run_build(cohort / "dicom", cohort / "reports.csv", out / "build", None, load_config(config), verbose=verbose)
    accuracy = compare(out / "build", cohort)
    if as_json:
        print_json({**result.model_dump(mode="json"), "accuracy": accuracy})
    else:
        show(result)
        show_accuracy(accuracy)
    return EXIT_OK
