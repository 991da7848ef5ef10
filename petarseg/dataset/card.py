"""DATASET_CARD.md, computed from the rows that are published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

Rows = Sequence[Mapping[str, Any]]

AGE_STEP = 10


def render_card(
    *,
    name: str,
    version: str,
    license_id: str,
    software: str,
    lesions: Rows,
    exams: Rows,
    n_anatomy: int,
    n_rejected: int,
    funnel: Rows,
    methods: str,
    suv_floor: float,
    method: str,
    structure: str,
) -> str:
    """Return the card as Markdown with the YAML header of the Hugging Face hub.

    Parameters
    ----------
    name, version, license_id, software : str
        Of the dataset; version of petarseg.
    lesions, exams : sequence of mapping
        The published rows.
    n_anatomy, n_rejected : int
        Rows of the other tables.
    funnel : sequence of mapping
        Rows with stage, unit, read, kept, dropped.
    methods : str
        What ran, in words (`petarseg.dataset.methods`).
    suv_floor : float
        Findings below it were dropped.
    method, structure : str
        Threshold method; who structured the findings.
    """
    environment = Environment(loader=PackageLoader("petarseg.dataset"), undefined=StrictUndefined, keep_trailing_newline=True)
    environment.filters["cell"] = cell
    tables = cohort_tables(lesions, exams)
    return environment.get_template("card.md.j2").render(
        name=name,
        version=version,
        license=license_id,
        software=software,
        n_lesions=len(lesions),
        n_exams=len(exams),
        n_patients=len({exam["patient_id"] for exam in exams}),
        n_anatomy=n_anatomy,
        n_rejected=n_rejected,
        size_category=size_category(len(lesions)),
        spacing="x".join(f"{value:g}" for value in exams[0]["spacing_mm"]) if exams else "3x3x3",
        shape="x".join(str(value) for value in exams[0]["shape"]) if exams else "192x192x352",
        tables=[(title, rows) for title, (_, rows) in tables.items()],
        columns={title: unit for title, (unit, _) in tables.items()},
        funnel=funnel,
        methods=methods,
        suv_floor=f"{suv_floor:g}",
        method=method,
        structure=structure,
    )


def cohort_tables(lesions: Rows, exams: Rows) -> dict[str, tuple[str, list[tuple[str, int]]]]:
    """Return the cohort's tables: title to (what is counted, rows of label and count)."""
    return {
        "Splits": ("exams", count(exam["split"] for exam in exams)),
        "Tracers": ("exams", count(exam["tracer"] for exam in exams)),
        "Sex": ("exams", count(exam["sex"] for exam in exams)),
        "Age": ("exams", sorted(count(age_band(exam["age_years"]) for exam in exams))),
        "Cancer types": ("exams", count(exam["cancer_type"] for exam in exams)),
        "Scanners": ("exams", count(" ".join(filter(None, (exam["manufacturer"], exam["model"]))) or None for exam in exams)),
        "Regions": ("lesions", count(lesion["region"] for lesion in lesions)),
        "Organs": ("lesions", count(lesion["organ"] for lesion in lesions)),
    }


def count(values: Iterable[str | None]) -> list[tuple[str, int]]:
    """Return (value, count), most frequent first, then by name; None is written "unknown"."""
    counts = Counter("unknown" if value is None else str(value) for value in values)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def cell(value: object) -> str:
    """Return a value as the text of one cell of a Markdown table."""
    return " ".join(str(value).split()).replace("|", "\\|")


def age_band(age_years: int | None) -> str | None:
    """Return the decade of an age, such as "60-69"."""
    if age_years is None:
        return None
    low = age_years // AGE_STEP * AGE_STEP
    return "90+" if low >= 90 else f"{low:02d}-{low + AGE_STEP - 1:02d}"


def size_category(n: int) -> str:
    """Return the hub's size category."""
    for limit, text in ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K")):
        if n < limit:
            return text
    return "100K<n<1M"
