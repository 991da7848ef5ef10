"""Names that medicine uses as words: kept by the words around them, never by the name alone.

"Baker cyst" stays and "Dr. Baker" goes, also in one report. The test looks at the head noun that follows (or the preposition phrase
that precedes); a list of eponyms alone would let a physician called Hodgkin leak.
"""

from __future__ import annotations

import re

from petarseg.reports.phi_lexicon import is_noun, is_plain_noun
from petarseg.reports.phi_span import PhiSpan
from petarseg.reports.phi_vocabulary import CITIES, FAMILY_NAMES, GIVEN_NAMES, words

# Head nouns that make the name before them an eponym. Plural and possessive are added by the pattern.
_HEADS = (
    "disease syndrome cyst lymphoma ring sarcoma tumou?r procedure operation technique score scale system criteri(?:a|on) "
    "classification stage staging "
    "grade grading units? node nodule line lines sign law duct gland canal ligament fascia space pouch fossa foramen triangle angle "
    "hernia "
    "fracture contracture palsy paralysis phenomenon reaction test stain bodies body cells? corpuscles? loop layer membrane tract "
    "nucleus area "
    "islets? arteritis thyroiditis granulomatosis an[ae]mia myopathy dystrophy encephalopathy neuropathy neuroma neuralgia chorea "
    "ataxia "
    "esophagus oesophagus ulcer polyps? carcinoma melanoma adenoma naevus nevus diverticulum deformity drop foot joint nodes? "
    "catheter tube drain stent filter clamp shunt valve port reservoir bag needle wire rod screw mesh forceps retractor ring pouch "
    "conduit "
    "anastomosis resection reconstruction repair bypass graft flap incision approach position maneuver manoeuvre method reflex "
    "bacillus "
    "triad tetrad sinus valve vein veins plexus muscle tendon spots? plaques? patch(?:es)? guidelines? guidance society foundation "
    "recommendations? index indices phenotype variant "
    "transformation type lesion cell response grades? categor(?:y|ies) risk formula equation curve plot correction model space "
    "ligature sphincter "
    "artery nerve fat pad crest ridge cavity tubercle tuberosity process notch groove papilla ampulla crypts? glands? follicle capsule "
    "trigone "
    "interval window zone chamber phantom pox virus fever sarcoidosis amyloidosis osteodystrophy hyperplasia cirrhosis goit(?:er|re) "
    "struma "
    "histiocytosis mastocytosis macroglobulin[ae]mia leuk[ae]mia pneumonia effusion infection nodularity osteoarthropathy node[s]? "
    "metastas[ie]s implant "
    "ward regimen protocol dose dosimetry therapy treatment suspension block injection solution biops(?:y|ies) rule ratio factor "
    "gangrene atrophy sclerosis dementia purpura erythema pemphigus lentigo papillomatosis fasciitis lipomatosis pneumonitis colitis "
    "protein proteinuria granules? mass(?:es)? bioprosthes[ei]s prosthes[ei]s pattern chemoradiation chemotherapy effect tumou?rs? "
    "chromosome \\w*ectomy \\w*otomy \\w*ostomy \\w*plasty \\w*pexy \\w*oscopy"
)
_HEAD = "(?:" + "|".join(dict.fromkeys(_HEADS.split())) + ")"
# Words that may stand between the name and its head: "Hodgkin's B-cell lymphoma", "Siewert type II tumor", "Child-Pugh class B".
_GRADE = r"(?:[IVX]{1,4}[a-cA-C]?|[0-9]{1,3}[a-cA-C]?(?:\s?[+/-]\s?[0-9]{1,2})*|[A-D])"
_QUALIFIER = (
    r"(?:class|type|stage|grade|score|group|category|level|like|type-?like|non|b-cell|t-cell|nodular|classical|mixed|chronic|acute|"
    r"small|large|giant|"
    r"lymph|supraclavicular|bone|prostate|sum|performance|status|residual|recurrent|known|thyroid|hairy|spindle)"
)
_AFTER = re.compile(
    rf"(?:['’]s|s['’]|['’])?\)?(?:[-\s]+{_QUALIFIER}(?:\s+{_GRADE})?){{0,3}}[-\s]+{_HEAD}(?:e?s)?\b|"
    rf"['’]?s?\s+(?:{_QUALIFIER}\s+)?(?-i:[IVX]{{1,4}}[a-cA-C]?)\b(?!\.?\s?[A-Z]\b)|\s*[-–]\s*(?:type|like|positive|negative|staging)\b",
    re.IGNORECASE,
)
# A number after the name makes an eponym only of names that grade something: "Deauville 4", but "sent to Warthin 5/17".
_GRADED = words("graded")
_GRADE_AFTER = re.compile(rf"['’]?s?[-\s]+(?:{_QUALIFIER}\s+)?{_GRADE}\b(?![-/.]?\d)", re.IGNORECASE)
_FIRST_OF_TWO = re.compile(r"[-–](?:[A-Z][\w'’]+)(?:[-–][A-Z][\w'’]+)?")

# "ligament of Treitz", "pouch of Douglas".
_BEFORE = re.compile(
    r"\b(?:ligaments?|angle|pouch|node|circle|canal|foramen|foramina|sinus(?:es)?|tail|crypts?|islets?|ducts?|valves?|tendon|vein|"
    r"fossa|triangle|cave|bundle|fissure|ampulla|sphincter|tumou?r|disease|"
    r"syndrome|space|line|lines|glands?|hernia|fascia|bodies|body|loop|tubercle|tract|plexus|recess|trigone|papilla|septum|zone|"
    r"bursa|vincula|lymph\s+node|nodes?|fracture|ring|membrane|organ|nerve|artery|aqueduct|"
    r"island|cistern|spiral|sulcus|phenomenon|point|tetralogy|sign|triad)\s+of\s+(?:the\s+)?$",
    re.IGNORECASE,
)

# Eponyms, and words with capitals that are no names, that often stand without a head noun after them ("?Takayasu", "via Foley").
# Their bare use counts as medical only where nothing says that a person is meant (see `is_eponym`).
BARE_EPONYMS = words("eponyms")

_PERSON_BEFORE = re.compile(
    r"(?:\b(?:Drs?|Prof(?:essor)?|Mr|Mrs|Ms|Miss|Mx|Sir|Dame|Sister|Nurse|Rev|Herr|Frau|Hr|Fr|Señora?|Sra?|Mme|M|BS|BSs|PGS|GS|TS|"
    r"ThS|Ông|Bà)(?:\.\s*|\s+)|\b(?:doctor|physician|surgeon|"
    r"radiologist|resident|fellow|attending|technologist|tech|named|signed|signed\s+by|dictated\s+by|read\s+by|by|dear|cc|attn|"
    r"attention|patient|name|discussed\s+with|sp(?:oke|oken)\s+(?:to|with)|conferred\s+with|"
    r"(?:relayed|communicated|conveyed|reported|results?)\s+to)(?:\s*:\s*|,?\s+))(?:(?-i:[A-Z])(?:\.\s*|\s+)){0,2}$",
    re.IGNORECASE,
)
_PERSON_AFTER = re.compile(
    r"\s*,?\s*(?:\(?(?:M\.?D|D\.?O|R\.?N|N\.?P|P\.?A(?:-?C)?|Ph\.?D|FRCR|FACR|FRANZCR|MBBS|MBChB|MRCP|FRCP|CNMT|BSN|MSN|APRN|DNP|"
    r"PharmD|DDS|DMD)\b\.?|(?:called|notified|informed|reported|requested|asked|"
    r"phoned|read|saw|wrote|biopsied|operated|excised|thinks|wants|placed|agreed|acknowledged|recommended|reviewed|will|has|dictated|signed|stated|paged)\b)"
)


_DIAGNOSIS_BEFORE = re.compile(
    r"(?:\?|\b(?:r/o|h/o|rule out|known|history of|hx of|possible|suspected|versus|vs\.?|prior|via|status post|s/p))\s*$", re.IGNORECASE
)


_NO_PERSON_BEFORE = re.compile(
    r"(?:\b(?:no|an?|the|this|any|without|under|via|status post|s/p|redo|classic(?:al)?|typical)\s|[?]|\b(?:dx|hx|tx|"
    r"diagnos[ei]s|history|indication|known|pmh|psh|reason|background|problem|question)\s*:\s*|"
    r"(?:oma|itis|osis|disease|syndrome|tumou?r|cyst|cancer|hernia|fracture|procedure|resection|ectomy|lesion|metastas[ei]s|nodes?|joint)\s\()$",
    re.IGNORECASE,
)
# What follows a possessive that stands for the whole: "Hartmann's in April", "Barrett's." A person's possessive has a noun behind it.
_NO_NOUN = re.compile(r"['’]s(?=\s*(?:[.,;:)/?]|$|\b(?:in|on|at|and|or|with|without|was|is|since|by|for|from|to|but|then|versus|vs)\b))")
_NO_TERM = words("person_follows")


def _speaks_of_disease(text: str, before: str, end: int) -> bool:
    """Say whether a surname that is an eponym is used as one: "no Foley", "in Barrett mucosa", "Horton?", "Hartmann's in April"."""
    if _DIAGNOSIS_BEFORE.search(before) or _NO_PERSON_BEFORE.search(before) or _NO_NOUN.match(text, end):
        return True
    if re.match(r"\?|[ ]in[ ](?:place|situ)\b", text[end : end + 9]):
        return True
    following = re.compile(r"['’]?s?[ -](?P<word>[a-z]{4,})\b").match(text, end)
    return following is not None and following["word"] not in _NO_TERM and is_noun(following["word"])


def _qualifies_noun(text: str, end: int) -> bool:
    """Say whether a plain noun of reports follows, which is no verb: people are rarely followed by a bare noun."""
    match = re.compile(r"\)?[ ](?P<noun>[a-z]{4,})\b").match(text, end)
    return match is not None and is_plain_noun(match["noun"])


def is_eponym(text: str, start: int, end: int, *, strict: bool = False) -> bool:
    """Say whether the name at ``[start, end)`` is used as a medical term there.

    Parameters
    ----------
    text : str
        The report.
    start, end : int
        Code point offsets of the name, without title.
    strict : bool
        Ask for a head noun or grade: for a name that the report also gives to a person.

    Returns
    -------
    bool
        True when a head noun or a grade follows ("Baker cyst", "Deauville 4", "Hodgkin's lymphoma") or, for well-known eponyms,
        when the name stands alone and neither a title, a credential nor a verb of persons stands beside it.
    """
    before = text[max(0, start - 40) : start]
    name = text[start:end]
    by_a_term = re.search(r"(?<!dictated )(?<!signed )(?<!read )\bby\s+$", before) is not None and _AFTER.match(text, end) is not None
    if _BEFORE.search(before) and re.fullmatch(r"[^\W\d_]+(?:['’]s)?", name):
        return True  # "the pouch of Douglas has", "the organ of Zuckerkandl is"
    if _PERSON_BEFORE.search(before) and not by_a_term and not re.search(r"\bsister\s+$", before, re.IGNORECASE):
        return False
    if _PERSON_AFTER.match(text, end):
        return False
    if re.match(r"(?:sister\s+)?mary\s+joseph", name, re.IGNORECASE) or (
        re.search(r"\bsister\s+(?:mary\s+)?$", before, re.IGNORECASE) and re.match(r"(?:mary|joseph)", name, re.IGNORECASE)
    ):
        return True
    if name.lower() in BARE_EPONYMS and _NO_NOUN.match(text, end):
        return True
    words = re.findall(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", name)
    if len(words) > 1:
        first_end = start + name.index(words[0]) + len(words[0])
        if first_end < end and (
            _AFTER.match(text[:end], first_end) or (words[0].lower() in _GRADED and _GRADE_AFTER.match(text, first_end))
        ):
            return True
    if len(words) > 1 and re.fullmatch(r"[IVX]{1,4}[A-Ea-e]?", words[-1]):
        words = words[:-1]  # "Ann Arbor III"
    if not words or len(words) > 3:
        return False
    if _BEFORE.search(before) and len(words) == 1:
        return True
    if len(words) == 1 and name.lower() in _GRADED and _GRADE_AFTER.match(text, end):
        return True
    if _AFTER.match(text, end):
        return len(words) == 1 or name.lower() in CITIES or all(word.lower() in BARE_EPONYMS for word in words)
    if strict:
        return len(words) == 1 and name.lower() in BARE_EPONYMS and _speaks_of_disease(text, before, end)
    if len(words) == 1 and _qualifies_noun(text, end) and name.lower() not in FAMILY_NAMES and name.lower() not in GIVEN_NAMES:
        return True
    parts = [part.removesuffix("'s").removesuffix("’s") for word in words for part in word.lower().split("-")]
    whole = "-".join(word.lower() for word in words).removesuffix("'s").removesuffix("’s")
    if whole not in BARE_EPONYMS and not all(part in BARE_EPONYMS for part in parts):
        return False
    if all(part in FAMILY_NAMES or part in GIVEN_NAMES for part in parts) and not _speaks_of_disease(text, before, end):
        return False
    return not re.search(r"[A-Z]\.\s?$", before) and not re.match(r",?\s+[A-Z]\.(?:\s|$)", text[end : end + 5])


_TITLE_BEFORE = re.compile(r"\b(?:Drs?|Prof(?:essor)?|Mr|Mrs|Ms|Miss|Mx|Dame|Nurse|Herr|Frau|Mme|doctor)(?:\.\s*|\s+)(?:[A-Z]\.?\s+){0,2}$")
# "response by Choi and PET criteria", "Breslow 4.2 mm"
_JUDGED_BY = re.compile(r"\b(?:response|progression|regression|staged|scored|graded)\s+(?:by|per)\s+$", re.IGNORECASE)
_THICKNESS = re.compile(r"\s*\d+(?:\.\d+)?\s*mm\b")


def is_medical_use(text: str, start: int, end: int) -> bool:
    """Say whether a span of listed eponyms alone is a term whatever spoke for a name: "RE: Merkel cell carcinoma".

    Parameters
    ----------
    text : str
        The report.
    start, end : int
        Code point offsets of the span.

    Returns
    -------
    bool
        True when every word is a listed eponym, a term surrounds it, and no title stands before it.
    """
    diagnosis = re.match(r"(?P<word>[^\W\d_]{5,}),\s+", text[start:end])
    if diagnosis is not None and is_noun(diagnosis["word"].lower()):
        start += diagnosis.end()  # "Melanoma, Breslow 4.2 mm" is no surname and given name
    name, before = text[start:end], text[max(0, start - 40) : start]
    name = re.sub(r"-(?:type|like)$", "", name)
    words = re.findall(r"[^\W\d_]+(?:['’]s)?", name)
    if not words or len(words) > 3 or not (name.lower() in BARE_EPONYMS or all(word.lower() in BARE_EPONYMS for word in words)):
        return False
    if _TITLE_BEFORE.search(before) or (_PERSON_AFTER.match(text, end) and _AFTER.match(text, end) is None):
        return False
    if name != text[start:end] or _AFTER.match(text, end) or _BEFORE.search(before):
        return True
    return _JUDGED_BY.search(before) is not None or _THICKNESS.match(text, end) is not None


def with_eponymous_surname(text: str, span: PhiSpan) -> PhiSpan:
    """Let a titled name reach over its surname where that is an eponym: "Dr. Walton Bartholin", but not "Dr. Walton, Bartholin cyst"."""
    if span.type != "NAME" or _TITLE_BEFORE.search(text[max(0, span.start - 40) : span.start]) is None:
        return span
    surname = re.compile(r"[ ](?P<name>[A-Z][^\W\d_]+(?:['’-][^\W\d_]+)*)").match(text, span.end)
    if surname is None or surname["name"].lower() not in BARE_EPONYMS or _AFTER.match(text, surname.end()):
        return span
    return PhiSpan(span.start, surname.end(), "NAME")
