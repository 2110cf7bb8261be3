"""An estimator of target weights from returns, in the manner of scikit-learn.

    policy = tt.Policy(tt.Optimiser("max-sharpe", high=0.3), when="monthly")

It has `fit` and `weights_`, `get_params` and `set_params`, so that it works as a target of a
policy, is cloned, and runs in other people's cross-validation. It learns from what it is given
and keeps nothing between two fits.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan
from typing import TYPE_CHECKING, Any

from trimtab.estimates.absurd import unbelievable
from trimtab.estimates.plain import moments_of_plain
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.yearly import check_yearly
from trimtab.targets.estimators.given import check_covariance
from trimtab.targets.estimators.missing import (
    check_missing,
    covariance_for,
    learnable,
    spread_of,
    years_known,
)
from trimtab.targets.estimators.parameters import Parameters
from trimtab.targets.objectives.asked import BY_HISTORY, MEAN_VARIANCE, UNLIMITED, Asked, Optimised
from trimtab.targets.objectives.foreseen import (
    MOST_EXPECTED,
    BlackLitterman,
    Expectation,
    Foreseen,
    check_expected,
    foresee,
)
from trimtab.targets.objectives.names import OBJECTIVES, Objective
from trimtab.targets.objectives.optimised import optimise
from trimtab.targets.objectives.robust import UNCERTAINTIES, Uncertainty
from trimtab.targets.solvers.limits import Limits, of_some
from trimtab.targets.solvers.quadratic import INTERPRETED_UP_TO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from trimtab.estimates.history import Missing
    from trimtab.targets.estimators.given import Spread
    from trimtab.targets.objectives.constraints import Constraints

    Floats = NDArray[np.float64]

MOST_WEIGHT = 10.0
"""Limits of a weight beyond this many times the whole are percent that were meant."""

MOST_DRAWS = 100_000
"""More histories than this are a slip."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known before anything is chosen.

    Args:
        names: Of the instruments of which something can be learned.
        kept: Their places among those that were asked for.
        limits: Of their weights.
        expected: A year's returns, shape (n,).
        covariance: A year's, shape (n, n); None where nothing can be learned.
        returns: The history that was used, shape (sessions, n).
        years: How many it is, of the instrument that knows least.
        findings: What was left out or repaired, and why.
        foreseen: Where the expected returns came from; None where nothing can be learned.
    """

    names: tuple[str, ...]
    kept: NDArray[np.int64]
    limits: Limits
    expected: Floats
    covariance: Floats | None
    returns: Floats
    years: float
    findings: tuple[Finding, ...]
    foreseen: Foreseen | None = None


class Optimiser(Parameters):
    """Weights that are best by an objective, from a history of simple returns.

    Args:
        objective: One of `targets.objectives.names.OBJECTIVES`.
        risk_aversion: For `utility` and `robust-utility`.
        risk_free: A year's, for Sharpe ratios.
        wanted: A year's return or volatility, for `target-return` and `target-volatility`.
        confidence: For `min-cvar` and `min-cdar`.
        kappa: For `robust-utility`: how far expected returns may be off, in standard deviations of
            their errors.
        uncertainty: For `robust-utility`: whether errors go together as returns do (`covariance`),
            come alone (`diagonal`), or are all at their worst at once (`box`).
        resampled: Take the mean of the best weights of so many histories drawn from the estimates
            (Michaud); 0: the best for the one there is.
        seed: Of the random numbers that they are drawn by.
        budgets: For `risk-parity`: the share of the variance that each instrument adds, by name,
            above 0 and adding to 1; by default equal ones. Of those left out for want of a history
            the others take the shares, in proportion.
        low, high: Limits of every weight; 0 and 1 where nothing is said.
        limits: Limits of each weight and of sums, by position; then no `low` and `high`.
        constraints: Limits by name, turnover, tracking error: `tt.Constraints`, which has a
            `low` and a `high` of its own; then none of the others.
        covariance: How it is estimated, one of COVARIANCES; or a year's as it is given: shape
            (n, n), a frame by symbol, or a `FactorModel`.
        expected: How returns are expected, one of EXPECTED; or `BlackLitterman`, or a return a
            year for each symbol, as a dict or a Series.
        sessions_a_year: Sessions in the history that make a year.
        missing: Where instruments know different stretches of history: `common` learns from the
            sessions that all know, `pairwise` from all that each and each pair knows, `leave-out`
            is `common` without those that know less than nine tenths of the longest.

    Attributes:
        weights_: The weights, shape (n,), after `fit`.
        result_: All that is known of them: `targets.objectives.optimised.Optimised`.
    """

    weights_: Floats
    result_: Optimised

    def __init__(
        self,
        objective: Objective = "min-volatility",
        *,
        risk_aversion: float = 1.0,
        risk_free: float = 0.02,
        wanted: float = nan,
        confidence: float = 0.95,
        kappa: float = 1.0,
        uncertainty: Uncertainty = "covariance",
        resampled: int = 0,
        seed: int = 0,
        budgets: Mapping[str, float] | None = None,
        low: float = 0.0,
        high: float = 1.0,
        limits: Limits | None = None,
        constraints: Constraints | None = None,
        covariance: Spread = "sample",
        expected: Expectation = "compounded",
        sessions_a_year: float = 252,
        missing: Missing = "common",
    ) -> None:
        self.objective = objective
        self.risk_aversion = risk_aversion
        self.risk_free = risk_free
        self.wanted = wanted
        self.confidence = confidence
        self.kappa = kappa
        self.uncertainty = uncertainty
        self.resampled = resampled
        self.seed = seed
        self.budgets = budgets
        self.low = low
        self.high = high
        self.limits = limits
        self.constraints = constraints
        self.covariance = covariance
        self.expected = expected
        self.sessions_a_year = sessions_a_year
        self.missing = missing

    @property
    def counts_from_held(self) -> bool:
        """Whether a limit on turnover counts from what `fit` is told that is held."""
        return self.constraints is not None and self.constraints.counts_from_held

    def fit(
        self,
        X: Any,
        y: object = None,
        *,
        held: ArrayLike | None = None,
        names: Sequence[str] | None = None,
    ) -> Optimiser:
        """Find the weights.

        Args:
            X: Simple returns, shape (sessions, n), oldest first; a frame or an array.
            y: Not used.
            held: The weights now, shape (n,), which a limit on turnover counts from where its
                constraints name none; all zero: nothing is held yet, and it limits nothing.
            names: Of the instruments; by default the frame's columns, or their places from 1.

        Raises:
            ValueError: A parameter makes no sense, or nothing can be learned from the returns, or
                the limits contradict each other; it says which.
        """
        returns, names = self._table(X, names)
        found = self.result_ = self._from(held, names).optimised(returns, names)
        wrong = [finding for finding in found.findings if finding.severity == "error"]
        if wrong:
            raise ValueError(" ".join(finding.message for finding in wrong))
        self.weights_ = found.weights
        return self

    def _from(self, held: ArrayLike | None, names: Sequence[str]) -> Optimiser:
        """The same, its turnover counted from these weights where its constraints name none."""
        if held is None or not self.counts_from_held:
            return self
        assert self.constraints is not None, "there is a limit on turnover"
        rules = self.constraints.counted_from(held, names)
        return type(self)(**{**self.get_params(), "constraints": rules})

    def optimised(self, returns: Floats, names: Sequence[str]) -> Optimised:
        """The same, with trouble as findings and NaN for weights that there are none of."""
        import numpy as np

        asked, limits = self._asked(names)
        learned = self._learned(returns, names, limits)
        if learned.covariance is None:
            return _nothing(names, list(learned.findings))
        found = optimise(
            asked,
            learned.limits,
            expected=learned.expected,
            covariance=learned.covariance,
            returns=learned.returns,
            names=learned.names,
            years=learned.years,
        )
        if not isinstance(self.expected, str):
            found = replace(found, foreseen=learned.foreseen)
        if len(learned.kept) == len(names) and not learned.findings:
            return found
        weights = np.zeros(len(names))
        weights[learned.kept] = found.weights
        return _with(found, [*learned.findings, *found.findings], weights)

    def learned(self, returns: Floats, names: Sequence[str]) -> Learned:
        """What is learned from a history before anything is chosen: estimates, and the limits.

        Args:
            returns: Simple returns, shape (sessions, n), oldest first.
            names: Of the instruments, n of them.

        Raises:
            ValueError: A parameter makes no sense.
        """
        return self._learned(returns, names, self._asked(names)[1])

    def _learned(self, returns: Floats, names: Sequence[str], limits: Limits) -> Learned:
        """The same, under limits of weights by these names."""
        plain = self._of_plain(returns, names, limits)
        if plain is not None:
            return plain
        import numpy as np

        from trimtab.estimates.repair import repaired

        year = self.sessions_a_year
        history = learnable(returns, names, missing=self.missing, out=self.never_held)
        findings, kept = [one for one in history.findings if self._matters(one)], history.kept
        empty = Learned((), kept, limits, np.empty(0), None, history.returns, 0.0, history.findings)
        if any(finding.severity == "error" for finding in findings):
            return empty
        every = len(kept) == len(names)
        if not every:
            limits = of_some(limits, kept, names)
        own = tuple(names) if every else tuple(names[i] for i in kept)
        fit = repaired(
            spread_of(
                covariance_for(self.covariance, names, kept),
                history.returns,
                own,
                sessions_a_year=year,
            ),
            names=own,
        )
        findings += fit.findings
        if fit.covariance is None:
            return replace(empty, findings=tuple(findings))
        findings += unbelievable(fit.covariance, own, self.covariance, history.returns, year)
        foreseen = self._foreseen(history.returns, fit.covariance, own)
        return Learned(
            own,
            kept,
            limits,
            foreseen.expected,
            foreseen.covariance,
            history.returns,
            years_known(history.returns, sessions_a_year=year),
            tuple(findings),
            foreseen,
        )

    @property
    def never_held(self) -> frozenset[str]:
        """What is excluded and counts for nothing else: its history shortens no other's."""
        rules = self.constraints
        if rules is None or isinstance(self.expected, BlackLitterman):
            return frozenset()
        return frozenset(rules.exclude) - {name for name, of in rules.benchmark.items() if of}

    def _matters(self, finding: Finding) -> bool:
        """Whether it is said of this history: none is short for what is given, not estimated."""
        if finding.code not in ("history-shortened", "history-pairwise"):
            return True
        estimated = isinstance(self.covariance, str) or isinstance(self.expected, str)
        return estimated or self.resampled > 0 or self.objective in (*BY_HISTORY, "robust-utility")

    def _of_plain(self, returns: Floats, names: Sequence[str], limits: Limits) -> Learned | None:
        """The same where nothing is wrong, and machine code will choose, so that it may estimate.

        None where it takes the usual way.
        """
        import numpy as np

        n = len(names)
        if not isinstance(self.covariance, str) or self.covariance != "sample":
            return None
        if self.objective not in MEAN_VARIANCE:
            return None
        if n <= INTERPRETED_UP_TO or returns.shape[1:] != (n,):
            return None
        found = moments_of_plain(returns, sessions_a_year=self.sessions_a_year)
        if found is None:
            return None
        own, every, expected = tuple(names), np.arange(n), self.expected
        if isinstance(expected, str) and expected in ("mean", "compounded"):
            told = Foreseen(own, getattr(found, expected), found.covariance)
        else:
            told = self._foreseen(returns, found.covariance, own)
        years = len(returns) / self.sessions_a_year
        return Learned(own, every, limits, told.expected, told.covariance, returns, years, (), told)

    def _foreseen(self, returns: Floats, covariance: Floats, names: tuple[str, ...]) -> Foreseen:
        """What returns are expected."""
        return foresee(
            self.expected,
            returns,
            covariance,
            names,
            risk_free=self.risk_free,
            sessions_a_year=self.sessions_a_year,
        )

    def _asked(self, names: Sequence[str]) -> tuple[Asked, Limits]:
        """The objective and the limits of weights by these names.

        Raises:
            ValueError: A parameter makes no sense.
        """
        if self.objective not in OBJECTIVES:
            raise ValueError(f"objective {self.objective!r}: one of {', '.join(OBJECTIVES)}")
        check_covariance(self.covariance)
        check_expected(self.expected, names)
        check_missing(
            self.missing,
            objective=self.objective,
            covariance=self.covariance,
            expected=self.expected,
            resampled=self.resampled,
        )
        if isinstance(self.expected, BlackLitterman):
            stray = [name for name in self.expected.market if name not in names]
            if stray:
                raise ValueError(f"market: {stray[0]!r} is not among the instruments")
            for view in self.expected.views:
                if abs(view.returns) > MOST_EXPECTED:
                    raise ValueError(
                        f"view on {view.words}: {view.returns!r} is {view.returns:.0%} a year; "
                        "write 0.10 for 10%"
                    )
        if not self.risk_aversion > 0.0:
            raise ValueError(f"risk_aversion {self.risk_aversion!r}: above 0")
        check_yearly("risk_free", self.risk_free)
        if not 0.0 < self.confidence < 1.0:
            raise ValueError(f"confidence {self.confidence!r}: between 0 and 1, as 0.95")
        if self.objective in ("target-return", "target-volatility") and self.wanted != self.wanted:
            raise ValueError(f"{self.objective}: say which, as wanted=0.1")
        if not self.low <= self.high:
            raise ValueError(f"low {self.low!r} and high {self.high!r}: the lower one first")
        for name, limit in (("low", self.low), ("high", self.high)):
            if MOST_WEIGHT < abs(limit) < inf:
                raise ValueError(f"{name} {limit!r} is {limit:.0%} of all: write 0.3 for 30%")
        if not 0.0 <= self.kappa < inf:
            raise ValueError(f"kappa {self.kappa!r}: zero or more, as 1")
        if not 0 <= self.resampled <= MOST_DRAWS:
            raise ValueError(f"resampled {self.resampled!r}: from 0 to {MOST_DRAWS} histories")
        if self.uncertainty not in UNCERTAINTIES:
            words = ", ".join(UNCERTAINTIES)
            raise ValueError(f"uncertainty {self.uncertainty!r}: one of {words}")
        asked = Asked(
            self.objective,
            self.risk_aversion,
            self.risk_free,
            self.wanted,
            self.confidence,
            self.kappa,
            self.uncertainty,
            self.resampled,
            self.seed,
            self._budgets(names),
        )
        from trimtab.targets.objectives.constraints import limits_by

        limits = limits_by(names, self.low, self.high, self.limits, self.constraints)
        if self.objective in UNLIMITED and self._has_limits():
            raise ValueError(f"{self.objective} takes no constraints: its weights follow from risk")
        if not limits.is_linear and self.objective not in MEAN_VARIANCE:
            raise ValueError(
                f"{self.objective} takes no limit on turnover, leverage, tracking error or names: "
                f"one of {', '.join(MEAN_VARIANCE)} does"
            )
        return asked, limits

    def _has_limits(self) -> bool:
        """Whether the constraints are more than how far to search."""
        from trimtab.targets.objectives.constraints import Constraints

        rules = self.constraints
        return rules is not None and rules != Constraints(search=rules.search)

    def _budgets(self, names: Sequence[str]) -> tuple[tuple[str, float], ...]:
        """The shares of the risk that were asked for, of instruments by these names.

        Raises:
            ValueError: They are no such shares.
        """
        if self.budgets is None:
            return ()
        shares = {str(name): float(share) for name, share in self.budgets.items()}
        if self.objective != "risk-parity":
            raise ValueError(f"{self.objective} takes no budgets of risk: risk-parity does")
        for name, share in shares.items():
            if name not in names:
                raise ValueError(f"budgets: {name!r} is not among the instruments")
            if not 0.0 < share <= 1.0:
                raise ValueError(f"budgets: {name} has {share!r}; a share is above 0, to 1")
        lacking = [name for name in names if name not in shares]
        if lacking:
            told = f"{', '.join(lacking[:5])}{', ...' if len(lacking) > 5 else ''}"
            raise ValueError(
                f"budgets: there is none for {told}, {len(lacking)} in all: give each instrument "
                "a share of the risk, or leave it out of the prices"
            )
        total = sum(shares.values())
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"budgets add to {total:.6g}, not to 1")
        return tuple(shares.items())


def _nothing(names: Sequence[str], findings: list[Finding]) -> Optimised:
    """No weights, and why."""
    import numpy as np

    nowhere = np.full(len(names), nan)
    return Optimised(
        nowhere, nan, nan, nan, nan, "nothing to learn from", "none", nan, tuple(findings)
    )


def _with(found: Optimised, findings: list[Finding], weights: Floats | None = None) -> Optimised:
    return replace(
        found,
        findings=tuple(findings),
        weights=found.weights if weights is None else weights,
    )
