"""Language models as voters, over real HTTP: a stub that misbehaves in every way, and a real small model (marker llm)."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from llm_local import smollm2_server
from llm_stub import Reply, StubServer

from petarseg.errors import ConfigError, TransientError
from petarseg.llm import AnswerCache, Endpoint, LlmClient
from petarseg.reasons import Reason
from petarseg.reports.ensemble import Decided, Ensemble
from petarseg.reports.grammar import read_measurements
from petarseg.reports.llm_structure import FALLBACK_FLAG, Finding, complaint, structure_with_llm
from petarseg.reports.llm_voter import LlmVoter, Questions
from petarseg.reports.prompts import load_prompt
from petarseg.reports.structure import structure_finding
from petarseg.reports.voting import PROFILES, Profile
from schemas.answers import FindingAnswer, Region, SuvSliceAnswer, structure_question, voter_questions

REPORT = """FINDINGS:
Right hilar node with SUVmax of 7.4 on axial slice 81. Left adrenal nodule, SUVmax 6.6 on slice 113, previously 4.2.
Spiculated nodule of the lingula with SUVmax 9.9 (slice 88). Segment VII lesion, maximum SUV 12.3, image 121.
Lytic lesion of the left acetabulum, SUVmax 11.1, slice 240. Right inguinal node with SUVmax of 3.3 on slice 251.
IMPRESSION: Progressive disease."""
LESIONS = [(7.4, 81), (6.6, 113), (9.9, 88), (12.3, 121), (11.1, 240), (3.3, 251)]


def correct(body: dict[str, Any]) -> str:
    """Answer as a capable model does."""
    keys = set(body["response_format"]["json_schema"]["schema"]["properties"])
    # After a re-ask the question is the user turn before the last two.
    sentence = [m["content"] for m in body["messages"] if m["role"] == "user" and "Sentence:" in m["content"]][-1]
    sentence = sentence.rpartition("Sentence:")[2]
    suv = re.search(r"SUV\D*(\d+\.\d)", sentence)
    number = re.search(r"(?:slice|image) (\d+)", sentence)
    if keys == {"relevant"}:
        return '{"relevant": true}'
    if keys == {"current", "prior"}:
        prior = re.findall(r"previously (\d+\.\d)", sentence)
        return json.dumps({"current": [float(suv.group(1))] if suv else [], "prior": [float(p) for p in prior]})
    found = [{"suv_max": float(suv.group(1)), "axial_slice": int(number.group(1))}] if suv and number else []
    return json.dumps({"measurements": found})


def hostile(body: dict[str, Any], n: int) -> Reply:
    """Go through every kind of trouble, request by request; every second request is answered well."""
    troubles: list[Callable[[], Reply]] = [
        lambda: Reply(status=429, headers={"Retry-After": "0"}),
        lambda: Reply(status=500),
        lambda: Reply(reset=True),
        lambda: Reply(correct(body)[:-9], finish_reason="length"),
        lambda: Reply('{"wrong": "schema"}'),
        lambda: Reply(f"Certainly! {correct(body)} I hope this helps."),
        lambda: Reply(correct(body), delay_s=0.8),
        lambda: Reply('{"measurements": [{"suv_max": "high", "axial_slice": 3.5}]}'),
        lambda: Reply(body=b"<html>gateway</html>"),
    ]
    return troubles[(n // 2) % len(troubles)]() if n % 2 else Reply(correct(body), delay_s=0.01)


def accepted(decided: list[Decided]) -> list[tuple[float | None, int | None]]:
    return [(d.measurement.suv_max, d.measurement.axial_slice) for d in decided if d.measurement.status == "accepted"]


def client(server: StubServer, name: str = "a", **settings: Any) -> LlmClient:
    quick: dict[str, Any] = {"backoff_s": 0.001, "max_backoff_s": 0.02, "timeout_s": 0.5, "max_attempts": 20, "max_concurrency": 4}
    return LlmClient(Endpoint(name, server.base_url, name, **{**quick, **settings}))


async def test_two_models_behind_a_hostile_server_lose_and_invent_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="petarseg")
    async with StubServer(hostile) as one, StubServer(hostile) as two, client(one, "a") as a, client(two, "b") as b:
        questions = voter_questions()
        ensemble = Ensemble(PROFILES["paper"], (LlmVoter(a, questions), LlmVoter(b, questions)))
        [decided] = await ensemble.read([("r1", REPORT)])
    assert accepted(decided) == LESIONS
    assert a.usage.retries > 0
    assert a.usage.reasked > 0
    assert "hilar" not in caplog.text


async def test_an_inventive_model_is_counted_and_never_believed() -> None:
    def inventive(body: dict[str, Any], n: int) -> Reply:
        return Reply('{"measurements": [{"suv_max": 8.8, "axial_slice": 99}]}')

    async with StubServer(inventive) as server, client(server, "a") as a, client(server, "b") as b:
        ensemble = Ensemble(PROFILES["paper"], (LlmVoter(a, voter_questions()), LlmVoter(b, voter_questions())))
        [decided] = await ensemble.read([("r1", REPORT)])
    assert accepted(decided) == []
    assert len(decided) == len(LESIONS)  # every sentence is still there, as a rejection
    assert {d.measurement.reason for d in decided} == {Reason.NO_AGREEMENT}
    assert ensemble.statistics.voters["a"].hallucinated == len(LESIONS)
    numbers = {m.suv_max for m in (d.measurement for d in decided)}
    assert 8.8 not in numbers


async def test_invented_numbers_alone_are_their_own_reason() -> None:
    text = "FINDINGS: The right hilar node of 2.1 cm has an SUVmax of 7.4, unchanged."
    assert [m.status for m in read_measurements(text)] == ["rejected"]
    inventive = '{"measurements": [{"suv_max": 7.4, "axial_slice": 99}]}'
    async with StubServer(lambda *_: Reply(inventive)) as server, client(server, "a") as a, client(server, "b") as b:
        ensemble = Ensemble(PROFILES["paper"], (LlmVoter(a, voter_questions()), LlmVoter(b, voter_questions())))
        [decided] = await ensemble.read([("r1", text)])
    assert Reason.HALLUCINATED_NUMBER in {d.measurement.reason for d in decided}
    assert accepted(decided) == []


async def test_a_model_that_never_answers_validly_abstains() -> None:
    async with StubServer(lambda *_: Reply("no")) as server, client(server) as a:
        voter = LlmVoter(a, voter_questions())
        ensemble = Ensemble(PROFILES["embedded"], (voter,))
        [decided] = await ensemble.read([("r1", REPORT)])
    assert accepted(decided) == LESIONS  # the embedded profile needs no model
    assert all(d.voters["a"] is None for d in decided)
    assert ensemble.statistics.voters["a"].abstained == len(LESIONS)


async def test_a_model_that_takes_the_prior_value_is_corrected() -> None:
    def confused(body: dict[str, Any], n: int) -> Reply:
        keys = set(body["response_format"]["json_schema"]["schema"]["properties"])
        if keys == {"measurements"}:
            return Reply('{"measurements": [{"suv_max": 4.2, "axial_slice": 113}]}')
        return Reply(correct(body))

    text = "FINDINGS: Left adrenal nodule, SUVmax 6.6 on slice 113, previously 4.2."
    async with StubServer(confused) as server, client(server) as a:
        ensemble = Ensemble(PROFILES["embedded"], (LlmVoter(a, voter_questions()),))
        [decided] = await ensemble.read([("r1", text)])
    assert accepted(decided) == [(6.6, 113)]
    assert decided[0].voters["a"] == []


async def test_a_dead_server_pauses_the_run_and_the_cache_resumes_it(tmp_path: Path) -> None:
    def dies(body: dict[str, Any], n: int) -> Reply:
        return Reply(correct(body)) if n <= 3 else Reply(status=503)

    def cached_client(server: StubServer) -> LlmClient:
        return LlmClient(
            Endpoint("a", server.base_url, "m", backoff_s=0.001, max_attempts=2, max_concurrency=1), cache=AnswerCache(tmp_path)
        )

    questions = voter_questions()
    async with StubServer(dies) as server, cached_client(server) as a:
        with pytest.raises(TransientError):
            await Ensemble(PROFILES["embedded"], (LlmVoter(a, questions),)).read([("r1", REPORT)])
    async with StubServer(lambda body, _: Reply(correct(body))) as server, cached_client(server) as a:
        [decided] = await Ensemble(PROFILES["embedded"], (LlmVoter(a, questions),)).read([("r1", REPORT)])
        assert a.usage.cached == 3
    assert accepted(decided) == LESIONS


async def test_one_dead_server_of_two_stops_the_batch_with_its_own_error() -> None:
    dead = LlmClient(Endpoint("gone", "http://127.0.0.1:9/v1", "m", backoff_s=0.001, max_attempts=2))
    async with StubServer(lambda body, _: Reply(correct(body), delay_s=0.2)) as server, client(server, "a") as a, dead as b:
        ensemble = Ensemble(PROFILES["paper"], (LlmVoter(a, voter_questions()), LlmVoter(b, voter_questions())))
        with pytest.raises(TransientError, match="gone"):
            await ensemble.read([("r1", REPORT)])
    assert ensemble.disagreements == []


# --- structuring -----------------------------------------------------------------------------------------------------------------

SENTENCE = "Lytic lesion of the left acetabulum\n abutting the bladder, SUVmax 11.1, slice 240."
FINDING = Finding(SENTENCE, 11.1, 240, (60, 64))
RECORD: dict[str, Any] = {
    "region": "Pelvis",
    "organ": "bone",
    "anatomic_subsite": "left acetabulum",
    "suv_max": 11.1,
    "axial_slice": 240,
    "findings": SENTENCE,
}


async def test_structuring_by_a_model() -> None:
    async with StubServer(lambda *_: Reply(json.dumps(RECORD))) as server, client(server) as a:
        structure, flags = await structure_with_llm(a, structure_question(), FINDING)
    assert (structure.region, structure.organ, structure.anatomic_subsite, structure.laterality) == (
        "Pelvis",
        "bone",
        "left acetabulum",
        "left",
    )
    assert flags == ()


@pytest.mark.parametrize(
    "change",
    [
        {"findings": SENTENCE.replace("\n", "")},
        {"suv_max": 11.0},
        {"axial_slice": 241},
        {"region": "Hip"},
        {"organ": "PET/CT axial slice 240"},
        {"anatomic_subsite": "left acetabular roof"},
        {"organ": ""},
    ],
)
async def test_a_wrong_record_is_asked_again_then_replaced_by_the_rules(change: dict[str, Any]) -> None:
    async with StubServer(lambda *_: Reply(json.dumps({**RECORD, **change}))) as server, client(server) as a:
        structure, flags = await structure_with_llm(a, structure_question(), FINDING)
        assert len(server.requests) == 3
    assert structure == structure_finding(SENTENCE, measurement_span=(60, 64))
    assert flags == (FALLBACK_FLAG,)


def test_complaints_quote_nothing() -> None:
    said = complaint(FindingAnswer(**{**RECORD, "findings": "other"}).fields(), FINDING)
    assert said is not None
    assert "acetabulum" not in said


# --- prompts ---------------------------------------------------------------------------------------------------------------------


def test_prompts_load_and_their_hash_tells_them_apart() -> None:
    questions = voter_questions()
    assert questions.relevance is not None
    assert questions.prior is not None
    prompts = [questions.measurements.prompt, questions.relevance.prompt, questions.prior.prompt, structure_question().prompt]
    assert len({p.hash for p in prompts}) == 4
    assert prompts[0].name == "suvmax_slice/v1"


def test_region_of_the_answer_is_the_closed_list() -> None:
    from typing import get_args

    from petarseg.reports.structure_vocabulary import REGIONS

    assert get_args(Region) == REGIONS


@pytest.mark.parametrize(
    "example",
    [
        {"text": "SUVmax 4.5, slice 8", "answer": {"measurements": [{"suv_max": 4.6, "axial_slice": 8}]}},
        {"text": "SUVmax 4.5, slice 8", "answer": {"measurements": [{"suv_max": 4.5}]}},
        {"text": "SUVmax 4.5, slice 8"},
    ],
)
def test_an_example_that_is_not_verbatim_stops_the_run(tmp_path: Path, example: dict[str, Any]) -> None:
    folder = tmp_path / "suvmax_slice" / "v1"
    folder.mkdir(parents=True)
    (folder / "prompt.md").write_text("Read.")
    (folder / "examples.jsonl").write_text(json.dumps(example) + "\n")
    with pytest.raises(ConfigError, match="example 1"):
        load_prompt("suvmax_slice", answer=SuvSliceAnswer, root=tmp_path)


def test_a_missing_prompt_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is missing"):
        load_prompt("suvmax_slice", root=tmp_path)


# --- a real server ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def smollm2() -> Iterator[str]:
    with smollm2_server() as base_url:
        yield base_url


@pytest.mark.llm
async def test_smollm2_votes_and_the_ensemble_keeps_it_honest(smollm2: str) -> None:
    # Three sentences and one question: the prompt is read once, then served from the server's prefix cache.
    report = "\n".join(REPORT.splitlines()[:2]) + " Spiculated nodule of the lingula with SUVmax 9.9 (slice 88)."
    async with LlmClient(Endpoint("smollm2", smollm2, "smollm2", timeout_s=300.0, max_concurrency=1)) as model:
        await model.probe(exact=False)
        voter = LlmVoter(model, Questions(measurements=voter_questions().measurements))
        ensemble = Ensemble(Profile("test", 2, grammar_votes=True, needs_llm=True, n_llms=1), (voter,))
        [decided] = await ensemble.read([("r1", report)])
    # Whatever the tiny model says: what is accepted was confirmed by the grammar, and no sentence is lost.
    assert set(accepted(decided)) <= set(LESIONS)
    assert {d.measurement.sentence for d in decided} == {m.sentence for m in read_measurements(report)}
    assert model.usage.completion_tokens > 0
    assert model.usage.rejected == 0
