"""What stands before a finding and helps to place it: the headings in force and the preceding sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from petarseg.reports.normalize import normalize
from petarseg.reports.sentences import Sentence, split_normalized

_LONGEST_HEADING_WORDS: Final = 7
# "PELVIS", "Right breast and chest wall:", "## Neck": a line that is nothing but a title.
_TITLE_LINE: Final = re.compile(r"[ \t#*_=>-]*(?P<title>[A-Za-z][A-Za-z /,&()-]{2,60}?)[ \t*_]*(?P<colon>:?)[ \t*_]*")


def context_before(text: str, start: int) -> str:
    """Return what a reader has in mind when the finding at `start` begins.

    Parameters
    ----------
    text : str
        The report.
    start : int
        Where the finding begins.

    Returns
    -------
    str
        In this order, where there are any: the title line in force, the region heading in force, the preceding sentence of the same
        paragraph or list, and what stands before `start` in its own sentence ("Spleen:"). Line breaks are kept; "" for nothing.

    Examples
    --------
    >>> context_before("FINDINGS: Pelvis: Uterus is normal. Node on the left.", 36)
    'Pelvis: Uterus is normal.'
    """
    return contexts_before(text, [start])[0]


def contexts_before(text: str, starts: Sequence[int]) -> list[str]:
    """Return `context_before` for several findings of one report, which is taken apart once."""
    normalized = normalize(text)
    sentences = split_normalized(text, normalized)
    return [_context(text, normalized, sentences, start) for start in starts]


def _context(text: str, normalized: str, sentences: Sequence[Sentence], start: int) -> str:
    own = next((s for s in sentences if s.start <= start < s.end), None)
    before = [s for s in sentences if s.end <= start]
    region = own.region if own is not None else before[-1].region if before else ""
    parts = [_title_in_force(normalized, start)]
    if region:
        parts.append(f"{region}:")
    if before and (own is None or (before[-1].section, before[-1].region) == (own.section, own.region)):
        parts.append(before[-1].text)
    if own is not None:
        parts.append(text[own.start : start].strip())
    return "\n".join(dict.fromkeys(part for part in parts if part))


def _title_in_force(text: str, start: int) -> str:
    """Return the nearest title line above `start`, which must not be a sentence; "" when a section or the text begins first."""
    lines = text[:start].split("\n")[:-1]
    for line in reversed(lines):
        match = _TITLE_LINE.fullmatch(line)
        if match is None or len(match["title"].split()) > _LONGEST_HEADING_WORDS:
            continue
        if match["colon"] or match["title"].isupper():
            return f"{match['title'].strip()}:"
    return ""
