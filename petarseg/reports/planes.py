"""Tell in which plane a slice number counts: "axial", "ct" (axial, of the CT series), "coronal", "sagittal", "mr", "mip" or "key"."""

from __future__ import annotations

import re

_PLANE_NAMES = {
    **dict.fromkeys(("axial", "axials", "axia", "axail", "axal", "axiial", "ax", "transaxial", "transverse", "trans"), "axial"),
    **dict.fromkeys(("coronal", "cor"), "coronal"),
    **dict.fromkeys(("sagittal", "sag", "saggital", "sagital"), "sagittal"),
    "mip": "mip",
}
_VIEW = (
    r"(?:images?|views?|planes?|projections?|reformat\w*|reconstruct\w*|recons?|reformations?|series|sequences?|sections?|slices?|cuts?"
    r"|stack|mip|mpr|fusion|fused|pet)"
)
# "image 77 of the coronal series", "(image 61, sagittal)", "image 61/sag".
_AFTER = re.compile(
    r"[\s,/)\]]{0,2}(?:[(\[]\s?)?(?:(?:of|on|in|from)\s(?:the\s|a\s)?)?(?P<plane>coronal|sagittal|axial|ct|mri?|mip|cor"
    r"|sag)\b(?!\s?(?:slices?|images?|im|img|sl)\b)(?:[\s-](?:images?|series|plane|view|projection|reformat\w*|scan|portion|component|study"
    r"|reconstruction))?(?!\s?\d)",
    re.IGNORECASE,
)
# "on the axial PET images (slice 77)": the plane's own images, directly before the number.
_BEFORE = re.compile(
    r"\b(?P<plane>coronal|sagittal|mip|axial|transaxial)(?:ly)?(?:\s(?:pet|ct|fused|fusion|pet[/-]?ct))?\s(?:images?|views?|planes?"
    r"|projections?|reformat\w*|reconstructions?|series|sequence|mip)\s?[,(:]{0,2}\s?(?:on\s|at\s|see\s|in\s)?$",
    re.IGNORECASE,
)
# "On the coronal reconstruction the focus lies on image 61": the plane is named first and holds to the end of the clause.
_SCOPE = re.compile(
    rf"\b(?:(?P<plane>coronal|sagittal|sag|cor)\b\.?[\s/-](?:(?:pet|ct|fused|fusion|mip|and|sagittal|coronal)[\s/,-]{{1,2}}){{0,3}}{_VIEW}\b"
    r"|(?P<adverb>coronal|sagittal)ly\b)(?!\s?(?:\w+\.?\s?)?#?\d)",
    re.IGNORECASE,
)
_SCOPE_END = re.compile(r";|\b(?:trans)?axial|\btransverse\b|\bslices?\s\d|\bim(?:age|g)?s?\.?\s\d", re.IGNORECASE)
_OF_CT = re.compile(r"(?<!pet/)(?<!pet-)(?<!pet )\bct(?:\s(?:scan|images?|portion|component))?\s?[,:(]?\s?$", re.IGNORECASE)


def plane_of(sentence: str, start: int, end: int, planes: str) -> tuple[str | tuple[str, ...], bool]:
    """Return the plane of the slice mention ``sentence[start:end]``, or one plane per number ("coronal/axial 102/77").

    Parameters
    ----------
    sentence : str
    start, end : int
        The mention.
    planes : str
        The plane words inside it, before its number.

    Returns
    -------
    plane : str or tuple of str
    explicit : bool
        The text names the plane, or PET.
    """
    words = re.findall(r"[a-z]+", re.sub(r"pet[\s/-]{0,3}ct", "petct", planes.lower()))
    named = tuple(_PLANE_NAMES[word] for word in words if word in _PLANE_NAMES)
    if len(set(named)) > 1:
        return named, True
    if named:
        return named[0], True
    before = _BEFORE.search(sentence[max(0, start - 60) : start])
    if before is not None:
        return _PLANE_NAMES[before["plane"].lower()], True
    after = _AFTER.match(sentence, end)
    if after is not None:
        name = after["plane"].lower()
        return ("ct" if name == "ct" else "mr" if name.startswith("mr") else _PLANE_NAMES[name]), True
    scope = _scope(sentence[:start])
    if scope is not None:
        return scope, True
    on_pet = any(word in ("pet", "petct", "fused", "fusion") for word in words)
    if not on_pet and (any(word in ("ct", "cta", "ldct") for word in words) or _OF_CT.search(sentence[max(0, start - 24) : start])):
        return "ct", True
    if any(word in ("mr", "mri") for word in words):
        return "mr", True
    if "key" in words:
        return "key", True  # the number of a saved picture
    return "axial", on_pet


def _scope(before: str) -> str | None:
    """Return the plane that an earlier phrase of the clause set for the mention that follows `before`."""
    last = None
    for match in _SCOPE.finditer(before):
        last = match
    if last is None or _SCOPE_END.search(before, last.end()) is not None:
        return None
    return _PLANE_NAMES[(last["plane"] or last["adverb"]).lower()]
