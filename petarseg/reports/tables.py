"""Read lesion tables: a header line that names an SUV column and a slice column, and the rows below it.

Cells are separated by ``|``, tabs, or two and more blanks; with blanks, a cell belongs to the column whose heading it overlaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NUMBER = re.compile(
    r"[~<>]?\s?(?P<number>\d{1,3}(?:[.,]\d{1,2})?)(?:\s?\(\s?(?P<prior>\d{1,3}(?:[.,]\d{1,2})?)\s?\))?(?:\s?g/ml)?",
    re.IGNORECASE,
)
_SLICE = re.compile(
    r"(?:(?:im|img|image|sl|slice|ax|axial)\.?\s?#?)?(?:\d{1,2}\s?[/:]\s?)?(?P<number>\d{1,4})(?:\s?(?:of)\s?\d{2,4})?",
    re.IGNORECASE,
)
_PRIOR = re.compile(r"prior|previous|prev\b|old|baseline|comparison|last|interim", re.IGNORECASE)
_SUV_HEADING = re.compile(r"\bsuv|uptake value", re.IGNORECASE)
_NOT_MAX = re.compile(r"mean|peak|avg|average|lbm|sul|ratio|change|delta|%", re.IGNORECASE)
_SLICE_HEADING = re.compile(r"\bslices?\b|\bimages?\b|\bim\b|\bimg\b|\baxial\b|\bsl\b", re.IGNORECASE)
_OTHER_PLANE = re.compile(r"coronal|sagittal|\bcor\b|\bsag\b|\bmri?\b|thickness|quality", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a lesion table, with the places of its numbers.

    Parameters
    ----------
    start, end : int
        Offsets of the row's text.
    suv_span, slice_span, prior_span : tuple of int or None
        Offsets of the numbers; None when the cell is empty or holds no single number.
    """

    start: int
    end: int
    suv_span: tuple[int, int] | None
    slice_span: tuple[int, int] | None
    prior_span: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Table:
    """A header line and the rows below it."""

    start: int
    end: int
    rows: tuple[TableRow, ...]


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
    if _SUV_HEADING.search(text) is None:
        return []
    tables: list[Table] = []
    lines = [(match.start(), match.end()) for match in re.finditer(r"[^\n]+", text)]
    index = 0
    while index < len(lines):
        columns = _header(text, *lines[index])
        if columns is None:
            index += 1
            continue
        begin = lines[index][0]
        rows: list[TableRow] = []
        index += 1
        while index < len(lines):
            if _is_rule(text[slice(*lines[index])]):
                index += 1
                continue
            row = _row(text, *lines[index], columns)
            if row is None:
                break
            rows.append(row)
            index += 1
        if rows:
            tables.append(Table(begin, rows[-1].end, tuple(rows)))
    return tables


def _is_rule(line: str) -> bool:
    return bool(line.strip()) and not line.strip(" |-=+_:\t")


def _cells(text: str, start: int, end: int) -> list[tuple[int, int]]:
    line = text[start:end]
    mark = "|" if "|" in line else "\t" if "\t" in line else None
    if mark is None:
        return [(start + m.start(), start + m.end()) for m in re.finditer(r"\S+(?: \S+)*", line)]
    edges = [position for position, character in enumerate(line) if character == mark]
    bounds = list(zip([-1, *edges], [*edges, len(line)], strict=True))
    cells = [(start + a + 1, start + b) for a, b in bounds]
    if mark == "|":
        if not text[slice(*cells[0])].strip():
            cells = cells[1:]
        if cells and not text[slice(*cells[-1])].strip():
            cells = cells[:-1]
    return cells


@dataclass(frozen=True, slots=True)
class _Columns:
    cells: tuple[tuple[int, int], ...]
    suv: int
    slice: int
    prior: int | None
    by_position: bool


def _header(text: str, start: int, end: int) -> _Columns | None:
    line = text[start:end]
    if re.search(r"(?<![A-Za-z-])\d", line) or _SUV_HEADING.search(line) is None or _SLICE_HEADING.search(line) is None:
        return None
    cells = _cells(text, start, end)
    titles = [text[slice(*cell)].strip() for cell in cells]
    if len(cells) < 3 or any(len(title) > 40 for title in titles):
        return None
    suv = [i for i, title in enumerate(titles) if _SUV_HEADING.search(title) and not _NOT_MAX.search(title) and not _PRIOR.search(title)]
    prior = [i for i, title in enumerate(titles) if _SUV_HEADING.search(title) and _PRIOR.search(title) and not _NOT_MAX.search(title)]
    slices = [
        i for i, title in enumerate(titles) if _SLICE_HEADING.search(title) and not _OTHER_PLANE.search(title) and not _PRIOR.search(title)
    ]
    if len(suv) != 1 or not slices:
        return None
    by_position = "|" not in line and "\t" not in line
    relative = tuple((a - start, b - start) for a, b in cells)
    return _Columns(relative, suv[0], slices[0], prior[0] if len(prior) == 1 else None, by_position)


def _row(text: str, start: int, end: int, columns: _Columns) -> TableRow | None:
    cells = _cells(text, start, end)
    if len(cells) < 2:
        return None
    placed = list(_placed(cells, start, columns))
    if not columns.by_position and len(cells) != len(columns.cells):
        return None
    suv = _match(text, placed, columns.suv, _NUMBER)
    number = _match(text, placed, columns.slice, _SLICE)
    prior = _match(text, placed, columns.prior, _NUMBER) if columns.prior is not None else None
    if suv is None and number is None and (columns.by_position or not any(character.isdigit() for character in text[start:end])):
        return None
    prior_span = prior.span("number") if prior is not None else suv.span("prior") if suv is not None and suv["prior"] else None
    begin, stop = cells[0][0], cells[-1][1]
    while text[begin].isspace():
        begin += 1
    while text[stop - 1].isspace():
        stop -= 1
    return TableRow(
        begin, stop,
        suv.span("number") if suv is not None else None,
        number.span("number") if number is not None else None,
        prior_span,
    )  # fmt: skip


def _placed(cells: list[tuple[int, int]], start: int, columns: _Columns) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield (column number, cell)."""
    if not columns.by_position or len(cells) == len(columns.cells):
        yield from enumerate(cells)
        return
    for cell in cells:
        a, b = cell[0] - start, cell[1] - start
        overlap = [min(b, right) - max(a, left) for left, right in columns.cells]
        yield max(range(len(overlap)), key=overlap.__getitem__), cell


def _match(text: str, placed: list[tuple[int, tuple[int, int]]], column: int, pattern: re.Pattern[str]) -> re.Match[str] | None:
    for index, (start, end) in placed:
        if index == column:
            while start < end and text[start].isspace():
                start += 1
            while end > start and text[end - 1].isspace():
                end -= 1
            return pattern.fullmatch(text, start, end)
    return None
