"""Invented people: patients, physicians, hospitals, and everything identifying that a header or a report may hold.

No name, number or place belongs to a real person. Surnames are chosen so that a byte search for them in an output finds
nothing by chance (no "Stone", "Hill" or "Baker").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

_GIVEN = {
    "F": ("Marigold", "Ottoline", "Philippa", "Zenobia", "Griselda", "Henrietta", "Ludmila", "Perpetua", "Ismene", "Thomasina"),
    "M": ("Barnaby", "Leopold", "Quentin", "Thaddeus", "Ignatius", "Mortimer", "Zebulon", "Cuthbert", "Fergus", "Ambrose"),
}
_SURNAMES = (
    "Ostrandez", "Quillfeather", "Vanterholm", "Brackenridge-Ode", "Szymborek", "Thistlewaith", "Abernethiel", "Nakashiro", "Okonjwe",
    "Petterwick", "Lindqvistova", "Marchettino", "Featherstonhaw", "Gallowglas", "Umbrickson", "Yarborovich", "Delacroixan", "Hollingsmead",
    "Wrenfieldt", "Kjærsgård",
)  # fmt: skip
_PHYSICIANS = (
    "Mirabellin", "Thackerayne", "Petherickson", "Ashgrovian", "Halvorsenby", "Cavendishe", "Rosenqvistad", "Battenbergh", "Ellsworthy",
    "Drummondsey", "Iwamotora", "Castellanoz",
)  # fmt: skip
_HOSPITALS = (
    ("Pinecrestwood Valley Hospital", "4412 Larkspurton Road, Fernhollow"),
    ("Northmoorland General Infirmary", "17 Tallowgate Street, Greywick"),
    ("Saint Ermengarde Medical Center", "900 Quarryford Avenue, Millhaven"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Patient:
    """An invented patient at the time of an exam."""

    given: str
    middle: str
    surname: str
    sex: str
    age_years: int
    birth_date: date
    weight_kg: float
    height_m: float
    patient_id: str
    other_id: str
    phone: str
    address: str

    @property
    def dicom_name(self) -> str:
        """As a PN element."""
        return f"{self.surname.upper()}^{self.given.upper()}^{self.middle.upper()}"

    @property
    def spoken_name(self) -> str:
        """As a report writes it."""
        return f"{self.given} {self.middle} {self.surname}"


@dataclass(frozen=True, slots=True)
class Visit:
    """Who and where of one exam."""

    hospital: str
    hospital_address: str
    station: str
    device_serial: str
    accession: str
    study_id: str
    referring: str
    reading: str
    operator: str
    scan_start: datetime
    arrival: datetime


def invent_patient(rng: np.random.Generator, number: int, scan: date, *, sex: str | None = None, aged: bool = False) -> Patient:
    """Invent patient `number` (from 0); `aged` gives someone over 89."""
    drawn = "FM"[int(rng.integers(2))]
    sex = sex or drawn
    given = _GIVEN[sex][(number * 3 + int(rng.integers(3))) % len(_GIVEN[sex])]
    middle = _GIVEN[sex][int(rng.integers(len(_GIVEN[sex])))]
    # The surname is numbered beyond the list's length, so that no two patients of a large cohort share one.
    surname = _SURNAMES[number % len(_SURNAMES)] + ("" if number < len(_SURNAMES) else _roman(number // len(_SURNAMES)))
    age = int(rng.integers(91, 95)) if aged else int(rng.integers(28, 85))
    birth = date(scan.year - age, 1, 1) + timedelta(days=int(rng.integers(0, 300)))
    height = float(rng.uniform(1.50, 1.62) if sex == "F" else rng.uniform(1.56, 1.68))
    weight = float(rng.uniform(20.5, 28.0)) * height**2
    return Patient(
        given, middle, surname, sex, age_on(birth, scan), birth, round(weight, 1), round(height, 2),
        patient_id=f"MR{rng.integers(10**6, 10**7):07d}", other_id=f"ZX-{rng.integers(10**8, 10**9):09d}",
        phone=f"(555) 01{rng.integers(0, 10)}-{rng.integers(1000, 10000)}",
        address=f"{rng.integers(100, 9900)} Willowbrae Crescent, Oxmarsh",
    )  # fmt: skip


def age_on(birth: date, day: date) -> int:
    """Return the age in whole years on a day."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _roman(number: int) -> str:
    return "".join("ivxlcdm"[int(digit) % 7] for digit in str(number))


def invent_visit(rng: np.random.Generator, number: int, vendor: str, scan_start: datetime, arrival: datetime) -> Visit:
    """Invent the surroundings of exam `number`."""
    hospital, address = _HOSPITALS[number % len(_HOSPITALS)]
    first, second, third = rng.permutation(len(_PHYSICIANS))[:3]
    return Visit(
        hospital, address, station=f"PETCTBAY{vendor[:2].upper()}{number % 4 + 1}X", device_serial=f"SN{rng.integers(10**7, 10**8)}",
        accession=f"PT{scan_start.year % 100:02d}{rng.integers(10**6, 10**7):07d}", study_id=f"ST{rng.integers(10**5, 10**6)}",
        referring=_PHYSICIANS[first], reading=_PHYSICIANS[second], operator=_PHYSICIANS[third], scan_start=scan_start, arrival=arrival,
    )  # fmt: skip


def planted_phi(patient: Patient, visit: Visit) -> list[dict[str, str]]:
    """List every identifying string that the exam's headers and report hold, with its type.

    Short strings and strings that could occur by chance (an age, a bare year) are left out: a byte search for them would
    prove nothing.
    """
    study, birth = visit.arrival, patient.birth_date
    values = [
        ("NAME", patient.dicom_name), ("NAME", patient.spoken_name), ("NAME", patient.surname), ("NAME", patient.surname.upper()),
        ("NAME", visit.referring), ("NAME", visit.reading), ("NAME", visit.operator), ("NAME", visit.referring.upper()),
        ("MRN", patient.patient_id), ("OTHER_ID", patient.other_id), ("PHONE", patient.phone), ("LOCATION", patient.address),
        ("HOSPITAL", visit.hospital), ("LOCATION", visit.hospital_address), ("DEVICE_ID", visit.station),
        ("DEVICE_ID", visit.device_serial), ("ACCESSION", visit.accession), ("OTHER_ID", visit.study_id),
        ("DATE", f"{birth:%Y%m%d}"), ("DATE", f"{study:%Y%m%d}"), ("DATE", f"{visit.scan_start:%Y%m%d}"), ("DATE", f"{study:%m/%d/%Y}"),
        ("DATE", f"{study:%B} {study.day}, {study.year}"),
    ]  # fmt: skip
    return [{"type": kind, "text": text} for kind, text in dict.fromkeys(values)]
