"""The words that decide what a number of a PET report belongs to: lesions, organs, reference regions, physiologic uptake, artefacts."""

from __future__ import annotations

import re
from functools import lru_cache

# Several values of one sentence ask the same questions of it.
_remember = lru_cache(maxsize=64)


def word_set(text: str) -> frozenset[str]:
    """Return the blank-separated words of `text`."""
    return frozenset(text.split())


def words(*alternatives: str) -> re.Pattern[str]:
    """Compile whole-word alternatives; a blank in them matches blanks or hyphens."""
    body = "|".join(alternatives).replace(" ", r"[\s-]{1,3}")
    return re.compile(rf"\b(?:{body})\b", re.IGNORECASE)


# A thing that can have an SUV of its own.
LESION = words(
    r"mass(?:es)?|lesions?|nodul\w+|node|nodes|nodal|lymph\w*|\w*adenopath\w*|foc(?:us|uses|i|al)|tumou?r\w*|metast\w+|mets?|implants?"
    r"|deposits?|"
    r"conglomerates?|thickening|cysts?|cystic|neoplas\w+|malignan\w*|cancer\w*|\w*carcinoma\w*|\w*sarcoma\w*|lymphoma\w*|melanoma\w*"
    r"|myeloma\w*|"
    r"primary|primaries|recurren\w+|satellites?|plaques?|opacit\w+|opacification|consolidation\w*|infiltrat\w+|collections?|fractures?"
    r"|effusions?|"
    r"\w*densit\w+|\w*lucenc\w+|sclero\w+|lytic|abnormalit\w+|hot ?spots?|spots?|areas?|regions? of (?:increased |intense "
    r"|focal )?uptake|defects?|strictures?|"
    r"polyps?|abscess\w*|adenomas?|incidentaloma\w*|disease|involvement|spread|extension|component|portion|site|sites|carcinomatosis"
    r"|caking|nidus|"
    r"packets?|chain|station|cluster|bulk|bulky|residual|residuum|remnant|ulcer\w*|infection|inflammat\w+|granuloma\w*|synovitis"
    r"|arthritis|"
    r"seroma|hematoma|scar|graft|stump|segments?|hotter|hottest|largest|dominant|intense|intensely|avid|hypermetabolic|increased"
    r"|abnormal|asymmetric"
)

ANATOMY = words(
    r"brain|cerebr\w+|cerebell\w+|skull|calvari\w+|scalp|orbit\w*|parotid\w*|submandibular|salivary|tonsil\w*|nasophary\w+|orophary\w+"
    r"|pharyn\w+|laryn\w+|"
    r"tongue|vallecula|epiglott\w+|palat\w+|mandib\w+|maxill\w+|sinus\w*|neck|cervical|jugul\w+|supraclavicular|infraclavicular"
    r"|thyroid|parathyroid|vocal|"
    r"lungs?|pulmonary|lobes?|lobar|lingul\w*|apex|apical|hil(?:um|ar|a|i)|perihilar|mediastin\w+|paratracheal|subcarinal|carina\w*"
    r"|prevascular|ap window|"
    r"aortopulmonary|aort\w+|para\w*aortic|aortocaval|retrocrural|precarinal|pretracheal|pleura\w*|pericardi\w+|heart|cardiac"
    r"|myocard\w+|ventric\w+|atri\w+|"
    r"esophag\w+|oesophag\w+|thym\w+|breasts?|axill\w+|pectoral\w*|subpectoral|chest|thora\w+|ribs?|stern\w+|clavic\w+|scapul\w+"
    r"|shoulders?|humer\w+|elbow|"
    r"forearms?|arms?|wrist|hands?|fingers?|spine|spinal|vertebra\w*|sacr\w+|coccy\w+|liver|hepat\w+|periportal|portocaval|porta"
    r"|biliary|bile|gallbladder|caudate|spleen\w*|splen\w+|"
    r"pancrea\w+|adrenal\w*|kidneys?|renal|ureter\w*|stomach|gastr\w+|duoden\w+|jejun\w+|ile(?:um|al|ocecal|ocolic)|cec(?:um|al)"
    r"|caec\w+|appendi\w+|colon\w*|sigmoid|"
    r"rect(?:um|al|o\w+)|anorectal|anal|anus|bowel|mesent\w+|omen\w+|periton\w+|retroperiton\w+|gutter|umbilic\w+|diaphragm\w*"
    r"|abdom\w+|pelvi\w+|hemipelvis|bladder|urethr\w+|vesic\w+|"
    r"prostat\w+|seminal|uter\w+|endometri\w+|cervix|parametri\w+|ovar\w+|adnex\w+|vagin\w+|vulv\w+|test(?:is|es|icular)|penis|penile"
    r"|scrot\w+|inguin\w+|groin|iliac|"
    r"ili(?:um|a)|ischi\w+|pub(?:is|ic)|acetabul\w+|femor\w+|femur\w*|hips?|thighs?|knees?|tibia\w*|fibula\w*|calf|calves|ankles?|foot"
    r"|feet|legs?|toes?|bones?|"
    r"osseous|skelet\w+|marrow|muscle\w*|muscular|gluteal|psoas|soft tissues?|subcutaneous|cutaneous|dermal|skin|wall|trachea\w*"
    r"|bronch\w+|obturator|presacral|mesorectal|perirectal|"
    r"popliteal|epitrochlear|celiac|coeliac|gastrohepatic|porta hepatis|para\w{4,}|cardiophren\w+|peri\w{4,}|supra\w{5,}|infra\w{5,}"
    r"|retro\w{5,}|level [IViv1-7]+[abAB]?|station \d+[RLrl]?|"
    r"[CTLS]\d{1,2}|[1-9]\d?[RL]|L[UL]L|R[UML]L|IJV?|BOT|GEJ|extremit\w+|occipit\w+|temporal|frontal|parietal|preauricular|buccal"
    r"|gingiv\w+|lip|nasal|ear|eye|lacrimal|"
    r"aryepiglottic|piriform|pyriform|glott\w+|supraglott\w+|retropharyn\w+|infrahyoid|fossa|ligament|tendon|joint|disc|facet|ramus"
    r"|trochanter\w*|condyle|patella|manubri\w+|xiphoid"
)  # fmt: skip

# Regions whose uptake is quoted to compare with.
BACKGROUND = (
    r"(?:(?:normal|uninvolved|unaffected|healthy)[\s-](?:right|left)[\s-]\w+|opposite|"
    r"blood[\s-]{0,2}pool|(?:hepatic |liver )?parenchyma|mbps?\b|lbp\b|(?:liver|hepatic|splenic|mediastinal|muscle|marrow|local"
    r"|adjacent|surrounding|soft[\s-]tissue"
    r"|tissue"
    r"|vascular|aortic|lung|brain)?[\s-]{0,2}background"
    r"|references?(?:[\s-](?:liver|region|organ|tissue|value|level|blood[\s-]?pool|activity|uptake|spleen|lobe))?"
    r"|contra-?[\s-]?lateral|(?:normal|background|reference|physiologic|uninvolved|unaffected|healthy"
    r"|adjacent normal)[\s-](?:appearing[\s-])?"
    r"(?:right[\s-](?:hepatic[\s-])?lobe|liver|hepatic|spleen|muscle|marrow|bone[\s-]marrow|parenchyma|lung|brain|cerebellum|tissue"
    r"|side|gluteal|tonsil|gland|bone|mediastin\w+)\w*)"
)
REFERENCE_ORGAN = (
    r"(?:(?:normal|mean|background|reference|right|left|the|hepatic|liver|mediastinal|thoracic|descending|ascending|mid)[\s-]){0,3}"
    r"(?:lobe[\s-]of[\s-](?:the[\s-])?liver|liver|livers|hepatic[\s-](?:parenchyma|uptake|activity|lobe)|liver[\s-](?:parenchyma"
    r"|uptake|activity|lobe|dome)"
    # "mediastinal pleura", "mediastinal fat" are places of lesions.
    r"|mediastinum|mediastinal(?:[\s-](?:uptake|activity|vessels?|structures|pool|reference)|(?=\s?(?:<suv>|#|[:=(]|of|is|suv|$)))|"
    r"blood[\s-]?pool|aort(?:a|ic)[\s-](?:blood[\s-]?pool|(?:arch[\s-])?lumen)|(?:gluteal|adjacent|paraspinal|psoas)[\s-]muscle"
    r"|(?:ascending|descending|thoracic)[\s-]aorta(?!\s(?:wall|graft|plaque|stent|aneurysm|and))|cerebellum)"
)

_PHYSIOLOGIC_CUE = words(
    r"physiol(?:og\w+)?|(?:is|are) normal with|(?:is|are) (?:just |simply |only )(?:an? )?normal \w+|"
    r"(?:normal|benign|anatomic(?:al)?|incidental|fasting|cyclic(?:al)?|hormonal) varia(?:nt|tion)|"
    r"normally|normal(?=\s?[,;).]|$)|chewing|mastication|bruxism|grinding|usual(?: for| in| on| uptake"
    r"| activity| distribution| finding)|(?:of|in) (?:the )?cycle|labou?red breathing|coughing|hiccups?|crying|shivering|compensat(?:es"
    r"|ing|ory|ion)|(?:incomplete|insufficient|poor|partial|inadequate) (?:myocardial )?(?:suppression|fasting|preparation)"
    r"|incompletely suppressed|not above (?:the )?(?:liver|background|blood pool|mediastinum)|unremarkable|(?:is|are|was|of) nothing"
    r"|no(?:t| clinical"
    r"| pathologic\w*)? (?:significance|concern)|not (?:pathologic\w*|concerning|suspicious)|normal(?: in| limits| activity| uptake"
    r"| distribution| finding| for| structure| urinary| excret\w+| bowel| biodistribution| thymus)|"
    r"within normal(?: limits)?|as expected|expected(?: uptake| activity| finding| distribution| biodistribution| excretion)?|"
    r"not an? (?:(?:lymph )?node|lesion|metastasis)|"
    r"menstrual|menstruat\w+|"
    r"(?:luteal|secretory|proliferative|ovulatory|follicular) phase|(?:mid|peri)\s?ovulat\w+|"
    r"functional|follic(?:le|les|ular)|corpus luteum|lactat\w+|brown (?:fat|adipose)|browning|growth plates?"
    r"|physes|physis|"
    r"excret(?:ed|ion|ory)\w*|urine|urinary (?:activity|excretion|tracer|radioactivity|radiotracer|stasis)|menses|catamenial"
    r"|respiratory effort|exertion|exercise|"
    r"restless\w*|(?:bad|poor) night|posture|shovel+ing|lifting|walking|cold (?:room|weather)|"
    r"biodistribution|waldeyer'?s?|ganglion|ganglia|muscle (?:activity|tension|use|contraction)"
    r"|muscular (?:activity|tension)|"
    r"symmetric(?:al|ally)? (?:uptake|activity|tonsil\w*|FDG|tracer|and)|thymic rebound|rebound|metformin|peristal\w+|swallowing"
    r"|phonation|talking|ureter(?:al|ic) (?:activity|uptake|tracer|radiotracer|stasis|jet)"
    r"|(?:diffuse(?:ly)?|homogeneous(?:ly)?) (?:\w+ ){0,3}marrow|marrow (?:\w+ ){0,2}(?:diffuse(?:ly)?|homogeneous(?:ly)?)"
    r"|g csf|gcsf|filgrastim|colony stimulating|(?:reactive|stimulated|rebound|activated) (?:bone )?marrow|marrow (?:stimulation|activation"
    r"|rebound|hyperplasia|recovery)"
)
_NEGATED_PHYSIOLOGIC = re.compile(
    r"(?:\b(?:not|non|than|beyond|above|exceed\w*|more than|greater than|rather than|un|distinct from|separate from"
    r"|distinguish\w* from|unlikely|less likely|out of proportion to|"
    r"not (?:entirely|typically|clearly|definitely|likely)|atypical for|higher than|no longer|over)\s(?:\w+\s){0,4}?|non-?|(?:or"
    r"|versus|vs\.?|adjacent|superimposed on|merging with|adjacent to|near|next to)\s(?:the\s)?)$",
    re.IGNORECASE,
)
_PHYSIOLOGIC_ORGAN = re.compile(
    r"(?<!to the )(?<!posterior to )(?<!anterior to )(?<!adjacent to )(?<!near the )(?<!above the )(?<!below the )"
    r"(?<!behind the )(?<!between the )(?<!beside the )(?<!along the )\b(?P<organ>(?:urinary )?bladder|kidneys?"
    r"|renal (?:collecting system|pelvis|pelves|cortex|cortices|calyx|calyces)|"
    r"ureter(?:s|al)?|brain|cerebral cortex|gr[ae]y matter|basal ganglia|cerebellum|myocardi(?:um|al)|heart|left ventric(?:le"
    r"|ular)(?: myocardi(?:um|al))?|(?:salivary|parotid|submandibular|lacrimal|sublingual) glands?|parotids?|submandibulars?|tonsils?|"
    r"waldeyer'?s? ring|thymus|brown fat|bowel|colon|small bowel|cecum|stomach|vocal cords|duodenum|jejunum|ileum|nasal turbinates"
    r"|epiphys[ei]s|spinal cord|diaphragm(?:atic)?(?: crura| crus)?|intercostal muscles|masseters?|pterygoids?|cricopharyngeus|testes"
    r"|testicles|extraocular muscles|"
    r"anal sphincter|sphincter muscles?|cricoarytenoids?|pharyngeal constrictors?|sternocleidomastoids?|scalenes?|strap muscles?|"
    r"(?:[CTL]\d{1,2} |vertebral |lumbar )?(?:bone )?marrow|choroid plexus|endometri(?:um|al (?:cavity|activity|stripe))|"
    r"pituitary(?: gland)?|spleen|nipples|gallbladder|adrenals|adrenal glands|collecting systems?)\b",
    re.IGNORECASE,
)
_NORMAL_ORGAN = re.compile(
    r"(?:^|[;:,(]\s?)\s*(?:the\s)?normal(?:[\s-]appearing)?\s\w+|\b(?:is|are|appears?|otherwise)\snormal\b",
    re.IGNORECASE,
)
_SYMMETRIC = re.compile(
    r"\bsymmetric\w*\b.*\b(?:sternocleido|scalen|masset|pteryg|strap|trapez|tonsil|lymphoid|saliva|parotid|submandib|gland|tongue|pharyn|musc|breast|vocal|cord|adrenal|kidney|brain"
    r"|test|nipple)"
    r"|\b(?:tonsil|lymphoid|saliva|parotid|submandib|gland|tongue|pharyn|musc|breast|vocal|cord|adrenal|kidney|brain|test"
    r"|nipple).*\bsymmetric",
    re.IGNORECASE,
)
# Words that make an organ's uptake a lesion after all.
_LESION_ADJECTIVE = words(
    r"mass(?:es)?|lesions?|nodul\w+|node|nodes|lymph nodes?|\w*adenopath\w*|foc(?:us|i|al|ally)|tumou?r\w*|metast\w+|implants?"
    r"|deposits?|thickening|"
    r"neoplas\w+|malignan\w*|cancer\w*|\w*carcinoma\w*|\w*sarcoma\w*|lymphoma\w*|melanoma\w*|recurren\w+|abnormal\w*|asymmetric\w*"
    r"|hypermetabolic|suspicious|concerning|wall|"
    r"invasion|infiltrat\w+|segments?|biops\w+|new|sclero\w+|lytic|colitis|cystitis|gastritis|myocarditis|thymoma|not suppressed"
    r"|failure|septum|polyps?|thickened|enlarged|bulky|nodular|invad\w*|destructive|expansile|ulcerat\w*|primary|uptake in the (?:left"
    r"|right)"
)

# Focal benign uptake that counts (decision 23), but that some cohorts leave out.
_DEGENERATIVE = words(
    r"degenerat\w+|osteo ?arthr\w+|arthr(?:itis|itic|osis|otic|opathy|opathic)|spondyl(?:osis|otic|arthr\w+)|djd|ddd|facet\w*|osteophyt\w*"
    r"|enthes\w+|tendin\w+|bursitis|capsulitis|schmorl'?s?|discogenic|modic"
)

ARTEFACT = words(
    r"(?:tracer|radiotracer|dose|fdg|isotope) (?:injection|administration)|(?:related|due|secondary) to (?:the )?(?:\w+ )?injection|"
    r"injection related|inj\.? site|\w*cubital vein|"
    r"(?:tracer|activity) (?:is )?(?:retained|retention|pooling|pooled)|retained (?:tracer|activity)|"
    r"artefact\w*|artifact\w*|extravasat\w+|injection (?:site|vein|point)|site of (?:the )?injection|tracer infiltration"
    r"|dose infiltration|infiltrated dose|paravenous|contaminat\w+|misregistration|"
    r"mis registration|spurious|halo|overcorrect\w+|over correct\w+|venous (?:reflux|stasis|pooling|retention)|injected (?:vein|arm)"
    r"|attenuation correction error|clot (?:embol\w+|in syringe)|spill(?:age|ed)|leaked"
)
_NEGATED_ARTEFACT = re.compile(
    r"\b(?:no|not|without|rather than|unlikely|excluding|free of|despite|(?:obscured|limited|degraded|affected|hampered|distorted"
    r"|compromised|confounded) by|adjacent to|near|next to|away from|distant from|distinct from|separate from|versus|"
    r"vs\.?)\s(?:\w+\s){0,4}$",
    re.IGNORECASE,
)


@_remember
def names_lesion(clause: str) -> bool:
    """Say whether a clause speaks of a lesion, or of an uptake that is no organ's own."""
    return _LESION_ADJECTIVE.search(clause) is not None


@_remember
def called_physiologic(clause: str) -> bool:
    """Say whether a clause calls its uptake physiologic, normal, excreted, expected."""
    return any(not _NEGATED_PHYSIOLOGIC.search(clause[max(0, cue.start() - 60) : cue.start()]) for cue in _PHYSIOLOGIC_CUE.finditer(clause))


@_remember
def physiologic(clause: str) -> bool:
    """Say whether a clause speaks of purely physiologic uptake, in words or by naming an organ that always takes up tracer."""
    if called_physiologic(clause):
        return True
    if _LESION_ADJECTIVE.search(clause) is not None or _PHYSIOLOGIC_CUE.search(clause) is not None:
        return False  # a lesion, or "greater than expected for physiologic activity"
    return any(pattern.search(clause) for pattern in (_PHYSIOLOGIC_ORGAN, _NORMAL_ORGAN, _SYMMETRIC))


@_remember
def degenerative(clause: str) -> bool:
    """Say whether a clause explains its uptake by wear: degenerative change, arthrosis, a facet joint, a tendon."""
    return _DEGENERATIVE.search(clause) is not None


@_remember
def artefact(clause: str) -> bool:
    """Say whether a clause calls its uptake an artefact or a trace of the injection."""
    return any(not _NEGATED_ARTEFACT.search(clause[max(0, cue.start() - 50) : cue.start()]) for cue in ARTEFACT.finditer(clause))


@_remember
def names_site(text: str) -> bool:
    """Say whether a text names an anatomical site."""
    return ANATOMY.search(text) is not None


_FOR_REFERENCE = re.compile(
    r"\b(?:serv\w+|used|taken) (?:as|for) (?:\w+ ){0,3}(?:references?|scoring|comparison|controls?)\b|"
    r"\bfor (?:the )?(?:comparison|reference|calibration|quality|internal control|(?:\w+ )?(?:scor\w+|grading|normali[sz]ation"
    r"|threshold\w*)|deauville|promise|krenning|percist)\b|\bas (?:an? )?(?:internal )?(?:reference|control|comparator|background)\b|"
    r"\b(?:were|was|are|is|being) (?:the |our |a |an )?(?:internal )?references?\b|\bphantom\b|\bcross-?calibration\b"
    r"|\bnon[\s-]?lesion\w*|\binternal (?:reference|control|comparator)\b|\breference (?:region"
    r"|organ|value|standard|tissue)s?\b",
    re.IGNORECASE,
)


@_remember
def for_reference(clause: str) -> bool:
    """Say whether a clause gives its value only to compare with: "parotid, for PROMISE scoring"."""
    return _FOR_REFERENCE.search(clause) is not None and _LESION_ADJECTIVE.search(_FOR_REFERENCE.sub(" ", clause)) is None


_REFERENCE_LABEL = re.compile(
    rf"[\s|\d#.]*(?:the\s|normal\s)?(?:{BACKGROUND}|{REFERENCE_ORGAN}|aorta|aortic arch)\b"
    r"(?:[\s,(/:-]+(?:ref|reference|background|normal|parenchyma|uptake|activity|mean|max|right|left|lobe|voi|roi|level|dome|arch"
    r"|[\d.x ]+|mm|cm|-))*"
    r"[\s).-]*",
    re.IGNORECASE,
)
_CALLED_REFERENCE = re.compile(r"\b(?:ref|reference|background|bkg|bkgd|blood[\s-]?pool|mbp|internal control)\b", re.IGNORECASE)


def is_reference_name(label: str) -> bool:
    """Say whether the label of a table row names a reference region: "Liver", "Parotid (ref)", but not "Liver, segment VI"."""
    return _REFERENCE_LABEL.fullmatch(label) is not None or (_CALLED_REFERENCE.search(label) is not None and LESION.search(label) is None)


@_remember
def names_thing(text: str) -> bool:
    """Say whether a text names a lesion or an anatomical site."""
    return LESION.search(text) is not None or ANATOMY.search(text) is not None
