"""What changed between two versions of a dataset, and why, read from their files alone.

Lesion and exam ids derive from content, so the same finding has the same id in both versions. Reasons come from the rejects of the
other version, from the settings and stage versions in ``run.toml`` and ``provenance``, and from the checksums of the volumes.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from petarseg.dataset.checksums import read_checksums
from petarseg.errors import ConfigError

Row = Mapping[str, Any]

QUIET = ("provenance", "voters")
"""Columns that explain a row; their change alone is no change of the lesion."""
PAPER_WORK = ("sha256",)
"""Columns that follow from volumes, whose change is told by name."""


@dataclass(frozen=True, slots=True)
class Change:
    """One lesion or exam that is not the same in both versions.

    Parameters
    ----------
    table : str
        "lesions" or "exams".
    key : str
        Its id.
    exam_id : str
        Its exam.
    kind : str
        "added", "removed" or "changed".
    columns : mapping
        Column to (old, new), for "changed"; ``volumes/<name>`` for volumes whose bytes differ.
    why : tuple of str
        What explains it: a reason code with its stage, changed stages, else changed settings; empty when nothing in the files does.
    """

    table: str
    key: str
    exam_id: str
    kind: str
    columns: Mapping[str, tuple[Any, Any]]
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DatasetDiff:
    """All differences of two versions.

    Parameters
    ----------
    old, new : str
        Names of the versions.
    settings : mapping
        Dotted name of a setting, software or stage version to (old, new); None where it is absent.
    changes : tuple of Change
        Ordered by table, kind and id.
    moved_patients : mapping
        Patient id to (old split, new split). Never empty without a changed setting: splits follow the patient.
    """

    old: str
    new: str
    settings: Mapping[str, tuple[Any, Any]]
    changes: tuple[Change, ...]
    moved_patients: Mapping[str, tuple[str, str]]

    def to_json(self) -> dict[str, Any]:
        """Return the differences as plain values."""
        return {**asdict(self), "changes": [asdict(change) for change in self.changes], "counts": self.counts()}

    def counts(self) -> dict[str, int]:
        """Return how many lesions and exams were added, removed and changed."""
        counted = Counter(f"{change.table} {change.kind}" for change in self.changes)
        return {f"{table} {kind}": counted[f"{table} {kind}"] for table in ("lesions", "exams") for kind in ("added", "removed", "changed")}


def diff_datasets(old: Path, new: Path) -> DatasetDiff:
    """Compare two versions of a dataset.

    Parameters
    ----------
    old, new : Path
        Folders of the versions.

    Raises
    ------
    ConfigError
        If a folder is no dataset; the message names the file.
    """
    before, after = _Version(old), _Version(new)
    settings = _changed(_flat(before.run), _flat(after.run))
    settings.pop("version", None)
    changes = [*_compare("lesions", "lesion_id", before, after, settings), *_compare("exams", "exam_id", before, after, settings)]
    splits = {row["patient_id"]: row["split"] for row in before.tables["exams"]}
    moved = {
        row["patient_id"]: (splits[row["patient_id"]], row["split"])
        for row in after.tables["exams"]
        if splits.get(row["patient_id"], row["split"]) != row["split"]
    }
    return DatasetDiff(before.name, after.name, settings, tuple(changes), dict(sorted(moved.items())))


class _Version:
    """The tables and records of one version."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.resolve().name
        self.tables: dict[str, list[dict[str, Any]]] = {}
        for table in ("lesions", "exams", "rejected"):
            try:
                self.tables[table] = pq.read_table(folder / f"{table}.parquet", partitioning=None).to_pylist()
            except (OSError, pa.ArrowInvalid) as error:
                raise ConfigError(
                    f"{folder} is no dataset: {table}.parquet cannot be read; name a folder such as OUT/dataset/latest"
                ) from error
        try:
            self.run: dict[str, Any] = tomllib.loads((folder / "run.toml").read_text(encoding="utf-8"))
        except FileNotFoundError:
            self.run = {}
        except (OSError, ValueError) as error:
            raise ConfigError(f"{folder / 'run.toml'} cannot be read: {error}") from error
        self.checksums = read_checksums(folder)

    def rejection(self, row: Row) -> tuple[str, ...]:
        """Return why this version does not hold a lesion or exam of the other one."""
        rejects = [reject for reject in self.tables["rejected"] if reject["exam_id"] == row["exam_id"]]
        sentence = row.get("findings")
        fitting = [reject for reject in rejects if sentence is not None and reject["sentence"] == sentence]
        # Several findings of one sentence: the numbers tell which of them was rejected.
        exact = [reject for reject in fitting if _numbers(reject) == (row["suv_max_report"], row["axial_slice_report"])]
        whole = [reject for reject in rejects if reject["sentence"] is None]
        return tuple(dict.fromkeys(f"{reject['reason']} ({reject['stage']})" for reject in exact or fitting or whole))


def _numbers(reject: Row) -> tuple[Any, Any]:
    try:
        evidence = json.loads(reject["evidence"])
        return evidence.get("suv_max"), evidence.get("axial_slice")
    except (ValueError, AttributeError):
        return None, None


def _compare(table: str, key: str, before: _Version, after: _Version, settings: Mapping[str, Any]) -> list[Change]:
    old = {row[key]: row for row in before.tables[table]}
    new = {row[key]: row for row in after.tables[table]}
    changes = []
    for identity in sorted(new.keys() - old.keys()):
        why = tuple(f"was {reason}" for reason in before.rejection(new[identity]))
        if not why and all(row["exam_id"] != new[identity]["exam_id"] for row in before.tables["exams"]):
            why = ("new exam",)
        changes.append(Change(table, identity, new[identity]["exam_id"], "added", {}, why or _settings_why(settings)))
    for identity in sorted(old.keys() - new.keys()):
        why = after.rejection(old[identity]) or _settings_why(settings) or ("not read in the new version",)
        changes.append(Change(table, identity, old[identity]["exam_id"], "removed", {}, why))
    for identity in sorted(old.keys() & new.keys()):
        columns = {
            name: values for name, values in _changed(old[identity], new[identity]).items() if name not in QUIET and name not in PAPER_WORK
        }
        if table == "exams":
            columns |= _changed_volumes(old[identity], new[identity], before, after)
        if columns:
            why = _provenance_why(old[identity], new[identity])
            changes.append(Change(table, identity, old[identity]["exam_id"], "changed", columns, why or _settings_why(settings)))
    return changes


def _changed_volumes(old: Row, new: Row, before: _Version, after: _Version) -> dict[str, tuple[Any, Any]]:
    changed = {}
    for name in ("pet", "ct", "lesions", "anatomy"):
        digests = before.checksums.get(old[f"{name}_path"]), after.checksums.get(new[f"{name}_path"])
        if digests[0] != digests[1]:
            changed[f"volumes/{name}"] = (digests[0] and digests[0][:12], digests[1] and digests[1][:12])
    return changed


def _provenance_why(old: Row, new: Row) -> tuple[str, ...]:
    """Name the stages and software whose version behind a row changed."""
    if "provenance" not in old:
        return ()
    try:
        pairs = _changed(_flat(json.loads(old["provenance"])), _flat(json.loads(new["provenance"])))
    except ValueError:
        return ()
    return tuple(f"{name} {values[0]} -> {values[1]}" for name, values in pairs.items())


def _settings_why(settings: Mapping[str, tuple[Any, Any]]) -> tuple[str, ...]:
    return tuple(f"{name} {values[0]} -> {values[1]}" for name, values in settings.items())


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as dotted names."""
    if not isinstance(value, Mapping):
        return {prefix: value}
    found: dict[str, Any] = {}
    for name, item in value.items():
        found |= _flat(item, f"{prefix}.{name}" if prefix else str(name))
    return found


def _changed(old: Row, new: Row) -> dict[str, tuple[Any, Any]]:
    names = [*old, *(name for name in new if name not in old)]
    return {name: (old.get(name), new.get(name)) for name in names if not _equal(old.get(name), new.get(name))}


def _equal(old: Any, new: Any) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return old == new or (math.isnan(old) and math.isnan(new))
    return bool(old == new)


def render_diff(diff: DatasetDiff, *, limit: int = 200) -> str:
    """Return the differences as Markdown; at most `limit` rows per table, and how many more there are."""
    lines = [f"# {diff.old} -> {diff.new}", ""]
    lines += [f"- {name}: {number}" for name, number in diff.counts().items()]
    if diff.settings:
        lines += ["", "## Settings and versions", "", "| name | old | new |", "|---|---|---|"]
        lines += [f"| {name} | {_cell(old)} | {_cell(new)} |" for name, (old, new) in diff.settings.items()]
    if diff.moved_patients:
        lines += ["", "## Patients that changed their split", ""]
        lines += [f"- {patient}: {old} -> {new}" for patient, (old, new) in diff.moved_patients.items()]
    for table in ("lesions", "exams"):
        changes = [change for change in diff.changes if change.table == table]
        if not changes:
            continue
        lines += ["", f"## {table}", "", "| id | exam | what | columns | why |", "|---|---|---|---|---|"]
        lines += [_line(change) for change in changes[:limit]]
        if len(changes) > limit:
            lines.append(f"\n{len(changes) - limit} more.")
    return "\n".join(lines) + "\n"


def _line(change: Change) -> str:
    columns = "; ".join(f"{name} {_cell(old)} -> {_cell(new)}" for name, (old, new) in change.columns.items())
    return f"| {change.key} | {change.exam_id} | {change.kind} | {columns} | {_cell('; '.join(change.why) or 'unknown')} |"


def _cell(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else "-" if value is None else str(value)
    return " ".join(text.split()).replace("|", "\\|")
