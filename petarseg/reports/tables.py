"""Read lesion tables: a header that names an SUV column and a slice column, and the rows below it.

Cells are separated by ``|``, tabs, ``;``, ``,`` or two and more blanks; with blanks, a cell belongs to the column whose title it overlaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from petarseg.reasons import Reason
from petarseg.reports.table_columns import BOTH, CELL, DATE, SLICE, SUV, Column, DateKey, date_key, read_columns

Span = tuple[int, int]
Lines = list[tuple[int, int]]

_N = r"\d{1,3}(?:[.,]\d{1,2})?"
_NO_INT = r"(?:(?:ax(?:ial)?|im(?:age|g)?|sl(?:ice)?)\.?\s?#?)?"
_SUV_CELL = re.compile(
    rf"(?:SUV\s?max\s?)?(?P<bound>[<>]=?)?[~\u2248]?\s?(?P<number>{_N})(?:\s?g/ml)?[*\u2020\u2191\u2193^]{{0,2}}"
    rf"(?:\s?(?:[(\[]\s?(?:(?:prior|previously|prev|was|before|bl)\.?:?\s?)?|(?P<slash>/)\s?)(?P<prior>{_N})\s?[)\]]?|\s?\([^\d)]*\))?",
    re.IGNORECASE,
)
_RANGE_CELL = re.compile(rf"{_N}\s?(?:-|to)\s?{_N}")
_SLICE_CELL = re.compile(
    rf"(?:s(?:er?)?\s?\d{{1,3}}\s?)?{_NO_INT}(?:\d{{1,3}}\s?[/:]\s?)?i?(?P<number>\d{{1,4}})(?:\s?(?:of|/)\s?\d{{2,4}})?", re.IGNORECASE
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
_UNIT_LINE = re.compile(
    r"[\s|;,]*(?:\(?(?:mm|cm|g/m[lL]|bw|axial|PET|max|no\.?|x|\u00d7|short axis|long axis|%)[\s/x)]*[\s|;,]*)+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a lesion table, with the places of its numbers.

    Parameters
    ----------
    start, end : int
        Offsets of the row's text.
    suv_span, slice_span, prior_span : tuple of int or None
        Offsets of the numbers; None when the cell is empty or holds no single number.
    reason : Reason or None
        Why the row is no measurement whatever it names: a range, a bound, an earlier examination.
    label : str
        The cells before the first number.
    """

    start: int
    end: int
    suv_span: Span | None
    slice_span: Span | None
    prior_span: Span | None
    reason: Reason | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows below it."""

    start: int
    end: int
    rows: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True)
class _Header:
    """The columns of a table and how its cells are told apart: a separator, or "" for runs of blanks."""

    columns: tuple[Column, ...]
    mark: str
    n_lines: int


def find_tables(text: str) -> list[Table]:
    """Return the lesion tables of a normalised report.

    Parameters
    ----------
    text : str
        Output of `petarseg.reports.normalize.normalize`.

    Returns
    -------
    list of Table
        In text order.
    """
    if re.search(r"suv|uptake", text, re.IGNORECASE) is None:
        return []
    tables: list[Table] = []
    lines = [(match.start(), match.end()) for match in re.finditer(r"[^\n]+", text)]
    index = 0
    while index < len(lines):
        header = _header(text, lines, index)
        if header is None:
            index += 1
            continue
        begin = lines[index][0]
        rows, index = _rows(text, lines, index + header.n_lines, header)
        if rows:
            tables.append(Table(begin, rows[-1].end, tuple(rows)))
    return tables


def _header(text: str, lines: Lines, index: int) -> _Header | None:
    """Read a header of one line, or of two: group titles over titles, or units under them."""
    start, end = lines[index]
    line = text[start:end]
    for mark in _marks(line):
        cells = _titles(line, mark)
        if len(cells) < 2:
            continue
        below = text[slice(*lines[index + 1])] if index + 1 < len(lines) else ""
        under = _titles(below, mark)
        if len(under) > len(cells) and re.search(r"\d", below) is None and (columns := read_columns(_stacked(cells, under))) is not None:
            return _Header(columns, mark, 2)
        columns = read_columns(cells)
        if columns is not None and _UNIT_LINE.fullmatch(below):
            return _Header(read_columns(_stacked(cells, under)) or columns, mark, 2)
        if columns is not None:
            return _Header(columns, mark, 1)
        if below and not re.search(r"\d", below) and re.search(r"suv|uptake", line + below, re.IGNORECASE):
            columns = read_columns(_stacked(cells, under))
            if columns is not None:
                return _Header(columns, mark, 2)
    return None


def _rows(text: str, lines: Lines, index: int, header: _Header) -> tuple[list[TableRow], int]:
    """Return the rows below a header, and the line behind them."""
    rows: list[TableRow] = []
    dates: list[DateKey | None] = []
    while index < len(lines):
        start, end = lines[index]
        if _is_rule(text[start:end]) or (not rows and _UNIT_LINE.fullmatch(text[start:end])):
            index += 1
            continue
        cells = _row_cells(text, start, end, header)
        row = _row(text, cells, header) if cells is not None else None
        if row is None:
            # A line that only names a group ("Lymph nodes") goes with the row below it.
            if index + 1 < len(lines) and _is_label(text[start:end]) and _row_at(text, *lines[index + 1], header) is not None:
                index += 1
                continue
            break
        rows.append(row)
        dates.append(_date(text, cells or {}, header))
        index += 1
    known = {date for date in dates if date is not None}
    latest = max(known, default=None)
    past = [date is not None and len(known) > 1 and date != latest for date in dates]
    return [_as_prior(row) if old else row for row, old in zip(rows, past, strict=True)], index


def _as_prior(row: TableRow) -> TableRow:
    return TableRow(row.start, row.end, row.suv_span, row.slice_span, row.suv_span, row.reason or Reason.PRIOR_VALUE, row.label)


def _row_at(text: str, start: int, end: int, header: _Header) -> TableRow | None:
    cells = _row_cells(text, start, end, header)
    return _row(text, cells, header) if cells is not None else None


def _is_label(line: str) -> bool:
    return not re.search(r"\d|[.:]\s*$", line) and len(line.split()) <= 5


def _is_rule(line: str) -> bool:
    return bool(line.strip()) and not line.strip(" |-=+_:\t")


def _marks(line: str) -> Iterator[str]:
    """Yield the separators a line may have, the surest first."""
    if "|" in line:
        yield "|"
    elif "\t" in line:
        yield "\t"
    else:
        if re.search(r"\S {2,}\S", line):
            yield ""
        yield from (mark for mark in (";", ",") if line.count(mark) >= 2)


def _cells(line: str, mark: str) -> list[Span]:
    """Return the cells of a line, blanks around them left out; an empty cell is an empty span."""
    if not mark:
        return [match.span() for match in re.finditer(r"\S+(?: \S+)*", line)]
    quoted = [match.span() for match in re.finditer(r'"[^"]*"', line)] if mark in ";," else []
    edges = [at for at, character in enumerate(line) if character == mark and not any(a < at < b for a, b in quoted)]
    cells = [_strip(line, a + 1, b) for a, b in zip([-1, *edges], [*edges, len(line)], strict=True)]
    if mark == "|":
        framed = bool(edges) and edges[0] < 3 and not line[: edges[0]].strip()
        cells = cells[1:] if framed else cells
        cells = cells[:-1] if cells and cells[-1][0] == cells[-1][1] else cells
    return cells


def _strip(line: str, start: int, end: int) -> Span:
    while start < end and line[start].isspace():
        start += 1
    while end > start and line[end - 1].isspace():
        end -= 1
    return start, end


def _titles(line: str, mark: str) -> list[tuple[str, int, int]]:
    return [(line[a:b].strip(' "*_'), a, b) for a, b in _cells(line, mark)]


def _stacked(above: Sequence[tuple[str, int, int]], below: Sequence[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Join two header lines: every cell of the finer line with the nearest cell of the other one."""
    fine, coarse = (below, above) if len(below) > len(above) else (above, below)
    joined = []
    for title, start, end in fine:
        other = max(coarse, key=lambda cell: min(end, cell[2]) - max(start, cell[1]), default=("", 0, 0))
        over = min(end, other[2]) - max(start, other[1])
        # A group title may stand beside its columns rather than over them.
        joined.append((f"{other[0]} {title}".strip() if over > -8 else title, start, end))
    return joined


def _row_cells(text: str, start: int, end: int, header: _Header) -> dict[int, Span] | None:
    """Return the cells of a row by column; None if the line cannot be a row of the table."""
    line = text[start:end]
    cells = _cells(line, header.mark)
    columns = header.columns
    if len(cells) < 2:
        return None
    if header.mark == "" and len(cells) != len(columns):
        placed: dict[int, Span] = {}
        for a, b in cells:
            column = max(range(len(columns)), key=lambda i: min(b, columns[i].end) - max(a, columns[i].start))
            if column not in placed:
                placed[column] = (start + a, start + b)
        return placed
    if header.mark == "," and len(cells) > len(columns):
        # "Hilar node, 12 mm short axis,5.2,113": the commas of the name.
        surplus = len(cells) - len(columns)
        cells = [(cells[0][0], cells[surplus][1]), *cells[surplus + 1 :]]
    if len(cells) > len(columns) or (len(cells) < len(columns) and header.mark not in ("\t", "|", ";", ",")):
        return None
    return {column: (start + a, start + b) for column, (a, b) in enumerate(cells)}


def _date(text: str, cells: dict[int, Span], header: _Header) -> DateKey | None:
    column = next((i for i, column in enumerate(header.columns) if column.kind == DATE and i in cells), None)
    return date_key(text[slice(*cells[column])]) if column is not None else None


def _row(text: str, cells: dict[int, Span], header: _Header) -> TableRow | None:
    """Read a row; None when it has neither an SUV nor a slice where they belong."""
    suv: Span | None = None
    number: Span | None = None
    prior: Span | None = None
    reason: Reason | None = None
    for index, column in enumerate(header.columns):
        span = cells.get(index)
        if span is None or span[0] == span[1]:
            continue
        found = read_cell(text, span, column)
        if column.prior:
            prior = prior or found.get("suv")
            continue
        suv, number = suv or found.get("suv"), number or found.get("slice")
        prior = found.get("prior") or prior
        if column.kind in (SUV, BOTH) and reason is None:
            reason = _bound_or_range(text, span)
        if column.kind == SLICE and re.fullmatch(r"\d{1,4}\s?(?:-|to)\s?\d{1,4}", text[slice(*span)]):
            reason = reason or Reason.SLICE_RANGE
    if suv is None and number is None and prior is None and (reason is None or header.mark == ""):
        return _empty_row(text, cells, header)
    start, end = min(a for a, _ in cells.values()), max(b for _, b in cells.values())
    return TableRow(start, end, suv, number, prior, reason, _label(text, cells, header))


def _empty_row(text: str, cells: dict[int, Span], header: _Header) -> TableRow | None:
    """Keep the place of a row without numbers in a table with separators, so that the rows below it are still read."""
    if header.mark not in ("|", "\t") or len(cells) < len(header.columns):
        return None
    start, end = min(a for a, _ in cells.values()), max(b for _, b in cells.values())
    return TableRow(start, end, None, None, None, Reason.SUV_WITHOUT_SLICE, _label(text, cells, header))


def _label(text: str, cells: dict[int, Span], header: _Header) -> str:
    return " ".join(
        text[slice(*cells[i])] for i, column in enumerate(header.columns) if i in cells and column.kind not in (SUV, SLICE, BOTH, CELL)
    )


def _bound_or_range(text: str, span: Span) -> Reason | None:
    cell = text[slice(*span)]
    match = _SUV_CELL.fullmatch(cell)
    return Reason.SUV_RANGE if _RANGE_CELL.fullmatch(cell) or (match is not None and match["bound"]) else None


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
