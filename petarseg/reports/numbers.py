"""Find the numbers that are SUVs by their keyword: "SUVmax of 5.2 and 3.8", "5.2 SUVmax"."""

from __future__ import annotations

from collections.abc import Sequence

from petarseg.reports.chunk import DATE, EPOCH, MARK, NUMBER, OPAQUE, SIZE, SLICE, SUV, WORD, Chunk
from petarseg.reports.lexicon import word_set
from petarseg.reports.timing import PRIOR
from petarseg.reports.value import Value

_MAX_GAP_WORDS = 12
_MAX_GAP_CHUNKS = 40
BARE_SERIES = 10_000  # numbers without a keyword get series of their own

# Words that may stand between a keyword and its number without changing what the number is.
_FILLER = word_set(
    "of is was are were be being been has have had having at to up upto about around approximately approx roughly ca circa nearly "
    "almost "
    "just only some in the region order a an as high measured measures measuring measure measurement value values valued level levels "
    "reaching reaches reached reach equal equals equaling equalling currently now today todays current present presently perhaps maybe "
    "possibly estimated calculated recorded ranging ranges range from between g ml bw body weight corrected maximum max maximal still "
    "again here this its it that which with approaching averaging peaking peaks noted found seen obtained giving shows showing showed "
    "demonstrates demonstrating yielding registering registers reads reading quantified quantifying respectively both each increased "
    "decreased unchanged stable elevated similar low mild moderate intense intensely hottest highest maximally prior previous "
    "previously "
    "formerly earlier initial initially baseline interim then by slightly minimally markedly significantly somewhat essentially "
    "persistently persistent over under exceeding above below less more than greater well units unit s on study exam scan down risen "
    "fallen dropped declined rising falling improved worsened changed went going goes came come remains remaining remained not also "
    "very "
    "mean peak vs versus compared old last time left right"
)
# Words directly before a number after other words ("SUVmax of the mass is 3.1").
_INTRODUCERS = _FILLER - {"and", "by", "with", "left", "right"} | {"=", ":", "~", "(", "<", ">"}
_STOP_WORDS = word_set("while whereas although but however another second third additional without")
_ABOUT = word_set("about around approximately approx roughly ca circa nearly almost perhaps maybe possibly estimated ~ region order")
_JOINERS = frozenset((",", "and", "&", "/", "+", "or", "as", "well"))
_ARROWS = frozenset(("->", "=>", "\u2192"))
AFTER_LIST = word_set(
    "and on at respectively in for with previously prior formerly before was seen are is were or g located versus vs compared earlier "
    "early "
    "initially to from each now today currently delayed late max maximum mean peak suv then as while whereas but after"
)
_CHANGES = tuple(
    word_set(
        "increas decreas risen rise rose rising fallen fell fall drop declin reduc chang improv worsen progress went gone going down "
        "diminish lower higher grow grew resol escalat climb regress shrunk shrink"
    )
)  # fmt: skip
KIND_WORDS = {"max": "max", "maximum": "max", "mean": "mean", "average": "mean", "avg": "mean", "peak": "peak", "min": "min", "nac": "nac"}


def make(chunks: Sequence[Chunk], index: int, kind: str, series: int) -> Value:
    """Make the value that the chunk at `index` holds."""
    chunk = chunks[index]
    value = Value(index, number(chunk), chunk.text, chunk.start, chunk.end, kind, series)
    if "," in chunk.text:
        value.flags.add("decimal_comma")
    if kind == "plain":
        value.flags.add("plain_suv")
    if kind == "uptake":
        value.flags.add("no_suv_keyword")
    return value


def number(chunk: Chunk) -> float:
    """Return the number of a chunk, with a point or a comma."""
    return float(chunk.text.replace(",", "."))


def is_decimal(chunk: Chunk) -> bool:
    """Say whether a number has decimals; slices, counts and sizes in mm have none."""
    return "." in chunk.text or "," in chunk.text


def chunk_at(chunks: Sequence[Chunk], index: int) -> Chunk:
    """Return the chunk at `index`, an empty one outside the sentence."""
    return chunks[index] if 0 <= index < len(chunks) else Chunk(MARK, 0, 0, "")


# --- numbers after a keyword ---


def is_joined(chunks: Sequence[Chunk], first: int, second: int) -> bool:
    """Say whether two keywords share their numbers: "SUVmax/SUVmean 5.6/3.4"."""
    between = [chunk.text for chunk in chunks[first + 1 : second]]
    return between in (["/"], ["and"], ["&"], ["|"], [",", "and"])


def read_after(chunks: Sequence[Chunk], index: int, values: dict[int, Value]) -> None:
    """Read the number or list that belongs to the keyword at `index`."""
    kinds, position = _keyword_kinds(chunks, index)
    found = _first_number(chunks, position, kinds[0], values)
    if found is None:
        return
    first, bound = found
    if len(kinds) > 1:
        members = _list_members(chunks, first, len(kinds))
        for offset, (kind, member) in enumerate(zip(kinds, members, strict=False)):
            # Different quantities of one lesion are no enumeration of lesions.
            values[member] = make(chunks, member, kind, index if offset == 0 else BARE_SERIES + member)
        return
    value = values[first] = make(chunks, first, kind_beside(chunks, first, kinds[0]), index)
    value.bound = bound or _bound_before(chunks, index)
    words = {chunk.text for chunk in chunks[position:first]}
    if "up" in words:
        value.flags.add("up_to")
    if words & _ABOUT:
        value.flags.add("approximate")
    read_list(chunks, value, values)


def _keyword_kinds(chunks: Sequence[Chunk], index: int) -> tuple[list[str], int]:
    """Return the kinds that share the following numbers, and where those begin: "SUVmax/SUVmean", "SUV max/mean/peak"."""
    kinds, position = [chunks[index].suv_kind], index + 1
    if chunk_at(chunks, index - 1).text == "/" and chunk_at(chunks, index - 2).text in KIND_WORDS:
        kinds.insert(0, KIND_WORDS[chunks[index - 2].text])  # "max/mean SUV 5.2/3.1"
    while True:
        joined = next((at for at in (position + 1, position + 2) if chunk_at(chunks, at).kind == SUV), None)
        if joined is not None and is_joined(chunks, position - 1, joined):
            kinds.append(chunks[joined].suv_kind)
            position = joined + 1
        elif chunk_at(chunks, position).text in ("/", "and", "&") and chunk_at(chunks, position + 1).text in KIND_WORDS:
            kinds.append(KIND_WORDS[chunks[position + 1].text])
            position += 2
        else:
            return kinds, position


def _bound_before(chunks: Sequence[Chunk], index: int) -> str:
    """Return ``>`` for "above SUV 2.5", ``<`` for "below an SUV of 2.5", else an empty string."""
    for chunk in reversed(chunks[max(0, index - 3) : index]):
        if chunk.text in ("above", "exceeding", "over", ">", "exceeds"):
            return ">"
        if chunk.text in ("below", "under", "<"):
            return "<"
        if chunk.text not in ("a", "an", "the", "of"):
            return ""
    return ""


def _first_number(chunks: Sequence[Chunk], position: int, kind: str, values: dict[int, Value]) -> tuple[int, str] | None:
    """Return the chunk of the first number that can belong to a keyword, and its bound."""
    gap_words, bound, depth = 0, "", 0
    for index in range(position, min(len(chunks), position + _MAX_GAP_CHUNKS)):
        chunk, before = chunks[index], chunk_at(chunks, index - 1)
        if chunk.kind == NUMBER:
            introduced = gap_words == 0 or before.kind == SUV or before.text in _INTRODUCERS
            usable = introduced and index not in values and not is_delta(chunks, index) and (kind != "uptake" or is_decimal(chunk))
            return (index, bound) if usable else None
        if chunk.kind in (SLICE, DATE, SIZE, OPAQUE, EPOCH):
            continue
        if chunk.kind == SUV or chunk.text in _STOP_WORDS or chunk.text in (";", "?", "!") or (chunk.text == "|" and gap_words):
            return None
        if chunk.kind == MARK:
            if chunk.text in ("<", ">", "<=", ">="):
                bound = chunk.text[0]
            depth += (chunk.text == "(") - (chunk.text == ")")
            if depth < 0 and gap_words:
                return None
            continue
        if chunk.text in ("than", "over", "exceeding") and before.text in ("less", "lower", "greater", "more", "higher"):
            bound = "<" if before.text in ("less", "lower") else ">"
        elif chunk.text in ("exceeding", "below", "under") and gap_words == 0:
            bound = ">" if chunk.text == "exceeding" else "<"
        elif chunk.text not in _FILLER:
            gap_words += 1
            if gap_words > _MAX_GAP_WORDS:
                return None
    return None


def is_delta(chunks: Sequence[Chunk], index: int) -> bool:
    """Say whether a number is the amount of a change, not a value: "increased by 2.3"."""
    return chunk_at(chunks, index - 1).text == "by" and any(
        chunk.text.startswith(_CHANGES) or chunk.text == "up" for chunk in chunks[max(0, index - 5) : index]
    )


def kind_beside(chunks: Sequence[Chunk], index: int, kind: str) -> str:
    """Return the kind that a word beside the number gives it: "SUV 4.5 (mean)", "SUV of 5.6 max", "SUVmax 5.2, mean 3.1"."""
    before = index - 1
    while chunk_at(chunks, before).text in ("of", "is", ":", "=", "at", "was"):
        before -= 1
    if kind != "sul" and chunk_at(chunks, before).kind == WORD and chunks[before].text in KIND_WORDS:
        return KIND_WORDS[chunks[before].text]
    word = next((chunk.text for chunk in chunks[index + 1 : index + 3] if chunk.text != "("), "")
    return KIND_WORDS.get(word, kind) if kind == "plain" and chunk_at(chunks, index + 2).kind != NUMBER else kind


def _list_members(chunks: Sequence[Chunk], first: int, count: int) -> list[int]:
    """Return the chunks of up to `count` numbers of a list that starts at `first`."""
    members, index = [first], first + 1
    while len(members) < count and (
        chunk_at(chunks, index).kind in (NUMBER, OPAQUE) or chunk_at(chunks, index).text in ("/", "and", ",", "&", "|")
    ):
        if chunks[index].kind == NUMBER:
            members.append(index)
        index += 1
    return members


def read_list(chunks: Sequence[Chunk], first: Value, values: dict[int, Value], *, commas: bool = True) -> None:
    """Read what goes on after a first number: "5.2 and 3.8", "2.8-3.3", "8.1 -> 5.5"."""
    last = first
    while True:
        index = last.index + 1
        while _is_unit(chunk_at(chunks, index)):
            index += 1
        if chunk_at(chunks, index).text == "up" and chunk_at(chunks, index + 1).text == "to":
            index += 1
        mark = chunk_at(chunks, index).text
        between = chunk_at(chunks, first.index - 1).text == "between" and mark in ("and", "-", "to")
        if (between or mark in ("-", "to", "through", "until") or mark in _ARROWS) and chunk_at(chunks, index + 1).kind == NUMBER:
            following = values[index + 1] = make(chunks, index + 1, first.kind, first.series)
            if mark in _ARROWS or (not between and _is_change(chunks, last.index, index + 1)):
                last.time, following.said_now = PRIOR, True
            else:
                last.is_range = following.is_range = True
            last = following
            continue
        index = _behind_aside(chunks, index)
        step = index
        while chunk_at(chunks, step).text in _JOINERS:
            step += 1
        if step == index or not _is_list_member(chunks, index, step, commas=commas) or step in values:
            return
        last = values[step] = make(chunks, step, kind_beside(chunks, step, first.kind), first.series)


def _behind_aside(chunks: Sequence[Chunk], index: int) -> int:
    """Return where a list goes on behind the aside of a member: "5.1 (was 4.8) and 6.0 (was 6.2)"."""
    if chunk_at(chunks, index).text != "(":
        return index
    closing = next((at for at in range(index, min(len(chunks), index + 6)) if chunks[at].text == ")"), None)
    aside = {chunk.kind for chunk in chunks[index:closing]}
    if closing is None or SLICE in aside or NUMBER not in aside:
        return index
    follows = chunk_at(chunks, closing + 1).text in ("and", ",", "/") and is_decimal(chunk_at(chunks, closing + 2))
    return closing + 1 if follows and chunk_at(chunks, closing + 3).text == "(" else index


def _is_unit(chunk: Chunk) -> bool:
    return chunk.kind == OPAQUE and "/" in chunk.text and chunk.text.strip("( ").startswith("g")


def _is_list_member(chunks: Sequence[Chunk], joiner: int, index: int, *, commas: bool) -> bool:
    if chunk_at(chunks, index).kind != NUMBER or (chunk_at(chunks, index + 1).kind == WORD and chunks[index + 1].text not in AFTER_LIST):
        return False
    if all(chunk.text == "," for chunk in chunks[joiner:index]):
        # "SUVmax 5.6, 44": a whole number after a decimal one is something else, unless the list ends in "respectively".
        same_form = is_decimal(chunks[index]) or not is_decimal(chunks[joiner - 1])
        return commas and (same_form or any(chunk.text == "respectively" for chunk in chunks[index:]))
    return True


def _is_change(chunks: Sequence[Chunk], first: int, second: int) -> bool:
    """Say whether "N to M" is a change over time, not a range."""
    left = [chunk.text for chunk in chunks[max(0, first - 9) : first]]
    if any(word.startswith(("rang", "var", "span")) for word in left):
        return False
    changed = any((word.startswith(_CHANGES) and word not in ("higher", "lower")) or word in ("up", "down") for word in left)
    falls = number(chunks[first]) > number(chunks[second])
    return ("from" in left[-3:] or chunks[first + 1].text == "to") and (changed or falls)


# --- numbers before a keyword ---


def read_before(chunks: Sequence[Chunk], index: int, values: dict[int, Value], *, only_adjacent: bool) -> bool:
    """Read "5.6 SUVmax", "5.6 (SUVmax)"; True when the number before the keyword was taken.

    A number that touches the keyword is taken first, unless another one follows just as closely ("slice 4, 5.6 SUVmax of 7").
    """
    position = index - 1
    if only_adjacent:
        following = chunk_at(chunks, index + 1)
        if (
            chunk_at(chunks, position).kind != NUMBER
            or following.kind == NUMBER
            or following.text in ("of", "is", "was", ":", "=", "~", "<", ">")
        ):
            return False
    else:
        while position >= 0 and chunks[position].text in ("(", "-", "for", "of", "the", "in", "g", ":", "="):
            position -= 1
    if position < index - 3 or chunk_at(chunks, position).kind != NUMBER or position in values:
        return False
    values[position] = make(chunks, position, kind_beside(chunks, index - 1, chunks[index].suv_kind), index)
    return True
