"""Other solvers where our own search fails: their answers, their proof, and the record of it."""

from __future__ import annotations

import sys
from dataclasses import replace
from math import nan

import numpy as np
import pytest

from tests.targets.test_robust import kinds, market
from trimtab.targets.objectives import optimised
from trimtab.targets.objectives.asked import MEAN_VARIANCE, Asked, Optimised
from trimtab.targets.objectives.choices import Chosen
from trimtab.targets.objectives.fallback import second_opinions
from trimtab.targets.objectives.optimised import optimise
from trimtab.targets.solvers.limits import Limits, leverage

LIMITS = {
    **kinds(8),
    "leverage": Limits(np.full(8, -0.3), np.ones(8), turnover=leverage(8, 1.6)),
}
ROBUST = [Asked("robust-utility", 3.0, kappa=0.7, uncertainty="box")]
ASKED = [Asked(one, 3.0, wanted=0.09, kappa=0.7) for one in MEAN_VARIANCE]  # type: ignore[arg-type]


def found(asked: Asked, limits: Limits) -> Optimised:
    """The answer over a market of eight."""
    returns, covariance = market(5)
    return optimise(
        asked, limits, expected=returns, covariance=covariance, returns=np.empty((0, 8)),
        names=list("ABCDEFGH"), years=4.0,
    )  # fmt: skip


def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on our own search stops without an answer."""
    search = optimised._chosen

    def stops(*given: object) -> Chosen:
        chosen = search(*given)  # type: ignore[arg-type]
        nothing = np.full(chosen.weights.shape, nan)
        stopped = replace(chosen.solution, status="stopped", weights=nothing, gap=float("inf"))
        return Chosen(nothing, stopped)

    monkeypatch.setattr(optimised, "_chosen", stops)


@pytest.mark.parametrize("asked", [*ASKED, *ROBUST], ids=lambda one: f"{one.objective}")
def test_other_solvers_find_what_our_own_search_finds(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For every objective and kind of limit, with each attempt on record and a proof."""
    shorts = {"box": ("turnover", "leverage", "tracking")}.get(asked.uncertainty, ())
    some = {kind: one for kind, one in LIMITS.items() if kind not in shorts}
    right = {kind: found(asked, one) for kind, one in some.items()}
    failing(monkeypatch)
    for kind, limits in some.items():
        now = found(asked, limits)

        cones = kind == "tracking" or asked.objective == "target-volatility" or (
            asked.objective == "robust-utility" and asked.uncertainty != "box"
        )  # fmt: skip
        assert now.attempts[0].solver == "active set"
        assert now.attempts[0].status == "stopped"
        assert now.attempts[1].solver == ("Clarabel" if cones else "HiGHS")
        assert now.status == "optimal"
        assert now.optimality_gap <= 1e-5
        assert now.solver == now.attempts[-1].solver
        assert now.objective_value == pytest.approx(right[kind].objective_value, abs=2e-5)


def test_a_proved_answer_is_the_only_attempt() -> None:
    """Nobody else is asked where the first has the answer."""
    now = found(ASKED[0], LIMITS["plain"])

    (attempt,) = now.attempts
    assert (attempt.solver, attempt.status) == ("active set", "optimal")
    assert attempt.gap == now.optimality_gap < 1e-10
    assert now.solved == "active set: optimal"


def test_limits_that_contradict_each_other_need_no_second_opinion() -> None:
    """Our own search proves it, and says which."""
    now = found(ASKED[0], Limits(np.zeros(8), np.full(8, 0.1)))

    assert [one.status for one in now.attempts] == ["infeasible"]


def test_where_everyone_fails_the_first_answer_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A return that nobody can reach is no one's answer; the record tells who was asked."""
    failing(monkeypatch)

    now = found(Asked("target-return", wanted=9.0), LIMITS["plain"])

    assert now.status == "stopped"
    assert np.isnan(now.weights).all()
    assert [one.solver for one in now.attempts] == ["active set", "HiGHS", "Clarabel"]
    assert now.solved.startswith("active set: stopped (tried: HiGHS: infeasible, Clarabel: ")


def test_more_volatility_than_limits_allow_is_no_contradiction() -> None:
    """Around a benchmark, what asks for more risk than its limits let in gets the most return."""
    now = found(Asked("target-volatility", wanted=0.5), LIMITS["tracking"])

    _, covariance = market(5)
    apart = now.weights - 0.125
    assert now.status == "optimal"
    assert np.sqrt(apart @ covariance @ apart) == pytest.approx(0.04, abs=1e-6)
    assert now.optimality_gap < 1e-6


def test_without_clarabel_the_chain_ends_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no dependency: what it alone could answer stays open."""
    failing(monkeypatch)
    monkeypatch.setitem(sys.modules, "clarabel", None)

    now = found(Asked("target-volatility", wanted=0.15), LIMITS["plain"])

    assert [one.solver for one in now.attempts] == ["active set"]


def test_an_answer_with_a_poor_gap_is_not_believed() -> None:
    """Weights that are within the limits and not best have a gap that says by how much at most."""
    returns, covariance = market(5)
    asked, limits = ASKED[2], LIMITS["plain"]
    best = found(asked, limits)
    from trimtab.targets.objectives.fallback import Problem

    even = np.full(8, 0.125)
    gap = Problem(asked, limits, returns, covariance, 4.0).gap(even, nan)

    own = returns @ even - 1.5 * even @ covariance @ even
    assert gap >= best.objective_value - own > 1e-4


def test_a_first_answer_that_is_not_proved_gives_way() -> None:
    """Where the first has weights with a gap, a proved answer takes their place."""
    returns, covariance = market(5)
    asked, limits = ASKED[0], LIMITS["plain"]
    even = np.full(8, 0.125)
    from trimtab.targets.objectives.mean_variance import least_volatility

    right = least_volatility(covariance, limits)
    poor = Chosen(even, replace(right.solution, weights=even, gap=0.01))

    now, whose, attempts = second_opinions(asked, limits, returns, covariance, 4.0, poor)

    assert whose == attempts[0].solver == "HiGHS"
    np.testing.assert_allclose(now.weights, right.weights, atol=1e-4)
