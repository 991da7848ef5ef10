"""`petarseg info`: versions and abilities of this installation."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated, Any

import typer

from cli.console import EXIT_OK, add, err, print_json

PACKAGES = ("prefect", "numpy", "pydicom", "SimpleITK", "nibabel", "pyarrow", "presidio-analyzer", "spacy", "torch", "TotalSegmentator")
EXTRAS = {
    "gpu": "torch",
    "anatomy": "totalsegmentator",
    "train": "transformers",
    "ray": "prefect_ray",
    "postgres": "asyncpg",
    "llm-local": "xllamacpp",
}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add(app, "info", info, example="petarseg info --json")


def installed(package: str) -> str | None:
    """Return a package's version, or None."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def describe() -> dict[str, Any]:
    """Return what `petarseg info --json` prints; imports nothing heavy."""
    import os
    import platform

    from petarseg.reasons import Reason

    return {
        "petarseg": installed("petarseg"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "packages": {package: installed(package) for package in PACKAGES},
        "extras": {extra: find_spec(module) is not None for extra, module in EXTRAS.items()},
        "profiles": ["embedded", "paper", "production"],
        "methods": ["avg_itm", "uw_itm", "fixed41", "fixed50", "gradient"],
        "reasons": {reason.value: reason.description for reason in Reason},
    }


def info(as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False) -> int:
    """Say what is installed: versions, extras, profiles, methods, reason codes."""
    values = describe()
    if as_json:
        print_json(values)
        return EXIT_OK
    err.print(f"petarseg {values['petarseg']}, Python {values['python']}, {values['cores']} cores, {values['platform']}")
    for package, number in values["packages"].items():
        err.print(f"  {package:<18} {number or '-'}")
    missing = [extra for extra, there in values["extras"].items() if not there]
    if missing:
        err.print(f"  extras not installed: {', '.join(missing)} (pip install -e '.[NAME]' -c constraints.txt)")
    return EXIT_OK
