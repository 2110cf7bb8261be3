"""The points of the frontier that are shown: on it, in order, and where the portfolio stands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.targets.test_fallback import failing
from tests.targets.test_quadratic import covariance
from trimtab.reports.frontier_drawn import drawing
from trimtab.reports.frontier_text import standing
from trimtab.targets.objectives import fallback, frontier, optimised
from trimtab.targets.objectives.asked import Asked
from trimtab.targets.objectives.choices import Chosen
from trimtab.targets.objectives.front import Front, front
from trimtab.targets.objectives.mean_variance import least_volatility_for_return
from trimtab.targets.solvers.limits import Limits, Names, Search, Turnover, within
from trimtab.targets.solvers.programme import Row

NAMES = tuple("ABCDEFGH")


def market(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns and covariance of eight instruments."""
    rng = np.random.default_rng(seed)
    return rng.normal(0.08, 0.06, 8), covariance(rng, 8)


def some_limits(kind: str) -> Limits:
    """Limits of a kind."""
    limits = within(8, 0.0, 0.6)
    if kind == "names":
        return replace(limits, names=Names(3, 2, 0.1))
    if kind == "turnover":
        return replace(limits, turnover=Turnover(np.full(8, 0.125), 0.4))
    return limits


@pytest.mark.parametrize("kind", ["plain", "names", "turnover"])
@pytest.mark.parametrize("seed", range(3))
def test_points_are_the_calmest_of_their_return(seed: int, kind: str) -> None:
    """From the least volatility to the most return, evenly, and nothing is calmer than a point."""
    returns, matrix = market(seed)
    limits = some_limits(kind)

    found = front(NAMES, returns, matrix, limits, points=9, current=np.eye(8)[0])

    assert isinstance(found, Front)
    gained = np.array([one.expected_return for one in found.points])
    risky = np.array([one.volatility for one in found.points])
    assert len(found.points) == 9
    assert (np.diff(gained) > (-1e-9 if kind == "names" else 0.0)).all()  # names jump
    assert (np.diff(risky) > -1e-9).all()
    for one in found.points[1:-1:3]:
        calm = least_volatility_for_return(
            returns, matrix, limits, wanted=one.expected_return
        ).weights
        assert one.volatility == pytest.approx(np.sqrt(calm @ matrix @ calm), abs=1e-6)
    assert found.best_sharpe is not None
    assert found.best_sharpe.sharpe >= max(one.sharpe for one in found.points) - 1e-2


@pytest.mark.parametrize("seed", range(5))
def test_the_portfolio_is_measured_against_the_frontier(seed: int) -> None:
    """At its volatility the frontier returns no less, at its return it is no riskier."""
    returns, matrix = market(seed)
    best = np.eye(8)[returns.argmax()]
    weights = 0.5 * best + 0.5 * np.random.default_rng(seed).dirichlet(np.ones(8))

    found = front(NAMES, returns, matrix, within(8), current=weights)

    assert isinstance(found, Front)
    assert found.current is not None
    assert found.as_calm is not None
    assert found.as_rich is not None
    assert found.current.expected_return == pytest.approx(returns @ weights)
    assert found.as_calm.expected_return >= found.current.expected_return - 1e-9
    assert found.as_rich.volatility <= found.current.volatility + 1e-9
    assert found.as_calm.volatility <= found.current.volatility + 1e-6


def test_one_portfolio_is_a_frontier_of_one_point() -> None:
    """Where the limits leave one portfolio, there is one point and no error."""
    returns, matrix = market(1)
    limits = Limits(np.full(8, 0.125), np.full(8, 0.125))

    found = front(NAMES, returns, matrix, limits)

    assert isinstance(found, Front)
    assert len(found.points) == 1


def test_limits_that_contradict_each_other_have_no_frontier() -> None:
    """What is infeasible comes back as such, with what contradicts itself."""
    returns, matrix = market(1)
    row = Row("sector", np.eye(8)[0], 0.8, None)

    found = front(NAMES, returns, matrix, Limits(np.zeros(8), np.full(8, 0.5), (row,)))

    assert not isinstance(found, Front)
    assert found.solution.status == "infeasible"
    assert found.solution.conflict == ((0,), (1,))


def test_nothing_above_the_risk_free_rate_has_no_best_ratio() -> None:
    """The curve is drawn all the same."""
    _, matrix = market(1)

    found = front(NAMES, np.full(8, 0.01) * np.arange(8) / 8, matrix, within(8), risk_free=0.05)

    assert isinstance(found, Front)
    assert found.best_sharpe is None


def test_a_portfolio_below_the_least_volatility_has_no_point_at_its_return() -> None:
    """What returns less than the calmest weights has no frontier at its return."""
    returns, matrix = market(0)
    calm = front(NAMES, returns, matrix, within(8), points=3)
    assert isinstance(calm, Front)
    worst = np.eye(8)[returns.argmin()]
    assert worst @ returns < calm.least_volatility.expected_return

    found = front(NAMES, returns, matrix, within(8), points=3, current=worst)

    assert isinstance(found, Front)
    assert found.as_rich is None
    assert found.as_calm is not None
    assert "less than the least-volatility point" in standing(found)
    assert "at that return" not in standing(found)


def test_points_of_few_names_say_whether_they_are_proved() -> None:
    """A search that ends before its proof leaves status and gap at its points, and a finding."""
    returns, matrix = market(1)
    limits = replace(within(8), names=Names(3, 1, 0.0))
    short = replace(limits, search=Search(most_nodes=1, stop=lambda *_: True))

    proved = front(NAMES, returns, matrix, limits, points=3)
    open_ = front(NAMES, returns, matrix, short, points=3)

    assert isinstance(proved, Front)
    assert isinstance(open_, Front)
    assert {one.status for one in proved.points} == {"optimal"}
    assert max(one.gap for one in proved.points) < 1e-6
    assert proved.findings == ()
    assert "stopped" in {one.status for one in open_.points}
    assert max(one.gap for one in open_.points) > 1e-4
    assert [one.code for one in open_.findings] == ["frontier-not-proved"]


def test_no_picture_has_volatilities_below_zero() -> None:
    """The axis begins at zero at the furthest, however near to it the calmest point lies."""
    matrix = np.diag([1e-8, *[0.04] * 7])

    found = front(NAMES, np.linspace(0.01, 0.08, 8), matrix, within(8), points=5)

    assert isinstance(found, Front)
    assert drawing(found).left == 0.0


def test_a_frontier_beside_cash_is_that_of_the_rest_drawn_in() -> None:
    """Cash earns the risk-free rate and moves with nothing: ratios stay, volatility shrinks."""
    expected, matrix = np.linspace(0.03, 0.1, 4), np.diag([0.01, 0.02, 0.05, 0.09])
    half = np.array([0.5, 0.0, 0.0, 0.0, 0.5])

    plain = front(NAMES[:4], expected, matrix, within(4), risk_free=0.02)
    found = front(NAMES[:4], expected, matrix, within(4), risk_free=0.02, cash=0.2, current=half)

    assert isinstance(plain, Front)
    assert isinstance(found, Front)
    assert found.symbols == (*NAMES[:4], "CASH")
    for one, other in zip(found.points, plain.points, strict=True):
        assert one.weights == pytest.approx([*(0.8 * other.weights), 0.2])
        assert one.volatility == pytest.approx(0.8 * other.volatility)
        assert one.sharpe == pytest.approx(other.sharpe)
    assert found.current is not None
    assert found.as_calm is not None
    assert found.current.expected_return == pytest.approx(0.5 * 0.03 + 0.5 * 0.02)
    assert found.as_calm.volatility == pytest.approx(found.least_volatility.volatility)


@pytest.mark.parametrize("kind", ["plain", "turnover"])
def test_where_our_own_search_fails_points_are_those_of_another_solver(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same curve, each point with whose it is and who was asked before, and a finding."""
    returns, matrix = market(1)
    limits = some_limits(kind)
    right = front(NAMES, returns, matrix, limits, points=5)
    failing(monkeypatch)
    monkeypatch.setattr(frontier, "corners", lambda *_: np.empty((0, 8)))

    found = front(NAMES, returns, matrix, limits, points=5)

    assert isinstance(right, Front)
    assert isinstance(found, Front)
    assert {one.solver for one in right.points} == {"active set"}
    assert [one.code for one in found.findings] == ["solver-fallback"]
    assert found.findings[0].message.startswith("5 of 5 points are those of HiGHS")
    assert found.best_sharpe is not None
    assert right.best_sharpe is not None
    assert found.best_sharpe.solver == "HiGHS"
    assert found.best_sharpe.sharpe == pytest.approx(right.best_sharpe.sharpe, abs=1e-4)
    for one, other in zip(found.points, right.points, strict=True):
        assert [tried.solver for tried in one.attempts] == ["active set", "HiGHS"]
        assert one.solver == "HiGHS"
        assert one.expected_return == pytest.approx(other.expected_return, abs=1e-4)
        assert one.volatility == pytest.approx(other.volatility, abs=1e-4)


def test_points_that_nobody_finds_are_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frontier has no point without weights; how many are missing is said."""
    returns, matrix = market(1)
    limits = some_limits("turnover")
    search = optimised._chosen

    def some(asked: Asked, *rest: object) -> Chosen:
        chosen = search(asked, *rest)  # type: ignore[arg-type]
        if asked.objective != "target-return":
            return chosen
        stopped = replace(chosen.solution, status="stopped", gap=np.inf)
        return Chosen(np.full(8, np.nan), stopped)

    monkeypatch.setattr(optimised, "_chosen", some)
    monkeypatch.setattr(fallback, "by_highs", lambda _: None)
    monkeypatch.setattr(fallback, "by_clarabel", lambda _: None)

    found = front(NAMES, returns, matrix, limits, points=5)

    assert isinstance(found, Front)
    assert len(found.points) == 2
    assert [one.code for one in found.findings] == ["points-not-found"]
    assert found.findings[0].message.startswith("3 of 5 points are left out")
