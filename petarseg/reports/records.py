"""Read findings given as lines without the look of a table: blocks of "key: value", and lists under "Lesions (SUVmax, slice):"."""

from __future__ import annotations

import re

from petarseg.reports.headings import heading_name
from petarseg.reports.table_cells import Span, read_cell
from petarseg.reports.table_columns import OTHER, SLICE, SUV, Column, read_columns
from petarseg.reports.tables import Lines, Table, TableRow

_LINE = re.compile(r"[\s\u2022*-]*(?P<key>[A-Za-z][\w /()#.-]{0,30}?)\s?[:=]\s*(?P<value>[^:=\n]{0,60}?)\s*$")

_SLICE_WORD = r"(?:(?:axial|pet|ax)\s)?(?:slices?|images?|axial|img?|sl)\b(?:\s(?:numbers?|no\.?))?"
# A caption that says what two numbers behind each lesion are.
_CAPTION = re.compile(rf"[^\d\n.]{{0,60}}\bSUV\s?\(?(?:max)?\)?\s?(?:[,;/@(&-]|and)\s?{_SLICE_WORD}[^\d\n]{{0,20}}$", re.IGNORECASE)
_ITEM = re.compile(
    r"[\s\u2022*>-]*(?:\(?\d{1,2}[.)]\s)?(?P<label>[^\n]*?[A-Za-z)\]])[\s:,;/.=-]{1,12}(?P<number>\d{1,3}[.,]\d{1,2})\s?[-(\[/@,;\s]\s?(?:im\s?|sl\s?)?"
    r"(?P<slice>\d{1,4})\s?[)\]]?\.?\s*$"
)


def find_captioned_lists(text: str) -> list[Table]:
    """Return the lists whose caption names SUVmax and slice and whose items give the two numbers in this order."""
    lines = [match.span() for match in re.finditer(r"[^\n]+", text)]
    tables = []
    for position, (start, end) in enumerate(lines):
        if _CAPTION.match(text[start:end].rstrip()) is None:
            continue
        rows = []
        for a, b in lines[position + 1 :]:
            item = _ITEM.match(text[a:b])
            if item is None:
                break
            suv, number = (a + item.start("number"), a + item.end("number")), (a + item.start("slice"), a + item.end("slice"))
            rows.append(TableRow(a + item.start("label"), a + len(text[a:b].rstrip()), suv, number, None, label=item["label"]))
        if rows:
            tables.append(Table(start, rows[-1].end, tuple(rows)))
    return tables


def find_records(text: str) -> list[Table]:
    """Return the blocks that give one SUVmax and one slice on different lines, each as a table of one row."""
    lines = [(match.start(), match.end()) for match in re.finditer(r"[^\n]*\n?", text) if match.group()]
    blocks: list[Lines] = [[]]
    seen: set[str] = set()
    for start, end in lines:
        match = _LINE.match(text[start:end].rstrip("\n"))
        key = match["key"].casefold() if match is not None else ""
        announces = heading_name(key) is not None and not re.match(r"lesion|target|uptake|measurement", key)
        if match is None or key in seen or announces:
            blocks.append([])
            seen = set()
        if match is not None and not announces:
            blocks[-1].append((start, start + len(text[start:end].rstrip())))
            seen.add(key)
    return [record for block in blocks if len(block) > 2 and (record := _record(text, block)) is not None]


def _record(text: str, block: Lines) -> Table | None:
    matches = [match for match in (_LINE.match(text[a:b]) for a, b in block) if match is not None]
    columns = read_columns([(match["key"].strip(), 0, 0) for match in matches])
    if columns is None:
        return None
    spans = [(a + match.start("value"), a + match.end("value")) for (a, _), match in zip(block, matches, strict=True)]
    suv, number = _one(text, columns, spans, SUV, prior=False), _one(text, columns, spans, SLICE, prior=False)
    if suv is None or number is None:
        return None
    label = " ".join(text[slice(*span)] for column, span in zip(columns, spans, strict=True) if column.kind == OTHER)
    row = TableRow(block[0][0], block[-1][1], suv, number, _one(text, columns, spans, SUV, prior=True), label=label)
    return Table(row.start, row.end, (row,))


def _one(text: str, columns: tuple[Column, ...], spans: list[Span], kind: str, *, prior: bool) -> Span | None:
    """Return the number of the only column of a kind and time."""
    for column, span in zip(columns, spans, strict=True):
        if column.kind == kind and column.prior == prior:
            return read_cell(text, span, column).get("suv" if kind == SUV else "slice")
    return None
