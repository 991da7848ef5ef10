"""Find the numbers that are SUVs without a keyword of their own: "(was 9.7)", "compared to 8.8", "and 6.2 on slice 49"."""

from __future__ import annotations

from collections.abc import Sequence

from petarseg.reports import timing
from petarseg.reports.chunk import DATE, NUMBER, OPAQUE, SIZE, SLICE, SUV, WORD, Chunk, left_of, right_of
from petarseg.reports.numbers import (
    AFTER_LIST,
    BARE_SERIES,
    KIND_WORDS,
    chunk_at,
    is_decimal,
    is_delta,
    kind_beside,
    make,
    number,
    read_list,
)
from petarseg.reports.reference import names_reference
from petarseg.reports.timing import PRIOR
from petarseg.reports.value import Value

_LARGEST_BARE_SUV = 200


def read_bare(chunks: Sequence[Chunk], symbols: Sequence[str], values: dict[int, Value]) -> None:
    """Claim numbers without a keyword of their own: "(was 9.7)", "compared to 8.8", "and 6.2 on slice 49"."""
    for index, chunk in enumerate(chunks):
        if chunk.kind != NUMBER or index in values or number(chunk) > _LARGEST_BARE_SUV or is_delta(chunks, index):
            continue
        if _last_quantity(chunks, index) == SIZE and not is_decimal(chunk):
            continue  # "12 mm, previously 14"
        if index == 0 and chunk_at(chunks, 1).kind == WORD and any(chunk.kind == SUV for chunk in chunks[1:12]):
            continue  # "4.7 Liver SUVmax 2.9": the number of a paragraph
        if not _is_bare_value(chunks, symbols, index, values):
            continue
        nearest = min(values.values(), key=lambda value: abs(value.index - index), default=None)
        kind = nearest.kind if nearest is not None and nearest.kind == "max" else "plain"
        if chunk_at(chunks, index + 1).text == "(":
            kind = KIND_WORDS.get(chunk_at(chunks, index + 2).text, kind)
        value = values[index] = make(chunks, index, kind_beside(chunks, index, kind), BARE_SERIES + index)
        value.flags.add("bare_number")
        read_list(chunks, value, values, commas=_in_open_bracket(chunks, index))


def _in_open_bracket(chunks: Sequence[Chunk], index: int) -> bool:
    return next((chunk.text for chunk in reversed(chunks[:index]) if chunk.text in ("(", ")", "[", "]")), "") in ("(", "[")


def _is_bare_value(chunks: Sequence[Chunk], symbols: Sequence[str], index: int, values: dict[int, Value]) -> bool:
    left, right = left_of(symbols, index), right_of(symbols, index)
    following = chunk_at(chunks, index + 1)
    reference = names_reference(left, right)
    near_slice = is_decimal(chunks[index]) and _leads_to_slice(chunks, index)
    if following.kind == WORD and following.text not in AFTER_LIST and not reference and not near_slice:
        return False
    if chunk_at(chunks, index - 1).text in KIND_WORDS and any(value.index < index for value in values.values()):
        return is_decimal(chunks[index])  # "SUVmean 6.6 (max 12.2)"
    if timing.in_brackets(left, right):
        return is_decimal(chunks[index]) == is_decimal(chunk_at(chunks, index - 2)) or is_decimal(chunks[index])
    if (
        timing.clearly_prior(left, left)
        or timing.came_from(left)
        or timing.aside_was(left)
        or timing.said_now(left, right)
        or timing.prior_after(right)
        or timing.perhaps_prior(left, right)
    ):
        return True
    if timing.went_to(left) and any(value.time == PRIOR for value in values.values()):
        return True
    return is_decimal(chunks[index]) and (near_slice or reference or timing.said_delayed(left, right) or timing.timed(left, right))


def _leads_to_slice(chunks: Sequence[Chunk], index: int) -> bool:
    """Say whether a slice goes with a bare number: "and 4.4 on the right (slice 79)", "slice 80: 3.8"."""
    back = index - 2 if chunk_at(chunks, index - 1).text in ("with", "has", "at", "of", "shows") else index - 1
    before = chunk_at(chunks, back)
    if before.kind == SLICE or (before.text in (")", ":", "=", "-", "(") and chunk_at(chunks, back - 1).kind == SLICE):
        return True
    bracketed = _in_open_bracket(chunks, index)
    for chunk in chunks[index + 1 : index + 9]:
        if bracketed and chunk.text == ")":
            return False  # "(T9 4.4) slice 110"
        if chunk.kind == SLICE:
            return True
        if chunk.kind in (NUMBER, SUV, SIZE, DATE) or chunk.text in (";", "and", ":"):
            return False
        if chunk.kind == OPAQUE and chunk.text.startswith(("mtv", "tlg")):
            return False
    return False


def _last_quantity(chunks: Sequence[Chunk], index: int) -> str:
    return next((chunk.kind for chunk in reversed(chunks[:index]) if chunk.kind in (SIZE, SUV)), "")
