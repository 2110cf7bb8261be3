"""Ledgers to test with: deterministic entries of the size asked for."""

from __future__ import annotations

import random

from trimtab.ledger.chain import EMPTY, Draft, Entry, Head, line_bytes, sealed


def notes(count: int, *, seed: int = 0) -> list[Draft]:
    """Drafts of many shapes, the same for the same seed."""
    rng = random.Random(seed)
    return [
        Draft(
            f"2026-03-{1 + number % 28:02d}T14:{number % 60:02d}:00Z",
            rng.choice(["filled", "deposited", "order_sent"]),
            {
                "account": rng.choice(["brokerage", "roth", "k401"]),
                "amount": f"{rng.randrange(10**6)}.{rng.randrange(100):02d}",
                "count": rng.randrange(10**6),
                "note": "x" * rng.randrange(12),
            },
        )
        for number in range(count)
    ]


def record(count: int, *, seed: int = 0, head: Head = EMPTY) -> tuple[Entry, ...]:
    """A sound chain of that many entries."""
    return sealed(notes(count, seed=seed), head)


def bytes_of(entries: tuple[Entry, ...]) -> bytes:
    """The file that holds these entries."""
    return b"".join(line_bytes(entry) for entry in entries)
