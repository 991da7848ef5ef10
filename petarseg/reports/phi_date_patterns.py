"""The layouts in which dates are written, and the words that tell a date from a fraction, a slice or a level."""

from __future__ import annotations

import re

# English, then the month names of the other languages in which PET/CT reports with Latin script commonly arrive.
MONTHS: dict[str, int] = {}
for _number, _names in enumerate(
    (
        "january jan januar januari janvier enero gennaio janeiro jänner",
        "february feb febr februar februari février febrero febbraio fevereiro",
        "march mar märz marts mars marzo março maart mrt",
        "april apr avril abril aprile",
        "may mai maj mayo maggio maio mei",
        "june jun juni juin junio giugno junho",
        "july jul juli juillet julio luglio julho",
        "august aug août agosto augusti augustus",
        "september sep sept septembre septiembre settembre setembro",
        "october oct oktober octobre octubre ottobre outubro okt",
        "november nov novembre noviembre novembro",
        "december dec dezember décembre diciembre dicembre dezembro dez desember",
    ),
    start=1,
):
    for _name in _names.split():
        MONTHS[_name] = _number
ENGLISH_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
ORDINAL_WORDS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
    "twenty-third",
    "twenty-fourth",
    "twenty-fifth",
    "twenty-sixth",
    "twenty-seventh",
    "twenty-eighth",
    "twenty-ninth",
    "thirtieth",
    "thirty-first",
]

_MONTH = r"(?P<month>" + "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True)) + r")(?![^\W\d_])\.?"
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])"
_YEAR4 = r"(?P<year>(?:19|20)\d\d)"
_YEAR = r"(?P<year>(?:19|20)\d\d|['’]?\d\d)"
_ORDINAL = r"(?:st|nd|rd|th)"
_YEAR_IN_WORDS = (
    r"(?:nineteen|twenty|two[ ]thousand(?:[ ]and)?)(?:[ -](?:oh|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    r"eighteen|nineteen|"
    r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?|one|"
    r"two|three|four|five|six|"
    r"seven|eight|nine)){1,2}"
)
_WORD_DAY = "|".join(sorted(ORDINAL_WORDS, key=len, reverse=True))

# Each layout with the part order it fixes. Numeric ones are read separately because their order may be open.
WRITTEN = [
    # 14 March 2024, 14th of March, 14-Mar-2024, 14MAR2024, 14. marts 2024, 14 de marzo de 2024
    re.compile(
        rf"(?<![\w.,/])(?:the\s+)?{_DAY}{_ORDINAL}?\.?(?:\s*[-/.]\s*|\s+(?:of\s+|de\s+)?|(?=[A-Za-z]))"
        rf"(?:(?:day\s+)?of\s+)?{_MONTH}(?:(?:\s*[-/.,]\s*|\s+(?:of\s+|de\s+)?|)(?<![A-Za-z]\.)(?:{_YEAR})(?![\w%]|:\d|\.\d|/\d|"
        rf"\s*(?:cm|mm)\b))?",
        re.IGNORECASE,
    ),
    # March 14, 2024; Mar 14th '24; Mar-14-2024; March 14
    re.compile(
        rf"(?<![\w/]){_MONTH}(?:\s*[-/]\s*|\s+(?:the\s+)?|(?<=\.)){_DAY}(?:{_ORDINAL})?(?![\w:%]|[./]\d|\s*(?:cm|mm|mg|mL)\b)"
        rf"(?:(?:\s*[-/,]\s*|\s+|,\s*)(?:of\s+)?(?:{_YEAR4}|(?P<year2>['’]\d\d)|(?P<year3>\d\d)(?=[ \t]*(?:$|[.,;)\r\n]|_x000D_)))(?!\w))?",
        re.IGNORECASE | re.MULTILINE,
    ),
    # the fourteenth of March 2024; March the fourteenth
    re.compile(
        rf"\b(?:the\s+)?(?P<wordday>{_WORD_DAY})\s+(?:day\s+)?(?:of\s+)?{_MONTH}(?:,?\s+(?:{_YEAR4}|"
        rf"{_YEAR_IN_WORDS})\b)?",
        re.IGNORECASE,
    ),
    re.compile(rf"\b{_MONTH}\s+(?:the\s+)?(?P<wordday>{_WORD_DAY})\b(?:,?\s+(?:{_YEAR4}|{_YEAR_IN_WORDS})\b)?", re.IGNORECASE),
    # 2024 March 14, 2024-Mar-14
    re.compile(rf"(?<![\w.,/-]){_YEAR4}[-/ ]{_MONTH}[-/ ]{_DAY}(?![\w/])", re.IGNORECASE),
    # March 2024, Mar-2024, Mar. 2024, March of 2024, Mar '24
    re.compile(rf"(?<![\w/]){_MONTH}(?:\s*[-/,']\s*|\s+(?:of\s+|de\s+|in\s+)?|)(?:{_YEAR4}|(?P<year2>(?<=['’])\d\d))(?!\w)", re.IGNORECASE),
    re.compile(rf"(?<![\w/]){_MONTH}-(?P<year>\d\d)(?![\w/-])", re.IGNORECASE),
    # ngày 14 tháng 3 năm 2024; tháng 3 năm 2024; tháng 3/2024
    re.compile(rf"(?:ngày\s+{_DAY}\s+)?tháng\s+(?P<monthnumber>0?[1-9]|1[0-2])(?:\s+năm\s+|/){_YEAR4}\b", re.IGNORECASE),
]
ISO = re.compile(rf"(?<![\d.-]){_YEAR4}(?P<sep>[-/.])(?P<monthnumber>0?[1-9]|1[0-2])(?P=sep){_DAY}(?!\d)(?![./-]\d)")
COMPACT = re.compile(
    r"(?<![\w.-])(?P<year>(?:19|20)\d\d)(?P<monthnumber>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|"
    r"3[01])(?P<clock>[0-2]\d[0-5]\d(?:[0-5]\d)?(?:\.\d+)?)?(?![\w-])(?!\.\d)"
)
NUMERIC = re.compile(
    r"(?<![\d.,/-])(?<![^\W\d_])(?P<first>0?[1-9]|[12]\d|3[01])(?P<sep>\s?[/.-]\s?)(?P<second>0?[1-9]|[12]\d|3[01])"
    r"(?:(?P=sep)|[ ](?=(?:19|20)\d\d\b))"
    r"(?P<year>(?:19|20)\d\d|['’]?\d\d)(?!\d)(?![./-]\d)(?![^\W\d_])"
)
MONTH_YEAR = re.compile(
    r"(?<![\d.,/-])(?<![^\W\d_])(?P<monthnumber>0?[1-9]|1[0-2])(?P<sep>[/.-])(?P<year>(?:19|20)\d\d)(?![\d/])(?![.-]\d)"
)
YEAR_MONTH = re.compile(rf"(?<![\d.,/-])(?<![^\W\d_]){_YEAR4}[-/](?P<monthnumber>0[1-9]|1[0-2])(?!\d|[/-]|\.\d)(?![^\W\d_])")
# Jan-March 2023, June to August
MONTH_RANGE = re.compile(
    r"\b(?:"
    + "|".join(f"{month}|{month[:3]}\\.?" for month in ENGLISH_MONTHS)
    + r")\s*(?:-|–|to|through|/)\s*(?:"
    + "|".join(f"{month}|{month[:3]}" for month in ENGLISH_MONTHS)
    + r")\b\.?(?:\s+(?:19|20)\d\d)?(?!\s*\d)"
)
# 3/14 and 3/14-4/2: a date only where the words around it say so.
PARTIAL = re.compile(
    r"(?<![\d.,/-])(?<![^\W\d_])(?P<first>0?[1-9]|[12]\d|3[01])/(?P<second>0?[1-9]|[12]\d|3[01]|\d\d)(?![\d/%])(?!\.\d)(?![^\W\d_])"
)
PARTIAL_CUE = re.compile(
    r"(?:\b(?:on|from|of|dated?|since|between|until|till|through|thru|after|before|performed|done|obtained|acquired|scan(?:ned)?|"
    r"seen|signed|notified|paged|called|phone|message|verbally|informed|faxed|scheduled|due|(?:x|ext\.?[ ]?)\d{3,5}|injected|"
    r"typed|transcribed|transferred|moved|arrived|discharged|presented|excised|biopsied|operated|"
    r"transferred|moved|arrived|discharged|presented|excised|biopsied|operated|"
    r"admitted|transfused|cycle[ ]\d|"
    r"dictated|read|reported|compar(?:ison|e|ed)(?:\s+(?:to|with))?|prior|previous|last|exam(?:ination)?|study|visit|biopsy|surgery|bx|"
    r"PET(?:[/-]CT)?|MRI?|"
    r"CT|ultrasound|US|DOS|comp|appt|f/u|follow-?up|LMP|DOB|started|ended|finished|completed|resected|reversal|reversed|transplant\w*|chemo\w*|radiation|XRT|SBRT|[a-z]+(?:ectomy|otomy|ostomy|plasty|oscopy)|resection|excision|repair|recurrence|relapse|diagnosed|dx|labs?|PSA|uploaded|faxed|(?:Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|Sat|Sun)(?:day|s|nes|rs|ur)*\.?,?)\s*(?:was\s+|on\s+|of\s+|from\s+|"
    r"dated\s+)?"
    r"(?:the\s+)?[:(,]?\s*|\d/\d{1,2}\s*(?:-|–|to|and|or|&|,|\+|/)\s*)$",
    re.IGNORECASE,
)
# Words whose numbers are slices, levels, fractions or scores, never days.
NOT_A_DATE = re.compile(
    r"(?:\b(?:slices?|images?|imgs?|im|ims|series|ser|se|frames?|segments?|stations?|levels?|ribs?|nodes?|vertebra[le]?|scores?|"
    r"grade|stage|"
    r"gleason|deauville|ecog|kps|suv(?:max|mean|peak)?|max|version|ver|v|software|release|ratio|visual\s+acuity|fiducials?|cores?|"
    r"group|class|type|phase|arm|zones?|ax|fused|axial|coronal|sagittal)\.?\s*(?:#|no\.?|numbers?|:|\(|of|to|-)?\s*(?:\d+\s*(?:,|and|"
    r"-|/|to)\s*)*)$",
    re.IGNORECASE,
)
PARTIAL_TAIL = re.compile(
    r"\s*(?:lymph|nodes?|cores?|fractions?|cycles?|of\b|cm\b|mm\b|positive|involved|points?|mitral|systolic|pain)", re.IGNORECASE
)
# "3/5 and 3/9": a date after a date.
LINK = re.compile(r"\s*(?:,|;|-|–|\+|to|and|or|&)\s*(?:and\s+|on\s+)?$", re.IGNORECASE)
# "in March", "since last October": a month without day or year still dates an event.
LONE_MONTH = re.compile(
    r"\b(?:(?i:as\s+of|effective|around|about|in|since|until|till|during|from|by|of|early|mid|late|last|this|next|through|between|before|after)[\s-]+){1,2}?(?P<name>(?:(?:mid|early|late)[\s-])?(?:"
    + "|".join(ENGLISH_MONTHS)
    + r"|Jan|Feb|Apr|Aug|Sept?|Oct|Nov|Dec|"
    + "|".join(map(str.upper, ENGLISH_MONTHS))
    + r"))\b\.?(?!\s*\d)"
)

# "the 19th", "Tuesday the 4th", "the 14th of last month": a day without its month ends a phrase; "the 4th rib" goes on.
LONE_DAY = re.compile(
    r"\b(?:(?:on|for|until|till|by|before|after|since|from|of|to|is|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,?|this|next|last)[ ]the[ ]|"
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,?[ ])"
    r"(?P<day>(?:[12]?1st|[12]?2nd|[12]?3rd|1\dth|2?[4-9]th|[123]0th|31st)|"
    + _WORD_DAY
    + r")\b(?P<rest>[ ]of[ ](?:last|this|next|the)[ ](?:same[ ])?month)?"
    r"(?=[ \t]*(?:$|[.,;:)!?\r\n]|_x000D_|at\b|by\b|with\b|for\b|in[ ]the[ ](?:morning|afternoon)|when\b|after\b|was\b|is\b|"
    r"and[ ](?:was|is|he|she|they)\b))",
    re.IGNORECASE,
)
SEASON = re.compile(
    r"\b(?:(?:the|early|mid|late|last|this|next)[ -]){0,2}(?:spring|summer|fall|autumn|winter)(?:[ ](?:of[ ])?)(?:19|20)\d\d\b|"
    r"\bQ[1-4][ /-](?:19|20)\d\d\b",
    re.IGNORECASE,
)

HOLIDAY = re.compile(
    r"\b(?:Christmas(?:\s+(?:Eve|Day))?|Thanksgiving(?:\s+Day)?|Easter(?:\s+(?:Sunday|Monday))?|New\s+Year['’]?s(?:\s+(?:Eve|Day))?|"
    r"Independence\s+Day|Labor\s+Day|Memorial\s+Day|Boxing\s+Day)\b(?!\s+(?:tree|disease|factor|lesion))"
)
CLOCK_AFTER = re.compile(
    r"[\s,@]+(?:at\s+|@\s*)?(?:\d{1,2}[:.]\d\d\b|\d{1,2}\s?[ap]\.?m\b|[012]\d[0-5]\d(?:\s?h(?:rs?|ours)?)?\b(?![./]\d))", re.IGNORECASE
)
