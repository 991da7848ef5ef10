"""Between stages 3 and 4: how the reports of each scanner count slices (SPEC decision 15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.config import BuildConfig
from tasks.workspace import Workspace


def detect_slice_numbering(
    workspace: Workspace, scanners: Mapping[str, Sequence[str]], findings: Mapping[str, Sequence[Mapping[str, Any]]], config: BuildConfig
) -> dict[str, str]:
    """Return the slice convention of each exam, one per scanner."""
    fixed = config.lesions.slice_numbering
    return dict.fromkeys(scanners, "head_first_1" if fixed == "auto" else fixed)
