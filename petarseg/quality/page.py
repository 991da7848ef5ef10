"""The QA page: funnel, distributions, and per exam the MIP with contours, its lesions to judge, and what was not taken.

Static files that work offline. The page runs one script, its own: a content security policy with the script's hash keeps out any
other, should a report ever smuggle in markup, and forbids every connection.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from petarseg.files import write_text
from petarseg.quality.distributions import distributions
from petarseg.quality.mip import SUV_WINDOW, colour_of
from petarseg.reasons import Reason

_NUMBER = re.compile(r"(?<![\d.,])\d+(?:[.,]\d+)?(?![\d]|[.,]\d)")


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
    crops: Mapping[str, str] | None = None,
    figure: str = "",
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
    crops : mapping, optional
        Lesion id to the address of its three planes (`petarseg.quality.crops`), relative to the page.
    figure : str
        The funnel as SVG (`petarseg.dataset.funnel_figure`), put into the page as it is.
    """
    environment = Environment(
        loader=PackageLoader("petarseg.quality"), autoescape=True, undefined=StrictUndefined, trim_blocks=False, keep_trailing_newline=True
    )
    crops = crops or {}
    by_exam: dict[str, list[dict[str, Any]]] = {}
    for lesion in lesions:
        shown = {
            **lesion,
            "colour": colour_of(lesion["mask_label"]),
            "sentence_html": highlight_numbers(lesion),
            "crop": crops.get(lesion["lesion_id"]),
        }
        by_exam.setdefault(lesion["exam_id"], []).append(shown)
    rejects: dict[str, list[dict[str, Any]]] = {}
    for reject in rejected:
        shown_reject = {**reject, "meaning": Reason(reject["reason"]).description, "facts": facts_of(reject["evidence"])}
        rejects.setdefault(reject["exam_id"] or "", []).append(shown_reject)
    shown_exams = [
        {
            **exam,
            "lesions": sorted(by_exam.get(exam["exam_id"], []), key=lambda lesion: int(lesion["mask_label"])),
            "rejects": rejects.pop(exam["exam_id"], []),
            "picture": pictures[exam["exam_id"]],
        }
        for exam in exams
    ]
    script = files("petarseg.quality").joinpath("templates/review.js").read_text(encoding="utf-8")
    text = environment.get_template("index.html.j2").render(
        name=name,
        version=version,
        funnel=funnel,
        figure=Markup(figure),
        distributions=distributions(exams, lesions),
        exams=shown_exams,
        other_rejects=sorted(rejects.items()),
        n_lesions=len(lesions),
        n_rejected=len(rejected),
        suv_low=SUV_WINDOW[0],
        suv_high=SUV_WINDOW[1],
        script=Markup(script),
        script_hash="sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
    )
    write_text(path, text)


def facts_of(evidence: str) -> str:
    """Return the numbers and words of a reject's evidence in one line; what is nested is left to the table.

    Examples
    --------
    >>> facts_of('{"axial_slice": 88, "nearest": [1, 2], "suv_max": 9.1, "why": "too far"}')
    'axial slice 88, suv max 9.1, why too far'
    """
    facts = {name: value for name, value in json.loads(evidence).items() if isinstance(value, int | float | str)}
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in sorted(facts.items()))


def highlight_numbers(lesion: Mapping[str, Any]) -> Markup:
    """Return the finding as HTML with its SUVmax and slice number marked, however they are written (``5,40`` for 5.4)."""
    wanted = {float(lesion["suv_max_report"]), float(lesion["axial_slice_report"])}
    parts: list[Markup] = []
    end = 0
    for match in _NUMBER.finditer(lesion["findings"]):
        if float(match.group().replace(",", ".")) not in wanted:
            continue
        parts += [escape(lesion["findings"][end : match.start()]), Markup("<mark>{}</mark>").format(match.group())]
        end = match.end()
    return Markup("").join([*parts, escape(lesion["findings"][end:])])
