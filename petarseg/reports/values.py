"""Classify the SUVs of a sentence: a maximum or not, current, prior or delayed, of a lesion or of a reference."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from petarseg.reports import epochs, timing
from petarseg.reports.bare_numbers import read_bare
from petarseg.reports.chunk import DATE, MARK, SUV, Chunk, left_of, right_of, symbol_of
from petarseg.reports.numbers import is_joined, read_after, read_before
from petarseg.reports.reference import is_reference
from petarseg.reports.table_columns import date_key
from petarseg.reports.timing import CURRENT, DELAYED, PRIOR
from petarseg.reports.value import Value


def read_values(chunks: Sequence[Chunk]) -> list[Value]:
    """Return the SUVs of a sentence in text order, classified.

    Parameters
    ----------
    chunks : sequence of Chunk
        The sentence, from `petarseg.reports.mentions.chunks`.
    """
    keywords = [index for index, chunk in enumerate(chunks) if chunk.kind == SUV]
    if not keywords:
        return []
    symbols = [symbol_of(chunk) for chunk in chunks]
    values: dict[int, Value] = {}
    for position, index in enumerate(keywords):
        if position and is_joined(chunks, keywords[position - 1], index):
            continue
        if not read_before(chunks, index, values, only_adjacent=True):
            read_after(chunks, index, values)
    for index in keywords:
        if all(value.series != index for value in values.values()):
            read_before(chunks, index, values, only_adjacent=False)
    read_bare(chunks, symbols, values)
    ordered = [values[index] for index in sorted(values)]
    for value in ordered:
        _classify(value, chunks, symbols, ordered)
    _inherit_reference(chunks, ordered)
    _apply_legend(symbols, ordered)
    _settle_weak_cues(chunks, ordered)
    _settle_time_points(symbols, ordered)
    return ordered


def _classify(value: Value, chunks: Sequence[Chunk], symbols: Sequence[str], ordered: Sequence[Value]) -> None:
    """Decide whether a value is current, prior or delayed, and whether a reference."""
    left, right = left_of(symbols, value.index), right_of(symbols, value.index)
    whole_left = " ".join(symbols[: value.index])
    value.reference, value.compared = is_reference(left, right)
    if value.time == PRIOR:
        return
    list_left, list_right, lead_in = left, right, epochs.lead_in(symbols, value.index)
    members = [other.index for other in ordered if other.series == value.series]
    if len(members) > 1 and not value.is_range and not value.said_now:
        # An enumeration is introduced once: the cue stands before its first member or behind its last.
        list_left, list_right = left_of(symbols, min(members)), right_of(symbols, max(members))
        whole_left, lead_in = " ".join(symbols[: min(members)]), epochs.lead_in(symbols, min(members))
    if timing.prior_after(right):
        value.time = PRIOR
    elif value.said_now or timing.said_now(left, right) or (timing.ended_at(left) and not value.is_range):
        value.said_now = True
    elif timing.said_delayed(left, right):
        value.time = DELAYED
    elif epochs.is_earlier(list_left, lead_in, list_right if value.index == max(members) else right):
        value.time = PRIOR
    elif timing.clearly_prior(list_left, whole_left) or (list_right != right and timing.prior_after(list_right) and "and" not in right[:4]):
        value.time = PRIOR
        # "previously 14 mm with SUVmax 8.1": whether the SUV is old too shows only beside another one.
        value.sure = left.startswith("previously ") or "<size>" not in left[max(left.rfind("prev"), left.rfind("prior"), 0) :]
    elif ("bare_number" in value.flags and timing.aside_was(left)) or (timing.came_from(list_left) and not value.is_range):
        value.time = PRIOR
    elif timing.had_and_gone(left, " ".join(symbols)):
        value.time = PRIOR
        value.sure = any(word in symbols for word in ("<date>", "resolved", "longer", "ago"))
    elif epochs.is_perhaps_earlier(left, lead_in) or timing.perhaps_prior(left, right):
        value.time, value.sure = PRIOR, False


def _inherit_reference(chunks: Sequence[Chunk], values: Sequence[Value]) -> None:
    """Carry a reference over to the next kind of SUV of the same region: "blood pool SUVmean 1.6, SUVmax 2.2"."""
    for first, second in pairwise(values):
        between = chunks[first.index + 1 : second.index]
        if (
            first.reference
            and not first.compared
            and first.kind != second.kind
            and all(chunk.kind in (SUV, MARK) or chunk.text in ("and", "of") for chunk in between)
        ):
            second.reference = True


def _apply_legend(symbols: Sequence[str], values: Sequence[Value]) -> None:
    """Read "5.5/8.1 (current/prior)"."""
    times = timing.legend(" ".join(symbols))
    if times is None:
        return
    for first, second in pairwise(values):
        if first.series == second.series and symbols[first.index + 1 : second.index] == ["/"]:
            first.time, second.time = times
            first.sure = second.sure = True


def _settle_weak_cues(chunks: Sequence[Chunk], values: Sequence[Value]) -> None:
    """Let a weak cue ("was", a date, brackets) make a prior value only where another value can be the current one."""
    weak = [value for value in values if value.time == PRIOR and not value.sure]
    for value in weak:
        value.flags.add("weak_prior")
    latest = _latest_dated(chunks, weak)
    for value in [latest] if latest is not None else weak:
        if not any(other is not value and other.is_max and other.time == CURRENT and not other.reference for other in values):
            value.time = CURRENT


def _latest_dated(chunks: Sequence[Chunk], values: Sequence[Value]) -> Value | None:
    """Return the value of the latest date: "15.5 on 1/2/2024, 3.3 on 5/6/2024"; None unless each has a date of its own."""
    dates = [index for index, chunk in enumerate(chunks) if chunk.kind == DATE]
    if len(values) < 2 or len(dates) != len(values):
        return None
    dated = [(date_key(chunks[index].text), value) for index, value in zip(dates, values, strict=True)]
    keys = [key for key, _ in dated if key is not None]
    return max(zip(keys, values, strict=True), key=lambda pair: pair[0])[1] if len(set(keys)) == len(values) else None


def _settle_time_points(symbols: Sequence[str], values: Sequence[Value]) -> None:
    """Keep the first of several times after injection: "5.5 at 60 min, 6.6 at 120 min"."""
    timed = [
        value
        for value in values
        if value.time == CURRENT and value.is_max and timing.timed(left_of(symbols, value.index), right_of(symbols, value.index))
    ]
    for value in timed[1:]:
        value.time = DELAYED
