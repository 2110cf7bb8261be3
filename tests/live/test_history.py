"""A portfolio's accounts over history, in account mode."""

from __future__ import annotations

import shutil
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from trimtab.live.book import open_book
from trimtab.live.history import account_runs
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.policy import Policy

DEMO = Path(str(files("trimtab") / "data" / "demo"))
START, END = date(2012, 1, 3), date(2012, 6, 29)


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """The demo's household."""
    shutil.copytree(DEMO / "portfolio", tmp_path / "demo")
    shutil.copy(DEMO / "prices.csv", tmp_path / "demo")
    return tmp_path / "demo"


def test_accounts_start_with_their_share_of_the_cash(demo: Path) -> None:
    """A hundred thousand is divided as the accounts stand now, and invested at the first close."""
    book = open_book(demo)
    policies = [Policy(None, "never", name="still"), Policy(None, "monthly", name="often")]

    still, often = account_runs(book, policies, start=START, end=END, cash=Decimal(100_000))

    costs = sum(plan.cost for plan in still.plans[:1])
    assert still.value[0] == pytest.approx(10_000_000 - costs, abs=3)
    assert still.rebalances == 0
    assert often.rebalances > 3
    assert still.dates == often.dates == book.portfolio.calendar.sessions(START, END)
    k401 = {o.instrument for o in often.orders if o.account == "k401"}
    assert k401 <= {"BOND10", "IBM"}


def test_returns_are_no_past_of_accounts(demo: Path) -> None:
    """Where prices were meant, nothing runs and what would be right is said; no table of zeros."""
    file = demo / "prices.csv"
    head, *lines = file.read_text().splitlines()
    close = head.split(",").index("close")
    rows = [line.split(",") for line in lines]
    for place, row in enumerate(rows):
        row[close] = f"{(place % 7 - 3) / 400:.6f}"
    file.write_text("\n".join([head, *map(",".join, rows)]) + "\n")

    with pytest.raises(InputError, match=r"look like returns.*cumprod"):
        account_runs(open_book(demo), [Policy(None, "never")], start=START, end=END)


def test_a_span_without_prices_is_refused(demo: Path) -> None:
    """No session, no result: the message names what is missing and the remedy."""
    with pytest.raises(RefusedError, match="stand-in"):
        account_runs(open_book(demo), [Policy(None, "never")], start=date(2030, 1, 1))


def test_python_runs_the_accounts_in_one_call(demo: Path) -> None:
    """`book.backtest` is the runs of account mode, the portfolio's own first, by their names."""
    book = open_book(demo)

    found = book.backtest(["weekly"], start="2012-05-01", end="2012-06-29", cash="100000")

    own, weekly = found
    assert (own.name, found["weekly to target"]) == ("this portfolio", weekly)
    assert own.value[0] == pytest.approx(10_000_000, rel=1e-3)
    assert all(name in found.summary() for name in ("this portfolio", "weekly"))
    assert "<table" in found._repr_html_()
    frame = found.to_frame()
    assert frame["final_value"] == [run.value[-1] / 100 for run in found]
    assert frame["sharpe"] == [run.measures.sharpe for run in found]
    assert found.findings


def test_a_policy_with_a_target_of_its_own_is_no_policy_of_accounts(demo: Path) -> None:
    """It would be left aside silently: it is refused, with what to use."""
    with pytest.raises(RefusedError, match=r"trimtab\.backtest"):
        open_book(demo).backtest([Policy({"AAPL": 1.0}, "monthly")])
