"""Answers of the language models: the JSON schemas that bind the servers, and the validators behind them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from petarseg.reports.llm_structure import SixFields, StructureAnswer
from petarseg.reports.llm_voter import PairsAnswer, PriorAnswer, Question, Questions, RelevanceAnswer
from petarseg.reports.prompts import load_prompt

_STRICT = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

Region = Literal["Head", "Neck", "Chest", "Abdomen", "Pelvis", "Upper extremity", "Lower extremity", "N/A"]


class SuvSlice(BaseModel):
    """One lesion's numbers."""

    model_config = _STRICT

    suv_max: float = Field(description="Current SUVmax, copied from the sentence (g/mL).")
    axial_slice: int = Field(description="Number of the axial slice, copied from the sentence.")


class SuvSliceAnswer(PairsAnswer):
    """Answer to the prompt suvmax_slice."""

    model_config = _STRICT

    measurements: list[SuvSlice] = Field(max_length=8, description="One entry per lesion with a current SUVmax and an axial slice.")

    def pairs(self) -> list[tuple[float, int]]:
        """Return (SUVmax, axial slice) of every lesion."""
        return [(item.suv_max, item.axial_slice) for item in self.measurements]


class FilterAnswer(RelevanceAnswer):
    """Answer to the prompt filter_irrelevant."""

    model_config = _STRICT

    relevant: bool = Field(description="Whether the sentence describes a lesion of the current examination.")

    def is_relevant(self) -> bool:
        """Return the answer."""
        return self.relevant


class CurrentPriorAnswer(PriorAnswer):
    """Answer to the prompt prior_disambiguation."""

    model_config = _STRICT

    current: list[float] = Field(max_length=8, description="SUV values of the current examination.")
    prior: list[float] = Field(max_length=8, description="SUV values of earlier examinations.")

    def prior_only(self) -> frozenset[float]:
        """Return the values that are prior and not current as well."""
        return frozenset(self.prior) - frozenset(self.current)


class FindingAnswer(StructureAnswer):
    """Answer to the prompt structure_finding (SPEC 1.5)."""

    model_config = _STRICT

    region: Region = Field(description="Body region of the lesion, from a closed list.")
    organ: str = Field(min_length=1, max_length=60, description="Organ or tissue of the lesion, or N/A.")
    anatomic_subsite: str = Field(min_length=1, max_length=160, description="The more exact place in the words of the finding, or N/A.")
    suv_max: float = Field(description="The SUVmax given after the finding (g/mL).")
    axial_slice: int = Field(description="The axial slice given after the finding.")
    findings: str = Field(description="The finding, character for character.")

    def fields(self) -> SixFields:
        """Return the six fields."""
        return SixFields(self.region, self.organ, self.anatomic_subsite, self.suv_max, self.axial_slice, self.findings)


def voter_questions() -> Questions:
    """Return the questions that a voter of the ensemble is asked, with the prompts of the checkout."""
    return Questions(
        measurements=Question(load_prompt("suvmax_slice", answer=SuvSliceAnswer), SuvSliceAnswer),
        relevance=Question(load_prompt("filter_irrelevant", answer=FilterAnswer), FilterAnswer),
        prior=Question(load_prompt("prior_disambiguation", answer=CurrentPriorAnswer), CurrentPriorAnswer),
    )


def structure_question() -> Question[StructureAnswer]:
    """Return the question of SPEC 1.5, with the prompt of the checkout."""
    return Question(load_prompt("structure_finding", answer=FindingAnswer), FindingAnswer)
