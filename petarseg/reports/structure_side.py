"""Which side a lesion is on: implied by its site, or by the side word that belongs to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from petarseg.reports import structure_cues as cues
from petarseg.reports.structure_vocabulary import Mention, find_mentions

_SIDE_REACH_WORDS = 5


def bare_side(word: str) -> str:
    """Return the side that a side word names: "lt" and "left-sided" are left."""
    return cues.SIDE_NAMES.get(re.sub(r"[\s-]?sided$", "", word), "bilateral")


def find_side(text: str, primary: Mention | None, sites: Sequence[Mention], start: int, end: int) -> str:
    """Name the side of a lesion.

    Parameters
    ----------
    text : str
        In lower case.
    primary : Mention or None
        The lesion's site.
    sites : sequence of Mention
        All terms that speak of the lesion, the site among them or not.
    start, end : int
        Where side words count.

    Returns
    -------
    str
        left, right, bilateral, midline or none.
    """
    if primary is not None and primary.term.side in ("left", "right"):
        return primary.term.side
    votes, said_of_none = _side_words(text, start, end)
    loose = [side for at, side in said_of_none if primary is None or not _other_statement(text, at, primary)]
    if primary is not None and (side := _one_side(votes.get(primary.start, []))) in ("left", "right", "midline"):
        return side
    anchor = primary.start if primary is not None else start
    family = sorted((m for m in sites if m is not primary), key=lambda m: abs(m.start - anchor))
    family += [m for m in find_mentions(text) if m.term.kind == "general" and start <= m.start < end]
    for mention in family:
        if mention.term.side in ("left", "right"):
            return mention.term.side
        if (side := _one_side(votes.get(mention.start, []))) in ("left", "right"):
            return side
    if (side := _one_side(loose)) in ("left", "right"):
        return side
    said = [side for m in [*([primary] if primary else []), *family] for side in votes.get(m.start, [])] + loose
    if _one_side(said) == "bilateral" or "bilateral" in said:
        return "bilateral"
    return "midline" if "midline" in said or _is_midline(primary, sites) else "none"


def _other_statement(text: str, at: int, primary: Mention) -> bool:
    """Tell whether another statement stands at an offset: a semicolon or a full stop lies between it and the site."""
    between = text[at : primary.start] if at < primary.start else text[primary.end : at]
    return re.search(r";|\.\s", between) is not None


def _side_words(text: str, start: int, end: int) -> tuple[dict[int, list[str]], list[tuple[int, str]]]:
    """Return the sides said of each term (by its offset), and those said of none with their own offset."""
    mentions = find_mentions(text)
    votes: dict[int, list[str]] = {}
    loose: list[tuple[int, str]] = []
    for match in cues.SIDE.finditer(text, start, end):
        before, after = text[: match.start()], text[match.end() :]
        if (
            match.group(0) in ("l", "r")
            and not re.match(r"\s+(?:[a-z]|\d+(?:st|nd|rd|th)\b)", after)
            and not re.search(r"[,(]\s*$", before)
        ):
            continue
        side = bare_side(match.group(0))
        if side == "midline" and re.search(r"\b(?:of|from|to|the)\s+(?:the\s+)?$", before):
            continue  # "to the right of midline"
        owner = _owner(text, match.start(), match.end(), mentions)
        if owner is None:
            loose.append((match.start(), side))
        elif owner.end <= match.start() and cues.TRAILING.search(before):
            # "Node between the pectoral muscles on the left": said of a mere reference it still tells the lesion's side.
            loose.append((match.start(), side))
            votes.setdefault(owner.start, []).append(side)
        elif owner.term.side != "unpaired" or not owner.start <= match.start() < owner.end:
            votes.setdefault(owner.start, []).append(side)
    return votes, loose


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
    trailing = cues.TRAILING.search(text[:start]) is not None or re.search(r"[,(]\s*$", text[:start]) is not None
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


def _is_midline(primary: Mention | None, sites: Sequence[Mention]) -> bool:
    """Tell whether the site is a midline structure; a paravertebral mass is none, though its level is a vertebra."""
    if primary is None:
        return any(m.term.side == "midline" for m in sites)
    return primary.term.side == "midline" or any(m.term.side == "midline" and m.term.organ == primary.term.organ for m in sites)
