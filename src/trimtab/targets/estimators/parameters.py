"""What makes an estimator one of scikit-learn's kind, without scikit-learn being needed."""

from __future__ import annotations

from functools import lru_cache
from inspect import signature
from math import nan
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def asks_held(estimator: Any) -> bool:
    """Whether an estimator finds other weights where something else is held: its fit is told."""
    asks = "held" in signature(estimator.fit).parameters
    return asks and bool(getattr(estimator, "counts_from_held", True))


class Parameters:
    """For estimators that keep each argument of `__init__` under its own name.

    So they are cloned, searched over and run in other people's cross-validation.

    Attributes:
        n_features_in_: How many instruments were learned from, after `fit`.
        feature_names_in_: Their names, where what was learned from had some.
    """

    weights_: Floats
    n_features_in_: int
    feature_names_in_: NDArray[np.object_]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """What it was made with, by name."""
        return {name: getattr(self, name) for name in signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Change what it was made with.

        Raises:
            ValueError: There is no such parameter.
        """
        known = signature(type(self)).parameters
        for name, value in params.items():
            if name not in known:
                raise ValueError(f"no parameter {name!r}: one of {', '.join(known)}")
            setattr(self, name, value)
        return self

    def score(self, X: Any, y: object = None) -> float:
        """The Sharpe ratio of a session over returns that need not be those learned from.

        Args:
            X: Simple returns, shape (sessions, n), of the instruments that were learned from.
            y: Not used.

        Returns:
            Mean over standard deviation (ddof 1) of what the weights would have returned, put
            back every session, above no rate; NaN where that never moves.

        Raises:
            ValueError: They are of other instruments, or in another order.
        """
        returns, names = table(X)
        known = getattr(self, "feature_names_in_", None)
        if names and known is not None and names != list(known):
            raise ValueError(
                f"learned from {', '.join(known)}; these are returns of {', '.join(names)}"
            )
        if returns.shape[1] != self.n_features_in_:
            raise ValueError(
                f"learned from {self.n_features_in_} instruments; these are returns of "
                f"{returns.shape[1]}"
            )
        whole = returns @ self.weights_
        deviation = float(whole.std(ddof=1)) if len(whole) > 1 else 0.0
        return float(whole.mean()) / deviation if deviation > 0.0 else nan

    def __repr__(self) -> str:
        usual = signature(type(self)).parameters
        told = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if repr(value) != repr(usual[name].default)
        ]
        return f"{type(self).__name__}({', '.join(told)})"

    def __sklearn_tags__(self) -> Any:
        # Whoever asks for these has scikit-learn, as its own search over parameters does.
        from sklearn.utils import Tags, TargetTags

        return Tags(estimator_type=None, target_tags=TargetTags(required=False))

    def _table(self, X: Any, known: Sequence[str] | None = None) -> tuple[Floats, list[str]]:
        """Returns and names to learn from, remembered as scikit-learn does."""
        import numpy as np

        returns, names = table(X)
        self.n_features_in_ = returns.shape[1]
        if names:
            self.feature_names_in_ = np.array(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        if known is None:
            known = getattr(X, "columns", None)
        if known is None:
            return returns, list(_places(returns.shape[1]))
        return returns, [str(name) for name in known]


@lru_cache(maxsize=16)
def _places(n: int) -> tuple[str, ...]:
    """What instruments without names are called: their places from 1."""
    return tuple(str(place) for place in range(1, n + 1))


def table(X: Any) -> tuple[Floats, list[str]]:
    """Returns as an array, and the names of its columns; none where they are not words.

    Raises:
        ValueError: It is no table.
    """
    import numpy as np

    returns = np.asarray(X, dtype=np.float64)
    if returns.ndim != 2:
        raise ValueError(f"returns of shape {returns.shape}: a row a session, a column each")
    columns = list(getattr(X, "columns", ()))
    return returns, columns if all(isinstance(name, str) for name in columns) else []
