"""The research loop against one written the long way, and against itself as machine code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.kernels.compile import compiled
from trimtab.kernels.destination import TO_EDGE, TO_HALF, TO_TARGET, TO_WITHIN
from trimtab.kernels.research import run
from trimtab.kernels.research_blocks import fill_extremes, fill_reaches, next_doubt
from trimtab.kernels.research_columns import (
    ABOVE,
    BELOW,
    BLOCK,
    BRANCH_SPACE,
    COST_PAID,
    LANES,
    LIMITS,
    REBALANCES,
    SPACE,
    STRETCH,
    TURNOVER,
)
from trimtab.kernels.research_trades import (
    COST_FROM_LAST,
    COST_IN_ORDER,
    COST_ONCE,
    COST_SOLVED,
    order_cost,
    rebalance,
)

CASH = 1000.0


def _market(seed: int, sessions: int, n: int) -> Any:
    """Prices of n lively instruments, shape (sessions, n)."""
    draw = np.random.default_rng(seed)
    return 50.0 * np.exp(np.cumsum(draw.normal(0.0, 0.03, (sessions, n)), axis=0))


class _Case:
    """One run's arguments, as arrays."""

    def __init__(self, closes: Any, weights: Any, **rules: Any) -> None:
        self.closes = closes
        self.sessions, self.n = closes.shape
        self.weights = np.array(weights, dtype=float).reshape(-1, self.n)
        self.looks = rules.get("looks", np.ones(self.sessions, dtype=np.bool_))
        self.every = rules.get("every", True)
        self.absolute = rules.get("absolute", -1.0)
        self.relative = rules.get("relative", -1.0)
        self.drift = rules.get("drift", -1.0)
        self.to = rules.get("to", TO_TARGET)
        self.width = rules.get("width", -1.0)
        self.lag = rules.get("lag", 0)
        self.rule = rules.get("rule", COST_ONCE)
        self.costs = rules.get("costs", np.zeros((4, self.n)))
        self.dealing = rules.get("dealing", closes)
        self.most = rules.get("most", self.sessions)
        self.row_at = rules.get("row_at", np.zeros(self.sessions, dtype=np.int64))
        self.branches = rules.get("branches", np.zeros((0, self.n), dtype=np.int64))

    def run(self, *, as_machine_code: bool) -> dict[str, Any]:
        """Equity, counts, sums and the log of rebalances."""
        form = (lambda c: c.copy()) if as_machine_code else (lambda c: c.tolist())
        most, n = self.most, self.n
        units = form(self.weights[0] * CASH / self.closes[0])
        counts, sums = form(np.zeros(2, dtype=np.int64)), form(np.zeros(2))
        equity = form(np.zeros(self.sessions + LANES))
        traded = [form(np.zeros(most, dtype=np.int64))] + [form(np.zeros(most)) for _ in range(3)]
        after = form(np.zeros((most, n)))
        kernel: Any = compiled(run) if as_machine_code else run
        closes = form(self.closes)
        extremes = form(np.zeros((-(-self.sessions // STRETCH), 2, n)))
        (compiled(fill_extremes) if as_machine_code else fill_extremes)(closes, extremes)
        done = kernel(
            form(np.pad(self.closes.T, ((0, 0), (0, LANES)))),
            closes,
            extremes,
            form(self.dealing),
            form(self.looks),
            self.every,
            form(self.weights),
            form(self.row_at),
            form(self.branches),
            self.absolute,
            self.relative,
            self.drift,
            self.to,
            self.width,
            self.lag,
            self.rule,
            form(self.costs),
            0,
            units,
            counts,
            sums,
            equity,
            *traded,
            after,
            form(np.zeros((SPACE, n))),
            form(np.zeros((BRANCH_SPACE, len(self.branches)))),
            form(np.zeros(2)),
            form(np.zeros(BLOCK)),
        )
        columns = (units, counts, sums, equity[: self.sessions], *traded, after)
        names = ("units", "counts", "sums", "equity", "at", "cost", "moved", "value", "after")
        found = {name: np.asarray(c) for name, c in zip(names, columns, strict=True)}
        return {"done": done, **found}

    def the_long_way(self) -> tuple[list[float], int, float, float]:
        """The same run written day by day, for trades to target with rates of cost only."""
        units = self.weights[0] * CASH / self.closes[0]
        adopted, planned = 0, -1
        equity, count, turnover, paid = [], 0, 0.0, 0.0
        for t in range(self.sessions):
            for decided in (False, True):
                if not decided and planned < 0:
                    continue
                if decided:
                    value = float(units @ self.closes[t])
                    now = units * self.closes[t] / value
                    if not self._fires(t, now, adopted) or t + self.lag >= self.sessions - 1:
                        continue
                    planned = int(self.row_at[t])
                    if float(np.abs(self.weights[planned] - now).sum()) <= 1e-12:
                        planned = -1  # nothing to trade, so nothing is decided
                    if self.lag or planned < 0:
                        continue
                prices = self.dealing[t] if self.lag else self.closes[t]
                value = float(units @ prices)
                aim = self.weights[planned]
                moved = float(np.abs(aim * value - units * prices).sum())
                if moved > 1e-12 * value:
                    cost = float((self.costs[0] * np.abs(aim * value - units * prices)).sum())
                    units = aim * (value - cost) / prices
                    adopted = planned
                    count, turnover, paid = count + 1, turnover + moved / value / 2, paid + cost
                planned = -1
            equity.append(float(units @ self.closes[t]))
        return equity, count, turnover, paid

    def _fires(self, t: int, now: Any, adopted: int) -> bool:
        if not self.looks[t]:
            return False
        leaves = np.abs(now - self.weights[adopted])
        # Inner sleeves have bands of their own.
        aims = np.concatenate([self.weights[adopted], self.branches @ self.weights[adopted]])
        away = np.abs(np.concatenate([now, self.branches @ now]) - aims)
        tests = []
        if self.absolute >= 0:
            tests.append(bool((away >= self.absolute - 1e-12).any()))
        if self.relative >= 0:
            tests.append(bool((away >= self.relative * aims - 1e-12).any()))
        if self.drift >= 0:
            tests.append(float(leaves.sum()) / 2 >= self.drift - 1e-12)
        return any(tests) if tests else True


def _drawn(seed: int) -> _Case:
    """A random policy on a random market."""
    draw = np.random.default_rng(seed)
    sessions, n = int(draw.integers(2, 700)), int(draw.integers(1, 6))
    closes = _market(seed, sessions, n)
    every = bool(draw.random() < 0.5)
    looks = np.ones(sessions, dtype=np.bool_) if every else draw.random(sessions) < 0.1
    rows = draw.dirichlet(np.ones(n), size=2)
    lag = int(draw.integers(0, 2))
    opens = closes * draw.uniform(0.99, 1.01, closes.shape)
    return _Case(
        closes,
        rows,
        looks=looks,
        every=every,
        absolute=float(draw.choice([-1.0, 0.03, 0.1])),
        relative=float(draw.choice([-1.0, 0.2])),
        drift=float(draw.choice([-1.0, 0.05])),
        to=int(draw.choice([TO_TARGET, TO_EDGE, TO_HALF, TO_WITHIN])),
        width=0.02,
        lag=lag,
        rule=int(draw.choice([COST_ONCE, COST_SOLVED, COST_IN_ORDER, COST_FROM_LAST])),
        costs=np.vstack([draw.uniform(0, 0.01, n), np.zeros((3, n))]),
        dealing=opens if lag else closes,
        row_at=(np.arange(sessions) >= sessions // 2).astype(np.int64),
        branches=_tree(n) if draw.random() < 0.5 else np.zeros((0, n), dtype=np.int64),
    )


def _tree(n: int) -> Any:
    """An inner sleeve of the first half of the symbols, and one of the others."""
    first = (np.arange(n) < (n + 1) // 2).astype(np.int64)
    return np.array([first, 1 - first])[: min(n, 2)]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_compiled_and_interpreted_agree_to_the_bit(seed: int) -> None:
    """Whatever the policy, machine code and interpreter leave the same bits in every column."""
    case = _drawn(seed)

    plain, fast = case.run(as_machine_code=False), case.run(as_machine_code=True)

    for name, column in plain.items():
        assert np.asarray(column).tobytes() == np.asarray(fast[name]).tobytes(), name


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_trades_to_target_match_the_long_way(seed: int) -> None:
    """Blocks of sessions, bands as limits and all: the same as deciding day by day."""
    case = _drawn(seed)
    case.to, case.rule = TO_TARGET, COST_ONCE

    found = case.run(as_machine_code=False)
    equity, count, turnover, paid = case.the_long_way()

    assert found["counts"][REBALANCES] == count
    assert np.allclose(found["equity"], equity, rtol=1e-11)
    assert found["sums"][TURNOVER] == pytest.approx(turnover, rel=1e-9, abs=1e-12)
    assert found["sums"][COST_PAID] == pytest.approx(paid, rel=1e-9, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_watching_is_looking_at_each_session(seed: int) -> None:
    """Bands watched a block at a time fire as on a calendar of all days."""
    case = _drawn(seed)
    case.looks = np.ones(case.sessions, dtype=np.bool_)

    case.every = True
    watched = case.run(as_machine_code=False)
    case.every = False
    looked = case.run(as_machine_code=False)

    for name in ("at", "equity", "units", "sums"):
        assert watched[name].tolist() == looked[name].tolist(), name


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_sessions_passed_over_breach_no_band(seed: int) -> None:
    """Before the first stretch in doubt every weight is inside its band."""
    draw = np.random.default_rng(seed)
    moves = draw.normal(0.0, 0.01, (400, 4))
    moves[:100] = 0.0
    closes = 50.0 * np.exp(np.cumsum(moves, axis=0))
    extremes = np.zeros((-(-len(closes) // STRETCH), 2, 4))
    units, aim = 0.25 * CASH / closes[0], np.full(4, 0.25)
    space, branch_space = np.zeros((SPACE, 4)), np.zeros((BRANCH_SPACE, 0))
    space[LIMITS] = 0.1
    fill_extremes(closes, extremes)
    fill_reaches(units, aim, space)

    found = next_doubt(extremes, units, np.zeros((0, 4)), space, branch_space, 3, len(closes))

    weights = units * closes / (closes @ units)[:, None]
    assert (abs(weights[:found] - aim) < 0.1).all()
    assert found >= 100 // STRETCH * STRETCH


def test_what_a_sale_left_a_hair_short_is_watched() -> None:
    """Where an order bears its own cost, selling all sells a little more: bands still fire."""
    closes = _market(5, 500, 3)
    case = _Case(
        closes, [[0.4, 0.3, 0.3], [0.5, 0.5, 0.0]], absolute=0.1, rule=COST_IN_ORDER,
        costs=np.vstack([np.full(3, 0.01), np.zeros((3, 3))]),
        row_at=(np.arange(500) >= 50).astype(np.int64),
    )  # fmt: skip

    watched = case.run(as_machine_code=False)
    case.every = False
    looked = case.run(as_machine_code=False)

    assert watched["after"].min() < 0.0
    assert watched["at"].tolist() == looked["at"].tolist()
    assert watched["equity"].tolist() == looked["equity"].tolist()


@pytest.mark.parametrize(("short", "fires"), [(-1.0, True), (-0.1, False)])
def test_what_is_short_has_a_band(short: float, fires: bool) -> None:
    """An instrument sold for more than was held fires when it is a band's width below nothing."""
    units = [short] + [(100.0 - short) / 4] * 4
    space = [[0.005] * 5 for _ in range(SPACE)]

    is_long = fill_reaches(units, [0.0] + [0.25] * 4, space)

    assert not is_long
    assert (max(space[ABOVE]) >= 100.0) is fires
    assert min(space[BELOW]) > 100.0


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_no_money_comes_or_goes_but_the_cost(seed: int) -> None:
    """At every rebalance, what is held afterwards is what was held before less its cost."""
    case = _drawn(seed)

    found = case.run(as_machine_code=False)

    for k in range(found["counts"][REBALANCES]):
        worth = float(found["after"][k] @ case.dealing[found["at"][k]])
        assert worth == pytest.approx(found["value"][k] - found["cost"][k], rel=1e-11)


@pytest.mark.parametrize("to", [TO_EDGE, TO_HALF, TO_WITHIN])
def test_inner_sleeves_come_back_too(to: int) -> None:
    """An inner sleeve out of its band fires, and ends where the policy says, by least turnover."""
    closes = np.array([[1.0, 1.0, 1.0, 1.0], [1.3, 1.3, 1.0, 1.0], [1.3, 1.3, 1.0, 1.0]])
    case = _Case(
        closes, [0.25] * 4, absolute=0.05, to=to, width=0.02, most=2,
        branches=np.array([[1, 1, 0, 0], [0, 0, 1, 1]]),
    )  # fmt: skip
    alone = _Case(closes, [0.25] * 4, absolute=0.05, to=to, width=0.02, most=2)

    found, without = case.run(as_machine_code=False), alone.run(as_machine_code=False)

    # Each leaf is 3.3pp over or under, the two together 6.5pp.
    weights = found["after"][0] * closes[1] / float(found["after"][0] @ closes[1])
    end = {TO_EDGE: 0.05, TO_HALF: 0.025, TO_WITHIN: 0.02}[to]
    assert without["counts"][REBALANCES] == 0
    assert found["counts"][REBALANCES] == 1
    assert weights[:2].sum() == pytest.approx(0.5 + end, abs=1e-12)
    assert weights == pytest.approx([(0.5 + end) / 2] * 2 + [(0.5 - end) / 2] * 2, abs=1e-12)


def _rebalanced(rule: int, rate: float = 0.01) -> tuple[Any, float]:
    """Four instruments at a price of 1, from 40/30/20/10 to equal weights, under a cost rule."""
    units = np.array([40.0, 30.0, 20.0, 10.0])
    totals = np.zeros(2)
    flat, none = np.full(4, rate), np.zeros(4)
    rebalance(
        units,
        np.ones(4),
        100.0,
        np.full(4, 0.25),
        rule,
        flat,
        none,
        none,
        none,
        np.zeros(4),
        totals,
    )
    return units, float(totals[0])


def test_cost_is_charged_once_on_the_value_before_it() -> None:
    """40 is moved at 1%: 0.4 of cost, and each quarter is of the 99.6 that is left."""
    units, cost = _rebalanced(COST_ONCE)

    assert cost == pytest.approx(0.4)
    assert units.tolist() == pytest.approx([24.9] * 4)


def test_the_solved_cost_is_the_cost_of_the_trades_it_leads_to() -> None:
    """Under the cost equation the weights are exact and the trades made cost what was set aside."""
    units, cost = _rebalanced(COST_SOLVED)

    made = 0.01 * np.abs(units - np.array([40.0, 30.0, 20.0, 10.0])).sum()
    assert cost == pytest.approx(made, rel=1e-14)
    assert units.tolist() == pytest.approx([(100.0 - cost) / 4] * 4, rel=1e-14)


def test_costs_in_order_leave_each_outlay_as_it_was_meant() -> None:
    """A sale of 15 nets 15 after its cost, a purchase of 15 costs 15 with its cost."""
    units, cost = _rebalanced(COST_IN_ORDER)

    assert units.tolist() == pytest.approx(
        [40 - 15 / 0.99, 30 - 5 / 0.99, 20 + 5 / 1.01, 10 + 15 / 1.01]
    )
    assert cost == pytest.approx(0.01 * (20 / 0.99 + 20 / 1.01))


def test_costs_from_the_last_purchase_leave_the_others_whole() -> None:
    """Sales and the smaller purchase are made in full; the largest takes the cash that is left."""
    units, cost = _rebalanced(COST_FROM_LAST)

    assert units[:3].tolist() == [25.0, 25.0, 25.0]
    assert units[3] == pytest.approx(10 + (20 * 0.99 - 5 * 1.01) / 1.01)
    assert cost == pytest.approx(100 - units.sum())


@pytest.mark.parametrize(
    ("fees", "expected"),
    [
        ((0.001, 0.0, 0.0, 0.0), 1.0),
        ((0.0, 0.01, 0.0, 0.0), 0.2),
        ((0.0, 0.0, 5.0, 0.0), 5.0),
        ((0.001, 0.01, 5.0, 0.0), 6.2),
        ((0.001, 0.0, 0.0, 3.0), 3.0),
    ],
)
def test_what_an_order_costs(fees: tuple[float, float, float, float], expected: float) -> None:
    """An order of 1000 at a price of 50: by money, by unit, by order, and at least the minimum."""
    assert order_cost(1000.0, 50.0, *fees) == pytest.approx(expected)


def test_the_kernel_asks_for_a_target_that_is_not_made_yet() -> None:
    """Where a target is needed and missing the run stops, and goes on as if it had been there."""
    closes = _market(3, 60, 2)
    looks = np.arange(60) % 20 == 10
    rows = [[0.5, 0.5], [0.8, 0.2]]
    whole = _Case(closes, rows, looks=looks, every=False, row_at=(np.arange(60) > 15) * 1)
    asked = _Case(closes, rows, looks=looks, every=False, row_at=np.full(60, -1))

    assert asked.run(as_machine_code=False)["done"] == 10
    assert whole.run(as_machine_code=False)["done"] == 60


def test_the_kernel_asks_for_room_and_goes_on_where_it_was() -> None:
    """A run that fills its log stops before the next trade, so that nothing goes unrecorded."""
    closes = _market(8, 40, 2)
    case = _Case(closes, [0.5, 0.5], most=3)

    found = case.run(as_machine_code=False)

    assert found["done"] == found["at"][2] + 1
    assert found["counts"][REBALANCES] == 3


def test_the_last_session_never_trades() -> None:
    """A trigger on the last session, or one whose trade would fall on it, trades nothing."""
    closes = _market(5, 30, 2)
    looks = np.zeros(30, dtype=np.bool_)
    looks[[28, 29]] = True

    today = _Case(closes, [0.5, 0.5], looks=looks, every=False).run(as_machine_code=False)
    later = _Case(closes, [0.5, 0.5], looks=looks, every=False, lag=1).run(as_machine_code=False)

    assert today["counts"][REBALANCES] == 1
    assert later["counts"][REBALANCES] == 0


def test_a_trigger_that_leads_to_no_trade_is_no_rebalance() -> None:
    """On prices that do not move, a daily policy never rebalances."""
    closes = np.full((20, 3), 7.0)

    found = _Case(closes, [0.2, 0.3, 0.5]).run(as_machine_code=False)

    assert found["counts"][REBALANCES] == 0
