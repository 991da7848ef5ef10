"""Load the versioned prompts of ``prompts/<purpose>/<version>/``: instructions, examples, and a hash of both.

A shipped version folder is never edited; a better prompt is a new folder, so that the hash in a row's provenance means something.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

import petarseg
from petarseg.errors import ConfigError
from petarseg.llm import Prompt
from petarseg.reports.voting import number_spans

VERSION: Final = "v1"


def load_prompt(purpose: str, *, version: str = VERSION, answer: type[BaseModel] | None = None, root: Path | None = None) -> Prompt:
    """Read a prompt and check its examples.

    Parameters
    ----------
    purpose : str
        Folder name: suvmax_slice, filter_irrelevant, prior_disambiguation or structure_finding.
    version : str
    answer : type of BaseModel, optional
        When given, every example must be a valid answer.
    root : Path, optional
        The folder of prompts; by default ``prompts/`` of the checkout.

    Raises
    ------
    ConfigError
        If the prompt is missing, or an example holds a number or quotation that is not verbatim in its text.
    """
    folder = (root or Path(petarseg.__file__).parents[1] / "prompts") / purpose / version
    try:
        instructions = (folder / "prompt.md").read_text(encoding="utf-8").strip()
        lines = (folder / "examples.jsonl").read_text(encoding="utf-8").splitlines()
    except OSError:
        raise ConfigError(f"prompt {purpose}/{version} is missing: run petarseg from its checkout or image, which hold prompts/") from None
    examples = []
    for number, line in enumerate(lines, start=1):
        where = f"prompt {purpose}/{version}, example {number}"
        try:
            example = json.loads(line)
            text, expected = str(example["text"]), example["answer"]
            if answer is not None:
                answer.model_validate(expected)
        except (json.JSONDecodeError, KeyError, TypeError, ValidationError) as error:
            raise ConfigError(f"{where} cannot be used: {type(error).__name__}") from None
        if missing := _not_verbatim(expected, text):
            raise ConfigError(f"{where}: {missing} is not verbatim in its text")
        examples.append((text, json.dumps(expected, ensure_ascii=False)))
    return Prompt(f"{purpose}/{version}", instructions, tuple(examples))


def _not_verbatim(value: object, text: str, name: str = "answer") -> str | None:
    """Return the path of the first number, or quoted field, of an example that its text does not hold."""
    if isinstance(value, dict):
        return next((found for key, item in value.items() if (found := _not_verbatim(item, text, f"{name}.{key}"))), None)
    if isinstance(value, list):
        return next((found for item in value if (found := _not_verbatim(item, text, name))), None)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return None if number_spans(text, float(value)) else name
    quoted = re.search(r"findings|subsite", name) is not None and value != "N/A"
    return name if quoted and str(value) not in text else None
