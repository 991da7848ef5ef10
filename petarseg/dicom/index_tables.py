"""Write an archive index as Parquet tables. They identify patients: keep them where the archive is kept."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from petarseg.dicom.records import ArchiveIndex, SeriesRecord
from petarseg.files import atomic_path

SERIES_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("study_instance_uid", "series_instance_uid", "patient_id", "accession_number", "study_date")),
        *((name, pa.string()) for name in ("modality", "role", "why_not", "frame_of_reference_uid", "manufacturer", "model", "sex")),
        ("age_years", pa.int64()),
        ("tracer", pa.string()),
        ("n_slices", pa.int64()),
        ("z_low_mm", pa.float64()),
        ("z_high_mm", pa.float64()),
        ("chosen", pa.bool_()),
        ("files", pa.list_(pa.string())),
        ("description", pa.string()),
    ]
)
STUDIES_SCHEMA = pa.schema(
    [
        *(
            (name, pa.string())
            for name in ("study_instance_uid", "patient_id", "accession_number", "study_date", "pet_series", "ct_series")
        ),
        ("n_series", pa.int64()),
        ("reason", pa.string()),
        ("evidence", pa.string()),
    ]
)


UNREADABLE_SCHEMA = pa.schema([("file", pa.string()), ("why", pa.string())])


def write_index(index: ArchiveIndex, out: Path) -> None:
    """Write ``series.parquet``, ``studies.parquet`` and ``unreadable.parquet`` below `out`, atomically.

    A series row says whether it is the chosen PET or CT of its study and, if not, why not (``why_not``). A study row names its PET and
    CT series, or the reason code and evidence for which it cannot be used.
    """
    series: list[dict[str, Any]] = []
    studies: list[dict[str, Any]] = []
    for study in index.studies:
        chosen = [item for item in (study.pet, study.ct) if item is not None]
        series += [_series_row(item, chosen=True) for item in chosen]
        series += [_series_row(item, chosen=False) for item in study.others]
        studies.append(
            {
                "study_instance_uid": study.study_instance_uid,
                "patient_id": study.patient_id,
                "accession_number": study.accession_number,
                "study_date": study.study_date,
                "pet_series": study.pet.series_instance_uid if study.pet else None,
                "ct_series": study.ct.series_instance_uid if study.ct else None,
                "n_series": len(chosen) + len(study.others),
                "reason": study.reject[0].value if study.reject else None,
                "evidence": json.dumps(study.reject[1], sort_keys=True, default=str) if study.reject else None,
            }
        )
    unreadable = [{"file": _readable(item.path), "why": item.why} for item in index.unreadable]
    tables = (("series", series, SERIES_SCHEMA), ("studies", studies, STUDIES_SCHEMA), ("unreadable", unreadable, UNREADABLE_SCHEMA))
    for name, rows, schema in tables:
        with atomic_path(out / f"{name}.parquet", mode=0o600) as temporary:
            pq.write_table(pa.Table.from_pylist(rows, schema=schema), temporary)


def _series_row(item: SeriesRecord, *, chosen: bool) -> dict[str, Any]:
    low, high = item.z_range_mm or (None, None)
    row = {name: getattr(item, name) for name in SERIES_SCHEMA.names if hasattr(item, name)}
    return {**row, "files": [_readable(path) for path in item.files], "z_low_mm": low, "z_high_mm": high, "chosen": chosen}


def _readable(path: Path) -> str:
    """Return a path as text; bytes of a name that are no UTF-8 (discs written by old systems) are shown as U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")
