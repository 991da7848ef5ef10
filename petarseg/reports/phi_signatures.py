"""Names where a letter or a note puts them: greetings, signatures, relatives, and the initials of those who dictated and typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from petarseg.reports.phi_lexicon import is_proper, is_report_word, is_word
from petarseg.reports.phi_name_reader import CREDENTIAL, NAME_STOP, TITLE, TITLE_LOWER, UPPER, WORD
from petarseg.reports.phi_span import PhiSpan
from petarseg.reports.phi_vocabulary import FAMILY_NAMES, GIVEN_NAMES, words

_WORDS = rf"[{UPPER}][\w'’-]*\.?(?:[ ]{{1,2}}(?:(?:de|la|van|der|von|den|al|el|bin)[ ])*[{UPPER}][\w'’-]*\.?){{0,3}}"
_GREETING = re.compile(
    rf"^[ \t>*]*(?:Dear|DEAR|Hi|HI|Hello|HELLO|Hey|Good\s+(?:morning|afternoon|evening)|Thanks|Thank\s+you|"
    rf"Many\s+thanks)[ ,]+(?P<name>{_WORDS})"
    r"(?=[ ]*(?:[,:;.!–—-]|$|\band\b|&))",
    re.MULTILINE,
)
_GREETED = words("greeted")
_VALEDICTION = re.compile(
    r"^[ \t>*]*(?:(?:with[ ])?(?:all[ ])?(?:best|kind(?:est)?|warm(?:est)?|many|good)[ ](?:wishes|regards|thanks)|"
    r"(?:very[ ])?(?:sincerely|cordially|"
    r"respectfully|faithfully|truly)(?:[ ](?:yours|submitted))?|yours(?:[ ]\w+)?|regards|thanks|thank you|cheers|best|bw|kr|"
    r"mit freundlichen grüßen|med vennlig hilsen|cordialement|atentamente|saludos)[ ]*[,.!–—-]?[ \t]*(?:_x000D_)?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_KIN = (
    r"(?:(?:step|grand|great-?grand|god|half-)?(?:son|daughter|mother|father|brother|sister|child)(?:[- ]in[- ]law)?|wife|husband|partner|"
    r"spouse|fianc[ée]e?|carer|caregiver|friend|neighbou?r|niece|nephew|aunt|uncle|cousin|twin(?:[ ](?:brother|sister))?|mum|mom|dad|"
    r"girlfriend|boyfriend|roommate|landlord|employer|chaplain|guardian|next[ ]of[ ]kin|interpreter|escort|driver|granddaughter|grandson)"
)
_RELATIVE = re.compile(rf"\b{_KIN}(?:[ ]is|,|[ ]named|[ ]called)?[ ]\(?(?P<name>{_WORDS})")
_RELATION_AFTER = re.compile(rf"\b(?P<name>{_WORDS})[ ]?[(,][ ]?(?:his|her|their|the|patient's)?[ ]?{_KIN}\b")
# "XY/ab", "D: XY  T: ab", "-- jp", "/ARD": who dictated and who typed, at the end.
_DICTATED = re.compile(
    r"^[ \t]*(?P<name>/?[A-Z]{2,4}[ ]?[/\\|]?[/:\\-][ ]?[A-Za-z]{2,4}|/[A-Za-z]{2,4}|"
    r"(?:[A-Z]\.){2,4}[ ]?/[ ]?[A-Za-z.]{2,6})(?=[ \t]*(?:$|[ ]{2}|\d|[;,(]|_x000D_|DD?\b|TD?\b|D:|T:))",
    re.MULTILINE,
)
_DASHED = re.compile(r"(?:--|—|–|[ ]-|(?<=\d)[ ]/)[ ]?(?P<name>[a-z]{2,3}|[A-Z]{2,4}|(?:[A-Z]\.){2,3})[ \t.]*$", re.MULTILINE)
_ROLE_INITIALS = re.compile(
    r"\b(?i:tech(?:nologist)?|radiographer|initials?|typist|transcriptionist|(?:transcribed|typed|dictated|injected|scanned|checked|verified|reported|"
    r"performed|acquired|imaged|entered|signed|read|reviewed|approved|drafted|prepared|processed)(?:[ ]by)|operator|reader|rtnm|"
    r"rt|cnmt)[ ]?[:.#=-]?[ ]"
    r"(?P<name>[A-Z]{2,4}(?:[ ]?[/&][ ]?[A-Za-z]{2,4})?|(?:[A-Z]\.[ ]?){2,4})(?=[ \t]*(?:$|[.,;)\n(]|_x000D_|\d|on\b|at\b|via\b|and\b))",
    re.MULTILINE,
)
_POINTED = re.compile(
    r"\b(?:by|with|to|per|from|and|resident|fellow|proofread|checked|reviewed|typed|dictated|signed|reported|approved|"
    r"verified)[ ](?P<name>(?:[A-Z]\.[ ]?){2,4})(?=[ \t]*(?:$|[,;)\n(]|on\b|at\b|[A-Z][a-z]|_x000D_))",
    re.MULTILINE,
)
_TYPIST = re.compile(
    r"\b(?:transcribed|typed|dictated|entered|keyed|prepared)[ ](?:by|"
    r"per)[ :]+(?P<name>[a-z]{2,3})(?=[ \t]*(?:$|[.,;)]|on\b|at\b|\d))",
    re.MULTILINE | re.IGNORECASE,
)
# "... 17:05. BT/es" at the end of a line.
_CLOSING_PAIR = re.compile(r"(?<=[.;\d] )(?P<name>[A-Z]{2,3}[/:][a-z]{2,3})(?=[ \t.]*$)", re.MULTILINE)
# "D: 7/11/24 T: 7/12/24 MJ"
_STAMPED = re.compile(
    r"(?<![^\W_])[DT]T?:[ ]*\d{1,4}[/.-]\d{1,2}(?:[/.-]\d{2,4})?(?:[ ]+\d{1,2}:?\d\d)?[ ]+(?P<name>[A-Za-z]{2,4})(?=[ \t]*(?:$|"
    r"[ ]{2}|[;,)]))",
    re.MULTILINE,
)
# "k. dimitriou" in a text without capitals.
_SMALL_INITIAL = re.compile(r"(?<![\w.])(?!e\.g|i\.e|[ap]\.m)(?:[a-z]\.[ ]?){1,2}(?P<family>[A-Za-zà-ÿ][\w'’-]{2,})")
_NICKNAME = re.compile(rf"[ ]?[\"“(‘'][{UPPER}][\w-]+[\"”)’'](?![\w])")
_ABBREVIATIONS = words("initials_taken")
_TAIL = re.compile(r"[ ]?/[ ]?(?P<name>[a-z]{2,4}|[A-Z]{2,4})(?![\w'’/])")


def find_signatures(text: str) -> Iterator[PhiSpan]:
    """Find the people of greetings, closings and families, and initials in signatures."""
    for match in _GREETING.finditer(text):
        yield from _person(text, *match.span("name"))
    for match in _VALEDICTION.finditer(text):
        yield from _closing(text, match.end())
    for match in _RELATIVE.finditer(text):
        yield from _relative(text, *match.span("name"))
    for match in _RELATION_AFTER.finditer(text):
        yield from _relative(text, *match.span("name"))
    for match in _SPELT.finditer(text):
        if not is_report_word(re.sub(r"\W", "", match.group())):
            yield PhiSpan(*match.span(), "NAME")
    for match in _TYPIST.finditer(text):
        if match["name"].lower() not in _ABBREVIATIONS | {"the", "her", "his", "our", "an"}:
            yield PhiSpan(*match.span("name"), "NAME")
    for match in _SMALL_INITIAL.finditer(text):
        if not is_word(match["family"]) and not is_report_word(match["family"]):
            yield PhiSpan(*match.span(), "NAME")
    for pattern in (_STAMPED, _CLOSING_PAIR, _DICTATED, _DASHED, _ROLE_INITIALS, _POINTED):
        for match in pattern.finditer(text):
            parts = [part.lower() for part in re.findall(r"[A-Za-z]+", match["name"]) if len(part) > 1]
            if re.match(r"(?i)id|pt|hx|dx|re|to|cc|fu|imp", parts[0] if parts else ""):
                continue
            if not any(part in _ABBREVIATIONS or (len(part) > 2 and is_report_word(part)) for part in parts):
                yield PhiSpan(match.start("name"), match.start("name") + len(match["name"].rstrip()), "NAME")


# "that's B R I L L": a name spelt out.
_SPELT = re.compile(r"(?<![\w.])(?:[A-Z][ -]){3,}[A-Z](?![\w.])")


def _taken(word: str) -> bool:
    return is_report_word(word) or word.lower() in _ABBREVIATIONS


def with_initials(text: str, names: Sequence[PhiSpan]) -> Iterator[PhiSpan]:
    """Take in the initials that stand at a name: "C. Mac Giolla", "Lau K.Y.", "Ferreira/ls"."""
    for name in names:
        start, end = name.start, name.end
        before = re.search(
            rf"(?<![\w.])(?:[{UPPER}]\.-?[ ]?|[{UPPER}][ ]){{1,3}}(?:(?:Mac|Mc|Ó|Ní|Van|Von|De|Al|El|Bin)[ ])?$",
            text[max(0, start - 14) : start],
        )
        if before is not None and not (len(before.group()) == 2 and before.group() in ("A ", "I ")):
            start -= len(before.group())
        after = re.compile(rf"[ ](?:[{UPPER}]\.[ ]?){{1,3}}(?![\w])|[ ](?:[{UPPER}][ ]?){{1,2}}(?=[,;.)/\n]|$)").match(text, end)
        if after is not None and "\n" not in text[start:end] and not re.fullmatch(rf"\s*{CREDENTIAL}.*", after.group()):
            end += len(after.group().rstrip())
        nickname = _NICKNAME.match(text, end)
        quoted = nickname is not None and "(" not in nickname.group()
        if nickname is not None and (quoted or not any(map(_taken, WORD.findall(nickname.group())))):
            end = nickname.end()
        comma = re.compile(rf",[ ]?[{UPPER}]\.?(?=[ ]+{CREDENTIAL}(?![^\W_])|[ ]*(?:[;.\n)/|]|$))").match(text, end)
        end = comma.end() if comma is not None else end
        tail = _TAIL.match(text, end)
        if tail is not None and tail["name"].lower() not in _ABBREVIATIONS and not is_report_word(tail["name"]):
            end = tail.end()
        if (start, end) != (name.start, name.end):
            yield PhiSpan(start, end, "NAME")
    yield from _initials_of(text, names)


def _initials_of(text: str, names: Sequence[PhiSpan]) -> Iterator[PhiSpan]:
    """Find the initials of people who are named elsewhere, in brackets, behind a stroke or at the end of a line."""
    known: set[str] = set()
    for name in names:
        letters = [word[0] for word in re.findall(r"[^\W\d_]+", text[name.start : name.end]) if word[0].isupper()]
        if 1 < len(letters) < 5:
            for order in (letters, [letters[-1], *letters[:-1]], [*letters[1:], letters[0]], [letters[0], letters[-1]]):
                known.add("".join(order).upper())
    known = {initials for initials in known if initials.lower() not in _ABBREVIATIONS and not is_report_word(initials)}
    if not known:
        return
    either = "|".join(sorted(known))
    for match in re.finditer(
        rf"(?:(?<=[(/])|(?<=[:–—-][ ])|(?<=-))(?:{either})(?=[)/,.;]|[ ]*$)|^[ ]*(?:{either})(?=[/ ]*$|"
        rf"[:/])",
        text,
        re.MULTILINE,
    ):
        yield PhiSpan(match.end() - len(match.group().strip()), match.end(), "NAME")


def _person(text: str, start: int, end: int) -> Iterator[PhiSpan]:
    """Take titles off a greeted name; "Dear Colleague" greets nobody."""
    for _ in range(3):
        title = TITLE.match(text, start, end) or TITLE_LOWER.match(text, start, end)
        start = title.end() if title is not None and title.end() < end else start
    found = WORD.findall(text[start:end])
    if found and not any(word.lower() in _GREETED for word in found) and not all(word.lower() in NAME_STOP for word in found):
        yield PhiSpan(start, start + len(text[start:end].rstrip(" .")), "NAME")


def _closing(text: str, position: int) -> Iterator[PhiSpan]:
    """Read up to two short lines of a signature."""
    for line in list(re.finditer(r"[^\r\n]+", text[position : position + 200]))[:4]:
        content = re.sub(r"_x000D_", "", line.group()).strip(" \t*_>")
        if not content:
            continue
        first = re.split(rf",|\(|(?<=\w)[ ]{{2,}}|\s(?={CREDENTIAL}(?![^\W_]))", content)[0].strip()
        found = WORD.findall(first)
        if not 0 < len(found) < 6 or not all(word[0].isupper() or len(word) < 4 for word in found) or re.search(r"[\d:]", first):
            return
        if all(is_report_word(word) and word.lower() not in GIVEN_NAMES | FAMILY_NAMES for word in found):
            return
        start = text.index(first, position + line.start())
        yield from _person(text, start, start + len(first))


def _relative(text: str, start: int, end: int) -> Iterator[PhiSpan]:
    """Take the capitalised words beside a relative that can be names, up to the first that cannot."""
    for _ in range(2):
        title = TITLE.match(text, start, end)
        start = title.end() if title is not None and title.end() < end else start
    stop = start
    for word in WORD.finditer(text, start, end):
        low = word.group().lower()
        if low in NAME_STOP or not (low in GIVEN_NAMES or low in FAMILY_NAMES or is_proper(low) or len(low) == 1):
            break
        if word.group().isupper() and len(low) in (2, 3):
            break
        stop = word.end()
    if stop > start:
        yield PhiSpan(start, stop, "NAME")
