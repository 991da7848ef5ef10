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

import re
from collections.abc import Sequence
from dataclasses import dataclass

from petarseg.reports import structure_cues as cues
from petarseg.reports.structure_scope import PLACED, Rank, Ranked, Scope, find_scope, rank_mentions
from petarseg.reports.structure_side import bare_side, find_side
from petarseg.reports.structure_vocabulary import LYMPH_NODE, Mention

NOT_STATED = "N/A"
# Parts that several organs have: an organ named in the heading owns them.
_PARTS = frozenset({"apex", "apical", "right lobe", "left lobe"})
# Spaces that hold nodes: a station named beside one is the site, and a conglomerate in one is of nodes.
_COMPARTMENTS = frozenset({"retroperitoneum", "mediastinum"})
_NODE_BEARING = _COMPARTMENTS | {"mesentery"}
_BESIDE_SPINE = "paravertebral soft tissue"


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
    lines = [_fold(line) for line in context.splitlines() if line.strip()]
    text = cues.LINE_BREAK.join([*lines, _fold(sentence)])
    origin = len(text) - len(sentence)
    ranked = rank_mentions(text)
    span = None if measurement_span is None else (measurement_span[0] + origin, measurement_span[1] + origin)
    return _decide(text, find_scope(text, ranked, span, origin), ranked, origin)


def _fold(text: str) -> str:
    """Lower the case and blank line breaks and spreadsheet escapes, keeping every offset."""
    folded = re.sub(r"_x000D_", " " * 7, text)
    folded = "".join(low if len(low := char.lower()) == 1 else char for char in folded)
    folded = re.sub(r"\b(rt|lt)\.", r"\1 ", folded)
    return re.sub(r"[\r\n\t]", " ", folded)


def _own_item(text: str, scope: Scope, sites: Sequence[Mention]) -> tuple[list[Mention], str]:
    """In a list of sites take the item of the measurement; return its mentions and its side ("" when the list tells neither)."""
    placed = _list_items(text, [m for m in sites if m.term.kind in PLACED])
    if len(placed) != scope.count:
        # "Left and right common iliac nodes ... 7.2 and 5.0": the list is one of sides.
        sides = [
            name for match in cues.SIDE.finditer(text, scope.start, scope.end) if (name := bare_side(match.group(0))) in ("left", "right")
        ]
        return list(sites), sides[scope.index] if len(sides) == scope.count else ""
    item = placed[scope.index]
    own = [m for m in sites if m is item or m.term.kind not in PLACED]
    side = find_side(text, item, own, placed[scope.index - 1].end if scope.index else scope.start, item.end)
    if side == "none" and item.term.side == "" and item.term.organ != "mediastinum":
        # "Left external and common iliac nodes": the side is said once.
        side = find_side(text, placed[0], placed[:1], scope.start, placed[0].end)
    return own, side


def _list_items(text: str, placed: Sequence[Mention]) -> list[Mention]:
    """Return the first mention of each item of a list: "level IV cervical" and "subcarinal (station 7)" are one item each."""
    return [m for n, m in enumerate(placed) if n == 0 or re.fullmatch(r"[\s(]*", text[placed[n - 1].end : m.start]) is None]


def _decide(text: str, scope: Scope, ranked: Sequence[Ranked], origin: int) -> Structure:
    """Put region, organ, subsite and side together from the ranked mentions."""

    def of(rank: Rank, *, own: bool = True) -> list[Mention]:
        start, end = (scope.start, scope.end) if own else (0, origin)
        return [r.mention for r in ranked if r.rank is rank and start <= r.mention.start < end]

    sites, side = of(Rank.SITE), scope.side
    heading = cues.HEADING.match(text, origin)
    beyond_heading = [m for m in sites if heading is None or m.start >= heading.end()]
    placed = [m for m in beyond_heading if m.term.kind in PLACED]
    titled = {m.term.organ for m in sites if m not in beyond_heading and m.term.kind == "site"}
    if placed and titled and all(m.text in _PARTS and m.term.organ not in titled for m in placed):
        # "Prostate: focus in the left apex": a mere part of an organ belongs to the organ of the heading.
        sites = [m for m in sites if m not in placed]
        said = (bare_side(match.group(0)) for match in cues.SIDE.finditer(text, placed[0].start - 12, placed[-1].end))
        side = side or next((name for name in said if name in ("left", "right")), "")
    elif placed:
        sites = beyond_heading
    if scope.count > 1:
        sites, side = _own_item(text, scope, sites)
    # Of the context the last line is the nearest; a heading outweighs a mere reference, another lesion's sentence does not.
    titles = [title.span("name") for title in cues.CONTEXT_HEADING.finditer(text, 0, origin)]
    earlier = of(Rank.SITE, own=False)[::-1]
    titled_earlier = [m for m in earlier if any(start <= m.start < end for start, end in titles)]
    told_earlier = [m for m in earlier if m not in titled_earlier]
    pools = [sites, of(Rank.DIAGNOSIS), titled_earlier, of(Rank.REFERENCE), told_earlier]
    if cues.ANAPHORA.match(text, origin):
        pools = [sites, of(Rank.DIAGNOSIS), told_earlier, titled_earlier, of(Rank.REFERENCE)]
    if of(Rank.GENERAL) and any(m.term.kind == "tissue" for m in sites):
        pools = pools[:1]  # "a node in the neck" needs no help from history, context or references
    primary = next((m for pool in pools for m in _by_precedence(text, pool) if m.term.kind in PLACED), None)
    start = scope.start
    if primary is not None and primary.start < origin:
        start = text.rfind(cues.LINE_BREAK, 0, primary.start) + 1
        end = text.find(cues.LINE_BREAK, primary.end)
        # The first of its own line: "Pancreas:", then "tail mass".
        sites = [*sites, *(m for m in earlier if start <= m.start < end)]
    elif primary is not None and primary not in sites:
        sites = [primary, *sites]
    heading_terms = [] if heading is None else [m for m in of(Rank.SITE) if m.start < heading.end()]
    organ = _organ(text, primary, sites, heading_terms, listed=scope.count > 1)
    # The nearest term that tells a region.
    tellers = [*([primary] if primary else []), *(m for m in sites if m.term.kind in PLACED), *of(Rank.GENERAL)]
    if primary is not None and primary.term.organ == "peritoneum":
        # "Pelvic peritoneal implant", "peritoneal nodule in the pouch of Douglas": it lines more than one region.
        tellers = [*(m for m in tellers if m.term.region == "Pelvis"), *of(Rank.GENERAL), *tellers]
    tellers += [*earlier, *of(Rank.DIAGNOSIS), *of(Rank.REFERENCE), *of(Rank.GENERAL, own=False)[::-1]]
    region = next((m.term.region for m in tellers if m.term.region != NOT_STATED), NOT_STATED)
    side = side or find_side(text, primary, sites, start, scope.end)
    if side == "none" and primary is not None and primary.term.side == "":
        if (relative := cues.RELATIVE_SIDE.search(text, start, scope.end)) is not None:
            side = _relative_side(text, relative, ranked, origin)
        else:
            side = _heading_side(text, heading, titles[-1:])
            if side == "none" and primary.term.kind == "station":
                side = _shared_side(text, primary, of(Rank.SITE), ranked, origin)
    return Structure(region, organ, _subsite(primary, sites), side)


def _heading_side(text: str, heading: re.Match[str] | None, titles: Sequence[tuple[int, int]]) -> str:
    """Return the side that the heading says of what stands under it: "Left parotid: intraparotid node of 9 mm"."""
    for start, end in [*([] if heading is None else [heading.span("name")]), *titles]:
        sides = {bare_side(match.group(0)) for match in cues.SIDE.finditer(text, start, end)}
        if len(sides) == 1 and sides <= {"left", "right"}:
            return sides.pop()
    return "none"


def _shared_side(text: str, primary: Mention, own: Sequence[Mention], ranked: Sequence[Ranked], origin: int) -> str:
    """Return the side said once for stations of one region: "left axillary level I node, SUVmax 9.0, and level II node, SUVmax 4.7"."""
    first = min((m.start for m in own), default=primary.start)
    before = [r.mention for r in ranked if r.rank is Rank.SITE and r.mention.term.kind == "station" and origin <= r.mention.start < first]
    if (
        not before
        or before[-1].term.region != primary.term.region
        or not re.search(r"\band\b[^.;]*$", text[before[-1].end : primary.start])
    ):
        return "none"
    side = find_side(text, before[-1], [m for m in before if m.term.region == primary.term.region], origin, before[-1].end)
    return side if side in ("left", "right") else "none"


def _relative_side(text: str, relative: re.Match[str], ranked: Sequence[Ranked], origin: int) -> str:
    """Resolve "ipsilateral", "on the same side" and "contralateral" by the sentence's first lesion with a side, or the last before it."""
    sited = [r.mention for r in ranked if r.rank is Rank.SITE]
    earlier = [m for m in sited if origin <= m.start < relative.start()]
    earlier += reversed([m for m in sited if m.start < origin])
    sides = (find_side(text, mention, [mention], origin if mention.start >= origin else 0, mention.end) for mention in earlier)
    first = next((side for side in sides if side in ("left", "right")), "none")
    if first == "none" or not relative.group(0).startswith(("contra", "opposite")):
        return first
    return "right" if first == "left" else "left"


def _by_precedence(text: str, pool: Sequence[Mention]) -> list[Mention]:
    """Order the candidates for the site: places last ("left thigh, adductor magnus": the muscle), surroundings before their level.

    Of two that stand side by side the second is the noun: "diaphragmatic pleural plaque" is a pleural one.
    "T12-L1 paravertebral mass" is a paravertebral mass; "T12 lesion with epidural extension" is a vertebra.
    """

    def late(mention: Mention) -> bool:
        if mention.term.kind == "place":
            return True
        others = [m for m in pool if m is not mention]
        if mention.term.organ in _COMPARTMENTS and any(m.term.kind == "station" and m.term.organ == LYMPH_NODE for m in others):
            return True  # "in the retroperitoneum an aortocaval node"
        if mention.term.organ == _BESIDE_SPINE and any(
            m.term.kind == "site" and m.term.organ not in ("bone", _BESIDE_SPINE) for m in others
        ):
            return True  # "paraspinal consolidation, left lower lobe"
        head = next((m for m in pool if m.term.kind == "site" and 0 < m.start - mention.end <= 1), None)
        if head is not None and mention.term.kind == "site" and head.term.organ != "bone":
            return True
        surroundings = [m for m in pool if m.term.kind == "site" and m.term.region == NOT_STATED and m.start > mention.start]
        return mention.term.organ == "bone" and any(not re.search(r"\bwith\b|[,;]", text[mention.end : m.start]) for m in surroundings)

    return sorted(pool, key=late)


def _organ(text: str, primary: Mention | None, sites: Sequence[Mention], heading: Sequence[Mention], *, listed: bool) -> str:
    """Name the organ: the tissue word if there is one, else that of the site."""
    for tissue in (m for m in sites if m.term.kind == "tissue"):
        between = text[primary.end : tissue.start] if primary is not None and primary.end <= tissue.start else ""
        if listed:  # "hilar and subcarinal nodes": the "and" joins sites, and the noun is shared
            between = re.sub(r"\band\b", " ", between)
        # "breast mass with skin thickening": what comes with the lesion does not name it.
        if not re.search(r"\b(?:with|and)\b|[;:]", between) or (primary is not None and primary.term.organ == tissue.term.organ):
            return tissue.term.organ
    loose = primary is None or primary.term.kind in ("station", "place") or primary.term.organ == "bone"
    named = [m.term.organ for m in heading if m.term.kind == "tissue"]
    if named and loose:
        return named[0]
    if primary is None or primary.term.kind == "place":
        weak = [m.term.organ for m in sites if m.term.kind == "weak"]
        # Bone words are more telling than "soft tissue".
        if weak:
            return "bone" if "bone" in weak else weak[0]
    if primary is None:
        return NOT_STATED
    if primary.term.organ in _NODE_BEARING and cues.CONGLOMERATE.match(text, primary.start):
        return LYMPH_NODE
    if primary.term.kind == "station" and primary.term.organ == LYMPH_NODE and any(m.term.organ == "soft tissue" for m in sites):
        return "soft tissue"  # "presacral soft tissue thickening"
    return primary.term.organ


def _subsite(primary: Mention | None, sites: Sequence[Mention]) -> str:
    """Join the words that say where: the site's, and what further places stand beside it."""
    if primary is None:
        return NOT_STATED
    words = [primary.text, *(m.text for m in sites if m is not primary and m.term.kind in PLACED and m.term.region == primary.term.region)]
    return ", ".join(dict.fromkeys(re.sub(r"\s+", " ", word).strip() for word in words))
