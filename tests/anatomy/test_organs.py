from __future__ import annotations

import pytest

from petarseg.anatomy.organs import ORGAN_MISMATCH, classes_of, organ_flags

PRESENT = ["liver", "spleen", "kidney_left", "kidney_right", "vertebrae_L3", "rib_left_5", "lung_lower_lobe_left", "lung_lower_lobe_right"]


@pytest.mark.parametrize(
    ("organ", "side", "near_mm", "flagged"),
    [
        ("liver", "none", {"liver": 0.0}, False),
        ("liver", "none", {"liver": 15.0, "spleen": 0.0}, False),
        ("liver", "none", {"liver": 15.1, "spleen": 0.0}, True),
        ("liver", "right", {"spleen": 0.0}, True),
        ("kidney", "left", {"kidney_right": 0.0}, True),
        ("kidney", "bilateral", {"kidney_right": 0.0}, False),
        ("bone", "left", {"vertebrae_L3": 2.0}, False),  # a vertebra has no side
        ("bone", "right", {"rib_left_5": 0.0}, True),
        ("Lung", "right", {"lung_lower_lobe_right": 3.0}, False),
        ("lymph node", "none", {"liver": 0.0}, False),  # no label shows it
        ("pancreas", "none", {"liver": 0.0}, False),  # not in the field of view
        ("N/A", "none", {}, False),
    ],
)
def test_organ_of_the_text_against_the_labels(organ, side, near_mm, flagged):
    assert organ_flags(organ, side, near_mm, PRESENT) == ([ORGAN_MISMATCH] if flagged else [])


def test_tissue_labels_check_lung_and_bone_alone():
    tissues = ["lung", "fat", "soft tissue", "bone", "gas"]
    assert organ_flags("bone", "none", {"soft tissue": 0.0}, tissues) == [ORGAN_MISMATCH]
    assert organ_flags("lung", "left", {"soft tissue": 0.0, "lung": 6.0}, tissues) == []
    assert organ_flags("liver", "none", {"lung": 0.0}, tissues) == []


def test_every_bone_of_totalsegmentator_is_bone():
    bones = ["skull", "sternum", "sacrum", "vertebrae_C1", "vertebrae_S1", "rib_right_12", "humerus_left", "hip_right", "costal_cartilages"]
    assert classes_of("bone", "none", [*bones, "brain", "aorta"]) == bones
