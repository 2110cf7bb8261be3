"""Instruments without a price: holidays of their own, listed late, delisted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from tests.simulate.markets import history, lively
from trimtab.costs import Costs
from trimtab.kernels.daily_columns import PAID_OUT
from trimtab.model.errors import InputError
from trimtab.model.policy import Policy
from trimtab.simulate.prices.gaps import read_gaps
from trimtab.simulate.prices.history import GONE, TRADED, PriceHistory
from trimtab.simulate.prices.views import Views
from trimtab.simulate.research.backtest import Form, backtest
from trimtab.simulate.research.rules import TradeAt
from trimtab.simulate.uncertainty.bootstrap import bootstrap

NAN = float("nan")
THIRDS = {"A": 0.5, "B": 0.3, "C": 0.2}


def _codes(result: Any) -> list[str]:
    return [finding.code for finding in result.findings]


def _without(prices: PriceHistory, symbol: str, rows: Any) -> PriceHistory:
    """The same prices, of which one has none on some sessions."""
    close = prices.close.copy()
    close[rows, prices.symbols.index(symbol)] = NAN
    opens = None
    if prices.open is not None:
        opens = np.where(np.isnan(close), NAN, prices.open)
    return replace(prices, close=close, open=opens)


class _Plain:
    """The same history session by session in plain Python: a dict of prices for each day."""

    def __init__(
        self, prices: PriceHistory, target: dict[str, float], rate: float, paid: dict[str, float]
    ) -> None:
        self.days = [
            {s: float(p) for s, p in zip(prices.symbols, row, strict=True) if p == p}
            for row in prices.close
        ]
        self.first = {s: min(t for t, d in enumerate(self.days) if s in d) for s in target}
        self.final = {s: max(t for t, d in enumerate(self.days) if s in d) for s in target}
        self.target, self.rate, self.paid = target, rate, paid
        self.last: dict[str, float] = {}
        self.units: dict[str, float] = dict.fromkeys(target, 0.0)
        self.waiting: dict[str, float] = dict.fromkeys(target, 0.0)
        self.cash = 0.0
        self.cost = 0.0

    def exists(self, symbol: str, t: int) -> bool:
        return t >= self.first[symbol] and (t <= self.final[symbol] or symbol not in self.paid)

    def goals(self, t: int) -> dict[str, float]:
        there = {s: w for s, w in self.target.items() if self.exists(s, t)}
        total = sum(there.values())
        return {s: there.get(s, 0.0) / total for s in self.target}

    def worth(self) -> float:
        return self.cash + sum(u * self.last.get(s, 0.0) for s, u in self.units.items())

    def run(self, looks: Any, money: float) -> list[float]:
        values = []
        for t, today in enumerate(self.days):
            for symbol, price in self.paid.items():
                if t == self.final[symbol] + 1:
                    self.cash += self.units[symbol] * price
                    self.units[symbol] = self.waiting[symbol] = 0.0
            self.last.update(today)
            if t == 0:
                self.units = {
                    s: g * money / self.last[s] if g else 0.0 for s, g in self.goals(0).items()
                }
            elif t < len(self.days) - 1:
                self.session(t, today, bool(looks[t]))
            values.append(self.worth())
        return values

    def session(self, t: int, today: dict[str, float], looks: bool) -> None:
        if looks:
            value, goals = self.worth(), self.goals(t)
            held = {s: u * self.last.get(s, 0.0) for s, u in self.units.items()}
            cost = self.rate * sum(abs(goals[s] * value - held[s]) for s in goals)
            self.waiting = {
                s: g * (value - cost) / self.last[s] - self.units[s] if s in self.last else 0.0
                for s, g in goals.items()
            }
            if all(s in today for s, order in self.waiting.items() if abs(order) > 1e-12):
                for s, order in self.waiting.items():
                    self.units[s] += order
                self.cash, self.waiting = 0.0, dict.fromkeys(self.target, 0.0)
                self.cost += cost
                return
        for s in sorted(self.target):
            if self.waiting[s] < 0 and s in today:
                self.fill(s, self.waiting[s], today[s])
        wishes = {s: w for s, w in self.waiting.items() if w > 0 and s in today}
        need = sum(w * today[s] for s, w in wishes.items()) * (1 + self.rate)
        part = min(1.0, max(self.cash, 0.0) / need) if need else 1.0
        for s, w in wishes.items():
            self.fill(s, w * part, today[s])
        if part < 1.0 and not any(w < -1e-9 for w in self.waiting.values()):
            self.waiting = {s: min(w, 0.0) for s, w in self.waiting.items()}

    def fill(self, symbol: str, size: float, price: float) -> None:
        fee = self.rate * abs(size) * price
        self.units[symbol] += size
        self.waiting[symbol] -= size
        self.cash -= size * price + fee
        self.cost += fee


def _looks(prices: PriceHistory, unit: str) -> Any:
    periods = prices.dates.astype(f"datetime64[{unit}]")
    return np.append(periods[1:] != periods[:-1], False)


# -- holidays -------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["interpreted", "compiled"])
@pytest.mark.parametrize(("when", "unit"), [("monthly", "M"), ("daily", "D")])
def test_a_held_price_values_and_orders_wait_as_in_plain_python(
    form: Form, when: str, unit: str
) -> None:
    """On a holiday of its own an instrument keeps its last price; its orders wait for the next."""
    prices = lively("ABC", 130, seed=6)
    draw = np.random.default_rng(2)
    for symbol in "AB":
        prices = _without(prices, symbol, 1 + np.flatnonzero(draw.random(129) < 0.15))
    months = np.flatnonzero(_looks(prices, "M"))
    prices = _without(prices, "C", months[:3])

    result = backtest(
        prices, Policy(THIRDS, when=when), costs=Costs(bps=20), missing="hold", form=form
    )

    one = result.policies[0]
    plain = _Plain(prices, THIRDS, 0.002, {})
    expected = plain.run(_looks(prices, unit), 100_000.0)
    assert one.sessions == 130
    assert one.value == pytest.approx(expected, rel=1e-11)
    assert one.cost_paid == pytest.approx(plain.cost, rel=1e-9)
    counts = {f.subject: f.message for f in result.findings if f.code == "price-held"}
    for symbol in "ABC":
        missing = int(np.isnan(prices.close[:, prices.symbols.index(symbol)]).sum())
        assert f"no price on {missing} of 130 sessions" in counts[symbol]


@pytest.mark.parametrize("trade_at", ["close", "next-open", "next-close"])
@pytest.mark.parametrize("when", ["monthly", "band:2pp", "drift:2pp"])
def test_nothing_is_traded_at_a_price_that_was_held(when: str, trade_at: TradeAt) -> None:
    """Units of an instrument change on no session on which it has no price."""
    prices = lively("ABC", 260, seed=11)
    prices = replace(prices, open=prices.close * 1.002)
    gone = 1 + np.flatnonzero(np.random.default_rng(3).random(259) < 0.2)
    prices = _without(prices, "B", gone)

    one = backtest(
        prices, Policy(THIRDS, when=when), costs=Costs(bps=5), missing="hold:9", trade_at=trade_at
    ).policies[0]

    units = one.units[:, one.symbols.index("B")]
    assert one.rebalances > 3
    assert (units[gone] == units[gone - 1]).all()
    assert (np.diff(units) != 0.0).any()


def test_holding_where_nothing_is_missing_changes_no_bit() -> None:
    """Asked for or not, complete prices run in the same loop and can be shuffled."""
    prices = lively("ABC", 200)
    policy = Policy(THIRDS, when="monthly")

    asked = backtest(prices, policy, costs=Costs(bps=5), missing="hold", late="spread")

    plain = backtest(prices, policy, costs=Costs(bps=5)).policies[0]
    assert np.array_equal(asked.policies[0].value, plain.value)
    assert asked.policies[0].symbols == plain.symbols
    assert not asked.findings
    assert len(bootstrap(asked, paths=2).names) == 1


def test_a_price_is_held_for_so_long_and_no_longer() -> None:
    """Five sessions in a row are held, the sixth is an error that says where, until it is asked."""
    prices = lively("ABC", 40)
    five, six = _without(prices, "B", range(10, 15)), _without(prices, "B", range(10, 16))

    backtest(five, Policy(THIRDS), missing="hold")
    with pytest.raises(InputError) as caught:
        backtest(six, Policy(THIRDS), missing="hold")
    longer = backtest(six, Policy(THIRDS), missing="hold:6")

    said = str(caught.value)
    assert f"B: no price from {prices.dates[10]} to {prices.dates[15]}, 6 sessions" in said
    assert _codes(longer) == ["price-held"]


# -- delisted -------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["interpreted", "compiled"])
@pytest.mark.parametrize("price", [None, 0.0, 31.5])
@pytest.mark.parametrize(("when", "unit"), [("monthly", "M"), ("daily", "D")])
def test_what_is_delisted_becomes_cash_as_in_plain_python(
    form: Form, price: float | None, when: str, unit: str
) -> None:
    """On the session after its last price it is paid out, and the others share its target."""
    prices = _without(lively("ABC", 130, seed=2), "B", range(57, 130))

    result = backtest(
        prices, Policy(THIRDS, when=when), costs=Costs(bps=20), delisted={"B": price}, form=form
    )

    one = result.policies[0]
    last = float(prices.close[56, 1])
    plain = _Plain(prices, THIRDS, 0.002, {"B": last if price is None else price})
    expected = plain.run(_looks(prices, unit), 100_000.0)
    assert one.sessions == 130
    assert one.value == pytest.approx(expected, rel=1e-11)
    assert one.final_weights["B"] == 0.0
    assert _codes(result) == ["delisted"]
    assert str(prices.dates[56]) in result.findings[0].message
    assert one.log.kinds is not None
    assert one.log.sessions[one.log.kinds == PAID_OUT].tolist() == [57]
    later = np.datetime64(prices.dates[57])
    sold = [s for s, d in zip(one.trades["symbol"], one.trades["date"], strict=True) if d >= later]
    assert "B" not in sold


def test_after_a_merger_bands_of_the_others_are_around_their_new_targets() -> None:
    """A half that becomes cash leaves the other half at its whole target: one purchase, no more."""
    prices = history({"A": [10.0] * 12, "B": [10.0, 10.0] + [NAN] * 10})

    one = backtest(
        prices, Policy({"A": 0.5, "B": 0.5}, when="band:5pp"), cash=100.0, delisted=["B"]
    ).policies[0]

    assert one.rebalances == 1
    assert one.log.sessions.tolist() == [2, 2]
    assert one.final_weights == pytest.approx({"A": 1.0, "B": 0.0, "CASH": 0.0})
    assert one.targets[:, 0].tolist() == [0.5, 0.5] + [1.0] * 10
    assert one.measures.tracking_error == pytest.approx(0.0)


def test_doing_nothing_keeps_the_money_of_what_is_gone() -> None:
    """A policy that never trades holds the cash to the end; without value nothing comes."""
    prices = history({"A": [10.0] * 12, "B": [10.0, 12.0] + [NAN] * 10})
    policy = Policy({"A": 0.5, "B": 0.5})

    merged = backtest(prices, policy, cash=100.0, delisted=["B"]).policies[0]
    failed = backtest(prices, policy, cash=100.0, delisted={"B": 0.0}).policies[0]

    assert merged.value.tolist() == [100.0, *[110.0] * 11]
    assert merged.final_weights["CASH"] == pytest.approx(60.0 / 110.0)
    assert failed.value.tolist() == [100.0, 110.0, *[50.0] * 10]
    assert failed.measures.tracking_error > 0.0


@pytest.mark.parametrize("trade_at", ["close", "next-close"])
def test_no_decision_knows_that_prices_are_about_to_end(trade_at: TradeAt) -> None:
    """Until the last priced session all is as it is where prices go on."""
    whole = lively("ABC", 90, seed=5)
    ends = _without(whole, "B", range(45, 90))
    policy = Policy(THIRDS, when="daily")
    options: dict[str, Any] = {"costs": Costs(bps=10), "trade_at": trade_at}

    known = backtest(whole, policy, **options).policies[0]
    found = backtest(ends, policy, delisted={"B": 0.0}, **options).policies[0]

    assert found.value[:45] == pytest.approx(known.value[:45], rel=1e-13)
    # What was decided about it on its last session is dropped; the rest of the decision is not.
    assert found.units[45, 1] == 0.0
    assert found.value[45] < 0.8 * known.value[45]


def test_a_deposit_does_not_buy_what_is_gone() -> None:
    """New money goes where money can still go."""
    prices = history({"A": [10.0] * 12, "B": [10.0, 10.0] + [NAN] * 10})

    one = backtest(
        prices, Policy({"A": 0.5, "B": 0.5}), cash=100.0, delisted=["B"],
        flows={date(2024, 1, 9): 40.0},
    ).policies[0]  # fmt: skip

    assert (one.units[-1] * one.history[-1]).tolist() == pytest.approx([90.0, 0.0, 50.0])
    assert one.value[-1] == pytest.approx(140.0)


def test_prices_that_end_early_are_refused_until_somebody_says_why() -> None:
    """One instrument's end never shortens a run of years in silence."""
    prices = _without(lively("ABC", 90), "B", range(45, 90))
    policy = Policy(THIRDS)

    with pytest.raises(InputError) as caught:
        backtest(prices, policy)
    told = backtest(prices, policy, end=date.fromisoformat(str(prices.dates[44])))
    nearly = backtest(_without(lively("ABC", 90), "B", range(85, 90)), policy)

    said = str(caught.value)
    assert f"B: prices end on {prices.dates[44]}, 45 sessions before the last" in said
    assert "delisted" in said
    assert told.policies[0].sessions == 45
    assert (nearly.policies[0].sessions, _codes(nearly)) == (85, ["ends-early"])


def test_a_made_target_sees_only_what_still_exists() -> None:
    """A function's view has the instruments of its date; what it wants of others is spread."""
    prices = _without(lively("ABC", 90), "B", range(45, 90))
    seen = []

    def equal(view: PriceHistory) -> dict[str, float]:
        seen.append((len(view), view.symbols))
        assert not np.isnan(view.close).any()
        return dict.fromkeys("ABC", 1 / 3)

    one = backtest(prices, Policy(equal, when="weekly"), delisted=["B"]).policies[0]

    assert all(symbols == (("A", "B", "C") if n <= 45 else ("A", "C")) for n, symbols in seen)
    assert len({symbols for _, symbols in seen}) == 2
    assert one.final_weights["A"] == pytest.approx(0.5, abs=0.05)
    assert one.final_weights["B"] == 0.0


def test_views_of_what_exists_share_one_copy_until_something_comes_or_goes() -> None:
    """Looks at prices with gaps cost as much as there are new rows, and hold nothing later."""
    prices = lively("ABC", 90)
    status = np.full(prices.close.shape, TRADED)
    status[45:, 1] = GONE
    views = Views(replace(prices, status=status))

    kept = [views.at(session) for session in range(90)]

    assert [one.symbols for one in (kept[44], kept[45])] == [("A", "B", "C"), ("A", "C")]
    assert np.shares_memory(kept[50].close, kept[60].close)
    assert all(np.array_equal(one.close, prices.close[:k, [0, 2]])
               for k, one in enumerate(kept[45:], 46))  # fmt: skip
    with pytest.raises(AssertionError, match="later rows"):
        views.at(60)


# -- listed late ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["interpreted", "compiled"])
@pytest.mark.parametrize(("when", "unit"), [("monthly", "M"), ("daily", "D")])
def test_what_is_listed_late_is_spread_as_in_plain_python(form: Form, when: str, unit: str) -> None:
    """Until it has a price the others share its target; then it is bought as the policy says."""
    prices = _without(lively("ABC", 130, seed=9), "C", range(60))
    prices = _without(prices, "A", range(5))

    result = backtest(
        prices, Policy(THIRDS, when=when), costs=Costs(bps=20), late="spread", form=form
    )

    one = result.policies[0]
    plain = _Plain(prices, THIRDS, 0.002, {})
    expected = plain.run(_looks(prices, unit), 100_000.0)
    assert one.sessions == 130
    assert one.value == pytest.approx(expected, rel=1e-11)
    assert one.shares[0].tolist()[:3] == pytest.approx([0.0, 1.0, 0.0])
    assert one.final_weights["C"] > 0.1
    assert _codes(result) == ["listed-late", "listed-late"]


def test_a_band_buys_what_is_listed_late_at_once() -> None:
    """Its target counts from its first price: it is off by all of it, so a band fires."""
    prices = _without(lively("ABC", 130, seed=9), "C", range(60))

    one = backtest(prices, Policy(THIRDS, when="band:10pp"), late="spread").policies[0]
    waits = backtest(prices, Policy(THIRDS, when="band:10pp")).policies[0]

    assert one.shares[59, 2] == 0.0
    assert one.shares[60, 2] == pytest.approx(0.2)
    assert str(waits.first) == str(prices.dates[60])


def test_all_three_at_once_agree_in_both_forms() -> None:
    """Holidays, a merger and a late listing together: machine code and interpreter to the bit."""
    prices = lively("ABCD", 260, seed=4)
    prices = replace(prices, open=prices.close * 1.001)
    prices = _without(prices, "A", 1 + np.flatnonzero(np.random.default_rng(1).random(250) < 0.1))
    prices = _without(_without(prices, "B", range(200, 260)), "C", range(120))
    quarters = dict.fromkeys("ABCD", 0.25)
    policies = [
        Policy(quarters, when="band:3pp", to="half", name="band"),
        Policy({date(2024, 1, 1): quarters, date(2024, 6, 3): THIRDS}, when="weekly", name="dated"),
    ]

    for trade_at in ("close", "next-open"):
        runs = [
            backtest(
                prices, policies, costs=Costs(bps=10, minimum=1), missing="hold", late="spread",
                delisted={"B": 1.0}, fee=0.01, flows=-0.05, trade_at=trade_at, form=form,
            )
            for form in ("interpreted", "compiled")
        ]  # fmt: skip

        for one, other in zip(*runs, strict=True):
            assert np.array_equal(one.value, other.value)
            assert np.array_equal(one.log.units_after, other.log.units_after)
            assert (one.units[:, :4] >= -1e-9).all()
            assert one.value == pytest.approx((one.units * one.history).sum(axis=1), rel=1e-11)


# -- what makes no sense --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"missing": "ffill"}, "drop, hold"),
        ({"missing": "hold:0"}, "hold:10"),
        ({"late": "soon"}, "wait, spread"),
        ({"delisted": {"B": -1.0}}, "zero or more"),
        ({"delisted": {"B": NAN}}, "zero or more"),
        ({"missing": "hold", "cost_rule": "solved"}, "once"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(options: dict[str, Any], said: str) -> None:
    """What is mistyped is said at once, with what there is."""
    with pytest.raises(ValueError, match=said):
        backtest(lively("ABC", 40), Policy(THIRDS), **options)


def test_what_is_delisted_must_have_had_prices() -> None:
    """A symbol that nobody knows is refused with the nearest one."""
    with pytest.raises(InputError, match="did you mean ABB"):
        backtest(lively(["ABB", "C"], 40), Policy({"ABB": 1.0}), delisted=["ABBN"])
    with pytest.raises(InputError, match="made from prices"):
        backtest(lively("AB", 40), Policy(lambda view: {"A": 1.0}), late="spread")
    assert read_gaps("drop", "wait", {}) is None
