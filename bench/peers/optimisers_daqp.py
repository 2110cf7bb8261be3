"""DAQP called directly, account by account; in the environment of optimisers.txt, prints JSON.

    python optimisers_daqp.py PROBLEM.npz

Two forms are tried, and the quicker one that is right counts: weights with the cost as further
variables above both sides of the distance, or what is bought and what is sold.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from time import perf_counter
from typing import Any

import daqp
import numpy as np


def above_both_sides(given: Any) -> tuple[Callable[[int], Any], Callable[[int, Any], Any]]:
    """Variables w and t >= |w - held|; only their right sides change."""
    covariance, n = given["covariance"], len(given["covariance"])
    h = np.zeros((2 * n, 2 * n))
    h[:n, :n] = covariance
    one = np.eye(n)
    rows = np.ascontiguousarray(
        np.vstack([np.r_[np.ones(n), np.zeros(n)], np.hstack([one, -one]), np.hstack([-one, -one])])
    )
    sense = np.zeros(2 * n + 1 + 2 * n, dtype=np.int32)
    sense[2 * n] = 5
    high, big = given["high"], np.full(n, 1e30)
    lower = np.concatenate([np.zeros(2 * n), [1.0], -big, -big])

    def solve(a: int) -> Any:
        held, f = given["held"][a], np.r_[-given["expected"][a], np.full(n, given["rate"][a])]
        upper = np.concatenate([high, big, [1.0], held, -held])
        return daqp.solve(h, f, rows, upper, lower, sense)[0]

    return solve, lambda a, x: x[:n]


def bought_and_sold(given: Any) -> tuple[Callable[[int], Any], Callable[[int, Any], Any]]:
    """Variables b and s, w = held + b - s; a little curvature makes the matrix definite."""
    covariance, n = given["covariance"], len(given["covariance"])
    h = np.block([[covariance, -covariance], [-covariance, covariance]])
    h[np.diag_indices(2 * n)] += 1e-9
    rows = np.ascontiguousarray(
        np.vstack([np.r_[np.ones(n), -np.ones(n)], np.hstack([np.eye(n), -np.eye(n)])])
    )
    sense = np.zeros(2 * n + 1 + n, dtype=np.int32)
    sense[2 * n] = 5
    nothing, high = np.zeros(2 * n), given["high"]

    def solve(a: int) -> Any:
        held, expected, rate = given["held"][a], given["expected"][a], given["rate"][a]
        pull = covariance @ held - expected
        left = 1.0 - held.sum()
        upper = np.concatenate([np.maximum(high - held, 0.0), held, [left], high - held])
        lower = np.concatenate([nothing, [left], -held])
        return daqp.solve(h, np.r_[pull + rate, rate - pull], rows, upper, lower, sense)[0]

    return solve, lambda a, x: given["held"][a] + x[:n] - x[n:]


def main() -> None:
    with np.load(sys.argv[1]) as held:
        given = dict(held)
    found = {}
    for form in (above_both_sides, bought_and_sold):
        solve, weights = form(given)
        solve(0)
        begun = perf_counter()
        answers = [solve(a) for a in range(len(given["rate"]))]
        seconds = (perf_counter() - begun) / len(answers)
        listed = [np.asarray(weights(a, x)).tolist() for a, x in enumerate(answers)]
        found[form.__name__] = {"seconds": seconds, "weights": listed}
    print(json.dumps({"solvers": found, "version": version("daqp")}))


if __name__ == "__main__":
    main()
