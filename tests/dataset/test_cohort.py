"""Tables of the card: shares add up, and small groups do not show, not even by subtraction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petarseg.dataset.cohort import OTHERS, age_band, at_a_glance, grouped, measures, patient_summary, shares


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.integers(1, 40)), st.integers(1, 11))
def test_nothing_small_is_left_and_nothing_is_lost(counts, small):
    shown = grouped(counts, small)
    assert sum(shown.values()) == sum(counts.values())
    if sum(counts.values()) >= small:
        assert all(count >= small for count in shown.values())
    assert set(shown) <= {*counts, OTHERS}


def test_shares_are_ordered_and_name_the_unknown():
    table = shares("Tracers", "exams", ["FDG", "FDG", None, "DOTATATE", "FDG"], 5, small=1)
    assert table.rows == (("FDG", "3", "60.0"), ("DOTATATE", "1", "20.0"), ("unknown", "1", "20.0"))
    assert shares("Tracers", "exams", ["FDG", "FDG", None, "DOTATATE", "FDG"], 5, small=2).rows == (
        ("FDG", "3", "60.0"),
        ("Others", "2", "40.0"),
    )


def test_patients_as_in_the_paper():
    exams = [{"age_years": age, "sex": sex} for age, sex in ((60, "M"), (70, "M"), (62, "F"), (None, None))]
    assert dict(patient_summary(exams, small=1)) == {
        "Age, mean ± SD (years)": "64.0 ± 5.3",
        "Male (%)": "66.7",
        "Female (%)": "33.3",
        "Age unknown (%)": "25.0",
        "Sex unknown (%)": "25.0",
    }
    assert dict(patient_summary(exams, small=5)) == {"Others (%)": "100.0"}


def test_whole_body_is_what_shows_enough_of_it():
    exams = [{"exam_id": name, "patient_id": "P"} for name in ("E1", "E2", "E3")]
    table = at_a_glance([{}], exams, {"E1": 1050.0, "E2": 749.0})
    assert table.rows[0] == ("PET/CT exams", "3")
    assert table.rows[1] == ("patients", "1")
    assert table.rows[-1] == ("whole body (at least 750 mm of it)", "1 exams (33.3 %)")


def test_measures_are_quartiles():
    lesions = [{"suv_max": float(n), "suv_mean": 1.0, "volume_ml": 2.0, "exam_id": f"E{n % 2}"} for n in range(1, 8)]
    assert measures(lesions).rows[0] == ("SUVmax (g/ml)", "2.00", "4.00", "6.00")
    assert measures(lesions).rows[-1] == ("lesions per exam, mean", "", "3.5", "")
    assert measures([]).rows == ()


@pytest.mark.parametrize(("age", "band"), [(None, None), (0, "00-09"), (69, "60-69"), (90, "90+")])
def test_age_bands(age, band):
    assert age_band(age) == band
