"""From endpoints to decisions in one call."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from llm_stub import Behaviour, Reply, StubServer

from petarseg.errors import ConfigError, TransientError
from petarseg.llm import AnswerCache, Endpoint
from petarseg.reports.llm_structure import Finding
from petarseg.reports.panel import probe_endpoints, read_reports, structure_findings
from petarseg.reports.voting import PROFILES
from schemas.answers import structure_question, voter_questions

SENTENCE = "Right hilar node with SUVmax of 7.4 on axial slice 81."
REPORTS = [("r1", f"FINDINGS: {SENTENCE}"), ("r2", "FINDINGS: No abnormal uptake.")]


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[str]:
    """Run a stub in a thread with a loop of its own, as a server outside the process would."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = StubServer(behaviour)
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
    try:
        yield server.base_url
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def good(*_: object) -> Reply:
    return Reply('{"measurements": [{"suv_max": 7.4, "axial_slice": 81}]}')


def two(url: str) -> list[Endpoint]:
    return [Endpoint(name, url, name, revision="r", backoff_s=0.001, max_attempts=2) for name in ("mistral", "mixtral")]


def test_paper_profile_in_one_call(tmp_path: Path) -> None:
    with serving(good) as url:
        reading = read_reports(
            REPORTS, PROFILES["paper"], endpoints=two(url), questions=voter_questions(), cache=AnswerCache(tmp_path / "cache")
        )
    assert [len(decided) for decided in reading.decided] == [1, 0]
    assert reading.decided[0][0].measurement.status == "accepted"
    assert reading.usage["mistral"]["requests"] == 1
    assert reading.models["mixtral"]["revision"] == "r"
    assert "suvmax_slice/v1" in json.dumps(reading.models)
    assert reading.disagreements == ()


def test_embedded_profile_asks_nobody() -> None:
    reading = read_reports(REPORTS, PROFILES["embedded"], endpoints=two("http://127.0.0.1:9/v1"))
    assert reading.decided[0][0].measurement.status == "accepted"
    assert reading.usage == {}


def test_one_dead_server_of_two_stops_the_batch() -> None:
    with serving(good) as url:
        endpoints = [two(url)[0], two("http://127.0.0.1:9/v1")[1]]
        with pytest.raises(TransientError, match="mixtral"):
            read_reports(REPORTS, PROFILES["paper"], endpoints=endpoints, questions=voter_questions())
        with pytest.raises(ConfigError):
            probe_endpoints(endpoints)


def test_models_without_questions() -> None:
    with pytest.raises(ConfigError, match="questions"):
        read_reports(REPORTS, PROFILES["paper"], endpoints=two("http://127.0.0.1:9/v1"))


def test_structuring_in_one_call() -> None:
    record = {
        "region": "Chest",
        "organ": "Lymph node",
        "anatomic_subsite": "hilar",
        "suv_max": 7.4,
        "axial_slice": 81,
        "findings": SENTENCE,
    }
    with serving(lambda *_: Reply(json.dumps(record))) as url:
        [(structure, flags)] = structure_findings([Finding(SENTENCE, 7.4, 81)], two(url)[0], structure_question())
    assert (structure.organ, structure.laterality, flags) == ("lymph node", "right", ())
