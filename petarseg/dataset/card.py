"""DATASET_CARD.md, computed from the rows that are published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from petarseg.dataset.cohort import Rows, card_tables

FIGURE = "figures/funnel.svg"
"""Where the card and the QA page expect the funnel, relative to the dataset."""


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
    limits: Sequence[str],
    extent_mm: Mapping[str, float] | None = None,
    small: int = 1,
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
        What ran, in words (`petarseg.dataset.methods.methods_text`).
    limits : sequence of str
        What a user has to know, a sentence each (`petarseg.dataset.methods.known_limits`).
    extent_mm : mapping, optional
        Exam id to the height of its PET's field of view.
    small : int
        Categories of patients with fewer exams are summed up as "Others".
    """
    environment = Environment(loader=PackageLoader("petarseg.dataset"), undefined=StrictUndefined, keep_trailing_newline=True)
    environment.filters["cell"] = cell
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
        tables=card_tables(lesions, exams, extent_mm=extent_mm or {}, small=small),
        small=small,
        funnel=funnel,
        figure=FIGURE,
        methods=methods,
        limits=limits,
        faces=faces_text(exams),
    )


def faces_text(exams: Rows) -> str:
    """Say what became of the faces."""
    states = {exam.get("face", "kept") for exam in exams}
    if states <= {"kept"}:
        return "The faces of PET and CT are not removed: treat the images as identifiable."
    return (
        "Faces were removed from PET, CT and anatomy labels: what lies within 30 mm of the skin between brow, ears and chin is air. "
        "This makes recognition hard and is no proof of anonymity."
    )


def cell(value: object) -> str:
    """Return a value as the text of one cell of a Markdown table."""
    return " ".join(str(value).split()).replace("|", "\\|")


def size_category(n: int) -> str:
    """Return the hub's size category."""
    for limit, text in ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K")):
        if n < limit:
            return text
    return "100K<n<1M"
