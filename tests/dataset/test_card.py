"""The card says what is in the tables."""

from __future__ import annotations

import pytest
import yaml
from tiny_dataset import rows_of, write_tiny_dataset

from petarseg.dataset.card import age_band, cohort_tables, count, render_card, size_category

WORDS = {"name": "tiny", "version": "v1-0", "license_id": "other", "software": "0.1.0", "methods": "How.", "method": "avg_itm"}


@pytest.fixture
def rows(tmp_path):
    dataset = write_tiny_dataset(tmp_path / "d")
    return {"lesions": rows_of(dataset, "lesions"), "exams": rows_of(dataset, "exams")}


def card(rows, **changes):
    funnel = [{"stage": "match", "unit": "findings", "read": 12, "kept": 10, "dropped": "ambiguous 2"}]
    return render_card(
        **{**WORDS, **rows, "n_anatomy": 5, "n_rejected": 1, "funnel": funnel, "suv_floor": 2.5, "structure": "rules", **changes}
    )


def test_numbers_are_those_of_the_rows(rows):
    tables = cohort_tables(rows["lesions"], rows["exams"])
    assert tables["Splits"] == ("exams", [("train", 3), ("test", 1), ("val", 1)])
    assert tables["Age"] == ("exams", [("60-69", 5)])
    assert tables["Organs"] == ("lesions", [("lung", 10)])
    text = card(rows)
    assert "ambiguous 2" in text
    assert "24x20x30" in text


def test_header_is_yaml_for_the_hub(rows):
    header = yaml.safe_load(card(rows).split("---\n")[1])
    assert header["license"] == "other"
    assert header["size_categories"] == ["n<1K"]
    assert {config["config_name"]: config["data_files"] for config in header["configs"]}["lesions"] == "lesions.parquet"


def test_odd_values_break_neither_yaml_nor_tables(rows):
    rows["exams"][0] |= {"cancer_type": "a|b\n# c", "manufacturer": None, "model": None}
    text = card(rows, name="x: [y", license_id="other: {z")
    header = yaml.safe_load(text.split("---\n")[1])
    assert (header["pretty_name"], header["license"]) == ("x: [y", "other: {z")
    assert "| a\\|b # c | 1 |" in text


def test_an_empty_dataset_still_has_a_card():
    assert "tiny" in card({"lesions": [], "exams": []})


def test_counts_are_ordered_and_name_the_unknown():
    assert count(["b", "a", None, "b"]) == [("b", 2), ("a", 1), ("unknown", 1)]


@pytest.mark.parametrize(("age", "band"), [(None, None), (0, "00-09"), (69, "60-69"), (90, "90+")])
def test_age_bands(age, band):
    assert age_band(age) == band


@pytest.mark.parametrize(("n", "text"), [(999, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K"), (100_000, "100K<n<1M")])
def test_size_categories(n, text):
    assert size_category(n) == text
