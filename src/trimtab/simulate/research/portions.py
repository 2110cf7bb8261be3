"""Policies of a sweep run portion by portion, on as many threads as are wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def run_portions(
    run: Callable[[int, int], Any],
    policies: int,
    *,
    at_once: int,
    threads: int,
    known: dict[int, Any],
    on_progress: Callable[[int, Mapping[int, Any]], None] | None,
) -> None:
    """Raw rows of all policies, by the first policy of each portion, into `known`.

    Args:
        run: From the first policy of a portion and the one after its last to its rows.
        policies: How many there are.
        at_once: Policies of a portion.
        threads: How many portions run at the same time.
        known: Portions that are done already; in and out.
        on_progress: Called with the number of policies done and the portion just finished, in the
            order of the policies.
    """
    waiting = [first for first in range(0, policies, at_once) if first not in known]
    done = sum(len(rows) for rows in known.values())
    with ThreadPoolExecutor(max(1, min(threads, len(waiting)))) as pool:
        found = pool.map(lambda first: run(first, min(first + at_once, policies)), waiting)
        for first, rows in zip(waiting, found, strict=True):
            known[first] = rows
            done += len(rows)
            if on_progress is not None:
                on_progress(done, {first: rows})
