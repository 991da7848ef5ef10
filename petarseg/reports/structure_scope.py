"""Which part an anatomical term plays in a sentence, and which part of the sentence speaks of the measured lesion."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from petarseg.reports import structure_cues as cues
from petarseg.reports.structure_vocabulary import Mention, find_mentions

PLACED: Final = ("site", "station", "place")  # kinds of terms that say where a lesion is
_CUE_REACH_WORDS = 5


class Rank(Enum):
    """The part a term plays."""

    SITE = "the lesion's own site or tissue"
    DIAGNOSIS = "a diagnosis, a history, or what is not there"
    GENERAL = "a region of the body or a heading"
    REFERENCE = "where something else lies"


@dataclass(frozen=True, slots=True)
class Ranked:
    """A mention and what part it plays."""

    mention: Mention
    rank: Rank


def rank_mentions(text: str) -> list[Ranked]:
    """Say which part each mention plays."""
    ranked: list[Ranked] = []
    mentions = find_mentions(text)
    for number, mention in enumerate(mentions):
        before, after = text[: mention.start], text[mention.end : mention.end + 40]
        rank = Rank.SITE
        if mention.term.kind == "general":
            rank = Rank.GENERAL
        elif _is_reference(
            before, [m for m in mentions[:number] if cues.LINE_BREAK not in text[m.start : mention.start]]
        ) or cues.REFERENCE_AFTER.match(after):
            rank = Rank.REFERENCE
        elif (
            mention.text.endswith("ectomy")
            or _is_later(before)
            or (cues.DIAGNOSIS_AFTER.match(after) and cues.OF_DIAGNOSIS_BEFORE.search(before))
        ):
            rank = Rank.DIAGNOSIS
        ranked.append(Ranked(mention, rank))
    return ranked


def _is_reference(before: str, earlier: Sequence[Mention]) -> bool:
    """Tell whether a reference cue ends shortly before the mention."""
    clause_start = max(before.rfind(mark) for mark in f",;:()|.{cues.LINE_BREAK}") + 1
    for cue in cues.REFERENCE.finditer(before, clause_start):
        if len(before[cue.end() :].split()) > _CUE_REACH_WORDS:
            continue
        # "Tracer extends into the left parametrium": without an earlier site the lesion is where it extends to.
        if cue.group(0).startswith("extend") and not any(m.term.kind in PLACED for m in earlier):
            continue
        return True
    return False


def _is_later(before: str) -> bool:
    """Tell whether a diagnosis, history or negation has begun in this part of the sentence."""
    clause_start = max(before.rfind(mark) for mark in f",;:()|{cues.LINE_BREAK}") + 1
    return cues.LATER.search(before, max(clause_start, before.rfind(". ") + 1)) is not None


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of a text that speaks of the measured lesion.

    Parameters
    ----------
    start, end : int
        Offsets.
    index, count : int
        The lesion's place in a list of `count` ("hilar and subcarinal nodes ... 5.2 and 3.8").
    side : str
        Said of this lesion alone, elsewhere ("... while the left one has SUVmax 4.0"), or "".
    """

    start: int
    end: int
    index: int = 0
    count: int = 1
    side: str = ""


Cluster = list[tuple[int, int]]  # the numbers that share one SUV


def find_scope(text: str, ranked: Sequence[Ranked], span: tuple[int, int] | None, origin: int) -> Scope:
    """Find the clause of the measurement at `span` (of the first one when None) in the sentence that begins at `origin`."""
    clusters = [_numbers(match) for match in cues.SUV_LIST.finditer(text, origin)]
    if span is not None and not any(start <= span[0] < end for cluster in clusters for start, end in cluster):
        clusters = sorted([*clusters, [span]])
    if not clusters:
        return Scope(origin, len(text))
    position, index = 0, 0
    if span is not None:
        position = next(n for n, cluster in enumerate(clusters) if any(start <= span[0] < end for start, end in cluster))
        index = next(n for n, (start, end) in enumerate(clusters[position]) if start <= span[0] < end)
    number_start = clusters[position][0][0]
    former_or_latter = _former_or_latter(text, number_start)
    if former_or_latter is not None:
        return former_or_latter
    start, end, side = _own_part(text, ranked, clusters, position, origin)
    if (of_number := cues.SIDE_OF_NUMBER.match(text, clusters[position][index][1])) is not None:
        side = of_number.group(1)
    count = len(clusters[position])
    if count == 1:
        # "Multiple metastases, the hottest in ...": what follows is the lesion.
        for narrowing in reversed(list(cues.NARROWING.finditer(text, start, end))):
            if _placed(ranked, narrowing.end(), end):
                return Scope(narrowing.end(), end, side=side)
    return Scope(start, end, index, count, side)


def _numbers(match: re.Match[str]) -> Cluster:
    return [number.span() for number in cues.NUMBER.finditer(match.string, match.start("list"), match.end("list"))]


def _tail_end(text: str, start: int, limit: int) -> int:
    """Return where the statement of a number ends: behind its slice and closing bracket, but before the next number."""
    tail = cues.TAIL.match(text, start, limit)
    return tail.end() if tail else start


def _placed(ranked: Sequence[Ranked], start: int, end: int) -> bool:
    """Tell whether the lesion's site is named in ``text[start:end]``."""
    return any(r.rank is Rank.SITE and r.mention.term.kind in PLACED and start <= r.mention.start < end for r in ranked)


def _former_or_latter(text: str, number_start: int) -> Scope | None:
    """Resolve "A and B nodes, the former with SUVmax x and the latter with y"."""
    first = cues.FORMER.search(text)
    before = [match for match in cues.FORMER_OR_LATTER.finditer(text) if match.end() <= number_start]
    if first is None or not before:
        return None
    names = cues.CLAUSE_BREAK.split(text[: first.start()])[-1]
    return Scope(first.start() - len(names), first.start(), 0 if before[-1].group(1) == "former" else 1, 2)


def _own_part(text: str, ranked: Sequence[Ranked], clusters: Sequence[Cluster], position: int, origin: int) -> tuple[int, int, str]:
    """Return the part of the text that names the site of cluster number `position`, and a side said without a site."""
    if len(clusters) == 1:
        return origin, len(text), ""
    number_start = clusters[position][0][0]
    if not _placed(ranked, origin, clusters[0][0][0]):
        # "SUVmax 5.2 in the left hilar and SUVmax 4.1 in the right hilar node": the site follows its number.
        end = clusters[position + 1][0][0] if position + 1 < len(clusters) else len(text)
        if _placed(ranked, number_start, end):
            return number_start, end, ""
    # The statement of one number ends where the next one's begins.
    ends = [_tail_end(text, cluster[-1][1], following[0][0]) for cluster, following in itertools.pairwise(clusters)]
    cuts = [origin, *ends, len(text)]
    start, end = cuts[position], cuts[position + 1]
    for piece in reversed([start, *(match.end() for match in cues.CLAUSE_BREAK.finditer(text, start, number_start))]):
        if _placed(ranked, piece, number_start):
            return piece, end, ""
    sides = [
        cues.SIDE_NAMES[word] for match in cues.SIDE.finditer(text, start, number_start) if (word := match.group(0)) in ("left", "right")
    ]
    for cut in reversed(cuts[: position + 1]):
        if _placed(ranked, cut, end):
            return cut, end, sides[-1] if sides else ""
    return origin, end, ""
