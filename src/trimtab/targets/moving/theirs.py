"""A found target by somebody else's estimator: what it is told of the limits, and what it found."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.targets.estimators.fitted import TOLERANCE, weights_of
from trimtab.targets.moving.ranged import UNITS, Range

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.targets.solvers.limits import Limits
    from trimtab.targets.solvers.programme import Row

    Floats = NDArray[np.float64]

WEIGHTS = ("min_weights", "max_weights")
"""Parameters that limit each weight."""

ROWS = ("left_inequality", "right_inequality")
"""Parameters that limit sums of weights: a matrix times the weights is no more than a vector."""

OURS = (*WEIGHTS, *ROWS, "linear_constraints", "budget")
"""Parameters that a target sets itself, or that its sleeves say."""


class Estimator(Protocol):
    """An estimator that is named in a portfolio folder."""

    @property
    def name(self) -> str:
        """As it is written, for the reader."""
        ...

    def takes(self) -> Collection[str]:
        """The parameters that it knows.

        Raises:
            RefusedError: There is no such estimator, or what it needs is not installed.
        """
        ...

    def made(self, more: Mapping[str, Any]) -> Any:
        """It with its own parameters and these: `fit(X)` on a frame of returns, then `weights_`.

        Raises:
            RefusedError: It cannot be made with what is written.
        """
        ...


def their_shares(
    estimator: Estimator,
    tree: Range,
    leaves: tuple[Range, ...],
    limits: Limits,
    returns: Floats,
) -> tuple[list[float] | None, str, tuple[Finding, ...]]:
    """Shares of the whole portfolio by leaf, as an estimator finds them within the limits.

    Args:
        estimator: Whose weights.
        tree: What every sleeve may weigh.
        leaves: Those of it that have prices.
        limits: The same as shares of what is invested, in the order of the leaves.
        returns: Simple returns, shape (sessions, n), in the order of the leaves.

    Returns:
        The shares, or None with why there are none, in a sentence; and what else is to be said.

    Raises:
        RefusedError: It cannot be made, or keeps to no limits of the kind that are there.
    """
    import numpy as np

    takes = estimator.takes()
    shares = np.array([leaf.least / UNITS for leaf in leaves])
    has_weights, has_rows = (all(key in takes for key in keys) for keys in (WEIGHTS, ROWS))
    more: dict[str, Any] = {}
    if has_rows:
        free, low, high = np.arange(len(leaves)), limits.low, limits.high
        part = 1.0 - sum(leaf.least for leaf in tree.leaves() if leaf.is_cash) / UNITS
        more = _told_of([row for row in limits.rows if row.name in _real(tree)])
    else:
        # What weighs one half of a tree against the other has no room for a share that is fixed.
        free = np.array([i for i, leaf in enumerate(leaves) if not leaf.is_fixed])
        fixed = sum(leaf.least for leaf in tree.leaves() if leaf.is_fixed)
        part = 1.0 - fixed / UNITS
        low = np.array([leaves[i].least for i in free]) / (UNITS - fixed)
        high = np.minimum(np.array([leaves[i].most for i in free]) / (UNITS - fixed), 1.0)
        _refuse_limits(estimator, tree, has_weights=has_weights)
    # Limits that nothing is outside of are not told: a bound may change what a solver does.
    if has_weights and (low.any() or (high < 1.0).any()):
        more |= {"min_weights": low, "max_weights": high}
    names = [leaves[i].name for i in free]
    found, wrong, said = weights_of(estimator.made(more), returns[:, free], names)
    told = tuple(Finding("estimator-said", "target", one, "info") for one in said)
    if found is None:
        return None, f"{estimator.name} found no weights: {wrong}.", told
    outside = np.flatnonzero((found < low - TOLERANCE) | (found > high + TOLERANCE))
    if len(outside):
        place = int(outside[0])
        wrong = (
            f"the weights of {estimator.name} are not within the limits: {names[place]} "
            f"{found[place] * part:.2%}."
        )
        return None, wrong, told
    shares[free] = found * part
    return [float(share) for share in shares], "", told


def _told_of(rows: Sequence[Row]) -> dict[str, Any]:
    """The limits of sleeves that hold others, as an estimator takes them."""
    import numpy as np

    if not rows:
        return {}
    sides = [
        (sign * row.weights, sign * end)
        for row in rows
        for sign, end in ((1.0, row.high), (-1.0, row.low))
        if end is not None
    ]
    return {
        "left_inequality": np.vstack([weights for weights, _ in sides]),
        "right_inequality": np.array([end for _, end in sides]),
    }


def _real(tree: Range) -> tuple[str, ...]:
    """Sleeves that hold others and have limits that do not follow from those of the others."""
    return tuple(
        node.name
        for node in tree.walk()
        if node.children
        and node.name
        and (
            node.least > sum(child.least for child in node.children)
            or node.most < sum(child.most for child in node.children)
        )
    )


def _refuse_limits(estimator: Estimator, tree: Range, *, has_weights: bool) -> None:
    """Limits that it does not keep to are refused, and which other one does is told."""
    what, other = "keeps to no limits of a sleeve that holds others", "skfolio:MeanRisk"
    sleeves = _real(tree)
    if not sleeves and not has_weights:
        what, other = "keeps to no limits", "skfolio:HierarchicalRiskParity"
        limited = (leaf for leaf in tree.leaves() if not leaf.is_fixed)
        sleeves = tuple(leaf.name for leaf in limited if leaf.least > 0 or leaf.most < UNITS)
    if sleeves:
        raise RefusedError(
            f"{estimator.name} {what}, and [target.{sleeves[0]}] has some: remove percent, "
            "min_percent and max_percent there (those of [target.optimize] are every sleeve's), or "
            f"choose an estimator that keeps to them, as {other}"
        )
