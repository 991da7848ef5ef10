"""The grammar reader: SUVmax and axial slice of every lesion, each number traceable to its characters.

Deterministic and without a model. Per sentence of the findings: cut it into chunks (`mentions`), find the SUVs and classify them
(`values`, `timing`, `reference`), pair them with slices (`pairing`), and give each number a verdict (`verdicts`). Numbers that are not
accepted are kept with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from petarseg.reasons import Reason
from petarseg.reports.chunk import DATE
from petarseg.reports.lexicon import ANATOMY, LESION, degenerative, is_reference_name, physiologic
from petarseg.reports.measurement import LOW, MEDIUM, Measurement
from petarseg.reports.normalize import normalize
from petarseg.reports.reading import Reading, read_sentence, slices_of, usable_mentions
from petarseg.reports.records import find_captioned_lists, find_records
from petarseg.reports.sentences import Sentence, split_normalized
from petarseg.reports.table_columns import DateKey, date_key
from petarseg.reports.tables import Table, find_tables
from petarseg.reports.timing import CURRENT
from petarseg.reports.verdicts import judge, position_of, section_reason, verdicts

__all__ = ["Measurement", "read_measurements"]

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


# A table with the columns SUVmax and slice lists lesions, under whatever heading, but not what was or what is concluded.
_NEVER_TABLES = frozenset({"impression", "comparison", "history", "addendum", "technique"})


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
    for other in (*find_captioned_lists(normalized), *find_records(normalized)):
        if all(other.end <= table.start or other.start >= table.end for table in tables):
            tables.append(other)
    sentences = split_normalized(text, normalized)
    for table in tables:
        results.extend(_read_table(text, table, sentences))
    sentences = [sentence for sentence in sentences if all(sentence.end <= table.start or sentence.start >= table.end for table in tables)]
    readings = [read_sentence(normalized, sentence) for sentence in sentences]
    _settle_dated_lines(normalized, readings)
    index = 0
    while index < len(readings):
        reading = readings[index]
        if reading is None:
            index += 1
            continue
        # "Hilar node on image 113. It measures 12 mm. SUVmax is 5.2."
        ahead = 2 if index + 2 < len(readings) and _is_interlude(normalized, reading, readings[index + 1], sentences[index + 1]) else 1
        joined = _join(normalized, reading, readings[index + ahead], ahead) if index + ahead < len(readings) else None
        if joined is not None:
            results.append(_two_sentences(text, normalized, reading, joined))
            index += ahead + 1
        else:
            results.extend(verdicts(text, normalized, reading))
            index += 1
    return _without_repeats(sorted(results, key=lambda measurement: (measurement.start, position_of(measurement))))


def _settle_dated_lines(normalized: str, readings: Sequence[Reading | None]) -> None:
    """Take the latest of several dated lines below one lesion as the current one: "06/2024: SUVmax 5.2", "01/2024: SUVmax 7.1"."""
    run: list[tuple[DateKey, Reading]] = []
    for reading in [*readings, None]:
        first = reading.chunks[0] if reading is not None and reading.chunks else None
        key = date_key(normalized[first.start : first.end]) if first is not None and first.kind == DATE else None
        if reading is not None and key is not None and reading.values:
            run.append((key, reading))
            continue
        if len({dated for dated, _ in run}) > 1:
            latest = max(dated for dated, _ in run)
            for value in (value for dated, other in run if dated == latest for value in other.values[:1]):
                value.time = CURRENT
        run = []


def _without_repeats(found: list[Measurement]) -> list[Measurement]:
    """Reject a statement that gives SUVmax and slice of an earlier sentence again: "The hottest lesion has SUVmax 33.5 on slice 112"."""
    first: dict[tuple[float | None, int | None], Measurement] = {}
    kept = []
    for measurement in found:
        if measurement.status == "accepted":
            earlier = first.setdefault((measurement.suv_max, measurement.axial_slice), measurement)
            if earlier.end <= measurement.start:
                measurement = replace(measurement, status="rejected", reason=Reason.DUPLICATE_FINDING)
        kept.append(measurement)
    return kept


def _read_table(text: str, table: Table, sentences: Sequence[Sentence]) -> Iterator[Measurement]:
    section = next((sentence for sentence in sentences if sentence.end > table.start), None)
    for row in table.rows:
        suv_text = text[slice(*row.suv_span)] if row.suv_span is not None else None
        number = int(text[slice(*row.slice_span)]) if row.slice_span is not None else None
        prior = float(text[slice(*row.prior_span)].replace(",", ".")) if row.prior_span is not None else None
        reason = None
        if section is not None and section.section in _NEVER_TABLES:
            reason = section_reason(section)
        elif row.reason is not None:
            reason = row.reason
        elif suv_text is None:
            reason = Reason.SLICE_WITHOUT_SUV if number is not None else Reason.PRIOR_VALUE
        elif number is None:
            reason = Reason.SUV_WITHOUT_SLICE
        elif is_reference_name(row.label):
            reason = Reason.REFERENCE_ORGAN
        flags = (
            {"table"}
            | ({"has_prior"} if prior is not None else set())
            | ({"physiologic"} if physiologic(text[row.start : row.end]) else set())
            | ({"degenerative"} if degenerative(text[row.start : row.end]) else set())
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


def _is_interlude(normalized: str, first: Reading, between: Reading | None, sentence: Sentence) -> bool:
    """Say whether a sentence without SUV and slice goes on about the lesion before it, so that the next one may too."""
    words = normalized[sentence.start : sentence.end]
    before = normalized[first.sentence.start : first.sentence.end].lower()
    things = (*ANATOMY.finditer(words), *LESION.finditer(words))
    return (
        between is None
        and sentence.section == "findings"
        and sentence.line - first.sentence.line <= 1
        and len(words.split()) <= 14
        and all(match.group().lower() in before for match in things)
    )


def _join(normalized: str, first: Reading, second: Reading | None, ahead: int) -> tuple[Reading, Reading] | None:
    """Return (the one with the SUV, the one with the slice) when two adjacent sentences make one finding."""
    if (
        second is None
        or first.sentence.section != "findings"
        or second.sentence.section != "findings"
        or first.sentence.region != second.sentence.region
    ):
        return None
    if second.sentence.line - first.sentence.line > ahead:
        return None
    for with_suv, with_slice in ((first, second), (second, first)):
        if _only_suv(with_suv) and _only_slice(with_slice) and _speaks_of_same(normalized, first.sentence, second.sentence):
            return with_suv, with_slice
    return None


def _only_suv(reading: Reading) -> bool:
    groups = [*reading.pairing.groups]
    current = [value for group in groups for value in group.current]
    return not reading.mentions and len(current) == 1 and not current[0].bound and not any(value.reference for value in reading.values)


def _only_slice(reading: Reading) -> bool:
    usable = usable_mentions(reading.mentions)
    return (
        not reading.values
        and len(usable) == 1
        and not usable[0].prior
        and not slices_of(usable[0]).is_range
        and len(slices_of(usable[0]).numbers) == 1
    )


def _speaks_of_same(normalized: str, first: Sentence, second: Sentence) -> bool:
    """Say whether the second sentence goes on about the lesion of the first."""
    words = normalized[second.start : second.end]
    if _ANAPHORA.match(words) is None or re.search(r"\b(?:another|second|additional|separate|other|new)\b", words, re.IGNORECASE):
        return False
    before = normalized[first.start : first.end].lower()
    return all(match.group().lower() in before for match in ANATOMY.finditer(words))


def _two_sentences(text: str, normalized: str, first: Reading, roles: tuple[Reading, Reading]) -> Measurement:
    with_suv, with_slice = roles
    second = with_slice if with_suv is first else with_suv
    group = next(group for group in with_suv.pairing.groups if group.current)
    mention = usable_mentions(with_slice.mentions)[0]
    start, end = first.sentence.start, second.sentence.end
    sentence = replace(first.sentence, text=text[start:end], end=end)
    reading = Reading(sentence, [*first.chunks, *second.chunks], with_suv.values, [mention], with_suv.pairing)
    measurement = judge(text, normalized, reading, group.current[0], group, mention, 0)
    flags = tuple(sorted({*measurement.flags, "two_sentences"}))
    return replace(measurement, flags=flags, confidence=LOW if measurement.confidence == LOW else MEDIUM)
