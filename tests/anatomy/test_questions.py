from __future__ import annotations

import numpy as np
import pytest

from petarseg.anatomy.questions import MAX_CLASSES, make_questions, plain_name
from petarseg.volume import Units, Volume


def organs(n_labels: int = 40) -> tuple[Volume, dict[int, str]]:
    array = np.zeros((40, 40, 40), dtype=np.uint8)
    for label in range(1, n_labels + 1):
        array[(label - 1) % 40, :, :] = label
    array[0, :, :] = 0
    array[0, :3, :3] = 1
    return Volume(array, np.diag([3.0, 3.0, 3.0, 1.0]), Units.LABEL), {n: f"organ_{n}_left" for n in range(1, n_labels + 1)}


def test_at_most_twenty_classes_of_at_least_a_millilitre() -> None:
    anatomy, names = organs()
    rows = make_questions(anatomy, names, seed="E1")
    assert len(rows) == MAX_CLASSES
    assert 1 not in {row.label for row in rows}, "0.24 ml"
    assert [row.label for row in rows] == sorted(row.label for row in rows)
    assert rows[0].volume_ml == pytest.approx(1600 * 0.027)


def test_an_exam_draws_with_its_own_seed() -> None:
    anatomy, names = organs()
    first = make_questions(anatomy, names, seed="E1")
    assert make_questions(anatomy, names, seed="E1") == first
    assert make_questions(anatomy, names, seed="E2") != first


def test_a_removed_class_changes_no_other_text() -> None:
    anatomy, names = organs(10)
    full = {row.label: row for row in make_questions(anatomy, names, seed="E1")}
    fewer = {row.label: row for row in make_questions(anatomy, {n: name for n, name in names.items() if n != 5}, seed="E1")}
    assert fewer == {label: row for label, row in full.items() if label != 5}


def test_the_answer_names_the_structure() -> None:
    anatomy, names = organs(6)
    for row in make_questions(anatomy, names, seed="E1"):
        assert plain_name(row.anatomy_class) in row.answer
        assert row.question.endswith(("?", "."))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("lung_middle_lobe_right", "right middle lung lobe"),
        ("rib_left_1", "left 1st rib"),
        ("rib_right_12", "right 12th rib"),
        ("vertebrae_T11", "T11 vertebra"),
        ("autochthon_left", "left autochthonous back muscle"),
        ("portal_vein_and_splenic_vein", "portal and splenic vein"),
        ("soft tissue", "soft tissue"),
    ],
)
def test_plain_names(name: str, plain: str) -> None:
    assert plain_name(name) == plain
