"""What a plan is, and says, when HiGHS ends at its limit or without an answer."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.engine.generated import Case, generated
from tests.engine.households import DAY, account, lot, mandate, market, state, tree
from trimtab.engine import highs
from trimtab.engine.decide import decide
from trimtab.model.plan import Plan

LOADED = highs.load_highs()


def codes(plan: Plan) -> set[str]:
    """The codes of a plan's findings."""
    return {finding.code for finding in plan.findings}


class Ill:
    """HiGHS with one thing wrong: `wrong` gets the real solver, a method's name and its answer.

    From the run on that `from_run` counts, the first being 0.
    """

    def __init__(self, wrong: Callable[[str, Any], Any], from_run: int) -> None:
        self.real, self.wrong, self.left = LOADED._Highs(), wrong, from_run + 1

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.real, name)

        def call(*args: Any) -> Any:
            self.left -= name == "run"
            answer = method(*args)
            return answer if self.left > 0 else self.wrong(name, answer)

        return call


def unknown(name: str, answer: Any) -> Any:
    """The status is unknown."""
    return LOADED.HighsModelStatus.kUnknown if name == "getModelStatus" else answer


def broken(name: str, answer: Any) -> Any:
    """The run raises."""
    if name == "run":
        raise RuntimeError("numerical trouble")
    return answer


class NoNumbers:
    """A solution of no numbers."""

    def __init__(self, columns: int) -> None:
        self.col_value = [float("nan")] * columns


def nan(name: str, answer: Any) -> Any:
    """The solution is not a number."""
    return NoNumbers(len(answer.col_value)) if name == "getSolution" else answer


def empty(name: str, answer: Any) -> Any:
    """At the limit without any solution."""
    if name == "getModelStatus":
        return LOADED.HighsModelStatus.kSolutionLimit
    return NoNumbers(0) if name == "getSolution" else answer


WRONG = (unknown, broken, nan, empty)


def make_ill(
    monkeypatch: pytest.MonkeyPatch, wrong: Callable[[str, Any], Any], *, from_run: int = 0
) -> None:
    """Let the decision meet that solver."""

    class Module:
        def __getattr__(self, name: str) -> Any:
            return (lambda: Ill(wrong, from_run)) if name == "_Highs" else getattr(LOADED, name)

    monkeypatch.setattr(highs, "load_highs", Module)


def family() -> Case:
    """Two accounts off their common target, one of them with a tax on gains."""
    accounts = [account("taxed"), account("ira", "traditional")]
    shares = [lot("taxed", "US", 300, "9000"), lot("ira", "US", 300), lot("ira", "BND", 100)]
    made = mandate(tree({"US": 50, "BND": 50}), accounts=accounts, when="monthly")
    prices = market({"US": "100", "BND": "80"})
    return Case(state(shares, taxed="1000", ira="0"), made, prices, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", WRONG)
def test_without_the_solver_a_household_still_gets_nearer(
    wrong: Callable[[str, Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each account is led towards the common target, and a warning says what that is worth."""
    case = family()
    make_ill(monkeypatch, wrong)

    plan = decide(case.state, case.mandate, case.market, DAY)

    (finding,) = [f for f in plan.findings if f.code == "solver-failed"]
    assert finding.severity == "warning"
    assert "by itself" in finding.message
    assert plan.drift_after["household"] < plan.drift_before["household"] / 4


def test_without_highs_at_all_there_is_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that cannot be loaded is told like any other trouble."""

    def load() -> None:
        raise ImportError("highspy is not installed")

    monkeypatch.setattr(highs, "load_highs", load)
    case = family()

    plan = decide(case.state, case.mandate, case.market, DAY)

    (finding,) = [f for f in plan.findings if f.code == "solver-failed"]
    assert "highspy is not installed" in finding.message
    assert plan.trades


@pytest.mark.parametrize("block", range(4))
def test_no_trouble_of_the_solver_is_raised(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the household, its flows and its costs: a sound plan, and the finding."""
    make_ill(monkeypatch, WRONG[block])
    told = 0

    for seed in range(40 * block, 40 * block + 40):
        case = generated(random.Random(seed))
        plan = decide(*case.arguments)
        told += "solver-failed" in codes(plan)

        case.assert_sound(plan)
        if not case.request.withdrawals and not case.request.deposits:
            raised = any(trade.reason == "raise-cash" for trade in plan.trades)
            for name, before in plan.drift_before.items():
                assert raised or plan.drift_after[name] <= before
    assert told > 5


def test_the_fewest_trades_without_their_search_go_by_the_usual_goals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only that goal fails: the plan is the one without the mode, and says so."""
    case = family()
    fewest = replace(case.mandate, fewest_trades=True)
    usual = decide(case.state, case.mandate, case.market, DAY)
    looks = iter([True])

    def once(name: str, answer: Any) -> Any:
        failing = name == "getModelStatus" and next(looks, False)
        return LOADED.HighsModelStatus.kUnknown if failing else answer

    make_ill(monkeypatch, once)

    plan = decide(case.state, fewest, case.market, DAY)

    assert codes(plan) == {"fewest-trades-failed"}
    assert plan.trades == usual.trades


def test_the_fewest_trades_stay_when_only_their_choice_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The number of trades is found, and then nothing: they are as few as ever, and it is told."""
    case = family()
    fewest = replace(case.mandate, fewest_trades=True)
    usual = decide(case.state, fewest, case.market, DAY)
    make_ill(monkeypatch, unknown, from_run=1)

    plan = decide(case.state, fewest, case.market, DAY)

    assert codes(plan) == {"solver-failed"}
    assert len(plan.trades) == len(usual.trades)


@pytest.mark.parametrize(("unproved", "told"), [(2.5, "up to 2 trades less"), (0.5, "")])
def test_a_search_for_the_fewest_that_ends_early_says_how_many_less_may_do(
    unproved: float, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its limit the plan tells the gap in whole trades, and nothing where that is none."""
    case = family()
    fewest = replace(case.mandate, fewest_trades=True)
    usual = decide(case.state, fewest, case.market, DAY)
    asked = {"getModelStatus": 0, "getInfo": 0}

    def limited(name: str, answer: Any) -> Any:
        if name not in asked:
            return answer
        asked[name] += 1
        if asked[name] > 1:
            return answer
        if name == "getModelStatus":
            return LOADED.HighsModelStatus.kSolutionLimit
        answer.mip_dual_bound = answer.objective_function_value - unproved
        return answer

    make_ill(monkeypatch, limited)

    plan = decide(case.state, fewest, case.market, DAY)

    assert plan.trades == usual.trades
    found = [f for f in plan.findings if f.code == "fewer-trades-possible"]
    assert len(found) == bool(told)
    assert all(f.severity == "info" and told in f.message for f in found)
