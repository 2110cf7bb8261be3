"""A covariance as a factor model, where it is never formed as a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.estimates.factors import FactorModel

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Factors:
    """A covariance as common causes and what is each name's own; a matrix wherever one is asked.

    Args:
        common: What each name answers to each cause of variance one, shape (n, k).
        own: Variances of its own, above zero, shape (n,).
    """

    common: Floats
    own: Floats

    @classmethod
    def of(cls, model: FactorModel) -> Factors:
        """Those of an estimated model.

        Raises:
            ValueError: Some name has no variance of its own: then only the dense matrix will do.
        """
        import numpy as np

        if not model.own.min() > 0.0:
            raise ValueError("own: a name has no variance of its own; use the dense covariance")
        sizes, ways = np.linalg.eigh(model.factors)
        return cls(model.loadings @ (ways * np.sqrt(np.maximum(sizes, 0.0))), model.own)

    # So that numpy leaves `weights @ factors` to `__rmatmul__`.
    __array_ufunc__ = None

    def __matmul__(self, weights: Floats) -> Floats:
        return self.times(weights)

    __rmatmul__ = __matmul__

    def __len__(self) -> int:
        return len(self.own)

    def __rmul__(self, scale: float) -> Factors:
        return Factors(self.common * float(scale) ** 0.5, scale * self.own)

    def times(self, weights: Floats) -> Floats:
        """The matrix times weights."""
        found: Floats = self.common @ (weights @ self.common) + self.own * weights
        return found

    def diagonal(self) -> Floats:
        """The variances."""
        found: Floats = (self.common**2).sum(axis=1) + self.own
        return found

    def part(self, names: NDArray[np.int64]) -> Floats:
        """The dense matrix over some of the names."""
        import numpy as np

        some = self.common[names]
        found: Floats = some @ some.T
        found[np.diag_indices(len(names))] += self.own[names]
        return found
