"""Give every number of a sentence its verdict: accepted, or rejected with a reason."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from petarseg.reasons import Reason
from petarseg.reports.flagging import clause_of, confidence_of, flags_of, prior_of
from petarseg.reports.lexicon import (
    artefact,
    for_reference,
    names_site,
)
from petarseg.reports.listing import in_order, sharing_one_slice
from petarseg.reports.measurement import Measurement
from petarseg.reports.pairing import Group, Mention
from petarseg.reports.reading import Reading, slices_of, usable_mentions
from petarseg.reports.sentences import Sentence
from petarseg.reports.timing import DELAYED, PRIOR
from petarseg.reports.value import Value


def verdicts(text: str, normalized: str, reading: Reading) -> list[Measurement]:
    """Return at least one measurement, accepted or rejected, for a sentence that was read.

    Parameters
    ----------
    text, normalized : str
        The report as it came, and normalised; offsets are the same in both.
    reading : Reading
    """
    listed = in_order(reading) or sharing_one_slice(normalized, reading)
    found = [judge(text, normalized, reading, value, group, mention, number) for value, group, mention, number in listed] if listed else []
    pairing = reading.pairing
    if not listed:
        for group, mention in pairing.pairs:
            found.extend(_judge_pair(text, normalized, reading, group, mention))
    accepted = any(measurement.status == "accepted" for measurement in found)
    done = {id(value) for value, *_ in listed} if listed else set()
    lonely = [group for group, _ in pairing.pairs if group.current] if listed else []
    for group in [*pairing.groups, *lonely]:
        if any(id(value) in done for value in group.values):
            continue
        found.extend(_judge_lonely_group(text, reading, group, accepted, normalized))
    numbered = {(value.start, value.end) for value, *_ in listed} if listed else set()
    if not numbered:
        for mention in pairing.mentions:
            found.append(_reject(text, reading, _lonely_reason(mention), None, mention))
    if not found:
        for mention in reading.mentions:
            found.append(_reject(text, reading, _lonely_reason(mention), None, mention))
    if not found and reading.values:
        found.append(_reject(text, reading, _group_reason(Group(list(reading.values))), reading.values[0], None))
    return sorted(_narrow(text, normalized, _drop_companions(found)), key=position_of)


def _narrow(text: str, normalized: str, found: list[Measurement]) -> list[Measurement]:
    """Give each of several findings its own part of the sentence where semicolons separate them and every part names its site."""
    accepted = [measurement for measurement in found if measurement.status == "accepted"]
    if len(accepted) < 2:
        return found
    start, end = accepted[0].start, accepted[0].end
    parts = list(pairwise([start, *(start + match.end() for match in re.finditer(";", normalized[start:end])), end]))
    owners: dict[int, tuple[int, int] | None] = {}
    for measurement in accepted:
        spans = [span for span in (measurement.suv_span, measurement.slice_span) if span is not None]
        owners[id(measurement)] = next((part for part in parts if all(part[0] <= a and b <= part[1] for a, b in spans)), None)
    chosen = list(owners.values())
    if None in chosen or len(set(chosen)) < len(chosen) or not all(names_site(normalized[part[0] : part[1]]) for part in chosen if part):
        return found
    return [_cut(text, measurement, owners[id(measurement)]) if id(measurement) in owners else measurement for measurement in found]


def _cut(text: str, measurement: Measurement, part: tuple[int, int] | None) -> Measurement:
    if part is None:
        return measurement
    start, end = part
    while start < end and text[start].isspace():
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] == ";"):
        end -= 1
    return replace(measurement, sentence=text[start:end], start=start, end=end)


def position_of(measurement: Measurement) -> int:
    """Return where the first number of a measurement stands, for sorting."""
    span = measurement.suv_span or measurement.slice_span
    return span[0] if span is not None else measurement.start


def _drop_companions(found: list[Measurement]) -> list[Measurement]:
    """Leave out what an accepted finding already explains: its old value, its SUVmean, the background it is compared with."""
    if not any(measurement.status == "accepted" for measurement in found):
        return found
    quiet = {Reason.PRIOR_VALUE, Reason.SUV_NOT_MAX, Reason.NOT_AXIAL_SLICE}
    return [measurement for measurement in found if measurement.reason not in quiet]


def _judge_pair(text: str, normalized: str, reading: Reading, group: Group, mention: Mention) -> list[Measurement]:
    slices = slices_of(mention)
    current = group.current
    if not current:
        return [_reject(text, reading, _group_reason(group), group.values[0], mention)]
    if any(value.is_range for value in current):
        return [_reject(text, reading, Reason.SUV_RANGE, current[0], mention)]
    if mention.prior:
        return [_reject(text, reading, Reason.PRIOR_VALUE, current[0], mention)]
    if slices.is_range:
        return [_reject(text, reading, Reason.SLICE_RANGE, current[0], mention)]
    if len(current) > 1:
        return [_reject(text, reading, Reason.MULTIPLE_VALUES, value, mention) for value in current]
    if len(slices.numbers) > 1:
        near = max(slices.numbers) - min(slices.numbers) < len(slices.numbers)
        return [_reject(text, reading, Reason.SLICE_RANGE if near else Reason.MULTIPLE_VALUES, current[0], mention)]
    return [judge(text, normalized, reading, current[0], group, mention, 0)]


def judge(text: str, normalized: str, reading: Reading, value: Value, group: Group, mention: Mention, number: int) -> Measurement:
    """Accept a value with its slice, unless its section, clause or form forbids it."""
    slices = slices_of(mention)
    sentence = reading.sentence
    clause = clause_of(normalized, sentence, value, slices.spans[number])
    reason = None
    if sentence.section != "findings":
        reason = section_reason(sentence)
    elif value.bound:
        reason = Reason.SUV_RANGE
    elif value.number <= 0 or value.number > 200 or slices.numbers[number] < 1:
        reason = Reason.INVALID_VALUE
    elif for_reference(clause) or (len(reading.values) == 1 and for_reference(" ".join(normalized[sentence.start : sentence.end].split()))):
        reason = Reason.REFERENCE_ORGAN
    elif artefact(clause):
        reason = Reason.ARTEFACT
    prior = prior_of(reading, value, group)
    flags = flags_of(normalized, reading, value, mention, clause, prior)
    measurement = Measurement(
        status="accepted" if reason is None else "rejected",
        reason=reason,
        sentence=sentence.text,
        start=sentence.start,
        end=sentence.end,
        suv_max=value.number,
        axial_slice=slices.numbers[number],
        suv_span=(value.start, value.end),
        slice_span=slices.spans[number],
        suv_text=value.text,
        prior_suv=prior,
        flags=flags,
        evidence=_evidence(reading),
    )
    return replace(measurement, confidence=confidence_of(reading, value, measurement))


def _judge_lonely_group(text: str, reading: Reading, group: Group, accepted: bool, normalized: str) -> list[Measurement]:
    if not group.current:
        value = group.values[0]
        reason = _group_reason(group)
        return [] if accepted and reason in (Reason.PRIOR_VALUE, Reason.SUV_NOT_MAX) else [_reject(text, reading, reason, value, None)]
    other_planes = [mention for mention in reading.mentions if mention not in usable_mentions(reading.mentions)]
    if any(value.is_range for value in group.current):
        reason, mention = Reason.SUV_RANGE, None
    elif len(reading.pairing.pairs) == 0 and other_planes:
        mention = other_planes[0]
        reason = Reason.SLICE_RANGE if slices_of(mention).is_range else Reason.NOT_AXIAL_SLICE
    else:
        reason, mention = Reason.SUV_WITHOUT_SLICE, None
    return [_reject(text, reading, reason, value, mention) for value in group.current[: 1 if reason is Reason.SUV_RANGE else None]]


def _lonely_reason(mention: Mention) -> Reason:
    slices = slices_of(mention)
    if mention.prior:
        return Reason.PRIOR_VALUE
    if slices.plane not in ("axial", "ct"):
        return Reason.NOT_AXIAL_SLICE
    return Reason.SLICE_RANGE if slices.is_range else Reason.SLICE_WITHOUT_SUV


def _group_reason(group: Group) -> Reason:
    """Say why a group of values has no current SUVmax."""
    maxima = [value for value in group.values if value.is_max]
    if any(value.reference for value in group.values):
        return Reason.REFERENCE_ORGAN
    if any(value.time == PRIOR for value in maxima):
        return Reason.PRIOR_VALUE
    if any(value.time == DELAYED for value in maxima):
        return Reason.DUAL_TIME_POINT
    return Reason.SUV_NOT_MAX


def section_reason(sentence: Sentence) -> Reason:
    """Return why a sentence outside the findings does not count."""
    return Reason.PRIOR_VALUE if sentence.section in ("history", "comparison") else Reason.NOT_IN_FINDINGS


def _reject(text: str, reading: Reading, reason: Reason, value: Value | None, mention: Mention | None) -> Measurement:
    sentence = reading.sentence
    if sentence.section != "findings":
        reason = section_reason(sentence)
    slices = slices_of(mention) if mention is not None else None
    axial = slices if slices is not None and slices.plane in ("axial", "ct") and len(slices.numbers) == 1 else None
    evidence = _evidence(reading)
    if slices is not None and axial is None:
        evidence |= {"plane": slices.plane, "slices": list(slices.numbers)}
    if value is not None and value.kind not in ("max", "plain", "uptake"):
        evidence["suv_kind"] = value.kind
    if value is not None and value.bound:
        evidence["bound"] = value.bound
    is_prior = value is not None and value.time == PRIOR
    return Measurement(
        status="rejected",
        reason=reason,
        sentence=sentence.text,
        start=sentence.start,
        end=sentence.end,
        suv_max=value.number if value is not None and value.is_max and not is_prior else None,
        axial_slice=axial.numbers[0] if axial is not None else None,
        suv_span=(value.start, value.end) if value is not None else None,
        slice_span=slices.spans[0] if slices is not None else None,
        suv_text=value.text if value is not None else None,
        prior_suv=value.number if value is not None and is_prior else None,
        flags=("unsectioned",) if sentence.assumed else (),
        evidence=evidence,
    )


def _evidence(reading: Reading) -> dict[str, object]:
    return {
        "section": reading.sentence.section,
        "n_suv": len(reading.values),
        "n_slices": sum(len(slices_of(mention).numbers) for mention in reading.mentions),
    }
