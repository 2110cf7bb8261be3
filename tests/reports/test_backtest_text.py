"""A backtest as text: every policy in its row, nothing cut that is a figure."""

from __future__ import annotations

from tests.simulate.markets import lively
from trimtab.costs import Costs
from trimtab.model.policy import Policy
from trimtab.reports.backtest_text import backtest_text
from trimtab.simulate.backtest import backtest

HALVES = {"A": 0.5, "B": 0.5}


def test_every_policy_has_its_row_and_every_figure_is_whole() -> None:
    """On a narrow terminal names are cut, figures never."""
    policies = [Policy(HALVES, when="monthly"), Policy(HALVES, name="a very long name " * 3)]
    result = backtest(lively("AB", 300), policies, costs=Costs(bps=10))

    lines = backtest_text(result, width=80).splitlines()

    for one in result.policies:
        row = next(line for line in lines if f"{one.final_value:,.2f}" in line)
        assert f"{one.cost_paid:,.2f}" in row
    assert lines[0].startswith("Backtest 2024-01-01 to ")


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
