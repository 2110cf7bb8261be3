"""A word to whoever waits: what a command is about, once it takes longer than a glance."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

AFTER = 1.5
"""Seconds that pass without a word."""

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
