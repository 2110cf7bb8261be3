"""The specification's examples run, and its table is what the code writes."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from tests.ledger.histories import history
from trimtab.ledger.fold import KINDS

SPEC = Path(__file__).parents[2] / "docs" / "spec" / "ledger.md"


def rows() -> dict[str, set[str]]:
    """Members by kind, as the table tells them."""
    found: dict[str, set[str]] = {}
    table = SPEC.read_text(encoding="utf-8").partition("## Kinds of entries")[2]
    for line in table.partition("## The fold")[0].splitlines():
        cells = line.split("|")
        if len(cells) == 5 and cells[1].strip().startswith("`"):
            for kind in re.findall(r"`([a-z_]+)`", cells[1]):
                found[kind] = set(re.findall(r"`([a-z_0-9]+)`", cells[2]))
    return found


def test_the_examples_run() -> None:
    """What the specification shows is what happens."""
    failed, tried = doctest.testfile(
        str(SPEC), module_relative=False, optionflags=doctest.ELLIPSIS, encoding="utf-8"
    )

    assert tried > 20
    assert failed == 0


def test_the_table_is_what_is_written() -> None:
    """Every kind is in the table with exactly the members that are written."""
    written: dict[str, set[str]] = {}
    for seed in range(12):
        for entry in history(seed, 25).entries:
            written.setdefault(entry.kind, set()).update(entry.body)

    assert rows() == written
    assert set(written) == KINDS
