"""The key folder: the project key, keyed pseudonyms, day shifts, and encrypted secrets.

Design decisions:

- One key of 32 random bytes (``project.key``) is all that links a dataset to its patients. It is made on first use, outside any
  dataset.
- Ids, UIDs, day shifts and splits are HMAC-SHA256 of the key and the value: equal on every run and machine that holds the key, and
  without it neither reversible nor testable by guessing.
- Everything else in the folder (mappings, caches with identifying values) is encrypted with a key derived from the project key, so
  that a copied or backed-up cache says nothing, and a byte search of the folder finds no identifying value.
- Each use has its own subkey: a pseudonym tells nothing about a split or a shift.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from petarseg.errors import ConfigError
from petarseg.files import write_bytes

KEY_FILE = "project.key"
KEY_BYTES = 32

FIRST_SHIFT_DAYS, LAST_SHIFT_DAYS = -3650, -365
"""Shifts go one to ten years into the past, so that no shifted date lies in the future."""

_KIND = re.compile(r"[a-z][a-z0-9_]*")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_MAGIC = b"petarseg-secret-1\n"
_NONCE_BYTES = 12


class KeyFolder:
    """A folder (mode 0700) that holds the project key and encrypted secrets (mode 0600).

    Get one from `KeyFolder.open`. Values are compared without surrounding blanks and NULs, which DICOM uses as padding.
    """

    __slots__ = ("_keys", "_root_key", "path")

    def __init__(self, path: Path, root_key: bytes) -> None:
        self.path = path
        self._root_key = root_key
        self._keys: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"KeyFolder({self.path.name!r})"

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        """Travel to a worker process as a path: the key itself is never pickled."""
        return _reopen, (self.path,)

    @classmethod
    def open(cls, path: Path, *, create: bool = True) -> KeyFolder:
        """Open the key folder at `path`, making it and its key on first use.

        Parameters
        ----------
        path : Path
            The folder. Access rights of an existing one are narrowed to its owner.
        create : bool, default True
            Make folder and key when they are missing. A key is never made beside existing content: that would silently give
            every patient a second pseudonym.

        Returns
        -------
        KeyFolder

        Raises
        ------
        ConfigError
            If the key is missing (`create` off, or the folder holds other files), unreadable or damaged, or the folder cannot be
            made private.
        """
        path = Path(path).absolute()
        try:
            if create:
                path.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.is_dir():
                raise ConfigError(f"key folder {path} does not exist: check the path (--key-dir)")
            key = _read_key(path) or (_make_key(path) if create else None)
            if key is None:
                raise ConfigError(f"{path / KEY_FILE} is missing: restore it from your backup, or name another key folder (--key-dir)")
            for item, mode in ((path, 0o700), (path / KEY_FILE, 0o600)):
                if item.stat().st_mode & 0o077:
                    item.chmod(mode)
        except OSError as error:
            raise ConfigError(
                f"key folder {path} cannot be used ({error.strerror}): name a folder that this user owns and may write (--key-dir)"
            ) from error
        return cls(path, key)

    def pseudonym(self, kind: str, value: str, *, digits: int = 12) -> str:
        """Return the keyed pseudonym of an identifying value.

        Parameters
        ----------
        kind : str
            What the value is: "patient", "exam", "study", ... The same value of two kinds gives unrelated pseudonyms.
        value : str
            The identifying value.
        digits : int, default 12
            Number of hexadecimal digits, 8 to 64. With 12, two of 100,000 patients share one with a chance of 2e-5.

        Returns
        -------
        str
            Lower-case hexadecimal digits of HMAC-SHA256.
        """
        if not 8 <= digits <= 64:
            raise ValueError(f"digits must be 8 to 64: {digits=}")
        return self._digest("pseudonym", kind, value).hex()[:digits]

    def uid(self, uid: str) -> str:
        """Return the keyed UID that stands for `uid`: "2.25." and the decimal of a version 8 UUID, at most 44 characters.

        References
        ----------
        .. [1] DICOM PS3.5, B.2 (UUID derived UID); RFC 9562, 5.8 (UUID version 8).
        """
        number = int.from_bytes(self._digest("uid", "uid", uid)[:16], "big")
        number = number & ~(0xF << 76) | 0x8 << 76  # version 8: the content is ours to define
        number = number & ~(0x3 << 62) | 0x2 << 62  # variant of RFC 9562
        return f"2.25.{number}"

    def day_shift(self, patient_id: str) -> int:
        """Return the whole days to add to every date of a patient: the same on every run, between -3650 and -365."""
        number = int.from_bytes(self._digest("day_shift", "patient", patient_id)[:8], "big")
        return FIRST_SHIFT_DAYS + number % (LAST_SHIFT_DAYS - FIRST_SHIFT_DAYS + 1)

    def unit_interval(self, kind: str, value: str) -> float:
        """Return a keyed number, uniform in [0, 1), for example to draw a patient's split."""
        return (int.from_bytes(self._digest("unit", kind, value)[:8], "big") >> 11) / (1 << 53)

    def write_secret(self, name: str, data: bytes) -> None:
        """Encrypt `data` (AES-256-GCM) into the file `name` of the folder, atomically.

        Parameters
        ----------
        name : str
            File name, or relative path with "/". It is not encrypted, so it must not be identifying.
        data : bytes
            Anything, identifying or not; up to 2 GiB.
        """
        path = self._secret_path(name)
        for folder in reversed(path.relative_to(self.path).parents[:-1]):
            (self.path / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._subkey("secret")).encrypt(nonce, data, name.encode())
        write_bytes(path, _MAGIC + nonce + sealed, mode=0o600)

    def read_secret(self, name: str) -> bytes | None:
        """Return what `write_secret` stored under `name`, or None when there is nothing.

        Raises
        ------
        ConfigError
            If the file is damaged or was written with another project key.
        """
        path = self._secret_path(name)
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConfigError(f"{path} cannot be read ({error.strerror})") from error
        start = len(_MAGIC) + _NONCE_BYTES
        try:
            if not sealed.startswith(_MAGIC):
                raise InvalidTag
            return AESGCM(self._subkey("secret")).decrypt(sealed[len(_MAGIC) : start], sealed[start:], name.encode())
        except (InvalidTag, ValueError) as error:
            raise ConfigError(
                f"{path} is damaged or was written with another {KEY_FILE}: restore the key, or remove the file to rebuild it"
            ) from error

    def _secret_path(self, name: str) -> Path:
        if not _NAME.fullmatch(name) or name == KEY_FILE:
            raise ValueError("a secret's name consists of letters, digits, '.', '_', '-' and '/'")
        return self.path / name

    def _digest(self, purpose: str, kind: str, value: str) -> bytes:
        if not _KIND.fullmatch(kind):
            raise ValueError(f"a kind is a lower-case word: {kind=}")
        message = kind.encode() + b"\0" + value.strip(" \t\r\n\0").encode("utf-8", "surrogatepass")
        return hmac.digest(self._subkey(purpose), message, hashlib.sha256)

    def _subkey(self, purpose: str) -> bytes:
        if (key := self._keys.get(purpose)) is None:
            key = self._keys[purpose] = hmac.digest(self._root_key, b"petarseg/1/" + purpose.encode(), hashlib.sha256)
        return key


def _reopen(path: Path) -> KeyFolder:
    return KeyFolder.open(path, create=False)


def _read_key(folder: Path) -> bytes | None:
    try:
        key = (folder / KEY_FILE).read_bytes()
    except FileNotFoundError:
        return None
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{folder / KEY_FILE} is damaged ({len(key)} bytes, not {KEY_BYTES}): restore it from your backup")
    return key


def _make_key(folder: Path) -> bytes:
    """Make the key whole or not at all; when two processes race, both use the key of the first."""
    others = [item for item in folder.iterdir() if not item.name.startswith(".tmp-") and item.name != KEY_FILE]
    if others and not (folder / KEY_FILE).exists():
        raise ConfigError(
            f"{folder} holds other files but no {KEY_FILE}: restore the key from your backup, or name an empty folder (--key-dir)"
        )
    handle, name = tempfile.mkstemp(dir=folder, prefix=".tmp-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(secrets.token_bytes(KEY_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            (folder / KEY_FILE).hardlink_to(temporary)
        except FileExistsError:
            pass  # another process was first: its key counts
        except OSError:
            # Some network and FAT file systems have no hard links; O_EXCL still lets only one process make the file.
            _copy_exclusively(temporary, folder / KEY_FILE)
    finally:
        temporary.unlink(missing_ok=True)
    key = _read_key(folder)
    if key is None:
        raise ConfigError(f"{folder / KEY_FILE} vanished while it was made: try again")
    return key


def _copy_exclusively(source: Path, target: Path) -> None:
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as stream:
        stream.write(source.read_bytes())
        stream.flush()
        os.fsync(stream.fileno())
