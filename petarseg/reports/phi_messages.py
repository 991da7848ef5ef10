"""HL7 version 2 segments pasted into a report: in the segments about people every telling component identifies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.phi_lexicon import is_report_word
from petarseg.reports.phi_span import PhiSpan

_SEGMENT = re.compile(r"^[ \t]*(?P<name>MSH|PID|PD1|PV1|PV2|NK1|GT1|IN1|IN2|ORC|OBR|EVN|TXA|ZDS)\|(?P<fields>[^\r\n]*)", re.MULTILINE)
# Segments of which every component counts; of the others numbers and names with carets do.
_PERSONAL = frozenset({"PID", "PD1", "NK1", "GT1", "IN1", "IN2", "PV1"})
_CODES = re.compile(r"[A-Z]{1,3}|ORU|ORM|ADT|R0\d|A\d\d|\d{1,3}|2\.\d(?:\.\d)?|\d{5}|[\d.]{1,5}|MRN|HOSP")


def find_in_messages(text: str) -> Iterator[PhiSpan]:
    """Find the identifying components of HL7 segments; text segments (OBX, NTE) are read as text."""
    for segment in _SEGMENT.finditer(text):
        position = segment.start("fields")
        for number, value in enumerate(segment["fields"].split("|"), start=1 if segment["name"] != "MSH" else 2):
            yield from _field(segment["name"], number, value, position)
            position += len(value) + 1


def _field(segment: str, number: int, value: str, start: int) -> Iterator[PhiSpan]:
    content = value.strip()
    if not content or _CODES.fullmatch(content) or not re.search(r"[A-Za-z]{2}|\d{4}", content):
        return
    offset = start + value.index(content)
    letters = re.findall(r"[^\W\d_]+", content)
    if segment == "MSH":
        if number in (4, 6):
            yield PhiSpan(offset, offset + len(content), "HOSPITAL")
        elif number == 10:
            yield PhiSpan(offset, offset + len(content), "OTHER_ID")
    elif re.search(r"\d{4}", content) and not re.fullmatch(r"\d{5}\^.*", content):
        kind = {("PID", 11): "LOCATION", ("PID", 7): "DATE"}.get((segment, number), "OTHER_ID")
        yield PhiSpan(offset, offset + len(content), kind)
    elif segment in _PERSONAL and not all(map(is_report_word, letters)):
        yield PhiSpan(offset, offset + len(content), "LOCATION" if number == 11 else "NAME")
