"""Correlations that break: the gauges written out, crises of history, and no look-ahead."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import mahalanobis

from tests.estimates.made import correlated, drawn
from trimtab.estimates.breakdown import (
    GAUGES,
    absorption_ratio,
    average_correlation,
    breakdown,
    gauge_paths,
    least_sessions,
    trailing_turbulence,
    turbulence,
)
from trimtab.estimates.covariance import ledoit_wolf_constant_correlation


def etf_returns(shared: Path, *symbols: str) -> pd.DataFrame:
    """Daily total returns of ETFs over the sessions that all know."""
    columns = {}
    for symbol in symbols:
        frame = pd.read_csv(shared / f"data/etf_daily_yahoo/{symbol}.csv")
        frame.columns = frame.columns.str.lower()
        adjusted = [name for name in frame.columns if "adj" in name or name == "close"]
        columns[symbol] = frame.set_index("date")[adjusted[-1]]
    return pd.DataFrame(columns).dropna().pct_change(fill_method=None).iloc[1:]


def test_average_correlation_is_that_of_each_window() -> None:
    """The mean of numpy's correlations above the diagonal, window by window."""
    table = drawn(60, 5)
    above = np.triu_indices(5, 1)

    found = average_correlation(table, 21)

    windows = [np.corrcoef(table[t : t + 21], rowvar=False)[above].mean() for t in range(40)]
    assert found == pytest.approx(windows, rel=1e-9)


@pytest.mark.parametrize("n", [5, 40])
def test_absorption_is_the_share_of_the_largest_components(n: int) -> None:
    """A fifth of the eigenvalues of the correlations; also with fewer sessions than instruments."""
    table = drawn(50, n)

    found = absorption_ratio(table, 21)

    for t in (0, 13, 29):
        values = np.linalg.eigvalsh(np.corrcoef(table[t : t + 21], rowvar=False))
        assert found[t] == pytest.approx(values[-n // 5 :].sum() / n, rel=1e-9)


def test_a_return_that_stands_still_has_no_correlation() -> None:
    """It counts as none, and no gauge divides by zero."""
    table = drawn(40, 3)
    table[:, 1] = 0.001

    found, share = average_correlation(table, 21), absorption_ratio(table, 21)

    pair = [np.corrcoef(table[t : t + 21, 0], table[t : t + 21, 2])[0, 1] for t in range(20)]
    assert found == pytest.approx(np.array(pair) / 3, rel=1e-9)
    assert ((share > 0.5) & (share <= 1.0)).all()


def test_turbulence_is_the_distance_of_mahalanobis() -> None:
    """Squared, per instrument; one on average where returns are as expected."""
    table = drawn(5000, 4)
    mean, covariance = table.mean(axis=0), np.cov(table, rowvar=False)

    found = turbulence(table, mean, covariance)

    inverse = np.linalg.inv(covariance)
    distances = [mahalanobis(row, mean, inverse) ** 2 / 4 for row in table[:20]]
    assert found[:20] == pytest.approx(distances, rel=1e-9)
    assert found.mean() == pytest.approx(1.0, abs=0.001)


def test_trailing_turbulence_learns_from_the_sessions_before() -> None:
    """Every month anew from the past that ends there."""
    table = drawn(200, 3)

    found = trailing_turbulence(table, 100)

    assert np.isnan(found[:50]).all()
    for begin in (50, 71, 155, 197):
        before = table[max(0, begin - 100) : begin]
        shrunk = ledoit_wolf_constant_correlation(before, sessions_a_year=1).covariance
        expected = turbulence(table[begin : begin + 21], before.mean(axis=0), shrunk)
        assert found[begin : begin + 21] == pytest.approx(expected)


def test_the_past_ends_before_the_recent_sessions_begin() -> None:
    """Usual, spread and score of the last session, written out from the windows of the past."""
    table, recent, past = drawn(400, 4), 10, 120
    values = average_correlation(table, recent)
    # Windows that lie wholly in the `past` sessions before the last `recent`.
    windows = values[len(values) - recent - (past - recent + 1) : len(values) - recent]

    found = gauge_paths(table, recent=recent, past=past)

    assert found.now[-1, 0] == pytest.approx(values[-1])
    assert found.usual[-1, 0] == pytest.approx(windows.mean())
    score = (values[-1] - windows.mean()) / windows.std(ddof=1)
    assert found.scores[-1, 0] == pytest.approx(score, rel=1e-8)
    assert found.limits[-1, 0] == pytest.approx(windows.mean() + windows.std(ddof=1), rel=1e-8)


def test_the_future_changes_no_gauge() -> None:
    """Up to any session the figures are the same bits, whatever follows."""
    table = drawn(700, 4, seed=3)
    other = table.copy()
    other[600:] *= 8.0

    found, changed = gauge_paths(table), gauge_paths(other)

    assert found.now[:600].tobytes() == changed.now[:600].tobytes()
    assert found.broken[:600].tolist() == changed.broken[:600].tolist()
    known = ~np.isnan(found.scores[:600])
    assert found.scores[:600][known] == pytest.approx(changed.scores[:600][known], abs=1e-6)


def test_correlations_that_break_are_found_and_said() -> None:
    """From 0.2 to 0.9 at three times the volatility: all figures stand in the finding."""
    generator = np.random.default_rng(4)
    calm, storm = correlated(6, 0.2), correlated(6, 0.9, deviation=0.03)
    noise = generator.standard_normal((900, 6))
    table = noise @ np.linalg.cholesky(calm).T
    table[880:] = noise[880:] @ np.linalg.cholesky(storm).T

    before, after = breakdown(table[:880]), breakdown(table, subject="Household")

    assert not before.broken
    assert before.findings == ()
    assert after.broken
    assert [(one.code, one.subject) for one in after.findings] == [
        ("correlation-breakdown", "Household")
    ]
    correlation = after.gauges[0]
    assert (correlation.usual < 0.3, correlation.now > 0.7) == (True, True)
    assert f"{correlation.now:.2f}" in after.findings[0].message
    assert f"{correlation.usual:.2f}" in after.findings[0].message
    assert [gauge.now >= gauge.limit for gauge in after.gauges] == [True, True, True]


def test_a_wild_week_without_correlation_is_no_breakdown() -> None:
    """Nor is high correlation in calm markets: both must come together."""
    generator = np.random.default_rng(5)
    noise = generator.standard_normal((900, 6))
    wild = noise @ np.linalg.cholesky(correlated(6, 0.5)).T
    wild[880:] = 3.0 * noise[880:] @ np.linalg.cholesky(correlated(6, 0.1)).T
    calm = noise @ np.linalg.cholesky(correlated(6, 0.2)).T
    calm[880:] = 0.5 * noise[880:] @ np.linalg.cholesky(correlated(6, 0.9)).T

    assert breakdown(wild).gauges[2].score > 3.0
    assert not breakdown(wild).broken
    assert breakdown(calm).gauges[0].score > 2.0
    assert not breakdown(calm).broken


@pytest.mark.parametrize(
    ("symbols", "often"),
    [(("SPY", "AGG"), 0.03), (("SPY", "EFA", "EEM", "VNQ", "AGG", "LQD"), 0.04)],
    ids=["60/40", "six"],
)
def test_2008_and_march_2020_are_told_and_quiet_years_are_not(
    shared: Path, symbols: tuple[str, ...], often: float
) -> None:
    """By the middle of the crisis' second month; in 2005, 2006, 2014 and 2017 nothing is."""
    returns = etf_returns(shared, *symbols)

    paths = gauge_paths(returns.to_numpy())

    broken = pd.Series(paths.broken, index=returns.index)
    assert broken["2008-09-15":"2008-10-15"].any()
    assert broken["2020-02-20":"2020-03-13"].any()
    assert [year for year in ("2014", "2017") if broken[f"{year}-01" : f"{year}-12-31"].any()] == []
    known = ~np.isnan(paths.scores).any(axis=1)
    assert broken[known].mean() < often


def test_the_last_session_of_the_paths_is_the_answer_of_today() -> None:
    """However long history is: what is far back has no part in it."""
    table = drawn(2000, 3, seed=6)

    paths, today = gauge_paths(table), breakdown(table)

    assert [gauge.name for gauge in today.gauges] == list(GAUGES)
    for i, gauge in enumerate(today.gauges):
        assert gauge.now == pytest.approx(paths.now[-1, i], rel=1e-9)
        assert gauge.usual == pytest.approx(paths.usual[-1, i], rel=1e-9)
        assert gauge.score == pytest.approx(paths.scores[-1, i], rel=1e-6)


def test_a_short_history_says_that_nobody_can_know() -> None:
    """One session less than the least: a finding and no gauge; the least is enough."""
    least = least_sessions()
    table = drawn(least, 3)

    short, enough = breakdown(table[1:]), breakdown(table)

    assert [one.code for one in short.findings] == ["correlation-history-short"]
    assert str(least) in short.findings[0].message
    assert (short.broken, short.gauges) == (False, ())
    assert len(enough.gauges) == 3
    assert enough.findings == ()


def test_unit_and_order_of_instruments_do_not_matter() -> None:
    """In percent, or in another order, every figure is the same."""
    table = drawn(650, 4, seed=7)

    found = breakdown(table)

    for other in (breakdown(100 * table), breakdown(table[:, [2, 0, 3, 1]])):
        for one, same in zip(found.gauges, other.gauges, strict=True):
            assert same.now == pytest.approx(one.now, rel=1e-7)
            assert same.score == pytest.approx(one.score, rel=1e-5)


def test_stretches_that_say_nothing_are_refused() -> None:
    """One instrument, a few sessions, a past as short as the present."""
    with pytest.raises(ValueError, match="1 instruments"):
        breakdown(drawn(900, 1))
    with pytest.raises(ValueError, match="past"):
        breakdown(drawn(900, 3), recent=21, past=60)
    with pytest.raises(ValueError, match="window"):
        average_correlation(drawn(20, 3), 21)
