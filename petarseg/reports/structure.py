"""Where a finding lies: region, organ, subsite and side of one sentence, by rules (the embedded counterpart of the LLM structuring).

How a sentence is read:

1. all anatomical terms are found (structure_vocabulary);
2. each gets a rank: the lesion's own site, a diagnosis or history, a mere reference ("adjacent to the aorta", "above the liver"),
   or a general region ("in the chest");
3. in a sentence of several lesions the measurement's own clause is taken, and in a list its own item ("segments V and VI ... 9.9 and
   12.2 respectively", "the former ... the latter");
4. the first term of the best rank is the site; a tissue word (node, bone, skin, muscle) beside it names the organ;
5. a side word counts when it belongs to the site, not to a reference.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from petarseg.reports import structure_cues as cues
from petarseg.reports.structure_vocabulary import Mention, find_mentions

NOT_STATED = "N/A"

_JOINT = "\n"  # between context and sentence
_CUE_REACH_WORDS = 5
_SIDE_REACH_WORDS = 5
_PLACED = ("site", "station", "place")
_SITE, _DIAGNOSIS, _GENERAL, _REFERENCE = range(4)


@dataclass(frozen=True, slots=True)
class Structure:
    """Where one finding lies.

    Parameters
    ----------
    region : str
        One of Head, Neck, Chest, Abdomen, Pelvis, Upper extremity, Lower extremity, N/A.
    organ : str
        Organ in the field's words ("lymph node", "bone", "lung", ...), "N/A" when the sentence does not tell it.
    anatomic_subsite : str
        The words of the sentence that say where in the organ, in lower case, "N/A" when there are none.
    laterality : str
        One of left, right, bilateral, midline, none.
    """

    region: str
    organ: str
    anatomic_subsite: str
    laterality: str


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A mention and what part it plays."""

    mention: Mention
    rank: int


def structure_finding(sentence: str, *, measurement_span: tuple[int, int] | None = None, context: str = "") -> Structure:
    """Tell region, organ, subsite and side of the lesion that a sentence describes.

    Parameters
    ----------
    sentence : str
        The finding, verbatim (one sentence, or two adjacent ones).
    measurement_span : (int, int), optional
        Where in `sentence` the lesion's SUV number stands; needed when the sentence describes several lesions.
    context : str, optional
        What stands before the sentence (its heading, the preceding sentence); read only for what the sentence leaves open.

    Returns
    -------
    Structure
        Closed-list region and laterality, see SPEC decision 24.

    Examples
    --------
    >>> structure_finding("Right 4R node (SUVmax 5.2) and T7 lesion (SUVmax 9.1).", measurement_span=(55, 58))
    Structure(region='Chest', organ='bone', anatomic_subsite='t7', laterality='midline')
    """
    text = _fold(context + _JOINT + sentence) if context else _fold(sentence)
    origin = len(text) - len(sentence)
    ranked = _rank(text)
    span = None if measurement_span is None else (measurement_span[0] + origin, measurement_span[1] + origin)
    scope = _scope(text, ranked, span, origin)
    own = [item for item in ranked if scope.start <= item.mention.start < scope.end]
    borrowed = [item for item in ranked if item.mention.start < origin]
    return _decide(text, scope, own, borrowed, origin)


def _fold(text: str) -> str:
    """Lower the case and blank line breaks and spreadsheet escapes, keeping every offset."""
    folded = re.sub(r"_x000D_", " " * 7, text)
    folded = "".join(low if len(low := char.lower()) == 1 else char for char in folded)
    return re.sub(r"[\r\n\t]", " ", folded)


def _rank(text: str) -> list[_Ranked]:
    """Say which part each mention plays."""
    ranked: list[_Ranked] = []
    mentions = find_mentions(text)
    for number, mention in enumerate(mentions):
        before, after = text[: mention.start], text[mention.end : mention.end + 40]
        rank = _SITE
        if mention.term.kind == "general":
            rank = _GENERAL
        elif _is_reference(before, mentions[:number]) or cues.REFERENCE_AFTER.match(after):
            rank = _REFERENCE
        elif _is_later(before) or (cues.DIAGNOSIS_AFTER.match(after) and cues.OF_DIAGNOSIS_BEFORE.search(before)):
            rank = _DIAGNOSIS
        ranked.append(_Ranked(mention, rank))
    return ranked


def _is_reference(before: str, earlier: Sequence[Mention]) -> bool:
    """Tell whether a reference cue ends shortly before the mention."""
    clause_start = max(before.rfind(mark) for mark in ",;:()|.") + 1
    for cue in cues.REFERENCE.finditer(before, clause_start):
        if len(before[cue.end() :].split()) > _CUE_REACH_WORDS:
            continue
        # "Tracer extends into the left parametrium": without an earlier site the lesion is where it extends to.
        if cue.group(0).startswith("extend") and not any(m.term.kind in _PLACED for m in earlier):
            continue
        return True
    return False


def _is_later(before: str) -> bool:
    """Tell whether a diagnosis, history or negation has begun in this part of the sentence."""
    clause_start = max(before.rfind(mark) for mark in ",;:()|") + 1
    return cues.LATER.search(before, max(clause_start, before.rfind(". ") + 1)) is not None


@dataclass(frozen=True, slots=True)
class _Scope:
    """The part of the text that speaks of the measured lesion; the lesion's place in a list, if it is one of several."""

    start: int
    end: int
    index: int = 0
    count: int = 1


def _scope(text: str, ranked: Sequence[_Ranked], span: tuple[int, int] | None, origin: int) -> _Scope:
    """Find the clause of the measurement at `span`."""
    clusters = [_numbers(match) for match in cues.SUV_LIST.finditer(text, origin)]
    if span is not None and not any(start <= span[0] < end for cluster in clusters for start, end in cluster):
        clusters = sorted([*clusters, [span]])
    if not clusters:
        return _Scope(origin, len(text))
    position = 0
    if span is not None:
        position = next(n for n, cluster in enumerate(clusters) if any(start <= span[0] < end for start, end in cluster))
    cluster = clusters[position]
    index = next((n for n, (start, end) in enumerate(cluster) if span is not None and start <= span[0] < end), 0)
    cuts = [origin, *(_tail_end(text, cluster[-1][1], following[0][0]) for cluster, following in itertools.pairwise(clusters)), len(text)]
    where, end = _own_part(text, ranked, cuts, position, cluster)
    return _listed(text, ranked, where, end, index, len(cluster))


def _numbers(match: re.Match[str]) -> list[tuple[int, int]]:
    """Spans of the SUV numbers that stand in one list."""
    return [number.span() for number in cues.NUMBER.finditer(match.string, match.start("list"), match.end("list"))]


def _tail_end(text: str, start: int, limit: int) -> int:
    """Return where the statement of a number ends: behind its slice and closing bracket, but before the next number."""
    tail = cues.TAIL.match(text, start, limit)
    return tail.end() if tail else start


def _placed(ranked: Sequence[_Ranked], start: int, end: int) -> list[_Ranked]:
    """Return the lesion sites in ``text[start:end]``."""
    return [r for r in ranked if r.rank == _SITE and r.mention.term.kind in _PLACED and start <= r.mention.start < end]


def _own_part(
    text: str, ranked: Sequence[_Ranked], cuts: Sequence[int], position: int, cluster: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """Return the part of the text that names the site of the measurement number `position`."""
    site_first = bool(_placed(ranked, cuts[0], cuts[1] if position else cluster[0][0])) or len(cuts) == 2
    if len(cuts) == 2:
        return cuts[0], cuts[-1]
    if not site_first or not _placed(ranked, cuts[0], cuts[1]):
        # "SUVmax 5.2 in the left hilar and 4.1 in the right hilar node": the site follows its number.
        following = cuts[position + 1] if position + 2 < len(cuts) else len(text)
        own_start, own_end = cluster[0][0], len(text)
        later = [cut for cut in cuts[position + 1 : -1] if cut > own_start]
        if later:
            next_number = cues.NUMBER.search(text, following)
            own_end = next_number.start() if next_number else len(text)
        if _placed(ranked, own_start, own_end):
            return own_start, own_end
    start, end = cuts[position], cuts[position + 1]
    pieces = [start, *(m.end() for m in cues.CLAUSE_BREAK.finditer(text, start, cluster[0][0])), end]
    for piece in reversed(pieces[:-1]):
        if _placed(ranked, piece, cluster[0][0]):
            return piece, end
    for back in range(position, -1, -1):
        if _placed(ranked, cuts[back], cuts[back + 1]):
            return cuts[back], end
    return cuts[0], end


def _listed(text: str, ranked: Sequence[_Ranked], start: int, end: int, index: int, count: int) -> _Scope:
    """Narrow a part down to what the number names in it: an item of a list, or what follows "including"."""
    ordinals = list(cues.FORMER_OR_LATTER.finditer(text, start, end))
    pair = re.search(r"\bthe former\b", text)
    if ordinals and pair:
        names = cues.CLAUSE_BREAK.split(text[: pair.start()])[-1]
        return _Scope(pair.start() - len(names), pair.start(), 0 if ordinals[-1].group(1) == "former" else 1, 2)
    if count == 1:
        for narrowing in reversed(list(cues.NARROWING.finditer(text, start, end))):
            if _placed(ranked, narrowing.end(), end):
                return _Scope(narrowing.end(), end)
    return _Scope(start, end, index, count)


def _decide(text: str, scope: _Scope, own: Sequence[_Ranked], borrowed: Sequence[_Ranked], origin: int) -> Structure:
    """Put region, organ, subsite and side together from the ranked mentions."""
    sites = [r.mention for r in own if r.rank == _SITE]
    start, end = scope.start, scope.end
    heading = cues.HEADING.match(text, origin)
    beyond_heading = [m for m in sites if heading is None or m.start >= heading.end()]
    if any(m.term.kind in _PLACED for m in beyond_heading):
        sites = beyond_heading
    placed = [m for m in sites if m.term.kind in _PLACED]
    forced_side = ""
    if scope.count > 1:
        distinct = placed
        if len(distinct) == scope.count:
            chosen = distinct[scope.index]
            earlier_end = distinct[scope.index - 1].end if scope.index else start
            sites = [m for m in sites if m is chosen or m.term.kind not in _PLACED]
            side = _side(text, chosen, sites, earlier_end, chosen.end)
            if side == "none" and chosen.term.side == "" and chosen.term.organ != "mediastinum":
                side = _side(text, distinct[0], [distinct[0]], start, distinct[0].end)
            forced_side = side
        else:
            sides = [cues.SIDE_NAMES.get(_bare(m.group(0)), "") for m in cues.SIDE.finditer(text, start, end)]
            sides = [side for side in sides if side in ("left", "right")]
            forced_side = sides[scope.index] if len(sides) == scope.count else ""
    pools: list[list[Mention]] = [
        sites,
        [r.mention for r in own if r.rank == _DIAGNOSIS],
        [r.mention for r in borrowed if r.rank == _SITE][::-1],
        [r.mention for r in own if r.rank == _REFERENCE],
    ]
    has_tissue = any(m.term.kind == "tissue" for m in sites)
    has_general = any(r.rank == _GENERAL for r in own)
    if has_tissue and has_general and not placed:
        pools = pools[:1]  # "a node in the neck" needs no help from diagnosis, neighbours or references
    primary = next((m for pool in pools for m in _by_precedence(pool) if m.term.kind in _PLACED), None)
    if primary is not None and primary.start < origin:
        sites = [*sites, *(m for m in pools[2] if m.term.kind != "general")]
        start = 0
    elif primary is not None and primary not in sites:
        sites = [primary, *sites]
    organ = _organ(text, primary, sites, heading, own, listed=scope.count > 1)
    region = _region(primary, sites, own, borrowed)
    side = forced_side or _side(text, primary, sites, start, end)
    return Structure(region, organ, _subsite(primary, sites), side)


def _by_precedence(pool: Sequence[Mention]) -> list[Mention]:
    """Sites and stations in their order, then places: in "left thigh, adductor magnus" the muscle is the site."""
    return sorted(pool, key=lambda m: m.term.kind == "place")


def _organ(
    text: str, primary: Mention | None, sites: Sequence[Mention], heading: re.Match[str] | None, own: Sequence[_Ranked], *, listed: bool
) -> str:
    """Name the organ: the tissue word if there is one, else that of the site."""
    for tissue in (m for m in sites if m.term.kind == "tissue"):
        between = text[primary.end : tissue.start] if primary is not None and primary.end <= tissue.start else ""
        if listed:  # "hilar and subcarinal nodes": the "and" joins sites, and the noun is shared
            between = re.sub(r"\band\b", " ", between)
        # "breast mass with skin thickening": what comes with the lesion does not name it.
        if not re.search(r"\b(?:with|and)\b|[;:]", between) or (primary is not None and primary.term.organ == tissue.term.organ):
            return tissue.term.organ
    loose = primary is None or primary.term.kind in ("station", "place") or primary.term.organ == "bone"
    if heading is not None and loose:
        named = [r.mention.term for r in own if r.mention.start < heading.end() and r.mention.term.kind == "tissue"]
        if named:
            return named[0].organ
    if primary is None or primary.term.kind == "place":
        weak = [m.term.organ for m in sites if m.term.kind == "weak"]
        # Bone words are more telling than "soft tissue".
        if weak:
            return "bone" if "bone" in weak else weak[0]
    return primary.term.organ if primary is not None else NOT_STATED


def _region(primary: Mention | None, sites: Sequence[Mention], own: Sequence[_Ranked], borrowed: Sequence[_Ranked]) -> str:
    """Name the region: that of the site, else the nearest thing that tells one."""
    candidates = [primary] if primary is not None else []
    candidates += [m for m in sites if m.term.kind in _PLACED]
    candidates += [r.mention for r in own if r.rank == _GENERAL]
    candidates += [r.mention for r in borrowed if r.rank == _SITE][::-1]
    candidates += [r.mention for r in own if r.rank in (_DIAGNOSIS, _REFERENCE)]
    candidates += [r.mention for r in borrowed if r.rank == _GENERAL][::-1]
    return next((m.term.region for m in candidates if m.term.region != NOT_STATED), NOT_STATED)


def _bare(word: str) -> str:
    return re.sub(r"[\s-]?sided$", "", word)


def _side(text: str, primary: Mention | None, sites: Sequence[Mention], start: int, end: int) -> str:
    """Name the side: implied by the site, else the side word that belongs to it."""
    if primary is not None and primary.term.side in ("left", "right"):
        return primary.term.side
    mentions = find_mentions(text)
    votes: dict[int, list[str]] = {}
    loose: list[str] = []
    for match in cues.SIDE.finditer(text, start, end):
        word = _bare(match.group(0))
        if word in ("l", "r") and not re.match(r"\s+[a-z]", text[match.end() :]) and not re.search(r"[,(]\s*$", text[: match.start()]):
            continue
        side = cues.SIDE_NAMES.get(word, "bilateral")
        if side == "midline" and re.search(r"\b(?:of|from|to|the)\s+(?:the\s+)?$", text[: match.start()]):
            continue
        owner = _owner(text, match.start(), match.end(), mentions)
        if owner is None:
            loose.append(side)
        elif owner.term.side != "unpaired" or not owner.start <= match.start() < owner.end:
            votes.setdefault(owner.start, []).append(side)
    if primary is not None and (side := _one_side(votes.get(primary.start, []))) in ("left", "right", "midline"):
        return side
    family = sorted((m for m in sites if m is not primary), key=lambda m: abs(m.start - (primary.start if primary else 0)))
    family += [m for m in mentions if m.term.kind == "general" and start <= m.start < end]
    for mention in family:
        if mention.term.side in ("left", "right") and mention.term.kind != "tissue":
            return mention.term.side
        if (side := _one_side(votes.get(mention.start, []))) in ("left", "right"):
            return side
    if (side := _one_side(loose)) in ("left", "right"):
        return side
    everything = [side for m in ([primary] if primary else []) + list(family) for side in votes.get(m.start, [])] + loose
    if "bilateral" in everything or {"left", "right"} <= set(everything):
        return "bilateral"
    return "midline" if "midline" in everything or any(m.term.side == "midline" for m in [primary, *sites] if m is not None) else "none"


def _one_side(sides: Sequence[str]) -> str:
    """Join the side words of one mention: left and right make bilateral."""
    if {"left", "right"} <= set(sides):
        return "bilateral"
    return sides[-1] if sides else ""


def _owner(text: str, start: int, end: int, mentions: Sequence[Mention]) -> Mention | None:
    """Return the mention a side word belongs to: the one around it, the next within reach, or for "on the left" the one before."""
    inside = next((m for m in mentions if m.start <= start < m.end), None)
    if inside is not None:
        return inside
    following = next((m for m in mentions if m.start >= end), None)
    preceding = next((m for m in reversed(mentions) if m.end <= start), None)
    trailing = re.search(r"(?:\b(?:on|to|at|in)\s+(?:the|its|his|her)\s+|[,(]\s*)$", text[:start]) is not None
    closed = re.match(r"\s*(?:$|[,;.:()]|of midline|side\b|aspect\b|lateral(?:ly)?\s*[,;.(])", text[end:]) is not None
    if trailing and closed and preceding is not None:
        return preceding
    if following is not None:
        gap = text[end : following.start]
        if not re.search(r"[.;:()\[\]]", gap) and len(gap.split()) <= _SIDE_REACH_WORDS and "," not in gap:
            return following
    if preceding is not None and not re.search(r"[.;:]", text[preceding.end : start]):
        return preceding
    return None


def _subsite(primary: Mention | None, sites: Sequence[Mention]) -> str:
    """Join the words that say where: the site's, and what further places stand beside it."""
    if primary is None:
        return NOT_STATED
    words = [primary.text, *(m.text for m in sites if m is not primary and m.term.kind in _PLACED and m.term.region == primary.term.region)]
    return ", ".join(dict.fromkeys(re.sub(r"\s+", " ", word).strip() for word in words))
