"""Flow `recurate-petarseg`: the scheduled build. What is done is kept, what is new in the archive is added."""

from __future__ import annotations

from prefect import flow

from flows.build_petarseg import build_petarseg
from schemas.config import BuildConfig
from schemas.results import BuildResult


@flow(name="recurate-petarseg", persist_result=False)
def recurate_petarseg(archive: str, reports: str, out: str, key_dir: str | None = None, config: BuildConfig | None = None) -> BuildResult:
    """Build again into the same workspace.

    Exams and reports that did not change cost nothing; a new version appears only when something changed. See `build_petarseg` for
    the parameters.
    """
    return build_petarseg(archive=archive, reports=reports, out=out, key_dir=key_dir, config=config)
