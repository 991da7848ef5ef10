from __future__ import annotations

import io
import warnings
from pathlib import Path
from random import Random

import pydicom
import pytest
from dicom import planted_phi as phi
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from petarseg.dicom.elements import silent_pydicom
from petarseg.dicom.plain import read_plain


def written(dataset: Dataset, folder: Path, **options: object) -> bytes:
    phi.write(dataset, folder / "x", **options)  # type: ignore[arg-type]
    return (folder / "x").read_bytes()


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian], ids=lambda s: s.name)
def test_the_same_as_pydicom_reads(tmp_path: Path, syntax: pydicom.uid.UID, undefined: bool) -> None:
    source = phi.pet(1)
    phi.plant(source, phi.Planted(), step=40)
    for element in source:
        if element.VR == "SQ":
            element.is_undefined_length = undefined
            for item in element.value:
                item.is_undefined_length_sequence_item = undefined
    data = written(source, tmp_path, syntax=syntax)
    plain = read_plain(data)
    assert plain is not None
    assert all(isinstance(element.value, bytes | None) for element in plain.values())
    assert plain.original_encoding == (syntax.is_implicit_VR, True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = pydicom.dcmread(io.BytesIO(data))
        assert plain.file_meta == expected.file_meta
        assert plain == expected


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian], ids=lambda s: s.name)
def test_other_encodings_are_left_to_pydicom(tmp_path: Path, syntax: pydicom.uid.UID) -> None:
    assert read_plain(written(phi.ct(1), tmp_path, syntax=syntax)) is None


def test_damaged_files_are_left_to_pydicom(tmp_path: Path) -> None:
    data = written(phi.ct(1), tmp_path)
    whole = read_plain(data)
    assert whole is not None
    for length in range(0, len(data), 7):
        cut = read_plain(data[:length])
        # A cut between two elements is a shorter file, to pydicom too.
        assert cut is None or len(cut) < len(whole)
    modality = data.index(b"\x08\0\x60\0CS\x02\0")
    assert read_plain(data[:modality] + data[modality : modality + 10] * 2 + data[modality + 10 :]) is None  # twice the same tag
    assert read_plain(data.replace(b"CS\x02\0", b"??\x02\0", 1)) is None


def test_real_files(shared_data: Path) -> None:
    read = 0
    for folder in ("vendor_slices", "deid_dicom", "suv_dro"):
        for path in sorted((shared_data / folder).rglob("*"))[:60]:
            data = path.read_bytes() if path.is_file() else b""
            if (plain := read_plain(data)) is not None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    assert plain == pydicom.dcmread(io.BytesIO(data))
                read += 1
    assert read > 30


def test_mutated_files_are_read_alike_or_left_to_pydicom(tmp_path: Path) -> None:
    """What pydicom would read otherwise might hide a value from the rules."""
    source = phi.pet(1)
    phi.plant(source, phi.Planted(), step=80)
    alike = 0
    for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian):
        data = written(source, tmp_path, syntax=syntax)
        for seed in range(400):
            random = Random(seed)
            mutant = bytearray(data)
            for _ in range(random.choice((1, 1, 2, 4))):
                place = random.randrange(132, len(data) - 600)
                mutant[place] = random.choice((0, 1, 2, 0x20, 0x41, 0xFE, 0xFF, random.randrange(256)))
            plain = read_plain(bytes(mutant))
            if plain is None:
                continue
            with silent_pydicom():
                expected = pydicom.dcmread(io.BytesIO(bytes(mutant)))
            assert list(plain.keys()) == list(expected.keys())
            for tag in plain.keys():  # noqa: SIM118 -- a Dataset iterates over elements
                one, other = plain.get_item(tag), expected.get_item(tag)
                if isinstance(other, RawDataElement):
                    assert (one.VR, one.value or b"") == (other.VR, other.value or b""), (seed, tag)
                elif other.VR == "SQ":
                    assert one.VR == "SQ", (seed, tag)
                else:  # pydicom decodes some at once
                    with silent_pydicom():
                        assert plain[tag] == other, (seed, tag)
            alike += 1
    assert alike > 400
