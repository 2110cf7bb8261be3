"""What a backtest refuses: as bad input, by whatever door it came in, with what was meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import trimtab as tt
from tests.simulate.markets import lively

HALVES = {"A": 0.5, "B": 0.5}
POLICY = tt.Policy(HALVES, when="monthly", name="halves")
PRICES = lively("AB", 300)


@pytest.mark.parametrize(
    "asked",
    [
        lambda: tt.monte_carlo(PRICES, [POLICY], model="magic", years=1, paths=5),
        lambda: tt.Costs(bps=-5),
        lambda: tt.Costs(bps="five"),
        lambda: tt.backtest(PRICES, POLICY, cash=float("nan")),
        lambda: tt.backtest(PRICES, POLICY, cash="1000"),
        lambda: tt.backtest(PRICES, POLICY, fee="0.01"),
        lambda: tt.backtest(PRICES, POLICY)["other"],
        lambda: tt.backtest(PRICES, POLICY).difference("other", "halves"),
        lambda: tt.backtest(PRICES, POLICY, cash_rate=5),
        lambda: tt.backtest(PRICES, POLICY, short=True, loan_rate=6),
        lambda: tt.backtest(PRICES, POLICY, fee=50),
        lambda: tt.backtest(PRICES, POLICY, missing="fill"),
        lambda: tt.backtest(PRICES, [POLICY, POLICY]),
        lambda: tt.backtest(PRICES, []),
        lambda: tt.advise(PRICES, POLICY, paths=1),
        lambda: tt.Policy(HALVES, when="band"),
    ],
)
def test_options_that_make_no_sense_are_bad_input(asked: Callable[[], Any]) -> None:
    """One type catches whatever is wrong with what was given, and it is a ValueError as well."""
    with pytest.raises(tt.InputError) as caught:
        asked()

    assert isinstance(caught.value, ValueError)
    assert str(caught.value) == caught.value.problems[0].wrong


def test_a_rate_of_500_percent_says_what_it_would_be() -> None:
    """Five where five percent was meant is told as what it would be."""
    with pytest.raises(tt.InputError, match="500%"):
        tt.backtest(PRICES, POLICY, cash_rate=5)


@pytest.mark.parametrize(
    "run",
    [
        lambda costs: tt.backtest(PRICES, POLICY, costs=costs),
        lambda costs: tt.sweep(PRICES, POLICY, when=["monthly"], costs=[tt.Costs(), costs]),
        lambda costs: tt.sweep(PRICES, POLICY, when=["monthly"], costs={"own": costs}),
        lambda costs: tt.stress(PRICES, POLICY, costs=costs),
        lambda costs: tt.advise(PRICES, POLICY, costs=costs),
        lambda costs: tt.monte_carlo(PRICES, POLICY, costs=costs, years=1, paths=5),
    ],
)
def test_costs_of_an_unknown_instrument_are_refused(run: Callable[[tt.Costs], Any]) -> None:
    """A symbol that has no prices would be charged nothing of its own: the nearest is named."""
    costs = tt.Costs(by_instrument={"a": tt.Costs(bps=1), "BB": tt.Costs(bps=2)})

    with pytest.raises(tt.InputError) as caught:
        run(costs)

    assert [one.key for one in caught.value.problems] == ["by_instrument a", "by_instrument BB"]
    assert caught.value.problems[1].remedy == "did you mean B?"


def test_costs_of_known_instruments_and_cash_are_taken() -> None:
    """What has prices, and cash, may have costs of its own."""
    costs = tt.Costs(by_instrument={"A": tt.Costs(bps=50), "CASH": tt.Costs()})

    assert tt.backtest(PRICES, POLICY, costs=costs)["halves"].cost_paid > 0.0


def test_a_function_that_fails_is_told_with_its_policy_and_date() -> None:
    """The error names policy and session, and keeps the cause."""

    def broken(view: Any) -> dict[str, float]:
        return HALVES if len(view) < 100 else {"A": 1 / 0}

    with pytest.raises(tt.InputError) as caught:
        tt.backtest(PRICES, tt.Policy(broken, when="monthly", name="odd"))

    assert 'policy "odd": 2024-05-31: its function failed: ZeroDivisionError' in str(caught.value)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_function_that_never_returns_weights_is_told_so() -> None:
    """None on every session is not too few sessions: it says from when to when."""
    with pytest.raises(tt.InputError) as caught:
        tt.backtest(PRICES, tt.Policy(lambda view: None, when="monthly", name="odd"))

    assert "it returned None on 2024-01-01 and on every session up to" in str(caught.value)
    assert "return weights by symbol" in str(caught.value)
