"""Pair the SUVs of a sentence with its slices, lesion by lesion."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import permutations

from petarseg.reports.chunk import MARK, NUMBER, OPAQUE, SLICE, WORD, Chunk
from petarseg.reports.lexicon import ANATOMY, LESION
from petarseg.reports.timing import CURRENT, PRIOR
from petarseg.reports.value import Value

_MAX_UNITS = 7
_VERTEBRA = re.compile(r"[ctls]\d{1,2}")
_TOO_FAR = 12.0
_UNPAIRED = 40.0


@dataclass(slots=True)
class Mention:
    """One slice mention and the time it belongs to."""

    index: int
    chunk: Chunk
    prior: bool = False


@dataclass(slots=True)
class Group:
    """The SUVs of one lesion: its current maximum, and what was said beside it (old value, mean, peak)."""

    values: list[Value] = field(default_factory=list)

    @property
    def current(self) -> list[Value]:
        """The values that can be the finding's SUVmax."""
        return [value for value in self.values if value.is_max and value.time == CURRENT and not value.reference]

    @property
    def first(self) -> int:
        """Chunk index of the first value."""
        return self.values[0].index

    @property
    def last(self) -> int:
        """Chunk index of the last value."""
        return self.values[-1].index


@dataclass(slots=True)
class Pairing:
    """What belongs together in a sentence.

    Parameters
    ----------
    pairs : list of (Group, Mention)
    groups, mentions : list
        What stayed alone.
    certain : bool
        False when another assignment is nearly as good.
    """

    pairs: list[tuple[Group, Mention]]
    groups: list[Group]
    mentions: list[Mention]
    certain: bool = True


def group_values(chunks: Sequence[Chunk], values: Sequence[Value], n_mentions: int) -> list[Group]:
    """Join values with no other thing named between them into one lesion's group."""
    groups: list[Group] = []
    for value in values:
        if groups and _same_thing(chunks, groups[-1], value, n_mentions):
            groups[-1].values.append(value)
        else:
            groups.append(Group([value]))
    return groups


def _same_thing(chunks: Sequence[Chunk], group: Group, value: Value, n_mentions: int) -> bool:
    previous = group.values[-1]
    if previous.series == value.series:
        return True
    if previous.reference != value.reference:
        return False
    between = chunks[previous.index + 1 : value.index]
    if value.time == CURRENT and value.is_max and group.current and previous.series != value.series:
        return False
    if any(chunk.kind == SLICE for chunk in between) and n_mentions > 1:
        return False
    direct = value.index + 2 < len(chunks) and chunks[value.index + 1].text in ("at", "on", "in") and chunks[value.index + 2].kind == SLICE
    own_slice = direct or _slice_in_bracket(chunks, previous.index, value.index)
    if n_mentions > 1 and value.time != previous.time and own_slice:
        return False  # "9.1, which was 11.2 at image 228": the old value has a slice of its own
    return not any(_is_thing(chunk) for chunk in between)


def _slice_in_bracket(chunks: Sequence[Chunk], previous: int, index: int) -> bool:
    """Say whether a bracket that opened behind the previous value holds this value and a slice: "31.0 (previously 27.5, image 171)"."""
    if not any(chunk.text == "(" for chunk in chunks[previous + 1 : index]):
        return False
    for chunk in chunks[index + 1 :]:
        if chunk.kind == SLICE:
            return True
        if chunk.text == ")":
            return False
    return False


def _is_thing(chunk: Chunk) -> bool:
    return (chunk.kind == WORD and _names_thing(chunk.text)) or (chunk.kind == OPAQUE and _VERTEBRA.fullmatch(chunk.text) is not None)


@lru_cache(maxsize=4096)
def _names_thing(word: str) -> bool:
    return LESION.fullmatch(word) is not None or ANATOMY.fullmatch(word) is not None


def pair(chunks: Sequence[Chunk], groups: Sequence[Group], mentions: Sequence[Mention]) -> Pairing:
    """Assign slices to groups at the least cost.

    Parameters
    ----------
    chunks : sequence of Chunk
        The sentence.
    groups : sequence of Group
        In text order.
    mentions : sequence of Mention
        The slice mentions that may be paired, in text order.

    Returns
    -------
    Pairing

    Notes
    -----
    The cost of a pair counts what stands between value and slice: other values and slices, clause ends, and above all a new lesion or
    organ after a clause end. Sentences with more than seven groups or slices are paired in order of closeness instead.
    """
    if not groups or not mentions:
        return Pairing([], list(groups), list(mentions))
    context = _Context(
        alone=len(groups) == 1 and len(mentions) == 1,
        has_current=any(group.current for group in groups),
        compared=frozenset(value.index for group in groups for value in group.values if value.compared),
        several_slices=len(mentions) > 1,
        values=frozenset(value.index for group in groups for value in group.values),
        references=frozenset(value.index for group in groups for value in group.values if value.reference),
    )
    costs = [[_cost(chunks, group, mention, context) for mention in mentions] for group in groups]
    assignment, certain = _assign(costs)
    pairs = [(groups[row], mentions[column]) for row, column in assignment]
    paired_groups = {row for row, _ in assignment}
    paired_mentions = {column for _, column in assignment}
    return Pairing(
        pairs,
        [group for row, group in enumerate(groups) if row not in paired_groups],
        [mention for column, mention in enumerate(mentions) if column not in paired_mentions],
        certain,
    )


@dataclass(frozen=True, slots=True)
class _Context:
    """What all pairs of a sentence share."""

    alone: bool
    has_current: bool
    several_slices: bool
    values: frozenset[int]
    compared: frozenset[int]
    references: frozenset[int]


def _cost(chunks: Sequence[Chunk], group: Group, mention: Mention, context: _Context) -> float:
    """Return how badly a slice fits a group; beyond `_TOO_FAR` they do not belong together."""
    slice_first = mention.index < group.first
    begin, end = (mention.index + 1, group.first) if slice_first else (group.last + 1, mention.index)
    if not slice_first and begin > end:  # the slice stands between two values of the group
        return 0.5
    distance = _distance(chunks, begin, end, context) + (0.3 if slice_first else 0.0)
    if context.alone and not _clause_ends(chunks, begin, end):
        # The only SUV and the only slice of a sentence belong together however long it is.
        distance = min(distance, _TOO_FAR)
    return distance + _mismatch(group, mention, context) + (6.0 if _belongs_to_another(chunks, group, mention, context) else 0.0)


def _clause_ends(chunks: Sequence[Chunk], begin: int, end: int) -> bool:
    """Say whether a clause ends between two chunks; a semicolon inside a bracket ends none."""
    depth = 0
    for chunk in chunks[begin:end]:
        depth += (chunk.text in ("(", "[")) - (chunk.text in (")", "]"))
        if chunk.text in ("while", "whereas", "another") or (chunk.text == ";" and depth <= 0):
            return True
    return False


def _belongs_to_another(chunks: Sequence[Chunk], group: Group, mention: Mention, context: _Context) -> bool:
    """Say whether a slice stands in brackets right behind a value of another group: "vs liver SUVmax 2.0 (slice 120)"."""
    owner = mention.index - 2
    bracketed = mention.index > 1 and chunks[mention.index - 1].text in ("(", "[")
    return context.several_slices and bracketed and owner in context.values and all(value.index != owner for value in group.values)


def _mismatch(group: Group, mention: Mention, context: _Context) -> float:
    """Return the cost of pairing a slice with values that are not a current SUVmax."""
    cost = 0.0
    if not group.current and not mention.prior:
        cost += 0.2
    if context.has_current and any(value.reference for value in group.values):
        # A background is quoted for comparison; the slice is the lesion's as long as there is one.
        own = mention.index == group.last + 2 and context.several_slices  # "vs liver SUVmax 2.0 (slice 120), lesion on slice 90"
        cost += 1.0 if own else 9.0 if any(value.compared for value in group.values) else 5.0
    if group.current and mention.prior:
        cost += 8.0
    if not mention.prior and all(value.time == PRIOR for value in group.values):
        cost += 1.0
    return cost


def _distance(chunks: Sequence[Chunk], begin: int, end: int, context: _Context) -> float:
    """Return what stands between: other figures, clause ends, and above all a new lesion or organ behind a clause end."""
    cost, crossed, apart = 0.0, False, False
    bracketed = _in_same_bracket(chunks, begin, end)
    # The noun of a quoted background ("which exceeds hepatic uptake (3.3)") is no new lesion.
    quoted = context.references if bracketed else context.compared
    for position in range(begin, end):
        chunk = chunks[position]
        if chunk.kind == MARK:
            cost += _MARK_COSTS.get(chunk.text, 0.3)
            crossed = crossed or chunk.text in (";", ",", ")", "]")
            if chunk.text == ";":
                cost, apart = cost + (0.0 if bracketed else 1.5), not bracketed
        elif chunk.text in ("while", "whereas", "although", "but", "and", "plus", "with"):
            cost, crossed = cost + 1.0, True
        elif chunk.text in ("another", "second", "third", "additional", "separate", "other"):
            cost += 5.0
        elif chunk.kind == SLICE:
            cost += 3.0
        elif chunk.kind == NUMBER:
            cost += 0.3 if position in quoted else 2.0
        elif _is_thing(chunk) and not any(position + ahead in quoted for ahead in range(1, 8)):
            cost += _TOO_FAR if apart else 7.0 if crossed else 0.4
            crossed = False
        elif chunk.kind == WORD:
            cost += 0.25
        if cost > 2 * _TOO_FAR:
            break
    return cost


_MARK_COSTS = {";": 0.5, ",": 0.6, ")": 0.6, "]": 0.6, "(": 0.1, "[": 0.1}


def _in_same_bracket(chunks: Sequence[Chunk], begin: int, end: int) -> bool:
    """Say whether a bracket that opened before `begin` is still open at `end`."""
    if any(chunk.text in ("(", ")", "[", "]") for chunk in chunks[begin:end]):
        return False
    before = next((chunk.text for chunk in reversed(chunks[:begin]) if chunk.text in ("(", ")", "[", "]")), "")
    return before in ("(", "[")


def _assign(costs: list[list[float]]) -> tuple[list[tuple[int, int]], bool]:
    """Return the cheapest one-to-one assignment, and whether it wins clearly."""
    rows, columns = len(costs), len(costs[0])
    if max(rows, columns) > _MAX_UNITS:
        return _assign_closest(costs), False
    transposed = rows > columns
    table = [[costs[row][column] for row in range(rows)] for column in range(columns)] if transposed else costs
    few, many = len(table), len(table[0])
    best: list[tuple[float, tuple[int, ...]]] = []
    for choice in permutations(range(many), few):
        total = sum(min(table[i][j], _UNPAIRED) if table[i][j] <= _TOO_FAR else _UNPAIRED for i, j in enumerate(choice))
        best.append((total, choice))
    best.sort()
    total, choice = best[0]
    pairs = [(j, i) if transposed else (i, j) for i, j in enumerate(choice) if table[i][j] <= _TOO_FAR]
    margin = next((other - total for other, different in best[1:] if _pairs(different, table) != _pairs(choice, table)), _UNPAIRED)
    return sorted(pairs), margin >= 1.0


def _pairs(choice: tuple[int, ...], table: list[list[float]]) -> set[tuple[int, int]]:
    return {(i, j) for i, j in enumerate(choice) if table[i][j] <= _TOO_FAR}


def _assign_closest(costs: list[list[float]]) -> list[tuple[int, int]]:
    order = sorted((cost, row, column) for row, line in enumerate(costs) for column, cost in enumerate(line) if cost <= _TOO_FAR)
    rows: set[int] = set()
    columns: set[int] = set()
    pairs = []
    for _, row, column in order:
        if row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            pairs.append((row, column))
    return sorted(pairs)
