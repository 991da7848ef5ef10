"""Reports as dictated: every lesion in a sentence, identifiers all over, and the traps that real reports hold.

A report is drafted as statements; a style sets them into text, after which each statement is found again with its offsets.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from petarseg.phantom.people import Patient, Visit
from petarseg.phantom.tracer import Tracer

STYLES = ("sections", "bullets", "prose", "capitals", "wrapped", "british")
_SECTIONS = ("Head and neck", "Chest", "Abdomen and pelvis", "Musculoskeletal")


@dataclass(slots=True)
class Statement:
    """A sentence of the findings or the impression.

    Parameters
    ----------
    text : str
        As drafted.
    section : str
        A heading of the findings, "reference" (before them) or "impression".
    lesions : list of int
        Which lesions of the exam (by position) it reports.
    trap : str or None
        Which trap it is.
    reasons : tuple of str
        Reason codes that a reader may reject it with; empty when it must not be rejected.
    """

    text: str
    section: str
    lesions: list[int] = field(default_factory=list)
    trap: str | None = None
    reasons: tuple[str, ...] = ()
    start: int = -1
    end: int = -1


@dataclass(frozen=True, slots=True)
class Finding:
    """What the report says of one lesion: usually the truth, sometimes (hard lesions) not."""

    index: int
    phrase: str
    region: str
    organ: str
    suv_max: float
    axial_slice: int
    size_mm: int


@dataclass(frozen=True, slots=True)
class Physiologic:
    """The hottest voxel of a healthy organ."""

    organ: str
    suv_max: float
    axial_slice: int


_INDICATIONS = {
    "FDG": (
        "lung cancer",
        "diffuse large B-cell lymphoma",
        "melanoma",
        "sarcoma of soft tissue",
        "esophageal carcinoma",
        "Hodgkin lymphoma",
    ),
    "DOTATATE": ("well-differentiated neuroendocrine tumor of the ileum",),
    "DCFPyL": ("prostate cancer with rising PSA",),
    "fluciclovine": ("prostate cancer after prostatectomy, biochemical recurrence",),
}
_PATTERNS = (
    "{A} {avid} {phrase} measuring {mm} mm has an SUV max of {suv} (PET/CT axial slice {slice}).",
    "{Avid} {phrase} with SUV max of {suv} (axial slice {slice}).",
    "{Avid} {phrase}, SUVmax {suv}, image {slice}.",
    "There is {a} {avid} {phrase} with a maximum SUV of {suv} on axial slice {slice}.",
    "{Phrase}, {mm} mm, SUVmax {suv} (axial image {slice}).",
    "Intense uptake in the {phrase} with an SUV max of {suv} on PET/CT axial slice {slice}, previously {prior}.",
    "{Phrase} with SUVmax of {suv} (slice {slice}), compared to {prior} on the prior examination.",
    "{Phrase} measures {cm} cm and shows SUVmax {suv} on fused axial slice {slice}.",
)
_SHORT_PATTERNS = (
    "{Phrase}, {mm} mm, SUVmax {suv}, image {slice}.",
    "{Phrase}: SUV max {suv}, axial slice {slice}.",
    "{Avid} {phrase} (SUVmax {suv}, slice {slice}).",
)
_FILLERS = {
    "Head and neck": ("No abnormal uptake in the pharynx or larynx.", "Cerebral activity is within normal limits for the tracer."),
    "Chest": ("No pleural or pericardial effusion.", "Calcified granuloma in the right lung, not avid.", "Coronary calcifications."),
    "Abdomen and pelvis": ("Bowel activity is physiologic.", "Cholecystectomy clips.", "No ascites."),
    "Musculoskeletal": ("Degenerative changes of the spine.", "No other suspicious osseous uptake."),
}


def section_of(region: str, organ: str) -> str:
    """Return the heading under which a lesion is dictated: bones and limbs together, whatever the region."""
    if organ == "bone" or "extremity" in region:
        return "Musculoskeletal"
    return {"Head": "Head and neck", "Neck": "Head and neck", "Chest": "Chest"}.get(region, "Abdomen and pelvis")


def _finding_text(finding: Finding, tracer: Tracer, rng: np.random.Generator, style: str) -> str:
    patterns: tuple[str, ...] = _SHORT_PATTERNS if style == "bullets" else _PATTERNS
    if " portion of the " in finding.phrase:  # takes no indefinite article
        patterns = tuple(pattern for pattern in patterns if "{a}" not in pattern.lower())
    pattern = patterns[int(rng.integers(len(patterns)))]
    avid = "FDG avid" if tracer.name == "FDG" else "tracer avid"
    prior = finding.suv_max * float(rng.uniform(1.15, 1.6))
    return pattern.format(
        A="An" if avid[0] == "F" else "A", a="an" if avid[0] == "F" else "a", avid=avid, Avid=avid[0].upper() + avid[1:],
        phrase=finding.phrase, Phrase=finding.phrase[0].upper() + finding.phrase[1:], mm=finding.size_mm, cm=f"{finding.size_mm / 10:.1f}",
        suv=f"{finding.suv_max:.1f}", slice=finding.axial_slice, prior=f"{prior:.1f}",
    )  # fmt: skip


def _traps(visit: Visit, liver: Physiologic, organs: Sequence[Physiologic], n_slices: int, rng: np.random.Generator) -> list[Statement]:
    """Return all trap statements; the caller takes some."""
    prior = f"{visit.arrival - timedelta(days=int(rng.integers(60, 200))):%m/%d/%Y}"
    mid = n_slices // 2
    traps = [
        Statement(f"Reference liver SUVmean is {liver.suv_max * 0.78:.1f}.", "reference", trap="reference_mean",
                  reasons=("reference_organ", "suv_not_max", "suv_without_slice")),
        Statement(f"Liver SUV max is {liver.suv_max:.1f} (axial slice {liver.axial_slice}) for reference.", "reference",
                  trap="reference_liver",
                  reasons=("reference_organ",)),
        Statement("Mediastinal blood pool has SUV max of 1.9.", "reference", trap="reference_blood_pool",
                  reasons=("reference_organ", "suv_without_slice")),
        Statement(f"On the prior study of {prior} a right hilar lymph node had SUV max of 6.2 on slice {mid - 21}; now resolved.",
                  "Chest", trap="prior_value", reasons=("prior_value",)),
        Statement("Uptake in the sigmoid colon with SUV max of 5.1 is best seen on coronal slice 57.", "Abdomen and pelvis",
                  trap="coronal_slice",
                  reasons=("not_axial_slice", "suv_without_slice")),
        Statement(f"Diffuse marrow uptake with SUVmean of 2.2 on axial slice {mid + 3}.", "Musculoskeletal", trap="suv_mean",
                  reasons=("suv_not_max", "slice_without_suv")),
        Statement(f"Small mesenteric lymph nodes with SUV max ranging from 2.6 to 3.4 on axial slices {mid + 12} to {mid + 20}.",
                  "Abdomen and pelvis", trap="range", reasons=("suv_range", "slice_range")),
        Statement("Mild uptake at the gastroesophageal junction with SUV max of 3.3, likely inflammatory.", "Abdomen and pelvis",
                  trap="suv_without_slice", reasons=("suv_without_slice", "physiologic")),
        Statement(f"A 4 mm left lower lobe nodule on slice {mid - 18} is not avid.", "Chest", trap="slice_without_suv",
                  reasons=("slice_without_suv",)),
    ]  # fmt: skip
    for organ in organs:
        traps.append(Statement(
            f"Physiologic uptake in the {organ.organ} with SUV max of {organ.suv_max:.1f} (axial slice {organ.axial_slice}).",
            "Chest" if organ.organ == "myocardium" else "Abdomen and pelvis", trap="physiologic"))  # fmt: skip
    return traps


@dataclass(slots=True)
class Draft:
    """A report before it is set into a style."""

    style: str
    header: list[str]
    history: str
    comparison: str
    technique: str
    statements: list[Statement]
    impression: list[Statement]
    closing: str
    text: str = ""


def draft_report(
    patient: Patient,
    visit: Visit,
    tracer: Tracer,
    uptake_min: int,
    dose_mbq: float,
    findings: Sequence[Finding],
    liver: Physiologic,
    organs: Sequence[Physiologic],
    n_slices: int,
    style: str,
    rng: np.random.Generator,
) -> Draft:
    """Write the report of an exam, with its lesions, a share of the traps, and offsets of each statement.

    Parameters
    ----------
    patient, visit, tracer : Patient, Visit, Tracer
        Whose names, numbers and dates are planted.
    uptake_min, dose_mbq : float
        For the technique section.
    findings : sequence of Finding
        What is to be reported.
    liver, organs : Physiologic
        Reference values measured in the image.
    n_slices : int
        Number of PET slices; invented slice numbers stay within it.
    style : str
        One of ``STYLES``.
    rng : Generator
        The exam's own random numbers.

    Returns
    -------
    Draft
        With ``text`` set, and ``start`` and ``end`` of every statement.
    """
    indications = _INDICATIONS[tracer.name]
    who = "woman" if patient.sex == "F" else "man"
    statements = [
        Statement(_finding_text(finding, tracer, rng, style), section_of(finding.region, finding.organ), [finding.index])
        for finding in findings
    ]
    traps = _traps(visit, liver, organs, n_slices, rng)
    for position in sorted(rng.choice(len(traps), size=5, replace=False).tolist()):
        statements.append(traps[position])
    for section, fillers in _FILLERS.items():
        statements.append(Statement(fillers[int(rng.integers(len(fillers)))], section))
    impression = []
    for finding in findings[:2]:
        name = finding.phrase[0].upper() + finding.phrase[1:]
        text = f"{name} (SUV max {finding.suv_max:.1f}, axial slice {finding.axial_slice}), suspicious."
        impression.append(Statement(text, "impression", trap="impression_repeat", reasons=("not_in_findings", "duplicate_finding")))
    impression.append(Statement("Recommend clinical correlation.", "impression"))
    day = visit.arrival
    draft = Draft(
        style,
        header=[
            visit.hospital, f"EXAM: {tracer.report_name} PET/CT, skull vertex to thigh",
            f"PATIENT: {patient.spoken_name}  MRN: {patient.patient_id}  ACCESSION: {visit.accession}", f"DATE OF SERVICE: {day:%m/%d/%Y}",
        ],
        history=f"{patient.age_years}-year-old {who} with {indications[int(rng.integers(len(indications)))]}, referred by "
        f"Dr. {visit.referring}. Reachable at {patient.phone}.",
        comparison="None." if rng.random() < 0.5 else f"PET/CT of {visit.arrival - timedelta(days=140):%m/%d/%Y}.",
        technique=f"{dose_mbq:.0f} MBq of {tracer.report_name} was given intravenously; imaging started after {uptake_min} minutes on "
        f"scanner {visit.station}.",
        statements=statements, impression=impression,
        closing=f"Electronically signed by {visit.reading}, MD on {day:%B} {day.day}, {day.year}",
    )  # fmt: skip
    draft.text = _set(draft)
    position = 0
    for statement in [*_in_order(draft), *impression]:
        statement.start, statement.end = _locate(draft.text, statement.text, position)
        position = statement.end
    return draft


def _in_order(draft: Draft) -> list[Statement]:
    """Return the statements of the findings in the order in which they are written."""
    order = ("reference", *_SECTIONS)
    return sorted(draft.statements, key=lambda statement: order.index(statement.section))


def _set(draft: Draft) -> str:
    """Set a draft into its style."""
    ordered = _in_order(draft)
    if draft.style in ("bullets", "prose"):
        sentences = [statement.text for statement in ordered]
        findings = (
            "FINDINGS:\n" + "\n".join(f"{number}. {text}" for number, text in enumerate(sentences, start=1))
            if draft.style == "bullets"
            else "FINDINGS: " + " ".join(sentences)
        )
    else:
        parts = []
        for section in ("reference", *_SECTIONS):
            text = " ".join(statement.text for statement in ordered if statement.section == section)
            if text:
                parts.append(text if section == "reference" else f"{section}: {text}")
        findings = ("Report:\n" if draft.style == "british" else "FINDINGS:\n") + "\n".join(parts)
    numbered = "\n".join(f"{number}. {statement.text}" for number, statement in enumerate(draft.impression, start=1))
    if draft.style == "british":
        blocks = [
            *draft.header, f"Clinical details: {draft.history}", f"Comparison: {draft.comparison}", f"Technique: {draft.technique}",
            findings,
            f"Conclusion:\n{numbered}", draft.closing,
        ]  # fmt: skip
    else:
        blocks = [
            *draft.header, f"CLINICAL HISTORY: {draft.history}", f"COMPARISON: {draft.comparison}", f"TECHNIQUE: {draft.technique}",
            findings,
            f"IMPRESSION:\n{numbered}", draft.closing,
        ]  # fmt: skip
    text = "\n".join(blocks) + "\n"
    if draft.style == "capitals":
        return text.upper().replace("\n", "_x000D_\n")
    if draft.style == "wrapped":
        return "\n".join(textwrap.fill(line, 64, break_on_hyphens=False, break_long_words=False) for line in text.split("\n"))
    return text


def _locate(text: str, sentence: str, start: int) -> tuple[int, int]:
    """Find a drafted sentence in the set text, across changed line breaks and capitals."""
    pattern = r"(?:\s|_x000D_)+".join(re.escape(word) for word in sentence.split())
    match = re.compile(pattern, re.IGNORECASE).search(text, start)
    if match is None:
        raise RuntimeError("a statement was lost while the report was set")
    return match.start(), match.end()
