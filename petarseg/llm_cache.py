"""Answers of language models on disk, so that a rerun asks only what is new."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from petarseg.files import content_key


class AnswerCache:
    """Answers by model, revision, prompt, text and schema.

    Parameters
    ----------
    folder : Path
        Made when missing, mode 0700: answers quote (scrubbed) reports.

    Notes
    -----
    Written atomically (rename) but not flushed to disk: after a power cut an answer may be missing or damaged, which reads as a miss
    and is asked again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def get(self, *key: object) -> str | None:
        """Return the stored JSON text of the answer, or None."""
        try:
            stored = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
            return None
        answer = stored.get("answer") if isinstance(stored, dict) else None
        return answer if isinstance(answer, str) else None

    def put(self, answer: str, *key: object) -> None:
        """Store the JSON text of an answer."""
        path = self._path(key)
        # A name of this thread's own; written and renamed in as few system calls as there can be, for it is done once an answer.
        temporary = f"{path.parent}/.tmp-{path.stem}-{os.getpid()}-{threading.get_ident()}"
        content = json.dumps({"answer": answer}).encode("utf-8")
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _path(self, key: tuple[object, ...]) -> Path:
        digest = content_key("llm-answer", *key)
        return self._folder / digest[:2] / f"{digest[2:]}.json"
