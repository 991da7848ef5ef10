# ruff: noqa: E501
"""Lesion tables, lists with a caption and blocks of key and value; written for this test.

Each row: the text of a findings section (or a whole report, marked by ``!``), and the (SUVmax, slice) pairs that must be accepted.
"""

from __future__ import annotations

import pytest
from report_rows import Row, check_row

TABLES: list[Row] = [
    (
        "!FINDINGS:\nSite                               Size (mm)   SUVmax   Slice   SUVmax 2023\nLiver, segment VIII                14          5.2     113     15.0\nLiver, segment VI                  9           3.8     120     not seen\nNormal liver (background)          -           5.5      130     5.8\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nSite\tmm\tSUVmax\taxial sl\tSUVmax 2023\tcomment\nR prostate apex\t12\t5.2\t113\t-\tnew focus\nR int iliac LN\t9\t3.8\t120\t8.8\tincreased\nL iliac wing, Paget\t-\t-\t220\t-\ttrabecular\nLiver (ref)\t-\t6.0\t150\t6.3\t-\nParotid (ref)\t-\t19.5\t31\t20.2\t-\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nT01 | RLL primary | slice 113 | SUVmax 5.2 | SUVpeak 2.5 | TP1 SUVmax 12.9, slice 105\nT02 | station 10R node | slice 120 | SUVmax 3.8 | SUVpeak 2.0 | TP1 SUVmax 7.4, slice 90\nNT01 | station 4L node | slice 74 | SUVmax not measurable | SUVpeak 1.9 | TP1 SUVpeak 2.0\nREF | right liver lobe VOI | slice 142 | SUVmax 3.4 | SUVmean 2.2 | TP1 SUVmean 2.3\nREF | descending aorta VOI | slice 96 | SUVmax 2.0 | SUVmean 1.5 | TP1 SUVmean 1.6\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\n| Lesion | Size | SUVmax | Slice |\n|---|---|---|---|\n| Hilar node | 12 mm | 5.2 | 113 |\n| Adrenal | 14 mm | 3.8 | 120 |\n| Blood pool | - | 1.8 | 99 |\n",
        [(5.2, 113), (3.8, 120)],
    ),
    ("!FINDINGS:\nLesion;Size (mm);SUVmax;Slice\nHilar node;12;5.2;113\nAdrenal;14;3.8;120\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nLesion,Size (mm),SUVmax,Slice\nHilar node,12,5.2,113\nAdrenal,14,3.8,120\n", [(5.2, 113), (3.8, 120)]),
    (
        "!FINDINGS:\nLesion | max SUV | PET slice | prior max SUV | prior slice\nHilar node | 5.2 | 113 | 7.1 | 110\nAdrenal | 3.8 | 120 | - | -\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion | SUVmax current | SUVmax prior | Im current | Im prior\nHilar node | 5.2 | 7.1 | 113 | 110\nAdrenal | 3.8 | 4.4 | 120 | 121\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion | Baseline SUVmax (slice) | Current SUVmax (slice)\nHilar node | 7.1 (110) | 5.2 (113)\nAdrenal | 4.4 (121) | 3.8 (120)\n",
        [(5.2, 113), (3.8, 120)],
    ),
    ("!FINDINGS:\nLesion | SUVmax (slice)\nHilar node | 5.2 (113)\nAdrenal | 3.8 (120)\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nLesion          SUVmax/slice\nHilar node      5.2/113\nAdrenal         3.8/120\n", [(5.2, 113), (3.8, 120)]),
    (
        "!FINDINGS:\nLesion | 01/2023 SUVmax | 01/2023 im | 06/2024 SUVmax | 06/2024 im\nHilar node | 7.1 | 110 | 5.2 | 113\nAdrenal | 4.4 | 121 | 3.8 | 120\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion           |       SUVmax      | Image |\n                 | Today   | Before  |       |\nHilar node       | 5.2     | 7.1     | 113   |\nAdrenal          | 3.8     | 4.4     | 120   |\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\n#   Location            SUVmax   Im\n1   Hilar node          5.2      113\n2   Adrenal, left       3.8      120\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nNo  Location        Uptake   Image#   Size\n1   Hilar node      5.2      113      12 mm\n2   Adrenal, left   3.8      120      14 mm\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLocation        SUV max   Image no.   Diam. (cm)\nHilar node      5,2       113         1,2\nAdrenal, left   3,8       120         1,4\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLocation        SUV(max)   Series/Image\nHilar node      5.2       4/113\nAdrenal, left   3.8       4/120\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLocation        SUVbw max [g/ml]   z-slice\nHilar node      5.2       113\nAdrenal, left   3.8       120\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLESION              AXIAL IMAGE     MAX SUV\nHILAR NODE          113             5.2\nLEFT ADRENAL        120             3.8\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nTarget lesions:\nLocation            Axial PET   SUVmax   %change\nHilar node          113             5.2    -20%\nLeft adrenal        120             3.8    +10%\nLiver               130    2.9    -\n",
        [(5.2, 113), (3.8, 120)],
    ),
    ("!FINDINGS:\nLocation            Coronal   Axial   SUVmax   SUVmean\nHilar node          88 113             5.2    3.1\n", []),
    (
        "!FINDINGS:\nLocation        Coronal    Axial    SUVmax    SUVmean\nHilar node      88         113      5.2       3.1\nAdrenal         91         120      3.8       2.2\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLocation        Coronal slice    SUVmax\nHilar node      88               5.2\nAdrenal         91               3.8\n",
        [],
    ),
    ("!FINDINGS:\nLocation        SUVmean    Slice\nHilar node      5.2        113\nAdrenal         3.8        120\n", []),
    ("!FINDINGS:\nLocation        SULmax    Slice\nHilar node      5.2        113\nAdrenal         3.8        120\n", []),
    ("!FINDINGS:\nLocation        Prior SUVmax    Prior slice\nHilar node      5.2        113\nAdrenal         3.8        120\n", []),
    (
        "!FINDINGS:\nLesion 1\nSite: hilar node\nSUVmax: 5.2\nSlice: 113\n\nLesion 2\nSite: adrenal\nSUVmax: 3.8\nSlice: 120\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion 1\nSite: hilar node\nSlice: 113\nSize: 12 mm\nSUVmax: 5.2\nPrior SUVmax: 7.7\n\nLesion 2\nSite: adrenal\nSlice: 120\nSize: 14 mm\nSUVmax: 3.8\nPrior SUVmax: 4.4\n",
        [(5.2, 113), (3.8, 120)],
    ),
    ("!FINDINGS:\nHilar node: SUVmax/slice: 5.2/113\nAdrenal: SUVmax/slice: 3.8/120\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nHilar node: SUVmax (slice): 5.2 (113)\nAdrenal: SUVmax (slice) 3.8 (120)\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nHilar node: SUV/im 5.2/113\nAdrenal: SUV/im 3.8/120\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nHilar node: SUVmax, slice = 5.2, 113\nAdrenal: SUVmax, slice = 3.8, 120\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nMeasurements (SUVmax @ slice): hilar node 5.2 @ 113, adrenal 3.8 @ 120.\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nHilar node SUVmax 5.2 @ 113\nAdrenal SUVmax 3.8 @ 120\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\n| Hilar node | SUVmax 5.2 | slice 113 |\n| Adrenal | SUVmax 3.8 | slice 120 |\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nHilar node | 5.2 | 113\nAdrenal | 3.8 | 120\n", []),
    ("!FINDINGS:\nPET series slices, SUVmax:\nHilar node ..... 5.2 ..... 113\n", []),
    (
        '!FINDINGS:\nLesion,SUVmax,Slice,Prior SUVmax\nHilar node, 12 mm short axis,5.2,113,7.7\n"Adrenal, left",3.8,120,4.4\n',
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion      Size        SUVmax      Slice\n            (mm)        (g/mL)      (axial)\nHilar node  12          5.2         113\nAdrenal     14          3.8         120\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion      Size        SUVmax      Slice\n--------------------------------------------\nHilar node\n  right     12          5.2         113\nAdrenal     14          3.8         120\n--------------------------------------------\nLiver ref   -           2.9         131\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion | Date | SUVmax | Slice\nHilar node | 06/2024 | 5.2 | 113\nHilar node | 01/2024 | 8.0 | 110\nAdrenal | 06/2024 | 3.8 | 120\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion | Today | Previous\nHilar node | SUVmax 5.2, slice 113 | SUVmax 8.0, slice 110\nAdrenal | SUVmax 3.8, slice 120 | SUVmax 8.1, slice 121\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nSite | Size | Current uptake | Prior uptake\nHilar node | 9 mm | SUVmax 5.2, slice 113 | SUVmax 8.0, slice 110\nAdrenal | 10 mm | normal now | SUVmax 8.1, slice 121\n",
        [(5.2, 113)],
    ),
    (
        "!FINDINGS:\nLesion | Previous | Today\nHilar node | SUVmax 8.0, slice 110 | SUVmax 5.2, slice 113\nAdrenal | SUVmax 8.1, slice 121 | SUVmax 3.8, slice 120\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion | Slice | SUVmax TP1 | SUVmax TP2\nHilar node | 113 | 8.0 | 5.2\nAdrenal | 120 | 6.6 | 3.8\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion | Slice | SUVmax pre | SUVmax post\nHilar node | 113 | 8.0 | 5.2\nAdrenal | 120 | 6.6 | 3.8\n",
        [(5.2, 113), (3.8, 120)],
    ),
    ("!FINDINGS:\nLesion | Slice | SUVmax (now/prior)\nHilar node | 113 | 5.2/8.0\nAdrenal | 120 | 3.8/6.6\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nLesion | Slice | SUVmax (prior)\nHilar node | 113 | 5.2 (8.0)\nAdrenal | 120 | 3.8 (new)\n", [(5.2, 113), (3.8, 120)]),
    (
        "!FINDINGS:\nLesion | Slice | Deauville | SUVmax | liver\nHilar node | 113 | 5 | 5.2 | 2.2\nAdrenal | 120 | 4 | 3.8 | 2.2\n",
        [(5.2, 113), (3.8, 120)],
    ),
    ("!FINDINGS:\nLesion | Level | SUVmax\nHilar node | 113 | 5.2\nAdrenal | 120 | 3.8\n", []),
    (
        "!FINDINGS:\nLiver SUVmax 2.9\nLesion | Im | SUVmax | comment\nHilar node | 113 | 5.2 | previously SUVmax 9.0\nAdrenal | 120 | 3.8 | see slice 33\nSigmoid | - | 4.4 | no image\n",
        [(5.2, 113), (3.8, 120)],
    ),
]

MORE_TABLES: list[Row] = [
    (
        "!FINDINGS:\nLesion            SUVmax  Slice\nHilar node        5.2     113\nAdrenal           3.8     120\n\nThe liver shows SUVmax 3.1 on slice 140. Rib lesion SUVmax 6.0 on slice 90.\n",
        [(5.2, 113), (3.8, 120), (6.0, 90)],
    ),
    (
        "!FINDINGS:\nLesion            SUVmax  Slice\nHilar node, 2 cm  5.2     113\nAdrenal           3.8     120\nTotal MTV 33 mL\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion | SUVmax | Slice\n--- | --- | ---\nHilar node | 5.2 | 113\nAdrenal | 3.8 | 120\nLiver | 3.1 | 140\nMediastinum | 1.9 | 88\nSpleen (ref.) | 2.2 | 133\n",
        [(5.2, 113), (3.8, 120)],
    ),
    ("!FINDINGS:\nLesion | SUVmax | Slice\nHilar node | <2.5 | 113\nAdrenal | 3.8 | 120\n", [(3.8, 120)]),
    ("!FINDINGS:\nLesion | SUVmax | Slice\nHilar nodes | 3.1-5.2 | 113\nAdrenal | 3.8 | 120\nPleura | 4.4 | 88-99\n", [(3.8, 120)]),
    ("!FINDINGS:\nLesion | SUVmax | Slice\nHilar node | 5.2 | 113/267\nAdrenal | 3.8 | 120/267\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nLesion | SUVmax | Se/Im\nHilar node | 5.2 | 4/113\nAdrenal | 3.8 | 4/120\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nLesion | Se/Im | SUVmax\nHilar node | 4:113 | 5.2\nAdrenal | 4:120 | 3.8\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nStation\tSUV\tImage\n4R\t5.2\t113\n7\t3.8\t120\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nStation\tSUV\tImage\tDeauville\n4R\t5.2\t113\t5\n7\t3.8\t120\t4\nLiver\t2.9\t140\t\n", [(5.2, 113), (3.8, 120)]),
    (
        "!FINDINGS:\nNode station    Short axis mm    SUVmax    PET image\n4R              12               5.2       113\n7               9                3.8       120\n10L             7                not avid  118\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nNo.  Site      SUVmax (prior)  Slice (prior)\n1    Hilar     5.2 (7.1)       113 (111)\n2    Adrenal   3.8 (4.0)       120 (119)\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nSite      SUVmax 12/2023   SUVmax 06/2024   Slice\nHilar     7.1              5.2              113\nAdrenal   4.0              3.8              120\n",
        [(5.2, 113), (3.8, 120)],
    ),
    ("!FINDINGS:\nSite      06/2024   12/2023   Slice\nHilar     5.2       7.1       113\nAdrenal   3.8       4.0       120\n", []),
    (
        "!FINDINGS:\nSUVmax by lesion\nSite      06/2024   12/2023   Slice\nHilar     5.2       7.1       113\nAdrenal   3.8       4.0       120\n",
        [],
    ),
    ("!FINDINGS:\nSite | Slice | SUVmax | SUVmax | Change\nHilar | 113 | 5.2 | 7.1 | -20%\n", []),
    ("!FINDINGS:\nSite | Slice | SUVmax | Delta SUVmax\nHilar | 113 | 5.2 | -1.2\nAdrenal | 120 | 3.8 | +0.4\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nSite | Slice | SUVmax | SUVmax/liver\nHilar | 113 | 5.2 | 1.9\nAdrenal | 120 | 3.8 | 1.1\n", [(5.2, 113), (3.8, 120)]),
    (
        "!FINDINGS:\nSite | Slice | SUVmax | TLG | MTV\nHilar | 113 | 5.2 | 19 | 3.3\nAdrenal | 120 | 3.8 | 11 | 4.0\n",
        [(5.2, 113), (3.8, 120)],
    ),
    ("!FINDINGS:\nSite | CT slice | PET slice | SUVmax\nHilar | 213 | 113 | 5.2\nAdrenal | 220 | 120 | 3.8\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nSite | SUVmax | Ax | Cor | Sag\nHilar | 5.2 | 113 | 88 | 70\nAdrenal | 3.8 | 120 | 91 | 66\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nSite, SUVmax, slice:\n- Hilar, 5.2, 113\n- Adrenal, 3.8, 120\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nSite / SUVmax / slice\nHilar / 5.2 / 113\nAdrenal / 3.8 / 120\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nTarget lesions (SUVmax, axial slice):\n1. Hilar node: 5.2, 113\n2. Adrenal: 3.8, 120\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nTarget lesions (SUVmax; slice):\n1. Hilar node: 5.2; 113\n2. Adrenal: 3.8; 120\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\nLesions with SUVmax and slice number:\nHilar node 5.2 (113)\nAdrenal 3.8 (120)\n", [(5.2, 113), (3.8, 120)]),
    ("!FINDINGS:\n1. Hilar node\n   SUVmax 5.2\n   Slice 113\n2. Adrenal\n   SUVmax 3.8\n   Slice 120\n", [(5.2, 113), (3.8, 120)]),
    (
        "!FINDINGS:\nHilar node:\n- SUVmax: 5.2\n- Size: 12 mm\n- Slice: 113\nAdrenal:\n- SUVmax: 3.8\n- Size: 14 mm\n- Slice: 120\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion A\n  Location = hilum\n  SUVmax = 5.2\n  MTV = 3.3\n  Image = 113\nLesion B\n  Location = adrenal\n  SUVmax = 3.8\n  MTV = 4.3\n  Image = 120\n",
        [(5.2, 113), (3.8, 120)],
    ),
    ("!FINDINGS:\nHilar node (12 mm)\tSUVmax 5.2\tslice 113\nAdrenal (14 mm)\tSUVmax 3.8\tslice 120\n", [(5.2, 113), (3.8, 120)]),
    (
        "!FINDINGS:\n| Lesion | SUVmax current | slice | SUVmax prior |\n|:--|--:|--:|--:|\n| Hilar node | 5.2 | 113 | 7.0 |\n| Adrenal | 3.8 | 120 | new |\n| *Blood pool* | 1.8 | 99 | 1.7 |\n| **Liver** | 2.8 | 139 | 2.7 |\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion     Current            Prior\n           SUVmax   Slice     SUVmax   Slice\nHilar      5.2      113       7.0      110\nAdrenal    3.8      120       4.1      119\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion     Prior              Current\n           SUVmax   Slice     SUVmax   Slice\nHilar      7.0      110       5.2      113\nAdrenal    4.1      119       3.8      120\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion    SUVmax    Slice    Comment\nHilar     5.2       113      previously 7.1, slice 110\nAdrenal   3.8       120      SUVmax 4.1 on delayed\nRib       -         99       cold\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS: See table.\nIMPRESSION: Progression.\n\nLESION TABLE\nSite | SUVmax | Slice\nHilar | 5.2 | 113\nAdrenal | 3.8 | 120\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!COMPARISON:\nSite | SUVmax | Slice\nHilar | 7.2 | 113\n\nFINDINGS: Hilar SUVmax 5.2 slice 113. Adrenal SUVmax 3.8 slice 120.",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nLesion table (previous examination):\nSite | SUVmax | Slice\nHilar | 7.2 | 111\n\nHilar SUVmax 5.2 slice 113. Adrenal SUVmax 3.8 slice 120.",
        [(5.2, 113), (3.8, 120)],
    ),
]


@pytest.mark.parametrize(("text", "expected"), [*TABLES, *MORE_TABLES])
def test_reads_the_findings(text: str, expected: list[tuple[float, int]]) -> None:
    check_row(text, expected)
