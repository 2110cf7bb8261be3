"""What estimates do where instruments know different stretches of history."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trimtab.estimates.history import MISSING, usable
from trimtab.targets.estimators.given import covariance_of
from trimtab.targets.objectives.asked import BY_HISTORY
from trimtab.targets.objectives.estimated import HALF_LIFE, Expected

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from trimtab.estimates.history import Missing, UsableHistory

    Floats = NDArray[np.float64]

BY_PAIRS = ("sample", "ewm")
"""Covariances that each pair's own sessions give."""

EXPECTED_BY_OWN: tuple[Expected, ...] = ("compounded", "mean", "ewm")
"""Expected returns that each instrument's own history gives."""


def check_missing(
    missing: str, *, objective: str, covariance: Any, expected: Any, resampled: int
) -> None:
    """Be sure that what is asked for can be estimated so; parameters as of `Optimiser`.

    Raises:
        ValueError: It is another word, or by pairs there is no one history that it needs.
    """
    if missing not in MISSING:
        raise ValueError(f"missing {missing!r}: one of {', '.join(MISSING)}")
    if missing != "pairwise":
        return
    wrong = ""
    if objective in BY_HISTORY:
        wrong = objective
    elif resampled:
        wrong = "resampled"
    elif isinstance(covariance, str) and covariance not in BY_PAIRS:
        wrong = f"covariance {covariance}"
    elif isinstance(expected, str) and expected not in EXPECTED_BY_OWN:
        wrong = f"expected {expected}"
    if wrong:
        raise ValueError(
            f"{wrong} needs one history that all instruments share, and pairwise has none: take "
            "common or leave-out"
        )


def learnable(
    returns: Floats, names: Sequence[str], *, missing: Missing, out: Collection[str]
) -> UsableHistory:
    """What of a history estimates may learn from, without what is not held in any case.

    Args:
        returns: Simple returns, shape (sessions, n); NaN where there is none.
        names: Of the instruments, n of them.
        missing: As of `estimates.history.usable`.
        out: Names of those whose history does not matter.
    """
    import numpy as np

    places = np.array([i for i, name in enumerate(names) if name not in out], dtype=np.int64)
    if len(places) in (0, len(names)):
        return usable(returns, names=names, missing=missing)
    found = usable(returns[:, places], names=[names[i] for i in places], missing=missing)
    return replace(found, kept=places[found.kept])


def covariance_for(given: Any, names: Sequence[str], kept: NDArray[np.int64]) -> Any:
    """How the covariance is come by, of the instruments that are kept."""
    if isinstance(given, str) or len(kept) == len(names) or hasattr(given, "loc"):
        return given
    import numpy as np

    # What is given by position is of all of them.
    return covariance_of(given, np.empty((0, 0)), names, sessions_a_year=1.0)[np.ix_(kept, kept)]


def spread_of(
    covariance: Any, returns: Floats, names: Sequence[str], *, sessions_a_year: float
) -> Floats:
    """A year's covariance, over the sessions that each pair shares where there are gaps.

    Arguments as of `covariance_of`, but returns may be NaN where `covariance` is given, or one of
    BY_PAIRS.
    """
    import numpy as np

    if isinstance(covariance, str) and np.isnan(returns).any():
        from trimtab.estimates.covariance import pairwise_covariance

        assert covariance in BY_PAIRS, "check_missing lets no other word pass"
        fades = HALF_LIFE if covariance == "ewm" else None
        return pairwise_covariance(returns, half_life=fades, sessions_a_year=sessions_a_year)
    return covariance_of(covariance, returns, names, sessions_a_year=sessions_a_year)


def years_known(returns: Floats, *, sessions_a_year: float) -> float:
    """How many years of history there are: of the instrument that knows least."""
    import numpy as np

    return float((~np.isnan(returns)).sum(axis=0).min()) / sessions_a_year
