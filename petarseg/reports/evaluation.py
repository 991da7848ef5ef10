"""How well reports are read: precision, recall and F1 against a site's own labels, by trap, per voter and for the ensemble.

Gold files are JSONL, one report a line: ``report_id``, ``text``, ``lesions`` (``start, end, sentence, suv_max, axial_slice``, and for the
structuring ``region, organ, laterality``; optionally ``has_prior_value, multi``) and ``not_lesions`` (``start, end, reason``). Offsets
are into ``text``.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from petarseg.errors import ConfigError
from petarseg.reports.context import context_before
from petarseg.reports.ensemble import Decided
from petarseg.reports.structure import Structure, structure_finding
from petarseg.reports.structure_vocabulary import REGIONS
from petarseg.reports.voting import locate

ENSEMBLE: Final = "ensemble"
# Decision 23 keeps these statements, flagged; labels that leave them out are as right. They are counted on their own, never as wrong.
OPEN_FLAGS: Final = frozenset({"physiologic", "degenerative", "two_sentences", "dual_time_point"})
Reader = Callable[[Sequence[tuple[str, str]]], Sequence[Sequence[Decided]]]
Found = tuple[int, int, float, int]  # start, end, SUVmax, axial slice


@dataclass(slots=True)
class Counts:
    """True and false positives and false negatives.

    Ratios are None where nothing was there to be counted.
    """

    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0

    @property
    def precision(self) -> float | None:
        """Share of what was read that is right."""
        read = self.true_positive + self.false_positive
        return self.true_positive / read if read else None

    @property
    def recall(self) -> float | None:
        """Share of what is there that was read."""
        there = self.true_positive + self.false_negative
        return self.true_positive / there if there else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall."""
        total = 2 * self.true_positive + self.false_positive + self.false_negative
        return 2 * self.true_positive / total if total else None

    def to_json(self) -> dict[str, float | None]:
        """Return counts and ratios."""
        ratios = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        counts = {"true_positive": self.true_positive, "false_positive": self.false_positive, "false_negative": self.false_negative}
        return {**counts, **{name: None if value is None else round(value, 4) for name, value in ratios.items()}}


@dataclass(slots=True)
class Trap:
    """One kind of statement: how many of them there are, and how many were read wrongly."""

    labelled: int = 0
    wrong: int = 0


@dataclass(slots=True)
class ExtractionScore:
    """Scores of reading (sentence, SUVmax, slice).

    Parameters
    ----------
    readers : dict
        Counts of "ensemble" (what the profile accepts) and of every voter alone.
    lesion_traps : dict
        Of the ensemble: lesions missed, by what made them hard (plain, prior value beside it, several lesions in one sentence).
    not_lesion_traps : dict
        Of the ensemble: statements that are no lesion and were accepted, by the label's reason.
    left_open : int
        Accepted measurements of the ensemble without a label that decision 23 keeps with a flag; neither right nor wrong.
    mistakes : list
        Every wrong or missed measurement of the ensemble, by report id and offsets (no text).
    """

    readers: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    lesion_traps: dict[str, Trap] = field(default_factory=lambda: defaultdict(Trap))
    not_lesion_traps: dict[str, Trap] = field(default_factory=lambda: defaultdict(Trap))
    left_open: int = 0
    mistakes: list[dict[str, object]] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return everything as plain JSON values."""
        return {
            "left_open": self.left_open,
            "readers": {name: counts.to_json() for name, counts in sorted(self.readers.items())},
            "lesions_missed": {name: {"labelled": t.labelled, "missed": t.wrong} for name, t in sorted(self.lesion_traps.items())},
            "traps_accepted": {name: {"labelled": t.labelled, "accepted": t.wrong} for name, t in sorted(self.not_lesion_traps.items())},
            "mistakes": self.mistakes,
        }


@dataclass(slots=True)
class StructuringScore:
    """Share of labelled lesions whose field is right."""

    lesions: int = 0
    right: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("region", "laterality", "organ"), 0))
    mistakes: list[dict[str, object]] = field(default_factory=list)

    def accuracy(self, name: str) -> float | None:
        """Return the share of a field, None without lesions."""
        return self.right[name] / self.lesions if self.lesions else None

    def to_json(self) -> dict[str, object]:
        """Return everything as plain JSON values."""
        shares = {name: None if (share := self.accuracy(name)) is None else round(share, 4) for name in self.right}
        return {"lesions": self.lesions, **shares, "mistakes": self.mistakes}


def score_extraction(gold_path: Path, read: Reader) -> ExtractionScore:
    """Read the gold reports and compare.

    Parameters
    ----------
    gold_path : Path
        JSONL, see the module's head.
    read : callable
        Reads ``[(report_id, text), ...]`` as ``Ensemble.read`` does.

    Returns
    -------
    ExtractionScore
        A measurement is right when its sentence overlaps the labelled one and both numbers are equal; each label is matched once.

    Raises
    ------
    ConfigError
        If the gold file cannot be used; the message names the line.
    """
    gold = read_gold(gold_path)
    score = ExtractionScore()
    read_reports = read([(str(report["report_id"]), str(report["text"])) for report in gold])
    for report, decided in zip(gold, read_reports, strict=True):
        lesions, traps = report["lesions"], report.get("not_lesions", [])
        accepted = [
            (m.start, m.end, float(m.suv_max), int(m.axial_slice))
            for m in (d.measurement for d in decided)
            if m.status == "accepted" and m.suv_max is not None and m.axial_slice is not None
        ]
        missed, unlabelled = _compare(lesions, accepted)
        flagged = {(d.measurement.start, d.measurement.end) for d in decided if OPEN_FLAGS & set(d.measurement.flags)}
        wrong = [found for found in unlabelled if found[:2] not in flagged]
        score.left_open += len(unlabelled) - len(wrong)
        _count(score.readers[ENSEMBLE], lesions, missed, wrong)
        for name, found in _per_voter(decided).items():
            voter_missed, voter_unlabelled = _compare(lesions, found)
            _count(score.readers[name], lesions, voter_missed, [item for item in voter_unlabelled if item[:2] not in flagged])
        for lesion in lesions:
            for trap in _lesion_traps(lesion):
                score.lesion_traps[trap].labelled += 1
                score.lesion_traps[trap].wrong += any(lesion is other for other in missed)
        for trap in traps:
            name = re.split(r"[;,(]", str(trap["reason"]))[0].strip()
            score.not_lesion_traps[name].labelled += 1
            score.not_lesion_traps[name].wrong += any(_overlap(trap, found) for found in wrong)
        where = {"report_id": report["report_id"]}
        score.mistakes += [{**where, "mistake": "missed", **_numbers(lesion)} for lesion in missed]
        score.mistakes += [
            {**where, "mistake": "wrong", "start": start, "end": end, "suv_max": suv, "axial_slice": number}
            for start, end, suv, number in wrong
        ]
    return score


def score_structuring(gold_path: Path, structure: Callable[..., Structure] = structure_finding) -> StructuringScore:
    """Structure every labelled lesion and compare region, laterality and organ.

    Parameters
    ----------
    gold_path : Path
        JSONL. Regions are the closed list of decision 24, or head_neck, chest, abdomen, pelvis, extremities.
    structure : callable
        Called as `structure_finding` is.

    Raises
    ------
    ConfigError
        If the gold file cannot be used, or a region is in neither list.
    """
    score = StructuringScore()
    for report in read_gold(gold_path):
        text = str(report["text"])
        for lesion in report["lesions"]:
            start, end = int(lesion["start"]), int(lesion["end"])
            spans = locate(text[start:end], (float(lesion["suv_max"]), int(lesion["axial_slice"])))
            got = structure(text[start:end], measurement_span=spans[0] if spans else None, context=context_before(text, start))
            right = {
                "region": got.region in _regions(str(lesion["region"])),
                "laterality": got.laterality == lesion["laterality"],
                "organ": got.organ.lower() == str(lesion["organ"]).lower(),
            }
            score.lesions += 1
            for name, is_right in right.items():
                score.right[name] += is_right
                if not is_right:
                    mistake = {"field": name, "got": getattr(got, name), "labelled": lesion[name]}
                    score.mistakes.append({"report_id": report["report_id"], **_numbers(lesion), **mistake})
    return score


def read_gold(path: Path) -> list[dict[str, Any]]:
    """Read a gold file.

    Raises
    ------
    ConfigError
        Naming the line that is no labelled report.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the gold file cannot be read ({type(error).__name__}): give a JSONL file of labelled reports") from None
    reports: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            report = json.loads(line)
        except json.JSONDecodeError:
            raise ConfigError(f"gold file, line {number}: not JSON") from None
        if not isinstance(report, dict) or not {"report_id", "text", "lesions"} <= set(report):
            raise ConfigError(f"gold file, line {number}: needs report_id, text and lesions")
        for lesion in report["lesions"]:
            if not {"start", "end", "suv_max", "axial_slice"} <= set(lesion):
                raise ConfigError(f"gold file, line {number}: every lesion needs start, end, suv_max and axial_slice")
        reports.append(report)
    return reports


def _compare(lesions: Sequence[Mapping[str, Any]], found: Iterable[Found]) -> tuple[list[Mapping[str, Any]], list[Found]]:
    """Match labels and findings one to one; return the labels and the findings that are left over."""
    left = list(found)
    missed: list[Mapping[str, Any]] = []
    for lesion in lesions:
        pair = (float(lesion["suv_max"]), int(lesion["axial_slice"]))
        match = next((item for item in left if item[2:] == pair and _overlap(lesion, item)), None)
        if match is None:
            missed.append(lesion)
        else:
            left.remove(match)
    return missed, left


def _count(counts: Counts, lesions: Sequence[object], missed: Sequence[object], wrong: Sequence[object]) -> None:
    counts.true_positive += len(lesions) - len(missed)
    counts.false_negative += len(missed)
    counts.false_positive += len(wrong)


def _per_voter(decided: Sequence[Decided]) -> dict[str, list[Found]]:
    """Return what each voter read, once per sentence."""
    found: dict[str, list[Found]] = {}
    sentences = {(d.measurement.start, d.measurement.end): d.voters for d in decided}
    for (start, end), voters in sentences.items():
        for name, pairs in voters.items():
            found.setdefault(name, []).extend((start, end, suv, number) for suv, number in pairs or ())
    return found


def _overlap(label: Mapping[str, Any], found: Found) -> bool:
    return found[0] < int(label["end"]) and int(label["start"]) < found[1]


def _lesion_traps(lesion: Mapping[str, Any]) -> list[str]:
    traps = [name for key, name in (("has_prior_value", "prior value beside it"), ("multi", "several lesions")) if lesion.get(key)]
    return traps or ["plain"]


def _numbers(lesion: Mapping[str, Any]) -> dict[str, object]:
    return {name: lesion[name] for name in ("start", "end", "suv_max", "axial_slice")}


_COARSE = {"head_neck": {"Head", "Neck"}, "extremities": {"Upper extremity", "Lower extremity"}}


def _regions(label: str) -> set[str]:
    """Return the regions of decision 24 that a label stands for."""
    if label in _COARSE:
        return _COARSE[label]
    exact = {region for region in REGIONS if region.lower() == label.lower().replace("_", " ")}
    if not exact:
        raise ConfigError(f"gold file: {label!r} is no region of the closed list ({', '.join(REGIONS)})")
    return exact
