"""Ages over 89, in digits and in words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.phi_span import PhiSpan

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_NINETIES = r"ninety(?:[\s-]+(?:one|two|three|four|five|six|seven|eight|nine))?"
_HUNDREDS = r"(?:one|a)\s+hundred(?:\s+(?:and\s+)?(?:" + "|".join(_SMALL[1:]) + r"))?"
_OLD = r"(?:9\d|1[0-3]\d)"
_AGES = [
    # 93-year-old, 93 yo, 93 y/o, 93 yr old, 93 years of age, ninety-six year old
    re.compile(
        rf"(?<![\w.,/-])(?P<age>{_OLD}|{_NINETIES}|{_HUNDREDS})(?:\s*-?\s*(?:years?|yrs?|y)[\s.-]*(?:old|o\b|of\s+age)|"
        rf"\s*[- ]?(?:y\s?/\s?o|y\.?o\.?|yo[fm]?|yrs?|y)\b(?!\s*(?:ago|prior|survival|earlier|later|history|follow))|"
        rf"\s+years?[- ](?:man|woman|lady|gentleman|male|female|patient))",
        re.IGNORECASE,
    ),
    # aged 94, age: 96, age of 101, turned 90
    re.compile(
        rf"\b(?:age[ds]?|alter|alder|edad|âge|tuổi)\b(?:\s*\(?(?:years|yrs?|y)\)?)?(?:\s*/\s*(?:sex|gender))?\s*(?:[:=]|of|is|"
        rf"at)?\s*(?P<age>{_OLD}|{_NINETIES}|{_HUNDREDS})\b(?![.,]\d)(?!\s*(?:min|mm|cm|%|mg))",
        re.IGNORECASE,
    ),
    re.compile(rf"\bturn(?:ed|ing)?\s+(?P<age>{_OLD}|{_NINETIES})\b", re.IGNORECASE),
    # "Lovelace, 93 years, unit record"; "at ninety-four this is a matter for her"; "DOB: JAN 5,1933 (91)"
    re.compile(rf"(?<=,\s)(?P<age>{_OLD})\s+years\s*(?=[,;.(\n])", re.IGNORECASE),
    re.compile(rf"\bat\s+(?P<age>{_NINETIES})\b(?!\s*(?:min|sec|days?|degrees|percent|hours?|mm|cm|[.,]?\d))", re.IGNORECASE),
    re.compile(rf"\b(?:DOB|D\.O\.B\.?|born)\b[^()\n]{{4,24}}\(\s*(?P<age>{_OLD})\s*(?:y(?:rs?|ears?)?)?\s*\)", re.IGNORECASE),
    # 93F, 94 M,  F/93, M 93
    re.compile(
        rf"(?<![\w.,/-])(?P<age>{_OLD})\s?[MF](?=\s+(?:with|w/|c/|s/p|status|hx|known|history|pt|patient|here|for|who|has|p/w|"
        rf"presenting|presents|h/o|ex|smoker|[a-z])|\s*[.,;:)/]|\s*$)",
        re.MULTILINE,
    ),
    re.compile(rf"(?<![\w.,/-])(?P<age>{_OLD})\s*[,/]?\s*(?:male|female|man|woman|gentleman|lady)\b", re.IGNORECASE),
    re.compile(rf"\b(?:[MF]|male|female|sex:?\s*[MF])\s?[/,]\s?(?P<age>{_OLD})\b(?![.,]\d)", re.IGNORECASE),
]


def find_ages(text: str) -> Iterator[PhiSpan]:
    """Find ages over 89; the span holds the number (or number word) alone."""
    for pattern in _AGES:
        for match in pattern.finditer(text):
            if match["age"].isdigit() and int(match["age"]) < 90:
                continue
            glued = re.compile(r"(?:Y|y|F|M|yo|YO)(?![A-Za-z])").match(text, match.end("age"))
            yield PhiSpan(match.start("age"), glued.end() if glued else match.end("age"), "AGE_OVER_89")
