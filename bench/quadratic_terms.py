"""Mean-variance choice with trading cost, groups and bounds, or under a factor model.

`qp-cost-*` and `qp-factor-*`: the peer is cvxpy with a problem made once and parameters that
change, solved by its fastest solver that is right to 1e-7. Ours lays a programme with cost out once
as well, and takes a factor model anew each time. The peers run in the environment made from
peers/optimisers.txt.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from quadratic import AVERSION, PYTHON, market, skipped

HERE = Path(__file__).resolve().parent
NAMES = ("qp-cost-n20/cvxpy", "qp-cost-n100/cvxpy", "qp-factor-3000x50/cvxpy")
PROBLEMS, GROUPS, RATE = 12, 5, 0.001
RIGHT = 1e-7


def rows(only: Callable[[str], bool] = lambda name: True) -> list[dict[str, Any]]:
    """The rows of this file."""
    return [_factor(name) if "factor" in name else _cost(name) for name in NAMES if only(name)]


def _cost(name: str) -> dict[str, Any]:
    """From what is held, at 10 bp, with five groups and caps."""
    from trimtab.targets.solvers.programme import Programme, Row
    from trimtab.targets.solvers.quadratic import Repeated

    n = int(name.partition("/")[0].rpartition("n")[2])
    rng = np.random.default_rng(3)
    returns = market(n)
    covariance = np.cov(returns, rowvar=False) * 252
    expected = returns.mean(axis=0) * 252 + rng.normal(0, 0.03, (PROBLEMS, n))
    held = rng.dirichlet(np.ones(n), PROBLEMS).clip(0.0, 0.3)
    groups = (np.arange(n) % GROUPS == np.arange(GROUPS)[:, None]).astype(float)
    high, low_share, high_share = np.full(n, 0.3), 0.1, 0.3
    matrix, rate, ones = AVERSION * covariance, np.full(n, RATE), np.ones(n)
    limits = (
        Row("all", ones, 1.0, 1.0),
        *(Row(f"group {j}", groups[j], low_share, high_share) for j in range(GROUPS)),
    )

    asked = Repeated(Programme(matrix, -expected[0], 0.0 * ones, high, limits, held[0], rate, rate))

    def work(number: int) -> np.ndarray:
        return asked.solve(linear=-expected[number], held=held[number]).weights

    def value(number: int, weights: np.ndarray) -> float:
        moved = RATE * np.abs(weights - held[number]).sum()
        return float(0.5 * weights @ matrix @ weights - expected[number] @ weights + moved)

    given = {
        "covariance": covariance, "expected": expected, "held": held, "groups": groups,
        "group_low": np.full(GROUPS, low_share), "group_high": np.full(GROUPS, high_share),
        "high": high, "rate": RATE, "aversion": AVERSION,
    }  # fmt: skip
    told = f"{GROUPS} groups, a cap of 30%, {RATE * 1e4:.0f} bp from what is held"
    return beside(name, told, "cost", work, value, given, repeats=20)


def _factor(name: str) -> dict[str, Any]:
    """Three thousand names, fifty factors, a cap of 2%."""
    from trimtab.targets.solvers.factors import Factors
    from trimtab.targets.solvers.programme import Programme, Row
    from trimtab.targets.solvers.quadratic import solve

    n, k, cap = 3000, 50, 0.02
    rng = np.random.default_rng(5)
    common = 0.03 * rng.normal(size=(n, k))
    common[:, 0] = 0.15 + 0.05 * rng.normal(size=n)
    own = rng.uniform(0.1, 0.5, n) ** 2
    expected = 0.03 + 0.2 * common[:, 0] + 0.02 * rng.normal(size=(3, n))
    matrix, none, limit = AVERSION * Factors(common, own), np.zeros(n), np.full(n, cap)
    budget = (Row("all", np.ones(n), 1.0, 1.0),)

    def work(number: int) -> np.ndarray:
        return solve(Programme(matrix, -expected[number], none, limit, budget)).weights

    def value(number: int, weights: np.ndarray) -> float:
        return float(0.5 * weights @ matrix.times(weights) - expected[number] @ weights)

    given = {
        "common": common, "own": own, "expected": expected, "high": limit, "aversion": AVERSION,
    }  # fmt: skip
    told = f"{n:,} names, {k} factors, a cap of {cap:.0%}"
    return beside(name, told, "factor", work, value, given, repeats=5)


def beside(
    name: str, told: str, kind: str, work: Callable[[int], np.ndarray],
    value: Callable[[int, np.ndarray], float], given: dict[str, Any], *, repeats: int,
) -> dict[str, Any]:  # fmt: skip
    """A row: our seconds a problem, and those of cvxpy's fastest solver that is right."""
    if not PYTHON.is_file():
        return skipped(name, "no environment made from peers/optimisers.txt")
    count = len(given["expected"])
    best = [value(number, work(number)) for number in range(count)]
    seconds = []
    for turn in range(repeats * count):
        begun = perf_counter()
        work(turn % count)
        seconds.append(perf_counter() - begun)
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "problem.npz"
        np.savez(held, **given)
        script = HERE / "peers" / "optimisers_cvxpy.py"
        done = subprocess.run(
            [str(PYTHON), str(script), kind, str(held), "8"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        return skipped(name, (done.stderr.strip().splitlines() or ["failed"])[-1][:120])
    theirs = json.loads(done.stdout.strip().splitlines()[-1])
    right = {}
    for solver, found in theirs["solvers"].items():
        excess = [
            value(number, np.array(weights)) - best[number]
            for number, weights in enumerate(found["weights"])
        ]
        if max(map(abs, excess)) <= RIGHT:
            right[solver] = (found["seconds"], max(map(abs, excess)))
    if not right:
        return skipped(name, f"no solver of cvxpy's was right to {RIGHT:.0e}")
    fastest = min(right, key=lambda solver: right[solver][0])
    peer, apart = right[fastest]
    others = ", ".join(
        f"{solver} {1e3 * took:.2f} ms" for solver, (took, _) in sorted(right.items())
    )
    return {
        "name": name,
        "ours": median(seconds),
        "peer": peer,
        "ratio": peer / median(seconds),
        "agreement": apart,
        "note": f"a problem; {told}; cvxpy {theirs['version']}, parametrised, with {fastest} "
        f"({others}); agreement: its objective less ours, the largest of {count}",
    }


if __name__ == "__main__":
    for row in rows():
        print(json.dumps(row))
