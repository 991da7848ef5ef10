"""Reports invented for the scrubbing tests: PHI is marked ``<<TYPE|text>>``, everything else has to stay.

No sentence describes a real person; names, numbers and places are made up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(r"<<([A-Z_0-9]+)\|(.*?)>>", re.DOTALL)


@dataclass(frozen=True)
class Marked:
    """A text without its marks, and the marked stretches as ``(start, end, type)``."""

    text: str
    spans: tuple[tuple[int, int, str], ...]


def unmark(marked: str) -> Marked:
    out: list[str] = []
    spans: list[tuple[int, int, str]] = []
    position = length = 0
    for match in _MARK.finditer(marked):
        piece = marked[position : match.start()]
        out.append(piece)
        length += len(piece)
        out.append(match[2])
        spans.append((length, length + len(match[2]), match[1]))
        length += len(match[2])
        position = match.end()
    out.append(marked[position:])
    return Marked("".join(out), tuple(spans))


REPORTS = [
    # 0: US outpatient, tabular header
    """\
PATIENT NAME:  <<NAME|DELACROIX-OMONDI, TAMSIN E>>        MED REC #:  <<MRN|0094-77-123>>
BIRTH DATE:    <<DATE|05/09/1951>>                         SEX: F    AGE: 72Y
ORDERING PHYS: <<NAME|Okonjo-Hale, Bertrand>>              ACCESSION: <<ACCESSION|NM2023-0098871>>
EXAM: NM PET/CT SKULL BASE TO MID THIGH (CPT 78815)        DATE OF EXAM: <<DATE|11-Nov-2023>> 08:14

INDICATION: 72 y/o female with NSCLC (C34.11), s/p LUL wedge resection <<DATE|3/2021>>.
COMPARISON: PET/CT <<DATE|May 4, 2023>>; CT chest <<DATE|8/1/23>>.
TECHNIQUE: Blood glucose 104 mg/dL. 12.3 mCi F-18 FDG via left antecubital vein at 07:05. Siemens Biograph mCT 64 (S/N <<DEVICE_ID|11077-B>>).
FINDINGS:
CHEST: LUL staple line SUVmax 2.1 (image 98), unchanged. New 9 mm RLL nodule, SUVmax 5.6 (image 121).
ABDOMEN: Liver SUVmean 2.2. No adrenal lesion.
IMPRESSION: New avid RLL nodule. Results called to <<NAME|Okonjo-Hale>>'s nurse, <<NAME|Petra Lindgaard>>, RN at <<PHONE|312-555-0146>> x<<PHONE|2217>> at 4:10 PM on <<DATE|11/12>>.
Electronically signed by: <<NAME|Wilhelmina F. Achterberg>>, M.D., Ph.D. <<DATE|2023-11-12>>T16:12:09
""",
    # 1: UK letter
    """\
<<HOSPITAL|Royal Thornbury Infirmary>>, Department of Nuclear Medicine
<<LOCATION|27 Pennywhistle Road, Thornbury, BS35 1QT>>
Tel <<PHONE|01632 960 417>>  Fax <<PHONE|01632 960 418>>  <<EMAIL|pet.bookings@thornbury.nhs.uk>>

Our ref: <<OTHER_ID|NM/4471/23>>   NHS No: <<OTHER_ID|943 476 5919>>   Hospital number <<MRN|T556120>>
Dictated <<DATE|the 3rd of October 2023>>, typed <<DATE|5 Oct>>

Dear Dr <<NAME|Fotheringay>>,

Mrs <<NAME|Hyacinth Merriweather>> (DoB <<DATE|21.06.1930>>), aged <<AGE_OVER_89|93>>, attended on <<DATE|2nd October>>.
Clinical details: Hodgkin lymphoma, Ann Arbor stage IIA, post two cycles of ABVD.
Findings: There is a residual left supraclavicular node with SUVmax 3.1 (slice 44), Deauville 3. Mrs <<NAME|Merriweather>> has an incidental Baker's cyst.
Conclusion: Deauville score 3. Lugano complete metabolic response.
Yours sincerely,
<<NAME|Dr. Ffion Prydderch>>
Consultant Radiologist, GMC <<OTHER_ID|7654321>>
cc: Dr <<NAME|A. K. Bhattacharya>>, <<HOSPITAL|The Willowmere Surgery>>
""".replace("<<NAME|Dr. Ffion Prydderch>>", "Dr. <<NAME|Ffion Prydderch>>").replace("<<HOSPITAL|The Willowmere Surgery>>", "<<HOSPITAL|Willowmere Medical Centre>>"),
    # 2: lower-case dictation, no header
    """\
pet ct report for <<NAME|Mr. Ezekiel Brandywine>> done <<DATE|march 14 2024>> at <<HOSPITAL|Saltmarsh Regional Medical Center>> ordered by dr. <<NAME|venkataraman>>.
melanoma of the back. no prior. 9.9 mci fdg.
there is a right axillary node suv max 8.8 on image 77. the scapular lesion suv 6.1 image 69. i spoke with dr. <<NAME|venkataraman>> on <<DATE|3/15>> at 9 am.
""".replace("<<NAME|Mr. Ezekiel Brandywine>>", "Mr. <<NAME|Ezekiel Brandywine>>"),
    # 3: all capitals, VA style
    """\
NAME: <<NAME|MCALLISTER,DARNELL QUINCY JR>>          SSN: <<OTHER_ID|000-12-3456>>
LOC: NUC MED       REQ PHYS: <<NAME|HOLLOWAY,GRETCHEN A>>
CASE: <<OTHER_ID|081723-1199>>    EXM DATE: <<DATE|AUG 17, 2023@10:30>>
CLINICAL HISTORY: <<AGE_OVER_89|91>> YO VETERAN WITH ESOPHAGEAL CARCINOMA. LIVES IN <<LOCATION|TALLAHATCHIE, MISSISSIPPI>>.
REPORT: DISTAL ESOPHAGEAL MASS WITH MAX SUV OF 13.4 (AXIAL SLICE 101). CELIAC NODE WITH MAX SUV OF 4.9 (AXIAL SLICE 119).
NO AVID LIVER LESION. BARRETT ESOPHAGUS BY HISTORY. PRIOR WHIPPLE PROCEDURE.
IMPRESSION: ESOPHAGEAL PRIMARY WITH CELIAC NODE.
PRIMARY DIAGNOSTIC CODE: 1001
VERIFIED BY: <<NAME|THISTLEWOOD,MARGUERITE>>   DICTATED BY DR. <<NAME|THISTLEWOOD>>
""".replace("<<DATE|AUG 17, 2023@10:30>>", "<<DATE|AUG 17, 2023>>@10:30"),
    # 4: narrative, names of many origins, words as names
    """\
History: <<NAME|Rose Fields>> is a 58-year-old woman followed by <<NAME|Nguyễn Thị Hồng Nhung>>, MD, and by Prof. <<NAME|Jean-Baptiste de la Rochefoucauld>> for colon cancer.
She was seen by <<NAME|Xiaoming Zhao>> and <<NAME|Siobhán O'Malley-Kowalczyk>>, NP, at <<HOSPITAL|Our Lady of Perpetual Grace Hospital>> in <<LOCATION|Duluth>> on <<DATE|Feb. 2nd, 2024>>.
Ms. <<NAME|Fields>> also reports pain. Her daughter <<NAME|Ingeborg>> provided history. Interpreter: <<NAME|Yusra Al-Khatib>>.
Findings: Sigmoid mass SUVmax 11.1 (slice 230). Right lobe of liver metastasis SUVmax 9.0 (slice 128) abutting the Couinaud segment VII boundary.
Discussed with <<NAME|Tomasz Wiśniewski>> by telephone at 14:20 on <<DATE|02/03/2024>>. <<NAME|Wiśniewski>> will arrange biopsy.
""",
    # 5: terse with pipes
    """\
<<MRN|H-2209817>> | <<NAME|Abernathy Cruz>> | <<DATE|2024.01.09>> | M | 66
Hx: RCC, L nephrectomy <<DATE|Jan 2020>>. Ref <<NAME|Vandersloot>>.
PSMA: n/a. FDG 350 MBq. Scanner GE Discovery 710, room 3.
L adrenal bed SUVmax 4.4 im 150; T10 SUVmax 7.7 im 117; R 5th rib SUVmax 3.9 im 88.
Rad: <<NAME|J. Featherly>> / <<NAME|M. Oduya>>. Contrast lot <<DEVICE_ID|LT-88231-C>>. Page <<PHONE|4-7712>> w/ questions.
""",
    # 6: mixed German/Danish header, English body
    """\
Patient: <<NAME|Grünwald, Annegret>>, geb. <<DATE|14.02.1948>>, Fallnummer <<OTHER_ID|88120934>>
Überweiser: <<NAME|Dr. Hans-Jürgen Pfefferkorn>>
Exam of <<DATE|3. Januar 2024>> at <<HOSPITAL|Klinikum Rechts der Aue>>.
Findings: Left breast mass SUVmax 7.3 (slice 88). Left axillary node SUVmax 5.5 (slice 79).
Impression: Breast carcinoma with nodal spread.
""".replace("<<NAME|Dr. Hans-Jürgen Pfefferkorn>>", "Dr. <<NAME|Hans-Jürgen Pfefferkorn>>"),
    # 7: names inside findings and addenda
    """\
FINDINGS: The previously biopsied node (Dr. <<NAME|Small>>, <<DATE|12/2/22>>) has SUVmax 6.7 on slice 61. Small bowel activity is physiologic.
Comparison with the outside study from <<HOSPITAL|Cleveland Clinic>> dated <<DATE|Dec 3>> shows growth.
A left iliac bone lesion was reviewed with <<NAME|Kwabena Asante-Boateng>> and has SUVmax 9.3 on slice 244.
ADDENDUM <<DATE|1/5/2023>> 11:02 by <<NAME|Lowell Huntington>>, DO: Huntington disease is not in the history; corrected per Dr <<NAME|Huntington>>.
ADDENDUM #2: <<NAME|Huntington>> confirmed on <<DATE|Jan 6>> that the pacemaker (Medtronic, serial # <<DEVICE_ID|PVR-4417-22>>) was not interrogated.
""",
    # 8: IDs without usual labels, MBI, policy, URL
    """\
Medicare <<OTHER_ID|1EG4-TE5-MK73>>; policy no. <<OTHER_ID|ZX-99120-07>>; encounter <<OTHER_ID|30099182>>; order <<OTHER_ID|#7781230>>.
Images at <<URL|https://pacs.example.org/viewer?study=77120>> ; StudyUID <<OTHER_ID|1.2.840.113619.2.55.3.604688119.971.1449074892.44>>
Patient <<NAME|Ananya Raghunathan>>, <<PHONE|+49 30 901820>>, <<LOCATION|PO Box 1182, Gullstrand, MN 55001>>.
F-18 PSMA-1007, CA 19-9 of 41, NCT01234567, ICD-10 C61, Gleason 4+3=7.
Prostate SUVmax 21.0 (image 300 of 512), iliac node SUVmax 6.2 (image 271 of 512).
""".replace("<<OTHER_ID|#7781230>>", "#<<OTHER_ID|7781230>>"),
    # 9: resident/attending attestation
    """\
Exam date/time: <<DATE|20240117>> 1342 hours
I, <<NAME|Octavia Brightwater>>, have personally reviewed the images and agree with the resident, <<NAME|Desmond Achebe-Nwosu>>.
Resident: <<NAME|Desmond Achebe-Nwosu>> PGY-3    Attending: <<NAME|BRIGHTWATER, O.>>
Transcriptionist: <<NAME|kl>> / Job # <<OTHER_ID|448120>>
D: <<DATE|01/17/2024>> T: <<DATE|01/18/2024>>
Patient is <<AGE_OVER_89|ninety-four>> years old. Weight 61 kg. Height 162 cm. Visit 3 of 4.
Findings: Gastric antrum SUVmax 5.1 (slice 140). Left lower lobe SUVmax 2.9 (slice 97).
""".replace("<<NAME|kl>>", "kl"),
    # 10: narrative history
    """\
The patient, a retired teacher from <<LOCATION|Wexcombe>>, <<LOCATION|Nova Scotia>>, was referred by the <<HOSPITAL|Blackwater Cancer Institute>> after a fall on <<DATE|Christmas Eve>>.
She had a Whipple procedure by Dr. <<NAME|Whipple>> in <<DATE|April>>, a Hartmann pouch in 2019, and chemotherapy through mid-<<DATE|August>>.
Her son (<<NAME|Callum>>) can be reached at <<PHONE|(902) 555-0173>>.
Comparison is made to <<DATE|September 9th, '22>> and <<DATE|9/30/2022>> exams.
Findings: Pancreatic tail SUVmax 4.0, slice 133. Krukenberg tumor excluded.
""".replace("<<DATE|Christmas Eve>>", "Christmas Eve"),
]

# Sentences and lines without PHI; each has to come back byte for byte.
CLEAN = """\
Uptake in the Waldeyer ring is symmetric, SUVmax 6.2 on slice 40.
Baker cyst of the left knee without uptake.
Known Hodgkin's disease, nodular sclerosis type, Ann Arbor stage IIIB.
Non-Hodgkin lymphoma, Lugano classification.
Deauville 4. Deauville score of 5 at the left hilum.
There is a Hartmann pouch and a parastomal hernia.
Status post Whipple procedure, Roux-en-Y reconstruction and Billroth II.
Schmorl nodes at T11-T12, SUVmax 2.2.
A Zenker diverticulum is incidentally noted on slice 41.
Virchow node on the left, 12 mm, SUVmax 5.5, slice 48.
Sister Mary Joseph nodule at the umbilicus, SUVmax 7.0 (slice 189).
Foley catheter in place. Port-A-Cath tip in the SVC.
Attenuation of 35 Hounsfield units on the CT.
Gleason 4+3=7, PSA 12.4 ng/mL, grade group 3.
Couinaud segment VII lesion, SUVmax 9.9, image 128.
Child-Pugh class B cirrhosis with Budd-Chiari syndrome.
Pancoast tumor with Horner syndrome, SUVmax 14.1 on image 33.
Paget disease of the right hemipelvis, SUVmax 3.0 (slices 200-245).
Langerhans cell histiocytosis and Erdheim-Chester disease are considered.
Merkel cell carcinoma of the scalp, Breslow depth 4 mm, Clark level IV.
Kaposi sarcoma, Burkitt lymphoma and Castleman disease can look alike.
Graves disease and Hashimoto thyroiditis give diffuse uptake.
Bosniak IIF cyst at the upper pole of the right kidney, image 167.
Fleischner Society guidelines suggest CT in 12 months.
Siewert II tumor of the GE junction, SUVmax 6.2 (fused axial slice 109).
Morison pouch and the pouch of Douglas are free of fluid.
Gerota fascia is thickened; Denonvilliers fascia is intact.
Meckel cave and Rathke cleft cyst are unremarkable.
Milan criteria are exceeded; BCLC stage C.
NYHA class II heart failure; ECOG 1; Karnofsky 80.
Images 3/118 and 3/121 show the node; series 4, image 78.
The node measures 3.4 x 2.9 cm (previously 4.1 x 3.3 cm).
SUVmax 14.7 (slice 54), previously 12.1 in 2022.
Levels 2/3 and 4/5 on the right; L4/5 and C5/6 degenerative change.
Two of 12 nodes positive (2/12), ratio 1/6, pain 5/10.
11.8 mCi (436.6 MBq) of F-18 FDG at 10:32 AM, imaged at 11:35.
Delayed images at 120 minutes show SUVmax 4.1 to 6.3.
Ga-68 DOTATATE, Cu-64 DOTATATE, F-18 PSMA-1007 and Lu-177 PSMA-617 were discussed.
Siemens Biograph Vision 600, GE Discovery MI DR and Philips Vereos were used.
CPT 78815, ICD-10 C34.11 and C77.1.
A 72-year-old man and an 89-year-old woman; 64M with cough.
Follow-up in 3 to 6 months may be considered.
Lesions may march along the pleura; dec. in size.
Right lower paratracheal (4R) and subcarinal (7) nodes, SUVmax 7.9 and 4.6 on slices 61 and 69, respectively.
The left level IIA node (SUVmax 9.4, slice 70; previous 4.2) has grown.
R-CHOP x 6, ABVD x 2, FOLFIRINOX, pembrolizumab and Keytruda.
Max SUV 38 in the bladder at axial image 280.
HEAD AND NECK: NO AVID CERVICAL ADENOPATHY.
LEFT PAROTID NODULE WITH SUV MAX OF 9.2 (PET/CT AXIAL SLICE 33).
NO HYPERMETABOLIC LIVER LESION. GALLBLADDER SURGICALLY ABSENT.
IMPRESSION: PROGRESSIVE DISEASE. RECOMMEND BIOPSY OF THE LEFT AXILLARY NODE.
1. Interval resolution of the right hilar node.
2. Large right thyroid nodule; Hurthle cell neoplasm is possible.
Reference: mediastinal blood pool SUVmean 1.9, liver SUVmean 2.3.
Brown fat uptake in the neck; White matter disease; Gray zone lymphoma.
Small bowel, Long segment narrowing, Bone marrow, Stone in the gallbladder.
Axumin uptake in the prostate bed, SUVmax 5.9 (image 290).
Lymphoseek, Isovue-370, Omnipaque 300 and Readi-Cat were given.
Hounsfield values of -60 indicate fat; PI-RADS 5; BI-RADS 4; LI-RADS 5.
Coronary artery calcification. Aortic atherosclerosis. Cholelithiasis. Diverticulosis.
Technique: 3D list mode, 64 slices, 5 mm thickness, 120 kVp, 400 x 400 matrix, zoom 1.
The patient tolerated the procedure well. Discussed at tumor board.
No comparison is available. Prior outside hospital report not provided.
Krukenberg tumor, Meigs syndrome and Fitz-Hugh-Curtis syndrome were considered.
Takayasu arteritis, Kawasaki disease and Behcet disease.
Lhermitte-Duclos disease; Chiari I malformation; Dandy-Walker variant.
The Philadelphia chromosome is negative; Bethesda category IV cytology.
Ki-67 is 30%, HER2 positive, EGFR exon 19 deletion, PD-L1 80%.
Radiation dose 50.4 Gy in 28 fractions completed 6 weeks ago.
The node at the Rouviere location, SUVmax 3.3 (slice 30).
Tarlov cyst at S2. Spigelian hernia on the right. Bochdalek hernia on the left.
Adjacent to the ligament of Treitz and the angle of His.
Rosenmuller fossa mass, SUVmax 12.2, slice 22.
Warthin tumor versus pleomorphic adenoma of the right parotid, SUVmax 11.4 (image 38).
Ewing sarcoma, Wilms tumor and Askin tumor are in the differential.
Tracer: [18F]FDG 5.2 MBq/kg; [68Ga]Ga-PSMA-11 150 MBq.
Nodes in Chamberlain line and Cobb angle of 20 degrees.
Segments 5/6/7 and stations 2/4/7 are clear.
Right RLL, LUL and RML nodules up to 4 mm (images 88, 91 and 102).
Lesion 1: SUVmax 5.2, slice 101. Lesion 2: SUVmax 7.7, slice 144.
Uptake of 3.1 versus 3.2 g/mL, unchanged.
""".splitlines()
