"""Surrogate names: each word of a name becomes the same other name wherever it stands, so that a reader can still tell people apart.

The choice is keyed (HMAC-SHA256 with the caller's seed): without the seed nobody can tell which names were drawn for which.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from petarseg.reports.phi_name_reader import PARTICLES, WORD
from petarseg.reports.phi_vocabulary import words

_POOL = sorted(word for word in words("family_names") | words("given_names") if len(word) > 4)


def surrogate(name: str, seed: bytes, forbidden: Callable[[str], bool]) -> str:
    """Replace every word of `name`.

    Parameters
    ----------
    name : str
        A name as it stands in the report, in any layout ("GRUNDY, ALASDAIR P").
    seed : bytes
        The caller's secret; the same seed gives the same surrogates.
    forbidden : callable
        Says of a lower-case word that it must not be drawn (it is a real name of the exam).

    Returns
    -------
    str
        Same layout, capitals, initials and particles; other words.
    """
    return WORD.sub(lambda match: _other(match.group(), seed, forbidden), name)


def _other(word: str, seed: bytes, forbidden: Callable[[str], bool]) -> str:
    if "-" in word:
        return "-".join(_other(piece, seed, forbidden) for piece in word.split("-"))
    if word.islower() and word in PARTICLES:
        return word
    for attempt in range(64):
        digest = hmac.new(seed, f"{word.casefold()}\x1f{attempt}".encode(), hashlib.sha256).digest()
        drawn = _POOL[int.from_bytes(digest[:8], "big") % len(_POOL)]
        if drawn != word.casefold() and not forbidden(drawn):
            break
    if len(word) == 1:
        return drawn[0].upper()
    return drawn.upper() if word.isupper() else drawn.capitalize()
