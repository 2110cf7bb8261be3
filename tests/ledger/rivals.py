"""What a rival process does, in a module that a spawned process can import."""

from __future__ import annotations

from pathlib import Path

from trimtab.adapters.ledger_file import FileLedger
from trimtab.ledger.chain import Draft, sealed
from trimtab.ledger.errors import HeadMovedError, LedgerBusyError


def append_as_rival(path: Path, name: str, count: int) -> list[int]:
    """Append `count` entries against others, trying again after each loss; the numbers won."""
    ledger = FileLedger(path, patience=0)
    won: list[int] = []
    for _ in range(200_000):
        if len(won) == count:
            break
        head = ledger.head
        draft = Draft("2026-03-31T20:00:00Z", "noted", {"tag": f"{name}{len(won)}"})
        try:
            won.append(ledger.append(sealed([draft], head), head).seq)
        except (HeadMovedError, LedgerBusyError):
            ledger.read()
    return won
