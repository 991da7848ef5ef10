"""One SUV number of a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field

from petarseg.reports.timing import CURRENT


@dataclass(slots=True)
class Value:
    """One SUV number of a sentence.

    Parameters
    ----------
    index : int
        Chunk that holds the number.
    number : float
    text : str
        The number in digits, as written: "8,30"; "5.2" for "five point two".
    start, end : int
        Offsets of the number in the text.
    kind : str
        ``max`` (said so), ``plain`` ("SUV 8"), ``uptake`` ("maximum uptake of 5.6"), ``mean``, ``peak``, ``min``, ``sul``,
        ``nac`` (without attenuation correction).
    series : int
        Values of one enumeration ("5.2 and 3.8") share it.
    time : str
        ``current``, ``prior`` or ``delayed``.
    sure : bool
        False when `time` was decided by a weak cue.
    said_now : bool
        The sentence calls it the current one.
    reference : bool
        The value of a reference organ.
    compared : bool
        A reference value that a lesion is compared with.
    is_range : bool
        One end of a range.
    bound : str
        ``<`` or ``>`` for "less than 2.0".
    flags : set of str
    """

    index: int
    number: float
    text: str
    start: int
    end: int
    kind: str
    series: int
    time: str = CURRENT
    sure: bool = True
    said_now: bool = False
    reference: bool = False
    compared: bool = False
    is_range: bool = False
    bound: str = ""
    flags: set[str] = field(default_factory=set)

    @property
    def is_max(self) -> bool:
        """True for an SUVmax or an SUV that counts as one."""
        return self.kind in ("max", "plain", "uptake")
