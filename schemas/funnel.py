"""The funnel: what each stage read, kept and dropped. ``read == kept + sum(dropped)`` holds for every stage, or it is a bug."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field, model_validator

from petarseg.reasons import Reason


class FunnelStage(BaseModel):
    """One stage and one unit of counting."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stage: str = Field(description="Name of the stage.")
    unit: str = Field(description="What is counted: files, exams, reports, statements, findings or lesions.")
    read: int = Field(ge=0, description="How many came in.")
    kept: int = Field(ge=0, description="How many went on.")
    dropped: dict[str, int] = Field(default_factory=dict, description="How many were dropped, by reason code.")

    @model_validator(mode="after")
    def _nothing_lost(self) -> FunnelStage:
        if self.read != self.kept + sum(self.dropped.values()):
            raise ValueError(f"{self.stage}: read {self.read} is not kept {self.kept} + dropped {dict(self.dropped)}: something was lost")
        return self

    @classmethod
    def count(cls, stage: str, unit: str, *, read: int, kept: int, dropped: Iterable[Reason | str]) -> FunnelStage:
        """Make a stage from what came in, what went on, and the reason of each drop."""
        reasons = Counter(str(reason) for reason in dropped)
        return cls(stage=stage, unit=unit, read=read, kept=kept, dropped=dict(sorted(reasons.items())))


class Funnel(BaseModel):
    """All stages of a build, in order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stages: list[FunnelStage] = Field(default_factory=list)

    def stage(self, name: str) -> FunnelStage:
        """Return the stage called `name`; KeyError if there is none."""
        for stage in self.stages:
            if stage.stage == name:
                return stage
        raise KeyError(name)

    def table(self) -> list[dict[str, object]]:
        """Rows for people: one per stage, with the drops written out."""
        return [
            {
                "stage": stage.stage,
                "unit": stage.unit,
                "read": stage.read,
                "kept": stage.kept,
                "dropped": ", ".join(f"{reason} {n}" for reason, n in stage.dropped.items()) or "-",
            }
            for stage in self.stages
        ]
