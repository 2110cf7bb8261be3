"""What the pages on optimised targets show runs as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.console import BLOCK

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("page", ["optimise.md", "getting-there.md"])
def test_the_examples_run(page: str) -> None:
    """A page's Python runs, and its assertions hold."""
    text = (DOCS / page).read_text("utf-8")
    blocks = [text for kind, text in BLOCK.findall(text) if kind == "python"]

    for block in blocks:
        exec(compile(block, page, "exec"), {})

    assert blocks
