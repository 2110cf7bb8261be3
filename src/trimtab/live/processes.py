"""Work shared out among processes, where the platform allows it and there is enough of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    from trimtab.simulate.accounts.paths import InTurn

T = TypeVar("T")

WORTH_ONE = 4
"""Fewer pieces are not worth another process, which takes half a second to start."""


def shared_out(processes: int) -> InTurn:
    """A `map` over numbers that works in so many processes at most; the answers are the same.

    A script that asks for more than one has to keep what it does under
    `if __name__ == "__main__"`, because each process reads it anew.
    """
    return partial(_mapped, processes)


def _mapped(processes: int, work: Callable[[int], T], numbers: range) -> Iterator[T]:
    pool = _pool(min(processes, len(numbers) // WORTH_ONE))
    if pool is None:
        yield from map(work, numbers)
        return
    try:
        yield from pool.map(work, numbers)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _pool(workers: int) -> ProcessPoolExecutor | None:
    """So many processes; None where one is enough, or where no other may be begun."""
    if workers < 2:
        return None
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    try:
        # Not forked: a library with threads may hold a lock in them just then.
        return ProcessPoolExecutor(workers, get_context("spawn"), _let_the_first_answer)
    except (ImportError, NotImplementedError, OSError):
        return None


def _let_the_first_answer() -> None:
    """Ctrl-C is answered by the process that began the others."""
    from signal import SIG_IGN, SIGINT, signal

    signal(SIGINT, SIG_IGN)
