"""Scrubbing of whole reports: real cohort, invented corpus, deny-list, moved dates, surrogates, leak scan."""

from __future__ import annotations

import csv
import json
import re
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

from petarseg.errors import ConfigError, ExamRejected
from petarseg.reasons import Reason
from petarseg.reports import scrub as scrub_module
from petarseg.reports.scrub import Scrubbed, Scrubber
from petarseg.reports.scrub_scoring import score_scrubbing

_MARK = re.compile(r"<<([A-Z_0-9]+)\|(.*?)>>", re.DOTALL)
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Marked:
    """A text without its marks, and the marked stretches as ``(start, end, type)``."""

    text: str
    spans: tuple[tuple[int, int, str], ...]


def unmark(marked: str) -> Marked:
    text = ""
    spans: list[tuple[int, int, str]] = []
    position = 0
    for match in _MARK.finditer(marked):
        text += marked[position : match.start()]
        spans.append((len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        position = match.end()
    return Marked(text + marked[position:], tuple(spans))


REPORTS = (_HERE / "scrub_reports.txt").read_text(encoding="utf-8").split("=====\n")[1:]
CLEAN = (_HERE / "scrub_clean.txt").read_text(encoding="utf-8").splitlines()[1:]


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    return Scrubber()


def _leaked(marked: Marked, scrubbed: Scrubbed) -> list[str]:
    covered = {position for span in scrubbed.spans for position in range(span.start, span.end)}
    return [marked.text[start:end] for start, end, _ in marked.spans if not covered.issuperset(range(start, end))]


def test_planted_phi_of_the_real_cohort_goes_and_measurements_stay(shared_data: Path, scrubber: Scrubber) -> None:
    planted = json.loads((shared_data / "real_cohort/expected.json").read_text())["phi_planted_in_reports"]
    with (shared_data / "real_cohort/reports.csv").open() as file:
        reports = [row["report"] for row in csv.DictReader(file)]
    text = "\n".join(scrubber.scrub(report).text for report in reports)
    assert [value for value in planted if value in text] == []
    for kept in ("SUV max of 12.8 (slice 89)", "SUV max 10.3 (slice 32)", "SUVmax 6.5, image 26", "16.3 on axial slice 19", "388.8 MBq"):
        assert kept in text


def test_development_reports_reach_the_acceptance_numbers(shared_data: Path, scrubber: Scrubber) -> None:
    score = score_scrubbing(shared_data / "reports_dev/reports.jsonl", scrubber)
    assert score.rejected == 0
    # Issue 4: recall >= 0.98, at most one false positive a report, every eponym and measurement intact.
    assert score.recall is not None
    assert score.recall >= 0.98
    assert score.false_positives_per_report is not None
    assert score.false_positives_per_report <= 1
    assert (score.terms_lost, score.measurements_lost) == (0, 0)
    json.dumps(score.to_json())


def test_every_placement_of_the_invented_corpus_is_found(scrubber: Scrubber) -> None:
    corpus = [unmark(report) for report in REPORTS]
    assert sum(len(marked.spans) for marked in corpus) > 300
    results = scrubber.scrub_many([marked.text for marked in corpus])
    leaked = []
    for marked, result in zip(corpus, results, strict=True):
        assert isinstance(result, Scrubbed), result
        leaked += _leaked(marked, result)
    assert leaked == []


def test_sentences_without_phi_come_back_byte_for_byte(scrubber: Scrubber) -> None:
    assert len(CLEAN) > 140
    results = scrubber.scrub_many(CLEAN)
    changed = [line for line, result in zip(CLEAN, results, strict=True) if not isinstance(result, Scrubbed) or result.text != line]
    assert changed == []


def test_spans_refer_to_the_input_and_the_rest_is_verbatim(scrubber: Scrubber) -> None:
    text = "PATIENT NAME: GRUNDY, ALASDAIR P_x000D_\nSUV MAX OF 9.2\t(SLICE 33)_x000D_\nSIGNED BY RENATA BAKER, MD 02/12/2024_x000D_\n"
    result = scrubber.scrub(text)
    assert [text[span.start : span.end] for span in result.spans] == ["GRUNDY, ALASDAIR P", "RENATA BAKER", "02/12/2024"]
    assert result.text == "PATIENT NAME: [NAME]_x000D_\nSUV MAX OF 9.2\t(SLICE 33)_x000D_\nSIGNED BY [NAME], MD [DATE]_x000D_\n"


@pytest.mark.parametrize("text", ["", "\n", "   ", "SUVmax 4.4 (slice 12)."])
def test_texts_without_phi(text: str, scrubber: Scrubber) -> None:
    assert scrubber.scrub(text) == Scrubbed(text, ())


DENY = [
    "OSTRANDER^MARIGOLD^Q",
    "004417-882",
    "20050203",
    "19380714",
    "Pinecrest Valley Hospital",
    "MIRABELLI^QUENTIN^^DR",
    "STS_003",
    "GE MEDICAL SYSTEMS",
]


@pytest.mark.parametrize(
    "mention",
    [
        "ostrander",
        "Marigold",
        "OSTRANDER",
        "Quentin Mirabelli",
        "mirabelli, quentin",
        "4417 882",
        "4417-882",
        "sts-003",
        "STS 003",
        "02032005",
        "3.2.2005",
        "Feb 3rd",
        "7/14/38",
        "pinecrest valley hospital",
        "Pinecrest",
    ],
)
def test_deny_strings_go_in_any_form(mention: str, scrubber: Scrubber) -> None:
    result = scrubber.scrub(f"Seen before ({mention}), with uptake of SUVmax 4.4 on slice 12.", deny=DENY)
    assert mention.lower() not in result.text.lower()
    assert result.text.endswith("with uptake of SUVmax 4.4 on slice 12.")


def test_deny_strings_that_are_words_do_not_eat_the_findings(scrubber: Scrubber) -> None:
    text = "Small bowel uptake. A small node on image 1001, SUVmax 12. SMALL BOWEL. Hodgkin lymphoma. Seen by Small today. Mrs. Rose Small."
    result = scrubber.scrub(text, deny=["SMALL^ROSE", "HODGKIN^ANN", "12", "1001", "PET"])
    assert result.text.startswith("Small bowel uptake. A small node on image 1001, SUVmax 12. SMALL BOWEL. Hodgkin lymphoma.")
    assert "by Small" not in result.text
    assert "Rose" not in result.text


def test_eponym_stays_and_the_physician_of_that_name_goes(scrubber: Scrubber) -> None:
    result = scrubber.scrub(
        "Dear Dr. Whipple,\nStatus post Whipple procedure. Dr. Hodgkin follows the Hodgkin lymphoma.\nWhipple was informed."
    )
    assert result.text == "Dear Dr. [NAME],\nStatus post Whipple procedure. Dr. [NAME] follows the Hodgkin lymphoma.\n[NAME] was informed."


def test_dates_move_by_the_patients_shift_in_their_own_layout() -> None:
    text = "COMPARISON: 03/14/2024, 3/5/24, 14 March 2024, March 5th, 2024, 2024-03-14T09:12, 20240314, 14MAR2024, Mar 2024; 2022."
    result = Scrubber(dates="shift").scrub(text, day_shift=-400)
    # 2024-03-14 - 400 days = 2023-02-08, 2024-03-05 - 400 days = 2023-01-30 (2024 is a leap year)
    assert (
        result.text
        == "COMPARISON: 02/08/2023, 1/30/23, 8 February 2023, January 30th, 2023, 2023-02-08T09:12, 20230208, 8FEB2023, Feb 2023; 2022."
    )


def test_a_date_that_cannot_be_moved_truthfully_is_replaced() -> None:
    shifting = Scrubber(dates="shift")
    assert shifting.scrub("Comparison 04/03/2024.", day_shift=-400).text == "Comparison [DATE]."
    assert shifting.scrub("Comparison 04/03/2024.", day_shift=-400, deny=["20240304"]).text == "Comparison 29/01/2023."
    assert shifting.scrub("Comparison from 3/14.", day_shift=-400).text == "Comparison from [DATE]."
    assert shifting.scrub("Comparison 03/14/2024.").text == "Comparison [DATE]."


def test_surrogates_are_consistent_keyed_and_keep_the_layout() -> None:
    text = "PATIENT: GRUNDY, ALASDAIR P. Mr. Grundy was seen by Dr. Vandersloot."
    one = Scrubber(names="surrogate", surrogate_seed=b"a" * 32).scrub(text, deny=["GRUNDY^ALASDAIR"]).text
    again = Scrubber(names="surrogate", surrogate_seed=b"a" * 32).scrub(text, deny=["GRUNDY^ALASDAIR"]).text
    other = Scrubber(names="surrogate", surrogate_seed=b"b" * 32).scrub(text, deny=["GRUNDY^ALASDAIR"]).text
    assert one == again != other
    assert "GRUNDY" not in one.upper()
    family = one.removeprefix("PATIENT: ").split(",")[0]
    assert f"Mr. {family.capitalize()} was seen" in one


@pytest.mark.parametrize("options", [{"dates": "blur"}, {"names": "surrogate"}, {"date_order": "ymd"}, {"names": "initials"}])
def test_wrong_options_are_config_errors(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        Scrubber(**options)  # type: ignore[arg-type]


def test_what_survives_rejects_the_report_without_naming_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrub_module, "find_spans", lambda text, deny, model: [])
    scrubber = Scrubber()
    with pytest.raises(ExamRejected) as caught:
        scrubber.scrub("Read by Dr. Mirabelli on 09/07/2000, MRN 0044178, call (555) 014-2277.", deny=["MIRABELLI^QUENTIN"])
    assert caught.value.reason is Reason.SCRUB_LEAK
    assert caught.value.evidence == {"left": {"DATE": 1, "NAME": 1, "OTHER_ID": 1, "PHONE": 1}}
    results = scrubber.scrub_many(["Clean.", "On 09/07/2000."])
    assert isinstance(results[0], Scrubbed)
    assert isinstance(results[1], ExamRejected)


def test_nothing_touches_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    result = Scrubber().scrub("Write to pet.office@northmoor-health.org or www.example.org.")
    assert result.text == "Write to [EMAIL] or [URL]."


def test_many_reports_give_what_each_gives_alone(scrubber: Scrubber) -> None:
    texts = [unmark(report).text for report in REPORTS[:6]]
    assert scrubber.scrub_many(texts) == [scrubber.scrub(text) for text in texts]


def test_other_languages_lose_their_dates_and_labelled_names_only(scrubber: Scrubber) -> None:
    finding = "Beurteilung: Der Herd im linken Oberlappen zeigt eine Anreicherung mit SUVmax 7,3 (Schicht 88)."
    text = f"Patient: Annegret Grünwald, Untersuchung vom 14. März 2024.\n{finding}"
    result = scrubber.scrub(text)
    assert "Grünwald" not in result.text
    assert "März" not in result.text
    assert finding in result.text


@pytest.mark.parametrize("name", ["Pancoast", "Choi", "Breslow", "Hogg", "Nigro", "Clark", "Bartholin"])
@pytest.mark.parametrize(
    "text",
    [
        "Discussed with {} at 4 pm.",
        "Results to Dr. {} by phone.",
        "The patient, {}, tolerated the injection.",
        "Referring: Dr. Walton {}\n## Findings\nNone.",
        "RE: {}, Anna",
    ],
)
def test_an_eponym_is_a_name_where_a_person_stands(name: str, text: str) -> None:
    assert name not in Scrubber().scrub(text.format(name)).text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Melanoma, Breslow 4.2 mm, BRAF V600E mutated.", "Breslow 4.2 mm, BRAF V600E"),
        ("Good response by Choi and PET criteria.", "Choi and PET criteria"),
        ("A nodule in the pouch of Douglas has SUVmax 6.1 on slice 220.", "pouch of Douglas"),
        ("RE: Merkel cell carcinoma of the left temple.", "Merkel cell carcinoma"),
        ("PET/CT CPT 78815, skull base to thigh.", "78815"),
    ],
)
def test_terms_beside_verbs_labels_and_numbers_stay(text: str, kept: str) -> None:
    assert kept in Scrubber().scrub(text).text


@pytest.mark.parametrize("text", ["MRN: K447R seen today.", "Home: 12 Elm St, Uvalde, TX 78801", "insurance GHM 5520 0071 X, seen"])
def test_numbers_that_look_like_terms(text: str) -> None:
    scrubbed = Scrubber().scrub(text).text
    assert not any(number in scrubbed for number in ("K447R", "78801", "0071"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Findings were reviewed with resident Hand at 10:00.", "Hand"),
        ("Images read by attending Lake and fellow Stone.", "Stone"),
        ("Communicated to the referring surgeon Field.", "Field"),
    ],
)
def test_a_plain_word_behind_a_role_is_a_name(text: str, name: str) -> None:
    assert name not in Scrubber().scrub(text).text


@pytest.mark.parametrize(
    "text",
    ["Discussed with the attending Physician on call.", "Reviewed by radiologist. Liver normal.", "Seen with oncologist PET conference."],
)
def test_a_title_or_term_behind_a_role_is_none(text: str) -> None:
    assert Scrubber().scrub(text).text == text
