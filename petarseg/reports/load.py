"""Read the reports of a hospital export: CSV, Parquet, JSON Lines, or a folder of .txt and .docx files.

Every value stays text: ids keep their leading zeros and ``20000907`` stays a date, not a number.
"""

from __future__ import annotations

import csv
import io
import json
import math
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import charset_normalizer
import pyarrow.parquet

from petarseg.errors import ConfigError

FIELDS = ("report_id", "patient_id", "study_date", "study_instance_uid", "accession_number", "tracer", "report")
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_MAX_DOCX_XML = 50_000_000
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@dataclass(frozen=True, slots=True)
class Report:
    """One radiology report and what joins it to its exam.

    Parameters
    ----------
    report_id : str
        The id of the input, else the row number from 1 or the file name without its suffix. It tells reports apart and joins nothing,
        unless `named_by_file`.
    text : str
        The report as it came; all offsets in petarseg refer to this string.
    patient_id, study_date, study_instance_uid, accession_number, tracer : str or None
        None where the input has no such column or the cell is empty.
    named_by_file : bool
        Whether `report_id` is the name of a document of its own, which a site may have made from the accession number or the study UID.
    """

    report_id: str
    text: str
    patient_id: str | None = None
    study_date: str | None = None
    study_instance_uid: str | None = None
    accession_number: str | None = None
    tracer: str | None = None
    named_by_file: bool = False


def load_reports(path: Path, columns: Mapping[str, str] | None = None) -> list[Report]:
    """Load reports from a table or from a folder.

    Parameters
    ----------
    path : Path
        ``.csv``, ``.tsv``, ``.parquet``, ``.jsonl``/``.ndjson``, or a folder that holds ``.txt`` and ``.docx`` files (the file name
        is the report id). Text encodings are detected.
    columns : mapping of str to str, optional
        Field of `Report` (``report`` for the text) to column name of the file, for tables with other names.

    Returns
    -------
    list of Report
        In file order; a folder in order of the file names. Rows with an empty text are kept (they are counted as `empty_report` later).

    Raises
    ------
    ConfigError
        If the file is missing or unreadable, a mapped column does not exist, several columns may be one field, no column holds the
        text, or report ids repeat.
    """
    path = Path(path)
    mapping = dict(columns or {})
    unknown = sorted(set(mapping) - set(FIELDS))
    if unknown:
        raise ConfigError(f"reports.columns maps {', '.join(unknown)}, but only these fields can be mapped: {', '.join(FIELDS)}")
    if path.is_dir():
        reports = _load_folder(path)
    elif path.is_file():
        reports = _load_table(path, mapping)
    else:
        raise ConfigError(f"the reports {path} do not exist: give a .csv, .tsv, .parquet or .jsonl file, or a folder of .txt/.docx files")
    _check_ids(reports, path)
    return reports


def _check_ids(reports: Iterable[Report], path: Path) -> None:
    seen: set[str] = set()
    repeated: set[str] = set()
    for report in reports:
        (repeated if report.report_id in seen else seen).add(report.report_id)
    if repeated:
        raise ConfigError(
            f"{path.name}: {len(repeated)} report_id value(s) stand in more than one row; "
            "map another column to report_id (reports.columns) or remove the copies"
        )


# --- tables ---


def _load_table(path: Path, mapping: Mapping[str, str]) -> list[Report]:
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        names, rows = _read_csv(path, "\t" if suffix == ".tsv" else None)
    elif suffix in (".parquet", ".pq"):
        names, rows = _read_parquet(path)
    elif suffix in (".jsonl", ".ndjson"):
        names, rows = _read_jsonl(path)
    elif suffix in (".txt", ".docx"):
        return [_read_document(path)]
    else:
        raise ConfigError(
            f"{path.name}: reports are read from .csv, .tsv, .parquet, .jsonl or a folder of .txt/.docx, "
            f"not from {suffix or 'a file without suffix'}"
        )
    column_of = _choose_columns(path, names, mapping)
    reports = []
    for number, row in enumerate(rows, start=1):
        cells = {field: _clean(row.get(column)) for field, column in column_of.items() if field != "report"}
        reports.append(
            Report(
                report_id=cells.get("report_id") or str(number),
                text=_as_text(row.get(column_of["report"])) or "",
                patient_id=cells.get("patient_id"),
                study_date=cells.get("study_date"),
                study_instance_uid=cells.get("study_instance_uid"),
                accession_number=cells.get("accession_number"),
                tracer=cells.get("tracer"),
            )
        )
    return reports


def _choose_columns(path: Path, names: list[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the column of each field that the table has; names compare without case, blanks and underscores."""
    by_plain_name: dict[str, list[str]] = {}
    for name in names:
        by_plain_name.setdefault(_plain(name), []).append(name)
    found = f"{path.name} has the columns {', '.join(repr(name) for name in names) or 'none'}"
    chosen = {}
    for field in FIELDS:
        wanted = mapping.get(field)
        meant = [name for name in names if name == wanted] or by_plain_name.get(_plain(wanted or field), [])
        if len(meant) > 1:
            # Each may hold other values, and the wrong accession number is that of another patient.
            raise ConfigError(
                f"{path.name} has {len(meant)} columns that may be {field}: {', '.join(repr(name) for name in meant)}. "
                f'Remove or rename all but one, or, where the names differ, name the right one: reports.columns.{field} = "..."'
            )
        if meant:
            chosen[field] = meant[0]
        elif wanted is not None:
            raise ConfigError(f"reports.columns.{field} = {wanted!r} is not a column; {found}")
    if "report" not in chosen:
        raise ConfigError(
            f"no column 'report' with the text; {found}. Name the text column in the configuration: reports.columns.report = \"...\""
        )
    return chosen


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _as_text(value: object) -> str | None:
    """Return a cell as text without inventing digits: 7.0 of a numeric column is the id "7"."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime | date):
        return value.strftime("%Y%m%d")
    if isinstance(value, float | Decimal):
        if value != value:  # NaN is how data frames write an empty cell
            return None
        return str(int(value)) if math.isfinite(value) and value == int(value) else str(value)
    if isinstance(value, bytes):
        return _decode(value)
    return str(value)


def _clean(value: object) -> str | None:
    text = _as_text(value)
    return (text.strip() or None) if text is not None else None


def _read_csv(path: Path, delimiter: str | None) -> tuple[list[str], list[dict[str, object]]]:
    text = _decode(path.read_bytes())
    csv.field_size_limit(2**31 - 1)
    if delimiter is None:
        header = text.split("\n", 1)[0]
        delimiter = max(",;\t|", key=lambda mark: (header.count(mark), mark == ","))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        lines = [(reader.line_num, line) for line in reader if any(cell.strip() for cell in line)]
    except csv.Error as error:
        raise ConfigError(
            f"{path.name}: line {reader.line_num} is not valid CSV ({error}); quote report texts with double quotes"
        ) from error
    if not lines:
        raise ConfigError(f"{path.name} is empty: expected a header line with a column 'report'")
    names = [name.strip() for name in lines[0][1]]
    rows: list[dict[str, object]] = []
    for line_number, line in lines[1:]:
        if len(line) > len(names):
            raise ConfigError(
                f"{path.name}: the row that ends on line {line_number} has {len(line)} cells, the header {len(names)}; "
                f"quote texts that hold {delimiter!r}"
            )
        rows.append(dict(zip(names, line, strict=False)))
    return names, rows


def _read_parquet(path: Path) -> tuple[list[str], list[dict[str, object]]]:
    try:
        with pyarrow.parquet.ParquetFile(path) as file:  # reads a file whose columns share a name, so that it can be refused by that name
            table = file.read()
    except (pyarrow.ArrowException, OSError) as error:
        raise ConfigError(f"{path.name} cannot be read as Parquet: {type(error).__name__}") from error
    return list(table.column_names), table.to_pylist()


def _read_jsonl(path: Path) -> tuple[list[str], list[dict[str, object]]]:
    names: dict[str, None] = {}
    rows: list[dict[str, object]] = []
    for number, line in enumerate(_decode(path.read_bytes()).split("\n"), start=1):
        if not line.strip():
            continue
        repeated: list[str] = []
        try:
            row = json.loads(line, object_pairs_hook=partial(_one_value_a_name, repeated))
        except json.JSONDecodeError as error:
            raise ConfigError(f"{path.name}: line {number} is not valid JSON ({error.msg})") from error
        if not isinstance(row, dict):
            raise ConfigError(f"{path.name}: line {number} is not a JSON object")
        if repeated:
            raise ConfigError(f"{path.name}: line {number} gives {', '.join(map(repr, sorted(set(repeated))))} more than once")
        names.update(dict.fromkeys(row))
        rows.append(row)
    return list(names), rows


def _one_value_a_name(repeated: list[str], pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object of a JSON line, and note the names that stand in it more than once: the last value would win unseen."""
    row = dict(pairs)
    if len(row) < len(pairs):
        repeated.extend(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
    return row


def _decode(data: bytes) -> str:
    """Decode text: byte order mark, else UTF-8, else what charset-normalizer finds most likely, else Windows-1252."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if data.count(0, 0, 4096) > len(data[:4096]) // 4:  # UTF-16 without a mark: every other byte is zero
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", errors="replace")
    for encoding in ("utf-8", "cp1252"):
        # Western Windows text is by far the most common; the detector only decides where it would leave undefined bytes.
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    best = charset_normalizer.from_bytes(data).best()
    return str(best) if best is not None else data.decode("latin-1")


# --- folders of documents ---


def _load_folder(folder: Path) -> list[Report]:
    files = sorted(
        (file for file in folder.rglob("*") if file.suffix.lower() in (".txt", ".docx") and not file.name.startswith((".", "~$"))),
        key=lambda file: file.relative_to(folder).as_posix(),
    )
    if not files:
        raise ConfigError(f"the folder {folder} holds no .txt or .docx reports")
    return [_read_document(file) for file in files]


def _read_document(file: Path) -> Report:
    text = "\n".join(_docx_paragraphs(file)) if file.suffix.lower() == ".docx" else _decode(file.read_bytes())
    return Report(report_id=file.stem, text=text, named_by_file=True)


def _docx_paragraphs(file: Path) -> Iterator[str]:
    """Yield the paragraphs of a Word document; a table row is one paragraph, its cells separated by `` | ``."""
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo("word/document.xml").file_size > _MAX_DOCX_XML:
                raise ConfigError(f"{file.name}: the document is too large for a report")
            xml = archive.read("word/document.xml")
        if b"<!DOCTYPE" in xml[:2048] or b"<!ENTITY" in xml:
            raise ConfigError(f"{file.name}: a Word document with entity declarations is not read")
        body = ElementTree.fromstring(xml).find(f"{_WORD}body")
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, OSError) as error:
        raise ConfigError(f"{file.name} cannot be read as a Word document (.docx): {type(error).__name__}") from error
    for block in body if body is not None else ():
        if block.tag == f"{_WORD}p":
            yield _paragraph_text(block)
        elif block.tag == f"{_WORD}tbl":
            for row in block.iter(f"{_WORD}tr"):
                yield " | ".join(
                    " ".join(_paragraph_text(paragraph) for paragraph in cell.iter(f"{_WORD}p")) for cell in row.iter(f"{_WORD}tc")
                )


def _paragraph_text(paragraph: ElementTree.Element) -> str:
    pieces = []
    for node in paragraph.iter():
        if node.tag == f"{_WORD}t":
            pieces.append(node.text or "")
        elif node.tag == f"{_WORD}tab":
            pieces.append("\t")
        elif node.tag in (f"{_WORD}br", f"{_WORD}cr"):
            pieces.append("\n")
        elif node.tag == f"{_WORD}noBreakHyphen":
            pieces.append("-")
    return "".join(pieces)
