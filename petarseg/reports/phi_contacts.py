"""E-mail and web addresses, phone, fax and pager numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.phi_span import PhiSpan

_EMAIL = re.compile(r"[\w.+%-]+\s?@\s?[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(
    r"\b(?:https?://|ftp://|www\.)[^\s<>()\"']+[^\s<>()\"'.,;:]|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|edu|gov|nhs\.uk|co\.uk|info|"
    r"health|hospital)\b(?:/[^\s<>()\"',;]*)?",
    re.IGNORECASE,
)
_SHORT_PHONE = re.compile(r"\b(?:at|on|ext\.?|extension|x)[ ](?P<id>\d-\d{4}|\d{3}[ ]\d{4})(?![\w-])(?!\.\d)", re.IGNORECASE)
_PHONE_LABEL = re.compile(
    r"\b(?:tel(?:ephone|ef(?:o|oo)n)?|phone|ph|fax|facsimile|pager|page|paged|beeper|bleep|cell|mobile|mob|call(?:ed|back)?|contact|"
    r"reach(?:ed)?|dial|ext(?:ension)?|hotline|"
    r"switchboard|enquir(?:y|ies)|helpline|help[ ]desk|"
    r"sein|pieper|zoemer|buzzer|dect|ddi|direct|toestel|durchwahl|poste|interno|anexo|bip|vocera|secr|"
    r"reading[ ]room|sms|text|telefax|tlf|số[ ]điện[ ]thoại|điện[ ]thoại)s?\b\.?(?:[ ](?:no\.?|number|#|at|on|us|back|me|"
    r"room|line|him|her|under)){0,3}[\s:#.]*"
    r"(?P<id>[x*]?\+?\(?\d[\d\s().-]{2,18}\d(?:\s*(?:x|ext\.?|extension)\s*\d{1,6})?)(?![\d/])(?!\.\d)",
    re.IGNORECASE,
)
_PHONE = [
    # 02 99 55 01 77, 0 500 555 01 77, 69 987 88 37
    re.compile(r"(?<![\w.,/-])(?:0\d(?:[ .]\d\d){4}|0[ ]\d{3}[ ]\d{3}[ ]\d{2}[ ]\d{2}|\d{2}[ ]\d{3}[ ]\d{2}[ ]\d{2})(?![\w])(?!\.\d)"),
    # +1 (555) 010-7731, +44 20 7946 0958
    re.compile(r"(?<![\w+])\+\d{1,3}[\s.-]?(?:\(\d{1,4}\)[\s.-]?)?\d{1,4}(?:[\s.-]?\d{2,4}){1,4}(?:\s*(?:x|ext\.?)\s*\d{1,6})?(?![\w])"),
    # (555) 014-2277, 555-014-2277, 1-800-555-0199, 555.014.2277
    re.compile(
        r"(?<![\w.(/-])(?:1[\s.-])?(?:\(\d{3}\)\s?|\d{3}[-.\s])\d{3}[-.\s]?\d{4}(?:\s*(?:x|ext\.?|"
        r"extension)\s*\d{1,6})?(?![\w-])(?!\.\d)",
        re.IGNORECASE,
    ),
    # (020) 7946 0958, 020 7946 0958, 01632 960 983
    re.compile(r"(?<![\w.])(?:\(0\d{1,4}\)|0\d{1,4})[\s-]\d{3,4}[\s-]?\d{3,4}(?![\w-])(?!\.\d)"),
    re.compile(r"(?<![\w.+-])\d{3}-\d{4}(?:\s*(?:x|ext\.?)\s*\d{1,6})?(?![\w-])(?!\.\d)", re.IGNORECASE),
]
_EXTENSION = re.compile(r"(?:\((?=p\d{4,5}\))p|(?<![\w.])(?:ext\.?|extension)[\s:.-]*|(?<=[^\d\s]\s)x)(?P<id>\d{4,6})\b", re.IGNORECASE)


def find_contacts(text: str) -> Iterator[PhiSpan]:
    """Find e-mail and web addresses, phone, fax and pager numbers."""
    for match in _EMAIL.finditer(text):
        yield PhiSpan(*match.span(), "EMAIL")
    for match in _URL.finditer(text):
        yield PhiSpan(*match.span(), "URL")
    for match in _PHONE_LABEL.finditer(text):
        if len(re.sub(r"\D", "", match["id"])) >= 4 and not re.fullmatch(r"(?:19\d|20[0-4])\d", match["id"]):
            yield PhiSpan(match.start("id"), match.end("id"), "PHONE")
    for pattern in _PHONE:
        for match in pattern.finditer(text):
            if sum(char.isdigit() for char in match.group()) >= 7:
                yield PhiSpan(*match.span(), "PHONE")
    for match in _SHORT_PHONE.finditer(text):
        yield PhiSpan(match.start("id"), match.end("id"), "PHONE")
    for match in _EXTENSION.finditer(text):
        yield PhiSpan(match.start("id"), match.end("id"), "PHONE")
