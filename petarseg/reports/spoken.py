"""Write spoken numbers as digits: "SUV max of five point two on image one hundred twelve".

Only numbers behind an SUV or slice word are rewritten, since "one of the nodes" and "two foci" are words of the language.
"""

from __future__ import annotations

import re

_SMALL_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_UNITS = {word: number for number, word in enumerate(_SMALL_WORDS)}
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_DIGIT_WORD = rf"(?:{'|'.join(_SMALL_WORDS[:10])}|oh|o)"
_NINE = "|".join(_SMALL_WORDS[1:10])
_SMALL = rf"(?:(?:{'|'.join(_TENS)})(?:[\s-]?(?:{_NINE}))?|{'|'.join(sorted(_UNITS, key=len, reverse=True))})"
# "one hundred (and) twelve", "one twelve", "ninety-six".
_WHOLE = rf"(?:(?:(?:{_NINE}|a)\s)?hundred(?:\s(?:and\s)?{_SMALL})?|(?:{_NINE})\s(?:oh\s)?{_SMALL}|{_SMALL})"
_SUV_NUMBER = re.compile(
    r"\b(?:suv\w*|uptake value)(?:[\s-]?(?:max\w*|mean|peak))?"
    r"(?:\s(?:value|of|is|was|measures|measuring|at|up|to|approximately|about|equals)){0,4}[\s:=]{1,2}"
    rf"(?P<number>(?P<whole>{_WHOLE}|\d{{1,2}})(?:\spoint\s(?P<decimals>{_DIGIT_WORD}(?:\s{_DIGIT_WORD}){{0,2}}|\d{{1,2}}))?)\b",
    re.IGNORECASE,
)
_SLICE_NUMBER = re.compile(
    rf"\b(?:slices?|images?|frame)(?:\s(?:number|no\.?|is))?[\s:]{{1,2}}(?P<number>(?P<whole>{_WHOLE}))\b(?!\s(?:mm|cm|point|of the|or))",
    re.IGNORECASE,
)
SPOKEN = re.compile(rf"\b(?:suv|uptake|slice|image|frame)[^.;]{{0,60}}\b(?:{_SMALL}|hundred|point)\b", re.IGNORECASE)


def write_digits(sentence: str, places: list[int]) -> tuple[str, list[int]]:
    """Return the sentence with spoken SUVs and slice numbers as digits, and the place in the report of each of its characters.

    Parameters
    ----------
    sentence : str
        Blanks squeezed.
    places : list of int
        Offset in the report of every character of `sentence`.

    Returns
    -------
    sentence : str
    places : list of int
        The first digit of a rewritten number stands at the first letter of its words, the last digit at their last letter.
    """
    if SPOKEN.search(sentence) is None:
        return sentence, places
    for pattern in (_SUV_NUMBER, _SLICE_NUMBER):
        for match in reversed(list(pattern.finditer(sentence))):
            digits = _digits(match)
            if digits is None:
                continue
            start, end = match.span("number")
            sentence = sentence[:start] + digits + sentence[end:]
            places = [*places[:start], *[places[start]] * (len(digits) - 1), places[end - 1], *places[end:]]
    return sentence, places


def _digits(match: re.Match[str]) -> str | None:
    """Return the digits of a spoken number, at least two characters; None when it is written in digits already."""
    decimals = match["decimals"] if "decimals" in match.re.groupindex else None
    if match["whole"].isdigit() and decimals is None:
        return None
    whole = match["whole"] if match["whole"].isdigit() else str(_whole(match["whole"]))
    if decimals is None:
        return whole.zfill(2)
    return f"{whole}.{decimals if decimals.isdigit() else ''.join(str(_UNITS.get(word, 0)) for word in decimals.lower().split())}"


def _whole(words: str) -> int:
    parts = [word for word in re.findall(r"[a-z]+", words.lower()) if word not in ("and", "a", "oh")]
    if "hundred" in parts:
        cut = parts.index("hundred")
        return (sum(map(_value, parts[:cut])) or 1) * 100 + sum(map(_value, parts[cut + 1 :]))
    if len(parts) > 1 and parts[0] in _UNITS:
        return _UNITS[parts[0]] * 100 + sum(map(_value, parts[1:]))  # "one thirteen", "two sixty-six"
    return sum(map(_value, parts))


def _value(word: str) -> int:
    return _UNITS[word] if word in _UNITS else _TENS[word]
