"""A word to whoever waits: what a command is about, once it takes longer than a glance."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date

AFTER = 1.5
"""Seconds that pass without a word."""

EVERY = 0.1
"""Seconds between two words on a run that goes from session to session."""

SETTLED = 2.0
"""Seconds after the first step until it is said how long the rest takes."""

DECIDING = "searching for the trades that cost least"


@contextmanager
def patience(text: str, *, after: float = AFTER, every: float = 1.0) -> Iterator[None]:
    """Say on standard error what takes so long, and for how long already, if a person looks.

    The search for trades is one long call that reports nothing itself, so a second thread counts;
    it decides nothing, and what it wrote is wiped out at the end.

    Args:
        text: What is going on.
        after: Seconds until the first word.
        every: Seconds from word to word.
    """
    if not sys.stderr.isatty():
        yield
        return
    from threading import Event, Thread
    from time import monotonic

    from trimtab.cli.screen import progress

    done, begun = Event(), monotonic()

    def count() -> None:
        wait = after
        while not done.wait(wait):
            progress(f"{text}: {monotonic() - begun:.0f} s")
            wait = every

    teller = Thread(target=count, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
        if monotonic() - begun >= after:
            progress("")


def counting(total: int, what: str) -> Callable[[int], None]:
    """What says on standard error how many of so many are done and how long the rest will take.

    Args:
        total: How many there are.
        what: Of what, in the plural.
    """
    from time import monotonic

    from trimtab.cli.screen import progress

    left = _pace()

    def told(done: int) -> None:
        progress(f"{done:,} of {total:,} {what}{left(done / total, monotonic())}")

    return told


def policies_told(names: Sequence[str]) -> Callable[[str, date, float], None]:
    """What says on standard error which policy of a run is where, and how long all will take.

    Args:
        names: Of the policies, in the order in which they run.

    Returns:
        To be told a policy's name, the session it is at, and which part of its sessions is done.
    """
    from time import monotonic

    from trimtab.cli.screen import progress

    left, last = _pace(), [0.0]

    def told(name: str, day: date, part: float) -> None:
        now = monotonic()
        if now - last[0] < EVERY:
            return
        last[0] = now
        place = names.index(name)
        rest = left((place + part) / len(names), now)
        progress(f"{name} ({place + 1} of {len(names)}) is at {day}{rest}")

    return told


def _pace() -> Callable[[float, float], str]:
    """What tells how long the rest takes, by the part done and the time: not before it is known.

    The first step prepares and compiles what the others use, so it counts for nothing.
    """
    first: list[tuple[float, float]] = []

    def left(part: float, now: float) -> str:
        if not first:
            first.append((part, now))
        was, then = first[0]
        if now - then < SETTLED or part <= was:
            return ""
        return time_left((now - then) / (part - was) * (1.0 - part))

    return left


def time_left(seconds: float) -> str:
    """How long it will still take, as the end of a line; nothing for a moment.

    >>> time_left(3), time_left(40), time_left(400)
    ('', ', about 40 s left', ', about 7 min left')
    """
    if seconds < 10.0:
        return ""
    if seconds < 90.0:
        return f", about {seconds:.0f} s left"
    return f", about {seconds / 60.0:.0f} min left"
