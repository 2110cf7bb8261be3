"""The estimator: what it learns, what it refuses, and that it works as other people's do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trimtab.estimates.covariance import sample_covariance
from trimtab.targets.estimators.cost_aware import CostAware
from trimtab.targets.estimators.optimiser import Optimiser
from trimtab.targets.objectives.asked import Asked
from trimtab.targets.objectives.constraints import Constraints, Group
from trimtab.targets.objectives.estimated import COVARIANCES, EXPECTED, covariance_by, expected_by
from trimtab.targets.objectives.foreseen import BlackLitterman
from trimtab.targets.objectives.mean_variance import least_volatility, most_utility
from trimtab.targets.objectives.names import OBJECTIVES
from trimtab.targets.objectives.optimised import optimise
from trimtab.targets.objectives.risk_parity import risk_shares
from trimtab.targets.solvers.limits import within


def history(seed: int = 1, n: int = 5, sessions: int = 300) -> np.ndarray:
    """Daily returns of n instruments that move together somewhat."""
    rng = np.random.default_rng(seed)
    return rng.normal(0.0004, 0.008, (sessions, 1)) + rng.normal(
        0.0002, np.linspace(0.004, 0.02, n), (sessions, n)
    )


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_each_objective_gives_weights(objective: str) -> None:
    """Long-only weights that sum to 1, whatever is best."""
    found = Optimiser(objective, wanted=0.15).fit(history())

    assert found.weights_.sum() == pytest.approx(1.0)
    assert found.weights_.min() >= 0.0
    assert found.result_.status == "optimal"


def test_it_is_the_plain_choice_over_the_samples_covariance() -> None:
    """Fitting is estimating and choosing, and nothing else."""
    returns = history()

    found = Optimiser("min-volatility", high=0.4).fit(returns)

    plain = least_volatility(sample_covariance(returns), within(5, 0.0, 0.4))
    np.testing.assert_allclose(found.weights_, plain.weights, atol=1e-12)


def test_parameters_are_read_and_set_as_scikit_learn_does() -> None:
    """A clone has the same parameters and none of what was learned."""
    from sklearn.base import clone

    fitted = Optimiser("utility", risk_aversion=4.0).fit(history())

    fresh = clone(fitted).set_params(high=0.5)

    assert fresh.get_params() == {**fitted.get_params(), "high": 0.5}
    assert not hasattr(fresh, "weights_")
    with pytest.raises(ValueError, match="risk"):
        fresh.set_params(risk=1)


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"objective": "best"}, "objective"),
        ({"covariance": "none"}, "covariance"),
        ({"expected": "hope"}, "expected"),
        ({"risk_aversion": 0.0}, "risk_aversion"),
        ({"confidence": 1.0}, "confidence"),
        ({"objective": "target-return"}, "wanted"),
        ({"low": 0.5, "high": 0.1}, "lower one first"),
        ({"high": 0.1}, "sum to 1"),
    ],
)
def test_what_makes_no_sense_is_refused(parameters: dict[str, object], word: str) -> None:
    """The message names the parameter, or the limits that contradict each other."""
    with pytest.raises(ValueError, match=word):
        Optimiser(**parameters).fit(history())


def test_what_stands_still_is_left_out_and_said() -> None:
    """A constant column gets no weight, and a finding names it."""
    returns = history()
    returns[:, 2] = 0.0

    found = Optimiser().fit(returns)

    assert found.weights_[2] == 0.0
    assert any(finding.subject == "3" for finding in found.result_.findings)


def test_more_instruments_than_sessions_are_repaired_and_said() -> None:
    """A singular covariance is made one that can be used, with a finding."""
    found = Optimiser().fit(history(n=120, sessions=100))

    assert found.weights_.sum() == pytest.approx(1.0)
    assert "covariance-singular" in {finding.code for finding in found.result_.findings}


@pytest.mark.parametrize(
    ("covariance", "expected"),
    [
        *((word, "compounded") for word in COVARIANCES),
        *(("sample", word) for word in EXPECTED if word != "compounded"),
    ],
)
def test_every_estimate_that_has_a_word_gives_weights(covariance: str, expected: str) -> None:
    """Each way to estimate ends in weights that sum to 1 and are proved."""
    found = Optimiser("utility", covariance=covariance, expected=expected).fit(history(n=6))

    assert found.weights_.sum() == pytest.approx(1.0)
    assert found.result_.status == "optimal"


def test_the_calm_regime_has_less_variance_than_the_wild_one() -> None:
    """By `regimes` a history that ends calm has less variance than the whole sample."""
    rng = np.random.default_rng(4)
    wild, calm = rng.normal(0, 0.03, (200, 3)), rng.normal(0, 0.005, (200, 3))
    returns = np.vstack([wild, calm])

    now = covariance_by("regimes", returns, sessions_a_year=252)

    whole = covariance_by("sample", returns, sessions_a_year=252)
    assert np.trace(now) < 0.3 * np.trace(whole)


@pytest.mark.parametrize("expected", ["mean", "compounded", "series"])
def test_twenty_plain_names_are_estimated_as_five_are(expected: str) -> None:
    """The compiled pass over a plain history gives the weights of the usual estimates."""
    import pandas as pd

    returns = history(n=20)
    given = pd.Series(np.linspace(0.02, 0.2, 20), index=[str(i) for i in range(1, 21)])
    wanted = given if expected == "series" else expected

    found = Optimiser("utility", risk_aversion=4.0, expected=wanted).fit(returns)

    means = given.to_numpy() if expected == "series" else None
    if means is None:
        means = expected_by(expected, returns, sessions_a_year=252)
    plain = most_utility(means, sample_covariance(returns), within(20), risk_aversion=4.0)
    np.testing.assert_allclose(found.weights_, plain.weights, atol=1e-11)
    assert found.result_.findings == ()


def test_a_gap_in_twenty_names_is_still_said() -> None:
    """Where something is wrong the usual way is taken, with all that it has to say."""
    returns = history(n=20)
    returns[:250, 3] = np.nan

    found = Optimiser().fit(returns)

    assert [finding.code for finding in found.result_.findings] == ["history-missing"]
    assert found.weights_[3] == 0.0


@pytest.mark.parametrize("objective", ["min-cvar", "min-cdar"])
def test_an_objective_of_history_comes_to_its_own_figure_with_a_proved_gap(objective: str) -> None:
    """Of 300 sessions at 95% it is the mean of the 15 worst losses, or drawdowns; the gap is that
    of the linear programme's dual, which random weights never beat.
    """
    returns = history()

    def by_hand(weights: np.ndarray) -> float:
        wealth = np.cumsum(returns @ weights)
        falls = np.maximum.accumulate(np.maximum(wealth, 0.0)) - wealth
        losses = -(returns @ weights) if objective == "min-cvar" else falls
        return float(np.sort(losses)[-15:].mean())

    found = Optimiser(objective, confidence=0.95).fit(returns).result_

    assert found.objective_value == pytest.approx(by_hand(found.weights), abs=1e-12)
    assert 0.0 <= found.optimality_gap < 1e-7
    others = np.random.default_rng(3).dirichlet(np.ones(5), 200)
    best = min(by_hand(weights) for weights in others)
    assert best >= found.objective_value - found.optimality_gap


@pytest.mark.parametrize("objective", ["min-cvar", "min-cdar"])
def test_limits_that_contradict_each_other_are_named_for_objectives_of_history(
    objective: str,
) -> None:
    """As for the other objectives: none of those named is needless."""
    rules = Constraints(groups=[Group("few", ["A", "B"], high=0.3)], own={"A": (0.6, 1.0)})
    optimiser = Optimiser(objective, constraints=rules)

    found = optimiser.optimised(history(n=3), ["A", "B", "C"])

    (told,) = found.findings
    assert (found.status, told.code) == ("infeasible", "limits-contradict")
    assert "A at least 0.6" in told.message
    assert "few at most 0.3" in told.message


def test_a_solver_that_fails_is_not_called_a_contradiction() -> None:
    """Limits that can be met are not to blame."""
    broken = np.full((30, 2), np.inf)

    found = optimise(
        Asked("min-cvar"),
        within(2),
        expected=np.zeros(2),
        covariance=np.eye(2),
        returns=broken,
        names=["A", "B"],
    )

    assert found.status == "failed"
    assert [told.code for told in found.findings] == ["solver-failed"]
    assert np.isnan(found.optimality_gap)


def test_a_sharpe_ratio_that_nothing_has_is_called_missed_and_claims_no_gap() -> None:
    """All expect less than the risk-free rate: the least volatility, said plainly as another."""
    expected = {"A": 0.01, "B": 0.012, "C": 0.005}
    optimiser = Optimiser("max-sharpe", expected=expected, risk_free=0.05)

    found = optimiser.optimised(history(n=3), ["A", "B", "C"])

    least = Optimiser("min-volatility").optimised(history(n=3), ["A", "B", "C"])
    np.testing.assert_allclose(found.weights, least.weights)
    assert found.status == "missed"
    assert np.isnan(found.optimality_gap)
    assert np.isnan(found.attempts[-1].gap)
    assert [told.code for told in found.findings] == ["objective-missed"]
    assert "least volatility instead" in found.findings[0].message
    assert "nearest" not in found.findings[0].message


@pytest.mark.parametrize("names", [None, 2])
def test_a_volatility_that_nothing_has_is_called_missed(names: int | None) -> None:
    """The calmest weights are no answer to a volatility below theirs: nothing is proved of one."""
    rules = Constraints(max_names=names)

    found = Optimiser("target-volatility", wanted=0.001, constraints=rules).fit(history()).result_

    assert found.status == "missed"
    assert np.isnan(found.optimality_gap)
    assert [told.code for told in found.findings] == ["objective-missed"]


@pytest.mark.parametrize(("wanted", "codes"), [(0.6, ["objective-slack"]), (0.15, [])])
def test_a_volatility_that_is_not_reached_is_said(wanted: float, codes: list[str]) -> None:
    """Beyond that of the best return more volatility brings nothing: a note, no warning."""
    found = Optimiser("target-volatility", wanted=wanted).fit(history()).result_

    assert [told.code for told in found.findings] == codes
    assert all(told.severity == "info" for told in found.findings)


def test_a_wanted_return_below_all_that_there_is_is_warned_of() -> None:
    """Three hundredths of a percent where 3% was meant: the least volatility expects more."""
    expected = {"A": 0.05, "B": 0.08, "C": 0.06}
    optimiser = Optimiser("target-return", expected=expected, wanted=0.0003)
    beyond = Optimiser("target-return", expected=expected, wanted=30.0)
    fair = Optimiser("target-return", expected=expected, wanted=0.079)

    results = [one.optimised(history(n=3), ["A", "B", "C"]) for one in (optimiser, beyond, fair)]

    assert [one.status for one in results] == ["optimal", "missed", "optimal"]
    assert np.isnan(results[1].optimality_gap)
    slack, missed, told = (one.findings for one in results)
    assert [(one.code, one.severity) for one in slack] == [("objective-slack", "warning")]
    assert "0.0300%" in slack[0].message
    assert [one.code for one in missed] == ["objective-missed"]
    assert "8.00% a year" in missed[0].message
    assert not told


@pytest.mark.parametrize("estimator", [Optimiser, CostAware])
@pytest.mark.parametrize("limit", ["low", "high"])
def test_limits_are_told_in_one_way(estimator: Any, limit: str) -> None:
    """`low` and `high` beside constraints or limits were ignored in silence: they are refused."""
    beside = estimator(**{limit: 0.15}, constraints=Constraints())
    doubled = estimator(**{limit: 0.15}, limits=within(5))
    twice = estimator(limits=within(5), constraints=Constraints())

    with pytest.raises(ValueError, match=rf"write it there, as tt.Constraints\({limit}=0.15\)"):
        beside.fit(history())
    with pytest.raises(ValueError, match=f"{limit} 0.15 beside limits"):
        doubled.fit(history())
    with pytest.raises(ValueError, match="give one of them"):
        twice.fit(history())


@pytest.mark.parametrize("limit", [{"high": 30}, {"low": -30, "high": 1}])
def test_limits_of_many_times_the_whole_are_percent_that_were_meant(limit: dict[str, Any]) -> None:
    """30 as a weight is 3,000%: refused with what to write."""
    with pytest.raises(ValueError, match=r"write 0\.3 for 30%"):
        Optimiser("min-volatility", **limit).fit(history())


def test_each_instrument_adds_the_share_of_the_risk_that_is_budgeted_for_it() -> None:
    """By name, whatever their order."""
    budgets = {"C": 0.2, "A": 0.5, "B": 0.3}
    returns = history(n=3)

    found = Optimiser("risk-parity", budgets=budgets).optimised(returns, ["A", "B", "C"])

    shares = risk_shares(found.weights, np.cov(returns, rowvar=False))
    np.testing.assert_allclose(shares, [0.5, 0.3, 0.2], atol=1e-9)


@pytest.mark.parametrize(
    ("objective", "budgets", "word"),
    [
        ("risk-parity", {"A": 0.5, "B": 0.3, "C": 0.3}, "add to 1.1"),
        ("risk-parity", {"A": 0.5, "B": 0.5}, "none for C"),
        ("risk-parity", {"A": 0.5, "B": 0.5, "C": 0.0}, "above 0"),
        ("risk-parity", {"A": 0.5, "B": 0.3, "C": 0.1, "D": 0.1}, "'D'"),
        ("hrp", {"A": 0.5, "B": 0.3, "C": 0.2}, "takes no budgets"),
    ],
)
def test_budgets_of_risk_that_are_none_are_refused(
    objective: str, budgets: dict[str, float], word: str
) -> None:
    """Shares above 0 of every instrument, adding to 1, for risk parity."""
    optimiser = Optimiser(objective, budgets=budgets)

    with pytest.raises(ValueError, match=word):
        optimiser.optimised(history(n=3), ["A", "B", "C"])


@pytest.mark.parametrize("n", [3, 30])
def test_a_volatility_beyond_belief_is_warned_of(n: int) -> None:
    """More than 300% a year is a slip in the prices: named, whoever estimates."""
    rng = np.random.default_rng(3)
    moves = rng.normal(0.0, 0.01, (300, n))
    moves[:, 1] = np.where(np.arange(300) % 2, 0.6, -0.3)

    found = Optimiser().optimised(moves, [f"I{place}" for place in range(n)])
    calm = Optimiser().optimised(np.delete(moves, 1, axis=1), [f"I{k}" for k in range(n - 1)])

    told = [one for one in found.findings if one.code == "volatility-absurd"]
    assert [one.subject for one in told] == ["I1"]
    assert not [one for one in calm.findings if one.code == "volatility-absurd"]


def test_a_cost_aware_target_has_a_riskless_rate() -> None:
    """It is part of what the market expects, as of `Optimiser`, and percent are refused."""
    moves = np.random.default_rng(4).normal(0.0003, [0.006, 0.012], (300, 2))
    market = BlackLitterman(market={"1": 1.0, "2": 1.0})

    low, high = (CostAware(expected=market, risk_free=rate).fit(moves) for rate in (0.0, 0.05))

    assert high.learned_.expected - low.learned_.expected == pytest.approx([0.05, 0.05])
    with pytest.raises(ValueError, match="risk_free"):
        CostAware(risk_free=2).fit(moves)
