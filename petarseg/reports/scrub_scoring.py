"""Score scrubbing against labelled reports: what leaked, what was taken without need, which terms and measurements were lost."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from petarseg.errors import ConfigError, ExamRejected
from petarseg.reports.scrub import Scrubbed, Scrubber

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


@dataclass(slots=True)
class ScrubScore:
    """Counts over all reports of a gold file.

    Attributes
    ----------
    reports, rejected : int
        Reports read, and those rejected by the leak scan (their labelled spans count as neither found nor missed: nothing leaves).
    labelled, found : Counter
        Labelled PHI spans, and those of which every character was replaced, by type.
    typed : int
        Found spans whose replacement also carries the labelled type.
    false_positives : Counter
        Replaced spans that touch no labelled span, by the type given to them.
    terms, terms_lost : int
        Mentions of strings to keep (eponyms) outside labelled spans, and those touched by a replacement.
    measurements, measurements_lost : int
        Numbers in labelled sentences (lesions and their traps) outside labelled spans, and those touched by a replacement.
    where : list of dict
        Report id, offsets, type and kind ("missed", "false_positive", "term_lost", "measurement_lost") of each error; never the text.
    """

    reports: int = 0
    rejected: int = 0
    labelled: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    typed: int = 0
    false_positives: Counter[str] = field(default_factory=Counter)
    terms: int = 0
    terms_lost: int = 0
    measurements: int = 0
    measurements_lost: int = 0
    where: list[dict[str, object]] = field(default_factory=list)

    @property
    def recall(self) -> float | None:
        """Fraction of the labelled spans that were found; None without labels."""
        total = sum(self.labelled.values())
        return sum(self.found.values()) / total if total else None

    @property
    def false_positives_per_report(self) -> float | None:
        """False positives per report that was not rejected; None without one."""
        kept = self.reports - self.rejected
        return sum(self.false_positives.values()) / kept if kept else None

    def to_json(self) -> dict[str, object]:
        """Give the score as JSON-serialisable data."""
        return {
            "reports": self.reports,
            "rejected": self.rejected,
            "recall": self.recall,
            "by_type": {
                kind: {"labelled": count, "found": self.found[kind], "recall": self.found[kind] / count}
                for kind, count in sorted(self.labelled.items())
            },
            "right_type": self.typed,
            "false_positives": dict(sorted(self.false_positives.items())),
            "false_positives_per_report": self.false_positives_per_report,
            "terms": self.terms,
            "terms_lost": self.terms_lost,
            "measurements": self.measurements,
            "measurements_lost": self.measurements_lost,
            "errors": self.where,
        }


def score_scrubbing(gold_path: Path, scrubber: Scrubber) -> ScrubScore:
    """Scrub the reports of a gold file and compare with its labels.

    Parameters
    ----------
    gold_path : Path
        JSON Lines with ``report_id``, ``text``, ``phi`` (``start, end, type``) and, optionally, ``keep`` (strings), ``lesions`` and
        ``not_lesions`` (``start, end``). Offsets are code points of ``text``.
    scrubber : Scrubber
        With the options to be measured. No deny-list is given: the score tells what the rules and the model find by themselves.

    Returns
    -------
    ScrubScore

    Raises
    ------
    ConfigError
        If the file cannot be read or a line has no text or labels.
    """
    reports = _read(gold_path)
    results = scrubber.scrub_many([report["text"] for report in reports])
    score = ScrubScore()
    for report, result in zip(reports, results, strict=True):
        add_report(score, report, result)
    return score


def add_report(score: ScrubScore, report: Mapping[str, Any], result: Scrubbed | ExamRejected) -> None:
    """Add one scrubbed report to a score."""
    score.reports += 1
    if isinstance(result, ExamRejected):
        score.rejected += 1
        return
    name = str(report.get("report_id", score.reports))
    spans = [(span.start, span.end) for span in result.spans]
    labels = [(int(label["start"]), int(label["end"])) for label in report["phi"]]
    for label in report["phi"]:
        start, end, kind = int(label["start"]), int(label["end"]), str(label["type"])
        score.labelled[kind] += 1
        if all(any(a <= position < b for a, b in spans) for position in range(start, end)):
            score.found[kind] += 1
            score.typed += any(span.type == kind and span.start < end and start < span.end for span in result.spans)
        else:
            score.where.append({"report_id": name, "start": start, "end": end, "type": kind, "error": "missed"})
    for span in result.spans:
        if not _touches(span.start, span.end, labels):
            score.false_positives[span.type] += 1
            score.where.append({"report_id": name, "start": span.start, "end": span.end, "type": span.type, "error": "false_positive"})
    text = str(report["text"])
    for start, end in _mentions(text, report.get("keep", ()), labels):
        score.terms += 1
        if _touches(start, end, spans):
            score.terms_lost += 1
            score.where.append({"report_id": name, "start": start, "end": end, "type": "", "error": "term_lost"})
    for start, end in _numbers(text, report, labels):
        score.measurements += 1
        if _touches(start, end, spans):
            score.measurements_lost += 1
            score.where.append({"report_id": name, "start": start, "end": end, "type": "", "error": "measurement_lost"})


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        reports = [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path.name}: cannot be read as UTF-8 JSON Lines ({error})") from error
    for number, report in enumerate(reports, start=1):
        if not isinstance(report, dict) or "text" not in report or "phi" not in report:
            raise ConfigError(f"{path.name}, report {number}: needs the fields 'text' and 'phi'")
    return reports


def _mentions(text: str, terms: Iterable[str], labels: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    found = {match.span() for term in terms for match in re.finditer(re.escape(term), text)}
    return sorted(stretch for stretch in found if not _touches(*stretch, labels))


def _numbers(text: str, report: Mapping[str, Any], labels: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    sentences = [(int(s["start"]), int(s["end"])) for key in ("lesions", "not_lesions") for s in report.get(key, ())]
    found = {match.span() for start, end in sentences for match in _NUMBER.finditer(text, start, end)}
    return sorted(stretch for stretch in found if not _touches(*stretch, labels))


def _touches(start: int, end: int, stretches: Iterable[tuple[int, int]]) -> bool:
    return any(start < b and a < end for a, b in stretches)
