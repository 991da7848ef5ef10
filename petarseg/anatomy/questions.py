"""Question/answer rows about labelled structures: the pre-training set (SPEC 1.6, decision 4)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from petarseg.volume import Volume

MIN_VOLUME_ML = 1.0
MAX_CLASSES = 20

QUESTIONS = (
    "Which structure does the mask show?",
    "What anatomical structure is marked by the mask?",
    "Name the structure inside the mask.",
    "Which part of the body is highlighted?",
    "What is the region in the mask?",
)
ANSWERS = ("The mask shows the {name}.", "This is the {name}.", "The {name}.", "The highlighted structure is the {name}.")

_PLAIN = {
    "autochthon": "autochthonous back muscle",
    "brachiocephalic_trunk": "brachiocephalic trunk",
    "costal_cartilages": "costal cartilages",
    "inferior_vena_cava": "inferior vena cava",
    "portal_vein_and_splenic_vein": "portal and splenic vein",
    "small_bowel": "small bowel",
    "skull": "skull",
}
_LOBE = re.compile(r"^lung_(upper|middle|lower)_lobe$")


@dataclass(frozen=True, slots=True)
class Question:
    """One question about one structure of an exam."""

    label: int
    anatomy_class: str
    volume_ml: float
    question: str
    answer: str


def make_questions(
    anatomy: Volume,
    names: Mapping[int, str],
    *,
    seed: str,
    min_volume_ml: float = MIN_VOLUME_ML,
    max_classes: int = MAX_CLASSES,
) -> list[Question]:
    """Draw structures of an exam and ask for their names.

    Parameters
    ----------
    anatomy : Volume
        Label map, 0 is background.
    names : mapping
        Label to class name, such as ``lung_upper_lobe_left``. Labels without a name are not asked for.
    seed : str
        The exam's id: the same exam always gives the same rows, whatever else is in the dataset.
    min_volume_ml : float
        Smaller structures (cut by the field of view, mostly) are left out.
    max_classes : int
        Rows an exam gives at most.

    Returns
    -------
    list of Question
        In the order of the labels.
    """
    counts = np.bincount(anatomy.array.ravel(order="K"))
    volumes_ml = {label: float(n) * anatomy.voxel_volume_ml for label, n in enumerate(counts.tolist()) if label in names and label and n}
    large = [label for label, volume in volumes_ml.items() if volume >= min_volume_ml]
    drawn = sorted(large, key=lambda label: _hash(seed, names[label]))[:max_classes]
    rows = []
    for label in sorted(drawn):
        pick = _hash(seed, names[label], "text")
        question = QUESTIONS[pick % len(QUESTIONS)]
        answer = ANSWERS[pick // len(QUESTIONS) % len(ANSWERS)].format(name=plain_name(names[label]))
        rows.append(Question(label, names[label], round(volumes_ml[label], 3), question, answer))
    return rows


def plain_name(class_name: str) -> str:
    """Return a class name in plain English, side first.

    Examples
    --------
    >>> [plain_name(name) for name in ("lung_upper_lobe_left", "rib_right_5", "vertebrae_L3", "hip_left", "small_bowel")]
    ['left upper lung lobe', 'right 5th rib', 'L3 vertebra', 'left hip', 'small bowel']
    """
    if rib := re.fullmatch(r"rib_(left|right)_(\d+)", class_name):
        return f"{rib[1]} {_ordinal(int(rib[2]))} rib"
    if vertebra := re.fullmatch(r"vertebrae_(\w+)", class_name):
        return f"{vertebra[1]} vertebra"
    side = ""
    stem = class_name
    if sided := re.fullmatch(r"(\w+)_(left|right)", class_name):
        stem, side = sided[1], f"{sided[2]} "
    lobe = _LOBE.match(stem)
    text = f"{lobe[1]} lung lobe" if lobe else _PLAIN.get(stem, stem.replace("_", " "))
    return side + text


def _ordinal(number: int) -> str:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number if number < 20 else number % 10, "th")
    return f"{number}{suffix}"


def _hash(*parts: str) -> int:
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode("utf-8")).digest()[:8], "big")
