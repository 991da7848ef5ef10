"""Export in the layout of the Hugging Face hub: a README with its YAML header, and Parquet per split that `datasets` decodes.

::

    OUT/
      README.md                       header (license, sizes, configs, gate) and the dataset card
      lesions/<split>.parquet         a row a lesion: what most users want; the default config
      exams/<split>-00000-of-00003.parquet   a row an exam, with its volumes as bytes: ``Nifti`` columns pet, ct, lesions, anatomy
      anatomy/<split>.parquet         questions and answers
      METHODS.md  funnel.json  run.toml  contracts/ ...

``load_dataset(OUT, "exams", split="train")[0]["pet"]`` is a nibabel image. The type is written into the Parquet schema as `datasets`
would (key ``huggingface``), so neither making nor reading the files with other tools needs that library. Volumes are embedded because
the Parquet loader of `datasets` takes relative paths from the working directory, not from the file.

References
----------
.. [1] Hugging Face Hub, "Dataset Cards" and "Manual configuration": the YAML header; "Gated datasets": ``extra_gated_*``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from petarseg.dataset.card import size_category
from petarseg.dataset.published import SPLITS, Published, link_file, new_folder, open_published
from petarseg.dataset.validate import TABLES
from petarseg.dataset.volume_checks import VOLUMES
from petarseg.files import atomic_path, write_text

NIFTI = pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())])
"""Arrow type of the ``Nifti`` feature of `datasets` (4.2 and newer)."""
FILE_BYTES = 500_000_000
"""Size at which a file of exams is full; the hub advises files of this order."""
CONFIGS = ("lesions", "exams", "anatomy", "rejected")
COMPANIONS = ("METHODS.md", "funnel.json", "run.toml", "grids.json", "numbering.json", "voters.json", "anatomy_labels.json")
FIGURES = "figures"
"""Folder of the pictures that the card shows."""
FULL = "full"
"""Split of tables that hold all splits; "train" would invite to train on test exams, and `datasets` reserves "all"."""
GATE_PROMPT = (
    "The images and sentences come from patients. They are de-identified; nobody may try to find out who they are, "
    "link them to other data of a person, or use them for care."
)
GATE_FIELDS = {
    "Name": "text",
    "Affiliation": "text",
    "Country": "country",
    "Purpose": "text",
    "I will not try to identify anybody and will report it if somebody can be": "checkbox",
    "I use the data for research, not for the care of patients": "checkbox",
}


def export_hub(dataset: Path, out: Path) -> Path:
    """Write a published version in the layout of the hub.

    Parameters
    ----------
    dataset : Path
        Folder of a version.
    out : Path
        New folder; upload it with ``hf upload-large-folder``.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    ConfigError
        If `dataset` is no dataset, or `out` holds something.
    ContractError
        If the dataset breaks a rule.
    """
    published = open_published(dataset)
    with new_folder(out) as folder:
        files: dict[str, dict[str, str]] = {name: {} for name in CONFIGS}
        for split in SPLITS:
            for name in ("lesions", "anatomy"):
                table = _of_split(published.tables[name], split)
                if table.num_rows:
                    files[name][split] = f"{name}/{split}.parquet"
                    _write(table, folder / files[name][split])
            exams = _of_split(published.tables["exams"], split)
            if exams.num_rows:
                files["exams"][split] = f"exams/{split}-*.parquet"
                _write_exams(published.folder, exams, folder / "exams", split)
        if published.tables["rejected"].num_rows:
            files["rejected"][FULL] = "rejected.parquet"
            link_file(published.folder / "rejected.parquet", folder / "rejected.parquet")
        for name in (*COMPANIONS, *(f"contracts/{table}.odcs.yaml" for table in TABLES)):
            if (published.folder / name).is_file():
                link_file(published.folder / name, folder / name)
        for path in sorted((published.folder / FIGURES).glob("*")):
            link_file(path, folder / FIGURES / path.name)
        header = front_matter(
            files, name=published.name, license_id=published.license_id, n_lesions=published.tables["lesions"].num_rows, gated=True
        )
        write_text(folder / "README.md", f"{header}\n{_body(published)}")
    return out


def version_readme(*, name: str, version: str, license_id: str, n_lesions: int) -> str:
    """Return README.md of a published version, by which ``load_dataset("OUT/dataset/latest", "lesions")`` finds the tables.

    Parameters
    ----------
    name, version, license_id : str
        Of the dataset.
    n_lesions : int
        Rows of lesions.parquet.
    """
    header = front_matter({table: {FULL: f"{table}.parquet"} for table in CONFIGS}, name=name, license_id=license_id, n_lesions=n_lesions)
    return header + _VERSION_TEXT.format(name=name, version=version, full=FULL)


_VERSION_TEXT = """
# {name} {version}

De-identified; research use, not a medical device. DATASET_CARD.md says what is in it, METHODS.md how it was made, and
`petarseg validate` checks it. `petarseg export ... --to hf` writes the layout of the hub, `--to bids` a BIDS-like one.

```python
from datasets import Nifti, load_dataset

root = "/path/to/this/folder"                            # not "."
lesions = load_dataset(root, "lesions", split="{full}")     # all splits; the column `split` tells them apart
train = lesions.filter(lambda row: row["split"] == "train")
exams = load_dataset(root, "exams", split="{full}")
exams = exams.map(lambda row: {{"pet": f"{{root}}/{{row['pet_path']}}"}}).cast_column("pet", Nifti())
pet = exams[0]["pet"].get_fdata()                        # nibabel: SUV, (X, Y, Z), RAS+
```
"""


def front_matter(files: Mapping[str, Mapping[str, str]], *, name: str, license_id: str, n_lesions: int, gated: bool = False) -> str:
    """Return the YAML header with its fences.

    Parameters
    ----------
    files : mapping
        Config to split to its data file or pattern; configs without one are left out.
    name, license_id : str
        Of the dataset.
    n_lesions : int
        Rows of lesions.parquet.
    gated : bool
        Ask those who download for their consent.
    """
    header: dict[str, Any] = {
        "pretty_name": name,
        "license": license_id.lower(),
        "language": ["en"],
        "task_categories": ["image-segmentation", "image-to-text", "visual-question-answering"],
        "size_categories": [size_category(n_lesions)],
        "tags": ["medical", "radiology", "PET/CT", "oncology", "3d", "nifti", "report-generation"],
        "configs": [
            {
                "config_name": config,
                **({"default": True} if config == "lesions" else {}),
                "data_files": [{"split": split, "path": path} for split, path in files[config].items()],
            }
            for config in CONFIGS
            if files[config]
        ],
    }
    if gated:
        header |= {"extra_gated_prompt": GATE_PROMPT, "extra_gated_fields": GATE_FIELDS}
    return f"---\n{yaml.safe_dump(header, sort_keys=False, allow_unicode=True, width=1_000)}---\n"


def _body(published: Published) -> str:
    """Return the card without its own header, after the lines that load the dataset."""
    card = published.text("DATASET_CARD.md")
    if card.startswith("---\n"):
        card = card.split("\n---\n", 1)[-1]
    return (
        f"Version `{published.version}`, made with petarseg {published.software}. De-identified; research use, not a medical device.\n\n"
        "```python\n"
        "from datasets import load_dataset\n\n"
        'lesions = load_dataset("OWNER/NAME", "lesions", split="train")   # sentence, site, SUV, volume, label of its mask\n'
        'exams = load_dataset("OWNER/NAME", "exams", split="train", streaming=True)\n'
        "exam = next(iter(exams))\n"
        'pet = exam["pet"].get_fdata()                                     # nibabel: SUV, (X, Y, Z), RAS+\n'
        'mask = exam["lesions"].get_fdata() == 1                           # the lesion whose mask_label is 1\n'
        "```\n\n" + card.lstrip("\n")
    )


def _of_split(table: pa.Table, split: str) -> pa.Table:
    return table.filter(pc.equal(table.column("split"), split))


def _write(table: pa.Table, path: Path) -> None:
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", version="2.6", store_schema=True)


def _write_exams(dataset: Path, exams: pa.Table, folder: Path, split: str) -> None:
    """Write the exams of a split with their volumes, a row group an exam, so that a reader holds one exam at a time."""
    parts = list(_parts(dataset, exams))
    fields = [field for field in exams.schema if field.name not in {f"{name}_path" for name in VOLUMES}]
    fields += [pa.field(name, NIFTI) for name in VOLUMES]
    features = {"info": {"features": {name: {"_type": "Nifti"} for name in VOLUMES}}}
    schema = pa.schema(fields, metadata={"huggingface": json.dumps(features)})
    for number, rows in enumerate(parts):
        path = folder / f"{split}-{number:05d}-of-{len(parts):05d}.parquet"
        # The volumes are gzip already; packing them again would only cost time.
        with (
            atomic_path(path) as temporary,
            pq.ParquetWriter(temporary, schema, compression="none", use_dictionary=False, write_statistics=False, version="2.6") as writer,
        ):
            for row in rows:
                paths = {name: row.pop(f"{name}_path") for name in VOLUMES}
                volumes = {name: {"bytes": (dataset / path).read_bytes(), "path": path} for name, path in paths.items()}
                writer.write_table(pa.Table.from_pylist([row | volumes], schema=schema), row_group_size=1)


def _parts(dataset: Path, exams: pa.Table) -> Iterator[Sequence[dict[str, Any]]]:
    """Yield rows that together stay below `FILE_BYTES`."""
    part: list[dict[str, Any]] = []
    size = 0
    for row in exams.to_pylist():
        size_of_row = sum((dataset / row[f"{name}_path"]).stat().st_size for name in VOLUMES)
        if part and size + size_of_row > FILE_BYTES:
            yield part
            part, size = [], 0
        part.append(row)
        size += size_of_row
    yield part
