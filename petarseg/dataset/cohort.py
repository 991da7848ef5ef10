"""The tables of a dataset card, computed from the published rows: what the paper's tables 1 and 6 to 8 say of its data.

Small counts are dangerous in a public text (the one myeloma of a hospital is somebody): categories of fewer than `small` exams are
summed up, and a category that would follow by subtraction goes with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, quantiles, stdev
from typing import Any

Rows = Sequence[Mapping[str, Any]]

AGE_STEP = 10
WHOLE_BODY_MM = 750.0
"""From the base of the skull to the middle of the thighs is 800 to 1,000 mm in adults."""
OTHERS = "Others"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the card.

    Parameters
    ----------
    title : str
        Its heading.
    columns : tuple of str
        Heads of all columns but the first.
    rows : tuple of tuple of str
        Cells, the label first.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def card_tables(lesions: Rows, exams: Rows, *, extent_mm: Mapping[str, float], small: int) -> list[Table]:
    """Return all tables of the card.

    Parameters
    ----------
    lesions, exams : sequence of mapping
        The published rows.
    extent_mm : mapping
        Exam id to the height of its PET's field of view, in mm.
    small : int
        Categories of patients with fewer exams are summed up; 1 shows all.
    """
    n = len(exams)
    scanners = [" ".join(filter(None, (exam["manufacturer"], exam["model"]))) or None for exam in exams]
    return [
        at_a_glance(lesions, exams, extent_mm),
        splits(lesions, exams),
        Table("Patients", ("value",), tuple(patient_summary(exams, small=small))),
        shares("Age", "exams", [age_band(exam["age_years"]) for exam in exams], n, small=small, by_name=True),
        shares("Indications", "exams", [exam["indication"] for exam in exams], n, small=small),
        shares("Cancer types", "exams", [exam["cancer_type"] for exam in exams], n, small=small),
        shares("Tracers", "exams", [exam["tracer"] for exam in exams], n, small=small),
        shares("Scanners", "exams", scanners, n, small=small),
        shares("Regions", "lesions", [lesion["region"] for lesion in lesions], len(lesions), small=small),
        shares("Organs", "lesions", [lesion["organ"] for lesion in lesions], len(lesions), small=small),
        measures(lesions),
    ]


def at_a_glance(lesions: Rows, exams: Rows, extent_mm: Mapping[str, float]) -> Table:
    """Return what the paper compares datasets by (its table 1): scans, findings, masks, whole body."""
    whole = sum(extent_mm.get(exam["exam_id"], 0.0) >= WHOLE_BODY_MM for exam in exams)
    rows = (
        ("PET/CT exams", str(len(exams))),
        ("patients", str(len({exam["patient_id"] for exam in exams}))),
        ("findings in words", str(len(lesions))),
        ("lesion masks joined to them", str(len(lesions))),
        (f"whole body (at least {WHOLE_BODY_MM:.0f} mm of it)", f"{whole} exams ({percent(whole, len(exams))} %)"),
    )
    return Table("At a glance", ("",), rows)


def splits(lesions: Rows, exams: Rows) -> Table:
    """Return patients, exams and lesions per split."""
    rows = []
    for split in ("train", "val", "test"):
        inside = [exam for exam in exams if exam["split"] == split]
        n_lesions = sum(lesion["split"] == split for lesion in lesions)
        rows.append((split, str(len({exam["patient_id"] for exam in inside})), str(len(inside)), str(n_lesions)))
    return Table("Splits", ("patients", "exams", "lesions"), tuple(rows))


def patient_summary(exams: Rows, *, small: int) -> Iterable[tuple[str, str]]:
    """Yield age and sex as in the paper's table 6: mean age, shares of the sexes (of the exams whose value is known)."""
    ages = [exam["age_years"] for exam in exams if exam["age_years"] is not None]
    if len(ages) >= max(small, 2):
        yield "Age, mean ± SD (years)", f"{fmean(ages):.1f} ± {stdev(ages):.1f}"
    sexes = Counter(exam["sex"] for exam in exams if exam["sex"] is not None)
    shown = grouped(sexes, small)
    for sex, name in (("M", "Male"), ("F", "Female"), ("O", "Other"), (OTHERS, OTHERS)):
        if shown.get(sex):
            yield f"{name} (%)", percent(shown[sex], sum(sexes.values()))
    for name, column in (("Age", "age_years"), ("Sex", "sex")):
        missing = sum(exam[column] is None for exam in exams)
        if missing >= small and missing:
            yield f"{name} unknown (%)", percent(missing, len(exams))


def shares(title: str, unit: str, values: Iterable[str | None], n: int, *, small: int, by_name: bool = False) -> Table:
    """Return categories with count and percent, most frequent first (or by name); small ones together as "Others", last."""
    counts = grouped(Counter(UNKNOWN if value is None else str(value) for value in values), small)
    others = counts.pop(OTHERS, 0)
    ordered = sorted(counts.items()) if by_name else sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows = [*ordered, *([(OTHERS, others)] if others else [])]
    return Table(title, (unit, "%"), tuple((label, str(count), percent(count, n)) for label, count in rows))


def grouped(counts: Mapping[str, int], small: int) -> dict[str, int]:
    """Sum categories below `small` up as "Others"; the smallest others join them until that sum is not small either.

    Examples
    --------
    >>> grouped({"lung": 40, "breast": 7, "thymus": 1}, small=5)
    {'lung': 40, 'Others': 8}
    """
    kept = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    others = 0
    while kept and (min(kept.values()) < small or 0 < others < small):
        others += kept.popitem()[1]
    return {**kept, OTHERS: others + kept.pop(OTHERS, 0)} if others else kept


def measures(lesions: Rows) -> Table:
    """Return quartiles of what was measured, on the native grid."""
    rows = []
    for name, column in (("SUVmax (g/ml)", "suv_max"), ("SUVmean (g/ml)", "suv_mean"), ("volume (ml)", "volume_ml")):
        values = [lesion[column] for lesion in lesions]
        if len(values) >= 4:
            rows.append((name, *(f"{value:.2f}" for value in quantiles(values, n=4))))
    per_exam = Counter(lesion["exam_id"] for lesion in lesions)
    if per_exam:
        rows.append(("lesions per exam, mean", "", f"{fmean(per_exam.values()):.1f}", ""))
    return Table("Measurements", ("lower quartile", "median", "upper quartile"), tuple(rows))


def age_band(age_years: int | None) -> str | None:
    """Return the decade of an age, such as "60-69"."""
    if age_years is None:
        return None
    low = age_years // AGE_STEP * AGE_STEP
    return "90+" if low >= 90 else f"{low:02d}-{low + AGE_STEP - 1:02d}"


def percent(part: int, whole: int) -> str:
    """Return a share in percent, one decimal."""
    return f"{100 * part / whole:.1f}" if whole else "0.0"
