"""The demo's household: invented, but every purchase at the real price of its day."""

from __future__ import annotations

import csv
import tomllib
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest

from scripts import make_demo_portfolio
from scripts.make_demo_portfolio import STATEMENT, Bought, Prices, Share, Sold
from trimtab.adapters.calendars import calendar
from trimtab.adapters.portfolio_folder import read_portfolio

PORTFOLIO = files("trimtab") / "data" / "demo" / "portfolio"


def _rows(name: str) -> list[dict[str, str]]:
    text = (PORTFOLIO / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def prices() -> Prices:
    """Closes and splits of the demo."""
    return make_demo_portfolio.read_prices()


def held() -> list[dict[str, str]]:
    """The rows of lots.csv that are not cash."""
    return [row for row in _rows("lots.csv") if row["symbol"] != "USD"]


def split_adjusted(symbol: str, bought: date, seen: date) -> Decimal:
    """What a share of `seen` cost at the close of `bought`."""
    return prices().close[symbol, bought] / prices().grown(symbol, bought, seen)


def test_the_committed_files_are_what_the_script_makes() -> None:
    """Nobody has edited the demo's lots or sales by hand."""
    made = make_demo_portfolio.files()

    committed = {name: (PORTFOLIO / name).read_text(encoding="utf-8") for name in made}

    assert committed == made


@pytest.mark.parametrize("row", held(), ids=lambda row: f"{row['symbol']}-{row['acquired']}")
def test_a_lot_cost_the_real_price_of_its_day(row: dict[str, str]) -> None:
    """Its basis is quantity times that day's close, in shares of the statement's day."""
    bought = date.fromisoformat(row["acquired"])

    paid = Decimal(row["quantity"]) * split_adjusted(row["symbol"], bought, STATEMENT)

    assert abs(Decimal(row["cost_basis"]) - paid) <= Decimal("0.01")


@pytest.mark.parametrize(
    "row", _rows("sales.csv"), ids=lambda row: f"{row['symbol']}-{row['sold']}"
)
def test_a_sale_was_made_at_the_real_price_of_its_day(row: dict[str, str]) -> None:
    """Proceeds and basis are quantity times the closes of the days of sale and of purchase."""
    symbol, quantity = row["symbol"], Decimal(row["quantity"])
    bought, sold = date.fromisoformat(row["acquired"]), date.fromisoformat(row["sold"])

    paid = quantity * split_adjusted(symbol, bought, sold)
    received = quantity * prices().close[symbol, sold]

    assert abs(Decimal(row["cost_basis"]) - paid) <= Decimal("0.01")
    assert abs(Decimal(row["proceeds"]) - received) <= Decimal("0.005")


def test_sales_are_of_this_year_or_the_thirty_days_before() -> None:
    """sales.csv holds what the wash-sale and the netting rules look at, and nothing later."""
    start = date(STATEMENT.year, 1, 1) - timedelta(days=30)

    days = [date.fromisoformat(row["sold"]) for row in _rows("sales.csv")]

    assert days == sorted(days)
    assert start <= days[0] <= days[-1] <= STATEMENT


def test_a_split_changes_the_count_and_not_the_cost() -> None:
    """Four shares and a sale after a two-for-one split: all parts add up to what was paid."""
    bought = Bought("a", "AAPL", date(2005, 2, 25), 4, (Sold(date(2005, 3, 1), 3),))
    cost = prices().paid("AAPL", date(2005, 2, 25), 4)

    parts = list(make_demo_portfolio.shares(bought, prices()))

    assert [part.quantity for part in parts] == [3, 5]
    assert sum(part.cost for part in parts) == cost
    assert parts[0] == Share(3, (cost * 3 / 8).quantize(Decimal("0.01")), date(2005, 3, 1))


def test_some_lots_are_long_some_short_some_at_a_loss() -> None:
    """The demo shows every tax case: long and short gains, long and short losses, in money."""
    kinds: set[tuple[str, str]] = set()
    for row in held():
        if row["account"] != "brokerage":
            continue
        value = Decimal(row["quantity"]) * prices().close[row["symbol"], STATEMENT]
        bought = date.fromisoformat(row["acquired"])
        term = "long" if bought.replace(year=bought.year + 1) < STATEMENT else "short"
        kinds.add((term, "gain" if value > Decimal(row["cost_basis"]) else "loss"))

    assert kinds == {("long", "gain"), ("long", "loss"), ("short", "gain"), ("short", "loss")}


def test_the_household_has_drifted_out_of_its_bands() -> None:
    """At the statement growth is far above its target and bonds are far below theirs."""
    target = tomllib.loads((PORTFOLIO / "portfolio.toml").read_text(encoding="utf-8"))["target"]
    sleeve = {symbol: name for name, leaf in target.items() for symbol in leaf["hold"]}
    value: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in _rows("lots.csv"):
        if row["symbol"] == "USD":
            value["cash"] += Decimal(row["quantity"])
        else:
            price = prices().close[row["symbol"], STATEMENT]
            value[sleeve[row["symbol"]]] += Decimal(row["quantity"]) * price
    total = sum(value.values())

    deviation = {name: 100 * value[name] / total - target[name]["percent"] for name in target}

    assert sum(leaf["percent"] for leaf in target.values()) == 100
    assert deviation["growth"] > 8
    assert deviation["bonds"] < -8
    assert sum(deviation.values()) == pytest.approx(0, abs=1e-9)


def test_the_statement_is_the_last_session_of_a_month_and_a_quarter() -> None:
    """A monthly and a quarterly policy are both due on the statement's day."""
    market = calendar("XNYS")

    ends = {market.period_end("monthly", STATEMENT), market.period_end("quarterly", STATEMENT)}

    assert ends == {STATEMENT}


def test_the_folder_reads_without_a_problem_or_a_finding(tmp_path: Path) -> None:
    """What ships as an example is an example: valid, complete, and all that there is to remark is
    that losses carried into the year reduce no tax yet.
    """
    for source in (
        PORTFOLIO.joinpath(name) for name in ("portfolio.toml", "lots.csv", "sales.csv")
    ):
        (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / "prices.csv").write_bytes((files("trimtab") / "data/demo/prices.csv").read_bytes())

    portfolio = read_portfolio(tmp_path, as_of=STATEMENT)

    assert [finding.code for finding in portfolio.findings] == ["carryforward-unused"]
    assert portfolio.opened == STATEMENT
    assert {name: account.broker for name, account in portfolio.household.accounts.items()} == {
        "brokerage": "paper",
        "roth": "paper",
        "k401": "paper",
    }
    assert len(portfolio.lots) == len(held())
