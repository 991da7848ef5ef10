"""A measurement of a report: the product of reading."""

from __future__ import annotations

from dataclasses import dataclass, field

from petarseg.reasons import Reason

HIGH, MEDIUM, LOW = "high", "medium", "low"


@dataclass(frozen=True, slots=True)
class Measurement:
    """What the report says about one lesion, or why a number does not count.

    Parameters
    ----------
    status : str
        ``accepted`` or ``rejected``.
    reason : Reason or None
        Why it is rejected.
    sentence : str
        The original characters, ``text[start:end]``; two sentences when one holds the SUV and the next the slice.
    start, end : int
        Offsets in the input text.
    suv_max : float or None
        Reported SUVmax of the current examination.
    axial_slice : int or None
        Reported axial slice number, as written.
    suv_span, slice_span : tuple of int or None
        Offsets of the two numbers in the input text.
    suv_text : str or None
        The SUV as written, "8,30"; spoken numbers in digits.
    prior_suv : float or None
        SUVmax of an earlier examination given beside it.
    confidence : str
        ``high``, ``medium`` or ``low``.
    flags : tuple of str
        What a reviewer may want to know: ``physiologic``, ``two_sentences``, ``plain_suv``, ...
    evidence : dict
        JSON-serialisable facts behind the verdict; never free text of the report.
    """

    status: str
    reason: Reason | None
    sentence: str
    start: int
    end: int
    suv_max: float | None = None
    axial_slice: int | None = None
    suv_span: tuple[int, int] | None = None
    slice_span: tuple[int, int] | None = None
    suv_text: str | None = None
    prior_suv: float | None = None
    confidence: str = HIGH
    flags: tuple[str, ...] = ()
    evidence: dict[str, object] = field(default_factory=dict)
