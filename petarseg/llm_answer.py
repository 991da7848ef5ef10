"""From what a server sends back to a valid answer, or none."""

from __future__ import annotations

import json
import re
import time
from email.utils import parsedate_to_datetime
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from petarseg.errors import PetarsegError

Answer = TypeVar("Answer", bound=BaseModel)


class AnswerRejected(PetarsegError):
    """A model gave no valid answer to one text, asked repeatedly. The message holds no text of the report or of the answer."""


def retry_after_s(header: str | None) -> float | None:
    """Read a Retry-After header: seconds or an HTTP date."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)


def first_valid(content: str, answer: type[Answer]) -> Answer | None:
    """Return the valid answer in a completion: the whole of it, or the one JSON object within prose.

    Two different valid objects are no answer: which one is meant cannot be told.
    """
    content = _THINKING.sub("", content).strip()
    whole = validated(content, answer)
    if whole is not None:
        return whole
    valid = [found for piece in json_objects(content) if (found := validated(piece, answer)) is not None]
    return valid[0] if valid and all(found == valid[0] for found in valid) else None


def validated(content: str, answer: type[Answer]) -> Answer | None:
    """Return the JSON text as an object of the model, None when it is not valid."""
    try:
        return answer.model_validate_json(content)
    except ValidationError:  # its message quotes the input, so it goes no further
        return None


def json_objects(content: str) -> list[str]:
    """Return the top-level JSON objects in a text."""
    decoder = json.JSONDecoder()
    found: list[str] = []
    position = content.find("{")
    while position >= 0:
        try:
            _, end = decoder.raw_decode(content, position)
        except (json.JSONDecodeError, RecursionError):
            position = content.find("{", position + 1)
            continue
        found.append(content[position:end])
        position = content.find("{", end)
    return found
