"""A language model as a voter of the ensemble: short questions about one sentence, every number checked against it."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

from pydantic import BaseModel

from petarseg.llm import AnswerRejected, LlmClient, Prompt, gather_or_cancel
from petarseg.reports.voting import Ballot, Candidate, Pair, locate, number_spans


class PairsAnswer(BaseModel):
    """Answer to the prompt suvmax_slice (the fields are in ``schemas.answers``)."""

    @abstractmethod
    def pairs(self) -> list[Pair]:
        """(SUVmax, axial slice) of every current lesion, in the order of the sentence."""


class RelevanceAnswer(BaseModel):
    """Answer to the prompt filter_irrelevant."""

    @abstractmethod
    def is_relevant(self) -> bool:
        """Whether the sentence describes a lesion of the current examination."""


class PriorAnswer(BaseModel):
    """Answer to the prompt prior_disambiguation."""

    @abstractmethod
    def prior_only(self) -> frozenset[float]:
        """SUVs that belong to an earlier examination and not to the current one."""


AnswerType = TypeVar("AnswerType", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Question(Generic[AnswerType]):
    """A prompt and the model of its answer."""

    prompt: Prompt
    answer: type[AnswerType]


@dataclass(frozen=True, slots=True)
class Questions:
    """What a voter is asked.

    Parameters
    ----------
    measurements : Question
        Asked of every candidate.
    relevance : Question, optional
        Asked when the model found numbers in a sentence of which the grammar accepts nothing.
    prior : Question, optional
        Asked when a sentence with several values speaks of an earlier examination.
    """

    measurements: Question[PairsAnswer]
    relevance: Question[RelevanceAnswer] | None = None
    prior: Question[PriorAnswer] | None = None


# Decision 18.
_PRIOR_CUE: Final = re.compile(
    r"\b(?:previous(?:ly)?|prior|compared|versus|vs|was|were|had been|formerly|earlier|baseline|interim|down from|up from|from)\b",
    re.IGNORECASE,
)
_DECIMAL: Final = re.compile(r"(?<![\d.,])\d+[.,]\d+(?![.,]?\d)")


def question_text(candidate: Candidate) -> str:
    """Lay a candidate out for a model: one line of context, one line of sentence."""
    sentence = " ".join(candidate.sentence.replace("_x000D_", " ").split())
    context = " ".join(candidate.context.replace("_x000D_", " ").split())
    return f"Context: {context}\nSentence: {sentence}" if context else f"Sentence: {sentence}"


class LlmVoter:
    """A language model that reads candidates.

    Parameters
    ----------
    client : LlmClient
        Opened by the caller.
    questions : Questions
    """

    kind: Literal["llm"] = "llm"

    def __init__(self, client: LlmClient, questions: Questions) -> None:
        self.client = client
        self.name = client.endpoint.name
        self._questions = questions

    async def vote(self, candidates: Sequence[Candidate]) -> list[Ballot]:
        """Cast one ballot per candidate, in their order.

        Raises
        ------
        TransientError
            When the server stays away. What was answered before is in the client's cache.
        """
        return await gather_or_cancel(self._ballot(candidate) for candidate in candidates)

    async def _ballot(self, candidate: Candidate) -> Ballot:
        """Ask about one candidate; no valid answer is an abstention."""
        try:
            return await self._read(candidate)
        except AnswerRejected:
            return Ballot(self.name, "llm", abstained=True)

    async def _read(self, candidate: Candidate) -> Ballot:
        text = question_text(candidate)
        found = await self.client.ask(self._questions.measurements.prompt, text, self._questions.measurements.answer)
        proposed = list(dict.fromkeys(found.pairs()))
        pairs = [pair for pair in proposed if locate(candidate.sentence, pair) is not None]
        hallucinated = tuple(pair for pair in proposed if pair not in pairs)
        if pairs and self._questions.relevance is not None and not any(m.status == "accepted" for m in candidate.measurements):
            relevance = await self.client.ask(self._questions.relevance.prompt, text, self._questions.relevance.answer)
            if not relevance.is_relevant():
                pairs = []
        if pairs and self._questions.prior is not None and _speaks_of_prior(candidate.sentence):
            prior = await self.client.ask(self._questions.prior.prompt, text, self._questions.prior.answer)
            pairs = [pair for pair in pairs if pair[0] not in prior.prior_only() or not number_spans(candidate.sentence, pair[0])]
        return Ballot(self.name, "llm", tuple(pairs), hallucinated)


def _speaks_of_prior(sentence: str) -> bool:
    """Tell whether a sentence holds several values and a word of an earlier examination."""
    return len(set(_DECIMAL.findall(sentence))) > 1 and _PRIOR_CUE.search(sentence) is not None
