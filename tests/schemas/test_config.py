"""Configuration errors name the key; the shipped files are complete and valid."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from petarseg.errors import ConfigError
from schemas.config import BuildConfig, load_config

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


def test_defaults_are_valid():
    assert load_config(None) == BuildConfig()


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_configurations_are_valid_and_name_every_section(path):
    config = load_config(path)
    sections = set(tomllib.loads(path.read_text(encoding="utf-8")))
    assert sections == set(type(config).model_fields)


def test_the_demo_configuration_shows_every_setting_that_has_a_simple_default():
    data = tomllib.loads((CONFIGS / "demo.toml").read_text(encoding="utf-8"))
    for name, field in BuildConfig.model_fields.items():
        shown = set(data[name])
        optional = {key for key, item in field.annotation.model_fields.items() if item.default is None}
        assert shown | optional == set(field.annotation.model_fields), name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[lesions]\nmethd = 'avg_itm'", "lesions.methd"),
        ("[lesions]\nfwhm_mm = -1", "lesions.fwhm_mm"),
        ("[extraction]\nprofile = 'paper'", "extraction.endpoints"),
        ("[structure]\nmethod = 'llm'", "structure.endpoint"),
        ("[dataset]\ntrain_fraction = 0.9\nval_fraction = 0.2", "must not exceed 1"),
        ("[dataset", "TOML"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such configuration file"):
        load_config(tmp_path / "absent.toml")


def test_a_profile_overrides_the_file():
    with pytest.raises(ConfigError, match="endpoints"):
        load_config(None, profile="production")
    with pytest.raises(ConfigError, match="profile"):
        load_config(None, profile="nonsense")
