"""Find the sections of a report: findings, impression, comparison, technique, history, ...

Headings stand on a line of their own, open a line, or follow a sentence in reports that lost their line breaks. A report without a
findings heading still has findings: its region headings ("Chest: ...") or its unlabelled paragraphs, marked as assumed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from petarseg.reports.headings import BODY_REGION, REGION, REGION_HEADING, heading_name, typographic_heading

_MARKUP = r"[#*_=~>\-\s\u2022]{0,8}"
_LINE_HEADING = re.compile(
    rf"{_MARKUP}(?P<number>(?:\d{{1,2}}|[IVX]{{1,4}}"
    rf"|[A-H])[.)] ?)?(?P<title>[A-Za-z][A-Za-z0-9/&#,.'() -]{{1,58}}?)[*_ ]{{0,4}}(?P<mark>:|-(?= )|$)"
)
_INLINE_HEADING = re.compile(r"(?:(?<=[.;:!?\])])\s{1,6}|(?<=[.!?\])])|\s{2,9}|(?<=\*)|[|] ?)(?P<title>[A-Z][A-Za-z/&' -]{1,40}?) ?:")
_CAPITAL_INLINE = re.compile(r"(?<!\S)(?P<title>[A-Z][A-Z/&-]+(?: [A-Z/&-]+){0,3})(?P<mark> ?:|(?=\s))")
_CAPITAL_ALONE = {
    "FINDINGS",
    "IMPRESSION",
    "IMPRESSIONS",
    "CONCLUSION",
    "TECHNIQUE",
    "COMPARISON",
    "INDICATION",
    "CLINICAL HISTORY",
    "CLINICAL INDICATION",
    "PET FINDINGS",
    "PET/CT FINDINGS",
}
_CLOSING = re.compile(
    r"(?:electronically (?:signed|approved|verified)|(?:with )?(?:kind(?:est)?|best) regards|yours (?:sincerely|faithfully|truly)"
    r"|sincerely,?$|"
    r"(?:dictated|transcribed|typed|signed|read|reported|approved) (?:by|on)\b|end of (?:report|dictation)|i have personally reviewed)",
    re.IGNORECASE,
)
_SUMMARY_SENTENCE = re.compile(
    r"(?:in (?:conclusion|summary|short)|to (?:summari[sz]e|conclude)|overall,? (?:impression|conclusion))\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a report under one heading.

    Parameters
    ----------
    name : str
        ``findings``, ``impression``, ``comparison``, ``technique``, ``history``, ``exam``, ``header``, ``addendum``, ``signature`` or
        ``unlabelled``.
    start, end : int
        Offsets of the body, without the heading.
    region : str
        The region heading in force ("Chest"), else "".
    assumed : bool
        True for findings that no heading announces.
    """

    name: str
    start: int
    end: int
    region: str = ""
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where a heading begins and ends."""

    name: str
    start: int
    end: int
    title: str


def find_sections(text: str) -> list[Section]:
    """Cut a normalised report into sections.

    Parameters
    ----------
    text : str
        Output of `petarseg.reports.normalize.normalize`; newlines are real line breaks.

    Returns
    -------
    list of Section
        In text order, empty bodies left out. Region headings inside the findings start a section of their own.
    """
    marks = _with_short_items(text, _marks(text))
    sections: list[Section] = []
    name, region, begin, assumed = "unlabelled", "", 0, False
    explicit_findings = any(mark.name == "findings" for mark in marks)
    for mark in marks:
        sections.append(Section(name, begin, mark.start, region, assumed))
        if mark.name == "region":
            region = mark.title
            if name not in ("findings", "impression", "addendum", "signature"):
                name, assumed = "findings", not explicit_findings
        else:
            name, region, assumed = mark.name, "", False
        begin = mark.end
    sections.append(Section(name, begin, len(text), region, assumed))
    sections = [section for section in sections if text[section.start : section.end].strip()]
    return _with_fallbacks(text, sections)


# Titles of a whole section rather than of one line of it.
_WHOLE_SECTION = re.compile(r"technique|procedure|protocol|exam|COMPARISON|comparisons|history|indication", re.IGNORECASE)


def _with_short_items(text: str, marks: list[_Mark]) -> list[_Mark]:
    """Let findings go on behind a line that interrupts them: "Radiopharmaceutical: 9.2 mCi", "Prior: SUVmax 7.1", "MRN: 123"."""
    result: list[_Mark] = []
    findings = False
    for position, mark in enumerate(marks):
        result.append(mark)
        if mark.name in ("technique", "comparison", "header", "exam") and findings and _WHOLE_SECTION.search(mark.title) is None:
            line_end = text.find("\n", mark.end)
            following = marks[position + 1].start if position + 1 < len(marks) else len(text)
            if 0 <= line_end < following:
                result.append(_Mark("findings", line_end, line_end, ""))
        elif mark.name != "region":
            findings = mark.name == "findings"
    return result


def _with_fallbacks(text: str, sections: list[Section]) -> list[Section]:
    """Give a report without a findings heading its findings."""
    names = {section.name for section in sections}
    if "findings" in names:
        # "INTERPRETATION:" beside findings is the impression, as the vocabulary has it.
        # "COMMENTS:" before an impression goes on with the findings.
        own = [i for i, section in enumerate(sections) if section.name == "impression" and not _is_comment(text, section)]
        return [
            replace(section, name="findings") if own and i < own[0] and section.name == "impression" else section
            for i, section in enumerate(sections)
        ]
    interpretation = [section for section in sections if section.name == "impression" and _titled(text, section, "interpretation")]
    if interpretation:
        return [replace(section, name="findings", assumed=True) if section in interpretation else section for section in sections]
    if names & {"unlabelled"} and _has_number(text, sections, ("unlabelled",)):
        return [replace(section, name="findings", assumed=True) if section.name == "unlabelled" else section for section in sections]
    # A paragraph that follows TECHNIQUE or COMPARISON after a blank line has no heading of its own.
    result: list[Section] = []
    for section in sections:
        split = None
        if section.name in ("technique", "comparison", "history", "exam", "header"):
            split = re.compile(r"\n[ \t]*\n").search(text, section.start + _leading_blank(text, section), section.end)
        if split is None:
            result.append(section)
        else:
            result.append(replace(section, end=split.start()))
            result.append(Section("findings", split.end(), section.end, "", True))
    result = [section for section in result if text[section.start : section.end].strip()]
    if _has_number(text, result, ("findings",)):
        return result
    # Last resort: body text hidden behind an early heading, e.g. "EXAM: PET/CT. There is a mass ...".
    loose = ("exam", "technique", "header", "findings")
    return [replace(section, name="findings", assumed=True, region="") if section.name in loose else section for section in sections]


def _leading_blank(text: str, section: Section) -> int:
    body = text[section.start : section.end]
    return len(body) - len(body.lstrip())


def _is_comment(text: str, section: Section) -> bool:
    return any(_titled(text, section, word) for word in ("comment", "comments", "discussion"))


def _titled(text: str, section: Section, word: str) -> bool:
    return text[max(0, section.start - 40) : section.start].rstrip(" :*_-\n").casefold().endswith(word)


def _has_number(text: str, sections: list[Section], names: tuple[str, ...]) -> bool:
    return any(
        section.name in names and re.search(r"suv|uptake value", text[section.start : section.end], re.IGNORECASE) is not None
        for section in sections
    )


def _marks(text: str) -> list[_Mark]:
    marks: list[_Mark] = []
    position = 0
    in_findings = False
    for line in text.splitlines(keepends=True):
        end = position + len(line)
        found = _line_mark(text, position, end)
        if found is not None:
            marks.append(found)
        scan_from = found.end if found is not None else position
        marks.extend(_inline_marks(text, scan_from, end, in_findings or (found is not None and found.name == "findings")))
        if marks:
            in_findings = marks[-1].name in ("findings", "region")
        position = end
    return marks


def _line_mark(text: str, start: int, end: int) -> _Mark | None:
    line = text[start:end].rstrip()
    match = _LINE_HEADING.match(line)
    if match is not None:
        title = " ".join(match["title"].split()).strip(" .*_")
        name = heading_name(title)
        alone = match["mark"] == ""
        if name is not None and (
            not alone
            or (name in ("findings", "impression", "technique", "comparison", "history", "addendum") and _is_lone_heading(title, name))
        ):
            return _Mark(name, start, start + match.end(), title)
    typographic = typographic_heading(line)
    if typographic is not None:
        name, title, length = typographic
        return _Mark(name, start, start + length, title)
    indent = len(line) - len(line.lstrip())
    region = REGION_HEADING.match(line, indent)
    if region is not None:
        return _region_mark(region["title"], start + region.start("title"), start + region.end())
    bare = line.strip(" *_#=:")
    if (
        bare
        and len(bare) < 40
        and re.fullmatch(rf"{REGION}(?:(?:,| and| &|/|-)+ ?{REGION}){{0,4}}", bare, re.IGNORECASE)
        and (bare.isupper() or bare != line.strip())
    ):
        return _Mark("region", start, start + len(line), bare)
    closing = _CLOSING.match(line, indent)
    if closing is not None:
        return _Mark("signature", start, start + closing.end(), closing.group())
    summary = _SUMMARY_SENTENCE.match(line, indent)
    if summary is not None:
        return _Mark("impression", start, start + summary.end(), summary.group())
    return None


def _region_mark(title: str, start: int, end: int) -> _Mark:
    """Make the mark of a region heading; one that names an organ ("Liver: ...") stays part of the sentence it introduces."""
    title = " ".join(title.split())
    return _Mark("region", start, end if BODY_REGION.fullmatch(title) else start, title)


def _is_lone_heading(title: str, name: str) -> bool:
    """Say whether a line without a colon is a heading: short, capitalised, and not the beginning of a sentence."""
    return (
        len(title.split()) <= 4
        and title[:1].isupper()
        and title.casefold() not in ("clinical", "lesion", "lesions", "treatment", "therapy", "uptake", "dose")
    )


def _inline_marks(text: str, start: int, end: int, in_findings: bool) -> list[_Mark]:
    marks: dict[int, _Mark] = {}
    for match in _INLINE_HEADING.finditer(text, start, end):
        name = heading_name(" ".join(match["title"].split()))
        if name is None or (
            in_findings and name in ("header", "exam", "technique", "history", "findings") and not match["title"].isupper()
        ):
            continue
        marks[match.start("title")] = _Mark(name, match.start("title"), match.end(), match["title"])
    mixed_case = not text[start:end].isupper()
    for match in _CAPITAL_INLINE.finditer(text, start, end):
        title = " ".join(match["title"].split())
        colon = match["mark"].strip() == ":"
        name = heading_name(title)
        if name is None or match.start("title") in marks:
            continue
        if colon or (mixed_case and title in _CAPITAL_ALONE):
            if colon and name in ("header", "exam", "signature") and in_findings:
                continue
            marks[match.start("title")] = _Mark(name, match.start("title"), match.end(), title)
    if in_findings or marks:
        for match in re.compile(rf"(?:(?<=[.;!?)])\s{{1,6}}|\s{{2,9}})(?P<region>{REGION_HEADING.pattern})", re.IGNORECASE).finditer(
            text, start, end
        ):
            if match["region"][:1].isupper():
                marks.setdefault(match.start("region"), _region_mark(match["title"], match.start("title"), match.end()))
    return [marks[key] for key in sorted(marks)]
