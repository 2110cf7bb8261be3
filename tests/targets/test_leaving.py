"""What leaving what is held costs: what a target counts of it on a day, and what it says."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.conditions import usual_day
from trimtab.targets.at_cost.getting_there import impact_of
from trimtab.targets.moving.held import Held
from trimtab.targets.moving.leaving import Leaving, moving_costs, usual_money

NAMES = ("us", "intl", "bonds")
HELD = Held(dict.fromkeys(NAMES, Fraction(1, 3)), prices={"us": 50.0, "intl": 20.0})
RATES = dict.fromkeys(NAMES, 0.001)


def traded() -> PriceHistory:
    """Sixty sessions of two symbols, of which one has volumes."""
    rng = np.random.default_rng(4)
    days = np.arange("2020-01-01", "2020-03-01", dtype="datetime64[D]")
    close = 50.0 * np.exp(rng.normal(0.0, 0.01, (len(days), 2)).cumsum(axis=0))
    volume = np.column_stack([rng.uniform(1e4, 2e4, len(days)), np.full(len(days), np.nan)])
    return PriceHistory(days, ("A", "B"), close, volume=volume)


def test_a_fee_a_share_is_a_rate_at_the_price_of_the_day() -> None:
    """A cent a share of 50 is two basis points; what has no price counts none, and is named."""
    leaving = Leaving(RATES, per_share={"us": 0.01, "bonds": 0.01}, uncounted=("fees an order",))

    costs, told = moving_costs(leaving, NAMES, held=HELD, invested=1e6, usual={})

    assert np.asarray(costs.buy).tolist() == pytest.approx([0.0012, 0.001, 0.001])
    assert np.asarray(costs.sell).tolist() == np.asarray(costs.buy).tolist()
    assert told == (
        "counted: fees and spread by the money, fees a share; not counted: tax of lots, fees an "
        "order, fees a share of bonds, which has no price"
    )


def test_impact_is_that_of_orders_of_what_is_invested() -> None:
    """By the usual day of each sleeve; one whose volume is not known has none, and is named."""
    leaving = Leaving(RATES, impact={"us": 2.0, "bonds": 1.0})

    costs, told = moving_costs(leaving, NAMES, held=HELD, invested=4e6, usual={"us": (1e8, 0.02)})

    moved = impact_of(4e6, daily_money=1e8, daily_volatility=0.02, scale=2.0)
    assert np.asarray(costs.impact).tolist() == pytest.approx([moved, 0.0, 0.0])
    assert told.startswith("counted: fees and spread by the money, impact; ")
    assert told.endswith("impact of bonds, whose volume is not known")


@pytest.mark.parametrize("last", [5, 12, 40])
def test_a_usual_day_is_the_one_that_a_backtest_charges_by(last: int) -> None:
    """As known on the day: nothing later enters, and what has no volume is left out."""
    prices = traded()
    day = prices.dates[last].item()

    found = usual_money(prices, {"us": "A", "bonds": "B"}, day)

    usual = usual_day(prices, "A")
    assert set(found) == {"us"}
    assert found["us"] == pytest.approx((usual.money[last], usual.deviation[last]))


def test_too_few_sessions_have_no_usual_day() -> None:
    """Before five sessions nothing is known."""
    prices = traded()

    assert not usual_money(prices, {"us": "A"}, prices.dates[2].item())
