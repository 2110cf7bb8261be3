"""The examples of docs/spec/execution.md run."""

from __future__ import annotations

import doctest
from pathlib import Path

SPEC = Path(__file__).resolve().parents[2] / "docs" / "spec" / "execution.md"


def test_the_worked_examples_hold() -> None:
    """Every example in the document prints what the document says."""
    failures, tried = doctest.testfile(
        str(SPEC), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )

    assert (failures, tried > 2) == (0, True)
