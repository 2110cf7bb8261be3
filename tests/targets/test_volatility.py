"""Volatility targeting: risky weights scaled until the whole is as wild as is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.targets.moving.glide import Glide
from trimtab.targets.moving.volatility import VolatilityTarget, scale


@dataclass(frozen=True)
class View:
    """Prices in memory."""

    dates: Any
    symbols: tuple[str, ...]
    close: Any

    @property
    def last(self) -> Any:
        """The last session."""
        return self.dates[-1].item()


def view(sessions: int = 300, seed: int = 5) -> View:
    """A wild, a middling and a calm instrument, on business days."""
    rng = np.random.default_rng(seed)
    days = np.busday_offset("2018-01-01", np.arange(sessions), roll="forward")
    market = rng.normal(0.0003, 0.009, sessions)
    own = rng.normal(0.0, [0.012, 0.004, 0.003], (sessions, 3))
    steps = own + np.outer(market, [1.0, 0.8, -0.1])
    return View(days, ("WILD", "MID", "CALM"), 100 * np.exp(steps.cumsum(axis=0)))


def volatility_of(weights: dict[str, float], prices: View, sessions: int) -> float:
    """A year's sample volatility of a mix, from its own returns."""
    returns = prices.close[1:] / prices.close[:-1] - 1.0
    mix = np.array([weights.get(symbol, 0.0) for symbol in prices.symbols])
    return float((returns[-sessions:] @ mix).std(ddof=1) * np.sqrt(252))


def test_the_whole_is_as_wild_as_wanted() -> None:
    """By hand: the returns of the found mix, safe part and all, deviate by what is wanted; risky
    weights keep their proportions, and money beside the safe symbol stays.
    """
    prices = view()
    written = {"WILD": 0.6, "MID": 0.2, "CALM": 0.1, "CASH": 0.1}

    found = VolatilityTarget(written, 0.08, safe="CALM", sessions=120)(prices)

    assert found is not None
    assert volatility_of(found, prices, 120) == pytest.approx(0.08, rel=1e-12)
    assert found["WILD"] / found["MID"] == pytest.approx(3.0)
    assert found["CASH"] == 0.1
    assert sum(found.values()) == pytest.approx(1.0)
    assert found["WILD"] + found["MID"] < 0.8


def test_beside_cash_the_factor_is_the_ratio() -> None:
    """What does not move at all leaves wanted over estimated; by fading weights as well."""
    prices = view()
    returns = prices.close[-61:, 0][1:] / prices.close[-61:, 0][:-1] - 1.0
    fading = 0.5 ** (np.arange(60)[::-1] / 20.0)
    fading /= fading.sum()
    away = returns - fading @ returns
    estimated = np.sqrt(252 * (fading @ away**2) / (1.0 - fading @ fading))

    found = VolatilityTarget({"WILD": 1.0}, 0.1, sessions=60, half_life=20)(prices)

    assert found is not None
    assert found["WILD"] == pytest.approx(0.1 / estimated, rel=1e-12)
    assert found["CASH"] == pytest.approx(1.0 - 0.1 / estimated, rel=1e-12)


def test_nothing_is_borrowed_unless_it_is_said() -> None:
    """In calm times the risky weights stop at 1, or at the leverage that is allowed."""
    prices = view()

    whole = VolatilityTarget({"MID": 0.5, "CASH": 0.5}, 0.9)(prices)
    geared = VolatilityTarget({"MID": 0.5, "CASH": 0.5}, 0.9, leverage=1.5)(prices)

    assert whole == {"MID": 1.0, "CASH": 0.0}
    assert geared == {"MID": 1.5, "CASH": -0.5}


def test_what_comes_later_and_what_is_older_does_not_enter() -> None:
    """Only the newest returns of a view are estimated from, and before there are so many there is
    no target.
    """
    prices = view()
    poisoned = prices.close.copy()
    poisoned[: 300 - 121] = np.nan
    target = VolatilityTarget({"WILD": 1.0}, 0.08, safe="CALM", sessions=120)

    short = View(prices.dates[:120], prices.symbols, prices.close[:120])

    assert target(replace(prices, close=poisoned)) == target(prices)
    assert target(short) is None


def test_weights_may_follow_a_path() -> None:
    """A glide path says what is scaled on a day; where it holds nothing risky it stays."""
    prices = view()
    path = Glide({"2000-01-01": {"WILD": 1.0}, "2010-01-01": {"CALM": 1.0}})

    found = VolatilityTarget(path, 0.08, safe="CALM")(prices)

    assert found == {"CALM": 1.0}


@pytest.mark.parametrize(
    "wrong",
    [{"wanted": 0.0}, {"sessions": 1}, {"half_life": 0.0}, {"leverage": float("nan")}],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    """Each keyword says what it takes."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        VolatilityTarget({"WILD": 1.0}, **{"wanted": 0.1, **wrong})


@given(
    seed=st.integers(0, 10_000),
    wanted=st.floats(0.01, 0.6),
    most=st.floats(0.2, 2.0),
    money=st.sampled_from([0.0, 0.1]),
)
@settings(max_examples=60, deadline=None)
def test_no_larger_factor_is_as_calm(seed: int, wanted: float, most: float, money: float) -> None:
    """On a fine grid of all that is allowed, none above the factor keeps to what is wanted; where
    none keeps to it, none is calmer.
    """
    rng = np.random.default_rng(seed)
    half = rng.normal(0.0, 0.2, (3, 3))
    covariance, risky = half @ half.T, np.array([0.5, 0.2, 0.0])
    safe = np.array([0.0, 0.0, 1.0])

    found = scale(covariance, risky, safe, wanted=wanted, money=money, most=most)

    end = min(most, max(1.0, most) - money) / 0.7
    grid = np.linspace(0.0, end, 2001)[:, None]
    mixes = grid * risky + (1.0 - money - 0.7 * grid) * safe
    wild = np.sqrt(np.einsum("ij,jk,ik->i", mixes, covariance, mixes))
    assert 0.0 <= found.factor <= end + 1e-12
    if found.stop == "wild":
        assert wild.min() >= found.found - 1e-12
    else:
        assert found.found <= wanted * (1 + 1e-9)
        assert (wild[grid[:, 0] > found.factor + 1e-9] > wanted * (1 - 1e-9)).all()
