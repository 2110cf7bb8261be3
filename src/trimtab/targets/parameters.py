"""What an estimator was made with, by name, in the manner of scikit-learn."""

from __future__ import annotations

from inspect import signature
from typing import Any, Self


class Parameters:
    """For estimators that keep each argument of `__init__` under its own name.

    So they are cloned, searched over and run in other people's cross-validation, without
    scikit-learn being needed.
    """

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
