"""The stretches of a report that scrubbing never touches: measurements, doses, slices, levels.

An identifier can stand beside a measurement but not inside one, so any detector that claims these characters is wrong.
"""

from __future__ import annotations

import re

from petarseg.reports.phi_span import PhiSpan

_NUMBER = r"\d+(?:[.,]\d+)?"
_LINK = r"(?:\s*(?:-|–|to|and|&|,|/|x|×|by|or)\s*)"
_SUV_WORD = r"(?:SUV|SUL|SUVs|standardi[sz]ed\s+uptake\s+values?)"
_SLICE_WORD = r"(?:slices?|images?|imgs?|ims?|frames?|ax|iamges?|silces?)"
_MEASUREMENTS = [
    # max SUV of up to 14.7 and 3.2; SUV(max) (bw) 5.8
    re.compile(
        rf"(?:max(?:imum|imal)?\.?\s*)?{_SUV_WORD}[-_\s]?(?:\(?\s*(?:max(?:imum|imal)?|mean|peak|avg|average|bw|lbm|"
        rf"body\s+weight)\s*\)?[\s,]*){{0,2}}"
        rf"(?:values?\s+)?(?:[:=~<>≈\s]|of|is|was|to|up|at|about|approximately|approx\.?|now|being|measur(?:es|ing)|reach(?:es|ing)|"
        rf"around|circa|ca\.?)*{_NUMBER}(?:{_LINK}{_NUMBER})*(?![\d/])",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b{_SLICE_WORD}\.?\s*(?:#|no\.?|numbers?|:|=)?\s*\d{{1,5}}(?![\d/.-]*\d)(?:{_LINK}\d{{1,4}}(?![\d/.-]*\d))*", re.IGNORECASE
    ),
    re.compile(rf"\bseries\s*\d{{1,4}}\s*[,/]?\s*{_SLICE_WORD}\s*\d{{1,4}}(?![\d/.-]*\d)", re.IGNORECASE),
    re.compile(
        rf"(?<![\w.]){_NUMBER}(?:[ \t]*[x×*-][ \t]*{_NUMBER})*[ \t]?(?:mm|cm|m[lL]|cc|mCi|[kMG]?Bq|mg(?:/d[lL])?|mmol/[lL]|HU|"
        rf"min(?:utes?)?|%|[kK]g|µCi|Gy|ng/m[lL])(?![\w])"
    ),
    re.compile(r"\b(?:C[1-8]|T1?\d|L[1-6]|S[1-5])(?:\s?[-/–]\s?(?:[CTLS]?\d{1,2}))?\b(?![-/.]?\d)"),
    re.compile(
        r"\b(?:Deauville|Gleason|Lugano|Bosniak|ECOG|KPS|BI-RADS|LI-RADS|PI-RADS|Ki-67|station|level)\s*(?:score|grade|"
        r"group)?\s*[\dIVX]+[A-Za-z]?(?:\s?[+/-]\s?\d+(?:\s?=\s?\d+)?)?\b"
    ),
]
_STRONG = {"EMAIL", "URL", "PHONE", "MRN", "ACCESSION"}


def measurement_stretches(text: str, dates: list[PhiSpan]) -> list[tuple[int, int]]:
    """Give the ``(start, end)`` of every measurement mention.

    Parameters
    ----------
    text : str
        The report.
    dates : list of PhiSpan
        Its dates: ``image 03/14/2024`` is a date after the word image, so a measurement never reaches into one.

    Returns
    -------
    list of tuple of int
        Half-open stretches.
    """
    stretches: list[tuple[int, int]] = []
    for pattern in _MEASUREMENTS:
        for match in pattern.finditer(text):
            start, end = match.span()
            for day in dates:
                if day.start < end and start < day.end:
                    end = max(start, day.start)
            if end > start:
                stretches.append((start, end))
    return stretches
