from __future__ import annotations

import pytest

from petarseg.dicom.header import Header
from petarseg.dicom.tags import Tag
from petarseg.dicom.tracers import read_nuclide, read_tracer, tracer_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("FDG -- fluorodeoxyglucose", "FDG"),
        ("Fluorodeoxyglucose F^18^", "FDG"),
        ("[18F]FDG", "FDG"),
        ("F-18 fludeoxyglucose", "FDG"),
        ("18F-FDG 5 MBq/kg", "FDG"),
        ("Ga-68 DOTATATE", "DOTATATE"),
        ("Detectnet", "DOTATATE"),
        ("68Ga-PSMA-11", "PSMA-11"),
        ("18F-DCFPyL (Pylarify)", "DCFPyL"),
        ("F18 PSMA 1007", "PSMA-1007"),
        ("Fluciclovine F^18^", "fluciclovine"),
        ("Axumin", "fluciclovine"),
        ("Sodium fluoride F^18^", "NaF"),
        ("Fluorocholine", "fluorocholine"),
        ("Choline C^11^", "choline"),
        ("FLT", "FLT"),
        ("Other", None),
        ("Solution", None),
        ("", None),
    ],
)
def test_names(text: str, name: str | None) -> None:
    assert tracer_name(text) == name


def image(agent: dict[int, object]) -> Header:
    return Header({int(Tag.RadiopharmaceuticalInformationSequence): [{int(tag): value for tag, value in agent.items()}]}, "")


def coded(value: bytes, meaning: bytes) -> list[dict[int, bytes]]:
    return [{int(Tag.CodeValue): value, int(Tag.CodeMeaning): meaning}]


def test_the_code_goes_before_the_text() -> None:
    header = image({Tag.RadiopharmaceuticalCodeSequence: coded(b"724025002", b""), Tag.Radiopharmaceutical: b"FDG"})
    assert read_tracer(header) == "DOTATATE"
    assert read_tracer(image({Tag.RadiopharmaceuticalCodeSequence: coded(b"UNKNOWN", b""), Tag.Radiopharmaceutical: b"FDG"})) == "FDG"
    assert read_tracer(image({Tag.Radiopharmaceutical: b"Other"})) is None
    assert read_tracer(Header({}, "")) is None


@pytest.mark.parametrize(
    ("value", "meaning", "nuclide"),
    [
        (b"C-111A1", b"", "F-18"),
        (b"35337001", b"", "Ga-68"),
        (b"x", b"^18^Fluorine", "F-18"),
        (b"x", b"Zirconium-89", "Zr-89"),
        (b"x", b"F-18", "F-18"),
        (b"x", b"68Ga", "Ga-68"),
        (b"x", b"^68^Germanium", None),
        (b"UNKNOWN", b"", None),
    ],
)
def test_nuclides(value: bytes, meaning: bytes, nuclide: str | None) -> None:
    assert read_nuclide(Header({int(Tag.RadionuclideCodeSequence): coded(value, meaning)}, "")) == (
        nuclide,
        "RadionuclideCodeSequence" if nuclide else "Radiopharmaceutical",
    )


@pytest.mark.parametrize(
    ("agent", "nuclide"),
    [
        ({Tag.RadiopharmaceuticalCodeSequence: coded(b"C-B1031", b"")}, "F-18"),
        ({Tag.RadiopharmaceuticalCodeSequence: coded(b"x", b"Fluorodeoxyglucose F^18^")}, "F-18"),
        ({Tag.RadiopharmaceuticalCodeSequence: coded(b"C118961", b""), Tag.Radiopharmaceutical: b"FDG"}, "Ga-68"),
        ({Tag.Radiopharmaceutical: b"FDG -- fluorodeoxyglucose"}, "F-18"),
        ({Tag.Radiopharmaceutical: b"Ga-68 DOTATATE"}, "Ga-68"),
        ({Tag.Radiopharmaceutical: b"68Ga-PSMA-11"}, "Ga-68"),
        ({Tag.Radiopharmaceutical: b"[18F]PSMA-1007"}, "F-18"),
        ({Tag.Radiopharmaceutical: b"Cu 64 DOTATATE"}, "Cu-64"),
        ({Tag.Radiopharmaceutical: b"^89^Zirconium trastuzumab"}, "Zr-89"),
        # Made with several radionuclides, or naming none or several:
        ({Tag.Radiopharmaceutical: b"DOTATATE"}, None),
        ({Tag.Radiopharmaceutical: b"PSMA-11"}, None),
        ({Tag.Radiopharmaceutical: b"choline"}, None),
        ({Tag.Radiopharmaceutical: b"PSMA F-18/Ga-68"}, None),
        ({Tag.Radiopharmaceutical: b"Solution at 15 o'clock"}, None),
        ({Tag.Radiopharmaceutical: b"Solution"}, None),
        ({}, None),
    ],
)
def test_the_tracer_names_its_nuclide(agent: dict[int, object], nuclide: str | None) -> None:
    assert read_nuclide(Header({int(tag): value for tag, value in agent.items()}, ""))[0] == nuclide


def test_the_code_of_the_nuclide_goes_before_the_tracer() -> None:
    item = {int(Tag.RadionuclideCodeSequence): coded(b"C-131A3", b""), int(Tag.Radiopharmaceutical): b"FDG"}
    assert read_nuclide(Header(item, "")) == ("Ga-68", "RadionuclideCodeSequence")
