"""One async client for every OpenAI-compatible server: pydantic model in, validated object out.

What it takes care of, so that no caller has to:

* the answer is held to the model's JSON schema by ``response_format`` (never ``guided_json``, which current vLLM ignores) and validated
  again here; prose around the JSON is stripped, a broken or truncated answer is asked for again, then rejected;
* 429, 5xx, resets and timeouts are retried with jittered backoff (``Retry-After`` honoured), then raise `TransientError`;
* concurrency and rate are bounded, every call has a timeout, tokens and time are counted;
* answers are cached on disk by model, revision, prompt, text and schema.

Report text never appears in an exception or a log record: messages hold the endpoint's name, status codes and counts.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from petarseg.errors import ConfigError, PetarsegError, TransientError
from petarseg.files import content_key
from petarseg.llm_cache import AnswerCache

_log = logging.getLogger(__name__)

Answer = TypeVar("Answer", bound=BaseModel)

_RETRIED_STATUS: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_REFUSED_TEXT_STATUS: Final = frozenset({400, 413, 422})  # this text does not fit; others may
_REASK: Final = "That was not one complete JSON object of the schema. Answer with that JSON object alone."


class AnswerRejected(PetarsegError):
    """A model gave no valid answer to one text, asked repeatedly. The message holds no text of the report or of the answer."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model on a server.

    Parameters
    ----------
    name : str
        What the run report calls it.
    base_url : str
        Up to and including ``/v1``.
    model, revision : str
        The name the server knows the model by, and the pinned revision (part of the cache key and the provenance).
    api_key : str, optional
        Sent as bearer token.
    max_in_flight : int
        Requests at a time; at or above the server's ``max_num_seqs``.
    requests_per_s : float, optional
        Rate limit.
    timeout_s : float
        Of one call, all included.
    max_attempts : int
        Calls per answer before `TransientError`.
    backoff_s, max_backoff_s : float
        First and longest pause between attempts.
    max_tokens, seed : int
        Of the completion.
    thinking : bool, optional
        False switches the thinking of Qwen3 and its like off through the chat template, None (default) does so for models called qwen3.
    """

    name: str
    base_url: str
    model: str
    revision: str = ""
    api_key: str | None = field(default=None, repr=False)
    max_in_flight: int = 64
    requests_per_s: float | None = None
    timeout_s: float = 120.0
    max_attempts: int = 6
    backoff_s: float = 0.5
    max_backoff_s: float = 60.0
    max_tokens: int = 256
    seed: int = 0
    thinking: bool | None = None

    @property
    def template_options(self) -> dict[str, object]:
        """Further body fields that switch thinking off where the model has it."""
        off = self.thinking is False or (self.thinking is None and "qwen3" in self.model.lower().replace("-", ""))
        return {"chat_template_kwargs": {"enable_thinking": False}} if off else {}


@dataclass(frozen=True, slots=True)
class Prompt:
    """Instructions and examples that come before the text.

    Parameters
    ----------
    name : str
        Purpose and version, "suvmax_slice/v1".
    instructions : str
    examples : tuple of (str, str)
        Text and the JSON answer it should get.
    """

    name: str
    instructions: str
    examples: tuple[tuple[str, str], ...] = ()

    @property
    def hash(self) -> str:
        """Key of the words; goes into the cache key and the provenance of every row."""
        return content_key("prompt", self.name, self.instructions, self.examples)

    def messages(self, text: str) -> list[dict[str, str]]:
        """Lay out the chat: everything constant first (the server's prefix cache), the text last.

        The instructions open the first user turn: the templates of Mistral and Mixtral Instruct refuse a system turn.
        """
        turns = [*self.examples, (text, "")]
        chat: list[dict[str, str]] = []
        for number, (user, assistant) in enumerate(turns):
            chat.append({"role": "user", "content": user if number else f"{self.instructions}\n\n{user}"})
            if number < len(self.examples):
                chat.append({"role": "assistant", "content": assistant})
        return chat


@dataclass(slots=True)
class Usage:
    """What a client has spent."""

    answers: int = 0
    cached: int = 0
    requests: int = 0
    retries: int = 0
    reasked: int = 0
    rejected: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    request_s: float = 0.0

    def to_json(self) -> dict[str, float]:
        """Return the counts as plain JSON values."""
        return {key: round(value, 3) for key, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class _Completion:
    content: str
    truncated: bool


class _ProbeAnswer(BaseModel):
    """The probe's answer."""

    suv_max: float
    axial_slice: int


_PROBE = Prompt(
    "probe",
    "Copy the SUVmax and the axial slice of the sentence into a JSON object with the keys suv_max and axial_slice.",
    (
        ("Left adrenal nodule with SUVmax 4.6 on slice 112.", '{"suv_max": 4.6, "axial_slice": 112}'),
        ("Right hilar node, SUVmax 9.1, slice 77.", '{"suv_max": 9.1, "axial_slice": 77}'),
    ),
)
_PROBE_TEXT: Final = "Liver lesion with SUVmax 7.3 on slice 81."


class LlmClient:
    """Ask one model on one server.

    Use it as an async context manager, within one event loop.

    Parameters
    ----------
    endpoint : Endpoint
    cache : AnswerCache, optional
        Where answers are kept.

    Examples
    --------
    >>> async def read(endpoint, prompt, sentence):
    ...     async with LlmClient(endpoint) as client:
    ...         await client.probe()
    ...         return await client.ask(prompt, sentence, SuvSliceAnswer)
    """

    def __init__(self, endpoint: Endpoint, *, cache: AnswerCache | None = None) -> None:
        self.endpoint = endpoint
        self.usage = Usage()
        self._cache = cache
        self._slots = asyncio.Semaphore(endpoint.max_in_flight)
        self._next_start_s = 0.0
        self._jitter = random.Random(endpoint.seed)
        self._http: httpx.AsyncClient | None = None
        self._schemas: dict[type[BaseModel], dict[str, Any]] = {}

    async def __aenter__(self) -> LlmClient:
        """Open the connection pool."""
        end = self.endpoint
        headers = {"Authorization": f"Bearer {end.api_key}"} if end.api_key else {}
        limits = httpx.Limits(max_connections=end.max_in_flight, max_keepalive_connections=end.max_in_flight)
        self._http = httpx.AsyncClient(headers=headers, limits=limits, timeout=httpx.Timeout(end.timeout_s, connect=10.0))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connection pool."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def ask(
        self, prompt: Prompt, text: str, answer: type[Answer], *, check: Callable[[Answer], str | None] | None = None, max_asks: int = 3
    ) -> Answer:
        """Ask about one text.

        Parameters
        ----------
        prompt : Prompt
        text : str
            Scrubbed.
        answer : type of BaseModel
            Its JSON schema binds the server, its validators decide.
        check : callable, optional
            A further test of a valid answer. What it returns other than None is told to the model, and it is asked again; so it must
            hold no text of the report but what the model needs.
        max_asks : int
            Answers asked for before giving up.

        Returns
        -------
        answer
            Valid and checked.

        Raises
        ------
        AnswerRejected
            When no answer was valid, or the server refuses this text (too long, say).
        TransientError
            When the server stays away or busy.
        ConfigError
            When the server refuses the key or does not know the model.
        """
        key = (self.endpoint.model, self.endpoint.revision, self.endpoint.seed, prompt.hash, text, self._schema(answer))
        stored = self._cache.get(*key) if self._cache is not None else None
        if stored is not None and (known := _validated(stored, answer)) is not None and (check is None or check(known) is None):
            self.usage.cached += 1
            return known
        messages = prompt.messages(text)
        max_tokens = self.endpoint.max_tokens
        for ask in range(max_asks):
            completion = await self._complete(messages, answer, max_tokens)
            found = _first_valid(completion.content, answer)
            complaint = _REASK if found is None else check(found) if check is not None else None
            if found is not None and complaint is None:
                self.usage.answers += 1
                if self._cache is not None:
                    self._cache.put(found.model_dump_json(), *key)
                return found
            self.usage.reasked += ask + 1 < max_asks
            if completion.truncated:
                max_tokens *= 4
            else:
                messages = [
                    *prompt.messages(text),
                    {"role": "assistant", "content": completion.content[:1000] or "{}"},
                    {"role": "user", "content": complaint or _REASK},
                ]
        self.usage.rejected += 1
        raise AnswerRejected(f"{self.endpoint.name}: no valid answer to prompt {prompt.name} in {max_asks} asks")

    async def probe(self, *, exact: bool = True) -> None:
        """Make sure that the server answers, and sensibly, before the first exam.

        Parameters
        ----------
        exact : bool
            Whether the numbers of a plain sentence must come back right; False asks only for a valid answer (tiny test models).

        Raises
        ------
        ConfigError
            If the server is missing, refuses, or answers nonsense.
        """
        try:
            answer = await self.ask(_PROBE, _PROBE_TEXT, _ProbeAnswer)
        except TransientError as error:
            raise ConfigError(
                f"the language model {self.endpoint.name!r} cannot be reached ({error}): start its server or correct base_url in [[llm]]"
            ) from None
        except AnswerRejected:
            raise ConfigError(
                f"the language model {self.endpoint.name!r} gives no valid JSON answer to a probe: does its server support response_format "
                "json_schema, and is 'model' an instruction-tuned model?"
            ) from None
        if exact and (answer.suv_max, answer.axial_slice) != (7.3, 81):
            raise ConfigError(
                f"the language model {self.endpoint.name!r} answers nonsense to a probe: use a capable instruction-tuned model"
            )

    async def warm_up(self, prompt: Prompt, answer: type[BaseModel]) -> None:
        """Send the constant part of a prompt once, so that the requests that follow find it in the server's prefix cache."""
        try:
            await self._complete(prompt.messages("No abnormal uptake."), answer, 1)
        except AnswerRejected:
            _log.warning("%s refuses the warm-up of prompt %s", self.endpoint.name, prompt.name)

    async def _complete(self, messages: Sequence[Mapping[str, str]], answer: type[BaseModel], max_tokens: int) -> _Completion:
        """Get one completion, retrying what may pass."""
        body = {
            "model": self.endpoint.model,
            "messages": list(messages),
            "temperature": 0,
            "seed": self.endpoint.seed,
            "max_tokens": max_tokens,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": answer.__name__, "schema": self._schema(answer), "strict": True},
            },
            **self.endpoint.template_options,
        }
        trouble = ""
        for attempt in range(self.endpoint.max_attempts):
            wanted_s: float | None = None
            async with self._slots:
                await self._wait_for_turn()
                result = await self._post(body)
            if isinstance(result, _Completion):
                return result
            trouble, wanted_s = result
            if attempt + 1 < self.endpoint.max_attempts:
                self.usage.retries += 1
                await asyncio.sleep(self._pause_s(attempt, wanted_s))
        _log.warning("%s: %s, given up after %d attempts", self.endpoint.name, trouble, self.endpoint.max_attempts)
        raise TransientError(f"{self.endpoint.name}: {trouble}, {self.endpoint.max_attempts} attempts")

    async def _post(self, body: Mapping[str, object]) -> _Completion | tuple[str, float | None]:
        """Send one request; return the completion, or what went wrong and how long the server wants us to wait."""
        if self._http is None:
            raise RuntimeError("LlmClient is used outside its async with block")
        self.usage.requests += 1
        started_s = time.perf_counter()
        try:
            async with asyncio.timeout(self.endpoint.timeout_s):
                response = await self._http.post(f"{self.endpoint.base_url.rstrip('/')}/chat/completions", json=body)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise ConfigError(f"[[llm]] {self.endpoint.name!r}: base_url is not an http(s) address") from None
        except (httpx.HTTPError, TimeoutError) as error:
            return type(error).__name__, None
        finally:
            self.usage.request_s += time.perf_counter() - started_s
        status = response.status_code
        if status in _RETRIED_STATUS or status >= 500:
            return f"HTTP {status}", _retry_after_s(response.headers.get("Retry-After"))
        if status in _REFUSED_TEXT_STATUS:
            self.usage.rejected += 1
            raise AnswerRejected(f"{self.endpoint.name}: HTTP {status}, the server refuses the request")
        if status != 200:
            raise ConfigError(f"[[llm]] {self.endpoint.name!r}: HTTP {status}; check base_url, model and api_key")
        return self._completion(response)

    def _completion(self, response: httpx.Response) -> _Completion | tuple[str, float | None]:
        """Take the text out of a response body."""
        try:
            data = response.json()
            choice = data["choices"][0]
            content = choice["message"]["content"] or ""
        except (ValueError, KeyError, IndexError, TypeError):
            return "a body that is no chat completion", None
        usage = data.get("usage") or {}
        self.usage.prompt_tokens += int(usage.get("prompt_tokens") or 0)
        self.usage.completion_tokens += int(usage.get("completion_tokens") or 0)
        return _Completion(str(content), choice.get("finish_reason") == "length")

    async def _wait_for_turn(self) -> None:
        """Space the starts of requests by the rate limit."""
        if self.endpoint.requests_per_s is None:
            return
        now_s = asyncio.get_running_loop().time()
        start_s = max(now_s, self._next_start_s)
        self._next_start_s = start_s + 1.0 / self.endpoint.requests_per_s
        await asyncio.sleep(start_s - now_s)

    def _pause_s(self, attempt: int, wanted_s: float | None) -> float:
        """Exponential backoff with full jitter; at least what the server asks for, within max_backoff_s."""
        ceiling_s = min(self.endpoint.max_backoff_s, self.endpoint.backoff_s * 2.0**attempt)
        pause_s = ceiling_s * (0.5 + 0.5 * self._jitter.random())
        if wanted_s is not None:
            pause_s = max(pause_s, min(wanted_s, self.endpoint.max_backoff_s) * (1.0 + 0.1 * self._jitter.random()))
        return pause_s

    def _schema(self, answer: type[BaseModel]) -> dict[str, Any]:
        if answer not in self._schemas:
            self._schemas[answer] = answer.model_json_schema()
        return self._schemas[answer]


def _retry_after_s(header: str | None) -> float | None:
    """Read a Retry-After header: seconds or an HTTP date."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)


def _first_valid(content: str, answer: type[Answer]) -> Answer | None:
    """Return the valid answer in a completion: the whole of it, or the one JSON object within prose.

    Two different valid objects are no answer: which one is meant cannot be told.
    """
    content = _THINKING.sub("", content).strip()
    whole = _validated(content, answer)
    if whole is not None:
        return whole
    valid = [found for piece in _objects(content) if (found := _validated(piece, answer)) is not None]
    return valid[0] if valid and all(found == valid[0] for found in valid) else None


def _validated(content: str, answer: type[Answer]) -> Answer | None:
    try:
        return answer.model_validate_json(content)
    except ValidationError:
        return None


def _objects(content: str) -> list[str]:
    """Return the top-level JSON objects in a text."""
    decoder = json.JSONDecoder()
    found: list[str] = []
    position = content.find("{")
    while position >= 0:
        try:
            _, end = decoder.raw_decode(content, position)
        except (json.JSONDecodeError, RecursionError):
            position = content.find("{", position + 1)
            continue
        found.append(content[position:end])
        position = content.find("{", end)
    return found
