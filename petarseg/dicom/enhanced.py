"""Enhanced (multi-frame) PET and CT, frame by frame, each as the classic slice that it would have been.

What holds for all frames stands once, what differs in functional groups, and PET names things otherwise than the classic object does: its
units are those of the real-world value mapping, its corrections are flags, its dose is in MBq, and the moment of decay correction has an
element of its own. Everything downstream sees classic headers and none of this.

References
----------
.. [1] DICOM PS3.3, C.7.6.16 (functional groups), C.8.22 (Enhanced PET), A.70 and A.72 (Legacy Converted Enhanced CT and PET).
.. [2] DICOM PS3.16, CID 84 and 85 (PET units, SUV units).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from petarseg.dicom import source
from petarseg.dicom.fallback import failures, read_dataset
from petarseg.dicom.header import EXPLICIT_LE, IMPLICIT_LE, Header, values_of
from petarseg.dicom.moments import parse_datetime
from petarseg.dicom.tags import Tag
from petarseg.dicom.walker import Values
from petarseg.errors import ExamRejected
from petarseg.reasons import Reason
from petarseg.suv_inputs import MBQ_BELOW

Groups = Callable[[str], list[Any]]

PET_IMAGE = "1.2.840.10008.5.1.4.1.1.128"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_PET = "1.2.840.10008.5.1.4.1.1.130"
ENHANCED = {
    ENHANCED_PET: "Enhanced PET Image",
    "1.2.840.10008.5.1.4.1.1.128.1": "Legacy Converted Enhanced PET Image",
    "1.2.840.10008.5.1.4.1.1.2.1": "Enhanced CT Image",
    "1.2.840.10008.5.1.4.1.1.2.2": "Legacy Converted Enhanced CT Image",
}
_CLASSIC = {uid: PET_IMAGE if "PET" in name else CT_IMAGE for uid, name in ENHANCED.items()}

_CORRECTIONS = {
    "DecayCorrected": "DECY",
    "AttenuationCorrected": "ATTN",
    "ScatterCorrected": "SCAT",
    "DeadTimeCorrected": "DTIM",
    "RandomsCorrected": "RAN",
    "NonUniformRadialSamplingCorrected": "RADL",
    "SensitivityCalibrated": "DCAL",
    "DetectorNormalizationCorrection": "NORM",
}
_SUV_UNIT = re.compile(r"(?:\{suv(?P<before>[a-z0-9()]*)\})?(?P<unit>g/ml|cm2/ml)(?:\{suv(?P<after>[a-z0-9()]*)\})?")
_SUV_TYPES = {"bw": "BW", "lbm": "LBM", "lbm(james128)": "LBMJAMES128", "lbm(janma)": "LBMJANMA", "ibw": "IBW", "bsa": "BSA"}
_ACTIVITY_BQML = {"bq/ml": 1.0, "kbq/ml": 1e3, "mbq/ml": 1e6}
SAME_MOMENT_S = 1.0


@dataclass(slots=True)
class EncodedFrames:
    """The frames of a compressed file: parsed when the first one is asked for, decoded one by one."""

    path: Path
    _dataset: Any = field(default=None, repr=False)

    def decode(self, index: int) -> Any:
        """Return the stored values of a frame; raises whatever pydicom does."""
        import io

        from pydicom.pixels import pixel_array

        if self._dataset is None:
            self._dataset = read_dataset(io.BytesIO(source.read_all(self.path)), pixels=True, force=True)
        return pixel_array(self._dataset, index=index)


def frame_headers(path: Path, header: Header) -> list[Header]:
    """Read the frames of an enhanced object, each as the header of a classic slice.

    Parameters
    ----------
    path : Path
        The file.
    header : Header
        Its header, as `read_header` gives it.

    Returns
    -------
    list of Header
        In the order of the file. Uncompressed pixel data are found by each header's own offset.

    Raises
    ------
    ExamRejected
        UNSUPPORTED_OBJECT with what is missing, or with what the object holds several of: stacks or positions in time.
    """
    name = ENHANCED[header.text(Tag.SOPClassUID)]
    try:
        with source.open_binary(path) as stream:
            dataset = read_dataset(stream, pixels=False, force=True)
        values = list(_frames(dataset, name))
    except failures() as error:
        raise ExamRejected(Reason.UNSUPPORTED_OBJECT, {"SOPClass": name, "damaged": type(error).__name__}) from None
    return [Header(item, header.transfer_syntax, *_place(header, index), header.file_size, ("utf-8",)) for index, item in enumerate(values)]


def _place(header: Header, index: int) -> tuple[int | None, int | None, int | None]:
    """Return pixel tag, offset and length of one frame; the last two are None when it has to be decoded."""
    plain = header.transfer_syntax in (EXPLICIT_LE, IMPLICIT_LE)
    rows, columns, bits = header.integer(Tag.Rows), header.integer(Tag.Columns), header.integer(Tag.BitsAllocated)
    if not plain or header.pixel_offset is None or header.pixel_length is None or not rows or not columns or not bits:
        return header.pixel_tag, None, None
    size = rows * columns * bits // 8
    left = header.pixel_length - index * size  # what follows the pixel data is not pixels
    return header.pixel_tag, header.pixel_offset + index * size, max(0, min(size, left))


def _frames(dataset: Any, name: str) -> Iterator[Values]:
    frames = list(dataset.get("PerFrameFunctionalGroupsSequence") or ())
    shared = _first(dataset.get("SharedFunctionalGroupsSequence"))
    if not frames or len(frames) != int(dataset.get("NumberOfFrames") or 0):
        raise ExamRejected(Reason.UNSUPPORTED_OBJECT, {"SOPClass": name, "missing": "PerFrameFunctionalGroupsSequence"})
    groups = [_groups(shared, frame) for frame in frames]
    for macro, keyword in (("FrameContentSequence", "StackID"), ("FrameContentSequence", "TemporalPositionIndex")):
        found = {str(_value(group, macro, keyword)) for group in groups}
        if len(found) > 1:
            raise ExamRejected(Reason.UNSUPPORTED_OBJECT, {"SOPClass": name, "several": keyword, "count": len(found)})
    kinds = {tuple(_frame_type(group) or ()) for group in groups}
    if len(kinds) > 1:
        raise ExamRejected(Reason.UNSUPPORTED_OBJECT, {"SOPClass": name, "several": "FrameType", "count": len(kinds)})
    top = {**_converted(shared), **values_of(dataset)}
    top[Tag.SOPClassUID] = _CLASSIC[str(dataset.SOPClassUID)].encode()
    top.pop(Tag.NumberOfFrames, None)
    if str(dataset.SOPClassUID) == ENHANCED_PET:
        _translate_pet(top, dataset)
    for index, (frame, group) in enumerate(zip(frames, groups, strict=True)):
        yield _classic(top | _converted(frame), group, dataset, index, name)


def _groups(shared: Any, frame: Any) -> Groups:
    """Return a lookup of the items of a functional group: those of the frame, else those of all frames."""

    def find(macro: str) -> list[Any]:
        return list(frame.get(macro) or (shared.get(macro) if shared is not None else None) or ())

    return find


def _first(sequence: Any) -> Any:
    return sequence[0] if sequence else None


def _value(group: Groups, macro: str, keyword: str) -> Any:
    item = _first(group(macro))
    return item.get(keyword) if item is not None else None


def _frame_type(group: Groups) -> Any:
    return _value(group, "PETFrameTypeSequence", "FrameType") or _value(group, "CTImageFrameTypeSequence", "FrameType")


def _converted(item: Any) -> Values:
    """Return the attributes of classic slices that a legacy conversion found no place for."""
    found: Values = {}
    if item is not None:
        for keyword in ("UnassignedSharedConvertedAttributesSequence", "UnassignedPerFrameConvertedAttributesSequence"):
            converted = _first(item.get(keyword))
            if converted is not None:
                found |= values_of(converted)
    return found


def _classic(values: Values, group: Groups, dataset: Any, index: int, name: str) -> Values:
    """Bring the functional groups of a frame to where a classic slice has them."""
    for macro, keyword, tag in (
        ("PlanePositionSequence", "ImagePositionPatient", Tag.ImagePositionPatient),
        ("PlaneOrientationSequence", "ImageOrientationPatient", Tag.ImageOrientationPatient),
        ("PixelMeasuresSequence", "PixelSpacing", Tag.PixelSpacing),
    ):
        found = _value(group, macro, keyword)
        if found is None:
            raise ExamRejected(Reason.UNSUPPORTED_OBJECT, {"SOPClass": name, "missing": macro})
        values[tag] = _text(found)
    for macro, keyword, tag in (
        ("PixelMeasuresSequence", "SliceThickness", Tag.SliceThickness),
        ("PixelValueTransformationSequence", "RescaleSlope", Tag.RescaleSlope),
        ("PixelValueTransformationSequence", "RescaleIntercept", Tag.RescaleIntercept),
        ("PixelValueTransformationSequence", "RescaleType", Tag.RescaleType),
        ("FrameContentSequence", "FrameAcquisitionDuration", Tag.ActualFrameDuration),
        ("FrameContentSequence", "InStackPositionNumber", Tag.InstanceNumber),
    ):
        found = _value(group, macro, keyword)
        if found is not None:
            values[tag] = _text(found)
    kind = _frame_type(group)
    if kind:
        values[Tag.ImageType] = _text(kind)
    acquired = _value(group, "FrameContentSequence", "FrameAcquisitionDateTime")
    if acquired:
        values[Tag.AcquisitionDateTime] = _text(acquired)
        values.pop(Tag.AcquisitionDate, None)
        values.pop(Tag.AcquisitionTime, None)
    if values[Tag.SOPClassUID] == PET_IMAGE.encode() and not values.get(Tag.Units):
        _take_units(values, group("RealWorldValueMappingSequence") or list(dataset.get("RealWorldValueMappingSequence") or ()), name)
    values[Tag.SOPInstanceUID] = f"{dataset.get('SOPInstanceUID', '')}.{index + 1}".encode()
    return values


def _text(value: Any) -> bytes:
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return str(value).encode("utf-8", "replace")
    return "\\".join(str(part) for part in value).encode("utf-8", "replace")


def _take_units(values: Values, mappings: list[Any], name: str) -> None:
    """Take units, slope and intercept from the linear real-world value mapping: activity if there is one, else SUV."""
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for mapping in mappings:
        code = _first(mapping.get("MeasurementUnitsCodeSequence"))
        slope, intercept = mapping.get("RealWorldValueSlope"), mapping.get("RealWorldValueIntercept")
        unit = _unit_of(str(code.get("CodeValue", "")) if code is not None else "")
        if unit is None or slope is None or intercept is None:
            continue
        line = float(slope) * unit[2], float(intercept) * unit[2]
        if found.setdefault(unit[:2], line) != line:
            raise ExamRejected(Reason.UNSUPPORTED_OBJECT, {"SOPClass": name, "several": "RealWorldValueMapping", "units": unit[0]})
    for key in sorted(found, key=lambda key: (key[0] != "BQML", key[1] != "BW", key)):
        values[Tag.Units], values[Tag.SUVType] = key[0].encode(), key[1].encode()
        values[Tag.RescaleSlope], values[Tag.RescaleIntercept] = (repr(number).encode() for number in found[key])
        return


def _unit_of(code: str) -> tuple[str, str, float] | None:
    """Return Units and SUVType as classic objects have them, and the factor to get there, of a UCUM code."""
    lowered = code.strip().lower()
    if lowered in _ACTIVITY_BQML:
        return "BQML", "", _ACTIVITY_BQML[lowered]
    match = _SUV_UNIT.fullmatch(lowered)
    if match is None:
        return None
    kind = match["before"] or match["after"]
    if match["unit"] == "cm2/ml":
        return ("CM2ML", "BSA", 1.0) if kind in (None, "bsa") else None
    if kind is None:
        return "GML", "", 1.0
    return ("GML", _SUV_TYPES[kind], 1.0) if kind in _SUV_TYPES and kind != "bsa" else None


def _translate_pet(values: Values, dataset: Any) -> None:
    """Say what the Enhanced PET modules say in the elements of the classic ones."""
    agents = values.get(Tag.RadiopharmaceuticalInformationSequence)
    agents = [dict(agent) for agent in agents] if isinstance(agents, list) else []
    for agent in agents:
        dose = Header(agent, "").number(Tag.RadionuclideTotalDose)
        if dose is not None and dose < MBQ_BELOW:
            agent[Tag.RadionuclideTotalDose] = repr(dose * 1e6).encode()
    values[Tag.RadiopharmaceuticalInformationSequence] = agents
    terms = [term for keyword, term in _CORRECTIONS.items() if dataset.get(keyword) == "YES"]
    values[Tag.CorrectedImage] = "\\".join(terms).encode()
    # The start of the series has no part in the decay correction of these objects; what has is named.
    for tag in (Tag.SeriesTime, Tag.FrameReferenceTime, Tag.DecayFactor):
        values.pop(tag, None)
    values.pop(Tag.DecayCorrection, None)
    corrected, moment = dataset.get("DecayCorrected"), Header(values, "").text(Tag.DecayCorrectionDateTime)
    if corrected == "NO":
        values[Tag.DecayCorrection] = b"NONE"
    elif corrected == "YES" and moment:
        zone = Header(values, "").text(Tag.TimezoneOffsetFromUTC)
        starts = [parse_datetime(Header(agent, "").text(Tag.RadiopharmaceuticalStartDateTime), zone) for agent in agents]
        at = parse_datetime(moment, zone)
        to_injection = at is not None and any(start is not None and abs((start - at).total_seconds()) <= SAME_MOMENT_S for start in starts)
        values[Tag.DecayCorrection] = b"ADMIN" if to_injection else b"START"
