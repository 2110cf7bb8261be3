"""Policies that weigh what is best now against what is held, in research mode."""

from __future__ import annotations

import numpy as np
import pytest

import trimtab as tt
from tests.simulate.markets import lively
from trimtab.model.errors import InputError
from trimtab.model.policy import PolicyError
from trimtab.simulate.prices.history import PriceHistory

PRICES = lively(["A", "B", "C"], 700, seed=3)
UTILITY = tt.CostAware(risk_aversion=8.0)


def test_what_is_held_is_seen_without_the_future() -> None:
    """A target's view has the policy's own weights of the day, from those prices alone."""
    seen: list[PriceHistory] = []

    def same(view: PriceHistory) -> dict[str, float]:
        seen.append(view)
        return {"A": 0.5, "B": 0.3, "C": 0.2}

    result = tt.backtest(PRICES, tt.Policy(same, "quarterly"))["quarterly to target"]

    assert not seen[0].held
    assert len(seen) > 5
    for view in seen[1:]:
        day = int(np.searchsorted(result.dates, np.datetime64(view.last)))
        np.testing.assert_allclose(
            [view.held[symbol] for symbol in result.symbols],
            [result.weights[symbol][day] for symbol in result.symbols],
            atol=1e-12,
        )


def test_a_policy_that_knows_its_costs_trades_less() -> None:
    """With costs in mind a policy turns over less, and trades more rarely."""
    costs = tt.Costs(bps=100)
    blind = tt.Policy(UTILITY, "monthly", name="blind")
    aware = tt.Policy(
        tt.CostAware(risk_aversion=8.0, cost_bps=100, years=0.5), "monthly", name="aware"
    )

    result = tt.backtest(PRICES, [blind, aware], costs=costs)

    assert 0 < result["aware"].turnover_one_way < 0.7 * result["blind"].turnover_one_way
    assert result["aware"].rebalances < result["blind"].rebalances


@pytest.mark.parametrize("form", ["interpreted", "compiled"])
@pytest.mark.parametrize("fee", [0.0, 0.001])
def test_tracking_trades_exactly_where_it_is_reached(form: str, fee: float) -> None:
    """Every look is told with its figure, and it trades where that is at least the limit."""
    policy = tt.Policy(UTILITY, "weekly+tracking:3%", name="dynamic")

    result = tt.backtest(PRICES, policy, form=form, fee=fee)["dynamic"]

    acted = [look for look in result.looks if look.acts]
    assert 0 < len(acted) < len(result.looks)
    assert all((look.tracking >= 0.03) == look.acts for look in result.looks)
    assert result.rebalances == len(acted)
    assert "at least 3.00%: traded." in acted[0].reason
    traded = result.dates[result.log.sessions[result.log.acted]]
    decided = [np.searchsorted(result.dates, np.datetime64(look.day)) for look in acted]
    np.testing.assert_array_equal(traded, result.dates[np.array(decided) + 1])


def test_worth_trades_where_the_gain_pays_the_cost_so_many_times() -> None:
    """Free trades are worth making at every look that changes anything; dear ones rarely."""
    policy = tt.Policy(UTILITY, "monthly+worth:2x", name="worth")

    free = tt.backtest(PRICES, policy)["worth"]
    dear = tt.backtest(PRICES, policy, costs=tt.Costs(bps=200))["worth"]

    assert all(look.acts == (look.gain > 0 and look.gain >= 2 * look.cost) for look in dear.looks)
    assert dear.rebalances < free.rebalances
    assert "times the" in dear.looks[0].reason


def test_the_first_purchase_is_weighed_against_what_money_earns() -> None:
    """A constant on every expected return and on the risk-free rate changes no gain."""
    first = []
    for constant in (0.0, 0.05):
        target = tt.Optimiser(
            "utility",
            risk_aversion=3.0,
            risk_free=0.02 + constant,
            expected=dict.fromkeys(PRICES.symbols, 0.06 + constant),
        )
        policy = tt.Policy(target, "monthly+worth:2x", name="worth")
        first.append(tt.backtest(PRICES, policy)["worth"].looks[0].gain)

    assert first[0] == pytest.approx(first[1], abs=1e-12)


def test_a_limit_on_turnover_counts_from_what_the_policy_holds() -> None:
    """After the first purchase at most so much moves at each look, from the holdings of the day."""
    best = tt.Optimiser("utility", risk_aversion=8.0)
    slow = tt.Optimiser("utility", risk_aversion=8.0, constraints=tt.Constraints(turnover=0.02))

    free = tt.backtest(PRICES, tt.Policy(best, "monthly", name="best"))["best"].log
    found = tt.backtest(PRICES, tt.Policy(slow, "monthly", name="slow"))["slow"].log

    shares = found.moved / found.value / 2
    assert len(shares) > 5
    # Dealt a session later, what moves is a little more or less than what was asked for.
    assert shares.max() < 0.03 < (free.moved / free.value / 2).max()


def test_a_limit_on_turnover_from_a_constant_is_refused_in_a_policy() -> None:
    """It would count from the same weights for ever; the remedy is named."""
    rules = tt.Constraints(held={"A": 1.0}, turnover=0.1)
    policy = tt.Policy(tt.Optimiser("utility", constraints=rules), "monthly")

    with pytest.raises(InputError, match="leave `held` out"):
        tt.backtest(PRICES, policy)


def test_a_very_small_limit_is_the_calendar() -> None:
    """A tracking error that is always reached changes nothing about a calendar's run."""
    dynamic = tt.Policy(UTILITY, "monthly+tracking:0.000001%", name="dynamic")
    calendar = tt.Policy(UTILITY, "monthly", name="calendar")

    result = tt.backtest(PRICES, [dynamic, calendar], costs=tt.Costs(bps=10))

    np.testing.assert_array_equal(result["dynamic"].value, result["calendar"].value)


@pytest.mark.parametrize(
    ("target", "when", "said"),
    [
        ({"A": 0.5, "B": 0.5}, "tracking:1%", "estimator"),
        (tt.Optimiser("min-volatility"), "worth:2x", "utility"),
    ],
)
def test_a_target_without_what_is_needed_is_refused(target: object, when: str, said: str) -> None:
    """Given weights have no estimates, least volatility no utility: the message names what has."""
    with pytest.raises(InputError, match=said):
        tt.backtest(PRICES, tt.Policy(target, when))


def test_sweeps_and_plans_say_that_they_cannot_yet() -> None:
    """Where nothing is estimated, such a policy is refused with a way out."""
    with pytest.raises(PolicyError, match="band, drift or breakdown"):
        tt.sweep(PRICES, tt.Policy({"A": 0.5, "B": 0.5}), when=["tracking:1%"])
