"""Several readers, one decision: which SUVmax and axial slice a sentence gives (SPEC decision 1).

The grammar reader finds the candidate sentences and casts its own ballot; language models cast theirs on the same sentences. SUV and
slice are voted separately; a pair wins when both its numbers have enough voters, one of them gave exactly this pair, and both numbers
stand verbatim in the sentence. What no profile may overrule stays rejected: the impression, coronal slices, SUVmean, ranges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from petarseg.errors import ConfigError
from petarseg.files import content_key
from petarseg.llm import gather_or_cancel
from petarseg.reasons import Reason
from petarseg.reports.grammar import Measurement, read_measurements
from petarseg.reports.voting import (
    GRAMMAR,
    REVIEWER,
    SETTLED,
    Ballot,
    Candidate,
    Pair,
    Profile,
    Span,
    Voter,
    find_candidates,
    grammar_ballot,
    locate,
    never_spans,
    winning_pairs,
)


@dataclass(frozen=True, slots=True)
class Decided:
    """A measurement after the vote.

    Parameters
    ----------
    measurement : Measurement
        Accepted or rejected; offsets and spans in the report text.
    voters : dict
        What each voter said of this sentence: ``{name: [[suv_max, axial_slice], ...]}``; None where a voter abstained.
    """

    measurement: Measurement
    voters: dict[str, list[Pair] | None]


@dataclass(slots=True)
class Tally:
    """Agreement statistics of one voter, for the run report."""

    candidates: int = 0
    proposed: int = 0
    won: int = 0
    missed: int = 0
    hallucinated: int = 0
    abstained: int = 0


@dataclass(slots=True)
class Statistics:
    """Agreement statistics of an ensemble over a run."""

    voters: dict[str, Tally] = field(default_factory=dict)
    unanimous: int = 0
    contested: int = 0

    def count(self, ballots: Iterable[Ballot], winners: Sequence[Pair]) -> None:
        """Add one decided candidate."""
        won = set(winners)
        voting = [b for b in ballots if not b.abstained]
        if len({frozenset(b.pairs) for b in voting}) <= 1:
            self.unanimous += 1
        else:
            self.contested += 1
        for ballot in ballots:
            tally = self.voters.setdefault(ballot.voter, Tally())
            tally.candidates += 1
            tally.proposed += len(ballot.pairs)
            tally.won += len(won & set(ballot.pairs))
            tally.missed += len(won - set(ballot.pairs))
            tally.hallucinated += len(ballot.hallucinated)
            tally.abstained += ballot.abstained

    def to_json(self) -> dict[str, object]:
        """Return the counts as plain JSON values."""
        voters = {
            name: {
                "candidates": t.candidates,
                "proposed": t.proposed,
                "won": t.won,
                "missed": t.missed,
                "hallucinated": t.hallucinated,
                "abstained": t.abstained,
            }
            for name, t in sorted(self.voters.items())
        }
        return {"voters": voters, "unanimous": self.unanimous, "contested": self.contested}


def combine(candidate: Candidate, ballots: Sequence[Ballot], profile: Profile, statistics: Statistics | None = None) -> list[Decided]:
    """Decide one candidate sentence.

    Parameters
    ----------
    candidate : Candidate
    ballots : sequence of Ballot
        One per voter, the grammar's among them.
    profile : Profile
    statistics : Statistics, optional
        Counted into.

    Returns
    -------
    list of Decided
        At least one: the winners as accepted measurements; the grammar's measurements that did not win, as rejected ones. No sentence
        is lost and no number appears that is not in it.
    """
    said: dict[str, list[Pair] | None] = {b.voter: None if b.abstained else list(b.pairs) for b in ballots}
    barred = _barred(candidate)
    by_pair = {(m.suv_max, m.axial_slice): m for m in candidate.measurements if m.status == "accepted"}
    accepted: list[tuple[Pair, Measurement]] = []
    for pair in winning_pairs(ballots, profile):
        own = by_pair.get(pair)
        if own is not None:
            accepted.append((pair, own))
            continue
        spans = locate(candidate.sentence, pair, barred=barred)
        if spans is not None and candidate.is_open:
            accepted.append((pair, _from_pair(candidate, pair, spans)))
    winners = [pair for pair, _ in accepted]
    if statistics is not None:
        statistics.count(ballots, winners)
    decided = [Decided(_with_confidence(measurement, pair, ballots), said) for pair, measurement in accepted]
    taken = {measurement.suv_span for _, measurement in accepted}
    decided += [Decided(_not_winning(m), said) for m in candidate.measurements if m.suv_span is None or m.suv_span not in taken]
    proposed = any(pair not in winners for b in ballots if b.kind == "llm" for pair in b.pairs)
    if not accepted and candidate.is_open and not any(d.measurement.reason is Reason.NO_AGREEMENT for d in decided):
        invented = any(b.hallucinated for b in ballots)
        if proposed or invented:
            reason = Reason.NO_AGREEMENT if proposed else Reason.HALLUCINATED_NUMBER
            blank = _from_pair(candidate, None, None)
            decided.append(Decided(replace(blank, status="rejected", reason=reason), said))
    return decided


def _barred(candidate: Candidate) -> list[Span]:
    """Return the numbers of a sentence that no voter can make count."""
    settled = [span for m in candidate.measurements if m.reason in SETTLED for span in (m.suv_span, m.slice_span) if span is not None]
    return never_spans(candidate.sentence) + [(a - candidate.start, b - candidate.start) for a, b in settled]


def _from_pair(candidate: Candidate, pair: Pair | None, spans: tuple[Span, Span] | None) -> Measurement:
    """Make a measurement of numbers that the models read and the grammar did not."""
    suv_span = slice_span = None
    if spans is not None:
        suv_span, slice_span = ((a + candidate.start, b + candidate.start) for a, b in spans)
    return replace(
        candidate.measurements[0],
        status="accepted",
        reason=None,
        suv_max=pair[0] if pair else None,
        axial_slice=pair[1] if pair else None,
        suv_span=suv_span,
        slice_span=slice_span,
        suv_text=candidate.sentence[slice(*spans[0])] if spans else None,
        prior_suv=None,
        confidence="llm",
        flags=("llm_only",) if pair else (),
        evidence={},
    )


def _with_confidence(measurement: Measurement, pair: Pair, ballots: Sequence[Ballot]) -> Measurement:
    """Note how many voters stand behind an accepted measurement."""
    behind = sorted(b.voter for b in ballots if pair in b.pairs)
    return replace(measurement, evidence={**measurement.evidence, "agreeing": behind, "voting": len(ballots)})


def _not_winning(measurement: Measurement) -> Measurement:
    """Turn an accepted measurement that found no majority into a rejected one."""
    if measurement.status == "rejected":
        return measurement
    return replace(measurement, status="rejected", reason=Reason.NO_AGREEMENT)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A sentence that a person should read: the voters proposed numbers and none of them won.

    Parameters
    ----------
    key : str
        Names the sentence in the review file.
    report_id, context, sentence : str
        Scrubbed text, as the voters saw it.
    voters : dict
        What each voter said, see `Decided`.
    """

    key: str
    report_id: str
    context: str
    sentence: str
    voters: dict[str, list[Pair] | None]


def review_key(report_id: str, candidate: Candidate) -> str:
    """Name a sentence of a report; the same report read again gives the same key, wherever the sentence has moved to."""
    return content_key("review", report_id, candidate.context, candidate.sentence)


@dataclass(slots=True)
class Ensemble:
    """The voters of a profile.

    Parameters
    ----------
    profile : Profile
    voters : tuple of Voter
        The language models. The grammar needs no entry.
    answers : mapping, optional
        What a person answered to earlier disagreements: ``{review key: pairs}`` (see petarseg.reports.review). They decide alone.

    Raises
    ------
    ConfigError
        If the profile asks for more language models than there are.
    """

    profile: Profile
    voters: tuple[Voter, ...] = ()
    answers: Mapping[str, tuple[Pair, ...]] = field(default_factory=dict)
    statistics: Statistics = field(default_factory=Statistics)
    disagreements: list[Disagreement] = field(default_factory=list)

    def __post_init__(self) -> None:
        if len(self.voters) < self.profile.n_llms:
            raise ConfigError(
                f"profile {self.profile.name!r} needs {self.profile.n_llms} language models, {len(self.voters)} are configured: "
                "add entries to extraction.endpoints in the configuration or use the profile 'embedded'"
            )
        if len({voter.name for voter in self.voters} | {GRAMMAR, REVIEWER}) < len(self.voters) + 2:
            raise ConfigError("voters need names of their own (and not 'grammar' or 'reviewer'): correct name in extraction.endpoints")

    async def read(self, reports: Sequence[tuple[str, str]]) -> list[list[Decided]]:
        """Read reports and decide every sentence with numbers.

        Parameters
        ----------
        reports : sequence of (report_id, text)
            Scrubbed text: it goes to the language models.

        Returns
        -------
        list of list of Decided
            One list per report, in the order of its text.

        Raises
        ------
        TransientError
            When a server stays away; nothing is decided then, and the answers so far are in the client's cache.
        """
        found = [(report_id, find_candidates(text, read_measurements(text))) for report_id, text in reports]
        asked = [
            (number, candidate)
            for number, (report_id, candidates) in enumerate(found)
            for candidate in candidates
            if self._asks(report_id, candidate)
        ]
        rounds = await gather_or_cancel(voter.vote([candidate for _, candidate in asked]) for voter in self.voters)
        cast = {(number, c.start, c.end): ballots for (number, c), *ballots in zip(asked, *rounds, strict=True)}
        return [
            [decided for c in candidates for decided in self._decide(report_id, c, cast.get((number, c.start, c.end), []))]
            for number, (report_id, candidates) in enumerate(found)
        ]

    def _asks(self, report_id: str, candidate: Candidate) -> bool:
        """Tell whether the language models are asked: not what is settled by rule or by a person."""
        return bool(self.voters) and candidate.is_open and review_key(report_id, candidate) not in self.answers

    def _decide(self, report_id: str, candidate: Candidate, cast: Sequence[Ballot]) -> list[Decided]:
        key = review_key(report_id, candidate)
        ballots = [grammar_ballot(candidate), *cast]
        if key in self.answers:
            ballots.append(Ballot(REVIEWER, "reviewer", self.answers[key]))
        elif not candidate.is_open:
            return [Decided(m, {}) for m in candidate.measurements]
        decided = combine(candidate, ballots, self.profile, self.statistics)
        torn = any(d.measurement.reason in (Reason.NO_AGREEMENT, Reason.HALLUCINATED_NUMBER) for d in decided)
        if torn and key not in self.answers:
            self.disagreements.append(Disagreement(key, report_id, candidate.context, candidate.sentence, decided[0].voters))
        return decided
