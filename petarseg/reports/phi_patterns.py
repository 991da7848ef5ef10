"""Identifiers that have a shape or a label: record, accession, order and device numbers.

A label ("MRN", "Acc", "Visit no.") makes even a short number an identifier; without a label a token must look like nothing that
medicine writes (`phi_lexicon.is_clinical_code`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from petarseg.reports.phi_lexicon import is_clinical_code, is_word
from petarseg.reports.phi_span import PhiSpan
from petarseg.reports.phi_vocabulary import words

_IP = re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])")
_UID = re.compile(r"(?<![\d.])[0-2](?:\.\d+){5,}(?![\d.])")
_GUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
_SSN = re.compile(r"(?<![\w.-])(?:\d{3}|[Xx*]{3})[- ](?:\d{2}|[Xx*]{2})[- ]\d{4}(?![\w-])(?!\.\d)")
# RUN USER: DHARRIS4
_LOGIN = re.compile(
    r"\b(?:run[ ])?(?:user|login|operator)(?:[ ]?(?:id|name))?(?:\s*[:=]\s*|"
    r"[ ](?=[A-Z]+\d))(?P<id>[A-Za-z][A-Za-z._-]*\d[\w.-]*)",
    re.IGNORECASE,
)
# brandt_k_petct_20240306.dcm
_FILE = re.compile(
    r"(?<![\w/])(?:[\w-]+[./\\])*[\w-]+\.(?:dcm|nii(?:\.gz)?|pdf|docx?|rtf|txt|jpe?g|png|tiff?|xml|json|hl7|zip|csv|xlsx?|mp3|wav|dss|ds2)\b",
    re.IGNORECASE,
)
# "Group 70081", "site 07": a bare number right behind the word that it counts.
_COUNTED = re.compile(
    r"\b(?:group|grp|site|subject|subj|participant|volunteer|encounter|visit|case|claim|policy|member|booking|token|locker|badge|locator|ticket|docket|reel|box)"
    r"[ ](?:no\.?[ ]|#[ ]?|id[ ])?(?P<id>[A-Z]{0,4}-?\d{2,}[A-Z\d-]*)(?![\w.]*(?:%|mm|cm))(?![ ]?(?:mm|cm|weeks?|months?|days?|"
    r"patients?|subjects?))",
    re.IGNORECASE,
)
# "ICD in situ (BIO-ITR 60881274)": what stands in brackets behind a device is its make and number.
_BRACKETED_DEVICE = re.compile(
    r"\b(?:pacemaker|ICD|CRT-?[DP]|defibrillator|port|port-a-cath|mediport|pump|stimulator|neurostimulator|loop[ ]recorder|"
    r"implant|prosthesis|generator|device|valve|stent|"
    r"shunt|scanner|camera|tomograph|unit)\b[^.()\n]{0,40}\((?P<id>(?=[^()\n]*\d{3})[^()\n]{4,48})\)",
    re.IGNORECASE,
)
# 80012277^^^HOSP: a number as HL7 writes it. C 20 55 31: groups of digits in a field of their own.
_CARET_NUMBER = re.compile(r"(?<![\w.^])[A-Z]{0,4}\d{4,}(?=\^\^)")
_GROUPED = re.compile(
    r"(?:^|(?<=[|;:/–—-][ ])|(?<=[ ]{2}))(?:[A-Z]{1,3}[ ])?\d{2,4}(?:[ ]\d{2,4}){2,4}(?=[ ]*(?:$|[|;,–—]|[ ]{2}|[ ][/-][ ]))", re.MULTILINE
)
# QQ 12 34 56 C: a British national insurance number. KVMC_PET2: the network name of a machine.
_NATIONAL = re.compile(r"(?<![\w-])[A-Z]{2}[ ]?\d{2}[ ]?\d{2}[ ]?\d{2}[ ]?[A-D](?![\w-])")
_UNDERSCORED = re.compile(r"(?<![\w])(?=[A-Z\d_]*[A-Z])(?=[A-Z_]*\d)[A-Z\d]{2,}(?:_[A-Z\d]+)+(?![\w])")
# KB 118 402, RH 40118, BPX 4471 902 K, 4471 882 019 VB: capitals and groups of digits, a letter or two behind them.
_LETTERED = re.compile(
    r"(?<![\w./-])(?:(?P<letters>[A-Z]{2,4})[ #-]{0,2}\d{1,6}(?:[ -]\d{1,6}){0,3}(?:[ ]?[A-Z]{1,2})?|"
    r"\d{3,4}(?:[ ]\d{3,4}){1,3}[ ][A-Z]{1,2})"
    r"(?![\w/])(?!\.\d)"
)
_NHS = re.compile(r"(?<![\w.-])\d{3} \d{3} \d{4}(?![\w-])(?!\.\d)")

# The token that carries an identifier: letters, digits and separators with at least two digits.
_TOKEN = r"(?=[A-Za-z\d#*._/-]*\d[A-Za-z\d._/-]*\d)[A-Za-z\d#*](?:[A-Za-z\d._/#*-]*[A-Za-z\d])?"
_SPACED = (
    rf"(?:{_TOKEN}|(?-i:[A-Z]{{1,4}})(?=[ ]\d))(?:[ ]?-[ ]?\d[A-Z\d-]*|[ ](?=\d{{2,}}\b)(?!\d+[./]\d)\d{{2,}}(?![\w.]*\s*(?:mm|cm|mg|mCi|"
    rf"MBq|min|y|years?)\b))*(?:(?<=[ ]\d{{5}})[ ]\d(?![\d.,]))?"
)
_FILL = r"[\s:#=.,\[(]*(?:(?:is|was|no|nr|num|number|id|code)\b[\s:#=.]*){0,2}"

_LABELLED: list[tuple[str, re.Pattern[str]]] = [
    (
        "MRN",
        re.compile(
            rf"(?:\b(?:MRNs?|M\.R\.N\.?|EMRN|CMRN|PMRN|MRNO|MPI|EMPI|EPI|MR(?:[ ]?(?:#|no\b\.?|number|num)|(?=[ :]+\d))|"
            rf"med(?:ical)?\.?[ ]?rec(?:ord)?s?\.?(?:[ ](?:#|no\b\.?|number|num|id))?|"
            r"(?:hosp(?:ital)?|unit|clinic|chart|record|patient|pat|pt|registration|reg|case[ ]?record|file|"
            r"hospital[ ]unit)\.?[ ]?(?:#|nos?\b\.?|nr\b\.?|number|num\b|id(?:entifier)?\b|reference\b|code)|"
            r"PID|PatID|PtID|Pat(?:ienten)?[.-][ ]?(?:Nr|ID|No)\b\.?|identification|URN?|UHID|CRN|HRN|CHI|IPN?|HN|K-?number|"
            r"hospital[ ]?#|NHI|chart|folder|record|"
            r"patient)(?![a-z]))"
            rf"(?-i:){_FILL}(?P<id>{_SPACED})",
            re.IGNORECASE,
        ),
    ),
    (
        "ACCESSION",
        re.compile(
            rf"\b(?:acc(?:ession|n|ess)?s?|ACSN|ACN|RIS|exam|study|requisition|req|request|radiology|imaging|report)(?:[ ]?(?:#|"
            rf"nos?\b\.?|nr\b\.?|number|num\b|id\b))?{_FILL}(?P<id>{_SPACED})",
            re.IGNORECASE,
        ),
    ),
    (
        "OTHER_ID",
        re.compile(
            r"\b(?:visit|encounter|enc|order|policy|insurance|ins|member(?:ship)?|subscriber|group|claim|account|acct|invoice|"
            r"billing|CSN|FIN|HAR|case|episode|"
            r"admission|adm|specimen|path(?:ology)?|referral|booking|appointment|licen[cs]e|lic|DEA|NPI|UPIN|passport|badge|employee|"
            r"staff|ID|identifier|"
            r"medicare|medicaid|MBI|HICN?|NHS|health[ ]card|OHIP|PHN|CPR|driver'?s?[ ]licen[cs]e|certificate|authori[sz]ation|auth|"
            r"study[ ]subject|subject|ticket|job|voucher|GMC|AHPRA|"
            r"ramq|nric|aadhaar|bsn|pesel|dni|nif|ahv|mcr|cmp|crm|rpps|abn|personnummer|health[ ](?:no|number|insurance)|"
            r"VIN|plate|dictation|transcription|trans|document|doc|confirmation|reference|ref|dossier|fallnummer|patientennummer)\.?"
            rf"(?:[ ]?(?:#|nos?\b\.?|nr\b\.?|number|num\b|id\b|reference\b))?{_FILL}(?P<id>{_SPACED})",
            re.IGNORECASE,
        ),
    ),
    (
        "OTHER_ID",
        re.compile(
            r"\b(?:SSN|social[ ]security(?:[ ](?:number|no\.?|#))?|SSN?[ -]?4|SS#|SIN)\b(?:[ ](?:last[ ](?:four|4)(?:[ ]digits)?|"
            r"ending(?:[ ]in)?|l4))?[\s:#=.]*(?:is\s+|ending\s+(?:in\s+)?|last\s+(?:four|4)\s*(?:digits\s*)?:?\s*)?"
            r"(?P<id>[\dXx*]{3}[- ][\dXx*]{2}[- ]\d{4}|\d{9}|[Xx*-]*\d{4})",
            re.IGNORECASE,
        ),
    ),
    (
        "OTHER_ID",
        re.compile(
            r"\blast[ ](?:four|4)(?:[ ]digits)?(?:[ ]of[ ](?:the[ ])?(?:SSN|social(?:[ ]security)?))?[\s:]*(?:are[ ]|"
            r"is[ ])?(?P<id>\d{4})\b",
            re.IGNORECASE,
        ),
    ),
    (
        "DEVICE_ID",
        re.compile(
            rf"(?:\b(?:serial|ser\.?[ ]?(?:no|#)|S/N|SN|lot|batch|UDI|device|implant|asset|model[ ]?/[ ]?serial|equipment|machine|"
            rf"unit[ ]?s/n|scanner|camera|station|pacemaker|ICD[ ]device|"
            r"generator|lead|port|pump|stimulator|dose[ ]calibrator|vial|kit|tomograph|gantry)(?:[ ]?(?:#|nos?\b\.?|nr\b\.?|number|"
            r"num\b|id\b|serial|s/n|lot)){0,2})"
            rf"{_FILL}(?P<id>{_TOKEN})",
            re.IGNORECASE,
        ),
    ),
]
_UNIT = re.compile(
    r"[ \t]*(?:[x×*]\s*\d|%|°|/\s*(?:mm|µ|u|L|ml|dl)|(?:k|M|G)?Bq|[mµuk]?Ci|mm|cm|m[lL]|cc|mg|g|kg|µg|mcg|ng|pg|IU|U|HU|Hounsfield|"
    r"counts?|cells?|copies|kcts|mAs?|kVp?|kV|c?Gy|ms|msec|sec(?:onds?)?|s|"
    r"min(?:utes?)?|h(?:ours?|rs?)?|days?|weeks?|wks?|months?|mos?|years?|yrs?|slices?|images?|vials?|units?|doses?|steps|patients?|"
    r"cases)\b",
    re.IGNORECASE,
)
# What a long number measures or counts.
_MEASURED = re.compile(
    r"\b(?:time|counts?|AFP|CEA|PSA|CA[ -]?\d+(?:-\d)?|LDH|ferritin|platelets?|plt|WBC|RBC|leu[kc]ocytes|ANC|b?-?hCG|"
    r"thyroglobulin|Tg|calcitonin|chromogranin(?:[ ]A)?|CgA|BNP|"
    r"pro-?BNP|CRP|D-?dimer|titer|viral[ ]load|IgG|IgE|insulin|gastrin|cortisol|ACTH|kcts|events|pixels?|voxels?|threshold|matrix|FOV)\b"
    r"(?:[ ]?(?:level|count))?\W{0,3}(?:(?:of|is|was|now|at|up[ ]to|from|to|about|rose|fell|>|<|=)[ ]){0,3}$",
    re.IGNORECASE,
)
# Bare tokens: letters and digits joined, or a long run of digits.
_BARE = re.compile(r"(?<![\w.+^-])(?<!\d/)(?:[A-Za-z\d]+[-_/.]){0,4}[A-Za-z\d]*\d{2,}[A-Za-z\d]*(?:[-_/][A-Za-z\d]+){0,4}(?![\w^])(?!\.\d)")


# V600E, G12C, L1196M. With a label ("MRN: K447R") it is a number all the same.
_MUTATION = re.compile(r"[ACDEFGHIKLMNPQRSTVWY]\d{2,4}[ACDEFGHIKLMNPQRSTVWY]")


def find_identifiers(text: str) -> Iterator[PhiSpan]:
    """Find record, accession, device and other numbers, labelled or recognisable by their shape."""
    for pattern, kind in (
        (_CARET_NUMBER, "MRN"),
        (_GROUPED, "MRN"),
        (_UID, "OTHER_ID"),
        (_GUID, "OTHER_ID"),
        (_IP, "OTHER_ID"),
        (_SSN, "OTHER_ID"),
        (_NHS, "OTHER_ID"),
        (_NATIONAL, "OTHER_ID"),
        (_UNDERSCORED, "OTHER_ID"),
    ):
        for match in pattern.finditer(text):
            yield PhiSpan(*match.span(), kind)
    for match in _LETTERED.finditer(text):
        if _is_lettered_number(text, match):
            yield PhiSpan(*match.span(), "OTHER_ID")
    for match in _FILE.finditer(text):
        if re.search(r"\d|_", match.group()):
            yield PhiSpan(*match.span(), "OTHER_ID")
    for match in _BRACKETED_DEVICE.finditer(text):
        code = re.search(r"[A-Z]*\d[\dA-Z-]{3,}|\d{4,}", match["id"])
        if (
            code is not None
            and not is_clinical_code(code.group())
            and not re.search(r"SUV|slice|image|mm\b|cm\b|\bmg|/\d", match["id"], re.IGNORECASE)
        ):
            yield PhiSpan(match.start("id"), match.end("id"), "DEVICE_ID")
    for match in _COUNTED.finditer(text):
        if sum(char.isdigit() for char in match["id"]) > 2 or re.match(r"site", match.group(), re.IGNORECASE):
            yield PhiSpan(match.start("id"), match.end("id"), "OTHER_ID")
    for match in _LOGIN.finditer(text):
        yield PhiSpan(match.start("id"), match.end("id"), "NAME")
    for kind, pattern in _LABELLED:
        for match in pattern.finditer(text):
            hyphened = kind == "DEVICE_ID" and re.fullmatch(r"[A-Z]{2,}(?:[-_][A-Z\d]+)*[-_][A-Z]*\d{2,}", match["id"]) is not None
            if hyphened or _is_identifier(text, match.start("id"), match.end("id"), labelled=True):
                glued = match.start("id") > match.start() and text[match.start() : match.start("id")].rstrip("#").isalpha()
                yield PhiSpan(match.start() if glued else match.start("id"), match.end("id"), kind)


def find_record_numbers(text: str) -> Iterator[PhiSpan]:
    """Find the numbers that need no judgement (record and accession numbers of five digits or more, UIDs, SSNs), for the leak scan."""
    for pattern in (_UID, _GUID, _SSN):
        for match in pattern.finditer(text):
            yield PhiSpan(*match.span(), "OTHER_ID")
    for match in re.finditer(r"\b(?:MRN|Accession|Patient[ ]ID|SSN)\b[\s:#.]*(?P<id>[A-Z\d-]*\d{5,}[A-Z\d-]*)", text, re.IGNORECASE):
        yield PhiSpan(match.start("id"), match.end("id"), "OTHER_ID")


def find_bare_numbers(text: str) -> Iterator[PhiSpan]:
    """Find tokens without a label that can only be an identifier: many digits, or capitals and digits joined."""
    for match in _BARE.finditer(text):
        start, end = match.span()
        if (
            _MUTATION.fullmatch(match.group())
            or _MEASURED.search(text, max(0, start - 28), start)
            or re.fullmatch(r"(?:19|20)\d\d-(?:19|20)\d\d", match.group())
        ):
            continue
        if _is_identifier(text, start, end, labelled=False):
            yield PhiSpan(start, end, "OTHER_ID")


def _is_identifier(text: str, start: int, end: int, *, labelled: bool) -> bool:
    token = text[start:end]
    digits = sum(char.isdigit() for char in token)
    if is_clinical_code(token) or (_UNIT.match(text, end) and digits < 7):
        return False
    if labelled:
        return digits >= 3 and not re.fullmatch(r"(?:19|20)\d\d", token)
    letters = sum(char.isalpha() for char in token)
    halves = re.fullmatch(r"(\d{3,4})-(\d{3,4})", token)
    if halves is not None and int(halves[1]) > int(halves[2]):
        return True  # "220-118" is no range
    if _is_worded(token):
        return False
    if not letters:
        if text[max(0, start - 2) : start].rstrip().endswith("#"):
            return digits >= 4
        return digits >= (5 if token.isdigit() else 6) if token.isdigit() or token.count("-") == 2 else digits >= 7
    return (digits >= 3 and token.upper() == token and len(token) > 4) or digits >= 5


# Letters before a number that measures, counts or codes something.
_NO_SERIES = words("no_series")


def _is_lettered_number(text: str, match: re.Match[str]) -> bool:
    letters, number = match["letters"], re.sub(r"\D", "", match.group())
    if len(number) < 5 or is_clinical_code(match.group()) or _UNIT.match(text, match.end()):
        return False
    return letters is None or (letters.lower() not in _NO_SERIES and (len(letters) == 2 or not is_word(letters.lower())))


def _is_worded(token: str) -> bool:
    """Tell whether the letters of a token are lower-case words (``slice1234`` typos, ``covid2019``) and not an identifier."""
    return bool(re.search(r"[a-z]{4,}", token))
