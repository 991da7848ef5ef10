"""De-identification of a DICOM archive: files per minute, and what is left of planted identities, against two libraries.

    python benchmarks/deidentify.py [--files 2000] [--repeats 3] [--workers 2] [--work DIR]

Writes a synthetic archive (two thirds CT slices of 512 x 512, one third PET slices of 192 x 192, headers full of invented identifying
values), then de-identifies it with petarseg (with and without the leak scan) and, where installed, with the peers, which work on one
process: ``pip install dicognito dicom-anonymizer``. Prints Markdown: median seconds, files per minute, CPU time and its ratio to petarseg
(of runs on one process: the workers of others are no children of this one), and how many of the planted values the leak scan finds in
the output. No peer is used beyond its defaults, so its count says what a user gets who changes nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pydicom

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from dicom import planted_phi

from petarseg.dicom.deidentify import DeidOptions, deidentify_tree
from petarseg.keys import KeyFolder
from petarseg.leakscan import scan_files

TAGS_PLANTED = 60


def make_archive(folder: Path, n_files: int) -> list[str]:
    """Write the archive; return the planted values."""
    rng = np.random.default_rng(0)
    planted = planted_phi.Planted()
    templates = []
    for make, size in ((planted_phi.ct, 512), (planted_phi.ct, 512), (planted_phi.pet, 192)):
        dataset = make(1)
        planted_phi.plant(dataset, planted, first=3, step=len(planted_phi.ATTRIBUTES) // TAGS_PLANTED)
        dataset.Rows = dataset.Columns = size
        templates.append(dataset)
    for number in range(n_files):
        dataset = templates[number % 3]
        size = dataset.Rows
        dataset.SOPInstanceUID = f"{dataset.SeriesInstanceUID}.{number}"
        dataset.InstanceNumber, dataset.ImagePositionPatient = number, [0, 0, 3.0 * number]
        dataset.PixelData = rng.integers(0, 3000, (size, size), dtype=np.uint16).tobytes()
        planted_phi.write(dataset, folder / f"{number // 300}" / f"IM{number:06}")
    values = [*planted.values, planted_phi.PATIENT, planted_phi.PATIENT_ID, planted_phi.BIRTH_DATE, planted_phi.STUDY_DATE]
    return [*values, f"{planted_phi.ROOT}.1", f"{planted_phi.ROOT}.9"]


def petarseg(workers: int, verify: bool) -> Callable[[Path, Path], None]:
    def run(source: Path, target: Path) -> None:
        keys = KeyFolder.open(target.with_name(target.name + "_key"))
        deidentify_tree(source, target, keys, verify=verify, options=DeidOptions(workers=workers))

    return run


def dicognito(source: Path, target: Path) -> None:
    from dicognito.anonymizer import Anonymizer

    anonymizer = Anonymizer(seed="1")
    for number, path in enumerate(sorted(source.rglob("IM*"))):
        dataset = pydicom.dcmread(path)
        anonymizer.anonymize(dataset)
        dataset.save_as(target / f"{number}.dcm")


def dicom_anonymizer(source: Path, target: Path) -> None:
    from dicomanonymizer import anonymize_dicom_file

    for number, path in enumerate(sorted(source.rglob("IM*"))):
        anonymize_dicom_file(str(path), str(target / f"{number}.dcm"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")

    tools: dict[str, Callable[[Path, Path], None]] = {
        "petarseg, 1 process": petarseg(1, verify=False),
        "petarseg --verify, 1 process": petarseg(1, verify=True),
        f"petarseg, {arguments.workers} processes": petarseg(arguments.workers, verify=False),
        f"petarseg --verify, {arguments.workers} processes": petarseg(arguments.workers, verify=True),
    }
    for module, name, tool in (("dicognito", "dicognito", dicognito), ("dicomanonymizer", "dicom-anonymizer", dicom_anonymizer)):
        if importlib.util.find_spec(module):
            tools[f"{name} {version(name)}, 1 process"] = tool

    work = arguments.work or Path(tempfile.mkdtemp(prefix="deid-"))
    source = work / "in"
    values = make_archive(source, arguments.files)
    seconds: dict[str, list[float]] = {name: [] for name in tools}
    cpu_seconds: dict[str, list[float]] = {name: [] for name in tools}
    left: dict[str, int] = {}
    for _ in range(arguments.repeats):
        for name, tool in tools.items():
            target = work / "out"
            for folder in (target, work / "out_key"):
                shutil.rmtree(folder, ignore_errors=True)
            target.mkdir()
            start, cpu = time.perf_counter(), sum(os.times()[:4])
            tool(source, target)
            seconds[name].append(time.perf_counter() - start)
            cpu_seconds[name].append(sum(os.times()[:4]) - cpu)
            if name not in left:
                left[name] = len({leak.needle for leak in scan_files(target, values)})
    if arguments.work is None:
        shutil.rmtree(work)

    print(f"{date.today()}, {platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, pydicom {version('pydicom')}")
    print(f"{arguments.files} files, {len(set(values))} planted values, {arguments.repeats} repeats\n")
    print("| tool | median s | files/min | CPU ms/file | CPU, ratio | planted values left |")
    print("|---|---:|---:|---:|---:|---:|")
    base = statistics.median(cpu_seconds["petarseg, 1 process"])
    for name, times in seconds.items():
        median, cpu = statistics.median(times), statistics.median(cpu_seconds[name])
        rate, each = 60 * arguments.files / median, 1000 * cpu / arguments.files
        shown = f"{each:.1f} | {cpu / base:.2f}" if name.endswith("1 process") else "- | -"
        print(f"| {name} | {median:.1f} | {rate:,.0f} | {shown} | {left[name]} |")


if __name__ == "__main__":
    main()
