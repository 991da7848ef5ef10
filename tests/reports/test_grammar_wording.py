"""Everyday wording of one or several lesions, and malformed numbers that must not be accepted; written for this test.

Each row: the text of a findings section (or a whole report, marked by ``!``), and the (SUVmax, slice) pairs that must be accepted.
"""

from __future__ import annotations

import pytest
from report_rows import Row, check_row

WORDING: list[Row] = [
    ("Max SUV in the mass: 8.8 (slice 77). Size: 3 cm.", [(8.8, 77)]),
    ("Mass, SUV max: 8.8/ slice: 77/ size: 3 cm.", [(8.8, 77)]),
    ("Mass (8.8 SUV max), image 77.", [(8.8, 77)]),
    ("Mass; max. 8.8 SUV; slice 77.", [(8.8, 77)]),
    ("SUV 8.8 mass, slice 77.", [(8.8, 77)]),
    ("A mass with a maximum SUV, corrected for body weight, of 8.8 is seen on slice 77.", [(8.8, 77)]),
    ("A mass whose uptake (SUVmax 8.8) exceeds that of the liver (2.8) is seen on slice 77.", [(8.8, 77)]),
    ("A mass has an SUVmax of 8.8 on slice 77, about three times the liver (SUVmax 2.8).", [(8.8, 77)]),
    ("The SUVmax on slice 77 is 8.8 for the mass.", [(8.8, 77)]),
    ("Slice 77 shows the mass, its SUVmax being 8.8.", [(8.8, 77)]),
    ("On PET slice 77 (CT slice 154), mass, SUVmax 8.8.", [(8.8, 77)]),
    ("There is a mass at the hilum measuring 3.1 x 2.2 cm on axial slice 77; the SUVmax is 8.8.", [(8.8, 77)]),
    (
        "There is a mass at the hilum, 3.1 x 2.2 cm, axial slice 77, which demonstrates intense uptake; SUVmax is 8.8, SUVmean is 5.5.",
        [(8.8, 77)],
    ),
    ("The two hottest lesions are in the liver (SUVmax 12.2, slice 120) and L3 (SUVmax 10.1, slice 160).", [(12.2, 120), (10.1, 160)]),
    ("Of the liver lesions the hottest has SUVmax 12.2 (slice 120, segment VII).", [(12.2, 120)]),
    ("Liver lesions: (a) segment VII SUVmax 12.2, slice 120, (b) segment III SUVmax 10.1, slice 128.", [(12.2, 120), (10.1, 128)]),
    ("Segment VII (SUVmax 12.2; slice 120), segment III (SUVmax 10.1; slice 128).", [(12.2, 120), (10.1, 128)]),
    ("Seg VII: 12.2/120, seg III: 10.1/128 (SUVmax/slice).", [(12.2, 120), (10.1, 128)]),
    ("Multiple liver lesions with SUVmax up to 12.2 (slice 120).", [(12.2, 120)]),
    ("Multiple liver lesions, maximal SUV 12.2, e.g. on slice 120.", [(12.2, 120)]),
    ("Liver lesions on slices 118-130 with SUVmax 12.2 (slice 120).", [(12.2, 120)]),
    ("Rib lesions (SUVmax 3 to 8, slices 70-110), the hottest in the left 5th rib with SUVmax 8.1 on slice 88.", [(8.1, 88)]),
    ("The hottest of 12 bone lesions is in T11 (SUVmax 14.1, slice 118).", [(14.1, 118)]),
    ("12 bone lesions; hottest: T11, SUVmax 14.1, slice 118.", [(14.1, 118)]),
    ("Bone lesion T11 (14.1; 118).", []),
    ("Skin: 8 mm nodule left calf SUVmax 2.6 im 600/650.", [(2.6, 600)]),
    ("Focus in the pancreatic tail, SUVmax 5.5, image 140 (see also coronal image 80).", [(5.5, 140)]),
    ("Focus in the pancreatic tail, SUVmax 5.5 (cor 80, sag 110, ax 140).", [(5.5, 140)]),
    ("Focus in the pancreatic tail, SUVmax 5.5, axial/coronal/sagittal 140/80/110.", [(5.5, 140)]),
    ("Focus in the pancreatic tail, SUVmax 5.5 (x 120, y 88, z 140).", [(5.5, 140)]),
    ("Focus in the pancreatic tail, SUVmax 5.5 (MR image 30, PET image 140).", [(5.5, 140)]),
    ("Focus in the pancreatic tail, SUVmax 5.5 (MR image 30).", []),
    ("Focus in the pancreatic tail, SUVmax 5.5, key image 3.", []),
    ("Focus in the pancreatic tail, SUVmax 5.5, MIP frame 12.", []),
    ("Focus in the pancreatic tail, SUVmax 5.5 (fig. 3).", []),
    ("Focus in the pancreatic tail, SUVmax 5.5, 2 slices thick.", []),
    ("Focus in the pancreatic tail, SUVmax 5.5, slice 14O.", []),
    ("Focus in the pancreatic tail, SUVmax 5.5, slice 140.5.", []),
    ("Focus in the pancreatic tail, SUVmax 5.5, slice -.", []),
    ("Focus in the pancreatic tail, SUVmax 5.5, slice ?140.", []),
    ("Focus in the pancreatic tail, SUVmax 0, slice 140.", []),
    ("Focus in the pancreatic tail, SUVmax 550, slice 140.", []),
    ("Focus in the pancreatic tail, SUVmax ___, slice ___.", []),
    ("Focus in the pancreatic tail, SUVmax [ ], slice [ ].", []),
    ("Focus in the pancreatic tail, SUVmax [5.5], slice [140].", [(5.5, 140)]),
    ("Focus in the pancreatic tail, SUVmax {5.5}, slice {140}.", [(5.5, 140)]),
    ('Focus in the pancreatic tail, SUVmax "5.5", slice "140".', [(5.5, 140)]),
    ("Focus in the pancreatic tail, SUVmax *5.5*, slice *140*.", [(5.5, 140)]),
    ("Focus in the pancreatic tail, **SUVmax 5.5**, **slice 140**.", [(5.5, 140)]),
    ("Focus in the pancreatic tail, SUVmax 5.5 (slice: 140; prior slice: 138).", [(5.5, 140)]),
    ("Focus in the pancreatic tail, SUVmax 5.5, was not seen before, slice 140.", [(5.5, 140)]),
    ("Focus in the pancreatic tail that was SUVmax 7.7, is now SUVmax 5.5, slice 140.", [(5.5, 140)]),
    ("A focus was seen in the pancreatic tail; SUVmax was 5.5 and slice was 140.", [(5.5, 140)]),
    ("We measured SUVmax 5.5 on slice 140 in the pancreatic tail.", [(5.5, 140)]),
    ("The pancreatic tail has SUVmax 5.5 on slice 140, the head 3.1 on slice 150.", [(5.5, 140), (3.1, 150)]),
    ("The pancreatic tail (slice 140) has SUVmax 5.5 and the head (slice 150) 3.1.", [(5.5, 140), (3.1, 150)]),
    ("SUVmax: tail 5.5 (140), head 3.1 (150).", []),
    ("Uptake in the tail is higher than in the head (SUVmax 5.5, slice 140 vs 3.1, slice 150).", [(5.5, 140)]),
    ("No lesion with SUVmax above that of the liver (2.9, slice 130).", []),
    ("SUVmax of liver metastasis 5.5 (slice 140); SUVmax of normal liver 2.9 (slice 138).", [(5.5, 140)]),
    ("Liver met 5.5 SUVmax on 140.", []),
    ("Lesion to background: 5.5 (slice 140) to 1.1, SUVmax.", []),
]


@pytest.mark.parametrize(("text", "expected"), [*WORDING])
def test_reads_the_findings(text: str, expected: list[tuple[float, int]]) -> None:
    check_row(text, expected)
