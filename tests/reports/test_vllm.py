"""vLLM's own server behind a three-model ensemble.

vLLM pins its own torch, so it lives in an environment of its own: ``make vllm`` makes one, which ``make test`` then uses, as CI does.
Another one is named by its interpreter in PETARSEG_VLLM_PYTHON.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from petarseg.llm import Endpoint, LlmClient
from petarseg.reports.ensemble import Ensemble
from petarseg.reports.grammar import read_measurements
from petarseg.reports.llm_voter import LlmVoter
from petarseg.reports.voting import PROFILES
from schemas.answers import voter_questions

REPORT = "FINDINGS: Right hilar node with SUVmax of 7.4 on axial slice 81. Left adrenal nodule, SUVmax 6.6 on slice 113."
START_S = 600.0


@pytest.fixture(scope="module")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A vLLM server with a tiny random Qwen3; gives its base_url."""
    python = os.environ.get("PETARSEG_VLLM_PYTHON")
    if not python:
        pytest.skip("needs vLLM in an environment of its own: run `make vllm`")
    folder = tmp_path_factory.mktemp("tiny-qwen3")
    subprocess.run([python, str(Path(__file__).parents[1] / "tiny_qwen3.py"), str(folder)], check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [python, "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder), "--served-model-name", "tiny-qwen3"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--dtype", "float32", "--max-model-len", "8192", "--enforce-eager"]
    environment = {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
    log = (folder / "server.log").open("wb")
    server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
    try:
        deadline_s = time.monotonic() + START_S
        while True:
            if server.poll() is not None or time.monotonic() > deadline_s:
                pytest.fail("vLLM did not start: " + (folder / "server.log").read_text(errors="replace")[-2000:])
            try:
                if httpx.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(2)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(timeout=60)
        log.close()


@pytest.mark.slow
@pytest.mark.llm
async def test_three_models_on_vllm_and_the_grammar(vllm: str) -> None:
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                LlmClient(
                    Endpoint(
                        f"model-{seed}", vllm, "tiny-qwen3", seed=seed, max_tokens=48, max_concurrency=4, thinking=False, timeout_s=300.0
                    )
                )
            )
            for seed in range(3)
        ]
        [decided] = await Ensemble(PROFILES["production"], tuple(LlmVoter(client, voter_questions()) for client in clients)).read(
            [("r1", REPORT)]
        )
    grammar = read_measurements(REPORT)
    accepted = {(d.measurement.suv_max, d.measurement.axial_slice) for d in decided if d.measurement.status == "accepted"}
    # Random weights: whatever they say is in the form of the schema, or an abstention, and never gets in unconfirmed.
    assert accepted <= {(m.suv_max, m.axial_slice) for m in grammar}
    assert {d.measurement.sentence for d in decided} == {m.sentence for m in grammar}
    for client in clients:
        assert client.usage.requests >= 2
        assert client.usage.completion_tokens > 0
        assert client.usage.retries == 0
