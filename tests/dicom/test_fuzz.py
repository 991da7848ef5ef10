"""Mutated headers: every outcome is a volume or a reason code. No crash, no hang, no silently wrong SUV.

An SUV counts as right when an independent reading of the mutated header (pydicom, the textbook formula, one of the documented moments
of decay correction) leads to the same factor.
"""

from __future__ import annotations

import json
import math
import re
import tempfile
import warnings
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom.pet_files import AGENT, PET, write_series
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset

from petarseg.dicom.convert import convert_pet, suv_of
from petarseg.dicom.index import scan_archive
from petarseg.errors import ExamRejected
from petarseg.reasons import Reason

QUICK, FULL = 250, 5_000
"""Examples per kind of mutation, of which there are two: 500 in the fast run, 10,000 in the full one."""
COMMON_SETTINGS: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": list(HealthCheck),
}

TIMES = ["", "10", "1000", "100000", "100000.000000", "110000", "235959", "000000", "240000", "10:00:00", "noon", "095960", "113000.5"]
DATES = ["", "20200102", "20200103", "19600101", "2020.01.02", "20201301", "2020-01-02", "00000000"]
NUMBERS = [
    "",
    "0",
    "-1",
    "1",
    "70",
    "70000",
    "350",
    "350000",
    "350000000",
    "3.5E8",
    "nan",
    "inf",
    "1e400",
    "6586.2",
    "109.77",
    "4062.6",
    "abc",
    "1,5",
    "70\\80",
]
ODD = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\\"), max_size=12)


def values_of(keyword: str) -> st.SearchStrategy[Any]:
    if keyword.endswith("DateTime"):
        stamps = [day + clock for day in DATES for clock in TIMES] + ["20200102100000+0000", "20200102100000.0-0500", "20200102"]
        return st.sampled_from(stamps) | ODD
    if keyword.endswith("Time") and keyword not in ("FrameReferenceTime",):
        return st.sampled_from(TIMES) | ODD
    if keyword.endswith("Date"):
        return st.sampled_from(DATES) | ODD
    if keyword in NUMERIC:
        return st.sampled_from(NUMBERS) | st.floats(allow_nan=False, width=32).map(lambda value: f"{value:.6g}"[:16])
    terms = {
        "Units": ["BQML", "CNTS", "GML", "CM2ML", "PROPCPS", "bqml"],
        "DecayCorrection": ["START", "ADMIN", "NONE", "start"],
        "CorrectedImage": ["ATTN", "DECY", "DECY\\ATTN", "ATTN\\DECAY", "NORM"],
        "SUVType": ["BW", "LBM", "LBMJAMES128", "LBMJANMA", "IBW", "BSA"],
        "PatientSex": ["M", "F", "O", "X"],
        "Manufacturer": ["GE MEDICAL SYSTEMS", "SIEMENS", "Philips Medical Systems", "Canon"],
        "ImageOrientationPatient": ["\\".join(text) for text in ("100010", "010100", "000000", "100100", "100", ["nan", *"00010"])],
        "ImagePositionPatient": ["0\\0\\100", "0\\0\\103", "0\\0", "a\\b\\c", "0\\0\\1e30"],
        "PixelSpacing": ["4\\4", "0\\0", "-1\\1", "4", "4\\5"],
    }[keyword]
    return st.sampled_from(terms) | ODD


NUMERIC = (
    *("PatientWeight", "PatientSize", "RescaleSlope", "RescaleIntercept", "FrameReferenceTime", "ActualFrameDuration", "DecayFactor"),
    *("RadionuclideTotalDose", "RadionuclideHalfLife"),
)
KEYWORDS = (
    *NUMERIC,
    *("Units", "DecayCorrection", "CorrectedImage", "SUVType", "PatientSex", "Manufacturer"),
    *("SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime", "RadiopharmaceuticalStartTime"),
    *(
        "StudyDate",
        "DecayCorrectionDateTime",
        "RadiopharmaceuticalStartDateTime",
        "ImageOrientationPatient",
        "ImagePositionPatient",
        "PixelSpacing",
    ),
)
MUTATION = st.sampled_from(KEYWORDS).flatmap(
    lambda keyword: st.tuples(st.just(keyword), st.none() | values_of(keyword), st.sampled_from(["all", "one"]))
)


@lru_cache(maxsize=1)
def originals() -> tuple[Dataset, ...]:
    with tempfile.TemporaryDirectory() as folder:
        return tuple(dcmread(path) for path in write_series(Path(folder)))


@lru_cache(maxsize=1)
def one_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write_series(Path(folder), PET, n_slices=1)[0].read_bytes()


def mutate(mutations: list[tuple[str, str | None, str]], folder: Path) -> list[Path]:
    paths = []
    for index, original in enumerate(originals()):
        dataset = dcmread_copy(original)
        for keyword, value, where in mutations:
            if where == "one" and index != 2:
                continue
            target = dataset.RadiopharmaceuticalInformationSequence[0] if keyword in AGENT else dataset
            if value is None:
                if keyword in target:
                    del target[keyword]
            else:
                put_raw(target, keyword, value)
        path = folder / f"{index}"
        dataset.save_as(path)
        paths.append(path)
    return paths


def dcmread_copy(original: Dataset) -> Dataset:
    import copy

    return copy.deepcopy(original)


def put_raw(target: Dataset, keyword: str, value: str) -> None:
    """Write any text into an element, past pydicom's checks."""
    from pydicom.datadict import tag_for_keyword
    from pydicom.dataelem import DataElement

    tag = tag_for_keyword(keyword)
    assert tag is not None
    # LT takes any text as it is; the walker goes by tag, and files with a wrong VR exist.
    target[tag] = DataElement(tag, "LT", value)


def check_suv(mutations: list[tuple[str, str | None, str]]) -> None:
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)
        paths = mutate(mutations, folder)
        answer = suv_of(paths[0])
        json.dumps(answer, allow_nan=False)
        if answer["status"] == "rejected":
            assert answer["reason"] in set(Reason)
        else:
            assert_factor_is_right(answer, dcmread(paths[0]))
        try:
            converted = convert_pet(paths)
        except ExamRejected as error:
            rejected = error
        else:
            rejected = None
            assert np.isfinite(converted.volume.array).all()
            assert converted.volume.array.max() > 0
        evidence = json.dumps(rejected.evidence if rejected else None, allow_nan=False)
        assert not re.search(r"20200102|P1|Test", evidence)


def assert_factor_is_right(answer: dict[str, object], dataset: Dataset) -> None:
    factor = float(str(answer["factor"]))
    method = str(answer["method"])
    if method.startswith("gml"):
        assert 0.9 <= factor <= 3.5
        return
    if method.startswith("cm2ml"):
        assert 2.0 <= factor <= 6.0
        return
    assert method.startswith("bqml")
    agent = dataset.RadiopharmaceuticalInformationSequence[0]
    weight_kg, dose = float(text(dataset, "PatientWeight")), float(text(agent, "RadionuclideTotalDose"))
    dose_bq = dose * 1e6 if dose < 10_000 else dose
    if method == "bqml_admin":
        assert factor == pytest.approx(weight_kg * 1000.0 / dose_bq, rel=1e-6)
        return
    half_life_s = float(text(agent, "RadionuclideHalfLife"))
    uptake_s = float(str(answer["uptake_s"]))
    stamp = text(agent, "RadiopharmaceuticalStartDateTime")
    # DateTime when it is one and in no other time zone, else the clock time; both were found to agree
    start_time = text(agent, "RadiopharmaceuticalStartTime")
    # a DateTime at midnight beside another clock time is a date padded with zeros
    clocked = is_datetime(stamp) and not (stamp[8:14] == "000000" and start_time not in ("", "000000"))
    injection_s = clock_s(stamp[8:] if clocked else start_time)
    acquisition_s = clock_s(text(dataset, "AcquisitionTime"))
    duration_s = number(text(dataset, "ActualFrameDuration")) / 1000.0
    offset_s = number(text(dataset, "FrameReferenceTime")) / 1000.0
    decay = math.log(2.0) / half_life_s
    centre_s = math.log(decay * duration_s / -math.expm1(-decay * duration_s)) / decay if duration_s > 0 else 0.0
    if method == "bqml_none":
        assert factor == pytest.approx(weight_kg * 1000.0 / (dose_bq * 2.0 ** (-(uptake_s + centre_s) / half_life_s)), rel=1e-4)
        return
    stated = text(dataset, "DecayCorrectionDateTime")
    stated_s = clock_s(stated[8:]) if is_datetime(stated) else float("nan")
    moments = {clock_s(text(dataset, "SeriesTime")), stated_s, acquisition_s + centre_s - offset_s, acquisition_s - offset_s}
    gaps = [(moment - injection_s - uptake_s) % 86_400 for moment in moments if not math.isnan(moment)]
    apart = [min(gap, 86_400 - gap) for gap in gaps]
    assert min(apart) < 1.0
    assert factor == pytest.approx(weight_kg * 1000.0 / (dose_bq * 2.0 ** (-uptake_s / half_life_s)), rel=1e-4)


def text(dataset: Dataset, keyword: str) -> str:
    return str(dataset.get(keyword, "") or "").strip()


def number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return float("nan")


def is_datetime(stamp: str) -> bool:
    for form in ("%Y%m%d%H%M%S.%f", "%Y%m%d%H%M%S", "%Y%m%d%H%M"):
        try:
            datetime.strptime(stamp, form)
        except ValueError:
            continue
        return True
    return False


def clock_s(value: str) -> float:
    match = re.match(r"(\d\d):?(\d\d)?:?(\d\d)?(\.\d+)?", value)
    if match is None:
        return float("nan")
    hours, minutes, seconds = (int(part or 0) for part in match.groups()[:3])
    return hours * 3600 + minutes * 60 + min(seconds, 59) + float(match[4] or 0)


def check_bytes(data: bytes, edits: list[tuple[int, int]], cut: int | None) -> None:
    changed = bytearray(data)
    for position, value in edits:
        changed[position % (len(data) - 96)] = value  # the header, not the pixels
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(name) / "file.dcm"
        path.write_bytes(bytes(changed[:cut]))
        answer = suv_of(path)
        json.dumps(answer, allow_nan=False)
        assert answer["status"] in ("ok", "rejected")
        index = scan_archive(path.parent)
        assert index.n_files + index.n_ignored == 1


ANY_BYTES = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6)
CUT = st.none() | st.integers(0, 4_000)


@settings(max_examples=QUICK, derandomize=True, **COMMON_SETTINGS)
@given(mutations=st.lists(MUTATION, min_size=1, max_size=4))
def test_mutated_values(mutations: list[tuple[str, str | None, str]]) -> None:
    check_suv(mutations)


@settings(max_examples=QUICK, derandomize=True, **COMMON_SETTINGS)
@given(edits=ANY_BYTES, cut=CUT)
def test_mutated_bytes(edits: list[tuple[int, int]], cut: int | None) -> None:
    check_bytes(one_file(), edits, cut)


@pytest.mark.slow
@seed(20_261_122)
@settings(max_examples=FULL, **COMMON_SETTINGS)
@given(mutations=st.lists(MUTATION, min_size=1, max_size=4))
def test_many_mutated_values(mutations: list[tuple[str, str | None, str]]) -> None:
    check_suv(mutations)


@pytest.mark.slow
@seed(20_261_122)
@settings(max_examples=FULL, **COMMON_SETTINGS)
@given(edits=ANY_BYTES, cut=CUT)
def test_many_mutated_bytes(edits: list[tuple[int, int]], cut: int | None) -> None:
    check_bytes(one_file(), edits, cut)
