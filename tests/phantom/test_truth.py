from __future__ import annotations

from typing import Any

from petarseg.phantom.truth import EXPECTED
from petarseg.reasons import Reason


def test_outcomes_are_kept_or_reason_codes() -> None:
    codes = {reason.value for reason in Reason} | {"kept"}
    for outcomes in EXPECTED.values():
        assert set(outcomes) <= codes
    assert EXPECTED[None] == ("kept",)


def test_totals_count_the_lesions(cohort: Any) -> None:
    lesions = [lesion for exam in cohort.truth["exams"] for lesion in exam["lesions"]]
    totals = cohort.truth["totals"]
    assert totals["lesions"] == len(lesions) == totals["clean"] + totals["hard"]
    assert totals["clean"] >= 2 * totals["exams"]
    assert sum(totals["expected"].values()) == len(lesions)
    assert all(lesion["expected"] == lesion["acceptable"][0] for lesion in lesions)


def test_phi_lists_every_identifier_once(cohort: Any) -> None:
    phi = cohort.truth["phi"]
    assert phi == sorted(set(phi))
    for exam in cohort.truth["exams"]:
        assert {exam["patient_id"], exam["accession_number"], exam["study_instance_uid"], exam["study_date"]} <= set(phi)


def test_trap_reasons_are_reason_codes(cohort: Any) -> None:
    codes = {reason.value for reason in Reason}
    for exam in cohort.truth["exams"]:
        for reject in exam["rejects"]:
            assert set(reject["reasons"]) <= codes
