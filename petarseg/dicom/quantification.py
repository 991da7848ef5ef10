"""From header elements to `SuvInputs`: the only place that knows where vendors keep what SUV needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from petarseg.decay import Frame, Vendor
from petarseg.dicom.header import Header
from petarseg.dicom.moments import parse_date, parse_datetime, parse_time
from petarseg.dicom.tags import Tag
from petarseg.dicom.tracers import read_nuclide, read_tracer
from petarseg.errors import QuantificationError
from petarseg.reasons import Reason
from petarseg.suv import SuvInputs
from petarseg.suv_inputs import PET_HALF_LIFE_S

_UNITS = frozenset({"BQML", "CNTS", "GML", "CM2ML", "PROPCPS", "PROPCNTS", "CPS", "NONE", "PCNT", "UMOLML", "MGMINML", "MLMING"})
_SUV_TYPES = frozenset({"BW", "BSA", "LBM", "LBMJAMES128", "LBMJANMA", "IBW"})
_CORRECTIONS = frozenset(
    {
        *("DECY", "DECAY", "ATTN", "SCAT", "DTIM", "MOTN", "PMOT", "CLN", "RAN", "RADL", "DCAL", "NORM", "RANSNG", "SLSENS"),
        *("TOF", "PSF", "COMP", "SENS", "AC", "NOAC", "BEDR", "WOBB", "CALIB"),
    }
)


_NOT_CORRECTED = frozenset({"NONE", "NO", "OFF", "NAC", "NOT CORRECTED", "NO CORRECTION", "UNCORRECTED"})
"""What AttenuationCorrectionMethod says of an image that only claims ATTN."""
LONGEST_MS = 1e9
"""No frame lasts, or lies from its reference, longer than 11 days."""
NO_DATE = date(2, 1, 2)
"""Stands for the day of the scan when a de-identifier blanked all dates: clock times can still be compared, and no date equals it."""
HALF_DAY_S = 12 * 3600.0


_START_PLACES = {Vendor.GE: (0x0009, "GEMS_PETD_01", 0x0D), Vendor.SIEMENS: (0x0071, "SIEMENS MED PT", 0x22)}
"""Where vendors keep the start of the scan, to which they decay-correct: group, creator, element."""


def vendor_of(header: Header) -> Vendor:
    """Tell whose private elements and time conventions apply."""
    name = header.text(Tag.Manufacturer).casefold()
    if name.startswith("ge ") or name == "ge" or "general electric" in name or "gems" in name:
        return Vendor.GE
    if "philips" in name or name.startswith("adac"):
        return Vendor.PHILIPS
    if "siemens" in name or name.startswith(("cps", "cti")):
        return Vendor.SIEMENS
    return _vendor_by_private_elements(header)


def _vendor_by_private_elements(header: Header) -> Vendor:
    """Tell the vendor of a header that has lost its Manufacturer, or in which an archive put its own name."""
    if _philips_text(header, 0x00) or _philips_text(header, 0x09):
        return Vendor.PHILIPS
    zone = header.text(Tag.TimezoneOffsetFromUTC)
    for vendor, place in _START_PLACES.items():
        # A date and time at the vendor's place, within the vendor's block or in one that lost its creator.
        if parse_datetime(header.private_text(*place, trust_missing_creator=True), zone) is not None:
            return vendor
    return Vendor.OTHER


def read_corrections(header: Header) -> tuple[str, ...]:
    """Return the terms of CorrectedImage, less ATTN where AttenuationCorrectionMethod says that none was done."""
    terms = header.texts(Tag.CorrectedImage)
    if header.text(Tag.AttenuationCorrectionMethod).upper() in _NOT_CORRECTED:
        return tuple(term for term in terms if term != "ATTN") or ("NOAC",)
    return terms


def read_suv_inputs(headers: Sequence[Header]) -> SuvInputs:
    """Gather what SUV needs from the headers of one PET series, one per slice.

    Raises
    ------
    QuantificationError
        FACTOR_CONTRADICTION when slices of one series disagree on units, dose, weight or any other element of the series;
        DOSE_MISSING when different injections are listed.
    """
    first = headers[0]
    for tag in (Tag.Units, Tag.SUVType, Tag.DecayCorrection, Tag.PatientWeight, Tag.PatientSize, Tag.PatientSex, Tag.SeriesTime):
        _same(headers, tag)
    _same(headers, Tag.SeriesDate)
    agents = [header.items(Tag.RadiopharmaceuticalInformationSequence) for header in headers]
    if any(item.values != items[0].values for items in agents for item in items):
        raise QuantificationError(Reason.DOSE_MISSING, {"RadiopharmaceuticalInformationSequence": "several items"})
    # Some exports keep the elements of the sequence at the top level.
    sources = [items[0] if items else header for items, header in zip(agents, headers, strict=True)]
    for tag in (
        *(Tag.RadionuclideTotalDose, Tag.RadionuclideHalfLife),
        *(Tag.RadiopharmaceuticalStartTime, Tag.RadiopharmaceuticalStartDateTime),
    ):
        _same(sources, tag)
    agent = sources[0]
    zone = first.text(Tag.TimezoneOffsetFromUTC)
    vendor = vendor_of(first)
    start_text = agent.text(Tag.RadiopharmaceuticalStartDateTime)
    start = parse_datetime(start_text, zone)
    clock = parse_time(agent.text(Tag.RadiopharmaceuticalStartTime))
    if start is None and start_text and clock is None:
        raise QuantificationError(Reason.INJECTION_TIME_MISSING, {"unreadable": "RadiopharmaceuticalStartDateTime"})
    padded = start is not None and (start.hour, start.minute, start.second) == (0, 0, 0) and clock not in (None, time())
    if padded:
        start = None  # a date without a clock time, padded with zeros
    series_day, notes = _day_of_scan(first)
    if padded:
        notes.append("injection_datetime_without_clock")
    frames, across_midnight = _unwrap_midnight(tuple(_frame(header, series_day) for header in headers))
    if across_midnight:
        notes.append("acquisition_after_midnight")
    if len(headers) > 1 and (first.integer(Tag.NumberOfSlices) or 0) > len(headers):
        notes.append("fewer_slices_than_declared")
    if any(header.text(Tag.LossyImageCompression) == "01" for header in headers):
        notes.append("lossy_compression")
    nuclide, nuclide_element = read_nuclide(agent)
    corrections = read_corrections(first)
    if any(set(read_corrections(header)) != set(corrections) for header in headers):
        raise QuantificationError(Reason.FACTOR_CONTRADICTION, {"differs_between_slices": Tag.CorrectedImage.name})
    return SuvInputs(
        units=_known(first.text(Tag.Units), _UNITS),
        stored_type=_known(first.text(Tag.SUVType), _SUV_TYPES) or None,
        decay_correction=_known(first.text(Tag.DecayCorrection), frozenset({"START", "ADMIN", "NONE"})),
        corrections=frozenset(_known(term, _CORRECTIONS) for term in corrections) if corrections else None,
        weight_kg=first.number(Tag.PatientWeight),
        height_m=first.number(Tag.PatientSize),
        sex=_known(first.text(Tag.PatientSex).upper(), frozenset({"M", "F", "O"})) or None,
        dose_bq=agent.number(Tag.RadionuclideTotalDose),
        half_life_s=agent.number(Tag.RadionuclideHalfLife),
        coded_half_life_s=PET_HALF_LIFE_S.get(nuclide) if nuclide else None,
        nuclide_element=nuclide_element,
        injection=start,
        injection_clock=clock,
        series_start=_combine(series_day, parse_time(first.text(Tag.SeriesTime))),
        vendor_start=_vendor_start(headers, vendor),
        frames=frames,
        vendor=vendor,
        direct_factor=_philips_factor(headers, 0x00),
        activity_factor=_philips_factor(headers, 0x09),
        decay_factors=_decay_factors(headers),
        tracer=read_tracer(first),
        stated_start=_one_moment(headers, Tag.DecayCorrectionDateTime.name, lambda header: header.text(Tag.DecayCorrectionDateTime)),
        notes=tuple(notes),
    )


def _known(text: str, terms: frozenset[str]) -> str:
    """Return a defined term, "" or "unknown": free text of a header must not reach evidence."""
    return text if text in terms else ("unknown" if text else "")


def _same(headers: Sequence[Header], tag: Tag) -> None:
    first, number = headers[0].text(tag), headers[0].number(tag)
    if any(header.text(tag) != first and (number is None or header.number(tag) != number) for header in headers):
        raise QuantificationError(Reason.FACTOR_CONTRADICTION, {"differs_between_slices": tag.name})


def _combine(day: date | None, clock: time | None) -> datetime | None:
    return datetime.combine(day, clock) if day is not None and clock is not None else None


def _frame(header: Header, series_day: date | None) -> Frame:
    clock = parse_time(header.text(Tag.AcquisitionTime))
    acquisition = None
    if clock is not None:
        acquisition = _combine(parse_date(header.text(Tag.AcquisitionDate)) or series_day, clock)
    if acquisition is None:
        acquisition = parse_datetime(header.text(Tag.AcquisitionDateTime), header.text(Tag.TimezoneOffsetFromUTC))
    return Frame(acquisition, _seconds(header, Tag.FrameReferenceTime), _seconds(header, Tag.ActualFrameDuration))


def _seconds(header: Header, tag: Tag) -> float | None:
    milliseconds = header.number(tag)
    return milliseconds / 1_000.0 if milliseconds is not None and abs(milliseconds) < LONGEST_MS else None


def _day_of_scan(header: Header) -> tuple[date, list[str]]:
    """Return the day to which clock times without a date belong, and what had to be assumed."""
    for tag in (Tag.SeriesDate, Tag.AcquisitionDate, Tag.StudyDate):
        day = parse_date(header.text(tag))
        if day is not None:
            return day, []
    return NO_DATE, ["scan_date_absent"]


def _unwrap_midnight(frames: tuple[Frame, ...]) -> tuple[tuple[Frame, ...], bool]:
    """Put frames after midnight on the next day when all carry the date on which the scan began."""
    moments = [frame.acquisition for frame in frames if frame.acquisition is not None]
    if not moments or len({moment.date() for moment in moments}) > 1:
        return frames, False
    last = max(moments)
    if (last - min(moments)).total_seconds() <= HALF_DAY_S:
        return frames, False
    unwrapped = tuple(
        replace(frame, acquisition=frame.acquisition + timedelta(days=1))
        if frame.acquisition is not None and (last - frame.acquisition).total_seconds() > HALF_DAY_S
        else frame
        for frame in frames
    )
    return unwrapped, True


def _vendor_start(headers: Sequence[Header], vendor: Vendor) -> datetime | None:
    """GE (0009,xx0D) "scan date and time", Siemens (0071,xx22) "decay correction date and time"."""
    if vendor not in _START_PLACES:
        return None
    group, creator, element = _START_PLACES[vendor]
    return _one_moment(
        headers,
        f"({group:04X},10{element:02X})",
        lambda header: header.private_text(group, creator, element, trust_missing_creator=True),
    )


def _one_moment(headers: Sequence[Header], name: str, read: Callable[[Header], str]) -> datetime | None:
    """Read a moment that is one for the whole series."""
    texts = set(map(read, headers))
    if len(texts) > 1:
        raise QuantificationError(Reason.FACTOR_CONTRADICTION, {"differs_between_slices": name})
    return parse_datetime(next(iter(texts)), headers[0].text(Tag.TimezoneOffsetFromUTC))


def _decay_factors(headers: Sequence[Header]) -> tuple[float, ...] | None:
    found = [header.number(Tag.DecayFactor) for header in headers]
    known = tuple(factor for factor in found if factor is not None)
    return known if len(known) == len(found) else None


def _philips_factor(headers: Sequence[Header], element: int) -> float | None:
    """(7053,xx00) SUV factor or (7053,xx09) activity factor; None when absent, unreadable or not one for all slices."""
    values = {_positive(_philips_text(header, element)) for header in headers}
    if len(values) != 1:
        raise QuantificationError(Reason.FACTOR_CONTRADICTION, {"differs_between_slices": f"(7053,10{element:02X})"})
    return values.pop()


def _positive(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0.0 < value < 1e9 else None


def _philips_text(header: Header, element: int) -> str:
    return header.private_text(0x7053, "Philips PET Private Group", element, trust_missing_creator=True)
