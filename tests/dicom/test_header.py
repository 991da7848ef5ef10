from __future__ import annotations

import struct
import warnings
from pathlib import Path

import pytest
from dicom.pet_files import write_series
from pydicom import dcmread

from petarseg.dicom.header import DamagedError, Header, NotDicomError, _parse_with_pydicom, parse_header, read_header
from petarseg.dicom.source import open_binary, size_of
from petarseg.dicom.tags import NUMERIC_VR, SEQUENCES, WANTED, Tag

PRIVATE = [(0x7053, "Philips PET Private Group", 0x09, "DS", "1.5")]


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"])
def test_every_syntax_gives_the_same_values(tmp_path: Path, syntax: str) -> None:
    (plain, *_), (other, *_) = write_series(tmp_path / "a", private=PRIVATE), write_series(tmp_path / "b", private=PRIVATE, syntax=syntax)
    one, two = read_header(plain), read_header(other)
    assert two.transfer_syntax == syntax
    for tag in sorted(WANTED):
        assert one.texts(tag) == two.texts(tag) or tag in NUMERIC_VR, hex(tag)
        assert one.numbers(tag) == two.numbers(tag), hex(tag)
    agent = two.items(Tag.RadiopharmaceuticalInformationSequence)[0]
    assert agent.number(Tag.RadionuclideTotalDose) == 350e6
    assert two.private_text(0x7053, "philips pet private group", 0x09) == "1.5"


def test_bare_data_sets_without_preamble(tmp_path: Path) -> None:
    for syntax in ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1"):
        path = write_series(tmp_path / syntax, n_slices=1, syntax=syntax)[0]
        data = path.read_bytes()
        assert parse_header(data[132:]).text(Tag.PatientID) == "P1"  # meta group but no preamble
        (length,) = struct.unpack_from("<I", data, 140)
        assert parse_header(data[144 + length :]).text(Tag.PatientID) == "P1"  # neither


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + b"\0" * 200, b"\0" * 4096, b"{" * 4096])
def test_what_is_no_dicom(data: bytes) -> None:
    with pytest.raises(NotDicomError):
        parse_header(data)


def test_cutting_a_file_anywhere_is_damage_or_a_shorter_file(tmp_path: Path) -> None:
    data = write_series(tmp_path, n_slices=1, private=PRIVATE)[0].read_bytes()
    for length in range(len(data)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                header = parse_header(data[:length])
            except (NotDicomError, DamagedError):
                continue
        assert header.file_size == length


def test_text_in_other_character_sets(tmp_path: Path) -> None:
    for charset, name in (("ISO_IR 100", "Müller^Jörg"), ("ISO_IR 192", "Nguyễn^Văn"), ("ISO 2022 IR 87", "Yamada^Tarou")):
        path = write_series(tmp_path / charset, n_slices=1, SpecificCharacterSet=charset, PatientName=name)[0]
        assert read_header(path).text(Tag.PatientName) == name


@pytest.mark.parametrize("raw", [b"nan", b"inf", b"1_000", b"1,5", b"", b"\0", b"12 kg", b"--1", b"1e400"])
def test_a_number_is_a_number_or_none(raw: bytes) -> None:
    assert Header({int(Tag.PatientWeight): raw}, "").number(Tag.PatientWeight) is None


def test_unknown_vr_sequences_and_undefined_lengths(tmp_path: Path) -> None:
    """A sequence of undefined length, and one that a gateway has written as UN."""
    path = write_series(tmp_path, n_slices=1)[0]
    dataset = dcmread(path)
    dataset["RadiopharmaceuticalInformationSequence"].is_undefined_length = True
    for item in dataset.RadiopharmaceuticalInformationSequence:
        item.is_undefined_length_sequence_item = True
    dataset.save_as(tmp_path / "undefined")
    header = read_header(tmp_path / "undefined")
    assert header.items(Tag.RadiopharmaceuticalInformationSequence)[0].number(Tag.RadionuclideTotalDose) == 350e6
    item = struct.pack("<HHI", 0x0018, 0x1074, 4) + b"99.5"
    body = struct.pack("<HHI", 0xFFFE, 0xE000, len(item)) + item
    bare = struct.pack("<HH2sH", 0x0008, 0x0060, b"CS", 2) + b"PT"
    bare += struct.pack("<HH2sHI", 0x0054, 0x0016, b"UN", 0, len(body)) + body
    assert parse_header(bare).items(Tag.RadiopharmaceuticalInformationSequence)[0].number(Tag.RadionuclideTotalDose) == 99.5


def test_private_elements_are_found_by_creator_not_by_block(tmp_path: Path) -> None:
    (path,) = write_series(
        tmp_path, n_slices=1, private=[(0x0009, "SOMEONE ELSE", 0x0D, "LO", "x"), (0x0009, "GEMS_PETD_01", 0x0D, "DT", "20200102110000")]
    )
    header = read_header(path)
    assert header.private_text(0x0009, "GEMS_PETD_01", 0x0D) == "20200102110000"
    assert header.private_text(0x0009, "NOBODY", 0x0D, trust_missing_creator=True) == ""


def test_walker_and_pydicom_agree_on_real_files(shared_data: Path) -> None:
    files = [*sorted((shared_data / "vendor_slices").rglob("*.dcm")), *sorted((shared_data / "deid_dicom").rglob("*"))[:40]]
    compared = 0
    for path in files:
        if not path.is_file():
            continue
        try:
            header = read_header(path)
        except (NotDicomError, DamagedError):
            continue
        with open_binary(path) as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = _parse_with_pydicom(stream, size_of(stream))
        for tag in sorted(WANTED - SEQUENCES):
            assert header.texts(tag) == other.texts(tag) or tag in NUMERIC_VR or header.numbers(tag) == other.numbers(tag), hex(tag)
        compared += 1
    assert compared > 10
