"""Ties between components: the anatomy of the exam's CT, made when the first tie of an exam asks for it.

Exams are labelled at the end, the kept ones alone; a tie has to be settled before that. So the CT of a tied exam, and of no other, is
labelled here, by the labeller of the configuration. A TotalSegmentator worker then starts and ends with the exam: ties are rare.
"""

from __future__ import annotations

import threading

from petarseg.dataset.grid import exam_grid
from petarseg.lesions.organ import LabelledCT, OrganTest
from petarseg.volume import Volume
from schemas.config import AnatomyConfig
from tasks.labelling import open_labeller
from tasks.workspace import Workspace

ONE_AT_A_TIME = threading.Lock()
"""Exams run in threads; two models at once do not fit on every GPU."""


def organ_test(workspace: Workspace, exam_id: str, pet: Volume, config: AnatomyConfig) -> OrganTest:
    """Return the test that settles ties of an exam by the organ which a finding names.

    Parameters
    ----------
    workspace : Workspace
        Holds the exam's CT.
    exam_id : str
        The exam.
    pet : Volume
        Its PET.
    config : AnatomyConfig
        Who labels.
    """

    def label() -> LabelledCT:
        ct = Volume.load(workspace.exam_dir(exam_id) / "ct.nii.gz")
        with ONE_AT_A_TIME, open_labeller(config) as labeller:
            return LabelledCT(ct, labeller.label(ct, exam_grid(pet, ct)), labeller.names)

    return OrganTest(label)


def tie_key(config: AnatomyConfig) -> dict[str, object]:
    """Return what decides how ties are settled, for the key of the stage."""
    return config.model_dump(mode="json", include={"method", "fast"})
