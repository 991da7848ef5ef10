"""Header fields: the words of a label say what its value is, in any layout."""

from __future__ import annotations

import pytest

from petarseg.reports.phi_field_values import find_labelled
from petarseg.reports.phi_fields import find_fields, kind_of


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Responsible consultant's name", "NAME"),
        ("Transcribed by", "SIGNED"),
        ("Hospital no.", "MRN"),
        ("Date of birth", "DATE"),
        ("Accession #", "ACCESSION"),
        ("Request no", "ACCESSION"),
        ("Scanner serial number", "DEVICE_ID"),
        ("Station name", "DEVICE_ID"),
        ("Institution name", "HOSPITAL"),
        ("Ward", "LOCATION"),
        ("Home phone", "PHONE"),
        ("Order", "COUNTED"),
        ("Liver", None),
        ("Series number", None),
        ("Impression", None),
    ],
)
def test_a_label_is_understood_by_its_words(label: str, kind: str | None) -> None:
    assert kind_of(label) == kind


def test_a_value_ends_at_the_next_label_and_at_a_column() -> None:
    text = "Pt: DOE, JANE MRN: 1234567  LOC: 4N\n"
    assert [(field.kind, text[field.start : field.end].strip()) for field in find_fields(text)] == [
        ("NAME", "DOE, JANE"),
        ("MRN", "1234567"),
        ("LOCATION", "4N"),
    ]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Patient Name: HOLLY WREN\n", ["HOLLY WREN"]),
        ("ATTENDING    DR. SUMMERS, HALE        STATUS  REG CLI\n", ["SUMMERS, HALE"]),
        ("| Hospital no. | K 448 210 |\n", ["K 448 210"]),
        ("Name=Quill, Jasper; ID=55-0918-2\n", ["Quill, Jasper", "55-0918-2"]),
        ("NAME\tMRN\tDOB\nGrundy, Ann\t4471920\t03/14/61\n", ["Grundy, Ann", "4471920", "03/14/61"]),
        ("DATE OF SERVICE 061523\n", ["061523"]),
        ("TRANSCRIBED: 11/02/24 1533 KLM\n", ["KLM"]),
        ("REPORTED BY\nGoh Boon Hock\n", ["Goh Boon Hock"]),
        ("Location: left lower lobe\nSite: right breast\nCase: lymphoma\nReader: blinded\nTech: Cu-64 DOTATATE\n", []),
        ("Patient position: supine\nReferring physician: none\nGroup: 2\nStation: 7\n", []),
    ],
)
def test_values_of_labelled_fields(text: str, values: list[str]) -> None:
    assert list(dict.fromkeys(text[span.start : span.end] for span in find_labelled(text))) == values
