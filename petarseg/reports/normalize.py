"""Undo what hospital information systems do to text, without moving a single character.

Every repair here keeps the length of the text: what is removed becomes blanks, what is replaced becomes one character. The map back
to the original report is therefore the identity, and a span found in the normalised text is a span of the original.
"""

from __future__ import annotations

import re
from itertools import pairwise

from petarseg.reports.headings import typographic_heading

_CHARACTERS = str.maketrans(
    {
        **dict.fromkeys("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\ufffc\ufffd\x00\x07\x08\x1b", " "),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"),
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u0060\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2022\u2023\u25aa\u25ab\u25cf\u25cb\u25e6\u2043\u2219\u25a0\u25a1\u27a2\uf0b7\u00b7\u2013", "\u2022"),
        **dict.fromkeys("\u2013", "-"),
        **dict.fromkeys("\u2248\u223c\u02dc\u223d", "~"),
        **dict.fromkeys("\u2264\u2a7d", "<"),
        **dict.fromkeys("\u2265\u2a7e", ">"),
        **dict.fromkeys("\u2044\u2215\uff0f", "/"),
        **dict.fromkeys("\u00d7\u2715\u2a09", "x"),
        **dict.fromkeys("\uff1d", "="),
        **dict.fromkeys("\uff1a", ":"),
        **dict.fromkeys("\x0b\x0c\x85\u2028\u2029", "\n"),
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
        "\t": "\t",
    }
)

# Escapes that exports leave behind. A line break becomes "\n" padded with blanks, everything else blanks or its character.
_ESCAPES = re.compile(
    r"_x000[dDaA]_|_x0009_"  # spreadsheet XML escapes
    r"|<br ?/?>|</?p>|</?div>|</?li>|</?(?:[biu]|su[bp])>"  # HTML left by report editors
    r"|&nbsp;|&amp;|&lt;|&gt;|&quot;|&#1[03];|&#x[0aAdD];|&#39;|&apos;"
    r"|\\r\\n|\\n|\\r"  # backslash escapes written out (JSON in CSV)
    r"|\\\.br\\",  # HL7 line break
    re.IGNORECASE,
)
_ESCAPE_CHARACTERS = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&apos;": "'"}
_BLANKS = {"_x0009_", "&nbsp;", *(f"<{slash}{tag}>" for slash in ("", "/") for tag in ("b", "i", "u", "sub", "sup"))}
_RAISED_POINT = re.compile(r"(?<=\d)\u00b7(?=\d)")  # the decimal point of British journals

_LIST_START = re.compile(r"(?:[-*\u2022+>o]\s+\S|\*|\u2022|\(?\d{1,2}[.)]\s+\S|\(?[a-zA-Z][.)]\s+\S|#\s*\d{1,2}\b)")
_COMPLETE_FINDING = re.compile(r"suv.{1,40}\b(?:slice|image|im|img|sl|ax|axial)\.?\s?#?\d{1,4}\s?[)\]]?$", re.IGNORECASE)
_KEY_VALUE = re.compile(r"\s*[A-Za-z][\w .-]{0,30}=\s?\S")
_LABEL = re.compile(r"\s*[A-Za-z][A-Za-z /&-]{1,25}: ?\S")
_HEADING_START = re.compile(r"[A-Za-z][A-Za-z/&,()' -]{0,48}:(?!\d)")
_ENDS_OPEN = re.compile(
    r"(?:[,(/&+=~-]|\b(?:of|on|in|at|with|and|or|the|a|an|to|from|by|for|is|was|are|were|has|have|had|which|that|up|measuring|measures|"
    r"approximately|about|left|right|bilateral|max|maximum|SUV\w*|slices?|images?|series|PET/CT|PET|axial|fused|prior|previously|than"
    r"|as))\s*$",
    re.IGNORECASE,
)
_STARTS_CLOSED = re.compile(r"[a-z(\[)\],;.%/=]|\d+(?:[.,]\d+)?(?:$|[),;]|\s+(?!x\b|cm\b|mm\b|[A-Z]))")
_COLUMN_GAP = re.compile(r"(?<=[^\s.:;,!?]) {2,}(?=\S)|\S {4,}(?=\S)")
_SEPARATED = re.compile(r"[,;](?=[^\s\d]|\d+(?:\.\d+)?(?:[,;]|$))")  # "Hilar node;12;5.2;113"
_WIDE_GAP = re.compile(r"\S {4,}(?=\S)")
_LONE_HEADING = re.compile(
    r"(?:PET(?:/CT)? |CT )?(?:findings?|impressions?|conclusions?|technique|comparison|(?:clinical )?history|indications?|opinion|summary|"
    r"interpretation|"
    r"assessment|addendum)",
    re.IGNORECASE,
)
_ENDS_BEFORE_NUMBER = re.compile(
    r"\b(?:on|at|axial|series|PET|fused|transaxial)\s(?:slice|image|img|im)(?:\s(?:no\.?|number))?$|\bSUV\s?max(?:\sof)?$", re.IGNORECASE
)
_TERMINATED = re.compile(r"[.!?:]['\")\]]*\s*$")


def normalize(text: str) -> str:
    """Return `text` with artefacts of exports repaired, every character at its old offset.

    Parameters
    ----------
    text : str
        A report as it came: with ``_x000D_``, HTML or HL7 line breaks, hard wraps, typographic dashes and blanks.

    Returns
    -------
    str
        Text of the same length. A newline that is left is a real one (new item, heading or paragraph); newlines of a hard wrap are blanks.
    """
    if "_" in text or "<" in text or "&" in text or "\\" in text:
        text = _ESCAPES.sub(_repair_escape, text)
    text = _RAISED_POINT.sub(".", text).translate(_CHARACTERS).replace("\r\n", " \n").replace("\r", "\n")
    return _join_wrapped_lines(text)


def _repair_escape(match: re.Match[str]) -> str:
    found = match.group()
    low = found.lower()
    if low in _ESCAPE_CHARACTERS:
        return _ESCAPE_CHARACTERS[low].ljust(len(found))
    if low in _BLANKS:
        return " " * len(found)
    following = match.string[match.end() : match.end() + 1]
    # "_x000D_\n" is one line break, not two.
    return " " * len(found) if following in ("\n", "\r") or (low == "_x000d_" and following == "_") else "\n".ljust(len(found))


def _join_wrapped_lines(text: str) -> str:
    lines = text.split("\n")
    if len(lines) == 1:
        return text
    width, lower = _wrap_width(lines), _starts_lower(lines)
    pieces = [lines[0]]
    for above, below in pairwise(lines):
        pieces.append(" " if _is_wrap(above.rstrip(), below.strip(), width, lower) else "\n")
        pieces.append(below)
    return "".join(pieces)


def _wrap_width(lines: list[str]) -> int:
    """Return the column at which the text was wrapped: the longest line, when several lines come near it; else 0."""
    lengths = sorted((len(line.rstrip()) for line in lines if line.strip()), reverse=True)
    if len(lengths) < 3:
        return 0
    # One long header line may stand out; a wrap shows in many lines of nearly the same length.
    width = lengths[min(2, len(lengths) // 8)]
    near = sum(length >= 0.75 * width for length in lengths)
    return width if width <= 140 and near >= max(3, len(lengths) // 4) else 0


def _is_table_row(line: str) -> bool:
    return "|" in line or "\t" in line or len(_COLUMN_GAP.findall(line)) >= 2 or len(_SEPARATED.findall(line)) >= 2


def _starts_lower(lines: list[str]) -> bool:
    """Say whether the author begins paragraphs in lower case, so that a small letter is no sign of a wrapped line."""
    first = [below.strip() for above, below in pairwise(["", *lines]) if below.strip() and (not above.strip() or _TERMINATED.search(above))]
    return len(first) > 2 and sum(line[0].islower() for line in first) > len(first) / 2


def _is_wrap(above: str, below: str, width: int, lower: bool) -> bool:
    if not above or not below:
        return False
    if _ENDS_BEFORE_NUMBER.search(above) and re.match(r"\d{1,4}(?:\.?$|[.,;)]\s|\b)", below) and not _is_table_row(above):
        return True  # "SUVmax 3.5 on axial slice" over "86.", which is no item of a list
    if _LIST_START.match(below) or _is_table_row(above) or _is_table_row(below) or (_WIDE_GAP.search(above) and _WIDE_GAP.search(below)):
        return False
    if _TERMINATED.search(above):
        return False
    if (_HEADING_START.match(below) and not below[0].islower()) or _LONE_HEADING.fullmatch(below) or typographic_heading(below):
        return False
    if _KEY_VALUE.match(above) and (_KEY_VALUE.match(below) or (len(above) < 40 and below[0].isupper())):
        return False
    if _COMPLETE_FINDING.search(above) and "suv" in below.lower():
        return False  # lists of findings without bullets or full stops
    if _LABEL.match(above) and _LABEL.match(below):
        return False  # "neck: node, SUVmax=9.0, axial=61" over "chest: ..."
    if _ENDS_OPEN.search(above) or (_STARTS_CLOSED.match(below) and not (lower and below[0].islower())):
        return True
    first_word = below.split(None, 1)[0]
    return bool(width) and len(above) + 1 + len(first_word) > 0.85 * width
