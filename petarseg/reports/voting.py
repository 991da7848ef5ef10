"""Candidates, ballots and the count: who may vote on what, and which (SUVmax, slice) pairs win (SPEC decision 1)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from petarseg.reasons import Reason
from petarseg.reports.grammar import Measurement

Kind = Literal["grammar", "llm", "reviewer"]
Pair = tuple[float, int]  # (SUVmax, axial slice)
Span = tuple[int, int]

GRAMMAR: Final = "grammar"
REVIEWER: Final = "reviewer"

# Rejections by the rules of decision 23 that hold whatever a model answers. The others (prior values, unpaired numbers, wording the
# grammar does not know) are what the models are asked to arbitrate.
SETTLED: Final = frozenset(
    {
        Reason.NOT_IN_FINDINGS,
        Reason.NO_FINDINGS_SECTION,
        Reason.NOT_AXIAL_SLICE,
        Reason.SUV_NOT_MAX,
        Reason.SUV_RANGE,
        Reason.SLICE_RANGE,
        Reason.DUAL_TIME_POINT,
        Reason.ARTEFACT,
        Reason.PHYSIOLOGIC,
        Reason.DUPLICATE_FINDING,
    }
)


@dataclass(frozen=True, slots=True)
class Profile:
    """How many voters must agree, and which.

    Parameters
    ----------
    name : str
    min_agree : int
        Voters that must give a number exactly.
    grammar_votes : bool
        Whether the grammar reader has a vote (it always finds the candidates).
    needs_llm : bool
        Whether at least one of the agreeing voters must be a language model.
    n_llms : int
        Language models that the profile asks for.
    """

    name: str
    min_agree: int
    grammar_votes: bool
    needs_llm: bool
    n_llms: int


PROFILES: Final[Mapping[str, Profile]] = {
    "embedded": Profile("embedded", min_agree=1, grammar_votes=True, needs_llm=False, n_llms=0),
    "paper": Profile("paper", min_agree=2, grammar_votes=False, needs_llm=True, n_llms=2),
    "production": Profile("production", min_agree=2, grammar_votes=True, needs_llm=True, n_llms=3),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence with numbers, and what the grammar read in it.

    Parameters
    ----------
    sentence : str
        ``text[start:end]`` of the report.
    start, end : int
        Offsets in the report.
    context : str
        The sentence before, or "".
    measurements : tuple of Measurement
        The grammar's, accepted and rejected.
    """

    sentence: str
    start: int
    end: int
    context: str
    measurements: tuple[Measurement, ...]

    @property
    def is_open(self) -> bool:
        """Whether voters can change anything.

        Not when the rules of decision 23 rejected everything in it, nor when it has no two numbers to make a pair of.
        """
        return len(_NUMBER.findall(self.sentence)) > 1 and any(m.reason not in SETTLED for m in self.measurements)


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one voter read in one candidate.

    Parameters
    ----------
    voter : str
        Name of the voter.
    kind : {"grammar", "llm", "reviewer"}
    pairs : tuple of (float, int)
        (SUVmax, axial slice) of every current lesion, in the order of the sentence; empty: there is none.
    hallucinated : tuple of (float | None, int | None)
        Pairs with a number that is not in the sentence; they count for nothing.
    abstained : bool
        The voter gave no usable answer.
    """

    voter: str
    kind: Kind
    pairs: tuple[Pair, ...] = ()
    hallucinated: tuple[tuple[float | None, int | None], ...] = ()
    abstained: bool = False


class Voter(Protocol):
    """A reader of candidate sentences other than the grammar."""

    @property
    def name(self) -> str:
        """Name of the voter, the same in every run."""
        ...

    @property
    def kind(self) -> Kind:
        """What kind of reader it is."""
        ...

    def vote(self, candidates: Sequence[Candidate]) -> Coroutine[Any, Any, list[Ballot]]:
        """Cast one ballot per candidate, in their order."""
        ...


def find_candidates(text: str, measurements: Sequence[Measurement]) -> list[Candidate]:
    """Group the grammar's measurements by sentence.

    Parameters
    ----------
    text : str
        The report.
    measurements : sequence of Measurement
        Of `text`, as ``read_measurements`` gives them.
    """
    grouped: dict[Span, list[Measurement]] = {}
    for measurement in measurements:
        grouped.setdefault((measurement.start, measurement.end), []).append(measurement)
    return [
        Candidate(text[start:end], start, end, _sentence_before(text, start), tuple(group))
        for (start, end), group in sorted(grouped.items())
    ]


def _sentence_before(text: str, start: int) -> str:
    """Return the last sentence or heading before `start`, at most 300 characters of it."""
    before = text[max(0, start - 300) : start].rstrip()
    return re.split(r"(?<=[.!?])\s+|\n", before)[-1].strip() if before else ""


def grammar_ballot(candidate: Candidate) -> Ballot:
    """Return the grammar's own vote: its accepted measurements."""
    accepted = [m for m in candidate.measurements if m.status == "accepted" and m.suv_max is not None and m.axial_slice is not None]
    return Ballot(GRAMMAR, "grammar", tuple((float(m.suv_max or 0), int(m.axial_slice or 0)) for m in accepted))


_SUV_WORD = re.compile(r"\bsuv|standardi[sz]ed uptake", re.IGNORECASE)
_SLICE_WORD = re.compile(r"\b(?:slices?|images?|ima?ge?|im|ax(?:ial)?|series|tuple|#)", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\d.,])\d+(?:[.,]\d+)?(?![.,]?\d)")


def number_spans(sentence: str, value: float) -> list[Span]:
    """Return where a number stands verbatim in a sentence ("12,5" and "12.50" are 12.5), in order of position."""
    return [m.span() for m in _NUMBER.finditer(sentence) if float(m.group().replace(",", ".")) == value]


def locate(sentence: str, pair: Pair, *, barred: Sequence[Span] = ()) -> tuple[Span, Span] | None:
    """Find the characters of a (SUVmax, slice) pair.

    Parameters
    ----------
    sentence : str
    pair : (float, int)
    barred : sequence of (int, int)
        Spans in the sentence that may not serve (an SUVmean, a coronal slice).

    Returns
    -------
    ((int, int), (int, int)) or None
        Span of the SUV number and of the slice number, each the one with its keyword nearest before it; None when either is missing.
    """
    suv, axial_slice = pair
    suv_spans = [span for span in number_spans(sentence, suv) if span not in barred]
    slice_spans = [span for span in number_spans(sentence, float(axial_slice)) if span not in barred and sentence[slice(*span)].isdecimal()]
    best: tuple[float, Span, Span] | None = None
    for suv_span in suv_spans:
        for slice_span in slice_spans:
            if suv_span == slice_span:
                continue
            # Keywords first, then how near the two numbers stand to each other.
            cost = (
                _distance(sentence, suv_span, _SUV_WORD)
                + _distance(sentence, slice_span, _SLICE_WORD)
                + abs(suv_span[0] - slice_span[0]) / 10
            )
            if best is None or cost < best[0]:
                best = (cost, suv_span, slice_span)
    return None if best is None else best[1:]


# Decision 23: an SUVmean, SUVpeak or SUL is never an SUVmax, a coronal or sagittal number never an axial slice.
_NEVER = re.compile(
    r"(?:\bsuv\s*[-_(]?\s*(?:mean|peak|avg|average)|\b(?:mean|average|peak)\s+suv|\bsul(?:max|mean|peak)?|\b(?:coronal|sagittal))\b"
    r"[^0-9;,.]{0,40}(?P<number>\d+(?:[.,]\d+)?)",
    re.IGNORECASE,
)


def never_spans(sentence: str) -> list[Span]:
    """Return where numbers stand that by their own words are neither an SUVmax nor an axial slice."""
    return [match.span("number") for match in _NEVER.finditer(sentence)]


def _distance(sentence: str, span: Span, keyword: re.Pattern[str]) -> float:
    """Characters from the nearest keyword to a number; a keyword behind the number counts double."""
    distances = [float(span[0] - m.end()) if m.end() <= span[0] else 2.0 * (m.start() - span[1]) for m in keyword.finditer(sentence)]
    return min((d for d in distances if d >= 0), default=10_000.0)


def winning_pairs(ballots: Sequence[Ballot], profile: Profile) -> list[Pair]:
    """Hold the vote on one candidate.

    Parameters
    ----------
    ballots : sequence of Ballot
        One per voter. A reviewer's ballot decides alone.
    profile : Profile
        Its rules.

    Returns
    -------
    list of (float, int)
        The winning pairs, in the order in which they first appear on the ballots. A number wins once at most: of two pairs that share
        a number the one with more voters stands, and neither does when they are level.
    """
    for ballot in ballots:
        if ballot.kind == "reviewer":
            return list(ballot.pairs)
    voting = [b for b in ballots if not b.abstained and (b.kind != "grammar" or profile.grammar_votes)]

    def carried(supporters: list[Ballot]) -> bool:
        return len(supporters) >= profile.min_agree and (not profile.needs_llm or any(b.kind == "llm" for b in supporters))

    pairs = list(dict.fromkeys(pair for ballot in voting for pair in ballot.pairs))
    standing = [
        pair
        for pair in pairs
        if carried([b for b in voting if any(p[0] == pair[0] for p in b.pairs)])
        and carried([b for b in voting if any(p[1] == pair[1] for p in b.pairs)])
    ]
    support = Counter({pair: sum(pair in b.pairs for b in voting) for pair in standing})
    # Two lesions may share a number ("two foci on slice 80"): that is no contest when one ballot holds both pairs.
    together = [set(b.pairs) for b in voting]

    def beaten(pair: Pair) -> bool:
        for other in standing:
            shares = other != pair and (other[0] == pair[0] or other[1] == pair[1])
            if shares and support[other] >= support[pair] and not any({pair, other} <= ballot for ballot in together):
                return True
        return False

    return [pair for pair in standing if not beaten(pair)]
