"""Trades in money, before whole shares, against other programmes written from the specification."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from tests.engine.oracles.money import by_programme, by_subsets, objective, orders, purses
from tests.engine.oracles.pipeline import in_money
from tests.engine.oracles.tiny import Tiny, household
from trimtab.engine.highs import SLACK

HALF_A_CENT = 0.5


def tolerance(tiny: Tiny, best: float) -> float:
    """Cents: every goal is a whole cent in the engine, and later goals may give up a millionth."""
    return HALF_A_CENT * (len(tiny.hold) + 2) + SLACK * abs(best)


def households(accounts: int, number: int, *, most: int) -> Iterator[tuple[int, Tiny]]:
    """Random households with something to divide, by seed."""
    for seed in range(number):
        tiny = household(random.Random(seed), accounts=accounts, most=most)
        if tiny.base > 0:
            yield seed, tiny


@pytest.mark.parametrize(("accounts", "most"), [(1, 50), (2, 5), (2, 50), (3, 500)])
def test_no_other_programme_finds_better(accounts: int, most: int) -> None:
    """With fees an order and several accounts, drift, cost and tax are the least there is."""
    for seed, tiny in households(accounts, 25, most=most):
        money, found = in_money(tiny)
        best = by_programme(tiny)

        assert best is not None
        assert objective(tiny, money) <= best + found.gap + tolerance(tiny, best), seed
        assert found.gap <= HALF_A_CENT, seed


@pytest.mark.parametrize("accounts", [1, 2])
@pytest.mark.parametrize("price", [Fraction(1), Fraction(5, 4), Fraction(2), Fraction(50)])
def test_a_price_of_drift_of_one_or_more_is_certified_too(accounts: int, price: Fraction) -> None:
    """However much drift is said to be worth, the plan is the best where it is worth one."""
    for seed, tiny in households(accounts, 16, most=50):
        dear = replace(tiny, drift_price=price)
        money, found = in_money(dear)
        best = by_programme(dear)

        assert best is not None
        assert dear.price_of_drift == 1, seed
        assert objective(dear, money) <= best + found.gap + tolerance(dear, best), seed
        assert found.gap <= HALF_A_CENT, seed


def test_fees_and_purses_are_worked_out_to_the_cent() -> None:
    """No account spends more than it has, with the fee of every order paid."""
    for seed, tiny in households(2, 20, most=50):
        money, _ = in_money(tiny)

        assert all(cash >= -HALF_A_CENT for cash in purses(tiny, money).values()), seed


def test_cash_missing_to_the_buffer_is_raised_as_cheaply_as_can_be() -> None:
    """A buffer above all cash is filled whenever sales can, whatever the tax, at the least."""
    tried = 0

    for seed, tiny in households(2, 24, most=50):
        short = replace(
            tiny,
            buffer=sum(place.cash for place in tiny.places) + 20_000,
            pieces=tuple(replace(piece, basis=0) for piece in tiny.pieces),
            drift_price=Fraction(1, 20),
        )
        best = by_programme(short)
        if best is None or short.base <= 0:
            continue
        tried += 1
        money, _ = in_money(short)

        assert sum(purses(short, money).values()) >= short.buffer - HALF_A_CENT, seed
        assert objective(short, money) <= best + tolerance(short, best), seed
    assert tried > 8


def test_a_trade_pays_its_fee_however_small() -> None:
    """A solver's tolerance lets no order through without the fee that it would cost."""
    tiny = household(random.Random(103), accounts=2, most=50)
    best = by_programme(tiny)

    money, _ = in_money(tiny)

    assert best is not None
    assert objective(tiny, money) <= best + tolerance(tiny, best)


def test_the_oracle_agrees_with_trying_every_set_of_orders() -> None:
    """The programme with a yes or no an order is as good as all plain programmes together."""
    for seed in range(12):
        tiny = household(random.Random(seed), accounts=1, most=50)
        if tiny.base > 0:
            assert len(orders(tiny)) <= 6
            best = by_subsets(tiny)

            assert by_programme(tiny) == pytest.approx(best, abs=HALF_A_CENT), seed
