"""The card says what is in the tables."""

from __future__ import annotations

import pytest
import yaml
from tiny_dataset import rows_of, write_tiny_dataset

from petarseg.dataset.card import FIGURE, render_card, size_category

WORDS = {"name": "tiny", "version": "v1-0", "license_id": "other", "software": "0.1.0", "methods": "How.", "limits": ["Only some.", "No."]}
FUNNEL = [{"stage": "match", "unit": "findings", "read": 12, "kept": 10, "dropped": "ambiguous 2"}]


@pytest.fixture
def rows(tmp_path):
    dataset = write_tiny_dataset(tmp_path / "d")
    return {"lesions": rows_of(dataset, "lesions"), "exams": rows_of(dataset, "exams")}


def card(rows, **changes):
    return render_card(**{**WORDS, **rows, "n_anatomy": 5, "n_rejected": 1, "funnel": FUNNEL, **changes})


def test_numbers_are_those_of_the_rows(rows):
    text = card(rows)
    for line in (
        "| train | 2 | 3 | 6 |",
        "| 60-69 | 5 | 100.0 |",
        "| lung | 10 | 100.0 |",
        "| PET/CT exams | 5 |",
        "- Only some.\n- No.\n",
    ):
        assert line in text, line
    assert "ambiguous 2" in text
    assert f"]({FIGURE})" in text
    assert "24x20x30" in text


def test_markdown_tables_have_as_many_cells_as_heads(rows):
    lines = card(rows).splitlines()
    for number, line in enumerate(lines):
        if line.startswith("|---"):
            width = line.count("|")
            assert lines[number - 1].count("|") == width, lines[number - 1]
            assert all(row.replace("\\|", "").count("|") == width for row in lines[number + 1 :][:2] if row.startswith("|"))


def test_few_exams_are_not_described_one_by_one(rows):
    rows["exams"][0] |= {"cancer_type": "thymoma"}
    assert "thymoma" in card(rows)
    text = card(rows, small=5)
    assert "thymoma" not in text
    assert "fewer than 5" in text


def test_faces_are_spoken_of(rows):
    assert "faces of PET and CT are not removed" in card(rows)
    rows["exams"][0] |= {"face": "removed"}
    assert "no proof of anonymity" in card(rows)


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
    assert "| a\\|b # c | 1 | 20.0 |" in text


def test_an_empty_dataset_still_has_a_card():
    assert "tiny" in card({"lesions": [], "exams": []})


@pytest.mark.parametrize(("n", "text"), [(999, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K"), (100_000, "100K<n<1M")])
def test_size_categories(n, text):
    assert size_category(n) == text
