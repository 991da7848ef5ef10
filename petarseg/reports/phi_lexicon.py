"""Tell words of a report from proper names by dictionary: English (the WordNet index of the spaCy package), medicine, products.

A capitalised word that no dictionary knows is probably a name. Medicine builds words from parts, so unknown words are taken apart
(``aorto-pulmonary``, ``thyroid-ectomy``) before they count as unknown.
"""

from __future__ import annotations

import re
from functools import lru_cache

from petarseg.reports.phi_people import CITIES, FAMILY_NAMES, GIVEN_NAMES, STATES
from petarseg.reports.phi_words import REPORT_WORDS

# Words of PET/CT reports that a general English dictionary lacks, with abbreviations, tracers, drugs and products.
_MEDICAL = frozenset(
    """
    abdomen abdominopelvic adenopathy adnexa adnexal aka alk ampullary anastomotic anorectal antecubital antrectomy aortocaval aortopulmonary apcs appendiceal arytenoid atelectasis attenuating
    avid avidity avm axillary azygoesophageal azygos basilar biapical bibasilar bilat bilateral bilaterally biopsied biograph blastic bloodpool bronchovascular calcaneal calcaneus calvarium cardiophrenic cardiothoracic caudate
    cecal cecum celiac centimeter centrilobular cervicothoracic chemoradiation chemoradiotherapy chemort choroid clival clivus colonoscopic colorectal comparator conglomerate contralateral coracoid costochondral costophrenic
    costosternal costovertebral craniocaudal cricoid cul-de-sac cutaneous debulking deltoid demonstrable dcfpyl dcis ddx detectnet diaphragmatic discogenic distally dotatate dotatoc dotanoc dominant
    ductal endobronchial endometrial endplate endplates enthesopathy epicardial epiphrenic equivocal esophagogastric ethmoid exophytic extracapsular extranodal extraosseous extrathoracic fapi fdg fdopa fluciclovine fludeoxyglucose flotufolastat
    flurpiridaz florbetapir foci frontotemporal furosemide gastrocolic gastroesophageal gastrohepatic gastrointestinal glenohumeral glenoid glioblastoma gluteus groundglass hamartoma hemiabdomen hemidiaphragm
    hemithorax hepatic hepatobiliary hepatopancreatic hilar hila hilum humeral hydronephrosis hydroureter hydroureteronephrosis hyperdense hyperenhancing hypermetabolic hypermetabolism hypoattenuating hypodense hypodensity hypometabolic hypopharyngeal hypopharynx
    ileocecal ileocolic iliac iliopsoas incidental inferomedial infracarinal infraclavicular infrahilar infrarenal infratemporal inguinal inguinofemoral interaortocaval intercostal interlobular interval intraluminal intramammary intraparotid intrahepatic isovue
    jejunal jugular jugulodigastric keytruda lacrimal laryngeal leptomeningeal lingula lingular lobe lobectomy longus lutathera lymphadenopathy lymphovascular lytic magnevist malignancy mammary mandibular maxilla medially mediastinal mediastinum
    megabecquerel menisci mesenteric mesorectal mesorectum metaphyseal metastases metastasis metastatic metastasized millicuries millicurie miliary mucosal multifocal multinodular multistation musculoskeletal myocardial nasopharyngeal nasopharynx neoadjuvant neoplasm
    nephroureteral netspot nodal nondisplaced nonavid nonspecific obturator occipital octreotide oligometastatic omental omentum omnipaque oncologic opacities oropharyngeal oropharynx osseous osteoarthritis osteophyte osteophytes oxyclean pancolonic
    paraaortic paracaval paracardiac paracolic paraesophageal paramediastinal parametrial parametrium paranasal parapharyngeal paraspinal pararectal paratracheal paravertebral parenchymal parotid peribronchial peribronchovascular pericaval pericecal periampullary perianal perihepatic perihilar perilymphatic perinephric
    periportal peripancreatic peripherally periphery perirectal perisplenic peristomal periumbilical perivesical photopenia photopenic physiologic pleural pleurodesis pleuropulmonary pluvicto pneumobilia pneumonitis popliteal portacath portacaval portocaval posterolateral posteromedial postcricoid
    posttreatment prevascular preaortic precarinal pretracheal presacral prevertebral psma ptc pylarify posluma illuccix locametz axumin cerianna vizamyl amyvid neuraceq tauvid radiofrequency radiopharmaceutical radiotracer radiotherapy recurrence renal retroareolar retrocaval retrocrural retroperitoneal retroperitoneum retropharyngeal
    rituximab sacroiliac sacral sclerosis sclerotic scrotal seminal septal septations sigmoid somatostatin sphenoid spiculated splenic splenule splenules splenomegaly sternoclavicular sternal subareolar subcapsular subcarinal subcentimeter subcutaneous subdiaphragmatic sublingual submandibular submental submucosal suboccipital
    subpectoral subpleural subsegmental subsolid suprahilar superolateral supraclavicular supraglottic suprarenal suprasternal symphysis tarlov temporomandibular thoracoabdominal thoracolumbar thymic thyroidal tonsillar tracer tracheobronchial tracheoesophageal transverse trochanter trochanteric tumour tumoral ultravist unremarkable unenhanced
    ureter ureteral urothelial uterine vaginal valleculae vallecula vascular vesicourethral vertebra vertebral vesicoureteral visipaque vulvar xanthogranulomatous xofigo zevalin zosyn pagetic pagetoid gleason siewert
    acc acct adm aml ap bmi bmt bot bph bx ca cad cbd cea chf cll cml cns copd cpt crc ct cta ctap cxr dlbcl dob dos doi dvt dx ebus ed egfr emr er erc ercp esrd ett eus fdg fev figo fna fnab folfirinox folfox folfoxiri fu fl fov fu gbm gi gist gu gyn hbv hcc hcv hiv hl hnscc hpv hr hx icd icu idc ii iii imp
    ilc ind ipmn iv ivc ivcontrast kps ldh lll lmp lul llq luq lvef mac mbq mci mdt mds melanoma mgus mip mips mm mri mrcp mrn msk nac naf ned net nhl noc npc nscl nsclc nuc osh pacs pcp pe pet petct pft pft's pleurx pmh pmhx pod pvd psa psad psh pt pta ptld pts puo pul rad rads rcc rcc's rchop recist ref rll rlq rml rml's ros rt rul ruq rx
    sbrt scc sclc sirt smv sob spect sq stas sul sup suv suvmax suvmean suvpeak suvs svc tace tah tah-bso tb tbi tcc tech tia tmj tnm trus turbt turp tv tx uc ucsf uip uln us ut uti vats wb wbc who wnl wt xr xrt yo yr lad laa lca lcx rca gerd picc vad icd aicd ebv cmv hsv vzv cva afib ckd aki
    medtronic biotronik boston scientific covidien ethicon stryker zimmer bayer bracco guerbet lantheus novartis curium petnet cardinal sofie telix zionexa ire eckert ziegler ge mediso neusoft spectrum dynamics
    siemens philips canon toshiba hitachi shimadzu mediso varian elekta biograph vision quadra discovery gemini ingenuity vereos omni legend cartesion celesteion uexplorer uimaging horizon mcT mct advance truepoint signa mi-dr syngo mim hermes intellispace powerscribe nuance epic cerner meditech impax visage
    lugano deauville recist percist percist eortc nccn ajcc uicc snmmi eanm acr rsna fda nih nci swog rtog ecog cheson choi bclc meld imwg iwg promise mirads
    nivolumab pembrolizumab atezolizumab durvalumab ipilimumab cemiplimab trastuzumab bevacizumab brentuximab cetuximab daratumumab siltuximab avelumab osimertinib imatinib sunitinib sorafenib lenvatinib everolimus letrozole tamoxifen anastrozole enzalutamide abiraterone leuprolide lupron bicalutamide apalutamide darolutamide degarelix
    carboplatin cisplatin oxaliplatin paclitaxel docetaxel gemcitabine capecitabine pemetrexed etoposide doxorubicin vincristine dexamethasone prednisone folfiri cabozantinib axitinib pazopanib erdafitinib vemurafenib dabrafenib trametinib crizotinib alectinib lorlatinib brigatinib gefitinib erlotinib afatinib olaparib niraparib palbociclib ribociclib fulvestrant
    abvd beacopp copdac abvd bortezomib lenalidomide thalidomide venetoclax ibrutinib rituxan opdivo yervoy tecentriq imfinzi herceptin avastin xeloda taxol taxotere alimta gemzar lasix metformin insulin glucophage valium lorazepam ativan diazepam propranolol heparin coumadin warfarin eliquis xarelto botox silastic kevlar teflon gore-tex
    januvia lantus humalog ozempic gadavist eovist dotarem gastrografin readi-cat omniscan technegas lymphoseek cardiolite lexiscan kinevac
    """.split()
)
_FUNCTION_WORDS = frozenset(
    """
    a about above across after again against all almost alone along already also although always am among amongst an and another any anyone anything are around as at away be became because become been before
    behind being below beneath beside besides best better between beyond both but by can cannot could did do does done down due during each either else enough etc even ever every everyone everything except few first for former formerly
    from front further had has have having he hence her here hers herself high him himself his how however i if in indeed inside instead into is it its itself just last later latter least less like likely made many may me meanwhile might mine more
    moreover most mostly much must my myself near nearly neither never nevertheless new next no nobody none nor not nothing now nowhere of off often on once one only onto or other others otherwise our ours ourselves out outside over own per perhaps please
    previously prior quite rather re really regarding same several she should since so some someone something sometimes somewhere still such than that the their them themselves then there therefore these they this those though through throughout thus to
    together too toward towards under unless unlike until unto up upon us used using various versus very via vs was we well were what when where whereas whether which while who whole whom whose why will with within without would yet you your yours yourself
    """.split()
)
_PREFIX = re.compile(
    r"^(?:abdomino|adeno|angio|antero|anti|aorto|arterio|atrio|auto|bi|brachio|broncho|bronchio|cardio|cerebro|cervico|chemo|cholangio|chole|chondro|circum|colo|costo|cranio|cysto|de|dermato|dis|dorso|duodeno|electro|"
    r"endo|entero|epi|esophago|oesophago|extra|fibro|gastro|gluteo|hemi|hepato|hetero|homo|hyper|hypo|ileo|ilio|immuno|infero|infra|inguino|inter|intra|jejuno|juxta|kypho|laparo|laryngo|latero|leuko|lipo|lumbo|lympho|macro|mal|"
    r"medi|medio|mega|mesio|meta|micro|mid|mono|muco|multi|myelo|myo|naso|neo|nephro|neuro|non|omento|oligo|oro|ortho|osteo|over|pan|para|peri|pharyngo|photo|physio|pleuro|pneumo|poly|porto|post|postero|pre|procto|pseudo|pulmono|pyelo|radio|re|recto|"
    r"reno|retro|sacro|sclero|semi|spleno|sterno|sub|super|supero|supra|syn|thoraco|thrombo|thyro|trachea|tracheo|trans|tri|ultra|un|under|uni|uretero|urethro|uro|utero|vaso|veno|ventro|vertebro|vesico|xantho)-?"
)
_SUFFIX = re.compile(
    r"(?:ectomy|ectomies|ostomy|otomy|oscopy|scopic|graphy|graphic|gram|plasty|pexy|desis|centesis|lysis|lytic|itis|itides|osis|oses|iasis|oma|omas|omata|omatous|pathy|pathies|pathic|emia|aemia|emic|uria|algia|megaly|penia|penic|trophy|trophic|"
    r"plasia|plastic|plasm|blastic|blastoma|sarcoma|carcinoma|genic|genous|genesis|metabolic|metabolism|metastatic|metastasis|metastases|aceous|oid|oidal|mab|nib|tinib|ciclib|platin|taxel|rubicin|mycin|cillin|azole|statin|sartan|prazole|olol|pril|zumab|ximab|limus|parin|xaban|"
    r"iform|cellular|vascular|ductal|lobar|lobular|glandular|muscular|articular|osseous|tumoral|nodal|spinal|dural|phrenic|colic|gastric|hepatic|splenic|renal|pleural|bronchial|tracheal|esophageal|oesophageal|sternal|clavicular|scapular|thoracic|lumbar|sacral|iliac|femoral|"
    r"aortic|caval|carinal|hilar|mediastinal|pancreatic|peritoneal|rectal|vesical|vaginal|uterine|ovarian|axillary|pectoral|mammary|areolar|cutaneous|capsular|cortical|medullary|cranial|orbital|nasal|pharyngeal|laryngeal|glottic|lingual|mandibular|maxillary|temporal|parietal|occipital)$"
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
    return _known(word, REPORT_WORDS) or _known(word, _english()) or bool(_SUFFIX.search(word) and len(word) > 6) or _built(word, _english())


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
    return _known(word, REPORT_WORDS) or _known(word, _no_nouns()) or bool(_SUFFIX.search(word) and len(word) > 6) or _built(word, REPORT_WORDS)


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
COMMON_WORDS = frozenset(
    """
    abbott art august austin baker ball banks barber bell berry best bill bishop black blood bloom bond bone brace branch brown bush butler cannon carpenter case chambers chance chase church clay cole cook cross day dean do drew
    fields fisher flora flowers foot ford forest foster fox frank french gene glass golden grace grant graves gray green hall hand hardy heart heath hill holly hood hope house hunt hunter ivy jack jay jean joy june
    king knight lad lake lane large little long love low may march mark mason max mead miles miller mills moon moss neck noble north page paige park parks pat pearl penny pitt pool pope porter post potter powers price prince ray
    read reading reed reeves rice rich ring rivers robin rod rose ruby rush sand sandy saul sharp short singer small south spring stark steel stern sterling stone strong sue summer summers sun swift temple thorn todd tone
    turner vance violet viola wade walker wall waters way weaver wells west white wise wolf wood woods young norman victor vera don dale dawn daisy hazel heather iris lily olive pansy rex roman rusty skip sunny van will
    ann his her so to an by in on at is it as be or lance miranda axel buffalo columbus durham orlando phoenix queens reading salem wellington norfolk perth may jun jan mar apr aug sep oct nov dec can hung gay guy june faith
    kay lee li an bo ha ho hy le ma na ng ly my thu
    """.split()
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
