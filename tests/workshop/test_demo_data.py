"""The demo's prices: real, complete, and what their script makes of the public source."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from statistics import correlation, stdev

import pytest

from scripts import make_demo_data
from trimtab.adapters.calendars import calendar

FIRST, LAST = date(2000, 3, 1), date(2013, 3, 1)
SYMBOLS = ("AAPL", "FB", "GOOG", "IBM", "MSFT", "BOND10", "TBILL")


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("trimtab") / "data" / "demo" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def prices() -> tuple[dict[str, str], ...]:
    """The long table, a row a symbol and session."""
    return tuple(_rows("prices.csv"))


@cache
def total_return(symbol: str) -> dict[date, Decimal]:
    """One column of the wide table, without its blanks."""
    rows = _rows("total_return.csv")
    return {date.fromisoformat(row["date"]): Decimal(row[symbol]) for row in rows if row[symbol]}


def _returns(levels: dict[date, Decimal]) -> dict[date, float]:
    days = list(levels)
    pairs = pairwise(days)
    return {later: float(levels[later] / levels[earlier]) - 1 for earlier, later in pairs}


def test_the_committed_files_are_what_the_script_makes(shared: Path) -> None:
    """Nobody has edited the demo's prices by hand: the script gives the same bytes."""
    made = make_demo_data.files(shared)

    committed = {name: (make_demo_data.FOLDER / name).read_text(encoding="utf-8") for name in made}

    assert committed == made


def test_every_symbol_has_a_price_on_every_session() -> None:
    """From its first session on, each symbol has one row a session and no other day."""
    days: dict[str, list[date]] = {}
    for row in prices():
        days.setdefault(row["symbol"], []).append(date.fromisoformat(row["date"]))

    market = calendar("XNYS")

    assert set(days) == set(SYMBOLS)
    assert {symbol: on[0] for symbol, on in days.items() if on[0] != FIRST} == {
        "FB": date(2012, 5, 18),
        "GOOG": date(2004, 8, 19),
    }
    for on in days.values():
        assert tuple(on) == market.sessions(on[0], LAST)


def test_prices_are_positive_and_dated_in_order() -> None:
    """Rows are sorted by date, then symbol, and every close is a positive number."""
    keys = [(row["date"], row["symbol"]) for row in prices()]

    closes = [Decimal(row["close"]) for row in prices()]

    assert keys == sorted(set(keys))
    assert min(closes) > 1


def test_dividends_and_splits_are_those_that_were_paid() -> None:
    """52 dividends of IBM, 37 of MSFT, 3 of AAPL, and the three splits, each on its day."""
    dividends = Counter(row["symbol"] for row in prices() if row["dividend"])
    splits = {(row["symbol"], row["date"]): row["split"] for row in prices() if row["split"]}
    amounts = {(row["symbol"], row["date"]): row["dividend"] for row in prices()}

    assert dividends == {"IBM": 52, "MSFT": 37, "AAPL": 3}
    assert splits == {
        ("AAPL", "2000-06-21"): "2",
        ("AAPL", "2005-02-28"): "2",
        ("MSFT", "2003-02-18"): "2",
    }
    assert amounts["AAPL", "2012-08-09"] == "2.65"
    assert amounts["MSFT", "2004-11-15"] == "3.08"
    assert amounts["IBM", "2000-05-08"] == "0.13"


def test_every_dividend_is_a_whole_number_of_cents() -> None:
    """What was derived from ratios is again the amount that the company declared."""
    dividends = [Decimal(row["dividend"]) for row in prices() if row["dividend"]]

    assert all(paid == paid.quantize(Decimal("0.01")) for paid in dividends)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_total_return_is_price_dividends_and_splits(symbol: str) -> None:
    """Each total return is (close + dividend) x split over the close before, to rounding."""
    rows = [row for row in prices() if row["symbol"] == symbol]
    grown = _returns(total_return(symbol))

    for earlier, later in pairwise(rows):
        received = Decimal(later["close"]) + Decimal(later["dividend"] or 0)
        expected = received * int(later["split"] or 1) / Decimal(earlier["close"]) - 1
        assert grown[date.fromisoformat(later["date"])] == pytest.approx(float(expected), abs=1e-6)
    assert total_return(symbol)[LAST] == Decimal(rows[-1]["close"])


def test_the_bond_moves_as_real_treasury_bonds_did(shared: Path) -> None:
    """BOND10 has a daily correlation of about 0.95 with a fund of 7-to-10-year Treasuries."""
    with (shared / "data" / "etf_daily_yahoo" / "IEF.csv").open(encoding="utf-8") as text:
        fund = {
            date.fromisoformat(row["date"]): Decimal(row["adj_close"])
            for row in csv.DictReader(text)
        }
    ours, theirs = _returns(total_return("BOND10")), _returns(fund)
    days = sorted(ours.keys() & theirs.keys())
    pairs = [ours[day] for day in days], [theirs[day] for day in days]

    assert len(days) > 2600
    assert correlation(*pairs) > 0.95
    assert stdev(pairs[0]) / stdev(pairs[1]) == pytest.approx(1.17, abs=0.05)


def test_a_bond_at_an_unchanged_flat_yield_earns_that_yield() -> None:
    """Held for half a year at a flat, unchanged yield, a par bond returns half its coupon."""
    flat = {"3month": Decimal("0.04"), "7year": Decimal("0.04"), "10year": Decimal("0.04")}
    half_a_year = Decimal("365.25") / 2

    grown = make_demo_data.bond_return(flat, flat, int(half_a_year))

    exactly = Decimal("1.02") ** (2 * int(half_a_year) / Decimal("365.25")) - 1
    assert grown == pytest.approx(exactly, abs=Decimal("1e-20"))


def test_a_bond_falls_by_its_duration_when_its_yield_rises() -> None:
    """One basis point up costs a 10-year par bond its modified duration in basis points."""
    before = {"3month": Decimal("0.04"), "7year": Decimal("0.04"), "10year": Decimal("0.04")}
    after = {name: level + Decimal("0.0001") for name, level in before.items()}
    carry = make_demo_data.bond_return(before, before, 1)

    lost = make_demo_data.bond_return(before, after, 1) - carry

    # Modified duration of a par bond: (1 - (1 + y/2)^-20) / y, here 8.176 years.
    assert float(lost) == pytest.approx(-8.176e-4, rel=2e-3)


def test_cash_never_loses() -> None:
    """TBILL never falls, and earns about what the 3-month yields of those years add up to."""
    levels = total_return("TBILL")

    assert min(_returns(levels).values()) >= 0
    assert levels[LAST] == pytest.approx(Decimal("130.94"), abs=Decimal("0.01"))
