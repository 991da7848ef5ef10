"""Tell words of a report from proper names by dictionary: English (the WordNet index of the spaCy package), medicine, products.

A capitalised word that no dictionary knows is probably a name. Medicine builds words from parts, so unknown words are taken apart
(``aorto-pulmonary``, ``thyroid-ectomy``) before they count as unknown.
"""

from __future__ import annotations

import re
from functools import lru_cache

from petarseg.reports.phi_vocabulary import CITIES, FAMILY_NAMES, GIVEN_NAMES, REPORT_WORDS, STATES, words

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
    if not word or word in _MEDICAL or word in _FUNCTION_WORDS:
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
    if not word or word in _MEDICAL or word in _FUNCTION_WORDS or word in REPORT_WORDS:
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
