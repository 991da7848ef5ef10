from __future__ import annotations

import base64
import gzip
import io
import lzma
import sqlite3
import struct
import tarfile
import zipfile
import zlib
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from petarseg.leakscan import Leak, scan_files
from petarseg.needles import NeedleSet, date_renderings, kind_of

NAME, NUMBER, DATE, UID = "Quillfeather^Theodora", "4711001", "20140312", "1.3.6.1.4.1.99999.7.8.4711"
NEEDLES = (NAME, NUMBER, DATE, UID)


def found(data: bytes | str, *needles: str, binary: bool = False) -> set[str]:
    needle_set = NeedleSet(needles or NEEDLES)
    return {needle_set.values[i] for i in needle_set.find(data.encode() if isinstance(data, str) else data, binary=binary)}


@pytest.mark.parametrize(
    ("needle", "kind"),
    [
        ("20140312", "date"),
        ("20141312", "number"),
        ("4711", None),
        ("47110", "number"),
        ("A12", "word"),
        ("Doe", None),
        ("Lee^", None),
        ("Doe^Jane", "name"),
        ("Toro", "word"),
        ("1.2.840.10008.5.1.4.1.1.128", None),
        ("1.2.840.113619.2.55", "uid"),
        ("王^小東", "name"),
        ("", None),
    ],
)
def test_kind_of(needle: str, kind: str | None) -> None:
    assert kind_of(needle) == kind


@pytest.mark.parametrize(
    "text",
    [
        "QUILLFEATHER^THEODORA",
        "seen by theodora quillfeather.",
        "Quillfeather, Theodora",
        '{"name": "Quillfeather^Theodora"}',
    ],
)
def test_names(text: str) -> None:
    assert found(text) == {NAME}
    assert found(text.encode("utf-16-le")) == {NAME}
    assert found(b"x" + text.encode("utf-16-be")) == {NAME}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("text", ["Jörg MÜLLER-Östrand", "müller-östrand, jörg"])
def test_names_outside_ascii(encoding: str, text: str) -> None:
    assert found(text.encode(encoding), "Müller-Östrand^Jörg")
    assert found("M\\u00fcller-\\u00d6strand, J\\u00f6rg", "Müller-Östrand^Jörg")
    assert found("Muller-Ostrand Jorg", "Müller-Östrand^Jörg")


def test_names_in_dicom_character_sets() -> None:
    assert found("Люкceмбypг".encode("iso8859-5"), "Люкceмбypг")
    assert found(b"\x00" + "王小東".encode("gb18030") + b"\x00", "王小東")


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("MRN4711001", True),
        ("id=4711001,", True),
        ("1.2.4711001.3", True),
        ("14711001", False),
        ("47110012", False),
        ("0.4711001", False),
        ("4711001.25", False),
        ("seen by 4711001.", True),
        ("a4711001bcde0", False),  # a pseudonym of 13 hexadecimal digits
        ("exam-a4711001bc", True),
    ],
)
def test_numbers(text: str, hit: bool) -> None:
    assert bool(found(text, NUMBER)) is hit


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("20140312", True),
        ("20140312101500.000000", True),
        ("2014-03-12T10:15:00", True),
        ("12.03.2014", True),
        ("3/12/2014", True),
        ("March 12, 2014", True),
        ("12-MAR-2014", True),
        ("03/12/14", True),
        ("120140312", False),
        ("201403129", False),
        ("2014-03-13", False),
        ("13/12/2014", False),
    ],
)
def test_dates(text: str, hit: bool) -> None:
    assert bool(found(text, DATE)) is hit


def test_date_renderings_of_another_string() -> None:
    assert date_renderings("20141312") == set()


def test_uids() -> None:
    assert found(UID) == {UID}
    assert found(UID + ".5.6") == {UID}
    assert found(UID + "5") == set()
    assert found("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1") == set()


def test_short_needles_do_not_count_in_pixels() -> None:
    pixels = b"\x01\x02Toro\x00A12\x00Quillfeather^Theodora"
    assert found(pixels, "Toro", "A12", NAME) == {"Toro", "A12", NAME}
    assert found(pixels, "Toro", "A12", NAME, binary=True) == {NAME}


def test_many_needles_in_pixels_give_no_chance_hit() -> None:
    rng = np.random.default_rng(5)
    needles = [f"1.3.6.1.4.1.99999.{number}.{number * 7919}" for number in range(20_000)]
    needles += [str(number) for number in rng.integers(10_000, 9_999_999, 5_000)]
    pixels = rng.integers(0, 32_767, 4_000_000, dtype=np.uint16).tobytes()
    assert NeedleSet(needles).find(pixels, binary=True) == set()


def _contents(payload: bytes) -> dict[str, bytes]:
    """The payload in every container that is looked into."""
    zipped, tarred, table, png = io.BytesIO(), io.BytesIO(), io.BytesIO(), b"\x89PNG\r\n\x1a\n"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b.txt", gzip.compress(payload))
    with tarfile.open(fileobj=tarred, mode="w:gz") as archive:
        info = tarfile.TarInfo("a.txt")
        info.size = len(payload)
        archive.addfile(info, io.BytesIO(payload))
    rows = [[{"text": payload.decode("latin-1"), "n": 3}]]
    pq.write_table(pa.table({"rows": rows, "blob": [gzip.compress(payload)]}), table, compression="zstd")
    for kind, body in ((b"zTXt", b"Comment\0\0" + zlib.compress(payload)), (b"IDAT", zlib.compress(b"pixels"))):
        png += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    page = b'<img src="data:application/gzip;base64,' + base64.b64encode(gzip.compress(payload)) + b'">'
    return {
        "plain.txt": payload,
        "a.nii.gz": gzip.compress(b"\0" * 344 + b"n+1\0" + b"\0" * 5000 + payload),
        "a.zip": zipped.getvalue(),
        "a.tar.gz": tarred.getvalue(),
        "a.xz": lzma.compress(payload),
        "a.zst": pa.compress(payload, codec="zstd", asbytes=True),
        "a.parquet": table.getvalue(),
        "a.png": png,
        "a.html": page,
    }


def test_containers(tmp_path: Path) -> None:
    for name, data in _contents(b"\x01x " + NAME.encode() + b" y").items():
        (tmp_path / name).write_bytes(data)
    names = {leak.path for leak in scan_files(tmp_path, NEEDLES)}
    assert names == set(_contents(b""))
    assert scan_files(tmp_path, ["Nobody^Known", "99887766"]) == []


def test_sqlite_with_its_journal(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "a.db")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE t (v)")
    database.execute("INSERT INTO t VALUES (?)", ("x" * 5000 + NAME,))
    database.commit()
    paths = {leak.path for leak in scan_files(tmp_path, NEEDLES)}
    assert "a.db-wal" in paths
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    assert {leak.path for leak in scan_files(tmp_path, NEEDLES)} == {"a.db"}


def test_numbers_and_dates_of_parquet(tmp_path: Path) -> None:
    pq.write_table(pa.table({"mrn": [4711001], "day": [date(2014, 3, 12)], "x": [4711001.5]}), tmp_path / "a.parquet")
    assert {leak.kind for leak in scan_files(tmp_path, NEEDLES)} == {"number", "date"}


def test_names_of_files_and_links(tmp_path: Path) -> None:
    (tmp_path / "Quillfeather_Theodora").mkdir()
    (tmp_path / "Quillfeather_Theodora" / "4711001.txt").write_text("nothing")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    leaks = scan_files(tmp_path, NEEDLES)
    assert {(leak.path, leak.kind) for leak in leaks} == {("***/***", "name"), ("***/***", "number")}


def test_exclude(tmp_path: Path) -> None:
    (tmp_path / "key").mkdir()
    (tmp_path / "key" / "map").write_text(NAME)
    assert scan_files(tmp_path, NEEDLES, exclude=[Path("key")]) == []
    assert scan_files(tmp_path, NEEDLES, exclude=[tmp_path / "key"]) == []


def test_a_damaged_container_is_not_cleared(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"x" * 1000)[:-20])
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 nothing")
    assert scan_files(tmp_path, NEEDLES) == [Leak("a.gz", "unreadable", -1), Leak("b.zip", "unreadable", -1)]


def test_a_needle_across_two_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("petarseg.leakscan.PIECE_BYTES", 4096)
    (tmp_path / "a").write_bytes(b"-" * 4085 + NAME.encode() + b"-" * 9000)
    assert len(scan_files(tmp_path, NEEDLES)) == 1


def test_dicom_header_and_pixels(tmp_path: Path) -> None:
    header = b"\0" * 128 + b"DICM" + b"\x10\0\x10\0PN\x04\0Toro"
    pixels = b"\xe0\x7f\x10\x00OW\0\0\x10\0\0\0" + b"Abel" * 1000
    (tmp_path / "a.dcm").write_bytes(header + pixels + b"\xfc\xff\xfc\xffOB\0\0")
    leaks = scan_files(tmp_path, ["Toro", "Abel"])
    assert [leak.needle for leak in leaks] == [1]


@pytest.mark.parametrize("text", [b"Quillfeather", b"nothing"])
def test_deflated_dicom_is_inflated(tmp_path: Path, text: bytes) -> None:
    encoder = zlib.compressobj(wbits=-15)
    syntax = b"\x02\0\x10\0UI\x16\x001.2.840.10008.1.2.1.99"
    body = encoder.compress(b"\x10\0\x10\0PN" + len(text).to_bytes(2, "little") + text) + encoder.flush()
    start = bytes(128) + b"DICM" + b"\x02\0\x01\0OB\0\0\2\0\0\0\0\1" + syntax
    (tmp_path / "a.dcm").write_bytes(start + body + b"\0" * (len(body) % 2))
    assert bool(scan_files(tmp_path, ["Quillfeather"])) is (text == b"Quillfeather")
    (tmp_path / "a.dcm").write_bytes(start + body[:-3])
    assert scan_files(tmp_path, ["Zorgheim"]) == [Leak("a.dcm", "unreadable", -1)]
