"""Read slice mentions that have a slice word: "axial slice 77", "series 3, image 78", "image 501 of 640", "slices 77 and 80"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.chunk import OPAQUE, SLICE, Chunk, SliceNumbers
from petarseg.reports.planes import plane_of

# --- slices ---
_PLANE = (
    r"(?:pet[\s/-]{0,3}ct|pet|ct|cta|ldct|mri?|fused|fusion|fuse|trans-?axial|axial|axials|axia|axail|axal|axiial|ax|transverse|trans"
    r"|coronal|cor|sagittal|sag|saggital|sagital|mip|"
    r"nac|attenuation[\s-]corrected|ac|emission|whole[\s-]body|wb|static|low[\s-]dose|standard|corresponding|reconstructed|reformatted"
    r"|reformat|primary|main|key|same|thin|dicom|hd|delayed(?=\s)|skull|head)"
)


_SLICE_WORD = (
    r"(?:schicht|coupe|corte|snede|slices?|slcs?|slcie|silce|slise|slide|sl"
    r"|images?|imaeg|iamges?|imgaes?|imags?|imge|imgs?|ims?|ima|frames?|planes?|cuts?|section)"
)

_INDEX = (
    r"(?:\s?(?:numbers?|nos?|nr|num|index|position|level|location|loc|of interest)\b\.?)?\s?(?:[(\[{\"*]{1,2}\s?)?(?:#(?==))?(?:=|:|#|-"
    r"|,(?=\s?\d{2,4}\s?(?:[).;,]|$)))?\s?(?:#\s?)?"
)

_JOIN = r"(?:\s?,\s?(?:and\s|&\s?)?|\s?(?:&|\+)\s?|\s(?:and|or)\s)"

_RANGE = r"(?:\s?-\s?|\s?\.\.\s?|\s(?:to|through|thru|until|till)\s)"

_INT = r"(?<![\d.])(?:[12],\d{3}|\d{1,4})(?![\dOo]|[.,]\d|\s?(?:mm|cm|%|-slice|weeks?|days?|months?|years?|hours?|min)\b)"

_SERIES = r"(?:\b(?:series|ser|se|study|acquisition)\.?\s?(?:number|no\.?|#|:|=)?\s?#?(?P<series>\d{1,4})\s?(?:[,;:/|-]|and|on)?\s{0,2})"

_LEADING = (
    rf"(?P<planes>(?:\b{_PLANE}\b\.?[\s,/&+-]{{1,3}}(?:(?:and|or|the|view|views|series|plane|projection"
    rf"|reformats?)[\s,]{{1,2}}){{0,2}}){{0,5}})"
)

_SLICE_MENTION = re.compile(
    rf"{_SERIES}?{_LEADING}(?P<word>\b{_SLICE_WORD}\.?)(?:\s(?:numbered|is|are|was|were|being|at|labell?ed|through))?{_INDEX}"
    rf"(?P<first>{_INT})",
    re.IGNORECASE,
)

_PLANE_NUMBER = re.compile(
    rf"(?P<planes>\b(?:(?:pet[\s/-]{{0,3}}ct|pet|fused|ct)[\s,/-]{{1,2}}){{0,2}}(?:trans-?axial|axial|ax|transverse|fused|coronal|cor"
    rf"|sagittal|sag)\b\.?(?:\s?[/\s-]\s?(?:pet[\s/-]{{0,3}}ct|pet|ct|fused|fusion|axial|ax|coronal|cor|sagittal"
    rf"|sag)\b){{0,2}})(?:\s?(?:view|plane|position|level"
    rf"|location))?\s?(?:number|no\.?|nr\.?)?\s?(?:=|:|#|-)?\s?(?P<first>{_INT})",
    re.IGNORECASE,
)

_BARE_SERIES = re.compile(
    r"\b(?:series|ser|se)\.?\s?(?:number|no\.?|#|:|=)?\s?#?\d{1,4}\b"
    r"(?:\s?(?:/|[,;:]\s?(?:number|no\.?|nr\.?|#)|[,;:](?=\s?\d{2,4}\s?[)\]]))\s?#?(?P<image>\d{1,4})\b)?",
    re.IGNORECASE,
)

_LETTER_TUPLE = re.compile(r"\bS(?:e|er)?[\s:]?\d{1,2}[\s,;:/-]{0,2}(?:I|Im|Img)[\s:]?(?P<image>\d{1,4})\b")

_ORDINAL = re.compile(r"\b(?P<number>\d{1,4})(?:st|nd|rd|th)\s(?:(?:axial|fused|pet|transaxial)\s){0,2}(?:slice|image)\b", re.IGNORECASE)
_OF_TOTAL = re.compile(r"\s?(?:of|out of|/)\s?(?P<total>\d{2,4})\b(?!\s?(?:mm|cm)|[/.]\d)", re.IGNORECASE)

_AFTER_SLASH = re.compile(r"\s?[/:]\s?(?P<second>\d{1,4})\b(?!\.\d|\s?(?:mm|cm))")

_MORE = re.compile(
    rf"(?P<join>{_JOIN})(?:(?:on\s)?(?:{_SLICE_WORD})\.?\s?#?\s?)?(?P<number>{_INT})(?![A-Za-z]|\s?(?:x\b|lesion|nodul|node|foci|mm|cm|%"
    r"|hounsfield|hu\b))",
    re.IGNORECASE,
)

_THROUGH = re.compile(rf"{_RANGE}(?:{_SLICE_WORD}\.?\s?)?(?P<number>{_INT})", re.IGNORECASE)


_MOVED = re.compile(r"\s?(?:->|=>|\u2192)\s?(?P<number>\d{1,4})\b(?![.,]\d)")


def slice_chunks(sentence: str) -> Iterator[Chunk]:
    """Yield the slice mentions that have a keyword, the most explicit form first; chunks may overlap."""
    for pattern in (_SLICE_MENTION, _PLANE_NUMBER):
        for match in pattern.finditer(sentence):
            if (
                pattern is _SLICE_MENTION
                and match["word"].lower().rstrip(".") in ("section", "cut", "cuts", "slide", "plane", "planes")
                and not match["planes"]
            ):
                continue
            yield _read_slices(sentence, match)
    for match in _ORDINAL.finditer(sentence):
        numbers = SliceNumbers("axial", (int(match["number"]),), (match.span("number"),))
        yield Chunk(SLICE, match.start(), match.end(), match.group().lower(), slices=numbers)
    for match in _LETTER_TUPLE.finditer(sentence):
        numbers = SliceNumbers("axial", (int(match["image"]),), (match.span("image"),), form="series")
        yield Chunk(SLICE, match.start(), match.end(), match.group().lower(), slices=numbers)
    for match in _BARE_SERIES.finditer(sentence):
        if match["image"] is not None:
            numbers = SliceNumbers("axial", (int(match["image"]),), (match.span("image"),), form="series")
            yield Chunk(SLICE, match.start(), match.end(), match.group().lower(), slices=numbers)
        else:
            yield Chunk(OPAQUE, match.start(), match.end(), match.group().lower())


def _read_slices(sentence: str, match: re.Match[str]) -> Chunk:
    """Read the numbers that follow a slice keyword: one, a list, a range, "N of M" or series/image."""
    numbers, spans = [_whole(match["first"])], [match.span("first")]
    end, is_range = match.end(), False
    form = "series" if "series" in match.re.groupindex and match["series"] else "plain"
    moved = _MOVED.match(sentence, end)
    if moved is not None:  # "slice 97 -> 99": where the lesion lies now
        numbers, spans, end = [int(moved["number"])], [moved.span("number")], moved.end()
    through = _THROUGH.match(sentence, end)
    total = _OF_TOTAL.match(sentence, end)
    slash = _AFTER_SLASH.match(sentence, end)
    if through is not None and form == "plain" and _is_series_dash(sentence, match, through):
        numbers, spans, end, form = [_whole(through["number"])], [through.span("number")], through.end(), "tuple"
    elif through is not None and _whole(through["number"]) != numbers[0]:
        is_range, end = True, through.end()
        numbers.append(_whole(through["number"]))
        spans.append(through.span("number"))
    elif (
        slash is not None
        and form == "plain"
        and _is_series(numbers[0], int(slash["second"]), sentence[slash.start() : slash.start("second")])
    ):
        numbers, spans, end, form = [int(slash["second"])], [slash.span("second")], slash.end(), "tuple"
    elif (
        total is not None
        and int(total["total"]) >= numbers[0]
        and not _is_slash_list(
            match["word"] if "word" in match.groupdict() else "", sentence[total.start()], numbers[0], int(total["total"])
        )
    ):
        end, form = total.end(), "of_total"
    elif slash is not None:
        while slash is not None:
            numbers.append(int(slash["second"]))
            spans.append(slash.span("second"))
            end = slash.end()
            slash = _AFTER_SLASH.match(sentence, end)
    if form != "tuple":
        while not is_range and (more := _MORE.match(sentence, end)) is not None:
            if sentence[more.end() :].lstrip()[:1] in ("x", "/") or ("," in more["join"] and _starts_value(sentence, more)):
                break
            numbers.append(_whole(more["number"]))
            spans.append(more.span("number"))
            end = more.end()
    before = re.search(r"\bbetween\s$", sentence[max(0, match.start() - 10) : match.start()])
    if before is not None and len(numbers) == 2:
        is_range = True
    plane, explicit = plane_of(sentence, match.start(), end, match["planes"] or "")
    if isinstance(plane, tuple):
        kept = [index for index, name in enumerate(plane[: len(numbers)]) if name == "axial"]
        if kept:
            numbers, spans, plane = [numbers[index] for index in kept], [spans[index] for index in kept], "axial"
        else:
            plane = "coronal"
    return Chunk(
        SLICE, match.start(), end, sentence[match.start() : end].lower(),
        slices=SliceNumbers(plane, tuple(numbers), tuple(spans), is_range, form, explicit),
    )  # fmt: skip


def _whole(digits: str) -> int:
    return int(digits.replace(",", ""))


def _is_series_dash(sentence: str, match: re.Match[str], through: re.Match[str]) -> bool:
    """Say whether "image 4-97" is series 4, image 97; "images 4-97" and "image 90-97" are ranges."""
    first, second = _whole(match["first"]), _whole(through["number"])
    singular = not (match["word"] if "word" in match.groupdict() else "").lower().rstrip(".").endswith("s")
    return singular and first <= 12 and second >= 40 and sentence[through.start() : through.start("number")] == "-"


def _is_slash_list(word: str, mark: str, first: int, second: int) -> bool:
    """Say whether "slices 77/130" or "slice 77/78" lists two slices, unlike "image 77/299"."""
    return mark == "/" and (word.lower().rstrip(".").endswith("s") or second == first + 1)


def _starts_value(sentence: str, more: re.Match[str]) -> bool:
    """Say whether a number after a comma belongs to what follows ("slice 44, 2 other nodes", "slice 44, 5.6 SUV")."""
    return re.match(r"\s?(?:[a-z]{3,}\b(?<!and)(?<!respectively)|suv)", sentence[more.end() : more.end() + 20], re.IGNORECASE) is not None


def _is_series(first: int, second: int, mark: str) -> bool:
    """Say whether "image 4/118" is series 4, image 118; "image 118/345" is image 118 of 345."""
    return first <= 20 and second > first and ("/" not in mark or second >= 2) and not (first > 12 and second >= 200)
