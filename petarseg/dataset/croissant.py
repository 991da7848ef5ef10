"""``croissant.json``: the dataset described for machines (MLCommons Croissant 1.1 with RAI terms), validated by mlcroissant.

References
----------
.. [1] Croissant format specification 1.1, http://mlcommons.org/croissant/1.1.
.. [2] Croissant RAI 1.0, http://mlcommons.org/croissant/RAI/1.0: how data were collected, their biases, limits and sensitivity.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mlcroissant as mlc
import pyarrow as pa
import pyarrow.parquet as pq

from petarseg.errors import ContractError
from petarseg.files import write_json

EPOCH = "1970-01-01"
"""``datePublished`` is mandatory, but the day of a build must not change its bytes; whoever publishes sets the real one."""

VERSION = "http://mlcommons.org/croissant/1.1"
NEW_TERMS: dict[str, Any] = {
    **{term: f"cr:{term}" for term in ("arrayShape", "containedIn", "isArray")},
    **{term: {"@container": "@language"} for term in ("name", "description")},
}
"""What the JSON-LD context of 1.1 has over that of 1.0; mlcroissant reads both, but writes the older one unless told."""
RAI_VERSION = "http://mlcommons.org/croissant/RAI/1.0"
TABLES = ("lesions", "exams", "anatomy", "rejected")
KEYS = {"lesions": "lesion_id", "exams": "exam_id"}
LENGTHS = {"shape": 3, "spacing_mm": 3, "native_pet_spacing_mm": 3, "native_ct_spacing_mm": 3, "max_ras_mm": 3, "bbox_ijk": 6}
"""Lists of a fixed length; others are of any."""
SPLITS = {"train": "cr:TrainingSplit", "val": "cr:ValidationSplit", "test": "cr:TestSplit"}

COLLECTION = (
    "Clinical PET/CT exams and their free-text reports, taken from the archive of the site (DICOM) and joined by study; nothing was "
    "acquired for the dataset."
)
LIMITATIONS = (
    "Findings, structured fields and masks are made automatically; only lesions flagged `reviewed` were accepted by a physician.",
    "Only lesions whose SUVmax and axial slice stand in the report are labelled: an exam may show others, so unlabelled is not negative.",
    "Volumes are resampled to 3 mm; suv_max, volume_ml and their like were measured on the native PET grid.",
    "For research; not a medical device, not for the care of patients.",
)
USE_CASES = (
    "Training and evaluation of models that describe, find or segment lesions in PET/CT (split `test` never for selection).",
    "Not for estimating prevalence, nor for comparing sites, scanners or patients.",
)
SENSITIVE = (
    "Health data of patients: images, sentences of reports, age (90 stands for 90 and above), sex, indication and cancer type.",
    "De-identified: names, dates, numbers and places were removed from DICOM and text; ids are keyed pseudonyms. Whole-body images may "
    "show a face unless the dataset says that it was removed. Nobody may try to identify anybody.",
)


def write_croissant(
    dataset: Path,
    *,
    name: str,
    version: str,
    license_id: str,
    description: str,
    checksums: Mapping[str, str],
    limits: Sequence[str] = LIMITATIONS,
) -> None:
    """Describe the Parquet tables and NIfTI volumes below `dataset` and write ``croissant.json``.

    Parameters
    ----------
    dataset : Path
        Folder of one version; its tables must be written.
    name, version, license_id, description : str
        Of the dataset. A version is written as ``0.0.0+<version>``, since Croissant wants semantic versions.
    checksums : mapping
        File name to SHA-256 of the tables.
    limits : sequence of str
        What a user has to know, a sentence each.

    Raises
    ------
    ContractError
        If mlcroissant finds the description invalid.
    """
    logging.getLogger("absl").setLevel(logging.ERROR)
    context = mlc.Context(conforms_to=VERSION)
    context.rdf.context = dict(sorted((context.rdf.context | NEW_TERMS).items()))
    try:
        metadata = mlc.Metadata(
            ctx=context,
            conforms_to=[VERSION, RAI_VERSION],
            name=name,
            version=f"0.0.0+{version}",
            license=[license_id],
            description=description,
            url=f"https://example.org/{name}",
            date_published=EPOCH,
            cite_as=f"{name} {version}",
            keywords=["PET/CT", "oncology", "radiology reports", "lesion segmentation"],
            in_language=["en"],
            distribution=_distribution(context, checksums),
            record_sets=[
                _splits(context),
                *(_record_set(context, table, pq.read_schema(dataset / f"{table}.parquet")) for table in TABLES),
            ],
            **_responsible(pq.read_table(dataset / "exams.parquet"), limits, description),
        )
        document = json.loads(json.dumps(metadata.to_json(), default=str))
        # What counts is the document, so it is read again; the constructor lets more pass than the reader.
        issues = mlc.Metadata.from_json(ctx=mlc.Context(), json_=document).issues
    except mlc.ValidationError as error:
        raise ContractError("croissant.json", "", "croissant_valid", " ".join(str(error).split())) from error
    if issues.errors:
        raise ContractError("croissant.json", "", "croissant_valid", "; ".join(sorted(issues.errors)))
    write_json(dataset / "croissant.json", document)


def _distribution(context: Any, checksums: Mapping[str, str]) -> list[Any]:
    files = [
        mlc.FileObject(
            ctx=context,
            id=f"{table}.parquet",
            name=f"{table}.parquet",
            content_url=f"{table}.parquet",
            encoding_formats=["application/x-parquet"],
            sha256=checksums[f"{table}.parquet"],
        )
        for table in TABLES
    ]
    volumes = mlc.FileSet(
        ctx=context,
        id="volumes",
        name="volumes",
        description="NIfTI volumes of each exam on one grid: pet (SUVbw), ct (HU), lesions and anatomy (label maps).",
        encoding_formats=["application/gzip"],
        includes=["volumes/*/*.nii.gz"],
    )
    return [*files, volumes]


def _splits(context: Any) -> Any:
    """Return the record set that names the splits."""
    fields = [
        mlc.Field(ctx=context, id="splits/name", name="name", description="Value of the column split.", data_types=[mlc.DataType.TEXT]),
        mlc.Field(ctx=context, id="splits/url", name="url", description="What the split is for.", data_types=[mlc.DataType.URL]),
    ]
    return mlc.RecordSet(
        ctx=context,
        id="splits",
        name="splits",
        description="Splits are by patient.",
        data_types=[mlc.DataType.SPLIT],
        key=["splits/name"],
        fields=fields,
        data=[{"splits/name": split, "splits/url": url} for split, url in SPLITS.items()],
    )


def _record_set(context: Any, table: str, schema: pa.Schema) -> Any:
    return mlc.RecordSet(
        ctx=context,
        id=table,
        name=table,
        key=[f"{table}/{KEYS[table]}"] if table in KEYS else None,
        fields=[_field(context, table, field) for field in schema],
    )


def _field(context: Any, table: str, field: pa.Field) -> Any:
    metadata = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    listed = pa.types.is_list(field.type)
    inner = field.type.value_type if listed else field.type
    data_type = (
        mlc.DataType.INTEGER if pa.types.is_integer(inner) else mlc.DataType.FLOAT if pa.types.is_floating(inner) else mlc.DataType.TEXT
    )
    unit = f" [{metadata['unit']}]" if "unit" in metadata else ""
    relations: dict[str, Any] = {}
    if field.name == "split":
        relations["references"] = mlc.Source(ctx=context, field="splits/name")
    elif field.name == "exam_id" and table in ("lesions", "anatomy"):
        relations["references"] = mlc.Source(ctx=context, field="exams/exam_id")
    if listed:
        relations |= {"is_array": True, "array_shape": str(LENGTHS.get(field.name, -1))}
    return mlc.Field(
        ctx=context,
        id=f"{table}/{field.name}",
        name=field.name,
        description=metadata.get("description", "") + unit,
        data_types=[data_type],
        source=mlc.Source(ctx=context, file_object=f"{table}.parquet", extract=mlc.Extract(ctx=context, column=field.name)),
        **relations,
    )


def _responsible(exams: pa.Table, limits: Sequence[str], methods: str) -> dict[str, Any]:
    """Return the RAI terms; biases are counted in the exams that are published."""
    return {
        "data_collection": COLLECTION,
        "data_collection_type": ["Secondary data analysis", "Existing datasets"],
        "data_preprocessing_protocol": [methods],
        "data_annotation_protocol": ["Automatic, from the numbers of the report and the PET: METHODS.md says what ran."],
        "machine_annotation_tools": ["petarseg"],
        "data_biases": [f"{title}: {_counted(exams, column)}." for column, title in _BIASES.items()],
        "data_limitations": list(limits),
        "data_use_cases": list(USE_CASES),
        "personal_sensitive_information": list(SENSITIVE),
        "data_release_maintenance_plan": "Versions are immutable; `petarseg diff` tells what changed between two, and why.",
    }


_BIASES = {"tracer": "Exams by tracer", "sex": "Exams by sex", "cancer_type": "Exams by cancer type", "manufacturer": "Exams by scanner"}


def _counted(exams: pa.Table, column: str) -> str:
    counts = Counter("unknown" if value is None else str(value) for value in exams.column(column).to_pylist())
    return ", ".join(f"{value} {n}" for value, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))) or "none"
