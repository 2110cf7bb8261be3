"""How many changes of a dated target a policy did not follow."""

from __future__ import annotations

from datetime import date

import pytest

from tests.simulate.markets import history
from trimtab.model.policy import Policy
from trimtab.simulate.choosing.grid import grid
from trimtab.simulate.choosing.sweep import sweep
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.flows import Flows
from trimtab.simulate.research.rules import TradeAt

HALVES, MORE = {"A": 0.5, "B": 0.5}, {"A": 0.6, "B": 0.4}
LEVEL = history({"A": [100.0] * 60, "B": [100.0] * 60})
"""Prices that stand still: no band is ever left."""
JUMP = history({"A": [100.0] * 30 + [140.0] * 30, "B": [100.0] * 60})
"""A rises by 40% on session 30, 12 February 2024."""


def said(result: object) -> list[str]:
    """What the results say of changes that were not followed."""
    return [f.message for f in result.findings if f.code == "target-not-followed"]  # type: ignore[attr-defined]


def test_changes_that_no_band_follows_are_counted() -> None:
    """Where no price moves, no change is followed, and the same weights again are no change."""
    target = {
        date(2024, 1, 1): HALVES,
        date(2024, 1, 15): MORE,
        date(2024, 2, 1): MORE,
        date(2024, 2, 15): HALVES,
    }

    found = backtest(LEVEL, Policy(target, when="band:5pp", name="bands"))

    assert len(said(found)) == 1
    assert (
        "of 2 changes of its target 2 never followed (first that of 2024-01-15)" in said(found)[0]
    )


@pytest.mark.parametrize("trade_at", ["close", "next-close"])
@pytest.mark.parametrize("flows", [None, Flows()], ids=["fast", "daily"])
def test_a_change_that_waits_for_prices_is_late(trade_at: TradeAt, flows: Flows | None) -> None:
    """It is followed when a band fires for another reason; the days in between are told."""
    target = {date(2024, 1, 1): HALVES, date(2024, 1, 15): MORE}

    found = backtest(
        JUMP, Policy(target, when="band:5pp", name="bands"), trade_at=trade_at, flows=flows
    )

    assert found["bands"].rebalances == 1
    assert "1 followed late (by up to 28 days, that of 2024-01-15)" in said(found)[0]


@pytest.mark.parametrize("flows", [None, Flows()], ids=["fast", "daily"])
def test_a_sweep_tells_what_a_backtest_of_its_policies_tells(flows: Flows | None) -> None:
    """Bands that do not follow a target are told of a sweep too, and where its weights begin."""
    target = {date(2024, 1, 8): HALVES, date(2024, 1, 15): MORE}
    policies = grid(
        Policy(target, when="monthly", name="own"), when=["monthly", "band:5pp", "band:6pp"]
    )

    found = sweep(JUMP, policies, start=date(2024, 1, 2), flows=flows)

    (follows,) = said(found)
    assert "1 followed late (by up to 28 days, that of 2024-01-15)" in follows
    assert follows.endswith("(and 1 more policies)")
    (begins,) = [f.message for f in found.findings if f.code == "target-begins-later"]
    assert begins.startswith("its weights begin on 2024-01-08, after 2024-01-02")


@pytest.mark.parametrize("when", ["monthly", "daily", "weekly"])
def test_a_calendar_follows_and_says_nothing(when: str) -> None:
    """What acts by the calendar takes the target of its day."""
    target = {date(2024, 1, 1): HALVES, date(2024, 1, 15): MORE}

    found = backtest(LEVEL, Policy(target, when=when))

    assert said(found) == []
    assert found.policies[0].rebalances == 1


def test_what_is_followed_at_once_or_cannot_be_is_not_told() -> None:
    """A change on the day on which a band fires is followed; one on the last day cannot be."""
    target = {date(2024, 1, 1): HALVES, date(2024, 2, 12): MORE, date(2024, 3, 22): HALVES}

    found = backtest(JUMP, Policy(target, when="band:5pp"))

    assert str(JUMP.last) == "2024-03-22"
    assert said(found) == []


def test_one_target_never_changes() -> None:
    """A target without dates, and one whose next date is after the run, has nothing to follow."""
    later = {date(2024, 1, 1): HALVES, date(2025, 1, 1): MORE}

    results = [backtest(LEVEL, Policy(one, when="band:5pp")) for one in (HALVES, later)]

    assert [said(one) for one in results] == [[], []]
