"""What a history teaches of all its instruments: expected returns and covariance, repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.targets.estimators.missing import covariance_for, spread_of
from trimtab.targets.objectives.foreseen import Expectation, foresee

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from trimtab.estimates.history import Missing
    from trimtab.targets.estimators.given import Spread

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Learned:
    """Estimates for every instrument.

    Args:
        expected: A year's returns, shape (n,).
        covariance: A year's, positive definite, shape (n, n).
        findings: What had to be repaired.
        unknown: Places of those that were left out: nothing is expected of them, at the average
            variance, and none of them is to be held.
    """

    expected: Floats
    covariance: Floats
    findings: tuple[Finding, ...] = ()
    unknown: tuple[int, ...] = ()


def learn(
    returns: Floats,
    covariance: Spread,
    expected: Expectation,
    *,
    sessions_a_year: float,
    names: Sequence[str] | None = None,
    risk_free: float = 0.0,
    missing: Missing = "common",
) -> Learned:
    """Estimates by words, or expected returns as they are given.

    Args:
        returns: Simple returns, shape (sessions, n), oldest first.
        covariance, expected: How they are estimated.
        sessions_a_year: Sessions that make a year.
        names: Of the instruments; by default their places from 1.
        risk_free: A year's, for what the market expects.
        missing: Where instruments know different stretches of history, as of `Optimiser`.

    Raises:
        ValueError: Of one of the instruments the history teaches nothing, and it is not to be left
            out; it says of which.
    """
    import numpy as np

    from trimtab.estimates.absurd import unbelievable
    from trimtab.estimates.history import usable
    from trimtab.estimates.repair import repaired

    n, year = returns.shape[1], sessions_a_year
    named = [str(place + 1) for place in range(n)] if names is None else names
    history = usable(returns, names=named, missing=missing)
    found, kept = list(history.findings), history.kept
    if len(kept) == n or (len(kept) and missing == "leave-out"):
        own = tuple(named[place] for place in kept)
        given = covariance_for(covariance, named, kept)
        fit = repaired(spread_of(given, history.returns, own, sessions_a_year=year), names=own)
        found += fit.findings
        if fit.covariance is not None:
            seen = foresee(
                expected,
                history.returns,
                fit.covariance,
                own,
                risk_free=risk_free,
                sessions_a_year=year,
            )
            found += unbelievable(fit.covariance, own, covariance, history.returns, year)
            if len(kept) == n:
                return Learned(seen.expected, seen.covariance, tuple(found))
            gained = np.zeros(n)
            gained[kept] = seen.expected
            spread = np.eye(n) * float(seen.covariance.diagonal().mean())
            spread[np.ix_(kept, kept)] = seen.covariance
            unknown = tuple(sorted({*range(n)} - {*kept.tolist()}))
            return Learned(gained, spread, tuple(found), unknown)
    raise ValueError(" ".join(finding.message for finding in found) or "nothing to learn from")
