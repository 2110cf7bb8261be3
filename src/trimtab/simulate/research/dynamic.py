"""Triggers that weigh what is best now against what is held: tracking error, utility against cost.

Both look at the weights that the policy's target comes to on the day, and at the covariance of the
same history: the yearly volatility of the difference, or how much more utility a year the new
weights are expected to bring than the old ones, over what the trades would cost.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from trimtab.model.errors import InputError, Problem
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH
from trimtab.model.outlook import UNIT
from trimtab.model.policy import Policy
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.aims import Weights
from trimtab.targets.estimators.parameters import Parameters
from trimtab.targets.objectives.estimated import COVARIANCES, EXPECTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trimtab.simulate.frames import Floats

KNOWN_UTILITY = ("utility",)
"""Objectives of `Optimiser` that say how much return a unit of variance must bring."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a policy saw when it looked, and what it made of it.

    Args:
        day: The session.
        tracking: Yearly volatility of the difference between what is held and what is best.
        gain: Utility that what is best is expected to bring more in a year; None where not asked.
        cost: Of getting there, as a share of the portfolio; None where not asked.
        acts: Whether it traded.
        reason: The same in a sentence.
    """

    day: date
    tracking: float
    gain: float | None
    cost: float | None
    acts: bool
    reason: str


def check_dynamic(policy: Policy) -> None:
    """Make sure that a policy's target gives what its triggers need.

    Raises:
        InputError: It does not.
    """
    when, target = policy.when, policy.target
    if not when.is_dynamic:
        return
    if hasattr(target, "outlook"):
        # A portfolio's own: its estimates are those of a plan.
        return
    if not hasattr(target, "fit"):
        wrong = f"when {when} measures against estimates, and this target has none"
        remedy = "give an estimator, as tt.CostAware(); or use a band or drift"
        raise InputError([Problem(f'policy "{policy.label}"', None, "target", wrong, remedy)])
    if when.worth is not None and _risk_aversion(target) is None:
        wrong = f"when {when} needs an expected utility, and this target maximises none"
        remedy = "give tt.CostAware(risk_aversion=3) or tt.Optimiser('utility'); or use tracking"
        raise InputError([Problem(f'policy "{policy.label}"', None, "target", wrong, remedy)])


def _risk_aversion(target: Any) -> float | None:
    """What a target's utility pays for variance; None where it has no utility."""
    if getattr(target, "objective", KNOWN_UTILITY[0]) not in KNOWN_UTILITY:
        return None
    found = getattr(target, "risk_aversion", None)
    return None if found is None else float(found)


def look(
    policy: Policy,
    view: PriceHistory,
    weights: Weights,
    rates: Mapping[str, float],
    *,
    woken: str = "",
) -> Look:
    """What a policy sees, and whether it acts.

    Args:
        policy: With `tracking`, `worth` or both: whichever comes first.
        view: What was known, with what is held.
        weights: What is best now.
        rates: Costs of what is bought or sold, by symbol.
        woken: What it acts for whatever else it sees, in words; else empty.
    """
    import numpy as np

    when, target = policy.when, policy.target
    learned = _learned(target, view)
    if learned is None:
        return Look(view.last, 0.0, None, None, False, "nothing is known yet: nothing done.")
    best = np.array([weights.get(symbol, 0.0) for symbol in view.symbols])
    held = np.array([view.held.get(symbol, 0.0) for symbol in view.symbols])
    apart = best - held
    tracking = float(np.sqrt(max(float(apart @ learned.covariance @ apart), 0.0)))
    told, gain, cost, acts = [woken] if woken else [], None, None, bool(woken)
    if when.tracking is not None:
        strays = tracking >= when.tracking
        acts = acts or strays
        told.append(
            f"tracking error to the best weights {tracking:.2%} a year, "
            f"{'at least' if strays else 'below'} {float(when.tracking):.2%}"
        )
    if when.worth is not None:
        aversion = learned.aversion
        assert aversion is not None, "checked before the run"
        gain = _utility(best, learned, aversion) - _utility(held, learned, aversion)
        rate = np.array([rates.get(symbol, 0.0) for symbol in view.symbols])
        cost = float(rate @ np.abs(apart))
        pays = gain > 0.0 and gain >= when.worth * cost
        acts = acts or pays
        told.append(
            f"expected utility gained {1e4 * gain:.1f} bp a year, "
            f"{'at least' if pays else 'below'} {float(when.worth):g} times "
            f"the {1e4 * cost:.1f} bp it costs"
        )
    reason = "; ".join(told) + (": traded." if acts else ": nothing done.")
    return Look(view.last, tracking, gain, cost, acts, reason)


@dataclass(frozen=True, slots=True)
class _Learned:
    """A year's estimates of a view's symbols, and what the target's utility pays for variance.

    Money is none of the symbols: it earns `risk_free`.
    """

    covariance: Floats
    expected: Floats
    aversion: float | None
    risk_free: float


def _learned(target: Any, view: PriceHistory) -> _Learned | None:
    """What is known on a day; None where it is too little."""
    import numpy as np

    from trimtab.targets.estimators.learning import learn

    if hasattr(target, "outlook"):
        return _of_outlook(target, view)
    ours = isinstance(target, Parameters)
    covariance: Any = getattr(target, "covariance", None)
    expected = getattr(target, "expected", "compounded")
    risk_free = float(getattr(target, "risk_free", 0.0))
    learned = learn(
        np.asarray(view.returns),
        covariance if _is_ours(target, covariance) else "ledoit-wolf",
        "compounded" if isinstance(expected, str) and expected not in EXPECTED else expected,
        sessions_a_year=float(getattr(target, "sessions_a_year", 252)),
        names=view.symbols,
        risk_free=risk_free,
        missing=getattr(target, "missing", "common") if ours else "common",
    )
    return _Learned(learned.covariance, learned.expected, _risk_aversion(target), risk_free)


def _is_ours(target: Any, covariance: Any) -> bool:
    """Whether a target's covariance is a word of ours, or given to an estimator of ours."""
    if isinstance(covariance, str):
        return covariance in COVARIANCES
    return covariance is not None and isinstance(target, Parameters)


def _of_outlook(target: Any, view: PriceHistory) -> _Learned | None:
    """The estimates of a portfolio's own target, brought from its leaves to symbols."""
    import numpy as np

    outlook, symbol_of = target.outlook(view)
    if outlook.lacking:
        return None
    places = [view.symbols.index(symbol_of[leaf]) for leaf in outlook.leaves]
    covariance = np.zeros((len(view.symbols), len(view.symbols)))
    covariance[np.ix_(places, places)] = np.array(outlook.covariance) / UNIT
    expected = np.zeros(len(view.symbols))
    expected[places] = np.array(outlook.expected) / UNIT
    aversion = outlook.risk_aversion
    risk_free = outlook.risk_free / UNIT
    return _Learned(covariance, expected, None if aversion is None else float(aversion), risk_free)


def _utility(weights: Floats, learned: _Learned, aversion: float) -> float:
    risk = float(weights @ learned.covariance @ weights)
    gained = learned.risk_free + float(weights @ (learned.expected - learned.risk_free))
    return gained - 0.5 * aversion * risk


def rates_by(symbols: tuple[str, ...], rates: Floats) -> dict[str, float]:
    """What a unit bought or sold costs, by symbol; nothing for cash."""
    return {
        symbol: float(rate)
        for symbol, rate in zip(symbols, rates[0], strict=True)
        if symbol != CASH
    }
