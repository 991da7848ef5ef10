"""De-identify one DICOM data set: the rules of `petarseg.dicom.profile`, applied to every element at any depth.

Values are handled as bytes, so that nothing depends on a parser's idea of a broken value: what does not look as its representation
demands is removed. Untouched elements are written back byte by byte, and equal elements are treated once per series.
"""

from __future__ import annotations

import datetime
import re
import struct
from collections import Counter
from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from petarseg.dicom import identities
from petarseg.dicom.descriptors import clean_text, is_standard_code, vocabulary
from petarseg.dicom.elements import number_of, text_of
from petarseg.dicom.identities import MAX_DEPTH, PACKED, Element, ElementKey, Identities, is_instance_uid, raw_value
from petarseg.dicom.profile import (
    BULK,
    CLASS_UIDS,
    MEASURED,
    METHOD_CODES,
    NUMERIC,
    NUMERIC_BYTES,
    ORPHANS,
    PATIENT_ID,
    SAFE_PRIVATE,
    STRINGS,
    Action,
    SafePrivate,
    action_for,
    keyword,
    representations,
)
from petarseg.dicom.values import capped_age, interchangeable, is_numeric, is_scheme, parse_date
from petarseg.keys import KeyFolder

DUMMY = "REMOVED"
MAX_COMPARED = 64
"""Numbers of one binary element that are compared with the ids of the object."""
MAX_REMEMBERED, MAX_JOBS = 100_000, 64
"""Elements and series that are remembered, in one process."""
DateMode = Literal["shift", "year"]
Counts: TypeAlias = Mapping[str, Mapping[str, int]]

_NUMBER = re.compile(rb" *[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)? *")
_CODE_STRING = re.compile(rb"[A-Za-z0-9_ .,+\-/*()#%&:=<>\[\]^]{0,64}")
_TIME = re.compile(rb"\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?|\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?")
_TIMEZONE = re.compile(rb"[+-]\d{4}")
_ORIENTATION = re.compile(rb"[APLRHF]{0,3}")
_DATETIME = re.compile(r"(\d{8})((?:\d{2}){0,3}(?:\.\d{1,6})?)([+-]\d{4})?")
_LONG_DIGITS = 5
"""So many digits make a number an id rather than a coincidence."""
_SHORT_LENGTH = frozenset(
    {"AE", "AS", "AT", "CS", "DA", "DS", "DT", "FL", "FD", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST", "TM"} | {"UI", "UL", "US"}
)
_BLANKS = b" \0"
_TIMEZONE_TAG, _SCHEME_TAG, _ORIENTATION_TAG, _FIRST_PIXEL_TAG = 0x00080201, 0x00080102, 0x00200020, 0x7FE00000


class Redacted(NamedTuple):
    """One de-identified data set.

    Attributes
    ----------
    body : list of bytes
        The encoded elements in order, in the encoding of the source, without group 2. They hold no identifying value.
    counts : mapping of str to mapping of str to int
        "kept", "changed" and "removed" values per attribute. One object for all data sets of a series that fared alike.
    identities : Identities
        What the input held. Its dates are those that the output must not hold.
    """

    body: list[bytes]
    counts: Counts
    identities: Identities


class _Outcome(NamedTuple):
    """What became of one element: its bytes (none when removed), the number of its counts, shifted dates, and private creator."""

    encoded: bytes
    counts: int
    shifted_dates: frozenset[str]
    creators: dict[BaseTag, str]


def patient_key(dataset: Dataset) -> str:
    """Return what tells patients apart: PatientID, else name and birth date, else the study."""
    patient_id = text_of(dataset, PATIENT_ID)
    if patient_id:
        return patient_id
    name, birth_date = text_of(dataset, 0x00100010), text_of(dataset, 0x00100030)
    return f"{name}|{birth_date}" if name else f"study|{text_of(dataset, 0x0020000D)}"


class Redactor:
    """De-identifies the data sets of a project.

    Nearly all elements of a series are equal from slice to slice. What became of an element is remembered for as long as everything
    that the rules look at is equal too (`_Job`), so that the rules see each element once.

    Parameters
    ----------
    keys : KeyFolder
        Makes pseudonyms, UIDs and day shifts.
    dates : {"shift", "year"}
        "shift" moves every date of a patient by the same number of days. "year" keeps the true year: the dates of a study are moved
        so that the study falls on 1 January. Both keep every interval within a study, which SUV needs, and all times of day.
    """

    def __init__(self, keys: KeyFolder, *, dates: DateMode = "shift") -> None:
        self.keys = keys
        self.dates = dates
        self._found: dict[object, dict[ElementKey, Identities | None]] = {}
        self._jobs: dict[object, _Job] = {}

    def redact(self, source: Dataset) -> Redacted:
        """Return the de-identified copy of a data set.

        Parameters
        ----------
        source : Dataset
            As read by pydicom or `petarseg.dicom.plain`; its group 2 is not looked at.

        Raises
        ------
        ValueError and others of `petarseg.dicom.elements.READ_ERRORS`
            If a sequence cannot be parsed.
        """
        self._forget()
        encodings = identities.encodings_of(source, ["iso8859"])
        elements = sorted(source.values(), key=lambda element: int(element.tag))
        layout = (*source.original_encoding, *encodings)
        found = identities.collect(elements, encodings, self._found.setdefault(layout, {}))
        patient = patient_key(source)
        shift = self._shift(source, patient)
        signed, scheme = number_of(source, 0x00280103, 0) == 1, text_of(source, _SCHEME_TAG)
        context = (layout, patient, shift, signed, scheme, frozenset(found.words), frozenset(found.dates))
        job = self._jobs.get(context)
        if job is None:
            job = self._jobs[context] = _Job(source.original_encoding, self.keys, found, patient, shift, signed, scheme, encodings)
        return job.redact(elements, found)

    def _shift(self, source: Dataset, patient: str) -> datetime.timedelta:
        if self.dates == "year":
            for tag in (0x00080020, 0x00080021, 0x00080022, 0x00080023):
                if date := parse_date(text_of(source, tag)):
                    return datetime.date(date.year, 1, 1) - date
        return datetime.timedelta(days=self.keys.day_shift(patient))

    def _forget(self) -> None:
        """Begin anew before what is remembered takes much memory."""
        if sum(map(len, self._found.values())) > MAX_REMEMBERED or len(self._jobs) > MAX_JOBS:
            self._found.clear()
            self._jobs.clear()


def mark(dataset: Dataset) -> None:
    """Say in the data set that, and how, it was de-identified (PS3.15, E.1.1)."""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "petarseg: DICOM PS3.15 Annex E"
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    items = []
    for value, meaning in METHOD_CODES:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
        items.append(item)
    dataset.DeidentificationMethodCodeSequence = Sequence(items)


class _Job:
    """De-identifies the data sets that are equal in all that the rules for one element look at beside the element itself.

    These are the encoding, the patient with pseudonym and date shift, the sign of the pixels, the coding scheme, and the identifying
    words and dates that the whole data set holds.
    """

    def __init__(
        self,
        layout: tuple[bool | None, bool | None],
        keys: KeyFolder,
        found: Identities,
        patient: str,
        shift: datetime.timedelta,
        signed: bool,
        scheme: str,
        encodings: list[str],
    ) -> None:
        self.layout = layout
        self.keys, self.shift, self.signed = keys, shift, signed
        self.words, self.dates = frozenset(found.words), frozenset(found.dates)
        self._scheme, self._encodings = scheme, encodings
        self.scheme, self.encodings = scheme, encodings  # of the data set or item that is being treated
        self.strange_words = self.words - vocabulary()
        digits = [word for word in self.words | self.dates if word.isdecimal() and len(word.lstrip("0")) >= _LONG_DIGITS]
        self.numbers = frozenset(float(word) for word in digits)
        self.pseudonym = keys.pseudonym("patient", patient)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.shifted_dates: set[str] = set()
        self._counts: dict[tuple[tuple[tuple[str, str], int], ...], int] = {}
        self._totals: dict[tuple[int, ...], dict[str, dict[str, int]]] = {}
        self._outcomes: dict[tuple[ElementKey | None, ...], _Outcome] = {}
        marks = Dataset()
        mark(marks)
        self._marks = {int(element.tag): self._encoded(element) for element in marks.values()}

    def redact(self, elements: list[Element], found: Identities) -> Redacted:
        """De-identify a data set: its elements in order of their tags, and what was found in them."""
        parts: dict[int, bytes] = {}
        counts: list[int] = []
        creators: dict[BaseTag, str] = {}
        by_tag = {int(element.tag): element for element in elements}
        for tag, element in by_tag.items():
            # The creator of a private block says what its elements mean.
            creator = by_tag.get(tag & 0xFFFF0000 | (tag & 0xFFFF) >> 8) if tag & 0x10000 else None
            outcome = self._outcome(element, creator)
            if outcome.encoded:
                parts[tag] = outcome.encoded
            counts.append(outcome.counts)
            if outcome.shifted_dates:
                found.dates -= outcome.shifted_dates
            creators.update(outcome.creators)
        for creator_tag, name in creators.items():
            parts[int(creator_tag)] = self._encoded(DataElement(creator_tag, "LO", name))
        parts.update(self._marks)
        return Redacted([parts[tag] for tag in sorted(parts)], self._total(tuple(counts)), found)

    def _total(self, counts: tuple[int, ...]) -> Counts:
        """Return the sum of the numbered counts of all elements."""
        if (total := self._totals.get(counts)) is None:
            total = self._totals[counts] = {}
            numbered = list(self._counts)
            for number in counts:
                for (attribute, what), count in numbered[number]:
                    row = total.setdefault(attribute, {})
                    row[what] = row.get(what, 0) + count
        return total

    def _outcome(self, element: Element, creator: Element | None) -> _Outcome:
        """De-identify a top-level element, or remember what became of an equal one."""
        keys = tuple(identities.key_of(item) for item in (element, creator) if item is not None)
        if known := self._outcomes.get(keys):
            return known
        alone = Dataset({item.tag: item for item in (element, creator) if item is not None})
        target, creators = Dataset(), dict[BaseTag, str]()
        self.counts, self.shifted_dates = Counter(), set()
        self.scheme, self.encodings = self._scheme, self._encodings
        self._treat(alone, element.tag, target, creators, 0, self._encodings)
        encoded = b"".join(self._encoded(item) for item in target.values())
        number = self._counts.setdefault(tuple(self.counts.items()), len(self._counts))
        outcome = _Outcome(encoded, number, frozenset(self.shifted_dates), creators)
        if None not in keys:
            self._outcomes[keys] = outcome
        return outcome

    def _encoded(self, element: Element) -> bytes:
        dataset = self._empty()
        dataset[element.tag] = element
        buffer = DicomBytesIO()
        buffer.is_implicit_VR, buffer.is_little_endian = self.layout
        write_dataset(buffer, dataset)
        return bytes(buffer.getvalue())

    def _empty(self) -> Dataset:
        """Return a data set whose raw elements are written as they are; pydicom turns the numbers of big-endian ones round."""
        dataset = Dataset()
        dataset.set_original_encoding(*self.layout, "iso8859" if self.layout[1] else None)
        return dataset

    def clean(self, source: Dataset, depth: int, inherited: list[str]) -> Dataset:
        """Return the cleaned copy of a sequence item; `inherited` are the encodings of what it lies in."""
        target = self._empty()
        private: dict[BaseTag, str] = {}
        scheme, encodings = text_of(source, _SCHEME_TAG), identities.encodings_of(source, inherited)
        for tag in sorted(source.keys()):
            self.scheme, self.encodings = scheme, encodings
            self._treat(source, tag, target, private, depth, encodings)
        for tag, creator in private.items():
            target.add_new(tag, "LO", creator)
        return target

    def _treat(
        self, source: Dataset, tag: BaseTag, target: Dataset, creators: dict[BaseTag, str], depth: int, encodings: list[str]
    ) -> None:
        """Put what the rules leave of an element into `target`."""
        if tag.is_private:
            self._private(source, tag, target, creators)
            return
        action = action_for(tag)
        if action is Action.REMOVE:
            self._count(tag, "removed")
        elif action is Action.RECURSE:
            self._sequence(source, tag, target, depth, encodings)
        else:
            self._element(source.get_item(tag), action, target)

    def _count(self, tag: int, what: str) -> None:
        self.counts[keyword(tag), what] += 1

    def _sequence(self, source: Dataset, tag: BaseTag, target: Dataset, depth: int, encodings: list[str]) -> None:
        if depth >= MAX_DEPTH or source.get_item(tag).VR not in ("SQ", "UN", None):
            self._count(tag, "removed")
            return
        element = source[tag]
        if element.VR != "SQ":
            self._count(tag, "removed")
            return
        target[tag] = DataElement(tag, "SQ", Sequence(self.clean(item, depth + 1, encodings) for item in element.value))
        self._count(tag, "kept")

    def _private(self, source: Dataset, tag: BaseTag, target: Dataset, creators: dict[BaseTag, str]) -> None:
        """Keep a private element of the safe list, and note the creator of its block."""
        block = tag.element >> 8
        if block == 0:
            if 0x10 <= tag.element <= 0xFF:
                return  # creators are written again for the blocks that keep an element
            self._count(tag, "removed")
            return
        creator_tag = BaseTag(tag.group << 16 | block)
        creator = text_of(source, creator_tag) or ORPHANS.get((tag.group, tag.element & 0xFF), "")
        rule = SAFE_PRIVATE.get((tag.group, creator, tag.element & 0xFF))
        raw = source.get_item(tag)
        if rule is None or raw_value(raw) is None or raw.VR not in (None, "UN", rule.vr, *interchangeable(rule.vr)):
            self._count(tag, "removed")
            return
        if self._element(raw, rule.action, target, rule):
            creators[creator_tag] = creator

    def _element(self, raw: Element, action: Action, target: Dataset, rule: SafePrivate | None = None) -> bool:
        """Put what `action` leaves of an element into `target`; tell whether anything is left."""
        tag = raw.tag
        vr, value = self._representation(raw, rule), raw_value(raw)
        if vr is None or value is None:
            self._count(tag, "removed")
            return False
        new = self._value(tag, vr, value, action)
        if new is None:
            self._count(tag, "removed")
            return False
        self._count(tag, "kept" if new == value else "changed")
        if not new:
            target[tag] = DataElement(tag, vr, "" if vr in STRINGS else None)
        elif new == value and vr == raw.VR and not len(new) % 2:
            target[tag] = raw
        else:
            pad = b"\0" if vr == "UI" or vr in BULK else b" "
            new = new + pad if len(new) % 2 else new
            target[tag] = RawDataElement(tag, vr, len(new), new, 0, is_implicit_VR=False, is_little_endian=True)
        return True

    def _representation(self, raw: Element, rule: SafePrivate | None) -> str | None:
        """Return the representation to treat a value as; None when the file's contradicts the standard's."""
        allowed = (rule.vr,) if rule else representations(raw.tag)
        vr = raw.VR
        if vr in allowed:
            return str(vr)
        if vr in (None, "UN"):
            if isinstance(raw.value, bytes) and len(raw.value) > 65534 and allowed[0] in _SHORT_LENGTH:
                return None
            return "SS" if "SS" in allowed and self.signed else allowed[0]
        if vr in STRINGS and allowed[0] in STRINGS:
            return allowed[0]
        return str(vr) if vr in NUMERIC and set(allowed) & NUMERIC else None

    def _value(self, tag: int, vr: str, value: bytes, action: Action) -> bytes | None:
        """Return the new value, or None to remove the element."""
        if action is Action.EMPTY:
            return b""
        if action is Action.DUMMY:
            return DUMMY.encode()
        if action is Action.PSEUDONYM:
            return self.pseudonym.encode()
        if action is Action.KEEP:
            return self._kept(tag, vr, value)
        text = value.decode("latin-1")
        if action is Action.UID:
            return "\\".join(self._uid(tag, part.strip(" \0")) for part in text.split("\\")).encode()
        if action is Action.SHIFT:
            return "\\".join(self._moved(part.strip(" \0"), vr) for part in text.split("\\")).encode()
        if action is Action.AGE:
            return capped_age(text.strip(" \0"))
        if action is Action.CODE:
            return value if self._is_code(text) else None
        return self._cleaned(identities.decoded(value, self.encodings, {0x5C}), action)

    def _kept(self, tag: int, vr: str, value: bytes) -> bytes | None:
        """Keep a value that looks as its representation demands, drop the code strings of a list that do not."""
        if vr in NUMERIC or vr in BULK:
            if tag >= _FIRST_PIXEL_TAG:
                return value
            hides_id = tag not in MEASURED and any(map(self._is_identifier, self._numbers(vr, value)))
            return value if is_numeric(tag, vr, value) and not hides_id else None
        parts = [part.strip(_BLANKS) for part in value.split(b"\\")]
        if tag == _ORIENTATION_TAG:
            return value if all(_ORIENTATION.fullmatch(part) for part in parts) else None
        if vr == "CS":
            kept = [part if self._is_term(part) else b"" for part in parts]
            return value if kept == parts else b"\\".join(kept) if any(kept) else None
        if tag == _SCHEME_TAG:
            return value if all(not part or is_scheme(part) for part in parts) else None
        pattern = _TIMEZONE if tag == _TIMEZONE_TAG else _TIME if vr == "TM" else _NUMBER
        if not all(not part or pattern.fullmatch(part) for part in parts):
            return None
        if vr in ("DS", "IS") and tag not in MEASURED and any(self._is_identifier(float(part)) for part in parts if part):
            return None
        return value

    def _numbers(self, vr: str, value: bytes) -> list[float]:
        """Return the numbers of a short binary value; none of a table, and none of bulk data."""
        if vr not in PACKED or len(value) > MAX_COMPARED * NUMERIC_BYTES[vr] or len(value) % NUMERIC_BYTES[vr]:
            return []
        order = "<" if self.layout[1] else ">"
        return [float(number) for (number,) in struct.iter_unpack(order + PACKED[vr], value)]

    def _is_term(self, part: bytes) -> bool:
        text = part.decode("latin-1")
        return not text or bool(_CODE_STRING.fullmatch(part) and clean_text(text, self.strange_words) == text)

    def _is_identifier(self, number: float) -> bool:
        """Tell whether a number is, however it is written, an id or a date of this very object in a wrong place."""
        return number in self.numbers

    def _uid(self, tag: int, uid: str) -> str:
        if not uid or (tag in CLASS_UIDS and not is_instance_uid(uid)):
            return uid
        return self.keys.uid(uid) if is_instance_uid(uid) else uid

    def _moved(self, text: str, vr: str) -> str:
        """Shift one date or date-time; what is not one becomes empty."""
        if not text:
            return ""
        if vr == "DT" and (match := _DATETIME.fullmatch(text)):
            date, rest = parse_date(match[1]), match[2] + (match[3] or "")
        else:
            date, rest = parse_date(text), ""
        if date is None:
            return ""
        try:
            moved = date + self.shift
        except OverflowError:
            return ""
        new = f"{moved.year:04}{moved.month:02}{moved.day:02}"
        self.shifted_dates.add(new)
        return new + rest

    def _is_code(self, text: str) -> bool:
        code = text.strip(" \0")
        return code.lower() not in self.words and is_standard_code(code, self.scheme)

    def _cleaned(self, text: str, action: Action) -> bytes | None:
        parts = [clean_text(part.strip(" \0"), self.words) for part in text.split("\\")]
        new = "\\".join(parts) if any(parts) else ""
        if new or action is Action.CLEAN_OR_EMPTY:
            return new.encode("ascii", "ignore")
        return DUMMY.encode() if action is Action.CLEAN_OR_DUMMY else None
