"""Read texts with the voters of a profile; shared by the flow, `petarseg extract` and `petarseg evaluate`."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from petarseg.files import content_key
from petarseg.llm import AnswerCache, LlmClient, gather_or_cancel
from petarseg.llm import Endpoint as LlmEndpoint
from petarseg.reports.context import contexts_before
from petarseg.reports.ensemble import Decided, Ensemble
from petarseg.reports.llm_voter import LlmVoter
from petarseg.reports.voting import PROFILES, Pair, Profile
from schemas.answers import structure_question, voter_questions
from schemas.config import Endpoint, ExtractionConfig, StructureConfig

Answers = Mapping[str, tuple[Pair, ...]]


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """What the voters made of one text.

    Parameters
    ----------
    rows : list of dict
        Measurements in text order, with the keys of a line of `petarseg extract` (less ``report_id``).
    statistics : dict
        Agreement per voter.
    disagreements : list of dict
        Sentences that a person should read.
    """

    rows: list[dict[str, Any]]
    statistics: dict[str, Any]
    disagreements: list[dict[str, Any]]


def profile_of(config: ExtractionConfig) -> Profile:
    """Return the voting rule of the configuration."""
    profile = PROFILES[config.profile]
    return profile if config.min_agree is None else dataclasses.replace(profile, min_agree=config.min_agree)


def reading_key(config: ExtractionConfig) -> str:
    """Return a key of everything but the text that decides how it is read: rule, models, revisions, prompts."""
    models = [(endpoint.name, endpoint.model, endpoint.revision) for endpoint in config.endpoints] if needs_models(config) else []
    questions = voter_questions() if models else None
    prompts = [q.prompt.hash for q in (questions.measurements, questions.relevance, questions.prior) if q] if questions else []
    return content_key(dataclasses.asdict(profile_of(config)), models, prompts)


def needs_models(config: ExtractionConfig) -> bool:
    """Tell whether the profile asks language models."""
    return PROFILES[config.profile].n_llms > 0


def read_texts(
    reports: Sequence[tuple[str, str]], config: ExtractionConfig, *, cache: Path | None = None, answers: Answers | None = None
) -> list[Read]:
    """Read reports with the voters of a profile.

    Parameters
    ----------
    reports : sequence of (report id, text)
        Scrubbed texts when the profile asks language models. Offsets in the result refer to them.
    config : ExtractionConfig
        Profile and endpoints.
    cache : Path, optional
        Folder of the models' answers.
    answers : mapping, optional
        What a person answered to earlier disagreements.

    Raises
    ------
    ConfigError
        If a server refuses the key or does not know the model, or the profile lacks endpoints.
    TransientError
        If a server stays away; what was answered is in the cache.
    """
    decided = asyncio.run(_decide(reports, config, cache, answers or {}))
    return [
        Read(rows_of(found, text), ensemble.statistics.to_json(), [dataclasses.asdict(item) for item in ensemble.disagreements])
        for (ensemble, found), (_, text) in zip(decided, reports, strict=True)
    ]


def decide_texts(reports: Sequence[tuple[str, str]], config: ExtractionConfig) -> list[list[Decided]]:
    """Read reports as `read_texts` does and return the decisions themselves, for scoring against labels."""
    return [found for _, found in asyncio.run(_decide(reports, config, None, {}))]


async def _decide(
    reports: Sequence[tuple[str, str]], config: ExtractionConfig, cache: Path | None, answers: Answers
) -> list[tuple[Ensemble, list[Decided]]]:
    async with AsyncExitStack() as stack:
        voters: tuple[LlmVoter, ...] = ()
        if needs_models(config):
            clients = [await stack.enter_async_context(client_of(endpoint, cache)) for endpoint in config.endpoints]
            voters = tuple(LlmVoter(client, voter_questions()) for client in clients)
        # One ensemble per report keeps statistics and disagreements with their exam; the clients, and their limits, are shared.
        ensembles = [Ensemble(profile_of(config), voters, answers) for _ in reports]
        decided = await gather_or_cancel([ensemble.read([report]) for ensemble, report in zip(ensembles, reports, strict=True)])
    return [(ensemble, found) for ensemble, (found,) in zip(ensembles, decided, strict=True)]


def client_of(endpoint: Endpoint, cache: Path | None) -> LlmClient:
    """Return a client for a configured endpoint; answers are cached below `cache`."""
    return LlmClient(llm_endpoint(endpoint), cache=AnswerCache(cache / endpoint.name) if cache else None)


def llm_endpoint(endpoint: Endpoint) -> LlmEndpoint:
    """Return the endpoint as the client wants it; the API key comes from the environment variable that the configuration names."""
    return LlmEndpoint(
        name=endpoint.name,
        base_url=endpoint.base_url,
        model=endpoint.model,
        revision=endpoint.revision,
        api_key=endpoint.api_key(),
        max_concurrency=endpoint.max_concurrency,
        timeout_s=endpoint.timeout_s,
    )


def probe_endpoints(extraction: ExtractionConfig, structure: StructureConfig) -> list[str]:
    """Ask every configured model one question whose answer is known; return the models' names.

    Raises
    ------
    ConfigError
        If a server is missing or answers nonsense; the message names it. This happens before the first exam.
    """
    endpoints = list(extraction.endpoints) if needs_models(extraction) else []
    if structure.method == "llm" and structure.endpoint is not None:
        endpoints.append(structure.endpoint)

    async def probe() -> None:
        for endpoint in endpoints:
            async with LlmClient(llm_endpoint(endpoint)) as client:
                await client.probe()

    if endpoints:
        voter_questions()
        structure_question()  # a broken prompt file is found now, not after a day of reading
        asyncio.run(probe())
    return [endpoint.name for endpoint in endpoints]


def rows_of(found: Sequence[Decided], text: str) -> list[dict[str, Any]]:
    """Return the decided measurements of `text` as plain rows, each with what stands before it as ``context``."""
    contexts = contexts_before(text, [decided.measurement.start for decided in found])
    return [{**row_of(decided), "context": context} for decided, context in zip(found, contexts, strict=True)]


def row_of(decided: Decided) -> dict[str, Any]:
    """Return a decided measurement as a plain, JSON-serialisable row."""
    item = decided.measurement
    row = dataclasses.asdict(item)
    row["reason"] = item.reason.value if item.reason else None
    row["flags"] = list(item.flags)
    row["suv_span"] = list(item.suv_span) if item.suv_span else None
    row["slice_span"] = list(item.slice_span) if item.slice_span else None
    row["voters"] = decided.voters or {"grammar": [[item.suv_max, item.axial_slice]] if item.status == "accepted" else []}
    return row
