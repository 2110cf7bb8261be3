"""Volatility targeting: risky weights are scaled until the whole is estimated as wild as wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, isfinite, sqrt
from typing import TYPE_CHECKING, Any, Literal

from trimtab.estimates.years import sessions_a_year
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.prices import Prices

    Floats = NDArray[np.float64]

MOST_WANTED = 3.0
"""A year's volatility above this is percent that was meant as a fraction."""

Fading = Literal["sample", "ewm"]


@dataclass(frozen=True, slots=True)
class VolatilityRule:
    """What `[target.volatility]` says.

    Args:
        wanted: A year's volatility, as a fraction.
        safe: The sleeve that takes what the risky ones leave; money beside it stays as written.
        covariance: Whether all of the history counts alike, or the newest most.
        half_life: For `ewm`: after so many sessions a return counts half.
        most: Of the whole, what the risky sleeves may be together.
    """

    wanted: float
    safe: str
    covariance: Fading = "sample"
    half_life: int = 21
    most: float = 1.0


@dataclass(frozen=True, slots=True)
class Scale:
    """By how much risky weights are multiplied.

    Args:
        factor: 1 leaves them as they are written.
        written, found: A year's volatility of the weights as they are written, and as scaled.
        stop: Why it is not the wanted one: `most` (more risk is not allowed), `wild` (nothing that
            is allowed is as calm); empty where it is.
    """

    factor: float
    written: float
    found: float
    stop: Literal["", "most", "wild"] = ""


def scale(
    covariance: Floats,
    risky: Floats,
    safe: Floats,
    *,
    wanted: float,
    money: float = 0.0,
    most: float = 1.0,
) -> Scale:
    """The largest factor at which the volatility is no more than wanted.

    With weights `k x risky + (1 - money - k x sum of risky) x safe` the variance is a parabola in
    k: the factor is its further crossing of the wanted variance, or the end of what is allowed.

    Args:
        covariance: A year's, shape (n, n).
        risky: Weights as written, shape (n,), of what is scaled; not all zero.
        safe: What a unit of the safe part holds, shape (n,): sums to 1, or to less by its money.
        wanted: A year's volatility.
        money: Share that stays money.
        most: What the risky weights may sum to; above 1 the safe part is borrowed.

    >>> import numpy as np
    >>> scale(np.diag([0.04, 0.0]), np.array([0.8, 0.0]), np.zeros(2), wanted=0.1).factor
    0.625
    """
    total = float(risky.sum())
    end = min(most, max(1.0, most) - money) / total
    base, away = (1.0 - money) * safe, risky - total * safe

    def at(factor: float) -> float:
        weights = base + factor * away
        return sqrt(max(float(weights @ covariance @ weights), 0.0))

    a, b = float(away @ covariance @ away), float(away @ covariance @ base)
    c = float(base @ covariance @ base) - wanted * wanted
    calmest = min(max(-b / a, 0.0), end) if a > 0.0 else 0.0
    inside = b * b - a * c
    crossing = (sqrt(inside) - b) / a if a > 0.0 and inside >= 0.0 else inf
    if at(calmest) > wanted * (1.0 + 1e-12):
        return Scale(calmest, at(1.0), at(calmest), "wild")
    if crossing >= end:
        return Scale(end, at(1.0), at(end), "most" if crossing > end else "")
    return Scale(crossing, at(1.0), at(crossing))


def covariance_of(returns: Floats, covariance: Fading, half_life: float, year: float) -> Floats:
    """A year's covariance of simple returns, shape (sessions, n), by either estimate."""
    from trimtab.estimates.covariance import fading_covariance, sample_covariance

    if covariance == "ewm":
        return fading_covariance(returns, half_life=half_life, sessions_a_year=year)
    return sample_covariance(returns, sessions_a_year=year)


class VolatilityTarget:
    """A target in Python whose risky weights are scaled to a wanted volatility.

        tt.Policy(tt.VolatilityTarget({"SPY": 1.0}, 0.10, safe="AGG"), when="monthly")

    Args:
        weights: By symbol, summing to 1; or a target that gives them, such as `tt.Glide`.
        wanted: A year's volatility, as a fraction.
        safe: What takes the rest; `CASH` beside another safe symbol stays as it is.
        sessions: So many of the newest returns are estimated from; before there are so many there
            is no target.
        half_life: After so many sessions a return counts half; None: all count alike.
        leverage: What the risky weights may sum to. Above 1 the safe symbol is borrowed, which
            `backtest` allows with `short=True`.

    Raises:
        ValueError: One of them makes no sense.
    """

    def __init__(
        self,
        weights: Mapping[str, float] | Callable[[Any], Mapping[str, float] | None],
        wanted: float,
        *,
        safe: str = CASH,
        sessions: int = 126,
        half_life: float | None = None,
        leverage: float = 1.0,
    ) -> None:
        if not 0.0 < wanted < inf:
            raise ValueError(f"wanted {wanted!r}: a year's volatility as a fraction, as 0.1")
        if wanted > MOST_WANTED:
            raise ValueError(f"wanted {wanted!r}: {wanted:.0%} a year; write 0.10 for 10%")
        if sessions < 2:
            raise ValueError(f"sessions {sessions!r}: two returns at least")
        if half_life is not None and not half_life > 0.0:
            raise ValueError(f"half_life {half_life!r}: sessions, above zero")
        if not (leverage > 0.0 and isfinite(leverage)):
            raise ValueError(f"leverage {leverage!r}: what risky weights may sum to, as 1.0")
        self.weights = weights
        self.wanted = wanted
        self.safe = safe
        self.sessions = sessions
        self.half_life = half_life
        self.leverage = leverage

    @property
    def holds(self) -> tuple[str, ...] | None:
        """All that it may hold; None where its weights are made by something else."""
        return held_by(self.weights, self.safe)

    def __call__(self, view: Prices) -> dict[str, float] | None:
        """The weights by what a view knows; None where it knows too little."""
        import numpy as np

        written = self.weights(view) if callable(self.weights) else self.weights
        if written is None:
            return None
        risky, money = parts(written, self.safe)
        if not risky:
            return dict(written)
        names = [*risky, *([] if self.safe == CASH else [self.safe])]
        close = view.close[:, [view.symbols.index(symbol) for symbol in names]]
        known = close[~np.isnan(close).any(axis=1)][-self.sessions - 1 :]
        if len(known) <= self.sessions:
            return None
        table = covariance_of(
            known[1:] / known[:-1] - 1.0,
            "sample" if self.half_life is None else "ewm",
            self.half_life or 1.0,
            sessions_a_year(view.dates),
        )
        own = np.array([risky.get(symbol, 0.0) for symbol in names])
        safe = np.array([float(symbol == self.safe) for symbol in names])
        found = scale(table, own, safe, wanted=self.wanted, money=money, most=self.leverage)
        return beside_safe(risky, found.factor, self.safe, money)


def held_by(weights: object, safe: str) -> tuple[str, ...] | None:
    """The symbols of written weights, or of a path of them, and of what is safe.

    Args:
        weights: By symbol; or a target that gives them, and says in `holds` of what.
        safe: What takes the rest.

    >>> held_by({"SPY": 1.0}, "AGG"), held_by(lambda view: None, "AGG")
    (('SPY', 'AGG'), None)
    """
    held = weights if isinstance(weights, Mapping) else getattr(weights, "holds", None)
    return None if held is None else tuple(dict.fromkeys((*held, safe)))


def beside_safe(
    risky: Mapping[str, float], factor: float, safe: str, money: float
) -> dict[str, float]:
    """Risky weights times a factor, money as it is, and the rest in what is safe."""
    weights = {symbol: weight * factor for symbol, weight in risky.items()}
    weights[safe] = 1.0 - money - sum(weights.values())
    if money:
        weights[CASH] = money
    # What rounding leaves of nothing is nothing.
    return {s: 0.0 if abs(w) < 1e-12 else w for s, w in weights.items()}


def parts(written: Mapping[str, float], safe: str) -> tuple[dict[str, float], float]:
    """The risky weights of a target, and the money beside another safe symbol."""
    money = 0.0 if safe == CASH else written.get(CASH, 0.0)
    return {s: w for s, w in written.items() if s not in (CASH, safe) and w != 0.0}, money
