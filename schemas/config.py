"""Run configuration: one model, one TOML file, one form in the Prefect UI.

Every field has a default that works on a laptop, its unit in its name, and a description that the UI and ``configs/*.toml`` repeat.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from petarseg.errors import ConfigError

Profile = Literal["embedded", "paper", "production"]


class Section(BaseModel):
    """A part of the configuration; unknown keys are errors, because a misspelt threshold must not pass unnoticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ArchiveConfig(Section):
    """Which series of a study is taken when several would do."""

    prefer_pet: list[str] = Field(
        default_factory=list,
        description="Regular expressions on SeriesDescription, most wanted first. Without one, equally good PET series are rejected.",
    )

    @field_validator("prefer_pet")
    @classmethod
    def _patterns_compile(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            try:
                re.compile(pattern, re.IGNORECASE)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
        return patterns


class ReportsConfig(Section):
    """How the reports table is read and scrubbed."""

    columns: dict[str, str] = Field(
        default_factory=dict,
        description="Our column name -> your column name, for those of report_id, patient_id, study_date, study_instance_uid, "
        "accession_number, tracer, report that differ in your file.",
    )
    dates: Literal["tag", "shift"] = Field(
        "tag", description="Dates in the text become [DATE], or are moved by the patient's own whole-day shift."
    )
    deny: list[str] = Field(
        default_factory=list,
        description="Further strings that must never appear in the output (names of the hospital, the street, staff).",
    )


class Endpoint(Section):
    """One LLM behind an OpenAI-compatible server."""

    name: str = Field(description="Short name for statistics, such as mistral-7b.")
    base_url: str = Field(description="Where the server listens, such as http://localhost:8000/v1.")
    model: str = Field(description="Model id as the server lists it.")
    revision: str = Field("main", description="Pinned revision; part of the answer cache key.")
    max_concurrency: int = Field(64, ge=1, description="Requests in flight; at or above the server's max_num_seqs.")
    timeout_s: float = Field(120.0, gt=0, description="Per call, in seconds.")
    api_key_env: str | None = Field(None, description="Environment variable that holds the server's API key; never the key itself.")

    def api_key(self) -> str | None:
        """Return the API key from the environment, or None.

        Raises
        ------
        ConfigError
            If the variable is named but not set.
        """
        if self.api_key_env is None:
            return None
        key = os.environ.get(self.api_key_env)
        if key is None:
            raise ConfigError(f"endpoint {self.name}: the environment variable {self.api_key_env} (api_key_env) is not set")
        return key


class ExtractionConfig(Section):
    """Who reads the sentences and what counts as agreement (SPEC decision 1)."""

    profile: Profile = Field(
        "embedded",
        description="embedded: grammar reader alone. paper: two LLMs, both must agree. production: three LLMs and the grammar "
        "reader, two must agree, at least one LLM and one other.",
    )
    endpoints: list[Endpoint] = Field(default_factory=list, description="The LLM voters. Unused by the embedded profile.")
    min_agree: int | None = Field(None, ge=1, description="Votes that an answer needs; None = what the profile says.")
    suv_floor: float = Field(2.5, ge=0, description="Findings with a lower SUVmax are dropped (SPEC 1.2 step 6).")

    @model_validator(mode="after")
    def _profile_has_voters(self) -> ExtractionConfig:
        if self.profile != "embedded" and not self.endpoints:
            raise ValueError(f"profile {self.profile!r} needs at least one entry in extraction.endpoints (see configs/{self.profile}.toml)")
        return self


class StructureConfig(Section):
    """Who turns the sentence into region, organ, subsite and laterality."""

    method: Literal["rules", "llm"] = Field("rules", description="rules: built in. llm: the endpoint below, rules as fallback.")
    endpoint: Endpoint | None = Field(None, description="For method llm: Qwen3 behind an OpenAI-compatible server.")

    @model_validator(mode="after")
    def _llm_has_endpoint(self) -> StructureConfig:
        if self.method == "llm" and self.endpoint is None:
            raise ValueError("structure.method 'llm' needs structure.endpoint")
        return self


class LesionsConfig(Section):
    """How a finding becomes a mask (SPEC 1.2 steps 8-13, 1.3)."""

    method: Literal["avg_itm", "uw_itm", "fixed41", "fixed50", "gradient"] = Field(
        "avg_itm", description="Threshold method; avg_itm is the default, uw_itm reproduces the paper's."
    )
    fwhm_mm: float = Field(7.0, gt=0, le=20, description="Resolution of the reconstruction, full width at half maximum, in mm.")
    fwhm_by_model_mm: dict[str, float] = Field(default_factory=dict, description="FWHM in mm per ManufacturerModelName, where it differs.")
    tolerance_suv: float = Field(0.1, gt=0, description="Largest |component maximum - reported SUVmax|, inclusive, in SUV.")
    slice_numbering: Literal["auto", "head_first_1", "head_first_0", "feet_first_1", "feet_first_0", "instance_number_1", "ct_series_1"] = (
        Field("auto", description="How reports count axial slices; auto detects it per scanner and falls back to head_first_1.")
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where masks are grown.")


class AnatomyConfig(Section):
    """Which anatomy labels the CT gets."""

    method: Literal["tissue", "totalsegmentator"] = Field(
        "tissue",
        description="tissue: classes from CT numbers (lung, fat, soft tissue, bone, gas). totalsegmentator: 117 structures, from "
        "staged weights, with the extra 'anatomy'.",
    )
    weights: Path | None = Field(None, description="For totalsegmentator: folder of the staged weights; nothing is ever downloaded.")
    fast: bool = Field(True, description="For totalsegmentator: the 3 mm model instead of the 1.5 mm ones.")
    device: str = Field("gpu", pattern=r"^(cpu|gpu|gpu:\d+)$", description="For totalsegmentator: cpu, gpu or gpu:N.")
    python: Path | None = Field(
        None, description="For totalsegmentator: interpreter of the environment that holds it, made by `make anatomy`; None = this one."
    )


class DatasetConfig(Section):
    """What is published."""

    name: str = Field("petarseg-dataset", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Name on the card.")
    label: str = Field("v1", pattern=r"^[A-Za-z0-9][A-Za-z0-9._]*$", description="First part of the version; a content hash follows.")
    license: str = Field("other", description="SPDX id of the licence under which you publish, or 'other'.")
    antialias_ct: bool = Field(
        False, description="Average the CT over each 3 mm voxel instead of interpolating it: less noise, not the paper's form."
    )
    deface: bool = Field(
        False,
        description="Remove the face from PET, CT and anatomy labels. Exams in which neither the face nor its absence can be told from "
        "the CT are rejected (face_unsure).",
    )
    small_cells: int = Field(5, ge=1, description='Categories of fewer exams are summed up as "Others" on the dataset card; 1 shows all.')
    train_fraction: float = Field(0.8, ge=0, le=1, description="Share of patients in train.")
    val_fraction: float = Field(0.1, ge=0, le=1, description="Share of patients in val; the rest is test.")

    @model_validator(mode="after")
    def _fractions_fit(self) -> DatasetConfig:
        if self.train_fraction + self.val_fraction > 1 + 1e-9:
            raise ValueError("dataset.train_fraction + dataset.val_fraction must not exceed 1")
        return self


class RunConfig(Section):
    """How the machine is used."""

    workers: int | None = Field(
        None,
        ge=1,
        description="Exams in work at a time with `petarseg build`; None = number of cores. A deployment takes all cores of its worker.",
    )
    batch_size: int = Field(200, ge=1, description="Exams per batch of tasks; keeps the Prefect database small.")


class BuildConfig(Section):
    """Everything that `build-petarseg` can be told."""

    archive: ArchiveConfig = Field(default_factory=ArchiveConfig)
    reports: ReportsConfig = Field(default_factory=ReportsConfig)
    extraction: ExtractionConfig = Field(default_factory=lambda: ExtractionConfig())
    structure: StructureConfig = Field(default_factory=lambda: StructureConfig())
    lesions: LesionsConfig = Field(default_factory=lambda: LesionsConfig())
    anatomy: AnatomyConfig = Field(default_factory=lambda: AnatomyConfig())
    dataset: DatasetConfig = Field(default_factory=lambda: DatasetConfig())
    run: RunConfig = Field(default_factory=lambda: RunConfig())


def load_config(path: Path | None, *, profile: str | None = None) -> BuildConfig:
    """Read a TOML configuration.

    Parameters
    ----------
    path : Path, optional
        The file; None gives the defaults.
    profile : str, optional
        Overrides ``extraction.profile``.

    Raises
    ------
    ConfigError
        If the file is absent, is not TOML, or holds a key or value that the model does not know; the message names it.
    """
    data: dict[str, object] = {}
    if path is not None:
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ConfigError(f"no such configuration file: {path}") from error
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"cannot read {path} as TOML: {error}") from error
    if profile is not None:
        extraction = data.setdefault("extraction", {})
        if not isinstance(extraction, dict):
            raise ConfigError("extraction must be a table: [extraction]")
        extraction["profile"] = profile
    return parse_config(data, source=str(path) if path else "configuration")


def parse_config(data: dict[str, object], *, source: str) -> BuildConfig:
    """Validate a configuration mapping; errors name `source` and each wrong key."""
    try:
        return BuildConfig.model_validate(data)
    except ValidationError as error:
        lines = [f"  {'.'.join(str(part) for part in item['loc']) or '(top)'}: {item['msg']}" for item in error.errors()]
        raise ConfigError(f"{source} is not valid:\n" + "\n".join(lines)) from error
