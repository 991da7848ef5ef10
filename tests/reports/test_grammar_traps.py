"""Sentences as people dictate them, one list per trap; every sentence was written for this test.

Each row: the text of a findings section, the (SUVmax, slice) pairs that must be accepted, and a reason that must be given to
something in it (None when nothing particular must be rejected).
"""

from __future__ import annotations

import pytest

from petarseg.reasons import Reason
from petarseg.reports.grammar import read_measurements

R = Reason
Row = tuple[str, list[tuple[float, int]], Reason | None]

WORDING: list[Row] = [
    ("Spiculated left upper lobe nodule, SUVmax 8.3, slice 61.", [(8.3, 61)], None),
    ("Spiculated left upper lobe nodule with SUV max of 8.3 on slice 61.", [(8.3, 61)], None),
    ("Spiculated left upper lobe nodule with a max SUV of 8.3 on image 61.", [(8.3, 61)], None),
    ("Left upper lobe nodule: SUV-max 8.3 (im 61).", [(8.3, 61)], None),
    ("Left upper lobe nodule SUV_max=8.3 img 61", [(8.3, 61)], None),
    ("Left upper lobe nodule with a maximum standardized uptake value of 8.3 (axial image 61).", [(8.3, 61)], None),
    ("Left upper lobe nodule with maximal standardised uptake value measuring 8.3, axial slice 61.", [(8.3, 61)], None),
    ("Left upper lobe nodule, standard uptake value maximum 8.3, on fused image 61.", [(8.3, 61)], None),
    ("Left upper lobe nodule with SUV up to 8.3 (slice 61).", [(8.3, 61)], None),
    ("Left upper lobe nodule measuring up to SUV 8.3 on axial fused slice number 61.", [(8.3, 61)], None),
    ("Left upper lobe nodule with an SUV of 8.3 at slice #61.", [(8.3, 61)], None),
    ("Left upper lobe nodule reaching an SUVmax of approximately 8.3 at PET/CT axial slice no. 61.", [(8.3, 61)], None),
    ("Left upper lobe nodule (SUVmax: 8.3; slice: 61).", [(8.3, 61)], None),
    ("Left upper lobe nodule [SUVmax = 8.3, im. 61].", [(8.3, 61)], None),
    ("Left upper lobe nodule, max. SUV 8.3, ax. 61.", [(8.3, 61)], None),
    ("Left upper lobe nodule, 8.3 SUVmax, image 61.", [(8.3, 61)], None),
    ("Left upper lobe nodule with 8.3 SUV on slice 61.", [(8.3, 61)], None),
    ("The SUVmax of the spiculated nodule in the left upper lobe is 8.3 on slice 61.", [(8.3, 61)], None),
    ("On slice 61 the SUV max of the left upper lobe nodule measures 8.3.", [(8.3, 61)], None),
    ("At image 61 a left upper lobe nodule demonstrates hypermetabolism, SUV (max) 8.3.", [(8.3, 61)], None),
    ("Left upper lobe nodule with S.U.V. max of 8.3 on slice 61.", [(8.3, 61)], None),
    ("Left upper lobe nodule, SUVmax (bw) of 8.3 g/mL, slice 61.", [(8.3, 61)], None),
    ("Left upper lobe nodule SUVmax8.3, slice61.", [(8.3, 61)], None),
    ("Peak intensity of the left upper lobe nodule is SUVmax ~8.3 at axial 61.", [(8.3, 61)], None),
    ("Left upper lobe nodule has a maximum uptake of 8.3 (slice 61).", [(8.3, 61)], None),
    ("Left upper lobe nodule exhibits an uptake value of 8.3, axial slice 61.", [(8.3, 61)], None),
    ("LEFT UPPER LOBE NODULE WITH MAXIMUM SUV OF 8.3 ON AXIAL SLICE 61.", [(8.3, 61)], None),
    ("Left upper lobe nodule whose hottest voxel has an SUV of 8.3 on slice 61.", [(8.3, 61)], None),
    ("Intense uptake is seen on axial PET image 61 in a left upper lobe nodule with SUV measured at 8.3.", [(8.3, 61)], None),
    ("Left upper lobe nodule: maximum SUV body weight 8.3, slice 61.", [(8.3, 61)], None),
    ("Left upper lobe nodule with tracer uptake up to 8.3 SUV on slice 61.", [(8.3, 61)], None),
    ("Left upper lobe nodule, SUVmax is 8.3 as seen on slice 61.", [(8.3, 61)], None),
    ("Left upper lobe nodule of 14 mm shows avid uptake (SUVmax 8.3), best seen on slice 61.", [(8.3, 61)], None),
    ("Left upper lobe nodule. SUVmax 8.3 (slice 61).", [(8.3, 61)], None),
]

TYPOS: list[Row] = [
    ("Left hilar node, SUVmx 5.5, slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SVUmax 5.5, slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SUV amx 5.5, slcie 77.", [(5.5, 77)], None),
    ("Left hilar node, SUV max 5,5 (iamge 77).", [(5.5, 77)], None),
    ("Left hilar node, SUVmax of of 5.5, imge 77.", [(5.5, 77)], None),
    ("Left hilar node with SUV mas of 5.5 on slice 77.", [(5.5, 77)], None),
    ("Left hilar node,SUVmax 5.5,slice 77.", [(5.5, 77)], None),
    ("Left hilar node with maxium SUV of 5.5 on axial slcie 77.", [(5.5, 77)], None),
    ("Left hilar node with standarized uptake value of 5.5 on silce 77.", [(5.5, 77)], None),
    ("Left hilar node with SUVMAX OF 5.5 on slice 77.The liver is normal.", [(5.5, 77)], None),
]

SLICES: list[Row] = [
    ("Left hilar node, SUVmax 5.5 (series 4, image 77).", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 (se 4 im 77).", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 (Se: 4, Im: 77).", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 (4/77).", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 (image 4/77).", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 (series 4/77).", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5, image 77 of 299.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5, image 77/299.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5, axial slice 77 out of 299.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5, transaxial image 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5, transverse slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5, PET image 77, CT image 154.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 (CT image 154, PET/CT axial slice 77).", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 (axial slice 77, coronal slice 102).", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 (coronal 102, axial 77).", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 (coronal image 102; sagittal image 88; axial image 77).", [(5.5, 77)], None),
    ("Left hilar node extending over slices 70 to 83, SUVmax 5.5 on slice 77.", [(5.5, 77)], None),
    ("Left hilar node on 3 mm slices, SUVmax 5.5, slice 77.", [(5.5, 77)], None),
    ("Left hilar node (slice thickness 3.75 mm), SUVmax 5.5, slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 on the axial images (slice 77).", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5, axial/PET 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5, fused 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 at slice position 77.", [(5.5, 77)], None),
]

PLANES_AND_RANGES: list[Row] = [
    ("Left hilar node, SUVmax 5.5, coronal slice 77.", [], R.NOT_AXIAL_SLICE),
    ("Left hilar node, SUVmax 5.5, sagittal image 77.", [], R.NOT_AXIAL_SLICE),
    ("Left hilar node, SUVmax 5.5, best appreciated on the coronal view (image 77).", [], R.NOT_AXIAL_SLICE),
    ("Left hilar node, SUVmax 5.5, image 77 of the coronal series.", [], R.NOT_AXIAL_SLICE),
    ("Left hilar node, SUVmax 5.5 (cor im 77).", [], R.NOT_AXIAL_SLICE),
    ("Left hilar node, SUVmax 5.5, MIP image 12.", [], R.NOT_AXIAL_SLICE),
    ("Hilar nodes, SUVmax 3.1-5.5, slice 77.", [], R.SUV_RANGE),
    ("Hilar nodes with SUVmax ranging from 3.1 to 5.5 on slice 77.", [], R.SUV_RANGE),
    ("Hilar nodes with SUV between 3.1 and 5.5 (slice 77).", [], R.SUV_RANGE),
    ("Hilar nodes with SUVmax of 3.1 to 5.5 on slice 77.", [], R.SUV_RANGE),
    ("Left pleural thickening, SUVmax 5.5, slices 77-95.", [], R.SLICE_RANGE),
    ("Left pleural thickening, SUVmax 5.5, from slice 77 to 95.", [], R.SLICE_RANGE),
    ("Left pleural thickening, SUVmax 5.5, between images 77 and 95.", [], R.SLICE_RANGE),
    ("Left pleural thickening, SUVmax 5.5, slices 77 through 95.", [], R.SLICE_RANGE),
    ("Left hilar node with SUVmax less than 2.5 on slice 77.", [], R.SUV_RANGE),
    ("Left hilar node with SUVmax < 2.5 (slice 77).", [], R.SUV_RANGE),
]

PRIORS: list[Row] = [
    ("Left hilar node, SUVmax 5.5 (slice 77), previously 8.1.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 (previously 8.1), slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 (prior 8.1) on slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 on slice 77 (was 8.1).", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 on slice 77, was 8.1 on slice 75.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5, slice 77, compared to 8.1 on the prior exam.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5, slice 77, compared with SUVmax 8.1 previously.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 versus 8.1, slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 vs. 8.1 on slice 77.", [(5.5, 77)], None),
    ("Left hilar node SUVmax has decreased from 8.1 to 5.5 (slice 77).", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 8.1 -> 5.5, slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 on slice 77, down from 8.1.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 on slice 77, formerly 8.1.", [(5.5, 77)], None),
    ("Left hilar node now has SUVmax 5.5 on slice 77; on the prior study it was 8.1 on slice 70.", [(5.5, 77)], None),
    ("Left hilar node measured SUVmax 8.1 on the previous study and now measures 5.5 on slice 77.", [(5.5, 77)], None),
    ("Previously SUVmax 8.1, the left hilar node is now SUVmax 5.5 on slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5, slice 77 (3/14/2022: 8.1).", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 (slice 77), 8.1 on 14 March 2022.", [(5.5, 77)], None),
    ("Left hilar node with SUVmax of 5.5 on slice 77, at baseline 8.1.", [(5.5, 77)], None),
    ("Left hilar node, current SUVmax 5.5 (slice 77), prior SUVmax 8.1 (slice 70).", [(5.5, 77)], None),
    ("Left hilar node, prior SUVmax 8.1 (slice 70), current SUVmax 5.5 (slice 77).", [(5.5, 77)], None),
    ("Left hilar node previously measured 14 mm with SUVmax 8.1 and now 9 mm with SUVmax 5.5 on slice 77.", [(5.5, 77)], None),
    ("Left hilar node is unchanged compared to the prior study, SUVmax 5.5 on slice 77.", [(5.5, 77)], None),
    ("Compared to the prior study the left hilar node has grown and has SUVmax 5.5 on slice 77.", [(5.5, 77)], None),
    ("Previously seen left hilar node has SUVmax 5.5 on slice 77.", [(5.5, 77)], None),
    ("The previously noted left hilar node, SUVmax 5.5, slice 77, is stable.", [(5.5, 77)], None),
    ("Since the prior scan a left hilar node has appeared, SUVmax 5.5, slice 77.", [(5.5, 77)], None),
    ("The left hilar node seen on the prior study has an SUVmax of 5.5 on slice 77.", [(5.5, 77)], None),
    ("The SUVmax of the left hilar node was 5.5 on slice 77.", [(5.5, 77)], None),
    ("A left hilar node was noted with SUVmax of 5.5 on slice 77.", [(5.5, 77)], None),
    ("Left hilar node with SUVmax of 5.5 on slice 77, previously measuring 14 mm.", [(5.5, 77)], None),
    ("Left hilar node, 9 mm (previously 14), SUVmax 5.5, slice 77.", [(5.5, 77)], None),
    ("Left hilar node had SUVmax of 8.1 on slice 70 of the previous exam.", [], R.PRIOR_VALUE),
    ("On 03/14/2022 the left hilar node had an SUVmax of 8.1 on slice 70; it has resolved.", [], R.PRIOR_VALUE),
    ("The left hilar node (previously SUVmax 8.1, slice 70) is no longer seen.", [], R.PRIOR_VALUE),
    ("Prior left hilar node with SUVmax 8.1 on slice 70 has resolved.", [], R.PRIOR_VALUE),
    ("On the prior examination, the left hilar node had an SUVmax of 8.1 (slice 70).", [], R.PRIOR_VALUE),
    ("Interval resolution of the left hilar node (SUVmax 8.1, slice 70).", [], R.PRIOR_VALUE),
    ("Left hilar node, SUVmax 5.5 and slice 77; the corresponding prior values were 8.1 and 70.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 (8.1), slice 77.", [(5.5, 77)], None),
    ("Left hilar node increased in avidity, SUVmax 5.5 (slice 77) compared to SUVmax 3.2 (slice 74) on the study from January 2022.", [(5.5, 77)], None),
    ("In comparison to 8.1 earlier, the left hilar node shows SUVmax 5.5 at slice 77.", [(5.5, 77)], None),
    ("Left hilar node with interval decrease in SUVmax to 5.5 from 8.1 on slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax today 5.5 (image 77), last time 8.1 (image 70).", [(5.5, 77)], None),
]

REFERENCES: list[Row] = [
    ("Liver SUVmax 3.2 (slice 120).", [], R.REFERENCE_ORGAN),
    ("Reference liver has an SUVmax of 3.2 on slice 120.", [], R.REFERENCE_ORGAN),
    ("For reference, the mediastinal blood pool has an SUVmax of 2.1 (slice 70).", [], R.REFERENCE_ORGAN),
    ("Background liver uptake: SUVmax 3.2, slice 120.", [], R.REFERENCE_ORGAN),
    ("The normal liver parenchyma shows SUVmax of 3.2 at slice 120.", [], R.REFERENCE_ORGAN),
    ("Blood pool (aortic arch) SUVmax 2.1, slice 70.", [], R.REFERENCE_ORGAN),
    ("Left hilar node, SUVmax 5.5 (slice 77), above liver background of 3.2.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 (slice 77); liver SUVmax 3.2 (slice 120).", [(5.5, 77)], None),
    ("Left hilar node with SUVmax 5.5 versus 3.2 in the liver, slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5, slice 77, compared to mediastinal blood pool SUVmax of 2.1.", [(5.5, 77)], None),
    ("Left tonsillar mass, SUVmax 9.9 (slice 33), the contralateral tonsil measures SUVmax 4.0.", [(9.9, 33)], None),
    ("Contralateral hilar node, SUVmax 5.5, slice 77.", [(5.5, 77)], None),
    ("Liver lesion in segment VII, SUVmax 9.1, slice 121.", [(9.1, 121)], None),
    ("Focal uptake in the right lobe of the liver with SUVmax 9.1 (slice 121).", [(9.1, 121)], None),
    ("Hepatic metastasis with SUVmax 9.1 on slice 121; background liver 3.0.", [(9.1, 121)], None),
    ("Right hepatic lobe mass with SUVmax of 9.1 (slice 121) compared to background liver SUVmax of 3.0.", [(9.1, 121)], None),
    ("Left gluteal muscle for comparison SUVmax 0.9, slice 220.", [], R.REFERENCE_ORGAN),
    ("Mediastinal mass with SUVmax 12.0 on slice 80.", [(12.0, 80)], None),
    ("Splenic lesion, SUVmax 6.2, slice 118, compared with SUVmax 2.4 in the remainder of the spleen.", [(6.2, 118)], None),
    ("Left hilar node with uptake greater than liver (SUVmax 3.2), SUVmax 5.5, slice 77.", [(5.5, 77)], None),
]

OTHER_NUMBERS: list[Row] = [
    ("Left hilar node, SUVmean 3.1, slice 77.", [], R.SUV_NOT_MAX),
    ("Left hilar node, SUVpeak 4.4, slice 77.", [], R.SUV_NOT_MAX),
    ("Left hilar node, SULpeak 4.4, slice 77.", [], R.SUV_NOT_MAX),
    ("Left hilar node, SULmax 4.4, slice 77.", [], R.SUV_NOT_MAX),
    ("Left hilar node, average SUV of 3.1 on slice 77.", [], R.SUV_NOT_MAX),
    ("Left hilar node, mean SUV 3.1, max SUV 5.5, slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax/SUVmean 5.5/3.1, slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5, SUVmean 3.1 (slice 77).", [(5.5, 77)], None),
    ("Left hilar node, SUVmax and SUVpeak of 5.5 and 4.4, slice 77.", [(5.5, 77)], None),
    ("Left hilar node, 2.3 x 1.4 cm, SUVmax 5.5, slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5, 2.3 x 1.4 cm, slice 77.", [(5.5, 77)], None),
    ("Right level IIA node, SUVmax 5.5, slice 37.", [(5.5, 37)], None),
    ("Station 4R node of 12 mm with SUVmax 5.5 on slice 70.", [(5.5, 70)], None),
    ("Lytic lesion of L5 with SUVmax 5.5 on slice 200.", [(5.5, 200)], None),
    ("Left adrenal nodule, 8 HU, SUVmax 5.5, slice 130.", [(5.5, 130)], None),
    ("Deauville 4 left axillary node, SUVmax 5.5, slice 70.", [(5.5, 70)], None),
    ("Left axillary node, SUVmax 5.5 (Deauville 5), slice 70.", [(5.5, 70)], None),
    ("Left 6th rib focus, SUVmax 5.5, slice 98.", [(5.5, 98)], None),
    ("Lesion 3: left iliac bone, SUVmax 5.5, slice 230.", [(5.5, 230)], None),
    ("Left hilar node, MTV 12.5 mL, TLG 48, SUVmax 5.5, slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5, a 32% decrease, slice 77.", [(5.5, 77)], None),
    ("Left hilar node, SUVmax 5.5 (slice 77), 61 minutes after 10.2 mCi at 10:45.", [(5.5, 77)], None),
    ("With a glucose of 104 mg/dL the left hilar node has SUVmax 5.5, slice 77.", [(5.5, 77)], None),
    ("Three of 5 hilar nodes are avid, the hottest with SUVmax 5.5 on slice 77.", [(5.5, 77)], None),
    ("Left hilar node is not avid (slice 77).", [], R.SLICE_WITHOUT_SUV),
    ("Left hilar node with SUVmax 5.5.", [], R.SUV_WITHOUT_SLICE),
    ("Left hilar node SUVmax has increased by 2.3, slice 77.", [], None),
    ("No uptake above SUV 2.5 is seen; cyst on slice 150.", [], R.SLICE_WITHOUT_SUV),
    ("Activity at the injection site, SUVmax 22.0, slice 190.", [], R.ARTEFACT),
    ("Focal uptake in a right axillary vein from tracer extravasation, SUVmax 14.0, slice 66.", [], R.ARTEFACT),
    ("Urine contamination of the left groin, SUVmax 9.0 (slice 251).", [], R.ARTEFACT),
    ("Lingular nodule, SUVmax 3.0 (slice 84), rising to 4.1 on delayed images.", [(3.0, 84)], None),
    ("On delayed imaging the lingular nodule has an SUVmax of 4.1 (slice 84).", [], R.DUAL_TIME_POINT),
]

SEVERAL_LESIONS: list[Row] = [
    ("Right hilar and subcarinal nodes have SUVmax of 5.2 and 3.8 on slices 77 and 80, respectively.", [(5.2, 77), (3.8, 80)], None),
    ("Nodes on slices 77, 80 and 85 have SUVmax of 5.2, 3.8 and 6.0 respectively.", [(5.2, 77), (3.8, 80), (6.0, 85)], None),
    ("Right hilar (slice 77) and subcarinal (slice 80) nodes with SUVmax 5.2 and 3.8 respectively.", [(5.2, 77), (3.8, 80)], None),
    ("Right hilar node, SUVmax 5.2, slice 77; subcarinal node, SUVmax 3.8, slice 80.", [(5.2, 77), (3.8, 80)], None),
    ("Right hilar node (SUVmax 5.2, slice 77) and subcarinal node (SUVmax 3.8, slice 80).", [(5.2, 77), (3.8, 80)], None),
    ("Right hilar node with SUVmax of 5.2 on slice 77 and a subcarinal node with SUVmax of 3.8 on slice 80.", [(5.2, 77), (3.8, 80)], None),
    ("On slice 77 a right hilar node has SUVmax 5.2, and on slice 80 a subcarinal node has SUVmax 3.8.", [(5.2, 77), (3.8, 80)], None),
    ("Right hilar node SUVmax 5.2 (slice 77), subcarinal 3.8 (slice 80) and left hilar 4.4 (slice 82).", [(5.2, 77), (3.8, 80), (4.4, 82)], None),
    ("Right hilar node has SUVmax 5.2 on slice 77 while a subcarinal node has SUVmax 3.8.", [(5.2, 77)], R.SUV_WITHOUT_SLICE),
    ("Right hilar node has SUVmax 5.2 whereas a subcarinal node has SUVmax 3.8 on slice 80.", [(3.8, 80)], R.SUV_WITHOUT_SLICE),
    ("Right hilar node with SUVmax 5.2 on slice 77; the subcarinal node on slice 80 is not avid.", [(5.2, 77)], R.SLICE_WITHOUT_SUV),
    ("Right hilar node with SUVmax 5.2; a liver cyst on slice 120 is photopenic.", [], R.SLICE_WITHOUT_SUV),
    ("Hilar nodes with SUVmax 5.2 and 3.8, slice 77.", [], R.MULTIPLE_VALUES),
    ("Hilar node with SUVmax 5.2 on slices 77 and 90.", [], R.MULTIPLE_VALUES),
    ("Two liver metastases: segment V, SUVmax 5.2, slice 124; segment VIII, SUVmax 3.8, slice 118.", [(5.2, 124), (3.8, 118)], None),
    ("Liver metastases, the largest with SUVmax 5.2 on slice 124, previously 9.9, and a smaller one with SUVmax 3.8 on slice 118, previously 7.1.", [(5.2, 124), (3.8, 118)], None),
    ("Multiple bone lesions, e.g. T8 (SUVmax 7.1, slice 98) and L3 (SUVmax 6.5, slice 165).", [(7.1, 98), (6.5, 165)], None),
    ("Several nodes, SUVmax up to 5.2 (slice 77).", [(5.2, 77)], None),
    ("The former nodule has SUVmax 5.2 on slice 77 and the latter lobulated nodule has SUVmax 3.8 on slice 80.", [(5.2, 77), (3.8, 80)], None),
    ("SUVmax: right hilar 5.2 (slice 77), left hilar 3.8 (slice 80).", [(5.2, 77), (3.8, 80)], None),
]

TWO_SENTENCES: list[Row] = [
    ("There is a left hilar node with SUVmax of 5.5. It is seen on slice 77.", [(5.5, 77)], None),
    ("There is a left hilar node on slice 77. The SUVmax is 5.5.", [(5.5, 77)], None),
    ("There is a left hilar node (series 3, image 77). The SUV max of the node is 5.5.", [(5.5, 77)], None),
    ("Left hilar node with SUVmax 5.5. Slice 77.", [(5.5, 77)], None),
    ("Left hilar node is intensely avid with SUVmax 5.5. This is best seen on axial slice 77.", [(5.5, 77)], None),
    ("Left hilar node with SUVmax of 5.5. A liver cyst is seen on slice 120.", [], R.SLICE_WITHOUT_SUV),
    ("Left hilar node with SUVmax of 5.5. It is best seen on coronal slice 77.", [], R.NOT_AXIAL_SLICE),
    ("The known renal cyst is on slice 150. The spleen has a lesion with SUVmax of 5.5.", [], R.SUV_WITHOUT_SLICE),
    ("Liver SUVmax is 3.2. The liver is measured on slice 120.", [], R.REFERENCE_ORGAN),
]

LAYOUT: list[Row] = [
    ("- Left hilar node, SUVmax 5.5, slice 77\n- Right hilar node, SUVmax 4.4, slice 79", [(5.5, 77), (4.4, 79)], None),
    ("1. Left hilar node SUVmax 5.5 slice 77\n2. Right hilar node SUVmax 4.4 slice 79", [(5.5, 77), (4.4, 79)], None),
    ("1) 2.3 cm left hilar node SUVmax 5.5 slice 77 2) 1.1 cm right hilar node SUVmax 4.4 slice 79", [(5.5, 77), (4.4, 79)], None),
    ("Left hilar node, SUVmax\n5.5, slice\n77, stable.", [(5.5, 77)], None),
    ("Left hilar node with SUVmax of 5.5_x000D_\n(slice 77)._x000D_\nLiver normal._x000D_", [(5.5, 77)], None),
    ("Left hilar node with SUVmax of 5.5 on slice 77.Right hilar node with SUVmax of 4.4 on slice 79.", [(5.5, 77), (4.4, 79)], None),
    ("Left hilar node | SUVmax 5.5 | slice 77\nRight hilar node | SUVmax 4.4 | slice 79", [(5.5, 77), (4.4, 79)], None),
    ("Left hilar node\tSUVmax 5.5\tslice 77\nRight hilar node\tSUVmax 4.4\tslice 79", [(5.5, 77), (4.4, 79)], None),
    ("Lesion | Size | SUVmax | Slice\nLeft hilar node | 2.3 cm | 5.5 | 77\nRight hilar node | 1.1 cm | 4.4 | 79", [(5.5, 77), (4.4, 79)], None),
    ("Site              SUVmax   Image   Prior SUVmax\nLeft hilar node   5.5      77      8.1\nRight hilar node  4.4      79      6.0", [(5.5, 77), (4.4, 79)], None),
    ("Left hilar node, per Dr. Smith approx. 2.3 cm, e.g. lobulated, max. SUV 5.5, im. 77.", [(5.5, 77)], None),
    ("Left hilar node: SUVmax 5.5, slice 77. 2.1 cm right hilar node: SUVmax 4.4, slice 79.", [(5.5, 77), (4.4, 79)], None),
    ("CHEST: LEFT HILAR NODE, SUVMAX 5.5, IMAGE 77. ABDOMEN: LEFT ADRENAL NODULE, SUVMAX 4.4, IMAGE 130.", [(5.5, 77), (4.4, 130)], None),
    ("Left hilar node \u2013 SUVmax\u00a05.5 \u2013 slice\u00a077", [(5.5, 77)], None),
]  # fmt: skip

ALL = {
    "wording": WORDING,
    "typos": TYPOS,
    "slices": SLICES,
    "planes and ranges": PLANES_AND_RANGES,
    "priors": PRIORS,
    "references": REFERENCES,
    "other numbers": OTHER_NUMBERS,
    "several lesions": SEVERAL_LESIONS,
    "two sentences": TWO_SENTENCES,
    "layout": LAYOUT,
}
CASES = [pytest.param(*row, id=f"{trap}-{number}") for trap, rows in ALL.items() for number, row in enumerate(rows)]


@pytest.mark.parametrize(("findings", "expected", "reason"), CASES)
def test_reads_what_was_dictated(findings: str, expected: list[tuple[float, int]], reason: Reason | None) -> None:
    text = f"TECHNIQUE: Standard.\nFINDINGS:\n{findings}\nIMPRESSION: See above."

    measurements = read_measurements(text)

    accepted = [(m.suv_max, m.axial_slice) for m in measurements if m.status == "accepted"]
    assert sorted(accepted) == sorted(expected)
    assert reason is None or reason in {m.reason for m in measurements}
    for m in measurements:
        assert text[m.start : m.end] == m.sentence
        if m.suv_span is not None and m.suv_text is not None:
            assert text[slice(*m.suv_span)] == m.suv_text
            assert m.start <= m.suv_span[0] < m.suv_span[1] <= m.end
        if m.slice_span is not None and m.axial_slice is not None:
            assert int(text[slice(*m.slice_span)]) == m.axial_slice
