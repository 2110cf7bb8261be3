"""The mildest worst losses by cuts, against the whole linear programme laid out at once."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from trimtab.targets.objectives import tails
from trimtab.targets.objectives.tails import cdar, cvar, least_cvar, least_drawdown
from trimtab.targets.objectives.whole_tails import Whole, at_once
from trimtab.targets.solvers.limits import Limits, Search, within
from trimtab.targets.solvers.programme import Row

LIMITS = {
    "long only": within(4),
    "shorts": within(4, -0.5, 1.0),
    "a sector": Limits(
        np.zeros(4),
        np.full(4, 0.6),
        (
            Row("sector", np.array([1.0, 1.0, 0.0, 0.0]), 0.3, 0.5),
            Row("score", np.arange(4.0), 1.2),
        ),
    ),
}


def history(sessions: int, n: int, *, seed: int = 0) -> np.ndarray:
    """Daily returns with fat tails."""
    rng = np.random.default_rng(seed)
    market = rng.standard_t(4, (sessions, 1)) * 0.008
    found: np.ndarray = 0.0003 + market + rng.standard_t(4, (sessions, n)) * 0.01
    return found


def whole(returns: np.ndarray, limits: Limits, confidence: float, *, falls: bool) -> float:
    """The least by the whole programme: weights, threshold, excesses, high-water marks."""
    periods, n = returns.shape
    one, none, each = np.eye(periods), np.zeros((periods, periods)), np.ones((periods, 1))
    if falls:
        summed = np.cumsum(returns, axis=0)
        rows = np.vstack(
            [
                np.hstack([summed, each, one, -one]),
                np.hstack([-summed, 0.0 * each, none, one]),
                np.hstack([np.zeros((periods, n + 1)), none, one - np.eye(periods, k=-1)]),
            ]
        )
    else:
        rows = np.hstack([returns, each, one])
    size = rows.shape[1]
    cost = np.zeros(size)
    cost[n], cost[n + 1 : n + 1 + periods] = 1.0, 1.0 / ((1.0 - confidence) * periods)
    upper, most = [-rows], [np.zeros(len(rows))]
    for row in limits.rows:
        for sign, side in ((1.0, row.high), (-1.0, row.low)):
            if side is not None:
                upper.append(sign * np.append(row.weights, np.zeros(size - n))[None])
                most.append(np.array([sign * side]))
    bounds = [*zip(limits.low, limits.high, strict=True), (None, None)]
    bounds += [(0.0, None)] * (size - n - 1)
    total = np.append(np.ones(n), np.zeros(size - n))[None]
    found = linprog(cost, np.vstack(upper), np.concatenate(most), total, [1.0], bounds)
    assert found.status == 0, found.message
    return float(found.fun)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.9999])
@pytest.mark.parametrize("kind", LIMITS)
def test_cuts_find_what_the_whole_programme_finds(kind: str, confidence: float) -> None:
    """The least mean loss, and drawdown, is that of the whole programme, and is proved."""
    returns, limits = history(90, 4), LIMITS[kind]

    tail = least_cvar(returns, limits, confidence=confidence)
    fall = least_drawdown(returns, limits, confidence=confidence)

    assert (tail.status, fall.status) == ("optimal", "optimal")
    for found, measure, falls in ((tail, cvar, False), (fall, cdar, True)):
        value = measure(found.weights, returns, confidence=confidence)
        assert value == pytest.approx(whole(returns, limits, confidence, falls=falls), abs=1e-8)
        assert value - 1e-9 <= found.bound <= value + 1e-12
        assert found.weights.sum() == pytest.approx(1.0, abs=1e-9)
        for row in limits.rows:
            kept = row.weights @ found.weights
            assert (row.low or 0.0) - 1e-9 <= kept <= (row.high or inf) + 1e-9


@pytest.mark.parametrize("least", [least_cvar, least_drawdown])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.9999])
@pytest.mark.parametrize("kind", LIMITS)
def test_the_whole_programme_at_once_finds_what_cuts_find(
    kind: str, confidence: float, least: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either way the least mean loss, and drawdown, is the same to 1e-8, proved and in limits."""
    returns, limits = history(90, 4, seed=1), LIMITS[kind]
    measure = cvar if least is least_cvar else cdar
    by_cuts = least(returns, limits, confidence=confidence)
    seen: list[Whole | None] = []

    def kept_in_view(*given: Any, **named: Any) -> Whole | None:
        seen.append(at_once(*given, **named))
        return seen[-1]

    monkeypatch.setattr(tails, "FEW_CUTS", 1)
    monkeypatch.setattr(tails, "at_once", kept_in_view)

    found = least(returns, limits, confidence=confidence)

    value = measure(found.weights, returns, confidence=confidence)
    best = measure(by_cuts.weights, returns, confidence=confidence)
    assert seen[0] is not None
    assert found.weights is seen[0].weights
    assert found.status == "optimal"
    assert value == pytest.approx(best, abs=1e-8)
    assert value - 1e-9 <= found.bound <= best + 1e-12
    assert found.weights.sum() == pytest.approx(1.0, abs=1e-9)
    for row in limits.rows:
        kept = row.weights @ found.weights
        assert (row.low or 0.0) - 1e-9 <= kept <= (row.high or inf) + 1e-9


@pytest.mark.parametrize("least", [least_cvar, least_drawdown])
def test_many_names_that_may_be_short_are_soon_proved(least) -> None:  # type: ignore[no-untyped-def]
    """With 60 names at -20% or more the search is over when the whole programme is."""
    asked = []

    def stop(looked: int, value: float, bound: float) -> bool:
        asked.append(looked)
        return False

    search = Search(stop=stop)

    found = least(history(150, 60), replace(within(60, -0.2, 1.0), search=search))

    assert found.status == "optimal"
    assert max(asked) == tails.FEW_CUTS


def test_the_clock_is_asked_while_the_whole_programme_is_solved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Time that runs out there leaves the best weights of the cuts, with a gap that holds."""
    monkeypatch.setattr(tails, "FEW_CUTS", 5)
    returns, limits = history(250, 40), within(40, -0.2, 1.0)
    best = cdar(least_drawdown(returns, limits).weights, returns, confidence=0.95)
    asked = []

    def stop(looked: int, value: float, bound: float) -> bool:
        asked.append(looked)
        return asked.count(5) > 1

    found = least_drawdown(returns, replace(limits, search=Search(stop=stop)))

    value = cdar(found.weights, returns, confidence=0.95)
    assert asked == [1, 2, 3, 4, 5, 5, 6]
    assert found.status == "stopped"
    assert found.bound <= best < value - 1e-6
    assert found.weights.sum() == pytest.approx(1.0)
    assert -0.2 <= found.weights.min() <= found.weights.max() <= 1.0


def test_a_long_history_takes_no_more_room_than_itself() -> None:
    """Weights by 5,000 sessions take some copies of the history, never its square."""
    returns = history(5_000, 5)
    tracemalloc.start()

    least_drawdown(returns, within(5))

    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < 20 * returns.nbytes


@pytest.mark.parametrize("least", [least_cvar, least_drawdown])
def test_a_search_that_is_stopped_has_the_best_so_far_and_its_gap(least) -> None:  # type: ignore[no-untyped-def]
    """Weights of a search cut short keep to the limits; the least is within what is told."""
    returns, limits = history(300, 8), within(8)
    measure = cvar if least is least_cvar else cdar
    best = measure(least(returns, limits).weights, returns, confidence=0.95)
    told = []

    def stop(looked: int, value: float, bound: float) -> bool:
        told.append((value, bound))
        return looked >= 4

    found = least(returns, replace(limits, search=Search(stop=stop)))

    assert found.status == "stopped"
    value = measure(found.weights, returns, confidence=0.95)
    assert value == pytest.approx(told[-1][0])
    assert found.bound == pytest.approx(told[-1][1], abs=1e-8)
    assert found.bound <= best + 1e-12
    assert best < value - 1e-6
    assert found.weights.sum() == pytest.approx(1.0)
    assert found.weights.min() >= 0.0


def test_limits_that_contradict_each_other_have_no_weights() -> None:
    """Where nothing is within the limits there are no weights, and the solver's word for it."""
    limits = within(4, 0.0, 0.2)

    found = least_cvar(history(50, 4), limits)

    assert found.status == "infeasible"
    assert np.isnan(found.weights).all()
