"""Throughput of the LLM client against a stub server of known latency, in a process of its own.

    python benchmarks/llm_client.py --latency-ms 200 --in-flight 64 --requests 3200

The ideal is ``in_flight / latency``: every slot busy all the time. The peer is httpx alone, sending the same bodies, without schema,
validation, retries, accounting or cache.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime
import json
import multiprocessing
import platform
import tempfile
import time
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
from pydantic import BaseModel

from petarseg.llm import AnswerCache, Endpoint, LlmClient, Prompt

ANSWER = '{"measurements": [{"suv_max": 7.4, "axial_slice": 81}]}'
PROMPT = Prompt("benchmark/v1", "Copy the numbers. " * 60, tuple((f"Node {n}, SUVmax 7.4 on slice 81.", ANSWER) for n in range(8)))


class SuvSlice(BaseModel):
    suv_max: float
    axial_slice: int


class SuvSliceAnswer(BaseModel):
    measurements: list[SuvSlice]


async def serve(pipe: Connection, latency_s: float) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop"}
    payload = json.dumps({"choices": [choice], "usage": {"prompt_tokens": 900, "completion_tokens": 20}}).encode()
    response = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(payload) + payload

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
                await reader.readexactly(length)
                await asyncio.sleep(latency_s)
                writer.write(response)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
    pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def run_server(pipe: Connection, latency_s: float) -> None:
    asyncio.run(serve(pipe, latency_s))


async def petarseg_s(url: str, n: int, in_flight: int, cache: AnswerCache | None) -> float:
    async with LlmClient(Endpoint("stub", url, "m", max_concurrency=in_flight), cache=cache) as client:
        # Connections open and the prompt's first request is done: as in a long run.
        await asyncio.gather(*(client.ask(PROMPT, f"warm-up {i}", SuvSliceAnswer) for i in range(in_flight + 1)))
        started_s = time.perf_counter()
        await asyncio.gather(*(client.ask(PROMPT, f"Right hilar node {i}, SUVmax 7.4 on slice 81.", SuvSliceAnswer) for i in range(n)))
        return time.perf_counter() - started_s


async def httpx_s(url: str, n: int, in_flight: int) -> float:
    limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    slots = asyncio.Semaphore(in_flight)
    async with httpx.AsyncClient(limits=limits, timeout=60) as http:

        async def ask(i: int) -> None:
            async with slots:
                await http.post(f"{url}/chat/completions", json={"messages": PROMPT.messages(f"Right hilar node {i}.")})

        await asyncio.gather(*(ask(i) for i in range(in_flight + 1)))
        started_s = time.perf_counter()
        await asyncio.gather(*(ask(i) for i in range(n)))
        return time.perf_counter() - started_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency-ms", type=float, default=200.0)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--requests", type=int, default=3200)
    options = parser.parse_args()
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=run_server, args=(theirs, options.latency_ms / 1000), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}/v1"
    ideal = options.in_flight / (options.latency_ms / 1000)
    with tempfile.TemporaryDirectory() as folder:
        seconds = {
            "petarseg.llm": asyncio.run(petarseg_s(url, options.requests, options.in_flight, None)),
            "petarseg.llm, answers cached on disk": asyncio.run(
                petarseg_s(url, options.requests, options.in_flight, AnswerCache(Path(folder)))
            ),
            f"httpx {version('httpx')} alone": asyncio.run(httpx_s(url, options.requests, options.in_flight)),
        }
    server.terminate()
    print(f"{platform.machine()}, {multiprocessing.cpu_count()} cores, Python {platform.python_version()}, {datetime.date.today()}")
    print(f"{options.requests} requests, {options.in_flight} in flight, {options.latency_ms:g} ms latency, ideal {ideal:.0f} requests/s\n")
    print("| client | requests/s | of ideal |\n|---|---|---|")
    for name, spent_s in seconds.items():
        rate = options.requests / spent_s
        print(f"| {name} | {rate:.1f} | {100 * rate / ideal:.1f} % |")


if __name__ == "__main__":
    main()
