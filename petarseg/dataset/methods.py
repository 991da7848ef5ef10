"""The method text of a dataset: what really ran, in sentences that can go into a paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

READERS = {
    "embedded": "a deterministic grammar reader",
    "paper": "two language models ({models}), both of which had to agree on each number",
    "production": "{n} language models ({models}) and a deterministic grammar reader; an answer needed two votes, "
    "at least one of a language model and one of another voter",
}
GROWING = {
    "avg_itm": "average-based iterative thresholding (Jentzen 2015): the background-corrected relative threshold of a sphere of the "
    "current volume at a resolution of {fwhm:g} mm FWHM, applied to the mean of the current contour until it stands",
    "uw_itm": "maximum-based iterative thresholding (Jentzen 2007) as in the paper's code",
    "fixed41": "a threshold of 41 % of the maximum",
    "fixed50": "a threshold of 50 % of the maximum",
    "gradient": "the contour of the largest gradient",
}
STRUCTURE = {"rules": "built-in rules", "llm": "a language model ({model}) with a validated schema, built-in rules as fallback"}
ANATOMY = {
    "tissue": "CT numbers gave tissue classes (lung, bone, fat, soft tissue)",
    "totalsegmentator": "TotalSegmentator labelled 117 structures on the CT",
}


def methods_text(config: Mapping[str, Any], *, software: str) -> str:
    """Return the method text of a build.

    Parameters
    ----------
    config : mapping
        The build's configuration as plain values (``BuildConfig.model_dump()``).
    software : str
        Version of petarseg.
    """
    extraction, lesions, structure = config["extraction"], config["lesions"], config["structure"]
    models = [endpoint["model"] for endpoint in extraction["endpoints"]]
    reader = READERS[extraction["profile"]].format(models=", ".join(models), n=len(models))
    structurer = STRUCTURE[structure["method"]].format(model=(structure["endpoint"] or {}).get("model"))
    dates = {"tag": "replaced by tags", "shift": "moved by a whole-day shift per patient"}[config["reports"]["dates"]]
    return " ".join(
        [
            f"petarseg {software} joined each report to its exam by accession number, study UID, or patient and date; ambiguous",
            "joins were rejected. Reports were scrubbed with Presidio, header rules and the identifying values of the exam's own",
            f"DICOM headers; dates were {dates}. The SUVmax and axial slice of each finding were read by {reader}. Each number had",
            f"to stand verbatim in the sentence. Findings below an SUVmax of {extraction['suv_floor']:g} were dropped. PET series",
            "were converted to body-weight SUV by the rule of their vendor and units, without default factors. On the native PET",
            "grid, a finding was matched to the one component that crosses the reported slice and whose maximum is within",
            f"{lesions['tolerance_suv']:g} SUV of the reported value. Its mask was grown by",
            f"{GROWING[lesions['method']].format(fwhm=lesions['fwhm_mm'])}. Region, organ, anatomic subsite and laterality were",
            f"taken from the sentence by {structurer}. {ANATOMY[config['anatomy']['method']]}. PET and CT were resampled linearly,",
            "masks by occupancy, to 3 mm and 192x192x352 voxels with the head at the top.",
        ]
    )
