"""The client against a stub that misbehaves over real HTTP on loopback, and against a real small model (marker llm)."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest
from llm_stub import Reply, StubServer
from pydantic import BaseModel, ConfigDict

from petarseg.errors import ConfigError, TransientError
from petarseg.llm import AnswerCache, AnswerRejected, Endpoint, LlmClient, Prompt

SECRET = "Left adrenal nodule of Mrs Zebediah, SUVmax 4.6 on slice 112."
GOOD = '{"suv_max": 4.6, "axial_slice": 112}'
PROMPT = Prompt("test/v1", "Copy the numbers.", (("SUVmax 1.5, slice 7", '{"suv_max": 1.5, "axial_slice": 7}'),))


class Numbers(BaseModel):
    model_config = ConfigDict(extra="forbid")
    suv_max: float
    axial_slice: int


def endpoint(server: StubServer, **settings: Any) -> Endpoint:
    quick: dict[str, Any] = {"backoff_s": 0.001, "max_backoff_s": 0.05, "timeout_s": 10.0, "max_attempts": 4}
    return Endpoint("stub", server.base_url, "m", **{**quick, **settings})


async def ask_once(replies: list[Reply], **settings: Any) -> tuple[Numbers, StubServer, LlmClient]:
    """Ask one question of a server that gives these replies in turn, the last one for ever."""
    async with StubServer(lambda _, n: replies[min(n, len(replies)) - 1]) as server, LlmClient(endpoint(server, **settings)) as client:
        return await client.ask(PROMPT, SECRET, Numbers), server, client


async def test_request_holds_schema_seed_and_examples_before_the_text() -> None:
    answer, server, client = await ask_once([Reply(GOOD)], seed=3, api_key="k")
    assert answer == Numbers(suv_max=4.6, axial_slice=112)
    body = server.requests[0]
    assert body["temperature"] == 0
    assert body["seed"] == 3
    assert body["response_format"]["type"] == "json_schema"
    assert body["response_format"]["json_schema"]["schema"] == Numbers.model_json_schema()
    assert "guided_json" not in body
    assert "chat_template_kwargs" not in body
    assert [m["role"] for m in body["messages"]] == ["user", "assistant", "user"]  # no system turn: Mistral's template refuses it
    assert body["messages"][0]["content"].startswith("Copy the numbers.")
    assert body["messages"][-1]["content"] == SECRET
    assert server.headers[0]["authorization"] == "Bearer k"
    assert client.usage.prompt_tokens == 10
    assert client.usage.completion_tokens == 5
    assert "k" not in repr(client.endpoint).split("'")


@pytest.mark.parametrize(("model", "off"), [("Qwen/Qwen3-30B-A3B", True), ("Qwen/Qwen-3-8B", True), ("mistralai/Mistral-7B", False)])
async def test_thinking_is_off_for_qwen3_only(model: str, off: bool) -> None:
    async with StubServer(lambda *_: Reply(GOOD)) as server, LlmClient(Endpoint("q", server.base_url, model)) as client:
        await client.ask(PROMPT, SECRET, Numbers)
    assert server.requests[0].get("chat_template_kwargs") == ({"enable_thinking": False} if off else None)


@pytest.mark.parametrize(
    "content",
    [
        f"Sure! Here is the JSON:\n```json\n{GOOD}\n```\nLet me know.",
        f"<think>The SUV is {{9.9}} or so.</think>\n{GOOD}",
        f'{{"note": 1}} {GOOD}',
        f"{GOOD} {GOOD}",
    ],
)
async def test_prose_around_json_is_stripped(content: str) -> None:
    answer, server, _ = await ask_once([Reply(content)])
    assert answer.suv_max == 4.6
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "bad",
    [
        Reply('{"suv_max": 4.6, "axial_'),
        Reply('{"suv_max": 4.6, "axial_slice": "left"}'),
        Reply('{"suv": 4.6, "slice": 112}'),
        Reply(""),
        Reply("I cannot help with that."),
        Reply(GOOD + '{"suv_max": 5.0, "axial_slice": 112}'),  # two different answers are none
        Reply('{"suv_max": NaN, "axial_slice": 112, "x": 1}'),
    ],
)
async def test_invalid_answer_is_asked_again(bad: Reply) -> None:
    answer, server, client = await ask_once([bad, Reply(GOOD)])
    assert answer.suv_max == 4.6
    assert client.usage.reasked == 1
    assert server.requests[1]["messages"][-1]["role"] == "user"
    assert len(server.requests[1]["messages"]) == 5


async def test_truncated_answer_is_asked_again_with_more_room() -> None:
    _, server, _ = await ask_once([Reply('{"suv_max": 4.6, ', finish_reason="length"), Reply(GOOD)], max_tokens=50)
    assert [body["max_tokens"] for body in server.requests] == [50, 200]


async def test_lasting_nonsense_is_rejected_without_quoting_anything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="petarseg")
    with pytest.raises(AnswerRejected) as caught:
        await ask_once([Reply(f"The report says {SECRET}")])
    assert "Zebediah" not in str(caught.value) + repr(caught.value.__cause__) + caplog.text
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(status=429, headers={"Retry-After": "0"}),
        Reply(status=500),
        Reply(status=503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
        Reply(reset=True),
        Reply(body=b"<html>bad gateway</html>"),
        Reply(body=b'{"choices": []}'),
        Reply(GOOD, delay_s=1.5),
    ],
)
async def test_passing_trouble_is_retried(trouble: Reply) -> None:
    answer, _, client = await ask_once([trouble, trouble, Reply(GOOD)], timeout_s=1.0 if trouble.delay_s else 10.0)
    assert answer.axial_slice == 112
    assert client.usage.retries == 2


async def test_retry_after_is_honoured() -> None:
    started_s = time.monotonic()
    await ask_once([Reply(status=429, headers={"Retry-After": "0.3"}), Reply(GOOD)], max_backoff_s=5.0)
    assert time.monotonic() - started_s >= 0.3


@pytest.mark.parametrize("trouble", [Reply(status=429), Reply(status=502), Reply(reset=True)])
async def test_lasting_trouble_is_transient(trouble: Reply) -> None:
    with pytest.raises(TransientError) as caught:
        await ask_once([trouble])
    assert "4 attempts" in str(caught.value)
    assert "Zebediah" not in str(caught.value)


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_refused_key_or_unknown_model_is_the_users_fault(status: int) -> None:
    with pytest.raises(ConfigError, match=f"HTTP {status}"):
        await ask_once([Reply(status=status, body=SECRET.encode())])


async def test_a_text_that_the_server_refuses_is_rejected_alone() -> None:
    with pytest.raises(AnswerRejected):
        await ask_once([Reply(status=400, body=SECRET.encode())])


async def test_check_can_send_an_answer_back() -> None:
    def check(answer: Numbers) -> str | None:
        return None if answer.suv_max == 4.6 else "wrong SUV"

    replies = [Reply('{"suv_max": 9.9, "axial_slice": 112}'), Reply(GOOD)]
    async with StubServer(lambda _, n: replies[n - 1]) as server, LlmClient(endpoint(server)) as client:
        assert (await client.ask(PROMPT, SECRET, Numbers, check=check)).suv_max == 4.6
    assert server.requests[1]["messages"][-1]["content"] == "wrong SUV"


async def test_concurrency_is_bounded_and_used() -> None:
    async with StubServer(lambda *_: Reply(GOOD, delay_s=0.02)) as server, LlmClient(endpoint(server, max_concurrency=5)) as client:
        await asyncio.gather(*(client.ask(PROMPT, f"text {n}", Numbers) for n in range(30)))
    assert server.most_in_flight == 5


async def test_rate_is_limited() -> None:
    async with StubServer(lambda *_: Reply(GOOD)) as server, LlmClient(endpoint(server, requests_per_s=50.0)) as client:
        started_s = time.monotonic()
        await asyncio.gather(*(client.ask(PROMPT, f"text {n}", Numbers) for n in range(11)))
        assert time.monotonic() - started_s >= 0.18


async def test_first_request_of_a_prompt_goes_alone() -> None:
    async with StubServer(lambda *_: Reply(GOOD, delay_s=0.05)) as server, LlmClient(endpoint(server)) as client:
        await asyncio.gather(*(client.ask(PROMPT, f"text {n}", Numbers) for n in range(8)))
    assert server.seen_at_reply[0] == 1
    assert server.most_in_flight == 7


async def test_cache_answers_a_rerun_and_notices_every_change(tmp_path: Path) -> None:
    async with StubServer(lambda *_: Reply(GOOD)) as server:

        async def ask(prompt: Prompt = PROMPT, text: str = SECRET, answer: type[BaseModel] = Numbers, **settings: Any) -> int:
            before = len(server.requests)
            async with LlmClient(endpoint(server, **settings), cache=AnswerCache(tmp_path)) as client:
                await client.ask(prompt, text, answer)
            return len(server.requests) - before

        class Other(BaseModel):
            suv_max: float

        assert await ask() == 1
        assert await ask() == 0
        assert await ask(text="another") == 1
        assert await ask(prompt=Prompt("test/v2", "Copy.", ())) == 1
        assert await ask(revision="abc") == 1
        assert await ask(answer=Other) == 1
        for path in tmp_path.rglob("*.json"):
            path.write_text('{"answer": "{')  # a power cut
        assert await ask() == 1


async def test_probe_accepts_a_sensible_server() -> None:
    async with StubServer(lambda *_: Reply('{"suv_max": 7.3, "axial_slice": 81}')) as server, LlmClient(endpoint(server)) as client:
        await client.probe()


@pytest.mark.parametrize("reply", [Reply('{"suv_max": 1.0, "axial_slice": 81}'), Reply("Hello!"), Reply(status=500), Reply(status=401)])
async def test_probe_stops_the_run(reply: Reply) -> None:
    async with StubServer(lambda *_: reply) as server, LlmClient(endpoint(server)) as client:
        with pytest.raises(ConfigError):
            await client.probe()


async def test_probe_of_a_missing_server_says_what_to_do() -> None:
    async with LlmClient(Endpoint("gone", "http://127.0.0.1:9/v1", "m", backoff_s=0.001, max_attempts=2)) as client:
        with pytest.raises(ConfigError, match="start its server or correct base_url"):
            await client.probe()


async def test_address_that_is_none() -> None:
    async with LlmClient(Endpoint("odd", "localhost:8000/v1", "m")) as client:
        with pytest.raises(ConfigError, match="base_url"):
            await client.probe()


def test_usage_is_json() -> None:
    json.dumps(LlmClient(Endpoint("a", "http://localhost/v1", "m")).usage.to_json())
