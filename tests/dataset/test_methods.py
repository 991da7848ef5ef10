"""The method text names what the configuration asks for, and nothing else."""

from __future__ import annotations

from typing import get_args

import pytest

from petarseg.dataset.methods import methods_text
from schemas.config import BuildConfig, ExtractionConfig, LesionsConfig


def text_of(**changes):
    settings = BuildConfig().model_dump(mode="json")
    for section, values in changes.items():
        settings[section] |= values
    return methods_text(settings, software="0.1.0")


def test_defaults():
    text = text_of()
    assert text.startswith("petarseg 0.1.0 ")
    for words in ("grammar reader", "2.5", "Jentzen 2015", "192x192x352", "tissue classes", "built-in rules"):
        assert words in text
    assert "language model" not in text


@pytest.mark.parametrize("method", get_args(LesionsConfig.model_fields["method"].annotation))
def test_every_growing_method_has_words(method):
    assert text_of(lesions={"method": method})


@pytest.mark.parametrize("profile", get_args(ExtractionConfig.model_fields["profile"].annotation))
def test_every_profile_has_words_and_names_its_models(profile):
    endpoints = [] if profile == "embedded" else [{"model": "model-a"}, {"model": "model-b"}]
    text = text_of(extraction={"profile": profile, "endpoints": endpoints})
    assert ("model-a, model-b" in text) == (profile != "embedded")


def test_shifted_dates_and_a_model_that_structures():
    text = text_of(reports={"dates": "shift"}, structure={"method": "llm", "endpoint": {"model": "model-c"}})
    assert "whole-day shift" in text
    assert "model-c" in text
