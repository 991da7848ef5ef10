"""Read reports with the voters of a profile: open the clients, probe them, hold the vote, account for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

from petarseg.errors import ConfigError
from petarseg.llm import AnswerCache, Endpoint, LlmClient, gather_or_cancel
from petarseg.reports.ensemble import Decided, Disagreement, Ensemble
from petarseg.reports.llm_structure import Finding, StructureAnswer, structure_with_llm
from petarseg.reports.llm_voter import LlmVoter, Question, Questions
from petarseg.reports.structure import Structure
from petarseg.reports.voting import Pair, Profile


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a batch of reports gave.

    Parameters
    ----------
    decided : list of list of Decided
        Per report, in the order of its text.
    disagreements : tuple of Disagreement
        For `petarseg.reports.review.write_review`.
    statistics : dict
        Agreement per voter.
    usage : dict
        Requests, tokens and seconds per model.
    models : dict
        Provenance: per model its id, revision and prompt hashes.
    """

    decided: list[list[Decided]]
    disagreements: tuple[Disagreement, ...] = ()
    statistics: dict[str, object] = field(default_factory=dict)
    usage: dict[str, dict[str, float]] = field(default_factory=dict)
    models: dict[str, dict[str, object]] = field(default_factory=dict)


def read_reports(
    reports: Sequence[tuple[str, str]],
    profile: Profile,
    *,
    endpoints: Sequence[Endpoint] = (),
    questions: Questions | None = None,
    cache: AnswerCache | None = None,
    answers: Mapping[str, tuple[Pair, ...]] | None = None,
    min_agree: int | None = None,
) -> Reading:
    """Read reports as a profile says.

    Parameters
    ----------
    reports : sequence of (report_id, text)
        Scrubbed text.
    profile : Profile
        One of ``PROFILES``.
    endpoints : sequence of Endpoint
        The language models. Not asked when the profile has none.
    questions : Questions, optional
        Prompts and answer models; needed with language models.
    cache : AnswerCache, optional
    answers : mapping, optional
        A person's answers to earlier disagreements (``read_review``).
    min_agree : int, optional
        Instead of the profile's.

    Raises
    ------
    ConfigError
        If a language model is missing from the configuration.
    TransientError
        When a server stays away; a rerun asks only what the cache does not hold.
    """
    return asyncio.run(_read(reports, profile, endpoints if profile.n_llms else (), questions, cache, answers or {}, min_agree))


async def _read(
    reports: Sequence[tuple[str, str]],
    profile: Profile,
    endpoints: Sequence[Endpoint],
    questions: Questions | None,
    cache: AnswerCache | None,
    answers: Mapping[str, tuple[Pair, ...]],
    min_agree: int | None,
) -> Reading:
    if endpoints and questions is None:
        raise ConfigError(f"profile {profile.name!r} needs the questions that its language models are asked")
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(LlmClient(endpoint, cache=cache)) for endpoint in endpoints]
        voters = tuple(LlmVoter(client, questions) for client in clients if questions is not None)
        ensemble = Ensemble(profile if min_agree is None else replace(profile, min_agree=min_agree), voters, answers)
        decided = await ensemble.read(reports)
    return Reading(
        decided,
        tuple(ensemble.disagreements),
        ensemble.statistics.to_json(),
        {client.endpoint.name: client.usage.to_json() for client in clients},
        {client.endpoint.name: _provenance(client.endpoint, questions) for client in clients},
    )


def _provenance(endpoint: Endpoint, questions: Questions | None) -> dict[str, object]:
    asked = [] if questions is None else [q for q in (questions.measurements, questions.relevance, questions.prior) if q is not None]
    return {"model": endpoint.model, "revision": endpoint.revision, "prompts": {q.prompt.name: q.prompt.hash for q in asked}}


def probe_endpoints(endpoints: Sequence[Endpoint]) -> None:
    """Make sure that every language model answers, and sensibly: before the first exam.

    Raises
    ------
    ConfigError
        Naming the endpoint that is missing or answers nonsense.
    """

    async def probe(endpoint: Endpoint) -> None:
        async with LlmClient(endpoint) as client:
            await client.probe()

    async def probe_all() -> None:
        await gather_or_cancel(probe(endpoint) for endpoint in endpoints)

    asyncio.run(probe_all())


def structure_findings(
    findings: Sequence[Finding], endpoint: Endpoint, question: Question[StructureAnswer], *, cache: AnswerCache | None = None
) -> list[tuple[Structure, tuple[str, ...]]]:
    """Structure findings with a language model, the rules as fallback.

    Parameters
    ----------
    findings : sequence of Finding
    endpoint : Endpoint
    question : Question
        The prompt structure_finding and its answer model.
    cache : AnswerCache, optional

    Returns
    -------
    list of (Structure, flags)
        In the order of `findings`; the flag ``structure_fallback`` where the rules had to speak.

    Raises
    ------
    TransientError
        When the server stays away.
    """

    async def structure_all() -> list[tuple[Structure, tuple[str, ...]]]:
        async with LlmClient(endpoint, cache=cache) as client:
            return await gather_or_cancel(structure_with_llm(client, question, finding) for finding in findings)

    return asyncio.run(structure_all())
