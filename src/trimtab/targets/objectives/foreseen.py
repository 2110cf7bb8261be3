"""What returns are expected: by a word, as given, or as the market expects them, with views.

    views = [tt.View("VTI", 0.07, confidence=0.6), tt.View("VEA", 0.02, over="VTI")]
    tt.Optimiser("max-sharpe", expected=tt.BlackLitterman(views, market={"VTI": 60, "VEA": 40}))

Returns are a year's and in all: the risk-free rate is part of what the market expects, and of a
view on what an instrument will return; of what it will return more than another it is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from math import inf, isfinite, nan
from numbers import Real
from typing import TYPE_CHECKING, Any

from trimtab.estimates.views import TAU
from trimtab.model.frozen import dataclass
from trimtab.targets.objectives.estimated import EXPECTED, expected_by

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MARKET_AVERSION = 2.5
"""What the market asks for a unit of variance: He and Litterman's."""

MOST_EXPECTED = 3.0
"""An optimiser refuses a view of more than this a year: percent meant as a fraction."""


@dataclass(frozen=True, slots=True)
class View:
    """What one expects an instrument to return, or to return more than another.

    Args:
        symbols: The instrument; of several the average, by size in the market.
        returns: A year's, as 0.07; with `over`, how much more than that.
        over: What it is compared with: one or several; nothing for a return of its own.
        confidence: Above 0, to 1 (certain), after Idzorek; None: as sure as the market.
        doubt: Instead, the standard deviation of the view's error, as 0.02.

    Raises:
        ValueError: It makes no sense: no symbol, no number, or a confidence of nothing.
    """

    symbols: str | Sequence[str]
    returns: float
    over: str | Sequence[str] = ()
    confidence: float | None = None
    doubt: float | None = None

    def __post_init__(self) -> None:
        for side in (self.symbols, self.over):
            if not _is_side(side):
                raise ValueError(f"a view is of a symbol or a list of them, not of {side!r}")
        if not self.better:
            raise ValueError("a view names no symbol")
        both = [*self.better, *self.worse]
        if len(set(both)) < len(both):
            raise ValueError(f"view on {self.words}: a symbol stands twice")
        if not (_is_number(self.returns) and isfinite(self.returns)):
            raise ValueError(f"view on {self.words}: {self.returns!r} is no return")
        if self.confidence is not None and self.doubt is not None:
            raise ValueError(f"view on {self.words}: confidence or doubt, not both")
        sure, doubt = self.confidence, self.doubt
        if sure is not None and not (_is_number(sure) and 0.0 < sure <= 1.0):
            raise ValueError(
                f"view on {self.words}: confidence {sure!r}: above 0, to 1; of what one is not "
                "sure at all there is no view, leave it out"
            )
        if doubt is not None and not (_is_number(doubt) and 0.0 <= doubt < inf):
            raise ValueError(f"view on {self.words}: doubt {doubt!r}: zero or more")

    @property
    def better(self) -> tuple[str, ...]:
        """What the view is of."""
        return _several(self.symbols)

    @property
    def worse(self) -> tuple[str, ...]:
        """What it is compared with."""
        return _several(self.over)

    @property
    def words(self) -> str:
        """The view without its return, as `VEA over VTI`."""
        return "+".join(self.better) + (" over " + "+".join(self.worse) if self.worse else "")


@dataclass(frozen=True, slots=True)
class BlackLitterman:
    """What the market must expect for its weights to be best, blended with views.

    Args:
        views: One's own; without any, the market's returns stay: equilibrium.
        market: What each instrument weighs in the market, in any unit, as 60 or a market value;
            what is not named weighs nothing.
        risk_aversion: What the market asks for a unit of variance.
        tau: How uncertain the market's returns are, as a share of the covariance.
    """

    views: Sequence[View] = ()
    market: Mapping[str, float] = field(default_factory=dict)
    risk_aversion: float = MARKET_AVERSION
    tau: float = TAU


@dataclass(frozen=True, slots=True)
class Judged:
    """A view beside what was expected without it, and with all of them; fractions a year.

    Args:
        words: Of what it is a view.
        returns: What it says.
        prior, posterior: What the market expects of the same, and what comes out.
        confidence: As it was given; None where it was not.
    """

    words: str
    returns: float
    prior: float
    posterior: float
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Expected returns and the covariance that goes with them, and where they came from.

    Args:
        names: Of the instruments.
        expected: A year's, shape (n,).
        covariance: A year's, shape (n, n): with views, what they leave uncertain is part of it.
        prior: What was expected before any view, shape (n,); None where there is no such thing.
        views: Each as it was judged.
    """

    names: tuple[str, ...]
    expected: Floats
    covariance: Floats
    prior: Floats | None = None
    views: tuple[Judged, ...] = ()


Expectation = str | BlackLitterman | Mapping[str, float]
"""A word of EXPECTED, the market's returns with views, or a return for each instrument."""


def check_expected(expected: Any, names: Sequence[str] | None = None) -> None:
    """Be sure that expectations make sense, and fit the instruments where those are known.

    Raises:
        ValueError: They do not; it says which.
    """
    if isinstance(expected, str):
        if expected not in EXPECTED:
            raise ValueError(f"expected {expected!r}: one of {', '.join(EXPECTED)}")
    elif isinstance(expected, BlackLitterman):
        _check_market(expected, names)
        for view in expected.views:
            _check_view(view, names)
    else:
        given = given_returns(expected)
        lacking = [name for name in names or () if name not in given]
        if lacking:
            raise ValueError(f"expected: no return is given for {', '.join(lacking[:5])}")
        for name in names or given:
            if not isfinite(given[name]):
                raise ValueError(f"expected: {given[name]!r} of {name} is no return")


def given_returns(expected: Any) -> dict[str, float]:
    """Returns by symbol, of a mapping or a Series.

    Raises:
        ValueError: It is neither.
    """
    if not hasattr(expected, "items"):
        raise ValueError(
            f"expected {expected!r}: one of {', '.join(EXPECTED)}, a return for each symbol, or "
            "tt.BlackLitterman"
        )
    return {str(name): float(value) for name, value in expected.items()}


def foresee(
    expected: Any,
    returns: Floats,
    covariance: Floats,
    names: Sequence[str],
    *,
    risk_free: float,
    sessions_a_year: float,
) -> Foreseen:
    """Expected returns, and the covariance that goes with them.

    Args:
        expected: A word of EXPECTED, `BlackLitterman`, or a return for each instrument.
        returns: Simple returns of history, shape (sessions, n), complete.
        covariance: A year's, positive definite, shape (n, n).
        names: Of the instruments.
        risk_free: A year's.
        sessions_a_year: Sessions that make a year.

    Raises:
        ValueError: The expectations do not fit the instruments.
    """
    import numpy as np

    own = tuple(names)
    if isinstance(expected, str):
        word: Any = expected
        means = expected_by(word, returns, sessions_a_year=sessions_a_year)
        return Foreseen(own, means, covariance)
    check_expected(expected, own)
    if isinstance(expected, BlackLitterman):
        return _blended(expected, covariance, own, risk_free)
    given = given_returns(expected)
    return Foreseen(own, np.array([given[name] for name in own]), covariance)


def _blended(
    asked: BlackLitterman, covariance: Floats, names: tuple[str, ...], risk_free: float
) -> Foreseen:
    """The market's returns with views."""
    import numpy as np

    from trimtab.estimates.expected_returns import equilibrium_return
    from trimtab.estimates.views import black_litterman

    sizes = np.array([float(asked.market.get(name, 0.0)) for name in names])
    prior = equilibrium_return(
        covariance, sizes / sizes.sum(), risk_aversion=asked.risk_aversion, risk_free=risk_free
    )
    if not asked.views:
        return Foreseen(names, prior, covariance, prior)
    rows = np.array([_row(view, names, sizes) for view in asked.views])
    found = black_litterman(
        prior,
        covariance,
        rows,
        [view.returns for view in asked.views],
        doubt=_doubts(asked, rows, covariance),
        tau=asked.tau,
    )
    judged = tuple(
        Judged(view.words, float(view.returns), float(row @ prior), float(row @ found.returns),
               view.confidence)
        for view, row in zip(asked.views, rows, strict=True)
    )  # fmt: skip
    return Foreseen(names, found.returns, found.covariance, prior, judged)


def _row(view: View, names: tuple[str, ...], sizes: Floats) -> Floats:
    """The portfolio that a view is of; a side of which the market holds nothing counts evenly."""
    from trimtab.estimates.views import relative_view

    better, worse = ([names.index(name) for name in side] for side in (view.better, view.worse))
    counted = sizes.copy()
    for side in (better, worse):
        if not counted[side].sum() > 0.0:
            counted[side] = 1.0
    return relative_view(better, worse, len(names), sizes=counted)


def _doubts(asked: BlackLitterman, rows: Floats, covariance: Floats) -> Floats:
    """The variance of each view's error."""
    import numpy as np

    from trimtab.estimates.views import confident_doubt, proportional_doubt

    doubts = proportional_doubt(rows, covariance, tau=asked.tau)
    for k, view in enumerate(asked.views):
        if view.doubt is not None:
            doubts[k] = view.doubt**2
        elif view.confidence is not None:
            doubts[k] = confident_doubt(rows[k], covariance, view.confidence, tau=asked.tau)[0]
    return np.asarray(doubts, dtype=np.float64)


def _check_market(asked: BlackLitterman, names: Sequence[str] | None) -> None:
    if not (asked.tau > 0.0 and isfinite(asked.tau)):
        raise ValueError(f"tau {asked.tau!r}: above 0, as 0.05")
    if not 0.0 < asked.risk_aversion < inf:
        raise ValueError(f"risk_aversion of the market {asked.risk_aversion!r}: above 0, as 2.5")
    for name, size in asked.market.items():
        if not 0.0 <= float(size) < inf:
            raise ValueError(f"market: {size!r} of {name} is no size: zero or more")
    known = asked.market if names is None else names
    if not sum(float(asked.market.get(name, 0.0)) for name in known) > 0.0:
        raise ValueError("market: it weighs nothing of these; say what it holds, as {'SPY': 60}")


def _check_view(view: Any, names: Sequence[str] | None) -> None:
    if not isinstance(view, View):
        raise ValueError(f"views: {view!r} is none; write tt.View('SPY', 0.07)")
    for name in (*view.better, *view.worse):
        if names is not None and name not in names:
            raise ValueError(f"view on {view.words}: {name!r} is not among the instruments")


def _is_side(side: Any) -> bool:
    """Whether it names symbols: one, or several."""
    if isinstance(side, str):
        return bool(side.strip())
    return isinstance(side, Sequence) and all(isinstance(one, str) and one for one in side)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _several(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def foreseen_dict(found: Foreseen) -> dict[str, Any]:
    """The same for programs: a year's, as fractions."""

    def number(value: float) -> float | None:
        return float(value) if isfinite(value) else None

    prior = [nan] * len(found.names) if found.prior is None else found.prior.tolist()
    return {
        "expected": {
            name: {"prior": number(before), "posterior": number(after)}
            for name, before, after in zip(found.names, prior, found.expected.tolist(), strict=True)
        },
        "views": [
            {
                "view": one.words,
                "returns": one.returns,
                "prior": number(one.prior),
                "posterior": number(one.posterior),
                "confidence": one.confidence,
            }
            for one in found.views
        ],
    }
