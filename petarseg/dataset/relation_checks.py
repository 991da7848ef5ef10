"""Check rows against one another: relations, splits, duplicates, and measurements that must agree."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from petarseg.dataset.contract import Broken

Rows = Sequence[Mapping[str, Any]]

SUV_TOLERANCE = 0.1
SUV_TOLERANCE_WHOLE = 0.5
"""SPEC decision 16: a value that the report gives without decimals ("SUVmax 6", not "6.0") gets +-0.5."""
WITHOUT_DECIMALS = "suv_without_decimals"
"""Flag of such lesions. The number alone cannot tell: both 6 and 6.0 are stored as 6.0."""
SUV_SLACK = 0.005


def check_relations(lesions: Rows, exams: Rows, anatomy: Rows) -> Iterator[Broken]:
    """Yield rows whose exam is absent or differs, patients in several splits, duplicate lesions, and wrong counts; rows may hold nulls."""
    by_id = {exam["exam_id"]: exam for exam in exams}
    splits: dict[str, set[str]] = defaultdict(set)
    for row in (*exams, *lesions):
        splits[row["patient_id"]].add(row["split"])
    for patient, names in splits.items():
        if len(names) > 1:
            yield Broken("exams", "split", "one_split", str(patient), f"the patient is in {', '.join(sorted(map(str, names)))}")
    counts = Counter(row["exam_id"] for row in lesions)
    yield from _check_lesions(lesions, by_id)
    for exam in exams:
        if exam["n_lesions"] != counts[exam["exam_id"]]:
            yield Broken("exams", "n_lesions", "n_lesions", str(exam["exam_id"]), f"{counts[exam['exam_id']]} rows in lesions")
    asked: set[tuple[str, int]] = set()
    for row in anatomy:
        key, asked_exam = anatomy_key(row), by_id.get(row["exam_id"])
        if asked_exam is None:
            yield Broken("anatomy", "exam_id", "exam_exists", key, f"no exam {row['exam_id']}")
        elif row["split"] != asked_exam["split"]:
            yield Broken("anatomy", "split", "same_as_exam", key, f"{row['split']} instead of {asked_exam['split']}")
        if (row["exam_id"], row["mask_label"]) in asked:
            yield Broken("anatomy", "mask_label", "duplicate_question", key, "the exam has a row for this label already")
        asked.add((row["exam_id"], row["mask_label"]))


def anatomy_key(row: Mapping[str, Any]) -> str:
    """Return what identifies a row of anatomy: its exam and label."""
    return f"{row['exam_id']}/{row['mask_label']}"


def _check_lesions(lesions: Rows, by_id: Mapping[str, Mapping[str, Any]]) -> Iterator[Broken]:
    labels: set[tuple[str, int]] = set()
    statements: set[tuple[object, ...]] = set()
    for row in lesions:
        key, exam = str(row["lesion_id"]), by_id.get(row["exam_id"])
        if exam is None:
            yield Broken("lesions", "exam_id", "exam_exists", key, f"no exam {row['exam_id']}")
            continue
        for column in ("patient_id", "split", "tracer", "sex", "age_years"):
            if row[column] != exam[column]:
                yield Broken("lesions", column, "same_as_exam", key, f"{row[column]} instead of {exam[column]}")
        label = (row["exam_id"], row["mask_label"])
        statement = (row["exam_id"], row["findings"], row["suv_max_report"], row["axial_slice_report"])
        if label in labels or statement in statements:
            yield Broken("lesions", "lesion_id", "duplicate_lesion", key, "the exam has this lesion already")
        labels.add(label)
        statements.add(statement)


def check_measurements(lesions: Rows, tolerance: float) -> Iterator[Broken]:
    """Yield lesions whose numbers contradict the report or one another.

    Parameters
    ----------
    lesions : sequence of mapping
        Rows of lesions.parquet.
    tolerance : float
        SUV tolerance of the build.
    """
    for row in lesions:
        key = row["lesion_id"]
        whole = WITHOUT_DECIMALS in row["flags"]
        if whole and not float(row["suv_max_report"]).is_integer():
            yield Broken("lesions", "flags", "suv_match", key, f"{WITHOUT_DECIMALS}, but the report says {row['suv_max_report']:g}")
        allowed = max(tolerance, SUV_TOLERANCE_WHOLE) if whole else tolerance
        if abs(row["suv_max"] - row["suv_max_report"]) > allowed + SUV_SLACK:
            yield Broken("lesions", "suv_max", "suv_match", key, f"{row['suv_max']:.3f}, the report says {row['suv_max_report']:g}")
        for column in ("suv_mean", "threshold_suv", "suv_peak"):
            if row[column] is not None and row[column] > row["suv_max"] * 1.001:
                yield Broken("lesions", column, "suv_order", key, f"{row[column]:.3f} exceeds the maximum {row['suv_max']:.3f}")
        if abs(row["tlg"] - row["suv_mean"] * row["volume_ml"]) > 1e-3 * abs(row["tlg"]):
            yield Broken("lesions", "tlg", "suv_order", key, "is not suv_mean x volume_ml")


def check_text_duplicates(lesions: Rows) -> Iterator[Broken]:
    """Yield lesions that another patient of another split has too: same words, same measurements on the image."""
    seen: dict[tuple[object, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in lesions:
        words = " ".join(re.findall(r"\w+", row["findings"].casefold()))
        seen[(words, round(row["suv_max"], 3), round(row["volume_ml"], 2))].append(row)
    for group in seen.values():
        for row in group:
            twin = next((other for other in group if foreign(other, row)), None)
            if twin is not None:
                yield Broken("lesions", "findings", "near_duplicate", row["lesion_id"], f"equals {twin['lesion_id']} in {twin['split']}")


def foreign(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two rows are of different patients in different splits."""
    return bool(one["split"] != other["split"] and one["patient_id"] != other["patient_id"])


def check_classes(anatomy: Rows, lesions: Rows, classes: Mapping[int, str] | None) -> Iterator[Broken]:
    """Yield anatomy classes that are not those of their label.

    Parameters
    ----------
    anatomy, lesions : sequence of mapping
        Rows of the tables.
    classes : mapping, optional
        Label to class name, as of anatomy_labels.json; when absent, rows must only agree on what a label means.
    """
    if classes is None:
        found: dict[int, Counter[str]] = defaultdict(Counter)
        for row in anatomy:
            found[row["mask_label"]][row["anatomy_class"]] += 1
        names = {label: counts.most_common(1)[0][0] for label, counts in found.items()}
    else:
        names = dict(classes)
    for row in anatomy:
        wanted = names.get(row["mask_label"])
        if row["anatomy_class"] != wanted:
            yield Broken("anatomy", "anatomy_class", "class_known", anatomy_key(row), f"{row['anatomy_class']!r} instead of {wanted!r}")
    for row in lesions if classes is not None else ():
        for column in ("anatomy_class", "anatomy_nearest"):
            if row.get(column) is not None and row[column] not in names.values():
                yield Broken("lesions", column, "class_known", str(row["lesion_id"]), f"{row[column]!r} is no class of this labelling")
