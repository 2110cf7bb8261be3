"""Estimators of ours inside skfolio: its walk-forward, its purged and combinatorial validation.

    from skfolio.model_selection import WalkForward, cross_val_predict

    ours = InSkfolio(tt.Optimiser("max-sharpe", high=0.3))
    cross_val_predict(ours, returns, cv=WalkForward(test_size=63, train_size=504))

Needs skfolio: `pip install 'trimtab[skfolio]'`. The other way round takes no adapter: whatever has
`fit` and `weights_`, as all of skfolio's optimisations, is a target of `tt.Policy`.
"""

from __future__ import annotations

from typing import Any

from skfolio.optimization import BaseOptimization
from sklearn.base import clone
from sklearn.utils.validation import validate_data

from trimtab.targets.estimators.parameters import asks_held


class InSkfolio(BaseOptimization):
    """An estimator with `fit` and `weights_` as one of skfolio's, which predict portfolios.

    An estimator that asks what is `held`, as `tt.CostAware`, is told the previous weights.

    Args:
        estimator: Any; it is cloned, and its parameters are searched as `estimator__high`.
        portfolio_params: What portfolios are made with, besides returns and weights.
        fallback: What is tried where the estimator finds nothing.
        previous_weights: What is held before.
        raise_on_failure: Whether no weights are an error, or a portfolio that failed.

    Attributes:
        estimator_: The estimator, fitted.
        weights_: Its weights, shape (n,).
    """

    def __init__(
        self,
        estimator: Any,
        portfolio_params: dict[str, Any] | None = None,
        fallback: Any = None,
        previous_weights: Any = None,
        raise_on_failure: bool = True,
    ) -> None:
        super().__init__(
            portfolio_params=portfolio_params,
            fallback=fallback,
            previous_weights=previous_weights,
            raise_on_failure=raise_on_failure,
        )
        self.estimator = estimator

    def fit(self, X: Any, y: Any = None) -> InSkfolio:
        """Find the weights, as the estimator finds them.

        Args:
            X: Simple returns, shape (sessions, n), oldest first; a frame or an array.
            y: Not used by ours.
        """
        import numpy as np

        validate_data(self, X, skip_check_array=True)
        told: dict[str, Any] = {}
        if self._asks_held and self.previous_weights is not None:
            told["held"] = self._clean_previous_weights(self.n_features_in_)
        self.estimator_ = clone(self.estimator)
        fitted = self.estimator_.fit(X, y, **told)
        self.weights_ = np.asarray((self.estimator_ if fitted is None else fitted).weights_)
        return self

    @property
    def needs_previous_weights(self) -> bool:
        """Whether what is held before counts."""
        return self._asks_held or bool(super().needs_previous_weights)

    @property
    def _asks_held(self) -> bool:
        return asks_held(self.estimator)
