"""What the exam stage accepts must hold the contract of the dataset."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from petarseg.dataset.relation_checks import WITHOUT_DECIMALS, check_measurements
from petarseg.errors import FindingRejected
from petarseg.lesions.match import Query
from petarseg.reasons import Reason
from tasks.exams import check_suv, query_of

FINDING = {"sentence": "Nodule with SUVmax 7 on image 40.", "axial_slice": 40, "start": 0, "suv_span": [19, 20], "slice_span": [30, 32]}


def lesion(suv_max: float) -> Any:
    return SimpleNamespace(suv_max=suv_max)


@pytest.mark.parametrize(
    ("suv_max", "decimals", "fits"),
    [(7.1, 1, True), (7.15, 1, False), (6.85, 1, False), (7.5, 0, True), (7.6, 0, False), (7.3, None, False)],
)
def test_a_mask_whose_maximum_is_not_the_reports_is_rejected(suv_max: float, decimals: int | None, fits: bool) -> None:
    """A grown mask may reach a hotter voxel than its seed, and a drawn one anything."""
    query = Query("0", suv_max=7.0, axial_slice=40, suv_decimals=decimals)
    row = {"lesion_id": "L", "suv_max": suv_max, "suv_max_report": 7.0, "suv_mean": 1.0, "threshold_suv": 1.0, "suv_peak": None, "tlg": 1.0}
    row |= {"volume_ml": 1.0, "flags": [WITHOUT_DECIMALS] if decimals == 0 else []}
    assert (not list(check_measurements([row], 0.1))) is fits, "the contract says the same"
    if fits:
        check_suv(lesion(suv_max), query, 0.1)
    else:
        with pytest.raises(FindingRejected) as caught:
            check_suv(lesion(suv_max), query, 0.1)
        assert caught.value.reason is Reason.MASK_INCONSISTENT
        assert caught.value.evidence["suv_max_report"] == 7.0


@pytest.mark.parametrize(("text", "decimals"), [("7", 0), ("7.0", 1), ("7,25", 2), (None, None)])
def test_the_text_tells_the_decimals(text: str | None, decimals: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.exams.structure_by_rules", lambda finding: SimpleNamespace(laterality="none", organ="N/A"))
    assert query_of(0, {**FINDING, "suv_text": text, "suv_max": 7.0}).suv_decimals == decimals
