"""The mode for the fewest trades against trying every set of orders."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from tests.engine.households import DAY, account, lot, mandate, market, state, tree
from tests.engine.oracles.money import fewest, orders
from tests.engine.oracles.pipeline import in_money
from tests.engine.oracles.tiny import Tiny, household, traded
from tests.engine.oracles.whole import TooManyError
from tests.engine.oracles.whole import fewest as fewest_whole
from trimtab.engine import highs
from trimtab.engine.decide import decide
from trimtab.model.accounts import Lot

CENTS = 3


def households(number: int, *, accounts: int, most: int) -> Iterator[tuple[int, Tiny, Fraction]]:
    """Households with a band of five points in that mode, and the band in cents, by seed."""
    for seed in range(number):
        tiny = household(random.Random(seed), accounts=accounts, most=most)
        tiny = replace(tiny, when="band:5pp", fewest_trades=True, buffer=0)
        band = Fraction(tiny.base * 5, 100)
        due = any(abs(value - tiny.goal(i)) >= band for i, value in enumerate(tiny.values()))
        if due and len(orders(tiny)) <= 7:
            yield seed, tiny, band


def furthest(tiny: Tiny, moved: dict[tuple[str, str], float]) -> float:
    """How far the furthest leaf ends from its goal, in cents."""
    values = [float(value) for value in tiny.values()]
    for (_, instrument), money in moved.items():
        values[tiny.leaf_of(instrument)] += money
    return max(abs(value - float(tiny.goal(i))) for i, value in enumerate(values))


@pytest.mark.parametrize("accounts", [1, 2])
def test_no_set_of_fewer_orders_ends_inside_half_of_every_band(accounts: int) -> None:
    """In money the trades are the fewest there are; neither tax nor fee makes it more."""
    tried = 0

    for seed, tiny, band in households(40, accounts=accounts, most=20):
        least = fewest(tiny, band / 2)
        if least is None:
            continue
        tried += 1
        money, _ = in_money(tiny)

        assert sum(abs(change) >= 0.5 for change in money.values()) == least, seed
        assert furthest(tiny, dict(money)) <= band / 2 + CENTS, seed
    assert tried > 5


def test_whole_shares_stay_inside_every_band_with_no_more_trades() -> None:
    """Where a share is small against the band, rounding costs neither the band nor a trade."""
    tried = 0

    for seed, tiny, band in households(30, accounts=2, most=400):
        least = fewest(tiny, band / 2)
        if least is None or max(tiny.prices.values()) > band / 4:
            continue
        tried += 1
        trades = traded(decide(*tiny.case.arguments))
        moved = {key: float(shares * tiny.prices[key[1]]) for key, shares in trades.items()}

        assert len(trades) <= least, seed
        assert furthest(tiny, moved) < band, seed
    assert tried > 5


def test_in_whole_shares_most_plans_have_the_fewest_trades_there_are() -> None:
    """With few shares, each some points of the portfolio, one more trade is rare and two rarer."""
    more = []

    for _, tiny, band in households(70, accounts=1, most=8):
        try:
            least = fewest_whole(tiny, band - 1)
        except TooManyError:
            continue
        trades = traded(decide(*tiny.case.arguments))
        moved = {key: float(shares * tiny.prices[key[1]]) for key, shares in trades.items()}
        if least is not None and furthest(tiny, moved) < band:
            more.append(len(trades) - least)

    assert len(more) > 10
    assert min(more) == 0
    assert sum(more) <= len(more) // 8


def test_a_sleeve_that_cannot_come_inside_costs_no_trade() -> None:
    """What no account can buy stays outside its band; the rest comes inside with two trades."""
    accounts = [account("main", do_not_buy=frozenset({"GLD"})), account("poor", menu=("GLD",))]
    weights = {"US": 40, "BND": 50, "GLD": 10}
    family = mandate(tree(weights), accounts=accounts, when="band:5pp", fewest_trades=True)
    book = state([lot("main", "US", 600), lot("main", "BND", 400)], main="0", poor="0")

    plan = decide(book, family, market(dict.fromkeys(weights, "100")), DAY)

    assert [(t.side, t.instrument) for t in plan.trades] == [("sell", "US"), ("buy", "BND")]


def test_five_accounts_of_ten_sleeves_take_few_steps_of_the_solver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The search for the fewest, and for the best among them, says what must hold and starts from
    what it knows: some thousand steps in place of thirty thousand.
    """
    r = random.Random(1)
    prices = {f"S{i}": r.randint(20, 300) for i in range(10)}
    weights = dict(zip(prices, (4, 16, 6, 14, 8, 12, 10, 10, 5, 15), strict=True))
    accounts = [account(f"a{i}", r.choice(["taxable", "roth", "traditional"])) for i in range(5)]
    lots: list[Lot] = []
    for place in accounts:
        for name, price in prices.items():
            shares = int(10_000 / price * r.uniform(0.3, 1.8))
            basis = str(int(shares * price * r.uniform(0.5, 1.2)))
            lots.append(lot(place.id, name, shares, basis))
    book = state(lots, **{place.id: str(r.randint(0, 3000)) for place in accounts})
    usual = mandate(tree(weights), accounts=accounts, when="band:5pp/20%")
    steps: list[int] = []
    solve = highs._solve

    def counted(*args):  # type: ignore[no-untyped-def]
        answer = solve(*args)
        steps.append(args[1].getInfo().simplex_iteration_count)
        return answer

    monkeypatch.setattr(highs, "_solve", counted)

    plan = decide(book, replace(usual, fewest_trades=True), market(
        {name: str(price) for name, price in prices.items()}), DAY)  # fmt: skip

    assert len(steps) == 4
    assert sum(steps) < 10_000
    assert not [f for f in plan.findings if f.code == "fewer-trades-possible"]
