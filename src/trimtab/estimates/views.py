"""Views on returns, blended with the market's: the Black-Litterman model.

A view says what a portfolio will return: one instrument (absolute) or one group less another
(relative). It is a row of weights, `picks`, with a return, in the same time unit as the covariance
and above the risk-free rate where the prior is. Doubt is the variance of a view's error.

F. Black and R. Litterman, Global portfolio optimization, Financial Analysts Journal 48, 1992; in
the form of G. He and R. Litterman, The intuition behind Black-Litterman model portfolios, 1999.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trimtab.estimates.arrays import square
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from trimtab.estimates.arrays import Floats

TAU = 0.05
"""How uncertain the prior is, as a share of the covariance: He and Litterman's."""


@dataclass(frozen=True, slots=True)
class Blended:
    """The market's returns and the views in one.

    Args:
        returns: Expected returns, shape (n,).
        uncertainty: Covariance of these means themselves, shape (n, n).
        covariance: Of returns around them: the covariance plus the uncertainty, shape (n, n).
    """

    returns: Floats
    uncertainty: Floats
    covariance: Floats


def relative_view(
    over: Sequence[int],
    under: Sequence[int],
    count: int,
    *,
    sizes: ArrayLike | None = None,
) -> Floats:
    """The row of a view that one group will do better than another, shape (count,).

    Args:
        over: Instruments that will do better.
        under: Instruments that will do worse; none makes the view absolute.
        count: How many instruments there are.
        sizes: By which each group is weighted, such as market values, shape (count,), as He and
            Litterman do; by default evenly.

    Raises:
        ValueError: An instrument is not there, stands twice, or a group has no size.

    >>> relative_view([1], [0, 2], 3, sizes=[30, 50, 10]).tolist()
    [-0.75, 1.0, -0.25]
    """
    import numpy as np

    named = [*over, *under]
    if not over or len(set(named)) < len(named) or not all(0 <= i < count for i in named):
        raise ValueError(f"view {over!r} over {under!r}: each of {count} once, one over at least")
    weights = np.ones(count) if sizes is None else np.asarray(sizes, dtype=np.float64)
    row: Floats = np.zeros(count)
    for group, sign in ((list(over), 1.0), (list(under), -1.0)):
        whole = float(weights[group].sum())
        if group and not whole > 0.0:
            raise ValueError(f"sizes of {group!r}: above zero in all")
        if group:
            row[group] = sign * weights[group] / whole
    return row


def proportional_doubt(picks: ArrayLike, covariance: ArrayLike, *, tau: float = TAU) -> Floats:
    """Doubts as large as the prior's own: a view counts as much as the market (He, Litterman).

    Args:
        picks: One row a view, shape (views, n).
        covariance: Of returns, shape (n, n).
        tau: How uncertain the prior is, as a share of the covariance.

    Returns:
        The variance of each view's error, shape (views,).
    """
    import numpy as np

    rows = np.atleast_2d(np.asarray(picks, dtype=np.float64))
    doubt: Floats = tau * np.einsum("ki,ij,kj->k", rows, square(covariance), rows)
    return doubt


def confident_doubt(
    picks: ArrayLike, covariance: ArrayLike, confidence: ArrayLike, *, tau: float = TAU
) -> Floats:
    """Doubts from confidences between 0 and 1: how far a view alone moves its return to itself.

    T. Idzorek, A step-by-step guide to the Black-Litterman model, 2005, solves for the doubt at
    which the tilt is that share of the tilt of a certain view; in closed form it is
    `(1 - confidence) / confidence` times the proportional doubt (J. Walters, The Black-Litterman
    model in detail, 2014).

    Args:
        picks: One row a view, shape (views, n).
        covariance: Of returns, shape (n, n).
        confidence: Of each view, shape (views,): 0 leaves it out, 1 makes it certain.
        tau: How uncertain the prior is, as a share of the covariance.

    Returns:
        The variance of each view's error, shape (views,); infinite where confidence is 0.

    Raises:
        ValueError: A confidence is not between 0 and 1.
    """
    import numpy as np

    sure = np.atleast_1d(np.asarray(confidence, dtype=np.float64))
    if not ((sure >= 0.0) & (sure <= 1.0)).all():
        raise ValueError(f"confidence {sure.tolist()}: between 0 and 1")
    even = proportional_doubt(picks, covariance, tau=tau)
    doubt: Floats = np.full(len(even), np.inf)
    np.divide((1.0 - sure) * even, sure, out=doubt, where=sure > 0.0)
    return doubt


def black_litterman(
    prior: ArrayLike,
    covariance: ArrayLike,
    picks: ArrayLike,
    views: ArrayLike,
    *,
    doubt: ArrayLike | None = None,
    tau: float = TAU,
) -> Blended:
    """Expected returns between the market's and the views, each counted by how sure it is.

    He and Litterman 1999: the mean of the posterior, its uncertainty and the covariance plus that
    uncertainty, in the form that needs no inverse of the covariance or the doubts, so that views
    may be certain and the covariance singular.

    Args:
        prior: Returns before any view, as a rule `equilibrium_return`, shape (n,).
        covariance: Of returns, in the same time unit, shape (n, n).
        picks: One row a view, shape (views, n): `relative_view`.
        views: The return of each row, shape (views,).
        doubt: The variance of each view's error, shape (views,), or their covariance, shape
            (views, views); by default `proportional_doubt`. An infinite one leaves its view out.
        tau: How uncertain the prior is, as a share of the covariance.

    Raises:
        ValueError: Shapes do not belong together, tau is not above zero, or a doubt is below.
    """
    import numpy as np

    matrix, before = square(covariance), np.asarray(prior, dtype=np.float64)
    rows = np.atleast_2d(np.asarray(picks, dtype=np.float64))
    said = np.atleast_1d(np.asarray(views, dtype=np.float64))
    n, count = len(matrix), len(said)
    if before.shape != (n,) or rows.shape != (count, n):
        raise ValueError(f"prior {before.shape}, picks {rows.shape}, views {said.shape} for n {n}")
    if not tau > 0.0:
        raise ValueError(f"tau {tau!r}: above zero")
    if doubt is None:
        error = np.diag(proportional_doubt(rows, matrix, tau=tau))
    else:
        given = np.asarray(doubt, dtype=np.float64)
        error = given if given.ndim == 2 else np.diag(np.atleast_1d(given))
    if error.shape != (count, count) or not (np.diag(error) >= 0.0).all():
        raise ValueError(f"doubt of shape {error.shape}: zero or more for each of {count} views")
    counted = np.isfinite(np.diag(error))
    rows, said, error = rows[counted], said[counted], error[np.ix_(counted, counted)]
    unsure = tau * matrix
    seen = unsure @ rows.T
    # Views that are certain and say the same, or the opposite, have no inverse; they meet halfway.
    gain = seen @ np.linalg.pinv(rows @ seen + error, rcond=1e-12, hermitian=True)
    uncertainty = unsure - gain @ seen.T
    uncertainty = 0.5 * (uncertainty + uncertainty.T)
    return Blended(
        returns=before + gain @ (said - rows @ before),
        uncertainty=uncertainty,
        covariance=matrix + uncertainty,
    )
