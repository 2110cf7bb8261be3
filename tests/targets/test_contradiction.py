"""Which limits cannot be met together: no side is told that could be left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trimtab.targets.estimators.cost_aware import CostAware
from trimtab.targets.estimators.genetic import GeneticOptimiser
from trimtab.targets.objectives.choices import least_volatility
from trimtab.targets.objectives.constraints import Constraints
from trimtab.targets.objectives.curbed import can_meet
from trimtab.targets.objectives.optimised import contradiction_told
from trimtab.targets.solvers.contradiction import MOST_SIDES, needed_sides
from trimtab.targets.solvers.limits import Limits, Names, Tracking, Turnover, leverage, within
from trimtab.targets.solvers.programme import Row
from trimtab.targets.solvers.too_few import too_few


def told(limits: Limits, covariance: np.ndarray | None = None) -> str:
    """The contradiction in words."""
    n = len(limits.low)
    matrix = np.eye(n) * 0.04 if covariance is None else covariance
    names = [chr(65 + i) for i in range(n)]
    return contradiction_told(names, limits, least_volatility(matrix, limits).solution, matrix)


def test_beside_a_turnover_only_the_side_in_its_way_is_told() -> None:
    """Who holds A alone and may move 10% cannot have 20% in tech; its maximum is not told."""
    held = np.array([1.0, 0.0, 0.0])
    tech = Row("tech", np.array([0.0, 1.0, 1.0]), 0.2, 0.3)

    found = told(Limits(np.zeros(3), np.ones(3), (tech,), Turnover(held, 0.1)))

    assert "tech at least 0.2" in found
    assert "0.3" not in found
    assert found.endswith("turnover at most 0.1")


def test_beside_a_tracking_error_only_the_side_in_its_way_is_told() -> None:
    """Of a benchmark of A, B must be at least half: that it is at most 0.6 is not told."""
    benchmark = Tracking(np.array([1.0, 0.0, 0.0]), 0.01)
    group = Row("b", np.array([0.0, 1.0, 0.0]), 0.5, 0.6)

    found = told(Limits(np.zeros(3), np.ones(3), (group,), tracking=benchmark))

    assert "b at least 0.5" in found
    assert "0.6" not in found
    assert "between" not in found
    assert found.endswith("tracking error at most 0.01")


def test_of_many_sides_those_that_are_needless_are_dropped_too() -> None:
    """Of 150 weights of at most 0.005, and at least 0, the maximum alone is in the way."""
    n = 150
    limits = within(n, 0.0, 0.005)

    needed = needed_sides(limits, range(n), [0])

    assert 2 * n > MOST_SIDES
    assert needed == {("weight", i, "high") for i in range(n)}


def test_of_many_sides_beside_a_turnover_too() -> None:
    """Who may move 6.85% cannot hold 0.1% each of 69 others; that none is above 1 is not told."""
    n = 70
    held = np.append(1.0, np.zeros(n - 1))
    limits = Limits(
        np.append(0.0, np.full(n - 1, 0.001)), np.ones(n), turnover=Turnover(held, 0.0685)
    )

    needed = needed_sides(limits, range(1, n), [0, 1], meets=lambda some: can_meet(some, None))

    assert 2 * n > MOST_SIDES
    assert needed == {("weight", i, "low") for i in range(1, n)}


def test_a_score_that_none_has_is_told_with_the_highest_there_is() -> None:
    """That weights lie between 0 and 1 is nothing that anybody set: the highest score is told."""
    esg = Row("esg", np.array([40.0, 78.0, 60.0]), 90.0, None)
    carbon = Row("carbon", np.array([40.0, 78.0, 60.0]), None, 30.0)

    high = told(Limits(np.zeros(3), np.ones(3), (esg,)))
    low = told(Limits(np.zeros(3), np.ones(3), (carbon,)))
    half = told(Limits(np.zeros(3), np.array([1.0, 0.5, 1.0]), (Row("esg", esg.weights, 70.0),)))

    assert high == "esg at least 90, and the highest esg is 78"
    assert low == "carbon at most 30, and the lowest carbon is 40"
    assert "B at most 0.5" in half


def test_what_contradicts_a_number_of_names_is_told_with_it() -> None:
    """Two names of 30% at most are no whole; what holds of the others is not told."""
    names = ["A", "B", "C", "D"]
    tech = Row("tech", np.array([1.0, 1.0, 0.0, 0.0]), 0.1, 0.9)
    limits = replace(within(4, 0.0, 0.3), rows=(tech,), names=Names(2))
    spread = Row("duo", np.array([1.0, 1.0, 0.0, 0.0]), None, 0.3)
    one = replace(within(4), rows=(spread,), high=np.array([1, 1, 0.4, 0.4]), names=Names(2))

    assert too_few(names, limits) == "each at most 0.3; weights that sum to 1; at most 2 names"
    assert too_few(names, one) == (
        "each of C, D at most 0.4; weights that sum to 1; duo at most 0.3; at most 2 names"
    )
    assert too_few(names, replace(within(4), names=Names(2))) == ""


HELD = np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
WHOLE = "weights that sum to 1"


@pytest.mark.parametrize(
    ("limits", "clash"),
    [
        (
            replace(within(6), names=Names(5, 3, 0.4)),
            "weights that sum to 1; at least 3 names; each that is held at least 0.4",
        ),
        (
            replace(within(6), names=Names(4, 4, 0.3)),
            "weights that sum to 1; at least 4 names; each that is held at least 0.3",
        ),
        (
            replace(within(6, 0.1), turnover=Turnover(HELD, 0.8), names=Names(5)),
            "each at least 0.1; at most 5 names",
        ),
        (
            replace(within(6, 0.0, 0.9), turnover=Turnover(HELD, 0.15), names=Names(5, 1, 0.2)),
            f"A at most 0.9; {WHOLE}; turnover at most 0.15; each that is held at least 0.2",
        ),
        (
            replace(within(6), tracking=Tracking(np.full(6, 1 / 6), 0.05), names=Names(2)),
            "tracking error at most 0.05; at most 2 names",
        ),
        (
            replace(within(6, -0.1, 0.18), turnover=leverage(6, 1.3), names=Names(5)),
            "each at most 0.18; weights that sum to 1; at most 5 names",
        ),
    ],
)  # fmt: skip
def test_nothing_told_beside_a_number_of_names_is_needless(limits: Limits, clash: str) -> None:
    """Of a number of names, and of all that goes with one, only what contradicts is told."""
    assert told(limits) == clash


def test_every_estimator_names_the_limits_that_contradict_each_other() -> None:
    """Four names of 20% at most are told by the search at a cost and the genetic one alike."""
    returns = np.random.default_rng(1).normal(0.0, 0.01, (60, 4))
    whole = "each at most 0.2; weights that sum to 1"

    with pytest.raises(ValueError, match=whole):
        CostAware(high=0.2).fit(returns)
    with pytest.raises(ValueError, match=whole):
        GeneticOptimiser(
            lambda weights, _: -(weights**2).sum(axis=1), constraints=Constraints(high=0.2)
        ).fit(returns)
