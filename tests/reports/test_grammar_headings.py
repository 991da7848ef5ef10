# ruff: noqa: E501
"""Headings in the typography of different institutions: what stands under the impression must not count; written for this test.

Each row: the text of a findings section (or a whole report, marked by ``!``), and the (SUVmax, slice) pairs that must be accepted.
"""

from __future__ import annotations

import pytest
from report_rows import Row, check_row

HEADINGS: list[Row] = [
    (
        "!Dose 10 mCi.\n[FINDINGS]\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\n\n[IMPRESSION] Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\n[FINDINGS] Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\n[IMPRESSION]\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\n<FINDINGS> Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\n<IMPRESSION> Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nRESULT. Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nOPINION. Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings. Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nImpression. Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings.\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nImpression.\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings - Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nImpression - Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings -- Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nImpression -- Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nImpression\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFINDINGS Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nIMPRESSION Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nREPORT\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\n\nCONCLUSION Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nREPORT Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nCONCLUSION Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\n**Findings:** Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\n**Impression:** Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\n**Findings**\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\n**Impression**\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\n## Findings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\n## Impression\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\n=== FINDINGS ===\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\n=== IMPRESSION ===\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\n--- Findings ---\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\n--- Conclusion ---\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFINDINGS>> Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nIMPRESSION>> Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFINDINGS/ Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nIMPRESSION/ Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nF I N D I N G S\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nI M P R E S S I O N\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\n1. Findings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\n2. Impression\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nA) FINDINGS: Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nB) IMPRESSION: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nII. Findings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nIII. Summary\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings: Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120. Impression: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi. FINDINGS: Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120. IMPRESSION: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi. FINDINGS Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120. IMPRESSION Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings; Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nImpression; Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings = Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nImpression = Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nDescription:\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nConclusion:\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nDetailed findings:\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nKey points:\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nPET/CT findings as follows:\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nFinal impression:\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nReport body:\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nOverall impression:\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nObservations\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nReader's opinion\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nConclusion and recommendation\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nConclusions / advice\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nOverall assessment:\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nRadiologist's impression:\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nBottom line: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nSummary and conclusion:\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nTake-home: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nOVERALL\nProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nSUMMARY STATEMENT - Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nImp: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nIMP. Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nIMPRESSION/PLAN: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nIMPRESSION (PRELIMINARY): Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nIMPRESSION #1: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nReading: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nEvaluation: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nBeurteilung: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nBefund: Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nBeurteilung: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nConclusie: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nConclusion : Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nCONCLUSION\tProgression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\n\nIn conclusion, Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\n\nTo summarise: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nRECOMMENDATION: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nMDT SUMMARY: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nADDENDUM 10/10/2024: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nAddendum (JD, 12 Jan): Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Dose 10 mCi.\nFindings\nHilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nDIAGNOSIS: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!HISTORY. Node.\nFINDINGS. Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nIMPRESSION. Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "![HISTORY] Node with SUVmax 9.9 on slice 12 in 2020.\n[FINDINGS] Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\n[IMPRESSION] Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!CLINICAL. Node with SUVmax 9.9 on slice 12 in 2020.\nRESULT. Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nOPINION. Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!COMPARISON. Node with SUVmax 9.9 on slice 12.\nRESULT. Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nOPINION. Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!EARLIER STUDY. 1.1.2020, hilar node SUVmax 9.9 on slice 12.\nRESULT. Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nOPINION. Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!PRIOR: hilar node SUVmax 9.9 on slice 12.\nFINDINGS: Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nIMPRESSION: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Background: hilar node SUVmax 9.9 on slice 12 in 2020.\nFINDINGS: Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nIMPRESSION: Progression. Hilar node (SUVmax 7.7, slice 99) is suspicious. Follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
]

INSIDE_FINDINGS: list[Row] = [
    (
        "!FINDINGS: Chest. Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nOverall the hilar node SUVmax 6.6 slice 88 is new.\nIMPRESSION: none",
        [(5.2, 113), (3.8, 120), (6.6, 88)],
    ),
    (
        "!FINDINGS. The conclusion of the prior report. Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nIMPRESSION. none",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Findings: Summary of lesions: Hilar node SUVmax 5.2 on slice 113. Adrenal SUVmax 3.8 on slice 120.\nImpression: none",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!Findings:\nPRIMARY, hilar node SUVmax 5.2 on slice 113.\nMARROW, Adrenal SUVmax 3.8 on slice 120.\nCONCLUSION Stage 4 disease. Primary max SUV 13.8 (image 498) for follow up.\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nHEAD AND NECK. None.\nCHEST. Hilar node SUVmax 5.2 on slice 113.\nABDOMEN. Adrenal SUVmax 3.8 on slice 120.\nIMPRESSION. Hilar SUVmax 9.9 slice 3\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\n[NECK] None.\n[CHEST] Hilar node SUVmax 5.2 on slice 113.\n[ABDOMEN] Adrenal SUVmax 3.8 on slice 120.\n[IMPRESSION] Hilar SUVmax 9.9 slice 3\n",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!FINDINGS:\nImpression of the calvarium by a hilar node SUVmax 5.2 on slice 113.\nAdrenal SUVmax 3.8 on slice 120.\nIMPRESSION: x",
        [(5.2, 113), (3.8, 120)],
    ),
    (
        "!REPORT\nHilar node SUVmax 5.2 on slice 113.\nResult of prior biopsy: benign.\nAdrenal SUVmax 3.8 on slice 120.\nCONCLUSION\nx",
        [(5.2, 113), (3.8, 120)],
    ),
    ("!FINDINGS\nHilar node SUVmax 5.2 on slice 113. Comment: Adrenal SUVmax 3.8 on slice 120.\nCONCLUSION\nx", [(5.2, 113), (3.8, 120)]),
]


@pytest.mark.parametrize(("text", "expected"), [*HEADINGS, *INSIDE_FINDINGS])
def test_reads_the_findings(text: str, expected: list[tuple[float, int]]) -> None:
    check_row(text, expected)
