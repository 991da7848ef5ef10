"""Card, QA page and validation of a dataset of many exams whose volumes are hard links of a few: time, memory, size.

    python -m benchmarks.dataset_scale DATASET [--exams 1000] [--work DIR] [--keep]

DATASET is a published version (of the demo, say). All exams are put into one split, or each copy would be a near-duplicate.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from petarseg import __version__
from petarseg.dataset.card import FIGURE, render_card
from petarseg.dataset.checksums import read_checksums, write_checksums
from petarseg.dataset.funnel_figure import funnel_svg
from petarseg.dataset.methods import known_limits, methods_text, what_ran
from petarseg.dataset.tables import write_table
from petarseg.dataset.validate import TABLES, validate_dataset
from petarseg.dataset.volume_checks import VOLUMES
from petarseg.files import write_json, write_text
from petarseg.quality.page import write_page
from schemas.config import BuildConfig
from schemas.contracts import write_contracts
from schemas.funnel import Funnel, FunnelStage
from tasks.publish import extent_z_mm

Rows = dict[str, list[dict[str, Any]]]


def multiply(source: Path, target: Path, n_exams: int) -> tuple[Rows, dict[str, str]]:
    """Write tables and hard-linked files of `n_exams` exams; return the rows and the known digests."""
    digests = read_checksums(source)
    tables = {name: pq.read_table(source / f"{name}.parquet") for name in TABLES}
    rows = {name: table.to_pylist() for name, table in tables.items()}
    grids = json.loads((source / "grids.json").read_text(encoding="utf-8"))
    new_grids: dict[str, Any] = {}
    out: Rows = {name: [] for name in TABLES}
    known: dict[str, str] = {}

    def link(old: str, new: str) -> None:
        (target / new).parent.mkdir(parents=True, exist_ok=True)
        os.link(source / old, target / new)
        known[new] = digests[old]

    for n in range(n_exams):
        exam = rows["exams"][n % len(rows["exams"])]
        old, new = exam["exam_id"], f"E{n:012d}"
        paths = {f"{name}_path": f"volumes/{new}/{name}.nii.gz" for name in VOLUMES}
        for column, path in paths.items():
            link(exam[column], path)
        link(f"shards/{old}.parquet", f"shards/{new}.parquet")
        link(f"qa/{old}.png", f"qa/{new}.png")
        digest = hashlib.sha256("".join(known[path] for path in paths.values()).encode("ascii")).hexdigest()
        changed = {"exam_id": new, "patient_id": f"P{n:012d}", "split": "train"}
        out["exams"].append({**exam, **changed, **paths, "sha256": digest})
        new_grids[new] = grids[old]
        for lesion in rows["lesions"]:
            if lesion["exam_id"] == old:
                lesion_id = f"L{n:010d}{lesion['mask_label']:02d}"
                link(f"qa/{lesion['lesion_id']}.png", f"qa/{lesion_id}.png")
                out["lesions"].append({**lesion, **changed, "lesion_id": lesion_id})
        out["anatomy"] += [{**item, "exam_id": new, "split": "train"} for item in rows["anatomy"] if item["exam_id"] == old]
        out["rejected"] += [{**item, "exam_id": new} for item in rows["rejected"] if item["exam_id"] == old]
    for name in TABLES:
        write_table(target / f"{name}.parquet", out[name], tables[name].schema)
    write_json(target / "grids.json", new_grids)
    shutil.copyfile(source / "run.toml", target / "run.toml")
    write_contracts(target / "contracts")
    return out, known


def funnel_of(rows: Rows) -> Funnel:
    """Return a funnel that adds up with the rows."""
    n_lesions, reasons = len(rows["lesions"]), [row["reason"] for row in rows["rejected"]]
    return Funnel(
        stages=[
            FunnelStage.count("read statements", "statements", read=n_lesions + len(reasons), kept=n_lesions, dropped=reasons),
            FunnelStage.count("resample", "lesions", read=n_lesions, kept=n_lesions, dropped=[]),
            FunnelStage.count("publish exams", "exams", read=len(rows["exams"]), kept=len(rows["exams"]), dropped=[]),
        ]
    )


def write_card(target: Path, rows: Rows, funnel: Funnel) -> None:
    """Write figure, methods and card, as the publishing stage does."""
    settings = BuildConfig().model_dump(mode="json")
    ran = what_ran(rows["lesions"], rows["exams"], rows["rejected"], {"model": "tissue"})
    grids = json.loads((target / "grids.json").read_text(encoding="utf-8"))
    write_json(target / "funnel.json", funnel.model_dump(mode="json"))
    write_text(target / FIGURE, funnel_svg([stage.model_dump(mode="json") for stage in funnel.stages]))
    text = render_card(
        name="scale",
        version="v1",
        license_id="other",
        software=__version__,
        lesions=rows["lesions"],
        exams=rows["exams"],
        n_anatomy=len(rows["anatomy"]),
        n_rejected=len(rows["rejected"]),
        funnel=funnel.table(),
        methods=methods_text(settings, ran, software=__version__),
        limits=known_limits(settings, ran),
        extent_mm={exam_id: extent_z_mm(grid) for exam_id, grid in grids.items()},
        small=5,
    )
    write_text(target / "DATASET_CARD.md", text)


def write_qa(target: Path, rows: Rows, funnel: Funnel) -> None:
    """Write the QA page."""
    write_page(
        target / "qa" / "index.html",
        name="scale",
        version="v1",
        funnel=funnel.table(),
        exams=rows["exams"],
        lesions=rows["lesions"],
        rejected=rows["rejected"],
        pictures={exam["exam_id"]: f"{exam['exam_id']}.png" for exam in rows["exams"]},
        crops={lesion["lesion_id"]: f"{lesion['lesion_id']}.png" for lesion in rows["lesions"]},
        figure=(target / FIGURE).read_text(encoding="utf-8"),
    )


def timed(name: str, step: Callable[[], Any]) -> Any:
    """Run a step and print its row."""
    start, cpu = time.perf_counter(), time.process_time()
    result = step()
    note = f"{len(result)} broken rules" if isinstance(result, list) else ""
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"| {name} | {time.perf_counter() - start:.1f} | {time.process_time() - cpu:.1f} | {peak_gib:.2f} | {note} |", flush=True)
    for broken in (result or [])[:5]:
        print(f"  {broken}")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--exams", type=int, default=1_000)
    parser.add_argument("--work", type=Path, help="on the file system of the dataset (hard links)")
    parser.add_argument("--keep", action="store_true", help="leave the dataset there, to open its page")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=options.work or options.dataset.resolve().parents[1]))
    try:
        target = folder / "dataset"
        rows, known = multiply(options.dataset, target, options.exams)
        funnel = funnel_of(rows)
        load = os.getloadavg()[0]
        print(f"{options.exams} exams, {len(rows['lesions'])} lesions, {len(rows['rejected'])} rejects; {platform.machine()}, ", end="")
        print(f"{os.cpu_count()} cores, load {load:.1f} before; petarseg {__version__}, {time.strftime('%Y-%m-%d')}\n")
        print("| step | seconds | CPU seconds | peak GiB so far | |\n|---|---:|---:|---:|---|")
        timed("card with tables and figure", lambda: write_card(target, rows, funnel))
        timed("QA page", lambda: write_qa(target, rows, funnel))
        write_checksums(target, known)
        timed("validate without rehashing", lambda: validate_dataset(target, rehash=False))
        start = time.perf_counter()
        timed("validate with rehashing (each inode once)", lambda: validate_dataset(target, rehash=True))
        inodes = {path.stat().st_ino: path.stat().st_size for path in target.rglob("*") if path.is_file()}
        mib, seconds = sum(inodes.values()) / 2**20, time.perf_counter() - start
        print(f"\nrehashed {mib:.0f} MiB of distinct files in {seconds:.1f} s, other checks included;", end=" ")
        print(f"page {(target / 'qa' / 'index.html').stat().st_size / 2**20:.1f} MiB")
        if options.keep:
            print(target)
    finally:
        if not options.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
