"""Read many files in order: alone while they come from memory, with several threads while storage makes the reader wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

THREADS = 8
"""What waits does not compute: more of them than there are CPUs."""
WAITING_SHARE = 0.5
"""Threads help when more than this part of the time is waiting. Otherwise they pass Python's lock to and fro: 40 % of the rate was lost."""
PROBE_EVERY = 64
"""So many items later it is measured again: part of an archive may be in memory."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_ahead(function: Callable[[Item], Result], items: Iterable[Item], *, threads: int = THREADS) -> Iterator[Result]:
    """Apply `function`, which reads files, to each item; yield the results in order.

    Parameters
    ----------
    function : callable
        Called in this thread or in another.
    items : iterable
        Each of them worth some milliseconds.
    threads : int
        How many there are at most.
    """
    pool: ThreadPoolExecutor | None = None
    remaining = iter(items)
    try:
        for item in remaining:
            began_s, worked_s = time.perf_counter(), time.thread_time()
            result = function(item)
            took_s, worked_s = time.perf_counter() - began_s, time.thread_time() - worked_s
            yield result
            if took_s - worked_s > WAITING_SHARE * took_s:
                if pool is None:
                    from concurrent.futures import ThreadPoolExecutor  # rarely needed, and with what it imports slow to import

                    pool = ThreadPoolExecutor(threads)
                yield from pool.map(function, list(islice(remaining, PROBE_EVERY)))
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)
