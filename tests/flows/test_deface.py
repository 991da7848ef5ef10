"""A release without faces: images, labels, pictures, shards and words agree."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from petarseg.volume import Volume
from tests.flows.conftest import build, petarseg

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("deface")]


def test_faces_are_gone_from_everything_that_is_published(tmp_path):
    petarseg("phantom", "--out", tmp_path / "cohort", "--exams", 2)
    config = tmp_path / "config.toml"
    config.write_text("[dataset]\ndeface = true\n", encoding="utf-8")
    done = build(tmp_path / "cohort" / "dicom", tmp_path / "cohort" / "reports.csv", tmp_path / "out", "--config", config)
    exams = done.rows("exams")
    assert exams
    assert {exam["face"] for exam in exams} == {"removed"}
    for exam in exams:
        ct, pet, anatomy, lesions = (Volume.load(done.dataset / exam[f"{name}_path"]) for name in ("ct", "pet", "anatomy", "lesions"))
        top = np.flatnonzero((ct.array > -300).any(axis=(0, 1)))[-1]
        # From the brow down, the front of the head is air in all three; the phantom's head is 150 mm wide and in the middle.
        level = (slice(80, 112), slice(130, 170), slice(top - 60, top - 45))
        assert (ct.array[level] == -1000).mean() > 0.95
        assert (pet.array[level] == 0).mean() > 0.95
        assert (anatomy.array[level] == 0).mean() > 0.95
        assert lesions.array.any()
    assert "face was removed" in (done.dataset / "METHODS.md").read_text()
    assert "no proof of anonymity" in (done.dataset / "DATASET_CARD.md").read_text()
    assert "deface = true" in (done.dataset / "run.toml").read_text()
    assert json.loads(petarseg("validate", done.dataset, "--json").stdout) == {"status": "ok", "broken": []}
    shard = pq.read_table(next((done.dataset / "shards").glob("*.parquet")))
    assert shard.num_rows
