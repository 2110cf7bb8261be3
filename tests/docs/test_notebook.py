"""The example notebook runs, and shows what is stored in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.cli.console import demo_folder

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "example.ipynb"


def shown(notebook: Any) -> list[list[str]]:
    """What a reader reads under each cell: tables and text as words; of pictures, that they are."""
    cells = []
    for cell in notebook.cells:
        texts = []
        for output in cell.get("outputs", []):
            data = output.get("data", {"text/plain": output.get("text", "")})
            if "image/png" in data:
                texts.append("picture")
            else:
                html = data.get("text/html", "")
                words = re.sub(r"<style.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL)
                texts.append(" ".join((words or data["text/plain"]).split()))
        cells.append(texts)
    return cells


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_the_notebook_shows_what_is_stored_in_it(tmp_path: Path) -> None:
    """Run anew from its first cell, each cell shows the tables and the words that readers see."""
    demo_folder(tmp_path)
    (tmp_path / "docs").mkdir()
    stored = nbformat.read(NOTEBOOK, as_version=4)
    anew = nbformat.from_dict(stored)

    client = NotebookClient(
        anew,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": tmp_path / "docs"}},
    )
    client.execute()

    assert shown(anew) == shown(nbformat.read(NOTEBOOK, as_version=4))
    assert sum("picture" in texts for texts in shown(anew)) == 2
