"""Pictures that cannot be drawn, beside a page that can be written."""

from __future__ import annotations

import sys
from argparse import Namespace

import pytest

from trimtab.cli.drawing import pictures_or_page
from trimtab.model.errors import RefusedError


def test_a_page_is_written_where_pictures_cannot_be_drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without matplotlib a page goes on without its pictures, said aloud; pictures alone do not."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    both, alone = Namespace(png="dir", report="x.html"), Namespace(png="dir", report=None)

    pictures_or_page(both)

    assert (both.png, both.report) == (None, "x.html")
    assert "--png dir is left out: " in capsys.readouterr().err
    with pytest.raises(RefusedError, match="pip install"):
        pictures_or_page(alone)
