"""Flow `recurate-petarseg`: the scheduled build. What is done is kept, what is new in the archive is added."""

from prefect import flow

from flows.build_petarseg import DEFAULTS, build_petarseg
from schemas.config import BuildConfig
from schemas.results import BuildResult


@flow(name="recurate-petarseg", persist_result=False)
def recurate_petarseg(archive: str, reports: str, out: str, key_dir: str | None = None, config: BuildConfig = DEFAULTS) -> BuildResult:
    """Build again into the same workspace.

    Exams and reports that did not change cost nothing; a new version appears only when something changed. See `build_petarseg` for
    the parameters.
    """
    return build_petarseg(archive=archive, reports=reports, out=out, key_dir=key_dir, config=config)
