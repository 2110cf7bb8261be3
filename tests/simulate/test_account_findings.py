"""Findings of several runs in account mode, and of runs over shuffled histories."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.households import mandate, tree
from tests.simulate.test_account import opening, tape
from tests.simulate.test_account_flows import DAYS, level, run_of
from trimtab.costs import Costs
from trimtab.engine.value import PLAN_AGAIN
from trimtab.model.findings import Finding
from trimtab.model.policy import Policy
from trimtab.reports.backtest_text import accounts_text
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.findings import PathTally, Undecided, findings_of
from trimtab.simulate.accounts.paths import bootstrap_accounts
from trimtab.simulate.accounts.terms import AccountTerms
from trimtab.simulate.research.flows import Flows


def test_what_all_runs_say_is_told_once_and_what_one_says_with_its_name() -> None:
    """Alike in all: once, as it is. In some: whose. With other figures: the first, and whose."""
    alike = Finding("a", "X", "the same of X")

    def run(name: str, *more: Finding) -> Any:
        from dataclasses import replace

        return replace(run_of(None), name=name, findings=(alike, *more))

    found = findings_of(
        [
            run("one"),
            run("two", Finding("b", "Y", "Y at 3.")),
            run("three", Finding("b", "Y", "Y at 4."), Finding("c", "Z", "Z")),
        ]
    )

    assert [one.message for one in found] == [
        "the same of X",
        "two: Y at 3; so too three, at other times or amounts",
        "three: Z",
    ]


def test_a_report_tells_what_only_the_second_policy_ran_into() -> None:
    """Its withdrawal was not paid; the first policy's was not asked for."""
    first, second = run_of(None), run_of(Flows({DAYS[3]: -50_000.0}), when="monthly")

    text = " ".join(accounts_text([first, second]).split())

    assert "monthly to target: 50,000.00 was to be withdrawn" in text


def test_one_session_without_a_decision_is_a_warning_and_more_are_an_error() -> None:
    """It says on which day, what became of what was due, and what to mend; what a plan says of
    planning again is no remedy for a past.
    """
    why = Finding("prices-refused", "Home", f"No trade is planned: X.{PLAN_AGAIN}", "error")
    once, often = Undecided(), Undecided()

    once.note(DAYS[2], why)
    for day in DAYS[2:5]:
        often.note(day, why)

    (one,), (more,) = once.said(DAYS[:9]), often.said(DAYS[:9])
    assert (one.severity, more.severity) == ("warning", "error")
    assert one.message == (
        f"no decision on {DAYS[2]}, on 1 of 9 sessions: No trade is planned: X. What was due was "
        f"left to the next session. Mend the prices of {DAYS[2]}."
    )
    assert more.message == (
        f"no decision from {DAYS[2]} to {DAYS[4]}, on 3 of 9 sessions: No trade is planned: X. "
        "Mend the prices of those days."
    )


def test_what_happens_on_shuffled_histories_is_counted() -> None:
    """Of each kind once: how often with each policy, and the first in words."""
    unpaid = Finding("withdrawal-unpaid", "roth", "too little.")
    other = Finding("stale-price", "X", "old")
    tally = PathTally([frozenset({("stale-price", "X"), ("withdrawal-unpaid", "roth")}),
                       frozenset()])  # fmt: skip

    tally.add(0, [[other], []])
    tally.add(1, [[unpaid], [unpaid, other]])
    tally.add(2, [[unpaid], []])

    assert [one.message for one in tally.findings(["own", "never"], 3)] == [
        "in 2 for own, 1 for never of 3 shuffled histories. On number 2: too little",
        "in 1 for never of 3 shuffled histories. On number 2: old",
    ]


def test_what_weighs_most_of_shuffled_histories_comes_first() -> None:
    """Money that was missing, then other warnings by how often, then notes."""
    wash = Finding("wash-sale", "VXUS", "VXUS is sold at a loss")
    stale = Finding("stale-price", "X", "X is old")
    note = Finding("listed-late", "Y", "Y came late", "info")
    unpaid = Finding("tax-unpaid", "roth", "too little")
    tally = PathTally()

    tally.add(0, [[note, wash, stale]])
    tally.add(1, [[note, stale]])
    tally.add(2, [[note, unpaid]])

    codes = [one.code for one in tally.findings(["own"], 3)]
    assert codes == ["tax-unpaid", "stale-price", "wash-sale", "listed-late"]


def test_paths_tell_what_could_not_be_paid_on_them() -> None:
    """A withdrawal beyond what is there is unpaid on every path."""
    policies = [Policy(None, "never", name="own"), Policy(None, "monthly", name="other")]

    found = bootstrap_accounts(
        mandate(tree({"US": 50, "BND": 50})),
        opening([], brokerage=1_000_000),
        level(40),
        policies,
        paths=2,
        terms=AccountTerms(flows=Flows({DAYS[3]: -50_000.0})),
    )

    (one,) = [one for one in found.findings if one.code == "withdrawal-unpaid"]
    assert one.message.startswith(
        "in 2 for own, 2 for other of 2 shuffled histories. On number 1: "
    )


@pytest.mark.parametrize(
    ("costs", "known", "words"),
    [
        (Costs(permanent_impact=1), True, "prices of later sessions stay"),
        (Costs(permanent_impact=1), False, "no order is charged"),
        (Costs(by_instrument={"A": Costs(temporary_impact=1)}), False, "no order is charged"),
        (Costs(impact=1), False, "no order is charged"),
        (Costs(bps=5, impact=1, temporary_impact=1), True, None),
        (Costs(bps=5), False, None),
    ],
)
def test_impact_that_is_not_charged_is_told(costs: Costs, known: bool, words: str | None) -> None:
    """Whoever states an impact is told what of it fills are not charged: all of it without volumes,
    and of a permanent one what it does to later prices.
    """
    household = mandate(tree({"US": 100}), when="never", costs=costs)
    usual = (lambda _: {}) if known else None

    run = backtest_accounts(
        household, opening([], brokerage=1_000_000), tape({"US": ["50"] * 3}), usual=usual
    )

    told = [one.message for one in run.findings if one.code == "impact-not-charged"]
    assert [words in one for one in told if words] == [True] * (words is not None)
    assert len(told) == (words is not None)
