"""The QA page: funnel, and per exam the MIP with contours, the findings and what was not taken. Static files, works offline."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from petarseg.files import write_text
from petarseg.quality.mip import SUV_WINDOW, colour_of
from petarseg.reasons import Reason


def write_page(
    path: Path,
    *,
    name: str,
    version: str,
    funnel: Sequence[Mapping[str, Any]],
    exams: Sequence[Mapping[str, Any]],
    lesions: Sequence[Mapping[str, Any]],
    rejected: Sequence[Mapping[str, Any]],
    pictures: Mapping[str, str],
) -> None:
    """Write ``index.html``.

    Parameters
    ----------
    path : Path
        The page to write, atomically.
    name, version : str
        Of the dataset.
    funnel : sequence of mapping
        Rows with stage, unit, read, kept, dropped.
    exams, lesions, rejected : sequence of mapping
        Rows of the published tables. All text is escaped.
    pictures : mapping
        Exam id to the address of its MIP, relative to the page.
    """
    environment = Environment(
        loader=PackageLoader("petarseg.quality"), autoescape=True, undefined=StrictUndefined, trim_blocks=False, keep_trailing_newline=True
    )
    by_exam: dict[str, list[dict[str, Any]]] = {}
    for lesion in lesions:
        shown = {**lesion, "colour": colour_of(lesion["mask_label"]), "sentence_html": highlight_numbers(lesion)}
        by_exam.setdefault(lesion["exam_id"], []).append(shown)
    rejects: dict[str, list[dict[str, Any]]] = {}
    for reject in rejected:
        rejects.setdefault(reject["exam_id"] or "", []).append({**reject, "meaning": Reason(reject["reason"]).description})
    shown_exams = [
        {
            **exam,
            "lesions": sorted(by_exam.get(exam["exam_id"], []), key=lambda lesion: int(lesion["mask_label"])),
            "rejects": rejects.get(exam["exam_id"], []),
            "picture": pictures[exam["exam_id"]],
        }
        for exam in exams
    ]
    text = environment.get_template("index.html.j2").render(
        name=name,
        version=version,
        funnel=funnel,
        exams=shown_exams,
        n_lesions=len(lesions),
        n_rejected=len(rejected),
        suv_low=SUV_WINDOW[0],
        suv_high=SUV_WINDOW[1],
    )
    write_text(path, text)


def highlight_numbers(lesion: Mapping[str, Any]) -> Markup:
    """Return the finding as HTML with its SUVmax and slice number marked."""
    numbers = {format(lesion["suv_max_report"], "g"), f"{lesion['suv_max_report']:.1f}", str(lesion["axial_slice_report"])}
    forms = sorted(numbers | {number.replace(".", ",") for number in numbers}, key=len, reverse=True)
    pattern = re.compile(r"(?<![\d.,])(?:" + "|".join(map(re.escape, forms)) + r")(?![\d]|[.,]\d)")
    parts: list[Markup] = []
    end = 0
    for match in pattern.finditer(lesion["findings"]):
        parts += [escape(lesion["findings"][end : match.start()]), Markup("<mark>{}</mark>").format(match.group())]
        end = match.end()
    return Markup("").join([*parts, escape(lesion["findings"][end:])])
