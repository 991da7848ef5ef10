"""Read one sentence: its SUVs, its slices, and which belong together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from petarseg.reports.chunk import SLICE, Chunk, SliceNumbers
from petarseg.reports.mentions import chunks
from petarseg.reports.pairing import Mention, Pairing, group_values, pair
from petarseg.reports.resolved import mark_resolved
from petarseg.reports.sentences import Sentence
from petarseg.reports.short_slices import SHORT
from petarseg.reports.spoken import SPOKEN
from petarseg.reports.timing import PRIOR
from petarseg.reports.value import Value
from petarseg.reports.values import read_values

_DIGIT = re.compile(r"\d")

_CANDIDATE = re.compile(
    r"\bs\.?\s?u\.?\s?[vl]|\bsvu|suv|uptake\s+values?|\bsl(?:ice|c|cie)?s?(?![a-z])|silce|\bim(?:age|g|aeg)?s?(?![a-z])|iamge|imgae|\bax(?:ial)?(?![a-z])"
    r"|\bfused\b|\bframe|\d\s?/\s?\d|\bmax(?:imum|imal)?\s(?:\w+\s)?uptake",
    re.IGNORECASE,
)

_PRIOR_SLICE_AFTER = re.compile(
    r"\s?\)?\s?(?:(?:of|on|in|from)\s(?:the\s|that\s|her\s|his\s)?(?:most recent\s|immediate\s)?(?:prior|previous|preceding|earlier"
    r"|baseline|old|comparison|interim|last)\b|(?:previously|formerly)\b(?=\s?(?:[,;).]|$)))",
    re.IGNORECASE,
)

_PRIOR_SLICE_BEFORE = re.compile(
    r"\b(?:prior|previous|previously|formerly|earlier|baseline|old|comparison)\s(?:(?:study|exam|examination|scan|pet|ct|pet/ct|on|at"
    r"|in|the|seen|was|were|imaging|located|axial|:)\s?){0,5}$",
    re.IGNORECASE,
)


_EDGE = re.compile(r"\b(?:from|(?:starting|beginning|ending)\s(?:on|at|in)|(?:extend\w*|down|up)\s(?:to|from))\s(?:the\s)?$", re.IGNORECASE)


@dataclass(slots=True)
class Reading:
    """A sentence with what was found in it."""

    sentence: Sentence
    chunks: list[Chunk]
    values: list[Value]
    mentions: list[Mention]
    pairing: Pairing


def read_sentence(normalized: str, sentence: Sentence) -> Reading | None:
    """Read a sentence of the normalised report; None when it holds neither an SUV nor a slice."""
    where = (normalized, sentence.start, sentence.end)
    if _CANDIDATE.search(*where) is None or (_DIGIT.search(*where) is None and SPOKEN.search(*where) is None):
        return None
    pieces = chunks(normalized, sentence.start, sentence.end)
    values = read_values(pieces)
    mentions = [
        Mention(index, chunk, _is_prior_slice(normalized, sentence, chunk)) for index, chunk in enumerate(pieces) if chunk.kind == SLICE
    ]
    if not values:
        # "3/78" or "#78" without a word counts as a slice only beside an SUV.
        mentions = [mention for mention in mentions if not _is_wordless(mention)]
    if not values and not mentions:
        return None
    mark_resolved(normalized, sentence.start, sentence.end, values)
    if len(mentions) > 1:
        # "From slice 95 with its centre on slice 99": where a lesion begins is not where its maximum lies.
        mentions = [mention for mention in mentions if _EDGE.search(normalized[sentence.start : mention.chunk.start]) is None] or mentions
    _mark_prior_slices(pieces, values, mentions)
    usable = usable_mentions(mentions)
    groups = group_values(pieces, values, len(usable))
    return Reading(sentence, pieces, values, mentions, pair(pieces, groups, usable))


def usable_mentions(mentions: Sequence[Mention]) -> list[Mention]:
    """Return the axial mentions; those of the CT series and ranges only where nothing better is given."""
    axial = [mention for mention in mentions if slices_of(mention).plane == "axial"] or [
        mention for mention in mentions if slices_of(mention).plane == "ct"
    ]
    return [mention for mention in axial if not slices_of(mention).is_range] or axial


def slices_of(mention: Mention) -> SliceNumbers:
    """Return the numbers of a mention; every mention is made from a slice chunk."""
    slices = mention.chunk.slices
    if slices is None:
        raise TypeError("a Mention is made from a chunk of kind SLICE")
    return slices


def _is_wordless(mention: Mention) -> bool:
    form = slices_of(mention).form
    return form == SHORT or (form == "tuple" and mention.chunk.text[0].isdigit())


def _is_prior_slice(normalized: str, sentence: Sentence, chunk: Chunk) -> bool:
    after = " ".join(normalized[chunk.end : min(sentence.end, chunk.end + 60)].split())
    before = " ".join(normalized[max(sentence.start, chunk.start - 60) : chunk.start].split()) + " "
    return _PRIOR_SLICE_AFTER.match(after) is not None or _PRIOR_SLICE_BEFORE.search(before) is not None


def _mark_prior_slices(pieces: Sequence[Chunk], values: Sequence[Value], mentions: Sequence[Mention]) -> None:
    """Give the slices of old values to the past: "(baseline SUVmax 9.2, slice 130)", "from 4.8 and 6.2 on slices 47 and 48"."""
    for mention in mentions:
        bracket = _bracket_of(pieces, mention.index)
        inside = [v for v in values if v.index < mention.index and bracket is not None and _bracket_of(pieces, v.index) == bracket]
        if inside and all(value.time == PRIOR for value in inside):
            mention.prior = True
        before = max((value for value in values if value.index < mention.index), key=lambda value: value.index, default=None)
        if len(slices_of(mention).numbers) > 1 and len(mentions) > 1 and before is not None and before.time == PRIOR and before.sure:
            mention.prior = True


def _bracket_of(pieces: Sequence[Chunk], index: int) -> int | None:
    """Return the chunk that opens the bracket around a chunk, None outside brackets."""
    depth = 0
    for position in range(index - 1, -1, -1):
        text = pieces[position].text
        if text in (")", "]"):
            depth += 1
        elif text in ("(", "["):
            if depth == 0:
                return position
            depth -= 1
    return None
