"""Estimators of ours as scikit-learn expects them: cloned, searched over, told names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import trimtab as tt
from trimtab.targets.solvers.limits import Breeding


def returns(sessions: int = 400) -> np.ndarray:
    """Daily returns of three instruments, the last the wildest."""
    rng = np.random.default_rng(5)
    return rng.normal(0.0004, [0.004, 0.008, 0.02], (sessions, 3))


def least_variance(weights: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """A fitness: the less variance the better."""
    return -(moves @ weights.T).var(axis=0)


QUICK = Breeding(size=10, births=10, generations=5, patience=5)

OURS = [
    tt.Optimiser(
        "max-sharpe", constraints=tt.Constraints(groups=[tt.Group("wild", ["C"], 0, 0.2)])
    ),
    tt.CostAware(risk_aversion=5.0),
    tt.GeneticOptimiser(least_variance, breeding=QUICK),
]


@pytest.mark.parametrize("estimator", OURS, ids=lambda one: type(one).__name__)
def test_a_clone_knows_what_it_was_made_with_and_nothing_else(estimator: Any) -> None:
    """scikit-learn's own clone takes each of ours, fitted or not."""
    from sklearn.base import clone

    pd = pytest.importorskip("pandas")
    fitted = clone(estimator).fit(pd.DataFrame(returns(), columns=["A", "B", "C"]))

    fresh = clone(fitted)

    assert repr(fresh) == repr(estimator)
    assert not [name for name in vars(fresh) if name.endswith("_")]


@pytest.mark.parametrize("estimator", OURS, ids=lambda one: type(one).__name__)
def test_the_names_of_a_frame_are_remembered(estimator: Any) -> None:
    """Names and their number after a frame; only the number after an array."""
    from sklearn.base import clone

    pd = pytest.importorskip("pandas")
    one = clone(estimator)
    one.set_params(**({"constraints": None} if "constraints" in one.get_params() else {}))

    one.fit(pd.DataFrame(returns(), columns=["A", "B", "C"]))
    names = one.feature_names_in_.tolist()
    one.fit(returns())

    assert names == ["A", "B", "C"]
    assert one.n_features_in_ == 3
    assert not hasattr(one, "feature_names_in_")


def test_a_score_is_the_sharpe_ratio_of_returns_not_seen() -> None:
    """Mean over deviation of what the weights would have returned; other columns are refused."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(returns(), columns=["A", "B", "C"])
    fitted = tt.Optimiser().fit(frame.iloc[:300])

    score = fitted.score(frame.iloc[300:])

    whole = frame.iloc[300:].to_numpy() @ fitted.weights_
    assert score == pytest.approx(whole.mean() / whole.std(ddof=1))
    with pytest.raises(ValueError, match="learned from A, B, C"):
        fitted.score(frame[["C", "B", "A"]])
    with pytest.raises(ValueError, match="3 instruments"):
        fitted.score(returns()[:, :2])


def test_a_search_over_parameters_keeps_the_best() -> None:
    """scikit-learn's grid search takes ours as it is, in a time series' order."""
    from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

    search = GridSearchCV(tt.Optimiser(), {"high": [0.4, 1.0]}, cv=TimeSeriesSplit(2))

    found = search.fit(returns())

    scores = found.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert found.best_params_["high"] == [0.4, 1.0][int(np.argmax(scores))]


def test_what_is_no_table_is_refused() -> None:
    """A single row of returns is not taken for many."""
    with pytest.raises(ValueError, match="shape"):
        tt.Optimiser().fit(returns()[:, 0])
