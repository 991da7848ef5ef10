"""`petarseg segment`: how findings are given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cli.lesions import Finding, parse_finding, read_findings, segment_all
from petarseg.errors import ConfigError
from petarseg.lesions.sphere import blurred_profile
from petarseg.volume import Units, Volume


def test_columns_separators_and_decimals(tmp_path: Path) -> None:
    expected = [Finding(7.9, 1, 12, "left"), Finding(8.0, 0, 3, "none")]
    for name, text in {
        "comma": "suv_max,slice,laterality\n7.9,12,Left\n8,3,\n",
        "semicolon": "slice; suv_max ;laterality\n12;7,9;left\n3.0;8;none\n",
        "tab": "suv_max\tslice\tlaterality\n7.9\t12\tleft\n8\t3\tnone\n",
        "marked": "\ufeffsuv_max,slice,laterality,more\r\n7.9,12,left,x\r\n8,3,none,y\r\n",
    }.items():
        path = tmp_path / f"{name}.csv"
        path.write_text(text, encoding="utf-8", newline="")
        assert read_findings(path) == expected, name
    assert parse_finding({"suv_max": "8.10", "slice": "4"}, "here").decimals == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("suv,slice\n1,2\n", "lacks the column suv_max"),
        ("suv_max,slice\n", "holds no findings"),
        ("suv_max,slice\n7.9,12\n7.9,x\n", "line 3: suv_max and slice must be numbers"),
        ("suv_max,slice\n7.9,12.5\n", "the slice a whole one"),
        ("suv_max,slice\n7.9\n", "line 2"),
        ("suv_max,slice,laterality\n7.9,12,port\n", "laterality must be one of left, right"),
    ],
)
def test_what_is_no_finding_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "findings.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_findings(path)


def test_the_side_settles_a_tie_and_labels_are_row_numbers() -> None:
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = -198.0, -98.0, 0.0
    x, y, z = (affine[axis, 3] + 4.0 * np.arange(n) for axis, n in enumerate((100, 50, 40)))
    array = np.where((np.abs(x) < 180.0)[:, None, None] & (np.abs(y) < 80.0)[:, None] & (z > -1.0), 1.0, 0.0)
    for centre in (-60.0, 60.0):
        r = np.sqrt((x[:, None, None] - centre) ** 2 + y[:, None] ** 2 + (z - 80.0) ** 2)
        array += 6.0 * blurred_profile(r, 10.0, 6.0)
    pet = Volume(array.astype(np.float32), affine, Units.SUVBW)
    suv_max = round(float(array.max()), 1)
    options = {"method": "avg_itm", "fwhm_mm": 6.0, "numbering": "head_first_1", "device": "cpu"}
    rows = [Finding(suv_max, 1, 20, side) for side in ("none", "left", "right")]
    results, labels = segment_all(pet, rows, **options)
    assert [result["reason"] for result in results] == ["ambiguous", None, None]
    assert [result.get("label") for result in results] == [None, 2, 3]
    assert results[1]["max_ras_mm"][0] == pytest.approx(-60.0, abs=4.0), "left is negative in RAS"
    assert set(np.unique(labels)) == {0, 2, 3}
