"""What the pages on optimised targets show runs as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.console import BLOCK

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("page", ["optimise.md", "getting-there.md"])
def test_the_examples_run(page: str) -> None:
    """A page's Python runs, and its assertions hold."""
    blocks = [block for block in python_of(page) if "skfolio" not in block]

    for block in blocks:
        exec(compile(block, page, "exec"), {})

    assert blocks


def test_the_examples_with_skfolio_run() -> None:
    """What needs that extra runs where it is installed."""
    pytest.importorskip("skfolio", reason="the extra `skfolio` is not installed")
    blocks = [block for block in python_of("optimise.md") if "skfolio" in block]

    for block in blocks:
        exec(compile(block, "optimise.md", "exec"), {})

    assert blocks


def python_of(page: str) -> list[str]:
    """The blocks of Python of a page."""
    return [
        text for kind, text in BLOCK.findall((DOCS / page).read_text("utf-8")) if kind == "python"
    ]
