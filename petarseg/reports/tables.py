"""Read lesion tables: a header that names an SUV column and a slice column, and the rows below it.

Cells are separated by ``|``, tabs, ``;``, ``,`` or two and more blanks; with blanks, a cell belongs to the column whose title it overlaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from petarseg.reasons import Reason
from petarseg.reports.table_cells import Span, bound_or_range, read_cell
from petarseg.reports.table_columns import BOTH, CELL, DATE, SLICE, SUV, Column, DateKey, date_key, read_columns

Lines = list[tuple[int, int]]

_UNIT_LINE = re.compile(
    r"[\s|;,]*(?:\(?(?:mm|cm|g/m[lL]|bw|axial|PET|max|no\.?|x|\u00d7|short axis|long axis|%)[\s/x)]*[\s|;,]*)+", re.IGNORECASE
)

# A caption over a table: "Measurements of the previous examination:".
_OF_THE_PAST = re.compile(
    r"^[^.]{0,40}\b(?:prior|previous|baseline|earlier|old|last|comparison)\b[^.]{0,12}\b(?:table|exam\w*|stud(?:y|ies)|scan|pet"
    r"|measurements|values"
    r"|report|findings)\b[^.]{0,20}$",
    re.IGNORECASE,
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
        begin, caption = lines[index][0], text[slice(*lines[index - 1])] if index else ""
        rows, index = _rows(text, lines, index + header.n_lines, header)
        if _OF_THE_PAST.search(caption) is not None:
            rows = [_as_prior(row) for row in rows]
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
        if (
            len(under) > len(cells)
            and re.search(r"\d", below) is None
            and (columns := read_columns(_stacked(cells, under, mark))) is not None
        ):
            return _Header(columns, mark, 2)
        columns = read_columns(cells)
        if columns is not None and _UNIT_LINE.fullmatch(below):
            return _Header(read_columns(_stacked(cells, under, mark)) or columns, mark, 2)
        if columns is not None:
            return _Header(columns, mark, 1)
        if below and not re.search(r"\d", below) and re.search(r"suv|uptake", line + below, re.IGNORECASE):
            columns = read_columns(_stacked(cells, under, mark))
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


def _stacked(above: Sequence[tuple[str, int, int]], below: Sequence[tuple[str, int, int]], mark: str) -> list[tuple[str, int, int]]:
    """Join two header lines: every cell of the finer line with the nearest cell of the other one."""
    fine, coarse = (below, above) if len(below) > len(above) else (above, below)
    joined = []
    for title, start, end in fine:
        other = max(coarse, key=lambda cell: min(end, cell[2]) - max(start, cell[1]), default=("", 0, 0))
        over = min(end, other[2]) - max(start, other[1])
        # A group title may stand beside its columns rather than over them.
        joined.append((f"{other[0]} {title}".strip() if over > -8 else title, start, end))
    alone = [cell for cell in coarse if all(min(cell[2], b) <= max(cell[1], a) for _, a, b in fine)] if not mark and fine is below else []
    taken = {title.partition(" ")[0] for title, _, _ in joined}
    return sorted([*joined, *(cell for cell in alone if cell[0].partition(" ")[0] not in taken)], key=lambda cell: cell[1])


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
        reason = reason or bound_or_range(text[slice(*span)], column)
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
        text[slice(*cells[i])].strip("*_ ")
        for i, column in enumerate(header.columns)
        if i in cells and column.kind not in (SUV, SLICE, BOTH, CELL)
    )
