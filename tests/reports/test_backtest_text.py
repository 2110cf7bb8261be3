"""A backtest as text: every policy in its row, nothing cut that is a figure."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from tests.simulate.markets import lively
from trimtab.costs import Costs
from trimtab.model.policy import Policy
from trimtab.reports.backtest_text import backtest_text
from trimtab.reports.sweep_text import sweep_text
from trimtab.simulate.choosing.grid import grid
from trimtab.simulate.choosing.sweep import sweep
from trimtab.simulate.research.backtest import backtest

HALVES = {"A": 0.5, "B": 0.5}


@pytest.mark.parametrize("name", ["this portfolio", "monthly+band:5pp/25% to within:1.75pp"])
@pytest.mark.parametrize("width", [70, 80, 100, 140])
def test_names_and_figures_are_whole(name: str, width: int) -> None:
    """Where room is short columns go, and are named; no name and no figure is cut."""
    policies = [Policy(HALVES, when="monthly"), Policy(HALVES, name=name)]
    result = backtest(lively("AB", 300), policies, costs=Costs(bps=10))
    heads = ["a year", "volatility", "worst fall", "rebalances", "turnover", "cost"]

    text = backtest_text(result, width=width)

    lines = text.splitlines()
    head = next(place for place, line in enumerate(lines) if line.startswith("  policy"))
    rows = lines[head + 1 : head + 3]
    _, _, told = " ".join(text.split()).partition("Not shown for want of room: ")
    told, _, _ = told.partition(".")
    assert max(map(len, lines)) <= width
    assert all(
        f"  {one.name}  " in row and f"{one.final_value:,.2f}" in row
        for one, row in zip(result.policies, rows, strict=True)
    )
    headings = [line for line in lines if line.startswith("  policy")]
    shown = [one for line in headings for one in re.split("  +", line)]
    assert all((one in told.split(", ")) is (one not in shown) for one in heads)
    assert text.startswith("Backtest 2024-01-01 to ")


def test_it_says_where_each_policy_trades() -> None:
    """Policies that trade at different moments are told apart, and findings are shown."""
    policies = [
        Policy(HALVES, name="given"),
        Policy(lambda view: HALVES, name="made", when="monthly"),
    ]

    text = backtest_text(backtest(lively("AB", 60), policies))

    assert "given: trades at the close that decides." in text
    assert "made: trades at the close after the one that decides." in text
    assert "all policies begin on 2024-01-02" in text


def test_hostile_names_cannot_command_a_terminal() -> None:
    """Escape sequences in a policy's name are shown, not obeyed."""
    policy = Policy(HALVES, name="\x1b[2Jgone")

    text = backtest_text(backtest(lively("AB", 30), policy))

    assert "\x1b" not in text


def test_what_was_assumed_is_said_and_runs_again() -> None:
    """Costs, rates and targets stand in the text, and in JSON as what the same run takes."""
    costs = Costs(bps=10, commission=1, by_instrument={"B": Costs(bps=3)})
    policies = [Policy(HALVES), Policy({"A": 0.9, "B": 0.1}, name="\x1b[2Jmore")]
    made = Policy(lambda view: HALVES, name="made")
    prices = lively("AB", 60)
    result = backtest(prices, [*policies, made], costs=costs, cash_rate=0.02)

    text, told = backtest_text(result, width=200), result.to_dict()["assumed"]

    assert "10 bp of the money traded, 1 an order (B instead 3 bp of the money traded)" in text
    assert "cash earns 2.00% a year" in text
    assert "Target of made: found anew over time." in text
    assert "\x1b" not in text
    again = told["costs"] | {"by_instrument": {"B": Costs(**told["costs"]["by_instrument"]["B"])}}
    assert Costs(**again) == costs
    assert told["targets"]["\x1b[2Jmore"] == {"A": 0.9, "B": 0.1}
    alone = backtest(prices, Policy(told["targets"]["never to target"]), costs=Costs(**again))
    assert (
        alone.policies[0].final_value
        == backtest(prices, policies[0], costs=costs).policies[0].final_value
    )


def test_a_run_of_days_has_no_figures_of_a_year() -> None:
    """Under 90 days growth and cost drag a year are dashes with a note; the JSON keeps them."""
    short = backtest(lively("AB", 20), Policy({"A": 0.5, "B": 0.5}, when="weekly"))
    long = backtest(lively("AB", 80), Policy({"A": 0.5, "B": 0.5}, when="weekly"))

    assert "In less than 90 days nothing is told" in backtest_text(short)
    assert short.summary().splitlines()[1].split()[4] == "-"
    assert isinstance(short.to_dict()["cagr"], float)
    assert "In less than 90 days" not in backtest_text(long)
    assert long.summary().splitlines()[1].split()[4].endswith("%")


def test_costs_of_one_instrument_alone_are_said_as_such() -> None:
    """What costs nothing but for one instrument is said in whole words."""
    costs = Costs(by_instrument={"B": Costs(bps=3)})

    text = backtest_text(backtest(lively("AB", 30), Policy(HALVES), costs=costs), width=200)

    assert "Trading costs nothing (B instead 3 bp of the money traded)." in text


def test_impact_that_nothing_was_charged_is_not_among_the_costs() -> None:
    """Without volumes an assumed impact would be a promise that no figure keeps."""
    prices = lively("AB", 60)
    volume = np.full(prices.close.shape, 1e6)
    volume[:, 1] = np.nan
    policy, costs = Policy(HALVES, when="monthly"), Costs(bps=5, impact=1)

    without = backtest(prices, policy, costs=costs)
    partly = backtest(replace(prices, volume=volume), policy, costs=costs)

    assert "Trading costs 5 bp of the money traded." in backtest_text(without, width=200)
    assert "Market impact was asked for and is not charged" in backtest_text(without, width=200)
    assert "market impact" in without.assumed["not_modelled"]
    assert "Market impact is not charged on B: no volume" in backtest_text(partly, width=200)
    assert "square-root impact of 1 daily volatilities" in backtest_text(partly, width=200)
    assert partly.assumed["impact_not_charged"] == ["B"]


def test_a_limit_of_volume_is_among_what_was_assumed() -> None:
    """How much of a session's volume may be traded is told as costs are; without it nothing is."""
    prices = lively("AB", 30)
    prices = replace(prices, volume=np.full(prices.close.shape, 1e6))
    policy = Policy(HALVES, when="monthly")

    told = backtest(prices, policy, costs=Costs(impact=1), participation=0.0001)
    text = " ".join(backtest_text(told).split())

    assert "at most 0.01% of a session's volume is traded" in text
    assert "square-root impact of 1 daily volatilities" in text
    assert told.assumed["participation"] == 0.0001
    assert "volume is traded" not in backtest_text(backtest(prices, policy))


def test_a_sweep_says_what_it_assumed() -> None:
    """Costs, by name where there are several, and rates stand below the tables and in the JSON."""
    prices = lively("AB", 30)
    policy = Policy(HALVES, when="monthly")
    many = grid(policy, costs={"cheap": Costs(bps=1), "dear": Costs(bps=9)})

    one = sweep(prices, grid(policy, costs=Costs(bps=5)), cash_rate=0.02)
    both = sweep(prices, many)

    text = " ".join(sweep_text(one).split())
    assert "Trading costs 5 bp of the money traded; cash earns 2.00% a year." in text
    text = " ".join(sweep_text(both).split())
    assert "With cheap trading costs 1 bp of the money traded; with dear trading costs 9 bp" in text
    assert one.to_dict()["assumed"]["costs"] == {"costs": {"bps": 5.0}}


def test_it_says_that_a_band_goes_by_the_target_last_adopted() -> None:
    """Where a target is found anew and a band waits for it, and nowhere else."""
    prices = lively("AB", 60)
    banded = Policy(lambda view: HALVES, when="band:5pp")
    others = [Policy(HALVES, when="band:5pp"), Policy(lambda view: HALVES, when="monthly")]

    told, silent = (backtest_text(backtest(prices, one)) for one in (banded, others))

    assert "the one last adopted" in " ".join(told.split())
    assert "last adopted" not in silent
