"""The examples in the written rules are the rules: they run."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

SPEC = Path(__file__).resolve().parents[2] / "docs" / "spec"


@pytest.mark.parametrize("name", ["lots.md", "plan.md"])
def test_the_worked_examples_hold(name: str) -> None:
    """Every example in the document prints what the document says."""
    failures, tried = doctest.testfile(
        str(SPEC / name), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )

    assert tried > 0
    assert failures == 0
