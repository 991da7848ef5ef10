"""Header and footer fields: find "label: value" pairs in any layout and say by the words of the label what the value is.

``Pt: DOE, JANE  MRN: 1234``, ``ATTENDING    DR. VOLE``, ``| Hospital no. | K 448 210 |``, ``Name=Quill, Jasper;`` and tables with a row of
headings are read alike. A label is a run of words that labels are made of (sections ``label_*`` of the vocabulary), so that a combination
never seen before ("responsible consultant's name") is understood; what is in none of those lists is no label and ends none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

from petarseg.reports.phi_vocabulary import words

_PERSON = words("label_person")
_SIGNED = words("label_signed")
_COUNTED = words("label_counted")
_NUMBER = words("label_number")
# In this order: "patient's date of birth" is a date, "hospital phone" a number to call.
_KINDS = (
    ("DATE", words("label_date")),
    ("PHONE", words("label_phone")),
    ("MRN", words("label_mrn")),
    ("ACCESSION", words("label_accession")),
    ("DEVICE_ID", words("label_device")),
    ("OTHER_ID", words("label_id")),
)
_PLACES = (("LOCATION", words("label_location")), ("HOSPITAL", words("label_hospital")))
_WORDS = (
    _PERSON.union(_SIGNED, _COUNTED, _NUMBER, words("label_neutral"), *(known for _, known in _KINDS + _PLACES))
)  # fmt: skip
_RECORDS = words("counted_records")
_EXAMS = words("counted_exams")
_DEVICES = words("counted_devices")

_LABEL_TOKEN = re.compile(r"[^\W\d_][\w'’.#-]*(?:\([a-z]{1,3}\))?|#")
_GAP = re.compile(r"[ ]?[/&.,][ ]?|[ ]|_|(?=\()|(?=#)|")
_MARK = re.compile(r"(?:[ ]?\([^()\n]{1,12}\)|[ ][A-Z\d])?\.?[ ]?(?::(?!/)|=+|#(?=[ ]?[\w(])|[ ][-–—](?=[ ]))[ ]*")
_CELL = re.compile(r"(?:(?!\t|[ \u00a0]{2,}|\|)[^\r\n])+")
_RULE = re.compile(r"[\s:|=+*_-]*")
_MARKUP = re.compile(r"[*_]{1,2}")


@dataclass(frozen=True, slots=True)
class Field:
    """A labelled value of a header, a footer or a table.

    Attributes
    ----------
    kind : str
        What the label says of the value: one of `PHI_TYPES`; "SIGNED" for a name that a date may precede.
    start, end : int
        Code point offsets of the value.
    explicit : bool
        Whether a colon, an equals sign or a cell of its own set the label off; else only a blank did.
    """

    kind: str
    start: int
    end: int
    explicit: bool


@dataclass(frozen=True, slots=True)
class _Label:
    start: int
    end: int  # behind the colon
    kind: str | None


def find_fields(text: str) -> Iterator[Field]:
    """Find the labelled values of a report, line by line."""
    headings: list[tuple[int, str | None]] = []
    lines = list(re.finditer(r"[^\r\n]+", text))
    for index, line in enumerate(lines):
        cells = [match.span() for match in _CELL.finditer(text, *line.span()) if match.group().strip()]
        row = [_whole(text, start, end) for start, end in cells]
        if len(cells) > 1 and all(kind is not None for kind in row):
            headings = [(start - line.start(), kind) for (start, _), kind in zip(cells, row, strict=True)]
            continue
        if headings and not _RULE.fullmatch(line.group()):
            yield from _table_row(cells, headings, line.start())
            if len(cells) != len(headings):
                headings = []
        following = lines[index + 1] if index + 1 < len(lines) else None
        yield from _in_line(text, cells, following)


def _table_row(cells: list[tuple[int, int]], headings: list[tuple[int, str | None]], line_start: int) -> Iterator[Field]:
    if len(cells) == len(headings):
        for (start, end), (_, kind) in zip(cells, headings, strict=True):
            if kind:
                yield Field(kind, start, end, True)


def _in_line(text: str, cells: list[tuple[int, int]], following: re.Match[str] | None) -> Iterator[Field]:
    pending: str | None = None
    for start, end in cells:
        labels = list(_labels(text, start, end))
        if pending is not None and (not labels or labels[0].start > start + 1):
            yield Field(pending, start, labels[0].start if labels else end, True)
        pending = None
        kind = _whole(text, start, end)
        if kind is not None:
            pending = kind
            continue
        if not labels:
            yield from _bare(text, start, end)
        elif labels[0].start > start:
            yield from _bare(text, start, labels[0].start)
        for label, after in zip_longest(labels, labels[1:]):
            stop = after.start if after is not None else end
            if label.kind is None:
                continue
            if text[label.end : stop].strip(" *_"):
                yield Field(label.kind, label.end, stop, True)
            elif after is None:
                pending = label.kind
    if pending in ("NAME", "SIGNED") and following is not None:
        line = following.group().strip()
        if len(line.split()) <= 8 and not re.search(r"[:=]", line) and not line.endswith("."):
            yield Field(pending, following.start(), following.end(), True)


def _labels(text: str, start: int, end: int) -> Iterator[_Label]:
    """Find the labels with a mark (colon, equals sign) in a cell."""
    floor = start
    for mark in _MARK.finditer(text, start, end):
        at = _label_start(text, floor, mark.start())
        if at is None:
            continue
        kind = kind_of(text[at : mark.start()])
        yield _Label(at, mark.end(), kind)
        floor = mark.end()


def _label_start(text: str, floor: int, end: int) -> int | None:
    """Walk back over the words of a label that ends at `end`."""
    tokens = list(_LABEL_TOKEN.finditer(text, max(floor, end - 60), end))
    start, right = None, end
    for token in reversed(tokens[-7:]):
        if not _GAP.fullmatch(text[token.end() : right]) or _plain(token.group()) not in _WORDS:
            break
        start = right = token.start()
    return start


def _bare(text: str, start: int, end: int) -> Iterator[Field]:
    """Read a label that only a blank sets off from its value: "MR# 000331882", "DOCTOR LANDRY PAUL E"."""
    lead = len(text[start:end]) - len(text[start:end].lstrip(" *-•"))
    position, last = start + lead, None
    for token in _LABEL_TOKEN.finditer(text, position, end):
        if not _GAP.fullmatch(text[position : token.start()]) or _plain(token.group()) not in _WORDS:
            break
        position = last = token.end()
        if token.start() - start > 40:
            break
    if last is None:
        return
    kind = kind_of(text[start + lead : last])
    if kind is not None and text[last:end].strip(" .") and text[last : last + 1] in " .":
        yield Field(kind, last + 1, end, False)


def _whole(text: str, start: int, end: int) -> str | None:
    """Give the kind of a cell that holds a label and nothing else."""
    content = _MARKUP.sub("", text[start:end]).strip()
    content = re.sub(r"\s*\([^()]{1,12}\)$|[:=]+$", "", content).strip()
    return kind_of(content) if content and len(content) <= 45 else None


@lru_cache(maxsize=8192)
def kind_of(label: str) -> str | None:
    """Say what a label announces, None when it is no label or a neutral one.

    Examples
    --------
    >>> kind_of("Responsible consultant's name"), kind_of("Hospital no."), kind_of("Date of birth"), kind_of("Liver")
    ('NAME', 'MRN', 'DATE', None)
    """
    tokens = [_plain(token) for token in _LABEL_TOKEN.findall(label)]
    if not tokens or len(tokens) > 7 or any(token not in _WORDS for token in tokens):
        return None
    if re.search(r"[^\w\s'’.#/&,()-]|\d\d|\s\d|^\d", label):
        return None
    found = set(tokens)
    for kind, known in _KINDS:
        if (
            found & known
            and not (kind in ("MRN", "DATE") and tokens[-1] == "by")
            and not ("mr" in found and kind == "MRN" and "#" not in label)
        ):
            return kind
    if "name" in found and found & _DEVICES:
        return "DEVICE_ID"
    if "name" in found:
        for kind, known in _PLACES:
            if found & known and not found & {"patient", "physician", "provider", "doctor"}:
                return kind
    if found & _NUMBER and (counted := found & _COUNTED or len(tokens) == 1):
        if found & _DEVICES:
            return "DEVICE_ID"
        if isinstance(counted, set) and counted & _RECORDS and not counted & _EXAMS:
            return "MRN"
        return "ACCESSION" if isinstance(counted, set) and counted & _EXAMS else "OTHER_ID"
    if tokens[-1] == "by" or (found & _PERSON and not found & {"department", "dept", "service", "address"}):
        return "SIGNED" if found & _SIGNED else "NAME"
    for kind, known in _PLACES:
        if found & known:
            return kind
    if found & _SIGNED:
        return "SIGNED"
    return "COUNTED" if found & _COUNTED else None


def _plain(token: str) -> str:
    low = token.lower().replace("’", "'").rstrip(".")
    low = re.sub(r"\([a-z]{1,3}\)$", "", low)
    low = low.removesuffix("'s").removesuffix("s'")
    low = re.sub(r"(?<=[a-z]{2})\d$", "", low)  # "Phone 1", "SSN4"
    if low.endswith("#") and len(low) > 1 and low not in _NUMBER and low not in ("mr#", "ss#", "acc#", "accession#"):
        low = low[:-1]
    return low
