"""Luck taken off: formulas written anew, examples as quoted, a cross-validation written out."""

from __future__ import annotations

from itertools import combinations
from math import sqrt

import numpy as np
import pytest

from trimtab.simulate.uncertainty.overfitting import (
    best_by_luck,
    deflated,
    deflated_sharpe,
    overfitting,
    probabilistic_sharpe,
    sharpe_moments,
    track_record_length,
)

# The figures of the two examples below are those of the papers as they are commonly quoted; the
# papers themselves were not at hand. What holds the formulas is `by_scipy`, written from them anew,
# and figures of the authors' own code.


def by_scipy(
    sharpe: float, count: int, trials: int, deviation: float, skew: float, kurtosis: float
) -> tuple[float, float]:
    """Expected best of worthless trials, and the deflated ratio, with scipy's normal and numpy.

    Bailey and Lopez de Prado 2014, equations 1 and 2: an independent writing of both.
    """
    from scipy.stats import norm

    quantiles = norm.isf([1.0 / trials, 1.0 / (trials * np.e)])
    luck = deviation * float(np.dot([1.0 - np.euler_gamma, np.euler_gamma], quantiles))
    variance = (1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe**2) / (count - 1)
    return luck, float(norm.sf(luck, loc=sharpe, scale=np.sqrt(variance)))


def test_deflating_is_its_formula_written_anew() -> None:
    """Over many made-up track records both steps agree with the same formulas in scipy."""
    draw = np.random.default_rng(14)
    for _ in range(200):
        sharpe, deviation = draw.normal(0.05, 0.1), draw.uniform(0.001, 0.2)
        count, trials = int(draw.integers(20, 5_000)), int(draw.integers(2, 10_000))
        skew, kurtosis = draw.normal(0, 1), 3 + draw.exponential(4)

        luck, odds = by_scipy(sharpe, count, trials, deviation, skew, kurtosis)

        found = deflated_sharpe(
            sharpe, count, trials=trials, deviation=deviation, skew=skew, kurtosis=kurtosis
        )
        assert best_by_luck(trials, deviation) == pytest.approx(luck, rel=1e-9)
        assert found == pytest.approx(odds, rel=1e-9, abs=1e-12)


def test_a_probability_is_how_often_the_true_ratio_is_lower() -> None:
    """Of many normal records with a true ratio, a share p has less than p of being above it."""
    draw = np.random.default_rng(6).normal(0.1, 1.0, size=(20_000, 120))
    ratios = draw.mean(axis=1) / draw.std(axis=1, ddof=1)

    odds = np.array([probabilistic_sharpe(float(one), 120, above=0.1) for one in ratios])

    for level in (0.05, 0.5, 0.95):
        assert np.mean(odds < level) == pytest.approx(level, abs=0.01)


def test_a_hedge_funds_track_record() -> None:
    """The example of 2012 as quoted: 0.458 a month in 24 months; 0.982, or 0.913 as it was."""
    assert probabilistic_sharpe(0.458, 24) == pytest.approx(0.982, abs=5e-4)
    crooked = probabilistic_sharpe(0.458, 24, skew=-2.448, kurtosis=10.164)
    assert crooked == pytest.approx(0.913, abs=5e-4)


def test_the_spread_is_that_of_the_authors_own_code() -> None:
    """The same fund, mean 3.6% and deviation 7.9% a month: 0.987 against 0, 0.939 against 0.1.

    From the code that accompanies Lopez de Prado, Lipton and Zoonek, How to use the Sharpe ratio,
    2025 (repository zoonek/2025-sharpe-ratio, functions.py). They take the spread at the level
    that is tested and 24 for the count less one, so that is what is asked for here.
    """
    ratio, moments = 0.036 / 0.079, {"skew": -2.448, "kurtosis": 10.164}

    for level, published in ((0.0, 0.987), (0.1, 0.939)):
        found = probabilistic_sharpe(level, 25, above=level - (ratio - level), **moments)
        assert found == pytest.approx(published, abs=5e-4)


def test_the_deflated_ratio_of_the_paper() -> None:
    """The example of 2014 as it is quoted: 2.5 a year, 1,250 days, 100 trials, variance 1/2."""
    yearly = sqrt(250)
    deviation = sqrt(0.5) / yearly

    assert best_by_luck(100, deviation) == pytest.approx(0.1132, abs=5e-5)
    found = deflated_sharpe(
        2.5 / yearly, 1250, trials=100, deviation=deviation, skew=-3, kurtosis=10
    )
    assert found == pytest.approx(0.9004, abs=5e-5)
    fewer = deflated_sharpe(
        2.5 / yearly, 1250, trials=46, deviation=deviation, skew=-3, kurtosis=10
    )
    assert fewer == pytest.approx(0.9505, abs=5e-5)


def test_luck_of_trying_is_what_trying_shows() -> None:
    """The best of 50 normal draws, many times over, is about what the formula says."""
    draws = np.random.default_rng(3).normal(scale=0.2, size=(40_000, 50)).max(axis=1)

    assert best_by_luck(50, 0.2) == pytest.approx(draws.mean(), rel=0.02)
    assert best_by_luck(1, 0.2) == 0.0


def test_a_long_enough_record_is_just_sure() -> None:
    """With as many returns as asked for, the probability is the confidence."""
    count = track_record_length(0.1, above=0.03, skew=-1, kurtosis=6)

    sure = probabilistic_sharpe(0.1, round(count), above=0.03, skew=-1, kurtosis=6)
    assert sure == pytest.approx(0.95, abs=1e-4)
    assert track_record_length(0.1, above=0.2) == float("inf")


def test_moments_are_those_of_another_program() -> None:
    """Skewness and kurtosis as scipy has them."""
    from scipy.stats import kurtosis, skew

    x = np.random.default_rng(1).standard_t(4, size=500) + 0.1

    ratio, crooked, tailed, count = sharpe_moments(x)

    assert ratio == pytest.approx(x.mean() / x.std(ddof=1))
    assert crooked == pytest.approx(skew(x))
    assert tailed == pytest.approx(kurtosis(x, fisher=False))
    assert count == 500
    assert np.isnan(sharpe_moments(np.full(9, 0.01))[0])


def written_out(table: np.ndarray, blocks: int) -> tuple[list[float], list[int]]:
    """Ranks and choices by the steps of Bailey, Borwein, Lopez de Prado and Zhu, written anew."""
    size = len(table) // blocks
    pieces = [table[i * size : (i + 1) * size] for i in range(blocks)]
    ranks, chosen = [], []
    for half in combinations(range(blocks), blocks // 2):
        here = np.concatenate([pieces[i] for i in half])
        there = np.concatenate([pieces[i] for i in range(blocks) if i not in half])
        inside = here.mean(axis=0) / here.std(axis=0, ddof=1)
        outside = there.mean(axis=0) / there.std(axis=0, ddof=1)
        best = int(np.argmax(inside))
        rank = 1 + sum(value < outside[best] for value in outside)
        ranks.append(float(rank / (len(outside) + 1)))
        chosen.append(best)
    return ranks, chosen


def test_cross_validation_is_that_of_the_paper() -> None:
    """All splits of eight blocks, each written out with means and deviations of its returns."""
    table = np.random.default_rng(2).normal(0.0005, 0.01, size=(160, 7))

    found = overfitting(table, blocks=8)

    ranks, chosen = written_out(table, 8)
    assert found.ranks.tolist() == pytest.approx(ranks)
    assert found.chosen.tolist() == chosen
    below, middle = np.mean(found.logits < 0), np.mean(found.logits == 0)
    assert found.probability == pytest.approx(below + middle / 2)
    assert found.slope == pytest.approx(np.polyfit(found.inside, found.outside, 1)[0])


def test_worthless_policies_are_found_out() -> None:
    """Noise: over many sets the best of one half is below the middle about half of the time."""
    generator = np.random.default_rng(11)

    odds = [
        overfitting(generator.normal(0, 0.01, size=(400, 20)), blocks=8).probability
        for _ in range(60)
    ]

    assert np.mean(odds) == pytest.approx(0.5, abs=0.1)


def test_a_policy_that_is_better_stays_better() -> None:
    """One policy with a real edge: no overfitting, and its ratio survives the trials."""
    table = np.random.default_rng(4).normal(0, 0.01, size=(1600, 20))
    table[:, 13] += 0.003

    found, best = overfitting(table), deflated(table)

    assert found.probability < 0.01
    assert set(found.chosen.tolist()) == {13}
    assert best.best == 13
    assert best.probability > 0.95
    assert "it stands" in best.sentence
    assert "stay good" in found.sentence


def test_the_best_of_noise_does_not_stand() -> None:
    """The best of two hundred worthless policies is not trusted."""
    table = np.random.default_rng(5).normal(0, 0.01, size=(1250, 200))

    best = deflated(table)

    ratio, skew, kurtosis, count = sharpe_moments(table[:, best.best])
    assert probabilistic_sharpe(ratio, count, skew=skew, kurtosis=kurtosis) > 0.95
    assert best.probability < 0.8
    assert "not enough" in best.sentence


def test_equal_policies_stand_in_the_middle() -> None:
    """Copies of one policy are neither above nor below each other."""
    one = np.random.default_rng(6).normal(0, 0.01, size=(200, 1))

    found = overfitting(np.repeat(one, 4, axis=1), blocks=4)

    assert found.probability == 0.5
    assert "guessing" in str(found)


def test_the_page_says_the_sentence() -> None:
    """The page of a notebook begins with the plain words."""
    found = overfitting(np.random.default_rng(7).normal(size=(64, 3)), blocks=4)

    assert found.sentence in found._repr_html_()


@pytest.mark.parametrize(
    ("table", "blocks", "word"),
    [
        (np.ones((100, 1)), 4, "two policies"),
        (np.ones((100, 2)), 5, "blocks"),
        (np.ones((5, 2)), 4, "too few"),
        (np.array([[1.0, np.nan], [1.0, 1.0]]), 2, "session 0 of policy 1"),
        (np.ones(5), 2, "shape"),
    ],
)
def test_returns_that_cannot_be_used_are_named(table: np.ndarray, blocks: int, word: str) -> None:
    """What is wrong is said before anything is counted."""
    with pytest.raises(ValueError, match=word):
        overfitting(table, blocks=blocks)
