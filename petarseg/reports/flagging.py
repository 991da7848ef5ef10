"""What a reviewer may want to know of a measurement: its clause, old value, flags and confidence."""

from __future__ import annotations

import re

from petarseg.reports.lexicon import called_physiologic, degenerative, names_lesion, names_site, names_thing, physiologic
from petarseg.reports.measurement import HIGH, LOW, MEDIUM, Measurement
from petarseg.reports.pairing import Group, Mention
from petarseg.reports.reading import Reading, slices_of
from petarseg.reports.sentences import Sentence
from petarseg.reports.timing import CURRENT, DELAYED, PRIOR
from petarseg.reports.value import Value

_LOW = {"bare_number", "no_suv_keyword", "weak_prior"}

_MEDIUM = {
    "plain_suv",
    "has_prior",
    "two_sentences",
    "multi_lesion",
    "up_to",
    "ct_slice",
    "slice_tuple",
    "unsectioned",
    "dual_time_point",
    "approximate",
    "decimal_comma",
    "table",
}


def prior_of(reading: Reading, value: Value, group: Group) -> float | None:
    """Return the old value of the same lesion: of its group, or of a lone group of old values beside it."""
    old = [other for other in group.values if other.time == PRIOR and other.is_max and not other.reference]
    if not old:
        for other_group in reading.pairing.groups:
            if other_group is not group and all(other.time == PRIOR and not other.reference for other in other_group.values):
                old.extend(other_group.values)
        for other_group, _ in reading.pairing.pairs:
            if other_group is not group and all(other.time == PRIOR and not other.reference for other in other_group.values):
                old.extend(other_group.values)
        all_current = [other for other in reading.values if other.is_max and other.time == CURRENT and not other.reference]
        if len(all_current) == 1:
            old.extend(other for other in reading.values if other.time == PRIOR and other.is_max and other not in old)
    if not old:
        return None
    current = [other for other in reading.values if other.is_max and other.time == CURRENT and not other.reference]
    if len(old) == len(current) > 1:
        return sorted(old, key=lambda other: other.index)[current.index(value)].number
    return min(old, key=lambda other: abs(other.index - value.index)).number


_CLAUSE_END = re.compile(r";|\b(?:while|whereas|although|but|another)\b|\.\s", re.IGNORECASE)


def clause_of(normalized: str, sentence: Sentence, value: Value, slice_span: tuple[int, int]) -> str:
    """Return the part of the sentence, between semicolons and contrasting words, that holds the pair."""
    first, last = min(value.start, slice_span[0]), max(value.end, slice_span[1])
    begin, end = sentence.start, sentence.end
    for match in _CLAUSE_END.finditer(normalized, begin, end):
        if match.end() <= first:
            begin = match.end()
        elif match.start() >= last:
            end = match.start()
            break
    clause = " ".join(normalized[begin:end].split())
    return clause if names_thing(clause) else " ".join(normalized[sentence.start : sentence.end].split())


def flags_of(normalized: str, reading: Reading, value: Value, mention: Mention, clause: str, prior: float | None) -> tuple[str, ...]:
    """Return the flags of an accepted or rejected pair, sorted; docs/explanation/grammar.md says what each means."""
    sentence = reading.sentence
    slices = slices_of(mention)
    whole = " ".join(normalized[sentence.start : sentence.end].split())
    flags = set(value.flags)
    current = [other for other in reading.values if other.is_max and other.time == CURRENT and not other.reference]
    if physiologic(clause) or (len(current) == 1 and not names_lesion(clause) and called_physiologic(whole)):
        flags.add("physiologic")
    if degenerative(clause):
        flags.add("degenerative")
    if prior is not None:
        flags.add("has_prior")
    if len(current) > 1:
        flags.add("multi_lesion")
    if "respectively" in whole.lower() and len(current) > 1:
        flags.add("respectively")
    if any(other.time == DELAYED for other in reading.values):
        flags.add("dual_time_point")
    if slices.plane == "ct":
        flags.add("ct_slice")
    if slices.form != "plain":
        flags.add(f"slice_{slices.form}")
    if sentence.assumed:
        flags.add("unsectioned")
    if not names_site(whole) and not sentence.region:
        flags.add("no_anatomy")
    if "." not in value.text and "," not in value.text:
        flags.add("no_decimals")
    return tuple(sorted(flags))


def confidence_of(reading: Reading, value: Value, measurement: Measurement) -> str:
    """Return ``high``, ``medium`` or ``low``."""
    flags = set(measurement.flags)
    if flags & _LOW or (not reading.pairing.certain and "respectively" not in flags):
        return LOW
    return MEDIUM if flags & _MEDIUM else HIGH
