"""Plans and statuses in Python print as on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.test_volatility import DAY, steady_folder
from trimtab.cli.main import main
from trimtab.live.book import open_book


def test_plans_and_statuses_print_what_the_command_line_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text of both is that of the commands, up to their last lines; repr is one short line."""
    folder = steady_folder(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    book = open_book(folder)
    plan, status = book.plan(DAY), book.status(DAY)
    told = []
    for command in ("plan", "status"):
        capsys.readouterr()
        main(["-C", str(folder), command, "--as-of", str(DAY)])
        told.append(capsys.readouterr().out)

    shown = [str(plan), str(status)]

    assert all(out.startswith(text) for out, text in zip(told, shown, strict=True))
    assert status.trades == plan.trades
    assert repr(plan) == f"<OpenPlan {plan.id}: {len(plan.trades)} trades>"
    assert len(repr(status)) < 80


def test_earlier_sales_are_missed_only_where_something_is_traded(tmp_path: Path) -> None:
    """The note of a missing sales.csv stands beside trades, and not where there are none."""
    folder = steady_folder(tmp_path)
    (folder / "sales.csv").unlink(missing_ok=True)
    rules = folder / "portfolio.toml"
    acts = open_book(folder).plan(DAY)
    rules.write_text(rules.read_text().replace('"monthly+band:5pp/25%"', '"never"'))

    rests = open_book(folder).plan(DAY)

    told = ["no-sales-file" in [one.code for one in plan.findings] for plan in (acts, rests)]
    assert [bool(acts.trades), bool(rests.trades)] == [True, False]
    assert told == [True, False]
