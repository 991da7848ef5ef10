"""Structuring by a language model (SPEC 1.5): six fields, validated against the source sentence, rules as fallback."""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Final

from pydantic import BaseModel

from petarseg.llm import AnswerRejected, LlmClient
from petarseg.reports.llm_voter import Question
from petarseg.reports.structure import NOT_STATED, Structure, structure_finding
from petarseg.reports.structure_vocabulary import REGIONS

FALLBACK_FLAG: Final = "structure_fallback"


@dataclass(frozen=True, slots=True)
class SixFields:
    """The record of SPEC 1.5."""

    region: str
    organ: str
    anatomic_subsite: str
    suv_max: float
    axial_slice: int
    findings: str


class StructureAnswer(BaseModel):
    """Answer to the prompt structure_finding (the fields are in ``schemas.answers``)."""

    @abstractmethod
    def fields(self) -> SixFields:
        """Return the six fields."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An accepted finding to be structured.

    Parameters
    ----------
    sentence : str
        Verbatim.
    suv_max, axial_slice : float, int
        As the ensemble decided.
    measurement_span : (int, int), optional
        Of the SUV number in `sentence`.
    context : str
        What stands before the sentence.
    """

    sentence: str
    suv_max: float
    axial_slice: int
    measurement_span: tuple[int, int] | None = None
    context: str = ""


async def structure_with_llm(client: LlmClient, question: Question[StructureAnswer], finding: Finding) -> tuple[Structure, tuple[str, ...]]:
    """Structure one finding with a language model.

    Parameters
    ----------
    client : LlmClient
    question : Question
        The prompt structure_finding and its answer model.
    finding : Finding

    Returns
    -------
    structure : Structure
        Region, organ and subsite by the model; the side always by the rules (SPEC 1.5 has no such field).
    flags : tuple of str
        ``structure_fallback`` when no answer passed the checks and the rules speak instead.

    Raises
    ------
    TransientError
        When the server stays away.
    """
    by_rules = structure_finding(finding.sentence, measurement_span=finding.measurement_span, context=finding.context)

    def check(answer: StructureAnswer) -> str | None:
        return complaint(answer.fields(), finding)

    text = f"Finding: {finding.sentence}\nSUVmax: {finding.suv_max:g}\nAxial slice: {finding.axial_slice}"
    try:
        fields = (await client.ask(question.prompt, text, question.answer, check=check)).fields()
    except AnswerRejected:
        return by_rules, (FALLBACK_FLAG,)
    return replace(by_rules, region=fields.region, organ=fields.organ.strip().lower(), anatomic_subsite=fields.anatomic_subsite.strip()), ()


def complaint(fields: SixFields, finding: Finding) -> str | None:
    """Say what is wrong with an answer, in words for the model; None when it may be used."""
    if fields.findings != finding.sentence:
        return "'findings' must be the finding character for character. Answer with the corrected JSON object alone."
    if fields.suv_max != finding.suv_max or fields.axial_slice != finding.axial_slice:
        return "'suv_max' and 'axial_slice' must be the numbers given after the finding. Answer with the corrected JSON object alone."
    if fields.region not in REGIONS:
        return "'region' must be one of the listed regions. Answer with the corrected JSON object alone."
    if not fields.organ.strip() or re.search(r"\d|slice|suv", fields.organ, re.IGNORECASE):
        return "'organ' must name an organ or tissue, without numbers. Answer with the corrected JSON object alone."
    known = set(re.findall(r"\w+", finding.sentence.lower())) | {"of", "the", "in", "and", "at"}
    subsite = fields.anatomic_subsite.strip()
    if subsite != NOT_STATED and not set(re.findall(r"\w+", subsite.lower())) <= known:
        return "'anatomic_subsite' must use the words of the finding, or be N/A. Answer with the corrected JSON object alone."
    return None
