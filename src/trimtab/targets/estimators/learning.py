"""What a history teaches of all its instruments: expected returns and covariance, repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.targets.estimators.given import covariance_of
from trimtab.targets.objectives.foreseen import Expectation, foresee

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.estimators.given import Spread

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Learned:
    """Estimates for every instrument.

    Args:
        expected: A year's returns, shape (n,).
        covariance: A year's, positive definite, shape (n, n).
        findings: What had to be repaired.
    """

    expected: Floats
    covariance: Floats
    findings: tuple[Finding, ...] = ()


def learn(
    returns: Floats,
    covariance: Spread,
    expected: Expectation,
    *,
    sessions_a_year: float,
    names: Sequence[str] | None = None,
    risk_free: float = 0.0,
) -> Learned:
    """Estimates by words, or expected returns as they are given.

    Args:
        returns: Simple returns, shape (sessions, n), oldest first.
        covariance, expected: How they are estimated.
        sessions_a_year: Sessions that make a year.
        names: Of the instruments; by default their places from 1.
        risk_free: A year's, for what the market expects.

    Raises:
        ValueError: Of one of the instruments the history teaches nothing; it says of which.
    """
    from trimtab.estimates.absurd import absurd
    from trimtab.estimates.history import usable
    from trimtab.estimates.repair import repaired

    history = usable(returns)
    found = list(history.findings)
    if len(history.kept) == returns.shape[1]:
        year = sessions_a_year
        own = [str(place + 1) for place in range(returns.shape[1])] if names is None else names
        fit = repaired(covariance_of(covariance, history.returns, own, sessions_a_year=year))
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
            found += absurd(fit.covariance, own)
            return Learned(seen.expected, seen.covariance, tuple(found))
    raise ValueError(" ".join(finding.message for finding in found) or "nothing to learn from")
