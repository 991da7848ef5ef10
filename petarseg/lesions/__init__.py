"""Match a finding to a component of the PET and grow its mask."""

from petarseg.lesions.conventions import HEAD_FIRST_1, SliceConvention
from petarseg.lesions.detect import ConventionEvidence, ExamTrials, detect_convention, summarise_exam
from petarseg.lesions.finding import Match, Query
from petarseg.lesions.grow import DEFAULT_METHOD, grow_lesion
from petarseg.lesions.match import match_findings
from petarseg.lesions.measure import Lesion
from petarseg.lesions.methods import METHODS
from petarseg.lesions.sphere import DEFAULT_FWHM_MM

__all__ = [
    "DEFAULT_FWHM_MM",
    "DEFAULT_METHOD",
    "HEAD_FIRST_1",
    "METHODS",
    "ConventionEvidence",
    "ExamTrials",
    "Lesion",
    "Match",
    "Query",
    "SliceConvention",
    "detect_convention",
    "grow_lesion",
    "match_findings",
    "summarise_exam",
]
