from __future__ import annotations

from datetime import date, datetime

import numpy as np

from petarseg.phantom.people import age_on, invent_patient, invent_visit, planted_phi


def test_no_two_patients_share_a_name_or_number() -> None:
    people = [invent_patient(np.random.default_rng([0, 1, n]), n, date(2022, 5, 1)) for n in range(60)]
    assert len({person.surname for person in people}) == 60
    assert len({person.patient_id for person in people}) == 60


def test_the_aged_are_over_89() -> None:
    person = invent_patient(np.random.default_rng(0), 0, date(2022, 12, 1), aged=True)
    assert person.age_years >= 90
    assert person.age_years == age_on(person.birth_date, date(2022, 12, 1))


def test_age_counts_whole_years() -> None:
    assert age_on(date(1950, 6, 2), date(2020, 6, 1)) == 69
    assert age_on(date(1950, 6, 1), date(2020, 6, 1)) == 70


def test_planted_strings_are_long_enough_to_search_for() -> None:
    rng = np.random.default_rng(1)
    person = invent_patient(rng, 3, date(2022, 5, 1))
    visit = invent_visit(rng, 3, "SIEMENS", datetime(2022, 5, 1, 10, 0), datetime(2022, 5, 1, 9, 50))
    planted = planted_phi(person, visit)
    assert all(len(entry["text"]) >= 7 for entry in planted)
    assert {"NAME", "MRN", "PHONE", "DATE", "HOSPITAL", "ACCESSION", "DEVICE_ID", "LOCATION", "OTHER_ID"} == {e["type"] for e in planted}
    assert {"type": "DATE", "text": "May 1, 2022"} in planted
