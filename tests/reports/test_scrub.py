"""Scrubbing of whole reports."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from petarseg.reports.scrub import Scrubber


def test_planted_phi_of_the_real_cohort_goes_and_measurements_stay(shared_data: Path) -> None:
    planted = json.loads((shared_data / "real_cohort/expected.json").read_text())["phi_planted_in_reports"]
    with (shared_data / "real_cohort/reports.csv").open() as file:
        reports = [row["report"] for row in csv.DictReader(file)]
    text = "\n".join(Scrubber().scrub(report).text for report in reports)
    assert [value for value in planted if value in text] == []
    for kept in ("SUV max of 12.8 (slice 89)", "SUV max 10.3 (slice 32)", "SUVmax 6.5, image 26", "16.3 on axial slice 19", "388.8 MBq"):
        assert kept in text
