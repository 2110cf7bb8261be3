"""Ctrl-C: whoever pressed it reads in what state things are."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.live.folders import bytes_of, folder, opened
from trimtab.cli.main import main


class Pressed(io.StringIO):
    """A terminal at which somebody presses Ctrl-C."""

    def readline(self, size: int | None = -1, /) -> str:
        """What a person types."""
        raise KeyboardInterrupt


def test_an_interrupt_at_the_question_changed_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written before a question is answered, and that is what is said."""
    book = opened(folder(tmp_path))
    saved = book.plan(book.as_of()).save()
    before = bytes_of(tmp_path)
    monkeypatch.setattr("sys.stdin", Pressed())

    code = main(["-C", str(tmp_path), "apply", str(saved)])

    assert code == 130
    assert "Interrupted. Nothing was changed." in capsys.readouterr().err
    assert bytes_of(tmp_path) == before


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("apply --yes plans/x.json", "it goes on where it was"),
        ("status", "Nothing was changed."),
        ("record plans/x.json", "nothing is booked twice"),
        ("-C . ledger correct 3 --void --reason x", "whether the correction was booked"),
        ("sweep --when monthly", "Nothing is kept of a sweep without --out"),
        ("sweep --when monthly --out run", "It had not begun: --out is as it was."),
        ("ledger verify", "The record is as it was."),
    ],
)
def test_an_interrupt_says_what_to_do_next(
    line: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Looking changed nothing; what writes says how to find out, or that it may be run again."""

    def pressed(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("trimtab.cli.main._done", pressed)

    code = main(line.split())

    assert code == 130
    assert told in capsys.readouterr().err
