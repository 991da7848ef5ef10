"""The method text names what was asked for and what happened, and nothing else."""

from __future__ import annotations

from typing import get_args

import pytest

from petarseg.dataset.methods import known_limits, methods_text, what_ran
from schemas.config import BuildConfig, ExtractionConfig, LesionsConfig

EXAM = {"suv_method": "bqml", "suv_assumptions": [], "manufacturer": "GE", "face": "kept"}
LESION = {"slice_convention": "head_first_1", "flags": [], "method": "avg_itm"}
TOTALSEG = {"model": "TotalSegmentator", "version": "2.18.0", "task": "total_fast", "checkpoints_sha256": {"a": "0123456789abcdef"}}


def settings_of(**changes):
    settings = BuildConfig().model_dump(mode="json")
    for section, values in changes.items():
        settings[section] |= values
    return settings


def text_of(*, lesions=(LESION,), exams=(EXAM,), rejected=(), labelled_by=None, **changes):
    ran = what_ran(lesions, exams, rejected, labelled_by or {"model": "tissue"})
    return methods_text(settings_of(**changes), ran, software="0.1.0")


def test_defaults():
    text = text_of()
    assert text.startswith("petarseg 0.1.0 ")
    for words in (
        "grammar reader",
        "2.5",
        "Jentzen 2015",
        "192x192x352",
        "tissue classes",
        "built-in rules",
        "head_first_1 1",
        "bqml 1",
        "GE",
    ):
        assert words in text, words
    for words in ("language model", "eviewer", "assumed", "TotalSegmentator"):
        assert words not in text, words


def test_what_happened_is_told():
    lesions = [LESION | {"flags": ["reviewed"]}, LESION | {"flags": ["mask_edited"], "slice_convention": "feet_first_1"}]
    exams = [
        EXAM | {"face": "removed", "suv_assumptions": ["weight from the other series"]},
        EXAM | {"face": "absent", "manufacturer": None},
    ]
    text = text_of(lesions=lesions, exams=exams, rejected=[{"reason": "reviewer_rejected"}], labelled_by=TOTALSEG)
    for words in (
        "1 masks were redrawn by a reviewer",
        "Reviewers accepted 1 lesions and rejected 1",
        "feet_first_1 1",
        "weight from the other series 1",
        "scanners of unknown make",
        "TotalSegmentator 2.18.0 (3 mm; checkpoints 0123456789ab)",
        "face was removed from PET, CT and anatomy labels of 1 exams",
    ):
        assert words in text, words


def test_limits_follow_what_happened():
    settings = settings_of()
    plain = " ".join(known_limits(settings, what_ran([LESION], [EXAM], [], {"model": "tissue"})))
    assert "nobody has reviewed them" in plain
    assert "tissue classes" in plain
    assert "without language models" in plain
    assert "near_removed_face" not in plain
    seen = [LESION | {"flags": ["reviewed"]}]
    changed = " ".join(known_limits(settings, what_ran(seen, [EXAM | {"face": "removed"}], [], TOTALSEG)))
    assert "accepted 1 of 1" in changed
    assert "network" in changed
    assert "near_removed_face" in changed


@pytest.mark.parametrize("method", get_args(LesionsConfig.model_fields["method"].annotation))
def test_every_growing_method_has_words(method):
    assert text_of(lesions=[LESION | {"method": method}])


@pytest.mark.parametrize("profile", get_args(ExtractionConfig.model_fields["profile"].annotation))
def test_every_profile_has_words_and_names_its_models(profile):
    endpoints = [] if profile == "embedded" else [{"model": "model-a"}, {"model": "model-b"}]
    text = text_of(extraction={"profile": profile, "endpoints": endpoints})
    assert ("model-a, model-b" in text) == (profile != "embedded")


def test_shifted_dates_and_a_model_that_structures():
    text = text_of(reports={"dates": "shift"}, structure={"method": "llm", "endpoint": {"model": "model-c"}})
    assert "whole-day shift" in text
    assert "model-c" in text


def test_an_averaged_ct_is_told():
    assert "averaged" not in text_of()
    assert "the CT averaged over each voxel" in text_of(dataset={"antialias_ct": True})


def test_nothing_published_still_has_a_text():
    assert text_of(lesions=(), exams=())
