"""The word lists of the scrubber, read once from ``phi_vocabulary.txt`` and, for frequent names, ``phi_census.txt``.

A rare name is recognised because no dictionary knows it (`phi_lexicon`), a frequent one because it stands in a list. A general dictionary
is too generous for the question which words may carry a capital inside a sentence ("Tumor Board", "Left Lung"), because it holds the
surnames of everybody famous; `report_words` answers that.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def _sections() -> dict[str, frozenset[str]]:
    sections: dict[str, set[str]] = {}
    current: set[str] = set()
    for name in ("phi_vocabulary.txt", "phi_census.txt"):
        for line in files("petarseg.reports").joinpath(name).read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                current = sections.setdefault(line.strip("[]"), set())
            elif not line.startswith("#"):
                current.update(word.replace("_", " ") for word in line.split())
    return {name: frozenset(found) for name, found in sections.items()}


def words(section: str) -> frozenset[str]:
    """Give the entries of one section, lower case (state codes: capitals).

    Raises
    ------
    KeyError
        If there is no such section.
    """
    return _sections()[section]


GIVEN_NAMES = words("given_names") | words("census_given")
FAMILY_NAMES = words("family_names") | words("census_family")
# Names that are English words but none of reports ("Marsh", "Pope"): names where a name is expected.
PLAIN_NAMES = words("census_plain")
STATES = words("states")
STATE_CODES = words("state_codes")
CITIES = words("cities")
REPORT_WORDS = words("report_words")
# Words that labels of header fields are made of; they are no names.
LABEL_WORDS = (
    frozenset().union(*(entries for name, entries in _sections().items() if name.startswith("label_"))) - GIVEN_NAMES - FAMILY_NAMES
)
