"""What stands before a finding."""

from __future__ import annotations

import pytest

from petarseg.reports.context import context_before

REPORT = """FINDINGS:
Left neck: No adenopathy. Thyroid is normal.

RIGHT BREAST AND CHEST WALL
The mass is smaller. Retroareolar density has SUVmax 3.6 at image 96.

Abdomen: Spleen: Focal lesion, SUVmax 7.3 (axial slice 116).
"""


@pytest.mark.parametrize(
    ("finding", "context"),
    [
        ("Thyroid", ("Left neck", "No adenopathy.")),
        ("Retroareolar", ("RIGHT BREAST AND CHEST WALL:", "The mass is smaller.")),
        ("Focal lesion", ("Abdomen:", "Spleen:")),
    ],
)
def test_headings_and_the_sentence_before(finding: str, context: tuple[str, ...]) -> None:
    found = context_before(REPORT, REPORT.index(finding))
    assert all(part in found for part in context)


def test_another_region_does_not_reach_into_this_one() -> None:
    assert "Thyroid" not in context_before(REPORT, REPORT.index("Spleen"))


def test_nothing_before() -> None:
    assert context_before("Liver lesion, SUVmax 7.3, slice 116.", 0) == ""
