"""Shuffled histories, drawn futures and bad times where instruments lack prices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.simulate.markets import lively
from trimtab.costs import Costs
from trimtab.model.policy import Policy
from trimtab.simulate.prices.history import GONE, HELD, TRADED, UNLISTED, PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.results import Backtest
from trimtab.simulate.uncertainty.bootstrap import bootstrap, bootstrap_paths, rows_by_span
from trimtab.simulate.uncertainty.monte_carlo import monte_carlo
from trimtab.simulate.uncertainty.stress import Window, stress

TARGET = {"A": 0.5, "B": 0.3, "C": 0.2}
POLICY = Policy(TARGET, when="monthly", name="p")
COSTS = Costs(bps=10)


def patchy(*, volume: bool = False) -> PriceHistory:
    """Three walks: A throughout, B with holidays of its own and from session 60 on, C until 180."""
    prices = lively("ABC", 260, seed=2)
    close = prices.close.copy()
    close[70:250:13, 1] = np.nan
    close[:60, 1] = np.nan
    close[180:, 2] = np.nan
    volumes = np.where(np.isnan(close), np.nan, 500.0) if volume else None
    return replace(prices, close=close, volume=volumes)


def as_read(path: PriceHistory) -> PriceHistory:
    """A path as it would stand in a file: no price where there was none."""
    return replace(path.as_traded(), volume=path.volume)


def again_by_itself(result: Backtest, path: PriceHistory, **options: Any) -> float:
    """What a backtest makes of a path; C is paid out at the same part of its last price."""
    (run,) = backtest(
        as_read(path).select(("A", "B", "C")), result.ready.policies, accept_jumps=True,
        missing="hold:99", form="compiled", **options,
    )  # fmt: skip
    return run.final_value


@pytest.mark.parametrize("volume", [False, True], ids=["whole", "limited"])
def test_a_path_with_gaps_is_a_backtest_over_its_prices(volume: bool) -> None:
    """Holidays are shuffled with their rows, comings and goings stay: it is a plain backtest."""
    options: dict[str, Any] = {"late": "spread", "costs": COSTS}
    if volume:
        options["participation"] = 0.1
    prices = patchy(volume=volume)
    result = backtest(prices, POLICY, missing="hold", delisted={"C": 7.0}, **options)
    last = float(prices.close[179, 2])

    table = bootstrap(result, paths=6, seed=3, threads=2).of("p", "final_value")

    source, _ = bootstrap_paths(result, seed=3)
    for number in range(6):
        path = source.path(number)
        assert path.status is not None
        ends = path.close[179, 2] * (7.0 / last)
        alone = again_by_itself(result, path, delisted={"C": ends}, **options)
        assert table[number] == pytest.approx(alone, rel=1e-12)
    assert len(set(table.tolist())) == 6


def test_what_exists_when_is_the_same_on_every_path() -> None:
    """B comes and C goes on their own days; holidays are as many on average, on other days."""
    result = backtest(patchy(), POLICY, missing="hold", late="spread", delisted=["C"])
    source, _ = bootstrap_paths(result, seed=1)
    was = source.template.status
    assert was is not None

    held = []
    for number in range(40):
        now = source.path(number).status
        assert now is not None
        assert ((now == UNLISTED) == (was == UNLISTED)).all()
        assert ((now == GONE) == (was == GONE)).all()
        held.append(int((now == HELD).sum()))

    assert (now == HELD).tolist() != (was == HELD).tolist()
    assert np.mean(held) == pytest.approx((was == HELD).sum(), rel=0.2)
    said = [one for one in bootstrap(result, paths=1).findings if one.code == "shuffled-in-spans"]
    assert len(said) == 1
    assert str(result.ready.panel.dates[180]) in said[0].message


def test_a_held_instrument_stands_still_on_a_path() -> None:
    """Where a path has no price of an instrument, its price is the one of the session before."""
    result = backtest(patchy(), POLICY, missing="hold", late="spread", delisted=["C"])
    path = bootstrap_paths(result, seed=5)[0].path(2)
    assert path.status is not None

    held = path.status[1:] == HELD

    assert held.any()
    assert (path.close[1:][held] == path.close[:-1][held]).all()
    assert path.status[0].tolist() == [TRADED, UNLISTED, TRADED, TRADED]


def test_spans_keep_their_own_rows() -> None:
    """Each span is shuffled in itself, and the row that leads into it stays where it is."""
    rows = rows_by_span(np.random.default_rng(0), [(0, 50), (50, 51), (51, 90)], 5.0)

    assert len(rows) == 89
    assert (rows[:49] < 49).all()
    assert (rows[49], rows[50]) == (49, 50)
    assert (rows[51:] >= 51).all()
    assert (rows[51:] <= 88).all()


def test_differences_know_gaps() -> None:
    """Two policies are compared over shuffled gaps; one that reads prices is refused, and why."""
    both = [POLICY, Policy(TARGET, when="never", name="still")]
    result = backtest(patchy(), both, missing="hold", late="spread", delisted=["C"], costs=COSTS)

    found = result.difference("p", "still", paths=40)

    cost = found["cost_a_year"]
    assert (cost.second, cost.low > 0.0) == (0.0, True)
    made = Policy(lambda view: dict.fromkeys(view.symbols, 1 / len(view.symbols)), name="made")
    read = backtest(patchy(), made, missing="hold", delisted=["C"])
    with pytest.raises(ValueError, match="give the target as weights"):
        bootstrap(read, paths=2)


def test_futures_say_what_they_were_fitted_to() -> None:
    """A model fitted to a part of the sessions says to which, and which prices end early."""
    whole = monte_carlo(lively("ABC", 260), POLICY, years=0.5, paths=2)
    part = monte_carlo(patchy(), POLICY, years=0.5, paths=2)

    (said,) = [one for one in part.findings if one.code == "fitted-to-part"]
    assert "fitted-to-part" not in [one.code for one in whole.findings]
    close = patchy().close
    assert f"fitted to {(~np.isnan(close)).all(axis=1).sum()} of 260 sessions" in said.message
    assert f"C ends on {patchy().dates[179]}" in said.message


def test_bad_times_with_gaps() -> None:
    """Crises and history run with gaps; what makes up prices is left out and named."""
    prices = patchy()
    window = Window("mid", prices.dates[150].astype(object), prices.dates[230].astype(object))

    found = stress(
        prices, POLICY, costs=Costs(half_spread_bps=5), windows=[window], missing="hold",
        late="spread", delisted={"C": 1.0},
    )  # fmt: skip

    assert [one.name for one in found] == ["mid", "history", "spreads times ten"]
    left = {one.code for one in found.findings}
    assert {"correlations-not-run", "halt-not-run", "delisted"} <= left


def test_a_halt_under_schedules_of_fees_is_left_out_and_named() -> None:
    """Stress with a schedule of fees runs all the rest."""
    costs = Costs(bps=10, maximum=50, half_spread_bps=2)

    found = stress(lively("ABC", 200), POLICY, costs=costs, windows=[])

    assert "a halted instrument" not in [one.name for one in found]
    assert "halt-not-run" in {one.code for one in found.findings}
