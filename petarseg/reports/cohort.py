"""Cohort fields of a report, for the tables of the dataset card: indication, cancer type, tracer, sex, age.

Rules over the history, indication and examination sections; None wherever the text is silent or says two different things.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from petarseg.reports.normalize import normalize
from petarseg.reports.sections import Section, find_sections

OLDEST_AGE_STATED = 90
"""Ages over 89 are identifying; they are all given as 90."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """What a report says about the exam as a whole; None when unsure.

    Parameters
    ----------
    indication : str or None
        ``initial staging``, ``restaging``, ``treatment response``, ``surveillance``, ``diagnosis``, ``radiotherapy planning`` or
        ``infection or inflammation``.
    cancer_type : str or None
        Site or type in plain words, e.g. ``lung``, ``lymphoma``, ``head and neck``.
    tracer : str or None
        ``FDG``, ``DOTATATE``, ``DCFPyL``, ``fluciclovine``, ...
    sex : str or None
        ``F`` or ``M``.
    age_years : int or None
        90 for every age over 89.
    """

    indication: str | None = None
    cancer_type: str | None = None
    tracer: str | None = None
    sex: str | None = None
    age_years: int | None = None


def _rules(*pairs: tuple[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(rf"(?<![a-z])(?:{pattern})(?![a-z])", re.IGNORECASE)) for name, pattern in pairs)


_TRACERS = _rules(
    ("DOTATATE", r"dotatate|netspot|detectnet"),
    ("DOTATOC", r"dotatoc"),
    ("DOTANOC", r"dotanoc"),
    ("DCFPyL", r"dcfpyl|pylarify|piflufolastat"),
    ("PSMA-11", r"psma[\s-]?11|gozetotide|illuccix|locametz"),
    ("PSMA-1007", r"psma[\s-]?1007"),
    ("rhPSMA-7.3", r"rhpsma[\s-]?7\.?3?|flotufolastat|posluma"),
    ("fluciclovine", r"fluciclovine|axumin|facbc"),
    ("FES", r"fluoroestradiol|f(?:-?18)?[\s-]?fes|cerianna"),
    ("FDOPA", r"f-?dopa|fluorodopa"),
    ("NaF", r"sodium fluoride|18?f?-?naf"),
    ("FAPI", r"fapi(?:-?\d+)?"),
    ("choline", r"c-?11[\s-]choline|fluorocholine|18f-choline"),
    ("FDG", r"(?:18f-?|f-?18[\s-]?|f18)?fdg|(?:fluoro-?)?deoxyglucose|fludeoxyglucose|f-?18 labell?ed glucose"),
)
_INDICATIONS = _rules(
    (
        "radiotherapy planning",
        r"(?:radiation|radiotherapy|chemoradiation|treatment|rt) (?:treatment )?planning|planning (?:of|for) (?:chemo)?radi\w+",
    ),
    (
        "restaging",
        r"re-?staging|subsequent treatment strategy|(?:suspected|possible|biochemical|concern for|query) (?:local )?recurren\w+"
        r"|rising (?:psa|cea|tumou?r markers?)|recurren(?:ce|t)\??",
    ),
    (
        "treatment response",
        r"(?:treatment|therapy|metabolic|chemotherapy|interim|early)[\s-]response|response (?:to|assessment|evaluation)|(?:assess"
        r"|evaluate|monitor\w*) (?:treatment |therapy )?response|"
        r"interim (?:pet|scan|assessment)|end[\s-]of[\s-](?:treatment|therapy)|(?:after|post|s/p|status post|following|completed"
        r"|finished) (?:\w+ ){0,4}(?:cycles?|chemo\w*|immunotherapy|induction|neoadjuvant)|on (?:chemo\w+|immunotherapy|pembrolizumab"
        r"|nivolumab)",
    ),
    ("surveillance", r"surveillance|follow[\s-]?up|routine (?:scan|imaging)|in remission|annual"),
    (
        "infection or inflammation",
        r"(?:fever|pyrexia) of unknown origin|fuo|puo|sarcoid\w*|vasculitis|endocarditis|osteomyelitis|graft infection|large vessel",
    ),
    (
        "initial staging",
        r"(?:initial|primary|pre-?treatment|baseline) (?:staging|treatment strategy|evaluation)|newly diagnosed|new diagnosis"
        r"|recently diagnosed|for staging|staging",
    ),
    (
        "diagnosis",
        r"(?:characteri[sz]\w+|evaluat\w+|work-?up|assess\w*) (?:of )?(?:an? )?(?:\w+ ){0,4}(?:nodule|mass|lesion)"
        r"|(?:solitary )?pulmonary nodule|unknown primary|indeterminate",
    ),
)  # fmt: skip
_CANCERS = _rules(
    ("lymphoma", r"(?:\w+[\s-])?lymphoma|hodgkin\w*|dlbcl|follicular lymphoma|mantle cell|cll"),
    ("myeloma", r"(?:multiple )?myeloma|plasmacytoma"),
    ("melanoma", r"melanoma"),
    ("merkel cell", r"merkel(?: cell)?"),
    ("sarcoma", r"\w*sarcoma|gist"),
    (
        "neuroendocrine",
        r"neuro-?endocrine(?: tumou?rs?| carcinoma| neoplasm)?|carcinoid|p?nets?(?= )|insulinoma|gastrinoma|paraganglioma"
        r"|pheochromocytoma",
    ),
    ("prostate", r"prostat\w+(?: adeno)?(?: ?carcinoma| cancer)?"),
    (
        "breast",
        r"breast (?:\w+ ){0,3}?(?:cancer|carcinoma|malignancy)|(?:cancer|carcinoma) of the (?:left |right )?breast|invasive (?:ductal"
        r"|lobular)|ductal carcinoma",
    ),
    (
        "head and neck",
        r"(?:head and neck|tongue|tonsil\w*|laryn\w+|(?:oro|naso|hypo)?pharyn\w+|parotid|oral cavity|floor of mouth|base of tongue"
        r"|glott\w+|sinonasal|palate)(?: (?:squamous cell |\w+ )?(?:cancer|carcinoma|scc|tumou?r))?",
    ),
    ("thyroid", r"(?:papillary |follicular |medullary |anaplastic )?thyroid (?:\w+ )?(?:cancer|carcinoma|malignancy)"),
    (
        "lung",
        r"(?:lung|pulmonary|bronchogenic) (?:\w+ ){0,2}?(?:cancer|carcinoma|adenocarcinoma|malignancy|squamous)|nsclc|sclc"
        r"|(?:non-?)?small[\s-]cell(?: lung)?(?: cancer| carcinoma)?|(?:cancer|carcinoma) of the lung"
        r"|\w+ lobe (?:lung )?(?:adeno)?carcinoma",
    ),
    ("mesothelioma", r"mesothelioma"),
    (
        "esophagus",
        r"o?esophag\w+(?: junction)? (?:\w+ ){0,2}?(?:cancer|carcinoma|adenocarcinoma|tumou?r)|(?:ge|gastroesophageal"
        r"|esophagogastric) junction",
    ),
    ("stomach", r"(?:gastric|stomach) (?:\w+ )?(?:cancer|carcinoma|adenocarcinoma)"),
    (
        "colorectal",
        r"(?:colorectal|colon|rectal|rectosigmoid|sigmoid|cecal|c(?:a)?ecum) (?:\w+ ){0,2}?(?:cancer|carcinoma|adenocarcinoma)"
        r"|(?:cancer|carcinoma) of the (?:colon|rectum)",
    ),
    ("anal", r"anal (?:canal )?(?:\w+ ){0,2}?(?:cancer|carcinoma|scc)"),
    ("pancreas", r"pancrea\w+ (?:\w+ ){0,2}?(?:cancer|carcinoma|adenocarcinoma|mass)"),
    ("liver and bile ducts", r"hepatocellular(?: carcinoma)?|hcc|cholangiocarcinoma|gallbladder (?:cancer|carcinoma)|hepatoma"),
    ("kidney", r"renal cell(?: carcinoma)?|rcc|kidney cancer"),
    ("bladder", r"(?:bladder|urothelial|transitional cell) (?:\w+ )?(?:cancer|carcinoma)"),
    (
        "cervix",
        r"cervical (?:squamous cell |\w+ )?(?:cancer|carcinoma)|(?:cancer|carcinoma) of the (?:uterine )?cervix|cervix (?:cancer"
        r"|carcinoma)",
    ),
    ("endometrium", r"(?:endometrial|uterine) (?:\w+ ){0,2}?(?:cancer|carcinoma|adenocarcinoma|carcinosarcoma)"),
    ("ovary", r"ovarian (?:\w+ ){0,2}?(?:cancer|carcinoma)|fallopian (?:tube )?(?:cancer|carcinoma)"),
    ("vulva or vagina", r"(?:vulvar|vaginal) (?:\w+ ){0,2}?(?:cancer|carcinoma)"),
    ("testis", r"testicular (?:\w+ )?(?:cancer|seminoma)|seminoma|germ cell(?: tumou?r)?"),
    ("thymus", r"thymoma|thymic carcinoma"),
    ("skin", r"(?:cutaneous|skin|basal cell) (?:\w+ ){0,2}?(?:cancer|carcinoma|scc)"),
    ("brain", r"glioma|glioblastoma|gbm|astrocytoma"),
    ("unknown primary", r"(?:cancer|carcinoma|malignancy) of unknown primary|unknown primary|cup"),
)  # fmt: skip
# A general word of one type inside the name of another ("prostate sarcoma" is a sarcoma).
_WEAKER = {
    "sarcoma": ("prostate", "breast", "head and neck"),
    "neuroendocrine": ("lung", "pancreas", "stomach", "colorectal"),
    "melanoma": ("anal", "skin", "head and neck"),
    "lymphoma": ("stomach", "skin", "head and neck", "thyroid", "testis"),
    "thyroid": ("head and neck",),
    "endometrium": ("sarcoma",),
}
_NOT_THE_PATIENTS = re.compile(
    r"(?:family history of|mother (?:with|had)|father (?:with|had)|sister (?:with|had)|no (?:history|evidence) of|rule out|exclude|r/o"
    r"|screening for|"
    r"negative for|remote|previous(?:ly)?|prior|history of remote|\?)\s(?:\w+\s){0,3}$|\?$",
    re.IGNORECASE,
)
_AGE = re.compile(
    r"\b(?P<age>\d{1,3})[\s-]{0,2}(?:(?:years?|yrs?|y)[\s./-]{0,2}(?:old|o)\b|y/?o\b|yo(?=[\s,.MmFf])"
    r"|year[\s-]old)(?:[\s-](?P<after>[MF])\b)?|\baged?:?\s{1,3}(?P<labelled>\d{1,3})\b"
    r"|\b(?P<short>\d{2})[\s-]?(?P<letter>[MF])\b",
    re.IGNORECASE,
)
# "MR" is a medical record or a magnetic resonance, so the titles keep their case.
_MALE = re.compile(r"(?i:\b(?:man|male|gentleman|boy|he|his)\b|\b(?:sex|gender):?\s{0,3}m(?:ale)?\b)|\bMr\.?\s(?=[A-Z\[])")
_FEMALE = re.compile(r"(?i:\b(?:woman|female|lady|girl|she|her)\b|\b(?:sex|gender):?\s{0,3}f(?:emale)?\b)|\bM(?:rs|s)\.?\s(?=[A-Z\[])")


def read_cohort(text: str) -> Cohort:
    r"""Read the cohort fields of a report.

    Parameters
    ----------
    text : str
        The report, scrubbed or not. The fields returned hold no text of the report.

    Returns
    -------
    Cohort

    Examples
    --------
    >>> read_cohort("HISTORY: 67-year-old woman with newly diagnosed lung cancer, staging.\nTECHNIQUE: 10 mCi of F-18 FDG.")
    Cohort(indication='initial staging', cancer_type='lung', tracer='FDG', sex='F', age_years=67)
    """
    normalized = " ".join(normalize(text).split(" "))
    sections = find_sections(normalized)
    first_findings = next((section.start for section in sections if section.name == "findings" and not section.assumed), len(normalized))
    clinical = _bodies(normalized, sections, ("history",)) or normalized[: min(first_findings, 600)]
    head = " ".join((_bodies(normalized, sections, ("exam", "header", "unlabelled")), normalized[: min(first_findings, 200)]))
    cancer = _cancer(clinical) or _cancer(head) or _cancer(_bodies(normalized, sections, ("impression",)))
    return Cohort(
        indication=_first(_INDICATIONS, clinical) or _first(_INDICATIONS, head),
        cancer_type=cancer,
        tracer=_only(_TRACERS, _bodies(normalized, sections, ("exam", "technique", "header", "unlabelled"))) or _only(_TRACERS, normalized),
        sex=_sex(f"{head} {clinical}"),
        age_years=_age(f"{head} {clinical}"),
    )


def _bodies(text: str, sections: Iterable[Section], names: tuple[str, ...]) -> str:
    return " ".join(" ".join(text[section.start : section.end].split()) for section in sections if section.name in names)


def _first(rules: Iterable[tuple[str, re.Pattern[str]]], text: str) -> str | None:
    """Return the first rule that holds; the rules go from the specific to the general."""
    return next((name for name, pattern in rules if pattern.search(text) is not None), None)


def _only(rules: Iterable[tuple[str, re.Pattern[str]]], text: str) -> str | None:
    """Return the one rule that holds, None when several do."""
    found = [name for name, pattern in rules if pattern.search(text) is not None]
    return found[0] if len(found) == 1 else None


def _cancer(text: str) -> str | None:
    found = {
        name
        for name, pattern in _CANCERS
        if any(_NOT_THE_PATIENTS.search(text[max(0, match.start() - 50) : match.start()]) is None for match in pattern.finditer(text))
    }
    for strong, weak in _WEAKER.items():
        if strong in found:
            found -= set(weak)
    return found.pop() if len(found) == 1 else None


def _sex(text: str) -> str | None:
    short = _AGE.search(text)
    letter = (short["letter"] or short["after"]) if short is not None else None
    if letter:
        return letter.upper()
    male, female = _MALE.search(text) is not None, _FEMALE.search(text) is not None
    return None if male == female else "M" if male else "F"


def _age(text: str) -> int | None:
    if re.search(r"\[AGE_OVER_89\]", text) is not None:
        return OLDEST_AGE_STATED
    match = _AGE.search(text)
    if match is None:
        return None
    age = int(match["age"] or match["labelled"] or match["short"])
    return None if age > 120 else min(age, OLDEST_AGE_STATED)
