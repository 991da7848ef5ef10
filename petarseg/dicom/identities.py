"""Collect what identifies a person, an institution or an object in a DICOM header: for the leak scan and as words that must not stay."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID_dictionary

from petarseg.dicom.descriptors import is_vocabulary, tokens_of, vocabulary
from petarseg.dicom.profile import CLEANED, TEXT, Action, action_for, basic_profile, representations

MAX_DEPTH = 32
MAX_VALUE_BYTES = 256
MAX_TEXT_BYTES = 1 << 16
_DELIMITERS = {0x5C}
_PERSON_DELIMITERS = {0x5C, 0x5E, 0x3D}
_SPACES = " \t\r\n\0"
PACKED = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "UV": "Q", "SV": "q", "FL": "f", "FD": "d"}
"""Binary representations, with the format characters of `struct`."""
_PATIENT_GROUP = 0x0010
_DOTTED_ID = re.compile(r"\d+(?:[.-]\d+){2,}")
_FIRST_PIXEL_TAG = 0x7FE00000


@dataclass(slots=True)
class Identities:
    """Identifying values of one object, at any depth.

    Attributes
    ----------
    needles : set of str
        Names (whole and in parts), ids, institutions, devices, UIDs: strings that must not be found in the output.
    dates : set of str
        Dates (YYYYMMDD). They are compared with the output of the same object only: a shifted date of one patient may well be the
        true date of another.
    words : set of str
        Lower-case tokens that must not stay in a cleaned text of this object.
    """

    needles: set[str] = field(default_factory=set)
    dates: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.needles or self.dates or self.words)


Element: TypeAlias = RawDataElement | DataElement
ElementKey: TypeAlias = tuple[int, str | None, bytes]


def key_of(element: Element) -> ElementKey | None:
    """Return what tells elements of one encoding apart; None for those not worth remembering: decoded ones, long ones and pixels."""
    value, tag = element.value, int(element.tag)  # pydicom's tags are slow to compare
    if not isinstance(value, bytes) or len(value) > MAX_TEXT_BYTES or tag >= _FIRST_PIXEL_TAG:
        return None
    return tag, element.VR, value


def collect(elements: Iterable[Element], encodings: list[str], memory: dict[ElementKey, Identities | None]) -> Identities:
    """Return the identifying values of a data set and of all sequences in it.

    Parameters
    ----------
    elements : iterable of RawDataElement or DataElement
        All elements of the data set. They are not changed.
    encodings : list of str
        Python encodings of its text.
    memory : dict
        What was found in elements of this encoding before. The slices of a series differ in few elements.
    """
    found = Identities()
    for element in elements:
        key = key_of(element)
        if key is None or key not in memory:
            inside = Identities()
            _collect(Dataset({element.tag: element}), inside, encodings, 0)
            part = inside if inside else None
            if key is not None:
                memory[key] = part
        else:
            part = memory[key]
        if part is not None:
            found.needles |= part.needles
            found.dates |= part.dates
            found.words |= part.words
    return found


def decoded(value: bytes, encodings: list[str], delimiters: set[int]) -> str:
    """Decode header text; bytes that the declared character set does not know are read as Latin-1."""
    try:
        return str(decode_bytes(value, encodings, delimiters))
    except (LookupError, UnicodeError, ValueError):
        return value.decode("latin-1")


def raw_value(element: RawDataElement | DataElement) -> bytes | None:
    """Return the undecoded value of an element; None for a sequence.

    pydicom decodes some elements at once (empty ones) or behind the scenes (those that tell how to read others); their bytes are made
    again here, in little-endian order.
    """
    value = element.value
    if isinstance(value, bytes):
        return value
    if element.VR == "SQ":
        return None
    if value is None or (isinstance(value, str | Sequence) and not len(value)):
        return b""
    values = [value] if isinstance(value, str) or not isinstance(value, Sequence) else list(value)
    if element.VR in PACKED:
        return struct.pack(f"<{len(values)}{PACKED[element.VR]}", *values)
    return "\\".join(map(str, values)).encode("utf-8")


def encodings_of(dataset: Dataset, inherited: list[str]) -> list[str]:
    """Return the Python encodings of a data set's SpecificCharacterSet."""
    raw = dataset.get_item(0x00080005) if 0x00080005 in dataset else None
    if raw is None or not raw.value:
        return inherited
    value = raw.value
    names = value.decode("latin-1").strip(_SPACES).split("\\") if isinstance(value, bytes) else value
    try:
        return list(convert_encodings(names))
    except (LookupError, ValueError):
        return inherited


def _collect(dataset: Dataset, found: Identities, inherited: list[str], depth: int) -> None:
    encodings = encodings_of(dataset, inherited)
    for tag in list(dataset.keys()):
        raw = dataset.get_item(tag)
        known = representations(tag)
        vr = raw.VR if raw.VR not in (None, "UN") else known[0] if known else raw.VR
        if vr == "SQ":
            if depth < MAX_DEPTH:
                for item in dataset[tag].value:
                    _collect(item, found, encodings, depth + 1)
        elif (value := raw_value(raw)) and len(value) <= MAX_TEXT_BYTES:
            _element(tag, vr, value, found, encodings)


def _element(tag: int, vr: str | None, value: bytes, found: Identities, encodings: list[str]) -> None:
    if vr == "UI":
        found.needles.update(uid for uid in _parts(value.decode("latin-1")) if is_instance_uid(uid))
    elif vr == "PN":
        for name in _parts(decoded(value, encodings, _PERSON_DELIMITERS)):
            _name(name, found, is_patient=tag >> 16 == _PATIENT_GROUP)
    elif vr in ("DA", "DT"):
        for part in _parts(value.decode("latin-1")):
            if match := re.match(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})", part):
                found.dates.add("".join(match.groups()))
    elif (vr in TEXT or vr in ("AE", "UR")) and len(value) <= MAX_VALUE_BYTES and _names_something(tag):
        for part in _parts(decoded(value, encodings, _DELIMITERS)):
            _identifier(part, found)


def _names_something(tag: int) -> bool:
    """Tell identifiers from descriptions. Private and unlisted texts are removed too, but many also stand in places that are kept."""
    return tag in basic_profile() and tag not in CLEANED and action_for(tag) is not Action.KEEP


def is_instance_uid(uid: str) -> bool:
    """Tell whether a UID names one object, study or device rather than something of the DICOM standard."""
    return uid not in UID_dictionary


def _parts(text: str) -> Iterator[str]:
    return (part for part in (piece.strip(_SPACES) for piece in text.split("\\")) if part)


def _name(name: str, found: Identities, *, is_patient: bool) -> None:
    if not is_vocabulary(name):
        found.needles.add(name)
    for group in name.split("="):
        for token in re.split(r"[\^\s,]+", group):
            # Operators are called "CT" and "PET Tech": only the patient's own name is struck even where it is an allowed word.
            found.words.update(
                part.lower() for part in tokens_of(token) if len(part) > 1 and (is_patient or part.lower() not in vocabulary())
            )
            # Short parts are often words, titles or initials; the leak scan knows the whole name as well.
            if len(token) >= 4 and not is_vocabulary(token):
                found.needles.add(token)


def is_composed_id(text: str) -> bool:
    """Tell whether a text of several parts is an id, such as "PSMA-034" or "123.456.789-09", however harmless each part is."""
    alphanumeric = [character for character in text if character.isalnum()]
    digits = sum(character.isdigit() for character in alphanumeric)
    return (digits >= 2 and len(alphanumeric) >= 5 and len(tokens_of(text)) > 1) or bool(_DOTTED_ID.fullmatch(text))


def _identifier(text: str, found: Identities) -> None:
    tokens = tokens_of(text)
    if is_composed_id(text):
        found.words.add(" ".join(tokens).lower())
        found.needles.add(text)
    if len(tokens) == 1:
        found.words.update(word for word in (text.lower(), tokens[0].lower()) if word not in vocabulary())
    if not is_vocabulary(text):
        found.needles.add(text)
