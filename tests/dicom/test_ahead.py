"""Threads are used when, and only when, reading waits."""

from __future__ import annotations

import threading
import time

import pytest

from petarseg.dicom.ahead import map_ahead


def test_what_computes_stays_in_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "thread_time", time.perf_counter)  # as on a machine where nothing else runs
    seen = set()

    def compute(number: int) -> int:
        seen.add(threading.get_ident())
        return sum(range(20_000)) * 0 + number

    assert list(map_ahead(compute, range(100))) == list(range(100))
    assert seen == {threading.get_ident()}


def test_what_waits_is_spread_over_threads_and_keeps_its_order() -> None:
    seen = set()

    def wait(number: int) -> int:
        seen.add(threading.get_ident())
        time.sleep(0.001 * (5 - number % 5))
        return number

    assert list(map_ahead(wait, range(50), threads=4)) == list(range(50))
    assert len(seen) > 2


@pytest.mark.parametrize("at", [0, 7])
def test_an_error_reaches_the_caller(at: int) -> None:
    def fail(number: int) -> int:
        time.sleep(0.001)
        if number == at:
            raise OSError("gone")
        return number

    with pytest.raises(OSError, match="gone"):
        list(map_ahead(fail, range(20)))
