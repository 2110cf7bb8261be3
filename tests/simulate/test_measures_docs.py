"""What docs/measures.md shows is what a reader gets."""

from __future__ import annotations

import doctest
from dataclasses import fields
from pathlib import Path

import pytest

from tests.cli.console import BLOCK, demo_folder
from trimtab.simulate.measures.of_run import Measures

PAGE = Path(__file__).resolve().parents[2] / "docs" / "measures.md"


def test_the_examples_print_what_stands_under_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every example of the page runs, in its order, over the demo's prices."""
    demo_folder(tmp_path)
    monkeypatch.chdir(tmp_path)
    code = "\n".join(
        text for kind, text in BLOCK.findall(PAGE.read_text("utf-8")) if kind == "python"
    )
    example = doctest.DocTestParser().get_doctest(code, {}, PAGE.name, str(PAGE), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)

    runner.run(example)

    assert example.examples
    assert runner.summarize(verbose=False).failed == 0


def test_every_measure_stands_on_the_page() -> None:
    """A reader of `--json` finds each name with its formula."""
    text = PAGE.read_text("utf-8")

    missing = [one.name for one in fields(Measures) if f"`{one.name}`" not in text]

    # Not a measure but what was asked for: the page has it as the argument.
    assert missing == ["sessions_a_year"]
