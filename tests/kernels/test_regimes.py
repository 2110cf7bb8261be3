"""Which regime ruled when: against every course of the regimes written out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from trimtab.kernels.compile import compiled
from trimtab.kernels.regimes import smooth


@pytest.mark.parametrize("states", [2, 3])
def test_probabilities_are_those_of_all_courses(states: int) -> None:
    """Summed over every course that the regimes may have taken; both forms give the same bits."""
    generator = np.random.default_rng(states)
    likelihood = generator.uniform(0.1, 1.0, (5, states))
    start = generator.dirichlet(np.ones(states))
    move = generator.dirichlet(np.ones(states), size=states)
    shapes = [(5, states), (5, states), (5,), (states, states)]
    out = [np.zeros(shape) for shape in shapes]
    plain = [np.zeros(shape).tolist() for shape in shapes]

    compiled(smooth)(likelihood, start, move, *out)
    smooth(likelihood.tolist(), start.tolist(), move.tolist(), *plain)

    ruled, moved, total = np.zeros((5, states)), np.zeros((states, states)), 0.0
    for course in product(range(states), repeat=5):
        weight = start[course[0]] * likelihood[0, course[0]]
        for t in range(1, 5):
            weight *= move[course[t - 1], course[t]] * likelihood[t, course[t]]
        total += weight
        for t in range(5):
            ruled[t, course[t]] += weight
        for t in range(1, 5):
            moved[course[t - 1], course[t]] += weight
    _, after, scale, moves = out
    assert np.prod(scale) == pytest.approx(total)
    assert after.ravel() == pytest.approx((ruled / total).ravel())
    assert moves.ravel() == pytest.approx((moved / total).ravel())
    for machine, interpreted in zip(out, plain, strict=True):
        assert machine.tolist() == interpreted


def test_a_session_that_no_state_explains_prefers_none() -> None:
    """Nothing is divided by zero: the states are as probable as each other."""
    likelihood = np.array([[1.0, 0.5], [0.0, 0.0], [0.5, 1.0]])
    start, move = np.array([0.5, 0.5]), np.array([[0.9, 0.1], [0.2, 0.8]])
    out = [np.zeros((3, 2)), np.zeros((3, 2)), np.zeros(3), np.zeros((2, 2))]

    smooth(likelihood, start, move, *out)

    assert out[0][1].tolist() == [0.5, 0.5]
    assert np.isfinite(np.concatenate([one.ravel() for one in out])).all()
