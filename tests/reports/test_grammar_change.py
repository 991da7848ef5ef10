"""What changed since when, and words that only look like the past; written for this test.

Each row: the text of a findings section (or a whole report, marked by ``!``), and the (SUVmax, slice) pairs that must be accepted.
"""

from __future__ import annotations

import pytest
from report_rows import Row, check_row

CHANGES: list[Row] = [
    ("Compared with the prior, the hilar node (slice 99) is larger and hotter: SUVmax 7.7 versus 5.1.", [(7.7, 99)]),
    ("Hilar node, slice 99: SUVmax up from 5.1 to 7.7.", [(7.7, 99)]),
    ("Hilar node, slice 99: SUVmax 7.7, up by 2.6 since March.", [(7.7, 99)]),
    ("Hilar node (slice 99) SUVmax 7.7; it measured 5.1 in March.", [(7.7, 99)]),
    ("Hilar node (slice 99) SUVmax 7.7 [5.1, slice 97].", [(7.7, 99)]),
    ("Hilar node: SUVmax 7.7 (prev. 5.1), slice 99 (prev. 97).", [(7.7, 99)]),
    ("Hilar node: SUVmax/prev 7.7/5.1, slice 99.", [(7.7, 99)]),
    ("Hilar node: SUVmax (now / then) 7.7 / 5.1, slice 99.", [(7.7, 99)]),
    ("Hilar node: SUVmax then 5.1, now 7.7, slice 99.", [(7.7, 99)]),
    ("SUVmax of the hilar node rose to 7.7 (slice 99), having been 5.1 (slice 97) in March.", [(7.7, 99)]),
    ("SUVmax of the hilar node, 5.1 on slice 97 in March, is 7.7 on slice 99 today.", [(7.7, 99)]),
    ("Hilar node 5.1 -> 7.7 (SUVmax), slice 97 -> 99.", [(7.7, 99)]),
    ("Hilar node SUVmax 5.1 → 7.7, slice 99.", [(7.7, 99)]),
    ("Hilar node: SUVmax 7.7 (+51%), slice 99.", [(7.7, 99)]),
    ("Hilar node: SUVmax 7.7 (5.1 in 03/2023; 9.9 in 09/2022), slice 99.", [(7.7, 99)]),
    ("Hilar node: SUVmax of 7.7, previously of 5.1 (slices 99 and 97).", []),
    ("Hilar node with SUVmax 7.7 on slice 99 and SUVmax 5.1 on slice 97 on the comparison study.", [(7.7, 99)]),
    ("Hilar node with SUVmax 7.7 on slice 99, formerly slice 97, SUVmax 5.1.", [(7.7, 99)]),
    ("The hilar node of the prior PET (then SUVmax 5.1, slice 97) has grown, SUVmax 7.7, slice 99.", [(7.7, 99)]),
    ("The known hilar node is again seen on slice 99 with SUVmax 7.7.", [(7.7, 99)]),
    ("The hilar node treated in March has SUVmax 7.7 on slice 99.", [(7.7, 99)]),
    ("The hilar node biopsied on 12 March 2024 has SUVmax 7.7 on slice 99.", [(7.7, 99)]),
    ("Since 12 March 2024 the hilar node has become hotter, SUVmax 7.7 on slice 99.", [(7.7, 99)]),
    ("Unlike on 12 March 2024, the hilar node is avid, SUVmax 7.7 on slice 99.", [(7.7, 99)]),
    ("Hilar node present since 2021, SUVmax 7.7 on slice 99.", [(7.7, 99)]),
    ("In 2021 irradiated hilar node, SUVmax 7.7 on slice 99.", [(7.7, 99)]),
    ("Status post lobectomy in 2021. Stump SUVmax 7.7 on slice 99.", [(7.7, 99)]),
    ("After lobectomy in 2021, the stump has SUVmax 7.7 on slice 99.", [(7.7, 99)]),
    ("Before the carina, hilar node SUVmax 7.7 on slice 99.", [(7.7, 99)]),
    ("Last rib on the left, SUVmax 7.7, slice 99.", [(7.7, 99)]),
    ("First rib on the left, SUVmax 7.7, slice 99.", [(7.7, 99)]),
    ("The first lesion, in the hilum, SUVmax 7.7, slice 99; the last, in the adrenal, SUVmax 4.0, slice 130.", [(7.7, 99), (4.0, 130)]),
    ("Old fracture of the left 5th rib with SUVmax 3.3, slice 99.", [(3.3, 99)]),
    ("Old granulomatous disease; hilar node SUVmax 3.3, slice 99.", [(3.3, 99)]),
    ("Initial staging of lymphoma: hilar node SUVmax 7.7, slice 99.", [(7.7, 99)]),
    ("Pretracheal node SUVmax 7.7, slice 99.", [(7.7, 99)]),
    ("Prevascular node SUVmax 7.7, slice 99.", [(7.7, 99)]),
    ("Presacral mass pre-biopsy SUVmax 7.7, slice 199.", [(7.7, 199)]),
    ("Post-treatment change with SUVmax 3.3, slice 99.", [(3.3, 99)]),
    ("Post radiation change RUL, SUVmax 3.3, slice 99, nodule within SUVmax 6.6, slice 101.", [(3.3, 99), (6.6, 101)]),
    ("Comparison: hilar node SUVmax 5.1 slice 97.", []),
    ("Residual mass after 6 cycles, SUVmax 3.3, slice 99.", [(3.3, 99)]),
    ("Following chemotherapy, residual mass with SUVmax 3.3, slice 99.", [(3.3, 99)]),
    ("Mediastinal residual (SUVmax 3.3, slice 99; initially 15.5).", [(3.3, 99)]),
    ("Mediastinal residual (SUVmax 3.3, slice 99) of an initially bulky mass (SUVmax 15.5, slice 96).", [(3.3, 99)]),
    ("Mediastinal bulk, SUVmax 15.5 (slice 96) on 1/2/2024, SUVmax 3.3 (slice 99) on 5/6/2024.", [(3.3, 99)]),
    ("1/2/2024: mediastinal bulk SUVmax 15.5 (slice 96). 5/6/2024: SUVmax 3.3 (slice 99).", [(3.3, 99)]),
]


@pytest.mark.parametrize(("text", "expected"), [*CHANGES])
def test_reads_the_findings(text: str, expected: list[tuple[float, int]]) -> None:
    check_row(text, expected)
