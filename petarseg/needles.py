"""Find any of very many identifying strings in bytes, in one pass.

Design decisions:

- A needle is sought in every form in which software writes it: upper and lower case; UTF-8, Latin-1, UTF-16 and, outside ASCII,
  the character sets of DICOM; escaped for JSON and HTML; a DICOM person name also as "Jane Doe" and "Doe, Jane"; a date in the usual
  renderings.
- The filter is a table of the last four bytes of each form, looked up for all positions at once with numpy. Few positions pass it,
  and only these are compared with the needles, so the time hardly depends on the number of needles.
- Chance hits would make a scan that fails closed useless, so what may match is defined here, once: `kind_of` and `_bounded`.
"""

from __future__ import annotations

import datetime
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator

import numpy as np

MIN_BINARY_BYTES = 6
"""In pixels and other dense binary data four bytes equal a short needle by chance; only forms from this length on count there."""

MAX_FORM_BYTES = 1024
"""Longer needles are sought by their first part."""

_LOWER = bytes(range(256)).translate(bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz"))
_TABLE_BITS = 22
_MULTIPLIER = np.uint32(2654435761)
_UID = re.compile(r"[0-2](\.\d+){3,}")
_TIME_AFTER_DATE = re.compile(rb"(?:[01]\d|2[0-3])(?:[0-5]\d){0,2}(?!\d)")
_HEX_RUN = re.compile(rb"[0-9a-f]{12,}")
_CHARACTER_SETS = (
    "latin-1", "iso8859-2", "iso8859-3", "iso8859-4", "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8", "iso8859-9", "iso8859-15",
    "tis-620", "shift_jis", "iso2022_jp", "euc_jp", "euc_kr", "gb18030", "cp1251", "cp1258",
)  # fmt: skip


def kind_of(needle: str) -> str | None:
    """Say how a needle is matched, or None when it is too short to mean anything.

    Returns
    -------
    str or None
        "date"
            Eight digits that are a date from 1880 to 2100: all renderings, and with a time behind it.
        "uid"
            A dotted number of at least four parts, outside the roots of the standard itself: not inside a longer number.
        "number"
            Five or more digits: not inside a longer number, a decimal fraction or a hexadecimal digest.
        "name"
            Has "^", the separator of DICOM person names.
        "word"
            Four or more letters, or three or more characters with both letters and digits. Up to seven characters must stand alone;
            longer ones match anywhere.
        None
            Anything shorter: such needles are ignored.
    """
    text = needle.strip(" \t\r\n\0^")
    if _UID.fullmatch(text):
        return "uid" if not text.startswith("1.2.840.10008.") else None
    if text.isdecimal():
        return "date" if _date(text) else "number" if len(text) >= 5 else None
    count = sum(character.isalnum() for character in text)
    if not text.isascii() and count >= 2:
        # two ideographs are a whole name
        return "name" if "^" in text else "word"
    mixed = any(c.isdecimal() for c in text) and any(c.isalpha() for c in text)
    if count < (3 if mixed else 4):
        return None
    return "name" if "^" in text else "word"


class NeedleSet:
    """A fixed set of identifying strings, ready to be sought in any number of byte strings.

    Parameters
    ----------
    needles : iterable of str
        Identifying values; duplicates and those without a `kind_of` are dropped.

    Attributes
    ----------
    values, kinds : tuple of str
        The needles in sorted order and their kinds.
    """

    def __init__(self, needles: Iterable[str]) -> None:
        clean = {needle.strip(" \t\r\n\0^"): kind_of(needle) for needle in needles}
        pairs = sorted((value, kind) for value, kind in clean.items() if kind is not None)
        self.values = tuple(value for value, _ in pairs)
        self.kinds = tuple(kind for _, kind in pairs)
        self._forms: dict[bytes, int] = {}
        shapes: dict[int, set[int]] = {}
        for index, (value, kind) in enumerate(pairs):
            for form in _forms(value, kind):
                self._forms.setdefault(form, index)
                shapes.setdefault(int.from_bytes(form[-4:].rjust(4, b"\0"), "little"), set()).add(len(form))
        self._short = tuple(form for form in self._forms if len(form) < 4)
        self._shapes = {gram: tuple(sorted(lengths)) for gram, lengths in shapes.items()}
        self._grams = np.array(sorted(self._shapes), dtype=np.uint32)
        self._table = np.zeros(1 << _TABLE_BITS, dtype=bool)
        self._table[_hash(self._grams)] = True
        self.max_form_bytes = max(map(len, self._forms), default=0)

    def __len__(self) -> int:
        return len(self.values)

    def find(self, data: bytes, *, binary: bool = False) -> set[int]:
        """Return the indices (into `values`) of the needles that occur in `data`.

        Parameters
        ----------
        data : bytes
            Anything.
        binary : bool, default False
            True for pixels, compressed streams and the like: needles shorter than `MIN_BINARY_BYTES` are not sought.
        """
        if not self._forms or not data:
            return set()
        lowered = data.translate(_LOWER)
        found = self._find_in(data, lowered, binary)
        if not binary and b"\0" in data:
            found |= self._find_wide(lowered, binary)
        return found

    def _find_wide(self, lowered: bytes, binary: bool) -> set[int]:
        """Seek the needles in UTF-16 text, of either byte order and alignment, by keeping the bytes that have a zero beside them."""
        found: set[int] = set()
        octets = np.frombuffer(lowered + b"\0\0", dtype=np.uint8)
        for start in (0, 1):
            pairs = octets[start : start + (octets.size - start) // 2 * 2]
            narrow = np.where(pairs[1::2] == 0, pairs[::2], 0).tobytes()
            found |= self._find_in(narrow, narrow, binary)
        return found

    def _find_in(self, data: bytes, lowered: bytes, binary: bool) -> set[int]:
        found: set[int] = set()
        if not binary:
            found.update(self._forms[form] for form in self._short if form in lowered)
        for offset in range(min(4, len(lowered) - 3)):
            grams = np.frombuffer(lowered, dtype="<u4", offset=offset, count=(len(lowered) - offset) // 4)
            candidates = np.flatnonzero(self._table[_hash(grams)])
            candidates = candidates[self._is_gram(grams[candidates])]
            for place, gram in zip(candidates.tolist(), grams[candidates].tolist(), strict=True):
                end = place * 4 + offset + 4
                for length in self._shapes[gram]:
                    if length > end or (binary and length < MIN_BINARY_BYTES):
                        continue
                    index = self._forms.get(lowered[end - length : end])
                    if index is not None and index not in found and _bounded(data, lowered, end - length, end, self.kinds[index]):
                        found.add(index)
        return found

    def _is_gram(self, grams: np.ndarray) -> np.ndarray:
        """Tell which four bytes end a form: few pass the table by chance, so that a binary search beats sorting them all (np.isin)."""
        places = np.searchsorted(self._grams, grams)
        same: np.ndarray = self._grams[np.minimum(places, len(self._grams) - 1)] == grams
        return same


def _hash(grams: np.ndarray) -> np.ndarray:
    return (grams * _MULTIPLIER) >> np.uint32(32 - _TABLE_BITS)


def _bounded(data: bytes, lowered: bytes, start: int, end: int, kind: str) -> bool:
    """Tell a needle from a chance hit by what stands on either side of it."""
    before, after = lowered[max(0, start - 1) : start], lowered[end : end + 1]
    form = lowered[start:end]
    if kind == "date":
        return (
            not before.isdigit() and (not after.isdigit() or bool(_TIME_AFTER_DATE.match(lowered, end))) and not _digest(data, start, end)
        )
    if kind == "uid":
        return not before.isdigit() and not after.isdigit()
    if kind == "number":
        if before.isdigit() or after.isdigit() or _digest(data, start, end):
            return False
        return not _decimal(lowered, start, end)
    if len(form) < 8 and form.isascii():
        same = bytes.isalnum if any(48 <= octet < 58 for octet in form) else bytes.isalpha
        return not same(before) and not same(after)
    return not _digest(data, start, end)


def _digest(data: bytes, start: int, end: int) -> bool:
    """Recognise a longer lower-case hexadecimal word: pseudonyms and checksums hold every short number by chance."""
    left, right = start, end
    while left > 0 and start - left < 64 and data[left - 1 : left].isalnum():
        left -= 1
    while right - end < 64 and data[right : right + 1].isalnum():
        right += 1
    return bool(_HEX_RUN.fullmatch(data, left, right)) and not data[left:right].isdigit() and right - left > end - start


def _decimal(lowered: bytes, start: int, end: int) -> bool:
    """Recognise one side of a plain decimal number such as 0.4711001, but not for a part of a UID such as 1.2.4711001.3."""
    left, right = start, end
    while left > 0 and start - left < 64 and lowered[left - 1] in b"0123456789.":
        left -= 1
    while right - end < 64 and lowered[right : right + 1] in (b".", *(b"%d" % digit for digit in range(10))):
        right += 1
    number = lowered[left:right].rstrip(b".")
    return number.count(b".") == 1 and not number.startswith(b".")


def _forms(value: str, kind: str) -> Iterator[bytes]:
    """Yield all byte strings (ASCII letters in lower case) that stand for `value`."""
    texts = {value}
    if kind == "date":
        texts.update(date_renderings(value))
    if kind == "name":
        texts.update(_name_renderings(value))
    for text in list(texts):
        texts.update((html.escape(text), json.dumps(text)[1:-1]))
        if not text.isascii():
            for variant in (text, text.lower(), text.upper(), text.title()):
                texts.update(unicodedata.normalize(form, variant) for form in ("NFC", "NFD"))
                texts.add(json.dumps(variant)[1:-1])
            plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
            if plain.isascii() and kind_of(plain):
                texts.add(plain)
    for text in texts:
        encodings = ("utf-8",) if text.isascii() else ("utf-8", "utf-16-le", "utf-16-be", *_CHARACTER_SETS)
        for encoding in encodings:
            try:
                form = text.encode(encoding)[:MAX_FORM_BYTES].translate(_LOWER)
            except UnicodeEncodeError:
                continue
            if len(form) >= 3:
                yield form


def _name_renderings(name: str) -> set[str]:
    """Render the first component group of a DICOM person name as people write it."""
    family, given, *_ = [*(part.strip() for part in name.split("=")[0].split("^")), ""]
    if not family or not given:
        return {part for part in (name.replace("^", " ").strip(),) if kind_of(part)}
    # ASCII letters match in any case; others need each usual case spelled out
    cases = (str,) if name.isascii() else (str, str.upper, str.title)
    pairs = [(by(family), by_other(given)) for by in cases for by_other in cases]
    orders = [(f"{f}, {g}", f"{f},{g}", f"{f} {g}", f"{g} {f}", f"{f}_{g}", f"{g}_{f}") for f, g in pairs]
    return {text for order in orders for text in order}


def _date(text: str) -> datetime.date | None:
    if len(text) != 8 or not "1880" <= text[:4] <= "2100":
        return None
    try:
        return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")


def date_renderings(dicom_date: str) -> set[str]:
    """Render a DICOM date (YYYYMMDD) in the ways that reports and file names do; empty for anything else."""
    date = _date(dicom_date)
    if date is None:
        return set()
    year, month, day, name = date.year, date.month, date.day, _MONTHS[date.month - 1]
    texts = {dicom_date}
    for separator in "-/._":
        texts.add(f"{year}{separator}{month:02}{separator}{day:02}")
        for first, second in ((day, month), (month, day)):
            texts.add(f"{first:02}{separator}{second:02}{separator}{year}")
            texts.add(f"{first}{separator}{second}{separator}{year}")
            if separator != "_":
                texts.add(f"{first:02}{separator}{second:02}{separator}{year % 100:02}")
    for word in (name, name[:3]):
        for number in (f"{day}", f"{day:02}"):
            texts.update((f"{number} {word} {year}", f"{number}-{word}-{year}", f"{number}. {word} {year}"))
            texts.update((f"{word} {number}, {year}", f"{word} {number} {year}"))
    return texts
