"""Read slice numbers without a slice word, beside an SUV only: "(3:88)", "#88", "z=97", "@ 113", "(PET 97)", "SUVmax/slice 5.2/113"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.chunk import SLICE, Chunk, SliceNumbers

SHORT = "short"

_LARGEST_SERIES = 20
_SHORTEST_TOTAL = 100  # slices that a PET of the body has at least
_TUPLE = re.compile(
    r"(?<![\d./:-])(?P<open>[(\[]\s?)?(?P<series>\d{1,3})\s?(?P<mark>[/:]|-(?=\d))\s?(?P<image>\d{1,4})(?P<close>\s?[)\]])?(?!\d"
    r"|[/:.-]\d|\s?(?:%|mm|cm|th))"
)
_CLOCK = re.compile(r"\s?(?:am|pm|a\.m|p\.m|h\b|hrs?\b|hours?\b|min|o'clock|uhr)", re.IGNORECASE)
_NO_TUPLE_BEFORE = re.compile(r"\b(?:at|time|until|since|ratio|scale|injected|scanned|acquired|score)\s?[:(=]?\s?(?:of\s)?$", re.IGNORECASE)

_FORMS = (
    # "SUVmax 13.3 (#88)": a lesion's number never stands right behind its SUV.
    re.compile(
        r"(?<=\d)\s?[,;(\[]{1,2}\s?(?:on |at )?(?:(?:fused |axial |ax )?(?:pet(?:/ct)? )?)?#\s?(?P<image>\d{2,4})\b(?!\s?(?:mm|cm|%))", re.I
    ),
    re.compile(r"\bz(?:[\s-]?(?:slice|pos(?:ition)?\.?|index))?\s?[=: ]\s?(?P<image>\d{2,4})\b(?![.,]\d|\s?(?:mm|cm|%))", re.I),
    re.compile(r"(?<=[(\[,;\s])i\.?\s?(?!1(?:2[345]|31)\b)(?P<image>\d{2,4})\b(?=\s?[)\],;.])(?![.,]\d)", re.I),
    re.compile(r"(?<=\d)\s?(?:g/ml\s)?@\s?#?(?P<image>\d{2,4})\b(?![.,]\d|\s?(?:mm|cm|%|min|h\b|hours?|sec))", re.I),
    re.compile(r"[(\[,;]\s?(?:axial |fused |ax )?pet(?:/ct)? #?(?P<image>\d{2,3})(?=\s?[)\],;.])(?![.,]\d)", re.I),
)
# "slices 110 to 114, maximum at 113": the slice word stands earlier in the sentence.
_MAXIMUM_AT = re.compile(
    r"\b(?:max(?:imum|imal)?|peak(?:s|ing)?|hottest|highest|most intense|cent(?:er|re)d?)\b\s?(?:\w+\s){0,2}?(?:at|on|in)\s(?:#|no\.?\s)?"
    r"(?!(?:19|20)\d\d\b)(?P<image>\d{2,4})\b(?![.,/:]\d|\s?(?:mm|cm|%|min|h\b|hours?|o'clock))",
    re.IGNORECASE,
)
_SLICE_WORD = r"(?:(?:axial|ax|pet|fused)\.?\s)?(?:slices?|images?|img|im|sl|ax|axial)\b\.?(?:\s?(?:numbers?|no\.?|nr\.?|#))?"
_SUV_WORD = r"\bSUV(?:[\s-]?\(?max\w*\)?)?(?:\svalues?)?"
_LEGEND = re.compile(
    rf"{_SUV_WORD}\s?(?:[/@&+(\[]\s?{_SLICE_WORD}|(?:and|,)\s{_SLICE_WORD}\s?(?:in (?:brackets|parentheses)|[:=)]))", re.IGNORECASE
)
_MIRRORED = re.compile(rf"\b{_SLICE_WORD}\s?[/@&+(\[]\s?{_SUV_WORD}", re.IGNORECASE)
_PAIR = re.compile(r"(?<![\d.,/])\d{1,3}(?:[.,]\d{1,2})?\s?[/@(\[,;]\s?(?P<image>\d{1,4})\b(?![.,]\d|\s?(?:mm|cm|%|x\b))")
_MIRRORED_PAIR = re.compile(r"(?<![\d.,/])(?P<image>\d{1,4})\s?[/@(\[]\s?\d{1,3}[.,]\d{1,2}\b")


def short_chunks(sentence: str) -> Iterator[Chunk]:
    """Yield the short forms that no other kind of number can be mistaken for."""
    for match in _tuples(sentence):
        if match["mark"] == ":":
            yield _chunk(match, form="tuple")
    for legend, pair in ((_LEGEND, _PAIR), (_MIRRORED, _MIRRORED_PAIR)):
        if legend.search(sentence) is not None:
            for match in pair.finditer(sentence):
                yield _chunk(match)
    for form in _FORMS:
        for match in form.finditer(sentence):
            yield _chunk(match)
    if re.search(r"\b(?:slices?|images?)\b", sentence, re.IGNORECASE) is not None:
        for match in _MAXIMUM_AT.finditer(sentence):
            yield _chunk(match)


def tuple_chunks(sentence: str) -> Iterator[Chunk]:
    """Yield "(4/118)", "3-78" (series and image), "(605/118)" and "(118/267)" (image of total), after all other kinds of numbers."""
    for match in _tuples(sentence):
        yield _chunk(match, form="tuple")


def _tuples(sentence: str) -> Iterator[re.Match[str]]:
    for match in _TUPLE.finditer(sentence):
        series, image, mark = int(match["series"]), int(match["image"]), match["mark"]
        bracketed = match["open"] is not None and match["close"] is not None
        at = match.start("series")
        inside = sentence.rfind("(", 0, at) > sentence.rfind(")", 0, at)
        before = sentence[max(0, match.start() - 16) : match.start()]
        beside = re.search(r"\d\s?[,;]?\s?(?:on |at )?$", before) is not None
        if (
            image < 10
            or series > _LARGEST_SERIES
            or image <= series
            or (mark == "-" and not bracketed)
            or not (bracketed or inside or beside)
        ):
            continue
        if mark == ":" and image < 60 and (_CLOCK.match(sentence, match.end()) or _NO_TUPLE_BEFORE.search(before)):
            continue
        if mark != ":" and image <= 31 and series <= 12:
            continue  # a date, "(3/12)"
        if _NO_TUPLE_BEFORE.search(before) is not None and not before.rstrip().endswith("at"):
            continue
        yield match


def _chunk(match: re.Match[str], form: str = SHORT) -> Chunk:
    start = match.start("series") if "series" in match.groupdict() else match.start("image")
    numbers = SliceNumbers("axial", (int(match["image"]),), (match.span("image"),), form=form)
    return Chunk(SLICE, start, match.end("image"), match.string[start : match.end("image")].lower(), slices=numbers)
