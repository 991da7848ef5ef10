"""The vote: what wins, what cannot, and that no sentence is lost and no number invented."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from petarseg.errors import ConfigError
from petarseg.reasons import Reason
from petarseg.reports.ensemble import Decided, Ensemble
from petarseg.reports.review import read_review, write_review
from petarseg.reports.voting import PROFILES, Ballot, Candidate, Kind, Pair, find_candidates, locate, number_spans, winning_pairs

NODE = "Right hilar node with SUVmax of 7.4 on axial slice 81."
PRIOR = "Left adrenal nodule, SUVmax 6.6 on slice 113, previously 4.2."
REPORT = f"FINDINGS:\n{NODE} {PRIOR} Liver SUVmean is 2.1 on slice 118. Uptake at T9 has SUVmax 5.0 on coronal slice 88.\nIMPRESSION: Done."


class Scripted:
    """A voter that gives the same pairs for every sentence that holds a word, and nothing elsewhere."""

    kind: Kind = "llm"

    def __init__(self, name: str, script: dict[str, Sequence[Pair]] | None = None, *, abstains: bool = False) -> None:
        self.name = name
        self.script = script or {}
        self.abstains = abstains
        self.asked: list[str] = []

    async def vote(self, candidates: Sequence[Candidate]) -> list[Ballot]:
        self.asked += [c.sentence for c in candidates]
        return [self._ballot(c) for c in candidates]

    def _ballot(self, candidate: Candidate) -> Ballot:
        pairs = tuple(pair for word, pairs in self.script.items() if word in candidate.sentence for pair in pairs)
        return Ballot(self.name, "llm", pairs, abstained=self.abstains)


def llm(name: str, *pairs: Pair, abstained: bool = False) -> Ballot:
    return Ballot(name, "llm", pairs, abstained=abstained)


def grammar(*pairs: Pair) -> Ballot:
    return Ballot("grammar", "grammar", pairs)


@pytest.mark.parametrize(
    ("profile", "ballots", "winners"),
    [
        # paper: the two models must agree, on SUV and on slice; the grammar has no vote.
        ("paper", [grammar((7.4, 81)), llm("a", (7.4, 81)), llm("b", (7.4, 81))], [(7.4, 81)]),
        ("paper", [grammar((7.4, 81)), llm("a", (7.4, 81)), llm("b", (7.4, 82))], []),
        ("paper", [grammar((7.4, 81)), llm("a", (7.4, 81)), llm("b")], []),
        ("paper", [grammar((7.4, 81)), llm("a", (7.4, 81)), llm("b", abstained=True)], []),
        # production: 2 of 4, at least one model and one other.
        ("production", [grammar((7.4, 81)), llm("a", (7.4, 81)), llm("b"), llm("c")], [(7.4, 81)]),
        ("production", [grammar(), llm("a", (7.4, 81)), llm("b", (7.4, 81)), llm("c")], [(7.4, 81)]),
        ("production", [grammar((7.4, 81)), llm("a"), llm("b"), llm("c")], []),
        ("production", [grammar((7.4, 81)), llm("a", abstained=True), llm("b", abstained=True), llm("c", (7.4, 81))], [(7.4, 81)]),
        # voted separately, but one voter must have given the pair.
        ("production", [grammar((7.4, 80)), llm("a", (7.4, 81)), llm("b", (6.0, 81)), llm("c")], [(7.4, 81)]),
        ("production", [grammar((7.4, 80)), llm("a", (7.4, 99)), llm("b", (6.0, 81)), llm("c", (6.1, 81))], []),
        # two lesions in a sentence; crossed pairs do not beat the straight ones.
        (
            "production",
            [grammar((5.2, 77), (3.8, 80)), llm("a", (5.2, 77), (3.8, 80)), llm("b", (5.2, 80), (3.8, 77)), llm("c")],
            [(5.2, 77), (3.8, 80)],
        ),
        ("production", [grammar(), llm("a", (5.2, 77)), llm("b", (5.2, 80)), llm("c", (5.2, 77), (3.8, 80))], [(5.2, 77)]),
        # two lesions on one slice.
        ("paper", [grammar(), llm("a", (5.2, 80), (3.8, 80)), llm("b", (5.2, 80), (3.8, 80))], [(5.2, 80), (3.8, 80)]),
        ("embedded", [grammar((7.4, 81))], [(7.4, 81)]),
        ("embedded", [grammar()], []),
    ],
)
def test_count(profile: str, ballots: list[Ballot], winners: list[Pair]) -> None:
    assert winning_pairs(ballots, PROFILES[profile]) == winners


def test_a_level_contest_has_no_winner() -> None:
    ballots = [grammar((5.2, 77)), llm("a", (5.2, 77)), llm("b", (5.2, 80)), llm("c", (5.2, 80))]
    assert winning_pairs(ballots, PROFILES["production"]) == []


def accepted(decided: Sequence[Decided]) -> list[tuple[float | None, int | None]]:
    return [(d.measurement.suv_max, d.measurement.axial_slice) for d in decided if d.measurement.status == "accepted"]


async def test_embedded_is_the_grammar_alone() -> None:
    [decided] = await Ensemble(PROFILES["embedded"]).read([("r1", REPORT)])
    assert accepted(decided) == [(7.4, 81), (6.6, 113)]
    for item in decided:
        m = item.measurement
        assert REPORT[m.start : m.end] == m.sentence


async def test_models_confirm_the_grammar_and_spans_point_at_the_numbers() -> None:
    script = {"hilar": [(7.4, 81)], "adrenal": [(6.6, 113)]}
    ensemble = Ensemble(PROFILES["paper"], (Scripted("a", script), Scripted("b", script)))
    [decided] = await ensemble.read([("r1", REPORT)])
    assert accepted(decided) == [(7.4, 81), (6.6, 113)]
    for item in decided:
        m = item.measurement
        if m.status == "accepted":
            assert m.suv_span is not None
            assert m.slice_span is not None
            assert float(REPORT[slice(*m.suv_span)]) == m.suv_max
            assert int(REPORT[slice(*m.slice_span)]) == m.axial_slice
            assert item.voters["a"] == [(m.suv_max, m.axial_slice)]
    assert ensemble.disagreements == []
    assert ensemble.statistics.to_json()["voters"]["a"]["won"] == 2  # type: ignore[index]


async def test_disagreement_rejects_and_goes_to_review(tmp_path: Path) -> None:
    ensemble = Ensemble(PROFILES["paper"], (Scripted("a", {"hilar": [(7.4, 81)]}), Scripted("b")))
    [decided] = await ensemble.read([("r1", REPORT)])
    assert accepted(decided) == []
    torn = [d.measurement for d in decided if d.measurement.reason is Reason.NO_AGREEMENT]
    assert [m.sentence for m in torn] == [NODE, PRIOR]

    review = tmp_path / "review.jsonl"
    assert write_review(review, ensemble.disagreements) == 2
    assert read_review(review) == {}
    rows = [json.loads(line) for line in review.read_text().splitlines()]
    for row in rows:
        row["answer"] = [[7.4, 81]] if row["sentence"] == NODE else []
    review.write_text("".join(json.dumps(row) + "\n" for row in rows))

    again = Ensemble(PROFILES["paper"], (Scripted("a"), Scripted("b")), answers=read_review(review))
    [decided] = await again.read([("r1", REPORT)])
    assert accepted(decided) == [(7.4, 81)]
    assert again.disagreements == []
    assert NODE not in again.voters[0].asked  # type: ignore[attr-defined]  # what a person settled is not asked again
    assert write_review(review, []) == 0  # answered lines stay
    assert len(read_review(review)) == 2


async def test_models_cannot_overrule_the_rules() -> None:
    script = {"SUVmean": [(2.1, 118)], "coronal": [(5.0, 88)]}
    [decided] = await Ensemble(PROFILES["paper"], (Scripted("a", script), Scripted("b", script))).read([("r1", REPORT)])
    assert accepted(decided) == []


async def test_numbers_that_are_not_in_the_sentence_never_win() -> None:
    script = {"hilar": [(7.5, 81)], "adrenal": [(6.6, 114)]}
    [decided] = await Ensemble(PROFILES["paper"], (Scripted("a", script), Scripted("b", script))).read([("r1", REPORT)])
    assert accepted(decided) == []


async def test_no_sentence_is_lost_when_every_model_abstains() -> None:
    [grammar_alone] = await Ensemble(PROFILES["embedded"]).read([("r1", REPORT)])
    [decided] = await Ensemble(PROFILES["paper"], (Scripted("a", abstains=True), Scripted("b", abstains=True))).read([("r1", REPORT)])
    assert {d.measurement.sentence for d in decided} == {d.measurement.sentence for d in grammar_alone}
    assert accepted(decided) == []


async def test_sentences_without_two_numbers_are_not_worth_a_question() -> None:
    a, b = Scripted("a"), Scripted("b")
    [decided] = await Ensemble(PROFILES["paper"], (a, b)).read([("r1", "FINDINGS: The right hilar node has an SUVmax of 7.4, unchanged.")])
    assert a.asked == []
    assert [d.measurement.reason for d in decided] == [Reason.SUV_WITHOUT_SLICE]


def test_too_few_models_or_equal_names_stop_the_run() -> None:
    with pytest.raises(ConfigError, match="needs 2 language models"):
        Ensemble(PROFILES["paper"], (Scripted("a"),))
    with pytest.raises(ConfigError, match="names"):
        Ensemble(PROFILES["paper"], (Scripted("a"), Scripted("a")))


def test_numbers_are_found_verbatim_only() -> None:
    text = "SUV 12,5 and 12.50, slice 125; 2.5 cm; 112.5"
    assert [text[slice(*span)] for span in number_spans(text, 12.5)] == ["12,5", "12.50"]
    assert number_spans(text, 2.0) == []
    assert locate("Node 8 mm, SUV 8, slice 8.", (8.0, 8)) == ((15, 16), (24, 25))
    assert locate("Node with SUV 7.4.", (7.4, 7)) is None


def test_candidates_carry_the_sentence_before() -> None:
    from petarseg.reports.grammar import read_measurements

    candidates = find_candidates(REPORT, read_measurements(REPORT))
    assert [c.sentence for c in candidates][:2] == [NODE, PRIOR]
    assert candidates[1].context == NODE
    assert candidates[0].context == "FINDINGS:"


@pytest.mark.parametrize("answer", ["yes", [[7.4]], [["x", 81]], [[9.9, 81]], [7.4, 81]])
def test_an_answer_that_cannot_be_obeyed_names_its_line(tmp_path: Path, answer: object) -> None:
    path = tmp_path / "review.jsonl"
    path.write_text(json.dumps({"key": "k", "sentence": NODE, "answer": answer}) + "\n")
    with pytest.raises(ConfigError, match="line 1"):
        read_review(path)


@pytest.mark.parametrize("line", ["not json", "[]", '{"sentence": "x"}'])
def test_a_foreign_review_file_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "review.jsonl"
    path.write_text(line)
    with pytest.raises(ConfigError, match="line 1"):
        read_review(path)
