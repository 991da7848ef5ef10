"""Tell when the tracer was given and to which moment the image is decay-corrected.

The two questions behind almost every wrong SUV. Everything here works on naive local times of one clock; nothing here knows DICOM.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise

from petarseg.errors import QuantificationError
from petarseg.reasons import Reason

CLOCK_TOLERANCE_S = 1.0
"""Times this close are equal: 1 s is 1e-4 of an F-18 factor. Scanners round series times to seconds."""
START_TIMES_TOLERANCE_S = 60.0
"""Two elements that give the injection time may differ by less than this (one of them may be cut to minutes)."""
MAX_SCAN_S = 4 * 3600.0
"""No examination takes longer from its start to its last frame."""
CONTRADICTION = 0.0144
"""Two moments further apart than this part of the half-life change the factor by more than 1 %: log2(1.01)."""
LATE_S = 3600.0
MAX_PAUSE_S = 3600.0
"""Longest pause between two bed positions: the patient left the table and came back."""
MAX_FRAME_S = 2 * 3600.0
FRAME_RATIO = 10.0
"""A head is scanned for 10 minutes where the legs get 1."""
ROUNDED_S = 2.0
"""What the rounding of acquisition and reference time to seconds may add up to."""
MIN_FRAMES = 4
"""Fewer slices are no series; each of them may lie in a bed position of its own."""
MOST_FRAMES = 0.9
"""Frames of which this share agrees on a moment speak against other elements; one slice with a wrong time must not silence the rest."""
LONE_SLICE_S = 600.0
"""A bed position holds many slices: one that was measured so long before or after all others has a wrong time."""
SHORT_LIVED_S = 41_400.0
"""Below this half-life an injection on another day than the scan can only be a shifted date (ZRAD's bound)."""


class Vendor(StrEnum):
    """Whose conventions the header follows."""

    GE = "ge"
    PHILIPS = "philips"
    SIEMENS = "siemens"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Frame:
    """When one slice was measured.

    Parameters
    ----------
    acquisition : datetime or None
        Start of the frame.
    reference_s : float or None
        Frame reference time: seconds from the moment of decay correction.
    duration_s : float or None
        Length of the frame.
    """

    acquisition: datetime | None = None
    reference_s: float | None = None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class ReferenceTime:
    """The moment to which the pixels are decay-corrected, how it was found, and what was assumed."""

    at: datetime
    method: str
    assumptions: tuple[str, ...] = ()


def average_count_rate_time(duration_s: float, half_life_s: float) -> float:
    """Return the seconds from frame start at which the decaying activity equals its mean over the frame.

    References
    ----------
    .. [1] DICOM PS3.3 C.8.9.1.1.11 (decay factor over a frame); IBSI SUV verification, average count rate time
       ``ln(lambda T / (1 - exp(-lambda T))) / lambda``.
    """
    if duration_s <= 0.0:
        return 0.0
    decay = math.log(2.0) / half_life_s
    if decay * duration_s < 1e-6:
        return 0.5 * duration_s  # the limit; the formula loses its digits, and divides zero by zero in the end
    return math.log(decay * duration_s / -math.expm1(-decay * duration_s)) / decay


def find_scan_reference(
    *,
    series_start: datetime | None,
    vendor_start: datetime | None,
    stated_start: datetime | None = None,
    frames: Sequence[Frame],
    half_life_s: float,
    vendor: Vendor,
) -> ReferenceTime:
    """Find the reference of decay correction START.

    In this order: the series time when no frame was acquired before it; else the series is post-processed and its time worthless:
    the vendor's own element, the standard's DecayCorrectionDateTime, the frame reference times when all frames agree, the earliest
    frame of the series.

    Parameters
    ----------
    series_start : datetime or None
        SeriesDate and SeriesTime.
    vendor_start : datetime or None
        Private element in which the vendor keeps the moment.
    stated_start : datetime or None
        DecayCorrectionDateTime (0018,9701), which enhanced objects must and some classic ones do give.
    frames : sequence of Frame
        All frames.
    half_life_s : float
        Half-life of the radionuclide.
    vendor : Vendor
        Whose conventions apply.

    Raises
    ------
    QuantificationError
        REFERENCE_TIME_MISSING when nothing of this is there; FACTOR_CONTRADICTION when two of them differ by more than 1 % of the factor.

    References
    ----------
    .. [1] QIBA FDG-PET/CT profile, vendor-neutral pseudo-code for SUV.
    """
    acquisitions = [frame.acquisition for frame in frames if frame.acquisition is not None]
    if len(acquisitions) < len(frames) or not acquisitions:
        raise QuantificationError(Reason.REFERENCE_TIME_MISSING, {"missing": "AcquisitionTime", "DecayCorrection": "START"})
    first = min(acquisitions)
    if (max(acquisitions) - first).total_seconds() > MAX_SCAN_S:
        raise QuantificationError(Reason.REFERENCE_TIME_MISSING, {"contradictory": "AcquisitionTime", "DecayCorrection": "START"})
    series, series_moved = _on_day_of(series_start, first)
    named = []
    for method, element, start in (
        (f"{vendor.value}_private_start", f"{vendor.value} private", vendor_start),
        ("decay_correction_datetime", "DecayCorrectionDateTime", stated_start),
    ):
        # What the standard calls the moment of decay correction may also lie within the scan.
        latest_s = MAX_SCAN_S if start is stated_start else CLOCK_TOLERANCE_S
        at, moved = _on_day_of(start, first, latest_s)
        if at is None and start is not None and start is stated_start:
            raise QuantificationError(Reason.REFERENCE_TIME_MISSING, {"contradictory": [element, "AcquisitionTime"]})
        if at is not None:
            named.append((at, method, element, ("private_date_ignored",) if moved else ()))
    if len(named) == 2:
        _refuse_apart(named[0][0], named[1][0], [named[0][2], named[1][2]], half_life_s)
    moments = _moments_of_frames(frames, half_life_s)
    if series is not None and series_moved and series_start is not None and series_start > first:
        # A later date is a shifted one or that of post-processing on another day; only a second witness tells which.
        witnesses = [*moments, *(at for at, *_ in named)]
        series = series if any(_is_near(series, at, half_life_s) for at in witnesses) else None
    for at, element in ((series, "SeriesTime"), *((at, element) for at, _, element, _ in named)):
        if at is not None and moments and not _repeats_the_start(at, frames, vendor):
            # Frames that agree on one moment know better than an element from another clock or another scan.
            _refuse_apart(at, _nearest(moments, at), [element, "FrameReferenceTime"], half_life_s)
    if series is not None:
        for at, _, element, _ in named:
            _refuse_apart(series, at, ["SeriesTime", element], half_life_s)
        return ReferenceTime(series, "series_time", ("series_date_ignored",) if series_moved else ())
    for at, method, _, notes in named:
        return ReferenceTime(at, method, notes)
    by_frame = _from_frame_reference_times(frames, half_life_s, from_start=_counts_from_start(frames, half_life_s, vendor))
    if by_frame is not None:
        doubts = ("acquisition_time_of_bed_assumed",) if _may_repeat_an_unknown_start(frames, vendor) else ()
        return ReferenceTime(by_frame, "frame_reference_time", ("series_is_post_processed", *doubts))
    _refuse_one_against_all(frames, moments, series_start, half_life_s)
    if len(frames) > 1 and _first_frame_is_reference(frames, vendor):
        return ReferenceTime(first, "earliest_acquisition", ("series_is_post_processed",))
    raise QuantificationError(
        Reason.REFERENCE_TIME_MISSING, {"missing": "FrameReferenceTime or ActualFrameDuration", "series": "post-processed"}
    )


def _may_repeat_an_unknown_start(frames: Sequence[Frame], vendor: Vendor) -> bool:
    """Tell whether the frames are of one bed other than the first, with an acquisition time that may be that of the bed or of the scan.

    Older scanners of GE and Philips wrote the latter (`_repeats_the_start`); with two beds one sees which, with one the reference
    would be early by the whole offset.
    """
    acquisitions = {frame.acquisition for frame in frames}
    offsets_s = {frame.reference_s for frame in frames if frame.reference_s is not None}
    longest_s = max(frame.duration_s or 0.0 for frame in frames)
    return vendor in (Vendor.GE, Vendor.PHILIPS) and len(acquisitions) == len(offsets_s) == 1 and offsets_s.pop() > longest_s


def check_frames(frames: Sequence[Frame], half_life_s: float) -> None:
    """Refuse frames whose times contradict each other, where each is to be corrected by its own (decay correction NONE).

    Parameters
    ----------
    frames : sequence of Frame
        All frames, each with the time of its acquisition and its duration.
    half_life_s : float
        Half-life of the radionuclide.

    Raises
    ------
    QuantificationError
        FACTOR_CONTRADICTION when the scan, a pause in it or a frame is longer than any, when one slice was measured away from all
        others, when frames that began together differ in length by more than 1 % of the factor, or when the frame reference times say
        otherwise.
    """
    by_start = sorted((frame for frame in frames if frame.acquisition is not None), key=_start_and_length)
    starts = [frame.acquisition for frame in by_start if frame.acquisition is not None]
    lengths_s = [frame.duration_s or 0.0 for frame in by_start]
    longest_s = max(lengths_s)
    pauses_s = [(after - before).total_seconds() - longest_s for before, after in pairwise(starts)]
    alone = [
        min(before_s, after_s) > LONE_SLICE_S for before_s, after_s in zip((MAX_SCAN_S, *pauses_s), (*pauses_s, MAX_SCAN_S), strict=True)
    ]
    lone_slice = len(starts) >= MIN_FRAMES and 0 < sum(alone) < len(starts) / 2
    if (starts[-1] - starts[0]).total_seconds() > MAX_SCAN_S or max(pauses_s, default=0.0) > MAX_PAUSE_S or lone_slice:
        raise QuantificationError(Reason.FACTOR_CONTRADICTION, {"differs_between_slices": "AcquisitionTime", "DecayCorrection": "NONE"})
    together = [
        average_count_rate_time(longer_s, half_life_s) - average_count_rate_time(shorter_s, half_life_s)
        for (start, shorter_s), (other, longer_s) in pairwise(zip(starts, lengths_s, strict=True))
        if start == other
    ]
    if longest_s > MAX_FRAME_S or longest_s > FRAME_RATIO * min(lengths_s) or max(together, default=0.0) > _tolerance_s(half_life_s):
        raise QuantificationError(Reason.FACTOR_CONTRADICTION, {"differs_between_slices": "ActualFrameDuration", "DecayCorrection": "NONE"})
    known = [frame for frame in by_start if frame.reference_s is not None]
    if len({frame.reference_s for frame in known}) > 1 and all(
        _spread_s(known, half_life_s, from_start=from_start) > _tolerance_s(half_life_s) for from_start in (True, False)
    ):
        raise QuantificationError(
            Reason.FACTOR_CONTRADICTION, {"elements": ["AcquisitionTime", "FrameReferenceTime"], "DecayCorrection": "NONE"}
        )


def _start_and_length(frame: Frame) -> tuple[datetime, float]:
    return frame.acquisition or datetime.max, frame.duration_s or 0.0


def _tolerance_s(half_life_s: float) -> float:
    return max(CONTRADICTION * half_life_s, ROUNDED_S)


def _spread_s(frames: Sequence[Frame], half_life_s: float, *, from_start: bool) -> float:
    moments = _moments(frames, half_life_s, from_start=from_start)
    return (max(moments) - min(moments)).total_seconds()


def _repeats_the_start(start: datetime, frames: Sequence[Frame], vendor: Vendor) -> bool:
    """Tell whether the scanner wrote the start of the scan as the acquisition of every frame, whatever the bed; the frames know less then.

    Older scanners of GE and Philips do. Others have done so when frames with several reference times share the one acquisition time.
    """
    acquisitions = {frame.acquisition for frame in frames if frame.acquisition is not None}
    if len(acquisitions) > 1 or (min(acquisitions) - start).total_seconds() > CLOCK_TOLERANCE_S:
        return False
    return vendor in (Vendor.GE, Vendor.PHILIPS) or len({frame.reference_s for frame in frames if frame.reference_s is not None}) > 1


def _moments_of_frames(frames: Sequence[Frame], half_life_s: float) -> list[datetime]:
    """Return the moments that most frames agree on, whichever part of a frame its reference time is counted from."""
    found = (_from_frame_reference_times(frames, half_life_s, from_start=from_start, share=MOST_FRAMES) for from_start in (True, False))
    return [moment for moment in found if moment is not None]


def _refuse_one_against_all(
    frames: Sequence[Frame], moments: Sequence[datetime], series_start: datetime | None, half_life_s: float
) -> None:
    """Refuse to take the earliest frame for the start of the scan where the others say that its time is wrong."""
    starts = sorted(frame.acquisition for frame in frames if frame.acquisition is not None)
    known = [frame for frame in frames if frame.reference_s is not None]
    spread_s = min(_spread_s(known, half_life_s, from_start=from_start) for from_start in (True, False)) if known else 0.0
    if spread_s > _tolerance_s(half_life_s) and (moments or (len({frame.reference_s for frame in known}) > 1 and starts[0] < starts[-1])):
        raise QuantificationError(Reason.FACTOR_CONTRADICTION, {"elements": ["AcquisitionTime", "FrameReferenceTime"]})
    if len(starts) < MIN_FRAMES:
        return
    apart_s = (starts[1] - starts[0]).total_seconds()
    longest_s = max(frame.duration_s or 0.0 for frame in frames)
    # A series that begins with the second frame says so itself.
    begins_second = series_start is not None and abs((starts[1] - series_start).total_seconds()) <= CLOCK_TOLERANCE_S
    if apart_s > LONE_SLICE_S + longest_s or (begins_second and apart_s > CONTRADICTION * half_life_s):
        raise QuantificationError(Reason.FACTOR_CONTRADICTION, {"differs_between_slices": "AcquisitionTime", "apart_s": round(apart_s)})


def _refuse_apart(one: datetime, other: datetime, elements: list[str], half_life_s: float) -> None:
    if not _is_near(one, other, half_life_s):
        apart_s = abs((other - one).total_seconds())
        raise QuantificationError(Reason.FACTOR_CONTRADICTION, {"elements": elements, "apart_s": round(apart_s)})


def _nearest(moments: Sequence[datetime], at: datetime) -> datetime:
    return min(moments, key=lambda moment: abs((moment - at).total_seconds()))


def _is_near(one: datetime, other: datetime, half_life_s: float) -> bool:
    return abs((other - one).total_seconds()) <= CONTRADICTION * half_life_s


def _on_day_of(start: datetime | None, first: datetime, latest_s: float = CLOCK_TOLERANCE_S) -> tuple[datetime | None, bool]:
    """Return `start` when it can be the start of a scan whose first frame is `first`, else the same clock time on that day.

    At most `latest_s` after the first frame.

    De-identifiers shift some dates and forget others; the clock times survive.
    """
    if start is None:
        return None, False
    if _may_start(start, first, latest_s):
        return start, False
    for day in (first.date(), first.date() - timedelta(days=1)):
        moved = datetime.combine(day, start.time())
        if start.date() != day and abs((start - first).total_seconds()) > 12 * 3600 and _may_start(moved, first, latest_s):
            return moved, True
    return None, False


def _may_start(start: datetime, first: datetime, latest_s: float) -> bool:
    return -latest_s <= (first - start).total_seconds() <= MAX_SCAN_S


def _counts_from_start(frames: Sequence[Frame], half_life_s: float, vendor: Vendor) -> bool:
    """Tell whether frame reference times are counted from the start of the frame, not from its average count rate time.

    So does GE, and whoever calls the first frame's reference time zero.
    """
    earliest = _earliest_offset(frames)
    if earliest is None:
        return vendor is Vendor.GE
    half_frame_s = average_count_rate_time(earliest.duration_s or 0.0, half_life_s)
    return vendor is Vendor.GE or (earliest.reference_s or 0.0) < 0.5 * half_frame_s or earliest.reference_s == 0.0


def _earliest_offset(frames: Sequence[Frame]) -> Frame | None:
    """Return the frame with the smallest reference time; None when no frame has one."""
    known = [frame for frame in frames if frame.reference_s is not None]
    return min(known, key=lambda frame: frame.reference_s or 0.0, default=None)


def _from_frame_reference_times(frames: Sequence[Frame], half_life_s: float, *, from_start: bool, share: float = 1.0) -> datetime | None:
    """Return acquisition + t - FrameReferenceTime when it is one moment for `share` of the frames; t = 0 when `from_start`.

    Frames without a reference time are left out; more than half must have one.
    """
    known = [frame for frame in frames if frame.acquisition is not None and frame.reference_s is not None]
    if not known or len(known) <= len(frames) / 2:
        return None
    if not from_start and any(frame.duration_s is None or frame.duration_s <= 0 for frame in known):
        return None
    moments = _moments(known, half_life_s, from_start=from_start)
    needed = math.ceil(share * len(moments))
    for low, high in zip(moments, moments[needed - 1 :], strict=False):
        if (high - low).total_seconds() <= 0.005 * half_life_s:
            return moments[len(moments) // 2]  # of more than half, so the median is one of them
    return None


def _moments(frames: Sequence[Frame], half_life_s: float, *, from_start: bool) -> list[datetime]:
    """Return acquisition + t - FrameReferenceTime of the frames that have both, sorted; t = 0 when `from_start`."""
    return sorted(
        frame.acquisition
        + timedelta(seconds=(0.0 if from_start else average_count_rate_time(frame.duration_s or 0.0, half_life_s)) - frame.reference_s)
        for frame in frames
        if frame.acquisition is not None and frame.reference_s is not None
    )


def _first_frame_is_reference(frames: Sequence[Frame], vendor: Vendor) -> bool:
    """Tell whether the earliest frame may be taken as the start of the scan.

    Only where nothing says otherwise: for Siemens and Philips without frame reference times, or when the smallest of these lies within
    the first frame.
    """
    earliest = _earliest_offset(frames)
    if earliest is None:
        return vendor in (Vendor.SIEMENS, Vendor.PHILIPS)
    return 0.0 <= (earliest.reference_s or 0.0) <= 0.5 * (earliest.duration_s or 0.0)


def find_injection(
    *, start: datetime | None, clock: time | None, reference: datetime, half_life_s: float
) -> tuple[datetime, tuple[str, ...]]:
    """Find when the tracer was given.

    Parameters
    ----------
    start : datetime or None
        RadiopharmaceuticalStartDateTime, preferred.
    clock : time or None
        RadiopharmaceuticalStartTime, which has no date: the day of `reference`, or the day before when the scan passed midnight.
    reference : datetime
        The moment of decay correction, or of the scan.
    half_life_s : float
        Half-life of the radionuclide.

    Returns
    -------
    datetime, tuple of str
        The time of injection and the assumptions made.

    Raises
    ------
    QuantificationError
        INJECTION_TIME_MISSING when neither is there, or the date is unusable for a long-lived nuclide; FACTOR_CONTRADICTION when the
        two differ.

    Notes
    -----
    A date that makes no sense (shifted by a de-identifier) is replaced by the day of the scan, once, and only for nuclides that could
    not have been given on another day. Days are never added until a time looks right: that hides errors.
    """
    if start is None and clock is None:
        raise QuantificationError(Reason.INJECTION_TIME_MISSING, {"missing": "RadiopharmaceuticalStartDateTime and StartTime"})
    if start is not None and clock is not None:
        apart_s = abs((datetime.combine(start.date(), clock) - start).total_seconds())
        if min(apart_s, 86_400.0 - apart_s) >= START_TIMES_TOLERANCE_S:
            raise QuantificationError(
                Reason.FACTOR_CONTRADICTION,
                {"elements": ["RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime"], "apart_s": round(apart_s)},
            )
    if start is not None and -LATE_S <= (reference - start).total_seconds() < 2.0 * max(half_life_s, LATE_S):
        return start, ()
    if half_life_s >= SHORT_LIVED_S:
        what = {"missing": "date of injection"} if start is None else {"unusable": "RadiopharmaceuticalStartDateTime"}
        raise QuantificationError(Reason.INJECTION_TIME_MISSING, what | {"because": "half-life allows another day than the scan"})
    moved = datetime.combine(reference.date(), start.time() if start is not None else clock or time())
    notes = ["injection_date_ignored"] if start is not None else ["injection_on_day_of_scan"]
    if (moved - reference).total_seconds() > LATE_S:
        moved -= timedelta(days=1)
        notes.append("injection_before_midnight")
    return moved, tuple(notes)
