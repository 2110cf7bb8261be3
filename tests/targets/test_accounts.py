"""Optimised weights for many accounts: each is what it would be alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.targets.test_quadratic import covariance
from trimtab.kernels import programme as kernel
from trimtab.targets.at_cost.accounts import most_utility_each
from trimtab.targets.solvers.limits import Limits, within
from trimtab.targets.solvers.programme import Programme, Row
from trimtab.targets.solvers.quadratic import programme_parts, solve, space_for


def market(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Expected returns and a covariance."""
    rng = np.random.default_rng(seed)
    return rng.normal(0.07, 0.04, n), covariance(rng, n)


def test_each_account_has_the_weights_that_it_would_have_alone() -> None:
    """A batch with costs, caps and a group gives each account its own programme's answer."""
    n, accounts = 10, 300
    returns, matrix = market(n, 1)
    rng = np.random.default_rng(2)
    held, aversion = rng.dirichlet(np.ones(n), accounts), rng.uniform(1.0, 8.0, accounts)
    group = Row("bonds", (np.arange(n) < 4).astype(float), 0.2, 0.6)
    limits = Limits(np.zeros(n), np.full(n, 0.35), (group,))

    found = most_utility_each(
        returns, matrix, limits, risk_aversion=aversion, held=held, sell=0.002, buy=0.001
    )

    rate = np.ones(n)
    for a in range(accounts):
        now = np.clip(held[a], limits.low, limits.high)
        base = limits.programme(aversion[a] * matrix, -returns)
        alone = Programme(
            base.matrix, base.linear, base.low, base.high, base.rows, now, 0.002 * rate,
            0.001 * rate,
        )  # fmt: skip
        assert found.status(a) == "optimal"
        assert found.gaps[a] < 1e-10
        np.testing.assert_allclose(found.weights[a], solve(alone).weights, atol=1e-9)


def test_threads_do_not_change_a_bit() -> None:
    """One thread or two, the weights are the same to the last bit."""
    n, accounts = 6, 9000
    returns, matrix = market(n, 3)
    rng = np.random.default_rng(4)
    held, aversion = rng.dirichlet(np.ones(n), accounts), rng.uniform(1.0, 8.0, accounts)

    one, two = (
        most_utility_each(
            returns, matrix, within(n), risk_aversion=aversion, held=held, sell=0.01, buy=0.01,
            threads=threads,
        )
        for threads in (1, 2)
    )  # fmt: skip

    np.testing.assert_array_equal(one.weights, two.weights)


def test_interpreted_and_compiled_batches_are_the_same_bits() -> None:
    """The kernel over lists gives what machine code gives."""
    n, accounts = 5, 8
    returns, matrix = market(n, 5)
    rng = np.random.default_rng(6)
    held, aversion = rng.dirichlet(np.ones(n), accounts), rng.uniform(1.0, 8.0, accounts)
    limits = within(n, 0.0, 0.4)

    found = most_utility_each(
        returns, matrix, limits, risk_aversion=aversion, held=held, sell=0.01, buy=0.01
    )
    asked = limits.programme(matrix, np.zeros(n))
    square, _, terms, rows, row_limits = (part.tolist() for part in programme_parts(asked))
    terms[kernel.SELL] = terms[kernel.BUY] = [0.01] * n
    weights = [[0.0] * n for _ in range(accounts)]
    each = kernel.Each(aversion.tolist(), held.tolist(), weights, [0] * accounts, [0.0] * accounts)
    space = kernel.Space(*(part.tolist() for part in space_for(n, 1)))
    marks = [[0.0] * n for _ in range(kernel.MARKS)]
    kernel.utilities(
        square, returns.tolist(), terms, rows, row_limits, each, 0, accounts, space, marks,
        [0.0] * n, n, 1,
    )  # fmt: skip

    np.testing.assert_array_equal(found.weights, weights)


def test_limits_that_nobody_can_meet_have_no_weights() -> None:
    """Where the limits contradict each other an account has NaN and says why."""
    returns, matrix = market(3, 7)

    found = most_utility_each(
        returns, matrix, within(3, 0.0, 0.2), risk_aversion=np.ones(2), held=np.full((2, 3), 0.2)
    )

    assert found.status(0) == "infeasible"
    assert np.isnan(found.weights).all()


@pytest.mark.parametrize("aversion", [0.0, np.nan])
def test_a_risk_aversion_that_is_none_is_refused(aversion: float) -> None:
    """Utility without an aversion to risk has no best weights here."""
    returns, matrix = market(3, 8)

    with pytest.raises(ValueError, match="above zero"):
        most_utility_each(
            returns,
            matrix,
            within(3),
            risk_aversion=np.array([aversion]),
            held=np.full((1, 3), 0.3),
        )


def test_a_neighbour_that_wants_something_else_does_no_harm() -> None:
    """Tempers and costs far apart in turn, holdings at limits, a group: the weights as alone."""
    rng = np.random.default_rng(8)
    n, accounts = 8, 60
    returns, matrix = market(n, 8)
    group = Row("group", (np.arange(n) < 4).astype(float), 0.2, 0.6)
    limits = replace(within(n, 0.0, 0.5), rows=(group,))
    aversion = np.where(np.arange(accounts) % 2, 200.0, 0.05)
    held = rng.dirichlet(np.full(n, 0.2), accounts).clip(0.0, 0.5)

    found = most_utility_each(
        returns, matrix, limits, risk_aversion=aversion, held=held, sell=0.03, buy=0.01
    )

    for a in range(accounts):
        alone = replace(
            limits.programme(aversion[a] * matrix, -returns),
            held=held[a], sell=np.full(n, 0.03), buy=np.full(n, 0.01),
        )  # fmt: skip
        assert found.status(a) == "optimal"
        assert found.gaps[a] < 1e-9
        np.testing.assert_allclose(found.weights[a], solve(alone).weights, atol=1e-8)
