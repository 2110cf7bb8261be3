"""A million accounts of ten assets, each with its own holdings, risk aversion and trading cost.

Ours is one call of `most_utility_each` on two threads, its gaps included. The peers solve a sample
of the same accounts in a loop, and their time is that of one times a million: cvxpy with a problem
made once and its fastest solver that is right to 1e-7, and DAQP called directly, which was the
quickest of the solvers that can be. They run in the environment made from peers/optimisers.txt.
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
from quadratic import PYTHON, market, skipped

HERE = Path(__file__).resolve().parent
ACCOUNTS, SAMPLE, RUNS = 1_000_000, {"cvxpy": 400, "daqp": 5_000}, 3
NAMES = ("qp-batch-1e6/cvxpy", "qp-batch-1e6/daqp")
RATE, CAP, RIGHT = 0.002, 0.4, 1e-7


def rows(only: Callable[[str], bool] = lambda name: True) -> list[dict[str, Any]]:
    """The rows of this file."""
    from trimtab.targets.at_cost.accounts import most_utility_each
    from trimtab.targets.solvers.limits import within

    wanted = [name for name in NAMES if only(name)]
    if not wanted:
        return []
    if not PYTHON.is_file():
        return [skipped(name, "no environment made from peers/optimisers.txt") for name in wanted]
    n = 10
    returns = market(n)
    covariance, expected = np.cov(returns, rowvar=False) * 252, returns.mean(axis=0) * 252
    rng = np.random.default_rng(11)
    held = rng.dirichlet(np.full(n, 2.0), ACCOUNTS).clip(0.0, CAP)
    aversion = rng.uniform(1.0, 10.0, ACCOUNTS)

    def run(accounts: int) -> Any:
        return most_utility_each(
            expected, covariance, within(n, 0.0, CAP), risk_aversion=aversion[:accounts],
            held=held[:accounts], sell=RATE, buy=RATE, threads=2,
        )  # fmt: skip

    run(1000)
    seconds = []
    for _ in range(RUNS):
        begun = perf_counter()
        found = run(ACCOUNTS)
        seconds.append(perf_counter() - begun)
    assert not found.endings.any(), "an account without an answer"
    ours = median(seconds)

    def value(a: int, weights: np.ndarray) -> float:
        moved = RATE * np.abs(weights - held[a]).sum()
        risk = 0.5 * aversion[a] * weights @ covariance @ weights
        return float(risk - expected @ weights + moved)

    made = []
    for name in wanted:
        peer = name.partition("/")[2]
        count = SAMPLE[peer]
        some = aversion[:count, None]
        given = {
            "covariance": covariance, "high": np.full(n, CAP), "held": held[:count],
            "expected": expected / some, "rate": RATE / some[:, 0],
        }  # fmt: skip
        theirs = _peer(peer, given)
        right = {}
        for form, told in theirs.get("solvers", {}).items():
            apart = max(
                abs(value(a, np.array(weights)) - value(a, found.weights[a]))
                for a, weights in enumerate(told["weights"])
            )
            if apart <= RIGHT:
                right[form] = (told["seconds"] * ACCOUNTS, apart)
        if not right:
            made.append(skipped(name, theirs.get("failed", f"nothing was right to {RIGHT:.0e}")))
            continue
        fastest = min(right, key=lambda form: right[form][0])
        took, apart = right[fastest]
        made.append(
            {
                "name": name,
                "ours": ours,
                "peer": took,
                "ratio": took / ours,
                "agreement": apart,
                "note": f"{ACCOUNTS:,} accounts, ours {ACCOUNTS / ours:,.0f} a second on 2 threads "
                f"with a proof each (largest gap {found.gaps.max():.0e}); {peer} "
                f"{theirs['version']} ({fastest}) a sample, {ACCOUNTS / took:,.0f} a second; "
                f"agreement: its objective less ours, the largest",
            }
        )
    return made


def _peer(peer: str, given: dict[str, Any]) -> dict[str, Any]:
    """What a peer told, or why it failed."""
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "problem.npz"
        np.savez(held, **given)
        script = HERE / "peers" / f"optimisers_{peer}.py"
        words = ["small", str(held), "4"] if peer == "cvxpy" else [str(held)]
        done = subprocess.run(
            [str(PYTHON), str(script), *words], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        return {"failed": (done.stderr.strip().splitlines() or ["failed"])[-1][:120]}
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


if __name__ == "__main__":
    for row in rows():
        print(json.dumps(row))
