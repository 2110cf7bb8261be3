"""Shuffled histories: rows stay whole, blocks have their length, policies run as in a backtest."""

from __future__ import annotations

import tracemalloc
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.simulate.markets import history, lively
from trimtab.adapters.price_frames import read_prices
from trimtab.costs import Costs
from trimtab.model.policy import Policy
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.results import Backtest
from trimtab.simulate.uncertainty.bootstrap import (
    LEAST_BLOCK,
    block_length,
    bootstrap,
    bootstrap_paths,
    common_block,
    stationary_rows,
)
from trimtab.simulate.uncertainty.difference import OUTCOME_FIGURES, PLACES
from trimtab.simulate.uncertainty.paths import figures_of

TARGET = {"A": 0.5, "B": 0.3, "C": 0.2}
COSTS = Costs(bps=10, half_spread_bps=2)


def policies() -> list[Policy]:
    """Policies of every kind, over different symbols."""
    dated = {date(2024, 1, 1): {"A": 1.0}, date(2024, 6, 3): {"A": 0.4, "C": 0.6}}
    return [
        Policy(TARGET, when="monthly", name="monthly"),
        Policy(TARGET, when="band:2pp", to="half", name="bands"),
        Policy({"B": 0.7, "CASH": 0.3}, when="drift:3pp", name="drift"),
        Policy(dated, when="weekly", name="dated"),
        Policy(TARGET, when="never", name="never"),
    ]


def market(sessions: int = 300) -> PriceHistory:
    """Random walks with opens."""
    plain = lively(("A", "B", "C"), sessions, seed=3)
    nudge = np.random.default_rng(4).normal(1.0, 0.003, plain.close.shape)
    return history(
        {name: plain.close[:, i].tolist() for i, name in enumerate(plain.symbols)},
        opens=plain.close * nudge,
    )


@pytest.mark.parametrize("trade_at", ["close", "next-open", "next-close"])
def test_every_path_is_a_backtest_of_its_own(trade_at: Any) -> None:
    """The figures of a path are those of a backtest over its prices, to the last bit."""
    options: dict[str, Any] = {"costs": COSTS, "cash_rate": 0.03, "trade_at": trade_at}
    result = backtest(market(), policies(), **options)

    found = bootstrap(result, paths=4, seed=5, block=10)

    source, _ = bootstrap_paths(result, seed=5, block=10)
    for number, table in enumerate(found.table):
        alone = backtest(source.path(number), policies(), **options)
        assert alone.ready is not None
        assert np.array_equal(table, figures_of(alone.ready, alone.policies))


def test_the_figures_are_those_of_the_results() -> None:
    """What is kept of each run is what its result says under the same name."""
    result = backtest(market(), policies(), costs=COSTS)
    assert result.ready is not None

    table = figures_of(result.ready, result.policies)

    for row, one in zip(table, result.policies, strict=True):
        years = (one.last - one.first).days / 365.25
        for name in ("final_value", "cagr", "volatility", "max_drawdown", "rebalances"):
            assert row[PLACES[name]] == getattr(one, name)
        assert row[PLACES["turnover_a_year"]] == pytest.approx(one.turnover_one_way / years)
    monthly = result["monthly"]
    drag = float((monthly.log.cost / monthly.log.value).sum()) / years
    assert table[0, PLACES["cost_a_year"]] == pytest.approx(drag)


def test_tracking_error_is_against_the_target_held_exactly() -> None:
    """A policy that is at its target at every close, free of cost, has none; others have some."""
    often = Policy(TARGET, when="daily", name="daily")
    result = backtest(market(), [often, Policy(TARGET, name="never")])

    found = bootstrap(result, paths=3, block=5)

    assert found.of("daily", "tracking_error").max() < 1e-12
    assert found.of("never", "tracking_error").min() > 1e-4


def test_threads_change_nothing_and_paths_stand_alone() -> None:
    """One thread or three, few paths or many: path k is path k; another seed is another."""
    result = backtest(market(120), policies()[:3], costs=COSTS)

    one = bootstrap(result, paths=7, seed=1, block=8, threads=1).table
    three = bootstrap(result, paths=7, seed=1, block=8, threads=3).table
    fewer = bootstrap(result, paths=3, seed=1, block=8, threads=2).table
    other = bootstrap(result, paths=7, seed=2, block=8).table

    assert np.array_equal(one, three)
    assert np.array_equal(one[:3], fewer)
    assert not np.isin(other[:, 0, 0], one[:, 0, 0]).any()


def test_memory_does_not_grow_with_the_paths() -> None:
    """Twenty times as many paths need no more room than their rows of figures."""
    result = backtest(market(), policies()[:1])

    def most(paths: int) -> int:
        tracemalloc.start()
        bootstrap(result, paths=paths, block=10, threads=1)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most(2)
    few, many = most(10), most(200)

    rows = 190 * len(OUTCOME_FIGURES) * 8
    assert many - few < 4 * rows + 20_000


def test_rows_stay_whole() -> None:
    """What a session of a path brings to all symbols, history brought to all on one session."""
    result = backtest(market(), Policy({**TARGET}, when="monthly"))

    source, _ = bootstrap_paths(result, seed=9, block=4)
    path = source.path(0)

    known = result.ready.panel.returns if result.ready else np.empty(0)
    nearest = np.abs(path.returns[:, None, :] - known[None, :, :]).max(axis=2).min(axis=1)
    assert nearest.max() < 1e-12
    assert np.array_equal(path.close[0], source.template.close[0])
    assert not np.allclose(path.close[-1], source.template.close[-1])


def test_interest_is_not_shuffled() -> None:
    """CASH at a rate grows by the days that pass, on every path."""
    result = backtest(market(), Policy({"A": 0.5, "CASH": 0.5}), cash_rate=0.05)
    source, _ = bootstrap_paths(result, block=4)

    path = source.path(3)

    place = path.column("CASH")
    assert np.array_equal(path.close[:, place], source.template.close[:, place])


def test_blocks_are_as_long_as_said() -> None:
    """Blocks run on through history and around its end; their mean length is what was asked."""
    rows = stationary_rows(np.random.default_rng(0), 100_000, 25.0)

    jumps = (rows[1:] - rows[:-1]) % 100_000 != 1
    assert 100_000 / (1 + jumps.sum()) == pytest.approx(25.0, rel=0.06)
    assert rows.min() >= 0
    assert rows.max() < 100_000
    whole = stationary_rows(np.random.default_rng(0), 50, 1e9)
    assert whole.tolist() == [(int(whole[0]) + i) % 50 for i in range(50)]


def test_the_spread_of_means_is_the_published_one() -> None:
    """Variance of resampled means against its closed form, Politis and Romano 1994, lemma 1."""
    n, block, draws = 80, 6.0, 6000
    shocks = np.random.default_rng(1).normal(size=n)
    x = np.convolve(shocks, [1.0, 0.8, 0.5])[:n]
    generator = np.random.default_rng(2)

    means = [x[stationary_rows(generator, n, block)].mean() for _ in range(draws)]

    around = np.array([np.dot(x - x.mean(), np.roll(x - x.mean(), i)) / n for i in range(n)])
    q, lags = 1.0 - 1.0 / block, np.arange(1, n)
    weights = (1.0 - lags / n) * q**lags + lags / n * q ** (n - lags)
    # Lags 1 .. n-1 of a circle are every pair twice, once from either side.
    expected = (around[0] + (weights * around[1:]).sum()) / n
    assert np.var(means) == pytest.approx(expected, rel=5 * np.sqrt(2 / draws))


def test_the_block_length_is_the_best_one_where_that_is_known() -> None:
    """A long AR(1) asks for (2 phi / (1 - phi^2))^(2/3) n^(1/3) (Politis and White 2004)."""
    n, phi = 100_000, 0.6
    shocks = np.random.default_rng(5).normal(size=n)
    x = np.empty(n)
    level = 0.0
    for i, shock in enumerate(shocks):
        level = phi * level + shock
        x[i] = level

    found = block_length(x)

    assert found == pytest.approx((2 * phi / (1 - phi**2)) ** (2 / 3) * n ** (1 / 3), rel=0.1)
    assert block_length(shocks) < 5
    assert block_length(np.ones(50)) == 1.0


def test_the_block_length_agrees_with_another_program(shared: Path) -> None:
    """The automatic length of real returns as computed by the arch package, 8.0.0."""
    prices = read_prices(shared / "data" / "etf_daily_yahoo")
    five = prices.select(("SPY", "EFA", "AGG", "GLD", "VNQ"))
    returns = five.close[~np.isnan(five.close).any(axis=1)]
    returns = returns[1:] / returns[:-1] - 1.0

    squares = [block_length(returns[:, i] ** 2) for i in (0, 1, 3, 4)]

    known = [121.69753271793917, 126.86048537955183, 142.28861084224744, 149.81943037930512]
    assert squares == pytest.approx(known, rel=1e-9)
    assert block_length(returns[:, 3]) == pytest.approx(1.4558582511494327, rel=1e-9)


def test_a_history_of_a_few_years_is_not_torn_into_days() -> None:
    """Where data say nothing of blocks they are of a month; of a short history a third of it."""
    noise = np.random.default_rng(4).normal(scale=0.01, size=(1000, 2))

    lengths = [common_block(noise), common_block(noise[:30]), common_block(np.zeros((2, 1)))]

    assert lengths == [LEAST_BLOCK, 10.0, 1.0]


def test_targets_made_from_prices_are_made_again_on_every_path() -> None:
    """A function sees the path up to its date and no history: its weights follow the path."""
    seen: list[float] = []

    def chase(view: PriceHistory) -> dict[str, float]:
        seen.append(float(view.close[-1, 0]))
        return {"A": 1.0} if view.close[-1, 0] > view.close[0, 0] else {"B": 1.0}

    result = backtest(market(60), Policy(chase, when="weekly", name="chase"))
    found = bootstrap(result, paths=2, block=5)
    source, _ = bootstrap_paths(result, block=5)

    assert seen[-1] in source.path(1).close[:, 0]
    alone = backtest(source.path(0), Policy(chase, when="weekly", name="chase"))
    assert found.of("chase", "final_value")[0] == alone.policies[0].final_value
    measures = alone.policies[0].measures
    assert found.of("chase", "tracking_error")[0] == pytest.approx(measures.tracking_error)


@pytest.mark.parametrize(
    ("options", "word"),
    [({"paths": 0}, "paths"), ({"block": 0.5}, "block"), ({"seed": -1}, "seed"),
     ({"threads": 0}, "threads"), ({"block": float("nan")}, "block")],
)  # fmt: skip
def test_options_that_make_no_sense_are_named(options: dict[str, Any], word: str) -> None:
    """What is wrong is said before anything runs."""
    result = backtest(market(60), Policy(TARGET))

    with pytest.raises(ValueError, match=word):
        bootstrap(result, **options)


def test_a_result_without_its_prices_cannot_be_shuffled() -> None:
    """Results put together by hand are refused, with what to do."""
    result = backtest(market(60), Policy(TARGET))

    with pytest.raises(ValueError, match="backtest"):
        bootstrap(Backtest(result.policies, result.cash))
