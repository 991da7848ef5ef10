"""The reference page lists every code."""

from __future__ import annotations

from pathlib import Path

from petarseg.reasons import Reason, reasons_markdown


def test_the_reference_page_is_up_to_date():
    page = Path(__file__).resolve().parents[1] / "docs" / "reference" / "reasons.md"
    assert page.read_text(encoding="utf-8") == reasons_markdown(), "python -m petarseg.reasons > docs/reference/reasons.md"


def test_every_code_has_a_sentence_and_can_be_looked_up():
    for reason in Reason:
        assert reason.description.endswith("."), reason
        assert Reason(reason.value) is reason
