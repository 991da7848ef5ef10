"""Check the records of a dataset (run.toml, croissant.json, grids.json, anatomy_labels.json) against its name and its volumes."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from petarseg.dataset.contract import Broken
from petarseg.dataset.relation_checks import SUV_TOLERANCE

RUN, CROISSANT, GRIDS, LABELS = "run.toml", "croissant.json", "grids.json", "anatomy_labels.json"
VERSION_NAME = re.compile(r".+-[0-9a-f]{10}")
"""A folder that is called like a version must hold that version; a copy may have any other name."""
GRID_TOLERANCE_MM = 0.1


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What run.toml says of the build, as far as checks depend on it.

    Parameters
    ----------
    version : str or None
        Name of the version; None when the file is absent or says nothing.
    tolerance_suv : float
        Largest difference of a lesion's maximum and its report.
    dates_shifted : bool
        Whether texts hold dates that were moved by the patient's shift.
    """

    version: str | None = None
    tolerance_suv: float = SUV_TOLERANCE
    dates_shifted: bool = False


def read_run(dataset: Path) -> tuple[RunFacts, list[Broken]]:
    """Return what run.toml says, and what is wrong with it; without the file, the defaults of the method."""
    try:
        run = tomllib.loads((dataset / RUN).read_text(encoding="utf-8"))
        settings = run["settings"]
        facts = RunFacts(
            version=str(run["version"]),
            tolerance_suv=float(settings.get("lesions", {}).get("tolerance_suv", SUV_TOLERANCE)),
            dates_shifted=settings.get("reports", {}).get("dates") == "shift",
        )
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        return RunFacts(), [Broken(RUN, "", "run_readable", "file", f"{type(error).__name__}: {error}")]
    return facts, []


def read_classes(dataset: Path) -> tuple[dict[int, str] | None, list[Broken]]:
    """Return label to class name of the anatomy, and what is wrong with the file; None without one (older versions)."""
    try:
        classes = json.loads((dataset / LABELS).read_text(encoding="utf-8"))["classes"]
        return {int(label): str(name) for label, name in classes.items()}, []
    except FileNotFoundError:
        return None, []
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return None, [Broken(LABELS, "classes", "labels_readable", "file", f"{type(error).__name__}: {error}")]


def check_version(dataset: Path, run: RunFacts) -> Iterator[Broken]:
    """Yield records that name another version than run.toml or the folder."""
    name = dataset.resolve().name
    if run.version is not None and VERSION_NAME.fullmatch(name) and name != run.version:
        yield Broken(RUN, "version", "version", "file", f"{run.version} in a folder called {name}")
    try:
        described = str(json.loads((dataset / CROISSANT).read_text(encoding="utf-8"))["version"])
    except FileNotFoundError:
        return  # named by the list of files
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield Broken(CROISSANT, "version", "croissant_readable", "file", f"{type(error).__name__}: {error}")
        return
    if run.version is not None and described.partition("+")[2] != run.version:
        yield Broken(CROISSANT, "version", "version", "file", f"{described}, but run.toml says {run.version}")


def check_grids(dataset: Path, exams: Sequence[Mapping[str, Any]], affines: Mapping[str, Any]) -> Iterator[Broken]:
    """Yield exams whose volumes do not lie where grids.json says that they were put.

    Parameters
    ----------
    dataset : Path
        Folder of one version.
    exams : sequence of mapping
        Rows of exams.parquet.
    affines : mapping
        Exam id to the affine of its PET, shape (4, 4), RAS mm.
    """
    try:
        grids = json.loads((dataset / GRIDS).read_text(encoding="utf-8"))
        placed = {
            exam_id: (tuple(grid["grid_shape"]), np.asarray(grid["grid_affine_ras_mm"], dtype=np.float64))
            for exam_id, grid in grids.items()
        }
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield Broken(GRIDS, "", "grids_readable", "file", f"{type(error).__name__}: {error}")
        return
    for exam in exams:
        exam_id = exam["exam_id"]
        if exam_id not in placed:
            yield Broken(GRIDS, "", "grid_recorded", exam_id, "the exam has no grid")
            continue
        shape, affine = placed[exam_id]
        if list(shape) != list(exam["shape"]):
            yield Broken(GRIDS, "grid_shape", "grid_recorded", exam_id, f"{shape} instead of {tuple(exam['shape'])}")
        if exam_id in affines and (affine.shape != (4, 4) or np.abs(affine - affines[exam_id]).max() > GRID_TOLERANCE_MM):
            yield Broken(GRIDS, "grid_affine_ras_mm", "grid_recorded", exam_id, "the volumes lie elsewhere")
