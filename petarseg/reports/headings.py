"""The words and the typography of section headings: "FINDINGS:", "[IMPRESSION]", "## Findings", "Opinion.", "CONCLUSION Stage 4 ..."."""

from __future__ import annotations

import re

# The words of each heading, tried in this order. Texts are matched lower-case, blanks squeezed.
_HEADINGS: tuple[tuple[str, str], ...] = (
    ("history", r"(?:(?:brief|pertinent|relevant|interval|oncologic(?:al)?|patient|past|medical|surgical|treatment|present|family) )*"
                r"(?:clinical |clin\.? )?(?:history|hist|hx|information|info|data|details|indications?|question|background|summary"
                r"|presentation|context|"
                r"diagnosis|statement|problem|notes?|findings?(?= and history))"
                r"|(?:primary |known |referring )?diagnos[ei]s|indications?(?: for (?:exam|examination|study|scan|the exam|the study))?"
                r"|reason for (?:the )?(?:exam(?:ination)?|study|scan|referral|visit|request)|clinical"
                r"|history and indications?|indications? and history|(?:pmh|hpi|cc|rfe)|treatment|therapy|prior (?:treatment|therapy)"),
    ("comparison", r"earlier (?:stud(?:y|ies)|exams?|examinations?|imaging|scans?)|vorbefund|voraufnahmen|vergelijking"
                   r"|comparisons?(?: (?:study|studies|exams?|examinations?|made|is made))?|comp|compared (?:to|with)|"
                   r"(?:prior|previous|relevant prior)(?: (?:stud(?:y|ies)|exams?|examinations?|imaging|reports?|scans?|pet/ct))?"
                   r"|correlation|comparative stud(?:y|ies)"),
    (
        "technique",
        r"(?:(?:imaging|scan|exam|pet|ct|pet/ct|pet-ct|acquisition|scanning|study) )?(?:techniques?|procedures?|protocols?|methods?"
        r"|methodology|parameters)"
                  r"|tech|procedure (?:in detail|details|description)|description of (?:the )?procedure|technique and procedure"
                  r"|radio-?pharmaceuticals?|(?:radio)?tracer|isotope|"
                  r"(?:injected |administered )?(?:dose|activity)|acquisition|uptake(?: time)?|contrast(?: media| agent)?|medications?"
                  r"|blood glucose(?: level)?|glucose|"
                  r"injection site|scan(?:ned)? (?:region|range)|field of view|attenuation correction|preparation|equipment|scanner"
                  r"|radiation dose"),
    ("addendum", r"addend(?:um|a)(?: #?\d+)?|amendment|correction|nachtrag"),
    (
        "findings",
        r"(?!key |main )(?:(?:[a-z/&,-]+|18f-?fdg|f-?18) ){0,4}findings?(?: (?:and|&|/) (?:impressions?|interpretation"
        r"|discussion))?(?: by region)?"
                 r"|findings?/impressions?|results?|observations?|report(?: body| text)?|body of (?:the )?report|description"
                 r"|original report|image interpretation|"
                 r"(?:pet|pet/ct|pet-ct|fdg|whole[- ]body)(?: imaging| scan)? (?:results?|report)|(?:lesion|measurement) (?:table|list"
                 r"|data)|"
                 r"befunde?|bevindingen|verslag|hallazgos|r[e\u00e9]sultats?|lesions?|(?:index|target|measurable) lesions?"
                 r"|measurements?|quantification|tumou?r measurements?"),
    (
        "impression",
        r"(?:final |overall |summary |diagnostic |pet |pet/ct |preliminary )?(?:impressions?|conclusions?|opinion"
        r"|assessment)(?: (?:and|&|/) (?:plan|recommendations?))?"
                   r"|(?:board|mdt|mdm|tumou?r board|management|follow-?up|clinical|our) recommendations?|imp|concl|in (?:conclusion"
                   r"|summary)|summary(?: of findings| statement)?|interpretation|recommendations?|advice|plan"
                   r"|take[- ]home(?: message)?s?|overall(?: (?:result|response|reading))?|evaluation|reading|(?:mdt|mdm"
                   r"|tumou?r board) summary"
                   r"|beurteilung|zusammenfassung|conclusie|besluit|conclusi[o\u00f3]n|impresi[o\u00f3]n|konklusion|slutsats"
                   r"|(?:response )?assessment|comments?|discussion|"
                   r"(?:final|radiological|imaging) diagnosis|(?:key|main) (?:findings|points|messages?)|bottom line|response category"
                   r"|staging"
                   r"|tnm(?: staging)?"),
    (
        "exam",
        r"exam(?:ination)?s?(?: (?:type|title|name|performed|description))?|stud(?:y|ies)(?: (?:type|performed|description|name))?"
        r"|procedure|type of (?:exam|study)|modality|title",
    ),
    (
        "header",
        r"(?:patient(?:'s)?|pt)(?: (?:name|id|no|number|information|data|details))?|names?|mrn|mr ?#"
        r"|(?:med(?:ical)? )?rec(?:ord)?(?: (?:no|number|#))?|unit no|"
               r"d\.?o\.?b\.?|(?:date|place) of birth|born|birth ?date|age(?:/sex)?|sex|gender|acc(?:ession)?(?: (?:no|number|#))?"
               r"|acc ?#|"
               r"(?:date|time)(?: of (?:service|exam|examination|study|scan|report))?|(?:exam|study|scan|report) date|visit(?: no)?"
               r"|order(?:ing)?(?: (?:physician|provider|no|number))?|"
               r"referr(?:ing|ed)(?: (?:by|physician|provider|doctor))?|ref(?:erral)?|requesting (?:physician|provider)|physician"
               r"|provider|department|location|facility|institution|hospital|re|copy(?: to)?|cc to"),
    (
        "signature",
        r"(?:electronically )?(?:signed|dictated|read|reported|transcribed|typed|interpreted|approved|finali[sz]ed|verified"
        r"|authenticated|reviewed)(?: (?:by|on|electronically))*(?: by)?"
                  r"|signature|radiologist|attending|resident|report (?:status|by)|end of report|transcriptionist|critical (?:results?"
                  r"|findings?) communicat\w+"),
)  # fmt: skip

REGION = (
    r"(?:head|brain|skull|face|neck|head ?(?:and|&|/) ?neck|h ?(?:/|&) ?n|cervical|orbits?|oral cavity|pharynx|larynx|thyroid"
    r"|salivary glands?|"
    r"chest|thorax|thoracic|lungs?|pulmonary|mediastin(?:um|al)|hil(?:a|um|ar)|pleura|heart|cardiac|breasts?|axillae?|chest wall|"
    r"abdomen|abdominal|a ?/ ?p|abd|liver|hepatobiliary|gallbladder|spleen|pancreas|adrenals?(?: glands)?|kidneys?|renal|genitourinary"
    r"|gu|gi|gi tract|"
    r"gastrointestinal|stomach|bowel|colon|peritoneum|retroperitoneum|mesentery|pelvis|pelvic|bladder|prostate(?: ?/ ?(?:bed|fossa)"
    r"| (?:bed|fossa|gland))?|uterus|ovaries"
    r"|reproductive(?: organs)?|"
    r"musculoskeletal|msk|bones?|skelet(?:on|al)|osseous(?: structures)?|spine|marrow|bone marrow|soft tissues?|extremities|limbs?"
    r"|legs?|arms?|thighs?|skin|subcutaneous|"
    r"lymph ?nodes?|nodes?|nodal(?: stations)?|vascular|vessels?|body wall|cns|other|miscellaneous|incidental)"
)
# Headings that only say where in the body we are; organ headings are the subject of what follows.
_BODY_PART = (
    r"(?:head|face|neck|head ?(?:and|&|/) ?neck|h ?(?:/|&) ?n|chest|thorax|abdomen|a ?/ ?p|abd|pelvis|musculoskeletal|msk|bones?"
    r"|skeleton|skeletal|osseous(?: structures)?|soft tissues?|extremities|limbs?|"
    r"lymph ?nodes?|nodes?|nodal(?: stations)?|body wall|other|miscellaneous|incidental|cns|gi|gu|gastrointestinal|genitourinary"
    r"|hepatobiliary)"
)
BODY_REGION = re.compile(rf"(?:the )?{_BODY_PART}(?:(?:,| and| &|/|-| -)+ ?{_BODY_PART}){{0,4}}", re.IGNORECASE)
REGION_HEADING = re.compile(
    rf"(?:[-*\u2022] ?|\d{{1,2}}[.)] ?)?(?P<title>(?:the )?{REGION}(?:(?:,| and| &|/|-"
    rf"| -)+ ?{REGION}){{0,4}})(?: ?\([^)\n]{{0,30}}\))? ?:",
    re.IGNORECASE,
)
HEADING = re.compile(
    "|".join(f"(?P<{name}>(?:{pattern}))" for name, pattern in _HEADINGS),
    re.IGNORECASE,
)

# --- typography ---
_MARKUP = r"[#*_=~>\-\s\u2022]{0,8}"
# Titles that are headings without a colon behind them.
_PLAIN_TITLE = (
    r"(?:(?:final|overall|key|pet|pet/ct) )?(?:findings?|results?|impressions?|conclusions?|opinion|interpretation|summary|comparison"
    r"|technique"
    r"|(?:clinical )?(?:history|indications?)|addendum|recommendations?)"
)
_CAPITAL_TITLE = (
    rf"(?:{_PLAIN_TITLE}|report|clinical(?: information| data)?|imp|procedure|protocol"
    r"|(?:earlier|prior|previous) (?:study|studies|exam|imaging))"
)
_NAME = r"[A-Za-z][\w/&,.' -]{1,48}?"
_ENCLOSED = re.compile(rf"{_MARKUP}(?:[\[<{{]\s?(?P<title>{_NAME})\s?[\]>}}]|[*_=~-]{{2,}}\s?(?P<ruled>{_NAME})\s?[*_=~-]{{2,}})[ :.-]*")
_MARKED = re.compile(rf"\s*(?P<title>(?i:{_PLAIN_TITLE}))(?:\.(?=\s)| ?--(?= )| ?>+| ?/(?= )| ?;| ?=(?= )| ?\||\t|[ ]{{2,}})\s*")
_SHOUTED = re.compile(rf"\s*(?P<title>(?i:{_CAPITAL_TITLE}))(?:\.?\s+(?=[A-Z0-9(\"*-])|\.$)")
_SPACED = re.compile(r"\s*(?P<title>[A-Z](?: [A-Z]){3,})(?=\s*:?\s*$)")
_QUALIFIER = re.compile(r"\s*(?:\([^)]*\)|#\s?\d+|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d\d-\d\d)$")
_WHOSE = re.compile(r"^(?:\w+'s|our|my|the)\s", re.IGNORECASE)


def heading_name(title: str) -> str | None:
    """Return the section that a title announces, None for any other text.

    Examples
    --------
    >>> heading_name("Radiologist's impression (preliminary)"), heading_name("Conclusions / advice"), heading_name("Mild uptake")
    ('impression', 'impression', None)
    """
    words = _WHOSE.sub("", _QUALIFIER.sub("", " ".join(title.casefold().split())))
    match = HEADING.fullmatch(words)
    if match is not None:
        return match.lastgroup
    parts = re.split(r"\s?[/&,]\s?| and ", words)
    names = [part.lastgroup for part in map(HEADING.fullmatch, parts) if part is not None]
    if len(parts) < 2 or len(names) < len(parts):
        return None
    return next((name for name in ("findings", "impression") if name in names), names[0])


def typographic_heading(line: str) -> tuple[str, str, int] | None:
    """Return (section, title, end) of a line whose heading is set off by brackets, rules, capitals or a full stop instead of a colon.

    Parameters
    ----------
    line : str
        One line without its line break; the heading's body may follow on it.
    """
    spaced = _SPACED.match(line)
    if spaced is not None:
        title = spaced["title"].replace(" ", "")
        name = heading_name(title)
        return None if name is None else (name, title, spaced.end())
    enclosed = _ENCLOSED.match(line)
    if enclosed is not None:
        title = enclosed["title"] or enclosed["ruled"]
        name = "region" if BODY_REGION.fullmatch(title) else heading_name(title)
        return None if name is None else (name, title, enclosed.end())
    for pattern in (_MARKED, _SHOUTED):
        match = pattern.match(line)
        if match is None or not match["title"][0].isupper() or (pattern is _SHOUTED and not match["title"].isupper()):
            continue
        if pattern is _SHOUTED and match.end() < len(line) and not re.search(r"[a-z]", line[match.end() :]):
            continue
        name = heading_name(match["title"])
        if name is not None:
            return name, match["title"], match.end()
    return None
