"""What an optimiser learns where instruments know different stretches of history."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

import trimtab as tt
from trimtab.estimates.covariance import pairwise_covariance
from trimtab.targets.estimators.optimiser import Optimiser
from trimtab.targets.moving.breaking import HALF_LIFE, by_what_is_recent
from trimtab.targets.moving.moving import MovingTarget
from trimtab.targets.moving.ranged import UNITS, Range
from trimtab.targets.moving.window import Window, estimates_of

NAMES = ("A", "B", "C")


def three(young: int = 100) -> np.ndarray:
    """Three hundred sessions of three instruments, of which the last knows the latest `young`."""
    returns = np.random.default_rng(5).normal(0.0003, 0.01, (300, 3))
    returns[: 300 - young, 2] = np.nan
    return returns


def codes(found: Optimiser) -> set[str]:
    """What was found to say."""
    return {finding.code for finding in found.result_.findings}


def test_a_covariance_by_pairs_that_is_none_is_repaired() -> None:
    """Pairs over stretches that disagree a little make no covariance: the nearest is taken."""
    move = np.random.default_rng(1).normal(0.0, 0.01, (300, 1))
    noise = np.random.default_rng(2).normal(0.0, 0.001, (300, 3))
    returns = move + noise
    returns[:100, 2] = returns[100:200, 0] = returns[200:, 1] = np.nan
    returns[200:, 2] += np.random.default_rng(4).normal(0.0, 0.005, 100)

    found = Optimiser(missing="pairwise").fit(returns, names=NAMES)

    assert "covariance-indefinite" in codes(found)
    assert found.weights_.sum() == pytest.approx(1.0)


def test_what_is_excluded_shortens_no_history() -> None:
    """An excluded instrument has no say in which sessions are learned from."""
    rules = tt.Constraints(exclude=["C"])

    found = Optimiser(constraints=rules).fit(three(), names=NAMES)

    alone = Optimiser().fit(three()[:, :2], names=NAMES[:2])
    assert found.weights_.tolist() == [*alone.weights_.tolist(), 0.0]
    assert codes(found) == set()


def test_given_estimates_are_short_of_no_history() -> None:
    """With covariance and returns given, a short history is not said to be of any effect."""
    given = {"A": 0.05, "B": 0.06, "C": 0.07}

    found = Optimiser(covariance=np.diag([0.01, 0.02, 0.03]), expected=given)
    half = Optimiser(covariance=np.diag([0.01, 0.02, 0.03]))

    assert codes(found.fit(three(), names=NAMES)) == set()
    assert codes(half.fit(three(), names=NAMES)) == {"history-shortened"}


@pytest.mark.parametrize(
    "asked",
    [
        {"objective": "min-cvar"},
        {"resampled": 5},
        {"covariance": "ledoit-wolf"},
        {"expected": "bayes-stein"},
    ],
)
def test_what_needs_one_history_is_refused_by_pairs(asked: dict[str, object]) -> None:
    """Where no one history has been, its losses, its draws and its shrinkage are refused."""
    with pytest.raises(ValueError, match="needs one history"):
        Optimiser(missing="pairwise", **asked).fit(three(), names=NAMES)  # type: ignore[arg-type]


def test_what_fades_is_learned_by_pairs() -> None:
    """The old keep their own sessions, and the young theirs, each counting less with its age."""
    found = Optimiser(missing="pairwise", covariance="ewm").learned(three(), NAMES)

    whole = Optimiser(covariance="ewm").learned(three()[:, :2], NAMES[:2])
    young = Optimiser(covariance="ewm").learned(three(), NAMES)
    assert found.covariance is not None
    assert young.covariance is not None
    assert whole.covariance is not None
    assert found.covariance[:2, :2] == pytest.approx(whole.covariance, rel=1e-9)
    assert found.covariance[2, 2] == pytest.approx(young.covariance[2, 2], rel=1e-9)


def test_a_target_found_anew_learns_by_pairs_as_before() -> None:
    """When correlations break, what is recent counts more, of all the days that each pair has."""
    leaves = tuple(Range(name, 0, UNITS, False, False, (name,)) for name in NAMES)
    target = MovingTarget(Range("", UNITS, UNITS, True, True, children=leaves), missing="pairwise")
    close = 50.0 * np.nancumprod(1.0 + three(), axis=0)
    close[:200, 2] = np.nan
    days = tuple(date(2020, 1, 1) + timedelta(days=i) for i in range(300))
    window = Window(leaves, NAMES, days, close)

    anew, _ = estimates_of(by_what_is_recent(target), window, 252)
    before, _ = estimates_of(target, window, 252)

    assert anew is not None
    assert before is not None
    assert anew.years == before.years == pytest.approx(99 / 252)
    fades = pairwise_covariance(window.returns, half_life=HALF_LIFE)
    assert anew.seen.covariance == pytest.approx(fades, rel=1e-9)
    assert abs(before.seen.covariance / fades - 1.0).max() > 0.01


def test_what_a_cost_aware_target_leaves_out_is_sold() -> None:
    """The rest is weighed by its whole history, as if what was left out were not there."""
    held = [0.5, 0.3, 0.2]

    found = tt.CostAware(missing="leave-out", cost_bps=20).fit(three(), held=held, names=NAMES)

    alone = tt.CostAware().fit(three()[:, :2], names=NAMES[:2])
    assert found.weights_[2] == 0.0
    np.testing.assert_array_equal(found.learned_.expected[:2], alone.learned_.expected)
    np.testing.assert_array_equal(found.learned_.covariance[:2, :2], alone.learned_.covariance)
    assert found.result_.cost >= 0.2 * 20e-4


def test_a_cost_aware_target_learns_by_pairs() -> None:
    """Who knows more keeps it: the variance of the old is of all their sessions."""
    found = tt.CostAware(missing="pairwise", covariance="sample").fit(three(), names=NAMES)

    whole = tt.CostAware(covariance="sample").fit(three()[:, :2], names=NAMES[:2])
    short = tt.CostAware(covariance="sample").fit(three(), names=NAMES)
    assert found.learned_.covariance[0, 0] == pytest.approx(whole.learned_.covariance[0, 0])
    assert found.learned_.covariance[0, 0] != pytest.approx(short.learned_.covariance[0, 0])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"missing": "pairwise"}, "needs one history"),
        ({"missing": "leave-out", "low": 0.1}, "C is left out"),
        ({"missing": "leave out"}, "one of common"),
    ],
)
def test_what_cannot_be_learned_so_is_refused_by_name(
    options: dict[str, object], told: str
) -> None:
    """A shrunk covariance takes one history; what is left out cannot be held."""
    with pytest.raises(ValueError, match=told):
        tt.CostAware(**options).fit(three(), names=NAMES)  # type: ignore[arg-type]
