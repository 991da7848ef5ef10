"""Reference objects and vendor slices, changed as other scanners, archives and de-identifiers leave them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from petarseg.dicom.convert import convert_pet, suv_of
from petarseg.errors import ExamRejected

# Height, weight and the SUV types of the reference objects: DRO_list.csv and the formulas of the IBSI SUV manual.
WEIGHT_KG, HEIGHT_CM = 70.0, 175.0
LEAN_128_MALE_KG = 1.10 * WEIGHT_KG - 128.0 * (WEIGHT_KG / HEIGHT_CM) ** 2
IDEAL_OTHER_KG = 0.5 * (48.0 + 45.5 + (1.06 + 0.91) * (HEIGHT_CM - 152.0))
SURFACE_CM2 = 71.84 * WEIGHT_KG**0.425 * HEIGHT_CM**0.725
GA68_S = 4_057.0

Edit = Callable[[Dataset], None]


def set_values(**values: Any) -> Edit:
    def edit(dataset: Dataset) -> None:
        agent = dataset.RadiopharmaceuticalInformationSequence[0]
        for keyword, value in values.items():
            target = agent if keyword.startswith("Radi") else dataset
            if value is None:
                if keyword in target:
                    delattr(target, keyword)
            else:
                setattr(target, keyword, value)

    return edit


def lean(dataset: Dataset) -> None:
    set_values(SUVType="LBMJAMES128", PatientSex="M", RescaleSlope=0.1 * LEAN_128_MALE_KG / WEIGHT_KG)(dataset)


def ideal(dataset: Dataset) -> None:
    set_values(SUVType="IBW", PatientSex="O", RescaleSlope=round(0.1 * IDEAL_OTHER_KG / WEIGHT_KG, 12))(dataset)


def surface(dataset: Dataset) -> None:
    set_values(Units="CM2ML", SUVType="BSA", RescaleSlope=round(0.1 * SURFACE_CM2 / (WEIGHT_KG * 1000.0), 12))(dataset)


def activity_factor(dataset: Dataset) -> None:
    del dataset[0x7053, 0x1000]
    # counts of this object are SUV / 0.0005; the formula of DRO_0_0 gives 2.7778e-4 SUV per Bq/ml
    dataset.add_new((0x7053, 0x1009), "DS", f"{0.0005 / 2.7777812e-4:.8f}")


def ge_private(manufacturer: str) -> Edit:
    def edit(dataset: Dataset) -> None:
        set_values(Manufacturer=manufacturer, SeriesTime="113000.000000")(dataset)
        if manufacturer != "Synthetic":  # the objects with Philips' elements have no creator either
            dataset.add_new((0x0009, 0x0010), "LO", "GEMS_PETD_01")
        dataset.add_new((0x0009, 0x100D), "DT", "20250101110000.00")

    return edit


def uncorrected(dataset: Dataset) -> None:
    """Frames of two times, each with its own activity: what decayed between them is not put back."""
    second = int(dataset.InstanceNumber) > 10
    start_s, duration_s, decay = (300.0 if second else 0.0), 300.0, math.log(2.0) / 6586.2
    centre_s = math.log(decay * duration_s / -math.expm1(-decay * duration_s)) / decay
    dataset.RescaleSlope = round(float(dataset.RescaleSlope) * math.exp(-decay * (start_s + centre_s)), 12)
    set_values(DecayCorrection="NONE", AcquisitionTime="110500.000000" if second else "110000.000000")(dataset)


def across_midnight(dataset: Dataset) -> None:
    second = int(dataset.InstanceNumber) > 10
    set_values(
        SeriesTime="235900.000000",
        AcquisitionTime="000400.000000" if second else "235900.000000",
        FrameReferenceTime="450000.0" if second else "150000.0",
        RadiopharmaceuticalStartTime="225900.000000",
        RadiopharmaceuticalStartDateTime=None,
    )(dataset)


def gallium(dataset: Dataset) -> None:
    agent = dataset.RadiopharmaceuticalInformationSequence[0]
    set_values(RadionuclideHalfLife=GA68_S)(dataset)
    code = agent.RadionuclideCodeSequence[0]
    code.CodeValue, code.CodeMeaning = "C-131A3", "^68^Gallium"
    dataset.RescaleSlope = round(float(dataset.RescaleSlope) * 2.0 ** (3600 / 6586.2 - 3600 / GA68_S), 12)


DESCRIBED: dict[str, tuple[str, Edit]] = {
    "2_1 lean mass, male": ("DRO_2_0", lean),
    "2_2 ideal weight, other": ("DRO_2_0", ideal),
    "2_3 body surface": ("DRO_2_0", surface),
    "2_5 Philips activity factor": ("DRO_2_4", activity_factor),
    "3_0 dose in MBq": ("DRO_0_0", set_values(RadionuclideTotalDose=368.08)),
    "3_3 GE private time": ("DRO_0_0", ge_private("GE MEDICAL SYSTEMS")),
    "3_3 GE private time, other manufacturer": ("DRO_0_0", ge_private("Synthetic")),
    "3_4 not decay-corrected": ("DRO_0_0", uncorrected),
    "4_0 only the date and time of injection": ("DRO_0_0", set_values(RadiopharmaceuticalStartTime=None)),
    "4_2 injected before midnight": (
        "DRO_4_1",
        set_values(SeriesTime="003000", AcquisitionTime="003000", RadiopharmaceuticalStartTime="233000"),
    ),
    "4_2 scanned across midnight": ("DRO_0_0", across_midnight),
    "5_0 Ga-68": ("DRO_0_0", gallium),
}
"""The reference objects of DRO_list.csv that are not in the shared data, made from their neighbours as the list describes them."""


@pytest.mark.parametrize("name", DESCRIBED)
def test_the_reference_objects_that_the_list_describes(shared_data: Path, tmp_path: Path, name: str) -> None:
    source, edit = DESCRIBED[name]
    folder = shared_data / "suv_dro" / source
    for path in sorted((folder / "PT").iterdir()):
        dataset = dcmread(path)
        edit(dataset)
        dataset.save_as(tmp_path / path.name)
    converted = convert_pet(sorted(tmp_path.iterdir()))
    mask = nib.as_closest_canonical(nib.load(folder / "mask" / "DRO_mask.nii.gz"))
    inside = converted.volume.array[np.asarray(mask.dataobj) > 0]
    assert (inside.min(), np.median(inside), inside.max()) == pytest.approx((0.20, 1.00, 4.00), rel=0.01)


def blank_private(dataset: Dataset) -> None:
    dataset.remove_private_tags()


def only_activity(dataset: Dataset) -> None:
    del dataset[0x7053, 0x1000]


GE, PHILIPS = "ge/tcga_luad_TCGA-50-5072_015", "philips/acrin_nsclc_fdg_pet_ACRIN-NSCLC-FDG-PET-157_005"
SIEMENS = "siemens/lung_pet_ct_dx_Lung_Dx-A0229_009"
PHILIPS_BQML = "philips/cc_tumor_heterogeneity_CCTH-B01_024"
POST = {"SeriesTime": "180000"}
VARIANTS: dict[str, tuple[str, Edit, float | str]] = {
    # The factor of the unchanged slice (test_convert.VENDOR_SLICES, computed by hand there), or the reason of the refusal.
    "GE, post-processed": (GE, set_values(**POST), 2.60404e-4),
    "GE, post-processed on another day": (GE, set_values(SeriesDate="20000213", **POST), 2.60404e-4),
    "GE, all dates of the standard blanked": (
        GE,
        set_values(SeriesDate="", AcquisitionDate="", StudyDate="", RadiopharmaceuticalStartDateTime=None),
        2.60404e-4,
    ),
    "GE, dates 19000101 but the private ones": (
        GE,
        set_values(SeriesDate="19000101", AcquisitionDate="19000101", StudyDate="19000101"),
        2.60404e-4,
    ),
    "GE, date of injection in the future": (GE, set_values(RadiopharmaceuticalStartDateTime="20991231120800"), 2.60404e-4),
    "GE, injected after the scan": (
        GE,
        set_values(RadiopharmaceuticalStartTime="133000", RadiopharmaceuticalStartDateTime="20000211133000"),
        "uptake_time_implausible",
    ),
    "GE, no weight": (GE, set_values(PatientWeight=None), "weight_missing"),
    "GE, weight 0": (GE, set_values(PatientWeight=0), "weight_missing"),
    "GE, weight in g": (GE, set_values(PatientWeight=95_000), "weight_missing"),
    "GE, dose 0": (GE, set_values(RadionuclideTotalDose=0), "dose_missing"),
    "GE, dose in MBq": (GE, set_values(RadionuclideTotalDose=539.012416), 2.60404e-4),
    "GE, dose in mCi": (GE, set_values(RadionuclideTotalDose=14.57), "dose_missing"),
    "GE, half-life 0": (GE, set_values(RadionuclideHalfLife=0), "half_life_missing"),
    "GE, half-life in minutes": (GE, set_values(RadionuclideHalfLife=109.8), "factor_contradiction"),
    "GE, stored SUV": (GE, set_values(Units="GML", SUVType="BW", RescaleSlope=1e-4), 1.0),
    "GE, stored lean SUV in cm": (GE, set_values(Units="GML", SUVType="LBM", PatientSize=175), "height_missing"),
    "GE, counts per second": (GE, set_values(Units="PROPCPS"), "units_unsupported"),
    "Philips, only the activity factor": (
        PHILIPS,
        only_activity,
        4.2108e-4,
    ),  # 1.542438 x 76.66 kg / 484.7 MBq, 1:26:28; the SUV factor is 4.21e-4
    "Philips, private elements removed": (PHILIPS, blank_private, "private_factor_missing"),
    "Philips, weight blanked": (PHILIPS, set_values(PatientWeight=None), 4.21e-4),
    "Philips, dose of another patient": (PHILIPS, set_values(RadionuclideTotalDose=384_700_000), "factor_contradiction"),
    "Philips BQML, post-processed": (PHILIPS_BQML, set_values(**POST), 2.05529e-4),
    "Siemens, post-processed, private time": (SIEMENS, set_values(**POST), 4.23257e-4),
    "Siemens, post-processed, no private time": (SIEMENS, lambda ds: (blank_private(ds), set_values(**POST)(ds))[0], 4.23257e-4),
    "Siemens, corrected to injection": (SIEMENS, set_values(DecayCorrection="ADMIN"), 58_000 / 234_210_000),
    "Siemens, time of the series is that of another scan": (SIEMENS, set_values(SeriesTime="095000"), "factor_contradiction"),
    "Siemens, no time of injection": (
        SIEMENS,
        set_values(RadiopharmaceuticalStartTime=None, RadiopharmaceuticalStartDateTime=None),
        "injection_time_missing",
    ),
    "Siemens, universal time": (
        SIEMENS,
        set_values(TimezoneOffsetFromUTC="+0800", RadiopharmaceuticalStartDateTime="20101030010800+0000"),
        4.23257e-4,
    ),
    "Siemens, universal time but none of the scan": (
        SIEMENS,
        set_values(RadiopharmaceuticalStartTime=None, RadiopharmaceuticalStartDateTime="20101030010800+0000"),
        "injection_time_missing",
    ),
    "Siemens, imported": (SIEMENS, set_values(Manufacturer="Importer", **POST), 4.23257e-4),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_of_vendor_slices(shared_data: Path, tmp_path: Path, name: str) -> None:
    source, edit, expected = VARIANTS[name]
    dataset = dcmread(shared_data / "vendor_slices" / f"{source}.dcm")
    edit(dataset)
    path = tmp_path / "slice"
    dataset.save_as(path)
    answer = suv_of(path)
    if isinstance(expected, str):
        assert (answer["status"], answer.get("reason")) == ("rejected", expected), answer
        with pytest.raises(ExamRejected):
            convert_pet([path])
    else:
        assert answer["status"] == "ok", answer
        assert answer["factor"] == pytest.approx(expected, rel=1e-3)
