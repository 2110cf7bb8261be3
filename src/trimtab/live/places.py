"""Where things lie in a portfolio folder, and what shows that a record was there."""

from __future__ import annotations

import re
from pathlib import Path

from trimtab.adapters.portfolio_tables.files import (
    CACHE_FOLDER,
    INDEX_FILE,
    LEDGER_FILE,
    LOTS_FILE,
    PAPER_FOLDER,
)

PLANS_FOLDER = "plans"
_HEAD = re.compile(rb'"state_head":\s*"[0-9a-f]{64}"')


def lost_record(folder: Path, home: Path) -> str:
    """Why there must have been a record where there is none; empty where nothing says so.

    Args:
        folder: The portfolio folder.
        home: Where in it the record of these accounts lies.
    """
    if any((place / LEDGER_FILE).exists() for place in (folder, folder / PAPER_FOLDER)):
        return ""
    traces = []
    if any(_is_of_a_record(path) for path in sorted((folder / PLANS_FOLDER).glob("*.json"))):
        traces.append(f"{PLANS_FOLDER}/")
    if (home / CACHE_FOLDER / INDEX_FILE).exists():
        traces.append(f"{(home / CACHE_FOLDER).relative_to(folder)}/")
    if not traces:
        return ""
    named = " and ".join(traces)
    return (
        f"there is no {LEDGER_FILE}, and {named} shows that there was one: restore it from a "
        f"backup, or remove {named} to begin anew from {LOTS_FILE}"
    )


def _is_of_a_record(path: Path) -> bool:
    """Whether a saved plan names the record that it was made from."""
    try:
        return _HEAD.search(path.read_bytes()) is not None
    except OSError:
        return False
