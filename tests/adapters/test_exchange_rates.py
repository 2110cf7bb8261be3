"""Prices in several currencies, brought to one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.console import Session
from trimtab.adapters.price_frames import read_prices
from trimtab.costs import Costs
from trimtab.model.errors import InputError
from trimtab.model.policy import Policy
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest

DAYS = [f"2024-{1 + k // 28:02}-{1 + k % 28:02}" for k in range(84)]
HALVES = {"SPY": 0.5, "DAX": 0.5}


def _draws() -> tuple[Any, Any, Any]:
    draw = np.random.default_rng(3)
    steps = np.exp(np.cumsum(draw.normal(0, 0.01, (3, len(DAYS))), axis=1))
    return 400 * steps[0], 100 * steps[1], 1.1 * steps[2]


def _long(folder: Path, *, pair: str = "EURUSD", rates: Any = None) -> Path:
    spy, dax, rate = _draws()
    rows = ["date,symbol,close,volume,currency"]
    for k, day in enumerate(DAYS):
        rows += [f"{day},SPY,{float(spy[k])!r},10,USD", f"{day},DAX,{float(dax[k])!r},20,EUR"]
        own = (rate if rates is None else rates)[k]
        if pair and own == own:
            rows.append(f"{day},{pair},{float(own)!r},,")
    (folder / "p.csv").write_text("\n".join(rows))
    return folder / "p.csv"


def test_prices_are_brought_over_at_the_rate_of_their_session(tmp_path: Path) -> None:
    """What a euro price is in dollars on its day; the rates themselves are nothing to hold."""
    spy, dax, rate = _draws()

    prices = read_prices(_long(tmp_path), currency="USD")

    assert prices.symbols == ("SPY", "DAX")
    assert prices.foreign == ("DAX",)
    assert prices.close[:, 0].tolist() == spy.tolist()
    assert prices.close[:, 1] == pytest.approx(dax * rate, rel=1e-15)
    assert prices.volume is not None
    assert (prices.close * prices.volume)[:, 1] == pytest.approx(20 * dax * rate)
    assert "converted" in [finding.code for finding in prices.findings]


def test_the_other_way_round_is_the_inverse(tmp_path: Path) -> None:
    """USDEUR brings euros to dollars by its inverse, and dollars to euros as it is."""
    spy, dax, rate = _draws()
    path = _long(tmp_path, pair="USDEUR", rates=1 / rate)

    in_dollars = read_prices(path, currency="USD")
    in_euros = read_prices(path, currency="EUR")

    assert in_dollars.close[:, 1] == pytest.approx(dax * rate, rel=1e-14)
    assert in_euros.close[:, 0] == pytest.approx(spy / rate, rel=1e-14)
    assert in_euros.foreign == ("SPY",)


@pytest.mark.parametrize("kind", ["path", "history", "pandas"])
def test_rates_may_come_from_elsewhere(tmp_path: Path, kind: str) -> None:
    """A file, a history or a frame of pairs; a wide table is told its currencies."""
    pd = pytest.importorskip("pandas")
    spy, dax, rate = _draws()
    days = np.array(DAYS, dtype="datetime64[D]")
    (tmp_path / "fx.csv").write_text(
        "\n".join(["date,EURUSD", *(f"{d},{float(r)!r}" for d, r in zip(DAYS, rate, strict=True))])
    )
    source: dict[str, Any] = {
        "path": tmp_path / "fx.csv",
        "history": PriceHistory(days, ("EURUSD",), rate[:, None]),
        "pandas": pd.DataFrame({"EURUSD": rate}, index=days),
    }
    wide = pd.DataFrame({"SPY": spy, "DAX": dax}, index=days)

    prices = read_prices(wide, currency="USD", fx=source[kind], currencies={"DAX": "EUR"})

    assert prices.close[:, 1] == pytest.approx(dax * rate, rel=1e-15)
    assert prices.frames == "pandas"


def test_a_backtest_over_two_currencies_is_what_plain_python_makes_of_them(tmp_path: Path) -> None:
    """Monthly to halves with costs and exchange, recomputed from prices and rates day by day."""
    spy, dax, rate = _draws()
    prices = read_prices(_long(tmp_path), currency="USD")

    one = backtest(
        prices, Policy(HALVES, when="monthly"), costs=Costs(bps=10), cash=1000.0, fx_bps=30
    ).policies[0]

    units, paid = [500.0 / spy[0], 500.0 / (dax[0] * rate[0])], 0.0
    for k in range(len(DAYS) - 1):
        if DAYS[k][:7] == DAYS[k + 1][:7]:
            continue
        quotes = [spy[k], dax[k] * rate[k]]
        value = sum(u * p for u, p in zip(units, quotes, strict=True))
        moved = [abs(value / 2 - u * p) for u, p in zip(units, quotes, strict=True)]
        cost = 0.0010 * moved[0] + 0.0040 * moved[1]
        units = [(value - cost) / 2 / p for p in quotes]
        paid += cost
    assert one.final_value == pytest.approx(units[0] * spy[-1] + units[1] * dax[-1] * rate[-1])
    assert one.cost_paid == pytest.approx(paid, rel=1e-12)
    assert one.rebalances == 2


def test_a_rate_serves_for_five_sessions_more_and_says_so(tmp_path: Path) -> None:
    """An older rate is used with a finding; the sixth session is an error with pair and day."""
    _, dax, rate = _draws()
    five, six = rate.copy(), rate.copy()
    five[20:25], six[20:26] = np.nan, np.nan

    held = read_prices(_long(tmp_path, rates=five), currency="USD")

    assert held.close[20:25, 1] == pytest.approx(dax[20:25] * rate[19])
    (said,) = [finding for finding in held.findings if finding.code == "rate-held"]
    assert said.subject == "EURUSD"
    assert f"no rate on 5 of 84 sessions, first on {DAYS[20]}" in said.message
    with pytest.raises(InputError, match=f"no rate EURUSD on {DAYS[25]}, nor in the 5 sessions"):
        read_prices(_long(tmp_path, rates=six), currency="USD")


def test_without_rates_nothing_is_mixed(tmp_path: Path) -> None:
    """Two currencies are refused until it is said how they meet; so is a pair that is not there."""
    path = _long(tmp_path, pair="")
    (tmp_path / "two.csv").write_text(
        "date,symbol,close,currency\n2024-01-02,X,1,USD\n2024-01-03,X,1,EUR\n"
    )
    (tmp_path / "none.csv").write_text("date,symbol,close,currency\n2024-01-02,X,1,euro\n")

    for source, currency, said in (
        (path, None, "several currencies: EUR, USD"),
        (path, "USD", "there is no rate EURUSD"),
        (tmp_path / "two.csv", "USD", "two.csv:3: currency: X is in EUR here, and in USD before"),
        (tmp_path / "none.csv", "USD", "none.csv:2: currency: 'euro' is no currency"),
    ):
        with pytest.raises(InputError, match=said):
            read_prices(source, currency=currency)
    late = _draws()[2].copy()
    late[:3] = np.nan
    with pytest.raises(InputError, match=f"no rate EURUSD on {DAYS[0]} and 2 more"):
        read_prices(_long(tmp_path, rates=late), currency="USD")
    for options, said in (
        ({"fx": path}, "currency='USD'"),
        ({"currency": "usd"}, "three capital"),
    ):
        with pytest.raises(ValueError, match=said):
            read_prices(path, **options)


def test_the_command_line_brings_prices_to_one_currency(tmp_path: Path) -> None:
    """--currency, --fx and --fx-bps are what the keywords are; one without the other is refused."""
    path = _long(tmp_path)
    expected = backtest(
        read_prices(path, currency="USD"), Policy(HALVES, when="monthly"), fx_bps=30
    ).policies[0]
    line = "trimtab backtest --prices p.csv --target SPY=50,DAX=50 --when monthly"

    found = json.loads(Session(tmp_path).run(f"{line} --currency USD --fx-bps 30 --json"))

    assert found["final_value"] == expected.final_value
    assert "as --currency USD" in Session(tmp_path).run(f"{line} --fx p.csv")
    assert "three capital letters" in Session(tmp_path).run(f"{line} --currency dollar")
    assert "several currencies" in Session(tmp_path).run(line)
