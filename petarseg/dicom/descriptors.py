"""Clean descriptive text of DICOM headers by keeping only words that are known to be harmless.

A description such as "PET WB AC (FDG)" is worth keeping; "PET Mrs Quux, call Dr Zorg" is not to be trusted to a list of forbidden words.
So the list is of allowed words (``descriptor_words.txt``), plus short numbers and codes that cannot be an id, a date or a year.

References
----------
.. [1] DICOM PS3.15, E.3.5 (Clean Descriptors Option).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from importlib.resources import files

_TOKEN = re.compile(r"\d+(?:\.\d+)+|[^\W\d_]+(?=\d+\.\d)|[^\W_]+")  # "Gauss2.00" is a word and a number
_INTEGER = re.compile(r"\d{1,3}|(?!18|19|20)\d{4}")
_YEAR = r"(?:18|19|20)\d{2}"
_DECIMAL = re.compile(
    rf"(?!{_YEAR}\.)\d{{1,4}}\.(?!{_YEAR}$)\d{{1,6}}|\d{{1,2}}\.\d{{1,2}}\.(?:\d|\d{{3}})|\d{{1,2}}\.\d\.\d{{1,2}}\.(?!{_YEAR}$)\d{{1,5}}"
)
"""Numbers and versions that are no month with a year, no date, no telephone number and no network address."""
_MONTH = (
    r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|"
    r"mai|okt|dez|mrt|maa|mei|fev|avr|jui|aou|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|out|maj|des"
)
"""In the languages of Western Europe."""
_CODE = re.compile(rf"(?!{_MONTH})[a-z]{{1,3}}\d{{1,3}}[a-z]{{0,2}}|(?!(?:9\d|\d{{3}})y)\d{{1,3}}[a-z]{{1,2}}|\d{{1,2}}i\d{{1,3}}s")
"""Short codes; no ages of 90 years or more. "4i5s" are iterations and subsets."""
_CODE_VALUE = re.compile(r"[A-Z]{1,2}-[0-9A-FX]{3,6}|\d{1,18}|\d{1,7}-\d|C\d{5,7}|RID\d{1,6}")
_UNIT = re.compile(r"[A-Za-z0-9{}\[\]/.%*]{1,16}")
KNOWN_SCHEMES = frozenset(
    {
        *(
            "ACR",
            "ASTM-sigpurpose",
            "BARI",
            "C4",
            "C5",
            "CD2",
            "CDT",
            "DCMUID",
            "E",
            "HGNC",
            "I10",
            "I10P",
            "I11",
            "I9",
            "I9C",
            "IBSI",
            "ICDO3",
        ),
        *(
            "ISO3166_1",
            "ISO639_1",
            "ISO639_2",
            "ITIS_TSN",
            "LB",
            "MA",
            "MAYOASRG",
            "MDC",
            "MDNS",
            "MGI",
            "MVX",
            "NCDR",
            "NDC",
            "NDFRT",
            "NEU",
        ),
        *("NYUMCCG", "PATHLEX", "POS", "RADELEMENT", "RFC3066", "RO", "RXNORM", "UBERON", "UNS", "UPC"),
        *("99GEMS", "99PMP", "99QIICR", "99SMS_RAD", "99VMS", "99_OFFIS_DCMTK"),
    }
)
"""Other designators that name no person or site (PS3.16, table 8-1, and makers)."""
STANDARD_SCHEMES = frozenset(
    {"DCM", "SCT", "SRT", "SNM3", "99SDM", "UCUM", "LN", "FMA", "UMLS", "RADLEX", "NCIt", "NCIT", "MSH", "BI", "RFC5646"}
)
"""Public coding schemes (PS3.16, chapter 8); the values of local ones may be patient or order numbers."""


@lru_cache(maxsize=1)
def vocabulary() -> frozenset[str]:
    """Return the allowed words, in lower case."""
    text = files("petarseg.dicom").joinpath("descriptor_words.txt").read_text("utf-8")
    return frozenset(word.lower() for line in text.splitlines() if not line.startswith("#") for word in line.split())


def is_harmless(token: str) -> bool:
    """Tell whether one token may stay: an allowed word, a number that is no id or year, or a short code such as "B30f" or "VG60A"."""
    lowered = token.lower()
    return lowered in vocabulary() or any(pattern.fullmatch(lowered) for pattern in (_INTEGER, _DECIMAL, _CODE))


def tokens_of(text: str) -> list[str]:
    """Split text into words and numbers."""
    return _TOKEN.findall(text)


def is_vocabulary(text: str) -> bool:
    """Tell whether every token of a text is harmless, so that finding the text in an output says nothing about a person."""
    return clean_tokens(text) == tokens_of(text)


def clean_tokens(text: str, forbidden: Collection[str] = ()) -> list[str]:
    """Return the harmless tokens of a text, without integers in a row: "12/03/14" and "555 123 4567" are a date and a telephone number."""
    kept: list[str] = []
    row: list[str] = []
    for token in [*_without_runs(tokens_of(text), forbidden), ""]:
        if token.isdecimal():
            row.append(token)
            continue
        if len(row) <= 2 and sum(map(len, row)) <= 4:
            kept += [number for number in row if is_harmless(number) and number not in forbidden]
        row = []
        if token and is_harmless(token) and token.lower() not in forbidden:
            kept.append(token)
    return kept


def _without_runs(tokens: list[str], forbidden: Collection[str]) -> list[str]:
    """Drop every run of tokens that is forbidden as such, "psma 034", though each of them alone is harmless."""
    lowered = [token.lower() for token in tokens]
    struck: set[int] = set()
    for run in (entry.split(" ") for entry in forbidden if " " in entry):
        for start in range(len(tokens) - len(run) + 1):
            if lowered[start : start + len(run)] == run:
                struck.update(range(start, start + len(run)))
    return [token for index, token in enumerate(tokens) if index not in struck]


def clean_text(text: str, forbidden: Collection[str] = ()) -> str:
    """Return what may stay of a description.

    Parameters
    ----------
    text : str
        One value of a header.
    forbidden : collection of str
        Lower-case tokens that must not stay although they are on the list, such as the parts of this patient's name, and runs of
        tokens with single blanks between them, such as an id of several parts.

    Returns
    -------
    str
        The text itself when all of it is harmless, otherwise the harmless tokens with single blanks between them; "" when nothing
        but numbers is left.
    """
    tokens = clean_tokens(text, forbidden)
    if tokens == tokens_of(text) and text.isascii() and text.isprintable():
        return text.strip()
    return " ".join(tokens) if any(token.lower() in vocabulary() for token in tokens) else ""


def is_standard_code(value: str, scheme: str) -> bool:
    """Tell whether a code value belongs to a public coding scheme and looks like it."""
    pattern = _UNIT if scheme == "UCUM" else _CODE_VALUE
    return scheme in STANDARD_SCHEMES and bool(pattern.fullmatch(value))
