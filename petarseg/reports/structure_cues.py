"""The words that say which part an anatomical term plays in a sentence, and where one lesion's statement ends."""

from __future__ import annotations

import re
from typing import Final


def _words(*phrases: str) -> str:
    """Join phrases (regular expressions) to one alternative bounded by words."""
    return r"\b(?:" + "|".join(phrases) + r")\b"


_DIRECTIONS = (
    "adjacent|next|close|contiguous|anterior|posterior|superior|inferior|medial|lateral|cranial|caudal|cephalad|deep|superficial|"
    "distal|proximal|dorsal|ventral|anteromedial|anterolateral|posteromedial|posterolateral|anterosuperior|inferolateral"
)

# Words after which the next term is where something else lies.
REFERENCE: Final = re.compile(
    _words(
        rf"(?:{_DIRECTIONS})(?:ly)? (?:to|with)",
        r"abut(?:s|ting)?",
        r"compared (?:to|with)|relative to|similar to|versus|vs\.?",
        r"(?:(?:higher|greater|less|lower|more|hotter) )?than|exceed(?:s|ing)",
        r"extend(?:s|ing)? (?:in)?to(?:wards?)?|extend(?:s|ing)? (?:along|through|across|up|down|around)|extension (?:in)?to",
        r"invad(?:es|ing)|infiltrat(?:es|ing)|encas(?:es|ing)|surround(?:s|ing)|compress(?:es|ing)|displac(?:es|ing)|obstruct(?:s|ing)",
        r"near|nearby|beside|alongside|beneath|underneath|behind|below|above|beyond|opposite|towards?|between",
        r"distinct from|separate from|separable from|inseparable from|not involving|sparing|spares",
        r"(?:at|to) the levels? of|in contact with|contacting|tethered to|bordering|overlying|underlying",
    )
)

# A term is a reference, too, when this follows it: "the splenic background", "the left adrenal is normal".
REFERENCE_AFTER: Final = re.compile(
    r"^(?:'s)?[\s-]+(?:(?:parenchym\w+ )?background|blood[\s-]pool|reference|levels?\b(?!\s+(?:[ivx]+|\d+)[ab]?\b)|"
    r"(?:is|are) (?:normal|unremarkable|negative))"
)

# From here to the end of the clause stands a diagnosis, a history or what is not there.
LATER: Final = re.compile(
    _words(
        r"consistent with|compatible with|in keeping with|concerning for|suspicious for|worrisome for|suggest(?:s|ing|ive)(?: of)?",
        r"likely (?:represent|reflect|relat)\w*|likely due|represent(?:s|ing)|reflect(?:s|ing)|favou?r(?:s|ing|ed)?|rather than",
        r"in (?:a|this) patient with|status post|s/p|history of|known|due to|related to|secondary to|after|following|recent|prior",
        r"without|with no|no (?:evidence|change|associated)|negative for|correlat\w+|recommend\w*",
    )
)

DIAGNOSIS_AFTER: Final = re.compile(
    r"^[\s-]+(?:cell |squamous |small )*"
    r"(?:cancer|carcinoma|adenocarcinoma|lymphoma|sarcoma|primary|malignancy|melanoma|ca\b|nsclc)"
)
OF_DIAGNOSIS_BEFORE: Final = re.compile(
    r"(?:\bof|\bfrom|\bmetastatic|\bfor|\bwith)\s+(?:(?:the|a|her|his|known|primary|metastatic) )*(?:(?:left|right) )?$"
)

SIDE: Final = re.compile(r"(?<!\w)(?:left|right|lt|rt|bilateral|bilaterally|midline|both|l|r)(?:[\s-]?sided)?(?!\w)")
SIDE_NAMES: Final = {
    "l": "left", "lt": "left", "left": "left", "r": "right", "rt": "right", "right": "right",
    "both": "bilateral", "bilateral": "bilateral", "bilaterally": "bilateral", "midline": "midline",
}  # fmt: skip

# "SUV max of 5.2 and 3.8": the numbers that share one SUV; a number with a unit of length ends the list.
_AND = r"(?:\s*,\s*and\s+|\s*,\s+|\s+and\s+|\s*&\s*|\s*/\s*)"
_VALUE = r"\d+(?:[.,]\d+)?"
SUV_LIST: Final = re.compile(
    r"\b(?:suv|standardi[sz]ed uptake values?)[^0-9;.]{0,45}?"
    rf"(?P<list>{_VALUE}(?:{_AND}{_VALUE}(?![\d.]*\s*(?:cm|mm|x\b)))*)"
)
NUMBER: Final = re.compile(_VALUE)
# The slice statement and closing bracket that belong to the number before.
TAIL: Final = re.compile(r"[^;.]{0,40}?(?:slices?|images?|im|ax|axial)\b[^;.0-9]{0,12}\d+(?:/\d+)?\s*\)?|\s*\)")
CLAUSE_BREAK: Final = re.compile(r";|,?\s+(?:while|whereas|but)\s+|\.\s+(?=[a-z])|\s+\|\s+")

_MOST = r"largest|hottest|most (?:avid|intense|fdg[\s-]avid|prominent|active|metabolically active)|dominant|highest"
NARROWING: Final = re.compile(
    _words(r"including|such as|for example|for instance|e\.g\.|particularly|especially", rf"the (?:{_MOST})", "index (?:lesion|node)")
)
FORMER: Final = re.compile(r"\bthe former\b")
FORMER_OR_LATTER: Final = re.compile(r"\bthe (former|latter)\b")
HEADING: Final = re.compile(r"\W*(?:\d+[.)]\s*)?(?P<name>[a-z][a-z /,&-]{2,45}):(?=\s)")

TRAILING: Final = re.compile(r"\b(?:on|to|at|in)\s+(?:the|its|his|her)\s+$")

# "SUVmax 8.0 on the right and 6.5 on the left": a side that is said of the number.
SIDE_OF_NUMBER: Final = re.compile(
    r"\s*(?:\([^)]{0,40}\)\s*)?(?:on|in) the (left|right)(?: side)?(?=\s*(?:[(),;.]|$|(?:and|on|at|versus|vs|with|in)\b))"
)
RELATIVE_SIDE: Final = re.compile(r"\b(?:ipsilateral|contralateral|same side|opposite side)\b")
# "The lesion has SUVmax 5.0 and abuts the spleen": it was placed before.
ANAPHORA: Final = re.compile(
    r"\W*(?:its?|this|these|the (?:same |latter |former |known |previously )?"
    r"(?:lesion|mass|focus|node|nodule|tumou?r|finding|abnormality|uptake))\b"
)
# Between the lines of the context, and between context and sentence.
LINE_BREAK: Final = "\x1f"
CONTEXT_HEADING: Final = re.compile(rf"(?:^|(?<={LINE_BREAK}))(?P<name>[a-z][a-z /,&()-]{{2,60}}):(?={LINE_BREAK})")
CONGLOMERATE: Final = re.compile(r"\W*\w+\W+(?:\w+\W+)?conglomerates?\b")
