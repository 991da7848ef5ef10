"""Speaks the worker's protocol without TotalSegmentator: labels by HU, or fails as the environment says."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np

from petarseg.volume import Units, Volume


def answer(value: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


mode, log = sys.argv[1], Path(sys.argv[2])
config = json.loads((Path(os.environ["TOTALSEG_HOME_DIR"]) / "config.json").read_text())
with log.open("a") as stream:
    stream.write(json.dumps({"home": os.environ["TOTALSEG_HOME_DIR"], "stats": config["send_usage_stats"]}) + "\n")
if mode == "dead":
    sys.exit(3)
answer({"ready": True, "version": "2.18.0", "classes": {"1": "spleen", "2": "kidney_right"}})
for line in sys.stdin:
    request = json.loads(line)
    if mode == "killed" or (mode == "killed_whole" and not request["split"]):
        os._exit(9)
    if mode == "memory":
        answer({"status": "memory"})
        continue
    if mode == "exit":
        answer({"status": "failed", "error": "SystemExit(1)"})
        continue
    ct = Volume.load(Path(request["ct"]), Units.HU)
    labels = np.where(ct.array > 0, 9 if mode == "unknown" else 1, 0).astype(np.uint8)
    out = ct.with_array(labels, Units.LABEL)
    (out.crop((0, 0, 0), (2, 2, 2)) if mode == "moved" else out).save(Path(request["out"]))
    answer({"status": "done"})
