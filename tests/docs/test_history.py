"""What docs/history.md shows is what a reader gets."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from tests.cli.console import BLOCK

PAGE = Path(__file__).resolve().parents[2] / "docs" / "history.md"


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's Python, one example after the other, prints what stands under it."""
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    code = "\n".join(text for kind, text in blocks if kind == "python")
    example = doctest.DocTestParser().get_doctest(code, {}, PAGE.name, str(PAGE), 0)
    runner = doctest.DocTestRunner(
        optionflags=doctest.NORMALIZE_WHITESPACE | doctest.REPORT_ONLY_FIRST_FAILURE
    )

    runner.run(example)

    assert example.examples
    assert runner.summarize(verbose=False).failed == 0
