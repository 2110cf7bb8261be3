"""What docs/costs.md shows is what a reader gets."""

from __future__ import annotations

import doctest
import re
from dataclasses import fields
from pathlib import Path

import pytest

from trimtab.costs import Costs

PAGE = Path(__file__).resolve().parents[2] / "docs" / "costs.md"


def test_the_examples_print_what_stands_under_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every example of the page runs, in its order; what it writes stays out of the repository."""
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
    example = doctest.DocTestParser().get_doctest(code, {}, PAGE.name, str(PAGE), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)

    runner.run(example)

    assert example.examples
    assert runner.summarize(verbose=False).failed == 0


def test_every_keyword_of_costs_stands_on_the_page() -> None:
    """A reader finds each keyword with what it means."""
    text = PAGE.read_text("utf-8")

    missing = [one.name for one in fields(Costs) if f"`{one.name}`" not in text]

    assert missing == []
