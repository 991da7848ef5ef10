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
    assert read_nuclide(Header({int(Tag.RadionuclideCodeSequence): coded(value, meaning)}, "")) == nuclide
