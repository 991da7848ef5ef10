"""Does the labelled CT agree with the organ that the report names? A check of the join of text and image, never a reason to drop."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

ORGAN_MISMATCH = "organ_mismatch"
"""Flag of a lesion that lies away from the organ its sentence names."""

AGREEMENT_MM = 15.0
"""Farthest from its organ that a lesion may lie: breathing moves the PET's liver against the CT's by up to this much."""

_LONG_BONES = r"(?:humerus|scapula|clavicula|femur|hip)_(?:left|right)"
_BONES = rf"bone|skull|sternum|sacrum|vertebrae_\w+|rib_(?:left|right)_\d+|costal_cartilages|{_LONG_BONES}"
_CLASSES: Mapping[str, re.Pattern[str]] = {
    organ: re.compile(pattern)
    for organ, pattern in {
        "adrenal gland": r"adrenal_gland_\w+",
        "bladder": r"urinary_bladder",
        "bone": _BONES,
        "brain": r"brain",
        "colon": r"colon",
        "duodenum": r"duodenum",
        "esophagus": r"esophagus",
        "gallbladder": r"gallbladder",
        "heart": r"heart",
        "kidney": r"kidney_(?:left|right)",
        "liver": r"liver",
        "lung": r"lung|lung_\w+_lobe_(?:left|right)",
        "pancreas": r"pancreas",
        "prostate": r"prostate",
        "skull base": r"skull|bone",
        "small bowel": r"small_bowel|duodenum",
        "spleen": r"spleen",
        "stomach": r"stomach",
        "thyroid": r"thyroid_gland",
        "trachea": r"trachea",
    }.items()
}
"""Organ as the structuring names it, to the classes of TotalSegmentator's task *total* and of the tissue labels that show it. Lymph nodes,
soft tissue and all else that no label map shows are not checked."""

_SIDE = re.compile(r"_(left|right)(?:_\d+)?$")


def classes_of(organ: str, laterality: str, classes: Iterable[str]) -> list[str]:
    """Return which of `classes` show an organ, on the side that the text names if classes have sides.

    Parameters
    ----------
    organ, laterality : str
        As in ``lesions.parquet``.
    classes : iterable of str
        Names of a label map.

    Examples
    --------
    >>> classes_of("kidney", "left", ["kidney_left", "kidney_right", "liver"])
    ['kidney_left']
    >>> classes_of("lymph node", "none", ["liver"])
    []
    """
    pattern = _CLASSES.get(organ.casefold())
    if pattern is None:
        return []
    other = {"left": "right", "right": "left"}.get(laterality)
    return [name for name in classes if pattern.fullmatch(name) and (other is None or (_SIDE.search(name) or ["", ""])[1] != other)]


def organ_flags(organ: str, laterality: str, near_mm: Mapping[str, float], present: Collection[str]) -> list[str]:
    """Return ``[ORGAN_MISMATCH]`` when the exam's label map shows the organ of the text, but not at the lesion.

    Parameters
    ----------
    organ, laterality : str
        What the sentence says.
    near_mm : mapping
        Classes near the lesion and their distance from it (`petarseg.anatomy.site.Site.near_mm`).
    present : collection of str
        Classes that the exam's label map holds at all: an organ outside of the CT says nothing.
    """
    wanted = classes_of(organ, laterality, present)
    if not wanted or min(near_mm.get(name, float("inf")) for name in wanted) <= AGREEMENT_MM:
        return []
    return [ORGAN_MISMATCH]
