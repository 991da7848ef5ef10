"""Find the SUVs of a sentence and say of each whether it is a maximum, and whether it is current, prior or a reference."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from petarseg.reports.lexicon import BACKGROUND, LESION, REFERENCE_ORGAN
from petarseg.reports.mentions import DATE, MARK, NUMBER, OPAQUE, SIZE, SLICE, SUV, WORD, Chunk

CURRENT, PRIOR, DELAYED = "current", "prior", "delayed"


@dataclass(slots=True)
class Value:
    """One SUV number of a sentence.

    Parameters
    ----------
    index : int
        Chunk that holds the number.
    number : float
    start, end : int
        Offsets of the number in the text.
    kind : str
        ``max`` (said so), ``plain`` ("SUV 8"), ``mean``, ``peak``, ``min``, ``sul``.
    time : str
        ``current``, ``prior`` or ``delayed``.
    sure : bool
        False when `time` was decided by a weak cue.
    reference : bool
        The value of a reference organ.
    compared : bool
        A reference value that another value is compared with.
    series : int
        Values of one enumeration ("5.2 and 3.8") share it.
    is_range : bool
        One end of a range.
    bound : str
        ``<`` or ``>`` for "less than 2.0".
    flags : set of str
    """

    index: int
    number: float
    start: int
    end: int
    kind: str
    series: int
    time: str = CURRENT
    sure: bool = True
    said_now: bool = False
    reference: bool = False
    compared: bool = False
    is_range: bool = False
    bound: str = ""
    flags: set[str] = field(default_factory=set)

    @property
    def is_max(self) -> bool:
        """True for an SUVmax or an SUV that counts as one."""
        return self.kind in ("max", "plain", "uptake")


# Words that may stand between a keyword and its number without changing what the number is.
_FILLER = frozenset(
    ["of", "is", "was", "are", "were", "be", "being", "been", "has", "have", "had", "having", "at", "to", "up", "upto", "about", "around", "approximately", "approx", "roughly", "ca", "circa", "nearly", "almost", "just", "only", "some", "in", "the", "region", "order", "a", "an", "as", "high", "measured", "measures", "measuring", "measure", "measurement", "value", "values", "valued", "level", "levels", "reaching", "reaches", "reached", "reach", "equal", "equals", "equaling", "equalling", "currently", "now", "today", "todays", "current", "present", "presently", "perhaps", "maybe", "possibly", "estimated", "calculated", "recorded", "ranging", "ranges", "range", "from", "between", "g", "ml", "bw", "body", "weight", "corrected", "maximum", "max", "maximal", "still", "again", "here", "this", "its", "it", "that", "which", "with", "approaching", "averaging", "peaking", "peaks", "noted", "found", "seen", "obtained", "giving", "shows", "showing", "showed", "demonstrates", "demonstrating", "yielding", "registering", "registers", "reads", "reading", "quantified", "quantifying", "respectively", "both", "each", "increased", "decreased", "unchanged", "stable", "elevated", "similar", "low", "mild", "moderate", "intense", "intensely", "hottest", "highest", "maximally", "prior", "previous", "previously", "formerly", "earlier", "initial", "initially", "baseline", "interim", "then", "by", "slightly", "minimally", "markedly", "significantly", "somewhat", "essentially", "persistently", "persistent", "only", "over", "under", "exceeding", "above", "below", "less", "more", "than", "greater", "well", "units", "unit", "s", "on", "max.", "pet", "study", "exam", "scan", "down", "risen", "fallen", "dropped", "declined", "rising", "falling", "improved", "worsened", "changed", "went", "going", "goes", "came", "come", "remains", "remaining", "remained", "now,", "not", "also", "very", "mean", "peak", "and/or", "vs", "versus", "compared", "old", "last"]
)
# Words directly before a number after other words ("SUVmax of the mass is 3.1").
_INTRODUCERS = frozenset(
    ["of", "is", "was", "are", "were", "being", "be", "been", "measures", "measured", "measuring", "at", "to", "about", "approximately", "approx", "around", "reaching", "reaches", "reached", "=", ":", "~", "value", "values", "level", "now", "currently", "up", "equals", "shows", "showed", "only", "just", "has"]
)
_STOP_WORDS = frozenset(["while", "whereas", "although", "but", "however", "another", "second", "third", "additional", "without"])
_MAX_GAP_WORDS = 12


def read_values(chunks: Sequence[Chunk]) -> list[Value]:
    """Return the SUVs of a sentence in text order, classified."""
    values: dict[int, Value] = {}
    keywords = [index for index, chunk in enumerate(chunks) if chunk.kind == SUV]
    if not keywords:
        return []
    for position, index in enumerate(keywords):
        if any(_is_joined(chunks, other, index) for other in keywords[:position][-1:]):
            continue
        _read_after(chunks, index, values)
    for index in keywords:
        _read_before(chunks, index, values)
    _read_bare(chunks, values)
    ordered = [values[index] for index in sorted(values)]
    symbols = [_symbol(chunk) for chunk in chunks]
    for value in ordered:
        _classify(value, chunks, symbols, ordered)
    _settle_weak_cues(ordered)
    timed = [value for value in ordered if value.time == CURRENT and value.is_max and _TIMED.search(_left(symbols, value.index))]
    for value in timed[1:]:
        value.time = DELAYED
    return ordered


def _make(chunks: Sequence[Chunk], index: int, kind: str, series: int) -> Value:
    chunk = chunks[index]
    value = Value(index, float(chunk.text.replace(",", ".")), chunk.start, chunk.end, kind, series)
    if "," in chunk.text:
        value.flags.add("decimal_comma")
    if kind == "plain":
        value.flags.add("plain_suv")
    if kind == "uptake":
        value.flags.add("no_suv_keyword")
    return value


# --- numbers after a keyword ---


def _is_joined(chunks: Sequence[Chunk], first: int, second: int) -> bool:
    """Say whether two keywords share their numbers: "SUVmax/SUVmean 5.6/3.4"."""
    between = chunks[first + 1 : second]
    return 0 < len(between) <= 2 and all(chunk.text in ("/", "and", "&", ",", "|") for chunk in between) and between[0].text != ","


def _read_after(chunks: Sequence[Chunk], index: int, values: dict[int, Value]) -> None:
    """Read the number or list that belongs to the keyword at `index`."""
    kinds, position = [chunks[index].suv_kind], index + 1
    limit = _limit_before(chunks, index)
    while (joined := next((at for at in (position + 1, position + 2) if at < len(chunks) and chunks[at].kind == SUV), None)) is not None:
        if not _is_joined(chunks, position - 1, joined):
            break
        kinds.append(chunks[joined].suv_kind)
        position = joined + 1
    found = _first_number(chunks, position, kinds[0], values)
    if found is None:
        return
    first, bound = found
    bound = bound or limit
    if len(kinds) > 1:
        members = _list_members(chunks, first, len(kinds))
        for kind, member in zip(kinds, members, strict=False):
            values[member] = _make(chunks, member, kind, index * 100 + len(values))
        return
    kind = _kind_after(chunks, first, kinds[0])
    values[first] = _make(chunks, first, kind, index)
    values[first].bound = bound
    if any(chunk.text == "up" for chunk in chunks[position:first]):
        values[first].flags.add("up_to")
    if any(chunk.text in _ABOUT for chunk in chunks[position:first]):
        values[first].flags.add("approximate")
    _read_list(chunks, first, kind, index, values)


def _limit_before(chunks: Sequence[Chunk], index: int) -> str:
    """Return ``>`` for "above SUV 2.5", ``<`` for "below an SUV of 2.5", else "" ."""
    for chunk in reversed(chunks[max(0, index - 3) : index]):
        if chunk.text in ("above", "exceeding", "over", ">", "exceeds"):
            return ">"
        if chunk.text in ("below", "under", "<"):
            return "<"
        if chunk.text not in ("a", "an", "the", "of"):
            return ""
    return ""


_ABOUT = frozenset(
    ["about", "around", "approximately", "approx", "roughly", "ca", "circa", "nearly", "almost", "perhaps", "maybe", "possibly", "estimated", "~", "region", "order"]
)


def _first_number(chunks: Sequence[Chunk], position: int, kind: str, values: dict[int, Value]) -> tuple[int, str] | None:
    gap_words, bound = 0, ""
    depth = 0
    for index in range(position, len(chunks)):
        chunk = chunks[index]
        if chunk.kind == NUMBER:
            if index in values:
                return None
            if kind == "uptake" and "." not in chunk.text and "," not in chunk.text:
                return None
            before = chunks[index - 1]
            introduced = (
                before.text in _INTRODUCERS
                or before.kind == SUV
                or before.text in ("(", "<", ">")
                or (before.text in _FILLER and before.text not in ("and", "by", "with"))
            )
            if gap_words == 0:
                return (index, bound) if _not_delta(chunks, index) else None
            return (index, bound) if introduced and _not_delta(chunks, index) else None
        if chunk.kind in (SLICE, DATE, SIZE, OPAQUE):
            if chunk.kind == DATE:
                gap_words += 0
            continue
        if chunk.kind == SUV:
            return None
        if chunk.kind == MARK:
            if chunk.text in (";", "?", "!", "|") and chunk.text != "|":
                return None
            if chunk.text == "|" and gap_words:
                return None
            if chunk.text in ("<", ">", "<=", ">="):
                bound = chunk.text[0]
            depth += (chunk.text == "(") - (chunk.text == ")")
            if depth < 0 and gap_words:
                return None
            continue
        if chunk.text in _STOP_WORDS:
            return None
        if chunk.text in ("than", "over", "exceeding") and chunks[index - 1].text in (
            "less",
            "lower",
            "greater",
            "more",
            "higher",
            "over",
            "exceeding",
        ):
            bound = "<" if chunks[index - 1].text in ("less", "lower") else ">"
        if chunk.text in ("exceeding", "below", "under") and gap_words == 0:
            bound = ">" if chunk.text == "exceeding" else "<"
        if chunk.text not in _FILLER:
            gap_words += 1
            if gap_words > _MAX_GAP_WORDS:
                return None
    return None


def _not_delta(chunks: Sequence[Chunk], index: int) -> bool:
    """Say whether a number is a value, not the amount of a change ("increased by 2.3")."""
    return chunks[index - 1].text != "by" or not any(
        chunk.text
        in (
            "increased",
            "decreased",
            "risen",
            "fallen",
            "dropped",
            "declined",
            "increase",
            "decrease",
            "changed",
            "up",
            "down",
            "rise",
            "drop",
        )
        for chunk in chunks[max(0, index - 5) : index]
    )


def _kind_after(chunks: Sequence[Chunk], index: int, kind: str) -> str:
    """Return the kind that a word after the number gives it: "SUV 4.5 (mean)", "SUV of 5.6 max"."""
    window = [chunk for chunk in chunks[index + 1 : index + 4] if chunk.text not in ("(", "g")]
    if not window or kind not in ("plain", "max"):
        return kind
    word = window[0].text
    if word in ("mean", "average", "avg") and kind == "plain":
        return "mean"
    if word == "peak" and kind == "plain":
        return "peak"
    return "max" if word in ("max", "maximum", "maximal") and kind == "plain" else kind


def _list_members(chunks: Sequence[Chunk], first: int, count: int) -> list[int]:
    members = [first]
    index = first + 1
    while (
        len(members) < count
        and index < len(chunks)
        and (chunks[index].kind == NUMBER or chunks[index].text in ("/", "and", ",", "&", "|") or chunks[index].kind == OPAQUE)
    ):
        if chunks[index].kind == NUMBER:
            members.append(index)
        index += 1
    return members


def _read_list(chunks: Sequence[Chunk], first: int, kind: str, series: int, values: dict[int, Value]) -> None:
    """Read what goes on after the first number: a list, a range, an arrow, a bracketed old value."""
    last = first
    index = first + 1
    while index < len(chunks):
        while (
            index < len(chunks)
            and chunks[index].kind == OPAQUE
            and "g" in chunks[index].text
            and "m" in chunks[index].text
            and "/" in chunks[index].text
        ):
            index += 1
        if index >= len(chunks):
            return
        text = chunks[index].text
        following = chunks[index + 1] if index + 1 < len(chunks) else None
        between = chunks[first - 1].text == "between" and text in ("and", "-", "to")
        if (between or text in ("-", "to", "through", "until")) and following is not None and following.kind == NUMBER:
            values[index + 1] = _make(chunks, index + 1, kind, series)
            if between or not _is_change(chunks, first, index + 1):
                values[last].is_range = values[index + 1].is_range = True
            else:
                values[last].time, values[last].sure = PRIOR, True
                values[index + 1].said_now = True
            last, index = index + 1, index + 2
            continue
        if text in ("->", "=>", "\u2192") and following is not None and following.kind == NUMBER:
            values[index + 1] = _make(chunks, index + 1, kind, series)
            values[last].time, values[index + 1].said_now = PRIOR, True
            last, index = index + 1, index + 2
            continue
        step = index
        while step < len(chunks) and chunks[step].text in (",", "and", "&", "/", "+", "or", "as", "well"):
            step += 1
        if step == index or step >= len(chunks) or chunks[step].kind != NUMBER:
            return
        only_comma = all(chunk.text == "," for chunk in chunks[index:step])
        whole = "." not in chunks[step].text and "," not in chunks[step].text
        if whole and only_comma and ("." in chunks[last].text or "," in chunks[last].text) and not _list_goes_on(chunks, step):
            return
        if step + 1 < len(chunks) and chunks[step + 1].kind == WORD and chunks[step + 1].text not in _AFTER_LIST:
            return
        values[step] = _make(chunks, step, kind, series)
        last, index = step, step + 1


_AFTER_LIST = frozenset(
    ["and", "on", "at", "respectively", "in", "for", "with", "previously", "prior", "formerly", "before", "was", "seen", "are", "is", "were", "or", "g", "located", "versus", "vs", "compared", "earlier", "early", "initially", "at,", "to", "from", "("]
    + ["each", "on,", "now", "today", "currently", "delayed", "late", "max", "maximum", "mean", "peak", "suv"]
)


def _list_goes_on(chunks: Sequence[Chunk], index: int) -> bool:
    return any(chunk.text == "respectively" for chunk in chunks[index:])


_CHANGE = re.compile(
    r"increas|decreas|risen|rise|rose|rising|fallen|fell|fall|dropp|declin|reduc|chang|improv|worsen|progress|went|gone|going|down|diminish|lower|higher|grow|grew|resol|escalat|climb|regress|shr[aiu]nk|from"
)


def _is_change(chunks: Sequence[Chunk], first: int, second: int) -> bool:
    """Say whether "N to M" is a change over time, not a range."""
    left = [chunk.text for chunk in chunks[max(0, first - 9) : first]]
    if "from" in left[-3:]:
        if any(word.startswith(("rang", "var", "span")) for word in left):
            return False
        return any(_CHANGE.match(word) and word != "from" for word in left) or _number(chunks[first]) > _number(chunks[second])
    if chunks[first + 1].text in ("to",) and any(_CHANGE.match(word) and word not in ("higher", "lower", "from") for word in left):
        return True
    return _number(chunks[first]) > _number(chunks[second]) and chunks[first + 1].text in ("to",)


def _number(chunk: Chunk) -> float:
    return float(chunk.text.replace(",", "."))


# --- numbers before a keyword, and bare numbers ---


def _read_before(chunks: Sequence[Chunk], index: int, values: dict[int, Value]) -> None:
    """Read "5.6 SUVmax", "5.6 (SUVmax)" for a keyword that has no number after it."""
    if any(value.series == index for value in values.values()):
        return
    position = index - 1
    while position >= 0 and chunks[position].text in ("(", "-", "for", "of", "the", "in", "g", ":", "="):
        position -= 1
    if position >= 0 and chunks[position].kind == NUMBER and position not in values and position + 3 >= index:
        values[position] = _make(chunks, position, _kind_after(chunks, index - 1, chunks[index].suv_kind), index)


def _read_bare(chunks: Sequence[Chunk], values: dict[int, Value]) -> None:
    """Claim numbers without a keyword of their own: "(was 9.7)", "compared to 8.8", "and 6.2 on slice 49"."""
    symbols = [_symbol(chunk) for chunk in chunks]
    decimal_mode = any("." in chunks[index].text or "," in chunks[index].text for index in values)
    for index, chunk in enumerate(chunks):
        if chunk.kind != NUMBER or index in values or _number(chunk) > 200 or not _not_delta(chunks, index):
            continue
        left, right = _left(symbols, index), _right(symbols, index)
        decimal = "." in chunk.text or "," in chunk.text
        if _last_quantity(chunks, index) == SIZE and not decimal:
            continue
        following = chunks[index + 1] if index + 1 < len(chunks) else None
        if following is not None and following.kind == WORD and following.text not in _AFTER_LIST and not _RIGHT_REFERENCE.match(right):
            continue
        kind = None
        if (
            _PRIOR_CUE.search(left)
            or _COMPARE_CUE.search(left)
            or _FROM_CUE.search(left)
            or _NOW_CUE.search(left)
            or _WAS_CUE.search(left)
            or _RIGHT_PRIOR.match(right)
            or _RIGHT_NOW.match(right)
        ) or (left.endswith("# (") and right.startswith(")")) or (decimal and _DELAYED_RIGHT.match(right)) or (decimal and (_SLICE_RIGHT.match(right) or _SLICE_LEFT.search(left))) or (decimal and decimal_mode and (_RIGHT_REFERENCE.match(right) or _LEFT_REFERENCE.search(left))) or (re.search(r"(?:^|\s)to(?: \w+)? $", left + " ") and any(value.time == PRIOR for value in values.values())):
            kind = "plain"
        if kind is not None:
            nearest = min(values.values(), key=lambda value: abs(value.index - index), default=None)
            inherited = nearest.kind if nearest is not None and nearest.kind in ("max", "plain") else "plain"
            values[index] = _make(chunks, index, inherited, 10_000 + index)
            values[index].flags.add("bare_number")
            if index + 2 < len(chunks) and chunks[index + 1].text in ("and", "/") and chunks[index + 2].kind == NUMBER:
                _read_list(chunks, index, inherited, 10_000 + index, values)


def _last_quantity(chunks: Sequence[Chunk], index: int) -> str:
    for chunk in reversed(chunks[:index]):
        if chunk.kind in (SIZE, SUV):
            return chunk.kind
    return ""


# --- context ---


def _symbol(chunk: Chunk) -> str:
    if chunk.kind == OPAQUE and chunk.text.startswith("seg"):
        return "segment"  # part of a liver lesion's place, not of the reference liver's
    return {SUV: "<suv>", NUMBER: "#", SLICE: "<sl>", DATE: "<date>", SIZE: "<size>", OPAQUE: "<x>"}.get(chunk.kind, chunk.text)


def _left(symbols: Sequence[str], index: int) -> str:
    return " ".join(symbols[max(0, index - 16) : index])


def _right(symbols: Sequence[str], index: int) -> str:
    return " ".join(symbols[index + 1 : index + 13])


_TAIL = (
    r"(?: (?:of|was|were|had|been|being|be|having|at|the|a|an|its|that|value|values|<suv>|max|maximum|<sl>|<date>|on|in|measured|measuring|measurement|measurements|study|studies|exam|examination|scan|scans|pet|ct|imaging|report|"
    r"showed|to|about|approximately|approx|up|:|=|~|\(|and|level|reported|recorded|with|uptake|activity|intensity|reaching|time|<size>|size|diameter|x|/|-|as|high|image|<x>|g|respectively|were|only|just|date|dated))*$"
)
_PRIOR_WORD = (
    r"(?:previous|previously|prior|priors|formerly|(?<!the )former|earlier|initial|initially|originally|original|baseline|pretreatment|pre - treatment|pretherapy|pre - therapy|interim|"
    r"old|historical|historic|last|preceding|before|used to be|had been|having been|outside|comparison|staging|nadir)"
)
_PRIOR_CUE = re.compile(
    rf"(?:^|\s)(?<!from )(?<!since )(?<!than ){_PRIOR_WORD}(?: :)?{_TAIL}|(?:^|[;(] ?)(?:previously|formerly|earlier|initially|originally) , (?:with )?(?:an? |the |its )?<suv>{_TAIL}"
)
_LOCATIVE_CUE = re.compile(
    rf"(?:^|; |, |\. |\( |: |<suv> |<sl> |and |but )(?:on|in|at|during|by|per)(?: <sl> (?:of|on|in|from))?(?: the| that| her| his| this patient ' s| its)?(?: most recent| immediate| immediately)? "
    rf"(?:{_PRIOR_WORD}|<date>)(?: (?:pet / ct|pet - ct|pet|ct|study|exam|examination|scan|imaging|mr|mri|pet/ct|of <date>|dated <date>|from <date>|<date>|\( <date> \)|staging|baseline|diagnostic|fdg|the|in|at))*(?: ,)?(?: \w+){{0,7}}{_TAIL}"
)
_NOW_CUE = re.compile(
    r"(?:^|[\s(])(?:now|currently|current|today|today's|todays|presently|present|this (?:exam|examination|study|scan)|at (?:this|present) time|(?:current|present|today's) (?:exam|examination|study|scan|pet|value))"
    r"(?: (?:of|is|has|have|shows|showing|demonstrates|demonstrating|measures|measuring|with|the|a|an|at|to|<suv>|<sl>|value|values|max|maximum|:|=|~|about|approximately|only|up|\(|reaching|and|increased|decreased|has|risen|fallen|on|,))*$"
)
_COMPARE_CUE = re.compile(
    rf"(?:^|[\s(])(?:(?:as )?compared (?:to|with)|in comparison (?:to|with)|comparison|versus|vs|v|vs \.|relative to|against|as opposed to|instead of|{{0}})(?: (?:an?|the|its|prior|previous|earlier|old|initial|baseline|interim|last))*{_TAIL}".replace(
        "{0}", "rather than"
    )
)
_FROM_CUE = re.compile(
    r"(?:^|[\s(,;])(?:(?:(?:down|up|decreased|increased|reduced|improved|risen|fallen|dropped|declined|changed|rise|drop|decrease|increase|progressed|regressed|unchanged|stable|lower|higher|differ\w*) )?from|(?:greater|lower|higher|less|more) than(?: the)?(?: prior| previous)|was|were)"
    r"(?: (?:an?|the|its|prior|previous|previously|earlier|initial|baseline|interim|last|<suv>|of|max|maximum|value|at|about|approximately|peak|up to|~|:|<date>))*$"
)
_WAS_CUE = re.compile(
    r"(?:^|[\s(,;])(?P<was>was|were)(?: (?:an?|the|<suv>|of|max|maximum|at|about|approximately|up to|~|:|=|only|previously))*$"
)
_STRONG_WAS = re.compile(r"[(,;:] ?(?:it |this |which |that )?(?:was|were)(?: (?:<suv>|of|at|about|approximately|max|~|:|only|<date>))*$")
_RIGHT_PRIOR = re.compile(
    rf"(?:g )?(?:\( <sl> \) |,? ?<sl> |on <sl> )?(?:\(? ?(?:previously|formerly|earlier|priorly|initially|originally|before|historically|pretreatment|pre - treatment|prior|previous|baseline|interim)(?= (?:[,;).]|to (?:treatment|therapy)|scan|exam|study|pet|treatment|therapy|now|<date>)|$)"
    rf"|(?:on|in|at|from|during|per|at the time of)(?: the| her| his| its| that)?(?: most recent| immediate)? {_PRIOR_WORD}\b(?! (?:#|<suv>))"
    rf"|\(? ?(?:on|in|from|at|of|dated|as of)?(?: the)?(?: study| scan| exam| pet| pet / ct)?(?: of| from| on)? ?<date>(?! (?:(?::|-|=|was|<suv>|of|max) )*#))"
)
_RIGHT_NOW = re.compile(r"(?:g )?(?:\( )?(?:currently|now|today|at present|on (?:the )?(?:current|present|today ' s|today's|this) )")
_DATE_NEAR = re.compile(r"<date>(?: (?:\)|:|,|-|<suv>|of|was|at|\())*$")
_DELAYED_LEFT = re.compile(
    r"(?:delayed|late|second pass|second phase|later|two - hour|post - furosemide|post - lasix|second time point|<x> delayed)(?: (?:images?|imaging|phase|views?|acquisition|scan|pass|time|point|at|<x>|,|:|the|<suv>|of|is|was|=|to|has|measures|\(|on|<sl>|shows?|increases?|it|rises?|\w+))*$"
)
_DELAYED_RIGHT = re.compile(
    r"(?:g )?(?:\( )?(?:(?:on|in|at|with)(?: the)? )?(?:\( )?(?:delayed|late\b|later|second (?:pass|phase|time)|<x> (?:delayed|later|post)|at <x>)"
)
_EARLY_NEAR = re.compile(r"\b(?:early|first (?:pass|phase|time point)|initial|at <x>)\b")
_SLICE_RIGHT = re.compile(r"(?:g )?(?:\)? ?[(\[,;:]? ?)(?:(?:seen |located |best seen )?(?:on|at|in) )?(?:the )?<sl>")
_SLICE_LEFT = re.compile(r"<sl>(?: (?:\)|:|=|,|-|\(|has|with|is|of|at))*$")
_REFERENCE_NOUN = rf"(?:{BACKGROUND}|{REFERENCE_ORGAN}|spleen|splenic|mediastin\w+|marrow|thigh|gluteal|aorta|aortic)"
_RIGHT_REFERENCE = re.compile(
    rf"(?:g )?(?:\( )?(?:in|for|of|within|at|on)?(?: the| normal)* ?(?:{BACKGROUND}|{REFERENCE_ORGAN})", re.IGNORECASE
)
_LEFT_REFERENCE = re.compile(
    rf"(?:{BACKGROUND}|{REFERENCE_ORGAN})(?: (?:of|is|at|<suv>|:|=|\(|,|uptake|activity|value|mean|max))*$", re.IGNORECASE
)


def _classify(value: Value, chunks: Sequence[Chunk], symbols: Sequence[str], ordered: Sequence[Value]) -> None:
    left, right = _left(symbols, value.index), _right(symbols, value.index)
    # An enumeration is introduced once: read the cue before its first member, and the one after its last.
    members = [other.index for other in ordered if other.series == value.series]
    if (
        len(members) > 1
        and not value.is_range
        and not any(chunks[i].text in ("->", "\u2192", "to") for i in range(min(members), max(members)))
    ):
        list_left, list_right = _left(symbols, min(members)), _right(symbols, max(members))
    else:
        list_left, list_right = left, right
    value.reference = _is_reference(value, chunks, left, right)
    if value.time == PRIOR:
        return
    now = _NOW_CUE.search(left) is not None or _RIGHT_NOW.match(right) is not None
    if now:
        value.said_now = True
        return
    if _DELAYED_RIGHT.match(right) or (re.search(r"\bdelayed\b", left) and _DELAYED_LEFT.search(left)):
        value.time = DELAYED
        return
    if value.said_now:
        return
    if (
        _PRIOR_CUE.search(list_left)
        or _RIGHT_PRIOR.match(right)
        or (list_right is not right and _RIGHT_PRIOR.match(list_right) and not _SAID_DATE.match(list_right))
        or _LOCATIVE_CUE.search(list_left)
    ):
        value.time = PRIOR
        value.sure = not _SAID_DATE.match(right) and "<size>" not in left.rsplit("previous", 1)[-1].rsplit("prior", 1)[-1]
    elif _COMPARE_CUE.search(left) or (_STRONG_WAS.search(left) and value.kind == "plain" and "bare_number" in value.flags) or (
        re.search(
            r"(?:^|[\s(,;])(?:\w+ )?from(?: (?:an?|the|its|<suv>|of|max|maximum|value|at|about|approximately|~|:|<date>|prior|previous))*$",
            left,
        )
        and not value.is_range
    ):
        value.time = PRIOR
    elif (left.endswith("# (") and right.startswith(")")) or _DATE_NEAR.search(left) or _WAS_CUE.search(left):
        value.time, value.sure = PRIOR, False


_TIMED = re.compile(r"(?:^|\s)(?:at|after|by) <x>(?: (?:post|injection|p|i|\.|,|the|-|<suv>|of|is|was|=|:|max|images?))*$")
_SAID_DATE = re.compile(r"(?:g )?\(? ?(?:on|in|from|of|dated)?(?: the)?(?: study| scan)?(?: of)? ?<date>")


def _settle_weak_cues(values: Sequence[Value]) -> None:
    """A weak cue ("was", a date, brackets) makes a prior value only where another value can be the current one."""
    for value in values:
        if value.time == PRIOR and not value.sure:
            others = [other for other in values if other is not value and other.is_max and other.time == CURRENT and not other.reference]
            if not others:
                value.time = CURRENT
                value.flags.add("weak_prior")
            else:
                value.flags.add("weak_prior")


_CLAUSE_BREAK = {";", "while", "whereas", "but", "although", ".", "|"}


def _is_reference(value: Value, chunks: Sequence[Chunk], left: str, right: str) -> bool:
    """Say whether a value belongs to a reference region: "liver SUVmax 3.2", "above the splenic background of 3.0"."""
    clause = left
    for mark in (";", " while ", " whereas ", " but ", " although ", " . ", " # "):
        clause = clause.rsplit(mark, 1)[-1]
    # A comma ends the subject of the value unless the value's own words follow it ("Liver, SUVmax 3.1").
    local = re.sub(r"(?:<sl>|<x>|<size>)", " ", clause)
    comparator = re.search(
        rf"\b(?:above|below|than|exceed\w*|against|to|with|versus|vs|over|equal(?:ing)?|at|like|under|vs \.|\()(?: (?:the|that|of|a|an|normal|<suv>|max|in|for|:))* (?:{_REFERENCE_NOUN})(?: (?:of|is|at|was|<suv>|:|=|\(|,|uptake|activity|value|level|background|parenchyma|max|maximum|\)|which|measures|measuring|has|with|a|an|background))*$",
        local,
        re.IGNORECASE,
    )
    if comparator is not None:
        value.compared = True
        return True
    noun = None
    for noun in re.finditer(rf"(?:^|\s)(?P<noun>{BACKGROUND}|{REFERENCE_ORGAN})(?=\s|$)", local, re.IGNORECASE):
        pass
    if noun is not None:
        after_noun = local[noun.end() :]
        before_noun = local[: noun.start()]
        if re.search(r"<suv>(?: (?:max|value))? (?:of|in|for|within)(?: (?:the|a))*$", before_noun) and LESION.search(after_noun) is None:
            return True
        compared = re.search(
            r"(?:above|below|than|exceed\w*|to|with|over|of|from|in|within|near|at|on|by|into|along|adjacent)(?: (?:the|normal|a))*$",
            before_noun,
        )
        closed = re.search(r"\b(?:is|has|have|shows?|with|measur\w+|of|at|:)\b|<suv>", after_noun)
        if (
            compared is None
            and LESION.search(after_noun) is None
            and LESION.search(before_noun.rsplit(",", 1)[-1]) is None
            and (closed is not None or not after_noun.strip(" (,:"))
        ):
            return True
    match = re.match(
        rf"(?:g )?(?:\( )?(?:<sl> )?(?:\) )?(?:in|for|of|within)(?: the| normal| adjacent)* (?P<noun>{_REFERENCE_NOUN})(?P<rest>.*)",
        right,
        re.IGNORECASE,
    )
    if match is None or LESION.search(match["rest"].split(",")[0].split(";")[0]) is not None:
        return False
    value.compared = re.search(r"(?:^|\s)(?:above|below|than|exceed\w*|against|to|with|versus|vs|over|vs \.)(?: (?:the|that|an?|<suv>|of|max|about|approximately))*$", local) is not None
    return value.compared or LESION.search(local) is None
