"""Nothing is lost between read and kept."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from petarseg.reasons import Reason
from schemas.funnel import Funnel, FunnelStage


def test_counts_by_reason():
    stage = FunnelStage.count("match", "findings", read=5, kept=2, dropped=[Reason.AMBIGUOUS, "no_component", Reason.AMBIGUOUS])
    assert stage.dropped == {"ambiguous": 2, "no_component": 1}
    assert Funnel(stages=[stage]).table() == [
        {"stage": "match", "unit": "findings", "read": 5, "kept": 2, "dropped": "ambiguous 2, no_component 1"}
    ]
    assert Funnel(stages=[stage]).stage("match") is not None


@pytest.mark.parametrize("read", [4, 6])
def test_a_stage_that_loses_or_invents_something_is_refused(read):
    with pytest.raises(ValidationError, match="something was lost"):
        FunnelStage.count("match", "findings", read=read, kept=3, dropped=["ambiguous", "ambiguous"])
