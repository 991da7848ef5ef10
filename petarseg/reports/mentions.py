"""Cut a sentence into chunks: SUV keywords, numbers, slice mentions, dates, sizes, words.

Everything that looks like a number but is neither an SUV nor a slice (sizes, doses, dates, nodal levels, Hounsfield units, ...) becomes
one opaque chunk here, so that later rules only ever see numbers that can be values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from petarseg.reports.chunk import DATE, EARLIER, EPOCH, MARK, NUMBER, OPAQUE, SIZE, SUV, WORD, Chunk
from petarseg.reports.lexicon import word_set
from petarseg.reports.short_slices import short_chunks, tuple_chunks
from petarseg.reports.slices import slice_chunks
from petarseg.reports.spoken import write_digits

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?"
    r"|dec(?:ember)?)\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_DATE = re.compile(
    rf"\b(?:{_DAY}(?P<mark>[/.-]){_DAY}(?P=mark)(?:19|20)?\d\d(?!\d)|(?:19|20)\d\d[/.-]\d{{1,2}}[/.-]\d{{1,2}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?[\s-](?:of )?{_MONTH}(?:[\s,-]{{1,2}}(?:19|20)?\d\d\b)?|{_MONTH}\s\d{{1,2}}(?:st|nd|rd"
    rf"|th)?(?:,?\s(?:19|20)\d\d)?\b|{_MONTH}[\s/-](?:19|20)\d\d"
    r"|(?:0?[1-9]|1[0-2])/(?:19|20)\d\d\b|(?<=\bin )(?:19|20)\d\d\b|(?<=\bfrom )(?:19[89]|20[0-4])\d\b|(?<=\bsince )(?:19|20)\d\d\b"
    r"|\b(?:19[89]|20[0-4])\d(?= (?:pet|study|scan|exam|ct)\b))"
    rf"|(?<=\bin ){_MONTH}(?=\W|$)(?!\s?\d)|(?<!\d)(?:19[89]|20[0-4])\d(?=\s?:\s)"
    # "SUVmax 3.7 in June", "the June study", "June SUVmax 4.1": a month alone, where it dates something.
    r"|(?:(?<=\bin )|(?<=\bsince )|(?<=\bfrom )|(?<=\bof ))(?:January|February|March|April|May|June|July|August|September|October|November"
    r"|December)\b(?!\s?\d)"
    r"|\b(?:January|February|March|April|June|July|August|September|October|November|December)"
    r"(?=(?:'s)?\s(?:study|scan|exam(?:ination)?|PET|SUV|value|measurement)|\s?:)"
    r"|\[\s?(?:DATE|date)[^\]\n]{0,12}\]|<\s?DATE\s?>",
    re.IGNORECASE,
)
_N = r"\d+(?:[.,]\d+)?"
_LENGTH = r"(?:mm|cm|millimet(?:er|re)s?|centimet(?:er|re)s?)\b"
_SIZE = re.compile(
    rf"{_N}(?:\s?(?:{_LENGTH})?\s?(?:[x*]|by)\s?{_N}){{1,2}}\s?(?:{_LENGTH})?|{_N}(?:\s?(?:-|to|and|->)\s?{_N})?[\s-]?{_LENGTH}"
    rf"|{_N}\s?(?:cc|cm3|cm\^3|mL\b(?!/)|ml\b(?!/)|cubic)",
    re.IGNORECASE,
)
_OPAQUE = re.compile(
    r"(?P<unit>g\s?/\s?m[lL]\b|\(\s?g\s?/\s?m[lL]\s?\)|g\.mL-1)"
    r"|\b(?:segments?|seg\.?|levels?|lvl|stations?|zones?|stages?|grades?|gleason(?: score)?|types?|deauville(?: score)?|lugano|ds"
    r"|percist|recist|pi-?rads|ti-?rads|bi-?rads|lung-?rads|siewert|figo|who|score|phase|cycles?|day|"
    r"line|group|lesion|node|nodule|target|no|number|figure|fig|mass|focus)\s?(?:score\s?)?(?:of\s|is\s"
    rf"|:\s?)?#?(?:\d{{1,2}}(?![.,]?\d)[a-dA-DRLrl]{{0,2}}|[IVX]{{1,4}}[a-cA-C]?\b)(?:\s?(?:[/&,-]|and|or"
    rf"|to)\s?(?:\d{{1,2}}(?![.,]?\d)[a-dA-DRL]{{0,2}}|[IVX]{{1,4}}[a-cA-C]?\b))*(?!\s?(?:mm|cm|%))"
    r"|#\s?\d{1,2}\b"
    r"|\b[CTLSctls]\d{1,2}(?:\s?[-/]\s?[CTLSctls]?\d{1,2})?\b"
    rf"|[-+]?{_N}(?:\s?(?:-|to)\s?[-+]?{_N})?\s?(?:HU\b|hounsfield(?: units?)?)|\b(?:HU|hounsfield units?|attenuation)\s(?:of\s)?-?{_N}"
    rf"|[<>~]?\s?{_N}(?:\s?(?:-|to)\s?{_N})?[\s-]?(?:%|percent\b|per cent\b|fold\b|times\b)"
    rf"|{_N}[\s-]?(?:m?ci\b|[mkg]?bq\b|mg\b|mcg\b|kg\b|lbs?\b|units?\b|ng\b|pg\b|iu\b|mmol\b|kvp?\b|mas?\b|gy\b|degrees?\b|m\b"
    r"|ft\b)(?:\s?/\s?(?:ml|dl|l|kg))?"
    rf"|{_N}[\s-]?(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|h\b|days?|weeks?|wks?|months?|mos?\b|years?|yrs?|y/?o|yo)\b(?:[\s-]old)?"
    r"|\b\d{1,2}:\d\d(?!\d)(?::\d\d)?\s?(?:am|pm|a\.m\.|p\.m\.|hours|hrs)?|\b\d{1,2}\s?(?:am|pm)\b"
    r"|\b(?:F|Ga|C|Cu|Zr|I|Tc|Lu|N|O|Rb)-?\s?(?:18|68|11|64|89|123|124|131|99m|177|13|15|82)\b|\b(?:18|68|11|64|89|124|131"
    r"|177)-?\s?(?:F|Ga|C|Cu|Zr|I|Lu)\b"
    r"|\b(?:PSA|PSMA-VOL|CEA|AFP|LDH|CA\s?-?\d+(?:[.-]\d+)?|hCG|TSH|CRP|ESR|WBC|eGFR|GFR|glucose|BMI|weight|height|Ki-?67|thyroglobulin"
    r"|chromogranin(?:\sA)?|CgA|testosterone|creatinine|h(?:a)?emoglobin|bilirubin|albumin|ADC(?:\svalue)?|k-?trans|PSAD|Breslow|Gleason"
    rf"|Karnofsky|ECOG|Centiloids?|CL)\s?(?:levels?\s)?(?:of\s|was\s|is\s|[:=]\s?)?{_N}(?![.\d])"
    r"|\b(?:MTV|TLG|TBR|T/?B(?: ratio)?|(?:tumou?r|lesion|target|node|liver)[\s-]to[\s-]\w+(?: ratio)?"
    r"|(?:(?:liver|blood[\s-]?pool|background|muscle|spleen)[\s-])?ratio"
    r"|volume"
    r"|retention index|slice thickness|thickness|gap|pitch|threshold|cut-?off|delta)\s?(?:index\s)?(?:of\s|was\s|is\s|:\s?|=\s?"
    rf"|>\s?)?{_N}"
    r"|\b\d{1,4}-?\s?slice\s(?:ct|scanner|multi\w+|spiral|helical)\b"
    r"|\b\d{1,3}(?:st|nd|rd|th)\b"
    r"|\bcoronary\b|\blung rads\b"
    r"|(?<![.,])\b(?:\d{1,2}|1\d\d)(?=\s(?:(?:new|small|tiny|large|larger|discrete|additional|other|separate|foci|such|more|avid|FDG"
    r"|hypermetabolic|adjacent|distinct|enlarged|bilateral|left|right|abnormal|subcentimeter)\s){0,3}"
    r"(?:lesions?|nodules?|nodes|lymph|foci|masses|metastas[ei]s|deposits|implants|areas|sites|ribs|vertebra\w*|levels|patients|scans"
    r"|studies|examinations|exams|slices\b|images\b|cycles|bed|phases)\b)"
    r"|\b(?:pT|cT|ypT|T)\d[a-d]?(?:\s?N\d[a-c]?)?(?:\s?M\d[a-c]?)?\b|\b[NM]\d[a-c]?\b"
    r"|\b[1-9]\d?[RLrl]{1,2}[isIS]?\b(?!/)"
    r"|\b(?:CT|MRI?|X-ray|US)\s(?=\d{1,2}/\d{1,2}/)"
    r"|\(?\b\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}\b"
    r"|\b(?:scale|out)\sof\s\d+"
    rf"|(?:\+\s?/\s?-|\u00b1|\+-)\s?{_N}",
    re.IGNORECASE,
)  # fmt: skip

_TIME_POINT = re.compile(
    r"\b(?:TP|time[\s-]?point|PET(?:/CT)?|scan|study|exam|visit)[\s-]?#?(?P<number>[0-9])\b(?![.,/]?\d|\s?(?:mm|cm|of\b|min|hours?|h\b))",
    re.IGNORECASE,
)

# --- SUV keywords ---
_MAX = r"(?:max(?:imum|imal|ium|imun|mum|iumum|ima|x|m)?|mx|maz|mac|mas|amx|mxa|mzx|nax|masx)"
_MEAN = r"(?:mean|average|avg|ave|avrg|menan|maen|meam)"
_QUALIFIER = rf"(?:{_MAX}|{_MEAN}|peak|peek|peack|pk|(?<!\d\s)(?<!\d)min(?:imum|imal)?|maximally)"
_WORD_SUV = (
    r"(?:s\.\s?u\.\s?v\.?|suv'?s|(?:suv|svu|usv|suuv|suvv|sub(?=[\s-]?max)|s u v)(?![a-z])|suv[a-z]{1,12}(?![a-z])"
    r"|svu[a-z]{1,6}(?![a-z])"
    r"|sul[a-z]{0,6}(?![a-z])|(?:max|peak|mean|m)[-\s]?suv[a-z]{0,3}(?![a-z])|uptake\sSUV"
    r"|stand(?:ard|arized|ardi[sz]ed|ardi[sz]e|ized|ardi[sz]ation)?\suptake(?:\s(?:values?|levels?|units?|ratio))?"
    r"|specific\suptake\svalues?"
    r"|uptake\svalues?)"
)
_SUV_KEYWORD = re.compile(
    rf"\b(?:(?P<before>{_QUALIFIER}|highest|hottest|top|greatest|lean body mass|body weight|bw|lbm)\.?[\s-]{{0,2}}(?:(?:the|of|body"
    rf"|weight|fdg|measured|lesion|lesional|tumou?r|value|recorded|lean)[\s-]){{0,2}}?)?"
    rf"(?P<core>{_WORD_SUV})"
    rf"(?P<after>[\s\-_.,]{{0,2}}[(\[]?\s?(?:{_QUALIFIER})\.?\s?[)\]]?(?![a-z]))?"
    r"(?P<norm>\s?[(\[]?\s?(?:bw|lbm|lean body mass|bsa|body[\s-]weight|lean)(?:[\s-](?:corrected|normali[sz]ed"
    r"|adjusted))?\s?[)\]]?(?![a-z]))?"
    rf"(?P<late>[\s\-_]{{0,2}}[(\[]?\s?(?:{_QUALIFIER})\.?\s?[)\]]?(?![a-z]))?",
    re.IGNORECASE,
)
# "maximum uptake of 5.6": an SUVmax without the letters. Needs a decimal number, see `values`.
_UPTAKE_KEYWORD = re.compile(
    r"\b(?:max(?:imum|imal|\.)?|peak)\s(?:(?:fdg|tracer|radiotracer|metabolic|psma|dotatate|glucose)\s)?(?:uptake|activity|intensity"
    r"|avidity)(?:\sintensity|\svalue|\slevel)?(?=[\s,:=]{1,3}(?:of|is|was|measur\w+|=|:|at|reach\w+|\d))",
    re.IGNORECASE,
)
_OTHER_VALUE = re.compile(r"\b(?:SUV|SUL)[\s-]?(?:ratio|r|index|threshold|cut-?off|scale|window|units?\b)\w*|\bSUVR\b", re.IGNORECASE)

_WORD_OR_MARK = re.compile(
    r"(?<=[\s(=:~<>])\.\d{1,2}(?!\d|[.,]\d)|\d+(?:[.,]\d{1,3}(?![\d]))?|[A-Za-z\u00c0-\u024f]+(?:'[a-z]+)?|->|=>|>=|<=|\u2192|\.{2,}|\S"
)
_GLUED = re.compile(r"(?<=[a-z)])(?=\d)|(?<=\d)(?=(?:g/ml))", re.IGNORECASE)


def chunks(text: str, start: int, end: int) -> list[Chunk]:
    """Cut ``text[start:end]`` into chunks that cover every character but blanks.

    Parameters
    ----------
    text : str
        Normalised report.
    start, end : int
        The sentence.

    Returns
    -------
    list of Chunk
        In text order, without overlap; offsets refer to `text`.
    """
    taken: list[Chunk] = []
    sentence, places = write_digits(*_squeeze(text, start, end))
    for found in _special(sentence):
        if all(found.end <= other.start or found.start >= other.end for other in taken):
            taken.append(found)
    taken.sort(key=lambda chunk: chunk.start)
    result: list[Chunk] = []
    position = 0
    for chunk in taken:
        result.extend(_plain(sentence, position, chunk.start))
        result.append(chunk)
        position = chunk.end
    result.extend(_plain(sentence, position, len(sentence)))
    return [_place(chunk, places) for chunk in result]


def _squeeze(text: str, start: int, end: int) -> tuple[str, list[int]]:
    """Return the sentence with every run of blanks as one, and the offset in `text` of each of its characters."""
    characters: list[str] = []
    places: list[int] = []
    for position in range(start, end):
        character = text[position]
        if character.isspace():
            if characters and characters[-1] == " ":
                continue
            character = " "
        characters.append(character)
        places.append(position)
    return "".join(characters), places


def _place(chunk: Chunk, places: list[int]) -> Chunk:
    """Return the chunk with the offsets of the text."""
    slices = chunk.slices
    if slices is not None:
        slices = replace(slices, spans=tuple((places[a], places[b - 1] + 1) for a, b in slices.spans))
    return Chunk(chunk.kind, places[chunk.start], places[chunk.end - 1] + 1, chunk.text, chunk.suv_kind, slices)


def _special(sentence: str) -> Iterator[Chunk]:
    """Yield the chunks that are more than a word or number, the stronger kinds first."""
    for match in _DATE.finditer(sentence):
        yield Chunk(DATE, match.start(), match.end(), match.group().lower())
    yield from slice_chunks(sentence)
    yield from short_chunks(sentence)
    for match in _SIZE.finditer(sentence):
        if not sentence[: match.start()].endswith(("SUV", "suv")):
            yield Chunk(SIZE, match.start(), match.end(), match.group().lower())
    yield from _time_points(sentence)
    for match in _OTHER_VALUE.finditer(sentence):
        yield Chunk(OPAQUE, match.start(), match.end(), match.group().lower())
    for match in _SUV_KEYWORD.finditer(sentence):
        kind = _suv_kind(match)
        if kind:
            yield Chunk(SUV, match.start(), match.end(), match.group().lower(), kind)
    for match in _UPTAKE_KEYWORD.finditer(sentence):
        yield Chunk(SUV, match.start(), match.end(), match.group().lower(), "uptake")
    for match in _OPAQUE.finditer(sentence):
        yield Chunk(OPAQUE, match.start(), match.end(), match.group().lower())
    yield from tuple_chunks(sentence)


def _time_points(sentence: str) -> Iterator[Chunk]:
    """Yield "TP1", "time point 2", "PET 1": the highest number of a sentence is the present."""
    found = list(_TIME_POINT.finditer(sentence))
    latest = max((int(match["number"]) for match in found), default=0)
    for match in found:
        yield Chunk(EPOCH, match.start(), match.end(), "now" if 1 < int(match["number"]) == latest else EARLIER)


def _suv_kind(match: re.Match[str]) -> str:
    """Return max, plain, mean, peak, min, sul or "" for an SUV keyword match."""
    core = match["core"].lower().replace(" ", "").replace(".", "")
    words = " ".join(filter(None, (match["before"], match["after"], match["norm"], match["late"]))).lower()
    suffix = ""
    plain = re.fullmatch(r"(?:max|peak|mean|m)?-?(?:suv|svu|usv|suuv|suvv|sub|sul)('?s|[a-z]*)", core)
    if plain is not None:
        suffix = plain[1]
    if core.startswith(("max", "msuv")):
        words += " max"
    elif core.startswith("mean"):
        words += " mean"
    elif core.startswith("peak"):
        words += " peak"
    if _like_max(suffix) or re.search(rf"\b{_MAX}", f"{match['after'] or ''} {match['late'] or ''}".lower()):
        words += " max"
        named_max = True
    else:
        named_max = False
    if core.startswith("sul") or "lbm" in words or "lean" in words or suffix.startswith(("lbm", "lean", "sul")):
        # "sulcus", "sulfur": not a lean-body SUV.
        return "sul" if not core.startswith("sul") or suffix in ("", "s", "max", "peak", "mean", "avg") else ""
    if named_max:
        return "max"
    if suffix.startswith(("mean", "avg", "ave", "mea", "men")) or re.search(rf"\b{_MEAN}", words):
        return "mean" if not re.search(r"\bmax|highest", words) else "max"
    if suffix.startswith(("peak", "pk", "pea")) or re.search(r"\bpe[ae]c?k|\bpk", words):
        return "peak"
    if suffix.startswith("min") or re.search(r"\bmin", words):
        return "min"
    if suffix and suffix not in ("s", "'s", "bw", "bsa") and not _like_max(suffix):
        return ""
    if _like_max(suffix) or re.search(rf"\b(?:{_MAX}|highest|hottest|top|greatest|maximally)", words):
        return "max"
    return "plain"


_NEARLY_MAX = word_set("mx ma mac mas maz amx mxa mzx nax masx mzax maax mmax macx mad msx ax m bwmax xmax mau mex")


def _like_max(suffix: str) -> bool:
    """Say whether letters after SUV are "max" with at most a slip of the keyboard or a "bw"."""
    stem = suffix.removesuffix("bw").removesuffix("s") if suffix not in ("mas",) else suffix
    return stem.startswith("max") or stem in _NEARLY_MAX


def _plain(sentence: str, start: int, end: int) -> Iterator[Chunk]:
    for match in _WORD_OR_MARK.finditer(sentence, start, end):
        text = match.group().lower()
        kind = NUMBER if text[0].isdigit() or (text[0] == "." and text[1:].isdigit()) else WORD if text[0].isalpha() else MARK
        glued = _NUMBER_SUFFIX.match(sentence, match.end()) is not None
        if (
            kind == NUMBER
            and not glued
            and (
                sentence[match.end() : match.end() + 1].isalpha()
                or (match.start() and sentence[match.start() - 1].isalpha() and not _after_keyword(sentence, match.start()))
            )
        ):
            kind = OPAQUE
        yield Chunk(kind, match.start(), match.end(), text)


_NUMBER_SUFFIX = re.compile(r"g\s?/|max|mean|peak|suv", re.IGNORECASE)


def _after_keyword(sentence: str, position: int) -> bool:
    return re.search(r"(?:suv|max|mean|peak|of|is|to)$", sentence[max(0, position - 6) : position], re.IGNORECASE) is not None
