"""What docs/optimise.md shows runs as it stands."""

from __future__ import annotations

from pathlib import Path

from tests.cli.console import BLOCK

PAGE = Path(__file__).resolve().parents[2] / "docs" / "optimise.md"


def test_the_example_runs() -> None:
    """The page's Python runs, and its assertion holds."""
    blocks = [text for kind, text in BLOCK.findall(PAGE.read_text("utf-8")) if kind == "python"]

    for text in blocks:
        exec(compile(text, PAGE.name, "exec"), {})

    assert blocks
