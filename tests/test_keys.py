from __future__ import annotations

import multiprocessing
import pickle
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from petarseg.errors import ConfigError
from petarseg.keys import KEY_FILE, KeyFolder


def _pseudonym(path: Path) -> str:
    return KeyFolder.open(path).pseudonym("patient", "A")


def test_same_key_same_answers(tmp_path: Path) -> None:
    first, again, other = (KeyFolder.open(tmp_path / name) for name in ("a", "a", "b"))
    assert first.pseudonym("patient", "4711") == again.pseudonym("patient", "4711")
    assert first.uid("1.2.3") == again.uid("1.2.3")
    assert first.pseudonym("patient", "4711") != other.pseudonym("patient", "4711")
    assert first.uid("1.2.3") != other.uid("1.2.3")


def test_pseudonym_depends_on_kind_and_ignores_padding(tmp_path: Path) -> None:
    keys = KeyFolder.open(tmp_path / "key")
    assert keys.pseudonym("patient", "4711") != keys.pseudonym("study", "4711")
    assert keys.pseudonym("patient", "4711") == keys.pseudonym("patient", " 4711\0 ")
    assert len(keys.pseudonym("patient", "4711", digits=20)) == 20
    assert keys.pseudonym("patient", "4711", digits=20).startswith(keys.pseudonym("patient", "4711"))
    with pytest.raises(ValueError, match="kind"):
        keys.pseudonym("Patient\0", "4711")


def test_uid_is_a_valid_uuid_derived_uid(tmp_path: Path) -> None:
    keys = KeyFolder.open(tmp_path / "key")
    for number in range(200):
        uid = keys.uid(f"1.2.840.{number}")
        decimal = uid.removeprefix("2.25.")
        assert len(uid) <= 64
        assert decimal == str(int(decimal))
        assert int(decimal) < 1 << 128
        assert int(decimal) >> 76 & 0xF == 8  # RFC 9562: version
        assert int(decimal) >> 62 & 0x3 == 2  # RFC 9562: variant
    assert keys.uid("1.2.3") == keys.uid("1.2.3\0")


def test_day_shift_range_and_spread(tmp_path: Path) -> None:
    keys = KeyFolder.open(tmp_path / "key")
    shifts = [keys.day_shift(str(number)) for number in range(3000)]
    assert all(-3650 <= shift <= -365 for shift in shifts)
    assert len(set(shifts)) > 1500
    assert shifts[17] == keys.day_shift("17")


def test_unit_interval_is_uniform(tmp_path: Path) -> None:
    keys = KeyFolder.open(tmp_path / "key")
    draws = [keys.unit_interval("split", str(number)) for number in range(4000)]
    assert all(0 <= draw < 1 for draw in draws)
    # 4,000 draws: the standard error of the mean is 0.0046
    assert abs(sum(draws) / 4000 - 0.5) < 0.025


def test_modes(tmp_path: Path) -> None:
    folder = tmp_path / "key"
    folder.mkdir(mode=0o755)
    keys = KeyFolder.open(folder)
    keys.write_secret("map/patients.json", b"{}")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "map").stat().st_mode) == 0o700
    for name in (KEY_FILE, "map/patients.json"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert (folder / KEY_FILE).stat().st_size == 32


def test_secrets_round_trip_and_hide_their_content(tmp_path: Path) -> None:
    keys = KeyFolder.open(tmp_path / "key")
    assert keys.read_secret("nothing") is None
    keys.write_secret("map", b"DOE^JANE 4711")
    keys.write_secret("map", b"DOE^JANE 4712")
    assert KeyFolder.open(tmp_path / "key").read_secret("map") == b"DOE^JANE 4712"
    for path in (tmp_path / "key").rglob("*"):
        assert b"DOE" not in path.read_bytes()
        assert b"471" not in path.read_bytes()


def test_secret_of_another_key_or_name_is_refused(tmp_path: Path) -> None:
    keys, other = KeyFolder.open(tmp_path / "a"), KeyFolder.open(tmp_path / "b")
    keys.write_secret("map", b"content")
    sealed = (tmp_path / "a" / "map").read_bytes()
    (tmp_path / "b" / "map").write_bytes(sealed)
    (tmp_path / "a" / "renamed").write_bytes(sealed)
    (tmp_path / "a" / "short").write_bytes(sealed[:20])
    for folder, name in ((other, "map"), (keys, "renamed"), (keys, "short")):
        with pytest.raises(ConfigError, match=r"another project\.key"):
            folder.read_secret(name)
    with pytest.raises(ValueError, match="name"):
        keys.write_secret("../map", b"")
    with pytest.raises(ValueError, match="name"):
        keys.write_secret(KEY_FILE, b"")


def test_a_lost_key_is_not_replaced(tmp_path: Path) -> None:
    keys = KeyFolder.open(tmp_path / "key")
    keys.write_secret("map", b"content")
    (tmp_path / "key" / KEY_FILE).unlink()
    with pytest.raises(ConfigError, match=r"no project\.key"):
        KeyFolder.open(tmp_path / "key")


def test_config_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        KeyFolder.open(tmp_path / "none", create=False)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="cannot be used"):
        KeyFolder.open(tmp_path / "file")
    (tmp_path / "short").mkdir()
    (tmp_path / "short" / KEY_FILE).write_bytes(b"12345")
    with pytest.raises(ConfigError, match="damaged"):
        KeyFolder.open(tmp_path / "short")


def test_pickle_and_repr_hold_no_key(tmp_path: Path) -> None:
    keys = KeyFolder.open(tmp_path / "key")
    key = (tmp_path / "key" / KEY_FILE).read_bytes()
    pickled = pickle.dumps(keys)
    assert key not in pickled
    assert key.hex() not in repr(keys)
    assert pickle.loads(pickled).uid("1.2.3") == keys.uid("1.2.3")


def test_processes_that_race_for_the_first_key_agree(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("fork")) as pool:
        answers = set(pool.map(_pseudonym, [tmp_path / "key"] * 8))
    assert len(answers) == 1
    assert [item.name for item in (tmp_path / "key").iterdir()] == [KEY_FILE]
