"""What trading costs: exactly in money, and the same as a rate."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.costs import Costs
from trimtab.model.numbers import half_even
from trimtab.model.plain import from_plain, to_plain

ONE = Decimal(1)


def test_trading_is_free_unless_told() -> None:
    """Without costs nothing costs anything."""
    assert Costs().order_costs("VTI", ONE).of(1_234_567, 89) == 0


@given(
    bps=st.integers(0, 10_000),
    half_spread=st.integers(0, 10_000),
    value=st.integers(1, 10**12),
)
def test_rates_are_charged_to_the_minor_unit_half_to_even(
    bps: int, half_spread: int, value: int
) -> None:
    """Fee and half the spread together are a share of the money, rounded once, half to even."""
    costs = Costs(bps=Decimal(bps) / 100, half_spread_bps=Decimal(half_spread) / 100)
    share = Fraction(bps + half_spread, 1_000_000) * value

    charged = costs.order_costs("VTI", ONE).of(value, 1)

    assert charged == half_even(share.numerator, share.denominator)


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        (Costs(per_share="0.005"), 50),
        (Costs(commission="4.95"), 495),
        (Costs(bps=10, commission=1), 1100),
        (Costs(bps=1, minimum=3), 300),
        (Costs(bps=10, minimum=3), 1000),
    ],
)
def test_fees_of_an_order(costs: Costs, expected: int) -> None:
    """100 shares for 10,000.00: by share, by order, by money, and at least the minimum."""
    assert costs.order_costs("VTI", ONE).of(1_000_000, 100) == expected


def test_a_fee_a_share_counts_shares_and_not_steps() -> None:
    """An instrument in steps of a thousandth pays a thousandth of the fee a step."""
    costs = Costs(per_share="0.01")

    assert costs.order_costs("FUND", Decimal("0.001")).of(1_000_000, 100_000) == 100


def test_no_order_costs_nothing() -> None:
    """Where nothing is traded no least fee is charged."""
    assert Costs(commission=5, minimum=9).order_costs("VTI", ONE).of(0, 0) == 0


def test_an_instruments_own_costs_replace_the_general_ones() -> None:
    """Costs by instrument stand instead of the others, not on top of them."""
    costs = Costs(bps=10, commission=5, by_instrument={"BTC": Costs(bps=40)})

    assert costs.order_costs("BTC", ONE).of(1_000_000, 1) == 4000
    assert costs.order_costs("VTI", ONE).of(1_000_000, 1) == 1500


@pytest.mark.parametrize("bad", [-1, "nan", "inf", 10_001])
def test_costs_that_cannot_be_are_refused(bad: object) -> None:
    """Costs are finite and not below zero."""
    with pytest.raises(ValueError):
        Costs(bps=bad)  # type: ignore[arg-type]


def test_costs_written_before_short_positions_are_read_and_keep_their_form() -> None:
    """A cost of borrowing stands in the plain form where there is one; without, nothing changed."""
    plain, lent = Costs(bps=5), Costs(bps=5, borrow_bps=80)

    assert "borrow_bps" not in to_plain(plain)
    assert from_plain(Costs, to_plain(plain)) == plain
    assert to_plain(lent)["borrow_bps"] == "80"
    assert from_plain(Costs, to_plain(lent)) == lent
