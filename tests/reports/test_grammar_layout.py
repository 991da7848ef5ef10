# ruff: noqa: E501
"""Whole reports in the layouts of different systems: wraps, pages, segments, keys, interrupted findings; written for this test.

Each row: the text of a findings section (or a whole report, marked by ``!``), and the (SUVmax, slice) pairs that must be accepted.
"""

from __future__ import annotations

import pytest
from report_rows import Row, check_row

LAYOUTS: list[Row] = [
    ("!FINDINGS:\nA left upper lobe metastasis of 8 mm has\nSUVmax 3.5 on axial slice\n86.\nLiver is normal.\n", [(3.5, 86)]),
    ("!FINDINGS:\nThe mediastinal mass has SUVmax 13.3 at slice 72 (SUVmax 10.9 at slice 70 in April).\n", [(13.3, 72)]),
    ("!FINDINGS:\nRight axillary node: June SUVmax 4.1, slice 75; today SUVmax 4.0, slice 77.\n", [(4.0, 77)]),
    ("!FINDINGS:\nThe mediastinal node, SUVmax 7.5 on slice 99 back in January, has melted away.\n", []),
    (
        "!pet/ct fdg\nhx: nsclc\n\nfindings\nneck: nothing\nchest: r hilar node 12 mm, suvmax 5.2, slice 113\nabdomen: l adrenal nodule, suvmax 3.8, slice 120\nbones: no\n\nimpression\n1. r hilar node suvmax 5.2 slice 113\n",
        [(5.2, 113), (3.8, 120)],
    ),
    ("!findings:\n- r hilar node\n  suvmax 5.2\n  slice 113\n- l adrenal nodule\n  suvmax 3.8\n  slice 120\n", [(5.2, 113), (3.8, 120)]),
    (
        "!FINDINGS:\nCHEST: R hilar node 12 mm, SUVmax 5.2,\nslice 113. No other chest\nlesion.\nABDOMEN: L adrenal nodule with an\nSUVmax of 3.8 on slice\n120. Liver is normal.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!OBX|1|TX|||FINDINGS:||||||F\nOBX|2|TX|||R hilar node 12 mm, SUVmax 5.2, slice 113.||||||F\nOBX|3|TX|||L adrenal nodule, SUVmax 3.8, slice 120.||||||F\nOBX|4|TX|||IMPRESSION:||||||F\nOBX|5|TX|||R hilar node SUVmax 5.2 (slice 113).||||||F\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS: R hilar node 12 mm, SUVmax 5.2, slice 113. L adrenal nodule, SUVmax 3.8, slice 120.\n\nPage 1 of 2\nPatient: XXX\nMRN: 111\nAccession: 22\n\nT8 lesion, SUVmax 7.1, slice 99.\n\nIMPRESSION: x\n",
        [(5.2, 113), (3.8, 120), (7.1, 99)],
    ),
    (
        "!ADDENDUM 1/2/2024: The hilar node SUVmax was remeasured as 5.4 (slice 113).\n\nFINDINGS: R hilar node 12 mm, SUVmax 5.2, slice 113. L adrenal nodule, SUVmax 3.8, slice 120.\nIMPRESSION: none\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!EXAM: PET/CT\nRESULT:\nR hilar node 12 mm, SUVmax 5.2, slice 113\nL adrenal nodule, SUVmax 3.8, slice 120\n\nTARGET LESIONS\n1 R hilum 5.2\n2 L adrenal 3.8\n\nIMPRESSION\nPR\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dear colleague,\nThank you for referring Mr X. PET/CT showed the following. There is a R hilar node with SUVmax 5.2 (slice 113). In the L adrenal a nodule has SUVmax 3.8 (slice 120). In summary, there is a hilar node (SUVmax 5.2, slice 113) and an adrenal nodule.\nKind regards\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!PET/CT 2024-02-01\n\nR hilar node 12 mm, SUVmax 5.2, slice 113. L adrenal nodule, SUVmax 3.8, slice 120.\n\nCompared with 2023-01-01 (R hilar node SUVmax 7.7, slice 111) partial response.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!INDICATION: NSCLC. Prior PET 1/1/23 showed R hilar node SUVmax 9.9 (slice 100).\nFINDINGS: R hilar node 12 mm, SUVmax 5.2, slice 113. L adrenal nodule, SUVmax 3.8, slice 120.",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\n\n\nR hilar node 12 mm, SUVmax 5.2, slice 113.\n\n\n\nL adrenal nodule, SUVmax 3.8, slice 120.\n\n\nIMPRESSION:\n\n\nR hilar node.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:_x000D_\nR hilar node 12 mm, SUVmax 5.2, slice 113._x000D_\nL adrenal nodule, SUVmax 3.8, slice 120._x000D_\n_x000D_\nIMPRESSION:_x000D_\nSUVmax 5.2 slice 113 hilar._x000D_\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\\nR hilar node 12 mm, SUVmax 5.2, slice 113.\\nL adrenal nodule, SUVmax 3.8, slice 120.\\nIMPRESSION:\\nHilar node SUVmax 9.2, slice 13.",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!<b>FINDINGS:</b><br>R hilar node 12 mm, SUVmax 5.2, slice 113.<br>L adrenal nodule, SUVmax 3.8, slice 120.<br><b>IMPRESSION:</b><br>Hilar node SUVmax 9.2, slice 13.",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS: HEAD/NECK: Normal. CHEST: R hilar node 12 mm, SUVmax 5.2, slice 113. ABDOMEN/PELVIS: L adrenal nodule, SUVmax 3.8, slice 120. MSK: Normal. IMPRESSION: 1. Hilar node SUVmax 9.2, slice 13.",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Findings colon R hilar node SUV max 5.2 slice 113 period next line L adrenal nodule SUV max 3.8 slice 120 period impression colon stable",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS\n1. Lungs\n1.1 R hilar node 12 mm, SUVmax 5.2, slice 113\n1.2 No nodules\n2. Abdomen\n2.1 L adrenal nodule, SUVmax 3.8, slice 120\nIMPRESSION\n1. x",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\n(1) R hilar node 12 mm, SUVmax 5.2, slice 113; (2) L adrenal nodule, SUVmax 3.8, slice 120.\nIMPRESSION: x",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nR hilar node 12 mm ........ SUVmax 5.2 ........ slice 113\nL adrenal nodule ........ SUVmax 3.8 ........ slice 120\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nR hilar node 12 mm, SUVmax 5.2, slice 113\n    was SUVmax 7.1, slice 110 on 01/02/2023\nL adrenal nodule, SUVmax 3.8, slice 120\n    was SUVmax 4.1, slice 119 on 01/02/2023\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nR hilar node 12 mm, SUVmax 5.2, slice 113\n    Prior: SUVmax 7.1, slice 110\nL adrenal nodule, SUVmax 3.8, slice 120\n    Prior: not measured\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nR hilar node 12 mm\n  Current: SUVmax 5.2, slice 113\n  Prior:   SUVmax 7.1, slice 110\nL adrenal nodule\n  Current: SUVmax 3.8, slice 120\n  Prior:   SUVmax 4.1, slice 119\n",
        [(5.2, 113), (3.8, 120)],
    ),
    ("!FINDINGS:\nR hilar node 12 mm\n  06/01/2024: SUVmax 5.2, slice 113\n  01/01/2024: SUVmax 7.1, slice 110\n", [(5.2, 113)]),
    (
        "!PET FINDINGS: R hilar node 12 mm, SUVmax 5.2, slice 113. L adrenal nodule, SUVmax 3.8, slice 120.\nCT FINDINGS: 4 mm nodule on slice 88. Cyst on slice 140.\nIMPRESSION: none.",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS: Technique: 60 min. R hilar node 12 mm, SUVmax 5.2, slice 113. L adrenal nodule, SUVmax 3.8, slice 120. Impression: hilar node SUVmax 9.9 slice 13.",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!REPORT\nR HILAR NODE 12 MM WITH SUV MAX 5.2 ON SLICE 113\nL ADRENAL NODULE WITH SUV MAX 3.8 ON SLICE 120\nCONCLUSION\nR HILAR NODE SUV MAX 9.9 ON SLICE 13\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!NECK\nNo uptake.\nCHEST\nR hilar node 12 mm, SUVmax 5.2, slice 113.\nABDOMEN\nL adrenal nodule, SUVmax 3.8, slice 120.\nBONES\nNone.\nOPINION\nHilar node SUVmax 9.9 slice 13.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    ("!Q: Restaging?\nA: R hilar node 12 mm, SUVmax 5.2, slice 113. L adrenal nodule, SUVmax 3.8, slice 120.\n", [(5.2, 113), (3.8, 120)]),
    (
        "!FINDINGS:\nLiver max SUV for reference 3.1 (slice 140).\nR hilar node 12 mm, SUVmax 5.2, slice 113, > liver.\nL adrenal nodule, SUVmax 3.8, slice 120, = liver.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nReference values: liver SUVmax 3.1 (slice 140), aorta SUVmax 2.0 (slice 90).\nR hilar node 12 mm, SUVmax 5.2, slice 113.\nL adrenal nodule, SUVmax 3.8, slice 120.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nBackground:\nLiver: SUVmax 3.1, slice 140\nMediastinum: SUVmax 2.0, slice 90\nPathology:\nR hilar node 12 mm, SUVmax 5.2, slice 113\nL adrenal nodule, SUVmax 3.8, slice 120\n",
        [(5.2, 113), (3.8, 120)],
    ),
]


@pytest.mark.parametrize(("text", "expected"), [*LAYOUTS])
def test_reads_the_findings(text: str, expected: list[tuple[float, int]]) -> None:
    check_row(text, expected)
