# ruff: noqa: E501
"""Whole reports in five voices, written for this test; every finding and its physiologic flag."""

from __future__ import annotations

import pytest

from petarseg.reports.grammar import read_measurements

Finding = tuple[float, int, bool]

STRUCTURED = """\
PROCEDURE: F-18 FDG PET/CT
DOB: 04/05/1961
REASON FOR EXAM: Non-small cell lung cancer, restaging after 4 cycles.
PRIOR STUDY: PET/CT dated 11/02/2023.
TECHNIQUE: 71 min after i.v. injection of 389 MBq. Slice thickness 3.27 mm.

PET/CT FINDINGS
Head & neck:
  No abnormal uptake. Physiologic uptake within extraocular muscles (SUVmax 5.2, slice 22).
Chest:
  Right upper lobe primary now 2.2 x 1.9 cm (was 4.0 x 3.1 cm); max SUV 6.1, previously 15.9 (slice 73).
  Station 4R node 0.9 cm (1.8 cm): SUVmax 3.4 (9.0), slice 79.
  New 7-mm nodule, lingula, slice 95, with SUV of 2.9.
  Blood pool SUVmean 1.6, SUVmax 2.2 at aortic arch (slice 76).
Abdomen & pelvis:
  Liver: background SUVmax 3.6 (slice 128). Segment VI metastasis has SUVmax 8.8 (slice 133).
  Left adrenal 1.9 cm nodule with SUVmax 7.7 on slice 139; right adrenal unremarkable.
  Focal rectosigmoid uptake to SUVmax 11.6 at slice 236.
  Excreted activity in right renal pelvis, SUVmax 24 (slice 155).
Bones:
  L2 vertebral body - SUVmax 9.3 - slice 163 - new.
  Degenerative facet uptake L4/5, SUVmax 4.1, slice 181.

CONCLUSION
1. Mixed response. RUL mass SUVmax 6.1 (slice 73).
2. New hepatic and bone metastases.
"""
STRUCTURED_FINDINGS: list[Finding] = [
    (5.2, 22, True),
    (6.1, 73, False),
    (3.4, 79, False),
    (2.9, 95, False),
    (8.8, 133, False),
    (7.7, 139, False),
    (11.6, 236, False),
    (24.0, 155, True),
    (9.3, 163, False),
    (4.1, 181, False),
]

LETTER = """\
Dear colleague, many thanks for sending Mrs K. with lymphoma. I report the whole body FDG scan below. Comparison was made with the scan of 3 March.
In the neck there is a chain of nodes on the left, the most active of which, at level III, reaches an SUVmax of 12.6 on axial image 47 (it had been 19.8). The tonsils are symmetrical. In the chest I see an anterior mediastinal mass measuring 6.1 by 4.4 cm whose uptake peaks at an SUVmax of 10.3 on axial image 81; in March this was 17.0. Two nodes at the right hilum show SUVmax 4.4 and 4.0 on axial images 88 and 90 respectively. There is a pulmonary nodule at axial image 99, without uptake. In the abdomen the spleen is of normal size and its SUVmax of 2.9 is lower than that of the liver, 3.3. A mesenteric mass on axial image 170 has an SUVmax of 8.1. The left kidney is hydronephrotic. In the right groin a node of 18 mm carries an SUVmax of 5.5 (axial image 259), as compared to 5.7 in March. Marrow uptake is diffusely raised, SUVmax 4.2, in keeping with recent G-CSF. Some uptake is present around the right hip prosthesis with an SUVmax of 3.9 at axial image 262, which I take to be inflammatory.
To summarise, partial response (Deauville 5).
With best wishes
"""
LETTER_FINDINGS: list[Finding] = [
    (12.6, 47, False),
    (10.3, 81, False),
    (4.4, 88, False),
    (4.0, 90, False),
    (8.1, 170, False),
    (5.5, 259, False),
    (3.9, 262, False),
]

EXPORTED_CAPITALS = """\
NUCLEAR MEDICINE PET CT WHOLE BODY_x000D_
CLINICAL INDICATION: LUNG NODULE._x000D_
FINDINGS:_x000D_
NECK: NO ADENOPATHY. SYMMETRIC PALATINE TONSILLAR UPTAKE, MAX SUV 5.9, IMAGE 44._x000D_
CHEST: THERE IS A 2.1 CM SPICULATED NODULE IN THE RIGHT LOWER LOBE WITH A MAXIMUM SUV OF 7.3 (IMAGE 101)._x000D_
THERE IS A RIGHT INFRAHILAR NODE, MAX SUV 4.2, IMAGE 96. NO CONTRALATERAL NODES. MEDIASTINAL BLOOD POOL MAX SUV 2.0 (IMAGE 90)._x000D_
A 4 MM LEFT UPPER LOBE NODULE (IMAGE 70) IS NOT FDG AVID._x000D_
ABDOMEN: FOCAL UPTAKE IN THE ASCENDING COLON, MAX SUV OF 9.9, IS SEEN ON CORONAL IMAGE 62 AND AXIAL IMAGE 178._x000D_
BONES: INTENSE UPTAKE T5, MAX SUV 8.0, IMAGES 84-86. UPTAKE IN THE LEFT ILIUM, MAX SUV 6.6._x000D_
IMPRESSION:_x000D_
1. RLL NODULE MAX SUV 7.3 IMAGE 101._x000D_
"""
EXPORTED_CAPITALS_FINDINGS: list[Finding] = [(5.9, 44, True), (7.3, 101, False), (4.2, 96, False), (9.9, 178, False)]

TELEGRAPHIC = """\
Indication: breast ca. Comparison: none.
Findings
* L breast UOQ mass 31 mm; SUVmax 13.1; sl 92
* L axilla: 3 nodes, hottest SUVmax 9.4; sl 78
* L IM node SUVmax 4.8 sl 88, R IM no
* Sternum SUVmax 6.0 sl 95 (lytic)
* Liver ok, ref SUVmax 3.1 sl 125
* Uterus (menses) SUVmax 5.1 sl 240
* L ovary SUVmax 4.0 sl 236 ?follicle
* inj site R hand SUVmax 90 sl 250
* R SI joint SUVmax 3.3 sl 228 degen
* Thyroid diffuse SUVmax 6.2 sl 55 thyroiditis
* Thoracic spine T8 SUVmax 7.7 (T9 4.4) sl 110
Conclusion
L breast ca w nodal + sternal mets
"""
TELEGRAPHIC_FINDINGS: list[Finding] = [
    (13.1, 92, False),
    (9.4, 78, False),
    (4.8, 88, False),
    (6.0, 95, False),
    (5.1, 240, True),
    (4.0, 236, True),
    (3.3, 228, False),
    (6.2, 55, False),
    (7.7, 110, False),
]

DOTATATE = """\
Tracer: 68Ga-DOTATATE. Findings: Normal biodistribution in spleen (SUVmax 25.1, image 120), kidneys, and pituitary. Mesenteric mass, 2.9 cm, image 175, SUVmax 31.0 (previously 27.5, image 171). Right hepatic lobe: at least five lesions; the largest, segment VII, has SUVmax 22.4 on image 118, while a segment IV lesion has SUVmax 15.5 on image 124. Uncinate process SUVmax 8.1, image 150, physiologic. Left fifth rib: focus with SUVmax of 3.9 at image 99 without CT correlate. No lung lesion. Background liver SUVmax 9.0. Impression: Progression.
"""
DOTATATE_FINDINGS: list[Finding] = [
    (25.1, 120, True),
    (31.0, 175, False),
    (22.4, 118, False),
    (15.5, 124, False),
    (8.1, 150, True),
    (3.9, 99, False),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STRUCTURED, STRUCTURED_FINDINGS),
        (LETTER, LETTER_FINDINGS),
        (EXPORTED_CAPITALS, EXPORTED_CAPITALS_FINDINGS),
        (TELEGRAPHIC, TELEGRAPHIC_FINDINGS),
        (DOTATATE, DOTATATE_FINDINGS),
    ],
    ids=["structured", "letter", "exported_capitals", "telegraphic", "dotatate"],
)
def test_reads_every_finding_of_a_report(text: str, expected: list[Finding]) -> None:
    accepted = [m for m in read_measurements(text) if m.status == "accepted"]

    assert [(m.suv_max, m.axial_slice, "physiologic" in m.flags) for m in accepted] == expected
