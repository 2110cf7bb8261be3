"""Cash dividends in research mode: reinvested, held, or spent towards the target."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from tests.simulate.markets import lively
from trimtab.adapters.price_frames import read_prices
from trimtab.costs import Costs
from trimtab.kernels.daily_columns import DIVIDEND, SPENT
from trimtab.model.errors import InputError
from trimtab.model.policy import Policy
from trimtab.reports.assumed_text import assumptions
from trimtab.simulate.choosing.grid import grid
from trimtab.simulate.choosing.sweep import sweep
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import Form, backtest
from trimtab.simulate.research.flows import Flows
from trimtab.simulate.research.rules import DividendUse, TradeAt
from trimtab.simulate.uncertainty.bootstrap import bootstrap, bootstrap_paths
from trimtab.simulate.uncertainty.paths import figures_of

USES: tuple[DividendUse, ...] = get_args(DividendUse)
SESSIONS = 130
TARGET = {"A": 0.5, "B": 0.3, "C": 0.2}
PAID = {("A", 7): 0.4, ("B", 7): 0.9, ("A", 40): 1.1, ("C", 63): 2.5, ("B", 101): 0.35}
PAID |= {("C", 22): 0.6, ("A", 129): 0.8}
SPLITS = {("A", 40): 2.0, ("B", 80): 0.5}
"""Units that each unit becomes, by symbol and session; A pays on the day of its split as well."""


def quoted(seed: int = 5) -> tuple[list[date], dict[str, list[float]], dict[str, list[float]]]:
    """Days, closes and opens as they were quoted: they jump at splits."""
    walk = lively("ABC", SESSIONS, seed=seed)
    closes, opens = {}, {}
    for i, symbol in enumerate("ABC"):
        own = walk.close[:, i].copy()
        for (name, at), split in SPLITS.items():
            if name == symbol:
                own[at:] /= split
        closes[symbol] = [round(float(price), 4) for price in own]
        opens[symbol] = [round(price * (1.004 - 0.001 * i), 4) for price in closes[symbol]]
    return [day.item() for day in walk.dates], closes, opens


def priced(folder: Path, *, splits: bool = True, paid: bool = True, seed: int = 5) -> PriceHistory:
    """The same read from a long file."""
    days, closes, opens = quoted(seed)
    lines = ["date,symbol,close,open" + ",dividend" * paid + ",split" * splits]
    for t, day in enumerate(days):
        for name in "ABC":
            row = f"{day},{name},{closes[name][t]},{opens[name][t]}"
            row += f",{PAID.get((name, t), '')}" * paid + f",{SPLITS.get((name, t), '')}" * splits
            lines.append(row)
    path = folder / "quoted.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_prices(path)


def is_month_end(days: list[date], t: int) -> bool:
    """Whether a session is the last of its month."""
    return t + 1 < len(days) and days[t + 1].month != days[t].month


def levelled(gaps: dict[str, float], money: float) -> dict[str, float]:
    """Money spent on the furthest gaps first: cut at the level that spends it all."""
    low, high = 0.0, max(gaps.values())
    if sum(max(gap, 0.0) for gap in gaps.values()) <= money:
        return {name: max(gap, 0.0) for name, gap in gaps.items()}
    for _ in range(200):
        level = 0.5 * (low + high)
        spent = sum(max(gap - level, 0.0) for gap in gaps.values())
        low, high = (level, high) if spent > money else (low, level)
    return {name: max(gap - low, 0.0) for name, gap in gaps.items()}


def oracle(use: str, trade_at: str, rate: float, monthly: bool) -> tuple[list[float], float]:
    """Values at each close and dividends in all, by raw shares and a purse, in plain Python."""
    days, closes, opens = quoted()
    shares = {name: 100_000.0 * share / closes[name][0] for name, share in TARGET.items()}
    cash = paid_in_all = 0.0
    values = [100_000.0]
    due = False

    def worth(prices: dict[str, list[float]], t: int) -> float:
        return cash + sum(shares[name] * prices[name][t] for name in shares)

    def rebalance(prices: dict[str, list[float]], t: int) -> float:
        value = worth(prices, t)
        moved = sum(abs(TARGET[n] * value - shares[n] * prices[n][t]) for n in shares)
        for name in shares:
            shares[name] = TARGET[name] * (value - rate * moved) / prices[name][t]
        return 0.0

    for t in range(1, SESSIONS):
        last = t == SESSIONS - 1
        arrived = 0.0
        for name in shares:
            paid = shares[name] * PAID.get((name, t), 0.0)
            shares[name] *= SPLITS.get((name, t), 1.0)
            paid_in_all += paid
            if use == "reinvest":
                shares[name] += paid / closes[name][t]
            else:
                arrived += paid
        cash += arrived
        if due and not last:
            cash = rebalance(opens if trade_at == "next-open" else closes, t)
            due = False
            arrived = min(arrived, cash)
        if use == "towards-target" and arrived > 1e-9 and not last:
            value = worth(closes, t)
            cash -= arrived
            gaps = {n: TARGET[n] * value - shares[n] * closes[n][t] for n in shares}
            bought = levelled(gaps, arrived)
            total = sum(bought.values())
            for name, amount in bought.items():
                shares[name] += amount * (1.0 - rate) / closes[name][t]
            cash += arrived - total
        if monthly and is_month_end(days, t) and not last:
            if trade_at == "close":
                cash = rebalance(closes, t)
            else:
                due = t < SESSIONS - 2
        values.append(worth(closes, t))
    return values, paid_in_all


@pytest.mark.parametrize("monthly", [True, False], ids=["monthly", "never"])
@pytest.mark.parametrize("trade_at", ["close", "next-open", "next-close"])
@pytest.mark.parametrize("use", ["hold", "towards-target"])
def test_dividends_are_what_a_purse_of_raw_shares_has_of_them(
    use: DividendUse, trade_at: TradeAt, monthly: bool, tmp_path: Path
) -> None:
    """Values at every close are those of shares, splits and a purse that are counted by hand."""
    prices = priced(tmp_path)
    policy = Policy(TARGET, when="monthly" if monthly else "never")

    found = backtest(prices, policy, costs=Costs(bps=20), trade_at=trade_at, dividends=use)

    values, paid = oracle(use, trade_at, 0.002, monthly)
    np.testing.assert_allclose(found.policies[0].value, values, rtol=1e-12)
    assert found.policies[0].dividends_paid == pytest.approx(paid, rel=1e-12)
    assert found.policies[0].dividends == use


@pytest.mark.parametrize("monthly", [True, False], ids=["monthly", "never"])
@pytest.mark.parametrize("trade_at", ["close", "next-close"])
def test_reinvested_dividends_buy_the_same_at_that_close_at_no_cost(
    trade_at: TradeAt, monthly: bool, tmp_path: Path
) -> None:
    """What nobody asks for is what total returns are: more of the same, free of cost."""
    prices = priced(tmp_path)
    policy = Policy(TARGET, when="monthly" if monthly else "never")

    found = backtest(prices, policy, costs=Costs(bps=20), trade_at=trade_at)

    values, _ = oracle("reinvest", trade_at, 0.002, monthly)
    np.testing.assert_allclose(found.policies[0].value, values, rtol=1e-12)
    assert found.policies[0].dividends == "reinvest"


def test_a_split_changes_no_value_and_trades_nothing(tmp_path: Path) -> None:
    """A policy that looks every day trades on a split what it trades where there was none."""
    days, closes, _ = quoted()
    lines = ["date,symbol,close,dividend"]
    for t, day in enumerate(days):
        for name in "ABC":
            # By hand: units as they are before the first split.
            units = np.prod([1.0, *(SPLITS[n, at] for n, at in SPLITS if n == name and at <= t)])
            ex = np.prod([1.0, *(SPLITS[n, at] for n, at in SPLITS if n == name and at < t)])
            paid = PAID.get((name, t), 0.0) * ex
            lines.append(f"{day},{name},{closes[name][t] * units},{paid or ''}")
    (tmp_path / "unsplit.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    daily = Policy(TARGET, when="daily")
    options: dict[str, Any] = {"costs": Costs(bps=10), "dividends": "hold"}

    found = backtest(priced(tmp_path), daily, **options).policies[0]

    plain = backtest(read_prices(tmp_path / "unsplit.csv"), daily, **options).policies[0]
    np.testing.assert_allclose(found.value, plain.value, rtol=1e-12)
    assert found.trade_count == plain.trade_count
    still = backtest(priced(tmp_path), Policy(TARGET, when="never"), dividends="hold").policies[0]
    assert still.trade_count == 0
    assert set(still.log.sessions.tolist()) == {t for _, t in PAID}


def test_nothing_is_lost_between_paying_and_spending(tmp_path: Path) -> None:
    """A dividend leaves the worth as it is, and what it buys takes its cost and no more."""
    prices = priced(tmp_path)
    found = backtest(
        prices, Policy(TARGET, when="monthly"), costs=Costs(bps=20), dividends="towards-target"
    ).policies[0]

    log = found.log

    assert log.kinds is not None
    change = ((log.units_after - log.units_before) * log.prices).sum(axis=1)
    paid, spent = log.kinds == DIVIDEND, log.kinds == SPENT
    np.testing.assert_allclose(change[paid], 0.0, atol=1e-9)
    np.testing.assert_allclose(change[spent], -log.cost[spent], atol=1e-9)
    assert spent.sum() == 5
    assert paid.sum() == 6
    assert (log.cost[spent] > 0.0).all()


def test_rebalanced_at_every_close_all_three_are_the_same_but_for_the_last(tmp_path: Path) -> None:
    """Where trading is free and daily it does not matter in what form a dividend comes."""
    prices = priced(tmp_path)
    daily = Policy(TARGET, when="daily")

    values = [backtest(prices, daily, dividends=use).policies[0].value for use in USES]

    np.testing.assert_allclose(values[1], values[0], rtol=1e-12)
    np.testing.assert_allclose(values[2], values[0], rtol=1e-12)


def test_dividends_are_new_cash(tmp_path: Path) -> None:
    """`cashflow` fires on them as it does in a plan; spent, they have moved in already."""
    prices = priced(tmp_path)
    policy = Policy(TARGET, when="cashflow:500")

    held = backtest(prices, policy, dividends="hold").policies[0]
    spent = backtest(prices, policy, dividends="towards-target").policies[0]
    reinvested = backtest(prices, policy, flows=Flows()).policies[0]

    assert held.rebalances >= 2
    assert reinvested.rebalances == 0
    assert spent.rebalances >= 1


@pytest.mark.parametrize("use", ["hold", "towards-target"])
@pytest.mark.parametrize("trade_at", ["close", "next-open", "next-close"])
def test_interpreted_and_compiled_give_the_same_bits(
    trade_at: TradeAt, use: DividendUse, tmp_path: Path
) -> None:
    """Machine code and the interpreter agree on dividends beside all else, to the bit."""
    prices = priced(tmp_path)
    prices = replace(prices, volume=np.full(prices.close.shape, 3_000.0))
    forms: tuple[Form, Form] = ("interpreted", "compiled")
    asked = Flows({date(2024, 3, 5): 9_000.0}, yearly=-0.05)
    policy = Policy({**TARGET, "A": 0.4, "CASH": 0.1}, when="monthly+band:2pp", to="half")

    one, other = (
        backtest(
            prices, policy, flows=asked, fee=0.01, participation=0.1, cash_rate=0.03, form=form,
            trade_at=trade_at, dividends=use, costs=Costs(bps=8, commission=1),
        ).policies[0]
        for form in forms
    )  # fmt: skip

    assert np.array_equal(one.value, other.value)
    assert np.array_equal(one.log.units_after, other.log.units_after)
    assert one.dividends_paid == other.dividends_paid > 0.0


def test_who_is_short_pays_the_dividend(tmp_path: Path) -> None:
    """What is sold short pays its dividends out of cash."""
    prices = priced(tmp_path)
    _, closes, _ = quoted()
    policy = Policy({"A": 1.2, "C": -0.2}, when="never")

    found = backtest(prices, policy, short=True, dividends="hold").policies[0]

    of_c = -20_000.0 / closes["C"][0] * (PAID["C", 22] + PAID["C", 63])
    of_a = 120_000.0 / closes["A"][0] * (PAID["A", 7] + PAID["A", 40] + 2.0 * PAID["A", 129])
    assert found.dividends_paid == pytest.approx(of_a + of_c, rel=1e-12)
    with pytest.raises(ValueError, match="hold"):
        backtest(prices, policy, short=True, dividends="towards-target")


@pytest.mark.parametrize("use", ["hold", "towards-target"])
def test_shuffled_histories_pay_what_their_rows_paid(use: DividendUse, tmp_path: Path) -> None:
    """A dividend is drawn with the row of returns that it is in: each path is its own backtest."""
    prices = priced(tmp_path)
    policies = [Policy(TARGET, when="monthly", name="m"), Policy(TARGET, when="never", name="n")]
    result = backtest(prices, policies, costs=Costs(bps=10), dividends=use)

    found = bootstrap(result, paths=3, seed=5, block=10)

    source, _ = bootstrap_paths(result, seed=5, block=10)
    for number, table in enumerate(found.table):
        alone = backtest(
            source.path(number), policies, costs=Costs(bps=10), form="compiled",
            dividends=use, accept_jumps=True,
        )  # fmt: skip
        assert alone.ready is not None
        assert np.array_equal(table, figures_of(alone.ready, alone.policies))
        assert alone["n"].dividends_paid > 0.0


def test_a_sweep_has_the_figures_of_its_backtests(tmp_path: Path) -> None:
    """Each policy of a sweep is its own backtest, dividends and all."""
    prices = priced(tmp_path)
    policies = grid(Policy(TARGET, when="monthly"), when=["monthly", "band:3pp"], to=["half"])

    found = sweep(prices, policies, dividends="hold")

    for k in range(len(found)):
        alone = backtest(prices, policies.policy(k)[0], form="compiled", dividends="hold")
        assert found.figures["final_value"][k] == alone.policies[0].final_value


def test_total_returns_say_that_dividends_are_in_them(tmp_path: Path) -> None:
    """What cannot be paid out is refused, and a result never says more than is known."""
    lines = ["date,A,B", *(f"2024-01-{day:02},{50 + day},{60 - day}" for day in range(2, 13))]
    (tmp_path / "wide.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    prices = read_prices(tmp_path / "wide.csv")
    policy = Policy({"A": 0.5, "B": 0.5}, when="never")

    found = backtest(prices, policy)

    assert found.policies[0].to_dict()["dividends"] == "in-prices"
    with pytest.raises(InputError, match="total returns"):
        backtest(prices, policy, dividends="hold")


def test_closes_as_quoted_are_no_total_returns(tmp_path: Path) -> None:
    """Where there is no adjusted close and no dividend, the run is without, and says so."""
    prices = priced(tmp_path, paid=False)
    policy = Policy(TARGET, when="never")

    found = backtest(prices, policy)

    assert found.policies[0].to_dict()["dividends"] == "none"
    assert "Without dividends:" in "\n".join(assumptions(found.assumed))
    with pytest.raises(InputError, match="there is no dividend column"):
        backtest(prices, policy, dividends="towards-target")


def test_what_nothing_is_known_of_keeps_its_dividends_with_a_finding(tmp_path: Path) -> None:
    """Where only some have a dividend column, the result names those that have none."""
    prices = priced(tmp_path)
    assert prices.stripped is not None
    known = prices.stripped.copy()
    known[:, 1] = np.nan
    some = replace(prices, stripped=known)

    found = backtest(some, Policy(TARGET, when="never"), dividends="hold")

    said = [(one.code, one.subject) for one in found.findings]
    assert ("dividends-in-prices", "B") in said
    assert found.policies[0].units[-1][1] == found.policies[0].start_units[1]


def test_a_dividend_of_a_session_left_out_is_paid_on_the_next(tmp_path: Path) -> None:
    """Dates without all prices are left out, and their dividends are not."""
    prices = priced(tmp_path)
    close = prices.close.copy()
    close[22, 0] = np.nan
    gappy = replace(prices, close=close)

    found = backtest(gappy, Policy(TARGET, when="never"), dividends="hold").policies[0]

    _, closes, _ = quoted()
    late = PAID["C", 22] * closes["C"][23] / closes["C"][22]
    first = found.log.units_after[1] - found.log.units_after[0]
    assert found.sessions == SESSIONS - 1
    shares = 20_000.0 / closes["C"][0]
    assert first[-1] == pytest.approx(shares * late, rel=1e-12)


def test_adjusted_closes_pay_the_dividends_of_their_column(tmp_path: Path) -> None:
    """A file of closes, adjusted closes and dividends knows what was paid of the worth."""
    lines = ["date,symbol,close,adj_close,dividend"]
    for day, close, adjusted, paid in (
        ("2024-01-02", 100, 98, ""), ("2024-01-03", 98, 98, 2), ("2024-01-04", 99, 99, ""),
    ):  # fmt: skip
        lines.append(f"{day},A,{close},{adjusted},{paid}")
    (tmp_path / "adjusted.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    prices = read_prices(tmp_path / "adjusted.csv")

    found = backtest(prices, Policy({"A": 1.0}, when="never"), cash=10_000, dividends="hold")

    assert found.policies[0].dividends_paid == pytest.approx(200.0)
    assert found.policies[0].final_value == pytest.approx(100 * 99 + 200)


def test_an_unknown_use_is_refused(tmp_path: Path) -> None:
    """The words are three, and others are told them."""
    prices = priced(tmp_path)
    wrong: Any = "spend"

    with pytest.raises(ValueError, match="reinvest, hold, towards-target"):
        backtest(prices, Policy(TARGET, when="never"), dividends=wrong)


def test_what_new_cash_buys_is_told_at_the_close_that_it_is_bought_at(tmp_path: Path) -> None:
    """Deposits and dividends trade at their close, also where the policy trades at the open."""
    prices = priced(tmp_path)
    policy = Policy(TARGET, when="never")

    found = backtest(
        prices, policy, trade_at="next-open", dividends="towards-target",
        flows={date(2024, 2, 5): 5_000.0}, costs=Costs(bps=10),
    ).policies[0]  # fmt: skip

    trades = found.trades
    days = [day.astype("datetime64[D]") for day in trades["date"]]
    closes = [
        prices.close[np.searchsorted(prices.dates, day), "ABC".index(symbol)]
        for day, symbol in zip(days, trades["symbol"], strict=True)
        if symbol != "CASH"
    ]
    told = [
        price
        for price, symbol in zip(trades["price"], trades["symbol"], strict=True)
        if symbol != "CASH"
    ]
    assert len(told) > 5
    assert told == closes
