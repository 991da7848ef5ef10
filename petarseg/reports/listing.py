"""Read sentences that give several lesions at once: "5.2 and 3.8 on slices 77 and 80, respectively", "both on slice 203"."""

from __future__ import annotations

import re

from petarseg.reports.pairing import Group, Mention
from petarseg.reports.reading import Reading, slices_of, usable_mentions
from petarseg.reports.value import Value

# Words before and behind a slice that all lesions of the sentence share.
_BOTH_ON = re.compile(r"\b(?:both|all|each)\b(?:\s\w+){0,2}\s(?:on|at|in)\s(?:the\s)?(?:same\s)?$", re.IGNORECASE)
_HEADS = re.compile(r"\W*(?:(?:on|at|in)\s(?:the\s)?)?$", re.IGNORECASE)


def in_order(reading: Reading) -> list[tuple[Value, Group, Mention, int]]:
    """Pair "5.2 and 3.8 on slices 77 and 80, respectively" in order; empty when the sentence has no such lists."""
    groups = [*(group for group, _ in reading.pairing.pairs), *reading.pairing.groups]
    groups.sort(key=lambda group: group.first)
    current = [(value, group) for group in groups for value in group.current if not value.is_range]
    mentions = [mention for mention in usable_mentions(reading.mentions) if not slices_of(mention).is_range and not mention.prior]
    numbers = [(mention, index) for mention in mentions for index in range(len(slices_of(mention).numbers))]
    has_list = any(len(group.current) > 1 for group in groups) or any(len(slices_of(mention).numbers) > 1 for mention in mentions)
    if not has_list or len(current) < 2 or len(current) != len(numbers):
        return []
    return [(value, group, mention, index) for (value, group), (mention, index) in zip(current, numbers, strict=True)]


def sharing_one_slice(normalized: str, reading: Reading) -> list[tuple[Value, Group, Mention, int]]:
    """Give several lesions the one slice that the sentence says they share: "both on slice 203", "Slice 203: ... and ..."."""
    mentions = [mention for mention in usable_mentions(reading.mentions) if not mention.prior]
    groups = [*(group for group, _ in reading.pairing.pairs), *reading.pairing.groups]
    groups = sorted((group for group in groups if group.current), key=lambda group: group.first)
    if len(mentions) != 1 or len(groups) < 2 or any(len(group.current) > 1 or group.current[0].is_range for group in groups):
        return []
    chunk, slices = mentions[0].chunk, slices_of(mentions[0])
    if len(slices.numbers) > 1 or slices.is_range:
        return []
    said = _BOTH_ON.search(normalized[max(reading.sentence.start, chunk.start - 24) : chunk.start])
    both_of_two = said is not None and (len(groups) == 2 or "both" not in said.group().lower())
    heads = _HEADS.fullmatch(normalized[reading.sentence.start : chunk.start]) is not None and normalized[chunk.end :].lstrip()[:1] == ":"
    return [(group.current[0], group, mentions[0], 0) for group in groups] if both_of_two or heads else []
