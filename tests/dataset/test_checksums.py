"""checksums.sha256 is what sha256sum writes and checks."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from petarseg.dataset.checksums import NAME, changed_files, read_checksums, write_checksums
from petarseg.errors import ConfigError

# FIPS 180-4 example: SHA-256 of "abc".
SHA_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "volumes" / "E1").mkdir(parents=True)
    (tmp_path / "a.txt").write_bytes(b"abc")
    (tmp_path / "volumes" / "E1" / "pet.nii.gz").write_bytes(b"\x1f\x8b")
    write_checksums(tmp_path)
    return tmp_path


def test_lists_every_file_once_sorted(folder):
    assert read_checksums(folder)["a.txt"] == SHA_ABC
    assert list(read_checksums(folder)) == ["a.txt", "volumes/E1/pet.nii.gz"]


def test_known_digests_are_taken_as_they_are(folder):
    write_checksums(folder, {"a.txt": "0" * 64})
    assert read_checksums(folder)["a.txt"] == "0" * 64


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs sha256sum")
def test_sha256sum_agrees(folder):
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", NAME], cwd=folder, check=True)


def test_tells_changed_missing_and_unlisted(folder):
    assert changed_files(folder) == {}
    (folder / "a.txt").write_bytes(b"abd")
    (folder / "volumes" / "E1" / "pet.nii.gz").unlink()
    (folder / "extra").write_bytes(b"")
    assert changed_files(folder) == {"a.txt": "changed", "extra": "unlisted", "volumes/E1/pet.nii.gz": "missing"}


@pytest.mark.parametrize("text", [None, "no separator\n"])
def test_no_readable_list_is_a_message(folder, text):
    (folder / NAME).unlink()
    if text:
        (folder / NAME).write_text(text)
    with pytest.raises(ConfigError, match=NAME):
        changed_files(folder)
