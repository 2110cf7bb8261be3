"""The efficient frontier as points to look at, with what stands beside it."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite, nan
from typing import TYPE_CHECKING

from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH
from trimtab.targets.objectives import choices, frontier
from trimtab.targets.objectives.asked import Asked, Attempt
from trimtab.targets.objectives.optimised import answered

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.objectives.foreseen import Foreseen
    from trimtab.targets.solvers.limits import Limits

    Floats = NDArray[np.float64]
    Answered = tuple[choices.Chosen, str, list[Attempt]]

RISK_AVERSE_BY_A_HAIR = 1e-7
"""What is asked for the most return: of weights with the same return, the calmest."""


SAME = 1e-6
"""Returns that differ by less are the same."""


@dataclass(frozen=True, slots=True)
class Point:
    """Weights, and what is expected of them in a year.

    Args:
        weights: Shape (n,), summing to 1.
        expected_return, volatility: By the estimates.
        sharpe: Excess of the return over the risk-free rate, over the volatility.
        status: `optimal`; `stopped` where a search ended without a proof; `resampled` and `given`
            where nothing is claimed.
        gap: How much calmer other weights of that return can be at most, in volatility; of the most
            return how much more there can be, of the best Sharpe ratio how much better a ratio, at
            a given volatility how much more return. NaN where no bound is reckoned, as between the
            corners of a frontier.
        solver: What found it; empty where nothing was searched for.
        attempts: Every solver that was asked for it, in order, with what it made of it.
    """

    weights: Floats
    expected_return: float
    volatility: float
    sharpe: float
    status: str = "given"
    gap: float = nan
    solver: str = ""
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Weights of what is invested, and who found them; fields as of `Point`."""

    weights: Floats
    status: str
    gap: float = nan
    solver: str = ""
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Front:
    """The efficient frontier, and what stands beside it.

    Args:
        symbols: The instruments.
        points: From the least volatility to the most return, evenly in return.
        least_volatility: The first of them.
        best_sharpe: The best Sharpe ratio; None where nothing returns more than the risk-free rate.
        current: Where the weights of now stand; None where they are not known.
        as_calm: The frontier at the volatility of now; None as for `current`.
        as_rich: The frontier at the return of now; None as for `current`, and where that is less
            than the least volatility returns: there the frontier has no such point.
        expected, volatility: Of each instrument by itself, shape (n,).
        risk_free: A year's.
        tolerated: The point that a stated tolerance for risk leads to, and how; None without one.
        findings: What is to be said of it.
        foreseen: Where the expected returns came from, unless by a word from history.
        target: Where a portfolio's target stands; None where there is none.
        found: Where weights stand that an objective found; None where none were asked for.
    """

    symbols: tuple[str, ...]
    points: tuple[Point, ...]
    least_volatility: Point
    best_sharpe: Point | None
    current: Point | None
    as_calm: Point | None
    as_rich: Point | None
    expected: Floats
    volatility: Floats
    risk_free: float
    tolerated: tuple[Point, str] | None = None
    findings: tuple[Finding, ...] = ()
    foreseen: Foreseen | None = None
    target: Point | None = None
    found: Point | None = None

    @property
    def instruments(self) -> tuple[str, ...]:
        """Its symbols without money."""
        return tuple(symbol for symbol in self.symbols if symbol != CASH)

    def at(self, weights: Floats, covariance: Floats) -> Point:
        """Any weights as a point beside the frontier; the covariance is a year's, shape (n, n)."""
        gained = float(weights @ self.expected)
        volatility = max(float(weights @ covariance @ weights), 0.0) ** 0.5
        ratio = (gained - self.risk_free) / volatility if volatility > 0.0 else nan
        return Point(weights, gained, volatility, ratio)


def front(
    symbols: Sequence[str],
    expected: Floats,
    covariance: Floats,
    limits: Limits,
    *,
    risk_free: float = 0.02,
    points: int = 41,
    current: Floats | None = None,
    drawn: Sequence[tuple[Floats, Floats]] = (),
    cash: float | None = None,
) -> Front | choices.Chosen:
    """The efficient frontier under limits; what is not possible where they contradict each other.

    Args:
        symbols: The instruments.
        expected: A year's returns, shape (n,).
        covariance: A year's, positive definite, shape (n, n).
        limits: To keep to.
        risk_free: A year's return without risk.
        points: How many, 2 or more.
        current: The weights now, shape (n,), whether within the limits or not.
        drawn: Estimates of drawn histories (`resampled.draws`): then the frontier is the mean, rank
            by rank, of theirs, as Michaud has it, and what stands beside it is taken of its points.
        cash: The share of the whole that stays money, which earns `risk_free` and moves with
            nothing: estimates and limits are of the rest, and what is found, as `current`, is of
            the whole, with `CASH` as the last of its symbols. None: there is none.

    Raises:
        ValueError: The limits do not go with drawn histories.
    """
    import numpy as np

    calm = answered(Asked("min-volatility"), limits, expected, covariance)
    if not np.isfinite(calm[0].weights).all():
        return calm[0]

    part = 1.0 - (cash or 0.0)
    names, of_all, moves = tuple(symbols), expected, covariance
    if cash is not None:
        names, of_all, moves = (*names, CASH), np.append(expected, risk_free), with_cash(covariance)

    def point(weights: Floats) -> Point:
        gained = float(weights @ of_all)
        volatility = float(np.sqrt(max(float(weights @ moves @ weights), 0.0)))
        ratio = (gained - risk_free) / volatility if volatility > 0.0 else nan
        return Point(weights, gained, volatility, ratio)

    def whole(one: Answer) -> Point:
        """What is invested as a point of the whole; a gap in volatility or return shrinks too."""
        weights = one.weights if cash is None else np.append(one.weights * part, cash)
        return replace(
            point(weights), status=one.status, gap=one.gap * part, solver=one.solver,
            attempts=one.attempts,
        )  # fmt: skip

    if drawn:
        mean = [whole(Answer(one, "resampled")) for one in _mean_curve(drawn, limits, points)]
        return _of_points(names, mean, of_all, moves, risk_free, current)

    def search(asked: Asked) -> Point | None:
        """The answer to a question beside the curve; None where there is none."""
        solved = answered(asked, limits, expected, covariance)
        chosen = solved[0]
        if chosen.instead or not np.isfinite(chosen.weights).all():
            return None
        if asked.objective == "target-return":
            return whole(_calmest(solved, covariance))
        found = whole(_told(solved))
        # A ratio is the same of the whole.
        is_ratio = asked.objective == "max-sharpe"
        return replace(found, gap=chosen.solution.gap) if is_ratio else found

    along = _curve(expected, covariance, limits, points, calm)
    found = [whole(one) for one in along if np.isfinite(one.weights).all()]
    tangent = search(Asked("max-sharpe", risk_free=risk_free))
    now = as_calm = as_rich = None
    if current is not None:
        now = point(current)
        as_calm = search(Asked("target-volatility", wanted=now.volatility / part))
        if now.expected_return >= found[0].expected_return - SAME:
            wanted = (now.expected_return - (1.0 - part) * risk_free) / part
            as_rich = search(Asked("target-return", wanted=wanted))
    return Front(
        names,
        tuple(found),
        found[0],
        tangent,
        now,
        as_calm,
        as_rich,
        of_all,
        np.sqrt(moves.diagonal()),
        risk_free,
        findings=(*_unproved(found), *_fallen_back(found, len(along) - len(found))),
    )


def with_cash(covariance: Floats) -> Floats:
    """A covariance with money as its last, which moves with nothing.

    >>> import numpy as np
    >>> with_cash(np.array([[0.04]])).tolist()
    [[0.04, 0.0], [0.0, 0.0]]
    """
    import numpy as np

    found: Floats = np.pad(covariance, (0, 1))
    return found


def _unproved(points: Sequence[Point]) -> tuple[Finding, ...]:
    """That for some points something better is not ruled out."""
    open_ = [one for one in points if one.status != "optimal"]
    if not open_:
        return ()
    gaps = [one.gap for one in open_[: -1 if open_[-1] is points[-1] else None]]
    known = [gap for gap in gaps if isfinite(gap)]
    most = f", by {max(known):.2%} volatility at most" if known else ""
    message = (
        f"{len(open_)} of {len(points)} points are not proved: the search ended before, and other "
        f"weights may be calmer at the same return{most}. Give it more time."
    )
    return (Finding("frontier-not-proved", "frontier", message),)


def _fallen_back(points: Sequence[Point], lost: int) -> tuple[Finding, ...]:
    """That points are those of a second solver, or that nobody found them."""
    found = []
    others = [one for one in points if one.attempts and one.solver != one.attempts[0].solver]
    if others:
        whose = " and ".join(sorted({one.solver for one in others}))
        message = (
            f"{len(others)} of {len(points)} points are those of {whose}: our own search ended "
            "there without a proof. In the JSON each point has its solver, and all that were tried."
        )
        found.append(Finding("solver-fallback", "frontier", message, "info"))
    if lost:
        message = (
            f"{lost} of {len(points) + lost} points are left out: no solver that was asked found "
            "them. Loosen a limit, or ask for fewer points."
        )
        found.append(Finding("points-not-found", "frontier", message))
    return tuple(found)


def _of_points(
    symbols: Sequence[str],
    points: list[Point],
    expected: Floats,
    covariance: Floats,
    risk_free: float,
    current: Floats | None,
) -> Front:
    """A frontier of given points, with what stands beside it looked up among them.

    A mean of frontiers may bend back: it ends where more volatility brings no more return.
    """
    import numpy as np

    gained = [one.expected_return for one in points]
    points = points[: gained.index(max(gained)) + 1]
    best = max(points, key=lambda one: one.sharpe)
    found = Front(
        tuple(symbols),
        tuple(points),
        points[0],
        best if best.sharpe > 0.0 else None,
        None,
        None,
        None,
        expected,
        np.sqrt(covariance.diagonal()),
        risk_free,
    )
    if current is None:
        return found
    now = found.at(current, covariance)
    as_calm = [one for one in points if one.volatility <= now.volatility] or points[:1]
    as_rich = [one for one in points if one.expected_return >= now.expected_return] or points[-1:]
    if now.expected_return < points[0].expected_return - SAME:
        as_rich = []
    return replace(
        found,
        current=now,
        as_calm=max(as_calm, key=lambda one: one.expected_return),
        as_rich=min(as_rich, key=lambda one: one.volatility, default=None),
    )


def _mean_curve(
    drawn: Sequence[tuple[Floats, Floats]], limits: Limits, points: int
) -> list[Floats]:
    """The mean of many frontiers, from the calmest of each to the richest of each."""
    import numpy as np

    from trimtab.targets.objectives.resampled import refuse_what_is_not_resampled

    refuse_what_is_not_resampled(limits)
    whole: Floats = np.zeros((points, len(limits.low)))
    for mean, spread in drawn:
        # A frontier that is one point has it at every rank.
        calm = answered(Asked("min-volatility"), limits, mean, spread)
        whole += np.array([one.weights for one in _curve(mean, spread, limits, points, calm)])
    return list(whole / len(drawn))


def _curve(
    expected: Floats,
    covariance: Floats,
    limits: Limits,
    points: int,
    calmest: Answered,
) -> list[Answer]:
    """Weights along the frontier, evenly in return; NaN where nobody found any.

    Args:
        expected, covariance, limits, points: As of `front`.
        calmest: What `answered` says of the least volatility.
    """
    import numpy as np

    if limits.is_linear:
        programme = limits.programme(covariance, np.zeros(len(expected)))
        turns = frontier.corners(programme, expected)
        if len(turns):
            return _between(turns, expected, points)
    calm = _calmest(calmest, covariance)
    hair = RISK_AVERSE_BY_A_HAIR * max(float(np.ptp(expected)), 1e-9) / covariance.diagonal().max()
    most = Asked("utility", risk_aversion=float(hair))
    rich = _told(answered(most, limits, expected, covariance))
    low, high = float(calm.weights @ expected), float(rich.weights @ expected)
    if high - low <= 1e-9:
        return [calm]
    if not np.isfinite(high):
        return [calm, rich]
    middle = (
        answered(Asked("target-return", wanted=float(wanted)), limits, expected, covariance)
        for wanted in np.linspace(low, high, points)[1:-1]
    )
    return [calm, *(_calmest(one, covariance) for one in middle), rich]


def _told(found: Answered) -> Answer:
    """An answer with its gap in units of what was asked."""
    chosen, solver, attempts = found
    solution = chosen.solution
    return Answer(chosen.weights, solution.status, solution.gap, solver, tuple(attempts))


def _calmest(found: Answered, covariance: Floats) -> Answer:
    """The calmest weights of a return, with their gap in volatility."""
    one = _told(found)
    variance = float(one.weights @ covariance @ one.weights)
    lower = max(variance - 2.0 * one.gap, 0.0)
    return replace(one, gap=max(variance, 0.0) ** 0.5 - lower**0.5)


def _between(turns: Floats, expected: Floats, points: int) -> list[Answer]:
    """Points of a frontier whose corners are known: between two of them it is a straight line."""
    import numpy as np

    returns = turns @ expected
    wanted = np.linspace(returns[0], returns[-1], points)
    found = np.column_stack([np.interp(wanted, returns, column) for column in turns.T])
    if returns[-1] - returns[0] <= 1e-12:
        found = turns[:1]
    walked = Attempt("active set", "optimal", nan)
    return [Answer(one, walked.status, nan, walked.solver, (walked,)) for one in found]
