"""A model on a server, and what is said to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from petarseg.files import content_key


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model on a server.

    Parameters
    ----------
    name : str
        What the run report calls it.
    base_url : str
        Up to and including ``/v1``.
    model, revision : str
        The name the server knows the model by, and the pinned revision (part of the cache key and the provenance).
    api_key : str, optional
        Sent as bearer token.
    max_concurrency : int
        Requests at a time; at or above the server's ``max_num_seqs``.
    requests_per_s : float, optional
        Rate limit.
    timeout_s : float
        Of one call, all included.
    max_attempts : int
        Calls per answer before `TransientError`.
    backoff_s, max_backoff_s : float
        First and longest pause between attempts.
    max_tokens, seed : int
        Of the completion.
    thinking : bool, optional
        False switches the thinking of Qwen3 and its like off through the chat template, None (default) does so for models called qwen3.
    """

    name: str
    base_url: str
    model: str
    revision: str = ""
    api_key: str | None = field(default=None, repr=False)
    max_concurrency: int = 64
    requests_per_s: float | None = None
    timeout_s: float = 120.0
    max_attempts: int = 6
    backoff_s: float = 0.5
    max_backoff_s: float = 60.0
    max_tokens: int = 256
    seed: int = 0
    thinking: bool | None = None

    @property
    def template_options(self) -> dict[str, object]:
        """Further body fields that switch thinking off where the model has it."""
        off = self.thinking is False or (self.thinking is None and "qwen3" in self.model.lower().replace("-", ""))
        return {"chat_template_kwargs": {"enable_thinking": False}} if off else {}


@dataclass(frozen=True, slots=True)
class Prompt:
    """Instructions and examples that come before the text.

    Parameters
    ----------
    name : str
        Purpose and version, "suvmax_slice/v1".
    instructions : str
    examples : tuple of (str, str)
        Text and the JSON answer it should get.
    """

    name: str
    instructions: str
    examples: tuple[tuple[str, str], ...] = ()

    @property
    def hash(self) -> str:
        """Key of the words; goes into the cache key and the provenance of every row."""
        return content_key("prompt", self.name, self.instructions, self.examples)

    def messages(self, text: str) -> list[dict[str, str]]:
        """Lay out the chat: everything constant first (the server's prefix cache), the text last.

        The instructions open the first user turn: the templates of Mistral and Mixtral Instruct refuse a system turn.
        """
        turns = [*self.examples, (text, "")]
        chat: list[dict[str, str]] = []
        for number, (user, assistant) in enumerate(turns):
            chat.append({"role": "user", "content": user if number else f"{self.instructions}\n\n{user}"})
            if number < len(self.examples):
                chat.append({"role": "assistant", "content": assistant})
        return chat
