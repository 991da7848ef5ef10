"""The method text of a dataset: what really ran, in sentences that can go into a paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

READERS = {
    "embedded": "a deterministic grammar reader",
    "paper": "two language models ({models}), both of which had to agree on each number",
    "production": "{n} language models ({models}) and a deterministic grammar reader; an answer needed two votes, "
    "at least one of a language model and one of another voter",
}
GROWING = {
    "avg_itm": "average-based iterative thresholding (Jentzen 2015): the background-corrected relative threshold of a sphere of the "
    "current volume at a resolution of {fwhm}, applied to the mean of the current contour until it stands",
    "uw_itm": "maximum-based iterative thresholding (Jentzen 2007) as in the paper's code",
    "fixed41": "a threshold of 41 % of the maximum",
    "fixed50": "a threshold of 50 % of the maximum",
    "gradient": "the contour of the largest gradient",
}
STRUCTURE = {"rules": "built-in rules", "llm": "a language model ({model}) with a validated schema, built-in rules as fallback"}
TISSUE = "CT numbers gave tissue classes (lung, fat, soft tissue, bone, gas)"
MANUFACTURER_UNKNOWN = "scanners of unknown make"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a build did, counted from what it publishes: settings say what was asked for, rows what happened.

    Parameters
    ----------
    exams, lesions : int
        Published rows.
    suv_methods, assumptions, manufacturers, faces : mapping
        Exams per SUV rule, per assumption of such a rule, per manufacturer, and per fate of the face.
    conventions, masks : mapping
        Lesions per way of counting slices; per threshold method, or "edited".
    reviewed, review_rejected : int
        Lesions that a reviewer accepted; findings that one rejected.
    labelled_by : mapping
        Model, version, task, and hashes of the anatomy labels.
    """

    exams: int
    lesions: int
    suv_methods: Mapping[str, int]
    assumptions: Mapping[str, int]
    manufacturers: Mapping[str, int]
    faces: Mapping[str, int]
    conventions: Mapping[str, int]
    masks: Mapping[str, int]
    reviewed: int
    review_rejected: int
    labelled_by: Mapping[str, Any]


def what_ran(
    lesions: Sequence[Mapping[str, Any]],
    exams: Sequence[Mapping[str, Any]],
    rejected: Sequence[Mapping[str, Any]],
    labelled_by: Mapping[str, Any],
) -> Ran:
    """Count what happened from the published rows and the record of the anatomy model."""
    return Ran(
        exams=len(exams),
        lesions=len(lesions),
        suv_methods=_counts(exam["suv_method"] for exam in exams),
        assumptions=_counts(text for exam in exams for text in exam["suv_assumptions"]),
        manufacturers=_counts(exam["manufacturer"] or MANUFACTURER_UNKNOWN for exam in exams),
        faces=_counts(exam.get("face", "kept") for exam in exams),
        conventions=_counts(lesion["slice_convention"] for lesion in lesions),
        masks=_counts("edited" if "mask_edited" in lesion["flags"] else lesion["method"] for lesion in lesions),
        reviewed=sum("reviewed" in lesion["flags"] for lesion in lesions),
        review_rejected=sum(row["reason"] == "reviewer_rejected" for row in rejected),
        labelled_by=labelled_by,
    )


def methods_text(config: Mapping[str, Any], ran: Ran, *, software: str) -> str:
    """Return the method text of a build.

    Parameters
    ----------
    config : mapping
        The build's configuration as plain values (``BuildConfig.model_dump()``).
    ran : Ran
        What happened.
    software : str
        Version of petarseg.
    """
    extraction, lesions, structure = config["extraction"], config["lesions"], config["structure"]
    models = [endpoint["model"] for endpoint in extraction["endpoints"]]
    reader = READERS[extraction["profile"]].format(models=", ".join(models), n=len(models))
    structurer = STRUCTURE[structure["method"]].format(model=(structure["endpoint"] or {}).get("model"))
    dates = {"tag": "replaced by tags", "shift": "moved by a whole-day shift per patient"}[config["reports"]["dates"]]
    fwhm = f"{lesions['fwhm_mm']:g} mm FWHM" + (" (or what the configuration says of the scanner)" if lesions["fwhm_by_model_mm"] else "")
    sentences = [
        f"petarseg {software} joined each report to its exam by accession number, study UID, or patient and date; ambiguous joins were "
        "rejected.",
        "Reports were scrubbed with Presidio, header rules and the identifying values of the exam's own DICOM headers; dates were "
        f"{dates}.",
        f"The SUVmax and axial slice of each finding were read by {reader}. Each number had to stand verbatim in the sentence.",
        f"Findings below an SUVmax of {extraction['suv_floor']:g} were dropped.",
        f"The PET series of {ran.exams} exams ({', '.join(ran.manufacturers)}) were converted to body-weight SUV by the rule of their "
        f"vendor and units ({_listed(ran.suv_methods)}), without default factors"
        + (f"; it was assumed: {_listed(ran.assumptions)}." if ran.assumptions else "."),
        "On the native PET grid, a finding was matched to the one component that crosses the reported slice and whose maximum is within "
        f"{lesions['tolerance_suv']:g} SUV of the reported value; slices were counted as {_listed(ran.conventions)}.",
        _growing(ran.masks, lesions["method"], fwhm),
        _review(ran),
        f"Region, organ, anatomic subsite and laterality were taken from the sentence by {structurer}.",
        _anatomy(ran.labelled_by),
        "PET and CT were resampled linearly"
        + (" (the CT averaged over each voxel)" if config["dataset"]["antialias_ct"] else "")
        + ", masks by occupancy, to 3 mm and 192x192x352 voxels with the head at the top.",
        _faces(ran),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def known_limits(config: Mapping[str, Any], ran: Ran) -> list[str]:
    """Return what a user of the dataset has to know, a sentence or two each."""
    extraction = config["extraction"]
    structurer = {"rules": "rules", "llm": "a language model"}[config["structure"]["method"]]
    limits = [
        "Only findings whose report gives an SUVmax and an axial slice are here: faint, diffuse, very small and incidental findings are "
        "under-represented, and an exam may show lesions that have no mask.",
        f"Findings with an SUVmax below {extraction['suv_floor']:g} are left out. Purely physiologic uptake is kept, and flagged, when the "
        "report gives both numbers.",
        f"Contours follow a threshold method ({_listed(ran.masks)}), not a physician's hand"
        + (f"; reviewers accepted {ran.reviewed} of {ran.lesions}." if ran.reviewed else "; nobody has reviewed them."),
        f"Region, organ, subsite and laterality come from the text ({structurer}), not from the image; `organ_mismatch` flags lesions that "
        "lie away from the organ of the text.",
        "Linear resampling to 3 mm lowers the peak of small lesions: take `suv_max` and `volume_ml` from the table, not from the volumes.",
        f"All images come from: {', '.join(ran.manufacturers) or 'no scanner'}. SUVs of other scanners and reconstructions may differ.",
    ]
    if extraction["profile"] == "embedded":
        limits.append("Reports were read by rules alone, without language models: unusual wording is more likely to have been dropped.")
    if ran.labelled_by.get("model") == "tissue":
        limits.append("`anatomy.nii.gz` holds tissue classes from CT numbers, not organs; dense contrast reads as bone.")
    else:
        limits.append("`anatomy.nii.gz` is the unreviewed output of a network trained on other CTs.")
    if ran.faces.get("removed"):
        limits.append(
            "The removed face takes uptake of skin, eyes, salivary glands and mouth with it; `near_removed_face` flags lesions there."
        )
    return limits


def _growing(masks: Mapping[str, int], asked: str, fwhm: str) -> str:
    methods = [method for method in masks if method in GROWING] or [asked]
    text = "Its mask was grown by " + "; or by ".join(GROWING[method].format(fwhm=fwhm) for method in methods) + "."
    return text + (f" {masks['edited']} masks were redrawn by a reviewer." if masks.get("edited") else "")


def _review(ran: Ran) -> str:
    if not ran.reviewed and not ran.review_rejected:
        return ""
    return f"Reviewers accepted {ran.reviewed} lesions and rejected {ran.review_rejected}, which were left out."


def _anatomy(labelled_by: Mapping[str, Any]) -> str:
    if labelled_by.get("model") != "TotalSegmentator":
        return f"{TISSUE}."
    hashes = ", ".join(digest[:12] for digest in labelled_by["checkpoints_sha256"].values())
    resolution = "3 mm" if labelled_by["task"] == "total_fast" else "1.5 mm"
    return f"TotalSegmentator {labelled_by['version']} ({resolution}; checkpoints {hashes}) labelled 117 structures on the CT."


def _faces(ran: Ran) -> str:
    if not ran.faces.get("removed") and not ran.faces.get("absent"):
        return "Faces were not removed."
    return (
        f"The face was removed from PET, CT and anatomy labels of {ran.faces.get('removed', 0)} exams, up to 30 mm below the skin from "
        f"brow to chin; {ran.faces.get('absent', 0)} exams do not show it."
    )


def _counts(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
