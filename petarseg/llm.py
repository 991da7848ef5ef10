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
import logging
import random
import ssl
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Final, TypeVar

import httpx
from pydantic import BaseModel

from petarseg.errors import ConfigError, TransientError
from petarseg.llm_answer import Answer, AnswerRejected, first_valid, retry_after_s, validated
from petarseg.llm_cache import AnswerCache
from petarseg.llm_endpoint import Endpoint, Prompt

__all__ = ["AnswerCache", "AnswerRejected", "Endpoint", "LlmClient", "Prompt", "Usage", "gather_or_cancel"]

Result = TypeVar("Result")

_log = logging.getLogger(__name__)

_RETRIED_STATUS: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_REFUSED_TEXT_STATUS: Final = frozenset({400, 413, 422})  # this text does not fit; others may
# Requests that start together are answered together, and each then waits for the processing of all: at 64 in flight and 0.7 ms a request,
# 20 ms of every 200 ms round. A millisecond between starts, more than one costs, keeps the slots out of step for the whole run.
_START_GAP_S: Final = 0.001
_REASK: Final = "That was not one complete JSON object of the schema. Answer with that JSON object alone."


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


async def gather_or_cancel(coroutines: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """Run coroutines together; after the first error nothing is left running, and that error is raised as it is."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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
        self._slots = asyncio.Semaphore(endpoint.max_concurrency)
        # Texts beyond the ones in flight and as many again wait untouched: thousands prepared at once would hold up the first request.
        self._admission = asyncio.Semaphore(2 * endpoint.max_concurrency)
        # One connection pool per slot: httpx's pool looks at every connection on every request, 10 ms of CPU at 64 of them.
        self._idle: list[httpx.AsyncClient] = []
        self._tls: ssl.SSLContext | bool = False
        self._is_open = False
        self._next_start_s = 0.0
        self._jitter = random.Random(endpoint.seed)
        self._first_done: dict[str, asyncio.Event] = {}
        self._schemas: dict[type[BaseModel], dict[str, Any]] = {}

    async def __aenter__(self) -> LlmClient:
        """Allow requests; connections are opened when they are needed."""
        if self.endpoint.base_url.startswith("https:"):
            self._tls = httpx.create_ssl_context()
        self._is_open = True
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connections."""
        self._is_open = False
        while self._idle:
            await self._idle.pop().aclose()

    def _connection(self) -> httpx.AsyncClient:
        """Take an idle connection, the most recently used first, or make one."""
        if not self._is_open:
            raise RuntimeError("LlmClient is used outside its async with block")
        if self._idle:
            return self._idle.pop()
        end = self.endpoint
        return httpx.AsyncClient(
            headers={"Authorization": f"Bearer {end.api_key}"} if end.api_key else {},
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            timeout=httpx.Timeout(end.timeout_s, connect=min(10.0, end.timeout_s)),
            verify=self._tls,
        )

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
        async with self._admission:
            return await self._ask(prompt, text, answer, check, max_asks)

    async def _ask(
        self, prompt: Prompt, text: str, answer: type[Answer], check: Callable[[Answer], str | None] | None, max_asks: int
    ) -> Answer:
        end = self.endpoint
        key = (end.model, end.revision, end.seed, end.template_options, prompt.hash, text, self._schema(answer))
        stored = self._cache.get(*key) if self._cache is not None else None
        if stored is not None and (known := validated(stored, answer)) is not None and (check is None or check(known) is None):
            self.usage.cached += 1
            return known
        completion = await self._complete_after_first(prompt, prompt.messages(text), answer)
        max_tokens = self.endpoint.max_tokens
        for left in reversed(range(max_asks)):
            found = first_valid(completion.content, answer)
            complaint = _REASK if found is None else check(found) if check is not None else None
            if found is not None and complaint is None:
                self.usage.answers += 1
                if self._cache is not None:
                    await asyncio.to_thread(self._cache.put, found.model_dump_json(), *key)
                return found
            if not left:
                break
            self.usage.reasked += 1
            messages = prompt.messages(text)
            if completion.truncated:
                max_tokens *= 4
            else:
                messages += [
                    {"role": "assistant", "content": completion.content[:1000] or "{}"},
                    {"role": "user", "content": complaint or _REASK},
                ]
            completion = await self._complete(messages, answer, max_tokens)
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
                f"the language model cannot be reached ({error}): start its server or correct base_url in extraction.endpoints"
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

    async def _complete_after_first(self, prompt: Prompt, messages: list[dict[str, str]], answer: type[BaseModel]) -> _Completion:
        """Let the first request of a prompt go alone, so that the others find its constant part in the server's prefix cache."""
        first_done = self._first_done.get(prompt.hash)
        if first_done is not None:
            await first_done.wait()
            return await self._complete(messages, answer, self.endpoint.max_tokens)
        self._first_done[prompt.hash] = first_done = asyncio.Event()
        try:
            return await self._complete(messages, answer, self.endpoint.max_tokens)
        finally:
            first_done.set()

    async def _complete(self, messages: Sequence[Mapping[str, str]], answer: type[BaseModel], max_tokens: int) -> _Completion:
        """Get one completion, retrying what may pass."""
        body = {
            "model": self.endpoint.model,
            "messages": list(messages),
            "temperature": 0,
            "seed": self.endpoint.seed,
            "max_tokens": max_tokens,
            "response_format": {"type": "json_schema", "json_schema": self._form(answer)},
            **self.endpoint.template_options,
        }
        trouble = ""
        for attempt in range(self.endpoint.max_attempts):
            wanted_s: float | None = None
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
        async with self._slots:
            await self._wait_for_turn()
            connection = self._connection()
            self.usage.requests += 1
            started_s = time.perf_counter()
            try:
                async with asyncio.timeout(self.endpoint.timeout_s):
                    response = await connection.post(f"{self.endpoint.base_url.rstrip('/')}/chat/completions", json=body)
            except (httpx.InvalidURL, httpx.UnsupportedProtocol):
                raise ConfigError(f"extraction.endpoints {self.endpoint.name!r}: base_url is not an http(s) address") from None
            except (httpx.HTTPError, TimeoutError) as error:
                return type(error).__name__, None
            finally:
                self.usage.request_s += time.perf_counter() - started_s
                self._idle.append(connection)
        status = response.status_code
        if status in _RETRIED_STATUS or status >= 500:
            return f"HTTP {status}", retry_after_s(response.headers.get("Retry-After"))
        if status in _REFUSED_TEXT_STATUS:
            self.usage.rejected += 1
            raise AnswerRejected(f"{self.endpoint.name}: HTTP {status}, the server refuses the request")
        if status != 200:
            raise ConfigError(f"extraction.endpoints {self.endpoint.name!r}: HTTP {status}; check base_url, model and api_key")
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
        """Space the starts of requests, by the rate limit if there is one."""
        limit = self.endpoint.requests_per_s
        gap_s = _START_GAP_S if limit is None else max(_START_GAP_S, 1.0 / limit)
        now_s = asyncio.get_running_loop().time()
        start_s = max(now_s, self._next_start_s)
        self._next_start_s = start_s + gap_s
        if start_s > now_s:
            await asyncio.sleep(start_s - now_s)

    def _pause_s(self, attempt: int, wanted_s: float | None) -> float:
        """Exponential backoff with full jitter; at least what the server asks for, within max_backoff_s."""
        ceiling_s = min(self.endpoint.max_backoff_s, self.endpoint.backoff_s * 2.0**attempt)
        pause_s = ceiling_s * (0.5 + 0.5 * self._jitter.random())
        if wanted_s is not None:
            pause_s = max(pause_s, min(wanted_s, self.endpoint.max_backoff_s) * (1.0 + 0.1 * self._jitter.random()))
        return pause_s

    def _form(self, answer: type[BaseModel]) -> dict[str, Any]:
        return {"name": answer.__name__, "schema": self._schema(answer), "strict": True}

    def _schema(self, answer: type[BaseModel]) -> dict[str, Any]:
        if answer not in self._schemas:
            self._schemas[answer] = answer.model_json_schema()
        return self._schemas[answer]
