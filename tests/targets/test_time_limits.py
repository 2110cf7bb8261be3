"""Searches that a time limit ends: the best weights so far, and how much better any can be."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from trimtab.adapters.clock import time_limit
from trimtab.targets.objectives.asked import Asked, Optimised
from trimtab.targets.objectives.optimised import optimise
from trimtab.targets.solvers.limits import Limits, Names, Search, Tracking, Turnover, within

N = 6
RNG = np.random.default_rng(3)
HISTORY = (
    RNG.normal(0.0005, 0.01, (200, 1)) + RNG.normal(0.0, 0.012, (200, N)) * np.arange(1, 7) / 4
)
COVARIANCE = np.cov(HISTORY, rowvar=False) * 252
EXPECTED = np.array([0.03, 0.05, 0.07, 0.06, 0.09, 0.12])
EQUAL = np.full(N, 1.0 / N)

TURNOVER = replace(within(N), turnover=Turnover(EQUAL, 0.2))
TRACKING = replace(within(N), tracking=Tracking(EQUAL, 0.03))
BOTH = replace(TURNOVER, tracking=Tracking(EQUAL, 0.03))


def found(asked: Asked, limits: Limits, *, polls: int | None = None) -> Optimised:
    """The weights, where the search is stopped at so many questions."""
    asked_for = 0

    def stop(looked: int, best: float, bound: float) -> bool:
        nonlocal asked_for
        asked_for += 1
        return polls is not None and asked_for >= polls

    search = Search() if polls is None else Search(stop=stop)
    return optimise(
        asked,
        replace(limits, search=search),
        expected=EXPECTED,
        covariance=COVARIANCE,
        returns=HISTORY,
        names=[f"S{i}" for i in range(N)],
        years=1.0,
    )


@pytest.mark.parametrize(
    ("most", "polls", "codes"),
    [
        (5, 1, [("time-limit", "warning")]),
        (5, 1_000, []),
        (4, 1, [("names-not-proved", "error")]),
        (4, 1_000, [("limits-contradict", "error")]),
    ],
)
def test_a_choice_of_names_that_a_time_limit_ended_is_warned_of(
    most: int, polls: int, codes: list[tuple[str, str]]
) -> None:
    """What a limit of time ended is a warning, an error where nothing was found by then."""
    one = found(Asked("min-volatility"), replace(TURNOVER, names=Names(most)), polls=polls)

    assert [(told.code, told.severity) for told in one.findings] == codes
    assert (one.status == "stopped") == (polls == 1)


def programme_value(asked: Asked, one: Optimised) -> float:
    """What the programme minimises, in whose units the gap is."""
    variance = one.volatility**2
    match asked.objective:
        case "utility" | "robust-utility":
            return -one.objective_value
        case "target-volatility":
            return -one.expected_return
        case "min-cvar" | "min-cdar":
            return one.objective_value
        case _:
            return 0.5 * variance


@pytest.mark.parametrize("limits", [TURNOVER, TRACKING, BOTH], ids=["turnover", "tracking", "both"])
@pytest.mark.parametrize(
    "asked",
    [
        Asked("min-volatility"),
        Asked("utility", risk_aversion=2.0),
        Asked("target-return", wanted=0.075),
        Asked("target-volatility", wanted=0.19),
        Asked("robust-utility", risk_aversion=2.0, kappa=0.5),
    ],
    ids=lambda asked: asked.objective,
)
def test_a_stopped_search_has_weights_within_the_limits_and_a_proven_gap(
    asked: Asked, limits: Limits
) -> None:
    """The best weights so far keep to every limit, and the best of all are within the gap."""
    best = found(asked, limits)

    early = found(asked, limits, polls=1)

    assert best.status == "optimal"
    # Some of these searches are at their end with the first weights that keep to the limits.
    assert early.status == ("stopped" if early.optimality_gap > 1e-9 else "optimal")
    assert [finding.code for finding in early.findings] == ["time-limit"] * (
        early.status == "stopped"
    )
    assert early.weights.sum() == pytest.approx(1.0)
    assert early.weights.min() >= -1e-12
    if limits.turnover is not None:
        assert limits.turnover.of(early.weights) <= limits.turnover.most + 1e-9
    if limits.tracking is not None:
        assert limits.tracking.of(early.weights, COVARIANCE) <= limits.tracking.most + 1e-9
    if asked.objective == "target-return":
        assert early.expected_return >= asked.wanted - 1e-9
    if asked.objective == "target-volatility":
        assert early.volatility <= asked.wanted + 1e-9
    ahead = programme_value(asked, early) - programme_value(asked, best)
    assert -1e-9 <= ahead <= early.optimality_gap + 1e-9
    if asked.objective in ("target-return", "target-volatility", "robust-utility"):
        assert f"{early.optimality_gap:.2g}" in early.findings[0].message


@pytest.mark.parametrize("limits", [TURNOVER, TRACKING], ids=["turnover", "tracking"])
@pytest.mark.parametrize("objective", ["max-sharpe", "max-diversification"])
def test_a_stopped_search_for_a_ratio_has_a_gap_of_its_programme(
    objective: str, limits: Limits
) -> None:
    """Weights of the best ratio so far are no better than the best, and the gap is above zero."""
    asked = Asked(objective)  # type: ignore[arg-type]
    best = found(asked, limits)

    early = found(asked, limits, polls=1)

    assert early.status == ("stopped" if early.optimality_gap > 1e-9 else "optimal")
    behind = best.objective_value - early.objective_value
    assert behind >= -1e-12
    assert behind <= 1e-6 or early.status == "stopped"


@pytest.mark.parametrize("objective", ["min-cvar", "min-cdar"])
def test_worst_losses_are_stopped_with_a_proven_gap(objective: str) -> None:
    """Weights by the worst losses so far are told with how much milder any can be."""
    asked = Asked(objective)  # type: ignore[arg-type]
    best = found(asked, within(N))

    early = found(asked, within(N), polls=3)

    assert early.status == "stopped"
    assert [finding.code for finding in early.findings] == ["time-limit"]
    ahead = early.objective_value - best.objective_value
    assert 0.0 < ahead <= early.optimality_gap + 1e-12


def test_stopped_shares_of_the_risk_say_how_far_they_are_off() -> None:
    """Risk parity that was stopped knows no gap, and says how unequal its shares are."""
    early = found(Asked("risk-parity"), within(N), polls=1)
    whole = found(Asked("risk-parity"), within(N), polls=10**6)

    assert (early.status, whole.status) == ("stopped", "optimal")
    assert isnan(early.optimality_gap)
    assert "is off by" in early.findings[0].message
    assert whole.findings == ()


def test_stopped_resampling_is_the_mean_of_the_histories_so_far() -> None:
    """Of drawn histories that ran out of time, those that were solved are averaged, and counted."""
    asked = Asked("min-volatility", resampled=50, seed=4)

    early = found(asked, within(N), polls=7)
    seven = found(replace(asked, resampled=7), within(N))

    assert early.solver == "mean of 7 histories"
    np.testing.assert_allclose(early.weights, seven.weights)
    assert "7 of 50" in early.findings[0].message


@pytest.mark.parametrize("objective", ["hrp", "min-volatility", "max-sharpe"])
def test_what_is_found_directly_says_that_the_limit_did_nothing(objective: str) -> None:
    """Without a search to end the weights are the best, and the needless limit is told."""
    asked = Asked(objective)  # type: ignore[arg-type]

    timed, plain = found(asked, within(N), polls=1), found(asked, within(N))

    assert timed.status == plain.status == "optimal"
    np.testing.assert_array_equal(timed.weights, plain.weights)
    assert [finding.code for finding in timed.findings] == ["time-limit-unused"]
    assert plain.findings == ()


def test_a_time_limit_counts_from_when_it_was_made() -> None:
    """A search is stopped once more than the seconds have gone by, by any clock."""
    now = [100.0]
    search = time_limit(5.0, elapsed=lambda: now[0])
    assert search.stop is not None

    at_the_end = (now.__setitem__(0, 105.0), search.stop(1, 0.0, 0.0))[1]
    after = (now.__setitem__(0, 105.1), search.stop(2, 0.0, 0.0))[1]

    assert (at_the_end, after) == (False, True)
    with pytest.raises(ValueError, match="above zero"):
        time_limit(0.0)
