"""Hierarchical risk parity (Lopez de Prado 2016): like assets share, unlike ones split the risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.targets.solvers.sound import check_estimates

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def hierarchical(covariance: Floats) -> Floats:
    """Long-only weights by hierarchical risk parity, with single linkage.

    Assets are put in an order in which like stands beside like; then the list is halved again and
    again, and each half gets weight by the inverse of the variance it would have if its own assets
    were weighted by their inverse variances.

    Args:
        covariance: Shape (n, n), with positive variances; it is not inverted, so it may be
            singular.

    Returns:
        Shape (n,), summing to 1.

    Raises:
        ValueError: A number is missing, or the covariance is not symmetric.
    """
    import numpy as np

    check_estimates(covariance)

    own = np.sqrt(covariance.diagonal())
    correlation = np.clip(covariance / np.outer(own, own), -1.0, 1.0)
    order = like_beside_like(np.sqrt((1.0 - correlation) / 2.0))
    weights = np.ones(len(covariance))
    parts = [order]
    while parts:
        halves = []
        for part in parts:
            if len(part) < 2:
                continue
            left, right = part[: len(part) // 2], part[len(part) // 2 :]
            risky, calm = _variance(covariance, left), _variance(covariance, right)
            weights[left] *= calm / (risky + calm)
            weights[right] *= risky / (risky + calm)
            halves += [left, right]
        parts = halves
    return weights


def _variance(covariance: Floats, part: list[int]) -> float:
    """The variance of some assets weighted by their inverse variances."""
    import numpy as np

    inside = covariance[np.ix_(part, part)]
    weights = 1.0 / inside.diagonal()
    weights /= weights.sum()
    return float(weights @ inside @ weights)


def like_beside_like(distance: Floats) -> list[int]:
    """The order of the leaves of the single-linkage tree over assets.

    Assets are as far apart as the columns of `distance` are (Euclidean), as in the paper. Of two
    joined clusters the one that was made first stands first.
    """
    import numpy as np

    n = len(distance)
    squares = (distance**2).sum(axis=0)
    apart = squares[:, None] + squares[None, :] - 2.0 * distance.T @ distance
    far = np.sqrt(np.maximum(apart, 0.0))
    # The tree's joints are the edges of the shortest spanning tree, the shortest first (Prim).
    edges, nearest, origin = [], far[0].copy(), np.zeros(n, dtype=int)
    outside = np.ones(n, dtype=bool)
    outside[0] = False
    for _ in range(n - 1):
        new = int(np.where(outside, nearest, np.inf).argmin())
        edges.append((float(nearest[new]), int(origin[new]), new))
        outside[new] = False
        closer = outside & (far[new] < nearest)
        nearest[closer], origin[closer] = far[new][closer], new
    cluster = list(range(n))
    leaves = {i: [i] for i in range(n)}
    for made, (_, one, other) in enumerate(sorted(edges, key=lambda edge: edge[0]), start=n):
        first, second = sorted((cluster[one], cluster[other]))
        leaves[made] = leaves.pop(first) + leaves.pop(second)
        for leaf in leaves[made]:
            cluster[leaf] = made
    return leaves[2 * n - 2] if n > 1 else [0]
