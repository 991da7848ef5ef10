"""Tell words of a report from proper names by dictionary: English (the WordNet index of the spaCy package), medicine, products.

A capitalised word that no dictionary knows is probably a name. Medicine builds words from parts, so unknown words are taken apart
(``aorto-pulmonary``, ``thyroid-ectomy``) before they count as unknown.
"""

from __future__ import annotations

import re
from functools import lru_cache

from petarseg.reports.phi_vocabulary import CITIES, FAMILY_NAMES, GIVEN_NAMES, LABEL_WORDS, REPORT_WORDS, STATES, words

# Words of PET/CT reports that a general English dictionary lacks, with abbreviations, tracers, drugs and products.
_MEDICAL = words("medical")
_FUNCTION_WORDS = words("function_words")
_PREFIX = re.compile(
    r"^(?:abdomino|adeno|angio|antero|anti|aorto|arterio|atrio|auto|bi|brachio|broncho|bronchio|cardio|cerebro|cervico|chemo|"
    r"cholangio|chole|chondro|circum|colo|costo|cranio|cysto|de|dermato|dis|dorso|duodeno|electro|"
    r"endo|entero|epi|esophago|oesophago|extra|fibro|gastro|gluteo|hemi|hepato|hetero|homo|hyper|hypo|ileo|ilio|immuno|infero|infra|"
    r"inguino|inter|intra|jejuno|juxta|kypho|laparo|laryngo|latero|leuko|lipo|lumbo|lympho|macro|mal|"
    r"medi|medio|mega|mesio|meta|micro|mid|mono|muco|multi|myelo|myo|naso|neo|nephro|neuro|non|omento|oligo|oro|ortho|osteo|over|pan|"
    r"para|peri|pharyngo|photo|physio|pleuro|pneumo|poly|porto|post|postero|pre|procto|pseudo|pulmono|pyelo|radio|re|recto|"
    r"reno|retro|sacro|sclero|semi|spleno|sterno|sub|super|supero|supra|syn|thoraco|thrombo|thyro|trachea|tracheo|trans|tri|ultra|un|"
    r"under|uni|uretero|urethro|uro|utero|vaso|veno|ventro|vertebro|vesico|xantho)-?"
)
_SUFFIX = re.compile(
    r"(?:ectomy|ectomies|ostomy|otomy|oscopy|scopic|graphy|graphic|gram|plasty|pexy|desis|centesis|lysis|lytic|itis|itides|osis|oses|"
    r"iasis|oma|omas|omata|omatous|pathy|pathies|pathic|emia|aemia|emic|uria|algia|megaly|penia|penic|trophy|trophic|"
    r"plasia|plastic|plasm|blastic|blastoma|sarcoma|carcinoma|genic|genous|genesis|metabolic|metabolism|metastatic|metastasis|"
    r"metastases|aceous|oid|oidal|mab|nib|tinib|ciclib|platin|taxel|rubicin|mycin|cillin|azole|statin|sartan|prazole|olol|pril|zumab|"
    r"ximab|limus|parin|xaban|"
    r"iform|cellular|vascular|ductal|lobar|lobular|glandular|muscular|articular|osseous|tumoral|nodal|spinal|dural|phrenic|colic|"
    r"gastric|hepatic|splenic|renal|pleural|bronchial|tracheal|esophageal|oesophageal|sternal|clavicular|scapular|thoracic|lumbar|"
    r"sacral|iliac|femoral|"
    r"aortic|caval|carinal|hilar|mediastinal|pancreatic|peritoneal|rectal|vesical|vaginal|uterine|ovarian|axillary|pectoral|mammary|"
    r"areolar|cutaneous|capsular|cortical|medullary|cranial|orbital|nasal|pharyngeal|laryngeal|glottic|lingual|mandibular|maxillary|"
    r"temporal|parietal|occipital)$"
)
_INFLECTIONS = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"['’]s$", ""),
        (r"ies$", "y"),
        (r"ses$", "sis"),
        (r"es$", ""),
        (r"es$", "e"),
        (r"s$", ""),
        (r"ied$", "y"),
        (r"ed$", ""),
        (r"ed$", "e"),
        (r"(.)\1ed$", r"\1"),
        (r"ing$", ""),
        (r"ing$", "e"),
        (r"(.)\1ing$", r"\1"),
        (r"ly$", ""),
        (r"ally$", ""),
        (r"ily$", "y"),
        (r"ae$", "a"),
        (r"i$", "us"),
        (r"a$", "um"),
        (r"er$", ""),
        (r"er$", "e"),
        (r"est$", ""),
        (r"our$", "or"),
        (r"ness$", ""),
        (r"al$", ""),
        (r"ise$", "ize"),
        (r"ised$", "ize"),
    )
]


@lru_cache(maxsize=1)
def _english() -> frozenset[str]:
    """Words of the WordNet index that the spaCy package carries for its lemmatizer, without the personal and place names in it."""
    from petarseg.reports.phi_model import word_index

    return word_index("noun", "verb", "adj", "adv") - GIVEN_NAMES - FAMILY_NAMES - CITIES - STATES


@lru_cache(maxsize=1)
def _no_nouns() -> frozenset[str]:
    """Verbs, adjectives and adverbs: the part of the index that holds no surnames of famous people."""
    from petarseg.reports.phi_model import word_index

    return word_index("verb", "adj", "adv") - GIVEN_NAMES - FAMILY_NAMES - CITIES - STATES


@lru_cache(maxsize=65536)
def is_word(token: str) -> bool:
    """Say whether a dictionary (English, medical, word parts) knows `token`, whatever its case."""
    word = token.lower().replace("’", "'").strip("'.-")
    if not word or word in _MEDICAL or word in _FUNCTION_WORDS or word in LABEL_WORDS:
        return True
    if word in _english():
        return True
    if "-" in word or "/" in word:
        return all(is_word(part) for part in re.split(r"[-/]", word) if part)
    if word in GIVEN_NAMES or word in FAMILY_NAMES or word in CITIES or word in STATES:
        return word in COMMON_WORDS
    return (
        _known(word, REPORT_WORDS) or _known(word, _english()) or bool(_SUFFIX.search(word) and len(word) > 6) or _built(word, _english())
    )


@lru_cache(maxsize=65536)
def is_report_word(token: str) -> bool:
    """Say whether `token` is a plain word of reports, which may carry a capital inside a sentence without being a name."""
    word = token.lower().replace("’", "'").strip("'.-")
    if not word or word in _MEDICAL or word in _FUNCTION_WORDS or word in REPORT_WORDS or word in LABEL_WORDS:
        return True
    if "-" in word or "/" in word:
        return all(is_report_word(part) for part in re.split(r"[-/]", word) if part)
    if word in GIVEN_NAMES or word in FAMILY_NAMES or word in CITIES or word in STATES:
        return False
    return (
        _known(word, REPORT_WORDS)
        or _known(word, _no_nouns())
        or bool(_SUFFIX.search(word) and len(word) > 6)
        or _built(word, REPORT_WORDS)
    )


def _known(word: str, words: frozenset[str]) -> bool:
    if word in words:
        return True
    for pattern, replacement in _INFLECTIONS:
        stem, changed = pattern.subn(replacement, word)
        if changed and len(stem) > 2 and (stem in words or stem in _MEDICAL):
            return True
    return False


def _built(word: str, words: frozenset[str]) -> bool:
    match = _PREFIX.match(word)
    if match is None or len(word) - match.end() < 4:
        return False
    rest = word[match.end() :]
    return rest in _MEDICAL or _known(rest, words)


# Names that are also plain words of reports: never taken for a name by the word alone.
COMMON_WORDS = words("ambiguous")


def is_plain_noun(word: str) -> bool:
    """Say whether a lower-case word is a noun of reports and nothing else ("cavity", not "reports")."""
    from petarseg.reports.phi_model import word_index

    stem = word if word in word_index("noun") else word.removesuffix("s")
    return stem in word_index("noun") and is_report_word(word) and stem not in _no_nouns() and word not in _FUNCTION_WORDS


@lru_cache(maxsize=8192)
def is_listed_word(token: str) -> bool:
    """Say whether our own lists of the words of reports hold `token`, whatever a general dictionary says."""
    word = token.lower().replace("’", "'").strip("'.-")
    if "-" in word or "/" in word:
        return all(is_listed_word(part) for part in re.split(r"[-/]", word) if part)
    return (
        word in _MEDICAL
        or word in _FUNCTION_WORDS
        or word in LABEL_WORDS
        or word in words("institution_generic")
        or _known(word, REPORT_WORDS)
    )


@lru_cache(maxsize=8192)
def is_noun(word: str) -> bool:
    """Say whether a lower-case word of reports can be a noun, be it a verb as well ("pattern", "segment")."""
    from petarseg.reports.phi_model import word_index

    nouns = word_index("noun")
    return (word in nouns or word.removesuffix("s") in nouns or word in _MEDICAL) and is_report_word(word) and word not in _FUNCTION_WORDS


def is_uncapitalised(line: str) -> bool:
    """Say whether a line is dictated without capitals: single letters and abbreviations may stand in it, no capitalised word."""
    return re.search(r"[A-ZÀ-Þ][a-zà-ÿ]{2}", line) is None and sum(char.islower() for char in line) > 3 * sum(
        char.isupper() for char in line
    )


def is_person_name(token: str) -> bool:
    """Say whether `token` is a common given or family name that is no plain word."""
    word = token.lower().replace("’", "'").strip("'.-")
    return (word in GIVEN_NAMES or word in FAMILY_NAMES) and word not in COMMON_WORDS


def is_proper(token: str) -> bool:
    """Say whether a capitalised `token` inside a sentence is a proper noun: a common name or no plain word of reports."""
    return is_person_name(token) or not is_report_word(token)


def may_be_name(token: str) -> bool:
    """Say whether `token` can be part of a personal name: a common name, or a word that no dictionary knows."""
    word = token.lower().replace("’", "'").strip("'.-")
    return word in GIVEN_NAMES or word in FAMILY_NAMES or not is_word(word)


# Tokens with digits and letters that medicine writes and that identify nobody.
_CLINICAL_CODE = re.compile(
    r"(?:\[?(?:18F|F-?18|68Ga|Ga-?6[78]|64Cu|Cu-?6[0-9]|177Lu|Lu-?177|11C|C-?11|13N|N-?13|15O|O-?15|82Rb|Rb-?82|89Zr|Zr-?89|90Y|"
    r"Y-?90|99m?Tc|Tc-?99m?|"
    r"12[345]I|131I|I-?1[23]\d|124I|111In|In-?111|223Ra|Ra-?223|225Ac|Ac-?225|161Tb|201Tl|Tl-?201|133Xe|67Ga|44Sc|Sc-?4[47]|212Pb|"
    r"211At|153Sm|89Sr)\]?(?:[-/ ]?[A-Za-z].*)?"
    r"|(?:rh)?PSMA-?(?:7\.3|\d{1,4}|I&T)|FAPI-?\d+|(?:CA|Ca)[- ]?\d{2,3}(?:-\d)?|HER-?2.*|PD-?L?1|CD\d+.*|SARS-CoV-?2|COVID-?19|"
    r"HPV-?\d+.*|p16.*|p53|Ki-?67.*|EGFR.*|KRAS.*|BRAF.*|"
    r"(?:MK|BMS|ABT|AMG|CC|AG|AV|GSK|PF|LY|AZD|BAY|TAK|JNJ|SGN|INCB|RO|REGN|GDC|MDX|MEDI|ONO|DS|AZ)-?\d{2,7}[A-Za-z]?|"
    r"NCT\d{8}|(?:CPT|ICD|HCPCS|SNOMED|LOINC)[-\w.]*|[A-TV-Z]\d{2}\.[0-9A-Z]{1,4}|7[0-9]{4}(?:-[A-Z\d]{2})?|A9\d{3}|"
    r"[CTLS]\d{1,2}(?:[-/][CTLS]?\d{1,2})?|[1-9]?\d[LR]|(?:c|p|yp|r)?T\d[a-d]?N\d[a-c]?(?:M[\dx][a-c]?)?|(?:BI|LI|PI|TI|O|NI|C|"
    r"Lung)-?RADS.*|"
    r"P(?:age|g)?\.?\d{1,3}/\d{1,3}|(?:KEYNOTE|CHECKMATE|IMPOWER|JAVELIN|ADAURA|FLAURA|PACIFIC|VISION|SPLASH|NSABP|RTOG|SWOG|ECOG|ACRIN|CALGB|EORTC|GOG|TROG|NCIC|AREN|ANBL|ACNS|HELIOS|GEMSTAR|ECHELON|POLARIX|RATHL|GHSG|HD)-?[A-Z]?-?\d{1,5}|RECIST.*|PERCIST.*|EORTC.*|FOLFOX\d*|R-CHOP\d*|FEV1|B12|D3|HbA1c|SUV\w*|Q\d|mCT\d*|\d{1,4}D|TF\d*|MI-?DR|GRCh\d+|\d{1,4}(?:mm|cm|mg|ml|"
    r"mL|MBq|mCi|kBq|kV|kVp|mAs|mA|s|min|hr?s?|yo|y|M|F|Gy|cGy|cc|G|Fr))",
    re.IGNORECASE,
)


def is_clinical_code(token: str) -> bool:
    """Say whether a token of letters and digits is medicine's own: a tracer, a gene, a level, a stage, a procedure code, a dose."""
    return _CLINICAL_CODE.fullmatch(token) is not None
