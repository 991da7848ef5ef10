"""The review file: sentences on which the voters disagree, for a person to answer and the next build to obey.

One JSON object a line. A person fills ``answer``: ``[[12.5, 81]]`` for one lesion with SUVmax 12.5 on slice 81, several pairs for several
lesions, ``[]`` when the sentence holds none. ``null`` means not answered yet. The other fields are left alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from petarseg.errors import ConfigError
from petarseg.files import write_text
from petarseg.reports.ensemble import Disagreement
from petarseg.reports.voting import Pair, number_spans


def write_review(path: Path, items: Iterable[Disagreement]) -> int:
    """Add disagreements to a review file, keeping every line that a person has answered.

    Parameters
    ----------
    path : Path
        JSONL. Made when missing. Lines without an answer that no longer occur are dropped.
    items : iterable of Disagreement

    Returns
    -------
    int
        Lines that wait for an answer.
    """
    kept = {str(row["key"]): row for row in _rows(path) if row.get("answer") is not None} if path.exists() else {}
    for item in items:
        kept.setdefault(
            item.key,
            {
                "key": item.key,
                "report_id": item.report_id,
                "context": item.context,
                "sentence": item.sentence,
                "voters": item.voters,
                "answer": None,
            },
        )
    rows = sorted(kept.values(), key=lambda row: (str(row.get("report_id", "")), str(row["key"])))
    write_text(path, "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows))
    return sum(row.get("answer") is None for row in rows)


def read_review(path: Path) -> dict[str, tuple[Pair, ...]]:
    """Read a person's answers.

    Parameters
    ----------
    path : Path
        The file of `write_review`; a missing one holds no answers.

    Returns
    -------
    dict
        ``{key: ((suv_max, axial_slice), ...)}`` of the answered lines, for ``Ensemble(answers=...)``.

    Raises
    ------
    ConfigError
        For a line that cannot be read or an answer whose numbers are not in its sentence; the message names the line.
    """
    if not path.exists():
        return {}
    answers: dict[str, tuple[Pair, ...]] = {}
    for number, row in enumerate(_rows(path), start=1):
        answer = row.get("answer")
        if answer is None:
            continue
        if not isinstance(answer, list):
            raise ConfigError(f"review file, line {number}: 'answer' must be null, [] or a list of [SUVmax, slice] pairs")
        pairs: list[Pair] = []
        for pair in answer:
            try:
                suv_max, axial_slice = pair
                pairs.append((float(suv_max), int(axial_slice)))
            except (TypeError, ValueError):
                raise ConfigError(f"review file, line {number}: an answer is a list of [SUVmax, slice] pairs, as in [[12.5, 81]]") from None
            if not all(number_spans(str(row.get("sentence", "")), value) for value in pairs[-1]):
                raise ConfigError(f"review file, line {number}: a number of the answer is not in the sentence")
        answers[str(row["key"])] = tuple(pairs)
    return answers


def _rows(path: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            raise ConfigError(f"review file, line {number}: not a JSON object") from None
        if not isinstance(row, dict) or "key" not in row:
            raise ConfigError(f"review file, line {number}: not a line that petarseg wrote (no 'key')")
        rows.append(row)
    return rows
