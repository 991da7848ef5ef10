"""What a build says when it is done."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from schemas.funnel import Funnel


class BuildResult(BaseModel):
    """Outcome of `build-petarseg`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(description="Version of the dataset: label and content hash.")
    dataset: str = Field(description="Folder of this version.")
    qa: str = Field(description="The QA page, to open in a browser.")
    n_exams: int = Field(ge=0, description="Exams in the dataset.")
    n_lesions: int = Field(ge=0, description="Lesions in the dataset.")
    n_rejected: int = Field(ge=0, description="Rows of rejected.parquet.")
    reused: bool = Field(description="True when this version was already there and nothing was written.")
    warnings: list[str] = Field(default_factory=list, description="What a person should look at, such as decisions on unknown lesions.")
    funnel: Funnel = Field(description="What each stage read, kept and dropped.")
