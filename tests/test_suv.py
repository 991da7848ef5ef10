from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from petarseg.body_size import body_surface_m2, lean_body_mass_kg
from petarseg.decay import Frame, Vendor, average_count_rate_time
from petarseg.errors import QuantificationError
from petarseg.reasons import Reason
from petarseg.suv import SuvInputs, convert_to_suv

SCAN = datetime(2020, 1, 2, 11, 0)
HALF_LIFE_S = 6586.2
BASE = SuvInputs(
    units="BQML",
    stored_type=None,
    decay_correction="START",
    corrections=frozenset({"ATTN", "DECY"}),
    weight_kg=70.0,
    height_m=1.75,
    sex="M",
    dose_bq=350e6,
    half_life_s=HALF_LIFE_S,
    coded_half_life_s=None,
    injection=SCAN - timedelta(hours=1),
    injection_clock=time(10, 0),
    series_start=SCAN,
    vendor_start=None,
    frames=(Frame(SCAN, 60.0, 120.0), Frame(SCAN + timedelta(seconds=120), 180.0, 120.0)),
)


def factor(minutes: float = 60.0, *, dose_bq: float = 350e6, half_life_s: float = HALF_LIFE_S) -> float:
    """W / D at the scan, written out once more so that the test does not use the code it checks."""
    return 70_000.0 / (dose_bq * math.exp(-math.log(2.0) * minutes * 60.0 / half_life_s))


PAUSED = tuple(Frame(SCAN + timedelta(minutes=15 * bed), None, 120.0) for bed in (0, 0, 1, 1))


def beds(**changed: Any) -> tuple[Frame, ...]:
    """Ten slices in two bed positions; the third is `changed`."""
    frames = [Frame(SCAN, 59.9, 120.0)] * 5 + [Frame(SCAN + timedelta(seconds=120), 179.9, 120.0)] * 5
    frames[2] = replace(frames[2], **changed)
    return tuple(frames)


def without_reference_times(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    return tuple(replace(frame, reference_s=None) for frame in frames)


EARLY = SCAN - timedelta(minutes=20)
LATER = SCAN + timedelta(hours=2)


def with_clock(moment: datetime) -> dict[str, Any]:
    return {"injection": moment, "injection_clock": moment.time()}


@pytest.mark.parametrize(
    ("changes", "expected", "reference", "note"),
    [
        pytest.param({}, factor(), "series_time", None, id="start, series time"),
        pytest.param({"injection": None}, factor(), "series_time", "injection_on_day_of_scan", id="only a clock time"),
        pytest.param({"injection_clock": None}, factor(), "series_time", None, id="only a date and time"),
        pytest.param({"decay_correction": "ADMIN"}, factor(0.0), None, None, id="corrected to injection"),
        pytest.param(
            {"decay_correction": "ADMIN", "injection": None, "injection_clock": None, "half_life_s": None},
            factor(0.0),
            None,
            None,
            id="corrected to injection needs no times",
        ),
        pytest.param({"dose_bq": 350.0}, factor(), "series_time", "dose_in_mbq", id="dose in MBq"),
        pytest.param(with_clock(datetime(2019, 7, 1, 10)), factor(), "series_time", "injection_date_ignored", id="shifted date"),
        pytest.param(
            {"series_start": SCAN + timedelta(minutes=30)}, factor(), "frame_reference_time", "series_is_post_processed", id="by frames"
        ),
        pytest.param(
            {"series_start": SCAN + timedelta(minutes=30), "vendor_start": SCAN, "vendor": Vendor.SIEMENS},
            factor(),
            "siemens_private_start",
            None,
            id="post-processed, Siemens private",
        ),
        pytest.param(
            {"series_start": SCAN + timedelta(minutes=30), "vendor_start": SCAN - timedelta(days=400), "vendor": Vendor.GE},
            factor(),
            "ge_private_start",
            "private_date_ignored",
            id="post-processed, GE private with another date",
        ),
        pytest.param({"series_start": SCAN - timedelta(days=900)}, factor(), "series_time", "series_date_ignored", id="blanked date"),
        pytest.param(
            {"series_start": SCAN + timedelta(hours=23)}, factor(), "frame_reference_time", "series_is_post_processed", id="next day"
        ),
        pytest.param(
            {"series_start": SCAN + timedelta(days=60)}, factor(), "series_time", "series_date_ignored", id="series date shifted forward"
        ),
        pytest.param(
            {"series_start": SCAN + timedelta(minutes=30), "stated_start": SCAN},
            factor(),
            "decay_correction_datetime",
            None,
            id="post-processed, standard element",
        ),
        pytest.param({"stated_start": SCAN}, factor(), "series_time", None, id="standard element agrees with the series"),
        pytest.param(
            # Older GE scanners write the start of the scan into every slice; reference time and decay factor are those of the bed.
            {"vendor": Vendor.GE, "frames": (Frame(SCAN, 303.0, 300.0),)}, factor(), "series_time", None, id="old GE, second bed"
        ),
        pytest.param(
            {"frames": (Frame(SCAN, 60.0, 120.0), Frame(SCAN, 303.0, 120.0))}, factor(), "series_time", None, id="beds without times"
        ),
        pytest.param(
            {"vendor": Vendor.SIEMENS, "series_start": SCAN + timedelta(hours=2), "frames": PAUSED},
            factor(),
            "earliest_acquisition",
            "series_is_post_processed",
            id="a pause between beds",
        ),
        pytest.param(
            {"series_start": SCAN + timedelta(hours=2), "vendor": Vendor.SIEMENS, "frames": (Frame(SCAN, 659.9, 120.0),) * 4},
            factor(50.0),
            "frame_reference_time",
            "series_is_post_processed",
            id="post-processed, one later bed of a vendor that times each",
        ),
        pytest.param(
            {"series_start": SCAN + timedelta(hours=2), "vendor": Vendor.GE, "frames": (Frame(SCAN, 600.0, 120.0),) * 4},
            factor(50.0),
            "frame_reference_time",
            "acquisition_time_of_bed_assumed",
            id="post-processed, one later bed of GE, whose older scanners give all beds the time of the first",
        ),
        pytest.param(
            {
                "series_start": SCAN + timedelta(hours=2),
                "vendor": Vendor.PHILIPS,
                "frames": tuple(replace(frame, reference_s=(frame.reference_s or 0.0) + 35.0 * (n > 4)) for n, frame in enumerate(beds())),
            },
            factor(),
            "earliest_acquisition",
            "series_is_post_processed",
            id="post-processed, acquisition cut to minutes",
        ),
        pytest.param(
            {"series_start": SCAN + timedelta(hours=2), "frames": beds(reference_s=None)},
            factor(),
            "frame_reference_time",
            "series_is_post_processed",
            id="post-processed, one slice without frame reference time",
        ),
        pytest.param({"series_start": None}, factor(), "frame_reference_time", "series_is_post_processed", id="no series time"),
    ],
)  # fmt: skip
def test_bqml(changes: dict[str, Any], expected: float, reference: str | None, note: str | None) -> None:
    conversion = convert_to_suv(replace(BASE, **changes))
    # 2e-5: the frames of BASE give the average count rate time to the nearest 0.1 s
    assert conversion.factor == pytest.approx(expected, rel=2e-5)
    assert conversion.reference == reference
    assert (note in conversion.assumptions) if note else (conversion.assumptions == ())


def test_midnight() -> None:
    scan = datetime(2020, 1, 2, 0, 20)
    frames = (Frame(scan, 0.0, 120.0),)
    inputs = replace(BASE, injection=None, injection_clock=time(23, 20), series_start=scan, frames=frames)
    conversion = convert_to_suv(inputs)
    assert conversion.factor == pytest.approx(factor())
    assert "injection_before_midnight" in conversion.assumptions
    # the date of the scan was copied to the injection
    wrong_day = replace(inputs, injection=datetime(2020, 1, 2, 23, 20))
    assert convert_to_suv(wrong_day).factor == pytest.approx(factor())


def test_none_corrects_every_frame_by_itself() -> None:
    inputs = replace(BASE, decay_correction="NONE", corrections=frozenset({"ATTN"}))
    conversion = convert_to_suv(inputs)
    centre_s = average_count_rate_time(120.0, HALF_LIFE_S)
    assert conversion.factor is None
    assert conversion.factors == pytest.approx((factor(60.0 + centre_s / 60.0), factor(62.0 + centre_s / 60.0)))
    listed = convert_to_suv(replace(BASE, decay_correction="NONE"))
    assert listed.factors == pytest.approx(conversion.factors)
    assert "listed_as_decay_corrected_but_none" in listed.assumptions
    with pytest.raises(QuantificationError) as caught:
        convert_to_suv(replace(BASE, decay_correction="NONE", decay_factors=(1.01, 1.02)))
    assert caught.value.reason is Reason.NOT_DECAY_CORRECTED


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(beds(), id="two beds"),
        pytest.param(without_reference_times(beds()), id="no frame reference times"),
        pytest.param(tuple(replace(frame, reference_s=0.0) for frame in beds()), id="frame reference times that say nothing"),
        pytest.param(PAUSED, id="a pause of a quarter of an hour"),
        pytest.param(tuple(Frame(SCAN + timedelta(minutes=50 * bed), None, 120.0) for bed in (0, 0, 1, 1)), id="the patient came back"),
        pytest.param((Frame(SCAN, None, 600.0), Frame(SCAN + timedelta(minutes=10), None, 60.0)), id="a long frame for the head"),
        pytest.param(tuple(Frame(SCAN + timedelta(minutes=15 * bed), None, 120.0) for bed in range(4)), id="one slice of each bed"),
        pytest.param(tuple(Frame(SCAN + timedelta(seconds=2 * z), 60.0 + 2 * z, 120.0) for z in range(60)), id="continuous bed motion"),
        pytest.param((Frame(SCAN, None, 120.0), Frame(SCAN, None, 240.0)), id="overlap of two beds"),
        pytest.param(
            tuple(Frame(SCAN + timedelta(minutes=2.5 * bed), 150.0 * bed, 120.0) for bed in (6, 5, 4, 3, 2, 1, 0)), id="GE, feet first"
        ),
    ],
)
def test_none_takes_frames_as_they_are_measured(frames: tuple[Frame, ...]) -> None:
    conversion = convert_to_suv(replace(BASE, decay_correction="NONE", frames=frames))
    for frame, value in zip(frames, conversion.factors, strict=True):
        assert frame.acquisition is not None
        assert frame.duration_s is not None
        minutes = 60.0 + ((frame.acquisition - SCAN).total_seconds() + average_count_rate_time(frame.duration_s, HALF_LIFE_S)) / 60.0
        assert value == pytest.approx(factor(minutes))


def test_average_count_rate_time() -> None:
    # Series expansion of the formula: T/2 - lambda T^2 / 24.
    decay = math.log(2.0) / HALF_LIFE_S
    assert average_count_rate_time(600.0, HALF_LIFE_S) == pytest.approx(300.0 - decay * 600.0**2 / 24.0, abs=1e-3)
    assert average_count_rate_time(0.0, HALF_LIFE_S) == 0.0


def test_ge_counts_frame_reference_times_from_the_start_of_the_frame() -> None:
    frames = (Frame(SCAN, 0.0, 240.0), Frame(SCAN + timedelta(seconds=243), 243.0, 240.0))
    inputs = replace(BASE, vendor=Vendor.GE, series_start=SCAN + timedelta(hours=1), frames=frames)
    assert convert_to_suv(inputs).factor == pytest.approx(factor())


PHILIPS = replace(BASE, units="CNTS", vendor=Vendor.PHILIPS)


@pytest.mark.parametrize(
    ("changes", "expected", "method"),
    [
        ({"activity_factor": 2.0}, 2.0 * factor(), "philips_activity_factor_start"),
        ({"direct_factor": 5e-4}, 5e-4, "philips_suv_factor"),
        ({"direct_factor": 2.01 * factor(), "activity_factor": 2.0}, 2.01 * factor(), "philips_suv_factor"),
        ({"direct_factor": 5e-4, "activity_factor": 2.0, "weight_kg": None}, 5e-4, "philips_suv_factor"),
        ({"direct_factor": 5e-4, "activity_factor": 2.0, "injection": None, "injection_clock": None}, 5e-4, "philips_suv_factor"),
        ({"activity_factor": 2.0, "decay_correction": "ADMIN"}, 2.0 * factor(0.0), "philips_activity_factor_admin"),
    ],
)
def test_philips_counts(changes: dict[str, Any], expected: float, method: str) -> None:
    conversion = convert_to_suv(replace(PHILIPS, **changes))
    assert conversion.factor == pytest.approx(expected)
    assert conversion.method == method


def james_128(weight_kg: float, height_cm: float, *, male: bool) -> float:
    return (1.10 if male else 1.07) * weight_kg - (128.0 if male else 148.0) * (weight_kg / height_cm) ** 2


@pytest.mark.parametrize(
    ("kind", "sex", "lean_kg"),
    [
        ("LBMJAMES128", "M", james_128(70, 175, male=True)),
        ("LBMJAMES128", "F", james_128(70, 175, male=False)),
        ("LBMJAMES128", "O", 0.5 * (james_128(70, 175, male=True) + james_128(70, 175, male=False))),
        ("LBM", "M", 1.10 * 70 - 120 * (70 / 175) ** 2),
        ("LBMJANMA", "M", 9270 * 70 / (6680 + 216 * 70 / 1.75**2)),
        ("LBMJANMA", "F", 9270 * 70 / (8780 + 244 * 70 / 1.75**2)),
        ("IBW", "M", 48.0 + 1.06 * (175 - 152)),
        ("IBW", "F", 45.5 + 0.91 * (175 - 152)),
    ],
)
def test_stored_lean_suv_becomes_body_weight_suv(kind: str, sex: str, lean_kg: float) -> None:
    assert lean_body_mass_kg(kind, weight_kg=70.0, height_m=1.75, sex=sex) == pytest.approx(lean_kg)
    conversion = convert_to_suv(replace(BASE, units="GML", stored_type=kind, sex=sex))
    assert conversion.factor == pytest.approx(70.0 / lean_kg)


def test_stored_suv() -> None:
    assert convert_to_suv(replace(BASE, units="GML", stored_type="BW")).factor == 1.0
    assumed = convert_to_suv(replace(BASE, units="GML", weight_kg=None))
    assert assumed.factor == 1.0
    assert assumed.assumptions == ("suv_type_absent_body_weight_assumed",)
    # DuBois: 70 kg, 175 cm -> 1.8481 m2
    assert body_surface_m2(weight_kg=70.0, height_m=1.75) == pytest.approx(1.8481, abs=1e-3)
    assert convert_to_suv(replace(BASE, units="CM2ML")).factor == pytest.approx(70.0 / (10.0 * 1.8481), rel=1e-3)


R = Reason
REFUSALS: list[tuple[str, SuvInputs, Reason]] = [
    ("counts per second", replace(BASE, units="PROPCPS"), R.UNITS_UNSUPPORTED),
    ("no units", replace(BASE, units=""), R.UNITS_UNSUPPORTED),
    ("counts of another vendor", replace(BASE, units="CNTS", direct_factor=1e-3), R.UNITS_UNSUPPORTED),
    ("stored SUV of unknown kind", replace(BASE, units="GML", stored_type="unknown"), R.UNITS_UNSUPPORTED),
    ("stored SUV per surface in g/ml", replace(BASE, units="GML", stored_type="BSA"), R.UNITS_UNSUPPORTED),
    ("surface SUV called body weight", replace(BASE, units="CM2ML", stored_type="BW"), R.UNITS_UNSUPPORTED),
    ("no attenuation correction", replace(BASE, corrections=frozenset({"DECY"})), R.NOT_ATTENUATION_CORRECTED),
    ("corrections unknown", replace(BASE, corrections=None), R.NOT_ATTENUATION_CORRECTED),
    ("decay correction absent", replace(BASE, decay_correction=""), R.NOT_DECAY_CORRECTED),
    ("decay correction unknown", replace(BASE, decay_correction="unknown"), R.NOT_DECAY_CORRECTED),
    ("START but not listed", replace(BASE, corrections=frozenset({"ATTN"})), R.NOT_DECAY_CORRECTED),
    ("weight absent", replace(BASE, weight_kg=None), R.WEIGHT_MISSING),
    ("weight zero", replace(BASE, weight_kg=0.0), R.WEIGHT_MISSING),
    ("weight in g", replace(BASE, weight_kg=70_000.0), R.WEIGHT_MISSING),
    ("dose absent", replace(BASE, dose_bq=None), R.DOSE_MISSING),
    ("dose zero", replace(BASE, dose_bq=0.0), R.DOSE_MISSING),
    ("dose negative", replace(BASE, dose_bq=-350e6), R.DOSE_MISSING),
    ("dose in kBq", replace(BASE, dose_bq=350e3), R.DOSE_MISSING),
    ("dose with a digit too many", replace(BASE, dose_bq=3_500e6), R.DOSE_MISSING),
    ("dose in mCi", replace(BASE, dose_bq=10.0), R.DOSE_MISSING),
    ("dose in mCi that would be a low dose in MBq", replace(BASE, dose_bq=15.0), R.DOSE_MISSING),
    ("half-life absent", replace(BASE, half_life_s=None), R.HALF_LIFE_MISSING),
    ("half-life zero", replace(BASE, half_life_s=0.0), R.HALF_LIFE_MISSING),
    ("half-life in minutes", replace(BASE, half_life_s=109.77, coded_half_life_s=6586.2), R.FACTOR_CONTRADICTION),
    ("half-life in minutes, radionuclide not coded", replace(BASE, half_life_s=109.77), R.HALF_LIFE_MISSING),
    ("half-life of no PET radionuclide", replace(BASE, half_life_s=7_500.0), R.HALF_LIFE_MISSING),
    ("stored SUV without decay correction", replace(BASE, units="GML", decay_correction="NONE"), R.NOT_DECAY_CORRECTED),
    ("surface SUV without decay correction", replace(BASE, units="CM2ML", decay_correction="NONE"), R.NOT_DECAY_CORRECTED),
    (
        "one slice that lies elsewhere on the clock than its series",
        replace(BASE, series_start=SCAN - timedelta(minutes=20), frames=BASE.frames[:1]),
        R.FACTOR_CONTRADICTION,
    ),
    (
        "one bed that claims to start with the series, and to lie elsewhere on its clock",
        replace(BASE, vendor=Vendor.SIEMENS, frames=(Frame(SCAN, 600.0, 120.0),) * 3),
        R.FACTOR_CONTRADICTION,
    ),
    (
        "private and standard start differ",
        replace(BASE, series_start=None, vendor=Vendor.GE, vendor_start=SCAN, stated_start=SCAN - timedelta(minutes=10)),
        R.FACTOR_CONTRADICTION,
    ),
    (
        "series and stated start differ",
        replace(BASE, stated_start=SCAN - timedelta(minutes=10)),
        R.FACTOR_CONTRADICTION,
    ),
    (
        "post-processed on the next day before the hour of the scan",
        replace(BASE, series_start=SCAN + timedelta(hours=23), frames=(Frame(SCAN), Frame(SCAN + timedelta(seconds=120)))),
        R.REFERENCE_TIME_MISSING,
    ),
    (
        "private factors differ for want of a plausible dose",
        replace(PHILIPS, direct_factor=1e-3, activity_factor=2.0, dose_bq=35e6 * 1000),
        R.DOSE_MISSING,
    ),
    ("no injection time", replace(BASE, injection=None, injection_clock=None), R.INJECTION_TIME_MISSING),
    ("injection times differ", replace(BASE, injection_clock=time(9, 30)), R.FACTOR_CONTRADICTION),
    ("no acquisition time", replace(BASE, frames=(Frame(None, 60.0, 120.0),)), R.REFERENCE_TIME_MISSING),
    (
        "series and vendor start differ",
        replace(BASE, vendor=Vendor.SIEMENS, vendor_start=SCAN - timedelta(minutes=10)),
        R.FACTOR_CONTRADICTION,
    ),
    (
        "frames agree on another moment than the series time",
        replace(BASE, series_start=SCAN - timedelta(minutes=20)),
        R.FACTOR_CONTRADICTION,
    ),
    (
        "post-processed without frame duration",
        replace(BASE, series_start=SCAN + timedelta(hours=1), frames=(Frame(SCAN, 450.0), Frame(SCAN, 600.0))),
        R.REFERENCE_TIME_MISSING,
    ),
    *(
        (f"one slice of ten was acquired early ({what}, {vendor})", replace(BASE, vendor=vendor, **changes), R.FACTOR_CONTRADICTION)
        for vendor in Vendor
        for what, changes in (
            ("against all others", {"frames": beds(acquisition=EARLY)}),
            ("post-processed", {"frames": beds(acquisition=EARLY), "series_start": LATER}),
            ("five minutes", {"frames": beds(acquisition=SCAN - timedelta(minutes=5)), "series_start": LATER}),
            ("against the private start", {"frames": beds(acquisition=EARLY), "vendor_start": SCAN}),
            ("in one bed", {"frames": beds(acquisition=EARLY)[:5] + beds()[:5]}),
        )
    ),
    (
        "one slice of ten was acquired early, no frame reference times",
        replace(BASE, vendor=Vendor.SIEMENS, series_start=LATER, frames=without_reference_times(beds(acquisition=EARLY))),
        R.FACTOR_CONTRADICTION,
    ),
    (
        "one slice of ten was acquired before its series, no frame reference times",
        replace(BASE, vendor=Vendor.PHILIPS, frames=without_reference_times(beds(acquisition=SCAN - timedelta(minutes=5)))),
        R.FACTOR_CONTRADICTION,
    ),
    *(
        (
            f"post-processed, {vendor} start against all frame reference times",
            replace(BASE, vendor=vendor, series_start=LATER, vendor_start=EARLY, frames=beds()),
            R.FACTOR_CONTRADICTION,
        )
        for vendor in (Vendor.GE, Vendor.SIEMENS)
    ),
    (
        "post-processed, stated start against all frame reference times",
        replace(BASE, series_start=LATER, stated_start=EARLY, frames=beds()),
        R.FACTOR_CONTRADICTION,
    ),
    *(
        (
            f"frames agree on another moment than the series time, {what}",
            replace(BASE, series_start=EARLY, frames=beds(reference_s=reference_s)),
            R.FACTOR_CONTRADICTION,
        )
        for what, reference_s in (("one has no reference time", None), ("one has a wrong reference time", 900.0))
    ),
    ("scan after 10 min", replace(BASE, **with_clock(SCAN - timedelta(minutes=10))), R.UPTAKE_TIME_IMPLAUSIBLE),
    ("scan after 3 h", replace(BASE, **with_clock(SCAN - timedelta(minutes=180))), R.UPTAKE_TIME_IMPLAUSIBLE),
    ("injected after the scan", replace(BASE, **with_clock(SCAN + timedelta(minutes=20))), R.UPTAKE_TIME_IMPLAUSIBLE),
    (
        "NONE with a slice of another year",
        replace(BASE, decay_correction="NONE", frames=(*BASE.frames, Frame(SCAN - timedelta(days=366), 60.0, 120.0))),
        R.FACTOR_CONTRADICTION,
    ),
    (
        "a short-lived nuclide at the far end of the day",
        replace(BASE, half_life_s=75.5, dose_bq=1500e6, injection=None, injection_clock=time(0, 10), frames=(Frame(SCAN, 0.0, 60.0),)),
        R.UPTAKE_TIME_IMPLAUSIBLE,
    ),
    *(
        (f"NONE: {what}", replace(BASE, decay_correction="NONE", frames=frames), R.FACTOR_CONTRADICTION)
        for what, frames in (
            ("one slice an hour late", beds(acquisition=SCAN + timedelta(hours=1))),
            ("one slice six minutes late", beds(acquisition=SCAN + timedelta(minutes=6))),
            ("one slice early, no frame reference times", without_reference_times(beds(acquisition=EARLY))),
            ("one slice hours late", without_reference_times(beds(acquisition=SCAN + timedelta(hours=3)))),
            ("one slice a week late", without_reference_times(beds(acquisition=SCAN + timedelta(days=7)))),
            ("half of the slices hours late", (*beds(), *(replace(frame, acquisition=LATER) for frame in without_reference_times(beds())))),
            ("one frame of two hours", without_reference_times(beds(duration_s=7200.0))),
            ("one frame of days", beds(duration_s=999_999.0)),
            ("one frame of ten minutes among those of two", beds(duration_s=600.0)),
            ("one frame of no length", beds(duration_s=1e-3)),
            (
                "the start of the scan on every bed",
                tuple(replace(frame, acquisition=SCAN) for frame in (*beds()[:3], Frame(SCAN, 600.0, 120.0))),
            ),
        )
    ),
    ("NONE without duration", replace(BASE, decay_correction="NONE", frames=(Frame(SCAN),)), R.REFERENCE_TIME_MISSING),
    ("no private factor", PHILIPS, R.PRIVATE_FACTOR_MISSING),
    ("private factors differ", replace(PHILIPS, direct_factor=2.05 * factor(), activity_factor=2.0), R.FACTOR_CONTRADICTION),
    ("NONE with only the SUV factor", replace(PHILIPS, decay_correction="NONE", direct_factor=1e-3), R.NOT_DECAY_CORRECTED),
    ("lean mass without height", replace(BASE, units="GML", stored_type="LBM", height_m=None), R.HEIGHT_MISSING),
    ("lean mass with height in cm", replace(BASE, units="GML", stored_type="LBM", height_m=175.0), R.HEIGHT_MISSING),
    ("lean mass without sex", replace(BASE, units="GML", stored_type="IBW", sex=None), R.SEX_MISSING),
    ("lean mass with unknown sex", replace(BASE, units="GML", stored_type="IBW", sex="unknown"), R.SEX_MISSING),
    ("surface without height", replace(BASE, units="CM2ML", height_m=0.0), R.HEIGHT_MISSING),
    (
        "long-lived without date",
        replace(BASE, half_life_s=282_300.0, injection=None),
        R.INJECTION_TIME_MISSING,
    ),
    (
        "long-lived with a shifted date",
        replace(BASE, half_life_s=282_300.0, injection=datetime(1960, 1, 1, 10)),
        R.INJECTION_TIME_MISSING,
    ),
]


@pytest.mark.parametrize(("inputs", "reason"), [pytest.param(case[1], case[2], id=case[0]) for case in REFUSALS])
def test_refusals_name_the_element(inputs: SuvInputs, reason: Reason) -> None:
    with pytest.raises(QuantificationError) as caught:
        convert_to_suv(inputs)
    assert caught.value.reason is reason
    assert caught.value.evidence
    json.dumps(caught.value.evidence)


def test_no_times_are_a_crash() -> None:
    """Whatever the clocks say, the answer is a finite factor or a refusal."""
    rng = random.Random(0)
    apart_s = (0.0, 1e-320, 0.5, 60.0, 1e3, 5e3, 4e4, 9e4, 3e6, 4e7, 9e9)

    def moment() -> datetime | None:
        return rng.choice((None, SCAN)) or SCAN + timedelta(seconds=rng.choice((-1.0, 1.0)) * rng.choice(apart_s))

    refused = 0
    for _ in range(3_000):
        frames = tuple(
            Frame(moment(), *(rng.choice((-1.0, 1.0, 1.0)) * min(rng.choice(apart_s), 1e6) for _ in range(2)))
            if rng.random() < 0.3
            else Frame(SCAN, 60.0, 120.0)
            for _ in range(rng.randint(1, 5))
        )
        half_life_s = rng.choice((75.5, 122.2, HALF_LIFE_S, 282_300.0))
        inputs = replace(
            BASE,
            decay_correction=rng.choice(("START", "NONE", "ADMIN")),
            half_life_s=half_life_s,
            dose_bq=1500e6 if half_life_s < 1e3 else 70e6,
            injection=rng.choice((None, moment())),
            injection_clock=rng.choice((None, time(10), time(0, 10), time(23, 50))),
            series_start=moment(),
            stated_start=rng.choice((None, moment())),
            frames=frames,
            vendor=rng.choice(list(Vendor)),
        )
        try:
            assert all(math.isfinite(value) and value > 0.0 for value in convert_to_suv(inputs).factors)
        except QuantificationError as error:
            json.dumps(error.evidence)
            refused += 1
    assert 0 < refused < 3_000


def test_zirconium_after_three_days() -> None:
    inputs = replace(BASE, half_life_s=282_300.0, injection=SCAN - timedelta(days=3), injection_clock=None, dose_bq=70e6)
    expected = factor(3 * 24 * 60, dose_bq=70e6, half_life_s=282_300.0)
    assert convert_to_suv(inputs).factor == pytest.approx(expected)


# --- public sample headers -------------------------------------------------------------------------------------------------

# calculateSUV_SampleData.test.ts beside the headers: the factors that its authors computed.
SAMPLE_FACTORS = {
    "PHILIPS_BQML": 0.0007463747013889488,
    "PHILIPS_CNTS_AND_BQML_SUV": 0.000551,
    "PHILIPS_CNTS_AND_SUV": 0.000728,
    "SIEMENS": 0.00042748316187197236,
    "GE_MEDICAL_AND_BQML": 0.0005367387681819742,
    "BQML_AC_DT_lessThan_S_DT_SIEMENS": 0.0004069156854009332,
    "CPS_AND_BQML_AC_DT_-_S_DT": 0.00026503312764157046,
    "RADIOPHARM_DATETIME_UNDEFINED": 0.0003721089202818729,
}


@pytest.mark.parametrize("name", sorted(SAMPLE_FACTORS))
def test_sample_headers(shared_data: Path, tmp_path: Path, name: str) -> None:
    from dicom.pet_files import PET, write_series

    from petarseg.dicom.convert import suv_of

    instances = json.loads((shared_data / "suv_headers_json" / "metadata" / f"{name}-instances.json").read_text())
    unset = dict.fromkeys(("PatientSize", "RadiopharmaceuticalStartDateTime", "Manufacturer", "SUVType"), None)
    values = PET | unset | {key: value for key, value in instances[0].items() if key != "PhilipsPETPrivateGroup"}
    elements = {"SUVScaleFactor": 0x00, "ActivityConcentrationScaleFactor": 0x09}
    private = [
        (0x7053, "Philips PET Private Group", elements[key], "DS", value.strip())
        for key, value in instances[0]["PhilipsPETPrivateGroup"].items()
    ]

    def edit(index: int, dataset: Any) -> None:
        for keyword in ("FrameReferenceTime", "ActualFrameDuration", "AcquisitionTime"):
            setattr(dataset, keyword, instances[index][keyword])

    files = write_series(tmp_path, values, n_slices=len(instances), private=private, edit=edit)
    answer = suv_of(files)
    assert answer["status"] == "ok", answer
    assert answer["factor"] == pytest.approx(SAMPLE_FACTORS[name], rel=1e-4)


def test_fluciclovine_is_imaged_from_minutes_after_injection():
    """Axumin's prescribing information starts the scan 3 to 5 min after injection; for FDG the same interval is an error."""
    early = with_clock(SCAN - timedelta(minutes=4))
    conversion = convert_to_suv(replace(BASE, tracer="fluciclovine", **early))
    assert conversion.factors[0] == pytest.approx(factor(4.0))
    with pytest.raises(QuantificationError) as error:
        convert_to_suv(replace(BASE, tracer="FDG", **early))
    assert error.value.reason is Reason.UPTAKE_TIME_IMPLAUSIBLE
