"""Read the cells of a lesion table: "5.2", "5.2 (8.0)", "<2.5", "4/113", "113 of 267", "5.2 (113)", "SUVmax 5.2, slice 113"."""

from __future__ import annotations

import re

from petarseg.reasons import Reason
from petarseg.reports.table_columns import BOTH, CELL, SLICE, SUV, Column

Span = tuple[int, int]

_N = r"\d{1,3}(?:[.,]\d{1,2})?"
_NO_INT = r"(?:(?:ax(?:ial)?|im(?:age|g)?|sl(?:ice)?)\.?\s?#?)?"
_SUV_CELL = re.compile(
    rf"(?:SUV\s?max\s?)?(?P<bound>[<>]=?)?[~\u2248]?\s?(?P<number>{_N})(?:\s?g/ml)?[*\u2020\u2191\u2193^]{{0,2}}"
    rf"(?:\s?(?:[(\[]\s?(?:(?:prior|previously|prev|was|before|bl)\.?:?\s?)?|(?P<slash>/)\s?)(?P<prior>{_N})\s?[)\]]?|\s?\([^\d)]*\))?",
    re.IGNORECASE,
)
_RANGE_CELL = re.compile(rf"{_N}\s?(?:-|to)\s?{_N}")
_SLICE_CELL = re.compile(
    rf"(?:s(?:er?)?\s?\d{{1,3}}\s?)?{_NO_INT}(?:\d{{1,3}}\s?[/:]\s?)?i?(?P<number>\d{{1,4}})(?:\s?(?:of"
    rf"|/)\s?\d{{2,4}})?(?:\s?\(\s?\d{{1,4}}\s?\))?",
    re.IGNORECASE,
)
_OF_TOTAL = re.compile(rf"{_NO_INT}(?P<number>\d{{2,4}})\s?/\s?(?P<total>\d{{3,4}})", re.IGNORECASE)
_BOTH_CELL = re.compile(
    rf"(?P<number>{_N})(?:\s?g/ml)?\s?[(\[/@,;]\s?(?:at |on )?{_NO_INT}(?:\d{{1,2}}[/:])?(?P<slice>\d{{1,4}})\s?[)\]]?", re.IGNORECASE
)
_MIRRORED_CELL = re.compile(
    rf"{_NO_INT}(?P<slice>\d{{1,4}})\s?[(\[/@,;]\s?(?:SUV\s?max )?(?P<number>\d{{1,3}}[.,]\d{{1,2}})\s?[)\]]?", re.IGNORECASE
)
_WORDS_CELL = re.compile(
    rf"(?:.*?\s)?SUV(?:\s?max)?\s?(?:of |[:=]\s?)?(?P<number>{_N})\b[^|\d]*?(?:ax(?:ial)?|im(?:age|g)?"
    rf"|sl(?:ice)?)\.?\s?#?(?P<slice>\d{{1,4}})\b.*",
    re.IGNORECASE,
)
_SLICES_CELL = re.compile(r"\d{1,4}\s?(?:-|to)\s?\d{1,4}")


def bound_or_range(cell: str, column: Column) -> Reason | None:
    """Return why a cell gives no single number: "<2.5", "3.1-5.2", "88-99"."""
    if column.kind == SLICE:
        return Reason.SLICE_RANGE if _SLICES_CELL.fullmatch(cell) else None
    match = _SUV_CELL.fullmatch(cell) if column.kind == SUV else None
    bound = match is not None and match["bound"] is not None
    return Reason.SUV_RANGE if column.kind in (SUV, BOTH) and (bound or _RANGE_CELL.fullmatch(cell)) else None


def read_cell(text: str, span: Span, column: Column) -> dict[str, Span]:
    """Return the places of the numbers of a cell by what they are: ``suv``, ``slice``, ``prior``."""
    patterns = {
        SUV: ((_SUV_CELL, {"suv": "number", "prior": "prior"}),),
        SLICE: ((_OF_TOTAL, {"slice": "number"}), (_SLICE_CELL, {"slice": "number"})),
        BOTH: ((_BOTH_CELL, {"suv": "number", "slice": "slice"}), (_MIRRORED_CELL, {"suv": "number", "slice": "slice"})),
        CELL: ((_WORDS_CELL, {"suv": "number", "slice": "slice"}),),
    }
    for pattern, groups in patterns.get(column.kind, ()):
        match = pattern.fullmatch(text, *span)
        if match is None or (pattern is _OF_TOTAL and int(match["number"]) >= int(match["total"])):
            continue
        found = {name: match.span(group) for name, group in groups.items() if match[group] is not None}
        if column.prior_first and "prior" in found:
            found["suv"], found["prior"] = found["prior"], found["suv"]
        return found
    return {}
