"""Mean-variance choice beside other people's: `qp-*`, `qp-dense-*` and `maxsharpe-*`.

The market is drawn: a common cause, four styles, and what is each stock's own, over twice as many
sessions as stocks. PyPortfolioOpt and ours get expected returns and a covariance; skfolio and ours
(`tt.Optimiser`) get the returns and estimate both themselves. All choose twice: the least
volatility, and the best utility. The peers run in the environment made from peers/optimisers.txt.
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

HERE = Path(__file__).resolve().parent
PYTHON = HERE / ".peers" / "optimisers" / "bin" / "python"
SIZES = (20, 100, 500, 1000)
NAMES = (
    *(f"qp-n{n}/{peer}" for n in SIZES for peer in ("pyportfolioopt", "skfolio")),
    "qp-dense-n500/piqp",
    "maxsharpe-n1000/clarabel",
)
AVERSION = 4.0
LONGEST = 100.0
"""Seconds after which a peer does not finish."""

Work = Callable[[], list[np.ndarray]]
Value = Callable[[np.ndarray], float]


def rows(only: Callable[[str], bool] = lambda name: True) -> list[dict[str, Any]]:
    """The rows of this file."""
    found = []
    for name in NAMES:
        if only(name):
            work, _, peer = name.partition("/")
            measure = _dense if work.startswith("qp-dense") else _plain
            found.append(measure(name, int(work.rpartition("n")[2]), peer))
    return found


def market(n: int, *, seed: int = 7, alike: bool = False) -> np.ndarray:
    """Returns of n stocks by session; `alike` ones have no common cause and one volatility."""
    rng = np.random.default_rng(seed)
    sessions = max(252, 3 * n if alike else 2 * n)
    if alike:
        return rng.normal(0.0003, 0.01, (sessions, n))
    loadings = 0.5 * rng.normal(size=(5, n))
    loadings[0] = 1.0 + 0.3 * rng.normal(size=n)
    common = rng.normal(0.0003, 0.01, (sessions, 5)) @ loadings
    return common + rng.normal(size=(sessions, n)) * rng.uniform(0.005, 0.03, n)


def _plain(name: str, n: int, peer: str) -> dict[str, Any]:
    """Portfolios of n stocks by one peer and by us."""
    import trimtab as tt
    from trimtab.targets.objectives.mean_variance import best_sharpe, least_volatility, most_utility
    from trimtab.targets.solvers.limits import within

    returns = market(n)
    expected, covariance = returns.mean(axis=0) * 252, np.cov(returns, rowvar=False) * 252
    limits = within(n)

    def chosen() -> list[np.ndarray]:
        calm = least_volatility(covariance, limits)
        useful = most_utility(expected, covariance, limits, risk_aversion=AVERSION)
        return [calm.weights, useful.weights]

    def fitted() -> list[np.ndarray]:
        calm = tt.Optimiser("min-volatility", expected="mean")
        useful = tt.Optimiser("utility", risk_aversion=AVERSION, expected="mean")
        return [one.fit(returns).weights_ for one in (calm, useful)]

    def sharpe() -> list[np.ndarray]:
        return [best_sharpe(expected, covariance, limits, risk_free=0.0).weights]

    def variance(weights: np.ndarray) -> float:
        return float(weights @ covariance @ weights)

    def utility(weights: np.ndarray) -> float:
        return float(0.5 * AVERSION * variance(weights) - expected @ weights)

    def ratio(weights: np.ndarray) -> float:
        return float(-(expected @ weights) / np.sqrt(variance(weights)))

    if peer == "clarabel":
        told = "Sharpe ratio from returns and covariance; the peer called directly"
        work, values = sharpe, [ratio]
    else:
        told = "least volatility and a utility, from returns and covariance"
        work, values = chosen, [variance, utility]
    if peer == "skfolio":
        told, work = f"least volatility and a utility, from {len(returns)} sessions", fitted
    given = {"expected": expected, "covariance": covariance, "returns": returns}
    return compared(name, told, work, values, peer, given, repeats=_repeats(n))


def _dense(name: str, n: int, peer: str) -> dict[str, Any]:
    """The least variance of stocks that are alike: nearly all of them are held."""
    from trimtab.targets.objectives.mean_variance import least_volatility
    from trimtab.targets.solvers.limits import within

    covariance = np.cov(market(n, alike=True), rowvar=False) * 252
    limits = within(n)

    def work() -> list[np.ndarray]:
        return [least_volatility(covariance, limits).weights]

    def variance(weights: np.ndarray) -> float:
        return float(weights @ covariance @ weights)

    held = int((work()[0] > 1e-9).sum())
    told = f"{held} of {n} stocks held; the peer called directly, at its own accuracy"
    return compared(name, told, work, [variance], peer, {"covariance": covariance}, repeats=15)


def _repeats(n: int) -> int:
    return {20: 20, 100: 10, 500: 2}.get(n, 1)


def compared(
    name: str, told: str, work: Work, values: list[Value], peer: str, given: dict[str, Any], *,
    repeats: int,
) -> dict[str, Any]:  # fmt: skip
    """A row: our seconds and the peer's, and how far the peer's objective lies from ours."""
    if not PYTHON.is_file():
        return skipped(name, "no environment made from peers/optimisers.txt")
    ours = work()
    seconds = []
    for _ in range(5 * repeats):
        begun = perf_counter()
        ours = work()
        seconds.append(perf_counter() - begun)
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "problem.npz"
        np.savez(held, aversion=AVERSION, **given)
        script = HERE / "peers" / "optimisers_qp.py"
        words = [str(PYTHON), str(script), peer, str(held), str(repeats)]
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, check=False, timeout=LONGEST
            )
        except subprocess.TimeoutExpired:
            return skipped(name, f"{peer} did not finish in {LONGEST:.0f} s")
    if done.returncode != 0:
        return skipped(name, (done.stderr.strip().splitlines() or ["failed"])[-1][:120])
    theirs = json.loads(done.stdout.strip().splitlines()[-1])
    excess = [
        value(np.array(other)) - value(own)
        for value, own, other in zip(values, ours, theirs["weights"], strict=True)
    ]
    return {
        "name": name,
        "ours": median(seconds),
        "peer": theirs["seconds"],
        "ratio": theirs["seconds"] / median(seconds),
        "agreement": max(map(abs, excess)),
        "note": f"{told}; {peer} {theirs['version']}; agreement: its objective less ours, "
        f"which is {'no worse' if min(excess) > -1e-9 else 'worse by ' + str(-min(excess))}",
    }


def skipped(name: str, reason: str) -> dict[str, Any]:
    """A row that could not be measured."""
    empty = dict.fromkeys(("ours", "peer", "ratio", "agreement"))
    return {"name": name, **empty, "note": f"skipped: {reason}"}


if __name__ == "__main__":
    for row in rows():
        print(json.dumps(row))
