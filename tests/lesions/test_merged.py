from __future__ import annotations

import numpy as np
import pytest

from petarseg.errors import FindingRejected
from petarseg.lesions.components import Component
from petarseg.lesions.finding import Match
from petarseg.lesions.merged import MERGED, flag_merged
from petarseg.reasons import Reason

MATCH = Match("a", (5, 5, 5), 8.0, "head_first_1", ("split_component",))
HERE = Component((3, 3, 3), np.ones((5, 5, 5), bool), (5, 5, 5), 8.0, True)
ELSEWHERE = Component((20, 3, 3), np.ones((5, 5, 5), bool), (22, 5, 5), 4.0, True)


def peak(holder: str | None, crosses: bool) -> dict[str, object]:
    return {"in_component_of": holder, "crosses_slice": crosses}


@pytest.mark.parametrize(
    ("evidence", "on_slice", "flagged"),
    [
        ({"suv_max_report": 6.0}, [HERE], True),
        ({"suv_max_report": 9.0}, [HERE], False),  # hotter than the component: it means something else
        ({"suv_max_report": 6.0}, [HERE, ELSEWHERE], False),
        ({"suv_max_report": 6.0}, [ELSEWHERE], False),
        ({"suv_max_report": 6.0}, [], False),
        ({"suv_max_report": 6.0, "local_maxima": [peak("a", True)]}, [], True),
        ({"suv_max_report": 6.0, "local_maxima": [peak("a", False), peak(None, True)]}, [], False),
        ({}, [HERE], False),
    ],
)
def test_what_is_flagged(evidence: dict[str, object], on_slice: list[Component], flagged: bool) -> None:
    rejected = FindingRejected(Reason.NO_MATCHING_MAXIMUM, evidence)
    results = flag_merged({"a": MATCH, "b": rejected}, {"b": on_slice}, lambda ijk: ijk)
    match = results["a"]
    assert isinstance(match, Match)
    assert (MERGED in match.flags) is flagged
    assert match.evidence == ({"merged_with": ["b"]} if flagged else {})
    assert results["b"] is rejected
    assert MERGED not in MATCH.flags
