"""A covariance that cannot be one: repaired and said, or refused and said.

Repairs are made to correlations, so that variances stay as they were estimated, whatever their
size, and an instrument's unit does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from trimtab.estimates.arrays import names_of, square
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from trimtab.estimates.arrays import Floats

Method: TypeAlias = Literal["nearest", "clip"]

AS_ONE = 1e-9
"""Two whose correlation is nearer to 1 or -1 have the same prices."""

ROUNDING = 1e-10
"""What may be rounding: relative asymmetry, and negative eigenvalues of correlations."""
FURTHEST = 0.25
"""A repair that would move a correlation by more than this is refused: it would be invention."""
LEAST_EIGENVALUE = 1e-6
"""Of correlations, after a repair: the least risky mix keeps a thousandth of its parts' risk."""
MOST_ROUNDS = 1000


@dataclass(frozen=True, slots=True)
class RepairedCovariance:
    """A covariance that an optimiser can use, or none, and what was done to it.

    Args:
        covariance: Symmetric and positive definite, shape (n, n); None where it was refused.
        findings: What was wrong. `covariance-asymmetric`, `covariance-indefinite` and
            `covariance-singular` are warnings where it was repaired and errors where not;
            `covariance-unknown`, `covariance-variance` and `covariance-correlation` are errors.
    """

    covariance: Floats | None
    findings: tuple[Finding, ...]


def repaired(
    covariance: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    method: Method = "nearest",
    furthest: float = FURTHEST,
    least_eigenvalue: float = LEAST_EIGENVALUE,
) -> RepairedCovariance:
    """A covariance made fit for use, with what was wrong with it and how much was changed.

    What is asymmetric is averaged; what has negative directions becomes the nearest that has none
    (see `nearest_correlation`); what is singular, such as 300 instruments over 100 sessions, is
    mixed with its own diagonal until its least eigenvalue is what was asked for. Refused are
    numbers that are missing, variances that are not above zero, correlations clearly beyond one,
    and matrices that only a large change of correlations would repair.

    Args:
        covariance: Shape (n, n), of any time unit.
        names: What findings call the instruments, n of them.
        method: `nearest` in the sum of squared changes, or `clip`, which is faster.
        furthest: The largest change of a correlation that is still a repair, and the largest
            difference between its two halves.
        least_eigenvalue: Of the correlations, in the result; 0 leaves a singular one singular.

    Raises:
        ValueError: It is not square, or options make no sense.
    """
    import numpy as np

    matrix = square(covariance)
    named = names_of(len(matrix), names)
    if method not in ("nearest", "clip") or not 0.0 <= least_eigenvalue < 1.0:
        raise ValueError(f"method {method!r}: nearest or clip; least {least_eigenvalue!r}: below 1")
    if _plainly_fit(matrix, least_eigenvalue):
        return RepairedCovariance(matrix, ())
    refused = _unknown(matrix, named) or _no_variance(matrix, named)
    if refused:
        return RepairedCovariance(None, tuple(refused))
    deviation = np.sqrt(np.diag(matrix))
    correlation = matrix / np.outer(deviation, deviation)
    findings = _asymmetric(correlation, named, furthest)
    correlation = 0.5 * (correlation + correlation.T)
    findings += _beyond_one(correlation, named, furthest)
    if any(finding.severity == "error" for finding in findings):
        return RepairedCovariance(None, tuple(findings))
    before, least = correlation, float(np.linalg.eigvalsh(correlation)[0])
    indefinite = least < -ROUNDING
    if indefinite:
        correlation = nearest_correlation(before, method=method)
        told = _indefinite(before, correlation, least, named, furthest)
        findings.append(told)
        if told.severity == "error":
            return RepairedCovariance(None, tuple(findings))
        least = float(np.linalg.eigvalsh(correlation)[0])
    if least < least_eigenvalue:
        correlation, share = _mixed_with_diagonal(correlation, least, least_eigenvalue)
        # A matrix that was just brought back to the edge of what is possible is singular there.
        if not indefinite:
            findings.append(_singular(before, share, least_eigenvalue, named))
    if not findings:
        return RepairedCovariance(0.5 * (matrix + matrix.T), ())
    return RepairedCovariance(correlation * np.outer(deviation, deviation), tuple(findings))


def _plainly_fit(matrix: Floats, least: float) -> bool:
    """Whether it is symmetric to the last bit and its correlations have no eigenvalue as low.

    One Cholesky factor tells, at a tenth of the cost of the eigenvalues; if not, look closer.
    """
    import numpy as np

    variance = matrix.diagonal()
    if not (variance.min(initial=1.0) > 0.0 and (matrix == matrix.T).all()):
        return False
    scale = 1.0 / np.sqrt(variance)
    correlation = matrix * scale * scale[:, None]
    np.fill_diagonal(correlation, 1.0 - least - 1e-14 * len(matrix))
    try:
        np.linalg.cholesky(correlation)
    except np.linalg.LinAlgError:
        return False
    return True


def nearest_correlation(matrix: ArrayLike, *, method: Method = "nearest") -> Floats:
    """The correlation matrix that is nearest to one that has negative directions.

    `nearest` is N. Higham, Computing the nearest correlation matrix: a problem from finance, IMA
    Journal of Numerical Analysis 22, 2002: alternating projections with Dykstra's correction, to
    the least sum of squared changes. `clip` sets negative eigenvalues to zero and the diagonal
    back to one (R. Rebonato and P. Jaeckel, The most general methodology to create a valid
    correlation matrix, Journal of Risk 2, 1999), which is near and takes one step.

    Args:
        matrix: Symmetric, shape (n, n), its diagonal about one.
        method: `nearest` or `clip`.

    Returns:
        Without negative eigenvalues but for rounding, its diagonal one, shape (n, n).
    """
    import numpy as np

    start = square(matrix)
    if method == "clip":
        return _unit_diagonal(_clipped(start))
    now, correction = start, np.zeros_like(start)
    for _ in range(MOST_ROUNDS):
        inside = _clipped(now - correction)
        correction = inside - (now - correction)
        last, now = now, inside.copy()
        np.fill_diagonal(now, 1.0)
        if float(np.abs(now - last).max()) < 1e-9 and float(np.abs(now - inside).max()) < 1e-8:
            break
    # Ends on a diagonal of one; what is left of negative directions by stopping is clipped.
    return _unit_diagonal(_clipped(now))


def _clipped(matrix: Floats) -> Floats:
    import numpy as np

    values, vectors = np.linalg.eigh(matrix)
    found: Floats = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return 0.5 * (found + found.T)


def _unit_diagonal(matrix: Floats) -> Floats:
    import numpy as np

    size = np.sqrt(np.diag(matrix))
    found: Floats = matrix / np.outer(size, size)
    np.fill_diagonal(found, 1.0)
    return found


def _mixed_with_diagonal(correlation: Floats, lowest: float, least: float) -> tuple[Floats, float]:
    """Correlations all made smaller by one share, just enough for the least eigenvalue."""
    import numpy as np

    # A whisker more, for the rounding of the eigenvalue itself.
    share = (least - lowest) / (1.0 - lowest) + 1e-14 * len(correlation)
    mixed: Floats = (1.0 - share) * correlation
    np.fill_diagonal(mixed, 1.0)
    return mixed, share


# -- what is said ---------------------------------------------------------------------------------


def _unknown(matrix: Floats, names: tuple[str, ...]) -> list[Finding]:
    """Which instruments have entries that are no numbers: the fewest that explain them all."""
    import numpy as np

    unknown = ~np.isfinite(matrix)
    unknown |= unknown.T
    found = []
    while unknown.any():
        worst = int(unknown.sum(axis=0).argmax())
        count = int(unknown[worst].sum())
        message = (
            f"{count} of the {len(matrix)} covariances of {names[worst]} are missing or infinite. "
            "Leave it out, or give it more history."
        )
        found.append(Finding("covariance-unknown", names[worst], message, "error"))
        unknown[worst], unknown[:, worst] = False, False
    return found


def _no_variance(matrix: Floats, names: tuple[str, ...]) -> list[Finding]:
    import numpy as np

    variances = np.diag(matrix)
    return [
        Finding(
            "covariance-variance",
            names[i],
            f"The variance of {names[i]} is {variances[i]:.3g} and must be above zero. Its price "
            "never changes or its history is wrong: leave it out, or hold it as cash.",
            "error",
        )
        for i in np.flatnonzero(~(variances > 0.0))
    ]


def _asymmetric(correlation: Floats, names: tuple[str, ...], furthest: float) -> list[Finding]:
    import numpy as np

    apart = np.abs(correlation - correlation.T)
    most = float(apart.max())
    if most <= ROUNDING:
        return []
    pair = _pair(apart, names)
    told = f"The covariance of {pair} differs by {most:.3g} (as a correlation) with their order"
    if most > furthest:
        message = f"{told}: nobody can say which is right. Check where the matrix comes from."
        return [Finding("covariance-asymmetric", pair, message, "error")]
    return [Finding("covariance-asymmetric", pair, f"{told}: the average of both is used.")]


def _beyond_one(correlation: Floats, names: tuple[str, ...], furthest: float) -> list[Finding]:
    import numpy as np

    beyond = np.abs(correlation) - 1.0
    np.fill_diagonal(beyond, 0.0)
    if float(beyond.max()) <= furthest:
        return []
    pair = _pair(beyond, names)
    message = (
        f"The covariance of {pair} is {1.0 + float(beyond.max()):.2f} times what their variances "
        "allow. Check where the matrix comes from."
    )
    return [Finding("covariance-correlation", pair, message, "error")]


def _indefinite(
    before: Floats, after: Floats, least: float, names: tuple[str, ...], furthest: float
) -> Finding:
    import numpy as np

    moved = np.abs(after - before)
    most, pair = float(moved.max()), _pair(moved, names)
    told = (
        f"The covariance gives some portfolios a variance below zero (least eigenvalue of the "
        f"correlations {least:.3g})"
    )
    if most > furthest:
        message = (
            f"{told}, and the nearest that does not would change the correlation of {pair} by "
            f"{most:.2f}. Estimate from sessions that all instruments share, or shrink it."
        )
        return Finding("covariance-indefinite", pair, message, "error")
    message = (
        f"{told}; the nearest that does not is used: no correlation changed by more than "
        f"{most:.2g} ({pair}), no variance did."
    )
    return Finding("covariance-indefinite", pair, message)


def _singular(correlation: Floats, share: float, least: float, names: tuple[str, ...]) -> Finding:
    import numpy as np

    values = np.linalg.eigvalsh(correlation)
    free = int((values < least).sum())
    alike = np.abs(np.triu(correlation, 1))
    why = "as with more instruments than sessions"
    if float(alike.max(initial=0.0)) > 1.0 - AS_ONE:
        why = f"as {_pair(alike, names)} move as one: leave one of them out"
    message = (
        f"The covariance is singular: {free} of {len(values)} directions have no risk at all, "
        f"{why}. All correlations were reduced by {share:.2g} of themselves, which makes it "
        "usable. A volatility or Sharpe ratio of weights found by it is not to be believed: "
        "estimate a shrunk one, ledoit-wolf, or one of factors."
    )
    return Finding("covariance-singular", "covariance", message)


def _pair(matrix: Floats, names: tuple[str, ...]) -> str:
    one, other = sorted(divmod(int(matrix.argmax()), len(names)))
    return names[one] if one == other else f"{names[one]} and {names[other]}"
