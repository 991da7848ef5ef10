"""The span type of scrubbing and the rules by which overlapping findings of several detectors become one answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PHI_TYPES = ("NAME", "DATE", "AGE_OVER_89", "MRN", "ACCESSION", "PHONE", "HOSPITAL", "LOCATION", "DEVICE_ID", "OTHER_ID", "EMAIL", "URL")

# Which type names a stretch that several detectors claim: the more specific claim wins.
_RANK = {
    kind: rank
    for rank, kind in enumerate(
        ("EMAIL", "URL", "DATE", "MRN", "ACCESSION", "DEVICE_ID", "OTHER_ID", "PHONE", "AGE_OVER_89", "HOSPITAL", "LOCATION", "NAME")
    )
}


@dataclass(frozen=True, slots=True, order=True)
class PhiSpan:
    """A stretch of the input text that identifies somebody.

    Attributes
    ----------
    start, end : int
        Code point offsets in the input text; ``text[start:end]`` is what has to go.
    type : str
        One of `PHI_TYPES`.
    """

    start: int
    end: int
    type: str


def merge(spans: Iterable[PhiSpan]) -> list[PhiSpan]:
    """Join overlapping spans into disjoint ones, in text order.

    The union keeps the type of its longest member (the more specific type when lengths are equal), so that nothing that any
    detector claimed survives.
    """
    merged: list[PhiSpan] = []
    longest = 0
    for span in sorted(spans, key=lambda s: (s.start, -s.end, _RANK[s.type])):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            kind = last.type
            if span.end - span.start > longest:
                kind, longest = span.type, span.end - span.start
            merged[-1] = PhiSpan(last.start, max(last.end, span.end), kind)
        else:
            merged.append(span)
            longest = span.end - span.start
    return merged


def overlaps(start: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    """Say whether ``[start, end)`` shares a character with any of `spans`."""
    return any(start < other_end and other_start < end for other_start, other_end in spans)
