"""The search for the usual goals with a fee an order: how long it takes, and what it then says."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.engine.households import DAY, account, lot, mandate, market, state, tree
from tests.engine.oracles.money import by_programme, objective
from tests.engine.oracles.pipeline import in_money, written
from tests.engine.oracles.tiny import household
from trimtab.costs import Costs
from trimtab.engine import highs
from trimtab.engine.decide import decide
from trimtab.engine.mandate import Request
from trimtab.engine.trade import changes
from trimtab.model.plan import Plan
from trimtab.model.state import State

PRICES = {f"S{i}": 40 + 35 * i for i in range(6)}
PERCENTS = (25, 11, 10, 30, 14, 10)


def near_its_target(seed: int) -> State:
    """Four accounts of six sleeves, each some hundreds of money away from its target."""
    r = random.Random(seed)
    lots = []
    for place in ("a", "b", "c", "d"):
        size = r.uniform(30_000, 120_000)
        for (name, price), percent in zip(PRICES.items(), PERCENTS, strict=True):
            shares = round(size * percent / 100 / price * r.uniform(0.98, 1.02))
            lots.append(lot(place, name, shares, str(round(shares * price * r.uniform(0.5, 1.2)))))
    return state(lots, **{place: str(r.randint(0, 300)) for place in ("a", "b", "c", "d")})


def planned(seed: int, min_trade: int) -> Plan:
    """Such a household rebalanced at a commission of 1.00 an order."""
    kinds = {"a": "taxable", "b": "roth", "c": "taxable", "d": "taxable"}
    rules = mandate(
        tree(dict(zip(PRICES, PERCENTS, strict=True))),
        accounts=[account(name, kind) for name, kind in kinds.items()],
        costs=Costs(commission=1, half_spread_bps=10),
        min_trade=min_trade,
    )
    prices = market({name: str(price) for name, price in PRICES.items()})
    return decide(near_its_target(seed), rules, prices, DAY, Request(now=True))


@pytest.mark.parametrize(("seed", "min_trade"), [(2, 0), (3, 50_000), (5, 50_000)])
def test_four_accounts_of_six_sleeves_take_few_steps_of_the_solver(
    seed: int, min_trade: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fee an order takes some thousand steps of the solver, not a hundred thousand.

    The programme says what holds of a best answer anyway, a minimum is part of it and no reason to
    solve it again and again, and its search has a limit.
    """
    steps: list[int] = []
    solve = highs._solve

    def counted(*args):  # type: ignore[no-untyped-def]
        answer = solve(*args)
        steps.append(args[1].getInfo().simplex_iteration_count)
        return answer

    monkeypatch.setattr(highs, "_solve", counted)

    planned(seed, min_trade)

    assert 3 <= len(steps) <= 6
    assert sum(steps) < 20_000


def test_where_the_search_stops_the_gap_is_told_and_true(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is not proved is no further from the best than the gap says."""
    monkeypatch.setattr(highs, "FIRST_WORK", 0)
    monkeypatch.setattr(highs, "FEWEST_NODES", 0)
    stopped = 0

    for seed in range(40):
        tiny = household(random.Random(seed), accounts=3, most=50)
        tiny = replace(tiny, commission=495)
        best = by_programme(tiny) if tiny.base > 0 else None
        if best is None:
            continue
        money, found = in_money(tiny)
        stopped += found.gap > 1

        assert objective(tiny, money) <= best + found.gap + len(tiny.hold) + 2, seed
    assert stopped > 3


def test_a_minimum_with_fees_is_met_by_the_best_of_all_trades_that_meet_it() -> None:
    """No trade is below the minimum, and no others that are not leave less drift, cost and tax."""
    tried = 0

    for seed in range(30):
        tiny = household(random.Random(seed), accounts=2, most=50)
        tiny = replace(tiny, commission=100 if seed % 2 else 495)
        if tiny.base <= 0 or sum(place.cash for place in tiny.places) < tiny.buffer:
            continue
        problem, aim = written(tiny)
        lumpy = replace(problem, holdings=tuple(replace(h, least=6) for h in problem.holdings))
        lowest = {name: 5.5 * price for name, price in tiny.prices.items()}
        best = by_programme(tiny, lowest)
        found = changes(lumpy, tiny.case.mandate, aim)
        money = {
            (holding.account_id, holding.instrument): change
            for holding, change in zip(lumpy.holdings, found.money, strict=True)
        }
        tried += any(abs(change) >= 0.5 for change in found.money)

        assert best is not None
        assert all(abs(m) < 0.5 or abs(m) >= lowest[name] for (_, name), m in money.items()), seed
        assert objective(tiny, money) <= best + found.gap + len(tiny.hold) + 2, seed
    assert tried > 8
