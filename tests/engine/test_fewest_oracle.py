"""The mode for the fewest trades against trying every set of orders."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from tests.engine.oracles.money import fewest, orders
from tests.engine.oracles.pipeline import in_money
from tests.engine.oracles.tiny import Tiny, household, traded
from tests.engine.oracles.whole import TooManyError
from tests.engine.oracles.whole import fewest as fewest_whole
from trimtab.engine.decide import decide

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
