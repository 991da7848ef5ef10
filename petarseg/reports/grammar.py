"""The grammar reader: SUVmax and axial slice of every lesion, each number traceable to its characters.

Deterministic and without a model. Per sentence of the findings: cut it into chunks (`mentions`), find the SUVs and classify them
(`values`), pair them with slices (`pairing`), and give each number a verdict. Numbers that are not accepted are kept with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from petarseg.reasons import Reason
from petarseg.reports.lexicon import (
    ANATOMY,
    LESION,
    artefact,
    called_physiologic,
    for_reference,
    is_reference_name,
    names_lesion,
    names_site,
    physiologic,
)
from petarseg.reports.mentions import SLICE, Chunk, SliceNumbers, chunks
from petarseg.reports.normalize import normalize
from petarseg.reports.pairing import Group, Mention, Pairing, group_values, pair
from petarseg.reports.sentences import Sentence, split_normalized
from petarseg.reports.tables import Table, find_tables
from petarseg.reports.timing import CURRENT, DELAYED, PRIOR
from petarseg.reports.values import Value, read_values

HIGH, MEDIUM, LOW = "high", "medium", "low"


@dataclass(frozen=True, slots=True)
class Measurement:
    """What the report says about one lesion, or why a number does not count.

    Parameters
    ----------
    status : str
        ``accepted`` or ``rejected``.
    reason : Reason or None
        Why it is rejected.
    sentence : str
        The original characters, ``text[start:end]``; two sentences when one holds the SUV and the next the slice.
    start, end : int
        Offsets in the input text.
    suv_max : float or None
        Reported SUVmax of the current examination.
    axial_slice : int or None
        Reported axial slice number, as written.
    suv_span, slice_span : tuple of int or None
        Offsets of the two numbers in the input text.
    suv_text : str or None
        The SUV as written, "8,30".
    prior_suv : float or None
        SUVmax of an earlier examination given beside it.
    confidence : str
        ``high``, ``medium`` or ``low``.
    flags : tuple of str
        What a reviewer may want to know: ``physiologic``, ``two_sentences``, ``plain_suv``, ...
    evidence : dict
        JSON-serialisable facts behind the verdict; never free text of the report.
    """

    status: str
    reason: Reason | None
    sentence: str
    start: int
    end: int
    suv_max: float | None = None
    axial_slice: int | None = None
    suv_span: tuple[int, int] | None = None
    slice_span: tuple[int, int] | None = None
    suv_text: str | None = None
    prior_suv: float | None = None
    confidence: str = HIGH
    flags: tuple[str, ...] = ()
    evidence: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class _Reading:
    """A sentence with what was found in it."""

    sentence: Sentence
    chunks: list[Chunk]
    values: list[Value]
    mentions: list[Mention]
    pairing: Pairing


_DIGIT = re.compile(r"\d")
_CANDIDATE = re.compile(
    r"\bs\.?\s?u\.?\s?[vl]|\bsvu|suv|uptake\s+values?|\bsl(?:ice|c|cie)?s?\b|silce|\bim(?:age|g|aeg)?s?\b|iamge|imgae|\bax(?:ial)?\b"
    r"|\bfused\b|\bframe|\d\s?/\s?\d|\bmax(?:imum|imal)?\s(?:\w+\s)?uptake",
    re.IGNORECASE,
)
_PRIOR_SLICE_AFTER = re.compile(
    r"\s?\)?\s?(?:(?:of|on|in|from)\s(?:the\s|that\s|her\s|his\s)?(?:most recent\s|immediate\s)?(?:prior|previous|preceding|earlier"
    r"|baseline|old|comparison|interim|last)\b|(?:previously|formerly)\b(?=\s?(?:[,;).]|$)))",
    re.IGNORECASE,
)
_PRIOR_SLICE_BEFORE = re.compile(
    r"\b(?:prior|previous|previously|formerly|earlier|baseline|old|comparison)\s(?:(?:study|exam|examination|scan|pet|ct|pet/ct|on|at"
    r"|in|the|seen|was|were|imaging|located|axial|:)\s?){0,5}$",
    re.IGNORECASE,
)
_RESOLVED = re.compile(
    r"\b(?:(?:is|are|has|have|was|were)\s(?:now\s|since\s|completely\s|entirely\s|almost\s|nearly\s|all\s)*(?:gone|resolved"
    r"|disappeared|vanished|cleared|normali[sz]ed)|no longer (?:seen|visible|present|avid|fdg|identified|evident|apparent"
    r"|hypermetabolic|demonstrated|appreciated)|(?:complete|interval|metabolic|near-complete) resolution of|not seen today)\b",
    re.IGNORECASE,
)
_ANAPHORA = re.compile(
    r"(?:[\"'(\[\s]*)(?:it|its|this|these|they|their|which|that|the (?:above|same|latter|described|aforementioned|former)"
    r"|the (?:\w+\s){0,3}?(?:mass|lesion|nodule|node|focus|uptake|activity|finding|abnormality|tumou?r|area|deposit|implant|"
    r"suv\w*|max\w*|peak|hottest|most|maximum|maximal|highest|epicent\w+|cent(?:er|re)|largest|metastasis|conglomerate|slice|image"
    r"|level|lymph node|thickening|cluster|one|value|measurement)|"
    r"suv\w*|s\.u\.v|max\w*|peak|standard\w* uptake|best (?:seen|visuali\w+|appreciated|demonstrated)|seen (?:on|at)|see\b"
    r"|corresponding|located|here|there is (?:an? )?(?:associated )?(?:suv|max)|measur\w+|on (?:the )?(?:pet|axial|slice|image|fused"
    r"|im|series)|"
    r"at (?:pet|axial|slice|image|fused|level)|pet|axial|slice|image|im|img|fused|series|ax|sl|with (?:an? |the )?(?:max\w*|suv)|\d)",
    re.IGNORECASE,
)


def read_measurements(text: str) -> list[Measurement]:
    """Read every SUV and slice of a report.

    Parameters
    ----------
    text : str
        The report as it came, or its scrubbed form; all offsets refer to this string.

    Returns
    -------
    list of Measurement
        In text order. Every sentence with an SUV or a slice number gives at least one, accepted or rejected with a reason.

    Notes
    -----
    What counts as a measurement is decision 23 of the method specification: the current SUVmax and axial slice of one lesion in the
    findings section. Only the SUV floor and the image checks come later.

    Examples
    --------
    >>> m, = read_measurements("FINDINGS: Right hilar node, SUVmax 5,2 (fused image 77), previously 6.3.")
    >>> m.status, m.suv_max, m.axial_slice, m.prior_suv
    ('accepted', 5.2, 77, 6.3)
    """
    normalized = normalize(text)
    results: list[Measurement] = []
    tables = find_tables(normalized)
    sentences = split_normalized(text, normalized)
    for table in tables:
        results.extend(_read_table(text, table, sentences))
    sentences = [sentence for sentence in sentences if all(sentence.end <= table.start or sentence.start >= table.end for table in tables)]
    readings = [_read(normalized, sentence) for sentence in sentences]
    index = 0
    while index < len(readings):
        reading = readings[index]
        joined = _join(normalized, reading, readings[index + 1]) if reading is not None and index + 1 < len(readings) else None
        if reading is not None and joined is not None:
            results.append(_two_sentences(text, normalized, reading, joined))
            index += 2
            continue
        if reading is not None:
            results.extend(_verdicts(text, normalized, reading))
        index += 1
    return sorted(results, key=lambda measurement: (measurement.start, _position(measurement)))


# --- tables ---


def _read_table(text: str, table: Table, sentences: Sequence[Sentence]) -> Iterator[Measurement]:
    section = next((sentence for sentence in sentences if sentence.end > table.start), None)
    for row in table.rows:
        suv_text = text[slice(*row.suv_span)] if row.suv_span is not None else None
        number = int(text[slice(*row.slice_span)]) if row.slice_span is not None else None
        prior = float(text[slice(*row.prior_span)].replace(",", ".")) if row.prior_span is not None else None
        reason = None
        if section is not None and section.section != "findings":
            reason = _section_reason(section)
        elif suv_text is None:
            reason = Reason.SLICE_WITHOUT_SUV
        elif number is None:
            reason = Reason.SUV_WITHOUT_SLICE
        elif is_reference_name(text[row.start : row.end]):
            reason = Reason.REFERENCE_ORGAN
        flags = (
            {"table"}
            | ({"has_prior"} if prior is not None else set())
            | ({"physiologic"} if physiologic(text[row.start : row.end]) else set())
        )
        yield Measurement(
            status="accepted" if reason is None else "rejected",
            reason=reason,
            sentence=text[row.start : row.end],
            start=row.start,
            end=row.end,
            suv_max=float(suv_text.replace(",", ".")) if suv_text is not None else None,
            axial_slice=number,
            suv_span=row.suv_span,
            slice_span=row.slice_span,
            suv_text=suv_text,
            prior_suv=prior,
            confidence=MEDIUM,
            flags=tuple(sorted(flags)),
            evidence={"section": section.section if section is not None else "findings"},
        )


# --- reading one sentence ---


def _read(normalized: str, sentence: Sentence) -> _Reading | None:
    if (
        _DIGIT.search(normalized, sentence.start, sentence.end) is None
        or _CANDIDATE.search(normalized, sentence.start, sentence.end) is None
    ):
        return None
    pieces = chunks(normalized, sentence.start, sentence.end)
    values = read_values(pieces)
    mentions = [
        Mention(index, chunk, _is_prior_slice(normalized, sentence, chunk)) for index, chunk in enumerate(pieces) if chunk.kind == SLICE
    ]
    if any(mention.chunk.slices and mention.chunk.slices.form == "tuple" for mention in mentions) and not values:
        # "3/78" without a word counts as series and image only beside an SUV.
        mentions = [mention for mention in mentions if not mention.chunk.text[0].isdigit()]
    if not values and not mentions:
        return None
    _mark_resolved(normalized, sentence, values)
    usable = _usable_mentions(mentions)
    groups = group_values(pieces, values, len(usable))
    return _Reading(sentence, pieces, values, mentions, pair(pieces, groups, usable))


def _usable_mentions(mentions: Sequence[Mention]) -> list[Mention]:
    """Return the axial mentions; those of the CT series and ranges only where nothing better is given."""
    axial = [mention for mention in mentions if _slices(mention).plane == "axial"] or [
        mention for mention in mentions if _slices(mention).plane == "ct"
    ]
    return [mention for mention in axial if not _slices(mention).is_range] or axial


def _slices(mention: Mention) -> SliceNumbers:
    """Return the numbers of a mention; every mention is made from a slice chunk."""
    slices = mention.chunk.slices
    if slices is None:
        raise TypeError("a Mention is made from a chunk of kind SLICE")
    return slices


def _is_prior_slice(normalized: str, sentence: Sentence, chunk: Chunk) -> bool:
    after = " ".join(normalized[chunk.end : min(sentence.end, chunk.end + 60)].split())
    before = " ".join(normalized[max(sentence.start, chunk.start - 60) : chunk.start].split()) + " "
    return _PRIOR_SLICE_AFTER.match(after) is not None or _PRIOR_SLICE_BEFORE.search(before) is not None


def _mark_resolved(normalized: str, sentence: Sentence, values: Sequence[Value]) -> None:
    """Mark the values of a lesion that is gone as prior: "The prior node (SUVmax 18.2 on slice 52) is gone"."""
    for match in _RESOLVED.finditer(normalized, sentence.start, sentence.end):
        for position, value in enumerate(values):
            following = values[position + 1].start if position + 1 < len(values) else sentence.end
            if value.end <= match.start() <= following and not match.group().lower().endswith("of"):
                between = normalized[value.end : match.start()]
                if ";" not in between and LESION.search(between) is None and not value.said_now:
                    value.time = PRIOR
            elif (
                match.group().lower().endswith("of")
                and 0 < value.start - match.end() < 90
                and ";" not in normalized[match.end() : value.start]
            ):
                value.time = PRIOR

    nothing_left = _NOTHING_LEFT.search(normalized, sentence.start, sentence.end)
    for value in values if nothing_left is not None else ():
        if nothing_left is not None and value.start >= nothing_left.end() and not value.said_now:
            value.time = PRIOR


_NOTHING_LEFT = re.compile(
    r"\bno (?:(?:residual|persistent|persisting|abnormal|significant|definite|remaining|further|appreciable|fdg|tracer|focal|evidence"
    r"|of) ){0,4}(?:uptake|activity|avidity|disease|lesion|mass|node|abnormality)\b[^.;]{0,60}\b(?:prior|previous|previously|former"
    r"|original|earlier)\b",
    re.IGNORECASE,
)


# --- verdicts ---


def _verdicts(text: str, normalized: str, reading: _Reading) -> list[Measurement]:
    listed = _zip_lists(reading)
    found = [_judge(text, normalized, reading, value, group, mention, number) for value, group, mention, number in listed] if listed else []
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
    return sorted(_drop_companions(found), key=_position)


def _position(measurement: Measurement) -> int:
    span = measurement.suv_span or measurement.slice_span
    return span[0] if span is not None else measurement.start


def _drop_companions(found: list[Measurement]) -> list[Measurement]:
    """Leave out what an accepted finding already explains: its old value, its SUVmean, the background it is compared with."""
    if not any(measurement.status == "accepted" for measurement in found):
        return found
    quiet = {Reason.PRIOR_VALUE, Reason.SUV_NOT_MAX, Reason.NOT_AXIAL_SLICE}
    return [measurement for measurement in found if measurement.reason not in quiet]


def _zip_lists(reading: _Reading) -> list[tuple[Value, Group, Mention, int]]:
    """Pair "5.2 and 3.8 on slices 77 and 80, respectively" in order; empty when the sentence has no such lists."""
    groups = [*(group for group, _ in reading.pairing.pairs), *reading.pairing.groups]
    groups.sort(key=lambda group: group.first)
    current = [(value, group) for group in groups for value in group.current if not value.is_range]
    mentions = [mention for mention in _usable_mentions(reading.mentions) if not _slices(mention).is_range and not mention.prior]
    numbers = [(mention, index) for mention in mentions for index in range(len(_slices(mention).numbers))]
    has_list = any(len(group.current) > 1 for group in groups) or any(len(_slices(mention).numbers) > 1 for mention in mentions)
    if not has_list or len(current) < 2 or len(current) != len(numbers):
        return []
    return [(value, group, mention, index) for (value, group), (mention, index) in zip(current, numbers, strict=True)]


def _judge_pair(text: str, normalized: str, reading: _Reading, group: Group, mention: Mention) -> list[Measurement]:
    slices = _slices(mention)
    current = group.current
    if not current:
        return [_reject(text, reading, _group_reason(group), group.values[0], mention)]
    if any(value.is_range for value in current):
        return [_reject(text, reading, Reason.SUV_RANGE, current[0], mention)]
    if mention.prior:
        return [_reject(text, reading, Reason.PRIOR_VALUE, current[0], mention)]
    if slices.is_range:
        return [_reject(text, reading, Reason.SLICE_RANGE, current[0], mention)]
    if len(current) > 1 or _shared(normalized, reading, mention):
        return [_reject(text, reading, Reason.MULTIPLE_VALUES, value, mention) for value in current]
    if len(slices.numbers) > 1:
        near = max(slices.numbers) - min(slices.numbers) < len(slices.numbers)
        return [_reject(text, reading, Reason.SLICE_RANGE if near else Reason.MULTIPLE_VALUES, current[0], mention)]
    return [_judge(text, normalized, reading, current[0], group, mention, 0)]


def _shared(normalized: str, reading: _Reading, mention: Mention) -> bool:
    """Say whether one slice is given for several values: "both on slice 203"."""
    before = normalized[max(reading.sentence.start, mention.chunk.start - 24) : mention.chunk.start]
    several = sum(bool(group.current) for group in (*reading.pairing.groups, *(group for group, _ in reading.pairing.pairs))) > 1
    return several and re.search(r"\b(?:both|all)\b(?:\s\w+){0,2}\s(?:on|at|in)\s(?:the\s)?(?:same\s)?$", before, re.IGNORECASE) is not None


def _judge(text: str, normalized: str, reading: _Reading, value: Value, group: Group, mention: Mention, number: int) -> Measurement:
    """Accept a value with its slice, unless its section, clause or form forbids it."""
    slices = _slices(mention)
    sentence = reading.sentence
    clause = _clause(normalized, sentence, value, slices.spans[number])
    reason = None
    if sentence.section != "findings":
        reason = _section_reason(sentence)
    elif value.bound:
        reason = Reason.SUV_RANGE
    elif value.number <= 0 or value.number > 200 or slices.numbers[number] < 1:
        reason = Reason.INVALID_VALUE
    elif for_reference(clause) or (len(reading.values) == 1 and for_reference(" ".join(normalized[sentence.start : sentence.end].split()))):
        reason = Reason.REFERENCE_ORGAN
    elif artefact(clause):
        reason = Reason.ARTEFACT
    prior = _prior_of(reading, value, group)
    flags = _flags(normalized, reading, value, group, mention, clause, prior)
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
        suv_text=text[value.start : value.end],
        prior_suv=prior,
        flags=flags,
        evidence=_evidence(reading),
    )
    return replace(measurement, confidence=_confidence(reading, value, measurement))


def _judge_lonely_group(text: str, reading: _Reading, group: Group, accepted: bool, normalized: str) -> list[Measurement]:
    if not group.current:
        value = group.values[0]
        reason = _group_reason(group)
        return [] if accepted and reason in (Reason.PRIOR_VALUE, Reason.SUV_NOT_MAX) else [_reject(text, reading, reason, value, None)]
    other_planes = [mention for mention in reading.mentions if mention not in _usable_mentions(reading.mentions)]
    if any(value.is_range for value in group.current):
        reason, mention = Reason.SUV_RANGE, None
    elif len(reading.pairing.pairs) == 0 and other_planes:
        mention = other_planes[0]
        reason = Reason.SLICE_RANGE if _slices(mention).is_range else Reason.NOT_AXIAL_SLICE
    else:
        reason, mention = Reason.SUV_WITHOUT_SLICE, None
    return [_reject(text, reading, reason, value, mention) for value in group.current[: 1 if reason is Reason.SUV_RANGE else None]]


def _lonely_reason(mention: Mention) -> Reason:
    slices = _slices(mention)
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


def _section_reason(sentence: Sentence) -> Reason:
    return Reason.PRIOR_VALUE if sentence.section in ("history", "comparison") else Reason.NOT_IN_FINDINGS


def _reject(text: str, reading: _Reading, reason: Reason, value: Value | None, mention: Mention | None) -> Measurement:
    sentence = reading.sentence
    if sentence.section != "findings":
        reason = _section_reason(sentence)
    slices = _slices(mention) if mention is not None else None
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
        suv_text=text[value.start : value.end] if value is not None else None,
        prior_suv=value.number if value is not None and is_prior else None,
        flags=("unsectioned",) if sentence.assumed else (),
        evidence=evidence,
    )


def _evidence(reading: _Reading) -> dict[str, object]:
    return {
        "section": reading.sentence.section,
        "n_suv": len(reading.values),
        "n_slices": sum(len(_slices(mention).numbers) for mention in reading.mentions),
    }


def _prior_of(reading: _Reading, value: Value, group: Group) -> float | None:
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


def _clause(normalized: str, sentence: Sentence, value: Value, slice_span: tuple[int, int]) -> str:
    """Return the part of the sentence, between semicolons and contrasting words, that holds the pair."""
    first, last = min(value.start, slice_span[0]), max(value.end, slice_span[1])
    begin, end = sentence.start, sentence.end
    for match in re.compile(r";|\b(?:while|whereas|although|but|another)\b|\.\s", re.IGNORECASE).finditer(
        normalized, sentence.start, sentence.end
    ):
        if match.end() <= first:
            begin = match.end()
        elif match.start() >= last:
            end = match.start()
            break
    if LESION.search(normalized, begin, end) is None and ANATOMY.search(normalized, begin, end) is None:
        begin, end = sentence.start, sentence.end
    return " ".join(normalized[begin:end].split())


def _flags(
    normalized: str, reading: _Reading, value: Value, group: Group, mention: Mention, clause: str, prior: float | None
) -> tuple[str, ...]:
    sentence = reading.sentence
    slices = _slices(mention)
    whole = " ".join(normalized[sentence.start : sentence.end].split())
    flags = set(value.flags)
    current = [other for other in reading.values if other.is_max and other.time == CURRENT and not other.reference]
    if physiologic(clause) or (len(current) == 1 and not names_lesion(clause) and called_physiologic(whole)):
        flags.add("physiologic")
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
    if "." not in value_text(normalized, value) and "," not in value_text(normalized, value):
        flags.add("no_decimals")
    return tuple(sorted(flags))


def value_text(text: str, value: Value) -> str:
    """Return the characters of a value."""
    return text[value.start : value.end]


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


def _confidence(reading: _Reading, value: Value, measurement: Measurement) -> str:
    flags = set(measurement.flags)
    if flags & _LOW or (not reading.pairing.certain and "respectively" not in flags):
        return LOW
    return MEDIUM if flags & _MEDIUM else HIGH


# --- two sentences ---


def _join(normalized: str, first: _Reading, second: _Reading | None) -> tuple[_Reading, _Reading] | None:
    """Return (the one with the SUV, the one with the slice) when two adjacent sentences make one finding."""
    if (
        second is None
        or first.sentence.section != "findings"
        or second.sentence.section != "findings"
        or first.sentence.region != second.sentence.region
    ):
        return None
    if second.sentence.line - first.sentence.line > 1:
        return None
    for with_suv, with_slice in ((first, second), (second, first)):
        if _only_suv(with_suv) and _only_slice(with_slice) and _speaks_of_same(normalized, first.sentence, second.sentence):
            return with_suv, with_slice
    return None


def _only_suv(reading: _Reading) -> bool:
    groups = [*reading.pairing.groups]
    current = [value for group in groups for value in group.current]
    return not reading.mentions and len(current) == 1 and not current[0].bound and not any(value.reference for value in reading.values)


def _only_slice(reading: _Reading) -> bool:
    usable = _usable_mentions(reading.mentions)
    return (
        not reading.values
        and len(usable) == 1
        and not usable[0].prior
        and not _slices(usable[0]).is_range
        and len(_slices(usable[0]).numbers) == 1
    )


def _speaks_of_same(normalized: str, first: Sentence, second: Sentence) -> bool:
    """Say whether the second sentence goes on about the lesion of the first."""
    words = normalized[second.start : second.end]
    if _ANAPHORA.match(words) is None or re.search(r"\b(?:another|second|additional|separate|other|new)\b", words, re.IGNORECASE):
        return False
    before = normalized[first.start : first.end].lower()
    return all(match.group().lower() in before for match in ANATOMY.finditer(words))


def _two_sentences(text: str, normalized: str, first: _Reading, roles: tuple[_Reading, _Reading]) -> Measurement:
    with_suv, with_slice = roles
    second = with_slice if with_suv is first else with_suv
    group = next(group for group in with_suv.pairing.groups if group.current)
    mention = _usable_mentions(with_slice.mentions)[0]
    start, end = first.sentence.start, second.sentence.end
    sentence = replace(first.sentence, text=text[start:end], end=end)
    reading = _Reading(sentence, [*first.chunks, *second.chunks], with_suv.values, [mention], with_suv.pairing)
    measurement = _judge(text, normalized, reading, group.current[0], group, mention, 0)
    flags = tuple(sorted({*measurement.flags, "two_sentences"}))
    return replace(measurement, flags=flags, confidence=LOW if measurement.confidence == LOW else MEDIUM)
