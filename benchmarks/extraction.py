"""Speed of reading reports with the grammar, and its precision and recall on a labelled corpus.

Run: ``python benchmarks/extraction.py --reports labelled.jsonl --copies 34``. Each line of the file holds ``text`` and ``lesions``
(``suv_max``, ``axial_slice``, ``start``, ``end``). The peer in the same run is the plain pattern that the literature's pipelines start
from: "slice ... number" and "suv ... number" in one sentence.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import time
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from petarseg.reports.grammar import read_measurements

Finding = tuple[float, int, int, int]
# What decision 23 of the method specification keeps and the labels leave out.
BY_DECISION = {"physiologic", "two_sentences", "dual_time_point"}
_SENTENCE = re.compile(r"[^.!?]*(?:[.!?](?=\d)[^.!?]*)*[.!?]?")
_SUV = re.compile(r"suv\D{0,30}?(\d+(?:\.\d+)?)", re.IGNORECASE)
_SLICE = re.compile(r"slice\D{0,20}?(\d+)", re.IGNORECASE)


def grammar(text: str) -> list[Finding]:
    return [
        (m.suv_max or 0.0, m.axial_slice or 0, m.start, m.end)
        for m in read_measurements(text)
        if m.status == "accepted" and not BY_DECISION & set(m.flags)
    ]


def plain_pattern(text: str) -> list[Finding]:
    found = []
    for sentence in _SENTENCE.finditer(text):
        suv, number = _SUV.search(sentence.group()), _SLICE.search(sentence.group())
        if suv and number:
            found.append((float(suv[1]), int(number[1]), sentence.start(), sentence.end()))
    return found


def score(reports: Iterable[dict[str, object]], reader: Callable[[str], list[Finding]]) -> tuple[float, float]:
    hits = wrong = missed = 0
    for report in reports:
        wanted = [(row["suv_max"], row["axial_slice"], row["start"], row["end"]) for row in report["lesions"]]  # type: ignore[attr-defined]
        for found in reader(str(report["text"])):
            match = next((w for w in wanted if w[:2] == found[:2] and w[2] < found[3] and found[2] < w[3]), None)
            if match is None:
                wrong += 1
            else:
                wanted.remove(match)
                hits += 1
        missed += len(wanted)
    return hits / max(hits + wrong, 1), hits / max(hits + missed, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", type=Path, required=True, help="labelled JSONL")
    parser.add_argument("--copies", type=int, default=34, help="how often the corpus is read (34 x 30 reports = 1,020)")
    args = parser.parse_args()
    reports = [json.loads(line) for line in args.reports.read_text(encoding="utf-8").splitlines() if line.strip()]
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {date.today()}\n")
    print("| reader | precision | recall | reports/s (CPU) | s per 1,000 reports (CPU) | ratio |")
    print("|---|---|---|---|---|---|")
    base = 0.0
    for name, reader in (("plain pattern", plain_pattern), ("grammar", grammar)):
        precision, recall = score(reports, reader)
        began = time.process_time()
        for _ in range(args.copies):
            for report in reports:
                reader(str(report["text"]))
        seconds = (time.process_time() - began) / (args.copies * len(reports))
        base = base or seconds
        print(f"| {name} | {precision:.3f} | {recall:.3f} | {1 / seconds:.0f} | {seconds * 1000:.2f} | {seconds / base:.1f} |")


if __name__ == "__main__":
    main()
